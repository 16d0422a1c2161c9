//! `run --shard` and `merge`: shares of a study become the records of a run on one machine.

use crate::command::{STUDY, TestCommand};
use crate::interventions::BEHAVIOUR;
use crate::resume::{RECORDS, same};

#[test]
fn shards_become_the_whole_run() {
    let test = TestCommand::with_study(STUDY);
    test.stdout(&["run", "study.toml", "--out", "whole"], 0);
    for shard in ["1/3", "3/3"] {
        let said = test.stdout(&["run", "study.toml", "--shard", shard], 0);
        assert!(said.contains(&format!("Shard {shard} of small is finished")), "{said}");
    }
    let parts = ["reports/small-shard-1-of-3", "reports/small-shard-3-of-3"];
    let error = test.error(&["merge", parts[0], parts[1], "--out", "merged"]);
    assert!(error.contains("of 3 shards these are missing: 2"), "{error}");
    let error = test.error(&["merge", parts[0], parts[0]]);
    assert!(error.contains("are both shard 1/3"), "{error}");
    test.stdout(&["run", "study.toml", "--shard", "2/3"], 0);
    test.stdout(&["merge", parts[1], "reports/small-shard-2-of-3", parts[0], "--out", "merged"], 0);
    same(&test, "whole/small", "merged/small", &RECORDS);
    test.stdout(&["run", "study.toml", "--seeds", "5", "--shard", "2/2", "--out", "other"], 0);
    let error = test.error(&["merge", parts[0], "other/small-shard-2-of-2"]);
    assert!(error.contains("are not shards of one study"), "{error}");
    let error = test.error(&["run", "study.toml", "--shard", "4/3"]);
    assert!(error.contains("such as 3/16"), "{error}");
}

/// The search of rates is made once, and shards that are given it make no other; the records are those of one machine.
#[test]
fn shards_take_the_rates_that_were_searched_before() {
    let test = TestCommand::with_study(STUDY);
    test.stdout(&["run", "study.toml", "--out", "whole"], 0);
    let said = test.stdout(&["run", "study.toml", "--shard", "rates"], 0);
    assert!(said.contains("The rates of small are found, in reports/small-shard-rates."), "{said}");
    let rates = "reports/small-shard-rates";
    for shard in ["1/2", "2/2"] {
        test.stdout(&["run", "study.toml", "--shard", shard, "--rates", rates], 0);
    }
    let parts = ["reports/small-shard-1-of-2", "reports/small-shard-2-of-2"];
    test.stdout(&["merge", parts[0], parts[1], "--out", "merged"], 0);
    same(&test, "whole/small", "merged/small", &RECORDS);
    // The folder of the rates may be given as well, and is no shard by itself.
    test.stdout(&["merge", rates, parts[0], parts[1], "--out", "again"], 0);
    same(&test, "whole/small", "again/small", &RECORDS);
    assert!(test.error(&["merge", rates]).contains("the shards that make the runs are missing"));
    // So may a whole run take them.
    test.stdout(&["run", "study.toml", "--rates", rates, "--out", "one"], 0);
    same(&test, "whole/small", "one/small", &RECORDS);
    let refused = |arguments: &[&str], expected: &str| {
        let said = test.error(arguments);
        assert!(said.contains(expected), "{said}");
    };
    let shard = ["run", "study.toml", "--shard", "1/3", "--rates"];
    refused(&[&shard[..], &[rates, "--seeds", "4"]].concat(), "is the search of another study");
    refused(&[&shard[..], &[parts[0]]].concat(), "has no search of rates");
    refused(&[&shard[..], &["nowhere"]].concat(), "nowhere holds no unfinished work");
    refused(&["run", "theory", "--shard", "rates"], "searches no rates");
    refused(&["run", "xor-robustness", "--shard", "rates"], "searches no rates");
}

/// Shards have the very units of the search that they are given, with the processor time that these took.
#[test]
fn a_search_that_is_given_is_not_made_again() {
    let test = TestCommand::with_study(STUDY);
    test.stdout(&["run", "study.toml", "--shard", "rates"], 0);
    test.stdout(&["run", "study.toml", "--shard", "2/2", "--rates", "reports/small-shard-rates"], 0);
    // A name, the length of what was found, and what was found.
    let unit = |folder: &str, name: &str| -> Vec<u8> {
        let bytes = std::fs::read(test.path(folder).join("checkpoint/finished-000000")).unwrap();
        let end = bytes.windows(name.len()).position(|window| window == name.as_bytes()).unwrap() + name.len();
        let length = u64::from_le_bytes(bytes[end..end + 8].try_into().unwrap()) as usize;
        bytes[end + 8..end + 8 + length].to_vec()
    };
    for name in ["small/search/0", "small/search/1"] {
        let found = unit("reports/small-shard-rates", name);
        assert!(found.len() > 1000 && found == unit("reports/small-shard-2-of-2", name), "{name}");
    }
}

/// Kinds whose work is not runs of arms, and lesions and doses from the command line.
#[test]
fn every_kind_can_be_shared() {
    let test = TestCommand::new();
    test.write("behaviour.toml", BEHAVIOUR);
    for (command, name) in [
        (&["run", "theory", "--seeds", "40"][..], "theory"),
        (&["run", "cost", "--set", "lengths=[20, 40]"], "cost"),
        (&["lesion", "behaviour.toml"], "worlds-lesions"),
        (&["dose", "behaviour.toml", "--modulator", "noradrenaline", "--doses", "1,2"], "worlds-noradrenaline-agonist"),
    ] {
        test.stdout(&[command, &["--out", "whole"]].concat(), 0);
        for shard in ["1/2", "2/2"] {
            test.stdout(&[command, &["--shard", shard, "--out", "parts"]].concat(), 0);
        }
        let parts = ["1", "2"].map(|index| format!("parts/{name}-shard-{index}-of-2"));
        test.stdout(&["merge", &parts[0], &parts[1], "--out", "merged"], 0);
        same(&test, &format!("whole/{name}"), &format!("merged/{name}"), &RECORDS);
    }
}
