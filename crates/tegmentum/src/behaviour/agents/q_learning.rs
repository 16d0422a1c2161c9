//! Q(λ) over a table of situations: a learner for trials of several steps.
//!
//! ```text
//!     P(a) ∝ exp(β Q(s, a)/T) ,   δ = r + γ M_γ max_b Q(s', b) − Q(s, a)          at the end of a trial without the second term
//!     e(s, a) ← 1 ,   Q ← Q + α M_η D e ,   e ← γ M_γ λ e                         D = reinforcement, δ without a dopamine receptor
//! ```
//! s situation: what is observed, or with `memory` all that was observed in this trial so far · e eligibility traces, zero at the beginning
//! of a trial · α learning rate, γ discount, λ decay of traces, β inverse temperature · M, T factors of modulation.
//!
//! The table grows with the situations that were met: a hash of the observation finds its row. Without memory a
//! task that hides something is learned as far as the observation goes.
//!
//! # Modulation
//! Obeyed, of the whole network: `learning_rate`, `negative_learning_rate` (where δ < 0), `discount`, `trace_decay`, `temperature`,
//! `reinforcement`. Nothing else, and no place.
//!
//! Cost: the rows that were met in the trial; state: choices numbers for every situation.
//!
//! Reference: C. J. C. H. Watkins, P. Dayan, Machine Learning 8, 279–292, 1992; traces: R. S. Sutton, A. G. Barto, *Reinforcement Learning*,
//! 2018, chapter 12 (here they are not cut after an exploratory choice).

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::choice::{Softmax, choices, variance};
use crate::archive::{Archive, Archived};
use crate::behaviour::agent::{Agent, AgentSettings, Feedback};
use crate::behaviour::environment::{Action, Environment};
use crate::error::{Error, Result, fraction, positive};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::Modulation;
use crate::neuromodulation::signals::Signals;
use crate::neuromodulation::target::Target;
use crate::random::Key;
use crate::registry::Description;

/// The entry of the registry.
const DESCRIPTION: Description = Description {
    name: "q_learning",
    summary: "values of choices in every situation that was met, over trials of several steps",
    reference: "Watkins, Dayan, Mach. Learn. 8, 279, 1992; Sutton, Barto, 2018",
};

/// The settings.
///
/// # Example
/// ```
/// use tegmentum::behaviour::agents::q_learning::QLearningConfig;
///
/// let config: QLearningConfig = toml::from_str("memory = true")?;
/// assert_eq!(config.discount, 1.0);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QLearningConfig {
    /// Learning rate α, between 0 and 1.
    pub learning_rate: f64,
    /// Inverse temperature β, above 0.
    pub inverse_temperature: f64,
    /// Discount γ, between 0 and 1.
    pub discount: f64,
    /// Decay λ of traces, between 0 and 1.
    pub trace_decay: f64,
    /// Values at first.
    pub initial_value: f64,
    /// Whether a situation is all that was observed in the trial so far.
    pub memory: bool,
}

impl Default for QLearningConfig {
    fn default() -> Self {
        Self {
            learning_rate: 0.3,
            inverse_temperature: 5.0,
            discount: 1.0,
            trace_decay: 0.9,
            initial_value: 0.0,
            memory: false,
        }
    }
}

impl QLearningConfig {
    /// An agent for `environment`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a parameter outside its range, [`Error::Incompatible`] where a number is wanted.
    pub fn build(self, environment: &dyn Environment, key: Key) -> Result<QLearning> {
        fraction("q_learning.learning_rate", self.learning_rate)?;
        fraction("q_learning.discount", self.discount)?;
        fraction("q_learning.trace_decay", self.trace_decay)?;
        positive("q_learning.inverse_temperature", self.inverse_temperature)?;
        if !self.initial_value.is_finite() {
            let (name, value) = ("q_learning.initial_value", self.initial_value);
            return Err(Error::InvalidParameter { name, value, requirement: "a finite number" });
        }
        let count = choices(environment, DESCRIPTION.name)?;
        Ok(QLearning {
            config: self,
            softmax: Softmax::new(count, key.stream()),
            rows: HashMap::new(),
            values: Vec::new(),
            learned: Vec::new(),
            history: Vec::new(),
            traces: Vec::new(),
            row: 0,
            choice: 0,
            error: 0.0,
            end_of_trial: true,
        })
    }
}

impl AgentSettings for QLearningConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, environment: &dyn Environment, key: Key) -> Result<Box<dyn Agent>> {
        Ok(Box::new(Self::build(*self, environment, key)?))
    }

    fn set_learning_rate(&mut self, rate: f64) -> bool {
        self.learning_rate = rate;
        true
    }
}

/// The agent; see the module's head.
#[derive(Clone, Debug)]
pub struct QLearning {
    config: QLearningConfig,
    softmax: Softmax,
    /// Row of a situation, by the bits of its observations.
    rows: HashMap<Vec<u32>, usize>,
    values: Vec<Vec<f64>>,
    learned: Vec<f32>,
    history: Vec<u32>,
    traces: Vec<(usize, usize, f64)>,
    row: usize,
    choice: usize,
    error: f64,
    end_of_trial: bool,
}

