//! Plasticity rules: learners that see the activity at their own synapses and a broadcast signal, never a gradient.

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

use crate::data::task::Problem;
use crate::error::{Error, Result};
use crate::learning::learner::Learner;
use crate::model::network::Network;
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::receptor::ResponseCurve;
use crate::neuromodulation::system::NeuromodulationConfig;
use crate::neuromodulation::target::Target;
use crate::random::Key;
use crate::registry::Description;

pub mod acetylcholine_dopamine;
pub mod dopamine_serotonin;
pub mod dopamine_synapse;
pub mod eligibility;
pub mod feedback_alignment;
mod guided_descent;
pub mod node_perturbation;
pub mod prescribed_error_sensitivity;
pub mod r_stdp;
pub mod rules;
mod synaptic_rule;

pub use synaptic_rule::{SynapticRule, SynapticRuleConfig};

/// The settings of a plasticity rule: what makes a learner of it from a study file.
///
/// A settings type of one's own is made known under its name with
/// [`PlasticityConfig::register`](crate::learning::plasticity::rules::PlasticityConfig::register).
pub trait PlasticitySettings: Any + Debug + Send + Sync {
    /// Name, summary and reference.
    fn description(&self) -> Description;

    /// The learner of `problem` with `network`, from the parameters `start` `[P]`.
    ///
    /// # Errors
    /// If a setting is out of range or does not fit the network.
    fn build(
        &self,
        network: Arc<dyn Network>,
        problem: Arc<Problem>,
        start: Vec<f32>,
        key: Key,
    ) -> Result<Box<dyn Learner>>;

    /// Sets the rate to begin with. False for rules that have none.
    fn set_learning_rate(&mut self, rate: f64) -> bool {
        let _ = rate;
        false
    }

    /// The modulators of rules that have their own, whole: no preset is `own`.
    fn modulators(&self) -> Option<NeuromodulationConfig> {
        None
    }

    /// Sets the modulators of a rule that has its own; `own` is its own preset. False for rules that have none.
    fn set_modulators(&mut self, modulators: &NeuromodulationConfig) -> bool {
        let _ = modulators;
        false
    }

    /// The effects of its [own modulators](Self::modulators) that a learner of `network` obeys, with the network's places; none
    /// for rules that have no modulators of their own.
    fn hears_within(&self, network: &dyn Network) -> Vec<Heard> {
        let _ = network;
        Vec::new()
    }
}

/// Where dopamine is the size of a step along an estimate, it can be scaled, not bent.
fn check_reinforcement(system: &NeuromodulationConfig, rule: &str) -> Result<()> {
    let parts = system.parts();
    let mut receptors = parts.receptors.iter().filter(|receptor| receptor.target == Target::Reinforcement);
    match receptors.find(|receptor| receptor.curve != ResponseCurve::Linear) {
        None => Ok(()),
        Some(receptor) => Err(Error::Incompatible {
            what: format!("the curve of the receptor {:?}", receptor.name),
            with: rule.to_owned(),
            reason: "its dopamine is a factor on the step of every synapse, which can be scaled alone; use curve = \"linear\""
                .to_owned(),
        }),
    }
}

/// Refuses a world of other sizes.
fn check_same_sizes(before: &Problem, after: &Problem) -> Result<()> {
    let sizes = [
        ("inputs of the problem", before.num_inputs(), after.num_inputs()),
        ("outputs of the problem", before.num_outputs(), after.num_outputs()),
    ];
    for (what, expected, found) in sizes {
        if expected != found {
            return Err(Error::ShapeMismatch { what, expected, found });
        }
    }
    Ok(())
}
