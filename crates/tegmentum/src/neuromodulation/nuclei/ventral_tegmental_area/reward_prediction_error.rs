//! Dopamine as the reward prediction error of the critic, released as it is.
//!
//! ```text
//!     phasic = δ
//! ```
//! δ reward prediction error of the agent `[reward]`. Negative values are dips below baseline.
//!
//! Reference: W. Schultz, P. Dayan, P. R. Montague, Science 275, 1593–1599, 1997.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::neuromodulation::nucleus::{Nucleus, NucleusSettings, Release, Signals, Transmitter, usable};
use crate::random::Key;
use crate::registry::Description;

/// Its name in lists.
const DESCRIPTION: Description = Description {
    name: "reward_prediction_error",
    summary: "the prediction error of the critic, as it is",
    reference: "Schultz, Dayan & Montague 1997",
};

/// The model has no constants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RewardPredictionErrorConfig {}

impl RewardPredictionErrorConfig {
    /// The nucleus.
    ///
    /// # Errors
    /// None so far.
    pub fn build(self) -> Result<RewardPredictionError> {
        Ok(RewardPredictionError)
    }
}

impl NucleusSettings for RewardPredictionErrorConfig {
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
/// use tegmentum::neuromodulation::nuclei::ventral_tegmental_area::reward_prediction_error::RewardPredictionError;
/// use tegmentum::neuromodulation::nucleus::{Nucleus, Signals};
///
/// let release = RewardPredictionError.release(&Signals { prediction_error: Some(-0.5), ..Signals::default() });
/// assert_eq!(release.phasic, -0.5);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct RewardPredictionError;

crate::archived!(RewardPredictionError {});

impl Nucleus for RewardPredictionError {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Dopamine
    }

    fn release(&mut self, signals: &Signals) -> Release {
        Release::phasic(usable(signals.prediction_error).unwrap_or(0.0))
    }

    fn reset(&mut self) {}

    crate::archives!();
}
