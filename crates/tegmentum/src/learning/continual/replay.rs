//! Replay from a reservoir: each example of the past is kept with the same probability.
//!
//! ```text
//!     the n-th example takes the place of a random one of the M kept with probability M/n
//!     an update learns from the batch and from as many examples of the reservoir, drawn with replacement
//! ```
//! Cost: twice that of the network, so that it sees half of the batches that others see. Memory: M examples.
//!
//! References: J. Vitter, ACM Trans. Math. Software 11, 37–57, 1985 (algorithm R); A. Chaudhry et al., arXiv:1902.10486, 2019 (experience
//! replay).

use serde::{Deserialize, Serialize};

use super::shared_network::{NetworkConfig, SharedNetwork};
use super::{ContinualLearner, ContinualSettings, Observed, within};
use crate::data::task_stream::LabelledBatch;
use crate::error::Result;
use crate::random::Key;
use crate::registry::Description;

/// Its settings.
///
/// # Example
/// ```
/// use tegmentum::learning::continual::replay::ReplayConfig;
///
/// assert_eq!(ReplayConfig::default().examples, 200);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReplayConfig {
    /// The network.
    pub network: NetworkConfig,
    /// Examples that are kept.
    pub examples: usize,
}

impl Default for ReplayConfig {
    fn default() -> Self {
        Self { network: NetworkConfig::default(), examples: 200 }
    }
}

impl ContinualSettings for ReplayConfig {
    fn description(&self) -> Description {
        Description {
            name: "replay",
            summary: "learns from the batch and from examples of a reservoir",
            reference: "Vitter 1985; Chaudhry et al. 2019, arXiv:1902.10486",
        }
    }

    fn build(&self, num_inputs: usize, num_classes: usize, key: Key) -> Result<Box<dyn ContinualLearner>> {
        within("examples", self.examples, 1_000_000, "between 1 and 1000000")?;
        Ok(Box::new(Replay {
            examples: self.examples,
            network: self.network.build_free(num_inputs, num_classes, key)?,
            inputs: Vec::new(),
            classes: Vec::new(),
            seen: 0,
        }))
    }

    fn set_learning_rate(&mut self, rate: f64) -> bool {
        self.network.learning_rate = rate;
        true
    }
}

/// The learner.
#[derive(Debug)]
struct Replay {
    examples: usize,
    network: SharedNetwork,
    inputs: Vec<f32>,
    classes: Vec<usize>,
    seen: u64,
}

crate::archived!(Replay { network, inputs, classes, seen } fixed { examples });

impl ContinualLearner for Replay {
    fn observe(&mut self, batch: &LabelledBatch) -> Result<Observed> {
        let width = self.network.net.inputs;
        let mut stream = self.network.key.child(5).child(self.network.updates).stream();
        let mut both = batch.clone();
        if !self.classes.is_empty() {
            for _ in 0..batch.len() {
                let index = stream.below(self.classes.len());
                both.inputs.extend_from_slice(&self.inputs[index * width..(index + 1) * width]);
                both.classes.push(self.classes[index]);
            }
        }
        let loss = self.network.update(&both, None, None)?;
        for (row, &class) in batch.inputs.chunks_exact(width).zip(&batch.classes) {
            self.seen += 1;
            if self.classes.len() < self.examples {
                self.inputs.extend_from_slice(row);
                self.classes.push(class);
                continue;
            }
            let place = stream.below(self.seen as usize);
            if place < self.examples {
                self.inputs[place * width..(place + 1) * width].copy_from_slice(row);
                self.classes[place] = class;
            }
        }
        Ok(Observed { evaluations: 2 * self.network.evaluations(), loss, switched: false })
    }

    fn predict(&self, inputs: &[f32], _: usize) -> Vec<usize> {
        self.network.predict(inputs, None)
    }

    fn state_bytes(&self) -> usize {
        let kept = size_of::<f32>() * self.inputs.len() + size_of::<usize>() * self.classes.len();
        self.network.state_bytes() + kept
    }

    crate::archives!();
}
