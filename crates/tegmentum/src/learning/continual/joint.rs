//! One network that is given examples of all tasks from the beginning: what would be learned if nothing had to be kept.
//!
//! Update and cost: those of the network (`shared_network`). Reference: R. Caruana, Machine Learning 28, 41–75, 1997 (multitask learning).

use serde::{Deserialize, Serialize};

use super::shared_network::{NetworkConfig, SharedNetwork};
use super::{ContinualLearner, ContinualSettings, Observed, Told};
use crate::data::task_stream::LabelledBatch;
use crate::error::Result;
use crate::random::Key;
use crate::registry::Description;

/// Its settings.
///
/// # Example
/// ```
/// use tegmentum::learning::continual::joint::JointConfig;
///
/// assert_eq!(JointConfig::default().network.learning_rate, 0.1);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JointConfig {
    /// The network.
    pub network: NetworkConfig,
}

impl ContinualSettings for JointConfig {
    fn description(&self) -> Description {
        Description {
            name: "joint",
            summary: "one network that is given all tasks at once: no forgetting, nothing one after another",
            reference: "Caruana 1997",
        }
    }

    fn build(&self, num_inputs: usize, num_classes: usize, key: Key) -> Result<Box<dyn ContinualLearner>> {
        Ok(Box::new(Joint { network: self.network.build_free(num_inputs, num_classes, key)? }))
    }

    fn set_learning_rate(&mut self, rate: f64) -> bool {
        self.network.learning_rate = rate;
        true
    }
}

/// The learner.
#[derive(Debug)]
struct Joint {
    network: SharedNetwork,
}

crate::archived!(Joint { network });

impl ContinualLearner for Joint {
    fn told(&self) -> Told {
        Told::Everything
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
