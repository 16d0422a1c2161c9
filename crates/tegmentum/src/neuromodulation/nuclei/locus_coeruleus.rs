//! Locus coeruleus: noradrenaline. The models, one file each:
//!
//! | model | level | for |
//! |---|---|---|
//! | [cumulative surprise](cumulative_surprise) | confirmed rise of losses | optimizers |
//! | [scheduled bursts](scheduled_bursts) | bursts at random moments, a control | agents |
//! | [standardised surprise](standardised_surprise) | errors in units of expected uncertainty that add up | agents |
//! | [unexpected uncertainty](unexpected_uncertainty) | errors beyond the expected ones | agents |
//! | [change-point probability](change_point_probability) | experience that an outcome has made worthless | agents |
//! | [Bayes factor](bayes_factor) | posterior probability of a change | agents with a model of outcomes |
//! | [FitzHugh–Nagumo](fitzhugh_nagumo) | gain of an excitable population, phasic or tonic | agents |
//! | [utility] | the same, its mode set by short- and long-term utility | agents |
//! | [context doubt](context_doubt) | probability of another context | agents |
//! | [change detector](change_detector) | alarms of ADWIN, Page–Hinkley, KSWIN, or of one that looks at nothing | agents, optimizers, streams |
//! | [tonic activity](super::tonic_activity) | a tone that couplings act on | `doya-2002` |

pub mod bayes_factor;
pub mod change_detector;
pub mod change_point_probability;
pub mod context_doubt;
pub mod cumulative_surprise;
pub mod fitzhugh_nagumo;
pub mod scheduled_bursts;
pub mod standardised_surprise;
pub mod unexpected_uncertainty;
pub mod utility;

use bayes_factor::BayesFactorConfig;
use change_detector::ChangeDetectorConfig;
use change_point_probability::ChangePointProbabilityConfig;
use context_doubt::ContextDoubtConfig;
use cumulative_surprise::CumulativeSurpriseConfig;
use fitzhugh_nagumo::FitzHughNagumoConfig;
use scheduled_bursts::ScheduledBurstsConfig;
use standardised_surprise::StandardisedSurpriseConfig;
use unexpected_uncertainty::UnexpectedUncertaintyConfig;
use utility::UtilityConfig;

use super::tonic_activity::TonicActivityConfig;
use crate::neuromodulation::nucleus::NucleusSettings;

tegmentum_engine::named_settings! {
    /// A model of the nucleus as a study names it. A model is registered by a line here.
    ///
    /// # Example
    /// ```
    /// use tegmentum::neuromodulation::nuclei::locus_coeruleus::LocusCoeruleusConfig;
    ///
    /// let config: LocusCoeruleusConfig = toml::from_str("[bayes_factor]\nchange_probability = 0.1")?;
    /// assert_eq!(config.description().name, "bayes_factor");
    /// # Ok::<(), toml::de::Error>(())
    /// ```
    pub enum LocusCoeruleusConfig: dyn NucleusSettings = "model of the locus coeruleus" {
        UnexpectedUncertainty(UnexpectedUncertaintyConfig),
        StandardisedSurprise(StandardisedSurpriseConfig),
        BayesFactor(BayesFactorConfig),
        FitzHughNagumo(FitzHughNagumoConfig),
        Utility(UtilityConfig),
        ContextDoubt(ContextDoubtConfig),
        ScheduledBursts(ScheduledBurstsConfig),
        ChangePointProbability(ChangePointProbabilityConfig),
        TonicActivity(TonicActivityConfig),
        CumulativeSurprise(CumulativeSurpriseConfig),
        ChangeDetector(ChangeDetectorConfig),
    }
}
