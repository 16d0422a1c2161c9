//! Agents: learners that act in an [`Environment`] and learn from what comes of it.
//!
//! # Moments
//! One step of a trial is four calls: [`act`](Agent::act) on an observation, the environment's answer, [`appraise`](Agent::appraise)
//! of the outcome, which gives the signals that nuclei see, and [`learn`](Agent::learn) under the modulation that follows from
//! them. Dopamine therefore reaches the synapses in the moment of its cause.
//!
//! # Units
//! Rewards come in units of the largest one (see [`session`](crate::behaviour::session)); an agent that answers with a number says
//! its errors as shares of the interval of answers. No constant of an agent or of a nucleus has the unit of an environment.
//!
//! # Modulation
//! The third factor of every rule is [`Modulation::reinforcement`] where a system provides it, else the agent's own prediction
//! error; every agent multiplies its step by the learning rate and divides the logits of a choice by the temperature. What
//! else an agent obeys, its file says.

use std::fmt::Debug;

use serde::{Deserialize, Serialize};

use crate::behaviour::agents::actor_critic::{self, ActorCriticConfig};
use crate::behaviour::agents::adaptive_estimator::{self, AdaptiveEstimatorConfig};
use crate::behaviour::agents::full_bayes::{self, FullBayesConfig};
use crate::behaviour::agents::grossman::{self, GrossmanConfig};
use crate::behaviour::agents::hgf::{self, HgfConfig};
use crate::behaviour::agents::hidden_markov::{self, HiddenMarkovConfig};
use crate::behaviour::agents::opal::{self, OpalConfig};
use crate::behaviour::agents::pearce_hall::{self, PearceHallConfig};
use crate::behaviour::agents::q_learning::{self, QLearningConfig};
use crate::behaviour::agents::random_choice::{self, RandomChoiceConfig};
use crate::behaviour::agents::reduced_bayes::{self, ReducedBayesConfig};
use crate::behaviour::agents::rescorla_wagner::{self, RescorlaWagnerConfig};
use crate::behaviour::agents::spiking_actor_critic::{self, SpikingActorCriticConfig};
use crate::behaviour::agents::spiking_decoder::{self, SpikingDecoderConfig};
use crate::behaviour::agents::synaptic_actor::{self, SynapticActorConfig};
use crate::behaviour::agents::varsmile::{self, VarSmileConfig};
use crate::behaviour::agents::win_stay_lose_shift::{self, WinStayLoseShiftConfig};
use crate::behaviour::environment::{Action, Environment};
use crate::error::{Error, Result};
use crate::neuromodulation::modulation::Modulation;
use crate::neuromodulation::nucleus::Levels;
use crate::neuromodulation::signals::Signals;
use crate::random::Key;
use crate::registry::Description;

/// What an agent sees of an outcome.
#[derive(Clone, Copy, Debug)]
pub struct Feedback<'a> {
    /// The reward, in units of the largest size of a reward so far in the run: between −1 and 1.
    pub reward: f64,
    /// What is observed after the action `[num_observations]`.
    pub observation: &'a [f32],
    /// Whether the trial is over, so that nothing follows from here.
    pub end_of_trial: bool,
}

/// Spikes of one trial, for a raster.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Raster {
    /// Time in milliseconds from the trial's beginning and the cell's number, one entry for each spike.
    pub spikes: Vec<(f32, u32)>,
    /// Names of the populations with the number of their first cell, in order.
    pub populations: Vec<(String, u32)>,
    /// Number of cells.
    pub cells: u32,
    /// Milliseconds of a trial.
    pub duration: f32,
}

/// A learner that acts.
pub trait Agent: Send + Debug {
    /// Chooses an action.
    fn act(&mut self, observation: &[f32], modulation: &Modulation) -> Action;

