//! Hearing: which effects a learner obeys, and the check that nothing a user sets goes unheard.
//!
//! A learner lists the targets that it reads, each with the places where it reads them. A receptor, drug, coupling, nucleus or
//! constant of kinetics that would change nothing in that learner is refused, with a line that lists what is heard.

use std::collections::BTreeMap;
use std::fmt;

use super::coupling::Drive;
use super::kinetics::Transmission;
use super::modulation::Place;
use super::nucleus::Transmitter;
use super::pharmacology::{Action, Drug};
use super::preset::{Parts, Preset};
use super::receptor::Receptor;
use super::system::NeuromodulationConfig;
use super::target::Target;
use crate::error::{Error, Result};
use crate::random::Key;

/// One effect that a learner obeys.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::hearing::Heard;
/// use tegmentum::neuromodulation::modulation::Place;
/// use tegmentum::neuromodulation::target::Target;
///
/// let heard = Heard::at(&Place::Population("actor".to_owned()), &[Target::LearningRate]);
/// assert_eq!(heard[0].to_string(), "learning_rate at population actor");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Heard {
    /// What is acted on.
    pub target: Target,
    /// Where.
    pub place: Place,
    /// The transmitter whose receptors alone are obeyed; those of all if not given.
    pub by: Option<Transmitter>,
}

impl Heard {
    /// An effect in the whole network of the receptors of one transmitter.
    pub fn by(transmitter: Transmitter, target: Target) -> Self {
        Self { target, place: Place::Network, by: Some(transmitter) }
    }

    /// These targets in the whole network.
    pub fn everywhere(targets: &[Target]) -> Vec<Self> {
        Self::at(&Place::Network, targets)
    }

    /// These targets at one place.
    pub fn at(place: &Place, targets: &[Target]) -> Vec<Self> {
        targets.iter().map(|&target| Self { target, place: place.clone(), by: None }).collect()
    }
}

impl fmt::Display for Heard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.target.name())?;
        if let Some(of) = self.by {
            write!(formatter, " by {}", of.name())?;
        }
        match &self.place {
            Place::Network => Ok(()),
            place => write!(formatter, " at {place}"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network => formatter.write_str("the whole network"),
            Self::Layer(layer) => write!(formatter, "layer {layer}"),
            Self::Population(name) => write!(formatter, "population {name}"),
            Self::Synapse { from, to } => write!(formatter, "synapse {from} to {to}"),
        }
    }
}

/// What is heard, target by target, in one line.
pub fn list(heard: &[Heard]) -> String {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in heard {
        let place = match &one.place {
            Place::Network => String::new(),
            Place::Population(name) => name.clone(),
            place => place.to_string(),
        };
        let target = Heard { place: Place::Network, ..one.clone() }.to_string();
        places.entry(target).or_default().push(place);
    }
    let one = |(target, places): (String, Vec<String>)| {
        let local: Vec<String> = places.iter().filter(|place| !place.is_empty()).cloned().collect();
        match (local.is_empty(), local.len() == places.len()) {
            (true, _) => target,
            (false, true) => format!("{target} (only at {})", local.join(", ")),
            (false, false) => format!("{target} (also at {})", local.join(", ")),
        }
    };
    if places.is_empty() { "nothing".to_owned() } else { places.into_iter().map(one).collect::<Vec<_>>().join(", ") }
}

impl NeuromodulationConfig {
    /// Checks that all that is set is heard by a learner, called `listener` in the message, that obeys `heard` and whose synapses
    /// bind the levels of the transmitters `binds` themselves.
    ///
    /// Receptors of a preset that this learner has no use for are no mistake, as long as it has a use for one of them.
    ///
    /// # Errors
    /// [`Error::Unheard`] for the first thing that would change nothing; those of [`build`](Self::build).
    pub fn check_heard(&self, listener: &str, heard: &[Heard], binds: &[Transmitter]) -> Result<()> {
        let audience = Audience::new(self, heard, binds)?;
        let refuse = |what: String| -> Result<()> {
            Err(Error::Unheard { what, listener: listener.to_owned(), heard: shortened(&obeyed(heard, binds)) })
        };
        if !matches!(self.preset, Preset::Own | Preset::None) && !audience.takes_part() {
            return refuse(format!("the preset {}", self.preset.name()));
        }
        for receptor in self.receptor.iter().filter(|receptor| receptor.efficacy != 0.0) {
            if !audience.hears(receptor) {
                let (of, heard) = (receptor.transmitter.name(), Heard::at(&receptor.place, &[receptor.target]));
                return refuse(format!("the receptor {:?} of {of} on {}", receptor.name, heard[0]));
            }
            if !audience.has_source(receptor.transmitter) {
                let transmitter = receptor.transmitter.name();
                return refuse(format!("the receptor {:?}: nothing releases {transmitter} here, so", receptor.name));
            }
        }
        for (of, set) in Transmitter::ALL.into_iter().zip(self.nuclei_set()) {
            if set && !audience.matters(of) {
                return refuse(format!("a nucleus of {}", of.name()));
            }
        }
        self.check_couplings_heard(&audience, &refuse)?;
        self.check_kinetics_heard(&audience, &refuse)?;
        self.pharmacology.iter().try_for_each(|drug| audience.check_drug(drug, &refuse))
    }

