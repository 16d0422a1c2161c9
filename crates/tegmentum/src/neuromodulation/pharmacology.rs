//! Pharmacology: what an experimenter does to a modulator or to one of its receptors.
//!
//! ```text
//!     lesion s        release · (1 − s)          s = 1 takes the nucleus away
//!     clamp v         level = v
//!     agonist d       level + d                  d in units of level
//!     antagonist d    level/(1 + d)              competitive: half the effect at d = 1
//!     delay n         the level of n moments ago
//!     noise σ         level + N(0, σ²)           from a keyed stream
//! ```
//! On a modulator they change its level for everyone, other nuclei too; on a receptor only what that receptor sees. Several
//! drugs act in the order in which they are given.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::nucleus::Transmitter;
use crate::archive::{Archive, Archived};
use crate::error::{Error, Result};
use crate::random::{Key, Stream};

/// One intervention.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::pharmacology::Drug;
///
/// let clamp: Drug = toml::from_str("modulator = 'noradrenaline'\naction = { clamp = 0.0 }")?;
/// assert!(clamp.check().is_ok());
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drug {
    /// The modulator.
    pub modulator: Transmitter,
    /// One of its receptors by name; the modulator itself if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receptor: Option<String>,
    /// What is done.
    pub action: Action,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A share of the release is taken away.
    Lesion(f64),
    /// The level is held.
    Clamp(f64),
    /// A dose of something that acts like the transmitter.
    Agonist(f64),
    /// A dose of something that competes with it.
    Antagonist(f64),
    /// Moments by which the level comes late.
    Delay(usize),
    /// Standard deviation of noise on the level.
    Noise(f64),
}

impl Drug {
    /// The whole nucleus of `modulator` taken away.
    pub fn lesion(modulator: Transmitter) -> Self {
        Self { modulator, receptor: None, action: Action::Lesion(1.0) }
    }

    /// Checks the dose.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a dose outside its range.
    pub fn check(&self) -> Result<()> {
        let (name, value, fits, requirement) = match self.action {
            Action::Lesion(share) => {
                ("pharmacology.lesion", share, (0.0..=1.0).contains(&share), "a share between 0 and 1")
            }
            Action::Clamp(level) => ("pharmacology.clamp", level, level.is_finite(), "a finite level"),
            Action::Agonist(dose) => {
                ("pharmacology.agonist", dose, dose.is_finite() && dose >= 0.0, "a finite dose, at least 0")
            }
            Action::Antagonist(dose) => {
                ("pharmacology.antagonist", dose, dose.is_finite() && dose >= 0.0, "a finite dose, at least 0")
            }
            Action::Delay(moments) => {
                ("pharmacology.delay", moments as f64, moments <= 100_000, "at most 100000 moments")
            }
            Action::Noise(deviation) => {
                ("pharmacology.noise", deviation, deviation.is_finite() && deviation >= 0.0, "finite, at least 0")
            }
        };
        if fits { Ok(()) } else { Err(Error::InvalidParameter { name, value, requirement }) }
    }
}

/// A drug at work on one level.
#[derive(Clone, Debug)]
pub(crate) struct Dose {
    pub(crate) action: Action,
    past: VecDeque<f64>,
    noise: Stream,
}

impl Archived for Dose {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let Self { action: _, past, noise } = self;
        archive.values("past levels", past.make_contiguous())?;
        noise.archive(archive)
    }
}

impl Dose {
    /// The drug `action`, whose noise comes from `key`. A delayed level is zero until something comes through.
    pub(crate) fn new(action: Action, key: Key) -> Self {
        let past = match action {
            // Room for one more, so that nothing is allocated later.
            Action::Delay(moments) => {
                let mut past = VecDeque::with_capacity(moments + 1);
                past.resize(moments, 0.0);
                past
            }
            _ => VecDeque::new(),
        };
        Self { action, past, noise: key.stream() }
    }

    /// The level under the drug.
    pub(crate) fn on_level(&mut self, level: f64) -> f64 {
        match self.action {
            // A lesion of a nucleus acts on its release; one of a receptor takes it out of the level.
            Action::Lesion(share) => level * (1.0 - share),
            Action::Clamp(value) => value,
            Action::Agonist(dose) => level + dose,
            Action::Antagonist(dose) => level / (1.0 + dose),
            Action::Delay(_) => {
                self.past.push_back(level);
                self.past.pop_front().unwrap_or(level)
            }
            Action::Noise(deviation) => level + deviation * f64::from(self.noise.normal()),
        }
    }
}
