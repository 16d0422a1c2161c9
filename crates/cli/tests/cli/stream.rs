//! `tegmentum stream`.

use std::fmt::Write as _;

use crate::command::TestCommand;

const HEADER: &str = "x,colour,kind\n";

/// A class by a number and a category; from `change` on the classes are exchanged.
fn rows(from: u32, to: u32, change: u32) -> String {
    let mut text = String::new();
    for row in from..to {
        let (x, colour) = (f64::from(row * 37 % 101) / 50.0 - 1.0, ["red", "blue"][row as usize % 2]);
        let kind = if (x > 0.2) == (row >= change) { "no" } else { "yes" };
        writeln!(text, "{x:.3},{colour},{kind}").unwrap();
    }
    text
}

fn report(test: &TestCommand, folder: &str) -> serde_json::Value {
    serde_json::from_str(&test.read(&format!("{folder}/report.json"))).unwrap()
}

#[test]
fn a_stream_is_scored_before_it_is_learned_and_noradrenaline_notices_a_change() {
    let test = TestCommand::new();
    test.write("data.csv", HEADER.to_owned() + &rows(0, 3000, 2000));
    let printed = test.stdout(&["stream", "data.csv", "--target", "kind"], 0);
    for expected in [
        "kind, 2 classes: 3000 rows",
        "tegmentum",
        "no change",
        "most frequent class so far",
        "Noradrenaline fired at line",
    ] {
        assert!(printed.contains(expected), "{expected} in {printed}");
    }
    let whole = report(&test, "reports/stream-data");
    let of = |name: &str| whole["these_rows"][name].as_f64().unwrap();
    assert!(of("accuracy") > 0.85 && of("accuracy") > of("majority") + 0.1, "{whole}");
    let fired = whole["noradrenaline_fired_at_lines"].as_array().unwrap();
    assert!(fired.iter().any(|line| (2000..2300).contains(&line.as_u64().unwrap())), "{fired:?}");
    let names = ["accuracy.svg", "model.safetensors", "modulators.svg", "predictions.csv", "report.json"];
    for name in names {
        assert!(test.path(&format!("reports/stream-data/{name}")).exists(), "{name}");
    }
    let svg = test.read("reports/stream-data/accuracy.svg");
    assert!(roxmltree::Document::parse(&svg).is_ok() && svg.contains("noradrenaline"));
    let predictions = test.read("reports/stream-data/predictions.csv");
    assert_eq!(predictions.lines().count(), 3001);
    assert!(predictions.starts_with("line,kind,kind_predicted,began_anew\n2,"), "{predictions}");
    // Without noradrenaline none fires.
    test.stdout(&["stream", "data.csv", "--target", "kind", "--lesion", "noradrenaline", "--out", "lesion"], 0);
    assert_eq!(report(&test, "lesion")["noradrenaline_fired_at_lines"].as_array().unwrap().len(), 0);
}

#[test]
fn detectors_watch_the_errors_beside_noradrenaline() {
    let test = TestCommand::new();
    test.write("all.csv", HEADER.to_owned() + &rows(0, 3000, 2000));
    test.write("one.csv", HEADER.to_owned() + &rows(0, 2010, 2000));
    test.write("two.csv", HEADER.to_owned() + &rows(2010, 3000, 2000));
    let detectors = ["--target", "kind", "--detector", "adwin,page_hinkley", "--detector", "never"];
    let run = |data: &str, out: &str, more: &[&str]| test.stdout(&[&["stream", data, "--out", out], more].concat(), 0);
    let printed = run("all.csv", "all", &detectors);
    for expected in ["Noradrenaline fired at line", "\nadwin fired at line", "\npage_hinkley ", "\nnever did not fire."]
    {
        assert!(printed.contains(expected), "{expected} in {printed}");
    }
    let whole = report(&test, "all");
    let lines = |place: usize| -> Vec<u64> {
        serde_json::from_value(whole["detectors"][place]["fired_at_lines"].clone()).unwrap()
    };
    assert!(lines(0).iter().any(|line| (2000..2300).contains(line)), "{:?}", lines(0));
    assert!(lines(2).is_empty());
    assert_eq!(whole["detectors"][0]["settings"]["adwin"]["delta"], 0.002);
    // Nothing else is another.
    run("all.csv", "without", &["--target", "kind"]);
    assert_eq!(report(&test, "without")["all_rows"], whole["all_rows"]);
    assert_eq!(report(&test, "without")["detectors"].as_array().unwrap().len(), 0);
    // The next day they go on.
    run("one.csv", "one", &detectors);
    run("two.csv", "two", &["--continue", "one/model.safetensors"]);
    let cells = |folder: &str| -> Vec<String> {
        let text = test.read(&format!("{folder}/predictions.csv"));
        assert!(text.starts_with("line,kind,kind_predicted,began_anew,adwin,page_hinkley,never\n"));
        text.lines().skip(1).map(|line| line.split_once(',').unwrap().1.to_owned()).collect()
    };
    assert_eq!(cells("all"), [cells("one"), cells("two")].concat());
    let go_on = ["stream", "two.csv", "--continue", "one/model.safetensors", "--detector", "adwin"];
    assert!(test.error(&go_on).contains("--detector"));
    let unknown = test.error(&["stream", "one.csv", "--target", "kind", "--detector", "magic"]);
    assert!(unknown.contains("magic") && unknown.contains("page_hinkley"), "{unknown}");
}

