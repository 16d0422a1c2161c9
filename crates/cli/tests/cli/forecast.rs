//! `tegmentum forecast`.

use std::fmt::Write as _;

use crate::command::TestCommand;

/// Two waves in columns of their own, and a column of text.
fn waves(rows: u32) -> String {
    let mut text = "day,a,b\n".to_owned();
    for row in 0..rows {
        let t = f64::from(row);
        writeln!(text, "d{row},{:.4},{:.4}", 10.0 + (0.3 * t).sin(), (0.2 * t).cos() * (0.05 * t).sin()).unwrap();
    }
    text
}

fn test_with(content: &str) -> TestCommand {
    let test = TestCommand::new();
    test.write("data.csv", content);
    test
}

#[test]
fn a_series_is_learned_and_continued() {
    let test = test_with(&waves(300));
    let arguments = ["forecast", "data.csv", "--columns", "a,b", "--horizon", "7", "--evaluations", "400"];
    let printed = test.stdout(&arguments, 0);
    for expected in
        ["Dopamine", "linear autoregression", "persistence", "Against persistence: ", "reports/forecast-data"]
    {
        assert!(printed.contains(expected), "{expected} in {printed}");
    }
    let folder = "reports/forecast-data";
    let forecast = test.read(&format!("{folder}/forecast.csv"));
    assert!(forecast.starts_with("row,a,a_autoregression,b,b_autoregression\n301,"), "{forecast}");
    assert_eq!(forecast.lines().count(), 8);
    let tested = test.read(&format!("{folder}/test_predictions.csv"));
    assert_eq!(tested.lines().count(), 91);
    assert!(tested.starts_with("row,a,a_network,a_autoregression,a_persistence,b,"), "{tested}");
    for picture in ["forecast-1-a.svg", "forecast-2-b.svg"] {
        roxmltree::Document::parse(&test.read(&format!("{folder}/{picture}"))).unwrap();
    }
    let model: serde_json::Value = serde_json::from_str(&test.read(&format!("{folder}/model.json"))).unwrap();
    assert_eq!(model["channels"], serde_json::json!(["a", "b"]));
    assert!(model["parameters"].as_array().unwrap().len() > 100);
}

#[test]
fn the_same_seed_gives_the_same_forecast() {
    let test = test_with(&waves(200));
    let run = |out: &str, threads: &str| {
        let arguments = ["forecast", "data.csv", "--columns", "a", "--evaluations", "200", "--network", "elman"];
        test.stdout(
            &[&arguments[..], &["--learner", "node-perturbation", "--threads", threads, "--out", out]].concat(),
            0,
        );
        test.read(&format!("{out}/forecast.csv"))
    };
    assert_eq!(run("one", "1"), run("two", "2"));
}

#[test]
fn text_in_row_17_is_named() {
    let mut lines: Vec<String> = waves(100).lines().map(str::to_owned).collect();
    lines[17] = "d16,10.5,soon".to_owned();
    let test = test_with(&lines.join("\n"));
    let error = test.error(&["forecast", "data.csv", "--columns", "a,b"]);
    assert!(error.starts_with("error: data.csv, line 18, column b: \"soon\" is not a number"), "{error}");
    assert_eq!(test.entries(), ["data.csv"]);
}

#[test]
fn tables_that_cannot_be_learned() {
    let test = test_with(&waves(100));
    let error = |more: &[&str]| test.error(&[&["forecast", "data.csv"], more].concat());
    assert!(error(&[]).contains("line 2, column day"), "{}", error(&[]));
    assert!(error(&["--columns", "c"]).contains("no such column"), "{}", error(&["--columns", "c"]));
    assert!(error(&["--columns", "a", "--window", "90"]).contains("windows.length = 90"));
    assert!(error(&["--columns", "a", "--train-fraction", "2"]).contains("train_fraction = 2"));
    assert!(error(&["--delimiter", "xy"]).contains("must be one character"));
    let short = test_with(&waves(30));
    let error = short.error(&["forecast", "data.csv", "--columns", "a"]);
    assert!(error.contains("21 rows to learn from and 9 to be judged on are too few: must be 32 and 5"), "{error}");
    assert!(test.error(&["forecast", "nowhere.csv"]).starts_with("error: nowhere.csv: "));
}

#[test]
fn awkward_series_are_survived() {
    for rows in [46, 50, 64] {
        let test = test_with(&waves(rows));
        test.stdout(&["forecast", "data.csv", "--columns", "a,b", "--evaluations", "30", "--restarts", "1"], 0);
    }
    let test = test_with(&waves(60));
    test.stdout(&["forecast", "data.csv", "--columns", "a", "--evaluations", "1", "--window", "1"], 0);
}
