//! Noradrenaline of a locus coeruleus with the dynamics of FitzHugh and Nagumo: adaptive gain with two modes.
//!
//! ```text
//!     τ_v dv/dt = v (a − v)(v − 1) − u + w X            activity of the cells
//!     τ_u du/dt = h(v) − u ,  h(v) = C v + (1 − C) d     release
//!     gain g = G + k u ;   tonic + phasic = k u          what is released beyond the gain at rest G
//! ```
//! X drive: |e|, at most 1, plus noise of a keyed stream · e outcome error `[outcome]` · C mode: .95 phasic (low tone, large
//! bursts), .55 tonic (high tone, small bursts) · T time units a moment, integrated by Runge–Kutta steps of the fourth order of
//! length .02 · τ_v = .05, τ_u = 5, a = d = .5, G = .5, k = 3, w = .3.
//!
//! A burst is a moment in which v has crossed a from below; its release is phasic as far as it exceeds the resting one. Cost: 50
//! Runge–Kutta steps a moment.
//!
//! Inferred: that |e| stands for the activity of the unit that detects a target, T = 1, the noise on X (the noise of deviation
//! .22 in the models cited is that of their decision units), and the split into tonic and phasic.
//!
//! References: M. Usher et al., Science 283, 549–554, 1999; M. S. Gilzenrat et al., Neural Networks 15, 647–663, 2002.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, at_least_zero, fraction};
use crate::neuromodulation::nucleus::{Nucleus, NucleusSettings, Release, Signals, Transmitter, usable};
use crate::random::{Key, Stream};
use crate::registry::Description;

/// Its name in lists.
const DESCRIPTION: Description = Description {
    name: "fitzhugh_nagumo",
    summary: "an excitable cell population with a phasic and a tonic mode: adaptive gain",
    reference: "Usher et al. 1999; Gilzenrat et al. 2002, doi:10.1016/S0893-6080(02)00055-2",
};

/// Threshold a of the cells, and level d of their release in the tonic mode.
const THRESHOLD: f64 = 0.5;
const RELEASE_OFFSET: f64 = 0.5;
const ACTIVITY_TIME_CONSTANT: f64 = 0.05;
const RELEASE_TIME_CONSTANT: f64 = 5.0;
const STEP: f64 = 0.02;

/// The constants of the model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FitzHughNagumoConfig {
    /// Mode C, from .55 (tonic) to .95 (phasic).
    pub mode: f64,
    /// Weight w of the drive.
    pub drive_weight: f64,
    /// Gain at rest G.
    pub resting_gain: f64,
    /// Gain k for each unit of release.
    pub gain_per_release: f64,
    /// Time units T in a moment, at most 100.
    pub duration: f64,
    /// Standard deviation of the noise on the drive, drawn once a moment.
    pub noise: f64,
}

impl Default for FitzHughNagumoConfig {
    fn default() -> Self {
        Self { mode: 0.95, drive_weight: 0.3, resting_gain: 0.5, gain_per_release: 3.0, duration: 1.0, noise: 0.05 }
    }
}

impl FitzHughNagumoConfig {
    /// The nucleus at rest; its noise comes from `key`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a constant outside its range.
    pub fn build(self, key: Key) -> Result<FitzHughNagumo> {
        fraction("fitzhugh_nagumo.mode", self.mode)?;
        fraction("fitzhugh_nagumo.drive_weight", self.drive_weight)?;
        at_least_zero("fitzhugh_nagumo.resting_gain", self.resting_gain)?;
        at_least_zero("fitzhugh_nagumo.gain_per_release", self.gain_per_release)?;
        if !(self.duration > 0.0 && self.duration <= 100.0) {
            let (name, requirement) = ("fitzhugh_nagumo.duration", "above 0 and at most 100");
            return Err(Error::InvalidParameter { name, value: self.duration, requirement });
        }
        fraction("fitzhugh_nagumo.noise", self.noise)?;
        let activity = resting_activity(self.mode, 0.0);
        Ok(FitzHughNagumo {
            steps: (self.duration / STEP).round().max(1.0) as u32,
            activity,
            release: release_target(self.mode, activity),
            noise: key.stream(),
            config: self,
        })
    }
}

/// h(v).
fn release_target(mode: f64, activity: f64) -> f64 {
    mode * activity + (1.0 - mode) * RELEASE_OFFSET
}

