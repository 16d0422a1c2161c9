use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::*;
use crate::outcome::{Sample, Verdict};
use crate::run::{Silent, run as run_study};
use tegmentum::checkpoint::Checkpoint;

const STUDY: &str = include_str!("study.toml");

fn study(text: &str) -> StudyConfig {
    StudyConfig::from_toml(text, "test").unwrap()
}

fn problem_with(before: &str, after: &str) -> String {
    assert!(STUDY.contains(before), "{before:?} is not in the study");
    match StudyConfig::from_toml(&STUDY.replacen(before, after, 1), "s.toml") {
        Err(error) => error.to_string(),
        Ok(study) => run_study(&study, false, &Silent).unwrap_err().to_string(),
    }
}

/// The study with the arms whose names are given, without claims.
fn with_arms(names: &[&str]) -> StudyConfig {
    let mut study = study(STUDY);
    study.arm.retain(|arm| names.contains(&arm.name.as_str()));
    for arm in &mut study.arm {
        arm.lesion_of = None;
    }
    study.claim.clear();
    study
}

#[test]
fn a_study_measures_draws_and_judges() {
    let result = run_study(&study(STUDY), false, &Silent).unwrap();
    let sample = |arm: &str, metric: &str| -> &Sample { &result.summary.arms[arm][metric] };
    let median = |arm: &str, metric: &str| sample(arm, metric).median.unwrap();
    for arm in ["weight_perturbation", "gradient_descent", "contexts"] {
        assert!(sample(arm, REACHED).ones() >= 5, "{arm}: {:?}", sample(arm, "error_rate_on_b"));
        assert!(median(arm, "error_rate_on_b") <= 0.6);
    }
    assert!(median("gradient_descent", RISE) > 0.05, "it forgets");
    for arm in ["weight_perturbation", "gradient_descent"] {
        let parts = sample(arm, OFF).values.iter().zip(&sample(arm, WITHIN).values);
        for ((off, within), whole) in parts.zip(&sample(arm, DRIFT).values) {
            assert_eq!(off.zip(*within).map(|(a, b)| a + b), *whole);
        }
    }
    // The walk is predicted without a fitted constant: of an estimate of slopes, and of one of ranks under an anchor.
    for arm in ["weight_perturbation", "held"] {
        assert!((0.7..1.4).contains(&median(arm, RATIO)), "{arm}: {:?}", sample(arm, RATIO));
    }
    for (arm, metric) in [("dopamine", RATIO), ("gradient_descent", RATIO), ("contexts", DRIFT), ("dopamine", CONTEXTS)]
    {
        assert!(!result.summary.arms[arm].contains_key(metric), "{arm} {metric}");
    }
    assert_eq!(result.summary.claims[0].verdict, Verdict::Supported, "{:?}", result.summary.claims[0]);
    let ids: Vec<&str> = result.figures.iter().map(|figure| figure.id.as_str()).collect();
    for id in ["short-forgetting", "short-off", "short-course", "short-lesions", "short-table", "search"] {
        assert!(ids.contains(&id), "{id} in {ids:?}");
    }
    // Without dopamine nothing is learned, and nothing lost: that counts as no success.
    assert_eq!(sample("without_dopamine", REACHED).ones(), 0);
    assert_eq!(sample("without_dopamine", "error_rate_on_a").median, None);
    assert!(median("without_dopamine", "error_rate_on_a_at_end") < 0.3);
}

/// A strength is chosen by what is left of A, a rate by the time to B.
#[test]
fn strengths_are_chosen_for_a_and_rates_for_b() {
    let mut study = with_arms(&["held"]);
    let at = |study: &StudyConfig| {
        let result = run_study(study, false, &Silent).unwrap();
        let record = &result.tuning[0];
        let chosen = &record.points[record.chosen];
        let is_best = |value: fn(&crate::tuning::TuningPoint) -> Option<f64>| {
            record.points.iter().all(|point| value(point).unwrap_or(f64::INFINITY) >= value(chosen).unwrap())
        };
        (is_best(|point| point.metric), is_best(|point| point.evaluations_to_target))
    };
    assert!(at(&study).0);
    let grid = study.arm[0].tune.as_mut().unwrap();
    (grid.strength, grid.learning_rate) = (Vec::new(), vec![0.1, 0.2]);
    assert!(at(&study).1);
}

