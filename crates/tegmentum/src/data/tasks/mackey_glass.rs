//! The Mackey–Glass equation: white blood cells that are made on the evidence of long ago.
//!
//! # Equation
//! ```text
//!     x'(t) = β x(t − τ) / (1 + x(t − τ)ⁿ) − γ x(t)        x(t) = 1.2 for t ≤ 0
//! ```
//! x concentration, the one channel · β = 0.2, γ = 0.1 per unit of time · n = 10 · τ = 17 units of time. For these
//! parameters the largest Lyapunov exponent is 0.0052 per unit of time, so that one Lyapunov time is 190 samples. The
//! number is our measurement (0.0051 to 0.0052, by two trajectories and, independently, by the tangent equation over
//! 3·10⁶ units of time). The literature has 0.005 to 0.007; Euler's method with the step below has 0.0061, so that part
//! of the spread is the method of integration.
//!
//! # Integration
//! Fourth-order Runge–Kutta with the step h = `sampling_step / substeps` = 0.1. The delay is a whole number of steps,
//! so that x(t − τ) and x(t − τ + h) are stored; between them the cubic through both values and both slopes keeps the
//! fourth order:
//! ```text
//!     x(t + h/2) ≈ (x(t) + x(t + h))/2 + h/8 (x'(t) − x'(t + h))
//! ```
//! Many published series use Euler's method with the same step: not the same numbers, and a slightly larger exponent.
//!
//! # Reference
//! M. C. Mackey, L. Glass, *Oscillation and chaos in physiological control systems*, Science 197, 287–289, 1977,
//! doi:10.1126/science.267326.

use serde::{Deserialize, Serialize};

use crate::data::task::{Problem, Task, TaskSettings, Windows};
use crate::data::tasks::chaos::{Recording, finite, integration_step, runge_kutta_4, start};
use crate::error::{Error, Result, positive};
use crate::random::Key;
use crate::registry::Description;

const DESCRIPTION: Description = Description {
    name: "mackey_glass",
    summary: "the Mackey–Glass delay equation, one channel, one step ahead",
    reference: "Mackey & Glass 1977, doi:10.1126/science.267326",
};

const LYAPUNOV_EXPONENT: f64 = 0.0052;
const START: f64 = 1.2;

/// Parameters of the Mackey–Glass equation and of its recording.
///
/// # Example
/// ```
/// use tegmentum::data::task::{Problem, Task};
/// use tegmentum::data::tasks::mackey_glass::MackeyGlassConfig;
/// use tegmentum::random::Key;
///
/// let task = MackeyGlassConfig::default().build()?;
/// let Problem::Series(series) = task.problem(Key::from_seed(1))? else { unreachable!() };
/// assert_eq!((series.channels.len(), series.values.len()), (1, 12_000));
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MackeyGlassConfig {
    /// Largest rate of production β.
    pub beta: f64,
    /// Rate of decay γ.
    pub gamma: f64,
    /// Steepness n of the feedback.
    pub exponent: u32,
    /// Delay τ of the feedback: a whole number of integration steps.
    pub delay: f64,
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
    /// Whether the constant history is drawn with the key, at most 0.5 from the fixed one.
    pub random_start: bool,
}

impl Default for MackeyGlassConfig {
    fn default() -> Self {
        Self {
            beta: 0.2,
            gamma: 0.1,
            exponent: 10,
            delay: 17.0,
            sampling_step: 1.0,
            substeps: 10,
            transient: 1000,
            train: 8000,
            gap: 200,
            test: 3800,
            windows: Windows::default(),
            random_start: false,
        }
    }
}

impl MackeyGlassConfig {
    /// Checks the parameters.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for parameters that are not finite, a step or a number of substeps that is not
    /// positive, a delay that is not a whole number of steps, and parts too short for a window.
    pub fn build(&self) -> Result<MackeyGlass> {
        finite("beta", self.beta)?;
        finite("gamma", self.gamma)?;
        positive("delay", self.delay)?;
        let step = integration_step(self.sampling_step, self.substeps)?;
        self.recording().validate()?;
        let steps = (self.delay / step).round();
        if !(1.0..=1e7).contains(&steps) || (self.delay / step - steps).abs() > 1e-9 * steps {
            let requirement = "a whole number, at most 10 million, of steps of sampling_step / substeps";
            return Err(Error::InvalidParameter { name: "delay", value: self.delay, requirement });
        }
        Ok(MackeyGlass { config: self.clone(), step, delay: steps as usize })
    }

