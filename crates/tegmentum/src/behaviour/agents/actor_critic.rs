//! Actor–critic of rate units, with an excitatory and an inhibitory group for each action.
//!
//! # Activity
//! ```text
//!     r = tanh(g [W x]₊) ,  W ∈ [0, 1]
//!     logit_k = (m_A (⟨E_k⟩ − ⟨I_k⟩) − θ_k)/T ,  π = softmax(logit) ,  a ~ π
//!     V = m_V (⟨E⟩ − ⟨I⟩) of the critic ,  ô_k = w_k · x
//! ```
//! # Learning
//! ```text
//!     δ = r + γ V(x') − V(x) ,  V(x') = 0 at the end of a trial ;      M = reinforcement, δ if there is none
//!     actor    ΔW_E[k] = +η M (1[k = a] − π_k) x ,  ΔW_I[k] = −η M (1[k = a] − π_k) x
//!     critic   ΔW_E = +η M x ,  ΔW_I = −η M x
//!     outcome  e = r − ô_a ,  Δw_a = η_o e x
//! ```
//! x observation, floored at 0 `[inputs]` · r rates, ⟨·⟩ mean over a group · k action · a the one taken · π policy ·
//! m_A, m_V gains (20, 2) · W weights, clipped to `[0, 1]` · w weights of the predictor of outcomes.
//!
//! The critic knows the value of the policy, the predictor the outcome of each action: after a change the second one errs where
//! the first does not. Both are linear in what they are wrong about, so no trace is needed while a trial is one step; over
//! several steps δ carries value back from one to the one before.
//!
//! # Modulation
//! | target | place | effect |
//! |---|---|---|
//! | reinforcement | network | M, the third factor of actor and critic |
//! | learning rate | network, populations `actor`, `critic` | factor on η |
//! | learning rate | population `predictor` alone, not the network | factor on η_o: the predictor of outcomes belongs to what measures surprise |
//! | negative learning rate | network, populations `actor`, `critic` | further factor on η where M < 0 |
//! | temperature | network, population `actor` | T |
//! | threshold | network, population `actor` | θ_k of every action but the one named `withhold`; no effect if none is named |
//! | gain | network, populations `actor`, `critic` | g |
//! | discount | network | factor on γ |
//! | reset | network, population `contexts` | with `contexts` above 0, its rising edge calls the memory of contexts: `actor_critic/contexts.rs` |
//!
//! | learning rates, gain | population `values` | with `values`: `actor_critic/values.rs` |
//!
//! Nothing else.
//!
//! # Options
//! `withhold` names the choice that is no response, `withholds_no_response` leaves that to the environment: without such a choice a threshold has no
//! effect. `values` adds action values to the logits (`values.rs`), `memory` holds the first observation of a trial (`memory.rs`), `contexts` keeps old
//! rules (`contexts.rs`). With `memory` x is longer: `[2 n + 1]`.
//!
//! # Signals
//! Reward, V, δ, e, entropy of π in bits, variance over actions of the logits at T = 1.
//!
//! # Cost
//! Inputs above zero × units products to act and as many to learn; no allocation. Memory: inputs × (units + actions), and
//! as much for each context.
//!
//! # Parameters
//! W `[inputs × units]`, input-major, units in the order E_0, I_0, E_1, I_1, …, critic E, critic I; then w `[actions × inputs]`, then those of the action
//! values `[actions × inputs]`, if there are any.
//!
//! # Reference
//! Groups, net rates, temporal difference and the critic are those of arXiv:2501.06762, section 6, in spiking form; the feedback
//! gate `1[k = a] − π_k` is that of the rule it names (arXiv:2008.13044). That units are rates, all sizes and rates, and the
//! form of the predictor are inferred.

mod config;
mod contexts;
mod memory;
mod values;

pub use self::config::ActorCriticConfig;
pub use self::values::ActionValuesConfig;

use self::contexts::{ContextTrial, Contexts};
use self::memory::Memory;
use self::values::ActionValues;
use crate::behaviour::agent::{Agent, Feedback};
use crate::behaviour::environment::Action;
use crate::error::{Error, Result};
use crate::kernel::aligned::AlignedVec;
use crate::kernel::math;
use crate::kernel::rate::{ActiveInputs, add_outer_clipped, rectified_tanh, sum_rows};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::{Modulation, Place};
use crate::neuromodulation::signals::Signals;
use crate::neuromodulation::target::Target;
use crate::random::Stream;

