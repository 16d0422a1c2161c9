//! The contract of a nucleus: signals in, release of one transmitter out.

use std::any::Any;
use std::fmt::Debug;

pub use super::signals::Signals;
use crate::archive::{Archive, Archived, cannot_be_saved};
use crate::error::Result;
use crate::random::Key;
use crate::registry::Description;
use serde::{Deserialize, Serialize};

/// The four transmitters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transmitter {
    /// From the ventral tegmental area.
    Dopamine,
    /// From the basal forebrain.
    Acetylcholine,
    /// From the dorsal raphe.
    Serotonin,
    /// From the locus coeruleus.
    Noradrenaline,
}

impl Transmitter {
    /// All four, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Dopamine, Self::Acetylcholine, Self::Serotonin, Self::Noradrenaline];

    /// The name in study files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dopamine => "dopamine",
            Self::Acetylcholine => "acetylcholine",
            Self::Serotonin => "serotonin",
            Self::Noradrenaline => "noradrenaline",
        }
    }
}

/// The levels of the four transmitters at one moment. What a unit of level is, its nucleus says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Levels {
    /// Dopamine; for the optimizers: the last prediction error of a window in units of its running size, positive when
    /// acting paid.
    pub dopamine: f64,
    /// Acetylcholine; for the optimizers: the expected size of a prediction error.
    pub acetylcholine: f64,
    /// Serotonin; for the optimizers: the horizon of the average, in updates.
    pub serotonin: f64,
    /// Noradrenaline; for the optimizers: the evidence that the world has changed, as a share of what raises an alarm.
    pub noradrenaline: f64,
}

crate::archived!(Levels { dopamine, acetylcholine, serotonin, noradrenaline });

impl Levels {
    /// The level of one transmitter.
    pub fn of(&self, transmitter: Transmitter) -> f64 {
        match transmitter {
            Transmitter::Dopamine => self.dopamine,
            Transmitter::Acetylcholine => self.acetylcholine,
            Transmitter::Serotonin => self.serotonin,
            Transmitter::Noradrenaline => self.noradrenaline,
        }
    }

    /// Sets the level of one transmitter.
    pub fn set(&mut self, transmitter: Transmitter, level: f64) {
        match transmitter {
            Transmitter::Dopamine => self.dopamine = level,
            Transmitter::Acetylcholine => self.acetylcholine = level,
            Transmitter::Serotonin => self.serotonin = level,
            Transmitter::Noradrenaline => self.noradrenaline = level,
        }
    }
}

/// What a nucleus releases at one moment, in units of level.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Release {
    /// An event: added to the level at once, cleared with the transmitter's clearance.
    pub phasic: f64,
    /// A slow drive: the tonic level follows it.
    pub tonic: f64,
}

crate::archived!(Release { phasic, tonic });

impl Release {
    /// An event alone.
    pub fn phasic(phasic: f64) -> Self {
        Self { phasic, tonic: 0.0 }
    }

    /// A slow drive alone.
    pub fn tonic(tonic: f64) -> Self {
        Self { phasic: 0.0, tonic }
    }

    /// Both together: the level of a nucleus without kinetics.
    pub fn total(self) -> f64 {
        self.phasic + self.tonic
    }
}

/// One nucleus.
pub trait Nucleus: Send + Debug {
    /// What it releases.
    fn transmitter(&self) -> Transmitter;

    /// Takes in the signals of one moment and returns what is released. Signals that are `None` or not finite change
    /// nothing.
    fn release(&mut self, signals: &Signals) -> Release;

    /// Forgets the statistics of the world as it was: called when a surprise is confirmed.
    fn reset(&mut self);

    /// Whether `signals` are a moment for this nucleus, after which its release is a new level. A learner may tell of events
    /// within a moment (`elapsed` is 0, for example the end of a window of updates): by default a nucleus has no part in them, and
    /// its level is held.
    fn answers_to(&self, signals: &Signals) -> bool {
        signals.elapsed != Some(0.0)
    }

    /// Takes in signals that are no moment for this nucleus.
    fn take_in(&mut self, _signals: &Signals) {}

    /// Turns outcomes that come all at once (the regrets of the probes of one update) into prediction errors, in place. By
    /// default they are prediction errors as they are.
    fn compare(&mut self, _outcomes: &mut [f64]) {}

    /// The transmitters whose levels this nucleus reads.
    fn reads(&self) -> &'static [Transmitter] {
        &[]
    }

    /// Writes its running state to an archive, or reads it from there. By default it cannot be saved.
    ///
    /// # Errors
    /// [An error of the archive](crate::error::Error::Archive) if it cannot be saved, or what is read is not its state.
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let _ = archive;
        cannot_be_saved::<Self>()
    }
}

impl Archived for dyn Nucleus + '_ {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        Nucleus::archive(self, archive)
    }
}

/// The settings of a nucleus: what makes it from a study file.
///
/// A settings type of one's own is made known under its name with `register` of the nucleus that it is a model of, for example
/// [`LocusCoeruleusConfig::register`](crate::neuromodulation::nuclei::locus_coeruleus::LocusCoeruleusConfig::register).
pub trait NucleusSettings: Any + Debug + Send + Sync {
    /// Name, summary and reference.
    fn description(&self) -> Description;

    /// The nucleus, having seen nothing; it is to release `transmitter`, and what is random in it follows from `key`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a constant outside its range.
    fn build(&self, transmitter: Transmitter, key: Key) -> Result<Box<dyn Nucleus>>;
}

/// Signals beyond this size count as this size, so that no square or sum of them overflows.
pub(crate) const MAX_SIGNAL: f64 = 1e100;

/// A signal that can be reckoned with: `None` if it is not finite.
pub(crate) fn usable(signal: Option<f64>) -> Option<f64> {
    signal.filter(|signal| signal.is_finite()).map(|signal| signal.clamp(-MAX_SIGNAL, MAX_SIGNAL))
}

/// A running mean that weighs its first values equally and later ones with a constant rate.
///
/// ```text
///     mean ← mean + max(rate, 1/n) · (value − mean)          n values so far, this one included
///     var  ← (1 − b) · (var + b · (value − mean)²)           b = max(rate, 1/n), mean before the update
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct RunningMean {
    pub(crate) mean: f64,
    pub(crate) variance: f64,
    pub(crate) count: u64,
}

crate::archived!(RunningMean { mean, variance, count });

impl RunningMean {
    /// Takes in one value.
    pub(crate) fn update(&mut self, value: f64, rate: f64) {
        let share = (1.0 / (self.count as f64 + 1.0)).max(rate);
        let difference = value - self.mean;
        self.mean += share * difference;
        if self.count > 0 {
            self.variance = (1.0 - share) * (self.variance + share * difference * difference);
        }
        self.count += 1;
    }

    /// The standard deviation, at least `floor` times the size of the mean.
    pub(crate) fn deviation(&self, floor: f64) -> f64 {
        self.variance.sqrt().max(floor * self.mean.abs()).max(f64::MIN_POSITIVE)
    }
}
