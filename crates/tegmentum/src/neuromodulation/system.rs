//! The whole path: signals → nuclei → coupling → kinetics → pharmacology → receptors → [`Modulation`].
//!
//! At each moment, in this order: all nuclei release, seeing the levels of the moment before; couplings and lesions change
//! what is released; kinetics turn release into level; drugs act on levels; receptors turn levels into effects. A system
//! without nuclei and receptors hands out neutral modulation.
//!
//! Cost: O(nuclei + couplings + receptors) a moment, no allocation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::coupling::Coupling;
use super::kinetics::{Kinetics, KineticsConfig, kept};
use super::modulation::{LocalEffect, Modulation, Place, Target};
use super::nuclei::basal_forebrain::BasalForebrainConfig;
use super::nuclei::dorsal_raphe::DorsalRapheConfig;
use super::nuclei::locus_coeruleus::LocusCoeruleusConfig;
use super::nuclei::ventral_tegmental_area::VentralTegmentalAreaConfig;
use super::nucleus::{Levels, MAX_SIGNAL, Nucleus, Release, Transmitter};
use super::pharmacology::{Action, Dose, Drug};
use super::preset::{Parts, Preset};
use super::receptor::Receptor;
use super::record::{ModulatorRecord, ReceptorRecord, SystemRecord};
use super::signals::Signals;
use super::statistics::OutcomeStatistics;
use crate::error::{Error, Result};
use crate::random::Key;

/// Child of the system's key from which the noise of a nucleus comes; drugs have the children from 0 on.
const NUCLEUS_NOISE: u64 = u64::MAX;

/// A system as a study names it: a preset, with any part changed.
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
    /// Instead of the preset's reading of the ventral tegmental area.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ventral_tegmental_area: Option<VentralTegmentalAreaConfig>,
    /// Instead of the preset's reading of the basal forebrain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basal_forebrain: Option<BasalForebrainConfig>,
    /// Instead of the preset's reading of the dorsal raphe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dorsal_raphe: Option<DorsalRapheConfig>,
    /// Instead of the preset's reading of the locus coeruleus.
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

    /// The system at rest; `key` is that of its noise.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a constant outside its range, [`Error::UnknownName`] for a drug on a receptor that
    /// the system does not have.
    pub fn build(&self, key: Key) -> Result<NeuromodulatorySystem> {
        let parts = self.parts();
        let mut nuclei: [Option<Box<dyn Nucleus>>; 4] = [
            parts.ventral_tegmental_area.map(|config| config.build()).transpose()?,
            parts.basal_forebrain.map(|config| config.build()).transpose()?,
            parts.dorsal_raphe.map(|config| config.build()).transpose()?,
            parts.locus_coeruleus.map(|config| config.build(key.child(NUCLEUS_NOISE))).transpose()?,
        ];
        parts.couplings.iter().try_for_each(Coupling::check)?;
        let mut pathways = Vec::with_capacity(4);
        for (index, transmitter) in Transmitter::ALL.into_iter().enumerate() {
            let config = parts.kinetics.get(&transmitter).cloned().unwrap_or_default();
            pathways.push(Pathway {
                transmitter,
                nucleus: nuclei[index].take(),
                kinetics: config.build()?,
                drugs: self.drugs(transmitter, None, key)?,
                release: Release::default(),
            });
        }
        let mut receptors = Vec::with_capacity(parts.receptors.len());
        for receptor in &parts.receptors {
            receptor.check()?;
            let index = Transmitter::ALL.iter().position(|&known| known == receptor.transmitter).unwrap_or(0);
            receptors.push(Site {
                source: index,
                reach: pathways[index].kinetics.reach(&receptor.place),
                drugs: self.drugs(receptor.transmitter, Some(&receptor.name), key)?,
                seen: 0.0,
                effect: 0.0,
                receptor: receptor.clone(),
            });
        }
        let names = || parts.receptors.iter().map(|receptor| receptor.name.as_str()).collect::<Vec<_>>().join(", ");
        for drug in &self.pharmacology {
            drug.check()?;
            if let Some(name) = &drug.receptor {
                let fits = |site: &Site| site.receptor.name == *name && site.receptor.transmitter == drug.modulator;
                if !receptors.iter().any(fits) {
                    let kind = "receptor of that modulator";
                    return Err(Error::UnknownName { kind, name: name.clone(), known: names() });
                }
            }
        }
        let local = receptors.iter().filter(|site| site.receptor.place != Place::Network).map(|site| LocalEffect {
            target: site.receptor.target,
            place: site.receptor.place.clone(),
            value: 0.0,
        });
        let mut system = NeuromodulatorySystem {
            modulation: Modulation { local: local.collect(), ..Modulation::default() },
            statistics: parts.couplings.iter().any(|coupling| coupling.from.needs_statistics()).then(Default::default),
            pathways,
            couplings: parts.couplings,
            receptors,
            levels: Levels::default(),
        };
        system.act_on_levels();
        system.bind(1.0);
        Ok(system)
    }

    fn drugs(&self, modulator: Transmitter, receptor: Option<&str>, key: Key) -> Result<Vec<Dose>> {
        let meant = |drug: &&Drug| drug.modulator == modulator && drug.receptor.as_deref() == receptor;
        let drugs = self.pharmacology.iter().enumerate().filter(|(_, drug)| meant(drug));
        drugs.map(|(index, drug)| drug.check().map(|()| Dose::new(drug.action, key.child(index as u64)))).collect()
    }
}

