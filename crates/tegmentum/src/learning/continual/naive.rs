//! One network that learns on, told nothing and keeping nothing: how much is forgotten.
//!
//! Update and cost: those of the network (`shared_network`). Reference: M. McCloskey, N. Cohen, Psychology of Learning and Motivation 24,
//! 109–165, 1989 (catastrophic interference).

use serde::{Deserialize, Serialize};

use super::shared_network::{NetworkConfig, SharedNetwork};
use super::{ContinualLearner, ContinualSettings, Observed};
use crate::data::task_stream::LabelledBatch;
use crate::error::Result;
use crate::random::Key;
use crate::registry::Description;

/// Its settings.
///
/// # Example
/// ```
/// use tegmentum::learning::continual::naive::NaiveConfig;
///
/// assert_eq!(NaiveConfig::default().network.learning_rate, 0.1);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NaiveConfig {
    /// The network.
    pub network: NetworkConfig,
}

impl ContinualSettings for NaiveConfig {
    fn description(&self) -> Description {
        Description {
            name: "naive",
            summary: "one network that learns on, and forgets",
            reference: "McCloskey & Cohen 1989",
        }
    }

    fn build(&self, num_inputs: usize, num_classes: usize, key: Key) -> Result<Box<dyn ContinualLearner>> {
        Ok(Box::new(Naive { network: self.network.build_free(num_inputs, num_classes, key)? }))
    }

    fn set_learning_rate(&mut self, rate: f64) -> bool {
        self.network.learning_rate = rate;
        true
    }
}

/// The learner.
#[derive(Debug)]
struct Naive {
    network: SharedNetwork,
}

crate::archived!(Naive { network });

impl ContinualLearner for Naive {
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
