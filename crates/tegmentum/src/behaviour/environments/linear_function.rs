//! Linear function: answer with a number that is a weighted sum of what is seen; later the weights change their sign.
//!
//! ```text
//!     x_k ~ U(low, high) ,   y = m + Σ_k a_k (x_k − m)          m middle of the interval, Σ|a_k| = 1
//!     from trial `trials_before_shift` on                      a ← −a
//! ```
//! x inputs · y outcome · a weights, of random direction: they follow from the key of the run, inputs from that of the trial.
//!
//! # A trial
//! One step. Observation `[inputs + 1]`: the last outcome, which the learner is to predict next (before the first the middle), then the inputs,
//! all in the unit of the interval. The answer is a number B between `low` and `high`; after it the outcome is the first number
//! observed. Reward −|B − y|.
//!
//! # Scores
//! Mean |B − y|, as a share of the interval's half width: `error_late` in the last 50 trials, the first · `error_after` in the first 20
//! after the shift · `error_before` in the last 50 before it · `error` in all.
//!
//! # Oracle
//! For one input the middle as the answer has an error of ½ (mean |x| of a uniform number); a learner that sees the inputs can have 0.
//!
//! Reference: D. MacNeil, C. Eliasmith, PLoS ONE 6(9), e22885, 2011, and T. Bekolay, C. Kolbeck, C. Eliasmith, CogSci 2013, 169–174, for the problem
//! that a network learns a linear function from its error; inputs, shift and scores are ours.

use serde::{Deserialize, Serialize};

use crate::behaviour::environment::{Action, ActionSpace, Environment, EnvironmentSettings, Outcome, TrialReport};
use crate::behaviour::scores::Score;
use crate::error::{Error, Result};
use crate::random::Key;
use crate::registry::Description;

/// The entry of the registry.
const DESCRIPTION: Description = Description {
    name: "linear_function",
    summary: "answer with a weighted sum of what is seen; the weights change their sign",
    reference: "MacNeil, Eliasmith, PLoS ONE 6, e22885, 2011; Bekolay, Kolbeck, Eliasmith, CogSci 2013; schedule ours",
};

/// Trials at the end, and right after the shift, that are looked at.
const LATE: usize = 50;
const EARLY: usize = 20;

/// The settings.
///
/// # Example
/// ```
/// use tegmentum::behaviour::environments::linear_function::LinearFunctionConfig;
///
/// let config: LinearFunctionConfig = toml::from_str("inputs = 1\nlow = 0.0\nhigh = 10.0")?;
/// assert_eq!(config.trials_before_shift, 300);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LinearFunctionConfig {
    /// Number of inputs, 1 to 1000.
    pub inputs: usize,
    /// The lowest input and outcome.
    pub low: f64,
    /// The highest.
    pub high: f64,
    /// Trials before the weights change their sign.
    pub trials_before_shift: u64,
}

impl Default for LinearFunctionConfig {
    fn default() -> Self {
        Self { inputs: 2, low: -1.0, high: 1.0, trials_before_shift: 300 }
    }
}

impl LinearFunctionConfig {
    /// The environment; the weights follow from `key`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a parameter outside its range.
    pub fn build(self, key: Key) -> Result<LinearFunction> {
        if !(1..=1000).contains(&self.inputs) {
            let (name, value) = ("linear_function.inputs", self.inputs as f64);
            return Err(Error::InvalidParameter { name, value, requirement: "between 1 and 1000" });
        }
        super::helicopter::check_interval("linear_function.high", self.low, self.high)?;
        let mut stream = key.stream();
        let mut weights: Vec<f64> = (0..self.inputs).map(|_| f64::from(stream.normal())).collect();
        let size: f64 = weights.iter().map(|weight| weight.abs()).sum();
        // A direction of no length has probability zero; it would be the first axis.
        for weight in &mut weights {
            *weight = if size > 0.0 { *weight / size } else { 0.0 };
        }
        weights[0] += f64::from(u8::from(size == 0.0));
        let middle = self.low + (self.high - self.low) / 2.0;
        Ok(LinearFunction { config: self, weights, middle, trial: 0, outcome: middle, last: middle })
    }
}

