//! One network without contexts: what the baselines train, each in its own way.
//!
//! ```text
//!     backpropagation      w ← w − η g                            exact gradient
//!     node perturbation    w ← w − η g/(√(v/(1 − .99^t)) + 10⁻⁸)  v ← .99 v + .01 g²
//!     towards an anchor    w ← (w − η s + η λ ω w*)/(1 + η λ ω)   s the step over η; the implicit step of ½ λ ω (w − w*)²
//! ```
//! Three forward-equivalents a batch in both forms.

use serde::{Deserialize, Serialize};

use super::perceptron::{EVALUATIONS, NOISE, Perceptron, Space, argmax};
use super::{MAX_HIDDEN, within};
use crate::data::task_stream::LabelledBatch;
use crate::error::{Error, Result, positive};
use crate::random::{Key, Stream};

/// Memory of the size of an estimate at a synapse.
const SQUARE_MEMORY: f64 = 0.99;

/// Most directions of an update.
const MAX_DIRECTIONS: usize = 10_000;

/// Where a network's gradient comes from.
///
/// # Example
/// ```
/// use tegmentum::learning::continual::NetworkConfig;
///
/// let network: NetworkConfig = toml::from_str("estimate = { weight_perturbation = { directions = 8 } }")?;
/// assert_eq!(network.estimate.evaluations(), 9);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Estimate {
    /// Exact, by the way back through the network.
    #[default]
    Backpropagation,
    /// From noise on hidden units and losses, divided by its running size.
    NodePerturbation,
    /// From noise on all weights and one number, the loss; one-sided; divided by its running size.
    WeightPerturbation {
        /// Directions of an update.
        directions: usize,
    },
}

impl Estimate {
    /// Forward-equivalents of an estimate.
    pub fn evaluations(self) -> u64 {
        match self {
            Self::Backpropagation | Self::NodePerturbation => EVALUATIONS,
            Self::WeightPerturbation { directions } => directions as u64 + 1,
        }
    }

    pub(super) fn check(self) -> Result<()> {
        match self {
            Self::WeightPerturbation { directions } => {
                within("estimate.directions", directions, MAX_DIRECTIONS, "between 1 and 10000")
            }
            _ => Ok(()),
        }
    }

    /// The passes for a batch of a network with its parameters and units that are on; `scale` is a factor on the noise. Afterwards the space
    /// has the losses, and what [`finish`](Self::finish) makes the gradient of.
    pub(super) fn passes(
        self,
        (net, parameters, mask, scale): (Perceptron, &[f32], Option<&[f32]>, f64),
        batch: &LabelledBatch,
        stream: &mut Stream,
        space: &mut Space,
    ) {
        let noise = (NOISE * scale as f32).max(1e-6);
        match self {
            Self::Backpropagation => net.backpropagate(net.parts(parameters), batch, mask, space),
            Self::NodePerturbation => net.perturb(net.parts(parameters), batch, (mask, noise), stream, space),
            Self::WeightPerturbation { directions } => {
                net.perturb_weights(parameters, batch, (mask, noise, directions), stream, space);
            }
        }
    }

    /// The gradient from the passes.
    pub(super) fn finish(self, net: Perceptron, batch: &LabelledBatch, space: &mut Space) {
        if self == Self::NodePerturbation {
            net.estimate(batch, space);
        }
    }

    /// Whether its entries are divided by their running size.
    fn is_divided(self) -> bool {
        self != Self::Backpropagation
    }
}

/// The network of a baseline and how it descends.
///
/// # Example
/// ```
/// use tegmentum::learning::continual::NetworkConfig;
///
/// assert_eq!(NetworkConfig::default().hidden, 256);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkConfig {
    /// Hidden units.
    pub hidden: usize,
    /// Where its gradient comes from.
    pub estimate: Estimate,
    /// The learning rate η.
    pub learning_rate: f64,
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self { hidden: 256, estimate: Estimate::Backpropagation, learning_rate: 0.1 }
    }
}

