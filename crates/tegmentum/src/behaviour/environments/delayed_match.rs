//! Delayed match to sample: is what is seen now what was seen then?
//!
//! ```text
//!     sample s ─▶ d blank steps ─▶ probe q          q = s with probability 1/2, else one of the others
//! ```
//!
//! # A trial
//! d + 2 steps. Observation `[n + 1]`: one-hot stimulus while the sample or the probe is shown, else zeros; the last number is 1
//! with the probe. Two choices, 0 "other", 1 "same"; only that at the probe counts. Reward 1 if it is right, else 0. The sample, the delay
//! (each of `delays` with the same probability) and the probe follow from the key of the trial.
//!
//! # Scores
//! `correct` share of right answers, the first · `correct_late` in the last quarter of trials · `correct_delay_D` by delay.
//!
//! # Oracle
//! Without memory of the sample the probe says nothing: one half. With it every answer can be right.
//!
//! Reference: D. S. Blough, Journal of the Experimental Analysis of Behavior 2, 151–160, 1959.

use serde::{Deserialize, Serialize};

use super::reversal::share_correct;
use crate::behaviour::environment::{Action, ActionSpace, Environment, EnvironmentSettings, Outcome, TrialReport};
use crate::behaviour::scores::Score;
use crate::error::{Error, Result};
use crate::random::Key;
use crate::registry::Description;

/// The entry of the registry.
const DESCRIPTION: Description = Description {
    name: "delayed_match",
    summary: "after a delay: is it the same stimulus? what was seen must be remembered",
    reference: "Blough, J. Exp. Anal. Behav. 2, 151, 1959",
};

/// The settings.
///
/// # Example
/// ```
/// use tegmentum::behaviour::environments::delayed_match::DelayedMatchConfig;
///
/// let config: DelayedMatchConfig = toml::from_str("delays = [0, 5]")?;
/// assert_eq!(config.stimuli, 2);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DelayedMatchConfig {
    /// Number n of stimuli, 2 to 1000.
    pub stimuli: usize,
    /// Blank steps d between sample and probe, one of these, each at most 10 000.
    pub delays: Vec<u64>,
}

impl Default for DelayedMatchConfig {
    fn default() -> Self {
        Self { stimuli: 2, delays: vec![1, 2, 4] }
    }
}

impl DelayedMatchConfig {
    /// The environment.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a parameter outside its range.
    pub fn build(&self) -> Result<DelayedMatch> {
        if !(2..=1000).contains(&self.stimuli) {
            let (name, value) = ("delayed_match.stimuli", self.stimuli as f64);
            return Err(Error::InvalidParameter { name, value, requirement: "between 2 and 1000" });
        }
        let longest = self.delays.iter().max().copied();
        if self.delays.len() > 1000 || longest.is_none_or(|longest| longest > 10_000) {
            let (name, requirement) = ("delayed_match.delays", "1 to 1000 delays of at most 10000 steps");
            return Err(Error::InvalidParameter { name, value: longest.unwrap_or(0) as f64, requirement });
        }
        Ok(DelayedMatch { config: self.clone(), sample: 0, probe: 0, delay: 0, step: 0 })
    }
}

impl EnvironmentSettings for DelayedMatchConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, _: Key) -> Result<Box<dyn Environment>> {
        Ok(Box::new(Self::build(self)?))
    }

    fn score_names(&self) -> Vec<String> {
        let by_delay = self.delays.iter().map(|delay| format!("correct_delay_{delay}"));
        ["correct".to_owned(), "correct_late".to_owned()].into_iter().chain(by_delay).collect()
    }

    fn scores(&self, trials: &[TrialReport]) -> Vec<Score> {
        let late = &trials[trials.len() - trials.len() / 4..];
        let of_delay =
            |delay| share_correct(trials.iter().filter(move |trial| usize::from(trial.condition / 2) == delay));
        let mut scores = vec![share_correct(trials.iter()), share_correct(late.iter())];
        scores.extend((0..self.delays.len()).map(of_delay));
        scores.into_iter().map(|share| Score::of(share, "no trial of this kind")).collect()
    }
}

/// The environment; see the module's head.
#[derive(Clone, Debug)]
pub struct DelayedMatch {
    config: DelayedMatchConfig,
    sample: usize,
    probe: usize,
    delay: usize,
    step: u64,
}

crate::archived!(DelayedMatch { sample, probe, delay, step } fixed { config });

impl Environment for DelayedMatch {
    fn num_observations(&self) -> usize {
        self.config.stimuli + 1
    }

    fn actions(&self) -> ActionSpace {
        ActionSpace::Choices(2)
    }

    fn begin(&mut self, key: Key, observation: &mut [f32]) {
        let mut stream = key.stream();
        self.step = 0;
        self.delay = stream.below(self.config.delays.len());
        self.sample = stream.below(self.config.stimuli);
        let same = stream.below(2) == 1;
        let other = (self.sample + 1 + stream.below(self.config.stimuli - 1)) % self.config.stimuli;
        self.probe = if same { self.sample } else { other };
        observation.fill(0.0);
        observation[self.sample] = 1.0;
    }

    fn step(&mut self, action: Action, observation: &mut [f32]) -> Outcome {
        let before_probe = self.config.delays[self.delay] + 1;
        let same = self.sample == self.probe;
        let condition = 2 * self.delay as u16 + u16::from(same);
        self.step += 1;
        if self.step <= before_probe {
            observation.fill(0.0);
            if self.step == before_probe {
                observation[self.probe] = 1.0;
                observation[self.config.stimuli] = 1.0;
            }
            return Outcome { condition, ..Outcome::default() };
        }
        let correct = (action.number() >= 0.5) == same;
        let reward = f64::from(u8::from(correct));
        Outcome { reward, end_of_trial: true, correct, condition, ..Outcome::default() }
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::behaviour::environments::conformance::play;

    #[test]
    fn what_was_seen_must_be_remembered() {
        let late = |agent| DelayedMatchConfig::default().scores(&play(agent, "[delayed_match]", 2000, 1))[1].or_nan();
        let (with, without) = (late("[q_learning]\nmemory = true\ninverse_temperature = 20.0"), late("[q_learning]"));
        assert!(with > 0.95, "{with}");
        // Chance, within four standard errors of 500 trials.
        assert!((without - 0.5).abs() < 4.0 * 0.5 / 500.0f64.sqrt(), "{without}");
    }

    #[test]
    fn a_trial_has_the_stated_periods() {
        let mut environment = DelayedMatchConfig { stimuli: 3, delays: vec![2] }.build().unwrap();
        let mut observation = [9.0; 4];
        environment.begin(Key::from_seed(1), &mut observation);
        let sample = observation;
        assert_eq!(sample.iter().sum::<f32>(), 1.0);
        for _ in 0..2 {
            assert!(!environment.step(Action::Choice(0), &mut observation).end_of_trial);
            assert_eq!(observation, [0.0; 4]);
        }
        environment.step(Action::Choice(0), &mut observation);
        assert_eq!(observation[3], 1.0);
        let same = sample[..3] == observation[..3];
        assert!(environment.step(Action::Choice(usize::from(same)), &mut observation).correct);
    }
}
