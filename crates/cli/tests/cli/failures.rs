//! Bad input: one clear error, exit code 2, nothing written.

use proptest::prelude::*;

use crate::command::{STUDY, TestCommand};

/// The error of `run` with a study in which `from` is replaced.
fn error_of(from: &str, to: &str) -> String {
    assert!(STUDY.contains(from));
    let test = TestCommand::with_study(&STUDY.replace(from, to));
    let error = test.error(&["run", "study.toml"]);
    assert_eq!(test.entries(), ["study.toml"], "nothing is left");
    error
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    let error = error_of("budget = 600", "budgt = 600");
    assert!(error.starts_with("error: study.toml: ") && error.contains("line 4"), "{error}");
    assert!(error.contains("unknown field `budgt`, expected one of"), "{error}");
}

#[test]
fn values_out_of_range() {
    let error = error_of("budget = 600", "budget = 0");
    assert!(error.contains("budget = 0: must be between 1 and"), "{error}");
    let error = error_of("hidden = [4]", "hidden = [0]");
    assert!(error.contains("must be at least 1"), "{error}");
    let error = error_of("[arm.optimizer.dopamine]", "[arm.optimizer.dopamine]\nperturbation_scale = -1.0");
    assert!(error.contains("perturbation_scale = -1: must be a finite number above 0"), "{error}");
    let error = error_of("arm = \"dopamine\"", "arm = \"serotonin\"");
    assert!(error.contains("unknown arm \"serotonin\": known are dopamine, wp"), "{error}");
}

#[test]
fn changes_that_cannot_be_made() {
    let test = TestCommand::with_study(STUDY);
    let error = |change: &str| test.error(&["run", "study.toml", "--set", change]);
    assert!(error("budgt=1").starts_with("error: --set budgt=1: unknown field `budgt`"), "{}", error("budgt=1"));
    assert!(error("arm.9.name=x").contains("must be an index from 0 to 1 or one of dopamine, wp"));
    assert!(error("budget=0").contains("study.toml with --set: budget = 0"), "{}", error("budget=0"));
    let overlap = test.error(&["run", "study.toml", "--seeds", "10", "--set", "seeds.first=0"]);
    assert!(overlap.contains("overlap"), "{overlap}");
}

#[test]
fn a_shortened_study_that_lacks_an_arm_of_an_answer_is_refused_before_it_runs() {
    let short = STUDY.replace("budget = 600", "budget = 600\nquick = { arms = [\"dopamine\"] }");
    let answer =
        "answer.supported = \"Weight perturbation: {wp mean_squared_error}.\"\nanswer.not_supported = \"No.\"\n";
    let test = TestCommand::with_study(&(short + answer));
    let said = test.error(&["run", "study.toml", "--quick"]);
    assert!(said.contains("study.toml with --quick") && said.contains("there is no arm \"wp\""), "{said}");
    assert_eq!(test.entries(), ["study.toml"]);
}

#[test]
fn studies_that_are_not_there() {
    let test = TestCommand::new();
    let error = test.error(&["run", "missing.toml"]);
    assert!(error.starts_with("error: cannot read the study missing.toml: "), "{error}");
    let error = test.error(&["run", "xorr"]);
    assert!(error.contains("there is no study \"xorr\"") && error.contains("or one of xor, "), "{error}");
    let error = test.error(&["reproduce", "xorr"]);
    assert!(error.contains("there is no built-in study \"xorr\""), "{error}");
}

#[test]
fn a_folder_that_cannot_be_written_is_found_before_the_work() {
    let test = TestCommand::with_study(&STUDY.replace("budget = 600", "budget = 1_000_000_000_000"));
    test.write("taken", "");
    let error = test.error(&["run", "study.toml", "--out", "taken"]);
    assert!(error.starts_with("error: cannot write to the folder taken/small: "), "{error}");
    test.write("data.csv", "1\n2\n3\n5\n".repeat(50));
    let error = test.error(&["forecast", "data.csv", "--evaluations", "1000000", "--out", "taken"]);
    assert!(error.starts_with("error: cannot write to the folder taken: "), "{error}");
}