/// τ_v dv/dt without the release.
fn cubic(activity: f64) -> f64 {
    activity * (THRESHOLD - activity) * (activity - 1.0)
}

/// The lowest fixed point of the activity under a constant drive w X, by bisection: there u = h(v), and
/// v (a − v)(v − 1) − h(v) + w X falls with v below the first fold.
fn resting_activity(mode: f64, drive: f64) -> f64 {
    let (mut low, mut high) = (-2.0, 0.25);
    let excess = |activity: f64| cubic(activity) - release_target(mode, activity) + drive;
    if excess(high) > 0.0 {
        high = 2.0;
    }
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if excess(middle) > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

impl NucleusSettings for FitzHughNagumoConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, _: Transmitter, key: Key) -> Result<Box<dyn Nucleus>> {
        Ok(Box::new(Self::build(*self, key)?))
    }
}

/// The state of the nucleus.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::nuclei::locus_coeruleus::fitzhugh_nagumo::FitzHughNagumoConfig;
/// use tegmentum::neuromodulation::nucleus::{Nucleus, Signals};
/// use tegmentum::random::Key;
///
/// let config = FitzHughNagumoConfig { noise: 0.0, ..FitzHughNagumoConfig::default() };
/// let mut nucleus = config.build(Key::from_seed(1))?;
/// let mut after = |error| nucleus.release(&Signals { outcome_error: Some(error), ..Signals::default() });
/// let rest = after(0.0).total();
/// assert_eq!(after(0.05).phasic, 0.0, "too weak for a burst");
/// assert!(after(1.0).total() > rest + 0.3);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct FitzHughNagumo {
    config: FitzHughNagumoConfig,
    steps: u32,
    activity: f64,
    release: f64,
    noise: Stream,
}

crate::archived!(FitzHughNagumo { activity, release, noise } fixed { config, steps });

impl FitzHughNagumo {
    /// Activity v of the cells.
    pub fn activity(&self) -> f64 {
        self.activity
    }

    /// The gain g = G + k u.
    pub fn gain(&self) -> f64 {
        self.config.resting_gain + self.config.gain_per_release * self.release
    }

    /// The mode C.
    pub fn mode(&self) -> f64 {
        self.config.mode
    }

    /// Sets the mode C, kept within `[0, 1]`.
    pub fn set_mode(&mut self, mode: f64) {
        if mode.is_finite() {
            self.config.mode = mode.clamp(0.0, 1.0);
        }
    }

    /// One Runge–Kutta step under the drive w X.
    fn step(&mut self, drive: f64) {
        let mode = self.config.mode;
        let slope = |activity: f64, release: f64| {
            (
                (cubic(activity) - release + drive) / ACTIVITY_TIME_CONSTANT,
                (release_target(mode, activity) - release) / RELEASE_TIME_CONSTANT,
            )
        };
        let (v, u) = (self.activity, self.release);
        let first = slope(v, u);
        let second = slope(v + 0.5 * STEP * first.0, u + 0.5 * STEP * first.1);
        let third = slope(v + 0.5 * STEP * second.0, u + 0.5 * STEP * second.1);
        let fourth = slope(v + STEP * third.0, u + STEP * third.1);
        self.activity = v + STEP / 6.0 * (first.0 + 2.0 * second.0 + 2.0 * third.0 + fourth.0);
        self.release = u + STEP / 6.0 * (first.1 + 2.0 * second.1 + 2.0 * third.1 + fourth.1);
    }
}

