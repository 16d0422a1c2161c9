//! Ventral tegmental area: dopamine. The readings, one file each:
//!
//! | reading | level | for |
//! |---|---|---|
//! | [regret](regret) | regret minus expected regret of a perturbed model | optimizers |
//! | [reward prediction error](reward_prediction_error) | δ of the critic | agents |

pub mod regret;
pub mod reward_prediction_error;

use reward_prediction_error::RewardPredictionErrorConfig;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::neuromodulation::nucleus::Nucleus;

/// A reading of the nucleus as a study names it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VentralTegmentalAreaConfig {
    /// See [`reward_prediction_error`].
    RewardPredictionError(RewardPredictionErrorConfig),
}

impl VentralTegmentalAreaConfig {
    /// The nucleus, having seen nothing.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a constant outside its range.
    pub fn build(&self) -> Result<Box<dyn Nucleus>> {
        Ok(match self {
            Self::RewardPredictionError(config) => Box::new(config.build()?),
        })
    }
}
