//! Locus coeruleus: noradrenaline. The readings, one file each:
//!
//! | reading | level | for |
//! |---|---|---|
//! | [cumulative surprise](cumulative_surprise) | confirmed rise of losses | optimizers |
//! | [scheduled bursts](scheduled_bursts) | bursts at random moments, a control | agents |
//! | [unexpected uncertainty](unexpected_uncertainty) | errors beyond the expected ones | agents |
//! | [change-point probability](change_point_probability) | experience that an outcome has made worthless | agents |
//! | [Bayes factor](bayes_factor) | posterior probability of a change | agents with a model of outcomes |
//! | [FitzHugh–Nagumo](fitzhugh_nagumo) | gain of an excitable population, phasic or tonic | agents |
//! | [utility] | the same, its mode set by short- and long-term utility | agents |
//! | [context doubt](context_doubt) | probability of another context | agents |
//! | [tonic activity](super::tonic_activity) | a tone that couplings act on | `doya-2002` |

pub mod bayes_factor;
pub mod change_point_probability;
pub mod context_doubt;
pub mod cumulative_surprise;
pub mod fitzhugh_nagumo;
pub mod scheduled_bursts;
pub mod unexpected_uncertainty;
pub mod utility;

use bayes_factor::BayesFactorConfig;
use change_point_probability::ChangePointProbabilityConfig;
use context_doubt::ContextDoubtConfig;
use cumulative_surprise::CumulativeSurpriseConfig;
use fitzhugh_nagumo::FitzHughNagumoConfig;
use scheduled_bursts::ScheduledBurstsConfig;
use serde::{Deserialize, Serialize};
use unexpected_uncertainty::UnexpectedUncertaintyConfig;
use utility::UtilityConfig;

use super::tonic_activity::{self, TonicActivityConfig};
use crate::error::Result;
use crate::neuromodulation::nucleus::{Nucleus, Transmitter};
use crate::random::Key;
use crate::registry::Description;

/// A reading of the nucleus as a study names it.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::nuclei::locus_coeruleus::LocusCoeruleusConfig;
///
/// let config: LocusCoeruleusConfig = toml::from_str("[bayes_factor]\nchange_probability = 0.1")?;
/// assert_eq!(config.description().name, "bayes_factor");
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LocusCoeruleusConfig {
    /// See [`scheduled_bursts`].
    ScheduledBursts(ScheduledBurstsConfig),
    /// See [`unexpected_uncertainty`].
    UnexpectedUncertainty(UnexpectedUncertaintyConfig),
    /// See [`change_point_probability`].
    ChangePointProbability(ChangePointProbabilityConfig),
    /// See [`bayes_factor`].
    BayesFactor(BayesFactorConfig),
    /// See [`fitzhugh_nagumo`].
    #[serde(rename = "fitzhugh_nagumo")]
    FitzHughNagumo(FitzHughNagumoConfig),
    /// See [`utility`].
    Utility(UtilityConfig),
    /// See [`context_doubt`].
    ContextDoubt(ContextDoubtConfig),
    /// See [`tonic_activity`].
    TonicActivity(TonicActivityConfig),
    /// See [`cumulative_surprise`].
    CumulativeSurprise(CumulativeSurpriseConfig),
}

impl LocusCoeruleusConfig {
    /// The nucleus, having seen nothing; what is random in it follows from `key`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a constant outside its range.
    pub fn build(&self, key: Key) -> Result<Box<dyn Nucleus>> {
        Ok(match self {
            Self::ScheduledBursts(config) => Box::new(config.build(key)?),
            Self::UnexpectedUncertainty(config) => Box::new(config.build()?),
            Self::ChangePointProbability(config) => Box::new(config.build()?),
            Self::BayesFactor(config) => Box::new(config.build()?),
            Self::FitzHughNagumo(config) => Box::new(config.build(key)?),
            Self::Utility(config) => Box::new(config.build(key)?),
            Self::ContextDoubt(config) => Box::new(config.build()?),
            Self::TonicActivity(config) => Box::new(config.build(Transmitter::Noradrenaline)?),
            Self::CumulativeSurprise(config) => Box::new(config.build()?),
        })
    }

    /// Name, summary and reference.
    pub fn description(&self) -> Description {
        match self {
            Self::UnexpectedUncertainty(_) => unexpected_uncertainty::DESCRIPTION,
            Self::ScheduledBursts(_) => scheduled_bursts::DESCRIPTION,
            Self::BayesFactor(_) => bayes_factor::DESCRIPTION,
            Self::FitzHughNagumo(_) => fitzhugh_nagumo::DESCRIPTION,
            Self::Utility(_) => utility::DESCRIPTION,
            Self::ContextDoubt(_) => context_doubt::DESCRIPTION,
            Self::ChangePointProbability(_) => change_point_probability::DESCRIPTION,
            Self::TonicActivity(_) => tonic_activity::DESCRIPTION,
            Self::CumulativeSurprise(_) => cumulative_surprise::DESCRIPTION,
        }
    }

    /// Every reading with its default constants. A reading is registered by a line here.
    pub fn defaults() -> Vec<Self> {
        vec![
            Self::UnexpectedUncertainty(UnexpectedUncertaintyConfig::default()),
            Self::BayesFactor(BayesFactorConfig::default()),
            Self::FitzHughNagumo(FitzHughNagumoConfig::default()),
            Self::Utility(UtilityConfig::default()),
            Self::ContextDoubt(ContextDoubtConfig::default()),
            Self::ScheduledBursts(ScheduledBurstsConfig::default()),
            Self::ChangePointProbability(ChangePointProbabilityConfig::default()),
            Self::TonicActivity(TonicActivityConfig::default()),
            Self::CumulativeSurprise(CumulativeSurpriseConfig::default()),
        ]
    }
}
