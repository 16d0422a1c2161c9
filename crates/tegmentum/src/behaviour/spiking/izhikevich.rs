//! Izhikevich cells: a quadratic membrane with recovery; four numbers make it spike regularly, fast or in bursts.
//!
//! ```text
//!     v ← v + ½(.04 v² + 5v + 140 − u + I)   twice      u ← u + a(b v − u)
//!     v ≥ 30: spike, v ← c, u ← u + d
//!     c(n) = c + 30 n ,   d(n) = d − 12 n               n bursting level in [0, ½]
//! ```
//! v potential `[mV]` · u recovery · I input of the millisecond · one step is a millisecond, the potential in two halves.
//!
//! | kind | a | b | c | d |
//! |---|---|---|---|---|
//! | regular spiking | .02 | .2 | −65 | 8 |
//! | fast spiking | .1 | .2 | −65 | 2 |
//! | bursting | .02 | .2 | −50 | 2 |
//! | intrinsically bursting | .02 | .2 | −55 | 4 |
//!
//! The map from n takes regular spiking (n = 0) to bursting (n = ½). Noradrenaline raises n, acetylcholine lowers it.
//!
//! # Cost
//! About 15 operations a cell and millisecond, in vector registers.
//!
//! # References
//! 1. E. M. Izhikevich, IEEE Trans. Neural Networks 14(6), 1569–1572, 2003, doi:10.1109/TNN.2003.820440.
//! 2. The map: code of A. Rodriguez-Garcia (`snufaFlashTalk2024`), for excitatory cells; that the Go/No-Go model of
//!    arXiv:2501.06762 uses the same one is inferred.

use serde::{Deserialize, Serialize};

use super::Cells;
use crate::error::{Error, Result};

/// Potential at which a spike is cut off, in mV.
const PEAK: f32 = 30.0;
/// The potential is not followed below this, in mV: far beyond every physiological value.
const LOWEST: f32 = -120.0;
/// The largest bursting level.
pub const MAX_BURSTING: f32 = 0.5;

/// The four constants.
///
/// # Example
/// ```
/// use tegmentum::behaviour::spiking::Cells;
/// use tegmentum::behaviour::spiking::izhikevich::IzhikevichConfig;
///
/// let spikes_of = |config: IzhikevichConfig| {
///     let mut cell = config.build(1).unwrap();
///     let mut spikes = Vec::new();
///     (0..1000).for_each(|_| cell.step(&[10.0], &mut spikes));
///     spikes.len()
/// };
/// assert!(spikes_of(IzhikevichConfig::FAST_SPIKING) > 2 * spikes_of(IzhikevichConfig::REGULAR_SPIKING));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IzhikevichConfig {
    /// Rate of recovery, per ms.
    pub a: f64,
    /// Coupling of recovery to the potential.
    pub b: f64,
    /// Potential after a spike, in mV.
    pub c: f64,
    /// Recovery added by a spike.
    pub d: f64,
}

impl Default for IzhikevichConfig {
    fn default() -> Self {
        Self::REGULAR_SPIKING
    }
}

impl IzhikevichConfig {
    /// Regular spiking, as most excitatory cells of cortex.
    pub const REGULAR_SPIKING: Self = Self { a: 0.02, b: 0.2, c: -65.0, d: 8.0 };
    /// Fast spiking, as many inhibitory cells.
    pub const FAST_SPIKING: Self = Self { a: 0.1, b: 0.2, c: -65.0, d: 2.0 };
    /// Bursting (chattering).
    pub const BURSTING: Self = Self { a: 0.02, b: 0.2, c: -50.0, d: 2.0 };
    /// Intrinsically bursting: a burst, then single spikes.
    pub const INTRINSICALLY_BURSTING: Self = Self { a: 0.02, b: 0.2, c: -55.0, d: 4.0 };

    /// The cell at bursting level `n`.
    #[must_use]
    pub fn at_bursting(self, n: f64) -> Self {
        let n = n.clamp(0.0, f64::from(MAX_BURSTING));
        Self { c: self.c + 30.0 * n, d: self.d - 12.0 * n, ..self }
    }

    /// The membranes of `cells` cells at rest.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a constant outside its range.
    pub fn build(&self, cells: usize) -> Result<Izhikevich> {
        let names = ["izhikevich.a", "izhikevich.b", "izhikevich.c", "izhikevich.d"];
        for (name, value) in names.into_iter().zip([self.a, self.b, self.c, self.d]) {
            if !value.is_finite() {
                return Err(Error::InvalidParameter { name, value, requirement: "a finite number" });
            }
        }
        if !(0.0..=1.0).contains(&self.a) {
            return Err(Error::InvalidParameter { name: names[0], value: self.a, requirement: "between 0 and 1" });
        }
        if self.c >= f64::from(PEAK) - 30.0 * f64::from(MAX_BURSTING) {
            return Err(Error::InvalidParameter { name: names[2], value: self.c, requirement: "below 15 mV" });
        }
        let mut cells =
            Izhikevich { config: *self, after: (0.0, 0.0), potentials: vec![0.0; cells], recovery: vec![0.0; cells] };
        cells.set_bursting(0.0);
        cells.rest(&vec![0.0; cells.len()]);
        Ok(cells)
    }
}

