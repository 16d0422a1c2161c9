//! `tegmentum train` and `tegmentum predict`.

use std::fmt::Write as _;

use crate::command::TestCommand;

/// Points inside and outside a circle, with a category that says nothing, and a number to be predicted.
fn points(rows: u32) -> String {
    let mut text = "x,y,colour,inside,sum\n".to_owned();
    for row in 0..rows {
        let (x, y) = (f64::from(row * 37 % 101) / 50.0 - 1.0, f64::from(row * 53 % 97) / 48.0 - 1.0);
        let colour = if row % 3 == 0 { "red" } else { "blue" };
        let inside = if x * x + y * y < 0.6 { "yes" } else { "no" };
        writeln!(text, "{x:.3},{y:.3},{colour},{inside},{:.3}", 3.0 * x - y).unwrap();
    }
    text
}

fn test_with(content: impl AsRef<[u8]>) -> TestCommand {
    let test = TestCommand::new();
    test.write("data.csv", content);
    test
}

/// Accuracy or error of the network, from the report.
fn score(test: &TestCommand, folder: &str) -> f64 {
    let report: serde_json::Value = serde_json::from_str(&test.read(&format!("{folder}/report.json"))).unwrap();
    report["scores"][0]["value"].as_f64().unwrap()
}

#[test]
fn a_model_of_classes_is_trained_kept_and_used() {
    let test = test_with(points(300));
    let train = ["train", "data.csv", "--target", "inside", "--exclude", "sum"];
    let printed = test.stdout(&[&train[..], &["--evaluations", "12000"]].concat(), 0);
    for expected in [
        "inside, 2 classes, from 3 columns: 192 rows to learn from",
        "network, node-perturbation",
        "the same network, adam",
        "logistic regression",
        "nearest neighbours",
        "most frequent class",
        "expected calibration error",
        "true class, as predicted",
        "reports/train-data/model.safetensors",
    ] {
        assert!(printed.contains(expected), "{expected} in {printed}");
    }
    assert!(score(&test, "reports/train-data") > 0.85, "{printed}");
    let tested = test.read("reports/train-data/test_predictions.csv");
    assert!(tested.starts_with("line,inside,inside_predicted,probability_no,probability_yes\n"), "{tested}");
    assert_eq!(tested.lines().count(), 61);
    let model = "reports/train-data/model.safetensors";
    let predicted = test.stdout(&["predict", model, "data.csv"], 0);
    assert_eq!(predicted.lines().count(), 301);
    // The same rows have the same predictions from the file.
    let row = tested.lines().nth(1).unwrap();
    let (line, rest) = row.split_once(',').unwrap();
    let same = predicted.lines().find(|other| other.starts_with(&format!("{line},"))).unwrap();
    assert!(rest.ends_with(same.split_once(',').unwrap().1), "{row} and {same}");
    test.stdout(&["predict", model, "data.csv", "--out", "predicted.csv"], 0);
    assert_eq!(test.read("predicted.csv"), predicted);
}

#[test]
fn a_model_of_a_number_is_trained_with_every_learner() {
    let test = test_with(points(200));
    for learner in ["node-perturbation", "dopamine", "adam"] {
        let train = ["train", "data.csv", "--target", "sum", "--exclude", "inside", "--learner", learner];
        let printed = test.stdout(&[&train[..], &["--evaluations", "6000", "--out", learner]].concat(), 0);
        assert!(printed.contains("ridge regression"), "{printed}");
        // The deviation of the sum is about 1.8.
        assert!(score(&test, learner) < 0.6, "{learner}: {printed}");
    }
}

#[test]
fn the_same_seed_gives_the_same_model_on_any_number_of_threads() {
    let test = test_with(points(120));
    let run = |out: &str, threads: &str| {
        let train = ["train", "data.csv", "--target", "inside", "--evaluations", "500", "--threads", threads];
        test.stdout(&[&train[..], &["--out", out]].concat(), 0);
        let bytes = std::fs::read(test.path(&format!("{out}/model.safetensors"))).unwrap();
        let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        // The header has the command.
        (bytes[8 + header..].to_vec(), test.read(&format!("{out}/report.json")))
    };
    assert_eq!(run("one", "1"), run("two", "2"));
}

#[test]
fn what_cannot_be_learned_is_one_line_and_nothing_is_written() {
    let whole = points(60);
    for (content, more, expected) in [
        (whole.clone(), &["--target", "insid"][..], "no such column: the nearest are \"inside\""),
        (whole.clone(), &["--target", "inside", "--exclude", "inside"], "the target cannot be excluded"),
        (whole.clone(), &["--target", "inside", "--exclude", "z"], "no such column"),
        (whole.clone(), &["--target", "inside", "--hidden", "0"], "must be numbers such as 32"),
        (whole.clone(), &["--target", "inside", "--hidden", "999999999999"], "must be between 1 and 4096"),
        (whole.clone(), &["--target", "sum", "--class-weights", "balanced"], "a number has no classes"),
        (whole.clone(), &["--target", "colour", "--task", "regression"], "column colour"),
        (whole.clone(), &["--target", "inside", "--delimiter", ";"], "no such column"),
        ("a,b\n1,yes\n2,no\n".to_owned(), &["--target", "b"], "data.csv"),
        ("a,a\n1,2\n".to_owned(), &["--target", "a"], "columns 1 and 2 have this name"),
        (whole.clone(), &["--target", "inside", "--learner", "magic"], "--learner"),
    ] {
        let test = test_with(content);
        let error = test.error(&[&["train", "data.csv"], more].concat());
        let line = error.trim_end_matches('\n');
        assert!(line.starts_with("error: ") && !line.contains('\n') && line.contains(expected), "{expected}: {line}");
        assert!(line.chars().count() < 300, "{line}");
        assert_eq!(test.entries(), ["data.csv"], "{expected}");
    }
}

#[test]
fn a_model_is_checked_before_it_is_used() {
    let test = test_with(points(60));
    test.stdout(&["train", "data.csv", "--target", "inside", "--evaluations", "200", "--out", "m"], 0);
    let bytes = std::fs::read(test.path("m/model.safetensors")).unwrap();
    test.write("cut.safetensors", &bytes[..bytes.len() / 2]);
    test.write("none.safetensors", b"");
    test.write("other.csv", "x,colour\n1,red\n");
    test.write("text.csv", "x,y,colour,sum\none,2,red,3\ntwo,3,blue,4\n");
    for (arguments, expected) in [
        (["predict", "cut.safetensors", "data.csv"], "cut.safetensors"),
        (["predict", "none.safetensors", "data.csv"], "none.safetensors"),
        (["predict", "data.csv", "data.csv"], "not a model"),
        (["predict", "nowhere", "data.csv"], "nowhere"),
        (["predict", "m/model.safetensors", "other.csv"], "column y: no such column"),
        (["predict", "m/model.safetensors", "text.csv"], "column x"),
    ] {
        let error = test.error(&arguments);
        assert!(error.starts_with("error: ") && error.contains(expected), "{expected}: {error}");
    }
}