impl Nucleus for FitzHughNagumo {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Noradrenaline
    }

    /// Time passes with every moment, whether or not there was an error in it.
    fn release(&mut self, signals: &Signals) -> Release {
        let error = usable(signals.outcome_error).map_or(0.0, f64::abs).min(1.0);
        let noise = if self.config.noise > 0.0 { self.config.noise * f64::from(self.noise.normal()) } else { 0.0 };
        let drive = self.config.drive_weight * (error + noise);
        let mut burst = false;
        for _ in 0..self.steps {
            let before = self.activity;
            self.step(drive);
            burst |= before < THRESHOLD && self.activity >= THRESHOLD;
        }
        let total = self.config.gain_per_release * self.release;
        if !burst {
            return Release::tonic(total);
        }
        let mode = self.config.mode;
        let rest = self.config.gain_per_release * release_target(mode, resting_activity(mode, 0.0));
        let phasic = (total - rest).max(0.0);
        Release { phasic, tonic: total - phasic }
    }

    fn reset(&mut self) {
        self.activity = resting_activity(self.config.mode, 0.0);
        self.release = release_target(self.config.mode, self.activity);
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nucleus(mode: f64) -> FitzHughNagumo {
        let config = FitzHughNagumoConfig { mode, noise: 0.0, ..FitzHughNagumoConfig::default() };
        config.build(Key::from_seed(1)).expect("valid")
    }

    fn error(error: f64) -> Signals {
        Signals { outcome_error: Some(error), ..Signals::default() }
    }

    /// An integration of its own: Heun's method with a step a fiftieth as long, written for the test.
    fn independent(mode: f64, errors: &[f64]) -> Vec<(f64, f64)> {
        let slope = |v: f64, u: f64, x: f64| {
            let dv = -v * v * v + 1.5 * v * v - 0.5 * v - u + 0.3 * x;
            (dv / 0.05, (mode * v + (1.0 - mode) * 0.5 - u) / 5.0)
        };
        let (mut v, mut u) = (0.0, 0.0);
        let mut advance = |duration: f64, x: f64| {
            let dt = 4e-4;
            for _ in 0..(duration / dt).round() as u64 {
                let (dv, du) = slope(v, u, x);
                let (ev, eu) = slope(v + dt * dv, u + dt * du, x);
                v += 0.5 * dt * (dv + ev);
                u += 0.5 * dt * (du + eu);
            }
            (v, u)
        };
        advance(200.0, 0.0);
        errors.iter().map(|&x| advance(1.0, x)).collect()
    }

    #[test]
    fn it_follows_an_independent_integration_in_both_modes() {
        let errors = [0.0, 1.0, 0.0, 0.0, 0.4, 0.0, 0.9, 0.9, 0.1, 0.0];
        for mode in [0.95, 0.75, 0.55] {
            let mut nucleus = nucleus(mode);
            for (&x, (v, u)) in errors.iter().zip(independent(mode, &errors)) {
                let release = nucleus.release(&error(x));
                assert!((nucleus.activity() - v).abs() < 2e-4, "mode {mode}: v {} instead of {v}", nucleus.activity());
                assert!(
                    (release.total() - 3.0 * u).abs() < 2e-4,
                    "mode {mode}: {} instead of {}",
                    release.total(),
                    3.0 * u
                );
                assert!((nucleus.gain() - (0.5 + 3.0 * u)).abs() < 2e-4);
            }
        }
    }

    /// At rest u = h(v) and v (a − v)(v − 1) = u: roots of −v³ + 1.5 v² − (.5 + C) v − .5 (1 − C) = 0, which Cardano's
    /// formula gives in closed form.
    #[test]
    fn it_rests_at_the_fixed_point() {
        for mode in [0.95f64, 0.55] {
            // Depressed cubic t³ + p t + q = 0 with v = t + .5, of v³ − 1.5 v² + (.5 + C) v + .5 (1 − C) = 0.
            let p = (0.5 + mode) - 0.75;
            let q = -2.0 * 0.125 + (0.5 + mode) * 0.5 + 0.5 * (1.0 - mode);
            let root = (q * q / 4.0 + p * p * p / 27.0).sqrt();
            let v = (-q / 2.0 + root).cbrt() + (-q / 2.0 - root).cbrt() + 0.5;
            let mut nucleus = nucleus(mode);
            let release = nucleus.release(&Signals::default());
            assert!((nucleus.activity() - v).abs() < 1e-9, "mode {mode}: {} instead of {v}", nucleus.activity());
            assert!((release.tonic - 3.0 * (mode * v + (1.0 - mode) * 0.5)).abs() < 1e-9);
        }
    }

    #[test]
    fn the_phasic_mode_has_the_lower_tone_and_the_larger_burst() {
        let after_burst = |mode| {
            let mut nucleus = nucleus(mode);
            let rest = nucleus.release(&Signals::default()).tonic;
            (rest, nucleus.release(&error(1.0)).total() - rest)
        };
        let (phasic, tonic) = (after_burst(0.95), after_burst(0.55));
        assert!(phasic.0 < tonic.0 / 3.0, "{phasic:?} {tonic:?}");
        assert!(phasic.1 > 1.5 * tonic.1, "{phasic:?} {tonic:?}");
    }
}
