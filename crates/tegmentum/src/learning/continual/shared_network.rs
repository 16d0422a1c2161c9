//! One network without contexts: what the baselines train, each in its own way.
//!
//! ```text
//!     backpropagation      w ← w − η g                            exact gradient
//!     node perturbation    w ← w − η g/(√(v/(1 − .99^t)) + 10⁻⁸)  v ← .99 v + .01 g²
//!     towards an anchor    w ← (w − η s + η λ ω w*)/(1 + η λ ω)   s the step over η; the implicit step of ½ λ ω (w − w*)²
//! ```
//! Three forward-equivalents a batch in both forms. With the estimate `dopamine` w is moved by that optimizer alone (`black_box`); learners that
//! move or hold weights themselves refuse it.

use serde::{Deserialize, Serialize};

use super::black_box::{BlackBox, Part};
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
    /// No gradient: the optimizer [`dopamine`](crate::learning::optimizers::dopamine) moves the weights, from losses of candidates alone. It divides
    /// by the size of its errors, averages and sets its rate itself; `learning_rate` is the one to begin with, as a share of the weights' root
    /// mean square.
    Dopamine {
        /// Directions of an update.
        directions: usize,
    },
}

impl Estimate {
    /// Forward-equivalents of an estimate. [`Dopamine`](Self::Dopamine) takes two more at the end of a window and up to six at a surprise, which
    /// learners charge.
    pub fn evaluations(self) -> u64 {
        match self {
            Self::Backpropagation | Self::NodePerturbation => EVALUATIONS,
            Self::WeightPerturbation { directions } | Self::Dopamine { directions } => directions as u64 + 1,
        }
    }

    pub(super) fn check(self) -> Result<()> {
        match self {
            Self::WeightPerturbation { directions } | Self::Dopamine { directions } => {
                within("estimate.directions", directions, MAX_DIRECTIONS, "between 1 and 10000")
            }
            Self::Backpropagation | Self::NodePerturbation => Ok(()),
        }
    }

    /// Whether an optimizer moves the weights in place of a gradient.
    pub(super) fn is_optimizer(self) -> bool {
        matches!(self, Self::Dopamine { .. })
    }

    /// The optimizer of a part of a network with these parameters, for the estimate that is one; `rate` is the one to begin with.
    pub(super) fn optimizer(self, part: Part<'_>, parameters: &[f32], rate: f64, key: Key) -> Result<Option<BlackBox>> {
        match self {
            Self::Dopamine { directions } => BlackBox::new(part, parameters, (directions, rate), key).map(Some),
            Self::Backpropagation | Self::NodePerturbation | Self::WeightPerturbation { .. } => Ok(None),
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
            // Its passes are those of the optimizer.
            Self::Dopamine { .. } => {}
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
        matches!(self, Self::NodePerturbation | Self::WeightPerturbation { .. })
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
    /// The learning rate η; with the estimate `dopamine` the one to begin with.
    pub learning_rate: f64,
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self { hidden: 256, estimate: Estimate::Backpropagation, learning_rate: 0.1 }
    }
}

impl NetworkConfig {
    /// The network of a learner that moves or holds its weights itself.
    pub(super) fn build(self, num_inputs: usize, num_classes: usize, key: Key) -> Result<SharedNetwork> {
        if self.estimate.is_optimizer() {
            return Err(Error::Incompatible {
                what: "network.estimate = dopamine".to_owned(),
                with: "a learner that moves, holds or masks weights itself".to_owned(),
                reason: "its weights are moved by the optimizer alone; use it with contexts, naive, joint or replay"
                    .to_owned(),
            });
        }
        self.build_free(num_inputs, num_classes, key)
    }

    /// The network of a learner that leaves its weights to it.
    pub(super) fn build_free(self, num_inputs: usize, num_classes: usize, key: Key) -> Result<SharedNetwork> {
        within("network.hidden", self.hidden, MAX_HIDDEN, "between 1 and 10000")?;
        positive("network.learning_rate", self.learning_rate)?;
        self.estimate.check()?;
        let net = Perceptron { inputs: num_inputs, hidden: self.hidden, classes: num_classes };
        let parameters = net.initialise(key.child(0));
        let squares = if self.estimate.is_divided() { parameters.len() } else { 0 };
        let part = Part { net, mask: None, held: None };
        Ok(SharedNetwork {
            net,
            optimizer: self.estimate.optimizer(part, &parameters, self.learning_rate, key.child(8))?,
            evaluations: 0,
            squares: vec![0.0; squares],
            parameters,
            updates: 0,
            key,
            space: Space::default(),
            config: self,
        })
    }
}

/// An error unless the loss before an update is a number.
pub(super) fn finite(loss: f64, step: u64) -> Result<()> {
    if loss.is_finite() { Ok(()) } else { Err(Error::NonFinite { what: "the loss", step }) }
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
    optimizer: Option<BlackBox>,
    /// Forward-equivalents of the last update.
    evaluations: u64,
    pub(super) updates: u64,
    pub(super) key: Key,
    space: Space,
}

crate::archived!(
    SharedNetwork { updates } sized { parameters, squares } optional { optimizer } fixed { evaluations, config, net, key, space }
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
        if let Some(optimizer) = &mut self.optimizer {
            let part = Part { net: self.net, mask: None, held: None };
            let (loss, looked) = optimizer.look(part, &self.parameters, batch, 1.0)?;
            finite(loss, self.updates)?;
            self.evaluations = looked + optimizer.learn(part, &mut self.parameters, batch, 1.0)?;
            self.updates += 1;
            return Ok(loss);
        }
        self.evaluations = self.config.estimate.evaluations();
        let mut stream = self.key.child(2).child(self.updates).stream();
        let probing = (self.net, &self.parameters[..], mask, 1.0);
        self.config.estimate.passes(probing, batch, &mut stream, &mut self.space);
        self.config.estimate.finish(self.net, batch, &mut self.space);
        let loss = self.space.losses.iter().map(|&loss| f64::from(loss)).sum::<f64>() / batch.len() as f64;
        finite(loss, self.updates)?;
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

    /// Forward-equivalents of the last update.
    pub(super) fn evaluations(&self) -> u64 {
        self.evaluations
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
        let own = self.optimizer.as_ref().map_or(0, BlackBox::state_bytes);
        size_of::<f32>() * (self.parameters.len() + self.squares.len()) + own
    }
}