impl NetworkConfig {
    pub(super) fn build(self, num_inputs: usize, num_classes: usize, key: Key) -> Result<SharedNetwork> {
        within("network.hidden", self.hidden, MAX_HIDDEN, "between 1 and 10000")?;
        positive("network.learning_rate", self.learning_rate)?;
        self.estimate.check()?;
        let net = Perceptron { inputs: num_inputs, hidden: self.hidden, classes: num_classes };
        let parameters = net.initialise(key.child(0));
        let squares = if self.estimate.is_divided() { parameters.len() } else { 0 };
        Ok(SharedNetwork {
            net,
            squares: vec![0.0; squares],
            parameters,
            updates: 0,
            key,
            space: Space::default(),
            config: self,
        })
    }
}

/// What pulls weights back: an anchor and how strongly each is held, λ ω.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pull<'a> {
    pub(super) strength: f32,
    pub(super) importance: &'a [f32],
    pub(super) anchor: &'a [f32],
}

/// The network.
#[derive(Debug)]
pub(super) struct SharedNetwork {
    config: NetworkConfig,
    pub(super) net: Perceptron,
    pub(super) parameters: Vec<f32>,
    squares: Vec<f32>,
    pub(super) updates: u64,
    pub(super) key: Key,
    space: Space,
}

crate::archived!(
    SharedNetwork { updates } sized { parameters, squares } fixed { config, net, key, space }
);

impl SharedNetwork {
    /// One update on a batch with the units of a mask; the mean loss before it.
    ///
    /// # Errors
    /// [`Error::NonFinite`] if the loss became NaN or infinite.
    pub(super) fn update(
        &mut self,
        batch: &LabelledBatch,
        mask: Option<&[f32]>,
        pull: Option<Pull<'_>>,
    ) -> Result<f64> {
        let mut stream = self.key.child(2).child(self.updates).stream();
        let probing = (self.net, &self.parameters[..], mask, 1.0);
        self.config.estimate.passes(probing, batch, &mut stream, &mut self.space);
        self.config.estimate.finish(self.net, batch, &mut self.space);
        let loss = self.space.losses.iter().map(|&loss| f64::from(loss)).sum::<f64>() / batch.len() as f64;
        if !loss.is_finite() {
            return Err(Error::NonFinite { what: "the loss", step: self.updates });
        }
        self.updates += 1;
        let rate = self.config.learning_rate as f32;
        let correction = (1.0 / (1.0 - SQUARE_MEMORY.powi(self.updates.min(1_000_000) as i32))) as f32;
        let memory = SQUARE_MEMORY as f32;
        for (index, parameter) in self.parameters.iter_mut().enumerate() {
            let mut slope = self.space.gradient[index];
            if let Some(square) = self.squares.get_mut(index).filter(|_| slope != 0.0) {
                *square = memory * *square + (1.0 - memory) * slope * slope;
                slope /= (*square * correction).sqrt() + 1e-8;
            }
            *parameter -= rate * slope;
            if let Some(Pull { strength, importance, anchor }) = pull {
                let hold = rate * strength * importance[index];
                *parameter = (*parameter + hold * anchor[index]) / (1.0 + hold);
            }
        }
        Ok(loss)
    }

    /// Adds `weight` times the squared gradient of ln p(class) of an example to `sum`.
    pub(super) fn add_squared_slopes(&mut self, row: &[f32], class: usize, weight: f32, sum: &mut [f32]) {
        let one = LabelledBatch { inputs: row.to_vec(), classes: vec![class] };
        self.net.backpropagate(self.net.parts(&self.parameters), &one, None, &mut self.space);
        let slopes = sum.iter_mut().zip(&self.space.gradient);
        slopes.for_each(|(sum, slope)| *sum += weight * slope * slope);
    }

    /// Forward-equivalents of an update.
    pub(super) fn evaluations(&self) -> u64 {
        self.config.estimate.evaluations()
    }

    /// The gradient of the last update.
    pub(super) fn gradient(&self) -> &[f32] {
        &self.space.gradient
    }

    pub(super) fn predict(&self, inputs: &[f32], mask: Option<&[f32]>) -> Vec<usize> {
        let logits = self.net.logits(self.net.parts(&self.parameters), inputs, mask);
        logits.chunks_exact(self.net.classes).map(argmax).collect()
    }

    pub(super) fn state_bytes(&self) -> usize {
        size_of::<f32>() * (self.parameters.len() + self.squares.len())
    }
}