    fn recording(&self) -> Recording {
        let standard = Self::default();
        let known = (self.beta, self.gamma, self.exponent, self.delay)
            == (standard.beta, standard.gamma, standard.exponent, standard.delay);
        Recording {
            system: DESCRIPTION.name,
            channels: &["x"],
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

impl TaskSettings for MackeyGlassConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self) -> Result<Box<dyn Task>> {
        Ok(Box::new(self.build()?))
    }
}

/// The Mackey–Glass equation.
#[derive(Clone, Debug)]
pub struct MackeyGlass {
    config: MackeyGlassConfig,
    /// Time of one integration step.
    step: f64,
    /// The delay in integration steps.
    delay: usize,
}

/// The last `delay + 1` steps, in a ring: x in the middle and at the end of each.
#[derive(Clone, Debug)]
struct History {
    steps: Vec<[f64; 2]>,
    newest: usize,
}

impl MackeyGlass {
    /// A history that is `value` everywhere.
    fn history(&self, value: f64) -> History {
        History { steps: vec![[value; 2]; self.delay + 1], newest: 0 }
    }

    fn slope(&self, now: f64, delayed: f64) -> f64 {
        let power = (0..self.config.exponent).fold(1.0, |power, _| power * delayed);
        self.config.beta * delayed / (1.0 + power) - self.config.gamma * now
    }

    /// Moves `history` on to the next sample, and returns that.
    fn advance(&self, history: &mut History) -> [f64; 1] {
        for _ in 0..self.config.substeps {
            self.integrate(history);
        }
        [history.steps[history.newest][1]]
    }

    /// One integration step; it takes the place of the oldest.
    fn integrate(&self, history: &mut History) {
        let places = self.delay + 1;
        let oldest = (history.newest + 1) % places;
        let [_, before] = history.steps[oldest];
        let [between, after] = history.steps[(oldest + 1) % places];
        let delayed = |part: f64| match part {
            0.0 => before,
            1.0 => after,
            _ => between,
        };
        let [_, now] = history.steps[history.newest];
        let mut state = [now];
        runge_kutta_4(|part, [x]| [self.slope(*x, delayed(part))], &mut state, self.step);
        let [next] = state;
        let bend = self.slope(now, before) - self.slope(next, after);
        history.steps[oldest] = [0.5 * (now + next) + self.step / 8.0 * bend, next];
        history.newest = oldest;
    }
}

impl Task for MackeyGlass {
    fn problem(&self, key: Key) -> Result<Problem> {
        let [value] = start([START], 0.5, self.config.random_start, key);
        let mut history = self.history(value);
        self.config.recording().record(|| self.advance(&mut history))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::tasks::chaos::tests::{error_ratio, largest_exponent};

    #[test]
    fn value_stability() {
        let task = MackeyGlassConfig::default().build().unwrap();
        let Problem::Series(series) = task.problem(Key::from_seed(1)).unwrap() else { panic!("not a series") };
        assert_eq!(series.values[..4], [-0.128_707_32, -0.319_210_2, -0.498_731_52, -0.672_010_3]);
        assert_eq!(series.mean, [0.930_033_868_276_715_2]);
        assert_eq!(series.standard_deviation, [0.226_198_662_895_935_32]);
    }

    #[test]
    fn until_the_delay_has_passed_the_solution_is_exponential() {
        // Feedback from the constant history: x(t) = p/γ + (1.2 − p/γ) exp(−γ t), p the production.
        let task = MackeyGlassConfig::default().build().unwrap();
        let mut history = task.history(START);
        let level = task.slope(0.0, START) / 0.1;
        for sample in 1..=17 {
            let [value] = task.advance(&mut history);
            let exact = level + (START - level) * (-0.1 * f64::from(sample)).exp();
            assert!((value - exact).abs() < 1e-9, "{sample}: {value} {exact}");
        }
    }

    #[test]
    fn largest_lyapunov_exponent_is_the_reference() {
        let task = MackeyGlassConfig::default().build().unwrap();
        let advance = |history: &mut History| {
            task.advance(history);
        };
        let exponent =
            largest_exponent(task.history(START), advance, |history| history.steps.as_flattened_mut(), (1.0, 100_000));
        assert!((exponent / LYAPUNOV_EXPONENT - 1.0).abs() < 0.05, "{exponent}");
    }

    #[test]
    fn integration_is_of_fourth_order() {
        let solve = |substeps| {
            let task =
                MackeyGlassConfig { sampling_step: 51.0, substeps, ..MackeyGlassConfig::default() }.build().unwrap();
            task.advance(&mut task.history(START)).to_vec()
        };
        let ratio = error_ratio(solve, 150);
        assert!((12.0..20.0).contains(&ratio), "{ratio}");
    }

    #[test]
    fn bad_parameters_are_refused() {
        let error = MackeyGlassConfig { delay: 17.05, ..MackeyGlassConfig::default() }.build().unwrap_err();
        assert!(error.to_string().starts_with("delay = 17.05: must be a whole number"), "{error}");
        let error = MackeyGlassConfig { delay: 0.0, ..MackeyGlassConfig::default() }.build().unwrap_err();
        assert_eq!(error.to_string(), "delay = 0: must be a finite number above 0");
    }
}