impl Archived for QLearning {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let Self { config: _, softmax, rows, values, learned, history, traces, row, choice, error, end_of_trial } =
            self;
        archive.mark("QLearning")?;
        softmax.archive(archive)?;
        // The situations in the order in which they were met.
        let mut situations = vec![Vec::new(); rows.len()];
        for (situation, &row) in rows.iter() {
            situations[row].clone_from(situation);
        }
        situations.archive(archive)?;
        values.archive(archive)?;
        learned.archive(archive)?;
        history.archive(archive)?;
        traces.archive(archive)?;
        (row, choice, (error, end_of_trial)).archive(archive)?;
        let (situations_met, choices) = (situations.len(), softmax.probabilities.len());
        let whole = values.len() == situations_met && values.iter().all(|values| values.len() == choices);
        archive
            .check(whole && learned.len() == situations_met * choices, "values of every choice in every situation")?;
        let traced = traces.iter().all(|&(row, choice, _)| row < situations_met && choice < choices);
        archive.check(traced, "traces of situations that were met")?;
        *rows = situations.into_iter().zip(0..).collect();
        archive.check(rows.len() == situations_met, "situations that differ")
    }
}

impl QLearning {
    /// The row of a situation, made if it is new.
    fn row(&mut self, observation: &[f32]) -> usize {
        let seen = observation.iter().map(|value| value.to_bits());
        let mut situation = if self.config.memory { self.history.clone() } else { Vec::new() };
        situation.extend(seen);
        let (next, choices) = (self.values.len(), self.softmax.probabilities.len());
        let row = *self.rows.entry(situation).or_insert(next);
        if row == next {
            self.values.push(vec![self.config.initial_value; choices]);
            self.learned.extend(vec![self.config.initial_value as f32; choices]);
        }
        row
    }
}

impl Agent for QLearning {
    crate::archives!();

    fn act(&mut self, observation: &[f32], modulation: &Modulation) -> Action {
        if self.end_of_trial {
            self.history.clear();
            self.traces.clear();
            self.end_of_trial = false;
        }
        self.row = self.row(observation);
        if self.config.memory {
            self.history.extend(observation.iter().map(|value| value.to_bits()));
        }
        let logits: Vec<f64> = self.values[self.row].iter().map(|q| self.config.inverse_temperature * q).collect();
        self.choice = self.softmax.choose(&logits, modulation);
        Action::Choice(self.choice)
    }

    fn appraise(&mut self, feedback: &Feedback<'_>, modulation: &Modulation) -> Signals {
        self.end_of_trial = feedback.end_of_trial;
        let value = self.values[self.row][self.choice];
        let following = if feedback.end_of_trial {
            0.0
        } else {
            let next = self.row(feedback.observation);
            self.values[next].iter().copied().fold(f64::NEG_INFINITY, f64::max)
        };
        let discount = (self.config.discount * modulation.discount).min(1.0);
        self.error = feedback.reward + discount * following - value;
        Signals {
            reward: Some(feedback.reward),
            value: Some(value),
            prediction_error: Some(self.error),
            outcome_error: Some(self.error),
            policy_entropy: Some(self.softmax.entropy()),
            action_value_variance: Some(variance(&self.values[self.row])),
            ..Signals::default()
        }
    }

    fn learn(&mut self, modulation: &Modulation) {
        self.traces.retain(|trace| (trace.0, trace.1) != (self.row, self.choice));
        self.traces.push((self.row, self.choice, 1.0));
        let sign = if self.error < 0.0 { modulation.negative_learning_rate } else { 1.0 };
        let rate = self.config.learning_rate * modulation.learning_rate * sign;
        let step = rate * modulation.reinforcement.unwrap_or(self.error);
        let discount = (self.config.discount * modulation.discount).min(1.0);
        let decay = (discount * self.config.trace_decay * modulation.trace_decay).min(1.0);
        let choices = self.softmax.probabilities.len();
        for (row, choice, trace) in &mut self.traces {
            let value = &mut self.values[*row][*choice];
            *value += step * *trace;
            self.learned[*row * choices + *choice] = *value as f32;
            *trace *= decay;
        }
    }

    fn hears(&self) -> Vec<Heard> {
        Heard::everywhere(&[
            Target::LearningRate,
            Target::NegativeLearningRate,
            Target::Temperature,
            Target::Reinforcement,
            Target::Discount,
            Target::TraceDecay,
        ])
    }

    fn parameters(&self) -> &[f32] {
        &self.learned
    }

    fn state_bytes(&self) -> usize {
        let keys: usize = self.rows.keys().map(|situation| situation.len() * size_of::<u32>()).sum();
        size_of::<Self>() + keys + self.learned.len() * (size_of::<f64>() + size_of::<f32>())
    }
}
