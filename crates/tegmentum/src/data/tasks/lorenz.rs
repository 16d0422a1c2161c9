//! The Lorenz system: convection in three variables, the best known strange attractor.
//!
//! # Equations
//! ```text
//!     x' = σ (y − x)        y' = x (ρ − z) − y        z' = x y − β z
//! ```
//! x, y, z state, recorded as the three channels · σ = 10, ρ = 28, β = 8/3 · time without unit. Fourth-order
//! Runge–Kutta with the step `sampling_step / substeps` = 0.005, from (1, 1, 20). For these parameters the largest
//! Lyapunov exponent is 0.9056, so that one Lyapunov time is 1.1 units of time or 55 samples.
//!
//! # References
//! 1. E. N. Lorenz, *Deterministic nonperiodic flow*, J. Atmos. Sci. 20, 130–141, 1963,
//!    doi:10.1175/1520-0469(1963)020<0130:DNF>2.0.CO;2.
//! 2. J. C. Sprott, *Chaos and Time-Series Analysis*, Oxford, 2003: the exponent.

use serde::{Deserialize, Serialize};

use crate::data::task::{Problem, Task, TaskSettings, Windows};
use crate::data::tasks::chaos::{Recording, finite, integration_step, runge_kutta_4, start};
use crate::error::Result;
use crate::random::Key;
use crate::registry::Description;

const DESCRIPTION: Description = Description {
    name: "lorenz",
    summary: "the Lorenz system, three channels, one step ahead",
    reference: "Lorenz 1963, doi:10.1175/1520-0469(1963)020<0130:DNF>2.0.CO;2",
};

const LYAPUNOV_EXPONENT: f64 = 0.9056;
const START: [f64; 3] = [1.0, 1.0, 20.0];

