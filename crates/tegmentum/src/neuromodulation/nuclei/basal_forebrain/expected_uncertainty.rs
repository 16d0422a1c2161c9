//! Acetylcholine as expected uncertainty: the usual size of outcome errors.
//!
//! ```text
//!     tonic  U ← U + a (|e| − U)
//! ```
//! e outcome error `[outcome]` · a rate [1/moment].
//!
//! Reference: A. J. Yu, P. Dayan, Neuron 46, 681–692, 2005, for the role; the running mean is the slow trace of the
//! Go/No-Go study (`S_slow`).

use serde::{Deserialize, Serialize};

use crate::error::{Result, fraction};
use crate::neuromodulation::nucleus::{Nucleus, NucleusSettings, Release, Signals, Transmitter, usable};
use crate::random::Key;
use crate::registry::Description;

/// Its name in lists.
const DESCRIPTION: Description = Description {
    name: "expected_uncertainty",
    summary: "usual size of outcome errors",
    reference: "Yu & Dayan 2005, doi:10.1016/j.neuron.2005.04.026",
};

/// The constants of the model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExpectedUncertaintyConfig {
    /// Share a of a new error in the mean.
    pub rate: f64,
}

impl Default for ExpectedUncertaintyConfig {
    fn default() -> Self {
        Self { rate: 1.0 / 40.0 }
    }
}

impl ExpectedUncertaintyConfig {
    /// The nucleus, having seen nothing.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a rate outside `[0, 1]`.
    pub fn build(self) -> Result<ExpectedUncertainty> {
        fraction("expected_uncertainty.rate", self.rate)?;
        Ok(ExpectedUncertainty { config: self, mean: 0.0 })
    }
}

impl NucleusSettings for ExpectedUncertaintyConfig {
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
/// use tegmentum::neuromodulation::nuclei::basal_forebrain::expected_uncertainty::ExpectedUncertaintyConfig;
/// use tegmentum::neuromodulation::nucleus::{Nucleus, Signals};
///
/// let mut nucleus = ExpectedUncertaintyConfig { rate: 0.5 }.build()?;
/// let release = nucleus.release(&Signals { outcome_error: Some(-1.0), ..Signals::default() });
/// assert_eq!(release.tonic, 0.5);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ExpectedUncertainty {
    config: ExpectedUncertaintyConfig,
    mean: f64,
}

crate::archived!(ExpectedUncertainty { mean } fixed { config });

impl Nucleus for ExpectedUncertainty {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Acetylcholine
    }

    fn release(&mut self, signals: &Signals) -> Release {
        if let Some(error) = usable(signals.outcome_error) {
            self.mean += self.config.rate * (error.abs() - self.mean);
        }
        Release::tonic(self.mean)
    }

    fn reset(&mut self) {
        self.mean = 0.0;
    }

    crate::archives!();
}
