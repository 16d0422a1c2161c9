//! Spiking actor–critic: groups of excitatory and inhibitory cells, R-STDP with dopamine as third factor, and a predictive
//! network whose surprise can reach the locus coeruleus.
//!
//! ```text
//!     p_j ← p_j e^(−1/τ+) + s_j ,   e_ji = p_j s_i                              pairings, pre before post
//!     z_ji ← z_ji e^(−1/τ_z) + e_ji/τ_z ,   x_i ← x_i e^(−1/τ_n) + (1 − e^(−1/τ_n)) s_i
//!     V = m_V (mean_E x − mean_I x) ,   logit_k = m_A (mean_E x − mean_I x)_k ,   π = softmax(logit/temperature)
//!     δ = r + γ V' − V                                    V' = 0 at the end of a trial
//!     critic       ΔW_E = +η_c M z ,   ΔW_I = −η_c M z
//!     actor        q_ji ← q_ji e^(−1/τ_q) + (1[k = a] − π_k) z_ji/τ_q ,   ΔW_E = +η_a M q ,   ΔW_I = −η_a M q
//!     prediction   ŷ = m_V (mean_E x − mean_I x)_a ,   ê from error cells ,   ΔW_E = +η_p ê z ,   ΔW_I = −η_p ê z ,   a alone
//! ```
//! s_j spikes of the input, after their axon's delay · s_i spikes of a group's cells · x rates [1/ms] · M third factor:
//! `Modulation::reinforcement` (dopamine), δ if there is none · W in `[0, largest]`: input cells are excitatory, and stay so.
//! Rates are divided by 1 − e^(−t/τ_n), what a constant rate would have reached since the trial began.
//!
//! # A trial
//! Stimulus for `stimulus_duration` ms; the choice is made from the net rates at its end; the stimulus stays for `hold_duration` ms, in
//! which feedback of the choice is there; then the outcome: error cells compare it with the prediction, dopamine comes, weights move.
//! A step that does not end a trial is followed by a look at the next observation, for V'.
//!
//! # What it obeys
//! Reinforcement, learning rate (also of `actor` and `critic` alone, and for negative δ), temperature, discount, gain (of all input),
//! threshold (subtracted from the logit of every choice but the first) and bursting: level n of the `excitatory` cells (or those of
//! `actor` or `critic` alone), which moves them from regular spiking to bursts and adds a drive that the cells of a group share. The
//! prediction's own learning is not modulated.
//!
//! # Cost
//! For each trial: one addition for each synapse of an input spike, ~25 operations a cell and millisecond, one sweep over the inputs for
//! each spike of a cell, one over all weights. About a millisecond for 80 inputs and 512 cells.
//!
//! # References
//! 1. S. Chung, R. Kozma, arXiv:2008.13044, and its code `td_stdp`: the rule (LTP term alone, no LTD), groups, constants.
//! 2. arXiv:2501.06762, section 6: actor, critic and predictive network; no constant is reported. That trials have one choice, the
//!    Izhikevich cells with their background, delays, all constants and the shared drive ("correlated bursting") are inferred.
//! 3. M. Barry, W. Gerstner: error cells; see [`error_cells`](crate::behaviour::spiking::error_cells).

mod credit;
mod group;
mod input;
#[cfg(test)]
mod tests;

use credit::Credit;
use group::{Anatomy, Arrivals, Group};
use input::Input;
use serde::{Deserialize, Serialize};

use crate::behaviour::agent::{Agent, AgentSettings, Feedback, Raster};
use crate::behaviour::environment::{Action, ActionSpace, Environment};
use crate::behaviour::spiking::error_cells::{ErrorCells, Surprise};
use crate::behaviour::spiking::izhikevich::{IzhikevichConfig, MAX_BURSTING};
use crate::behaviour::spiking::population::Background;
use crate::behaviour::spiking::{CellConfig, kept};
use crate::error::{Error, Result, at_least_one, fraction, positive};
use crate::kernel::math;
use crate::neuromodulation::modulation::{Modulation, Place, Target};
use crate::neuromodulation::signals::Signals;
use crate::random::{Key, Stream};
use crate::registry::Description;

/// The entry of the registry.
const DESCRIPTION: Description = Description {
    name: "spiking_actor_critic",
    summary: "spiking groups for each action and the value, R-STDP under dopamine, a predictive network for surprise",
    reference: "Chung & Kozma, arXiv:2008.13044; arXiv:2501.06762, section 6; constants inferred",
};

