//! Weight decay towards an anchor: the weights as they were when the task began, which it is told.
//!
//! ```text
//!     when a task begins:  w* ← w
//!     loss + ½ λ Σ_i (w_i − w*_i)²                           not before the second task
//! ```
//! λ strength. Elastic weight consolidation with every weight equally important: what the Fisher information adds is seen beside it. The
//! penalty is stepped implicitly, which is stable for every λ.
//!
//! Cost: that of the network. Memory: the weights once more.
//!
//! References: J. Kirkpatrick et al., PNAS 114, 3521–3526, 2017 (there the control "L2"); arXiv:2605.30148, as a cure for the forgetting of
//! evolution strategies.

use serde::{Deserialize, Serialize};

use super::shared_network::{NetworkConfig, Pull, SharedNetwork};
use super::{ContinualLearner, ContinualSettings, Observed, Told};
use crate::data::task_stream::LabelledBatch;
use crate::error::{Result, at_least_zero};
use crate::random::Key;
use crate::registry::Description;

/// Its settings.
///
/// # Example
/// ```
/// use tegmentum::learning::continual::anchored_decay::AnchoredDecayConfig;
///
/// assert_eq!(AnchoredDecayConfig::default().strength, 0.01);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AnchoredDecayConfig {
    /// The network.
    pub network: NetworkConfig,
    /// Strength λ.
    pub strength: f64,
}

impl Default for AnchoredDecayConfig {
    fn default() -> Self {
        Self { network: NetworkConfig::default(), strength: 0.01 }
    }
}

impl ContinualSettings for AnchoredDecayConfig {
    fn description(&self) -> Description {
        Description {
            name: "anchored_decay",
            summary: "all weights are held at where the task before left them; told when a task begins",
            reference: "the control L2 of Kirkpatrick et al. 2017; arXiv:2605.30148",
        }
    }

    fn build(&self, num_inputs: usize, num_classes: usize, key: Key) -> Result<Box<dyn ContinualLearner>> {
        at_least_zero("strength", self.strength)?;
        let network = self.network.build(num_inputs, num_classes, key)?;
        let length = network.parameters.len();
        Ok(Box::new(AnchoredDecay {
            strength: self.strength as f32,
            equal: vec![1.0; length],
            anchor: network.parameters.clone(),
            network,
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
struct AnchoredDecay {
    strength: f32,
    network: SharedNetwork,
    equal: Vec<f32>,
    anchor: Vec<f32>,
    /// Tasks that began.
    tasks: u64,
}

crate::archived!(AnchoredDecay { network, tasks } sized { anchor } fixed { strength, equal });

impl ContinualLearner for AnchoredDecay {
    fn told(&self) -> Told {
        Told::Boundaries
    }

    fn enter(&mut self, _: usize) -> Result<u64> {
        self.anchor.copy_from_slice(&self.network.parameters);
        self.tasks += 1;
        Ok(0)
    }

    fn observe(&mut self, batch: &LabelledBatch) -> Result<Observed> {
        let pull = Pull { strength: self.strength, importance: &self.equal, anchor: &self.anchor };
        let loss = self.network.update(batch, None, (self.tasks > 1).then_some(pull))?;
        Ok(Observed { evaluations: self.network.evaluations(), loss, switched: false })
    }

    fn predict(&self, inputs: &[f32], _: usize) -> Vec<usize> {
        self.network.predict(inputs, None)
    }

    fn state_bytes(&self) -> usize {
        self.network.state_bytes() + size_of::<f32>() * self.anchor.len()
    }

    crate::archives!();
}
