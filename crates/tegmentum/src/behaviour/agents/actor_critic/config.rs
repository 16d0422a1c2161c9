//! The settings of the actor–critic, and what they build.

use serde::{Deserialize, Serialize};

use super::ActorCritic;
use super::contexts::Contexts;
use super::memory::Memory;
use super::values::{ActionValues, ActionValuesConfig};
use crate::behaviour::agent::{Agent, AgentSettings};
use crate::behaviour::environment::{ActionSpace, Environment};
use crate::error::{Error, Result, at_least_one, fraction, positive};
use crate::kernel::aligned::AlignedVec;
use crate::kernel::rate::ActiveInputs;
use crate::neuromodulation::modulation::Place;
use crate::random::Key;
use crate::registry::Description;

/// The entry of the registry.
const DESCRIPTION: Description = Description {
    name: "actor_critic",
    summary: "rate units, an excitatory and an inhibitory group for each action, a critic, a predictor of outcomes",
    reference: "arXiv:2501.06762, section 6, with the rule of arXiv:2008.13044; rate form and constants inferred",
};

/// The settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ActorCriticConfig {
    /// Units of each group of an action.
    pub actor_units: usize,
    /// Units of each of the critic's two groups.
    pub critic_units: usize,
    /// Learning rate η of actor and critic, above 0.
    pub learning_rate: f64,
    /// Learning rate η_o of the predictor of outcomes, above 0.
    pub outcome_rate: f64,
    /// Gain m_A from net rate to logit, above 0.
    pub actor_gain: f64,
    /// Gain m_V from net rate to value, above 0.
    pub critic_gain: f64,
    /// First weights are uniform between 0 and this, at most 1.
    pub initial_weight: f64,
    /// Discount γ of the value that follows within a trial, between 0 and 1.
    pub discount: f64,
    /// The choice that is no response: a threshold is taken from the logits of all others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withhold: Option<usize>,
    /// Whether the choice that is no response is the one that the environment says, if it has one: for agents that are set alike in every
    /// environment.
    #[serde(skip_serializing_if = "is_false")]
    pub withholds_no_response: bool,
    /// Action values that weigh in with the actor; none by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<ActionValuesConfig>,
    /// Whether the first observation of a trial is held until its end, and seen beside the present one with the overlap of both.
    #[serde(skip_serializing_if = "is_false")]
    pub memory: bool,
    /// Old rules that are kept aside and come back when they predict again what happens; none by default. They need a
    /// receptor whose target is `reset`.
    #[serde(skip_serializing_if = "is_zero")]
    pub contexts: usize,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Default for ActorCriticConfig {
    fn default() -> Self {
        Self {
            actor_units: 20,
            critic_units: 40,
            learning_rate: 0.02,
            outcome_rate: 0.05,
            actor_gain: 20.0,
            critic_gain: 2.0,
            initial_weight: 0.05,
            discount: 0.95,
            withhold: None,
            withholds_no_response: false,
            values: None,
            memory: false,
            contexts: 0,
        }
    }
}

impl ActorCriticConfig {
    /// An agent for `environment`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a parameter outside its range, [`Error::Incompatible`] if actions are not choices.
    pub fn build(self, environment: &dyn Environment, key: Key) -> Result<ActorCritic> {
        let ActionSpace::Choices(actions) = environment.actions() else {
            return Err(Error::Incompatible {
                what: "actor_critic".to_owned(),
                with: "an environment whose actions are numbers".to_owned(),
                reason: "it has a group of units for each choice".to_owned(),
            });
        };
        self.check(actions)?;
        let memory = self.memory.then(|| Memory::new(environment.num_observations()));
        let inputs = memory.as_ref().map_or(environment.num_observations(), Memory::inputs);
        let of_values = if self.values.is_some() { inputs * actions } else { 0 };
        let units = 2 * (actions * self.actor_units + self.critic_units);
        let mut stream = key.child(0).stream();
        let mut parameters = AlignedVec::zeros(inputs * (units + actions) + of_values);
        for weight in &mut parameters[..inputs * units] {
            *weight = (self.initial_weight * stream.uniform()) as f32;
        }
        Ok(ActorCritic {
            config: self,
            withheld: if self.withholds_no_response { environment.no_response() } else { self.withhold },
            num_inputs: inputs,
            weights: inputs * units,
            memory,
            values: self.values.map(|config| ActionValues::new(config, inputs * (units + actions))),
            parameters,
            choices: key.child(1).stream(),
            inputs: ActiveInputs::new(inputs),
            next: ActiveInputs::new(inputs),
            rates: vec![0.0; units],
            steps: vec![0.0; units],
            preferences: vec![0.0; actions],
            policy: vec![0.0; actions],
            value: 0.0,
            action: 0,
            prediction_error: 0.0,
            outcome_error: 0.0,
            reward: 0.0,
            contexts: Contexts::new(self.contexts),
            shelf: Place::Population("contexts".to_owned()),
            actor: Place::Population("actor".to_owned()),
            critic: Place::Population("critic".to_owned()),
            predictor: Place::Population("predictor".to_owned()),
        })
    }

    fn check(&self, actions: usize) -> Result<()> {
        let most = |name, value: usize| {
            at_least_one(name, value)?;
            let requirement = "at most 100000";
            if value <= 100_000 {
                Ok(())
            } else {
                Err(Error::InvalidParameter { name, value: value as f64, requirement })
            }
        };
        most("actor_critic.actor_units", self.actor_units)?;
        most("actor_critic.critic_units", self.critic_units)?;
        if self.contexts > 0 {
            most("actor_critic.contexts", self.contexts)?;
        }
        positive("actor_critic.learning_rate", self.learning_rate)?;
        positive("actor_critic.outcome_rate", self.outcome_rate)?;
        positive("actor_critic.actor_gain", self.actor_gain)?;
        positive("actor_critic.critic_gain", self.critic_gain)?;
        fraction("actor_critic.initial_weight", self.initial_weight)?;
        fraction("actor_critic.discount", self.discount)?;
        if let Some(values) = self.values {
            values.check()?;
        }
        if self.withhold.is_some() && self.withholds_no_response {
            let requirement = "not given where the environment says it (withholds_no_response)";
            let value = self.withhold.map_or(0.0, |choice| choice as f64);
            return Err(Error::InvalidParameter { name: "actor_critic.withhold", value, requirement });
        }
        match self.withhold.filter(|&choice| choice >= actions) {
            None => Ok(()),
            Some(choice) => Err(Error::InvalidParameter {
                name: "actor_critic.withhold",
                value: choice as f64,
                requirement: "one of the environment's choices, from 0",
            }),
        }
    }
}

impl AgentSettings for ActorCriticConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, environment: &dyn Environment, key: Key) -> Result<Box<dyn Agent>> {
        Ok(Box::new(Self::build(*self, environment, key)?))
    }

    /// Action values keep their rate in proportion, at most 1.
    fn set_learning_rate(&mut self, rate: f64) -> bool {
        if let Some(values) = &mut self.values {
            values.rate = (values.rate * rate / self.learning_rate).min(1.0);
        }
        self.learning_rate = rate;
        true
    }
}
