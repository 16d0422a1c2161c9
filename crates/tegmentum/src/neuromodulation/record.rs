//! A record of a system at one moment, as plain data: every release, level and effect.

use serde::{Deserialize, Serialize};

use super::modulation::Target;
use super::nucleus::Transmitter;

/// One modulator at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModulatorRecord {
    /// Which.
    pub transmitter: Transmitter,
    /// What its nucleus released as an event, after lesions and couplings; positive in a burst.
    pub phasic_release: f64,
    /// What its nucleus released slowly, after lesions and couplings.
    pub tonic_release: f64,
    /// What events have left in the tissue.
    pub phasic: f64,
    /// The slow part of the level, baseline included, before saturation and drugs.
    pub tonic: f64,
    /// The level that everything else sees.
    pub level: f64,
}

/// One receptor at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceptorRecord {
    /// Its name.
    pub name: String,
    /// What it acts on.
    pub target: Target,
    /// The level that it sees, after wiring, drugs and its own time constant.
    pub seen: f64,
    /// Its effect: a factor or a term, as the target wants.
    pub effect: f64,
}

/// A system at one moment.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::record::SystemRecord;
/// use tegmentum::neuromodulation::signals::Signals;
/// use tegmentum::neuromodulation::system::NeuromodulationConfig;
/// use tegmentum::random::Key;
///
/// let config: NeuromodulationConfig = toml::from_str("preset = 'mei-2025'")?;
/// let mut system = config.build(Key::from_seed(1))?;
/// system.observe(&Signals { prediction_error: Some(0.5), ..Signals::default() });
/// let mut record = SystemRecord::default();
/// system.record(&mut record);
/// assert_eq!(record.modulators[0].level, 0.5);
/// assert_eq!(record.receptors[0].name, "dopamine_reinforcement");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SystemRecord {
    /// The four modulators, in the order of [`Transmitter::ALL`].
    pub modulators: Vec<ModulatorRecord>,
    /// The receptors, in the order of the system.
    pub receptors: Vec<ReceptorRecord>,
}
