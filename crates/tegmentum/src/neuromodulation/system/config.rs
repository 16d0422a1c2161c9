//! A system as a study names it: a preset, with any part changed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::NeuromodulatorySystem;
use crate::error::{Error, Result};
use crate::neuromodulation::coupling::Coupling;
use crate::neuromodulation::kinetics::KineticsConfig;
use crate::neuromodulation::nuclei::Model;
use crate::neuromodulation::nuclei::basal_forebrain::BasalForebrainConfig;
use crate::neuromodulation::nuclei::dorsal_raphe::DorsalRapheConfig;
use crate::neuromodulation::nuclei::locus_coeruleus::LocusCoeruleusConfig;
use crate::neuromodulation::nuclei::ventral_tegmental_area::VentralTegmentalAreaConfig;
use crate::neuromodulation::nucleus::{Nucleus, Transmitter};
use crate::neuromodulation::pharmacology::Drug;
use crate::neuromodulation::preset::{Parts, Preset};
use crate::neuromodulation::receptor::Receptor;
use crate::random::Key;

/// Child of the system's key from which the noise of a nucleus comes; drugs have the children from 0 on.
const NUCLEUS_NOISE: u64 = u64::MAX;

/// A preset, with any part changed.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::system::NeuromodulationConfig;
/// use tegmentum::random::Key;
///
/// let text = "preset = 'mei-2025'\npharmacology = [{ modulator = 'noradrenaline', action = { clamp = 0.0 } }]";
/// let config: NeuromodulationConfig = toml::from_str(text)?;
/// let system = config.build(Key::from_seed(1))?;
/// assert_eq!(system.modulation().temperature, 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NeuromodulationConfig {
    /// What to begin with.
    pub preset: Preset,
    /// Instead of the preset's model of the ventral tegmental area.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ventral_tegmental_area: Option<VentralTegmentalAreaConfig>,
    /// Instead of the preset's model of the basal forebrain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basal_forebrain: Option<BasalForebrainConfig>,
    /// Instead of the preset's model of the dorsal raphe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dorsal_raphe: Option<DorsalRapheConfig>,
    /// Instead of the preset's model of the locus coeruleus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locus_coeruleus: Option<LocusCoeruleusConfig>,
    /// Instead of the preset's kinetics, by transmitter.
    pub kinetics: BTreeMap<Transmitter, KineticsConfig>,
    /// Arrows added to the preset's.
    pub coupling: Vec<Coupling>,
    /// Receptors added to the preset's; one with the name of a preset's takes its place.
    pub receptor: Vec<Receptor>,
    /// What an experimenter does.
    pub pharmacology: Vec<Drug>,
}

impl NeuromodulationConfig {
    /// The preset with the changes made.
    pub fn parts(&self) -> Parts {
        let mut parts = self.preset.parts();
        parts.ventral_tegmental_area = self.ventral_tegmental_area.clone().or(parts.ventral_tegmental_area);
        parts.basal_forebrain = self.basal_forebrain.clone().or(parts.basal_forebrain);
        parts.dorsal_raphe = self.dorsal_raphe.clone().or(parts.dorsal_raphe);
        parts.locus_coeruleus = self.locus_coeruleus.clone().or(parts.locus_coeruleus);
        parts.kinetics.extend(self.kinetics.clone());
        parts.couplings.extend_from_slice(&self.coupling);
        for receptor in &self.receptor {
            match parts.receptors.iter_mut().find(|known| known.name == receptor.name) {
                Some(known) => *known = receptor.clone(),
                None => parts.receptors.push(receptor.clone()),
            }
        }
        parts
    }

    /// The same with `preset` in the place of `own`.
    #[must_use]
    pub fn or_preset(&self, preset: Preset) -> Self {
        let own = if self.preset == Preset::Own { preset } else { self.preset };
        Self { preset: own, ..self.clone() }
    }

    /// The nuclei of the configuration, in the order of [`Transmitter::ALL`].
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a constant outside its range.
    pub(crate) fn nuclei(&self, key: Key) -> Result<[Option<Box<dyn Nucleus>>; 4]> {
        let (parts, noise) = (self.parts(), key.child(NUCLEUS_NOISE));
        let build = |model: Option<Model>| model.map(|model| model.build(noise)).transpose();
        Ok([
            build(parts.ventral_tegmental_area.map(Model::VentralTegmentalArea))?,
            build(parts.basal_forebrain.map(Model::BasalForebrain))?,
            build(parts.dorsal_raphe.map(Model::DorsalRaphe))?,
            build(parts.locus_coeruleus.map(Model::LocusCoeruleus))?,
        ])
    }

    /// The system at rest; `key` is that of its noise.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a constant outside its range, [`Error::UnknownName`] for a drug on a receptor that
    /// the system does not have, [`Error::Incompatible`] for two receptors of one name.
    pub fn build(&self, key: Key) -> Result<NeuromodulatorySystem> {
        let parts = self.parts();
        let nuclei = self.nuclei(key)?;
        NeuromodulatorySystem::new(nuclei.into_iter().flatten(), &parts, &self.pharmacology, key)
    }

    /// Checks that each drug has a dose within its range and, if it names a receptor, that the system has it.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] and [`Error::UnknownName`].
    pub(super) fn check_drugs(receptors: &[Receptor], drugs: &[Drug]) -> Result<()> {
        for drug in drugs {
            drug.check()?;
            let Some(name) = &drug.receptor else { continue };
            if !receptors.iter().any(|known| known.name == *name && known.transmitter == drug.modulator) {
                let own = receptors.iter().filter(|known| known.transmitter == drug.modulator);
                let known = own.map(|known| known.name.as_str()).collect::<Vec<_>>().join(", ");
                return Err(Error::UnknownName { kind: "receptor of that modulator", name: name.clone(), known });
            }
        }
        Ok(())
    }
}
