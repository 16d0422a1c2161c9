//! `tegmentum replay`: states of logged runs again, without their objective, and runs that are checked against their logs.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::command::{STUDY, TestCommand, program};
use crate::interventions::BEHAVIOUR;

/// A table of two classes.
fn table() -> String {
    let row = |index: u32| {
        let (x, y) = (f64::from(index % 17) - 8.0, f64::from(index * 7 % 13) - 6.0);
        format!("{x},{y},{}\n", if x * y > 1.0 { "same" } else { "other" })
    };
    std::iter::once("x,y,kind\n".to_owned()).chain((0..160).map(row)).collect()
}

#[test]
fn a_training_is_replayed_and_verified() {
    for learner in ["node-perturbation", "dopamine", "adam"] {
        let test = TestCommand::new();
        test.write("data.csv", table());
        let train =
            ["train", "data.csv", "--target", "kind", "--learner", learner, "--evaluations", "3000", "--out", "out"];
        test.stdout(&train, 0);
        let model = test.path("out/model.safetensors");
        let whole = std::fs::read(&model).unwrap();
        let listed = test.stdout(&["replay", "out"], 0);
        assert!(listed.contains("updates") && listed.contains(learner), "{listed}");
        let said = test.stdout(&["replay", "out", "--verify"], 0);
        assert!(said.contains("Verified") && said.contains("model.safetensors"), "{said}");
        let said = test.stdout(&["replay", "out", "--at", "7"], 0);
        assert!(said.contains("After 7 updates") && said.contains("loss"), "{said}");
        let name =
            std::fs::read_dir(test.path("out/logs")).unwrap().flatten().find(|entry| entry.path().is_dir()).unwrap();
        let at = format!("out/logs/{}/update-7.safetensors", name.file_name().to_string_lossy());
        assert!(test.stdout(&["predict", &at, "data.csv"], 0).lines().count() == 161);
        assert!(std::fs::read(test.path(&at)).unwrap() != whole);
        // Without a log everything else is the same.
        test.stdout(&[&train[..train.len() - 1], &["none", "--no-log"]].concat(), 0);
        assert!(!test.path("none/logs").exists());
        let parameters =
            |bytes: &[u8]| bytes[8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize..].to_vec();
        assert!(parameters(&std::fs::read(test.path("none/model.safetensors")).unwrap()) == parameters(&whole));
        // Another model in its place, other data, an update that was never made.
        std::fs::copy(test.path(&at), &model).unwrap();
        let said = test.error(&["replay", "out", "--verify"]);
        assert!(said.contains("is not the model that the log gives"), "{said}");
        let said = test.error(&["replay", "out", "--at", "1000000"]);
        assert!(said.contains("update 1000000 is not there: the run made"), "{said}");
        test.write("data.csv", table() + "1,1,same\n");
        let said = test.error(&["replay", "out", "--at", "7"]);
        assert!(said.contains("data.csv has changed"), "{said}");
    }
}

const LOGGED: [&str; 8] = ["run", "study.toml", "--out", "out", "--log", "dopamine:101", "--log", "wp:103"];

