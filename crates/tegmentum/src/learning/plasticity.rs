//! Plasticity rules: learners that see the activity at their own synapses and a broadcast signal, never a gradient.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::data::task::Problem;
use crate::error::Result;
use crate::learning::training::Learner;
use crate::model::network::Network;
use crate::random::Key;
use crate::registry::Description;

pub mod acetylcholine_dopamine;
pub mod dopamine_serotonin;
pub mod dopamine_synapse;
pub mod eligibility;
pub mod node_perturbation;
pub mod prescribed_error_sensitivity;
pub mod r_stdp;
mod synaptic_rule;

pub use synaptic_rule::{SynapticRule, SynapticRuleConfig};

use node_perturbation::NodePerturbationConfig;

/// A plasticity rule as a study names it.
///
/// # Example
/// ```
/// use tegmentum::learning::plasticity::PlasticityConfig;
///
/// let config: PlasticityConfig = toml::from_str("[node_perturbation]\nnoise = 3e-3")?;
/// assert_eq!(config.name(), "node_perturbation");
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlasticityConfig {
    /// Noise × input trace × dopamine.
    NodePerturbation(NodePerturbationConfig),
}

impl PlasticityConfig {
    /// The learner of `problem` with `network`, from the parameters `start` `[P]`.
    ///
    /// # Errors
    /// If a setting is out of range or does not fit the network.
    pub fn build(
        &self,
        network: Arc<dyn Network>,
        problem: Arc<Problem>,
        start: Vec<f32>,
        key: Key,
    ) -> Result<Box<dyn Learner>> {
        match self {
            Self::NodePerturbation(config) => Ok(Box::new(config.build(network, problem, start, key)?)),
        }
    }

    /// The name used in studies.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NodePerturbation(_) => "node_perturbation",
        }
    }

    /// Sets the rate to begin with; always possible so far.
    pub fn set_start_rate(&mut self, rate: f64) -> bool {
        match self {
            Self::NodePerturbation(config) => config.start_rate = Some(rate),
        }
        true
    }
}

/// Every plasticity rule, with its default settings.
pub fn registry() -> Vec<(Description, PlasticityConfig)> {
    vec![(
        Description {
            name: "node_perturbation",
            summary: "noise on every unit, a credit trace at every synapse, dopamine; the readout by its own error",
            reference: "Flower & Jabri 1992; Fiete & Seung 2006",
        },
        PlasticityConfig::NodePerturbation(NodePerturbationConfig::default()),
    )]
}
