//! Page–Hinkley: the sum of deviations from the mean so far, which a change of the mean makes rise or fall (Page, 1954; Hinkley, 1971).
//!
//! # Test
//! ```text
//!     m ← m + (x − m)/n
//!     U ← α U + (x − m) − δ ,   u ← min(u, U) ,   fires upwards   if U − u > λ
//!     D ← α D + (x − m) + δ ,   d ← max(d, D) ,   fires downwards if d − D > λ       both once n ≥ n₀
//! ```
//! x a value · m the mean of the n values since the last alarm · δ a change that is let pass (`delta`), λ the threshold (`threshold`), both in
//! the unit of x · α what is kept of a sum at each value (`alpha`) · n₀ `min_instances`. After an alarm all begins anew.
//!
//! The sums are in the unit of x: the default λ = 50 is for errors between 0 and 1, and far too small for numbers in hundreds.
//!
//! # Cost
//! A value: O(1). Memory 48 bytes.
//!
//! # Readings
//! Page has sums of deviations from a known mean; that the mean is estimated is Hinkley's, that sums fade (α < 1) is that of MOA and river. A
//! test compares alarms with those of river.
//!
//! # References
//! 1. E. S. Page, Continuous inspection schemes, Biometrika 41, 100–115, 1954, doi:10.1093/biomet/41.1-2.100.
//! 2. D. V. Hinkley, Inference about the change-point from cumulative sum tests, Biometrika 58, 509–523, 1971, doi:10.1093/biomet/58.3.509.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, at_least_zero, positive};
use crate::neuromodulation::detector::{Detector, DetectorSettings, is_observation};
use crate::random::Key;
use crate::registry::Description;

/// The direction of a change that fires.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::detectors::page_hinkley::{Direction, PageHinkleyConfig};
///
/// let config: PageHinkleyConfig = toml::from_str("mode = \"up\"")?;
/// assert_eq!(config.mode, Direction::Up);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The mean rises.
    Up,
    /// The mean falls.
    Down,
    /// Either.
    Both,
}

/// The constants of the detector.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PageHinkleyConfig {
    /// Values n₀ before it may fire.
    pub min_instances: u64,
    /// The change δ that is let pass.
    pub delta: f64,
    /// The threshold λ.
    pub threshold: f64,
    /// The share α of a sum that is kept.
    pub alpha: f64,
    /// The direction that fires.
    pub mode: Direction,
}

impl Default for PageHinkleyConfig {
    fn default() -> Self {
        Self { min_instances: 30, delta: 0.005, threshold: 50.0, alpha: 0.9999, mode: Direction::Both }
    }
}

impl PageHinkleyConfig {
    /// The detector, having seen nothing.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a constant outside its range.
    pub fn build(self) -> Result<PageHinkley> {
        at_least_zero("detector.page_hinkley.delta", self.delta)?;
        positive("detector.page_hinkley.threshold", self.threshold)?;
        if !(self.alpha > 0.0 && self.alpha <= 1.0) {
            let (name, value) = ("detector.page_hinkley.alpha", self.alpha);
            return Err(Error::InvalidParameter { name, value, requirement: "above 0 and at most 1" });
        }
        Ok(PageHinkley {
            config: self,
            count: 0,
            mean: 0.0,
            up: 0.0,
            lowest: f64::INFINITY,
            down: 0.0,
            highest: f64::NEG_INFINITY,
        })
    }
}

impl DetectorSettings for PageHinkleyConfig {
    fn description(&self) -> Description {
        Description {
            name: "page_hinkley",
            summary: "the sum of deviations from the mean has risen or fallen",
            reference: "Page 1954; Hinkley 1971",
        }
    }

    fn build(&self, _: Key) -> Result<Box<dyn Detector>> {
        Ok(Box::new(Self::build(*self)?))
    }
}

/// The state of the detector.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::detector::Detector;
/// use tegmentum::neuromodulation::detectors::page_hinkley::PageHinkleyConfig;
///
/// let mut detector = PageHinkleyConfig { threshold: 5.0, ..PageHinkleyConfig::default() }.build()?;
/// let fired: Vec<u32> = (0..300).filter(|&row| detector.update(if row < 200 { 1.0 } else { 0.0 })).collect();
/// assert_eq!(fired, [205]);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct PageHinkley {
    config: PageHinkleyConfig,
    count: u64,
    mean: f64,
    up: f64,
    lowest: f64,
    down: f64,
    highest: f64,
}

crate::archived!(PageHinkley { count, mean, up, lowest, down, highest } fixed { config });

impl Detector for PageHinkley {
    fn update(&mut self, value: f64) -> bool {
        if !is_observation(value) {
            return false;
        }
        let PageHinkleyConfig { min_instances, delta, threshold, alpha, mode } = self.config;
        self.count += 1;
        self.mean += (value - self.mean) / self.count as f64;
        let deviation = value - self.mean;
        self.up = alpha * self.up + deviation - delta;
        self.lowest = self.lowest.min(self.up);
        self.down = alpha * self.down + deviation + delta;
        self.highest = self.highest.max(self.down);
        let rises = mode != Direction::Down && self.up - self.lowest > threshold;
        let falls = mode != Direction::Up && self.highest - self.down > threshold;
        let fired = self.count >= min_instances && (rises || falls);
        if fired {
            (self.count, self.mean, self.up, self.down) = (0, 0.0, 0.0, 0.0);
            (self.lowest, self.highest) = (f64::INFINITY, f64::NEG_INFINITY);
        }
        fired
    }

    crate::archives!();
}
