//! Behaviour: an agent in an environment under a system of modulators, trial by trial.
//!
//! ```text
//!     begin ─▶ act ─▶ step ─▶ appraise ─▶ nuclei … receptors ─▶ learn ─▶ (act again, until the trial is over)
//! ```
//! An agent is told what its own system says.
//!
//! # Units
//! ```text
//!     s ← max(s, |r|) ,   the agent sees r/s          0 while all rewards were 0
//! ```
//! r reward of the environment, s the largest size of a reward so far. Midbrain neurons adapt to the range of rewards in the same way. An
//! agent's constants, and those of the nuclei that read its signals, are therefore shares of the largest reward: no behaviour depends on the
//! unit in which an environment pays. Reports are in the environment's unit. Where the largest reward is met late, what was learned
//! before it is relearned in the new unit.
//!
//! Reference: P. N. Tobler, C. D. Fiorillo, W. Schultz, Science 307, 1642–1645, 2005, for adaptive coding of reward.

use std::ops::{ControlFlow, Range};

use crate::behaviour::agent::{Agent, Feedback};
use crate::behaviour::agents::AgentConfig;
use crate::behaviour::environment::{Environment, TrialReport};
use crate::behaviour::environments::EnvironmentConfig;
use crate::error::Result;
use crate::neuromodulation::nucleus::Transmitter;
use crate::neuromodulation::system::{NeuromodulationConfig, NeuromodulatorySystem};
use crate::random::Key;

/// Most steps of a trial: an environment that never ends one would never return.
const MAX_STEPS: usize = 100_000;

/// An agent, its environment and its modulators.
///
/// # Example
/// ```
/// use tegmentum::behaviour::agents::AgentConfig;
/// use tegmentum::behaviour::session::Behaviour;
/// use tegmentum::behaviour::environments::EnvironmentConfig;
/// use tegmentum::neuromodulation::system::NeuromodulationConfig;
/// use tegmentum::random::Key;
///
/// let environment = EnvironmentConfig::from_name("go_no_go")?;
/// let agent = AgentConfig::from_name("random_choice")?;
/// let neuromodulation = NeuromodulationConfig::default();
/// let mut behaviour = Behaviour::from_settings(&environment, &agent, &neuromodulation, Key::from_seed(1))?;
/// let trial = behaviour.trial(Key::from_seed(2).child(0))?;
/// assert_eq!(trial.entropy, 1.0);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Debug)]
pub struct Behaviour {
    environment: Box<dyn Environment>,
    agent: Box<dyn Agent>,
    system: NeuromodulatorySystem,
    observation: Vec<f32>,
    /// The largest size of a reward so far.
    largest_reward: f64,
}

crate::archived!(Behaviour { environment, agent, system, largest_reward } sized { observation });

impl Behaviour {
    /// `agent`, built for `environment`, under `system`; any of them may be of one's own.
    pub fn new(environment: Box<dyn Environment>, agent: Box<dyn Agent>, system: NeuromodulatorySystem) -> Self {
        Self { observation: vec![0.0; environment.num_observations()], environment, agent, system, largest_reward: 0.0 }
    }

    /// Builds the three parts; the environment's key is child 0 of `key`, the agent's child 1, the system's child 2.
    ///
    /// # Errors
    /// Those of the parts, and [`Error::Unheard`](crate::error::Error::Unheard) for modulation that the agent does not obey.
    pub fn from_settings(
        environment: &EnvironmentConfig,
        agent: &AgentConfig,
        neuromodulation: &NeuromodulationConfig,
        key: Key,
    ) -> Result<Self> {
        let environment = environment.build(key.child(0))?;
        let name = format!("the agent {}", agent.name());
        let agent = agent.build(&*environment, key.child(1))?;
        neuromodulation.check_heard(&name, &agent.hears(), agent.binds())?;
        Ok(Self::new(environment, agent, neuromodulation.build(key.child(2))?))
    }

    /// Runs `trials` trials and reports each; the stimuli of trial u follow from `key.child(u)`.
    ///
    /// # Errors
    /// Those of [`trial`](Self::trial).
    pub fn run(&mut self, key: Key, trials: u64) -> Result<Vec<TrialReport>> {
        (0..trials).map(|number| self.trial(key.child(number))).collect()
    }

    /// The same for who wants to look on: `observe` is shown number and report of each trial once it is over, and may end the
    /// run; with the trials after it the run goes on.
    ///
    /// # Errors
    /// Those of [`trial`](Self::trial).
    pub fn run_observed(
        &mut self,
        key: Key,
        trials: Range<u64>,
        mut observe: impl FnMut(&Self, u64, &TrialReport) -> ControlFlow<()>,
    ) -> Result<()> {
        for number in trials {
            let report = self.trial(key.child(number))?;
            if observe(self, number, &report).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// A reward in units of the largest one so far.
    fn normalise(&mut self, reward: f64) -> f64 {
        if reward.is_finite() {
            self.largest_reward = self.largest_reward.max(reward.abs());
        }
        if self.largest_reward > 0.0 { reward / self.largest_reward } else { reward }
    }

    /// Runs one trial; what is random in its stimuli follows from `key`.
    ///
    /// # Errors
    /// None so far; an environment that does not end its trial is stopped after 100 000 steps.
    pub fn trial(&mut self, key: Key) -> Result<TrialReport> {
        self.environment.begin(key, &mut self.observation);
        let mut report = TrialReport::default();
        for _ in 0..MAX_STEPS {
            self.agent.sense(&self.system.levels());
            let action = self.agent.act(&self.observation, self.system.modulation());
            let outcome = self.environment.step(action, &mut self.observation);
            let reward = self.normalise(outcome.reward);
            let end_of_trial = outcome.end_of_trial;
            let feedback = Feedback { reward, observation: &self.observation, end_of_trial };
            let signals = self.agent.appraise(&feedback, self.system.modulation());
            self.system.observe(&signals);
            self.agent.sense(&self.system.levels());
            self.agent.learn(self.system.modulation());
            report = TrialReport {
                condition: outcome.condition,
                block: outcome.block,
                action: action.number(),
                reward: report.reward + outcome.reward,
                correct: outcome.correct,
                target: outcome.target,
                entropy: signals.policy_entropy.unwrap_or(f64::NAN),
                prediction_error: signals.prediction_error.unwrap_or(f64::NAN),
                steps: report.steps + 1,
                burst: report.burst || self.system.release(Transmitter::Noradrenaline).phasic > 0.0,
            };
            if outcome.end_of_trial {
                break;
            }
        }
        Ok(report)
    }

    /// The agent.
    pub fn agent(&self) -> &dyn Agent {
        &*self.agent
    }

    /// The modulators.
    pub fn system(&self) -> &NeuromodulatorySystem {
        &self.system
    }
}
