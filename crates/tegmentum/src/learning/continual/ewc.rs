//! Elastic weight consolidation (EWC), told when a task begins.
//!
//! ```text
//!     when a task is over:  ω ← γ ω + F ,   w* ← w
//!     loss + ½ λ Σ_i ω_i (w_i − w*_i)²
//! ```
//! F the diagonal of the Fisher information over the task's last n examples, in one of three readings ([`fisher`](super::fisher)) · λ
//! strength · γ = 1: Fisher informations are summed and the anchor is the last one (Huszár's form of several penalties), γ < 1: online EWC.
//! The quadratic penalty is stepped implicitly, which is stable for every λ.
//!
//! Cost: that of the network, and at each boundary that of F for n examples. Memory: twice the weights, and the last n inputs of the task that
//! is on, with their labels, which are counted where they are needed: for the empirical reading.
//!
//! References: J. Kirkpatrick et al., PNAS 114, 3521–3526, 2017, doi:10.1073/pnas.1611835114; F. Huszár, PNAS 115, E2496, 2018; J. Schwarz et
//! al., ICML 2018 (online EWC).

use serde::{Deserialize, Serialize};

use super::fisher::Fisher;
use super::shared_network::{NetworkConfig, Pull, SharedNetwork};
use super::{ContinualLearner, ContinualSettings, Observed, Told, within};
use crate::data::task_stream::LabelledBatch;
use crate::error::{Result, at_least_zero, fraction};
use crate::random::Key;
use crate::registry::Description;

/// Its settings.
///
/// # Example
/// ```
/// use tegmentum::learning::continual::ewc::EwcConfig;
///
/// assert_eq!(EwcConfig::default().decay, 1.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EwcConfig {
    /// The network.
    pub network: NetworkConfig,
    /// Strength λ.
    pub strength: f64,
    /// Share γ of the Fisher information that is left after a task: 1 for EWC, below for online EWC.
    pub decay: f64,
    /// Examples n that the Fisher information is taken from.
    pub examples: usize,
    /// Which reading of the Fisher information.
    pub fisher: Fisher,
}

impl Default for EwcConfig {
    fn default() -> Self {
        Self { network: NetworkConfig::default(), strength: 10.0, decay: 1.0, examples: 400, fisher: Fisher::Sampled }
    }
}

impl ContinualSettings for EwcConfig {
    fn description(&self) -> Description {
        Description {
            name: "ewc",
            summary: "weights that mattered for earlier tasks are held; told when a task begins",
            reference: "Kirkpatrick et al. 2017, doi:10.1073/pnas.1611835114",
        }
    }

    fn build(&self, num_inputs: usize, num_classes: usize, key: Key) -> Result<Box<dyn ContinualLearner>> {
        at_least_zero("strength", self.strength)?;
        fraction("decay", self.decay)?;
        within("examples", self.examples, 1_000_000, "between 1 and 1000000")?;
        let network = self.network.build(num_inputs, num_classes, key)?;
        let length = network.parameters.len();
        Ok(Box::new(Ewc {
            config: *self,
            importance: vec![0.0; length],
            anchor: network.parameters.clone(),
            network,
            seen: LabelledBatch::default(),
            batch: 1,
            tasks: 0,
        }))
    }

    fn set_learning_rate(&mut self, rate: f64) -> bool {
        self.network.learning_rate = rate;
        true
    }

    fn set_strength(&mut self, strength: f64) -> bool {
        self.strength = strength;
        true
    }
}

/// The learner.
#[derive(Debug)]
struct Ewc {
    config: EwcConfig,
    network: SharedNetwork,
    importance: Vec<f32>,
    anchor: Vec<f32>,
    /// The last examples of the task that is on.
    seen: LabelledBatch,
    batch: u64,
    /// Tasks whose importance was taken.
    tasks: u64,
}

crate::archived!(Ewc { network, seen, batch, tasks } sized { importance, anchor } fixed { config });

impl ContinualLearner for Ewc {
    fn told(&self) -> Told {
        Told::Boundaries
    }

    fn enter(&mut self, _: usize) -> Result<u64> {
        if self.seen.is_empty() {
            return Ok(0);
        }
        let decay = self.config.decay as f32;
        self.importance.iter_mut().for_each(|importance| *importance *= decay);
        let (key, fisher) = (self.network.key.child(6).child(self.tasks), self.config.fisher);
        fisher.add(&mut self.network, &self.seen, key, &mut self.importance);
        self.anchor.copy_from_slice(&self.network.parameters);
        self.tasks += 1;
        let count = self.seen.len() as u64;
        self.seen.clear();
        Ok((fisher.evaluations(self.network.net.classes) * count).div_ceil(self.batch))
    }

    fn observe(&mut self, batch: &LabelledBatch) -> Result<Observed> {
        let strength = self.config.strength as f32;
        let pull = Pull { strength, importance: &self.importance, anchor: &self.anchor };
        let loss = self.network.update(batch, None, (self.tasks > 0).then_some(pull))?;
        self.batch = batch.len() as u64;
        self.seen.inputs.extend_from_slice(&batch.inputs);
        self.seen.classes.extend_from_slice(&batch.classes);
        let surplus = self.seen.len().saturating_sub(self.config.examples);
        self.seen.inputs.drain(..surplus * self.network.net.inputs);
        self.seen.classes.drain(..surplus);
        Ok(Observed { evaluations: self.network.evaluations(), loss, switched: false })
    }

    fn predict(&self, inputs: &[f32], _: usize) -> Vec<usize> {
        self.network.predict(inputs, None)
    }

    fn state_bytes(&self) -> usize {
        let own = self.importance.len() + self.anchor.len() + self.seen.inputs.len();
        let labels =
            if self.config.fisher == Fisher::Empirical { size_of_val(self.seen.classes.as_slice()) } else { 0 };
        self.network.state_bytes() + size_of::<f32>() * own + labels
    }

    crate::archives!();
}