/// The settings.
///
/// # Example
/// ```
/// use tegmentum::behaviour::agents::spiking_actor_critic::SpikingActorCriticConfig;
///
/// let config: SpikingActorCriticConfig = toml::from_str("choice_gain = 100.0")?;
/// assert_eq!(config.critic_cells, 64);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SpikingActorCriticConfig {
    /// Input cells for each number of an observation.
    pub cells_per_observation: usize,
    /// Rate of active input cells, in hertz, at most 1000.
    pub active_rate: f64,
    /// Largest rate of input cells that are not active, in hertz; each has its own, uniform from 0.
    pub largest_background_rate: f64,
    /// Longest delay of the input's axons, in ms; each has its own, from 1.
    pub longest_delay: u8,
    /// Milliseconds from the stimulus to the choice.
    pub stimulus_duration: usize,
    /// Milliseconds from the choice to the outcome.
    pub hold_duration: usize,
    /// Milliseconds for which error cells see the outcome.
    pub outcome_duration: u32,
    /// Excitatory cells of the critic; as many are inhibitory.
    pub critic_cells: usize,
    /// Excitatory cells of the actor for each action; as many are inhibitory.
    pub actor_cells: usize,
    /// Excitatory cells of the predictive network for each action; as many are inhibitory.
    pub prediction_cells: usize,
    /// Error cells of each sign.
    pub error_cells: usize,
    /// Kind of the excitatory cells.
    pub excitatory: CellConfig,
    /// Kind of the inhibitory cells.
    pub inhibitory: CellConfig,
    /// Background input of all cells of the groups.
    pub background: Background,
    /// Size of the drive that bursting cells of a group share, at the full bursting level; in units of input.
    pub shared_drive: f64,
    /// First weights are uniform from 0 to this.
    pub first_weight: f64,
    /// No weight exceeds this.
    pub largest_weight: f64,
    /// τ_n of the rates, in ms.
    pub rate_time_constant: f64,
    /// τ+ of the presynaptic trace, in ms.
    pub presynaptic_time_constant: f64,
    /// τ_z of eligibility, in ms.
    pub eligibility_time_constant: f64,
    /// τ_q of eligibility with feedback, in ms.
    pub feedback_time_constant: f64,
    /// m_A: logit for a net rate of one spike a millisecond.
    pub choice_gain: f64,
    /// m_V: value for a net rate of one spike a millisecond.
    pub value_gain: f64,
    /// Discount γ from one step of a trial to the next.
    pub discount: f64,
    /// η_a.
    pub actor_learning_rate: f64,
    /// η_c.
    pub critic_learning_rate: f64,
    /// η_p.
    pub prediction_learning_rate: f64,
}

impl Default for SpikingActorCriticConfig {
    fn default() -> Self {
        Self {
            cells_per_observation: 1,
            active_rate: 200.0,
            largest_background_rate: 5.0,
            longest_delay: 5,
            stimulus_duration: 100,
            hold_duration: 30,
            outcome_duration: 100,
            critic_cells: 64,
            actor_cells: 32,
            prediction_cells: 32,
            error_cells: 64,
            excitatory: CellConfig::Izhikevich(IzhikevichConfig::REGULAR_SPIKING),
            inhibitory: CellConfig::Izhikevich(IzhikevichConfig::REGULAR_SPIKING),
            background: Background { mean: 3.0, spread: 5.0 },
            shared_drive: 5.0,
            first_weight: 1.0,
            largest_weight: 4.0,
            rate_time_constant: 40.0,
            presynaptic_time_constant: 20.0,
            eligibility_time_constant: 40.0,
            feedback_time_constant: 40.0,
            choice_gain: 200.0,
            value_gain: 20.0,
            discount: 0.9,
            actor_learning_rate: 2.0,
            critic_learning_rate: 1.5,
            prediction_learning_rate: 3.0,
        }
    }
}

