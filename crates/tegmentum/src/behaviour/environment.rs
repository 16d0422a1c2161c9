//! Environments: what answers to a learner's actions.
//!
//! A [`Task`](crate::data::task::Task) is data; an environment is a stream of trials. It shows an observation, takes an action, and
//! says what came of it, once or several times a trial. What is random in a trial follows from the trial's key alone, so
//! that two agents meet the same stimuli; rules change with the number of the trial, and nobody is told.

use std::any::Any;
use std::fmt::Debug;

use serde::{Deserialize, Serialize};

use crate::archive::{Archive, Archived, cannot_be_saved};
use crate::behaviour::environments::helicopter::ChangePointBlock;
use crate::behaviour::scores::Score;
use crate::error::{Error, Result};
use crate::random::Key;
use crate::registry::Description;

/// What can be done at a step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionSpace {
    /// One of so many choices.
    Choices(usize),
    /// A number between two bounds.
    Interval {
        /// The lower bound.
        low: f64,
        /// The upper bound.
        high: f64,
    },
}

impl ActionSpace {
    /// The number of choices, for the agent called `agent`, which makes choices.
    ///
    /// # Errors
    /// [`Error::Incompatible`] where a number is wanted.
    pub fn choices(self, agent: &str) -> Result<usize> {
        match self {
            Self::Choices(count) => Ok(count),
            Self::Interval { .. } => Err(incompatible(agent, "an environment that wants a number", "it makes choices")),
        }
    }

    /// The bounds of the interval, for the agent called `agent`, which answers with a number.
    ///
    /// # Errors
    /// [`Error::Incompatible`] where a choice is wanted.
    pub fn interval(self, agent: &str) -> Result<(f64, f64)> {
        match self {
            Self::Interval { low, high } => Ok((low, high)),
            Self::Choices(_) => Err(incompatible(agent, "an environment of choices", "it answers with a number")),
        }
    }
}

fn incompatible(agent: &str, with: &str, reason: &str) -> Error {
    Error::Incompatible { what: format!("the agent {agent}"), with: with.to_owned(), reason: reason.to_owned() }
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    /// A choice, from 0.
    Choice(usize),
    /// A number.
    Value(f64),
}

impl Action {
    /// The choice, or the number as it is.
    pub fn number(self) -> f64 {
        match self {
            Self::Choice(choice) => choice as f64,
            Self::Value(value) => value,
        }
    }
}

/// What came of an action.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The reward, the only thing besides the next observation that the learner sees.
    pub reward: f64,
    /// Whether the trial is over.
    pub end_of_trial: bool,
    /// Whether the action was the best one under the rule in force. For the record, never for the learner.
    pub correct: bool,
    /// The kind of stimulus, as the environment numbers them. For the record.
    pub condition: u16,
    /// The rule in force, numbered from 0 as they come. For the record.
    pub block: u16,
    /// What an ideal learner would have answered, where the answer is a number. For the record.
    pub target: f64,
}

/// How an environment makes its outcomes: what an ideal observer is told, and a learner never is.
///
/// # Example
/// ```
/// use tegmentum::behaviour::environment::OutcomeModel;
/// use tegmentum::behaviour::environments::EnvironmentConfig;
/// use tegmentum::random::Key;
///
/// let environment = EnvironmentConfig::from_name("helicopter")?.build(Key::from_seed(1))?;
/// assert!(matches!(environment.outcome_model(), Some(OutcomeModel::ChangePoints(blocks)) if blocks.len() == 4));
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum OutcomeModel {
    /// A number: Gaussian noise around a mean that jumps to any place of the interval. Block follows block, in a cycle.
    ChangePoints(Vec<ChangePointBlock>),
    /// Two arms, of which exactly one pays in a trial, the better one more often. Block follows block, in a cycle.
    Reversals(Vec<ReversalModel>),
}

