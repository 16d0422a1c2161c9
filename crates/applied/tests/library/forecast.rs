//! Forecasts that are files.
use tegmentum_applied::forecast::continuation::Continuation;
use tegmentum_applied::forecast::{Data, ForecastModel};
use tegmentum_applied::table::{ReadOptions, Table};

/// A file that was written with format 1 is read for ever, and predicts what it did then.
#[test]
fn format_1_is_read() {
    let bytes = include_bytes!("../fixtures/forecast-1.safetensors");
    let mut file = ForecastModel::from_bytes(bytes, "forecast-1.safetensors").unwrap();
    assert_eq!((file.column.as_str(), file.model.rows(), file.model.horizon()), ("sales", 90, 3));
    let close = |found: f64, expected: f64| assert!((found / expected - 1.0).abs() < 1e-9, "{found} is not {expected}");
    close(file.model.predict()[0].value, EXPECTED[0]);
    close(file.model.predict()[2].half_widths[1], EXPECTED[1]);
    let more = "90,200,7,no\n91,220,6,no\n92,,9,yes\n93,,8,no\n94,,8,no\n";
    let table = include_str!("../fixtures/forecast-1.csv").lines().take(91).collect::<Vec<_>>().join("\n");
    let table = Table::from_csv(format!("{table}\n{more}").as_bytes(), "t.csv", &ReadOptions::default()).unwrap();
    let more = Continuation::of(&table, &file).unwrap();
    assert_eq!((&more.values[..], more.name(1).as_str()), (&[200.0, 220.0][..], "93"));
    file.model.observe(Data { values: &more.values, known: &more.known }).unwrap();
    close(file.model.predict()[0].value, EXPECTED[2]);
}

const EXPECTED: [f64; 3] = [135.708_650_947_367_46, 27.906_161_230_744_75, 79.699_394_589_597_57];
