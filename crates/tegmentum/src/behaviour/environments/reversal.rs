//! Reversal: two arms, one of which pays more often, until it is the other one.
//!
//! ```text
//!     with probability h   the better arm changes            h the hazard of the block
//!     it pays with probability p, and when it does not the other one pays: r ∈ {0, 1}
//! ```
//!
//! # A trial
//! One step. Observation `[1]`: always 1. Two choices. Reward 1 if the chosen arm pays, else 0. Exactly one arm pays in a
//! trial, so that the outcome of the other arm is 1 − r. Which arm is the better one follows from the key of the run, which
//! one pays in a trial from the key of the trial.
//!
//! # Scores
//! `correct` share of choices of the better arm, the first · `correct_block_1`… the same by block · `after_reversal` share in the ten trials
//! after a reversal · `win_stay`, `lose_shift` · `learning_rate_block_1`… as fitted to the choices.
//!
//! # Oracles
//! The default: p = .8, hazard 1/125 and 1/20 in turns of 250 trials, 1000 trials. Chance .501, win-stay/lose-shift .782, best fixed
//! Rescorla–Wagner .859, with the counterfactual .885, [ideal observer](crate::behaviour::agents::hidden_markov) .894, with one hazard of .02
//! for all .889 (simulated, 400 seeds, standard deviation over seeds .02). Win-stay/lose-shift takes
//! the arm that paid last, so that its share of the better arm is p(1 − h) + (1 − p)h: a closed form.
//!
//! Reference: R. Cools, L. Clark, A. M. Owen, T. W. Robbins, Journal of Neuroscience 22(11), 4563–4567, 2002, for probabilistic
//! reversal; the schedule is ours.

use serde::{Deserialize, Serialize};

use super::cycle::block_at;
use crate::behaviour::environment::{
    Action, ActionSpace, Environment, EnvironmentSettings, Outcome, OutcomeModel, ReversalModel, TrialReport,
};
use crate::behaviour::scores::{Score, fit_learning_rate, win_stay_lose_shift};
use crate::error::{Error, Result, fraction};
use crate::random::Key;
use crate::registry::Description;

/// The entry of the registry.
const DESCRIPTION: Description = Description {
    name: "reversal",
    summary: "two arms of which one pays more often; which one changes, now seldom, now often",
    reference: "Cools, Clark, Owen, Robbins, J. Neurosci. 22, 4563, 2002; schedule ours",
};

/// Trials after a reversal that are looked at.
const EARLY: usize = 10;

/// A block of trials with one hazard.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReversalBlock {
    /// Number of trials.
    pub trials: u64,
    /// Probability h of a reversal at each trial.
    pub hazard: f64,
}

impl ReversalBlock {
    /// The number of the block that trial `trial` is in, and the block; after the last one the first comes again.
    pub(crate) fn at(blocks: &[Self], trial: u64) -> (u64, Self) {
        let (number, index) = block_at(blocks.iter().map(|block| block.trials), trial);
        (number, blocks[index])
    }

    /// Low and high hazard in turns.
    pub(crate) fn two() -> Vec<Self> {
        vec![Self { trials: 250, hazard: 1.0 / 125.0 }, Self { trials: 250, hazard: 1.0 / 20.0 }]
    }

    pub(crate) fn check(blocks: &[Self]) -> Result<()> {
        if blocks.is_empty() || blocks.iter().any(|block| block.trials == 0) {
            let requirement = "at least one block, of at least 1 trial";
            return Err(Error::InvalidParameter { name: "blocks", value: 0.0, requirement });
        }
        blocks.iter().try_for_each(|block| fraction("blocks.hazard", block.hazard).map(|_| ()))
    }
}

/// The settings.
///
/// # Example
/// ```
/// use tegmentum::behaviour::environments::reversal::ReversalConfig;
///
/// let config: ReversalConfig = toml::from_str("probability = 0.7\nblocks = [{ trials = 100, hazard = 0.01 }]")?;
/// assert_eq!(config.blocks.len(), 1);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReversalConfig {
    /// Probability p that the better arm pays, between 0.5 and 1.
    pub probability: f64,
    /// What follows what; after the last block the first comes again.
    pub blocks: Vec<ReversalBlock>,
}

