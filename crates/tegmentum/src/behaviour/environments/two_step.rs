//! Two-step task: a choice leads to one of two places, usually to its own, and a second choice there pays or not.
//!
//! ```text
//!     first choice a ─▶ place a with probability c (common), else the other (rare) ─▶ second choice b ─▶ r ~ Bernoulli(p_{place,b})
//!     p ← reflect(p + N(0, s²), low, high)         each of the four, at every trial
//! ```
//!
//! # A trial
//! Two steps. Observation `[3]`: (1, 0, 0) at first, then (0, 1, 0) or (0, 0, 1). Two choices at each. Reward 1 or 0 after the second.
//! The four probabilities drift as the key of the run says; transitions and rewards follow from that of the trial.
//!
//! # Scores
//! `reward` mean, the first · `stay_common_rewarded`, `stay_common_unrewarded`, `stay_rare_rewarded`, `stay_rare_unrewarded` share of first
//! choices that are repeated after such a trial · `model_free_index` the effect of reward on staying, over both transitions ·
//! `model_based_index` its interaction with the transition: (common rewarded − rare rewarded) − (common unrewarded − rare unrewarded).
//!
//! # Oracles
//! Chance stays half of the time and both indices are 0. A learner whose first choice follows reward alone (λ = 1) has a model-based index
//! of 0; one that plans with the transitions has none of the model-free effect.
//!
//! Reference: N. D. Daw, S. J. Gershman, B. Seymour, P. Dayan, R. J. Dolan, Neuron 69(6), 1204–1215, 2011,
//! doi:10.1016/j.neuron.2011.02.027.

use serde::{Deserialize, Serialize};

use crate::behaviour::environment::{Action, ActionSpace, Environment, EnvironmentSettings, Outcome, TrialReport};
use crate::behaviour::scores::Score;
use crate::error::{Error, Result, fraction};
use crate::random::{Key, Stream};
use crate::registry::Description;

/// The entry of the registry.
const DESCRIPTION: Description = Description {
    name: "two_step",
    summary: "two choices in a row with common and rare transitions: habit or plan?",
    reference: "Daw, Gershman, Seymour, Dayan, Dolan, Neuron 69, 1204, 2011",
};

/// The settings.
///
/// # Example
/// ```
/// use tegmentum::behaviour::environments::two_step::TwoStepConfig;
///
/// assert_eq!(TwoStepConfig::default().common, 0.7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TwoStepConfig {
    /// Probability c of the common transition, between 0.5 and 1.
    pub common: f64,
    /// Standard deviation s of the drift of a probability at each trial.
    pub drift: f64,
    /// Bounds of the probabilities of reward.
    pub bounds: [f64; 2],
}

impl Default for TwoStepConfig {
    fn default() -> Self {
        Self { common: 0.7, drift: 0.025, bounds: [0.25, 0.75] }
    }
}

impl TwoStepConfig {
    /// The environment; how probabilities drift follows from `key`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a parameter outside its range.
    pub fn build(self, key: Key) -> Result<TwoStep> {
        if !(0.5..=1.0).contains(&self.common) {
            let requirement = "between 0.5 and 1: below, the common transition is the rare one";
            return Err(Error::InvalidParameter { name: "two_step.common", value: self.common, requirement });
        }
        self.bounds.into_iter().try_for_each(|bound| fraction("two_step.bounds", bound).map(|_| ()))?;
        let width = self.bounds[1] - self.bounds[0];
        if width <= 0.0 {
            let (name, value) = ("two_step.bounds", self.bounds[1]);
            return Err(Error::InvalidParameter { name, value, requirement: "the second above the first" });
        }
        if !(0.0..=width).contains(&self.drift) {
            let (name, value) = ("two_step.drift", self.drift);
            return Err(Error::InvalidParameter {
                name,
                value,
                requirement: "between 0 and the distance of the bounds",
            });
        }
        let mut drift = key.stream();
        let probabilities = [0; 4].map(|_| self.bounds[0] + width * drift.uniform());
        Ok(TwoStep { config: self, drift, probabilities, trial: key.stream(), first: None, place: 0, rare: false })
    }
}

impl EnvironmentSettings for TwoStepConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, key: Key) -> Result<Box<dyn Environment>> {
        Ok(Box::new(Self::build(*self, key)?))
    }

    fn score_names(&self) -> Vec<String> {
        [
            "reward",
            "stay_common_rewarded",
            "stay_common_unrewarded",
            "stay_rare_rewarded",
            "stay_rare_unrewarded",
            "model_free_index",
            "model_based_index",
        ]
        .map(str::to_owned)
        .to_vec()
    }

    fn scores(&self, trials: &[TrialReport]) -> Vec<Score> {
        let reward = trials.iter().map(|trial| trial.reward).sum::<f64>() / trials.len() as f64;
        // [rare][unrewarded]: trials, and those after which the first choice is repeated.
        let (mut counts, mut stays) = ([[0.0; 2]; 2], [[0.0; 2]; 2]);
        for pair in trials.windows(2) {
            let (rare, unrewarded) = (usize::from(pair[0].condition >> 1 & 1), usize::from(pair[0].reward < 0.5));
            counts[rare][unrewarded] += 1.0;
            stays[rare][unrewarded] += f64::from(u8::from(pair[0].condition & 1 == pair[1].condition & 1));
        }
        let stay = |rare: usize, unrewarded: usize| stays[rare][unrewarded] / counts[rare][unrewarded];
        let [common, rare] = [0, 1].map(|transition| [stay(transition, 0), stay(transition, 1)]);
        let model_free = (common[0] + rare[0] - common[1] - rare[1]) / 2.0;
        let model_based = (common[0] - rare[0]) - (common[1] - rare[1]);
        let stays = [common[0], common[1], rare[0], rare[1], model_free, model_based];
        let mut scores = vec![Score::of(reward, "no trial")];
        scores.extend(stays.map(|stay| Score::of(stay, "no trial after one with this transition and outcome")));
        scores
    }
}

