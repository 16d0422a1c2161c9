//! Basal forebrain: acetylcholine. The readings, one file each:
//!
//! | reading | level | for |
//! |---|---|---|
//! | [error size](error_size) | expected size of fast and slow prediction errors | optimizers |
//! | [expected uncertainty](expected_uncertainty) | usual size of outcome errors | agents |
//! | [noise estimate](noise_estimate) | size of the noise, told apart from change | agents |
//! | [cue invalidity](cue_invalidity) | share of predictions expected to fail within a context | agents |
//! | [encoding and retrieval](encoding_and_retrieval) | high while the world is new | agents |
//! | [depression before dopamine](depression_before_dopamine) | there until reward comes | spiking agents |
//! | [tonic activity](super::tonic_activity) | a tone that couplings act on | `doya-2002` |

pub mod cue_invalidity;
pub mod depression_before_dopamine;
pub mod encoding_and_retrieval;
pub mod error_size;
pub mod expected_uncertainty;
pub mod noise_estimate;

use cue_invalidity::CueInvalidityConfig;
use depression_before_dopamine::DepressionBeforeDopamineConfig;
use encoding_and_retrieval::EncodingAndRetrievalConfig;
use error_size::ErrorSizeConfig;
use expected_uncertainty::ExpectedUncertaintyConfig;
use noise_estimate::NoiseEstimateConfig;
use serde::{Deserialize, Serialize};

use super::tonic_activity::{self, TonicActivityConfig};
use crate::error::Result;
use crate::neuromodulation::nucleus::{Nucleus, Transmitter};
use crate::registry::Description;

/// A reading of the nucleus as a study names it.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::nuclei::basal_forebrain::BasalForebrainConfig;
///
/// let config: BasalForebrainConfig = toml::from_str("[encoding_and_retrieval]\nhalf = 0.5")?;
/// assert_eq!(config.description().name, "encoding_and_retrieval");
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BasalForebrainConfig {
    /// See [`expected_uncertainty`].
    ExpectedUncertainty(ExpectedUncertaintyConfig),
    /// See [`noise_estimate`].
    NoiseEstimate(NoiseEstimateConfig),
    /// See [`cue_invalidity`].
    CueInvalidity(CueInvalidityConfig),
    /// See [`encoding_and_retrieval`].
    EncodingAndRetrieval(EncodingAndRetrievalConfig),
    /// See [`depression_before_dopamine`].
    DepressionBeforeDopamine(DepressionBeforeDopamineConfig),
    /// See [`tonic_activity`].
    TonicActivity(TonicActivityConfig),
    /// See [`error_size`].
    ErrorSize(ErrorSizeConfig),
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
            Self::CueInvalidity(config) => Box::new(config.build()?),
            Self::EncodingAndRetrieval(config) => Box::new(config.build()?),
            Self::DepressionBeforeDopamine(config) => Box::new(config.build()?),
            Self::TonicActivity(config) => Box::new(config.build(Transmitter::Acetylcholine)?),
            Self::ErrorSize(config) => Box::new(config.build()?),
        })
    }

    /// Name, summary and reference.
    pub fn description(&self) -> Description {
        match self {
            Self::ExpectedUncertainty(_) => expected_uncertainty::DESCRIPTION,
            Self::CueInvalidity(_) => cue_invalidity::DESCRIPTION,
            Self::EncodingAndRetrieval(_) => encoding_and_retrieval::DESCRIPTION,
            Self::DepressionBeforeDopamine(_) => depression_before_dopamine::DESCRIPTION,
            Self::NoiseEstimate(_) => noise_estimate::DESCRIPTION,
            Self::TonicActivity(_) => tonic_activity::DESCRIPTION,
            Self::ErrorSize(_) => error_size::DESCRIPTION,
        }
    }

    /// Every reading with its default constants. A reading is registered by a line here.
    pub fn defaults() -> Vec<Self> {
        vec![
            Self::ExpectedUncertainty(ExpectedUncertaintyConfig::default()),
            Self::CueInvalidity(CueInvalidityConfig::default()),
            Self::EncodingAndRetrieval(EncodingAndRetrievalConfig::default()),
            Self::DepressionBeforeDopamine(DepressionBeforeDopamineConfig::default()),
            Self::NoiseEstimate(NoiseEstimateConfig::default()),
            Self::TonicActivity(TonicActivityConfig::default()),
            Self::ErrorSize(ErrorSizeConfig::default()),
        ]
    }
}
