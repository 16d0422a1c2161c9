//! Sequential finite differences: one weight at a time ("standard weight perturbation" in its oldest sense).
//!
//! # Update
//! ```text
//!     w_i ← w_i − s_t η (L(w + σ e_i) − L(w))/σ        for the n weights i of this update
//! ```
//! w parameters `[P]` · `e_i` unit vector of weight i · σ perturbation scale, in the unit of w · η learning rate, w per
//! (loss/w) · `s_t` schedule in `[0, 1]` · L mean loss on the batch of the update. Weights take turns in their order;
//! the n weights of an update share one L(w).
//!
//! # Cost
//! n + 1 evaluations an update, P (1 + 1/n) a sweep over all weights. Memory P numbers.
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
//! use tegmentum::learning::optimizers::finite_difference::FiniteDifferenceConfig;
//! use tegmentum::random::Key;
//!
//! let sphere = BlackBox::new(5, |x: &[f32]| x.iter().map(|&x| f64::from(x * x)).sum());
//! let mut learner = FiniteDifferenceConfig::default().build(vec![0.5; 5], Key::from_seed(1), 4000)?;
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
//! M. Jabri, B. Flower, *Weight perturbation: an optimal architecture and learning technique for analog VLSI
//! feedforward and recurrent multilayer networks*, IEEE Transactions on Neural Networks 3(1), 154–157, 1992,
//! doi:10.1109/72.105429.

use serde::{Deserialize, Serialize};

use super::checks::{check_finite, check_losses, check_start, count_non_finite, non_negative};
use crate::error::{Result, at_least_one};
use crate::learning::optimizer::{Optimizer, OptimizerSettings, StepReport};
use crate::learning::schedule::Schedule;
use crate::model::perturbation::{Base, Bases, Direction, Probe};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::{Modulation, Target};
use crate::random::Key;
use crate::registry::Description;

/// Configuration of sequential finite differences.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FiniteDifferenceConfig {
    /// η, 0 or above.
    pub learning_rate: f64,
    /// σ, above 0.
    pub perturbation_scale: f64,
    /// n, at least 1; at most P are used.
    pub weights_per_update: usize,
    /// How the rate goes to the end of the budget.
    pub schedule: Schedule,
}

impl Default for FiniteDifferenceConfig {
    fn default() -> Self {
        Self { learning_rate: 0.1, perturbation_scale: 1e-3, weights_per_update: 32, schedule: Schedule::Constant }
    }
}

impl FiniteDifferenceConfig {
    /// A learner that starts from `start`. Nothing is drawn: the key is not used.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a number outside its range.
    pub fn build(&self, start: Vec<f32>, _key: Key, budget_evaluations: u64) -> Result<FiniteDifference> {
        check_start(&start, self.perturbation_scale, budget_evaluations)?;
        non_negative("learning_rate", self.learning_rate)?;
        at_least_one("weights_per_update", self.weights_per_update)?;
        Ok(FiniteDifference {
            weights: self.weights_per_update.min(start.len()),
            config: self.clone(),
            parameters: start,
            budget: budget_evaluations,
            next: 0,
            update: 0,
            spent: 0,
            probes: Vec::new(),
        })
    }
}

impl OptimizerSettings for FiniteDifferenceConfig {
    fn description(&self) -> Description {
        Description {
            name: "finite_difference",
            summary: "one weight at a time",
            reference: "Jabri & Flower 1992, doi:10.1109/72.105429",
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
pub struct FiniteDifference {
    config: FiniteDifferenceConfig,
    parameters: Vec<f32>,
    budget: u64,
    /// Weights an update, at most P.
    weights: usize,
    /// The weight whose turn it is.
    next: usize,
    update: u64,
    spent: u64,
    probes: Vec<Probe>,
}

crate::archived!(
    FiniteDifference { next, update, spent }
    sized { parameters }
    empty { probes }
    fixed { config, budget, weights }
);

impl FiniteDifference {
    /// The weight that is `offset` turns away.
    fn weight(&self, offset: usize) -> usize {
        (self.next + offset) % self.parameters.len()
    }
}

impl Optimizer for FiniteDifference {
    fn ask(&mut self, modulation: &Modulation) -> &[Probe] {
        if self.probes.is_empty() {
            let scale = (self.config.perturbation_scale * modulation.perturbation_scale) as f32;
            self.probes.push(Probe::unperturbed(Base::Acting));
            for offset in 0..self.weights {
                self.probes.push(Probe::perturbed(Direction::Coordinate(self.weight(offset)), scale));
            }
        }
        &self.probes
    }

    fn tell(&mut self, losses: &[f64], modulation: &Modulation) -> Result<StepReport> {
        check_losses(self.probes.len(), losses)?;
        let rate =
            self.config.learning_rate * self.config.schedule.factor(self.spent, self.budget) * modulation.learning_rate;
        let mut finite = true;
        let (loss, perturbed) = losses.split_first().map_or((f64::NAN, losses), |(loss, rest)| (*loss, rest));
        for (offset, perturbed) in perturbed.iter().enumerate() {
            let slope = (perturbed - loss) / f64::from(self.probes[offset + 1].scale);
            let index = self.weight(offset);
            if slope.is_finite() && rate != 0.0 {
                self.parameters[index] -= (rate * slope) as f32;
                finite &= self.parameters[index].is_finite();
            }
        }
        check_finite(finite, self.update)?;
        self.next = self.weight(self.weights);
        self.update += 1;
        self.spent += self.probes.len() as u64;
        self.probes.clear();
        Ok(StepReport { loss, learning_rate: rate, non_finite: count_non_finite(losses), ..StepReport::default() })
    }

    fn bases(&self) -> Bases<'_> {
        Bases::single(&self.parameters)
    }

    fn hears(&self) -> Vec<Heard> {
        Heard::everywhere(&[Target::LearningRate, Target::PerturbationScale])
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
        assert_eq!(three_rounds(&FiniteDifferenceConfig::default()), [0.270_866_2, 0.270_866_2, 0.270_866_2]);
    }
}
