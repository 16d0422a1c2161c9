//! Fused training loops for tiny perceptrons: one hidden layer, and a batch that is always the same.
//!
//! A forward pass of such a network costs less than the dynamic call that dispatches it, so that a step-by-step loop
//! spends its time between the passes. Here the whole loop is compiled, in four forms with the same bits as the
//! general one:
//!
//! | form | lanes | for |
//! |---|---|---|
//! | [`learner`] | probes × examples × two hidden units | one run, one direction an update, up to four examples |
//! | [`learner`] | probes × examples | one run, a few directions an update |
//! | [`learner`] | 16 directions | one run, a population |
//! | [`lockstep`] | 16 runs | seeds of one configuration |
//!
//! # What has a fused form
//! One hidden layer, no softmax, at most [`MAX_PARAMETERS`] parameters; two or more examples without a batch size. For the
//! learners: plain [weight perturbation](crate::learning::optimizers::weight_perturbation) (reading `plain`, no averaging).

use std::sync::Arc;

use crate::data::task::Loss;
use crate::data::task::Problem;
use crate::kernel::Numerics;
use crate::kernel::activation::Activation;
use crate::kernel::perceptron::{LaneExamples, Shape};
use crate::learning::optimizers::Averaging;
use crate::learning::optimizers::rate_rule::Reading;
use crate::learning::optimizers::weight_perturbation::WeightPerturbationConfig;
use crate::model::network::Network;
use crate::model::objective::Objective;
use crate::model::objectives::NetworkLoss;

#[cfg(test)]
mod going_on;
pub mod learner;
pub mod lockstep;
#[cfg(test)]
mod oracle;
pub mod seeds;

pub use crate::kernel::sequential::MAX_DIRECTIONS;

/// Parameters from which on the general form is used.
pub const MAX_PARAMETERS: usize = 1024;

/// A perceptron with one hidden layer and its training examples, if there is a fused form for both.
///
/// # Example
/// ```
/// use std::sync::Arc;
/// use tegmentum::model::networks::NetworkConfig;
/// use tegmentum::random::Key;
/// use tegmentum::learning::fused::PerceptronProblem;
/// use tegmentum::data::tasks::TaskConfig;
///
/// let problem = Arc::new(toml::from_str::<TaskConfig>("[xor]")?.build()?.problem(Key::from_seed(0))?);
/// let network = |text: &str| Arc::from(toml::from_str::<NetworkConfig>(text).unwrap().build(2, 1).unwrap());
/// assert!(PerceptronProblem::new(&network("[mlp]\nhidden = [4]"), &problem).is_some());
/// assert!(PerceptronProblem::new(&network("[mlp]\nhidden = [4, 4]"), &problem).is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct PerceptronProblem {
    pub(crate) shape: Shape,
    pub(crate) numerics: Numerics,
    inputs: Vec<f32>,
    targets: Vec<f32>,
    pub(crate) count: usize,
    pub(crate) per_term: f64,
    /// Bytes of the parameters, and of an evaluation in flight in the general form.
    pub(crate) state_bytes: usize,
}

impl PerceptronProblem {
    /// `network` on the training part of `problem`, or `None` if there is no fused form for them.
    pub fn new(network: &Arc<dyn Network>, problem: &Arc<Problem>) -> Option<Self> {
        let Problem::Examples(examples) = &**problem else { return None };
        let shape = shape_of(&**network, examples.loss)?;
        let count = examples.train.inputs.len() / examples.num_inputs;
        if examples.batch.is_some() || count < 2 || network.numerics() == Numerics::Int8 {
            return None;
        }
        let outputs = if examples.loss == Loss::CrossEntropy { 1 } else { shape.outputs };
        let general = NetworkLoss::new(Arc::clone(network), Arc::clone(problem));
        let in_flight = general.bytes_in_flight().unwrap_or(0);
        Some(Self {
            state_bytes: shape.num_parameters() * size_of::<f32>() + in_flight,
            shape,
            numerics: network.numerics(),
            inputs: examples.train.inputs.clone(),
            targets: examples.train.targets.clone(),
            count,
            per_term: 1.0 / (count * outputs) as f64,
        })
    }

    /// Number of parameters P.
    pub fn num_parameters(&self) -> usize {
        self.shape.num_parameters()
    }

    /// The examples in lanes.
    pub(crate) fn workspace(&self) -> LaneExamples {
        LaneExamples::new(&self.shape, &self.inputs, &self.targets)
    }
}

/// The shape of a perceptron with one hidden layer, if `network` is one.
pub(crate) fn shape_of(network: &dyn Network, loss: Loss) -> Option<Shape> {
    let [first, second] = network.connections() else { return None };
    let shape = Shape {
        inputs: first.presynaptic.len(),
        hidden: first.units.len(),
        outputs: second.units.len(),
        activation: network.hidden_activation()?,
        output_activation: network.output_activation(),
        loss,
    };
    let softmax = shape.activation == Activation::Softmax || shape.output_activation == Activation::Softmax;
    let classes = loss == Loss::CrossEntropy && shape.outputs > 1;
    let small = shape.num_parameters() <= MAX_PARAMETERS && network.carry().is_none();
    (small && !softmax && !classes).then_some(shape)
}

/// Whether a configuration of weight perturbation is plain.
pub fn is_plain(config: &WeightPerturbationConfig) -> bool {
    config.reading == Reading::Plain
        && config.averaging == Averaging::None
        && config.anchor_strength == 0.0
        && config.family.noise().is_some()
}