impl SpikingActorCriticConfig {
    /// An agent for `environment`; wiring, first weights and all spikes follow from `key`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a parameter outside its range, [`Error::Incompatible`] for an environment without choices.
    pub fn build(&self, environment: &dyn Environment, key: Key) -> Result<SpikingActorCritic> {
        self.check()?;
        let ActionSpace::Choices(actions) = environment.actions() else {
            return Err(Error::Incompatible {
                what: "spiking_actor_critic".to_owned(),
                with: "an environment whose actions are numbers".to_owned(),
                reason: "it has a group of cells for each choice; take an environment with choices".to_owned(),
            });
        };
        let input = Input::new(self, environment.num_observations(), key.child(0))?;
        let anatomy = |cells| Anatomy {
            inputs: input.cells(),
            cells,
            excitatory: &self.excitatory,
            inhibitory: &self.inhibitory,
            background: self.background,
            rate_kept: kept(self.rate_time_constant),
        };
        let critic = Group::new("critic", &anatomy(self.critic_cells), 0)?;
        let mut end = critic.end();
        let mut groups = |name: &str, cells: usize| -> Result<Vec<Group>> {
            let mut groups = Vec::with_capacity(actions);
            for action in 0..actions {
                groups.push(Group::new(&format!("{name} {action}"), &anatomy(cells), end)?);
                end = groups[action].end();
            }
            Ok(groups)
        };
        let actor = groups("actor", self.actor_cells)?;
        let prediction = groups("prediction", self.prediction_cells)?;
        let mut stream = key.child(1).stream();
        let weights = (0..end).map(|_| (self.first_weight * stream.uniform()) as f32).collect();
        let duration = self.stimulus_duration + self.hold_duration;
        let credit =
            Credit::new(duration, self.stimulus_duration, self.eligibility_time_constant, self.feedback_time_constant);
        let error_cells = ErrorCells::new(self.error_cells, self.outcome_duration)?;
        let raster = empty_raster(&input, &critic, &actor, &prediction, &error_cells, duration);
        Ok(SpikingActorCritic {
            config: self.clone(),
            places: ["excitatory", "actor", "critic"].map(|name| Place::Population(name.to_owned())),
            input,
            critic,
            actor,
            prediction,
            error_cells,
            credit,
            weights,
            key: key.child(2),
            choices: key.child(3).stream(),
            moment: 0,
            decision: Decision { policy: vec![1.0 / actions as f64; actions], ..Decision::default() },
            raster,
        })
    }

    fn check(&self) -> Result<()> {
        at_least_one("cells_per_observation", self.cells_per_observation)?;
        at_least_one("longest_delay", usize::from(self.longest_delay))?;
        at_least_one("stimulus_duration", self.stimulus_duration)?;
        at_least_one("hold_duration", self.hold_duration)?;
        at_least_one("critic_cells", self.critic_cells)?;
        at_least_one("actor_cells", self.actor_cells)?;
        at_least_one("prediction_cells", self.prediction_cells)?;
        for (name, rate) in
            [("active_rate", self.active_rate), ("largest_background_rate", self.largest_background_rate)]
        {
            if !(0.0..=1000.0).contains(&rate) {
                return Err(Error::InvalidParameter { name, value: rate, requirement: "between 0 and 1000 hertz" });
            }
        }
        fraction("discount", self.discount)?;
        for (name, value) in [
            ("first_weight", self.first_weight),
            ("shared_drive", self.shared_drive),
            ("actor_learning_rate", self.actor_learning_rate),
            ("critic_learning_rate", self.critic_learning_rate),
            ("prediction_learning_rate", self.prediction_learning_rate),
        ] {
            if !(value.is_finite() && value >= 0.0) {
                return Err(Error::InvalidParameter { name, value, requirement: "a finite number, at least 0" });
            }
        }
        for (name, value) in [
            ("largest_weight", self.largest_weight),
            ("rate_time_constant", self.rate_time_constant),
            ("presynaptic_time_constant", self.presynaptic_time_constant),
            ("eligibility_time_constant", self.eligibility_time_constant),
            ("feedback_time_constant", self.feedback_time_constant),
            ("choice_gain", self.choice_gain),
            ("value_gain", self.value_gain),
        ] {
            positive(name, value)?;
        }
        Ok(())
    }
}

impl AgentSettings for SpikingActorCriticConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, environment: &dyn Environment, key: Key) -> Result<Box<dyn Agent>> {
        Ok(Box::new(Self::build(self, environment, key)?))
    }

    /// Sets the actor's learning rate, those of the critic and of the prediction in proportion.
    fn set_learning_rate(&mut self, rate: f64) -> bool {
        if self.actor_learning_rate > 0.0 {
            let factor = rate / self.actor_learning_rate;
            self.critic_learning_rate *= factor;
            self.prediction_learning_rate *= factor;
        }
        self.actor_learning_rate = rate;
        true
    }
}

/// What was decided and expected at the last step.
#[derive(Clone, Debug, Default)]
struct Decision {
    action: usize,
    policy: Vec<f64>,
    /// Variance over actions of their logits.
    preference_variance: f64,
    value: f64,
    predicted: f64,
    prediction_error: f64,
    surprise: Surprise,
}

/// The agent; see the module's head.
#[derive(Debug)]
pub struct SpikingActorCritic {
    config: SpikingActorCriticConfig,
    /// Excitatory cells, actor, critic.
    places: [Place; 3],
    input: Input,
    critic: Group,
    actor: Vec<Group>,
    prediction: Vec<Group>,
    error_cells: ErrorCells,
    credit: Credit,
    weights: Vec<f32>,
    key: Key,
    choices: Stream,
    moment: u64,
    decision: Decision,
    raster: Raster,
}

