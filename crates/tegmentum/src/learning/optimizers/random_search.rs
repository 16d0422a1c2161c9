//! Pure random search: the best of independent samples around the start. The floor of every comparison.
//!
//! # Update
//! ```text
//!     b ← argmin of L over { b, w0 + σ v_1, …, w0 + σ v_n }
//! ```
//! w0 the start `[P]` · b the best so far `[P]` · `v_k` directions `[P]`, standard normal · σ perturbation scale, in
//! the unit of w · L mean loss on the batch of the update, on which the best so far is evaluated again. The start acts,
//! the best is handed over.
//!
//! # Cost
//! n + 1 evaluations an update. Memory 2P numbers.
//!
//! # Logged
//! `loss` of the best so far on the batch · `learning_rate` σ if a sample became the best, else 0 · `non_finite`.
//!
//! # Example
//! ```
//! use tegmentum::data::batch::Batch;
//! use tegmentum::neuromodulation::modulation::Modulation;
//! use tegmentum::model::objective::Objective;
//! use tegmentum::model::objectives::BlackBox;
//! use tegmentum::learning::optimizer::Optimizer;
//! use tegmentum::learning::optimizers::random_search::RandomSearchConfig;
//! use tegmentum::random::Key;
//!
//! let sphere = BlackBox::new(5, |x: &[f32]| x.iter().map(|&x| f64::from(x * x)).sum());
//! let mut learner = RandomSearchConfig::default().build(vec![0.5; 5], Key::from_seed(1), 4000)?;
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
//! assert!(last < 0.5, "{last}");
//! # Ok::<(), tegmentum::error::Error>(())
//! ```
//!
//! # Reference
//! S. H. Brooks, *A discussion of random methods for seeking maxima*, Operations Research 6(2), 244–251, 1958.

use serde::{Deserialize, Serialize};

use super::checks::{check_finite, check_losses, check_start, count_non_finite};
use crate::error::{Result, at_least_one};
use crate::learning::optimizer::{Optimizer, OptimizerSettings, StepReport};
use crate::model::perturbation::{Base, Bases, Family, Point, Probe};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::{Modulation, Target};
use crate::random::Key;
use crate::registry::Description;

/// Configuration of random search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RandomSearchConfig {
    /// σ, above 0.
    pub perturbation_scale: f64,
    /// n, at least 1.
    pub samples: usize,
}

impl Default for RandomSearchConfig {
    fn default() -> Self {
        Self { perturbation_scale: 0.5, samples: 15 }
    }
}

impl RandomSearchConfig {
    /// A learner that samples around `start`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a number outside its range.
    pub fn build(&self, start: Vec<f32>, key: Key, budget_evaluations: u64) -> Result<RandomSearch> {
        check_start(&start, self.perturbation_scale, budget_evaluations)?;
        at_least_one("samples", self.samples)?;
        Ok(RandomSearch { config: self.clone(), best: start.clone(), start, key, update: 0, probes: Vec::new() })
    }
}

impl OptimizerSettings for RandomSearchConfig {
    fn description(&self) -> Description {
        Description {
            name: "random_search",
            summary: "best of independent samples around the start",
            reference: "Brooks 1958",
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
}

/// The learner.
#[derive(Clone, Debug)]
pub struct RandomSearch {
    config: RandomSearchConfig,
    start: Vec<f32>,
    best: Vec<f32>,
    key: Key,
    update: u64,
    probes: Vec<Probe>,
}

crate::archived!(RandomSearch { update } sized { best } empty { probes } fixed { config, start, key });

impl Optimizer for RandomSearch {
    fn ask(&mut self, modulation: &Modulation) -> &[Probe] {
        if self.probes.is_empty() {
            let scale = (self.config.perturbation_scale * modulation.perturbation_scale) as f32;
            let key = self.key.child(self.update);
            self.probes.push(Probe::unperturbed(Base::Averaged));
            for k in 0..self.config.samples {
                self.probes.push(Probe::perturbed(Family::Gaussian.direction(key.child(k as u64)), scale));
            }
        }
        &self.probes
    }

    /// A sample is taken as it is: a factor on the learning rate changes nothing.
    fn tell(&mut self, losses: &[f64], _modulation: &Modulation) -> Result<StepReport> {
        check_losses(self.probes.len(), losses)?;
        let finite = losses.iter().enumerate().filter(|(_, loss)| loss.is_finite());
        let lowest = finite.min_by(|a, b| a.1.total_cmp(b.1));
        let mut report = StepReport { loss: f64::NAN, non_finite: count_non_finite(losses), ..StepReport::default() };
        if let Some((index, loss)) = lowest {
            report.loss = *loss;
            if index > 0 {
                let sample = self.probes[index];
                self.best.copy_from_slice(&self.start);
                sample.direction.add_to(sample.scale, &mut self.best);
                check_finite(self.best.iter().all(|value| value.is_finite()), self.update)?;
                report.learning_rate = f64::from(sample.scale);
            }
        }
        self.update += 1;
        self.probes.clear();
        Ok(report)
    }

    fn bases(&self) -> Bases<'_> {
        Bases { acting: Point::Vector(&self.start), averaged: Point::Vector(&self.best), candidates: &[] }
    }

    fn hears(&self) -> Vec<Heard> {
        Heard::everywhere(&[Target::PerturbationScale])
    }

    fn state_bytes(&self) -> usize {
        size_of_val(self.start.as_slice()) + size_of_val(self.best.as_slice())
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learning::optimizers::checks::three_rounds;

    #[test]
    fn value_stability() {
        assert_eq!(three_rounds(&RandomSearchConfig::default()), [0.415_172_82, 1.052_360_4, 0.665_802_24]);
    }
}
