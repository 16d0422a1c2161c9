//! `tegmentum resume`: nothing is lost, and records are the same bytes.

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
        // Before it has read its study, and well after, also where a program that is not optimised takes a tenth of a second to begin.
        std::thread::sleep(Duration::from_millis(30 + stream.below(400) as u64));
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success() || !test.path(folder).join("checkpoint/job").exists(), "{status:?}");
            return killed;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        killed += 1;
        assert!(killed < 4000, "it never comes to its end");
        if !test.path(folder).join("checkpoint/job").exists() {
            // Killed before it began, or after it ended.
            if test.path(folder).join("report.html").exists() || test.path(folder).join("report.json").exists() {
                return killed;
            }
            killed = 0;
        }
    }
}

pub(crate) fn same(test: &TestCommand, one: &str, other: &str, files: &[&str]) {
    for file in files {
        let [one, other] = [one, other].map(|folder| std::fs::read(test.path(folder).join(file)).unwrap());
        assert!(one == other, "{file} differs");
    }
}

pub(crate) const RECORDS: [&str; 2] = ["records.csv", "summary.json"];

/// Kills of each command, at least: a third of 20, or of what the variable `TEGMENTUM_KILLS` says.
fn wanted() -> u32 {
    let all =
        std::env::var("TEGMENTUM_KILLS").map_or(20, |text| text.parse::<u32>().expect("TEGMENTUM_KILLS is a number"));
    all.div_ceil(3)
}

/// Runs a command whole, then kills it at random moments until it was killed often enough, and compares what it left each time.
fn survives(test: &TestCommand, command: &[&str], below: &str, files: &[&str], key: Key) {
    test.stdout(&[command, &["--out", "whole"]].concat(), 0);
    let mut killed = 0;
    for repeat in 0.. {
        let out = format!("killed-{repeat}");
        let folder = format!("{out}{below}");
        let first = [command, &["--checkpoint-every", "0.02", "--out", &out]].concat();
        killed += killed_again_and_again(test, &first, &folder, key.child(repeat));
        same(test, &format!("whole{below}"), &folder, files);
        // The last process may have been killed while it removed what was kept; then there is nothing to go on with, either.
        assert!(!test.path(&folder).join("checkpoint/job").exists());
        if killed >= wanted() {
            return;
        }
    }
}

#[test]
fn a_run_that_is_killed_again_and_again_ends_with_the_same_bytes() {
    let test = TestCommand::with_study(&long_study());
    survives(&test, &["run", "study.toml"], "/small", &RECORDS, Key::from_seed(1));
}

#[test]
fn a_lesion_that_is_killed_again_and_again_ends_with_the_same_bytes() {
    let test = TestCommand::with_study(&STUDY.replace("budget = 600", "budget = 8000"));
    survives(&test, &["lesion", "study.toml", "--arm", "dopamine"], "/small-lesions", &RECORDS, Key::from_seed(2));
}

/// Two long runs of each kind of learner, an agent and a stream: their state is kept while they are under way.
const LONG_RUNS: &str = r#"name = "long"
title = "Long runs"
question = "Do they go on where they were?"
budget = 40000
seeds = { first = 100, count = 2 }
metrics = ["mean_squared_error"]
targets = [1e-9]
[task.xor]
[network.mlp]
hidden = [6, 6]
[[arm]]
name = "dopamine"
[arm.optimizer.dopamine]
[[arm]]
name = "spsa under modulators"
[arm.optimizer.spsa]
[arm.neuromodulation]
preset = "mei-2025"
[[arm]]
name = "node perturbation"
[arm.plasticity.node_perturbation]
[[arm]]
name = "adam"
[arm.gradient.adam]
[[claim]]
text = "It learns"
arm = "dopamine"
metric = "mean_squared_error"
at_most = 10.0
"#;