impl Default for ReversalConfig {
    fn default() -> Self {
        Self { probability: 0.8, blocks: ReversalBlock::two() }
    }
}

impl ReversalConfig {
    /// The environment; when the arms change follows from `key`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a parameter outside its range.
    pub fn build(&self, key: Key) -> Result<Reversal> {
        check_better_arm("reversal.probability", self.probability)?;
        ReversalBlock::check(&self.blocks)?;
        let better = key.child(u64::MAX).stream().below(2);
        Ok(Reversal { config: self.clone(), key, trial: 0, better, pays: 0, reversed: false })
    }
}

impl EnvironmentSettings for ReversalConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, key: Key) -> Result<Box<dyn Environment>> {
        Ok(Box::new(Self::build(self, key)?))
    }

    fn score_names(&self) -> Vec<String> {
        let by_block = |name: &'static str| (1..=self.blocks.len()).map(move |block| format!("{name}_block_{block}"));
        let mut names = vec!["correct".to_owned()];
        names.extend(by_block("correct"));
        names.extend(["after_reversal", "win_stay", "lose_shift"].map(str::to_owned));
        names.extend(by_block("learning_rate"));
        names
    }

    fn scores(&self, trials: &[TrialReport]) -> Vec<Score> {
        let in_block = |block: usize| {
            let is_in = move |trial: &&TrialReport| usize::from(trial.block) % self.blocks.len() == block;
            trials.iter().filter(is_in)
        };
        let blocks = 0..self.blocks.len();
        let mut scores = vec![share_correct(trials.iter())];
        scores.extend(blocks.clone().map(|block| share_correct(in_block(block))));
        let reversals = trials.iter().enumerate().skip(1).filter(|(_, trial)| trial.condition == 1);
        let early = reversals.flat_map(|(first, _)| trials.iter().skip(first).take(EARLY));
        scores.push(share_correct(early));
        let (stay, shift) = win_stay_lose_shift(trials.iter().map(choice));
        let mut scores: Vec<Score> =
            scores.into_iter().map(|share| Score::of(share, "no trial of this kind")).collect();
        scores.push(Score::of(stay, "no rewarded trial that another followed"));
        scores.push(Score::of(shift, "no unrewarded trial that another followed"));
        scores.extend(blocks.map(|block| fitted_rate(in_block(block))));
        scores
    }

    fn events(&self) -> Vec<(u64, String)> {
        let mut begin = 0;
        let mut events = Vec::new();
        for block in &self.blocks {
            events.push((begin, format!("hazard {}", block.hazard)));
            begin += block.trials;
        }
        events
    }
}

/// Whether the arm that is called the better one does not pay less than the other.
pub(super) fn check_better_arm(name: &'static str, probability: f64) -> Result<()> {
    if (0.5..=1.0).contains(&probability) {
        return Ok(());
    }
    let requirement = "between 0.5 and 1: below, the arm called the better one pays less";
    Err(Error::InvalidParameter { name, value: probability, requirement })
}

/// The learning rate under which the choices of two arms are most likely.
pub(super) fn fitted_rate<'a>(trials: impl Iterator<Item = &'a TrialReport>) -> Score {
    let choices: Vec<_> = trials.map(|trial| (0, trial.action as usize, trial.reward)).collect();
    match fit_learning_rate(&choices, 2) {
        Some(fit) => Score::Value(fit.learning_rate),
        None => Score::Undefined("no trial of this block to fit a rate to"),
    }
}

/// Share of correct trials, NaN without one.
pub(super) fn share_correct<'a>(trials: impl Iterator<Item = &'a TrialReport>) -> f64 {
    let (mut count, mut correct) = (0.0, 0.0);
    for trial in trials {
        count += 1.0;
        correct += f64::from(u8::from(trial.correct));
    }
    correct / count
}

/// A trial as win-stay and lose-shift want it: a loss is an outcome below one half.
pub(super) fn choice(trial: &TrialReport) -> (u16, usize, f64) {
    (0, trial.action as usize, trial.reward - 0.5)
}

