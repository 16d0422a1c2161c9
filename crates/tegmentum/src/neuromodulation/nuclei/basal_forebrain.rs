//! Basal forebrain: acetylcholine. The models, one file each:
//!
//! | model | level | for |
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

use super::tonic_activity::TonicActivityConfig;
use crate::neuromodulation::nucleus::NucleusSettings;

tegmentum_engine::named_settings! {
    /// A model of the nucleus as a study names it. A model is registered by a line here.
    ///
    /// # Example
    /// ```
    /// use tegmentum::neuromodulation::nuclei::basal_forebrain::BasalForebrainConfig;
    ///
    /// let config: BasalForebrainConfig = toml::from_str("[encoding_and_retrieval]\nhalf = 0.5")?;
    /// assert_eq!(config.description().name, "encoding_and_retrieval");
    /// # Ok::<(), toml::de::Error>(())
    /// ```
    pub enum BasalForebrainConfig: dyn NucleusSettings = "model of the basal forebrain" {
        ExpectedUncertainty(ExpectedUncertaintyConfig),
        CueInvalidity(CueInvalidityConfig),
        EncodingAndRetrieval(EncodingAndRetrievalConfig),
        DepressionBeforeDopamine(DepressionBeforeDopamineConfig),
        NoiseEstimate(NoiseEstimateConfig),
        TonicActivity(TonicActivityConfig),
        ErrorSize(ErrorSizeConfig),
    }
}