/// One modulator from its nucleus to its level.
#[derive(Debug)]
struct Pathway {
    transmitter: Transmitter,
    nucleus: Option<Box<dyn Nucleus>>,
    kinetics: Kinetics,
    drugs: Vec<Dose>,
    release: Release,
}

/// A receptor and what it sees.
#[derive(Clone, Debug)]
struct Site {
    receptor: Receptor,
    source: usize,
    reach: f64,
    drugs: Vec<Dose>,
    seen: f64,
    effect: f64,
}

/// The four nuclei of one learner with all that follows from them.
#[derive(Debug)]
pub struct NeuromodulatorySystem {
    pathways: Vec<Pathway>,
    couplings: Vec<Coupling>,
    receptors: Vec<Site>,
    /// Kept only if a coupling asks for it.
    statistics: Option<OutcomeStatistics>,
    levels: Levels,
    modulation: Modulation,
}

impl NeuromodulatorySystem {
    /// Takes in the signals of one moment; levels and modulation are then those after it.
    pub fn observe(&mut self, signals: &Signals) {
        let elapsed = signals.elapsed.filter(|elapsed| elapsed.is_finite() && *elapsed >= 0.0).unwrap_or(1.0);
        let signals = Signals { levels: self.levels, ..*signals };
        if let Some(statistics) = &mut self.statistics {
            statistics.observe(&signals);
        }
        let statistics = self.statistics.unwrap_or_default();
        for pathway in &mut self.pathways {
            let Some(nucleus) = &mut pathway.nucleus else { continue };
            let mut release = nucleus.release(&signals);
            for coupling in self.couplings.iter().filter(|coupling| coupling.to == pathway.transmitter) {
                release = coupling.apply(release, coupling.from.size(&signals.levels, &statistics));
            }
            for dose in &pathway.drugs {
                if let Action::Lesion(share) = dose.action {
                    release = Release { phasic: release.phasic * (1.0 - share), tonic: release.tonic * (1.0 - share) };
                }
            }
            pathway.release = Release { phasic: bounded(release.phasic), tonic: bounded(release.tonic) };
            pathway.kinetics.update(pathway.release, elapsed);
        }
        self.act_on_levels();
        self.bind(elapsed);
    }

    /// Levels from kinetics and drugs.
    fn act_on_levels(&mut self) {
        for pathway in &mut self.pathways {
            let mut level = pathway.kinetics.level();
            for dose in pathway.drugs.iter_mut().filter(|dose| !matches!(dose.action, Action::Lesion(_))) {
                level = dose.on_level(level);
            }
            self.levels.set(pathway.transmitter, bounded(level));
        }
    }