#[test]
fn folders_without_a_run() {
    let test = TestCommand::new();
    let error = test.error(&["report", "."]);
    assert!(error.contains("holds no finished run"), "{error}");
    let error = test.error(&["report", "nowhere"]);
    assert!(error.contains("cannot read the folder nowhere: "), "{error}");
    std::fs::create_dir(test.path("run")).unwrap();
    test.write("run/summary.json", "{}");
    let error = test.error(&["report", "run"]);
    assert!(error.contains("run/study.toml"), "{error}");
}

/// Starts a command that would take for ever, sends a signal once it works, and returns what it wrote to standard error after that.
#[cfg(unix)]
fn stopped(test: &TestCommand, arguments: &[&str], signal: &str) -> String {
    let mut child = std::process::Command::new(crate::command::program())
        .current_dir(test.path(""))
        .args(arguments)
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut errors = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut errors, &mut line).unwrap();
    assert!(!line.starts_with("error"), "{line}");
    let clock = std::time::Instant::now();
    let sent = std::process::Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    assert_eq!(child.wait().unwrap().code(), Some(130), "{arguments:?} {signal}");
    // A second for the work to stop by itself; the rest is for machines that do other things too.
    assert!(clock.elapsed().as_secs() < 10, "{arguments:?} {signal} took {:?}", clock.elapsed());
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut errors, &mut rest).unwrap();
    rest
}

#[cfg(unix)]
#[test]
fn a_signal_stops_every_command_and_leaves_what_can_go_on() {
    let test = TestCommand::with_study(&STUDY.replace("budget = 600", "budget = 1_000_000_000_000"));
    test.write("data.csv", "1\n2\n3\n5\n".repeat(50));
    for signal in ["-INT", "-TERM"] {
        for arguments in [&["run", "study.toml"][..], &["forecast", "data.csv", "--evaluations", "1000000"]] {
            let rest = stopped(&test, arguments, signal);
            assert!(rest.contains("stopping") && rest.contains("go on with `tegmentum resume reports/"), "{rest}");
            let entries = test.entries();
            let kept = |entry: &&String| !["data.csv", "study.toml", "reports"].contains(&entry.as_str());
            let is_whole = |entry: &String| !entry.ends_with(".part") && !entry.contains(".csv");
            assert!(entries.iter().filter(kept).all(is_whole), "{entries:?}");
            std::fs::remove_dir_all(test.path("reports")).unwrap();
        }
    }
}

#[test]
fn errors_are_one_line_that_a_person_reads() {
    let test = TestCommand::with_study(STUDY);
    let long = format!("{}.toml", "x".repeat(200));
    test.write(&long, STUDY.replace("budget = 600", &format!("budget = {{ {} = 1 }}", "y".repeat(30_000))));
    test.write("wide.csv", format!("{}\n1,2\n", "z,".repeat(5_000)));
    let cases: [&[&str]; 9] = [
        &["run", &long],
        &["run", "study.toml", "--set", &format!("title={{ {} = 1 }}", "y".repeat(3_000))],
        &["run", "study.toml", "--set", &format!("arm.{}=1", "y".repeat(3_000))],
        &["run", &"n".repeat(3_000)],
        &["dose", "study.toml", "--modulator", "caffeine"],
        &["run", "study.toml", "--seeds", "0"],
        &["list", "everything"],
        &["forecast", "wide.csv"],
        &["reproduce", "--quick"],
    ];
    for arguments in cases {
        let error = test.error(arguments);
        let line = error.trim_end_matches('\n');
        assert!(line.starts_with("error: ") && !line.contains('\n'), "{line}");
        assert!(line.chars().count() < 300, "{} characters: {line}", line.chars().count());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn random_bytes_are_no_study(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let test = TestCommand::new();
        test.write("study.toml", bytes);
        let error = test.error(&["run", "study.toml"]);
        prop_assert!(error.starts_with("error: "), "{}", error);
    }

    #[test]
    fn a_study_with_a_piece_cut_out_never_panics(from in 0..STUDY.len(), length in 1usize..40) {
        let end = (from + length).min(STUDY.len());
        let text = format!("{}{}", &STUDY[..from], &STUDY[end..]).replace("600", "20");
        let test = TestCommand::with_study(&text);
        let output = test.command(&["run", "study.toml", "--seeds", "1"]).output().unwrap();
        prop_assert!(matches!(output.status.code(), Some(0 | 2)), "{:?}", output);
    }
}
