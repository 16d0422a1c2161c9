//! `tegmentum resume`, `run --shard` and `merge`: nothing is lost, and records are the same bytes.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tegmentum::random::Key;

use crate::command::{STUDY, TestCommand, program};

/// A study of many runs that take a while each.
fn long_study() -> String {
    STUDY.replace("budget = 600", "budget = 20000").replace("count = 6", "count = 24")
}

/// Starts a command that says nothing.
fn start(test: &TestCommand, arguments: &[&str]) -> Child {
    let mut command = Command::new(program());
    command.current_dir(test.path("")).args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Kills commands at random moments until one comes to its end: the first is `first`, the others resume `folder`. Returns how many were
/// killed.
fn killed_again_and_again(test: &TestCommand, first: &[&str], folder: &str, key: Key) -> u32 {
    let mut stream = key.stream();
    let mut killed = 0;
    loop {
        let resume = ["resume", folder, "--checkpoint-every", "0.02"];
        let mut child = start(test, if killed == 0 { first } else { &resume });
        std::thread::sleep(Duration::from_millis(30 + stream.below(150) as u64));
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success() || !test.path(folder).join("checkpoint/job").exists(), "{status:?}");
            return killed;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        killed += 1;
        assert!(killed < 400, "it never comes to its end");
        if !test.path(folder).join("checkpoint/job").exists() {
            // Killed before it began, or after it ended.
            if test.path(folder).join("report.html").exists() || test.path(folder).join("report.json").exists() {
                return killed;
            }
            killed = 0;
        }
    }
}

fn same(test: &TestCommand, one: &str, other: &str, files: &[&str]) {
    for file in files {
        let [one, other] = [one, other].map(|folder| std::fs::read(test.path(folder).join(file)).unwrap());
        assert!(one == other, "{file} differs");
    }
}

const RECORDS: [&str; 2] = ["records.csv", "summary.json"];

#[test]
fn a_run_that_is_killed_again_and_again_ends_with_the_same_bytes() {
    let test = TestCommand::with_study(&long_study());
    test.stdout(&["run", "study.toml", "--out", "whole"], 0);
    let mut killed = 0;
    for repeat in 0.. {
        let out = format!("killed-{repeat}");
        let folder = format!("{out}/small");
        let first = ["run", "study.toml", "--out", &out, "--checkpoint-every", "0.02"];
        killed += killed_again_and_again(&test, &first, &folder, Key::from_seed(1).child(repeat));
        same(&test, "whole/small", &folder, &RECORDS);
        assert!(!test.path(&folder).join("checkpoint").exists());
        if killed >= 12 {
            return;
        }
    }
}

#[test]
fn a_lesion_that_is_killed_again_and_again_ends_with_the_same_bytes() {
    let test = TestCommand::with_study(&STUDY.replace("budget = 600", "budget = 8000"));
    let lesion = ["lesion", "study.toml", "--arm", "dopamine", "--checkpoint-every", "0.02", "--out"];
    test.stdout(&[&lesion[..], &["whole"]].concat(), 0);
    let killed =
        killed_again_and_again(&test, &[&lesion[..], &["killed"]].concat(), "killed/small-lesions", Key::from_seed(2));
    same(&test, "whole/small-lesions", "killed/small-lesions", &RECORDS);
    assert!(killed > 0);
}
