//! Basal forebrain: acetylcholine. The readings, one file each:
//!
//! | reading | level | for |
//! |---|---|---|
//! | [error size](error_size) | expected size of fast and slow prediction errors | optimizers |
//! | [expected uncertainty](expected_uncertainty) | usual size of outcome errors | agents |
//! | [noise estimate](noise_estimate) | size of the noise, told apart from change | agents |

pub mod error_size;
pub mod expected_uncertainty;
pub mod noise_estimate;

use expected_uncertainty::ExpectedUncertaintyConfig;
use noise_estimate::NoiseEstimateConfig;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::neuromodulation::nucleus::Nucleus;

/// A reading of the nucleus as a study names it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BasalForebrainConfig {
    /// See [`expected_uncertainty`].
    ExpectedUncertainty(ExpectedUncertaintyConfig),
    /// See [`noise_estimate`].
    NoiseEstimate(NoiseEstimateConfig),
}

impl BasalForebrainConfig {
    /// The nucleus, having seen nothing.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a constant outside its range.
    pub fn build(&self) -> Result<Box<dyn Nucleus>> {
        Ok(match self {
            Self::ExpectedUncertainty(config) => Box::new(config.build()?),
            Self::NoiseEstimate(config) => Box::new(config.build()?),
        })
    }
}