/// The environment; see the module's head.
#[derive(Clone, Debug)]
pub struct Reversal {
    config: ReversalConfig,
    key: Key,
    trial: u64,
    better: usize,
    pays: usize,
    reversed: bool,
}

crate::archived!(Reversal { trial, better, pays, reversed } fixed { config, key });

impl Environment for Reversal {
    fn num_observations(&self) -> usize {
        1
    }

    fn actions(&self) -> ActionSpace {
        ActionSpace::Choices(2)
    }

    fn begin(&mut self, key: Key, observation: &mut [f32]) {
        let (_, block) = ReversalBlock::at(&self.config.blocks, self.trial);
        self.reversed = self.trial > 0 && self.key.child(self.trial).stream().uniform() < block.hazard;
        if self.reversed {
            self.better = 1 - self.better;
        }
        let as_expected = key.stream().uniform() < self.config.probability;
        self.pays = if as_expected { self.better } else { 1 - self.better };
        observation[0] = 1.0;
    }

    fn step(&mut self, action: Action, _: &mut [f32]) -> Outcome {
        let chosen = chosen_arm(action);
        let (block, _) = ReversalBlock::at(&self.config.blocks, self.trial);
        self.trial += 1;
        Outcome {
            reward: f64::from(u8::from(chosen == self.pays)),
            end_of_trial: true,
            correct: chosen == self.better,
            condition: u16::from(self.reversed),
            block: block as u16,
            target: self.better as f64,
        }
    }

    fn outcome_model(&self) -> Option<OutcomeModel> {
        let probability = self.config.probability;
        let model = |block: &ReversalBlock| ReversalModel { trials: block.trials, hazard: block.hazard, probability };
        Some(OutcomeModel::Reversals(self.config.blocks.iter().map(model).collect()))
    }

    crate::archives!();
}

/// The arm of an action; what is not one of two arms counts as the nearest.
pub(super) fn chosen_arm(action: Action) -> usize {
    usize::from(action.number() >= 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::behaviour::environments::conformance::play;

    /// The table of the module's head; standard deviation over seeds .02, 60 seeds here and 400 there: bounds of four
    /// standard errors of a difference. The closed form of win-stay/lose-shift is 1/2 Σ p(1 − h) + (1 − p)h = .7826.
    #[test]
    fn agents_choose_as_well_as_published() {
        for (agent, expected) in [
            ("[random_choice]", 0.501),
            ("[win_stay_lose_shift]", 0.782),
            ("[rescorla_wagner]\nlearning_rate = 0.55\ninverse_temperature = 12.0", 0.859),
            ("[rescorla_wagner]\nlearning_rate = 0.2\ninverse_temperature = 40.0\ncounterfactual = true", 0.885),
            ("[hidden_markov]", 0.894),
            ("[hidden_markov]\nblocks = [{ trials = 1, hazard = 0.02 }]", 0.889),
        ] {
            let correct = |seed| share_correct(play(agent, "[reversal]", 1000, seed).iter());
            let mean = (0..60).map(correct).sum::<f64>() / 60.0;
            assert!((mean - expected).abs() < 4.0 * 0.02 * (1.0f64 / 60.0 + 1.0 / 400.0).sqrt(), "{agent}: {mean}");
        }
    }

    #[test]
    fn scores_have_names_and_values() {
        let config = ReversalConfig::default();
        let scores = config.scores(&play("[rescorla_wagner]", "[reversal]", 500, 1));
        assert_eq!(scores.len(), config.score_names().len());
        assert!(scores.iter().all(|score| (0.0..=1.0).contains(&score.or_nan())), "{scores:?}");
        let none = config.scores(&[]);
        assert!(none.iter().all(|score| score.reason().is_some()), "{none:?}");
    }

    #[test]
    fn the_better_arm_must_not_pay_less() {
        for (probability, known) in [(0.2, false), (0.499, false), (0.5, true), (1.0, true), (1.1, false)] {
            let built = ReversalConfig { probability, ..ReversalConfig::default() }.build(Key::from_seed(1));
            assert_eq!(built.is_ok(), known, "{probability}");
        }
    }
}