/// Smallest temperature of a choice.
const MIN_TEMPERATURE: f64 = 1e-3;

/// The agent; see the module's head.
///
/// # Example
/// ```
/// use tegmentum::behaviour::agent::Agent;
/// use tegmentum::behaviour::agents::AgentConfig;
/// use tegmentum::behaviour::environments::EnvironmentConfig;
/// use tegmentum::random::Key;
///
/// let environment = EnvironmentConfig::from_name("go_no_go")?.build(Key::from_seed(1))?;
/// let agent = AgentConfig::from_name("actor_critic")?.build(&*environment, Key::from_seed(2))?;
/// assert_eq!(agent.parameters().len(), 80 * (160 + 2));
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ActorCritic {
    config: ActorCriticConfig,
    /// The choice that is no response.
    withheld: Option<usize>,
    /// Inputs, with those of the working memory.
    num_inputs: usize,
    memory: Option<Memory>,
    values: Option<ActionValues>,
    /// Number of parameters that are weights of units; those of the predictor follow.
    weights: usize,
    parameters: AlignedVec,
    choices: Stream,
    inputs: ActiveInputs,
    next: ActiveInputs,
    rates: Vec<f32>,
    steps: Vec<f32>,
    /// Logits at a temperature of one.
    preferences: Vec<f32>,
    policy: Vec<f32>,
    value: f64,
    action: usize,
    prediction_error: f64,
    outcome_error: f64,
    reward: f64,
    contexts: Contexts,
    shelf: Place,
    actor: Place,
    critic: Place,
    predictor: Place,
}

crate::archived!(
    ActorCritic { choices, value, action, prediction_error, outcome_error, reward, contexts }
    sized { parameters, policy }
    fixed { config, withheld, num_inputs, memory, values, weights, inputs, next, rates, steps, preferences, shelf, actor, critic, predictor }
);

impl ActorCritic {
    /// The policy under `parameters` (as [`Agent::parameters`] gives them) at `observation` `[inputs]`: for a look at the
    /// landscape around what was learned. Nothing of the agent changes but the activity of its units.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] if there are not as many parameters as the agent has.
    pub fn policy(&mut self, parameters: &[f32], observation: &[f32], modulation: &Modulation) -> Result<Vec<f64>> {
        let expected = self.parameters.len();
        if parameters.len() != expected {
            return Err(Error::ShapeMismatch { what: "parameters", expected, found: parameters.len() });
        }
        self.inputs.set(seen(&mut self.memory, observation));
        sum_rows(&parameters[..self.weights], &self.inputs, &mut self.rates);
        self.prefer(modulation);
        if let Some(values) = &self.values {
            values.weigh_in(parameters, (&self.inputs, self.num_inputs), modulation, &mut self.preferences);
        }
        self.decide(modulation);
        Ok(self.policy.iter().map(|&share| f64::from(share)).collect())
    }

    /// Units of the actor.
    fn actor_units(&self) -> usize {
        self.rates.len() - 2 * self.config.critic_units
    }

    /// From sums of inputs to rates, preferences and value.
    fn prefer(&mut self, modulation: &Modulation) {
        let gain = modulation.at(&self.actor, Target::Gain) as f32;
        let critic_gain = modulation.at(&self.critic, Target::Gain) as f32;
        let threshold = modulation.at(&self.actor, Target::Threshold) as f32;
        let split = self.actor_units();
        let (actor, critic) = self.rates.split_at_mut(split);
        rectified_tanh(gain, actor);
        rectified_tanh(critic_gain, critic);
        for (action, preference) in self.preferences.iter_mut().enumerate() {
            let group = &actor[2 * action * self.config.actor_units..2 * (action + 1) * self.config.actor_units];
            *preference = self.config.actor_gain as f32 * net_rate(group);
            if self.withheld.is_some_and(|withheld| withheld != action) {
                *preference -= threshold;
            }
        }
        self.value = self.config.critic_gain * f64::from(net_rate(critic));
    }

