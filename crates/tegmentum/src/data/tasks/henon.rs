//! The Hénon map: the simplest map of the plane with a strange attractor.
//!
//! # Equations
//! ```text
//!     x ← 1 − a x² + y        y ← b x
//! ```
//! x, y state · a = 1.4, b = 0.3 · time in iterations, from (0, 0). Only x is recorded: y is b times the x before, so
//! that a network that predicts x must remember one step, and nothing is given away. For these parameters the largest
//! Lyapunov exponent is 0.419 per iteration.
//!
//! # References
//! 1. M. Hénon, *A two-dimensional mapping with a strange attractor*, Commun. Math. Phys. 50, 69–77, 1976,
//!    doi:10.1007/BF01608556.
//! 2. J. C. Sprott, *Chaos and Time-Series Analysis*, Oxford, 2003: the exponent.

use serde::{Deserialize, Serialize};

use crate::data::task::{Problem, Task, TaskSettings, Windows};
use crate::data::tasks::chaos::{Recording, finite, start};
use crate::error::Result;
use crate::random::Key;
use crate::registry::Description;

const DESCRIPTION: Description = Description {
    name: "henon",
    summary: "the Hénon map, its first coordinate, one iteration ahead",
    reference: "Hénon 1976, doi:10.1007/BF01608556",
};

const LYAPUNOV_EXPONENT: f64 = 0.419;

/// Parameters of the Hénon map and of its recording.
///
/// # Example
/// ```
/// use tegmentum::data::task::{Problem, Task};
/// use tegmentum::data::tasks::henon::HenonConfig;
/// use tegmentum::random::Key;
///
/// let task = HenonConfig::default().build()?;
/// let Problem::Series(series) = task.problem(Key::from_seed(1))? else { unreachable!() };
/// assert_eq!((series.channels.len(), series.sampling_step), (1, 1.0));
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HenonConfig {
    /// Strength a of the fold.
    pub a: f64,
    /// Contraction b of an area by one iteration.
    pub b: f64,
    /// Iterations discarded at the start.
    pub transient: usize,
    /// Iterations to learn from.
    pub train: usize,
    /// Iterations between the two parts.
    pub gap: usize,
    /// Iterations to be judged on.
    pub test: usize,
    /// How windows are cut.
    pub windows: Windows,
    /// Whether the initial state is drawn with the key, at most 0.1 from the origin in each coordinate.
    pub random_start: bool,
}

impl Default for HenonConfig {
    fn default() -> Self {
        Self {
            a: 1.4,
            b: 0.3,
            transient: 1000,
            train: 8000,
            gap: 200,
            test: 3800,
            windows: Windows::default(),
            random_start: false,
        }
    }
}

impl HenonConfig {
    /// Checks the parameters.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for parameters that are not finite and parts
    /// too short for a window.
    pub fn build(&self) -> Result<Henon> {
        finite("a", self.a)?;
        finite("b", self.b)?;
        self.recording().validate()?;
        Ok(Henon { config: self.clone() })
    }

    fn recording(&self) -> Recording {
        let standard = Self::default();
        let known = (self.a, self.b) == (standard.a, standard.b);
        Recording {
            system: DESCRIPTION.name,
            channels: &["x"],
            sampling_step: 1.0,
            transient: self.transient,
            train: self.train,
            gap: self.gap,
            test: self.test,
            windows: self.windows,
            lyapunov_exponent: known.then_some(LYAPUNOV_EXPONENT),
        }
    }
}

impl TaskSettings for HenonConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self) -> Result<Box<dyn Task>> {
        Ok(Box::new(self.build()?))
    }
}

/// The Hénon map.
#[derive(Clone, Debug)]
pub struct Henon {
    config: HenonConfig,
}

impl Henon {
    /// One iteration.
    fn advance(&self, state: &mut [f64; 2]) {
        let [x, y] = *state;
        *state = [1.0 - self.config.a * x * x + y, self.config.b * x];
    }
}

impl Task for Henon {
    fn problem(&self, key: Key) -> Result<Problem> {
        let mut state = start([0.0, 0.0], 0.1, self.config.random_start, key);
        self.config.recording().record(|| {
            self.advance(&mut state);
            [state[0]]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::tasks::chaos::tests::largest_exponent;

    #[test]
    fn value_stability() {
        let task = HenonConfig::default().build().unwrap();
        let Problem::Series(series) = task.problem(Key::from_seed(1)).unwrap() else { panic!("not a series") };
        assert_eq!(series.values[..4], [-1.114_566_2, 0.909_407_5, -0.821_739_26, 1.197_584_5]);
        assert_eq!(series.mean, [0.259_816_481_296_871_7]);
        assert_eq!(series.standard_deviation, [0.718_896_812_233_212_1]);
    }

    #[test]
    fn the_series_obeys_the_map() {
        let task = HenonConfig::default().build().unwrap();
        let Problem::Series(series) = task.problem(Key::from_seed(1)).unwrap() else { panic!("not a series") };
        let value = |row: usize| series.mean[0] + series.standard_deviation[0] * f64::from(series.values[row]);
        for row in 2..12_000 {
            let expected = 1.0 - 1.4 * value(row - 1).powi(2) + 0.3 * value(row - 2);
            assert!((value(row) - expected).abs() < 1e-6);
        }
    }

    #[test]
    fn largest_lyapunov_exponent_is_the_reference() {
        let task = HenonConfig::default().build().unwrap();
        let exponent = largest_exponent([0.0, 0.0], |state| task.advance(state), |state| state, (1.0, 100_000));
        assert!((exponent / LYAPUNOV_EXPONENT - 1.0).abs() < 0.03, "{exponent}");
    }

    #[test]
    fn random_starts_stay_in_the_basin() {
        let task = HenonConfig { random_start: true, ..HenonConfig::default() }.build().unwrap();
        for seed in 0..50 {
            task.problem(Key::from_seed(seed)).unwrap();
        }
    }

    #[test]
    fn bad_parameters_are_refused() {
        let error = HenonConfig { a: f64::NAN, ..HenonConfig::default() }.build().unwrap_err();
        assert_eq!(error.to_string(), "a = NaN: must be finite");
        let task = HenonConfig { a: 3.0, ..HenonConfig::default() }.build().unwrap();
        let error = task.problem(Key::from_seed(1)).unwrap_err().to_string();
        assert!(error.starts_with("the system henon cannot be used with these parameters"), "{error}");
    }
}