#[test]
fn a_run_of_a_study_is_replayed_and_verified() {
    let test = TestCommand::with_study(STUDY);
    test.stdout(&["run", "study.toml", "--out", "plain"], 0);
    test.stdout(&LOGGED, 0);
    assert_eq!(test.read("plain/small/records.csv"), test.read("out/small/records.csv"));
    for name in ["dopamine.101", "wp.103"] {
        let said = test.stdout(&["replay", "out/small", "--run", name, "--verify"], 0);
        assert!(said.contains("records.csv"), "{said}");
        let said = test.stdout(&["replay", "out/small", "--run", name, "--at", "20", "--out", "state.safetensors"], 0);
        assert!(said.contains("After 20 updates") && said.contains("mean_squared_error"), "{said}");
        assert!(test.path("state.safetensors").exists());
    }
    let said = test.error(&["replay", "out/small", "--at", "20"]);
    assert!(said.contains("which log?") && said.contains("dopamine.101, wp.103"), "{said}");
    let said = test.error(&["replay", "out/small", "--run", "wp.104", "--at", "20"]);
    assert!(said.contains("no such log"), "{said}");
    let said = test.error(&["replay", "plain/small", "--verify"]);
    assert!(said.contains("has no logs") && said.contains("--log ARM:SEED"), "{said}");

    // A new beginning forgets the logs of the old one.
    test.stdout(&["run", "study.toml", "--out", "again", "--log", "dopamine:101"], 0);
    test.stdout(&["run", "study.toml", "--out", "again", "--log", "wp:103"], 0);
    assert!(!test.path("again/small/logs/dopamine.101").exists() && test.path("again/small/logs/wp.103/run").exists());
    test.stdout(&["run", "study.toml", "--out", "again"], 0);
    assert!(!test.path("again/small/logs").exists());

    // One number of the records; one loss.
    let records = test.read("out/small/records.csv");
    let row = records.lines().find(|line| line.starts_with("dopamine,101,") && line.contains("final_mean")).unwrap();
    test.write("out/small/records.csv", records.replace(row, &format!("{},0.5", row.rsplit_once(',').unwrap().0)));
    let said = test.error(&["replay", "out/small", "--run", "dopamine.101", "--verify"]);
    assert!(said.contains("records.csv has final_mean_squared_error"), "{said}");
    let losses = test.path("out/small/logs/wp.103/losses");
    let mut bytes = std::fs::read(&losses).unwrap();
    bytes[100] ^= 4;
    std::fs::write(&losses, bytes).unwrap();
    let said = test.error(&["replay", "out/small", "--run", "wp.103", "--verify"]);
    assert!(said.contains("checksum of block 0 is wrong"), "{said}");
}

#[test]
fn a_stream_of_change_is_replayed_and_verified() {
    let phases = "[[phase]]\nbudget = 300\n[phase.task.xor]\n\
                  [[phase]]\nbudget = 300\ndrift = 100\n[phase.task.xor]\ninverted = true\n";
    let text = STUDY.replace("budget = 600", "kind = \"switching\"").replace("[task.xor]\n", phases);
    let test = TestCommand::with_study(&text);
    test.stdout(&["run", "study.toml", "--out", "plain"], 0);
    test.stdout(&LOGGED, 0);
    assert_eq!(test.read("plain/small/records.csv"), test.read("out/small/records.csv"));
    for name in ["dopamine.101", "wp.103"] {
        test.stdout(&["replay", "out/small", "--run", name, "--verify"], 0);
        // In the first phase, while the world drifts, and in the second one.
        for update in ["5", "70", "110"] {
            let said = test.stdout(&["replay", "out/small", "--run", name, "--at", update], 0);
            assert!(said.contains(&format!("After {update} updates")) && said.contains("mean_squared_error"), "{said}");
        }
    }
}

