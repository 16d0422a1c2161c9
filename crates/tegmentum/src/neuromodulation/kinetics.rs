//! Kinetics: from release to level, with clearance, a slow tone, saturation and a way of transmission.
//!
//! ```text
//!     phasic  p ← p (1 − 1/τ)^Δ + r_p          no τ: p ← r_p, what is released is gone at the next moment
//!     tonic   q ← q + (1 − (1 − 1/T)^Δ)(r_t − q)      no T: q ← r_t
//!     level   l = b + p + q ,   saturated  l S/(S + |l|)
//! ```
//! r_p, r_t release `[level]` · τ clearance, T tonic time constant, Δ elapsed `[moments]` · b baseline, S saturation `[level]`.
//!
//! Transmission by volume reaches every receptor alike; by wiring it reaches the listed places alone, each with a weight.
//!
//! Cost: two products and sums a moment.

use serde::{Deserialize, Serialize};

use super::modulation::Place;
use super::nucleus::Release;
use crate::error::{Error, Result};

/// The constants of one transmitter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KineticsConfig {
    /// Time constant τ of clearance, in moments, at least 1; cleared within a moment if not given.
    pub clearance: Option<f64>,
    /// Time constant T of the tonic level, in moments, at least 1; follows at once if not given.
    pub tonic_time_constant: Option<f64>,
    /// Level without any release.
    pub baseline: f64,
    /// Level that is never exceeded, half reached at a release of this size; unbounded if not given.
    pub saturation: Option<f64>,
    /// How far the transmitter reaches.
    pub transmission: Transmission,
}

/// The two modes of transmission.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transmission {
    /// Diffuse: one level for all receptors.
    #[default]
    Volume,
    /// Targeted: places with the share of the level that reaches them; nothing elsewhere.
    Wiring(Vec<(Place, f64)>),
}

impl KineticsConfig {
    /// Checks the ranges and makes the state.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a constant outside its range.
    pub fn build(&self) -> Result<Kinetics> {
        for (name, constant) in
            [("kinetics.clearance", self.clearance), ("kinetics.tonic_time_constant", self.tonic_time_constant)]
        {
            if let Some(value) = constant.filter(|value| !(value.is_finite() && *value >= 1.0)) {
                return Err(Error::InvalidParameter {
                    name,
                    value,
                    requirement: "a finite number of moments, at least 1",
                });
            }
        }
        if let Some(value) = self.saturation.filter(|value| !(value.is_finite() && *value > 0.0)) {
            return Err(Error::InvalidParameter {
                name: "kinetics.saturation",
                value,
                requirement: "a finite number above 0",
            });
        }
        if !self.baseline.is_finite() {
            let value = self.baseline;
            return Err(Error::InvalidParameter { name: "kinetics.baseline", value, requirement: "a finite number" });
        }
        if let Transmission::Wiring(targets) = &self.transmission
            && let Some((_, value)) = targets.iter().find(|(_, weight)| !weight.is_finite())
        {
            let (name, value) = ("kinetics.transmission.wiring", *value);
            return Err(Error::InvalidParameter { name, value, requirement: "finite weights" });
        }
        Ok(Kinetics { config: self.clone(), phasic: 0.0, tonic: 0.0 })
    }
}

/// The share (1 − 1/τ)^Δ that is left after `elapsed` moments.
pub(crate) fn kept(time_constant: f64, elapsed: f64) -> f64 {
    let share = 1.0 - 1.0 / time_constant;
    if elapsed == 1.0 { share } else { share.powf(elapsed) }
}

/// The state of one transmitter in the tissue.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::kinetics::KineticsConfig;
/// use tegmentum::neuromodulation::nucleus::Release;
///
/// let mut noradrenaline = KineticsConfig { clearance: Some(4.0), ..KineticsConfig::default() }.build()?;
/// assert_eq!(noradrenaline.update(Release::phasic(1.0), 1.0), 1.0);
/// assert_eq!(noradrenaline.update(Release::default(), 1.0), 0.75);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Kinetics {
    config: KineticsConfig,
    phasic: f64,
    tonic: f64,
}

crate::archived!(Kinetics { phasic, tonic } fixed { config });

impl Kinetics {
    /// Takes in a release after `elapsed` moments and returns the level.
    pub fn update(&mut self, release: Release, elapsed: f64) -> f64 {
        let memory = |time_constant: Option<f64>| time_constant.map_or(0.0, |constant| kept(constant, elapsed));
        self.phasic = memory(self.config.clearance) * self.phasic + release.phasic;
        let memory = memory(self.config.tonic_time_constant);
        self.tonic = memory * self.tonic + (1.0 - memory) * release.tonic;
        self.level()
    }

    /// The level.
    pub fn level(&self) -> f64 {
        let level = self.config.baseline + self.phasic + self.tonic;
        match self.config.saturation {
            Some(most) => level * most / (most + level.abs()),
            None => level,
        }
    }

    /// The part of the level that events have left.
    pub fn phasic(&self) -> f64 {
        self.phasic
    }

    /// The slow part of the level, with the baseline.
    pub fn tonic(&self) -> f64 {
        self.config.baseline + self.tonic
    }

    /// The share of the level that reaches receptors at `place`.
    pub fn reach(&self, place: &Place) -> f64 {
        match &self.config.transmission {
            Transmission::Volume => 1.0,
            Transmission::Wiring(targets) => {
                targets.iter().filter(|(target, _)| target == place).map(|(_, weight)| weight).sum()
            }
        }
    }
}