    /// Which nuclei are set beside the preset.
    fn nuclei_set(&self) -> [bool; 4] {
        [
            self.ventral_tegmental_area.is_some(),
            self.basal_forebrain.is_some(),
            self.dorsal_raphe.is_some(),
            self.locus_coeruleus.is_some(),
        ]
    }

    fn check_couplings_heard(&self, audience: &Audience, refuse: &dyn Fn(String) -> Result<()>) -> Result<()> {
        for coupling in &self.coupling {
            let named = format!("the coupling to {}", coupling.to.name());
            if !audience.present[index(coupling.to)] {
                return refuse(format!("{named}, which has no nucleus here,"));
            }
            if !audience.matters(coupling.to) {
                return refuse(named);
            }
            if let Some(from) = transmitter_of(coupling.from).filter(|&from| !audience.has_source(from)) {
                return refuse(format!("{named} from {}, which nothing releases here,", from.name()));
            }
        }
        Ok(())
    }

    fn check_kinetics_heard(&self, audience: &Audience, refuse: &dyn Fn(String) -> Result<()>) -> Result<()> {
        for (&of, kinetics) in &self.kinetics {
            if !audience.matters(of) || !audience.has_source(of) {
                return refuse(format!("the kinetics of {}", of.name()));
            }
            let Transmission::Wiring(places) = &kinetics.transmission else { continue };
            let reached = |place: &Place| {
                let mut receptors = audience.parts.receptors.iter();
                receptors.any(|receptor| receptor.transmitter == of && receptor.place == *place)
            };
            if let Some((place, _)) = places.iter().find(|(place, _)| !reached(place)) {
                return refuse(format!("the wiring of {} to {place}, where it has no receptor,", of.name()));
            }
        }
        Ok(())
    }
}

/// What is obeyed, in one line: effects, and levels that synapses bind.
pub fn obeyed(heard: &[Heard], binds: &[Transmitter]) -> String {
    let levels: Vec<&str> = binds.iter().map(|of| of.name()).collect();
    match (heard.is_empty(), levels.is_empty()) {
        (_, true) => list(heard),
        (true, false) => format!("the level of {}", levels.join(", ")),
        (false, false) => format!("{}, the level of {}", list(heard), levels.join(", ")),
    }
}

/// Longest list of what is heard in a message, in characters.
const MAX_LIST: usize = 160;

fn shortened(list: &str) -> String {
    if list.chars().count() <= MAX_LIST {
        return list.to_owned();
    }
    let kept: String = list.chars().take(MAX_LIST).collect();
    let kept = kept.rsplit_once(", ").map_or(kept.as_str(), |(kept, _)| kept);
    format!("{kept}, …")
}

fn index(transmitter: Transmitter) -> usize {
    Transmitter::ALL.iter().position(|&known| known == transmitter).unwrap_or(0)
}

fn transmitter_of(drive: Drive) -> Option<Transmitter> {
    match drive {
        Drive::Dopamine => Some(Transmitter::Dopamine),
        Drive::Acetylcholine => Some(Transmitter::Acetylcholine),
        Drive::Serotonin | Drive::SerotoninBySignOfValue => Some(Transmitter::Serotonin),
        Drive::Noradrenaline => Some(Transmitter::Noradrenaline),
        Drive::PredictionErrorVariance
        | Drive::PredictionErrorFlipRate
        | Drive::ValueDeviation
        | Drive::ActionValueVariance => None,
    }
}

/// Who hears what in one system.
struct Audience {
    parts: Parts,
    heard: Vec<Heard>,
    present: [bool; 4],
    sources: [bool; 4],
    matters: [bool; 4],
}

impl Audience {
    fn new(config: &NeuromodulationConfig, heard: &[Heard], binds: &[Transmitter]) -> Result<Self> {
        let (parts, nuclei) = (config.parts(), config.nuclei(Key::from_seed(0))?);
        let present = nuclei.each_ref().map(Option::is_some);
        let gives_level = |drug: &Drug| match drug.action {
            Action::Clamp(level) => level != 0.0,
            Action::Agonist(dose) | Action::Noise(dose) => dose > 0.0,
            Action::Lesion(_) | Action::Antagonist(_) | Action::Delay(_) => false,
        };
        let sources = Transmitter::ALL.map(|of| {
            let drugged = |drug: &Drug| drug.modulator == of && drug.receptor.is_none() && gives_level(drug);
            let baseline = parts.kinetics.get(&of).is_some_and(|kinetics| kinetics.baseline != 0.0);
            present[index(of)] || baseline || config.pharmacology.iter().any(drugged)
        });
        let mut audience = Self { parts, heard: heard.to_vec(), present, sources, matters: [false; 4] };
        audience.matters = Transmitter::ALL.map(|of| {
            let mut receptors = audience.parts.receptors.iter();
            binds.contains(&of) || receptors.any(|receptor| receptor.transmitter == of && audience.hears(receptor))
        });
        // A modulator also matters to those who hear another one on which it acts.
        for _ in 0..Transmitter::ALL.len() {
            for coupling in &audience.parts.couplings {
                let to = index(coupling.to);
                if let Some(from) = transmitter_of(coupling.from).filter(|_| audience.matters[to] && present[to]) {
                    audience.matters[index(from)] = true;
                }
            }
            for (to, nucleus) in nuclei.iter().enumerate() {
                let reads =
                    nucleus.as_ref().filter(|_| audience.matters[to]).map_or(&[][..], |nucleus| nucleus.reads());
                for &of in reads {
                    audience.matters[index(of)] = true;
                }
            }
        }
        Ok(audience)
    }

