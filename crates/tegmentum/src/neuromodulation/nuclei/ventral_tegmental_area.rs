//! Ventral tegmental area: dopamine. The readings, one file each:
//!
//! | reading | level | for |
//! |---|---|---|
//! | [regret] | regret minus expected regret of a perturbed model | optimizers |
//! | [reward prediction error](reward_prediction_error) | δ of the critic | agents |
//! | [average reward](average_reward) | δ beyond the average reward | agents |
//! | [distributional] | mean response of optimistic and pessimistic cells | agents |
//! | [receptor split](receptor_split) | δ with separate gains for good and bad news | agents |

pub mod average_reward;
pub mod distributional;
pub mod receptor_split;
pub mod regret;
pub mod reward_prediction_error;

use average_reward::AverageRewardConfig;
use distributional::DistributionalConfig;
use receptor_split::ReceptorSplitConfig;
use regret::RegretConfig;
use reward_prediction_error::RewardPredictionErrorConfig;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::neuromodulation::nucleus::Nucleus;
use crate::registry::Description;

/// A reading of the nucleus as a study names it.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::nuclei::ventral_tegmental_area::VentralTegmentalAreaConfig;
///
/// let config: VentralTegmentalAreaConfig = toml::from_str("[average_reward]\nrate = 0.05")?;
/// assert_eq!(config.description().name, "average_reward");
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VentralTegmentalAreaConfig {
    /// See [`reward_prediction_error`].
    RewardPredictionError(RewardPredictionErrorConfig),
    /// See [`average_reward`].
    AverageReward(AverageRewardConfig),
    /// See [`distributional`].
    Distributional(DistributionalConfig),
    /// See [`receptor_split`].
    ReceptorSplit(ReceptorSplitConfig),
    /// See [`regret`].
    Regret(RegretConfig),
}

impl VentralTegmentalAreaConfig {
    /// The nucleus, having seen nothing.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a constant outside its range.
    pub fn build(&self) -> Result<Box<dyn Nucleus>> {
        Ok(match self {
            Self::RewardPredictionError(config) => Box::new(config.build()?),
            Self::AverageReward(config) => Box::new(config.build()?),
            Self::Distributional(config) => Box::new(config.build()?),
            Self::ReceptorSplit(config) => Box::new(config.build()?),
            Self::Regret(config) => Box::new(config.build()?),
        })
    }

    /// Name, summary and reference.
    pub fn description(&self) -> Description {
        match self {
            Self::RewardPredictionError(_) => reward_prediction_error::DESCRIPTION,
            Self::AverageReward(_) => average_reward::DESCRIPTION,
            Self::Distributional(_) => distributional::DESCRIPTION,
            Self::ReceptorSplit(_) => receptor_split::DESCRIPTION,
            Self::Regret(_) => regret::DESCRIPTION,
        }
    }

    /// Every reading with its default constants. A reading is registered by a line here.
    pub fn defaults() -> Vec<Self> {
        vec![
            Self::RewardPredictionError(RewardPredictionErrorConfig::default()),
            Self::AverageReward(AverageRewardConfig::default()),
            Self::Distributional(DistributionalConfig::default()),
            Self::ReceptorSplit(ReceptorSplitConfig::default()),
            Self::Regret(RegretConfig::default()),
        ]
    }
}
