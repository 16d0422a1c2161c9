//! Tasks that follow one another, under lesions and doses, and beside other kinds.

use tegmentum::neuromodulation::nucleus::Transmitter;
use tegmentum_study::config::{StreamConfig, StudyConfig};
use tegmentum_study::run::{Silent, run as run_study};
use tegmentum_study::{built_in, dose, lesions};

const STUDY: &str = include_str!("../../src/kinds/continual/study.toml");

fn study(text: &str) -> StudyConfig {
    StudyConfig::from_toml(text, "test").expect("valid")
}

#[test]
fn its_modulators_have_lesions_and_doses() {
    let lesioned = lesions::of(&study(STUDY), Some("contexts"), None, &[]).unwrap();
    let result = run_study(&lesioned, false, &Silent).unwrap();
    let mean = |arm: &str, metric: &str| result.summary.arms[arm][metric].iqm.unwrap();
    assert_eq!(result.summary.arm_order.len(), 16);
    assert!(mean("all", "average_accuracy") > mean("none", "average_accuracy"));
    assert!(result.summary.arms["dopamine"].contains_key("shapley_average_accuracy"));
    let dosed = dose::DoseConfig {
        modulator: Transmitter::Dopamine,
        receptor: None,
        action: dose::DoseAction::Lesion,
        doses: vec![0.0, 1.0],
    };
    let dosed = dose::of(&study(STUDY), Some("contexts"), None, dosed).unwrap();
    let result = run_study(&dosed, false, &Silent).unwrap();
    let learned = |arm: &str| result.summary.arms[arm]["learning_accuracy"].iqm.unwrap();
    assert!(learned("lesion_0") > learned("lesion_1") + 0.2, "without dopamine nothing is learned");
}

#[test]
fn a_stream_of_tasks_is_refused_elsewhere() {
    let switching = built_in("switching-xor").unwrap();
    let with_stream = StudyConfig { stream: Some(StreamConfig::default()), ..switching };
    let error = StudyConfig::from_toml(&with_stream.to_toml().unwrap(), "s").unwrap_err().to_string();
    assert!(error.contains("[stream] belongs to learners of tasks that follow one another"), "{error}");
}
