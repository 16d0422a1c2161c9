//! `tegmentum lesion` and `tegmentum dose`.

use serde_json::Value;

use crate::command::{STUDY, TestCommand};

/// Agents in an environment; the second arm has modulators.
pub(crate) const BEHAVIOUR: &str = r#"name = "worlds"
title = "A small world"
question = "Who does what?"
kind = "behaviour"
budget = 50
seeds = { first = 100, count = 3 }
[environment.go_no_go]
trials_before_shift = 25
trials_between_shifts = 25
[[arm]]
name = "bare"
[arm.agent.random_choice]
[[arm]]
name = "full"
[arm.agent.actor_critic]
[arm.neuromodulation]
preset = "mei-2025"
"#;

const FILES: [&str; 6] = ["study.toml", "manifest.json", "records.csv", "summary.json", "figures.json", "report.html"];

#[test]
fn a_lesion_study_leaves_its_folder_and_says_who_did_it() {
    let test = TestCommand::with_study(BEHAVIOUR);
    let printed = test.stdout(&["lesion", "study.toml"], 0);
    for line in ["intact (means)", "dopamine+noradrenaline", "shapley_", "synergy_", "Not to be"] {
        assert!(printed.contains(line), "{line}: {printed}");
    }
    for file in FILES {
        assert!(test.path("reports/worlds-lesions").join(file).is_file(), "{file}");
    }
    let summary: Value = serde_json::from_str(&test.read("reports/worlds-lesions/summary.json")).unwrap();
    assert_eq!(summary["arm_order"].as_array().unwrap().len(), 16);
    let page = test.read("reports/worlds-lesions/report.html");
    assert!(page.contains("Who did it?") && page.contains("Every run"), "the report has its figures");
    for figure in std::fs::read_dir(test.path("reports/worlds-lesions/figures")).unwrap() {
        roxmltree::Document::parse(&std::fs::read_to_string(figure.unwrap().path()).unwrap()).unwrap();
    }
}

#[test]
fn what_a_lesion_study_wrote_is_a_study() {
    let test = TestCommand::with_study(BEHAVIOUR);
    test.stdout(&["lesion", "study.toml", "--arm", "full", "--threads", "1"], 0);
    test.write("again.toml", test.read("reports/worlds-lesions/study.toml"));
    test.stdout(&["run", "again.toml", "--out", "second", "--threads", "2"], 0);
    for file in ["records.csv", "summary.json"] {
        let [one, two] = ["reports", "second"].map(|out| test.read(&format!("{out}/worlds-lesions/{file}")));
        assert!(one == two, "{file}: neither the command nor the threads matter");
    }
}

#[test]
fn an_optimizer_is_lesioned_by_the_same_command() {
    let test = TestCommand::with_study(STUDY);
    let arguments = ["lesion", "study.toml", "--metric", "solved_0.01", "--metric", "mean_squared_error", "--json"];
    let printed = test.stdout(&arguments, 0);
    let summary: Value = serde_json::from_str(&printed).unwrap();
    let arms = &summary[0]["arms"];
    let mean = |arm: &str, metric: &str| arms[arm][metric]["iqm"].as_f64().unwrap();
    let parts =
        ["dopamine", "acetylcholine", "serotonin", "noradrenaline"].map(|arm| mean(arm, "shapley_mean_squared_error"));
    let (sum, total) = (parts.iter().sum::<f64>(), mean("all", "shapley_mean_squared_error"));
    let size: f64 = parts.iter().map(|part| part.abs()).sum();
    assert!((sum - total).abs() <= 1e-9 * size.max(1.0), "{parts:?} add up to {sum}, not to {total}");
    assert!(arms["dopamine+noradrenaline"]["interaction_solved_0.01"]["n"] == 6);
}

