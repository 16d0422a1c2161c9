//! MEAZO: zeroth-order descent with one scalar second moment, as a third party accounts for it.
//!
//! # Update
//! ```text
//!     Δ_i = (L(w + ε u_i) − L(w − ε u_i))/(2ε)          i = 1 … q
//!     g   = mean_i Δ_i
//!     v   ← β v + (1 − β) g²           v̂ = v/(1 − β^t)
//!     w   ← w − s_t η/(√v̂ + ζ) · mean_i Δ_i u_i
//! ```
//! w parameters `[P]` · `u_i` directions `[P]`, entries ±1 or standard normal · ε perturbation scale, in the unit of w
//! · η learning rate, in the unit of w · β decay of the second moment, ζ = 1e−8 · `s_t` schedule in `[0, 1]` (ours) · L
//! mean loss on the batch of the update.
//!
//! The equations are from a third party's account of arXiv:2605.03869, not from the paper, and that account prints the
//! exponent t − 1; the values of β, ζ and q are ours. With q = 1 this is the reading R4 of
//! [`rate_rule`](super::rate_rule) with pairs.
//!
//! # Cost
//! 2q evaluations an update. Memory P numbers.
//!
//! # Logged
//! `loss` mean of the pairs · `learning_rate` `s_t η` · `non_finite`.
//!
//! # Example
//! ```
//! use tegmentum::data::batch::Batch;
//! use tegmentum::neuromodulation::modulation::Modulation;
//! use tegmentum::model::objective::Objective;
//! use tegmentum::model::objectives::BlackBox;
//! use tegmentum::learning::optimizer::Optimizer;
//! use tegmentum::learning::optimizers::meazo::MeazoConfig;
//! use tegmentum::random::Key;
//!
//! let sphere = BlackBox::new(5, |x: &[f32]| x.iter().map(|&x| f64::from(x * x)).sum());
//! let mut learner = MeazoConfig::default().build(vec![0.5; 5], Key::from_seed(1), 4000)?;
//! let (modulation, mut losses) = (Modulation::default(), Vec::new());
//! let mut spent = 0;
//! let mut last = f64::INFINITY;
//! while spent < 4000 {
//!     let probes = learner.ask(&modulation).to_vec();
//!     losses.resize(probes.len(), 0.0);
//!     sphere.losses(learner.bases(), &probes, Batch(Key::from_seed(spent)), &mut losses)?;
//!     last = learner.tell(&losses, &modulation)?.loss;
//!     spent += probes.len() as u64;
//! }
//! assert!(last < 0.05, "{last}");
//! # Ok::<(), tegmentum::error::Error>(())
//! ```
//!
//! # Reference
//! MEAZO, arXiv:2605.03869 (see the remark above).

use serde::{Deserialize, Serialize};

use super::averaging::{Averaging, Iterate};
use super::checks::{check_start, decay, non_negative};
use super::exploration::Exploration;
use super::running_mean::RunningMean;
use crate::error::{Result, at_least_one};
use crate::learning::optimizer::{Optimizer, OptimizerSettings, StepReport};
use crate::learning::schedule::Schedule;
use crate::model::network::Network;
use crate::model::perturbation::{Bases, Family, Probe};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::{Modulation, Target};
use crate::random::Key;
use crate::registry::Description;

const EPSILON: f64 = 1e-8;

/// Configuration of MEAZO.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MeazoConfig {
    /// η, 0 or above.
    pub learning_rate: f64,
    /// ε, above 0.
    pub perturbation_scale: f64,
    /// q, at least 1.
    pub directions: usize,
    /// Distribution of the entries of a direction.
    pub family: Family,
    /// β, in `[0, 1)`.
    pub second_moment_decay: f64,
    /// How the rate goes to the end of the budget.
    pub schedule: Schedule,
}

impl Default for MeazoConfig {
    fn default() -> Self {
        Self {
            learning_rate: 0.01,
            perturbation_scale: 1e-3,
            directions: 1,
            family: Family::Rademacher,
            second_moment_decay: 0.99,
            schedule: Schedule::Constant,
        }
    }
}