/// The environment; see the module's head.
#[derive(Clone, Debug)]
pub struct TwoStep {
    config: TwoStepConfig,
    drift: Stream,
    probabilities: [f64; 4],
    trial: Stream,
    first: Option<usize>,
    place: usize,
    rare: bool,
}

crate::archived!(TwoStep { drift, probabilities, trial, first, place, rare } fixed { config });

impl TwoStep {
    fn wander(&mut self) {
        let [low, high] = self.config.bounds;
        for probability in &mut self.probabilities {
            *probability += self.config.drift * f64::from(self.drift.normal());
            // Reflected at the bounds; the clamp catches a step of more than their distance.
            if *probability < low {
                *probability = 2.0 * low - *probability;
            } else if *probability > high {
                *probability = 2.0 * high - *probability;
            }
            *probability = probability.clamp(low, high);
        }
    }

    fn condition(&self, first: usize) -> u16 {
        first as u16 | u16::from(self.rare) << 1 | (self.place as u16) << 2
    }
}

impl Environment for TwoStep {
    fn num_observations(&self) -> usize {
        3
    }

    fn actions(&self) -> ActionSpace {
        ActionSpace::Choices(2)
    }

    fn begin(&mut self, key: Key, observation: &mut [f32]) {
        self.wander();
        self.trial = key.stream();
        self.first = None;
        observation.copy_from_slice(&[1.0, 0.0, 0.0]);
    }

    fn step(&mut self, action: Action, observation: &mut [f32]) -> Outcome {
        let choice = usize::from(action.number() >= 0.5);
        let Some(first) = self.first else {
            self.first = Some(choice);
            self.rare = self.trial.uniform() >= self.config.common;
            self.place = if self.rare { 1 - choice } else { choice };
            observation.fill(0.0);
            observation[1 + self.place] = 1.0;
            return Outcome { condition: self.condition(choice), ..Outcome::default() };
        };
        let here = &self.probabilities[2 * self.place..][..2];
        let correct = here[choice] >= here[1 - choice];
        let reward = f64::from(u8::from(self.trial.uniform() < here[choice]));
        Outcome { reward, end_of_trial: true, correct, condition: self.condition(first), ..Outcome::default() }
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::behaviour::environments::conformance::play;

    fn values(trials: &[TrialReport]) -> Vec<f64> {
        TwoStepConfig::default().scores(trials).into_iter().map(Score::or_nan).collect()
    }

    #[test]
    fn the_common_transition_must_not_be_the_rare_one() {
        assert!(TwoStepConfig { common: 0.3, ..TwoStepConfig::default() }.build(Key::from_seed(1)).is_err());
    }

    /// Reward alone decides whether a choice is repeated if all credit goes back to it (λ = 1).
    #[test]
    fn a_model_free_learner_ignores_the_transition() {
        let agent = "[q_learning]\ntrace_decay = 1.0\nlearning_rate = 0.5";
        let scores = values(&play(agent, "[two_step]", 20_000, 1));
        assert!(scores[5] > 0.15, "{scores:?}");
        assert!(scores[6].abs() < 0.1, "{scores:?}");
        let chance = values(&play("[random_choice]", "[two_step]", 20_000, 1));
        assert!(chance[1..5].iter().all(|stay| (stay - 0.5).abs() < 0.03) && chance[5].abs() < 0.03);
    }

    /// A planner goes where the last outcome was good: after a rare transition it changes its first choice to come back.
    #[test]
    fn a_planner_takes_the_transition_into_account() {
        let mut environment = TwoStepConfig::default().build(Key::from_seed(1)).unwrap();
        let (mut wanted, mut trials, mut observation) = (0, Vec::new(), [0.0; 3]);
        for trial in 0..5000 {
            environment.begin(Key::from_seed(2).child(trial), &mut observation);
            environment.step(Action::Choice(wanted), &mut observation);
            let place = usize::from(observation[2] == 1.0);
            let outcome = environment.step(Action::Choice(0), &mut observation);
            wanted = if outcome.reward > 0.5 { place } else { 1 - place };
            trials.push(TrialReport { condition: outcome.condition, reward: outcome.reward, ..TrialReport::default() });
        }
        let scores = values(&trials);
        assert!(scores[5].abs() < 1e-12 && (scores[6] - 2.0).abs() < 1e-12, "{scores:?}");
    }

    #[test]
    fn transitions_and_probabilities_are_as_stated() {
        let trials = play("[random_choice]", "[two_step]", 20_000, 3);
        let rare = trials.iter().filter(|trial| trial.condition & 2 != 0).count() as f64 / 20_000.0;
        assert!((rare - 0.3).abs() < 4.0 * (0.21f64 / 20_000.0).sqrt());
        let mut environment =
            TwoStepConfig { drift: 0.2, ..TwoStepConfig::default() }.build(Key::from_seed(1)).unwrap();
        for _ in 0..1000 {
            environment.wander();
            assert!(environment.probabilities.iter().all(|p| (0.25..=0.75).contains(p)));
        }
    }
}
