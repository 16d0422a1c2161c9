//! FZOO: one-sided differences over many signs, normalised by the spread of the perturbed losses.
//!
//! # Update
//! ```text
//!     l_0 = L(w) ,  l_k = L(w + ε u_k)          u_k ∈ {−1, +1}^P,  k = 1 … N
//!     s   = population standard deviation of l_1 … l_N
//!     w   ← w − s_t η/(N s) Σ_k (l_k − l_0) u_k
//! ```
//! w parameters `[P]` · ε perturbation scale, in the unit of w; s carries it, so the step is not divided by it · η
//! learning rate, in the unit of w: to first order the expected step is −η ∇L/‖∇L‖ · `s_t` schedule in `[0, 1]` (ours)
//! · L mean loss on the batch of the update. If s = 0 nothing moves.
//!
//! # Cost
//! N + 1 evaluations an update. Memory P numbers.
//!
//! # Logged
//! `loss` L(w) · `learning_rate` `s_t η` · `non_finite`.
//!
//! # Example
//! ```
//! use tegmentum::data::batch::Batch;
//! use tegmentum::neuromodulation::modulation::Modulation;
//! use tegmentum::model::objective::Objective;
//! use tegmentum::model::objectives::BlackBox;
//! use tegmentum::learning::optimizer::Optimizer;
//! use tegmentum::learning::optimizers::fzoo::FzooConfig;
//! use tegmentum::random::Key;
//!
//! let sphere = BlackBox::new(5, |x: &[f32]| x.iter().map(|&x| f64::from(x * x)).sum());
//! let mut learner = FzooConfig::default().build(vec![0.5; 5], Key::from_seed(1), 4000)?;
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
//! *FZOO: fast zeroth-order optimizer for fine-tuning large language models towards Adam-scale speed*,
//! arXiv:2506.09034, 2025; equations as in the authors' code.

use serde::{Deserialize, Serialize};

use super::averaging::{Averaging, Iterate};
use super::checks::{check_start, non_negative};
use super::exploration::Exploration;
use crate::error::{Error, Result};
use crate::learning::optimizer::{Optimizer, OptimizerSettings, StepReport};
use crate::learning::schedule::Schedule;
use crate::model::perturbation::{Bases, Family, Probe};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::{Modulation, Target};
use crate::random::Key;
use crate::registry::Description;

/// Configuration of FZOO.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FzooConfig {
    /// η, 0 or above.
    pub learning_rate: f64,
    /// ε, above 0.
    pub perturbation_scale: f64,
    /// N, at least 2: one loss has no spread.
    pub directions: usize,
    /// How the rate goes to the end of the budget.
    pub schedule: Schedule,
}

impl Default for FzooConfig {
    fn default() -> Self {
        Self { learning_rate: 0.03, perturbation_scale: 1e-3, directions: 8, schedule: Schedule::Constant }
    }
}

impl FzooConfig {
    /// A learner that starts from `start`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a number outside its range.
    pub fn build(&self, start: Vec<f32>, key: Key, budget_evaluations: u64) -> Result<Fzoo> {
        check_start(&start, self.perturbation_scale, budget_evaluations)?;
        non_negative("learning_rate", self.learning_rate)?;
        if self.directions < 2 {
            return Err(Error::InvalidParameter {
                name: "directions",
                value: self.directions as f64,
                requirement: "at least 2",
            });
        }
        Ok(Fzoo {
            config: self.clone(),
            budget: budget_evaluations,
            exploration: Exploration::new(key, Family::Rademacher, self.directions, false),
            iterate: Iterate::new(start, Averaging::None),
        })
    }
}

impl OptimizerSettings for FzooConfig {
    fn description(&self) -> Description {
        Description {
            name: "fzoo",
            summary: "one-sided differences, normalised by the spread of the losses",
            reference: "arXiv:2506.09034",
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
}

/// The learner.
#[derive(Clone, Debug)]
pub struct Fzoo {
    config: FzooConfig,
    budget: u64,
    exploration: Exploration,
    iterate: Iterate,
}

crate::archived!(Fzoo { exploration, iterate } fixed { config, budget });

/// Population standard deviation of the finite values; 0 if there is none.
fn spread(values: &[f64]) -> f64 {
    let finite = || values.iter().filter(|value| value.is_finite());
    let count = finite().count().max(1) as f64;
    let mean = finite().map(|value| value / count).sum::<f64>();
    finite().map(|value| (value - mean) * (value - mean) / count).sum::<f64>().sqrt()
}

impl Optimizer for Fzoo {
    fn ask(&mut self, modulation: &Modulation) -> &[Probe] {
        self.exploration.ask(self.config.perturbation_scale * modulation.perturbation_scale)
    }

    fn tell(&mut self, losses: &[f64], modulation: &Modulation) -> Result<StepReport> {
        let outcome = self.exploration.observe(losses)?;
        let rate = self.config.learning_rate
            * self.config.schedule.factor(self.exploration.spent(), self.budget)
            * modulation.learning_rate;
        let spread = spread(&losses[1..]);
        if spread > 0.0 && spread.is_finite() {
            // Slopes are (l_k − l_0)/ε.
            let factor = rate * outcome.scale / (spread * self.exploration.directions() as f64);
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
        Heard::everywhere(&[Target::LearningRate, Target::PerturbationScale])
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
    fn spread_is_that_of_the_finite_values() {
        assert_eq!(spread(&[1.0, 3.0, f64::NAN]), 1.0);
        assert_eq!(spread(&[f64::INFINITY]), 0.0);
        assert_eq!(spread(&[]), 0.0);
    }

    #[test]
    fn value_stability() {
        assert_eq!(three_rounds(&FzooConfig::default()), [0.034_688_25, 0.065_144_196, 0.021_959_255]);
    }
}
