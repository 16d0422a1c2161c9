//! Noradrenaline as Bayes-factor surprise: how much more the prior explains what was seen than what was learned does.
//!
//! ```text
//!     S = P(y | prior)/P(y | current) ,  m = p_c/(1 − p_c) ,  phasic γ = m S/(1 + m S)
//! ```
//! S Bayes factor, from the learner's model of outcomes · p_c expected probability of a change in a moment · γ in `[0, 1]`: the
//! posterior probability of a change, which weighs starting anew (γ) against integrating (1 − γ).
//!
//! As in VarSMiLe a learner may move its belief by γ: χ ← (1 − γ) χ + γ χ₀ + φ(y), ν ← (1 − γ) ν + γ ν₀ + 1. Without a Bayes
//! factor among the signals nothing is released.
//!
//! Reference: V. Liakoni, A. Modirshanechi, W. Gerstner, J. Brea, *Learning in volatile environments with the Bayes factor
//! surprise*, Neural Computation 33, 269–340, 2021. That γ is the release of the locus coeruleus is inferred.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::neuromodulation::nucleus::{Nucleus, NucleusSettings, Release, Signals, Transmitter, usable};
use crate::random::Key;
use crate::registry::Description;

/// Its name in lists.
const DESCRIPTION: Description = Description {
    name: "bayes_factor",
    summary: "posterior probability of a change from the Bayes-factor surprise",
    reference: "Liakoni, Modirshanechi, Gerstner & Brea 2021, doi:10.1162/neco_a_01352",
};

/// The constants of the model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BayesFactorConfig {
    /// Expected probability p_c of a change in a moment, above 0 and below 1.
    pub change_probability: f64,
}

impl Default for BayesFactorConfig {
    fn default() -> Self {
        Self { change_probability: 0.02 }
    }
}

impl BayesFactorConfig {
    /// The nucleus.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a probability outside `(0, 1)`.
    pub fn build(self) -> Result<BayesFactor> {
        let probability = self.change_probability;
        if probability > 0.0 && probability < 1.0 {
            return Ok(BayesFactor { odds: probability / (1.0 - probability) });
        }
        let (name, requirement) = ("bayes_factor.change_probability", "above 0 and below 1");
        Err(Error::InvalidParameter { name, value: probability, requirement })
    }
}

impl NucleusSettings for BayesFactorConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, _: Transmitter, _: Key) -> Result<Box<dyn Nucleus>> {
        Ok(Box::new(Self::build(*self)?))
    }
}

/// The nucleus; it has no memory.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::nuclei::locus_coeruleus::bayes_factor::BayesFactorConfig;
/// use tegmentum::neuromodulation::nucleus::{Nucleus, Signals};
///
/// let mut nucleus = BayesFactorConfig { change_probability: 0.2 }.build()?;
/// let release = nucleus.release(&Signals { bayes_factor: Some(4.0), ..Signals::default() });
/// assert_eq!(release.phasic, 0.5);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct BayesFactor {
    odds: f64,
}

crate::archived!(BayesFactor { odds });

impl Nucleus for BayesFactor {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Noradrenaline
    }

    fn release(&mut self, signals: &Signals) -> Release {
        let surprise = self.odds * usable(signals.bayes_factor).unwrap_or(0.0).max(0.0);
        Release::phasic(surprise / (1.0 + surprise))
    }

    fn reset(&mut self) {}

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// VarSMiLe for the mean of Gaussian outcomes, against the same posterior from an explicit mixture: with φ(y) = y/σ,
    /// χ₀ = 0 and ν₀ = 1, the mean σχ/ν after the step is (1 − γ)-weighted pseudo-observations and γ-weighted prior ones.
    #[test]
    fn a_varsmile_step_by_the_released_rate() {
        let (deviation, y) = (2.0f64, 3.0f64);
        let density = |y: f64, variance: f64| (-0.5 * y * y / variance).exp() / variance.sqrt();
        // Belief: ν = 5 pseudo-observations with mean 0.4; prior: one with mean 0; predictive variances σ²(1 + 1/ν).
        let (nu, mean) = (5.0, 0.4);
        let surprise = density(y, 4.0 * 2.0) / density(y - mean, 4.0 * 1.2);
        let mut nucleus = BayesFactorConfig { change_probability: 0.1 }.build().expect("valid");
        let gamma = nucleus.release(&Signals { bayes_factor: Some(surprise), ..Signals::default() }).phasic;
        // By Bayes' rule for the two hypotheses.
        let changed = 0.1 * density(y, 8.0);
        let same = 0.9 * density(y - mean, 4.8);
        assert!((gamma - changed / (changed + same)).abs() < 1e-12);
        let chi = (1.0 - gamma) * nu * mean / deviation + y / deviation;
        let after = deviation * chi / ((1.0 - gamma) * nu + gamma + 1.0);
        let weight = (1.0 - gamma) * nu;
        assert!((after - (weight * mean + y) / (weight + gamma + 1.0)).abs() < 1e-12);
        assert!(after > mean && after < y);
    }

    #[test]
    fn certain_surprise_is_one_and_none_is_zero() {
        let mut nucleus = BayesFactorConfig::default().build().expect("valid");
        let mut after = |factor| nucleus.release(&Signals { bayes_factor: Some(factor), ..Signals::default() }).phasic;
        assert_eq!(after(0.0), 0.0);
        assert_eq!(after(f64::MAX), 1.0);
        assert_eq!(after(f64::INFINITY), 0.0, "what is not finite changes nothing");
        assert!((after(49.0) - 0.5).abs() < 1e-12);
    }
}