/// Whatever learns A and then B: which modulators are worth what in the time to B, and under a drug.
#[test]
fn arms_of_a_study_of_forgetting_are_treated() {
    let text = include_str!("../../../study/src/kinds/forgetting/study.toml").replace("count = 6", "count = 1");
    let test = TestCommand::with_study(&text);
    for (arm, metric) in [("contexts", "evaluations_to_target"), ("dopamine", "error_rate_on_a_at_end")] {
        let out = format!("of-{arm}");
        let arguments = ["lesion", "study.toml", "--arm", arm, "--json", "--out", &out];
        let chosen: &[&str] = if arm == "contexts" { &[] } else { &["--metric", metric] };
        let printed = test.stdout(&[&arguments[..], chosen].concat(), 0);
        let summary: Value = serde_json::from_str(&printed).unwrap();
        let arms = &summary[0]["arms"];
        let of = |arm: &str, metric: &str| arms[arm][metric]["values"][0].as_f64().unwrap();
        let parts = ["dopamine", "acetylcholine", "serotonin", "noradrenaline"];
        let sum: f64 = parts.iter().map(|arm| of(arm, &format!("shapley_{metric}"))).sum();
        let total = of("all", &format!("shapley_{metric}"));
        assert!((sum - total).abs() <= 1e-9 * total.abs().max(1.0), "{arm}: {sum} {total}");
        assert_eq!((of("all", "reached"), of("none", "reached")), (1.0, 0.0), "{arm}");
        // What the command wrote is a study.
        test.write("again.toml", test.read(&format!("{out}/short-lesions/study.toml")));
        let again: Value = serde_json::from_str(&test.stdout(&["run", "again.toml", "--json"], 0)).unwrap();
        assert_eq!(again[0]["arms"], summary[0]["arms"], "{arm}");
    }
    let usual = ["dose", "study.toml", "--arm", "contexts", "--modulator", "dopamine", "--action", "lesion"];
    let printed = test.stdout(&[&usual[..], &["--doses", "0,1", "--json"]].concat(), 0);
    let summary: Value = serde_json::from_str(&printed).unwrap();
    let reached = |arm: &str| summary[0]["arms"][arm]["reached"]["values"][0].as_f64().unwrap();
    assert_eq!((reached("no_drug"), reached("lesion_0"), reached("lesion_1")), (1.0, 1.0, 0.0));
    let said = test.error(&["lesion", "study.toml", "--arm", "gradient_descent"]);
    assert!(said.contains("it has no modulators"), "{said}");
}

#[test]
fn a_dose_study_draws_a_curve_for_every_score() {
    let test = TestCommand::with_study(BEHAVIOUR);
    let arguments = ["dose", "study.toml", "--modulator", "noradrenaline", "--doses", "0,1,2"];
    let printed = test.stdout(&arguments, 0);
    assert!(printed.contains("agonist_1") && printed.contains("no_drug"), "{printed}");
    let folder = "reports/worlds-noradrenaline-agonist";
    for file in FILES {
        assert!(test.path(folder).join(file).is_file(), "{file}");
    }
    assert!(test.read(&format!("{folder}/figures.json")).contains("dose of agonist"));
    let usual = ["dose", "study.toml", "--modulator", "dopamine", "--action", "lesion", "--json"];
    let summary: Value = serde_json::from_str(&test.stdout(&usual, 0)).unwrap();
    assert_eq!(
        summary[0]["arm_order"],
        serde_json::json!(["no_drug", "lesion_0", "lesion_0.25", "lesion_0.5", "lesion_0.75", "lesion_1"])
    );
}

#[test]
fn what_cannot_be_done_is_one_clear_error() {
    let test = TestCommand::with_study(BEHAVIOUR);
    let error = |arguments: &[&str]| test.error(arguments);
    let lesion = |more: &[&str]| error(&[&["lesion", "study.toml"], more].concat());
    assert!(lesion(&["--arm", "nobody"]).contains("unknown arm \"nobody\": known are bare, full"));
    assert!(lesion(&["--arm", "bare"]).contains("it has no modulators"));
    assert!(lesion(&["--metric", "speed"]).contains("unknown metric \"speed\": known are "));
    assert!(error(&["lesion", "theory"]).contains("the study theory"));
    assert!(error(&["lesion", "xor"]).contains("--setting"), "{}", error(&["lesion", "xor"]));
    assert!(error(&["lesion", "nothing"]).contains("there is no study \"nothing\""));
    let dose = |more: &[&str]| error(&[&["dose", "study.toml", "--modulator", "noradrenaline"], more].concat());
    assert!(dose(&["--receptor", "beta-9"]).contains("beta-9"), "{}", dose(&["--receptor", "beta-9"]));
    assert!(dose(&["--doses", "-1"]).contains("pharmacology.agonist = -1: must be a finite dose, at least 0"));
    assert!(dose(&["--doses", "nan"]).contains("pharmacology.agonist = NaN"));
    assert!(dose(&["--action", "lesion", "--doses", "0.5,2"]).contains("pharmacology.lesion = 2"));
    assert!(dose(&["--action", "delay", "--doses", "0.5"]).contains("whole number of moments"));
    assert!(dose(&["--doses", "1,1"]).contains("1 is there twice"));
    assert!(dose(&["--doses", "much"]).contains("invalid value 'much'"));
    assert_eq!(test.entries(), ["study.toml"], "nothing is left");
}
