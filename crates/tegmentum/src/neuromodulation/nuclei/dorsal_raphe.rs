//! Dorsal raphe: serotonin. The readings, one file each:
//!
//! | reading | level | for |
//! |---|---|---|
//! | [horizon] | time since the last surprise | optimizers |
//! | [average outcome](average_outcome) | running mean of reward | agents |
//! | [run length](run_length) | trials that the estimate averages over | agents |
//! | [discount and patience](discount_and_patience) | calm: time since a burst, less the spread of errors | agents |
//! | [opponency] | prediction error of punishment, average outcome | agents |
//! | [uncertainty meta-learning](uncertainty_meta_learning) | learning rate for bad news | agents |
//! | [behavioural inhibition](behavioural_inhibition) | running mean of punishment | agents |
//! | [tonic activity](super::tonic_activity) | a tone that couplings act on | `doya-2002` |

pub mod average_outcome;
pub mod behavioural_inhibition;
pub mod discount_and_patience;
pub mod horizon;
pub mod run_length;

use average_outcome::AverageOutcomeConfig;
use run_length::RunLengthConfig;
pub mod opponency;
pub mod uncertainty_meta_learning;

use behavioural_inhibition::BehaviouralInhibitionConfig;
use discount_and_patience::DiscountAndPatienceConfig;
use horizon::HorizonConfig;
use opponency::OpponencyConfig;
use serde::{Deserialize, Serialize};
use uncertainty_meta_learning::UncertaintyMetaLearningConfig;

use super::tonic_activity::{self, TonicActivityConfig};
use crate::error::Result;
use crate::neuromodulation::nucleus::{Nucleus, Transmitter};
use crate::registry::Description;

/// A reading of the nucleus as a study names it.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::nuclei::dorsal_raphe::DorsalRapheConfig;
///
/// let config: DorsalRapheConfig = toml::from_str("[opponency]\naverage_weight = 0.0")?;
/// assert_eq!(config.description().name, "opponency");
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DorsalRapheConfig {
    /// See [`average_outcome`].
    AverageOutcome(AverageOutcomeConfig),
    /// See [`run_length`].
    RunLength(RunLengthConfig),
    /// See [`discount_and_patience`].
    DiscountAndPatience(DiscountAndPatienceConfig),
    /// See [`opponency`].
    Opponency(OpponencyConfig),
    /// See [`uncertainty_meta_learning`].
    UncertaintyMetaLearning(UncertaintyMetaLearningConfig),
    /// See [`behavioural_inhibition`].
    BehaviouralInhibition(BehaviouralInhibitionConfig),
    /// See [`tonic_activity`].
    TonicActivity(TonicActivityConfig),
    /// See [`horizon`].
    Horizon(HorizonConfig),
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
            Self::DiscountAndPatience(config) => Box::new(config.build()?),
            Self::Opponency(config) => Box::new(config.build()?),
            Self::UncertaintyMetaLearning(config) => Box::new(config.build()?),
            Self::BehaviouralInhibition(config) => Box::new(config.build()?),
            Self::TonicActivity(config) => Box::new(config.build(Transmitter::Serotonin)?),
            Self::Horizon(config) => Box::new(config.build()?),
        })
    }

    /// Name, summary and reference.
    pub fn description(&self) -> Description {
        match self {
            Self::AverageOutcome(_) => average_outcome::DESCRIPTION,
            Self::DiscountAndPatience(_) => discount_and_patience::DESCRIPTION,
            Self::Opponency(_) => opponency::DESCRIPTION,
            Self::UncertaintyMetaLearning(_) => uncertainty_meta_learning::DESCRIPTION,
            Self::BehaviouralInhibition(_) => behavioural_inhibition::DESCRIPTION,
            Self::RunLength(_) => run_length::DESCRIPTION,
            Self::TonicActivity(_) => tonic_activity::DESCRIPTION,
            Self::Horizon(_) => horizon::DESCRIPTION,
        }
    }

    /// Every reading with its default constants. A reading is registered by a line here.
    pub fn defaults() -> Vec<Self> {
        vec![
            Self::AverageOutcome(AverageOutcomeConfig::default()),
            Self::DiscountAndPatience(DiscountAndPatienceConfig::default()),
            Self::Opponency(OpponencyConfig::default()),
            Self::UncertaintyMetaLearning(UncertaintyMetaLearningConfig::default()),
            Self::BehaviouralInhibition(BehaviouralInhibitionConfig::default()),
            Self::RunLength(RunLengthConfig::default()),
            Self::TonicActivity(TonicActivityConfig::default()),
            Self::Horizon(HorizonConfig::default()),
        ]
    }
}
