use std::ops::Range;

use rayon::prelude::*;

use super::plan::PhasePlan;
use super::trial::{PhaseOutcome, measure};
use super::*;
use crate::run::{Silent, run as run_study};

const STREAM: &str = r#"
name = "stream"
title = "A stream"
question = "Does it learn again?"
kind = "switching"
seeds = { first = 100, count = 6 }
metrics = ["mean_squared_error"]
targets = [0.01]
phase = [
    { budget = 3000, task = { xor = {} } },
    { budget = 3000, task = { xor = { inverted = true } } },
    { budget = 3000, task = { xor = {} } },
]
[network.mlp]
hidden = [4]
output_activation = "logistic"
initialisation = { normal = 0.5 }
[[arm]]
name = "dopamine"
[arm.optimizer.dopamine]
[[arm]]
name = "without_noradrenaline"
optimizer = { dopamine = { neuromodulation = { pharmacology = [{ modulator = "noradrenaline", action = { lesion = 1.0 } }] } } }
[[arm]]
name = "gradient_descent"
gradient = { sgd = { learning_rate = 3.0 } }
[[claim]]
text = "Surprise helps"
arm = "dopamine"
reference = "without_noradrenaline"
metric = "evaluations_to_relearn"
statistic = "median"
at_most = 0.5
"#;

fn study(text: &str) -> StudyConfig {
    StudyConfig::from_toml(text, "test").unwrap()
}

fn problem_with(before: &str, after: &str) -> String {
    assert!(STREAM.contains(before), "{before:?} is not in the study");
    let text = STREAM.replacen(before, after, 1);
    match StudyConfig::from_toml(&text, "s.toml") {
        Err(error) => error.to_string(),
        Ok(study) => run_study(&study, false, &Silent).unwrap_err().to_string(),
    }
}

fn phases() -> Vec<PhasePlan> {
    let plan = |index: u64, drift: u64, returns_to| PhasePlan {
        name: format!("phase {index}"),
        begins: 1000 * index,
        settles: 1000 * index + drift,
        ends: 1000 * (index + 1),
        target: 0.1,
        returns_to,
    };
    vec![plan(0, 0, None), plan(1, 0, None), plan(2, 200, Some(0))]
}

#[test]
fn metrics_of_a_made_up_run() {
    let outcome = |reached, error| PhaseOutcome { reached, error };
    let outcomes = [outcome(Some(400), 0.05), outcome(None, 0.3), outcome(Some(120), 0.04)];
    // The first window is 1000..=1250, the second 2000..=2450, drift included.
    let metrics = measure(&phases(), &outcomes, &[700, 1251, 2300, 2450, 2451]);
    let expected = [
        ("evaluations_in_phase_1", 400.0),
        ("evaluations_in_phase_2", 1000.0),
        ("evaluations_in_phase_3", 120.0),
        ("evaluations_to_relearn", 1520.0),
        ("error_after_phase_2", 0.3),
        ("phases_solved", 2.0),
        ("surprises", 5.0),
        ("detections", 1.0),
        ("false_alarms", 3.0),
        ("savings", 280.0),
    ];
    for (name, value) in expected {
        assert_eq!(metrics[name], value, "{name}");
    }
}

fn has_savings(text: &str) -> bool {
    stream_metrics(&study(text)).iter().any(|metric| metric.name == "savings")
}

#[test]
fn savings_need_a_return() {
    let outcome = PhaseOutcome { reached: Some(10), error: 0.0 };
    assert!(!measure(&phases()[..2], &[outcome; 2], &[]).contains_key("savings"));
    let once = STREAM.replace("    { budget = 3000, task = { xor = {} } },\n]", "]");
    assert!(!has_savings(&once));
    assert!(has_savings(STREAM));
}

#[test]
fn surprise_rescues_learning_and_every_metric_is_there() {
    let study = study(STREAM);
    let result = run_study(&study, false, &Silent).unwrap();
    for (arm, metrics) in &result.summary.arms {
        let missing: Vec<String> = study
            .run_metrics()
            .into_iter()
            .map(|metric| metric.name)
            .filter(|name| !metrics.contains_key(name))
            .collect();
        assert!(missing.is_empty(), "{arm} lacks {missing:?}");
    }
    let median = |arm: &str, metric: &str| result.summary.arms[arm][metric].median.unwrap();
    // In the reference: about 740 evaluations for three phases, and nearly none solved after the first without.
    assert!(median("dopamine", "evaluations_to_relearn") < 2500.0);
    assert!(median("without_noradrenaline", "evaluations_to_relearn") > 4000.0);
    assert_eq!(median("dopamine", "detections"), 2.0);
    assert_eq!(median("without_noradrenaline", "surprises"), 0.0);
    assert_eq!(result.summary.claims.len(), 1);
    let marked = |figure: &crate::outcome::Figure| match &figure.content {
        crate::outcome::FigureContent::Curves { x, .. } => x.marks.len(),
        _ => 0,
    };
    assert!(result.figures.iter().any(|figure| marked(figure) == 2), "the switches are marked");
}