#[test]
fn mistakes_are_named() {
    let phase_b = "    { name = \"B\", budget = 2000, target = 0.6, task = { digits = { permutation = 1 } } },\n";
    for (before, after, expected) in [
        (phase_b, "", "1 [[phase]] tables: must be 2"),
        ("target = 0.6, ", "", "phase 2: no target"),
        ("budget = 900", "budget = 2", "phase 1: budget = 2: must be between 3"),
        ("budget = 900", "budget = 900, target = 0.1", "phase 1: target = 0.1: A is learned for its whole budget"),
        ("budget = 900", "budget = 600000", "phase 1: budget = 600000: at most 100000 updates"),
        ("budget = 900", "budget = 900, drift = 3", "phase 1: drift, label_noise belong"),
        ("metrics =", "stop_at_target = true\nmetrics =", "a run ends at the target of phase 2"),
        ("metrics =", "targets = [0.1]\nmetrics =", "a run ends at the target of phase 2"),
        ("stream = { batch = 16 }", "stream = { batch = 0 }", "stream.batch = 0"),
        ("stream = { batch = 16 }", "stream = { blur = 0.5 }", "no blur"),
        ("[\"error_rate\", \"loss\"]", "[\"loss\"]", "the first metric is loss, must be error_rate or accuracy"),
        ("{ digits = { permutation = 1 } }", "{ xor = {} }", "one network must do for both"),
        ("learning_rate = 0.02, directions", "anchor_strength = -1.0, directions", "anchor_strength"),
        ("gradient = { sgd", "tune = { strength = [1.0] }\ngradient = { sgd", "tune.strength: this learner has none"),
        ("continual = {", "gradient = \"sgd\"\ncontinual = {", "has nothing beside it"),
    ] {
        let error = problem_with(before, after);
        assert!(error.contains(expected), "{after}: {error}");
    }
}

/// Stops after so many reports of progress, where the state is kept.
struct Stopping(Checkpoint, AtomicUsize);

impl Monitor for Stopping {
    fn expect(&self, _: &str, _: u64) {}

    fn advance(&self, _: u64) -> bool {
        let left = self.1.load(Ordering::Relaxed);
        self.1.store(left.saturating_sub(1), Ordering::Relaxed);
        left > 1
    }

    fn checkpoint(&self) -> Option<&Checkpoint> {
        Some(&self.0)
    }
}

/// Learners of both kinds, alone, on several threads, and interrupted again and again: the same records.
#[test]
fn records_depend_neither_on_threads_nor_on_interruptions() {
    let mut study = with_arms(&["weight_perturbation", "dopamine", "contexts"]);
    study.seeds.count = 2;
    study.phase[1].target = Some(0.7);
    let with = |threads: usize, study: &StudyConfig, monitor: &dyn Monitor| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| run_study(study, false, monitor))
    };
    let whole = with(1, &study, &Silent).unwrap();
    let bits = |result: &StudyResult| {
        let values = result.records.iter().map(|record| (record.arm.clone(), record.seed, record.value.to_bits()));
        (values.collect::<Vec<_>>(), serde_json::to_string(&result.summary).unwrap())
    };
    assert!(bits(&with(3, &study, &Silent).unwrap()) == bits(&whole));
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("checkpoint");
    let mut stops = 0;
    let resumed = loop {
        let checkpoint = match stops {
            0 => Checkpoint::create(&place, b"job", Duration::from_secs(3600)).unwrap(),
            _ => Checkpoint::open(&place, Duration::from_secs(3600)).unwrap().0,
        };
        match with(1, &study, &Stopping(checkpoint, AtomicUsize::new(150 + 20 * stops))) {
            Ok(result) => break result,
            Err(error) => assert!(error.to_string().contains("stopped before its end"), "{error}"),
        }
        stops += 1;
        assert!(stops < 200);
    };
    assert!(stops > 2, "{stops}");
    assert!(bits(&resumed) == bits(&whole));
    // One arm alone has the numbers that it has beside others.
    study.arm.retain(|arm| arm.name == "dopamine");
    let alone = with(1, &study, &Silent).unwrap();
    let own = |result: &StudyResult, metric: &str| result.summary.arms["dopamine"][metric].values.clone();
    assert_eq!(own(&alone, DRIFT), own(&whole, DRIFT));
}
