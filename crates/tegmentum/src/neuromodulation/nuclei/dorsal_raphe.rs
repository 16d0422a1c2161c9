//! Dorsal raphe: serotonin. The readings, one file each:
//!
//! | reading | level | for |
//! |---|---|---|
//! | [horizon](horizon) | time since the last surprise | optimizers |
//! | [average outcome](average_outcome) | running mean of reward | agents |
//! | [run length](run_length) | trials that the estimate averages over | agents |

pub mod average_outcome;
pub mod horizon;
pub mod run_length;

use average_outcome::AverageOutcomeConfig;
use run_length::RunLengthConfig;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::neuromodulation::nucleus::Nucleus;

/// A reading of the nucleus as a study names it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DorsalRapheConfig {
    /// See [`average_outcome`].
    AverageOutcome(AverageOutcomeConfig),
    /// See [`run_length`].
    RunLength(RunLengthConfig),
}

impl DorsalRapheConfig {
    /// The nucleus, having seen nothing.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a constant outside its range.
    pub fn build(&self) -> Result<Box<dyn Nucleus>> {
        Ok(match self {
            Self::AverageOutcome(config) => Box::new(config.build()?),
            Self::RunLength(config) => Box::new(config.build()?),
        })
    }
}
