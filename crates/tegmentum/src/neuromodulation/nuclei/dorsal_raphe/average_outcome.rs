//! Serotonin as the average outcome.
//!
//! ```text
//!     tonic  r̄ ← r̄ + a (r − r̄)
//! ```
//! r reward `[reward]` · a rate [1/moment].
//!
//! Reference: N. D. Daw, S. Kakade, P. Dayan, Neural Networks 15, 603–616, 2002.

use serde::{Deserialize, Serialize};

use crate::error::{Result, fraction};
use crate::neuromodulation::nucleus::{Nucleus, NucleusSettings, Release, Signals, Transmitter, usable};
use crate::random::Key;
use crate::registry::Description;

/// Its name in lists.
const DESCRIPTION: Description =
    Description { name: "average_outcome", summary: "running mean of reward", reference: "Daw, Kakade & Dayan 2002" };

/// The constants of the model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AverageOutcomeConfig {
    /// Share a of a new reward in the mean.
    pub rate: f64,
}

impl Default for AverageOutcomeConfig {
    fn default() -> Self {
        Self { rate: 0.01 }
    }
}

impl AverageOutcomeConfig {
    /// The nucleus, having seen nothing.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a rate outside `[0, 1]`.
    pub fn build(self) -> Result<AverageOutcome> {
        fraction("average_outcome.rate", self.rate)?;
        Ok(AverageOutcome { config: self, mean: 0.0 })
    }
}

impl NucleusSettings for AverageOutcomeConfig {
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
/// use tegmentum::neuromodulation::nuclei::dorsal_raphe::average_outcome::AverageOutcomeConfig;
/// use tegmentum::neuromodulation::nucleus::{Nucleus, Signals};
///
/// let mut nucleus = AverageOutcomeConfig { rate: 0.5 }.build()?;
/// let release = nucleus.release(&Signals { reward: Some(1.0), ..Signals::default() });
/// assert_eq!(release.tonic, 0.5);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct AverageOutcome {
    config: AverageOutcomeConfig,
    mean: f64,
}

crate::archived!(AverageOutcome { mean } fixed { config });

impl Nucleus for AverageOutcome {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Serotonin
    }

    fn release(&mut self, signals: &Signals) -> Release {
        if let Some(reward) = usable(signals.reward) {
            self.mean += self.config.rate * (reward - self.mean);
        }
        Release::tonic(self.mean)
    }

    fn reset(&mut self) {
        self.mean = 0.0;
    }

    crate::archives!();
}
