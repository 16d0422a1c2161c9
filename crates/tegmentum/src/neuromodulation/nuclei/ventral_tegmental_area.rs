//! Ventral tegmental area: dopamine. The models, one file each:
//!
//! | model | level | for |
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

use crate::neuromodulation::nucleus::NucleusSettings;

tegmentum_engine::named_settings! {
    /// A model of the nucleus as a study names it. A model is registered by a line here.
    ///
    /// # Example
    /// ```
    /// use tegmentum::neuromodulation::nuclei::ventral_tegmental_area::VentralTegmentalAreaConfig;
    ///
    /// let config: VentralTegmentalAreaConfig = toml::from_str("[average_reward]\nrate = 0.05")?;
    /// assert_eq!(config.description().name, "average_reward");
    /// # Ok::<(), toml::de::Error>(())
    /// ```
    pub enum VentralTegmentalAreaConfig: dyn NucleusSettings = "model of the ventral tegmental area" {
        RewardPredictionError(RewardPredictionErrorConfig),
        AverageReward(AverageRewardConfig),
        Distributional(DistributionalConfig),
        ReceptorSplit(ReceptorSplitConfig),
        Regret(RegretConfig),
    }
}