impl EnvironmentSettings for LinearFunctionConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, key: Key) -> Result<Box<dyn Environment>> {
        Ok(Box::new(Self::build(*self, key)?))
    }

    fn score_names(&self) -> Vec<String> {
        ["error_late", "error_after", "error_before", "error"].map(str::to_owned).to_vec()
    }

    fn scores(&self, trials: &[TrialReport]) -> Vec<Score> {
        let half = (self.high - self.low) / 2.0;
        let shift = trials.iter().position(|trial| trial.block > 0).unwrap_or(trials.len());
        let (before, after) = trials.split_at(shift);
        let error =
            |trials: &[TrialReport]| trials.iter().map(|trial| -trial.reward / half).sum::<f64>() / trials.len() as f64;
        let last = |trials: &[TrialReport]| error(&trials[trials.len().saturating_sub(LATE)..]);
        let ends = "the run ends before the weights change their sign";
        vec![
            Score::of(last(after), ends),
            Score::of(error(&after[..after.len().min(EARLY)]), ends),
            Score::of(last(before), "no trial"),
            Score::of(error(trials), "no trial"),
        ]
    }

    fn events(&self) -> Vec<(u64, String)> {
        vec![(self.trials_before_shift, "the weights change their sign".to_owned())]
    }
}

/// The environment; see the module's head.
#[derive(Clone, Debug)]
pub struct LinearFunction {
    config: LinearFunctionConfig,
    weights: Vec<f64>,
    middle: f64,
    trial: u64,
    outcome: f64,
    last: f64,
}

crate::archived!(LinearFunction { trial, outcome, last } sized { weights } fixed { config, middle });

impl LinearFunction {
    fn is_shifted(&self) -> bool {
        self.trial >= self.config.trials_before_shift
    }
}

impl Environment for LinearFunction {
    fn num_observations(&self) -> usize {
        self.config.inputs + 1
    }

    fn actions(&self) -> ActionSpace {
        ActionSpace::Interval { low: self.config.low, high: self.config.high }
    }

    fn begin(&mut self, key: Key, observation: &mut [f32]) {
        let mut stream = key.stream();
        let sign = if self.is_shifted() { -1.0 } else { 1.0 };
        observation[0] = self.last as f32;
        self.outcome = self.middle;
        for (value, weight) in observation[1..].iter_mut().zip(&self.weights) {
            let input = self.config.low + (self.config.high - self.config.low) * stream.uniform();
            *value = input as f32;
            self.outcome += sign * weight * (input - self.middle);
        }
    }

    fn step(&mut self, action: Action, observation: &mut [f32]) -> Outcome {
        let answer = action.number().clamp(self.config.low, self.config.high);
        let block = u16::from(self.is_shifted());
        self.trial += 1;
        self.last = self.outcome;
        observation[0] = self.outcome as f32;
        let error = (answer - self.outcome).abs();
        // A twentieth of the interval counts as hit.
        let correct = error <= 0.05 * (self.config.high - self.config.low);
        Outcome { reward: -error, end_of_trial: true, correct, condition: 0, block, target: self.outcome }
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::behaviour::environments::conformance::play;

    /// The middle as the answer has the mean distance of a uniform number from it: ½ for one input, within four standard errors.
    #[test]
    fn who_sees_no_input_has_half_the_width_as_error() {
        let trials = play("[adaptive_estimator]\nlearning_rate = 0.0", "[linear_function]\ninputs = 1", 4000, 1);
        let error = LinearFunctionConfig { inputs: 1, ..Default::default() }.scores(&trials)[3].or_nan();
        assert!((error - 0.5).abs() < 4.0 * (1.0 / 12.0f64).sqrt() / 4000.0f64.sqrt(), "{error}");
    }

    #[test]
    fn the_function_is_linear_and_changes_its_sign() {
        let config = LinearFunctionConfig { trials_before_shift: 3, low: 0.0, high: 10.0, ..Default::default() };
        let mut environment = config.build(Key::from_seed(2)).unwrap();
        let weights = environment.weights.clone();
        assert!((weights.iter().map(|weight| weight.abs()).sum::<f64>() - 1.0).abs() < 1e-12);
        for trial in 0..6 {
            let mut observation = [0.0f32; 3];
            environment.begin(Key::from_seed(3).child(trial), &mut observation);
            let sign = if trial < 3 { 1.0 } else { -1.0 };
            let sum: f64 = weights.iter().zip(&observation[1..]).map(|(a, &x)| a * (f64::from(x) - 5.0)).sum();
            let outcome = environment.step(Action::Value(5.0 + sign * sum), &mut observation);
            assert!(outcome.correct && outcome.reward.abs() < 1e-5, "{trial}: {outcome:?}");
            assert_eq!(outcome.block, u16::from(trial >= 3));
        }
    }

    #[test]
    fn a_run_that_ends_early_says_so() {
        let scores = LinearFunctionConfig::default().scores(&play("[random_choice]", "[linear_function]", 100, 1));
        assert!(scores[0].reason().is_some() && scores[1].reason().is_some() && scores[2].value().is_some());
        assert!(LinearFunctionConfig { high: -2.0, ..Default::default() }.build(Key::from_seed(1)).is_err());
    }
}
