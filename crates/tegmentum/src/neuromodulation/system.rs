//! The whole path: signals → nuclei → coupling → kinetics → pharmacology → receptors → [`Modulation`].
//!
//! At each moment, in this order: the nuclei release, seeing the levels of the moment before; couplings and lesions change
//! what is released; kinetics turn release into level; drugs act on levels; receptors turn levels into effects. A system
//! without nuclei and receptors hands out neutral modulation.
//!
//! A learner may tell of events within a moment: signals with `elapsed = 0`, for example the end of a window of updates. Only
//! nuclei that [answer to](Nucleus::answers_to) an event have a new level; the levels of all others, and what their
//! receptors see, are held.
//!
//! Prediction errors that come many at once, one for each probe of an update, take the same path one by one within a moment
//! ([`volley`](NeuromodulatorySystem::volley)).
//!
//! Cost: O(nuclei + couplings + receptors) a moment, no allocation.

mod archive;
mod config;
mod volley;

pub use config::NeuromodulationConfig;

use super::coupling::Coupling;
use super::kinetics::{Kinetics, kept};
use super::modulation::{LocalEffect, Modulation, Place, Target};
use super::nucleus::{Levels, MAX_SIGNAL, Nucleus, Release, Transmitter};
use super::pharmacology::{Action, Dose, Drug};
use super::preset::Parts;
use super::receptor::Receptor;
use super::record::{ModulatorRecord, ReceptorRecord, SystemRecord};
use super::signals::Signals;
use super::statistics::OutcomeStatistics;
use crate::error::{Error, Result};
use crate::random::Key;

/// One modulator from its nucleus to its level.
#[derive(Debug)]
struct Pathway {
    transmitter: Transmitter,
    nucleus: Option<Box<dyn Nucleus>>,
    kinetics: Kinetics,
    drugs: Vec<Dose>,
    /// What its nucleus would release without couplings and lesions.
    drive: Release,
    release: Release,
    /// Time since its last moment.
    waited: f64,
    /// Whether the event at hand is a moment for it.
    answers: bool,
    /// Drugs on single prediction errors of a volley, one set for each of them; made when first needed.
    volley: Vec<Vec<Dose>>,
}

impl Pathway {
    /// The release under its lesions.
    fn lesioned(&self, release: Release) -> Release {
        let mut release = release;
        for dose in &self.drugs {
            if let Action::Lesion(share) = dose.action {
                release = Release { phasic: release.phasic * (1.0 - share), tonic: release.tonic * (1.0 - share) };
            }
        }
        release
    }
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
    /// Drugs on what it sees of single prediction errors of a volley.
    volley: Vec<Vec<Dose>>,
}

impl Site {
    /// Whether its effect is kept with its place.
    fn is_local(&self) -> bool {
        self.receptor.place != Place::Network || matches!(self.receptor.target, Target::Own(_))
    }
}

/// The four nuclei of one learner with all that follows from them.
#[derive(Debug)]
pub struct NeuromodulatorySystem {
    pathways: [Pathway; 4],
    couplings: Vec<Coupling>,
    receptors: Vec<Site>,
    /// Kept only if a coupling asks for it.
    statistics: Option<OutcomeStatistics>,
    levels: Levels,
    modulation: Modulation,
    drugs: Vec<Drug>,
    key: Key,
}

impl NeuromodulatorySystem {
    /// A system at rest of any nuclei, at most one for each transmitter, with the kinetics, couplings and receptors of
    /// `parts` (the nuclei of `parts` are not read) and the drugs of an experimenter; `key` is that of the drugs' noise.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a constant outside its range, [`Error::UnknownName`] for a drug on a receptor that
    /// is not there, [`Error::Incompatible`] for two nuclei of one transmitter or two receptors of one name.
    pub fn new(
        nuclei: impl IntoIterator<Item = Box<dyn Nucleus>>,
        parts: &Parts,
        drugs: &[Drug],
        key: Key,
    ) -> Result<Self> {
        parts.couplings.iter().try_for_each(Coupling::check)?;
        NeuromodulationConfig::check_drugs(&parts.receptors, drugs)?;
        let mut pathways = pathways(parts, drugs, key)?;
        for nucleus in nuclei {
            let pathway = &mut pathways[index_of(nucleus.transmitter())];
            if pathway.nucleus.is_some() {
                return Err(twice("a second nucleus", nucleus.transmitter().name()));
            }
            pathway.nucleus = Some(nucleus);
        }
        let receptors = sites(parts, &pathways, drugs, key)?;
        let local = receptors.iter().filter(|site| site.is_local()).map(|site| LocalEffect {
            target: site.receptor.target,
            place: site.receptor.place.clone(),
            value: 0.0,
        });
        let mut system = Self {
            modulation: Modulation { local: local.collect(), ..Modulation::default() },
            statistics: parts.couplings.iter().any(|coupling| coupling.from.needs_statistics()).then(Default::default),
            pathways,
            couplings: parts.couplings.clone(),
            receptors,
            levels: Levels::default(),
            drugs: drugs.to_vec(),
            key,
        };
        system.act_on_levels();
        system.bind(|_| 1.0);
        Ok(system)
    }