#[test]
fn a_run_under_way_goes_on_where_it_was() {
    let test = TestCommand::with_study(LONG_RUNS);
    test.stdout(&["run", "study.toml", "--out", "whole", "--threads", "1"], 0);
    let first = ["run", "study.toml", "--out", "killed", "--checkpoint-every", "0", "--threads", "1"];
    let mut child = start(&test, &first);
    // Killed as soon as a run has a state: no unit is finished then, so that only the state can be gone on with.
    let checkpoint = test.path("killed/long/checkpoint");
    let kept = |what: &str| {
        let entries = std::fs::read_dir(&checkpoint).into_iter().flatten().flatten();
        entries
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| name.starts_with(what))
            .count()
    };
    while kept("state-") == 0 {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it had a state");
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(kept("finished-"), 0);
    test.stdout(&["resume", "killed/long", "--threads", "1"], 0);
    same(&test, "whole/long", "killed/long", &RECORDS);
    killed_again_and_again(
        &test,
        &["run", "study.toml", "--out", "again", "--checkpoint-every", "0.02"],
        "again/long",
        Key::from_seed(3),
    );
    same(&test, "whole/long", "again/long", &RECORDS);
}

#[test]
fn agents_and_streams_go_on_where_they_were() {
    for (study, key) in [("go-no-go", 4), ("switching-xor", 5), ("continual-class", 7)] {
        let test = TestCommand::new();
        let run = ["run", study, "--quick", "--seeds", "2", "--checkpoint-every", "0.01", "--out"];
        test.stdout(&[&run[..], &["whole"]].concat(), 0);
        let folder = format!("killed/{study}");
        killed_again_and_again(&test, &[&run[..], &["killed"]].concat(), &folder, Key::from_seed(key));
        same(&test, &format!("whole/{study}"), &folder, &RECORDS);
    }
}

/// A table of two classes that takes a while to learn.
fn table() -> String {
    let mut stream = Key::from_seed(9).stream();
    let mut rows = vec!["a,b,class".to_owned()];
    for _ in 0..300 {
        let (a, b) = (stream.normal(), stream.normal());
        rows.push(format!("{a},{b},{}", if a * b > 0.0 { "same" } else { "other" }));
    }
    rows.join("\n")
}

#[test]
fn a_training_that_is_killed_again_and_again_ends_with_the_same_model() {
    let test = TestCommand::new();
    test.write("data.csv", table());
    let train = ["train", "data.csv", "--target", "class", "--evaluations", "12000"];
    survives(&test, &train, "", &["report.json", "test_predictions.csv"], Key::from_seed(6));
    let predicted = |folder: &str| test.stdout(&["predict", &format!("{folder}/model.safetensors"), "data.csv"], 0);
    assert_eq!(predicted("whole"), predicted("killed-0"));
}

#[test]
fn a_forecast_goes_on_where_it_was() {
    let test = TestCommand::new();
    let values: Vec<String> =
        (0..160).map(|t| (50.0 + f64::from(t % 7) + (f64::from(t) * 0.3).sin()).to_string()).collect();
    test.write("data.csv", values.join("\n"));
    let forecast = ["forecast", "data.csv", "--horizon", "2", "--evaluations", "1500"];
    test.stdout(&[&forecast[..], &["--out", "whole"]].concat(), 0);
    let first = [&forecast[..], &["--out", "killed", "--checkpoint-every", "0"]].concat();
    let mut child = start(&test, &first);
    while !test.path("killed/checkpoint/finished-000001").exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before");
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    test.stdout(&["resume", "killed"], 0);
    same(&test, "whole", "killed", &["forecast.csv"]);
}

