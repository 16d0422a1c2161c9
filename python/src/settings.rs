//! Settings as JSON, and what can be named.

use pyo3::prelude::*;
use serde::de::DeserializeOwned;
use tegmentum::behaviour::agents::AgentConfig;
use tegmentum::behaviour::environments::EnvironmentConfig;
use tegmentum::data::tasks::TaskConfig;
use tegmentum::learning::optimizers::OptimizerConfig;
use tegmentum::model::networks::NetworkConfig;
use tegmentum::registry::{Description, NamedSettings};
use tegmentum_study::limits::check_part;

use crate::errors::{exception, invalid};

/// Settings of the kind `what` from JSON.
pub(crate) fn read<T: DeserializeOwned>(py: Python<'_>, what: &str, json: &str) -> PyResult<T> {
    serde_json::from_str(json).map_err(|error| {
        let text = error.to_string();
        // Lines and columns are those of our own text, which nobody wrote.
        let problem = text.rsplit_once(" at line ").map_or(text.as_str(), |(problem, _)| problem);
        // An order for a study has much that nobody wrote.
        let value = if what == "study" { String::new() } else { format!(" = {json}") };
        invalid(py, format!("{what}{value}: {problem}"))
    })
}

/// The settings of an optimizer of P parameters that fit into memory.
pub(crate) fn optimizer(py: Python<'_>, json: &str, num_parameters: usize) -> PyResult<OptimizerConfig> {
    let config: OptimizerConfig = read(py, "optimizer", json)?;
    check_part("optimizer", &config, num_parameters).map_err(|error| exception(py, error))?;
    Ok(config)
}

/// The settings of an agent that fit into memory.
pub(crate) fn agent(py: Python<'_>, json: &str) -> PyResult<AgentConfig> {
    let config: AgentConfig = read(py, "agent", json)?;
    check_part("agent", &config, 0).map_err(|error| exception(py, error))?;
    Ok(config)
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
