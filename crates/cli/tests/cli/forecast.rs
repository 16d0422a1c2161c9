//! `tegmentum forecast`.

use std::fmt::Write as _;

use crate::command::TestCommand;

/// Two series with months, one of them with a trend and a season.
fn months(rows: u32) -> String {
    let mut text = "month,sales,noise\n".to_owned();
    for row in 0..rows {
        let t = f64::from(row);
        let sales = 100.0 + 0.5 * t + 10.0 * (std::f64::consts::TAU * t / 12.0).sin() + (2.3 * t * t).sin();
        writeln!(text, "{}-{:02},{sales:.4},{:.4}", 2000 + row / 12, 1 + row % 12, (7.7 * t * t).sin()).unwrap();
    }
    text
}

fn test_with(content: impl AsRef<[u8]>) -> TestCommand {
    let test = TestCommand::new();
    test.write("data.csv", content);
    test
}

/// Lines, each with its end.
fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

const SHORT: [&str; 6] = ["forecast", "data.csv", "--evaluations", "20", "--networks", "1"];

#[test]
fn a_trend_and_a_season_are_continued_with_dates_and_intervals() {
    let test = test_with(months(120));
    let printed = test.stdout(&[&SHORT[..], &["--horizon", "7"]].concat(), 0);
    for expected in [
        "\"month\" is time, in steps of 1 month.",
        "a season of 12 rows",
        "the value a season before",
        "linear autoregression",
        "Intervals of 80 % held",
        "noise: 120 rows",
        "reports/forecast-data/forecast.csv",
    ] {
        assert!(printed.contains(expected), "{expected} in {printed}");
    }
    let forecast = test.read("reports/forecast-data/forecast.csv");
    assert!(forecast.starts_with("date,sales,sales_low80,sales_high80,sales_low95,sales_high95,noise,"), "{forecast}");
    let last = forecast.lines().last().unwrap();
    let cells: Vec<&str> = last.split(',').collect();
    assert_eq!((forecast.lines().count(), cells[0]), (8, "2010-07-01"));
    let numbers: Vec<f64> = cells[1..].iter().map(|cell| cell.parse().unwrap()).collect();
    let truth = 100.0 + 63.0 + 10.0 * (std::f64::consts::TAU * 126.0 / 12.0).sin();
    assert!((numbers[0] - truth).abs() < 3.0, "{last}");
    assert!(numbers[3] < numbers[1] && numbers[1] < numbers[0] && numbers[0] < numbers[2] && numbers[2] < numbers[4]);
    let tested = test.read("reports/forecast-data/test_predictions.csv");
    assert_eq!(tested.lines().count(), 37);
    assert!(tested.starts_with("date,sales,sales_predicted,sales_low80,"), "{tested}");
    for picture in ["forecast-1-sales.svg", "forecast-2-noise.svg"] {
        roxmltree::Document::parse(&test.read(&format!("reports/forecast-data/{picture}"))).unwrap();
    }
    let kept: serde_json::Value = serde_json::from_str(&test.read("reports/forecast-data/forecast.json")).unwrap();
    assert_eq!((&kept["columns"][0]["season"], &kept["settings"]["horizon"]), (&12.into(), &7.into()));
}

#[test]
fn the_same_seed_gives_the_same_forecast_on_any_number_of_threads() {
    let test = test_with(months(60));
    let run = |out: &str, threads: &str| {
        test.stdout(&[&SHORT[..], &["--columns", "sales", "--threads", threads, "--out", out]].concat(), 0);
        ["forecast.csv", "test_predictions.csv", "forecast.json"].map(|name| test.read(&format!("{out}/{name}")))
    };
    assert_eq!(run("one", "1"), run("two", "2"));
}