/// Parameters of the Lorenz system and of its recording.
///
/// # Example
/// ```
/// use tegmentum::data::task::{Problem, Task};
/// use tegmentum::data::tasks::lorenz::LorenzConfig;
/// use tegmentum::random::Key;
///
/// let task = LorenzConfig::default().build()?;
/// let Problem::Series(series) = task.problem(Key::from_seed(1))? else { unreachable!() };
/// assert_eq!(series.channels, ["x", "y", "z"]);
/// assert_eq!((series.train, series.test), (0..8000, 8200..12_000));
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LorenzConfig {
    /// Prandtl number σ.
    pub sigma: f64,
    /// Rayleigh number ρ, relative to the onset of convection.
    pub rho: f64,
    /// Aspect ratio β.
    pub beta: f64,
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

impl Default for LorenzConfig {
    fn default() -> Self {
        Self {
            sigma: 10.0,
            rho: 28.0,
            beta: 8.0 / 3.0,
            sampling_step: 0.02,
            substeps: 4,
            transient: 5000,
            train: 8000,
            gap: 200,
            test: 3800,
            windows: Windows::default(),
            random_start: false,
        }
    }
}

impl LorenzConfig {
    /// Checks the parameters.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for parameters that are not finite, a step or
    /// a number of substeps that is not positive, and parts too short for a window.
    pub fn build(&self) -> Result<Lorenz> {
        finite("sigma", self.sigma)?;
        finite("rho", self.rho)?;
        finite("beta", self.beta)?;
        let step = integration_step(self.sampling_step, self.substeps)?;
        self.recording().validate()?;
        Ok(Lorenz { config: self.clone(), step })
    }

    fn recording(&self) -> Recording {
        let standard = Self::default();
        let known = (self.sigma, self.rho, self.beta) == (standard.sigma, standard.rho, standard.beta);
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

impl TaskSettings for LorenzConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self) -> Result<Box<dyn Task>> {
        Ok(Box::new(self.build()?))
    }
}

/// The Lorenz system.
#[derive(Clone, Debug)]
pub struct Lorenz {
    config: LorenzConfig,
    /// Time of one integration step.
    step: f64,
}

impl Lorenz {
    /// Moves `state` on to the next sample.
    fn advance(&self, state: &mut [f64; 3]) {
        let LorenzConfig { sigma, rho, beta, .. } = self.config;
        for _ in 0..self.config.substeps {
            runge_kutta_4(|_, [x, y, z]| [sigma * (y - x), x * (rho - z) - y, x * y - beta * z], state, self.step);
        }
    }
}

impl Task for Lorenz {
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
    use crate::data::task::Series;
    use crate::data::tasks::chaos::tests::{error_ratio, largest_exponent};

    fn series(config: &LorenzConfig, seed: u64) -> Series {
        match config.build().unwrap().problem(Key::from_seed(seed)).unwrap() {
            Problem::Series(series) => series,
            Problem::Examples(_) => panic!("not examples"),
        }
    }

    #[test]
    fn value_stability() {
        let series = series(&LorenzConfig::default(), 1);
        assert_eq!(
            series.values[..6],
            [-0.233_842, 0.033_813_11, 0.023_953_674, -0.186_314_63, 0.017_580_58, -0.118_860_8]
        );
        assert_eq!(series.mean, [0.264_080_823_569_856_74, 0.259_046_412_264_216_3, 23.464_230_494_320_883]);
        assert_eq!(series.standard_deviation, [7.908_686_081_535_960_5, 9.034_302_398_901_79, 8.702_155_780_031_802]);
    }

    #[test]
    fn largest_lyapunov_exponent_is_the_reference() {
        let task = LorenzConfig::default().build().unwrap();
        let exponent = largest_exponent(START, |state| task.advance(state), |state| state, (0.02, 100_000));
        assert!((exponent / LYAPUNOV_EXPONENT - 1.0).abs() < 0.05, "{exponent}");
    }

    #[test]
    fn integration_is_of_fourth_order() {
        let solve = |substeps| {
            let task = LorenzConfig { sampling_step: 0.5, substeps, ..LorenzConfig::default() }.build().unwrap();
            let mut state = START;
            task.advance(&mut state);
            state.to_vec()
        };
        let ratio = error_ratio(solve, 100);
        assert!((13.0..19.0).contains(&ratio), "{ratio}");
    }

    #[test]
    fn only_a_random_start_reads_the_key() {
        let fixed = LorenzConfig::default();
        assert_eq!(series(&fixed, 1), series(&fixed, 2));
        let random = LorenzConfig { random_start: true, ..fixed };
        assert_eq!(series(&random, 1), series(&random, 1));
        assert_ne!(series(&random, 1).values, series(&random, 2).values);
    }

    #[test]
    fn the_exponent_is_known_for_the_standard_parameters_only() {
        assert_eq!(series(&LorenzConfig::default(), 1).lyapunov_exponent, Some(0.9056));
        assert_eq!(series(&LorenzConfig { rho: 35.0, ..LorenzConfig::default() }, 1).lyapunov_exponent, None);
    }

    #[test]
    fn bad_parameters_are_refused() {
        let error = |config: LorenzConfig| config.build().unwrap_err().to_string();
        let standard = LorenzConfig::default;
        assert_eq!(error(LorenzConfig { substeps: 0, ..standard() }), "substeps = 0: must be at least 1");
        assert_eq!(error(LorenzConfig { beta: f64::NAN, ..standard() }), "beta = NaN: must be finite");
        assert_eq!(
            error(LorenzConfig { sampling_step: -0.1, ..standard() }),
            "sampling_step = -0.1: must be a finite number above 0"
        );
        let fails = |config: LorenzConfig| config.build().unwrap().problem(Key::from_seed(1)).unwrap_err().to_string();
        let diverges = fails(LorenzConfig { sampling_step: 5.0, ..standard() });
        assert!(diverges.contains("use a smaller step"), "{diverges}");
        let settles = fails(LorenzConfig { rho: 0.5, transient: 1_000_000, ..standard() });
        assert!(settles.contains("settles to the constant"), "{settles}");
    }
}
