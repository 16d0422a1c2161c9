//! The nuclei, one folder each with a file for every model of it, and the list of all models.

pub mod basal_forebrain;
pub mod dorsal_raphe;
pub mod locus_coeruleus;
pub mod tonic_activity;
pub mod ventral_tegmental_area;

use basal_forebrain::BasalForebrainConfig;
use dorsal_raphe::DorsalRapheConfig;
use locus_coeruleus::LocusCoeruleusConfig;
use ventral_tegmental_area::VentralTegmentalAreaConfig;

use super::nucleus::{Nucleus, NucleusSettings, Transmitter};
use crate::error::{Error, Result};
use crate::random::Key;
use crate::registry::Description;

/// A model of any nucleus.
#[derive(Clone, Debug, PartialEq)]
pub enum Model {
    /// Of dopamine's nucleus.
    VentralTegmentalArea(VentralTegmentalAreaConfig),
    /// Of acetylcholine's nucleus.
    BasalForebrain(BasalForebrainConfig),
    /// Of serotonin's nucleus.
    DorsalRaphe(DorsalRapheConfig),
    /// Of noradrenaline's nucleus.
    LocusCoeruleus(LocusCoeruleusConfig),
}

impl Model {
    /// The nucleus as a study spells it, for example `locus_coeruleus`.
    ///
    /// # Example
    /// ```
    /// use tegmentum::neuromodulation::nuclei::registry;
    ///
    /// let names: Vec<_> = registry().iter().map(|model| (model.nucleus(), model.description().name)).collect();
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

    /// The settings of the model.
    fn settings(&self) -> &dyn NucleusSettings {
        match self {
            Self::VentralTegmentalArea(config) => &**config,
            Self::BasalForebrain(config) => &**config,
            Self::DorsalRaphe(config) => &**config,
            Self::LocusCoeruleus(config) => &**config,
        }
    }

    /// Name, summary and reference.
    pub fn description(&self) -> Description {
        self.settings().description()
    }

    /// The nucleus, having seen nothing; what is random in it follows from `key`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a constant outside its range, [`Error::Incompatible`] for a model that releases another
    /// transmitter than this nucleus does.
    pub fn build(&self, key: Key) -> Result<Box<dyn Nucleus>> {
        let transmitter = self.transmitter();
        let nucleus = self.settings().build(transmitter, key)?;
        if nucleus.transmitter() == transmitter {
            return Ok(nucleus);
        }
        Err(Error::Incompatible {
            what: format!("the model {}, which releases {}", self.description().name, nucleus.transmitter().name()),
            with: format!("the nucleus {}", self.nucleus()),
            reason: format!("it releases {}", transmitter.name()),
        })
    }
}

/// Every model that a study can name, with its default constants, nucleus by nucleus.
pub fn registry() -> Vec<Model> {
    let dopamine = VentralTegmentalAreaConfig::registry().into_iter().map(Model::VentralTegmentalArea);
    let acetylcholine = BasalForebrainConfig::registry().into_iter().map(Model::BasalForebrain);
    let serotonin = DorsalRapheConfig::registry().into_iter().map(Model::DorsalRaphe);
    let noradrenaline = LocusCoeruleusConfig::registry().into_iter().map(Model::LocusCoeruleus);
    dopamine.chain(acetylcholine).chain(serotonin).chain(noradrenaline).collect()
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod units;
