//! Environments: what answers to a learner's actions.
//!
//! A [`Task`](crate::data::task::Task) is data; an environment is a stream of trials. It shows an observation, takes an action, and
//! says what came of it, once or several times a trial. What is random in a trial follows from the trial's key alone, so
//! that two agents meet the same stimuli; rules change with the number of the trial, and nobody is told.

use std::fmt::Debug;

use serde::{Deserialize, Serialize};

use crate::behaviour::environments::delayed_match::{self, DelayedMatchConfig};
use crate::behaviour::environments::go_no_go::{self, GoNoGoConfig};
use crate::behaviour::environments::helicopter::{self, ChangePointBlock, HelicopterConfig};
use crate::behaviour::environments::linear_function::{self, LinearFunctionConfig};
use crate::behaviour::environments::open_field::{self, OpenFieldConfig};
use crate::behaviour::environments::reversal::{self, ReversalConfig};
use crate::behaviour::environments::stop_signal::{self, StopSignalConfig};
use crate::behaviour::environments::two_step::{self, TwoStepConfig};
use crate::behaviour::environments::volatile_bandit::{self, VolatileBanditConfig};
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
/// use tegmentum::behaviour::environment::{EnvironmentConfig, OutcomeModel};
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

    /// How outcomes are made, for observers that are told; `None` where no such statement is made.
    fn outcome_model(&self) -> Option<OutcomeModel> {
        None
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

/// Which environment, with its parameters.
///
/// # Example
/// ```
/// use tegmentum::behaviour::environment::EnvironmentConfig;
///
/// let config: EnvironmentConfig = toml::from_str("[go_no_go]\ntrials_before_shift = 200")?;
/// assert_eq!(config.description().name, "go_no_go");
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnvironmentConfig {
    /// Go/No-Go with shifts of the rule.
    GoNoGo(GoNoGoConfig),
    /// Change-point prediction.
    Helicopter(HelicopterConfig),
    /// Two arms that change places.
    Reversal(ReversalConfig),
    /// Two arms, stable in one phase and swapping in another.
    VolatileBandit(VolatileBanditConfig),
    /// A response that a signal may forbid.
    StopSignal(StopSignalConfig),
    /// Is it what was seen before the delay?
    DelayedMatch(DelayedMatchConfig),
    /// Two choices in a row: habit or plan.
    TwoStep(TwoStepConfig),
    /// Walk to a place that pays, which moves.
    OpenField(OpenFieldConfig),
    /// Answer with a weighted sum of what is seen.
    LinearFunction(LinearFunctionConfig),
}

impl EnvironmentConfig {
    /// The environment called `name` with its default parameters.
    ///
    /// # Errors
    /// [`Error::UnknownName`] if no environment has that name.
    pub fn from_name(name: &str) -> Result<Self> {
        defaults().into_iter().find(|config| config.description().name == name).ok_or_else(|| {
            let known = registry().iter().map(|environment| environment.name).collect::<Vec<_>>().join(", ");
            Error::UnknownName { kind: "environment", name: name.to_owned(), known }
        })
    }

    /// Name, summary and reference.
    pub fn description(&self) -> Description {
        match self {
            Self::GoNoGo(_) => go_no_go::DESCRIPTION,
            Self::Helicopter(_) => helicopter::DESCRIPTION,
            Self::Reversal(_) => reversal::DESCRIPTION,
            Self::VolatileBandit(_) => volatile_bandit::DESCRIPTION,
            Self::StopSignal(_) => stop_signal::DESCRIPTION,
            Self::DelayedMatch(_) => delayed_match::DESCRIPTION,
            Self::TwoStep(_) => two_step::DESCRIPTION,
            Self::OpenField(_) => open_field::DESCRIPTION,
            Self::LinearFunction(_) => linear_function::DESCRIPTION,
        }
    }

    /// The environment of one run; what changes at random over the run (not within a trial) follows from `key`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a parameter outside its range.
    pub fn build(&self, key: Key) -> Result<Box<dyn Environment>> {
        Ok(match self {
            Self::GoNoGo(config) => Box::new(config.build()?),
            Self::Helicopter(config) => Box::new(config.build(key)?),
            Self::Reversal(config) => Box::new(config.build(key)?),
            Self::VolatileBandit(config) => Box::new(config.build(key)?),
            Self::StopSignal(config) => Box::new(config.build()?),
            Self::DelayedMatch(config) => Box::new(config.build()?),
            Self::TwoStep(config) => Box::new(config.build(key)?),
            Self::OpenField(config) => Box::new(config.build()?),
            Self::LinearFunction(config) => Box::new(config.build(key)?),
        })
    }

    /// The names of its scores, the first being what arms are compared on.
    pub fn score_names(&self) -> Vec<String> {
        match self {
            Self::GoNoGo(config) => config.score_names(),
            Self::Helicopter(config) => config.score_names(),
            Self::Reversal(config) => config.score_names(),
            Self::VolatileBandit(config) => config.score_names(),
            Self::StopSignal(config) => config.score_names(),
            Self::DelayedMatch(config) => config.score_names(),
            Self::TwoStep(config) => config.score_names(),
            Self::OpenField(config) => config.score_names(),
            Self::LinearFunction(config) => config.score_names(),
        }
    }

    /// The scores of a run, in the order of [`EnvironmentConfig::score_names`]. A score that the environment cannot have has
    /// no name; one that this run does not have says why.
    pub fn scores(&self, trials: &[TrialReport]) -> Vec<Score> {
        match self {
            Self::GoNoGo(config) => config.scores(trials),
            Self::Helicopter(config) => config.scores(trials),
            Self::Reversal(config) => config.scores(trials),
            Self::VolatileBandit(config) => config.scores(trials),
            Self::StopSignal(config) => config.scores(trials),
            Self::DelayedMatch(config) => config.scores(trials),
            Self::TwoStep(config) => config.scores(trials),
            Self::OpenField(config) => config.scores(trials),
            Self::LinearFunction(config) => config.scores(trials),
        }
    }

    /// What a horizontal axis should mark: trials at which something changes, with a name, where that is fixed.
    pub fn events(&self) -> Vec<(u64, String)> {
        match self {
            Self::GoNoGo(config) => config.events(),
            Self::Helicopter(config) => config.events(),
            Self::Reversal(config) => config.events(),
            Self::VolatileBandit(config) => config.events(),
            Self::StopSignal(config) => config.events(),
            Self::DelayedMatch(config) => config.events(),
            Self::TwoStep(config) => config.events(),
            Self::OpenField(config) => config.events(),
            Self::LinearFunction(config) => config.events(),
        }
    }
}

/// Every environment, in the order in which to show them.
pub fn registry() -> Vec<Description> {
    defaults().iter().map(EnvironmentConfig::description).collect()
}

/// Every environment with its default parameters. An environment is registered by a line here.
pub fn defaults() -> Vec<EnvironmentConfig> {
    vec![
        EnvironmentConfig::GoNoGo(GoNoGoConfig::default()),
        EnvironmentConfig::Helicopter(HelicopterConfig::default()),
        EnvironmentConfig::Reversal(ReversalConfig::default()),
        EnvironmentConfig::VolatileBandit(VolatileBanditConfig::default()),
        EnvironmentConfig::StopSignal(StopSignalConfig::default()),
        EnvironmentConfig::DelayedMatch(DelayedMatchConfig::default()),
        EnvironmentConfig::TwoStep(TwoStepConfig::default()),
        EnvironmentConfig::OpenField(OpenFieldConfig::default()),
        EnvironmentConfig::LinearFunction(LinearFunctionConfig::default()),
    ]
}