    /// Takes in what came of the last action and says what nuclei may know of it. Nothing is learned yet.
    fn appraise(&mut self, feedback: &Feedback<'_>, modulation: &Modulation) -> Signals;

    /// The levels of the transmitters now, for agents whose synapses bind them without a receptor of the system. Told before
    /// [`act`](Agent::act) and before [`learn`](Agent::learn).
    fn sense(&mut self, _levels: &Levels) {}

    /// Learns from the last outcome.
    fn learn(&mut self, modulation: &Modulation);

    /// Everything that learning has changed so far, in a fixed order: two agents that are equal here have learned the same.
    fn parameters(&self) -> &[f32];

    /// Bytes of state that last from trial to trial.
    fn state_bytes(&self) -> usize;

    /// The spikes of the last trial, for agents that have them.
    fn raster(&self) -> Option<&Raster> {
        None
    }
}

/// Which agent, with its parameters.
///
/// # Example
/// ```
/// use tegmentum::behaviour::agent::AgentConfig;
///
/// let config: AgentConfig = toml::from_str("[random_choice]")?;
/// assert_eq!(config.description().name, "random_choice");
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentConfig {
    /// Actor–critic of rate units with excitatory and inhibitory groups.
    ActorCritic(ActorCriticConfig),
    /// Chooses at random.
    RandomChoice(RandomChoiceConfig),
    /// Spiking groups that learn by R-STDP under dopamine.
    SpikingActorCritic(SpikingActorCriticConfig),
    /// A number by a delta rule under the modulators.
    AdaptiveEstimator(AdaptiveEstimatorConfig),
    /// A number that jumps: estimate and run length, told noise and hazard.
    ReducedBayes(ReducedBayesConfig),
    /// The ideal observer of a number that jumps.
    FullBayes(FullBayesConfig),
    /// A delta rule whose rate is the size of recent errors.
    PearceHall(PearceHallConfig),
    /// Values of choices by a delta rule.
    RescorlaWagner(RescorlaWagnerConfig),
    /// Repeats what was rewarded.
    WinStayLoseShift(WinStayLoseShiftConfig),
    /// The ideal observer of a reversal.
    HiddenMarkov(HiddenMarkovConfig),
    /// A number that jumps: surprise decides how much is forgotten.
    #[serde(rename = "varsmile")]
    VarSmile(VarSmileConfig),
    /// Hierarchical Gaussian filter of two arms.
    Hgf(HgfConfig),
    /// Opponent actors with Go and No-Go weights.
    Opal(OpalConfig),
    /// A learning rate for bad news that is learned.
    Grossman(GrossmanConfig),
    /// Values of choices in every situation that was met.
    QLearning(QLearningConfig),
    /// Spiking action cells whose synapses follow any rule.
    SynapticActor(SynapticActorConfig),
    /// A number read out of spiking cells, taught its error.
    SpikingDecoder(SpikingDecoderConfig),
}

impl AgentConfig {
    /// The agent called `name` with its default parameters.
    ///
    /// # Errors
    /// [`Error::UnknownName`] if no agent has that name.
    pub fn from_name(name: &str) -> Result<Self> {
        defaults().into_iter().find(|config| config.description().name == name).ok_or_else(|| {
            let known = registry().iter().map(|agent| agent.name).collect::<Vec<_>>().join(", ");
            Error::UnknownName { kind: "agent", name: name.to_owned(), known }
        })
    }

    /// Name, summary and reference.
    pub fn description(&self) -> Description {
        match self {
            Self::ActorCritic(_) => actor_critic::DESCRIPTION,
            Self::RandomChoice(_) => random_choice::DESCRIPTION,
            Self::SpikingActorCritic(_) => spiking_actor_critic::DESCRIPTION,
            Self::AdaptiveEstimator(_) => adaptive_estimator::DESCRIPTION,
            Self::ReducedBayes(_) => reduced_bayes::DESCRIPTION,
            Self::FullBayes(_) => full_bayes::DESCRIPTION,
            Self::PearceHall(_) => pearce_hall::DESCRIPTION,
            Self::RescorlaWagner(_) => rescorla_wagner::DESCRIPTION,
            Self::WinStayLoseShift(_) => win_stay_lose_shift::DESCRIPTION,
            Self::HiddenMarkov(_) => hidden_markov::DESCRIPTION,
            Self::VarSmile(_) => varsmile::DESCRIPTION,
            Self::Hgf(_) => hgf::DESCRIPTION,
            Self::Opal(_) => opal::DESCRIPTION,
            Self::Grossman(_) => grossman::DESCRIPTION,
            Self::QLearning(_) => q_learning::DESCRIPTION,
            Self::SynapticActor(_) => synaptic_actor::DESCRIPTION,
            Self::SpikingDecoder(_) => spiking_decoder::DESCRIPTION,
        }
    }

