//! `tegmentum list` shows every name.

use std::io::Read;
use std::process::{Command, Stdio};

use tegmentum::behaviour::agents::AgentConfig;
use tegmentum::behaviour::environments::EnvironmentConfig;
use tegmentum::data::tasks::TaskConfig;
use tegmentum::learning::continual::learners::ContinualConfig;
use tegmentum::learning::gradient::rules::GradientConfig;
use tegmentum::learning::optimizers::OptimizerConfig;
use tegmentum::learning::plasticity::rules::PlasticityConfig;
use tegmentum::model::networks::NetworkConfig;
use tegmentum::neuromodulation::detectors::DetectorConfig;
use tegmentum::neuromodulation::nuclei;
use tegmentum::neuromodulation::preset::Preset;
use tegmentum::neuromodulation::target::Target;
use tegmentum_study::dose::DoseAction;
use tegmentum_study::{BUILT_IN, kinds};

use crate::command::{TestCommand, program};

#[test]
fn every_registered_name_has_a_line() {
    let mut names: Vec<&str> = TaskConfig::registry().iter().map(tegmentum::prelude::TaskConfig::name).collect();
    names.extend(NetworkConfig::registry().iter().map(tegmentum::prelude::NetworkConfig::name));
    names.extend(OptimizerConfig::registry().iter().map(tegmentum::prelude::OptimizerConfig::name));
    names.extend(
        PlasticityConfig::registry().iter().map(tegmentum::learning::plasticity::rules::PlasticityConfig::name),
    );
    names.extend(GradientConfig::registry().iter().map(tegmentum::learning::gradient::rules::GradientConfig::name));
    names.extend(ContinualConfig::registry().iter().map(ContinualConfig::name));
    names.extend(DetectorConfig::registry().iter().map(DetectorConfig::name));
    names.extend(EnvironmentConfig::registry().iter().map(tegmentum::prelude::EnvironmentConfig::name));
    names.extend(AgentConfig::registry().iter().map(tegmentum::prelude::AgentConfig::name));
    names.extend(nuclei::registry().iter().map(|model| model.description().name));
    names.extend(Preset::ALL.map(Preset::name));
    names.extend(Target::ALL.map(Target::name));
    names.extend(DoseAction::ALL.map(DoseAction::name));
    names.extend(kinds::list().map(|kind| kind.0));
    names.extend(BUILT_IN.iter().map(|item| item.0));
    let test = TestCommand::new();
    let list = test.stdout(&["list"], 0);
    let json: serde_json::Value = serde_json::from_str(&test.stdout(&["list", "--json"], 0)).unwrap();
    for name in names {
        assert!(list.lines().any(|line| line.split_whitespace().next() == Some(name)), "{name} in {list}");
        let entries = json.as_array().unwrap();
        assert!(entries.iter().any(|entry| entry["name"] == name && entry["summary"] != ""), "{name}");
    }
}

#[test]
fn one_kind_only() {
    let list = TestCommand::new().stdout(&["list", "networks"], 0);
    assert!(list.contains("elman") && !list.contains("xor"), "{list}");
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let mut child = Command::new(program()).arg("list").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert!(child.wait().unwrap().success(), "{errors}");
    assert_eq!(errors, "");
}
