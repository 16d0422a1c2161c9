//! Leaky integrate-and-fire cells.
//!
//! ```text
//!     v ← v_rest + (v − v_rest) e^(−1/τ) + I ;   v ≥ θ: spike, v ← v_reset
//! ```
//! v potential `[mV]` · I input of the millisecond `[mV]` · τ membrane time constant `[ms]` · θ threshold `[mV]`. No refractory period.
//!
//! # Oracle
//! Under a constant I from reset (v_reset = v_rest) the potential after n steps is `I (1 − qⁿ)/(1 − q)`, q = e^(−1/τ), so the
//! interval between spikes is the smallest n with that ≥ θ − v_rest:
//! `n = ⌈ln(1 − (θ − v_rest)(1 − q)/I)/ln q⌉`, none if I ≤ (θ − v_rest)(1 − q). A test holds it.
//!
//! # Cost
//! Three operations a cell and millisecond, in vector registers.
//!
//! Reference: L. Lapicque, 1907; constants of the actor–critic code of arXiv:2008.13044 (τ = 100 ms, rest = reset = −65, θ = −52).

use serde::{Deserialize, Serialize};

use super::{Cells, kept};
use crate::error::{Error, Result, positive};

/// The constants.
///
/// # Example
/// ```
/// use tegmentum::behaviour::spiking::Cells;
/// use tegmentum::behaviour::spiking::leaky_integrate_and_fire::LeakyIntegrateAndFireConfig;
///
/// let mut cell = LeakyIntegrateAndFireConfig::default().build(1)?;
/// let mut spikes = Vec::new();
/// (0..100).for_each(|_| cell.step(&[1.0], &mut spikes));
/// assert_eq!(spikes.len(), 7);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LeakyIntegrateAndFireConfig {
    /// Membrane time constant τ, in ms.
    pub time_constant: f64,
    /// Resting potential, in mV.
    pub rest: f64,
    /// Potential after a spike, in mV.
    pub reset: f64,
    /// Threshold θ, in mV, above rest and reset.
    pub threshold: f64,
}

impl Default for LeakyIntegrateAndFireConfig {
    fn default() -> Self {
        Self { time_constant: 100.0, rest: -65.0, reset: -65.0, threshold: -52.0 }
    }
}

impl LeakyIntegrateAndFireConfig {
    /// The membranes of `cells` cells at rest.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a constant outside its range.
    pub fn build(&self, cells: usize) -> Result<LeakyIntegrateAndFire> {
        positive("leaky_integrate_and_fire.time_constant", self.time_constant)?;
        for (name, value) in
            [("leaky_integrate_and_fire.rest", self.rest), ("leaky_integrate_and_fire.reset", self.reset)]
        {
            if !(value.is_finite() && value < self.threshold) {
                return Err(Error::InvalidParameter { name, value, requirement: "a finite number below threshold" });
            }
        }
        let (name, value) = ("leaky_integrate_and_fire.threshold", self.threshold);
        if !value.is_finite() {
            return Err(Error::InvalidParameter { name, value, requirement: "a finite number" });
        }
        Ok(LeakyIntegrateAndFire {
            kept: kept(self.time_constant),
            rest: self.rest as f32,
            reset: self.reset as f32,
            threshold: self.threshold as f32,
            potentials: vec![self.rest as f32; cells],
        })
    }
}

/// The membranes.
#[derive(Clone, Debug)]
pub struct LeakyIntegrateAndFire {
    kept: f32,
    rest: f32,
    reset: f32,
    threshold: f32,
    potentials: Vec<f32>,
}

crate::archived!(LeakyIntegrateAndFire {} sized { potentials } fixed { kept, rest, reset, threshold });

impl Cells for LeakyIntegrateAndFire {
    fn len(&self) -> usize {
        self.potentials.len()
    }

    fn rest(&mut self, jitter: &[f32]) {
        let reach = 0.5 * (self.threshold - self.rest);
        for (potential, &jitter) in self.potentials.iter_mut().zip(jitter) {
            *potential = self.rest + reach * jitter;
        }
    }

    fn step(&mut self, current: &[f32], spikes: &mut Vec<u32>) {
        for (v, &current) in self.potentials.iter_mut().zip(current) {
            *v = self.rest + (*v - self.rest) * self.kept + current;
        }
        for (cell, v) in self.potentials.iter_mut().enumerate() {
            if *v >= self.threshold {
                *v = self.reset;
                spikes.push(cell as u32);
            }
        }
    }

    fn set_bursting(&mut self, _: f32) {}

    fn potentials(&self) -> &[f32] {
        &self.potentials
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Intervals against the closed form, for currents from just above rheobase to one spike a step.
    #[test]
    fn intervals_are_those_of_the_closed_form() {
        let config = LeakyIntegrateAndFireConfig::default();
        let q = (-1.0 / config.time_constant).exp();
        let rheobase = 13.0 * (1.0 - q);
        for factor in [1.02, 1.3, 2.0, 5.0, 17.0, 120.0] {
            let current = rheobase * factor;
            let expected = ((1.0 - 13.0 * (1.0 - q) / current).ln() / q.ln()).ceil() as usize;
            let mut cell = config.build(1).unwrap();
            let mut times = Vec::new();
            for time in 0..5 * expected {
                let mut spikes = Vec::new();
                cell.step(&[current as f32], &mut spikes);
                if !spikes.is_empty() {
                    times.push(time);
                }
            }
            assert_eq!(times.len(), 5, "{factor}");
            assert!(times.windows(2).all(|pair| pair[1] - pair[0] == expected), "{factor}: {expected} {times:?}");
        }
        let mut cell = config.build(1).unwrap();
        let mut spikes = Vec::new();
        (0..5000).for_each(|_| cell.step(&[0.999 * rheobase as f32], &mut spikes));
        assert!(spikes.is_empty());
    }

    #[test]
    fn bad_constants_are_named() {
        let config = LeakyIntegrateAndFireConfig { reset: -40.0, ..LeakyIntegrateAndFireConfig::default() };
        let text = config.build(1).unwrap_err().to_string();
        assert!(text.starts_with("leaky_integrate_and_fire.reset = -40"), "{text}");
    }
}
