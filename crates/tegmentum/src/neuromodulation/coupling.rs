//! Coupling: one modulator, or what the nuclei can see, changes the release of another.
//!
//! ```text
//!     modulatory   r_to ← r_to · max(0, 1 + k s)      one changes how much of the other is released
//!     opponent     r_to ← r_to − k s                  one takes away from the other
//! ```
//! r_to release, phasic and tonic alike (opponent: tonic) · s what drives it: a level of the moment before, or a
//! [statistic](super::statistics) of values and errors · k strength.
//!
//! The third kind, *convergent* coupling, needs no arrow between modulators: receptors of two of them sit on one target,
//! and their effects are multiplied there ([`Receptor`](super::receptor::Receptor)).
//!
//! Reference: the three kinds are those of arXiv:2501.06762, section 4.1; the forms are ours.

use serde::{Deserialize, Serialize};

use super::nucleus::{Levels, Release, Transmitter};
use super::statistics::OutcomeStatistics;
use crate::error::{Error, Result};

/// One arrow.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::coupling::Coupling;
///
/// let arrow: Coupling = toml::from_str("from = 'serotonin'\nto = 'noradrenaline'\nkind = 'modulatory'\nstrength = -0.5")?;
/// assert!(arrow.check().is_ok());
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coupling {
    /// What drives it.
    pub from: Drive,
    /// The transmitter whose release is changed.
    pub to: Transmitter,
    /// How.
    pub kind: CouplingKind,
    /// Strength k; negative inhibits.
    pub strength: f64,
}

/// How a release is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CouplingKind {
    /// A factor on the release.
    Modulatory,
    /// Subtracted from the tonic release.
    Opponent,
}

/// What an arrow starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Drive {
    /// Level of dopamine.
    Dopamine,
    /// Level of acetylcholine.
    Acetylcholine,
    /// Level of serotonin.
    Serotonin,
    /// Level of noradrenaline.
    Noradrenaline,
    /// Level of serotonin with the sign of the value: positive where good is expected, negative where bad is.
    SerotoninBySignOfValue,
    /// Variance of reward prediction errors.
    PredictionErrorVariance,
    /// Share of reward prediction errors that change sign.
    PredictionErrorFlipRate,
    /// Distance |V − V̄| of the value from its usual size.
    ValueDeviation,
    /// Variance over actions of their values.
    ActionValueVariance,
}

impl Drive {
    /// Whether it is more than a level.
    pub(crate) fn needs_statistics(self) -> bool {
        !matches!(self, Self::Dopamine | Self::Acetylcholine | Self::Serotonin | Self::Noradrenaline)
    }

    /// Its size, from levels of the moment before and statistics of this one.
    pub fn size(self, levels: &Levels, statistics: &OutcomeStatistics) -> f64 {
        match self {
            Self::Dopamine => levels.dopamine,
            Self::Acetylcholine => levels.acetylcholine,
            Self::Serotonin => levels.serotonin,
            Self::Noradrenaline => levels.noradrenaline,
            Self::SerotoninBySignOfValue => levels.serotonin * statistics.sign_of_value(),
            Self::PredictionErrorVariance => statistics.error_variance(),
            Self::PredictionErrorFlipRate => statistics.flip_rate(),
            Self::ValueDeviation => statistics.value_deviation(),
            Self::ActionValueVariance => statistics.action_value_variance(),
        }
    }
}

impl Coupling {
    /// Checks the strength.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] if it is not finite.
    pub fn check(&self) -> Result<()> {
        if self.strength.is_finite() {
            return Ok(());
        }
        Err(Error::InvalidParameter { name: "coupling.strength", value: self.strength, requirement: "a finite number" })
    }

    /// The release under a drive of size `drive`.
    #[must_use]
    pub fn apply(&self, release: Release, drive: f64) -> Release {
        match self.kind {
            CouplingKind::Modulatory => {
                let factor = (1.0 + self.strength * drive).max(0.0);
                Release { phasic: factor * release.phasic, tonic: factor * release.tonic }
            }
            CouplingKind::Opponent => Release { tonic: release.tonic - self.strength * drive, ..release },
        }
    }
}
