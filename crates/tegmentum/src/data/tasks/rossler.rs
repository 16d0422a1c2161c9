//! The Rössler system: a band with one fold, nearly periodic and weakly chaotic.
//!
//! # Equations
//! ```text
//!     x' = −y − z        y' = x + a y        z' = b + z (x − c)
//! ```
//! x, y, z state, recorded as the three channels · a = b = 0.2, c = 5.7 · time without unit. Fourth-order Runge–Kutta
//! with the step `sampling_step / substeps` = 0.01, from (1, 1, 0). For these parameters the largest Lyapunov exponent
//! is 0.0714, so that one Lyapunov time is 14 units of time or 140 samples.
//!
//! # References
//! 1. O. E. Rössler, *An equation for continuous chaos*, Physics Letters A 57, 397–398, 1976,
//!    doi:10.1016/0375-9601(76)90101-8.
//! 2. J. C. Sprott, *Chaos and Time-Series Analysis*, Oxford, 2003: the exponent.

use serde::{Deserialize, Serialize};

use crate::data::task::{Problem, Task, TaskSettings, Windows};
use crate::data::tasks::chaos::{Recording, finite, integration_step, runge_kutta_4, start};
use crate::error::Result;
use crate::random::Key;
use crate::registry::Description;

const DESCRIPTION: Description = Description {
    name: "rossler",
    summary: "the Rössler system, three channels, one step ahead",
    reference: "Rössler 1976, doi:10.1016/0375-9601(76)90101-8",
};

const LYAPUNOV_EXPONENT: f64 = 0.0714;
const START: [f64; 3] = [1.0, 1.0, 0.0];

/// Parameters of the Rössler system and of its recording.
///
/// # Example
/// ```
/// use tegmentum::data::task::{Problem, Task};
/// use tegmentum::data::tasks::rossler::RosslerConfig;
/// use tegmentum::random::Key;
///
/// let task = RosslerConfig::default().build()?;
/// let Problem::Series(series) = task.problem(Key::from_seed(1))? else { unreachable!() };
/// assert_eq!((series.sampling_step, series.lyapunov_exponent), (0.1, Some(0.0714)));
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RosslerConfig {
    /// Growth a of the spiral.
    pub a: f64,
    /// Rate b at which z is fed.
    pub b: f64,
    /// Threshold c of x above which z grows.
    pub c: f64,
    /// Time between two samples.
    pub sampling_step: f64,
    /// Integration steps from one sample to the next.
    pub substeps: usize,
    /// Samples discarded at the start.
    pub transient: usize,
    /// Samples to learn from.
    pub train: usize,
    /// Samples between the two parts.
    pub gap: usize,
    /// Samples to be judged on.
    pub test: usize,
    /// How windows are cut.
    pub windows: Windows,
    /// Whether the initial state is drawn with the key, at most 1 from the fixed one in each coordinate.
    pub random_start: bool,
}

impl Default for RosslerConfig {
    fn default() -> Self {
        Self {
            a: 0.2,
            b: 0.2,
            c: 5.7,
            sampling_step: 0.1,
            substeps: 10,
            transient: 3000,
            train: 8000,
            gap: 200,
            test: 3800,
            windows: Windows::default(),
            random_start: false,
        }
    }
}

impl RosslerConfig {
    /// Checks the parameters.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for parameters that are not finite, a step or
    /// a number of substeps that is not positive, and parts too short for a window.
    pub fn build(&self) -> Result<Rossler> {
        finite("a", self.a)?;
        finite("b", self.b)?;
        finite("c", self.c)?;
        let step = integration_step(self.sampling_step, self.substeps)?;
        self.recording().validate()?;
        Ok(Rossler { config: self.clone(), step })
    }

    fn recording(&self) -> Recording {
        let standard = Self::default();
        let known = (self.a, self.b, self.c) == (standard.a, standard.b, standard.c);
        Recording {
            system: DESCRIPTION.name,
            channels: &["x", "y", "z"],
            sampling_step: self.sampling_step,
            transient: self.transient,
            train: self.train,
            gap: self.gap,
            test: self.test,
            windows: self.windows,
            lyapunov_exponent: known.then_some(LYAPUNOV_EXPONENT),
        }
    }
}

impl TaskSettings for RosslerConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self) -> Result<Box<dyn Task>> {
        Ok(Box::new(self.build()?))
    }
}

/// The Rössler system.
#[derive(Clone, Debug)]
pub struct Rossler {
    config: RosslerConfig,
    /// Time of one integration step.
    step: f64,
}

impl Rossler {
    /// Moves `state` on to the next sample.
    fn advance(&self, state: &mut [f64; 3]) {
        let RosslerConfig { a, b, c, .. } = self.config;
        for _ in 0..self.config.substeps {
            runge_kutta_4(|_, [x, y, z]| [-y - z, x + a * y, b + z * (x - c)], state, self.step);
        }
    }
}

impl Task for Rossler {
    fn problem(&self, key: Key) -> Result<Problem> {
        let mut state = start(START, 1.0, self.config.random_start, key);
        self.config.recording().record(|| {
            self.advance(&mut state);
            state
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::tasks::chaos::tests::{error_ratio, largest_exponent};

    #[test]
    fn value_stability() {
        let task = RosslerConfig::default().build().unwrap();
        let Problem::Series(series) = task.problem(Key::from_seed(1)).unwrap() else { panic!("not a series") };
        assert_eq!(
            series.values[..6],
            [0.349_011_15, 1.592_323_9, 0.223_909_26, 0.188_551_07, 1.653_057_8, 0.049_876_228]
        );
        assert_eq!(series.mean, [0.164_182_582_623_852_32, -0.881_383_527_443_213_6, 0.878_807_929_475_026_3]);
        assert_eq!(series.standard_deviation, [5.114_150_069_510_465, 4.816_095_720_013_948, 2.894_026_091_991_583_4]);
    }

    #[test]
    fn largest_lyapunov_exponent_is_the_reference() {
        let task = RosslerConfig::default().build().unwrap();
        let exponent = largest_exponent(START, |state| task.advance(state), |state| state, (0.1, 200_000));
        assert!((exponent / LYAPUNOV_EXPONENT - 1.0).abs() < 0.15, "{exponent}");
    }

    #[test]
    fn integration_is_of_fourth_order() {
        let solve = |substeps| {
            let task = RosslerConfig { sampling_step: 10.0, substeps, ..RosslerConfig::default() }.build().unwrap();
            let mut state = START;
            task.advance(&mut state);
            state.to_vec()
        };
        let ratio = error_ratio(solve, 400);
        assert!((13.0..19.0).contains(&ratio), "{ratio}");
    }

    #[test]
    fn bad_parameters_are_refused() {
        let error = RosslerConfig { c: f64::INFINITY, ..RosslerConfig::default() }.build().unwrap_err();
        assert_eq!(error.to_string(), "c = inf: must be finite");
        let error = RosslerConfig { train: 100, ..RosslerConfig::default() }.build().unwrap_err();
        assert_eq!(error.to_string(), "train = 100: must be at least windows.length + 1");
    }
}