/// Sales that follow a price and a holiday, known for the three rows at the end.
fn priced(rows: u32) -> String {
    let mut text = "day,sales,price,holiday\n".to_owned();
    for row in 0..rows + 3 {
        let (price, holiday) = (10 + row * 7 % 11, row % 9 == 4);
        let sales = 500 - 12 * price + if holiday { 90 } else { 0 } + row * row % 5;
        let sales = if row < rows { sales.to_string() } else { String::new() };
        writeln!(text, "{row},{sales},{price},{}", if holiday { "yes" } else { "no" }).unwrap();
    }
    text
}

#[test]
fn known_inputs_go_on_after_the_end() {
    let test = test_with(priced(110));
    let run = [&SHORT[..], &["--known", "price,holiday"]].concat();
    let printed = test.stdout(&run, 0);
    assert!(printed.contains("Known for 3 rows to come: price, holiday = yes."), "{printed}");
    let forecast = test.read("reports/forecast-data/forecast.csv");
    assert!(forecast.starts_with("row,sales,sales_low80"), "{forecast}");
    assert_eq!(forecast.lines().count(), 4, "{forecast}");
    for (row, line) in (110u32..).zip(forecast.lines().skip(1)) {
        let truth = f64::from(500 - 12 * (10 + row * 7 % 11) + if row % 9 == 4 { 90 } else { 0 } + 2);
        let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        assert!((cells[1] - truth).abs() < 8.0, "{line}: {truth}");
    }
    let kept: serde_json::Value = serde_json::from_str(&test.read("reports/forecast-data/forecast.json")).unwrap();
    assert_eq!(kept["known"], serde_json::json!(["price", "holiday = yes"]));
    let error = test.error(&[&run[..], &["--horizon", "4"]].concat());
    assert!(error.contains("--horizon 4: data.csv has known inputs for 3 rows to come"), "{error}");
    let error = test.error(&[&SHORT[..], &["--known", "cost"]].concat());
    assert!(error.contains("no such column"), "{error}");
    let error = test_with(priced(110).replace("113,,", "113,5,")).error(&SHORT);
    assert!(error.contains("column sales: the value is missing"), "{error}");
}

#[test]
fn exact_series_are_exact() {
    for (text, next) in [
        (lines((1..=100).map(|row| row.to_string())), "101.0"),
        (["1\n", "0\n", "0\n", "1\n"].concat().repeat(25), "1.0"),
        (lines((0..100).map(|row| (1_000_000_000_000_i64 + row * row).to_string())), "1000000010000."),
    ] {
        let test = test_with(format!("y\n{text}"));
        test.stdout(&[&SHORT[..], &["--horizon", "1"]].concat(), 0);
        let forecast = test.read("reports/forecast-data/forecast.csv");
        assert!(forecast.lines().nth(1).unwrap().starts_with(&format!("{},{next}", 101)), "{forecast}");
    }
}

