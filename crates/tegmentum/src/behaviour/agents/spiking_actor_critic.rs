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
//! Rates are divided by 1 − e^(−t/τ_n), what a constant rate would have reached since the trial began. The rule is that of
//! [R-STDP](crate::learning::plasticity::r_stdp) without depression, with a feedback gate; its traces are solved for one decision a trial
//! (`credit.rs`), so that no trace has to decay in every millisecond.
//!
//! # A trial
//! Stimulus for `stimulus_duration` ms; the choice is made from the net rates at its end; the stimulus stays for `hold_duration` ms, in
//! which feedback of the choice is there; then the outcome: error cells compare it with the prediction, dopamine comes, weights move.
//! A step that does not end a trial is followed by a look at the next observation, for V'.
//!
//! # Modulation
//! | target | place | effect |
//! |---|---|---|
//! | reinforcement | network | M, the third factor of actor and critic |
//! | learning rate | network, populations `actor`, `critic` | factor on η_a, η_c |
//! | negative learning rate | network, populations `actor`, `critic` | further factor where δ < 0 |
//! | temperature | network | divides the logits |
//! | threshold | network | subtracted from the logit of every choice but the first |
//! | discount | network | factor on γ |
//! | gain | network | factor on all input |
//! | bursting | network, populations `excitatory`, `actor`, `critic` | level n of the excitatory cells of actor and critic (or of one of them), which moves them from regular spiking to bursts and adds a drive that the cells of a group share |
//!
//! Nothing else. The prediction's own learning is not modulated.
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

mod config;
mod credit;
mod group;
mod input;
#[cfg(test)]
mod tests;

pub use config::SpikingActorCriticConfig;
use credit::PairingWorth;
use group::{Anatomy, Arrivals, CellGroup};
use input::Input;

use crate::behaviour::agent::{Agent, AgentSettings, Feedback, Raster};
use crate::behaviour::environment::{Action, ActionSpace, Environment};
use crate::behaviour::spiking::error_cells::{ErrorCells, Surprise};
use crate::behaviour::spiking::izhikevich::MAX_BURSTING;
use crate::behaviour::spiking::kept;
use crate::error::{Error, Result};
use crate::kernel::math;
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::{Modulation, Place};
use crate::neuromodulation::signals::Signals;
use crate::neuromodulation::target::Target;
use crate::random::{Key, Stream};
use crate::registry::Description;

/// The entry of the registry.
const DESCRIPTION: Description = Description {
    name: "spiking_actor_critic",
    summary: "spiking groups for each action and the value, R-STDP under dopamine, a predictive network for surprise",
    reference: "Chung & Kozma, arXiv:2008.13044; arXiv:2501.06762, section 6; constants inferred",
};

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
        let critic = CellGroup::new("critic", &anatomy(self.critic_cells), 0)?;
        let mut end = critic.end();
        let mut groups = |name: &str, cells: usize| -> Result<Vec<CellGroup>> {
            let mut groups = Vec::with_capacity(actions);
            for action in 0..actions {
                groups.push(CellGroup::new(&format!("{name} {action}"), &anatomy(cells), end)?);
                end = groups[action].end();
            }
            Ok(groups)
        };
        let actor = groups("actor", self.actor_cells)?;
        let prediction = groups("prediction", self.prediction_cells)?;
        let mut stream = key.child(1).stream();
        let weights = (0..end).map(|_| (self.first_weight * stream.uniform()) as f32).collect();
        let duration = self.stimulus_duration + self.hold_duration;
        let credit = PairingWorth::new(
            duration,
            self.stimulus_duration,
            self.eligibility_time_constant,
            self.feedback_time_constant,
        );
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

crate::archived!(Decision { action, preference_variance, value, predicted, prediction_error, surprise } sized { policy });

/// The agent; see the module's head.
#[derive(Debug)]
pub struct SpikingActorCritic {
    config: SpikingActorCriticConfig,
    /// Excitatory cells, actor, critic.
    places: [Place; 3],
    input: Input,
    critic: CellGroup,
    actor: Vec<CellGroup>,
    prediction: Vec<CellGroup>,
    error_cells: ErrorCells,
    credit: PairingWorth,
    weights: Vec<f32>,
    key: Key,
    choices: Stream,
    moment: u64,
    decision: Decision,
    raster: Raster,
}

crate::archived!(
    SpikingActorCritic { choices, moment, decision, raster }
    sized { weights }
    fixed { config, places, input, critic, actor, prediction, error_cells, credit, key }
);

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

    fn hears(&self) -> Vec<Heard> {
        let [excitatory, actor, critic] = &self.places;
        let rates = [Target::LearningRate, Target::NegativeLearningRate];
        let choice = [Target::Temperature, Target::Threshold, Target::Discount, Target::Reinforcement, Target::Gain];
        [
            Heard::everywhere(&rates),
            Heard::everywhere(&choice),
            Heard::everywhere(&[Target::Bursting]),
            Heard::at(excitatory, &[Target::Bursting]),
            Heard::at(actor, &rates),
            Heard::at(actor, &[Target::Bursting]),
            Heard::at(critic, &rates),
            Heard::at(critic, &[Target::Bursting]),
        ]
        .concat()
    }

    fn parameters(&self) -> &[f32] {
        &self.weights
    }

    fn state_bytes(&self) -> usize {
        let groups = self.actor.iter().chain(&self.prediction).chain([&self.critic]);
        size_of::<Self>() + groups.map(CellGroup::state_bytes).sum::<usize>()
    }

    fn raster(&self) -> Option<&Raster> {
        Some(&self.raster)
    }

    crate::archives!();
}

/// Names and numbers of all cells, without a spike.
fn empty_raster(
    input: &Input,
    critic: &CellGroup,
    actor: &[CellGroup],
    prediction: &[CellGroup],
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
