//! Spiking action cells in competition, whose synapses follow any [synaptic rule](SynapticRuleConfig).
//!
//! ```text
//!     input cell j spikes with probability λ o_j a millisecond                      o observation, clipped to [0, 1]
//!     action cells: spike-response cells with escape noise; a spike of one arrives a millisecond later at all others,
//!                   with weight +e within its group, −i in all other groups           one group for each choice
//!     after T ms the group with the largest rate is chosen ,   rate ← rate e^(−1/τ) + 1 at a spike
//! ```
//! Cells go on where they were from step to step of a trial, so that a group that won has a lead; a trial begins at rest. The noise of the
//! cells is what makes it explore.
//!
//! # Learning
//! The rule sees every millisecond with its spikes and the levels of the modulators as they were after the last step. A step with a reward
//! is followed by `outcome_duration` ms without spikes under the levels that follow from the reward; the end of a trial is told to the rule. A
//! new trial begins without dopamine. There is no critic: nothing is expected, and the prediction error among the signals is the reward.
//!
//! # Modulation
//! Of the levels: what the rule binds (`r_stdp` with the third factor `dopamine`, and `dopamine_synapse`: dopamine; `acetylcholine_dopamine`: both;
//! `dopamine_serotonin`: both). Of modulation, of the whole network: `reinforcement`, the prediction error that `r_stdp` sees. Nothing else, and
//! no place.
//!
//! # Cost
//! For each millisecond one exponential a cell and one random number for each input and cell; for each spike one addition for each of its
//! synapses. 15 s of 121 inputs and 40 cells take about 50 ms.
//!
//! # Parameters
//! Weights `[inputs, cells]`.
//!
//! # Reference
//! Z. Brzosko, S. Zannone, W. Schultz, C. Clopath, O. Paulsen, eLife 6, e27756, 2017, and S. Zannone et al., Scientific Reports 8, 9486, 2018: place cells,
//! action cells, their constants and the rule of acetylcholine and dopamine; C. Wert-Carvajal et al., PNAS 119, e2119966119, 2022, for dopamine
//! and serotonin. There the mean heading of a ring of cells moves the animal in every millisecond; groups, one for each choice, are ours.

use serde::{Deserialize, Serialize};

use super::choice::choices;
use crate::behaviour::agent::{Agent, AgentSettings, Feedback};
use crate::behaviour::environment::{Action, Environment};
use crate::behaviour::spiking::poisson;
use crate::behaviour::spiking::spike_response::SpikeResponseCells;
use crate::error::{Error, Result, at_least_zero, positive};
use crate::learning::plasticity::acetylcholine_dopamine::AcetylcholineDopamineConfig;
use crate::learning::plasticity::eligibility::Spikes;
use crate::learning::plasticity::{SynapticRule, SynapticRuleConfig};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::Modulation;
use crate::neuromodulation::nucleus::{Levels, Transmitter};
use crate::neuromodulation::signals::Signals;
use crate::neuromodulation::target::Target;
use crate::random::{Key, Stream};
use crate::registry::Description;

/// The entry of the registry.
const DESCRIPTION: Description = Description {
    name: "synaptic_actor",
    summary: "spiking action cells in competition; their synapses follow any rule of spikes and modulators",
    reference: "Brzosko et al., eLife 6, e27756, 2017; Zannone et al., Sci. Rep. 8, 9486, 2018; groups ours",
};

/// No network has more synapses.
const MAX_SYNAPSES: usize = 10_000_000;

