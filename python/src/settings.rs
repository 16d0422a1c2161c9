//! Settings as JSON, and what can be named.

use pyo3::prelude::*;
use serde::de::DeserializeOwned;
use tegmentum::behaviour::agents::AgentConfig;
use tegmentum::behaviour::environments::EnvironmentConfig;
use tegmentum::data::tasks::TaskConfig;
use tegmentum::learning::optimizers::OptimizerConfig;
use tegmentum::model::networks::NetworkConfig;
use tegmentum::registry::{Description, NamedSettings};

use crate::errors::invalid;

/// Settings of the kind `what` from JSON.
pub(crate) fn read<T: DeserializeOwned>(py: Python<'_>, what: &str, json: &str) -> PyResult<T> {
    serde_json::from_str(json).map_err(|error| {
        let text = error.to_string();
        // Lines and columns are those of our own text, which nobody wrote.
        let problem = text.rsplit_once(" at line ").map_or(text.as_str(), |(problem, _)| problem);
        invalid(py, format!("{what} = {json}: {problem}"))
    })
}

type Row = (&'static str, &'static str, &'static str);

/// Name, summary and reference of everything of a kind.
#[pyfunction]
pub(crate) fn known(py: Python<'_>, kind: &str) -> PyResult<Vec<Row>> {
    fn rows<T: NamedSettings>() -> Vec<Row> {
        let row = |Description { name, summary, reference }| (name, summary, reference);
        T::registry().iter().map(|settings| row(settings.description())).collect()
    }
    Ok(match kind {
        "optimizer" => rows::<OptimizerConfig>(),
        "network" => rows::<NetworkConfig>(),
        "environment" => rows::<EnvironmentConfig>(),
        "agent" => rows::<AgentConfig>(),
        "task" => rows::<TaskConfig>(),
        "study" => tegmentum_study::BUILT_IN.iter().map(|(name, _)| (*name, "", "")).collect(),
        _ => {
            let wanted = "must be agent, environment, network, optimizer, study or task";
            return Err(invalid(py, format!("kind = {kind:?}: {wanted}")));
        }
    })
}