#[test]
fn a_detector_drives_noradrenaline() {
    let test = TestCommand::new();
    test.write("all.csv", HEADER.to_owned() + &rows(0, 3000, 2000));
    test.write("one.csv", HEADER.to_owned() + &rows(0, 2010, 2000));
    test.write("two.csv", HEADER.to_owned() + &rows(2010, 3000, 2000));
    let run = |data: &str, out: &str, more: &[&str]| test.stdout(&[&["stream", data, "--out", out], more].concat(), 0);
    let alarms = |out: &str| -> Vec<u64> {
        serde_json::from_value(report(&test, out)["noradrenaline_fired_at_lines"].clone()).unwrap()
    };
    let printed = run("all.csv", "driven", &["--target", "kind", "--driver", "page_hinkley"]);
    let printed = printed.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(printed.contains("Noradrenaline is driven by page_hinkley."), "{printed}");
    assert_eq!(report(&test, "driven")["driver"]["page_hinkley"]["threshold"], 50.0);
    assert!(alarms("driven").iter().any(|line| *line > 2000), "{:?}", alarms("driven"));
    // One that never fires is a lesion of noradrenaline.
    run("all.csv", "never", &["--target", "kind", "--driver", "never"]);
    run("all.csv", "lesion", &["--target", "kind", "--lesion", "noradrenaline"]);
    assert!(alarms("never").is_empty());
    assert_eq!(report(&test, "never")["all_rows"], report(&test, "lesion")["all_rows"]);
    // The next day goes on with its state.
    run("one.csv", "one", &["--target", "kind", "--driver", "page_hinkley"]);
    run("two.csv", "two", &["--continue", "one/model.safetensors"]);
    assert_eq!(report(&test, "two")["all_rows"], report(&test, "driven")["all_rows"]);
    let both = ["stream", "one.csv", "--target", "kind", "--driver", "adwin", "--lesion", "noradrenaline"];
    assert!(test.error(&both).contains("noradrenaline is lesioned"));
    // Settings are obeyed, and wrong ones are named.
    let of = |driver| ["stream", "all.csv", "--target", "kind", "--out", "set", "--driver", driver];
    test.stdout(&of("page_hinkley = { threshold = 2.0 }"), 0);
    assert_eq!(report(&test, "set")["driver"]["page_hinkley"]["threshold"], 2.0);
    assert!(alarms("set").len() > alarms("driven").len(), "{:?}", alarms("set"));
    for (driver, named) in [
        ("page_hinkley = { treshold = 2.0 }", "treshold"),
        ("page_hinkley = { threshold = -2.0 }", "threshold"),
        ("adwyn = {}", "adwyn"),
        ("adwin = {", "adwin = {"),
    ] {
        let error = test.error(&of(driver));
        assert!(error.contains(named), "{driver}: {error}");
    }
    let go_on = ["stream", "two.csv", "--continue", "one/model.safetensors", "--driver", "adwin"];
    assert!(test.error(&go_on).contains("--driver"));
}