    fn hears(&self, receptor: &Receptor) -> bool {
        let wanted = |heard: &Heard| {
            let by = heard.by.is_none_or(|of| of == receptor.transmitter);
            by && heard.target == receptor.target && heard.place == receptor.place
        };
        receptor.efficacy != 0.0 && self.heard.iter().any(wanted)
    }

    /// Whether anything that the system releases comes to be heard.
    fn takes_part(&self) -> bool {
        Transmitter::ALL.into_iter().any(|of| self.matters(of) && self.has_source(of))
    }

    fn matters(&self, of: Transmitter) -> bool {
        self.matters[index(of)]
    }

    fn has_source(&self, of: Transmitter) -> bool {
        self.sources[index(of)]
    }

    fn check_drug(&self, drug: &Drug, refuse: &dyn Fn(String) -> Result<()>) -> Result<()> {
        let of = drug.modulator.name();
        if let Some(name) = &drug.receptor {
            let receptor = self.parts.receptors.iter().find(|receptor| receptor.name == *name);
            return match receptor {
                Some(receptor) if !self.hears(receptor) => refuse(format!("a drug on the receptor {name:?}")),
                // A receptor that is not there is an error of its own.
                _ => Ok(()),
            };
        }
        if !self.matters(drug.modulator) {
            return refuse(format!("a drug on {of}"));
        }
        if self.has_source(drug.modulator) {
            Ok(())
        } else {
            refuse(format!("a drug on {of}, which nothing releases here,"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An audience of a rate and a temperature, the rate at two populations too.
    fn heard() -> Vec<Heard> {
        let mut heard = Heard::everywhere(&[Target::LearningRate, Target::Temperature]);
        heard.extend(Heard::at(&Place::Population("actor".to_owned()), &[Target::LearningRate]));
        heard
    }

    fn check(text: &str) -> std::result::Result<(), String> {
        let config: NeuromodulationConfig = toml::from_str(text).expect("it can be read");
        config.check_heard("this agent", &heard(), &[]).map_err(|error| error.to_string())
    }

    fn receptor(rest: &str) -> String {
        format!(
            "preset = 'mei-2025'\nreceptor = [{{ name = 'r', transmitter = 'noradrenaline', efficacy = 1.0, {rest} }}]"
        )
    }

    #[test]
    fn what_is_heard_passes() {
        for text in [
            "",
            "preset = 'mei-2025'",
            &receptor("target = 'learning_rate'"),
            &receptor("target = 'learning_rate', place = { population = 'actor' }"),
            "preset = 'mei-2025'\npharmacology = [{ modulator = 'noradrenaline', action = { lesion = 1.0 } }]",
            "preset = 'tegmentum'\npharmacology = [{ modulator = 'acetylcholine', action = { antagonist = 1.0 } }]",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_nobody_would_hear_is_refused_with_what_is_heard() {
        for (text, what) in [
            (receptor("target = 'learning_rate', place = { layer = 7 }"), "receptor \"r\" of noradrenaline on learning_rate at layer 7"),
            (receptor("target = 'learning_rate', place = { population = 'typo' }"), "at population typo"),
            (
                receptor("target = 'learning_rate', place = { synapse = { from = 'a', to = 'b' } }"),
                "at synapse a to b",
            ),
            (receptor("target = 'discount'"), "on discount"),
            (
                "preset = 'mei-2025'\npharmacology = [{ modulator = 'serotonin', action = { clamp = 1.0 } }]".to_owned(),
                "a drug on serotonin",
            ),
            (
                "preset = 'mei-2025'\ncoupling = [{ from = 'dopamine', to = 'serotonin', kind = 'opponent', strength = 1.0 }]"
                    .to_owned(),
                "the coupling to serotonin",
            ),
            ("preset = 'mei-2025'\nkinetics = { serotonin = { clearance = 5.0 } }".to_owned(), "the kinetics of serotonin"),
            ("dorsal_raphe = { average_outcome = {} }".to_owned(), "a nucleus of serotonin"),
            ("preset = 'dopamine-optimizer'".to_owned(), "the preset dopamine-optimizer"),
        ] {
            let message = check(&text).expect_err(&text);
            assert!(message.contains(what), "{message}");
            assert!(message.contains("learning_rate (also at actor), temperature"), "{message}");
            assert!(message.chars().count() < 300, "{message}");
        }
    }
}