    /// Effects from levels.
    fn bind(&mut self, elapsed: f64) {
        let levels = Transmitter::ALL.map(|transmitter| self.levels.of(transmitter));
        let modulation = &mut self.modulation;
        let local = std::mem::take(&mut modulation.local);
        *modulation = Modulation { local, ..Modulation::default() };
        let mut next_local = 0;
        for site in &mut self.receptors {
            let mut level = site.reach * levels[site.source];
            for dose in &mut site.drugs {
                level = dose.on_level(level);
            }
            site.seen = match site.receptor.time_constant {
                None => level,
                Some(constant) => level + kept(constant, elapsed) * (site.seen - level),
            };
            site.effect = site.receptor.effect(site.seen);
            if site.receptor.place == Place::Network {
                modulation.take(site.receptor.target, site.effect);
            } else {
                // The places were written down when the system was built: nothing is allocated here.
                modulation.local[next_local].value = site.effect;
                next_local += 1;
            }
        }
    }

    /// The effects now.
    pub fn modulation(&self) -> &Modulation {
        &self.modulation
    }

    /// The levels now.
    pub fn levels(&self) -> Levels {
        self.levels
    }

    /// What a nucleus released last.
    pub fn release(&self, transmitter: Transmitter) -> Release {
        let pathway = self.pathways.iter().find(|pathway| pathway.transmitter == transmitter);
        pathway.map_or(Release::default(), |pathway| pathway.release)
    }

    /// The effect of each receptor now, by name, with what it sees.
    pub fn effects(&self) -> impl Iterator<Item = (&str, f64, f64)> {
        self.receptors.iter().map(|site| (site.receptor.name.as_str(), site.seen, site.effect))
    }

    /// Writes down the moment. The vectors of `record` are used again.
    pub fn record(&self, record: &mut SystemRecord) {
        record.modulators.clear();
        record.modulators.extend(self.pathways.iter().map(|pathway| ModulatorRecord {
            transmitter: pathway.transmitter,
            phasic_release: pathway.release.phasic,
            tonic_release: pathway.release.tonic,
            phasic: pathway.kinetics.phasic(),
            tonic: pathway.kinetics.tonic(),
            level: self.levels.of(pathway.transmitter),
        }));
        record.receptors.resize_with(self.receptors.len(), || ReceptorRecord {
            name: String::new(),
            target: Target::LearningRate,
            seen: 0.0,
            effect: 0.0,
        });
        for (entry, site) in record.receptors.iter_mut().zip(&self.receptors) {
            entry.name.clone_from(&site.receptor.name);
            (entry.target, entry.seen, entry.effect) = (site.receptor.target, site.seen, site.effect);
        }
    }

    /// Whether there is neither a nucleus nor a receptor: modulation is neutral for ever.
    pub fn is_neutral(&self) -> bool {
        self.receptors.is_empty() && self.pathways.iter().all(|pathway| pathway.nucleus.is_none())
    }

    /// All nuclei forget the statistics of the world as it was.
    pub fn forget(&mut self) {
        self.pathways.iter_mut().filter_map(|pathway| pathway.nucleus.as_mut()).for_each(|nucleus| nucleus.reset());
    }
}

/// A release or level that can be reckoned with, whatever arrows in a circle have made of it.
fn bounded(value: f64) -> f64 {
    if value.is_nan() { 0.0 } else { value.clamp(-MAX_SIGNAL, MAX_SIGNAL) }
}

impl Modulation {
    /// Takes in the effect of a receptor of the whole network.
    fn take(&mut self, target: Target, effect: f64) {
        match target {
            Target::LearningRate => self.learning_rate *= effect,
            Target::NegativeLearningRate => self.negative_learning_rate *= effect,
            Target::PerturbationScale => self.perturbation_scale *= effect,
            Target::Gain => self.gain *= effect,
            Target::Temperature => self.temperature *= effect,
            Target::Discount => self.discount *= effect,
            Target::TraceDecay => self.trace_decay *= effect,
            Target::Threshold => self.threshold += effect,
            Target::Bursting => self.bursting += effect,
            Target::Consolidation => self.consolidation += effect,
            Target::Reinforcement => self.reinforcement = Some(self.reinforcement.unwrap_or(0.0) + effect),
            Target::Reset => self.reset |= effect >= 1.0,
        }
    }
}

#[cfg(test)]
mod tests;