    /// From preferences to the policy.
    fn decide(&mut self, modulation: &Modulation) {
        let temperature = self.contexts.steady(modulation.at(&self.actor, Target::Temperature));
        let temperature = temperature.max(MIN_TEMPERATURE) as f32;
        softmax(&self.preferences, temperature, &mut self.policy);
    }

    /// The value of an observation within a trial.
    fn value_of(&mut self, observation: &[f32], modulation: &Modulation) -> f64 {
        self.next.set(seen(&mut self.memory, observation));
        sum_rows(&self.parameters[..self.weights], &self.next, &mut self.steps);
        let split = self.actor_units();
        let gain = modulation.at(&self.critic, Target::Gain) as f32;
        let critic = &mut self.steps[split..];
        rectified_tanh(gain, critic);
        self.config.critic_gain * f64::from(net_rate(critic))
    }

    /// Lets the memory of contexts see the trial. Whether one came back.
    fn context_returns(&mut self, modulation: &Modulation) -> bool {
        if self.config.contexts == 0 {
            return false;
        }
        let trial = ContextTrial {
            inputs: &self.inputs,
            predictor: self.weights,
            action: self.action,
            num_inputs: self.num_inputs,
            reward: self.reward,
            outcome_error: self.outcome_error,
        };
        let reset = modulation.at(&self.shelf, Target::Reset) >= 1.0;
        self.contexts.observe(&trial, reset, &mut self.parameters)
    }

    /// The predictor's weights of the action taken.
    fn outcome_weights(&mut self) -> &mut [f32] {
        let first = self.weights + self.action * self.num_inputs;
        &mut self.parameters[first..first + self.num_inputs]
    }
}

/// What is seen at `observation`: with what the working memory holds, if there is one.
fn seen<'a>(memory: &'a mut Option<Memory>, observation: &'a [f32]) -> &'a [f32] {
    match memory {
        Some(memory) => memory.see(observation),
        None => observation,
    }
}

/// Mean of the first half minus mean of the second half of `rates`, each summed in order.
fn net_rate(rates: &[f32]) -> f32 {
    let (excitatory, inhibitory) = rates.split_at(rates.len() / 2);
    let difference = excitatory.iter().sum::<f32>() - inhibitory.iter().sum::<f32>();
    difference / excitatory.len() as f32
}

/// `policy = softmax(preferences/temperature)`.
fn softmax(preferences: &[f32], temperature: f32, policy: &mut [f32]) {
    let largest = preferences.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for (share, preference) in policy.iter_mut().zip(preferences) {
        *share = math::exp((preference - largest) / temperature);
        sum += *share;
    }
    for share in policy {
        *share /= sum;
    }
}

/// Entropy of a policy in bits.
fn entropy(policy: &[f32]) -> f64 {
    let nats: f32 = policy.iter().filter(|&&share| share > 0.0).map(|&share| -share * math::ln(share)).sum();
    f64::from(nats) * std::f64::consts::LOG2_E
}

/// Variance of `values`, all of them known.
fn variance(values: &[f32]) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
    values.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / count
}

impl Agent for ActorCritic {
    fn act(&mut self, observation: &[f32], modulation: &Modulation) -> Action {
        self.inputs.set(seen(&mut self.memory, observation));
        if let Some(memory) = &mut self.memory {
            memory.hold(observation);
        }
        sum_rows(&self.parameters[..self.weights], &self.inputs, &mut self.rates);
        self.prefer(modulation);
        if let Some(values) = &self.values {
            values.weigh_in(&self.parameters, (&self.inputs, self.num_inputs), modulation, &mut self.preferences);
        }
        self.decide(modulation);
        let draw = self.choices.uniform();
        let mut below = 0.0;
        let chosen = self.policy.iter().position(|&share| {
            below += f64::from(share);
            draw < below
        });
        self.action = chosen.unwrap_or(self.policy.len() - 1);
        Action::Choice(self.action)
    }