/// The settings.
///
/// # Example
/// ```
/// use tegmentum::behaviour::agents::synaptic_actor::SynapticActorConfig;
///
/// let config: SynapticActorConfig = toml::from_str("outcome_duration = 1000\n[rule.dopamine_serotonin]")?;
/// assert_eq!(config.cells_per_choice, 5);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SynapticActorConfig {
    /// Action cells of each choice, at least 1.
    pub cells_per_choice: usize,
    /// Rate of an input cell whose observation is 1, in hertz, 0 to 1000.
    pub input_rate: f64,
    /// Milliseconds T of a step, 1 to 100 000.
    pub step_duration: u64,
    /// Milliseconds after a reward in which weights may move, 0 to 100 000.
    pub outcome_duration: u64,
    /// Weight e between the cells of a group, at least 0.
    pub excitation: f64,
    /// Weight i between the cells of two groups, at least 0.
    pub inhibition: f64,
    /// All first weights, within the bounds of the rule.
    pub first_weight: f64,
    /// Time constant τ of the rates, in ms.
    pub rate_time_constant: f64,
    /// How synapses change.
    pub rule: SynapticRuleConfig,
}

impl Default for SynapticActorConfig {
    fn default() -> Self {
        Self {
            cells_per_choice: 5,
            input_rate: 400.0,
            step_duration: 100,
            outcome_duration: 1,
            excitation: 2.0,
            inhibition: 7.0,
            first_weight: 2.0,
            rate_time_constant: 50.0,
            rule: SynapticRuleConfig::AcetylcholineDopamine(AcetylcholineDopamineConfig::default()),
        }
    }
}

impl SynapticActorConfig {
    /// An agent for `environment`; all spikes follow from `key`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a parameter outside its range, [`Error::Incompatible`] where a number is wanted.
    pub fn build(&self, environment: &dyn Environment, key: Key) -> Result<SynapticActor> {
        let choices = choices(environment, DESCRIPTION.name)?;
        self.check()?;
        let inputs = environment.num_observations();
        let synapses = choices.checked_mul(self.cells_per_choice).and_then(|cells| cells.checked_mul(inputs));
        if !synapses.is_some_and(|synapses| (1..=MAX_SYNAPSES).contains(&synapses)) {
            let (name, value) = ("synaptic_actor.cells_per_choice", self.cells_per_choice as f64);
            let requirement = "at least 1, and such that there are at most 10 million synapses";
            return Err(Error::InvalidParameter { name, value, requirement });
        }
        let cells = choices * self.cells_per_choice;
        let weights = vec![self.first_weight; inputs * cells];
        Ok(SynapticActor {
            config: *self,
            learned: vec![self.first_weight as f32; weights.len()],
            rule: self.rule.build(inputs, cells, weights)?,
            probabilities: vec![0.0; inputs],
            inputs: Vec::with_capacity(inputs),
            cells: SpikeResponseCells::new(cells),
            rates: vec![0.0; choices],
            kept: (-1.0 / self.rate_time_constant).exp(),
            levels: Levels::default(),
            key: key.child(0),
            ties: key.child(1).stream(),
            trial: 0,
            millisecond: 0,
            reward: 0.0,
            end_of_trial: true,
        })
    }

    fn check(&self) -> Result<()> {
        let rate = self.input_rate;
        if !(0.0..=1000.0).contains(&rate) {
            let (name, requirement) = ("synaptic_actor.input_rate", "between 0 and 1000 hertz");
            return Err(Error::InvalidParameter { name, value: rate, requirement });
        }
        for (name, duration, least) in [
            ("synaptic_actor.step_duration", self.step_duration, 1),
            ("synaptic_actor.outcome_duration", self.outcome_duration, 0),
        ] {
            if !(least..=100_000).contains(&duration) {
                let requirement = "at most 100000 ms, and a step at least 1";
                return Err(Error::InvalidParameter { name, value: duration as f64, requirement });
            }
        }
        at_least_zero("synaptic_actor.excitation", self.excitation)?;
        at_least_zero("synaptic_actor.inhibition", self.inhibition)?;
        positive("synaptic_actor.rate_time_constant", self.rate_time_constant)?;
        Ok(())
    }
}

impl AgentSettings for SynapticActorConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, environment: &dyn Environment, key: Key) -> Result<Box<dyn Agent>> {
        Ok(Box::new(Self::build(self, environment, key)?))
    }

    fn set_learning_rate(&mut self, rate: f64) -> bool {
        self.rule.set_learning_rate(rate);
        true
    }
}

