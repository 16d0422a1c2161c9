//! Go/No-Go with a set shift: first draft, to be completed.

use serde::{Deserialize, Serialize};

use crate::environment::{Action, ActionSpace, Environment, Outcome, TrialReport};
use crate::error::Result;
use crate::network::Description;
use crate::random::Key;

/// The entry of the registry.
pub(crate) const DESCRIPTION: Description = Description {
    name: "go_no_go",
    summary: "respond to one of two visual or auditory cues; the rule shifts without a word",
    reference: "arXiv:2501.06762, section 6; trial structure inferred",
};

/// The settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GoNoGoConfig {
    /// Trials before the rule shifts.
    pub trials_before_shift: u64,
}

impl Default for GoNoGoConfig {
    fn default() -> Self {
        Self { trials_before_shift: 400 }
    }
}

impl GoNoGoConfig {
    /// The environment.
    ///
    /// # Errors
    /// None so far.
    pub fn build(&self) -> Result<GoNoGo> {
        Ok(GoNoGo { config: self.clone(), trial: 0, visual: 0, auditory: 0 })
    }

    pub(crate) fn score_names(&self) -> Vec<String> {
        vec!["accuracy".to_owned()]
    }

    pub(crate) fn scores(&self, trials: &[TrialReport]) -> Vec<f64> {
        vec![trials.iter().filter(|trial| trial.correct).count() as f64 / trials.len().max(1) as f64]
    }

    pub(crate) fn events(&self) -> Vec<(u64, String)> {
        vec![(self.trials_before_shift, "shift".to_owned())]
    }
}

/// The environment.
#[derive(Clone, Debug)]
pub struct GoNoGo {
    config: GoNoGoConfig,
    trial: u64,
    visual: usize,
    auditory: usize,
}

impl Environment for GoNoGo {
    fn num_observations(&self) -> usize {
        4
    }

    fn actions(&self) -> ActionSpace {
        ActionSpace::Choices(2)
    }

    fn begin(&mut self, key: Key, observation: &mut [f32]) {
        let mut stream = key.stream();
        (self.visual, self.auditory) = (stream.below(2), stream.below(2));
        observation.fill(0.0);
        observation[self.visual] = 1.0;
        observation[2 + self.auditory] = 1.0;
    }

    fn step(&mut self, action: Action, _: &mut [f32]) -> Outcome {
        let shifted = self.trial >= self.config.trials_before_shift;
        let go = action == Action::Choice(1);
        let wanted = if shifted { self.auditory == 0 } else { self.visual == 0 };
        self.trial += 1;
        Outcome {
            reward: match (go, wanted) {
                (true, true) => 1.0,
                (true, false) => -1.0,
                _ => 0.0,
            },
            end_of_trial: true,
            correct: go == wanted,
            condition: (2 * self.visual + self.auditory) as u16,
            block: u16::from(shifted),
            target: 0.0,
        }
    }
}