#[test]
fn a_log_outlives_kills() {
    let text = STUDY.replace("budget = 600", "budget = 60000").replace("count = 6", "count = 4");
    let text = text.replace("targets = [0.01]\n", "");
    let test = TestCommand::with_study(&text);
    let run =
        |out: &'static str| ["run", "study.toml", "--out", out, "--log", "dopamine:101", "--checkpoint-every", "0.02"];
    test.stdout(&run("whole"), 0);
    let mut killed = 0;
    loop {
        let resume = ["resume", "out/small", "--checkpoint-every", "0.02"];
        let mut command = Command::new(program());
        command.current_dir(test.path("")).stdout(Stdio::null()).stderr(Stdio::null());
        let begun = test.path("out/small/checkpoint/job").exists();
        let mut child = if begun { command.args(resume) } else { command.args(run("out")) }.spawn().unwrap();
        std::thread::sleep(Duration::from_millis(70 + 13 * (killed % 7)));
        if child.try_wait().unwrap().is_some() {
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        if test.path("out/small/summary.json").exists() {
            break;
        }
        killed += 1;
        assert!(killed < 1000, "it never comes to its end");
    }
    assert!(killed > 0, "it was never killed");
    for file in ["records.csv", "logs/dopamine.101/losses", "logs/dopamine.101/run"] {
        let [whole, out] =
            ["whole", "out"].map(|folder| std::fs::read(test.path(folder).join("small").join(file)).unwrap());
        assert!(whole == out, "{file} differs after {killed} kills");
    }
    test.stdout(&["replay", "out/small", "--verify"], 0);
}

#[test]
fn a_run_that_cannot_be_logged_is_one_clear_error() {
    let test = TestCommand::with_study(STUDY);
    for (log, expected) in [
        ("dopamin:101", "unknown arm \"dopamin\""),
        ("dopamine:7", "seed 7 is not run: must be from 100 to 105"),
        ("2-4-1:dopamine:101", "unknown setting \"2-4-1\""),
        ("dopamine", "must be ARM:SEED"),
        ("dopamine:x", "must be ARM:SEED"),
    ] {
        let said = test.error(&["run", "study.toml", "--log", log]);
        assert!(said.contains(expected), "{said}");
    }
    let said = test.error(&["run", "xor", "--log", "dopamine:1"]);
    assert!(said.contains("which setting?") || said.contains("unknown arm"), "{said}");
    let said = test.error(&["run", "theory", "--log", "full:1"]);
    assert!(said.contains("keeps no logs: must be behaviour, compare, continual, forgetting or switching"), "{said}");
    let said = test.error(&["run", "xor-robustness", "--log", "dopamine:1"]);
    assert!(
        said.contains("a run at each rate of its grid; log it as an arm with one rate, in a study of kind compare"),
        "{said}"
    );
    assert_eq!(test.entries(), ["study.toml"]);
}

/// A log of which one byte is another one, or that was written by another version of the program, is refused.
fn is_refused_when_damaged(test: &TestCommand, folder: &str, run: &str) {
    let log = format!("{folder}/logs/{run}");
    let replay = ["replay", folder, "--run", run, "--verify"];
    let (losses, states) = (test.path(&format!("{log}/losses")), test.path(&format!("{log}/run")));
    for (path, place, expected) in [
        (&losses, 20, "checksum of block 0 is wrong"),
        (&states, 40, "is damaged"),
        (&states, 8, "was written by a newer version of the program"),
    ] {
        let whole = std::fs::read(path).unwrap();
        let mut bytes = whole.clone();
        bytes[place] ^= 4;
        std::fs::write(path, bytes).unwrap();
        let said = test.error(&replay);
        assert!(said.contains(expected), "{said}");
        std::fs::write(path, whole).unwrap();
    }
    // What the file `run` itself says of its states is sealed: a state is compared with the one that is made again.
    test.stdout(&replay, 0);
}

/// Whatever learns: records with and without a log are the same bytes, states can be had, one changed number is found.
fn is_replayed_and_verified(text: &str, name: &str, logs: [&str; 2], updates: [&str; 4], expected: &[&str]) {
    let test = TestCommand::with_study(text);
    test.stdout(&["run", "study.toml", "--out", "plain"], 0);
    test.stdout(&["run", "study.toml", "--out", "out", "--log", logs[0], "--log", logs[1]], 0);
    let (plain, folder) = (format!("plain/{name}"), format!("out/{name}"));
    assert_eq!(test.read(&format!("{plain}/records.csv")), test.read(&format!("{folder}/records.csv")));
    for log in logs {
        let run = log.replace(':', ".");
        let said = test.stdout(&["replay", &folder, "--run", &run, "--verify"], 0);
        assert!(said.contains("made again give the same") && said.contains("records.csv"), "{said}");
        let mut states = Vec::new();
        for update in updates {
            let at = ["replay", &folder, "--run", &run, "--at", update, "--out", "state.safetensors"];
            let said = test.stdout(&at, 0);
            assert!(said.contains(&format!("After {update} ")) && said.contains("checksum"), "{said}");
            assert!(update == "0" || expected.iter().all(|expected| said.contains(expected)), "{said}");
            states.push(std::fs::read(test.path("state.safetensors")).unwrap());
            assert!(
                test.stdout(&at, 0) == said
                    && std::fs::read(test.path("state.safetensors")).unwrap() == states[states.len() - 1]
            );
        }
        assert!(states.windows(2).all(|two| two[0] != two[1]));
        let said = test.error(&["replay", &folder, "--run", &run, "--at", "1000000"]);
        assert!(said.contains("update 1000000 is not there: the run made"), "{said}");
        is_refused_when_damaged(&test, &folder, &run);
    }
    let (records, run) = (test.read(&format!("{folder}/records.csv")), logs[0].replace(':', "."));
    let begin = logs[0].replace(':', ",") + ",";
    let row = records.lines().find(|line| line.starts_with(&begin)).unwrap();
    let changed = records.replacen(row, &format!("{},0.123456", row.rsplit_once(',').unwrap().0), 1);
    test.write(&format!("{folder}/records.csv"), changed);
    let said = test.error(&["replay", &folder, "--run", &run, "--verify"]);
    assert!(said.contains("records.csv has ") && said.contains("0.123456"), "{said}");
}

#[test]
fn agents_are_replayed_and_verified() {
    let updates = ["0", "3", "26", "50"];
    let metrics = ["trials:", "correct", "policy_entropy", "noradrenaline", "the state as it was"];
    is_replayed_and_verified(BEHAVIOUR, "worlds", ["full:101", "bare:102"], updates, &metrics);
}

#[test]
fn learners_of_several_tasks_are_replayed_and_verified() {
    let text = include_str!("../../../study/src/kinds/continual/study.toml");
    let metrics = ["updates,", "accuracy_so_far", "accuracy_on_task_2", "the state as it was"];
    is_replayed_and_verified(text, "short", ["contexts:101", "ewc:102"], ["0", "2", "41", "90"], &metrics);
}

#[test]
fn runs_of_a_study_of_forgetting_are_replayed_and_verified() {
    let text = include_str!("../../../study/src/kinds/forgetting/study.toml").replace("count = 6", "count = 3");
    let metrics = ["updates,", "error_rate_on_b", "error_rate_on_a", "as it was"];
    is_replayed_and_verified(&text, "short", ["contexts:101", "contexts:102"], ["0", "2", "5", "9"], &metrics);

    // What learns B with the weights of A: from losses, and by gradients, which asks for none.
    let test = TestCommand::with_study(&text);
    test.stdout(&["run", "study.toml", "--out", "plain"], 0);
    let logged = ["run", "study.toml", "--out", "out", "--log", "dopamine:101", "--log", "gradient_descent:102"];
    test.stdout(&logged, 0);
    assert_eq!(test.read("plain/short/records.csv"), test.read("out/short/records.csv"));
    for run in ["dopamine.101", "gradient_descent.102"] {
        test.stdout(&["replay", "out/short", "--run", run, "--verify"], 0);
        for update in ["0", "2", "9"] {
            let said = test.stdout(&["replay", "out/short", "--run", run, "--at", update], 0);
            assert!(said.contains(&format!("After {update} updates")), "{said}");
            assert!(metrics.iter().all(|metric| said.contains(metric)), "{said}");
        }
    }
}

/// A run of an agent that was stopped in the middle has the log of one that was not.
#[test]
fn a_log_of_an_agent_outlives_kills() {
    let world = "[environment.go_no_go]\ntrials_before_shift = 25\ntrials_between_shifts = 25\n";
    let text = BEHAVIOUR.replace("budget = 50", "budget = 20000").replace("count = 3", "count = 1");
    let text = text.replace(world, "[environment.reversal]\n");
    let test = TestCommand::with_study(&text);
    let run =
        |out: &'static str| ["run", "study.toml", "--out", out, "--log", "full:100", "--checkpoint-every", "0.02"];
    test.stdout(&run("whole"), 0);
    let mut killed = 0;
    while !test.path("out/worlds/summary.json").exists() {
        let begun = test.path("out/worlds/checkpoint/job").exists();
        let mut command = Command::new(program());
        command.current_dir(test.path("")).stdout(Stdio::null()).stderr(Stdio::null());
        let resume = ["resume", "out/worlds", "--checkpoint-every", "0.02"];
        let mut child = if begun { command.args(resume) } else { command.args(run("out")) }.spawn().unwrap();
        // Longer and longer, so that it comes to its end however slow the machine is.
        std::thread::sleep(Duration::from_millis(70 + 20 * killed));
        if child.try_wait().unwrap().is_some() {
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        killed += 1;
        assert!(killed < 1000, "it never comes to its end");
    }
    assert!(killed > 0, "it was never killed");
    for file in ["records.csv", "logs/full.100/losses", "logs/full.100/run"] {
        let [whole, out] =
            ["whole", "out"].map(|folder| std::fs::read(test.path(folder).join("worlds").join(file)).unwrap());
        assert!(whole == out, "{file} differs after {killed} kills");
    }
}

/// Of several columns each network has a log; what learned is told by its losses alone.
#[test]
fn the_networks_of_a_forecast_are_replayed_and_verified() {
    let wave = |row: u32| (0.3 * f64::from(row)).sin() * (0.07 * f64::from(row)).cos();
    let line = |row| format!("{:.5},{:.5}\n", wave(row), wave(row + 31).powi(3));
    let rows: String = (0..110).map(line).collect();
    let test = TestCommand::new();
    test.write("data.csv", format!("a,b\n{rows}"));
    let forecast = ["forecast", "data.csv", "--horizon", "2", "--networks", "2", "--evaluations", "60"];
    test.stdout(&[&forecast[..], &["--out", "none", "--no-log"]].concat(), 0);
    assert!(!test.path("none/logs").exists());
    test.stdout(&[&forecast[..], &["--out", "out"]].concat(), 0);
    assert_eq!(test.read("none/forecast.csv"), test.read("out/forecast.csv"));
    let listed = test.stdout(&["replay", "out"], 0);
    let runs = ["1-a.network-1", "1-a.network-2", "2-b.network-1", "2-b.network-2"];
    assert!(runs.iter().all(|run| listed.contains(run)), "{listed}");
    for run in runs {
        let said = test.stdout(&["replay", "out", "--run", run, "--verify"], 0);
        assert!(said.contains("losses of the log give the same"), "{said}");
        for update in ["0", "1", "7", "12"] {
            let said = test.stdout(&["replay", "out", "--run", run, "--at", update], 0);
            assert!(
                said.contains(&format!("After {update} updates")) && said.contains("the state as it was"),
                "{said}"
            );
        }
        is_refused_when_damaged(&test, "out", run);
    }
    let said = test.error(&["replay", "out", "--at", "3"]);
    assert!(said.contains("which log?"), "{said}");
    // The log is all that is needed: the table is not looked at.
    let table = test.read("data.csv");
    std::fs::remove_file(test.path("data.csv")).unwrap();
    let again = test.stdout(&["replay", "out", "--run", runs[3], "--at", "12", "--out", "again.safetensors"], 0);
    assert!(again.contains("After 12 updates"), "{again}");
    let kept = format!("out/logs/{}/update-12.safetensors", runs[3]);
    assert!(std::fs::read(test.path("again.safetensors")).unwrap() == std::fs::read(test.path(&kept)).unwrap());
    test.write("data.csv", table);
    // Another seed has other networks.
    test.stdout(&[&forecast[..], &["--out", "other", "--seed", "2"]].concat(), 0);
    for model in ["model-1-a.safetensors", "model-2-b.safetensors"] {
        std::fs::copy(test.path("other").join(model), test.path("out").join(model)).unwrap();
    }
    let said: Vec<String> = ["1-a.network-1", "2-b.network-1"]
        .iter()
        .filter_map(|run| test.command(&["replay", "out", "--run", run, "--verify"]).output().ok())
        .map(|output| String::from_utf8(output.stderr).unwrap())
        .collect();
    assert!(said.iter().any(|said| said.contains("its network 1 is not the one that the log gives")), "{said:?}");
}
