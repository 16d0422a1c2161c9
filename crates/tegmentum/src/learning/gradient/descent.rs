//! Descent along the exact gradient: what the baselines have in common.
//!
//! ```text
//!     g   = ∇L(θ; batch)                       exact, by backpropagation
//!     g   ← g · min(1, clip/‖g‖)               if `clip` is given
//!     η_k = η                                  constant schedule
//!     η_k = η · (1 − spent/budget)             linear schedule; 0 once the budget is spent
//!     θ   ← rule(θ, g, η_k)
//! ```
//! θ parameters [P] · g gradient [P] · spent, budget in forward-equivalents, `spent` before the update.
//!
//! Cost: [`FORWARD_EQUIVALENTS`] a step. State: P parameters, the rule's vectors and the tape of backpropagation.
//!
//! Reference for clipping: R. Pascanu, T. Mikolov, Y. Bengio, *On the difficulty of training recurrent neural
//! networks*, ICML 2013, arXiv:1211.5063.

use super::Backpropagation;
use super::rule::{GradientRule, GradientSettings};
use crate::data::batch::Batch;
use crate::data::task::Problem;
use crate::error::{Error, Result, at_least_zero, positive};
use crate::learning::optimizer::StepReport;
use crate::learning::schedule::Schedule;
use crate::model::network::Network;

/// What a step costs, in forward passes of a batch: one forward, and two of its size backward (errors, outer products).
pub const FORWARD_EQUIVALENTS: u64 = 3;

/// A learner that follows the exact gradient.
///
/// # Example
/// A linear unit learns to double its input.
/// ```
/// use tegmentum::data::batch::Batch;
/// use tegmentum::learning::gradient::rules::GradientConfig;
/// use tegmentum::model::networks::NetworkConfig;
/// use tegmentum::random::Key;
/// use tegmentum::data::task::{ExampleSet, Examples, Loss, Problem};
///
/// let set = ExampleSet { inputs: vec![1.0, 2.0, 3.0], targets: vec![2.0, 4.0, 6.0] };
/// let (train, test) = (set.clone(), set);
/// let loss = Loss::MeanSquaredError;
/// let problem = Problem::Examples(Examples { num_inputs: 1, num_outputs: 1, train, test, batch: None, loss });
/// let network = toml::from_str::<NetworkConfig>("[mlp]\nhidden = []")?.build(1, 1)?;
/// let config: GradientConfig = toml::from_str("[sgd]\nlearning_rate = 0.1")?;
/// let mut learner = config.build(network.initialise(Key::from_seed(0)), 3_000)?;
/// for step in 0..1_000 {
///     learner.update(&*network, &problem, Batch(Key::from_seed(1).child(step)))?;
/// }
/// assert!((learner.parameters()[0] - 2.0).abs() < 1e-3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct GradientDescent {
    rule: Box<dyn GradientRule>,
    learning_rate: f64,
    clip: Option<f64>,
    schedule: Schedule,
    budget: u64,
    steps: u64,
    parameters: Vec<f32>,
    gradient: Vec<f32>,
    backpropagation: Backpropagation,
}

crate::archived!(
    GradientDescent { rule, steps }
    sized { parameters }
    fixed { learning_rate, clip, schedule, budget, gradient, backpropagation }
);

impl dyn GradientSettings {
    /// The learner that starts at `parameters` `[P]` and has `budget` forward-equivalents to spend.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a number outside its range.
    pub fn build(&self, parameters: Vec<f32>, budget: u64) -> Result<GradientDescent> {
        let learning_rate = at_least_zero("learning_rate", self.learning_rate())?;
        self.clip().map_or(Ok(0.0), |clip| positive("clip", clip))?;
        Ok(GradientDescent {
            rule: self.rule(parameters.len())?,
            learning_rate,
            clip: self.clip(),
            schedule: self.schedule(),
            budget,
            steps: 0,
            gradient: vec![0.0; parameters.len()],
            parameters,
            backpropagation: Backpropagation::default(),
        })
    }
}

impl GradientDescent {
    /// One step on a training batch, for [`FORWARD_EQUIVALENTS`]. The report's loss is that before the step; a loss or
    /// a gradient that is not finite moves nothing and is counted.
    ///
    /// # Errors
    /// Those of [`Backpropagation::gradient`]; [`Error::NonFinite`] if a parameter became NaN or infinite.
    pub fn update(&mut self, network: &(dyn Network + 'static), problem: &Problem, batch: Batch) -> Result<StepReport> {
        let loss = self.backpropagation.gradient(network, problem, &self.parameters, batch, &mut self.gradient)?;
        let spent = self.steps * FORWARD_EQUIVALENTS;
        let learning_rate = self.learning_rate * self.schedule.factor(spent, self.budget);
        let step = self.steps;
        self.steps += 1;
        let norm = self.gradient.iter().map(|&g| f64::from(g) * f64::from(g)).sum::<f64>().sqrt();
        if !(loss.is_finite() && norm.is_finite()) {
            return Ok(StepReport { loss, non_finite: 1, ..StepReport::default() });
        }
        self.shorten(norm);
        self.rule.apply(learning_rate as f32, &self.gradient, &mut self.parameters);
        if self.parameters.iter().all(|parameter| parameter.is_finite()) {
            Ok(StepReport { loss, learning_rate, ..StepReport::default() })
        } else {
            Err(Error::NonFinite { what: "a parameter", step })
        }
    }

    /// The parameters `[P]`.
    pub fn parameters(&self) -> &[f32] {
        &self.parameters
    }

    /// Bytes of training state: parameters, the rule's vectors, and the tape of the last update (none before the
    /// first; see [`tape_bytes`](super::tape_bytes)).
    pub fn state_bytes(&self) -> usize {
        size_of_val(&self.parameters[..]) + self.rule.state_bytes() + self.backpropagation.tape_bytes()
    }

    /// Shortens the gradient, of length `norm`, to the limit.
    fn shorten(&mut self, norm: f64) {
        if let Some(clip) = self.clip.filter(|&clip| norm > clip) {
            let factor = (clip / norm) as f32;
            self.gradient.iter_mut().for_each(|slope| *slope *= factor);
        }
    }
}