/// Two arms over a block of trials.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReversalModel {
    /// Number of trials.
    pub trials: u64,
    /// Probability that the arms change places before a trial.
    pub hazard: f64,
    /// Probability that the better arm pays.
    pub probability: f64,
}

/// A stream of trials.
pub trait Environment: Debug + Send {
    /// Numbers in an observation.
    fn num_observations(&self) -> usize;

    /// What can be done.
    fn actions(&self) -> ActionSpace;

    /// Begins the next trial and writes its first observation `[num_observations]`.
    fn begin(&mut self, key: Key, observation: &mut [f32]);

    /// Takes an action, writes what is observed after it (at the end of a trial: what stays as it is), and says what came
    /// of it. An action outside the space counts as the nearest one inside.
    fn step(&mut self, action: Action, observation: &mut [f32]) -> Outcome;

    /// The choice that is no response, where there is one: an agent may have a way to hold back all others.
    fn no_response(&self) -> Option<usize> {
        None
    }

    /// How outcomes are made, for observers that are told; `None` where no such statement is made.
    fn outcome_model(&self) -> Option<OutcomeModel> {
        None
    }

    /// Writes its running state to an archive, or reads it from there, between trials. By default it cannot be saved.
    ///
    /// # Errors
    /// [An error of the archive](crate::error::Error::Archive) if it cannot be saved, or what is read is not its state.
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let _ = archive;
        cannot_be_saved::<Self>()
    }
}

impl Archived for dyn Environment + '_ {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        Environment::archive(self, archive)
    }
}

/// What is kept of a trial: enough for every score.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TrialReport {
    /// The kind of stimulus.
    pub condition: u16,
    /// The rule in force.
    pub block: u16,
    /// The last action, as a number.
    pub action: f64,
    /// Rewards of the trial.
    pub reward: f64,
    /// Whether the last action was the best one.
    pub correct: bool,
    /// What an ideal learner would have answered, where the answer is a number.
    pub target: f64,
    /// Entropy of the policy at the last choice, in bits.
    pub entropy: f64,
    /// Reward prediction error at the end of the trial, in the unit of the agent's signals.
    pub prediction_error: f64,
    /// Steps of the trial.
    pub steps: u64,
    /// Whether the locus coeruleus burst in this trial.
    pub burst: bool,
}

crate::archived!(TrialReport {
    condition,
    block,
    action,
    reward,
    correct,
    target,
    entropy,
    prediction_error,
    steps,
    burst
});

/// The settings of an environment: what makes it from a study file, and how a run in it is scored.
///
/// A settings type of one's own is made known under its name with
/// [`EnvironmentConfig::register`](crate::behaviour::environments::EnvironmentConfig::register).
pub trait EnvironmentSettings: Any + Debug + Send + Sync {
    /// Name, summary and reference.
    fn description(&self) -> Description;

    /// The environment of one run; what changes at random over the run (not within a trial) follows from `key`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a setting outside its range.
    fn build(&self, key: Key) -> Result<Box<dyn Environment>>;

    /// The names of its scores, at least one, the first being what arms are compared on. If nothing else is said: the share
    /// of correct trials and the mean reward.
    fn score_names(&self) -> Vec<String> {
        vec!["correct".to_owned(), "reward".to_owned()]
    }

    /// The scores of a run, in the order of [`score_names`](Self::score_names). A score that the environment cannot have has
    /// no name; one that this run does not have says why.
    fn scores(&self, trials: &[TrialReport]) -> Vec<Score> {
        let mean = |value: fn(&TrialReport) -> f64| trials.iter().map(value).sum::<f64>() / trials.len() as f64;
        let scores = [mean(|trial| f64::from(u8::from(trial.correct))), mean(|trial| trial.reward)];
        scores.map(|score| Score::of(score, "no trial")).to_vec()
    }

    /// What a horizontal axis should mark: trials at which something changes, with a name, where that is fixed.
    fn events(&self) -> Vec<(u64, String)> {
        Vec::new()
    }
}
