//! What a study of lesions or doses says about its drugs.

use serde::{Deserialize, Serialize};
use tegmentum::error::{Error, Result};
use tegmentum::neuromodulation::nucleus::Transmitter;
use tegmentum::neuromodulation::pharmacology::Action;

/// What a study of lesions is to find out.
///
/// # Example
/// ```
/// use tegmentum_study::lesions::LesionConfig;
///
/// let config: LesionConfig = toml::from_str("metrics = ['accuracy']")?;
/// assert_eq!(config.metrics, ["accuracy"]);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LesionConfig {
    /// The metrics that are attributed; if none is named, the first of the study, or `evaluations_to_relearn` of a stream.
    pub metrics: Vec<String>,
}

/// Which drug, at which doses.
///
/// # Example
/// ```
/// use tegmentum_study::dose::DoseConfig;
///
/// let config: DoseConfig = toml::from_str("modulator = 'noradrenaline'\naction = 'antagonist'\ndoses = [0.0, 1.0]")?;
/// assert!(config.receptor.is_none());
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DoseConfig {
    /// The modulator.
    pub modulator: Transmitter,
    /// One of its receptors by name; the modulator itself if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receptor: Option<String>,
    /// What is done.
    #[serde(default)]
    pub action: DoseAction,
    /// The doses.
    pub doses: Vec<f64>,
}

/// What is done, without its dose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoseAction {
    /// Something that acts like the transmitter; the dose is added to its level.
    #[default]
    Agonist,
    /// Something that competes with it; half of the level at dose 1.
    Antagonist,
    /// The level is held at the dose.
    Clamp,
    /// The share of the release that is taken away.
    Lesion,
    /// The standard deviation of noise on the level.
    Noise,
    /// The level comes late by so many moments.
    Delay,
}

impl DoseAction {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 6] = [Self::Agonist, Self::Antagonist, Self::Clamp, Self::Lesion, Self::Noise, Self::Delay];

    /// The action at a dose.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a delay that is not a whole number of moments.
    pub fn at(self, dose: f64) -> Result<Action> {
        Ok(match self {
            Self::Agonist => Action::Agonist(dose),
            Self::Antagonist => Action::Antagonist(dose),
            Self::Clamp => Action::Clamp(dose),
            Self::Lesion => Action::Lesion(dose),
            Self::Noise => Action::Noise(dose),
            Self::Delay if dose >= 0.0 && dose.fract() == 0.0 && dose <= 100_000.0 => Action::Delay(dose as usize),
            Self::Delay => {
                let requirement = "a whole number of moments, at most 100000";
                return Err(Error::InvalidParameter { name: "pharmacology.delay", value: dose, requirement });
            }
        })
    }

    /// The doses where none are named.
    pub fn usual_doses(self) -> Vec<f64> {
        match self {
            Self::Lesion => vec![0.0, 0.25, 0.5, 0.75, 1.0],
            Self::Delay => vec![0.0, 1.0, 3.0, 10.0, 30.0, 100.0],
            _ => vec![0.0, 0.25, 0.5, 1.0, 2.0, 4.0],
        }
    }

    /// The name in study files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Agonist => "agonist",
            Self::Antagonist => "antagonist",
            Self::Clamp => "clamp",
            Self::Lesion => "lesion",
            Self::Noise => "noise",
            Self::Delay => "delay",
        }
    }

    /// What a dose is, with its unit.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Agonist => "dose of agonist (units of level)",
            Self::Antagonist => "dose of antagonist (half the level at 1)",
            Self::Clamp => "level that is held",
            Self::Lesion => "share of the release taken away",
            Self::Noise => "standard deviation of noise on the level",
            Self::Delay => "delay of the level (moments)",
        }
    }
}