impl SpikingActorCritic {
    /// What the error cells said of the last outcome.
    pub fn surprise(&self) -> Surprise {
        self.decision.surprise
    }

    /// Probabilities of the actions at the last choice `[actions]`.
    pub fn policy(&self) -> &[f64] {
        &self.decision.policy
    }

    /// Rest, with what modulators do to cells, and the input of `observation`.
    fn begin(&mut self, observation: &[f32], modulation: &Modulation) {
        let key = self.key.child(self.moment);
        self.moment += 1;
        self.input.begin(observation, key.child(0));
        let [excitatory, actor, critic] = &self.places;
        let at = |place| modulation.at(place, Target::Bursting) - modulation.bursting;
        let everywhere = modulation.at(excitatory, Target::Bursting);
        let gain = modulation.gain as f32;
        let state = |level: f64| {
            let level = (level as f32).clamp(0.0, MAX_BURSTING);
            (level, self.config.shared_drive as f32 * level / MAX_BURSTING)
        };
        let (bursting, drive) = state(everywhere + at(critic));
        self.critic.set_state(bursting, drive, gain);
        let (bursting, drive) = state(everywhere + at(actor));
        self.actor.iter_mut().for_each(|group| group.set_state(bursting, drive, gain));
        self.prediction.iter_mut().for_each(|group| group.set_state(0.0, 0.0, gain));
        let groups = std::iter::once(&mut self.critic).chain(&mut self.actor).chain(&mut self.prediction);
        groups.zip(1..).for_each(|(group, index)| group.begin(key.child(index)));
    }

    /// Runs all groups for the milliseconds `from..to` of a trial.
    fn run(&mut self, from: usize, to: usize) {
        let spikes = &mut self.raster.spikes;
        for time in from..to {
            let (fired, arrived, traces) = self.input.step();
            let stamp = time as f32;
            spikes.extend(fired.iter().map(|&cell| (stamp, cell)));
            let mut first = traces.len() as u32;
            let [direct, gated] = [self.credit.direct[time], self.credit.gated[time]].map(|worth| Arrivals {
                spikes: arrived,
                traces,
                worth,
            });
            let critic = std::iter::once((&mut self.critic, direct));
            let actor = self.actor.iter_mut().map(|group| (group, gated));
            let prediction = self.prediction.iter_mut().map(|group| (group, direct));
            for (group, arrivals) in critic.chain(actor).chain(prediction) {
                group.step(&self.weights, arrivals, |cell| spikes.push((stamp, first + cell)));
                first += group.cells() as u32;
            }
        }
    }

    /// Chooses from the net rates of now.
    fn choose(&mut self, modulation: &Modulation) {
        let gain = self.config.choice_gain / modulation.temperature.max(1e-6);
        let threshold = modulation.threshold / modulation.temperature.max(1e-6);
        let mut logits: Vec<f64> = self.actor.iter().map(|group| gain * f64::from(group.net_rate())).collect();
        logits.iter_mut().skip(1).for_each(|logit| *logit -= threshold);
        let mean = logits.iter().sum::<f64>() / logits.len() as f64;
        self.decision.preference_variance =
            logits.iter().map(|logit| (logit - mean).powi(2)).sum::<f64>() / logits.len() as f64;
        softmax(&mut logits);
        let draw = self.choices.uniform();
        let mut below = 0.0;
        self.decision.action = logits.len() - 1;
        for (action, probability) in logits.iter().enumerate() {
            below += probability;
            if draw < below {
                self.decision.action = action;
                break;
            }
        }
        self.decision.policy = logits;
        let value_gain = self.config.value_gain;
        self.decision.value = value_gain * f64::from(self.critic.net_rate());
        self.decision.predicted = value_gain * f64::from(self.prediction[self.decision.action].net_rate());
    }

    /// The value of an observation, seen without learning from it.
    fn look(&mut self, observation: &[f32], modulation: &Modulation) -> f64 {
        let key = self.key.child(self.moment).child(0);
        self.moment += 1;
        self.input.begin(observation, key.child(0));
        // A group of its own state: eligibility of the last choice must last until dopamine comes.
        let eligible = self.critic.take_eligibility();
        self.critic.begin(key.child(1));
        for _ in 0..self.config.stimulus_duration {
            let (_, spikes, traces) = self.input.step();
            self.critic.step(&self.weights, Arrivals { spikes, traces, worth: 0.0 }, |_| {});
        }
        self.critic.give_eligibility(eligible);
        self.config.discount * modulation.discount * self.config.value_gain * f64::from(self.critic.net_rate())
    }
}

