//! Where the weights have gone: the directions of B, and the drift that is to be expected off them.
//!
//! ```text
//!     E‖P_⊥(w − w_A)‖² = D_T + ‖P_⊥ u_T‖²                    walk + descent
//!     D_{t+1} = (D_t + η_t² (P − k) q_t)/(1 + η_t λ)²         evidence::random_walk
//!     u_{t+1} = (u_t − η_t m_t g_t)/(1 + η_t λ)               what the estimate is on the average, E ĝ = m g
//!     m = 1                                                    slopes
//!     m = (√(2/π) + 2(n − 1)/√π)/(2(2n − 1) ‖g‖)               centred ranks of n pairs
//! ```
//! g_t gradient of the batch of update t at the weights of the run, `[P]`; P_⊥ off B's k directions, which have 95 % of the squares of its
//! gradients: descent goes along the other 5 % too, as gradient descent does. Walk and descent are uncorrelated to first order in η.
//!
//! *m of ranks.* For a linear loss u⁺ − u⁻ of the pair whose |g·v| is the j-th smallest of n is ±(2j − 1)/(2n − 1). With z = g·v/‖g‖ standard normal,
//! E Σ_j (2j − 1)|z|_(j) = n (E|z| + (n − 1) E max(|z|, |z'|)) = n (√(2/π) + (n − 1) 2/√π), divided by 2n(2n − 1).
//!
//! Measured is ‖g‖² every few updates; between them the last one counts.

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
/// Directions that are tried between two measurements of the gradient, which costs three evaluations; an update at least.
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
    /// What is to be expected off them, if there is a formula for it.
    pub(super) expected: Option<Expected>,
}

/// What is to be expected of a drift off B's directions, in squared weights.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected {
    /// D, at random.
    pub(super) walk: f64,
    /// ‖P_⊥ u‖².
    pub(super) descent: f64,
}

impl Drift {
    /// The drift from `start` `[P]`, where the gradients of B are `first`, to `end` `[P]`, where they are `last`.
    ///
    /// # Errors
    /// None that the gradients of one network can make.
    pub(super) fn of(
        (start, first): (&[f32], &[Vec<f32>]),
        (end, last): (&[f32], &[Vec<f32>]),
        walk: Option<&Walk>,
    ) -> Result<Self> {
        let directions = Directions::of(&[first, last].concat(), SHARE)?;
        let moved: Vec<f32> = end.iter().zip(start).map(|(now, then)| now - then).collect();
        let [within, off] = directions.split(&moved);
        let dimensions = (moved.len() - directions.count()) as f64;
        let expected = walk
            .map(|walk| Expected { walk: dimensions * walk.one.square(), descent: directions.split(&walk.descent)[1] });
        Ok(Self { within, off, directions: directions.count(), expected })
    }
}

/// The walk and the descent that are to be expected of a run, while it is under way.
#[derive(Debug)]
pub(super) struct Walk {
    estimate: Estimate,
    strength: f64,
    /// In one dimension: how many there are is known at the end.
    one: RandomWalk,
    /// u, `[P]`.
    descent: Vec<f32>,
    /// The last gradient that was measured, `[P]`, and its square.
    gradient: Vec<f32>,
    gradient_square: f64,
    backpropagation: Backpropagation,
}

archived!(Walk { one, descent, gradient, gradient_square } fixed { estimate, strength, backpropagation });

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
        Some(Self {
            estimate,
            strength,
            one: RandomWalk::new(1.0),
            descent: Vec::new(),
            gradient: Vec::new(),
            gradient_square: f64::NAN,
            backpropagation: Backpropagation::default(),
        })
    }

    /// An update was made at `rate`.
    pub(super) fn step(&mut self, rate: f64) {
        self.one.step(rate, self.strength, self.estimate.mean_square(self.gradient_square));
        let mean = match self.estimate {
            Estimate::Slopes { .. } => 1.0,
            Estimate::Ranks { pairs } => mean_of_ranks(pairs) / self.gradient_square.sqrt(),
        };
        let (kept, step) = (1.0 / (1.0 + rate * self.strength), (rate * mean) as f32);
        for (sum, &gradient) in self.descent.iter_mut().zip(&self.gradient) {
            *sum = kept as f32 * (*sum - step * gradient);
        }
    }

    /// Measures the gradient at `parameters` `[P]` on the batch of the update to come, if it is time to.
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
        let (Estimate::Slopes { directions } | Estimate::Ranks { pairs: directions }) = self.estimate;
        if !update.is_multiple_of((EVERY / directions as u64).max(1)) {
            return Ok(());
        }
        let parameters = parameters();
        self.gradient.resize(parameters.len(), 0.0);
        self.descent.resize(parameters.len(), 0.0);
        let batch = Batch(batches.child(update).child(0));
        self.backpropagation.gradient(&**network, problem, &parameters, batch, &mut self.gradient)?;
        self.gradient_square = self.gradient.iter().map(|&g| f64::from(g).powi(2)).sum();
        Ok(())
    }
}

/// m ‖g‖ of centred ranks of n pairs.
fn mean_of_ranks(pairs: usize) -> f64 {
    let (n, pi) = (pairs as f64, std::f64::consts::PI);
    ((2.0 / pi).sqrt() + 2.0 * (n - 1.0) / pi.sqrt()) / (2.0 * (2.0 * n - 1.0))
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

#[cfg(test)]
mod tests {
    use super::*;
    use tegmentum::learning::black_box_learner::BlackBoxLearner;
    use tegmentum::learning::learner::Learner as _;
    use tegmentum::model::objectives::BlackBox;
    use tegmentum::neuromodulation::modulation::Modulation;

    /// One update of ranks on a linear loss of slope 1 goes as far along it as the formula says: mean over many keys.
    #[test]
    fn ranks_descend_as_the_formula_says() {
        for pairs in [1, 4, 32] {
            let text = format!("[evolution_strategy]\npairs = {pairs}\nupdate_rule = 'sgd'\nlearning_rate = 1.0");
            let config: OptimizerConfig = toml::from_str(&text).unwrap();
            let loss = BlackBox::new(3, |w: &[f32]| f64::from(w[1]));
            let steps: Vec<f64> = (0..4000)
                .map(|seed| {
                    let key = Key::from_seed(seed);
                    let mut learner =
                        BlackBoxLearner::new(&loss, config.build(vec![0.0; 3], key.child(0), 100).unwrap());
                    learner.update(key.child(1), &Modulation::default()).unwrap();
                    let mut weights = [0.0; 3];
                    learner.solution().write(1.0, &mut weights);
                    f64::from(-weights[1])
                })
                .collect();
            let n = steps.len() as f64;
            let mean = steps.iter().sum::<f64>() / n;
            let error = (steps.iter().map(|step| (step - mean).powi(2)).sum::<f64>() / n / n).sqrt();
            assert!((mean - mean_of_ranks(pairs)).abs() < 4.0 * error, "{pairs}: {mean} ± {error}");
            assert!(error < 0.02 * mean);
        }
    }
}