    /// Sets the learning rate; returns whether the agent has one.
    pub fn set_learning_rate(&mut self, rate: f64) -> bool {
        match self {
            Self::RandomChoice(_)
            | Self::ReducedBayes(_)
            | Self::FullBayes(_)
            | Self::WinStayLoseShift(_)
            | Self::HiddenMarkov(_)
            | Self::VarSmile(_)
            | Self::Hgf(_) => return false,
            Self::ActorCritic(config) => config.learning_rate = rate,
            Self::AdaptiveEstimator(config) => config.learning_rate = rate,
            Self::PearceHall(config) => config.scale = rate,
            Self::RescorlaWagner(config) => config.learning_rate = rate,
            Self::Opal(config) => config.go_rate = rate,
            Self::Grossman(config) => config.positive_rate = rate,
            Self::QLearning(config) => config.learning_rate = rate,
            Self::SpikingActorCritic(config) => config.set_learning_rate(rate),
            Self::SynapticActor(config) => config.rule.set_learning_rate(rate),
            Self::SpikingDecoder(config) => config.rule.learning_rate = rate,
        }
        true
    }

    /// An agent for `environment`; first parameters and choices follow from `key`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a parameter outside its range, [`Error::Incompatible`] if it cannot act there.
    pub fn build(&self, environment: &dyn Environment, key: Key) -> Result<Box<dyn Agent>> {
        Ok(match self {
            Self::ActorCritic(config) => Box::new(config.build(environment, key)?),
            Self::RandomChoice(config) => Box::new(config.build(environment, key)?),
            Self::SpikingActorCritic(config) => Box::new(config.build(environment, key)?),
            Self::AdaptiveEstimator(config) => Box::new(config.build(environment)?),
            Self::ReducedBayes(config) => Box::new(config.build(environment)?),
            Self::FullBayes(config) => Box::new(config.build(environment)?),
            Self::PearceHall(config) => Box::new(config.build(environment, key)?),
            Self::RescorlaWagner(config) => Box::new(config.build(environment, key)?),
            Self::WinStayLoseShift(config) => Box::new(config.build(environment, key)?),
            Self::HiddenMarkov(config) => Box::new(config.build(environment, key)?),
            Self::VarSmile(config) => Box::new(config.build(environment)?),
            Self::Hgf(config) => Box::new(config.build(environment, key)?),
            Self::Opal(config) => Box::new(config.build(environment, key)?),
            Self::Grossman(config) => Box::new(config.build(environment, key)?),
            Self::QLearning(config) => Box::new(config.build(environment, key)?),
            Self::SynapticActor(config) => Box::new(config.build(environment, key)?),
            Self::SpikingDecoder(config) => Box::new(config.build(environment, key)?),
        })
    }
}

/// Every agent, in the order in which to show them.
pub fn registry() -> Vec<Description> {
    defaults().iter().map(AgentConfig::description).collect()
}

/// Every agent with its default parameters. An agent is registered by a line here.
pub fn defaults() -> Vec<AgentConfig> {
    vec![
        AgentConfig::ActorCritic(ActorCriticConfig::default()),
        AgentConfig::RandomChoice(RandomChoiceConfig::default()),
        AgentConfig::SpikingActorCritic(SpikingActorCriticConfig::default()),
        AgentConfig::AdaptiveEstimator(AdaptiveEstimatorConfig::default()),
        AgentConfig::ReducedBayes(ReducedBayesConfig::default()),
        AgentConfig::FullBayes(FullBayesConfig::default()),
        AgentConfig::PearceHall(PearceHallConfig::default()),
        AgentConfig::RescorlaWagner(RescorlaWagnerConfig::default()),
        AgentConfig::WinStayLoseShift(WinStayLoseShiftConfig::default()),
        AgentConfig::HiddenMarkov(HiddenMarkovConfig::default()),
        AgentConfig::VarSmile(VarSmileConfig::default()),
        AgentConfig::Hgf(HgfConfig::default()),
        AgentConfig::Opal(OpalConfig::default()),
        AgentConfig::Grossman(GrossmanConfig::default()),
        AgentConfig::QLearning(QLearningConfig::default()),
        AgentConfig::SynapticActor(SynapticActorConfig::default()),
        AgentConfig::SpikingDecoder(SpikingDecoderConfig::default()),
    ]
}
