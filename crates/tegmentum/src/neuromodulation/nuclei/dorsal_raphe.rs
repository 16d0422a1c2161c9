//! Dorsal raphe: serotonin. The models, one file each:
//!
//! | model | level | for |
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
use uncertainty_meta_learning::UncertaintyMetaLearningConfig;

use super::tonic_activity::TonicActivityConfig;
use crate::neuromodulation::nucleus::NucleusSettings;

tegmentum_engine::named_settings! {
    /// A model of the nucleus as a study names it. A model is registered by a line here.
    ///
    /// # Example
    /// ```
    /// use tegmentum::neuromodulation::nuclei::dorsal_raphe::DorsalRapheConfig;
    ///
    /// let config: DorsalRapheConfig = toml::from_str("[opponency]\naverage_weight = 0.0")?;
    /// assert_eq!(config.description().name, "opponency");
    /// # Ok::<(), toml::de::Error>(())
    /// ```
    pub enum DorsalRapheConfig: dyn NucleusSettings = "model of the dorsal raphe" {
        AverageOutcome(AverageOutcomeConfig),
        DiscountAndPatience(DiscountAndPatienceConfig),
        Opponency(OpponencyConfig),
        UncertaintyMetaLearning(UncertaintyMetaLearningConfig),
        BehaviouralInhibition(BehaviouralInhibitionConfig),
        RunLength(RunLengthConfig),
        TonicActivity(TonicActivityConfig),
        Horizon(HorizonConfig),
    }
}
