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
//! error; most multiply their step by the learning rate and divide the logits of a choice by the temperature. What an agent
//! obeys it says ([`Agent::hears`], [`Agent::binds`]); whatever else is set for it in a study is refused.

use std::any::Any;
use std::fmt::Debug;

use crate::archive::{Archive, Archived, cannot_be_saved};
use crate::behaviour::environment::{Action, Environment};
use crate::error::Result;
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::Modulation;
use crate::neuromodulation::nucleus::{Levels, Transmitter};
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

crate::archived!(Raster { spikes, populations, cells, duration });

/// A learner that acts.
pub trait Agent: Send + Debug {
    /// Chooses an action.
    fn act(&mut self, observation: &[f32], modulation: &Modulation) -> Action;

    /// Takes in what came of the last action and says what nuclei may know of it. Nothing is learned yet.
    fn appraise(&mut self, feedback: &Feedback<'_>, modulation: &Modulation) -> Signals;

    /// The levels of the transmitters now, for agents whose synapses bind them without a receptor of the system. Told before
    /// [`act`](Agent::act) and before [`learn`](Agent::learn).
    fn sense(&mut self, _levels: &Levels) {}

    /// The effects of modulators that it obeys, each with its place; none unless it says so.
    fn hears(&self) -> Vec<Heard> {
        Vec::new()
    }

    /// The transmitters whose [levels](Self::sense) its synapses bind; none unless it says so.
    fn binds(&self) -> &'static [Transmitter] {
        &[]
    }

    /// Learns from the last outcome.
    fn learn(&mut self, modulation: &Modulation);

    /// Everything that learning has changed so far, in a fixed order: two agents that are equal here have learned the same.
    fn parameters(&self) -> &[f32];

    /// Bytes of state that last from trial to trial; those of the [parameters](Self::parameters) if there is nothing else.
    fn state_bytes(&self) -> usize {
        size_of_val(self.parameters())
    }

    /// The spikes of the last trial, for agents that have them.
    fn raster(&self) -> Option<&Raster> {
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

impl Archived for dyn Agent + '_ {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        Agent::archive(self, archive)
    }
}

/// The settings of an agent: what makes it from a study file.
///
/// A settings type of one's own is made known under its name with
/// [`AgentConfig::register`](crate::behaviour::agents::AgentConfig::register).
pub trait AgentSettings: Any + Debug + Send + Sync {
    /// Name, summary and reference.
    fn description(&self) -> Description;

    /// An agent for `environment`; first parameters and choices follow from `key`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a setting outside its range,
    /// [`Error::Incompatible`](crate::error::Error::Incompatible) if it cannot act there.
    fn build(&self, environment: &dyn Environment, key: Key) -> Result<Box<dyn Agent>>;

    /// Sets the learning rate; returns whether the agent has one.
    fn set_learning_rate(&mut self, rate: f64) -> bool {
        let _ = rate;
        false
    }
}