fn runs(streams: &Streams<'_>, arm: &Arm, seeds: Range<u64>) -> Vec<Trial> {
    seeds.into_par_iter().map(|seed| streams.run(0, arm, seed, &Work::alone(&|_| true)).unwrap()).collect()
}

#[test]
fn one_arm_alone_has_the_numbers_of_the_study_on_any_number_of_threads() {
    let study = study(STREAM);
    let design = Switching.design(&study);
    let streams = Streams::new(&design).unwrap();
    let with_threads = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| runs(&streams, &study.arm[0], 100..103))
    };
    let bits = |trials: &[Trial]| -> Vec<(u64, Vec<u64>, Vec<u32>)> {
        let of = |trial: &Trial| {
            let metrics = trial.metrics.values().map(|value| value.to_bits()).collect();
            (trial.seed, metrics, trial.solution.iter().map(|value| value.to_bits()).collect())
        };
        trials.iter().map(of).collect()
    };
    assert_eq!(bits(&with_threads(1)), bits(&with_threads(3)));
    let (alone, whole) = (with_threads(2), run_study(&study, false, &Silent).unwrap());
    let values = &whole.summary.arms["dopamine"]["evaluations_to_relearn"].values;
    for (trial, value) in alone.iter().zip(values) {
        assert_eq!(Some(trial.metrics["evaluations_to_relearn"]), *value);
    }
}

#[test]
fn a_rate_is_chosen_for_learning_again() {
    let tuned = "name = \"gradient_descent\"\ntune = { learning_rate = [0.001, 3.0] }";
    let text = STREAM.replace("name = \"gradient_descent\"", tuned).replace("count = 6", "count = 2");
    let result = run_study(&study(&text), false, &Silent).unwrap();
    assert_eq!(result.tuning.len(), 1);
    assert_eq!(result.tuning[0].chosen, 1);
    assert!(result.tuning[0].points[0].evaluations_to_target.unwrap() > 8000.0);
}

#[test]
fn a_run_that_diverges_is_unsolved_and_no_error() {
    let text = STREAM.replace("learning_rate = 3.0", "learning_rate = 1e38").replace("sgd = {", "sgd = { clip = 1e30,");
    let result = run_study(&study(&text), false, &Silent).unwrap();
    assert_eq!(result.summary.arms["gradient_descent"]["phases_solved"].median, Some(0.0));
}

#[test]
fn no_false_alarms_in_a_world_that_stays() {
    let text = STREAM.replace("xor = { inverted = true }", "xor = {}");
    let study = study(&text);
    let design = Switching.design(&study);
    let streams = Streams::new(&design).unwrap();
    for trial in runs(&streams, &study.arm[0], 200..220) {
        assert_eq!(trial.metrics["surprises"], 0.0, "seed {}", trial.seed);
    }
}

#[test]
fn mistakes_are_one_clear_error() {
    let sizes =
        "test: phase \"parity 2\" has 4 inputs and 1 outputs, phase \"xor 1\" 2 and 1: one network must do for all";
    assert_eq!(problem_with("xor = { inverted = true }", "parity = {}").replace("stream:", "test:"), sizes);
    assert_eq!(
        problem_with("targets = [0.01]", ""),
        "s.toml: phase 1: no target: give it one, or the study targets = […]"
    );
    assert!(problem_with("budget = 3000", "budget = 0").contains("phase 1: budget = 0: must be between 1"));
    assert!(problem_with("budget = 3000", "drift = 9, budget = 3000").contains("phase 1: drift: the first phase"));
    assert!(
        problem_with("budget = 3000", "target = nan, budget = 3000")
            .contains("phase[0].target = NaN: must be a number")
    );
    assert!(problem_with("[network.mlp]", "[task.xor]\n[network.mlp]").contains("kind = \"switching\" needs one"));
    assert!(
        problem_with("metric = \"evaluations_to_relearn\"", "metric = \"solved\"")
            .contains("unknown metric \"solved\": known are ")
    );
    assert!(
        problem_with("kind = \"switching\"", "kind = \"switching\"\nstop_at_target = true").contains("leave it out")
    );
    let drifted =
        STREAM.replace("{ budget = 3000, task = { xor = { in", "{ drift = 100, budget = 3000, task = { xor = { in");
    let drifted = drifted.replace("inverted = true", "noise = 0.1");
    let error = run_study(&study(&drifted), false, &Silent).unwrap_err().to_string();
    assert!(error.contains("phase \"xor 2\": drift needs a way"), "{error}");
}
