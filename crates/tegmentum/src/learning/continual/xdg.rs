//! Context-dependent gating (XdG), told which task is on, at learning and at test.
//!
//! ```text
//!     each task has a fixed random mask that silences a share of the hidden units; all else is one network
//! ```
//! Without the stabilisation of synapses that the paper adds. Cost: that of the network.
//!
//! Reference: N. Masse, G. Grant, D. Freedman, PNAS 115, E10467–E10475, 2018, doi:10.1073/pnas.1803839115 (share .8).

use serde::{Deserialize, Serialize};

use super::shared_network::{NetworkConfig, SharedNetwork};
use super::{ContinualLearner, ContinualSettings, Observed, Told};
use crate::data::task_stream::LabelledBatch;
use crate::error::{Error, Result};
use crate::random::Key;
use crate::registry::Description;

/// Its settings.
///
/// # Example
/// ```
/// use tegmentum::learning::continual::xdg::XdgConfig;
///
/// assert_eq!(XdgConfig::default().silenced, 0.8);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct XdgConfig {
    /// The network.
    pub network: NetworkConfig,
    /// Share of the hidden units that a task silences.
    pub silenced: f64,
}

impl Default for XdgConfig {
    fn default() -> Self {
        Self { network: NetworkConfig::default(), silenced: 0.8 }
    }
}

impl ContinualSettings for XdgConfig {
    fn description(&self) -> Description {
        Description {
            name: "xdg",
            summary: "a random mask for each task, which it is told at learning and at test",
            reference: "Masse, Grant & Freedman 2018, doi:10.1073/pnas.1803839115",
        }
    }

    fn build(&self, num_inputs: usize, num_classes: usize, key: Key) -> Result<Box<dyn ContinualLearner>> {
        if !(0.0..1.0).contains(&self.silenced) {
            let requirement = "at least 0 and below 1";
            return Err(Error::InvalidParameter { name: "silenced", value: self.silenced, requirement });
        }
        let network = self.network.build(num_inputs, num_classes, key)?;
        Ok(Box::new(Xdg { silenced: self.silenced, network, task: 0 }))
    }

    fn set_learning_rate(&mut self, rate: f64) -> bool {
        self.network.learning_rate = rate;
        true
    }
}

/// The learner.
#[derive(Debug)]
struct Xdg {
    silenced: f64,
    network: SharedNetwork,
    task: usize,
}

crate::archived!(Xdg { network, task } fixed { silenced });

impl Xdg {
    /// The mask of a task; it follows from the key.
    fn mask(&self, task: usize) -> Vec<f32> {
        let mut stream = self.network.key.child(4).child(task as u64).stream();
        (0..self.network.net.hidden).map(|_| f32::from(u8::from(stream.uniform() >= self.silenced))).collect()
    }
}

impl ContinualLearner for Xdg {
    fn told(&self) -> Told {
        Told::Tasks
    }

    fn enter(&mut self, task: usize) -> Result<u64> {
        self.task = task;
        Ok(0)
    }

    fn observe(&mut self, batch: &LabelledBatch) -> Result<Observed> {
        let mask = self.mask(self.task);
        let loss = self.network.update(batch, Some(&mask), None)?;
        Ok(Observed { evaluations: self.network.evaluations(), loss, switched: false })
    }

    fn predict(&self, inputs: &[f32], task: usize) -> Vec<usize> {
        self.network.predict(inputs, Some(&self.mask(task)))
    }

    fn state_bytes(&self) -> usize {
        self.network.state_bytes()
    }

    crate::archives!();
}
