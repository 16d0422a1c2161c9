//! Action values: what each action brings, learned from dopamine beside the actor, and weighed in with it.
//!
//! ```text
//!     Q_k = q_k · x ,   logit_k + m_Q g Q_k
//!     Δq_a = min(1, η_Q f) (V + M − Q_a) x/|x|²
//! ```
//! x inputs `[inputs]` · q_k weights of action k `[inputs]` · a action taken · V value of the critic, M reinforcement `[reward]`: where M is the
//! critic's own error, V + M is the outcome with what follows it · η_Q rate · f factors of the modulation on the learning rate · m_Q gain, g factors on it.
//!
//! An actor whose steps are gated by 1[k = a] − π_k hardly moves once its policy is sure: after a reversal it goes on as before. The error of an action's
//! value is not gated, and the value of an arm that pays no more falls at once. Without dopamine (M = 0) values of all actions become that of the
//! policy, and say nothing.
//!
//! Cost: active inputs × actions products. Memory: actions × inputs.
//!
//! Reference: N. D. Daw, Y. Niv, P. Dayan, Nature Neuroscience 8, 1704–1711, 2005, for values of outcomes beside habits, weighed by uncertainty;
//! G. Morris, A. Nevet, D. Arkadir, E. Vaadia, H. Bergman, Nature Neuroscience 9, 1057–1063, 2006, for dopamine about the value of the action taken. The
//! form is inferred.

use serde::{Deserialize, Serialize};

use crate::error::{Result, fraction, positive};
use crate::kernel::rate::ActiveInputs;
use crate::neuromodulation::modulation::{Modulation, Place};
use crate::neuromodulation::target::Target;

/// The settings of action values.
///
/// # Example
/// ```
/// use tegmentum::behaviour::agents::actor_critic::{ActionValuesConfig, ActorCriticConfig};
///
/// let config: ActorCriticConfig = toml::from_str("values = { rate = 0.2 }")?;
/// assert_eq!(config.values, Some(ActionValuesConfig { rate: 0.2, ..ActionValuesConfig::default() }));
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ActionValuesConfig {
    /// Learning rate η_Q, above 0, at most 1: the share of an error that one trial takes away.
    pub rate: f64,
    /// Gain m_Q from value to logit, above 0.
    pub gain: f64,
}

impl Default for ActionValuesConfig {
    fn default() -> Self {
        Self { rate: 0.3, gain: 6.0 }
    }
}

impl ActionValuesConfig {
    pub(super) fn check(self) -> Result<()> {
        positive("actor_critic.values.rate", self.rate)?;
        fraction("actor_critic.values.rate", self.rate)?;
        positive("actor_critic.values.gain", self.gain)?;
        Ok(())
    }
}

/// Where the values are among the agent's parameters.
#[derive(Clone, Debug)]
pub(super) struct ActionValues {
    config: ActionValuesConfig,
    first: usize,
    pub(super) place: Place,
}

impl ActionValues {
    pub(super) fn new(config: ActionValuesConfig, first: usize) -> Self {
        Self { config, first, place: Place::Population("values".to_owned()) }
    }

    /// Adds what each value says to the preferences.
    pub(super) fn weigh_in(
        &self,
        parameters: &[f32],
        inputs: (&ActiveInputs, usize),
        modulation: &Modulation,
        preferences: &mut [f32],
    ) {
        let gain = (self.config.gain * modulation.at(&self.place, Target::Gain)) as f32;
        for (weights, preference) in parameters[self.first..].chunks_exact(inputs.1).zip(preferences) {
            *preference += gain * inputs.0.dot(weights);
        }
    }

    /// Moves the value of `action` towards `outcome`, in units of reward, by what the modulation makes of the rate.
    pub(super) fn learn(
        &self,
        parameters: &mut [f32],
        inputs: (&ActiveInputs, usize),
        (action, outcome): (usize, f64),
        modulation: &Modulation,
    ) {
        let (inputs, count) = inputs;
        let size: f32 = inputs.values().iter().map(|value| value * value).sum();
        if size <= 0.0 {
            return;
        }
        let first = self.first + action * count;
        let weights = &mut parameters[first..first + count];
        let error = outcome - f64::from(inputs.dot(weights));
        let mut factor = modulation.at(&self.place, Target::LearningRate);
        if error < 0.0 {
            factor *= modulation.at(&self.place, Target::NegativeLearningRate);
        }
        let step = ((self.config.rate * factor).min(1.0) * error) as f32 / size;
        for (&index, value) in inputs.indices().iter().zip(inputs.values()) {
            weights[index] += step * value;
        }
    }
}