/// The membranes.
#[derive(Clone, Debug)]
pub struct Izhikevich {
    config: IzhikevichConfig,
    /// c and d at the present bursting level.
    after: (f32, f32),
    potentials: Vec<f32>,
    recovery: Vec<f32>,
}

crate::archived!(Izhikevich { after } sized { potentials, recovery } fixed { config });

impl Cells for Izhikevich {
    fn len(&self) -> usize {
        self.potentials.len()
    }

    fn rest(&mut self, jitter: &[f32]) {
        // From the reset potential upwards, with the recovery that belongs to it.
        let start = self.config.c as f32;
        for ((v, u), &jitter) in self.potentials.iter_mut().zip(&mut self.recovery).zip(jitter) {
            *v = start + 5.0 * jitter;
            *u = self.config.b as f32 * start;
        }
    }

    fn step(&mut self, current: &[f32], spikes: &mut Vec<u32>) {
        let (a, b) = (self.config.a as f32, self.config.b as f32);
        for ((v, u), &current) in self.potentials.iter_mut().zip(&mut self.recovery).zip(current) {
            let half = *v + 0.5 * (0.04 * *v * *v + 5.0 * *v + 140.0 - *u + current);
            let whole = half + 0.5 * (0.04 * half * half + 5.0 * half + 140.0 - *u + current);
            *v = whole.clamp(LOWEST, PEAK);
            *u += a * (b * *v - *u);
        }
        let (c, d) = self.after;
        for (cell, (v, u)) in self.potentials.iter_mut().zip(&mut self.recovery).enumerate() {
            if *v >= PEAK {
                *v = c;
                *u += d;
                spikes.push(cell as u32);
            }
        }
    }

    fn set_bursting(&mut self, level: f32) {
        let config = self.config.at_bursting(f64::from(level));
        self.after = (config.c as f32, config.d as f32);
    }

    fn potentials(&self) -> &[f32] {
        &self.potentials
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intervals(level: f32, current: f32) -> Vec<usize> {
        let mut cell = IzhikevichConfig::REGULAR_SPIKING.build(1).unwrap();
        cell.set_bursting(level);
        let mut times = Vec::new();
        let mut spikes = Vec::new();
        for time in 0..2000 {
            spikes.clear();
            cell.step(&[current], &mut spikes);
            if !spikes.is_empty() && time > 300 {
                times.push(time);
            }
        }
        times.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    fn coefficient_of_variation(intervals: &[usize]) -> f64 {
        let mean = intervals.iter().sum::<usize>() as f64 / intervals.len() as f64;
        let variance = intervals.iter().map(|&i| (i as f64 - mean).powi(2)).sum::<f64>() / intervals.len() as f64;
        variance.sqrt() / mean
    }

    /// Regular spiking: one interval again and again. Bursting: most intervals short, some long.
    #[test]
    fn bursting_makes_short_and_long_intervals() {
        for current in [8.0, 10.0, 12.0] {
            let (regular, bursts) = (intervals(0.0, current), intervals(0.5, current));
            assert!(coefficient_of_variation(&regular) < 0.1, "{regular:?}");
            assert!(coefficient_of_variation(&bursts) > 0.5, "{bursts:?}");
            assert!(regular.iter().all(|&interval| interval > 15), "{regular:?}");
            assert!(bursts.iter().filter(|&&interval| interval < 10).count() * 2 > bursts.len(), "{bursts:?}");
            assert!(bursts.len() > regular.len());
        }
    }

    /// The map ends at the table's row for bursting.
    #[test]
    fn full_bursting_is_the_row_of_the_table() {
        assert_eq!(IzhikevichConfig::REGULAR_SPIKING.at_bursting(0.5), IzhikevichConfig::BURSTING);
        assert_eq!(IzhikevichConfig::REGULAR_SPIKING.at_bursting(9.0), IzhikevichConfig::BURSTING);
        assert_eq!(IzhikevichConfig::REGULAR_SPIKING.at_bursting(-1.0), IzhikevichConfig::REGULAR_SPIKING);
    }

    /// At rest nothing happens: v = −70 for b = .2 is the fixed point of the equations with I = 0.
    #[test]
    fn a_cell_without_input_settles_at_the_fixed_point() {
        let mut cell = IzhikevichConfig::REGULAR_SPIKING.build(1).unwrap();
        let mut spikes = Vec::new();
        (0..3000).for_each(|_| cell.step(&[0.0], &mut spikes));
        assert!(spikes.is_empty());
        assert!((cell.potentials()[0] + 70.0).abs() < 0.01, "{:?}", cell.potentials());
    }
}