impl MeazoConfig {
    /// A learner that starts from `start`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a number outside its range.
    pub fn build(&self, start: Vec<f32>, key: Key, budget_evaluations: u64) -> Result<Meazo> {
        check_start(&start, self.perturbation_scale, budget_evaluations)?;
        self.family.check(start.len())?;
        non_negative("learning_rate", self.learning_rate)?;
        at_least_one("directions", self.directions)?;
        decay("second_moment_decay", self.second_moment_decay)?;
        Ok(Meazo {
            config: self.clone(),
            budget: budget_evaluations,
            exploration: Exploration::new(key, self.family, self.directions, true),
            second_moment: RunningMean::new(self.second_moment_decay),
            iterate: Iterate::new(start, Averaging::None),
        })
    }
}

impl OptimizerSettings for MeazoConfig {
    fn description(&self) -> Description {
        Description {
            name: "meazo",
            summary: "pairs, normalised by one running second moment",
            reference: "arXiv:2605.03869, as a third party accounts for it",
        }
    }

    fn build(&self, start: Vec<f32>, key: Key, budget_evaluations: u64) -> Result<Box<dyn Optimizer>> {
        Ok(Box::new(self.build(start, key, budget_evaluations)?))
    }

    fn learning_rate(&self) -> Option<f64> {
        Some(self.learning_rate)
    }

    fn set_learning_rate(&mut self, rate: f64) -> bool {
        self.learning_rate = rate;
        true
    }

    fn perturbation_scale(&self) -> Option<f64> {
        Some(self.perturbation_scale)
    }

    fn set_perturbation_scale(&mut self, scale: f64) -> bool {
        self.perturbation_scale = scale;
        true
    }

    fn fit_to(&mut self, network: &dyn Network) {
        self.family = self.family.for_network(network);
    }
}

/// The learner.
#[derive(Clone, Debug)]
pub struct Meazo {
    config: MeazoConfig,
    budget: u64,
    exploration: Exploration,
    second_moment: RunningMean,
    iterate: Iterate,
}

crate::archived!(Meazo { exploration, second_moment, iterate } fixed { config, budget });

impl Optimizer for Meazo {
    fn ask(&mut self, modulation: &Modulation) -> &[Probe] {
        self.exploration.ask(self.config.perturbation_scale * modulation.perturbation_scale)
    }

    fn tell(&mut self, losses: &[f64], modulation: &Modulation) -> Result<StepReport> {
        let outcome = self.exploration.observe(losses)?;
        if modulation.reset {
            self.second_moment.reset();
        }
        let rate = self.config.learning_rate
            * self.config.schedule.factor(self.exploration.spent(), self.budget)
            * modulation.learning_rate;
        if outcome.usable > 0 {
            let mean = self.exploration.slopes().iter().sum::<f64>() / outcome.usable as f64;
            let size = self.second_moment.update(mean * mean).sqrt() + EPSILON;
            let factor = rate / (size * self.exploration.directions() as f64);
            let update = self.exploration.update();
            self.iterate.descend(self.exploration.weigh(|slope| factor * slope), update)?;
        }
        self.exploration.advance();
        Ok(StepReport {
            loss: outcome.loss,
            learning_rate: rate,
            non_finite: outcome.non_finite,
            ..StepReport::default()
        })
    }

    fn bases(&self) -> Bases<'_> {
        self.iterate.bases()
    }

    fn hears(&self) -> Vec<Heard> {
        Heard::everywhere(&[Target::LearningRate, Target::PerturbationScale, Target::Reset])
    }

    fn state_bytes(&self) -> usize {
        self.iterate.bytes()
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learning::optimizers::checks::three_rounds;

    #[test]
    fn value_stability() {
        assert_eq!(three_rounds(&MeazoConfig::default()), [0.017_297_372, 0.026_340_377, -0.017_297_372]);
    }
}
