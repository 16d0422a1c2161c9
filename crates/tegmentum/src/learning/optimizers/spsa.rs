//! SPSA: simultaneous perturbation stochastic approximation (Spall, 1992).
//!
//! # Update
//! ```text
//!     ĝ_i = mean_k (L(w + c_t Δ_k) − L(w − c_t Δ_k))/(2 c_t Δ_ki)      Δ_ki = ±1
//!     w   ← w − a_t ĝ
//!     a_t = η ((A + 1)/(A + t + 1))^α          c_t = σ/(t + 1)^γ       t = 0, 1, …
//! ```
//! w parameters `[P]` · `Δ_k` directions `[P]` · η the first gain, w per (loss/w): Spall's a is η (A + 1)^α · σ the
//! first perturbation scale, Spall's c, in the unit of w · A stability constant: a share of the planned updates · α =
//! .602, γ = .101 the practical exponents. L mean loss on the batch of the update.
//!
//! # Cost
//! 2K evaluations an update for K directions. Memory P numbers.
//!
//! # Logged
//! `loss` mean of the pairs · `learning_rate` `a_t` · `non_finite`.
//!
//! # Example
//! ```
//! use tegmentum::data::batch::Batch;
//! use tegmentum::neuromodulation::modulation::Modulation;
//! use tegmentum::model::objective::Objective;
//! use tegmentum::model::objectives::BlackBox;
//! use tegmentum::learning::optimizer::Optimizer;
//! use tegmentum::learning::optimizers::spsa::SpsaConfig;
//! use tegmentum::random::Key;
//!
//! let sphere = BlackBox::new(5, |x: &[f32]| x.iter().map(|&x| f64::from(x * x)).sum());
//! let mut learner = SpsaConfig::default().build(vec![0.5; 5], Key::from_seed(1), 4000)?;
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
//! # References
//! 1. J. C. Spall, *Multivariate stochastic approximation using a simultaneous perturbation gradient approximation*,
//!    IEEE Transactions on Automatic Control 37(3), 332–341, 1992, doi:10.1109/9.119632.
//! 2. J. C. Spall, *Implementation of the simultaneous perturbation algorithm for stochastic optimization*, IEEE
//!    Transactions on Aerospace and Electronic Systems 34(3), 817–823, 1998, doi:10.1109/7.705889 (the exponents).

use serde::{Deserialize, Serialize};

use super::averaging::{Averaging, Iterate};
use super::checks::{check_start, non_negative};
use super::exploration::Exploration;
use crate::error::{Result, at_least_one, fraction};
use crate::kernel::math;
use crate::learning::optimizer::{Optimizer, OptimizerSettings, StepReport};
use crate::model::perturbation::{Bases, Family, Probe};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::{Modulation, Target};
use crate::random::Key;
use crate::registry::Description;

/// Configuration of SPSA. Its gains decay by themselves: there is no other schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SpsaConfig {
    /// η, the first gain, 0 or above.
    pub learning_rate: f64,
    /// σ, the first perturbation scale, above 0.
    pub perturbation_scale: f64,
    /// K, at least 1.
    pub directions: usize,
    /// α, 0 or above.
    pub rate_exponent: f64,
    /// γ, 0 or above.
    pub scale_exponent: f64,
    /// A as a share of the planned updates, in `[0, 1]`.
    pub stability: f64,
}

impl Default for SpsaConfig {
    fn default() -> Self {
        Self {
            learning_rate: 0.02,
            perturbation_scale: 0.01,
            directions: 1,
            rate_exponent: 0.602,
            scale_exponent: 0.101,
            stability: 0.1,
        }
    }
}

impl SpsaConfig {
    /// A learner that starts from `start`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a number outside its range.
    pub fn build(&self, start: Vec<f32>, key: Key, budget_evaluations: u64) -> Result<Spsa> {
        check_start(&start, self.perturbation_scale, budget_evaluations)?;
        non_negative("learning_rate", self.learning_rate)?;
        at_least_one("directions", self.directions)?;
        non_negative("rate_exponent", self.rate_exponent)?;
        non_negative("scale_exponent", self.scale_exponent)?;
        fraction("stability", self.stability)?;
        let planned_updates = budget_evaluations as f64 / (2.0 * self.directions as f64);
        Ok(Spsa {
            delay: self.stability * planned_updates,
            config: self.clone(),
            exploration: Exploration::new(key, Family::Rademacher, self.directions, true),
            iterate: Iterate::new(start, Averaging::None),
        })
    }
}

impl OptimizerSettings for SpsaConfig {
    fn description(&self) -> Description {
        Description {
            name: "spsa",
            summary: "simultaneous perturbation with decaying gains",
            reference: "Spall 1992, doi:10.1109/9.119632",
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
pub struct Spsa {
    config: SpsaConfig,
    /// A, in updates.
    delay: f64,
    exploration: Exploration,
    iterate: Iterate,
}

crate::archived!(Spsa { exploration, iterate } fixed { config, delay });

impl Spsa {
    fn rate(&self) -> f64 {
        let elapsed = self.exploration.update() as f64;
        self.config.learning_rate
            * decayed((self.delay + elapsed + 1.0) / (self.delay + 1.0), self.config.rate_exponent)
    }

    fn scale(&self) -> f64 {
        let elapsed = self.exploration.update() as f64;
        self.config.perturbation_scale * decayed(elapsed + 1.0, self.config.scale_exponent)
    }
}

/// `base^(−exponent)`, the same bits on every machine.
fn decayed(base: f64, exponent: f64) -> f64 {
    f64::from(math::exp((-exponent * f64::from(math::ln(base as f32))) as f32))
}

impl Optimizer for Spsa {
    fn ask(&mut self, modulation: &Modulation) -> &[Probe] {
        let scale = self.scale() * modulation.perturbation_scale;
        self.exploration.ask(scale)
    }

    fn tell(&mut self, losses: &[f64], modulation: &Modulation) -> Result<StepReport> {
        let outcome = self.exploration.observe(losses)?;
        let rate = self.rate() * modulation.learning_rate;
        let update = self.exploration.update();
        let share = rate / self.exploration.directions() as f64;
        self.iterate.descend(self.exploration.weigh(|slope| share * slope), update)?;
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
    fn gains_are_spalls() {
        let config = SpsaConfig { learning_rate: 0.5, perturbation_scale: 0.1, ..SpsaConfig::default() };
        let mut learner = config.build(vec![0.0; 3], Key::from_seed(1), 2000).unwrap();
        assert_eq!((learner.rate(), learner.scale()), (0.5, 0.1));
        let modulation = Modulation::default();
        for _ in 0..99 {
            learner.ask(&modulation);
            learner.tell(&[1.0, 1.0], &modulation).unwrap();
        }
        assert!((learner.rate() / (0.5 * (101.0f64 / 200.0).powf(0.602)) - 1.0).abs() < 1e-5);
        assert!((learner.scale() / (0.1 / 100.0f64.powf(0.101)) - 1.0).abs() < 1e-5);
    }

    #[test]
    fn value_stability() {
        assert_eq!(three_rounds(&SpsaConfig::default()), [0.092_708_05, 0.134_857_18, -0.092_708_05]);
    }
}