/// Starts a study that would take for ever and waits until something of it is kept.
#[cfg(unix)]
fn endless(test: &TestCommand, out: &str) -> Child {
    let endless = STUDY.replace("budget = 600", "budget = 1_000_000_000_000");
    test.write("endless.toml", endless);
    let child = start(test, &["run", "endless.toml", "--out", out, "--checkpoint-every", "0"]);
    while !test.path(out).join("small/checkpoint/job").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

#[cfg(unix)]
#[test]
fn a_folder_has_one_process_and_its_work_is_not_thrown_away() {
    let test = TestCommand::new();
    let mut child = endless(&test, "out");
    for arguments in [
        &["resume", "out/small"][..],
        &["run", "endless.toml", "--out", "out"],
        &["run", "endless.toml", "--out", "out", "--fresh"],
    ] {
        let error = test.error(arguments);
        assert!(error.contains(&format!("process {} is working here", child.id())), "{error}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let error = test.error(&["run", "endless.toml", "--out", "out"]);
    assert!(error.contains("holds unfinished work") && error.contains("tegmentum resume out/small"), "{error}");
    let error = test.error(&["resume", "out"]);
    assert!(error.contains("below it there is some: out/small"), "{error}");
    let error = test.error(&["resume", "elsewhere"]);
    assert!(error.contains("holds no unfinished work"), "{error}");
    // A checkpoint of a newer format, then a damaged one.
    let job = test.path("out/small/checkpoint/job");
    let whole = std::fs::read(&job).unwrap();
    for (place, said) in [(8, "newer version of the program"), (60, "checksum is wrong")] {
        let mut bytes = whole.clone();
        bytes[place] = 77;
        std::fs::write(&job, bytes).unwrap();
        let error = test.error(&["resume", "out/small"]);
        assert!(error.contains(said) && error.contains("checkpoint/job"), "{error}");
    }
    std::fs::write(&job, whole).unwrap();
    test.stdout(&["run", "endless.toml", "--set", "budget=50", "--out", "out", "--fresh"], 0);
}

#[cfg(unix)]
#[test]
fn a_folder_that_vanishes_is_told_and_a_stop_says_how_to_go_on() {
    let test = TestCommand::new();
    let mut child = endless(&test, "out");
    std::fs::rename(test.path("out"), test.path("moved")).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(2), "it does not compute what it cannot keep");

    for signal in ["-INT", "-TERM", "-HUP"] {
        let test = TestCommand::with_study(&long_study());
        test.stdout(&["run", "study.toml", "--out", "whole"], 0);
        let mut command = Command::new(program());
        command.current_dir(test.path("")).args(["run", "study.toml"]).stdout(Stdio::null()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        while !test.path("reports/small/checkpoint/job").exists() {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(130), "{said}");
        assert!(said.contains("go on with `tegmentum resume reports/small`"), "{said}");
        test.stdout(&["resume", "reports/small"], 0);
        same(&test, "whole/small", "reports/small", &RECORDS);
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_has_gone_loses_nothing() {
    let test = TestCommand::with_study(STUDY);
    let mut command = Command::new(program());
    command.current_dir(test.path("")).args(["run", "study.toml"]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success(), "SIGPIPE is no reason to stop");
    assert!(test.path("reports/small/summary.json").exists() && !test.path("reports/small/checkpoint").exists());
}

#[test]
fn data_that_changed_are_not_gone_on_with() {
    let test = TestCommand::new();
    test.write("data.csv", table());
    let first = ["train", "data.csv", "--target", "class", "--evaluations", "100000000", "--out", "out"];
    let mut child = start(&test, &first);
    while !test.path("out/checkpoint/job").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    test.write("data.csv", table().replace("same", "equal"));
    let error = test.error(&["resume", "out"]);
    assert!(error.contains("data.csv has changed since out was begun"), "{error}");
}

#[test]
fn a_run_goes_on_from_any_folder() {
    let test = TestCommand::with_study(&long_study());
    test.write("data.csv", table());
    std::fs::create_dir(test.path("elsewhere")).unwrap();
    let train = ["train", "data.csv", "--target", "class", "--evaluations", "20000"];
    test.stdout(&[&train[..], &["--out", "whole-train"]].concat(), 0);
    test.stdout(&["run", "study.toml", "--out", "whole"], 0);
    let begun = [
        ([&train[..], &["--out", "train"]].concat(), "train", "whole-train", &["report.json"][..]),
        (vec!["run", "study.toml"], "reports/small", "whole/small", &RECORDS[..]),
    ];
    for (arguments, folder, whole, files) in begun {
        let mut child = start(&test, &[&arguments[..], &["--checkpoint-every", "0.05"]].concat());
        while !test.path(folder).join("checkpoint/job").exists() {
            std::thread::sleep(Duration::from_millis(2));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let mut command = assert_cmd::Command::new(program());
        let from = format!("../{folder}");
        command
            .current_dir(test.path("elsewhere"))
            .args(["resume", &from, "--checkpoint-every", "0.05"])
            .assert()
            .code(0);
        same(&test, whole, folder, files);
        assert!(!test.path(folder).join("checkpoint/job").exists());
    }
    assert_eq!(
        std::fs::read_dir(test.path("elsewhere")).unwrap().count(),
        0,
        "nothing is written where nobody asked for it"
    );
}

/// Runs a script in a name space of its own with a small file system at `out`; `None` if this machine does not allow that.
#[cfg(target_os = "linux")]
fn with_small_disk(test: &TestCommand, kilobytes: u32, script: &str) -> Option<std::process::Output> {
    std::fs::create_dir_all(test.path("out")).unwrap();
    let mount = format!("mount -t tmpfs -o size={kilobytes}k none out");
    let inside = |script: &str| {
        let mut command = Command::new("unshare");
        command.current_dir(test.path("")).args(["--user", "--map-root-user", "--mount", "sh", "-c", script]);
        command.env("TEGMENTUM", program()).output().ok()
    };
    let allowed = inside(&mount).is_some_and(|output| output.status.success());
    if !allowed {
        return None;
    }
    inside(&format!("{mount} && {script}"))
}

/// A disk that is full while something is kept: exit code 2 and one line; with room again the run goes on to the same bytes.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_keeps_the_last_good_state() {
    let test = TestCommand::with_study(&long_study());
    test.stdout(&["run", "study.toml", "--out", "whole"], 0);
    let script = "\"$TEGMENTUM\" run study.toml --out out --checkpoint-every 0.02 2> full.txt; echo $? > full.code; \
                  mount -o remount,size=20000k out && \"$TEGMENTUM\" resume out/small && cp -r out/small resumed";
    let Some(output) = with_small_disk(&test, 24, script) else { return };
    let said = test.read("full.txt");
    assert_eq!(test.read("full.code").trim(), "2", "{said}");
    assert!(
        said.contains("No space left on device") && said.contains("go on with `tegmentum resume out/small`"),
        "{said}"
    );
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    same(&test, "whole/small", "resumed", &RECORDS);
}

/// A folder that becomes read-only while a run is under way.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_becomes_read_only_keeps_the_last_good_state() {
    let test = TestCommand::with_study(&long_study());
    test.stdout(&["run", "study.toml", "--out", "whole"], 0);
    let script = "{ \"$TEGMENTUM\" run study.toml --out out --checkpoint-every 0.02 2> denied.txt; echo $? > denied.code; } & \
                  kept=out/small/checkpoint; tries=0; \
                  while [ ! -e $kept/finished-000001 ] && [ $tries -lt 1000 ]; do sleep 0.01; tries=$((tries + 1)); done; \
                  mount --bind $kept $kept && mount -o remount,bind,ro $kept; wait; umount $kept; \
                  \"$TEGMENTUM\" resume out/small && cp -r out/small resumed";
    let Some(output) = with_small_disk(&test, 20_000, script) else { return };
    let said = test.read("denied.txt");
    assert_eq!(test.read("denied.code").trim(), "2", "{said}");
    assert!(
        said.contains("Read-only file system") && said.contains("go on with `tegmentum resume out/small`"),
        "{said}"
    );
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    same(&test, "whole/small", "resumed", &RECORDS);
}