    /// Takes in the signals of one moment; levels and modulation are then those after it.
    pub fn observe(&mut self, signals: &Signals) {
        let elapsed = signals.elapsed.filter(|elapsed| elapsed.is_finite() && *elapsed >= 0.0).unwrap_or(1.0);
        let signals = Signals { levels: self.levels, ..*signals };
        if let Some(statistics) = &mut self.statistics {
            statistics.observe(&signals);
        }
        let statistics = self.statistics.unwrap_or_default();
        for pathway in &mut self.pathways {
            pathway.waited += elapsed;
            // What has no nucleus goes with the time.
            pathway.answers = pathway.nucleus.as_ref().map_or(elapsed > 0.0, |nucleus| nucleus.answers_to(&signals));
            let Some(nucleus) = &mut pathway.nucleus else { continue };
            if !pathway.answers {
                nucleus.take_in(&signals);
                continue;
            }
            let mut release = nucleus.release(&signals);
            pathway.drive = release;
            for coupling in self.couplings.iter().filter(|coupling| coupling.to == pathway.transmitter) {
                release = coupling.apply(release, coupling.from.size(&signals.levels, &statistics));
            }
            let release = pathway.lesioned(release);
            pathway.release = Release { phasic: bounded(release.phasic), tonic: bounded(release.tonic) };
            pathway.kinetics.update(pathway.release, pathway.waited);
        }
        self.act_on_levels();
        let waited = self.pathways.each_ref().map(|pathway| pathway.waited);
        self.bind(|source| waited[source]);
        for pathway in self.pathways.iter_mut().filter(|pathway| pathway.answers) {
            pathway.waited = 0.0;
        }
    }

    /// Levels from kinetics and drugs.
    fn act_on_levels(&mut self) {
        for pathway in self.pathways.iter_mut().filter(|pathway| pathway.answers) {
            let mut level = pathway.kinetics.level();
            for dose in pathway.drugs.iter_mut().filter(|dose| !matches!(dose.action, Action::Lesion(_))) {
                level = dose.on_level(level);
            }
            self.levels.set(pathway.transmitter, bounded(level));
        }
    }

    /// Effects from levels, `elapsed` after the last moment of a source.
    fn bind(&mut self, elapsed: impl Fn(usize) -> f64) {
        let levels = Transmitter::ALL.map(|transmitter| self.levels.of(transmitter));
        let modulation = &mut self.modulation;
        let local = std::mem::take(&mut modulation.local);
        *modulation = Modulation { local, ..Modulation::default() };
        let mut next_local = 0;
        for site in &mut self.receptors {
            if self.pathways[site.source].answers {
                let mut level = site.reach * levels[site.source];
                for dose in &mut site.drugs {
                    level = dose.on_level(level);
                }
                site.seen = match site.receptor.time_constant {
                    None => level,
                    Some(constant) => level + kept(constant, elapsed(site.source)) * (site.seen - level),
                };
                site.effect = site.receptor.effect(site.seen);
            }
            if site.is_local() {
                // The places were written down when the system was built: nothing is allocated here.
                modulation.local[next_local].value = site.effect;
                next_local += 1;
            } else {
                modulation.take(site.receptor.target, site.effect);
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
        self.pathways[index_of(transmitter)].release
    }

    /// What a nucleus would have released last without couplings and lesions.
    pub fn drive(&self, transmitter: Transmitter) -> Release {
        self.pathways[index_of(transmitter)].drive
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

/// Place of a transmitter among the pathways.
fn index_of(transmitter: Transmitter) -> usize {
    match transmitter {
        Transmitter::Dopamine => 0,
        Transmitter::Acetylcholine => 1,
        Transmitter::Serotonin => 2,
        Transmitter::Noradrenaline => 3,
    }
}

fn twice(what: &str, of: &str) -> Error {
    let reason = "there can be one; take it out, or give it another name".to_owned();
    Error::Incompatible { what: what.to_owned(), with: format!("the first one, \"{of}\""), reason }
}

fn pathways(parts: &Parts, drugs: &[Drug], key: Key) -> Result<[Pathway; 4]> {
    let mut kinetics = Vec::with_capacity(4);
    for transmitter in Transmitter::ALL {
        kinetics.push(parts.kinetics.get(&transmitter).cloned().unwrap_or_default().build()?);
    }
    Ok(Transmitter::ALL.map(|transmitter| Pathway {
        transmitter,
        nucleus: None,
        kinetics: kinetics[index_of(transmitter)].clone(),
        drugs: doses(drugs, transmitter, None, key),
        drive: Release::default(),
        release: Release::default(),
        waited: 0.0,
        answers: true,
        volley: Vec::new(),
    }))
}

fn sites(parts: &Parts, pathways: &[Pathway; 4], drugs: &[Drug], key: Key) -> Result<Vec<Site>> {
    let mut sites: Vec<Site> = Vec::with_capacity(parts.receptors.len());
    for receptor in &parts.receptors {
        receptor.check()?;
        if sites.iter().any(|site| site.receptor.name == receptor.name) {
            return Err(twice("a second receptor", &receptor.name));
        }
        let source = index_of(receptor.transmitter);
        sites.push(Site {
            source,
            reach: pathways[source].kinetics.reach(&receptor.place),
            drugs: doses(drugs, receptor.transmitter, Some(&receptor.name), key),
            seen: 0.0,
            effect: 0.0,
            volley: Vec::new(),
            receptor: receptor.clone(),
        });
    }
    Ok(sites)
}

/// The drugs on a modulator, or on one of its receptors, at work.
fn doses(drugs: &[Drug], modulator: Transmitter, receptor: Option<&str>, key: Key) -> Vec<Dose> {
    let meant = |drug: &&Drug| drug.modulator == modulator && drug.receptor.as_deref() == receptor;
    // The index is that among all drugs, so that each has noise of its own.
    let numbered = (0..).zip(drugs).filter(|(_, drug)| meant(drug));
    numbered.map(|(index, drug)| Dose::new(drug.action, key.child(index))).collect()
}

/// A release or level that can be reckoned with, whatever arrows in a circle have made of it.
fn bounded(value: f64) -> f64 {
    if value.is_nan() { 0.0 } else { value.clamp(-MAX_SIGNAL, MAX_SIGNAL) }
}

#[cfg(test)]
mod tests;
