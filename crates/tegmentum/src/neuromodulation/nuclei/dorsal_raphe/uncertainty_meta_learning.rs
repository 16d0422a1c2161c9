//! Serotonin as the learning rate for bad news, set by expected and unexpected uncertainty.
//!
//! ```text
//!     ν = |δ| − ε ,   ε ← ε + a ν                              unexpected and expected uncertainty
//!     if δ < 0:   a₋ ← max(0, a₋ + ψ (ν + a₋₀ − a₋))
//!     tonic  s = a₋/a₋₀ − 1
//! ```
//! δ reward prediction error `[reward]` · a, ψ rates [1/moment] · a₋ learning rate after a negative error, a₋₀ at rest. ν is that of the
//! moment, with ε from before it.
//!
//! A receptor with efficacy 1 on the negative learning rate makes it a₋/a₋₀ times what it was. Inferred: the level, and the
//! constants (none were at hand). The further factor 1 − ε on updates that some accounts have is not here.
//!
//! Reference: C. D. Grossman, B. A. Bari, J. Y. Cohen, *Serotonin neurons modulate learning rate through uncertainty*, Current Biology 32,
//! 586–599, 2022, in a third party's account.

use serde::{Deserialize, Serialize};

use crate::error::{Result, fraction, positive};
use crate::neuromodulation::nucleus::{Nucleus, NucleusSettings, Release, Signals, Transmitter, usable};
use crate::random::Key;
use crate::registry::Description;

/// Its name in lists.
const DESCRIPTION: Description = Description {
    name: "uncertainty_meta_learning",
    summary: "the learning rate for bad news, set by expected and unexpected uncertainty",
    reference: "Grossman, Bari & Cohen 2022, doi:10.1016/j.cub.2021.12.006",
};

/// The constants of the model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UncertaintyMetaLearningConfig {
    /// Rate a of the expected uncertainty.
    pub expectation_rate: f64,
    /// Rate ψ of the learning rate.
    pub meta_rate: f64,
    /// Learning rate a₋₀ at rest.
    pub resting_rate: f64,
}

impl Default for UncertaintyMetaLearningConfig {
    fn default() -> Self {
        Self { expectation_rate: 0.1, meta_rate: 0.1, resting_rate: 0.5 }
    }
}

impl UncertaintyMetaLearningConfig {
    /// The nucleus, having seen nothing.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a constant outside its range.
    pub fn build(self) -> Result<UncertaintyMetaLearning> {
        fraction("uncertainty_meta_learning.expectation_rate", self.expectation_rate)?;
        fraction("uncertainty_meta_learning.meta_rate", self.meta_rate)?;
        positive("uncertainty_meta_learning.resting_rate", self.resting_rate)?;
        Ok(UncertaintyMetaLearning { config: self, expected: 0.0, rate: self.resting_rate })
    }
}

impl NucleusSettings for UncertaintyMetaLearningConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, _: Transmitter, _: Key) -> Result<Box<dyn Nucleus>> {
        Ok(Box::new(Self::build(*self)?))
    }
}

/// The state of the nucleus.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::nuclei::dorsal_raphe::uncertainty_meta_learning::UncertaintyMetaLearningConfig;
/// use tegmentum::neuromodulation::nucleus::{Nucleus, Signals};
///
/// let mut nucleus = UncertaintyMetaLearningConfig::default().build()?;
/// let mut after = |error| nucleus.release(&Signals { prediction_error: Some(error), ..Signals::default() }).tonic;
/// assert_eq!(after(0.5), 0.0, "good news leave the rate for bad news alone");
/// assert!(after(-1.0) > 0.0);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct UncertaintyMetaLearning {
    config: UncertaintyMetaLearningConfig,
    expected: f64,
    rate: f64,
}

crate::archived!(UncertaintyMetaLearning { expected, rate } fixed { config });

impl UncertaintyMetaLearning {
    /// Expected uncertainty ε, in units of reward.
    pub fn expected_uncertainty(&self) -> f64 {
        self.expected
    }
}

impl Nucleus for UncertaintyMetaLearning {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Serotonin
    }

    fn release(&mut self, signals: &Signals) -> Release {
        if let Some(error) = usable(signals.prediction_error) {
            let unexpected = error.abs() - self.expected;
            self.expected += self.config.expectation_rate * unexpected;
            if error < 0.0 {
                let target = unexpected + self.config.resting_rate;
                self.rate = (self.rate + self.config.meta_rate * (target - self.rate)).max(0.0);
            }
        }
        Release::tonic(self.rate / self.config.resting_rate - 1.0)
    }

    fn reset(&mut self) {
        (self.expected, self.rate) = (0.0, self.config.resting_rate);
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_written_out() {
        let config = UncertaintyMetaLearningConfig { expectation_rate: 0.5, meta_rate: 0.5, resting_rate: 0.25 };
        let mut nucleus = config.build().expect("valid");
        let mut after = |error| nucleus.release(&Signals { prediction_error: Some(error), ..Signals::default() }).tonic;
        // ν = 1, ε = .5, a₋ = .25 + .5 (1 + .25 − .25) = .75.
        assert_eq!(after(-1.0), 2.0);
        // ν = .5, ε = .75, a₋ = .75 + .5 (.5 + .25 − .75) = .75.
        assert_eq!(after(-1.0), 2.0);
        // ν = −.75 + .25 = −.5, ε = .5, a₋ = .75 + .5 (−.5 + .25 − .75) = .25.
        assert_eq!(after(-0.25), 0.0);
        assert_eq!(nucleus.expected_uncertainty(), 0.5);
    }
}
