//! `tegmentum run`, `reproduce` and `report`.

use serde_json::Value;

use crate::command::{STUDY, TestCommand};

#[test]
fn a_study_leaves_its_folder_and_a_report() {
    let test = TestCommand::with_study(STUDY);
    let printed = test.stdout(&["run", "study.toml"], 0);
    assert!(printed.contains("mean_squared_error") && printed.contains("✓ It becomes better"), "{printed}");
    assert!(printed.contains("Report: reports/small/report.html") && !printed.contains('\u{1b}'), "{printed}");
    for file in ["study.toml", "manifest.json", "records.csv", "summary.json", "figures.json", "report.html"] {
        assert!(test.path("reports/small").join(file).is_file(), "{file}");
    }
    let manifest = test.read("reports/small/manifest.json");
    for label in ["Started", "Command", "Version", "Commit", "Machine", "Instruction set", "Threads", "Wall seconds"] {
        assert!(manifest.contains(&format!("\"{label}\"")), "{label} in {manifest}");
    }
    let figures = std::fs::read_dir(test.path("reports/small/figures")).unwrap();
    for figure in figures {
        let text = std::fs::read_to_string(figure.unwrap().path()).unwrap();
        roxmltree::Document::parse(&text).unwrap();
    }
    assert!(!test.entries().iter().any(|name| name.contains(".part")));
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let test = TestCommand::with_study(STUDY);
    test.stdout(&["run", "study.toml", "--threads", "1", "--out", "one"], 0);
    test.stdout(&["run", "study.toml", "--threads", "2", "--out", "two"], 0);
    for file in ["records.csv", "summary.json"] {
        let [one, two] = ["one", "two"].map(|out| test.read(&format!("{out}/small/{file}")));
        assert!(one == two, "{file}");
    }
}

#[test]
fn json_is_all_that_is_printed() {
    let test = TestCommand::with_study(STUDY);
    let printed = test.stdout(&["run", "study.toml", "--seeds", "2", "--json"], 0);
    let summaries: Value = serde_json::from_str(&printed).unwrap();
    let file: Value = serde_json::from_str(&test.read("reports/small/summary.json")).unwrap();
    assert_eq!(summaries, Value::Array(vec![file]));
    assert_eq!(summaries[0]["arms"]["dopamine"]["mean_squared_error"]["n"], 2);
}

#[test]
fn changes_are_made_and_kept() {
    let test = TestCommand::with_study(STUDY);
    let changes =
        ["--set", "budget=50", "--set", "arm.dopamine.optimizer.dopamine.directions=3", "--set", "title=Other"];
    test.stdout(&[&["run", "study.toml", "--quick"], &changes[..]].concat(), 0);
    let study = test.read("reports/small/study.toml");
    assert!(study.contains("budget = 50\n") && study.contains("directions = 3") && study.contains("Other"), "{study}");
    assert!(test.read("reports/small/summary.json").contains("\"quick\": true"));
}

#[test]
fn a_claim_that_fails_counts_only_if_strict() {
    let test = TestCommand::with_study(&STUDY.replace("at_most = 10.0", "at_most = -1.0"));
    let printed = test.stdout(&["run", "study.toml"], 0);
    assert!(printed.contains("✗ It becomes"), "{printed}");
    test.stdout(&["run", "study.toml", "--strict"], 1);
}

#[test]
fn a_report_is_written_again() {
    let test = TestCommand::with_study(STUDY);
    test.stdout(&["run", "study.toml", "--seeds", "2"], 0);
    let first = test.read("reports/small/report.html");
    std::fs::remove_file(test.path("reports/small/report.html")).unwrap();
    std::fs::remove_dir_all(test.path("reports/small/figures")).unwrap();
    assert_eq!(test.stdout(&["report", "reports/small"], 0), "reports/small/report.html\n");
    assert_eq!(test.read("reports/small/report.html"), first);
    assert!(test.path("reports/small/figures").is_dir());
    assert_eq!(test.stdout(&["report", "reports"], 0), "reports/report.html\n");
    assert!(test.read("reports/report.html").contains("A small study"));
}

#[test]
fn a_built_in_study_is_reproduced() {
    let test = TestCommand::new();
    let printed = test.stdout(&["reproduce", "theory", "--seeds", "20"], 0);
    assert!(printed.contains("Report: reports/report.html"), "{printed}");
    assert!(test.read("reports/report.html").contains("closed form"));
    assert!(test.path("reports/theory/summary.json").is_file());
}

#[test]
fn a_shortened_run_says_what_a_full_one_would_take() {
    let test = TestCommand::with_study(STUDY);
    let printed = test.stdout(&["run", "study.toml", "--quick"], 0);
    assert!(printed.contains("This study was shortened") && printed.contains("A full run takes about"), "{printed}");
    let page = test.read("reports/small/report.html");
    assert!(page.contains("Shortened runs</strong>") && page.contains("A full run takes about"), "{page}");
    assert!(!test.stdout(&["run", "study.toml"], 0).contains("A full run"));
    assert!(!test.read("reports/small/report.html").contains("A full run"));
}
