//! Where the weights have gone: the directions of B, and the walk that is to be expected off them.

use std::sync::Arc;

use crate::config::Arm;
use tegmentum::archived;
use tegmentum::data::batch::Batch;
use tegmentum::data::task::Problem;
use tegmentum::error::Result;
use tegmentum::evidence::directions::Directions;
use tegmentum::evidence::random_walk::{Estimate, RandomWalk};
use tegmentum::learning::gradient::Backpropagation;
use tegmentum::learning::optimizers::evolution_strategy::UpdateRule;
use tegmentum::learning::optimizers::rate_rule::Reading;
use tegmentum::learning::optimizers::{Averaging, OptimizerConfig};
use tegmentum::model::network::Network;
use tegmentum::random::Key;

/// Batches whose gradients are taken at either end.
const BATCHES: u64 = 32;
/// Share of their squares that B's directions have.
const SHARE: f64 = 0.95;
/// Updates between two measurements of ‖g‖².
const EVERY: u64 = 8;

/// Gradients of the loss on batches of a problem at `parameters` `[P]`.
///
/// # Errors
/// If the network has no gradient on the problem.
pub(super) fn gradients(
    (network, problem): (&Arc<dyn Network>, &Arc<Problem>),
    parameters: &[f32],
    key: Key,
) -> Result<Vec<Vec<f32>>> {
    let mut backpropagation = Backpropagation::default();
    let one = |batch| {
        let mut gradient = vec![0.0; parameters.len()];
        backpropagation.gradient(&**network, problem, parameters, Batch(key.child(batch)), &mut gradient)?;
        Ok(gradient)
    };
    (0..BATCHES).map(one).collect()
}

/// A drift and its parts, in squared weights.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drift {
    pub(super) within: f64,
    pub(super) off: f64,
    /// k.
    pub(super) directions: usize,
    /// P − k.
    pub(super) dimensions: f64,
}

impl Drift {
    /// The drift from `start` `[P]`, where the gradients of B are `first`, to `end` `[P]`, where they are `last`.
    ///
    /// # Errors
    /// None that the gradients of one network can make.
    pub(super) fn of((start, first): (&[f32], &[Vec<f32>]), (end, last): (&[f32], &[Vec<f32>])) -> Result<Self> {
        let directions = Directions::of(&[first, last].concat(), SHARE)?;
        let moved: Vec<f32> = end.iter().zip(start).map(|(now, then)| now - then).collect();
        let [within, off] = directions.split(&moved);
        let dimensions = (moved.len() - directions.count()) as f64;
        Ok(Self { within, off, directions: directions.count(), dimensions })
    }
}

/// The walk that is to be expected of a run, while it is under way.
#[derive(Debug)]
pub(super) struct Walk {
    estimate: Estimate,
    strength: f64,
    /// In one dimension: how many there are is known at the end.
    one: RandomWalk,
    gradient_square: f64,
    backpropagation: Backpropagation,
}

archived!(Walk { one, gradient_square } fixed { estimate, strength, backpropagation });

impl Walk {
    /// The walk of an arm that moves by an estimate of which the formula speaks: plain slopes or ranks, without moments, averages or
    /// modulators.
    pub(super) fn of(arm: &Arm) -> Option<Self> {
        if arm.neuromodulation.is_some() {
            return None;
        }
        let (estimate, strength) = match arm.optimizer.as_ref()? {
            OptimizerConfig::WeightPerturbation(config)
                if config.reading == Reading::Plain && config.averaging == Averaging::None =>
            {
                (Estimate::Slopes { directions: config.directions }, config.anchor_strength)
            }
            OptimizerConfig::EvolutionStrategy(config) if config.update_rule == UpdateRule::Sgd => {
                (Estimate::Ranks { pairs: config.pairs }, config.anchor_strength)
            }
            _ => return None,
        };
        let one = RandomWalk::new(1.0);
        Some(Self { estimate, strength, one, gradient_square: f64::NAN, backpropagation: Backpropagation::default() })
    }

    /// An update was made at `rate`.
    pub(super) fn step(&mut self, rate: f64) {
        self.one.step(rate, self.strength, self.estimate.mean_square(self.gradient_square));
    }

    /// Measures ‖g‖² at `parameters` `[P]` on the batch of the update to come, if it is time to and it counts.
    ///
    /// # Errors
    /// If the network has no gradient on the problem.
    pub(super) fn look(
        &mut self,
        (network, problem): (&Arc<dyn Network>, &Arc<Problem>),
        update: u64,
        parameters: impl FnOnce() -> Vec<f32>,
        batches: Key,
    ) -> Result<()> {
        if !update.is_multiple_of(EVERY) || matches!(self.estimate, Estimate::Ranks { .. }) {
            return Ok(());
        }
        let parameters = parameters();
        let mut gradient = vec![0.0; parameters.len()];
        let batch = Batch(batches.child(update).child(0));
        self.backpropagation.gradient(&**network, problem, &parameters, batch, &mut gradient)?;
        self.gradient_square = gradient.iter().map(|&g| f64::from(g).powi(2)).sum();
        Ok(())
    }

    /// The expected square in so many dimensions.
    pub(super) fn square(&self, dimensions: f64) -> f64 {
        dimensions * self.one.square()
    }
}

/// Candidates of an update of a black-box learner, for a figure; none for other learners.
pub(super) fn population(arm: &Arm) -> Option<usize> {
    match arm.optimizer.as_ref()? {
        OptimizerConfig::WeightPerturbation(config) if config.two_sided => Some(2 * config.directions),
        OptimizerConfig::WeightPerturbation(config) => Some(config.directions),
        OptimizerConfig::EvolutionStrategy(config) => Some(2 * config.pairs),
        _ => None,
    }
}
