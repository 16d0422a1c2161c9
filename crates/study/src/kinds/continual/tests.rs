use super::*;
use crate::outcome::FigureContent;
use crate::run::{Silent, run as run_study};
use tegmentum::learning::continual::ContinualRun;
use tegmentum::random::Key;

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

#[test]
fn a_study_measures_draws_and_judges() {
    let result = run_study(&study(STUDY), false, &Silent).unwrap();
    let sample = |arm: &str, metric: &str| &result.summary.arms[arm][metric];
    let value = |arm: &str, metric: &str| sample(arm, metric).iqm.unwrap();
    assert!(value("joint", "average_accuracy") > value("without_noradrenaline", "average_accuracy"));
    assert!(!result.summary.arms["joint"].contains_key("prequential_accuracy"), "it sees another stream");
    assert!(!result.summary.arms["ewc"].contains_key("contexts"));
    assert_eq!(value("without_noradrenaline", "contexts"), 1.0);
    assert_eq!(sample("contexts", "no_surplus_context").n, 3);
    // Equal forward passes: at most the last update is more than the budget.
    for arm in result.summary.arms.values() {
        assert!(arm["evaluations"].values.iter().flatten().all(|&spent| (600.0..1000.0).contains(&spent)));
    }
    assert_eq!((result.tuning.len(), result.tuning[0].points.len()), (1, 2));
    assert_eq!(result.tuning[0].points[1].strength, Some(100.0));
    let heat_maps = result.figures.iter().filter(|figure| matches!(figure.content, FigureContent::HeatMap { .. }));
    assert_eq!(heat_maps.count(), 2);
    let ids: Vec<&str> = result.figures.iter().map(|figure| figure.id.as_str()).collect();
    for id in ["short-accuracy", "short-modulators", "short-lesions", "short-contexts", "short-comparison", "search"] {
        assert!(ids.contains(&id), "{id} in {ids:?}");
    }
    assert_eq!(result.summary.claims.len(), 1);
    // Accuracies on two tasks stand beside the three curves that every such study has.
    assert!(result.records.iter().any(|record| record.metric == "accuracy_on_task_2"));
}

#[test]
fn mistakes_are_named() {
    for (before, after, expected) in [
        ("budget = 120", "budget = 0", "phase 3: budget = 0: must be between 1"),
        ("blur = 0.1", "blur = 1.5", "stream.blur = 1.5: must be between 0 and 1"),
        ("batch = 8", "batch = 0", "stream.batch = 0: must be between 1 and 10000"),
        ("label_noise = 0.1", "label_noise = -0.5", "phase 2: label_noise = -0.5: must be between 0 and 1"),
        ("label_noise = 0.1", "drift = 3", "phase 2: target, drift belong to kind = \"switching\""),
        ("kind =", "metrics = [\"error_rate\"]\nkind =", "have measures of their own"),
        ("kind =", "lengths = [3, 4]\nkind =", "with tasks alone"),
        ("continual = { joint = { network = { hidden = 40 } } }", "gradient = \"adam\"", "need [arm.continual.…]"),
        ("strength = [1.0, 100.0]", "perturbation_scale = [1.0]", "tune.perturbation_scale: this learner has none"),
        ("strength = [1.0, 100.0]", "strength = [0.0]", "tune has 0: must be above 0"),
        ("continual = { ewc", "continual = { naive", "tune.strength: this learner has none"),
        ("{ digits = { drawn = true, classes = [2, 3] } }", "{ lorenz = {} }", "is a series"),
        ("{ digits = { drawn = true, classes = [2, 3] } }", "{ xor = {} }", "in"),
        ("{ contexts = { hidden = 40 } }", "{ contexts = { hidden = 0 } }", "hidden = 0: must be between 1 and 10000"),
        ("name = \"joint\"", "name = \"joint\"\nneuromodulation = { preset = \"mei-2025\" }", "has no modulators"),
    ] {
        let error = problem_with(before, after);
        assert!(error.contains(expected), "{after}: {error}");
    }
}

/// Logs the runs of all arms with seed 101.
struct Logging(std::path::PathBuf);

impl Monitor for Logging {
    fn expect(&self, _: &str, _: u64) {}

    fn advance(&self, _: u64) -> bool {
        true
    }

    fn log(&self, run: &crate::logs::LoggedRun<'_>) -> Option<crate::logs::Log> {
        (run.seed == 101).then(|| crate::logs::Log::Record(self.0.join(run.folder_name())))
    }
}

/// States of a log are those of a run that is made from its beginning, for every learner of the study; records and log say the same.
#[test]
fn logged_states_are_those_of_the_run() {
    let (study, folder) = (study(STUDY), tempfile::tempdir().unwrap());
    let result = run_study(&study, false, &Logging(folder.path().to_owned())).unwrap();
    let course = Course::new(&study, 101).unwrap();
    for arm in &study.arm {
        let replay = crate::replay::Replay::open(&folder.path().join(format!("{}.101", arm.name))).unwrap();
        let arm = replay.run().arm.clone();
        let (mut learner, last) = (course.learner(&arm, 101).unwrap(), replay.log().ended().updates);
        let mut run = ContinualRun::new(Key::from_seed(101).child(2));
        for update in 0..=last {
            if update > 0 {
                run.update(&mut *learner, &course.stream).unwrap();
            }
            if update < 2 || update % 23 == 0 || update == last {
                let state = replay.at(update).unwrap();
                let expected = tegmentum::archive::Archive::write(&mut &mut *learner).unwrap();
                let crate::logs::Learned::State { archive, .. } = state.learned else { panic!("a model") };
                assert!(archive == expected, "{}: update {update}", arm.name);
                let accuracy = course.accuracies(&*learner)[1];
                assert!(state.metrics.contains(&("accuracy_on_task_2".to_owned(), accuracy)), "{:?}", state.metrics);
            }
        }
        replay.verify(&result.records).unwrap();
    }
}