impl Agent for SpikingActorCritic {
    fn act(&mut self, observation: &[f32], modulation: &Modulation) -> Action {
        let duration = self.config.stimulus_duration + self.config.hold_duration;
        self.raster.spikes.clear();
        self.begin(observation, modulation);
        self.run(0, self.config.stimulus_duration);
        self.choose(modulation);
        self.run(self.config.stimulus_duration, duration);
        Action::Choice(self.decision.action)
    }

    fn appraise(&mut self, feedback: &Feedback<'_>, modulation: &Modulation) -> Signals {
        let key = self.key.child(self.moment).child(1);
        let mut spikes = Vec::new();
        let surprise = self.error_cells.compare(feedback.reward, self.decision.predicted, key, &mut spikes);
        let start = (self.config.stimulus_duration + self.config.hold_duration) as f32;
        let first = self.raster.cells - 2 * self.error_cells.cells() as u32;
        self.raster.spikes.extend(spikes.iter().map(|&(time, cell)| (start + time as f32, first + cell)));
        let next = if feedback.end_of_trial { 0.0 } else { self.look(feedback.observation, modulation) };
        let decision = &mut self.decision;
        decision.surprise = surprise;
        decision.prediction_error = feedback.reward + next - decision.value;
        Signals {
            reward: Some(feedback.reward),
            value: Some(decision.value),
            prediction_error: Some(decision.prediction_error),
            outcome_error: Some(surprise.error),
            policy_entropy: Some(entropy(&decision.policy)),
            action_value_variance: Some(decision.preference_variance),
            ..Signals::default()
        }
    }

    fn learn(&mut self, modulation: &Modulation) {
        let error = self.decision.prediction_error;
        let third = modulation.reinforcement.unwrap_or(error);
        let [_, actor, critic] = &self.places;
        let rate = |place: &Place| {
            let rate = modulation.at(place, Target::LearningRate);
            if error < 0.0 { rate * modulation.at(place, Target::NegativeLearningRate) } else { rate }
        };
        let largest = self.config.largest_weight as f32;
        let step = self.config.critic_learning_rate * rate(critic) * third;
        self.critic.learn(&mut self.weights, step as f32, largest);
        for (action, group) in self.actor.iter().enumerate() {
            let feedback = f64::from(u8::from(action == self.decision.action)) - self.decision.policy[action];
            let step = self.config.actor_learning_rate * rate(actor) * third * feedback;
            group.learn(&mut self.weights, step as f32, largest);
        }
        let step = self.config.prediction_learning_rate * self.decision.surprise.error;
        self.prediction[self.decision.action].learn(&mut self.weights, step as f32, largest);
    }

    fn parameters(&self) -> &[f32] {
        &self.weights
    }

    fn state_bytes(&self) -> usize {
        let groups = self.actor.iter().chain(&self.prediction).chain([&self.critic]);
        size_of::<Self>() + groups.map(Group::state_bytes).sum::<usize>()
    }

    fn raster(&self) -> Option<&Raster> {
        Some(&self.raster)
    }
}

/// Names and numbers of all cells, without a spike.
fn empty_raster(
    input: &Input,
    critic: &Group,
    actor: &[Group],
    prediction: &[Group],
    error_cells: &ErrorCells,
    duration: usize,
) -> Raster {
    let mut populations = vec![("input".to_owned(), 0)];
    let mut cells = input.cells() as u32;
    for group in std::iter::once(critic).chain(actor).chain(prediction) {
        populations.push((format!("{} excitatory", group.name()), cells));
        populations.push((format!("{} inhibitory", group.name()), cells + group.cells() as u32 / 2));
        cells += group.cells() as u32;
    }
    for name in ["better than predicted", "worse than predicted"] {
        populations.push((name.to_owned(), cells));
        cells += error_cells.cells() as u32;
    }
    Raster { spikes: Vec::new(), populations, cells, duration: duration as f32 + error_cells.duration() as f32 }
}

/// From logits to probabilities.
fn softmax(logits: &mut [f64]) {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    for logit in &mut *logits {
        *logit = f64::from(math::exp((*logit - largest) as f32));
    }
    let sum: f64 = logits.iter().sum();
    for logit in &mut *logits {
        *logit /= sum;
    }
}

/// Entropy of a policy, in bits.
fn entropy(policy: &[f64]) -> f64 {
    policy.iter().filter(|&&p| p > 0.0).map(|&p| -p * f64::from(math::ln(p as f32))).sum::<f64>()
        / std::f64::consts::LN_2
}
