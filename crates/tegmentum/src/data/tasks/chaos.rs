//! What the chaotic systems share: integration, and the recording of a series.
//!
//! # Integration
//! The classical Runge–Kutta method of fourth order with a fixed step h:
//! ```text
//!     k₁ = f(x)   k₂ = f(x + h/2 k₁)   k₃ = f(x + h/2 k₂)   k₄ = f(x + h k₃)
//!     x ← x + h/6 (k₁ + 2k₂ + 2k₃ + k₄)
//! ```
//! Written here and not taken from a library: the benchmark is defined by this method and its fixed step, the same bits
//! are wanted from every version on every machine, and it is ten lines. f64 throughout; only +, −, ×, ÷ and √ are used.
//!
//! # Recording
//! `transient` samples are discarded, then `train`, `gap` and `test` samples are kept. The gap is recorded but neither
//! learned from nor judged on, so that no test window resembles the last training window. Each channel is scaled by its
//! mean and standard deviation on the training part and rounded to f32 at the very end.

use crate::data::task::{Problem, Series, Windows};
use crate::data::tasks::standardise::{Moments, constant_channel};
use crate::error::{Error, Result, at_least_one, positive};
use crate::random::Key;

/// Samples of a part; more is taken for a slip of the hand.
const MAX_SAMPLES: usize = 100_000_000;

/// One step of length `step` along `derivative`, which is given the part of the step that has passed (0, ½ or 1) and
/// the state.
pub(super) fn runge_kutta_4<const N: usize>(
    derivative: impl Fn(f64, &[f64; N]) -> [f64; N],
    state: &mut [f64; N],
    step: f64,
) {
    let ahead = |slope: &[f64; N], by: f64| std::array::from_fn(|i| state[i] + by * slope[i]);
    let first = derivative(0.0, state);
    let second = derivative(0.5, &ahead(&first, step / 2.0));
    let third = derivative(0.5, &ahead(&second, step / 2.0));
    let fourth = derivative(1.0, &ahead(&third, step));
    for i in 0..N {
        state[i] += step / 6.0 * (first[i] + 2.0 * second[i] + 2.0 * third[i] + fourth[i]);
    }
}

/// `state` itself, or a random point at most `spread` away from it in each coordinate.
pub(super) fn start<const N: usize>(state: [f64; N], spread: f64, random: bool, key: Key) -> [f64; N] {
    if !random {
        return state;
    }
    let mut stream = key.stream();
    state.map(|coordinate| coordinate + spread * (2.0 * stream.uniform() - 1.0))
}

/// How a series is recorded from a system.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recording {
    /// Name of the system, for errors.
    pub(super) system: &'static str,
    pub(super) channels: &'static [&'static str],
    pub(super) sampling_step: f64,
    pub(super) transient: usize,
    pub(super) train: usize,
    pub(super) gap: usize,
    pub(super) test: usize,
    pub(super) windows: Windows,
    /// `None` for other than the standard parameters.
    pub(super) lyapunov_exponent: Option<f64>,
}

impl Recording {
    /// Whether a series can be recorded and windows be cut from both of its parts.
    pub(super) fn validate(&self) -> Result<()> {
        positive("sampling_step", self.sampling_step)?;
        self.windows.validate()?;
        let parts = [("transient", self.transient), ("train", self.train), ("gap", self.gap), ("test", self.test)];
        if let Some((name, rows)) = parts.into_iter().find(|(_, rows)| *rows > MAX_SAMPLES) {
            let requirement = "at most 100 million";
            return Err(Error::InvalidParameter { name, value: rows as f64, requirement });
        }
        for (name, rows) in [("train", self.train), ("test", self.test)] {
            if rows < self.windows.rows() {
                let requirement = "at least windows.length + 1";
                return Err(Error::InvalidParameter { name, value: rows as f64, requirement });
            }
        }
        Ok(())
    }

    /// The series of the rows that `next` returns.
    pub(super) fn record<const N: usize>(&self, mut next: impl FnMut() -> [f64; N]) -> Result<Problem> {
        for _ in 0..self.transient {
            next();
        }
        let rows = self.train + self.gap + self.test;
        let values: Vec<f64> = (0..rows).flat_map(|_| next()).collect();
        let learned = &values[..self.train * N];
        let moments = Moments::new(learned, N);
        let scaled = moments.standardise(&values);
        if let Some(index) = scaled.iter().position(|value| !value.is_finite()) {
            return Err(self.unusable(learned, N, index / N));
        }
        Ok(Problem::Series(Series {
            values: scaled,
            channels: self.channels.iter().map(|&name| name.to_owned()).collect(),
            train: 0..self.train,
            test: self.train + self.gap..rows,
            mean: moments.mean,
            standard_deviation: moments.standard_deviation,
            sampling_step: self.sampling_step,
            lyapunov_exponent: self.lyapunov_exponent,
            windows: self.windows,
        }))
    }