    fn appraise(&mut self, feedback: &Feedback<'_>, modulation: &Modulation) -> Signals {
        let mut expected = feedback.reward;
        if !feedback.end_of_trial {
            let discount = (self.config.discount * modulation.discount).min(1.0);
            expected += discount * self.value_of(feedback.observation, modulation);
        } else if let Some(memory) = &mut self.memory {
            memory.release();
        }
        self.reward = feedback.reward;
        self.prediction_error = expected - self.value;
        let inputs = std::mem::take(&mut self.inputs);
        self.outcome_error = feedback.reward - f64::from(inputs.dot(self.outcome_weights()));
        self.inputs = inputs;
        Signals {
            reward: Some(feedback.reward),
            value: Some(self.value),
            prediction_error: Some(self.prediction_error),
            outcome_error: Some(self.outcome_error),
            policy_entropy: Some(entropy(&self.policy)),
            action_value_variance: Some(variance(&self.preferences)),
            ..Signals::default()
        }
    }

    fn learn(&mut self, modulation: &Modulation) {
        if self.context_returns(modulation) {
            return;
        }
        let reinforcement = modulation.reinforcement.unwrap_or(self.prediction_error);
        let step = |place: &Place| {
            let mut rate = self.config.learning_rate * self.contexts.steady(modulation.at(place, Target::LearningRate));
            if reinforcement < 0.0 {
                rate *= modulation.at(place, Target::NegativeLearningRate);
            }
            (rate * reinforcement) as f32
        };
        let (actor, critic) = (step(&self.actor), step(&self.critic));
        let split = self.actor_units();
        let (of_actor, of_critic) = self.steps.split_at_mut(split);
        for (action, group) in of_actor.chunks_exact_mut(2 * self.config.actor_units).enumerate() {
            let gate = f32::from(u8::from(action == self.action)) - self.policy[action];
            fill_opposed(group, actor * gate);
        }
        fill_opposed(of_critic, critic);
        add_outer_clipped(&mut self.parameters[..self.weights], &self.inputs, &self.steps);
        if let Some(values) = &self.values {
            let outcome = self.value + reinforcement;
            values.learn(&mut self.parameters, (&self.inputs, self.num_inputs), (self.action, outcome), modulation);
        }

        // Of the rate of learning the predictor obeys only what is said to itself.
        let own = modulation.local.iter().filter(|effect| effect.place == self.predictor);
        let factor: f64 =
            own.filter(|effect| effect.target == Target::LearningRate).map(|effect| effect.value).product();
        let step = (self.config.outcome_rate * factor * self.outcome_error) as f32;
        let inputs = std::mem::take(&mut self.inputs);
        let weights = self.outcome_weights();
        for (&index, value) in inputs.indices().iter().zip(inputs.values()) {
            weights[index] += step * value;
        }
        self.inputs = inputs;
    }

    fn hears(&self) -> Vec<Heard> {
        let rates = [Target::LearningRate, Target::NegativeLearningRate];
        let withholds = self.config.withhold.is_some() || self.config.withholds_no_response;
        let threshold: &[Target] = if withholds { &[Target::Threshold] } else { &[] };
        let reset: &[Target] = if self.config.contexts > 0 { &[Target::Reset] } else { &[] };
        let of_values = self.values.as_ref().map_or_else(Vec::new, |values| {
            Heard::at(&values.place, &[Target::LearningRate, Target::NegativeLearningRate, Target::Gain])
        });
        let everywhere = [Target::Gain, Target::Temperature, Target::Discount, Target::Reinforcement];
        [
            Heard::everywhere(&rates),
            Heard::everywhere(&everywhere),
            Heard::everywhere(threshold),
            Heard::everywhere(reset),
            Heard::at(&self.actor, &rates),
            Heard::at(&self.actor, &[Target::Gain, Target::Temperature]),
            Heard::at(&self.actor, threshold),
            Heard::at(&self.critic, &rates),
            Heard::at(&self.critic, &[Target::Gain]),
            Heard::at(&self.predictor, &[Target::LearningRate]),
            Heard::at(&self.shelf, reset),
            of_values,
        ]
        .concat()
    }

    fn parameters(&self) -> &[f32] {
        &self.parameters
    }

    fn state_bytes(&self) -> usize {
        size_of::<f32>() * self.parameters.len() + self.contexts.state_bytes()
    }

    crate::archives!();
}

/// `+step` in the first half of `steps`, `−step` in the second.
fn fill_opposed(steps: &mut [f32], step: f32) {
    let (excitatory, inhibitory) = steps.split_at_mut(steps.len() / 2);
    excitatory.fill(step);
    inhibitory.fill(-step);
}

#[cfg(test)]
mod tests;
