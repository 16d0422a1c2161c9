//! The nuclei, one folder each with a file for every reading, and the registry of readings.

pub mod basal_forebrain;
pub mod dorsal_raphe;
pub mod locus_coeruleus;
pub mod tonic_activity;
pub mod ventral_tegmental_area;

use basal_forebrain::BasalForebrainConfig;
use dorsal_raphe::DorsalRapheConfig;
use locus_coeruleus::LocusCoeruleusConfig;
use ventral_tegmental_area::VentralTegmentalAreaConfig;

use super::nucleus::{Nucleus, Transmitter};
use crate::error::Result;
use crate::random::Key;
use crate::registry::Description;

/// A reading of any nucleus.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// Of dopamine's nucleus.
    VentralTegmentalArea(VentralTegmentalAreaConfig),
    /// Of acetylcholine's nucleus.
    BasalForebrain(BasalForebrainConfig),
    /// Of serotonin's nucleus.
    DorsalRaphe(DorsalRapheConfig),
    /// Of noradrenaline's nucleus.
    LocusCoeruleus(LocusCoeruleusConfig),
}

impl Reading {
    /// The nucleus as a study spells it, for example `locus_coeruleus`.
    ///
    /// # Example
    /// ```
    /// use tegmentum::neuromodulation::nuclei::registry;
    ///
    /// let names: Vec<_> = registry().iter().map(|reading| (reading.nucleus(), reading.description().name)).collect();
    /// assert!(names.contains(&("locus_coeruleus", "bayes_factor")));
    /// ```
    pub fn nucleus(&self) -> &'static str {
        match self {
            Self::VentralTegmentalArea(_) => "ventral_tegmental_area",
            Self::BasalForebrain(_) => "basal_forebrain",
            Self::DorsalRaphe(_) => "dorsal_raphe",
            Self::LocusCoeruleus(_) => "locus_coeruleus",
        }
    }

    /// What the nucleus releases.
    pub fn transmitter(&self) -> Transmitter {
        match self {
            Self::VentralTegmentalArea(_) => Transmitter::Dopamine,
            Self::BasalForebrain(_) => Transmitter::Acetylcholine,
            Self::DorsalRaphe(_) => Transmitter::Serotonin,
            Self::LocusCoeruleus(_) => Transmitter::Noradrenaline,
        }
    }

    /// Name, summary and reference.
    pub fn description(&self) -> Description {
        match self {
            Self::VentralTegmentalArea(config) => config.description(),
            Self::BasalForebrain(config) => config.description(),
            Self::DorsalRaphe(config) => config.description(),
            Self::LocusCoeruleus(config) => config.description(),
        }
    }

    /// The nucleus, having seen nothing; what is random in it follows from `key`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a constant outside its range.
    pub fn build(&self, key: Key) -> Result<Box<dyn Nucleus>> {
        match self {
            Self::VentralTegmentalArea(config) => config.build(),
            Self::BasalForebrain(config) => config.build(),
            Self::DorsalRaphe(config) => config.build(),
            Self::LocusCoeruleus(config) => config.build(key),
        }
    }
}

/// Every reading that a study can name, with its default constants, nucleus by nucleus.
pub fn registry() -> Vec<Reading> {
    let dopamine = VentralTegmentalAreaConfig::defaults().into_iter().map(Reading::VentralTegmentalArea);
    let acetylcholine = BasalForebrainConfig::defaults().into_iter().map(Reading::BasalForebrain);
    let serotonin = DorsalRapheConfig::defaults().into_iter().map(Reading::DorsalRaphe);
    let noradrenaline = LocusCoeruleusConfig::defaults().into_iter().map(Reading::LocusCoeruleus);
    dopamine.chain(acetylcholine).chain(serotonin).chain(noradrenaline).collect()
}

#[cfg(test)]
mod tests;