#[test]
fn the_next_day_goes_on_and_standard_input_is_a_file() {
    let test = TestCommand::new();
    test.write("all.csv", HEADER.to_owned() + &rows(0, 900, 2000));
    test.write("one.csv", HEADER.to_owned() + &rows(0, 411, 2000));
    let second = HEADER.to_owned() + &rows(411, 900, 2000);
    test.stdout(&["stream", "all.csv", "--target", "kind", "--out", "all"], 0);
    test.stdout(&["stream", "one.csv", "--target", "kind", "--out", "one"], 0);
    let go_on = ["stream", "-", "--continue", "one/model.safetensors", "--out", "two"];
    let assert = test.command(&go_on).write_stdin(second).assert().code(0);
    let printed = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
    assert!(printed.contains("489 rows") && printed.contains("of all 900 rows"), "{printed}");
    assert_eq!(report(&test, "two")["all_rows"], report(&test, "all")["all_rows"]);
    let predicted = |folder: &str| -> Vec<String> {
        let text = test.read(&format!("{folder}/predictions.csv"));
        text.lines().skip(1).map(|line| line.split_once(',').unwrap().1.to_owned()).collect()
    };
    assert_eq!(predicted("all"), [predicted("one"), predicted("two")].concat());
    for (arguments, expected) in [
        (["predict", "one/model.safetensors", "all.csv"].as_slice(), "--continue"),
        (&["export", "one/model.safetensors", "--onnx", "x.onnx"], "learns on"),
        (&["stream", "all.csv", "--continue", "all.csv"], "not a model"),
        (&["stream", "all.csv", "--continue", "one/model.safetensors", "--seed", "2"], "--seed"),
    ] {
        let error = test.error(arguments);
        assert!(error.starts_with("error: ") && error.contains(expected), "{expected}: {error}");
    }
}

#[test]
fn whatever_stands_in_a_stream_is_survived() {
    let start = HEADER.to_owned() + &rows(0, 200, 2000);
    for (name, middle, said) in [
        ("a category that was never seen", "0.5,violet,yes\n", ""),
        ("a class that was never seen", "0.5,red,perhaps\n", "3 classes"),
        ("NaN", "NaN,red,yes\nnan,,no\n", ""),
        ("a header in the middle", HEADER, "1 more header"),
        ("an empty line", "\n\n", ""),
        ("a column that appears", "x,colour,size,kind\n0.1,red,3,yes\nx,colour,kind\n", "\"size\" appears"),
        ("a row without a target", "0.5,red,\n", "1 rows have no kind"),
        ("a text among numbers", "broken,red,yes\n", ""),
    ] {
        let test = TestCommand::new();
        test.write("data.csv", start.clone() + middle + &rows(200, 300, 2000));
        let printed = test.stdout(&["stream", "data.csv", "--target", "kind"], 0);
        assert!(printed.contains(said), "{name}: {printed}");
    }
    let test = TestCommand::new();
    let constant =
        (0..100).map(|row| format!("7;{},5;{}\n", row % 3, ["a", "b"][row % 2])).collect::<Vec<_>>().concat();
    test.write("data.csv", "c;x;y\n".to_owned() + &constant);
    test.stdout(&["stream", "data.csv", "--target", "y", "--decimal", ",", "--exclude", "x"], 0);
}

#[test]
fn what_cannot_be_learned_is_one_line_and_nothing_is_written() {
    let whole = HEADER.to_owned() + &rows(0, 60, 2000);
    let numbers = (0..200).map(|row| format!("{row},{}\n", row * 7)).collect::<Vec<_>>().concat();
    for (content, more, expected) in [
        (whole.clone(), &["--target", "knd"][..], "no such column; there are \"x\""),
        (whole.clone(), &["--target", "kind", "--exclude", "z"], "no such column"),
        (whole.clone(), &["--target", "kind", "--exclude", "kind"], "it cannot be excluded"),
        (whole.clone(), &["--target", "kind", "--lesion", "magic"], "--lesion"),
        (whole.clone(), &["--target", "kind", "--delimiter", ";"], "no such column"),
        (whole.clone(), &[], "--target"),
        (whole.clone() + "1,2\n", &["--target", "kind"], "line 62"),
        (whole.clone() + "1e999,red,no\n", &["--target", "kind"], "between -1e100 and 1e100"),
        (String::new(), &["--target", "kind"], "the stream is empty"),
        ("x,y\n".to_owned() + &numbers, &["--target", "y"], "more than 100 different values"),
    ] {
        let test = TestCommand::new();
        test.write("data.csv", content);
        let error = test.error(&[&["stream", "data.csv"], more].concat());
        let line = error.trim_end_matches('\n');
        assert!(line.starts_with("error: ") && !line.contains('\n') && line.contains(expected), "{expected}: {line}");
        assert_eq!(test.entries(), ["data.csv"], "{expected}");
    }
    let test = TestCommand::new();
    test.write("data.csv", b"x,y\n1,\xff\n");
    assert!(test.error(&["stream", "data.csv", "--target", "y"]).contains("UTF-8"));
    assert!(test.error(&["stream", "nowhere.csv", "--target", "y"]).contains("nowhere.csv"));
}
