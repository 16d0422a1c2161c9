//! Tests of what a table is taken for.

use super::*;
use crate::table::ReadOptions;

fn series(text: &str, chosen: &[&str]) -> Result<SeriesTable> {
    series_with(text, chosen, &[])
}

fn series_with(text: &str, chosen: &[&str], known: &[&str]) -> Result<SeriesTable> {
    let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<String>>();
    let table = Table::from_csv(text.as_bytes(), "t.csv", &ReadOptions::default())?;
    let options = SeriesOptions { columns: owned(chosen), known: owned(known), keep_outliers: false };
    SeriesTable::of(&table, &options)
}

#[test]
fn known_inputs_are_numbers_or_levels_and_go_on() {
    let text = "d,y,p,kind\n2024-01-04,,1,a\n2024-01-03,3,2,b\n2024-01-02,5,2,a\n2024-01-01,4,1,a\n";
    let found = series_with(text, &[], &["p", "kind"]).unwrap();
    assert_eq!((found.columns.len(), &found.columns[0].values[..], found.ahead), (1, &[4.0, 5.0, 3.0][..], 1));
    let known: Vec<(String, &[f64])> = found.known.iter().map(|one| (one.input.to_string(), &one.values[..])).collect();
    assert_eq!(
        known,
        [("p".to_owned(), &[1.0, 2.0, 2.0, 1.0][..]), ("kind = b".to_owned(), &[0.0, 0.0, 1.0, 0.0][..])]
    );
    for (text, chosen, expected) in [
        ("y,p\n1,2\n3,4\n", &[][..], "t.csv, line 3, column y: has a value in the last row"),
        ("y,p\n1,2\n3,\n,4\n", &[], "t.csv, line 3, column p: the value is missing"),
        ("y,p\n1,2\n,3\n3,4\n,4\n", &[], "t.csv, line 3, column y: the value is missing"),
        ("y,p\n1,2\n3,4\n", &["p"], "is to be forecast and a known input"),
        ("y,q\n1,2\n3,4\n", &[], "no such column"),
    ] {
        let error = series_with(text, chosen, &["p"]).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

fn wave(rows: usize, change: impl Fn(usize) -> Option<f64>) -> String {
    let values = (0..rows).map(|row| change(row).unwrap_or_else(|| (0.3 * row as f64).sin()).to_string());
    std::iter::once("y".to_owned()).chain(values).collect::<Vec<_>>().join("\n")
}

#[test]
fn counters_are_time_and_turned_where_they_descend() {
    let counted = series("n,y\n0,5\n1,4\n2,6\n3,5\n", &[]).unwrap();
    assert_eq!((counted.columns.len(), counted.columns[0].name.as_str()), (1, "y"));
    assert!(counted.notes[0].contains("counts the rows"), "{:?}", counted.notes);
    let turned = series("date,y\nd3,5\nd2,4\nd1,6\nd0,7\n", &[]).unwrap();
    assert_eq!(turned.columns[0].values, [7.0, 6.0, 4.0, 5.0]);
    let unix = series("t,y\n1700000000,5\n1700003600,4\n1700007200,6\n1700010800,7\n", &[]).unwrap();
    assert_eq!(unix.calendar.name(4), "2023-11-15T02:13:20");
    let asked = series("n,y\n0,5\n1,4\n2,6\n3,5\n", &["n"]).unwrap();
    assert_eq!(asked.columns[0].name, "n");
}

#[test]
fn what_stands_for_something_else_is_refused_and_a_single_one_replaced() {
    let error = series(&wave(60, |row| (row % 20 == 9).then_some(-999.0)), &[]).unwrap_err().to_string();
    assert!(error.starts_with("t.csv, line 11, column y: -999 stands in 3 rows"), "{error}");
    let once = series(&wave(60, |row| (row == 9).then_some(1e6)), &[]).unwrap();
    assert!(once.columns[0].values[9] < 2.0 && once.notes[0].contains("line 11: 1000000 is far"), "{:?}", once.notes);
    let shift = series(&wave(60, |row| (row >= 40).then_some(50.0 + (row % 3) as f64)), &[]).unwrap();
    assert!(shift.notes.is_empty(), "a shift of the level is no outlier: {:?}", shift.notes);
    let error = series("y\n1\n\n3\n4\n", &[]).unwrap_err().to_string();
    assert!(error.starts_with("t.csv, line 3, column y: the value is missing"), "{error}");
}

#[test]
fn disorder_and_gaps_are_named() {
    let error = series("d,y\n2024-01-01,1\n2024-01-03,2\n2024-01-02,3\n", &[]).unwrap_err().to_string();
    assert!(error.starts_with("t.csv, line 4, column d: the date does not come after"), "{error}");
    let gap = series("d,y\n2024-01-01,1\n2024-01-02,2\n2024-01-03,2\n2024-01-06,3\n", &[]).unwrap();
    assert!(
        gap.notes[0].contains("steps of 1 day; 1 of the steps is of another length, the first at line 5"),
        "{:?}",
        gap.notes
    );
    let error = series("d,y\n2024-01-01,1\n2024-01-02,2\n", &["z"]).unwrap_err().to_string();
    assert!(error.contains("no such column"), "{error}");
}
