//! Shrink and perturb, told when a task begins: weights are made smaller and new ones are added.
//!
//! ```text
//!     when a task begins, but the first:  w ← (1 − λ) w + ν w⁰           w⁰ first weights drawn anew
//! ```
//! λ strength, ν share of the new weights. It keeps a network able to learn; it is no cure for forgetting, and is here to show that the two
//! are not the same.
//!
//! Cost: that of the network. Memory: nothing besides.
//!
//! Reference: J. Ash, R. Adams, NeurIPS 2020, arXiv:1910.08475.

use serde::{Deserialize, Serialize};

use super::shared_network::{NetworkConfig, SharedNetwork};
use super::{ContinualLearner, ContinualSettings, Observed, Told};
use crate::data::task_stream::LabelledBatch;
use crate::error::{Result, fraction};
use crate::random::Key;
use crate::registry::Description;

/// Its settings.
///
/// # Example
/// ```
/// use tegmentum::learning::continual::shrink_perturb::ShrinkPerturbConfig;
///
/// assert_eq!(ShrinkPerturbConfig::default().strength, 0.4);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ShrinkPerturbConfig {
    /// The network.
    pub network: NetworkConfig,
    /// Share λ of the weights that is taken away.
    pub strength: f64,
    /// Share ν of new weights that is added.
    pub perturb: f64,
}

impl Default for ShrinkPerturbConfig {
    fn default() -> Self {
        Self { network: NetworkConfig::default(), strength: 0.4, perturb: 0.1 }
    }
}

impl ContinualSettings for ShrinkPerturbConfig {
    fn description(&self) -> Description {
        Description {
            name: "shrink_perturb",
            summary: "weights are made smaller and new ones added when a task begins, which it is told",
            reference: "Ash & Adams 2020, arXiv:1910.08475",
        }
    }

    fn build(&self, num_inputs: usize, num_classes: usize, key: Key) -> Result<Box<dyn ContinualLearner>> {
        fraction("strength", self.strength)?;
        fraction("perturb", self.perturb)?;
        let network = self.network.build(num_inputs, num_classes, key)?;
        Ok(Box::new(ShrinkPerturb { config: *self, network, tasks: 0 }))
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
struct ShrinkPerturb {
    config: ShrinkPerturbConfig,
    network: SharedNetwork,
    /// Tasks that began.
    tasks: u64,
}

crate::archived!(ShrinkPerturb { network, tasks } fixed { config });

impl ContinualLearner for ShrinkPerturb {
    fn told(&self) -> Told {
        Told::Boundaries
    }

    fn enter(&mut self, _: usize) -> Result<u64> {
        if self.tasks > 0 {
            let fresh = self.network.net.initialise(self.network.key.child(7).child(self.tasks));
            let (left, added) = (1.0 - self.config.strength as f32, self.config.perturb as f32);
            let entries = self.network.parameters.iter_mut().zip(&fresh);
            entries.for_each(|(weight, fresh)| *weight = left * *weight + added * fresh);
        }
        self.tasks += 1;
        Ok(0)
    }

    fn observe(&mut self, batch: &LabelledBatch) -> Result<Observed> {
        let loss = self.network.update(batch, None, None)?;
        Ok(Observed { evaluations: self.network.evaluations(), loss, switched: false })
    }

    fn predict(&self, inputs: &[f32], _: usize) -> Vec<usize> {
        self.network.predict(inputs, None)
    }

    fn state_bytes(&self) -> usize {
        self.network.state_bytes()
    }

    crate::archives!();
}
