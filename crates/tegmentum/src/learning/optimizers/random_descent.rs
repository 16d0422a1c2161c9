//! Accept if better: a random step is kept if it lowers the loss on the batch of the update.
//!
//! # Update
//! ```text
//!     w ← w + σ s_t v    if L(w + σ s_t v) < L(w), else w
//! ```
//! w parameters `[P]` · v direction `[P]`, entries ±1 or standard normal · σ perturbation scale, in the unit of w ·
//! `s_t` schedule in `[0, 1]` · L mean loss on the batch of the update. There is no learning rate: the perturbation is
//! the step.
//!
//! # Cost
//! 2 evaluations an update. Memory P numbers.
//!
//! # Logged
//! `loss` L(w) before the update · `learning_rate` `σ s_t` if the step was taken, else 0 · `non_finite`.
//!
//! # Example
//! ```
//! use tegmentum::data::batch::Batch;
//! use tegmentum::neuromodulation::modulation::Modulation;
//! use tegmentum::model::objective::Objective;
//! use tegmentum::model::objectives::BlackBox;
//! use tegmentum::learning::optimizer::Optimizer;
//! use tegmentum::learning::optimizers::random_descent::RandomDescentConfig;
//! use tegmentum::random::Key;
//!
//! let sphere = BlackBox::new(5, |x: &[f32]| x.iter().map(|&x| f64::from(x * x)).sum());
//! let mut learner = RandomDescentConfig::default().build(vec![0.5; 5], Key::from_seed(1), 4000)?;
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
//! L. A. Rastrigin, *The convergence of the random search method in the extremal control of a many parameter system*,
//! Automation and Remote Control 24, 1337–1342, 1963.

use serde::{Deserialize, Serialize};

use super::checks::{check_finite, check_losses, check_start, count_non_finite};
use crate::error::Result;
use crate::learning::optimizer::{Optimizer, OptimizerSettings, StepReport};
use crate::learning::schedule::Schedule;
use crate::model::network::Network;
use crate::model::perturbation::{Base, Bases, Family, Probe};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::{Modulation, Target};
use crate::random::Key;
use crate::registry::Description;

/// Configuration of random descent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RandomDescentConfig {
    /// σ, above 0.
    pub perturbation_scale: f64,
    /// Distribution of the entries of a direction.
    pub family: Family,
    /// How the perturbation scale goes to the end of the budget.
    pub schedule: Schedule,
}

impl Default for RandomDescentConfig {
    fn default() -> Self {
        Self { perturbation_scale: 0.02, family: Family::Gaussian, schedule: Schedule::Constant }
    }
}

impl RandomDescentConfig {
    /// A learner that starts from `start`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a number outside its range.
    pub fn build(&self, start: Vec<f32>, key: Key, budget_evaluations: u64) -> Result<RandomDescent> {
        check_start(&start, self.perturbation_scale, budget_evaluations)?;
        self.family.check(start.len())?;
        Ok(RandomDescent {
            config: self.clone(),
            parameters: start,
            budget: budget_evaluations,
            key,
            update: 0,
            spent: 0,
            probes: Vec::new(),
        })
    }
}

impl OptimizerSettings for RandomDescentConfig {
    fn description(&self) -> Description {
        Description {
            name: "random_descent",
            summary: "a random step is kept if it is better",
            reference: "Rastrigin 1963",
        }
    }

    fn build(&self, start: Vec<f32>, key: Key, budget_evaluations: u64) -> Result<Box<dyn Optimizer>> {
        Ok(Box::new(self.build(start, key, budget_evaluations)?))
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
pub struct RandomDescent {
    config: RandomDescentConfig,
    parameters: Vec<f32>,
    budget: u64,
    key: Key,
    update: u64,
    spent: u64,
    probes: Vec<Probe>,
}

crate::archived!(RandomDescent { update, spent } sized { parameters } empty { probes } fixed { config, budget, key });

impl Optimizer for RandomDescent {
    fn ask(&mut self, modulation: &Modulation) -> &[Probe] {
        if self.probes.is_empty() {
            let scale = self.config.perturbation_scale
                * self.config.schedule.factor(self.spent, self.budget)
                * modulation.perturbation_scale;
            let direction = self.config.family.direction_of(self.key.child(self.update), 0);
            self.probes.push(Probe::unperturbed(Base::Acting));
            self.probes.push(Probe::perturbed(direction, scale as f32));
        }
        &self.probes
    }

    /// The step is taken as it was tried: a factor on the learning rate changes nothing.
    fn tell(&mut self, losses: &[f64], _modulation: &Modulation) -> Result<StepReport> {
        check_losses(self.probes.len(), losses)?;
        let &[loss, candidate_loss] = losses else {
            return Ok(StepReport::default());
        };
        let candidate = self.probes[1];
        let better = candidate_loss.is_finite() && (candidate_loss < loss || !loss.is_finite());
        if better {
            candidate.direction.add_to(candidate.scale, &mut self.parameters);
            check_finite(self.parameters.iter().all(|value| value.is_finite()), self.update)?;
        }
        self.update += 1;
        self.spent += 2;
        self.probes.clear();
        Ok(StepReport {
            loss,
            learning_rate: if better { f64::from(candidate.scale) } else { 0.0 },
            non_finite: count_non_finite(losses),
            ..StepReport::default()
        })
    }

    fn bases(&self) -> Bases<'_> {
        Bases::single(&self.parameters)
    }

    fn hears(&self) -> Vec<Heard> {
        Heard::everywhere(&[Target::PerturbationScale])
    }

    fn state_bytes(&self) -> usize {
        size_of_val(self.parameters.as_slice())
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learning::optimizers::checks::three_rounds;

    #[test]
    fn value_stability() {
        assert_eq!(three_rounds(&RandomDescentConfig::default()), [0.001_681_811_8, 0.034_238_067, 0.025_572_198]);
    }
}