#[test]
fn what_the_table_has_besides_is_understood() {
    let wave = |row: u32| format!("{:.3}", 20.0 + (0.5 * f64::from(row)).sin());
    let utf16: Vec<u8> = std::iter::once(0xFEFF)
        .chain(format!("y\n{}", lines((0..60).map(wave))).encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let test = test_with(utf16);
    test.stdout(&SHORT, 0);
    let indexed = lines((0..60).map(|row| format!("{row},{}", wave(row))));
    let test = test_with(format!(",load\n{indexed}"));
    assert!(test.stdout(&SHORT, 0).contains("counts the rows and is not forecast"));
    let newest = lines((0..60).rev().map(|row| format!("d{row},{}", wave(row))));
    let test = test_with(format!("date,y\n{newest}"));
    assert!(test.stdout(&SHORT, 0).contains("\"date\" counts down: the rows were turned."));
    let comma = lines((0..60).map(|row| wave(row).replace('.', ",") + ";1"));
    let test = test_with(format!("y;z\n{comma}"));
    let error = test.error(&SHORT);
    assert!(error.contains("column y: \"20,000\" can be read in two ways"), "{error}");
    test.stdout(&[&SHORT[..], &["--columns", "y", "--decimal", ","]].concat(), 0);
    let error = test.error(&[&SHORT[..], &["--decimal", ","]].concat());
    assert!(error.contains("column z") && error.contains("has the value 1"), "{error}");
}

#[test]
fn what_cannot_be_forecast_is_one_line_and_nothing_is_written() {
    let whole = months(100);
    let broken = |row: usize, line: &str| {
        let mut all: Vec<&str> = whole.lines().collect();
        all[row] = line;
        all.join("\n")
    };
    for (content, more, expected) in [
        (broken(17, "2001-05,,1"), &[][..], "data.csv, line 18, column sales: the value is missing"),
        (broken(17, "2001-03,5,1"), &[], "data.csv, line 18, column month: the date does not come after"),
        (whole.replace("sales", "noise"), &[], "columns 2 and 3 have this name"),
        (whole.clone(), &["--columns", "c"], "no such column"),
        (whole.clone(), &["--columns", "month"], "column month: has dates, not numbers"),
        (whole.clone(), &["--columns", "sales,sales"], "is named twice"),
        (whole.clone(), &["--train-fraction", "2"], "train_fraction = 2"),
        (whole.clone(), &["--delimiter", "xy"], "must be one character"),
        (whole.clone(), &["--evaluations", "0"], "--evaluations"),
        (whole.clone(), &["--season", "99999"], "season = 99999"),
        (months(30), &[], "21 rows to learn from"),
        ("y\n".to_owned() + &"5\n".repeat(60), &[], "every row to learn from has the value 5"),
    ] {
        let test = test_with(content);
        let error = test.error(&[&["forecast", "data.csv"], more].concat());
        assert!(error.starts_with("error: ") && error.contains(expected), "{expected}: {error}");
        assert_eq!(test.entries(), ["data.csv"], "{expected}");
    }
    let test = TestCommand::new();
    assert!(test.error(&["forecast", "nowhere.csv"]).starts_with("error: nowhere.csv: "));
}

#[test]
fn awkward_series_are_survived() {
    for rows in [35, 36, 50] {
        let test = test_with(months(rows));
        test.stdout(&[&SHORT[..], &["--horizon", "30"]].concat(), 0);
    }
    let test = test_with(months(48));
    test.stdout(&[&SHORT[..], &["--season", "1"]].concat(), 0);
    test.stdout(&[&SHORT[..], &["--season", "20", "--train-fraction", "1", "--out", "all"]].concat(), 0);
}

const PREDICT: [&str; 3] = ["predict", "reports/forecast-data/model.safetensors", "data.csv"];

/// The model says what was forecast, and goes on as the table does: with dates from any row on.
#[test]
fn a_model_goes_on_as_the_table_does() {
    let test = test_with(months(120));
    let run = [&SHORT[..], &["--columns", "sales", "--horizon", "3"]].concat();
    assert!(test.stdout(&run, 0).contains("model.safetensors  the model, for `tegmentum predict`"));
    let forecast = test.read("reports/forecast-data/forecast.csv");
    assert_eq!(test.stdout(&PREDICT, 0), forecast);
    let whole = months(123);
    test.write("data.csv", &whole);
    let later = test.stdout(&PREDICT, 0);
    let cells: Vec<&str> = later.lines().nth(1).unwrap().split(',').collect();
    let truth = 100.0 + 61.5 + 10.0 * (std::f64::consts::TAU * 123.0 / 12.0).sin();
    assert_eq!(cells[0], "2010-04-01");
    assert!((cells[1].parse::<f64>().unwrap() - truth).abs() < 3.0, "{later}");
    // The last rows alone say the same; a table that does not go on is refused, and one that says something else.
    let tail = |from: usize| {
        let lines: Vec<&str> = whole.lines().collect();
        [&lines[..1], &lines[from..]].concat().join("\n")
    };
    test.write("data.csv", tail(100));
    assert_eq!(test.stdout(&[&PREDICT[..], &["--out", "p.csv"]].concat(), 0), "p.csv  3 predictions\n");
    assert_eq!(test.read("p.csv"), later);
    test.write("data.csv", tail(122));
    let error = test.error(&PREDICT);
    assert!(error.contains("has no row of 2009-12-01, the last that was learned"), "{error}");
    test.write("data.csv", whole.replace("2009-12,", "2009-12,9"));
    let error = test.error(&PREDICT);
    assert!(error.contains("another series"), "{error}");
    test.write("data.csv", "month,other\n2009-12,1\n2010-01,2\n");
    assert!(test.error(&PREDICT).contains("no such column"));
}

#[test]
fn a_model_with_known_inputs_needs_those_of_the_rows_to_come() {
    let test = test_with(priced(110));
    test.stdout(&[&SHORT[..], &["--known", "price,holiday"]].concat(), 0);
    assert_eq!(test.stdout(&PREDICT, 0), test.read("reports/forecast-data/forecast.csv"));
    test.write("data.csv", priced(114));
    let later = test.stdout(&PREDICT, 0);
    for (row, line) in (114u32..).zip(later.lines().skip(1)) {
        let truth = f64::from(500 - 12 * (10 + row * 7 % 11) + if row % 9 == 4 { 90 } else { 0 } + 2);
        let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        assert!((cells[1] - truth).abs() < 8.0, "{line}: {truth}");
    }
    let short: Vec<String> = priced(114).lines().map(str::to_owned).collect();
    test.write("data.csv", short[..short.len() - 1].join("\n"));
    let error = test.error(&PREDICT);
    assert!(error.contains("has 2 rows to come with known inputs: must be 3"), "{error}");
    test.write("data.csv", priced(100));
    let error = test.error(&PREDICT);
    assert!(error.contains("has 100 rows, and 110 were learned"), "{error}");
}

/// What is cut in the tables is cut by `predict`, and a series that leaves its bounds is refused with row and value.
#[test]
fn predictions_and_intervals_are_cut_at_bounds() {
    let rain = |row: u32| (20.0 * (0.5 * f64::from(row)).sin() + f64::from(row * 7919 % 13) - 6.0).max(0.0);
    let rows = |count: u32| "y\n".to_owned() + &lines((0..count).map(|row| format!("{:.2}", rain(row))));
    let test = test_with(rows(80));
    test.stdout(&[&SHORT[..], &["--out", "free"]].concat(), 0);
    test.stdout(&[&SHORT[..], &["--minimum", "0", "--maximum", "30"]].concat(), 0);
    let numbers = |text: &str| -> Vec<f64> {
        text.lines()
            .skip(1)
            .flat_map(|line| line.split(',').skip(1).map(|cell| cell.parse().unwrap()).collect::<Vec<f64>>())
            .collect()
    };
    for file in ["forecast.csv", "test_predictions.csv"] {
        let (free, cut) = (test.read(&format!("free/{file}")), test.read(&format!("reports/forecast-data/{file}")));
        let (free, cut) = (numbers(&free), numbers(&cut));
        assert!(free.iter().any(|value| *value < 0.0), "{file}");
        assert!(cut.iter().zip(&free).all(|(cut, free)| *cut == free.clamp(0.0, 30.0)), "{file}");
    }
    assert_eq!(test.stdout(&PREDICT, 0), test.read("reports/forecast-data/forecast.csv"));
    test.write("data.csv", rows(90));
    assert!(numbers(&test.stdout(&PREDICT, 0)).iter().all(|value| (0.0..=30.0).contains(value)));
    test.write("data.csv", rows(80) + "-4\n");
    assert!(test.error(&PREDICT).contains("it is -4, below the minimum of 0"));
    for (more, expected) in [
        (&["--minimum", "0"][..], "data.csv, column y: row 81 is -4, below the minimum of 0"),
        (&["--maximum", "10"], "above the maximum of 10"),
        (&["--minimum", "5", "--maximum", "-5"], "minimum = 5: must be below the maximum"),
        (&["--minimum", "nan"], "minimum = NaN: must be a finite number"),
    ] {
        let error = test.error(&[&SHORT[..], more].concat());
        assert!(error.contains(expected), "{error}");
    }
}