/// The agent; see the module's head.
#[derive(Debug)]
pub struct SynapticActor {
    config: SynapticActorConfig,
    rule: Box<dyn SynapticRule>,
    learned: Vec<f32>,
    probabilities: Vec<f32>,
    /// Input cells that spike in this millisecond.
    inputs: Vec<u32>,
    cells: SpikeResponseCells,
    /// Filtered spikes of each group.
    rates: Vec<f64>,
    kept: f64,
    levels: Levels,
    key: Key,
    ties: Stream,
    trial: u64,
    millisecond: u64,
    reward: f64,
    end_of_trial: bool,
}

crate::archived!(
    SynapticActor { rule, cells, levels, ties, trial, millisecond, reward, end_of_trial }
    sized { learned, rates }
    fixed { config, probabilities, inputs, kept, key }
);

impl SynapticActor {
    fn begin_trial(&mut self) {
        self.cells.rest();
        self.rates.fill(0.0);
        (self.trial, self.millisecond, self.end_of_trial) = (self.trial + 1, 0, false);
        self.levels.dopamine = 0.0;
    }

    /// One millisecond of a step.
    fn step(&mut self) {
        let key = self.key.child(self.trial);
        let (cells, group) = (self.cells.len(), self.config.cells_per_choice);
        self.inputs.clear();
        poisson::spikes(key.child(0), self.millisecond, &self.probabilities, &mut self.inputs);
        for &source in &self.cells.spikes().to_vec() {
            let source = source as usize;
            self.cells.receive(|cell| match (cell == source, cell / group == source / group) {
                (true, _) => 0.0,
                (_, true) => self.config.excitation as f32,
                (_, false) => -self.config.inhibition as f32,
            });
        }
        for &input in &self.inputs {
            let row = &self.rule.weights()[input as usize * cells..][..cells];
            self.cells.receive(|cell| row[cell] as f32);
        }
        let spikes = self.cells.step(key.child(1), self.millisecond);
        self.rates.iter_mut().for_each(|rate| *rate *= self.kept);
        for &cell in spikes {
            self.rates[cell as usize / group] += 1.0;
        }
        let signals = Signals { levels: self.levels, ..Signals::default() };
        self.rule.step(Spikes { before: &self.inputs, after: spikes }, &signals);
        self.millisecond += 1;
    }

    /// The group with the largest rate, one of them by chance if there are several.
    fn choose(&mut self) -> usize {
        let largest = self.rates.iter().copied().fold(0.0, f64::max);
        let winners: Vec<usize> = (0..self.rates.len()).filter(|&group| self.rates[group] >= largest).collect();
        if winners.len() == 1 { winners[0] } else { winners[self.ties.below(winners.len())] }
    }
}

impl Agent for SynapticActor {
    fn act(&mut self, observation: &[f32], _: &Modulation) -> Action {
        if self.end_of_trial {
            self.begin_trial();
        }
        let most = (self.config.input_rate / 1000.0) as f32;
        for (probability, activity) in self.probabilities.iter_mut().zip(observation) {
            *probability = most * activity.clamp(0.0, 1.0);
        }
        (0..self.config.step_duration).for_each(|_| self.step());
        Action::Choice(self.choose())
    }

    fn appraise(&mut self, feedback: &Feedback<'_>, _: &Modulation) -> Signals {
        (self.reward, self.end_of_trial) = (feedback.reward, feedback.end_of_trial);
        let reward = Some(feedback.reward);
        Signals { reward, prediction_error: reward, outcome_error: reward, ..Signals::default() }
    }

    fn sense(&mut self, levels: &Levels) {
        self.levels = *levels;
    }