    /// Why the standardised series is not finite at `row`.
    fn unusable(&self, learned: &[f64], channels: usize, row: usize) -> Error {
        let reason = match constant_channel(learned, channels) {
            Some(channel) if learned[channel].is_finite() => {
                format!(
                    "{} settles to the constant {}: choose parameters that keep it moving",
                    self.channels[channel], learned[channel]
                )
            }
            _ => {
                format!("the state is not finite by sample {row}: use a smaller step, or parameters that stay bounded")
            }
        };
        Error::Incompatible { what: format!("the system {}", self.system), with: "these parameters".to_owned(), reason }
    }
}

/// `value` if it is finite.
pub(super) fn finite(name: &'static str, value: f64) -> Result<f64> {
    if value.is_finite() { Ok(value) } else { Err(Error::InvalidParameter { name, value, requirement: "finite" }) }
}

/// The time between two integration steps.
pub(super) fn integration_step(sampling_step: f64, substeps: usize) -> Result<f64> {
    Ok(positive("sampling_step", sampling_step)? / at_least_one("substeps", substeps)? as f64)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Largest Lyapunov exponent per unit of time by the method of Benettin et al. (1980): two trajectories, one `1e-8`
    /// away, brought back to that distance after each sample; the mean logarithm of the growth.
    pub(in crate::data::tasks) fn largest_exponent<S: Clone>(
        mut state: S,
        advance: impl Fn(&mut S),
        coordinates: impl Fn(&mut S) -> &mut [f64],
        (sampling_step, samples): (f64, usize),
    ) -> f64 {
        const DISTANCE: f64 = 1e-8;
        let transient = samples / 10;
        (0..transient).for_each(|_| advance(&mut state));
        let mut other = state.clone();
        coordinates(&mut other)[0] += DISTANCE;
        let mut growth = 0.0;
        for sample in 0..transient + samples {
            advance(&mut state);
            advance(&mut other);
            let (here, there) = (coordinates(&mut state), coordinates(&mut other));
            let distance = here.iter().zip(&*there).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt();
            there.iter_mut().zip(here).for_each(|(b, a)| *b = *a + (*b - *a) * DISTANCE / distance);
            if sample >= transient {
                growth += (distance / DISTANCE).ln();
            }
        }
        growth / (samples as f64 * sampling_step)
    }

    /// The largest difference of `observed` from a solution of much finer step, for `steps` and twice as many.
    pub(in crate::data::tasks) fn error_ratio(solve: impl Fn(usize) -> Vec<f64>, steps: usize) -> f64 {
        let reference = solve(steps * 32);
        let error = |steps| {
            let difference = |(a, b): (&f64, &f64)| (a - b).abs();
            solve(steps).iter().zip(&reference).map(difference).fold(0.0, f64::max)
        };
        error(steps) / error(steps * 2)
    }

    #[test]
    fn runge_kutta_is_of_fourth_order() {
        // x' = −x, y' = −2xy: exp(−1) and exp(2(exp(−1) − 1)) at t = 1.
        let error = |steps: usize| {
            let mut state = [1.0, 1.0];
            for _ in 0..steps {
                runge_kutta_4(|_, [x, y]| [-x, -2.0 * x * y], &mut state, 1.0 / steps as f64);
            }
            let exact: [f64; 2] = [(-1.0_f64).exp(), (2.0 * ((-1.0_f64).exp() - 1.0)).exp()];
            (state[0] - exact[0]).hypot(state[1] - exact[1])
        };
        let ratio = error(20) / error(40);
        assert!((15.0..17.5).contains(&ratio), "{ratio}");
    }

    #[test]
    fn the_parts_follow_each_other() {
        let windows = Windows { count: 1, length: 2, washout: 0 };
        let recording = Recording {
            system: "counter",
            channels: &["n"],
            sampling_step: 1.0,
            transient: 10,
            train: 5,
            gap: 2,
            test: 3,
            windows,
            lyapunov_exponent: None,
        };
        recording.validate().unwrap();
        let mut count = 0.0;
        let counter = || {
            count += 1.0;
            [count]
        };
        let Problem::Series(series) = recording.record(counter).unwrap() else { panic!("not a series") };
        assert_eq!((series.train, series.test), (0..5, 7..10));
        assert_eq!((series.mean[0], series.standard_deviation[0]), (13.0, 2.0_f64.sqrt()));
        assert_eq!(series.values[2], 0.0);
        let error = recording.record(|| [0.1]).unwrap_err().to_string();
        assert!(error.contains("counter") && error.contains("constant 0.1"), "{error}");
        let error = Recording { test: 2, ..recording }.validate().unwrap_err();
        assert_eq!(error.to_string(), "test = 2: must be at least windows.length + 1");
        let error = Recording { gap: usize::MAX, ..recording }.validate().unwrap_err().to_string();
        assert!(error.starts_with("gap = ") && error.ends_with("must be at most 100 million"), "{error}");
    }
}
