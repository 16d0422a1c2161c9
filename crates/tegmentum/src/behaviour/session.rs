//! Behaviour: an agent in an environment under a system of modulators, as a [`Learner`] whose update is one trial.
//!
//! ```text
//!     begin ─▶ act ─▶ step ─▶ appraise ─▶ nuclei … receptors ─▶ learn ─▶ (act again, until the trial is over)
//! ```
//! An agent is told what its own system says; modulation from outside is not used.
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

use crate::behaviour::agent::{Agent, AgentConfig, Feedback, Raster};
use crate::behaviour::environment::{Environment, EnvironmentConfig, TrialReport};
use crate::error::Result;
use crate::learning::optimizer::StepReport;
use crate::learning::training::{Learner, Update};
use crate::model::perturbation::Point;
use crate::neuromodulation::modulation::Modulation;
use crate::neuromodulation::nucleus::{Levels, Transmitter};
use crate::neuromodulation::system::{NeuromodulationConfig, NeuromodulatorySystem};
use crate::random::Key;

/// Most steps of a trial: an environment that never ends one would never return.
const MAX_STEPS: usize = 100_000;

/// An agent, its environment and its modulators.
///
/// # Example
/// ```
/// use tegmentum::behaviour::agent::AgentConfig;
/// use tegmentum::behaviour::session::Behaviour;
/// use tegmentum::behaviour::environment::EnvironmentConfig;
/// use tegmentum::neuromodulation::system::NeuromodulationConfig;
/// use tegmentum::random::Key;
///
/// let environment = EnvironmentConfig::from_name("go_no_go")?;
/// let agent = AgentConfig::from_name("random_choice")?;
/// let mut behaviour = Behaviour::new(&environment, &agent, &NeuromodulationConfig::default(), Key::from_seed(1))?;
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

impl Behaviour {
    /// Builds the three parts; the environment's key is child 0 of `key`, the agent's child 1, the system's child 2.
    ///
    /// # Errors
    /// Those of the parts.
    pub fn new(
        environment: &EnvironmentConfig,
        agent: &AgentConfig,
        neuromodulation: &NeuromodulationConfig,
        key: Key,
    ) -> Result<Self> {
        let environment = environment.build(key.child(0))?;
        let agent = agent.build(&*environment, key.child(1))?;
        Ok(Self::of(environment, agent, neuromodulation.build(key.child(2))?))
    }

    /// The three parts together; the agent was built for this environment.
    pub fn of(environment: Box<dyn Environment>, agent: Box<dyn Agent>, system: NeuromodulatorySystem) -> Self {
        let observation = vec![0.0; environment.num_observations()];
        Self { environment, agent, system, observation, largest_reward: 0.0 }
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

impl Learner for Behaviour {
    fn update(&mut self, batch: Key, _: &Modulation) -> Result<Update> {
        let trial = self.trial(batch)?;
        let report = StepReport {
            loss: -trial.reward,
            learning_rate: self.system.modulation().learning_rate,
            surprised: trial.burst,
            trial: Some(trial),
            ..StepReport::default()
        };
        Ok(Update { evaluations: 1, report })
    }

    fn averaged(&self) -> Point<'_> {
        Point::Vector(self.agent.parameters())
    }

    fn solution(&self) -> Point<'_> {
        self.averaged()
    }

    fn state_bytes(&self) -> usize {
        self.agent.state_bytes()
    }

    fn levels(&self) -> Option<Levels> {
        Some(self.system.levels())
    }

    fn raster(&self) -> Option<&Raster> {
        self.agent.raster()
    }
}