    fn binds(&self) -> &'static [Transmitter] {
        self.config.rule.transmitters()
    }

    fn learn(&mut self, modulation: &Modulation) {
        let signals = Signals {
            reward: Some(self.reward),
            prediction_error: Some(modulation.reinforcement.unwrap_or(self.reward)),
            outcome_error: Some(self.reward),
            levels: self.levels,
            ..Signals::default()
        };
        if self.reward != 0.0 {
            let silence = Spikes { before: &[], after: &[] };
            (0..self.config.outcome_duration).for_each(|_| self.rule.step(silence, &signals));
        }
        if self.end_of_trial {
            self.rule.end_trial(&signals);
        }
        if self.end_of_trial || self.reward != 0.0 {
            self.learned.iter_mut().zip(self.rule.weights()).for_each(|(learned, weight)| *learned = *weight as f32);
        }
    }

    fn hears(&self) -> Vec<Heard> {
        let third = if self.config.rule.reads_prediction_error() { &[Target::Reinforcement][..] } else { &[] };
        Heard::everywhere(third)
    }

    fn parameters(&self) -> &[f32] {
        &self.learned
    }

    fn state_bytes(&self) -> usize {
        // Weights, and for each synapse at least one trace.
        size_of::<Self>() + self.learned.len() * (size_of::<f32>() + 2 * size_of::<f64>())
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::behaviour::agents::AgentConfig;
    use crate::behaviour::environment::TrialReport;
    use crate::behaviour::environments::EnvironmentConfig;
    use crate::behaviour::environments::open_field::OpenFieldConfig;
    use crate::behaviour::session::Behaviour;
    use crate::neuromodulation::system::NeuromodulationConfig;

    const ACETYLCHOLINE_DOPAMINE: &str = "ventral_tegmental_area = { reward_prediction_error = {} }\nbasal_forebrain = { depression_before_dopamine = {} }";

    fn play(rule: &str, system: &str, seed: u64, trials: u64) -> (Vec<TrialReport>, Vec<f32>) {
        let environment = EnvironmentConfig::from_name("open_field").unwrap();
        let agent: AgentConfig = toml::from_str(&format!("[synaptic_actor]\nrule = {rule}")).unwrap();
        let system: NeuromodulationConfig = toml::from_str(system).unwrap();
        let key = Key::from_seed(seed);
        let mut behaviour = Behaviour::from_settings(&environment, &agent, &system, key).unwrap();
        let trials = (0..trials).map(|trial| behaviour.trial(key.child(3).child(trial)).unwrap()).collect();
        (trials, behaviour.agent().parameters().to_vec())
    }

    fn found(trials: &[TrialReport]) -> usize {
        trials.iter().filter(|trial| trial.correct).count()
    }

    /// Ten runs of 20 trials: with both modulators the goal is found in nearly all of the last ten trials.
    #[test]
    fn a_goal_is_learned_with_acetylcholine_and_dopamine() {
        let late: usize = (0..10)
            .map(|seed| found(&play("{ acetylcholine_dopamine = {} }", ACETYLCHOLINE_DOPAMINE, seed, 20).0[10..]))
            .sum();
        assert!(late > 85, "{late} of 100");
    }

    /// Without modulators no weight moves, whatever the rule.
    #[test]
    fn without_modulators_nothing_is_learned() {
        for rule in [
            "{ acetylcholine_dopamine = {} }",
            "{ dopamine_serotonin = {} }",
            "{ dopamine_synapse = { largest_weight = 3.0 } }",
        ] {
            let (_, weights) = play(rule, "", 1, 5);
            assert!(weights.iter().all(|&weight| weight == 2.0), "{rule}");
        }
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        let environment = OpenFieldConfig::default().build().unwrap();
        for text in [
            "cells_per_choice = 0",
            "cells_per_choice = 1000000000",
            "first_weight = 9.0",
            "input_rate = -1.0",
            "step_duration = 0",
        ] {
            let config: SynapticActorConfig = toml::from_str(text).unwrap();
            assert!(config.build(&environment, Key::from_seed(1)).is_err(), "{text}");
        }
    }
}
