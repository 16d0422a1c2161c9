//! Pearce–Hall hybrid: a delta rule whose learning rate is the size of recent errors (associability).
//!
//! ```text
//!     a number    a ← a + ψ (min(1, |d|/c) − a) ,   B ← B + k a d              d = x − B
//!     choices     Q_c ← Q_c + k a d ,   a ← a + ψ (|d| − a)                  d = r − Q_c ,  P ∝ exp(β Q)
//!     counterfactual   Q_u ← Q_u + k a ((1 − r) − Q_u)                       of the arm that was not chosen
//! ```
//! a associability, one for all arms, 0 to 1 · ψ its rate · c the error that is as large as can be, a share of the interval (its width is 1 here) · k scale · β inverse
//! temperature · Q(0) = .5.
//!
//! In the four blocks of [helicopter](crate::behaviour::environments::helicopter) its error is 13.94 at best (c ≈ ⅓, ψ ≈ .9): it cannot tell
//! noise from change. In [reversal](crate::behaviour::environments::reversal) .862 and, with the counterfactual, .887 of its choices are right at
//! best.
//!
//! # Modulation
//! Obeyed, of the whole network: `learning_rate`, `reinforcement`, and for choices `temperature`. Nothing else, and no place.
//!
//! Reference: J. Li, D. Schiller, G. Schoenbaum, E. A. Phelps, N. D. Daw, Nature Neuroscience 14, 1250–1252, 2011,
//! doi:10.1038/nn.2904, for the hybrid; the order for a number, associability first, and the counterfactual are ours.

use serde::{Deserialize, Serialize};

use super::choice::{Softmax, variance};
use super::number::Interval;
use crate::behaviour::agent::{Agent, AgentSettings, Feedback};
use crate::behaviour::environment::{Action, ActionSpace, Environment};
use crate::error::{Result, fraction, positive};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::Modulation;
use crate::neuromodulation::signals::Signals;
use crate::neuromodulation::target::Target;
use crate::random::Key;
use crate::registry::Description;

/// The entry of the registry.
const DESCRIPTION: Description = Description {
    name: "pearce_hall",
    summary: "delta rule whose rate is the size of recent errors, for choices or a number",
    reference: "Li, Schiller, Schoenbaum, Phelps, Daw, Nat. Neurosci. 14, 1250, 2011",
};

/// The settings.
///
/// # Example
/// ```
/// use tegmentum::behaviour::agents::pearce_hall::PearceHallConfig;
///
/// let config: PearceHallConfig = toml::from_str("counterfactual = true")?;
/// assert!(config.counterfactual);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PearceHallConfig {
    /// Associability a at first.
    pub initial_associability: f64,
    /// Its rate ψ.
    pub associability_rate: f64,
    /// Scale k of the learning rate, above 0.
    pub scale: f64,
    /// Largest error c, as a share of the interval, above 0 and at most 1; for a number.
    pub largest_error: f64,
    /// Inverse temperature β; for choices.
    pub inverse_temperature: f64,
    /// Whether the arm that was not chosen is taken to have had the other outcome; for two choices.
    pub counterfactual: bool,
}

impl Default for PearceHallConfig {
    fn default() -> Self {
        Self {
            initial_associability: 1.0,
            associability_rate: 0.9,
            scale: 1.0,
            largest_error: 1.0 / 3.0,
            inverse_temperature: 12.0,
            counterfactual: false,
        }
    }
}

impl PearceHallConfig {
    /// An agent for `environment`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a parameter outside its range.
    pub fn build(self, environment: &dyn Environment, key: Key) -> Result<PearceHall> {
        fraction("pearce_hall.initial_associability", self.initial_associability)?;
        fraction("pearce_hall.associability_rate", self.associability_rate)?;
        positive("pearce_hall.scale", self.scale)?;
        positive("pearce_hall.largest_error", self.largest_error)?;
        fraction("pearce_hall.largest_error", self.largest_error)?;
        positive("pearce_hall.inverse_temperature", self.inverse_temperature)?;
        let (values, number) = match environment.actions() {
            ActionSpace::Choices(count) => (vec![0.5; count], None),
            ActionSpace::Interval { low, high } => {
                let interval = Interval { low, high };
                (vec![interval.middle()], Some(interval))
            }
        };
        if self.counterfactual && number.is_none() {
            super::choice::two_choices(environment, "pearce_hall with a counterfactual")?;
        }
        Ok(PearceHall {
            config: self,
            number,
            softmax: Softmax::new(values.len(), key.stream()),
            learned: values.iter().map(|&value| value as f32).chain([self.initial_associability as f32]).collect(),
            associability: self.initial_associability,
            values,
            chosen: 0,
            error: 0.0,
            reward: 0.0,
        })
    }
}

impl AgentSettings for PearceHallConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, environment: &dyn Environment, key: Key) -> Result<Box<dyn Agent>> {
        Ok(Box::new(Self::build(*self, environment, key)?))
    }

    fn set_learning_rate(&mut self, rate: f64) -> bool {
        self.scale = rate;
        true
    }
}

/// The agent; see the module's head.
#[derive(Clone, Debug)]
pub struct PearceHall {
    config: PearceHallConfig,
    /// The interval, where the answer is a number.
    number: Option<Interval>,
    softmax: Softmax,
    values: Vec<f64>,
    associability: f64,
    chosen: usize,
    error: f64,
    reward: f64,
    learned: Vec<f32>,
}

crate::archived!(PearceHall { softmax, associability, chosen, error, reward } sized { values, learned } fixed { config, number });

impl PearceHall {
    fn attend(&mut self, size: f64) {
        self.associability += self.config.associability_rate * (size - self.associability);
    }
}

impl Agent for PearceHall {
    fn act(&mut self, _: &[f32], modulation: &Modulation) -> Action {
        if let Some(interval) = self.number {
            return interval.answer(self.values[0]);
        }
        let logits: Vec<f64> = self.values.iter().map(|value| self.config.inverse_temperature * value).collect();
        self.chosen = self.softmax.choose(&logits, modulation);
        Action::Choice(self.chosen)
    }

    fn appraise(&mut self, feedback: &Feedback<'_>, _: &Modulation) -> Signals {
        self.reward = feedback.reward;
        if let Some(interval) = self.number {
            self.error = f64::from(feedback.observation[0]) - self.values[0];
            return interval.signals(feedback, self.error);
        }
        self.error = feedback.reward - self.values[self.chosen];
        Signals {
            reward: Some(feedback.reward),
            value: Some(self.values[self.chosen]),
            prediction_error: Some(self.error),
            outcome_error: Some(self.error),
            policy_entropy: Some(self.softmax.entropy()),
            action_value_variance: Some(variance(&self.values)),
            ..Signals::default()
        }
    }

    fn learn(&mut self, modulation: &Modulation) {
        if let Some(interval) = self.number {
            self.attend((self.error.abs() / (self.config.largest_error * interval.width())).min(1.0));
        }
        let rate = (modulation.learning_rate * self.config.scale * self.associability).min(1.0);
        let reinforcement = match self.number {
            Some(interval) => interval.reinforcement(modulation, self.error),
            None => modulation.reinforcement.unwrap_or(self.error),
        };
        self.values[self.chosen] += rate * reinforcement;
        if self.number.is_none() {
            if self.config.counterfactual {
                let other = 1 - self.chosen;
                self.values[other] += rate * (1.0 - self.reward - self.values[other]);
            }
            self.attend(self.error.abs());
        }
        let known = self.values.iter().chain([&self.associability]);
        self.learned.iter_mut().zip(known).for_each(|(learned, value)| *learned = *value as f32);
    }

    fn hears(&self) -> Vec<Heard> {
        let mut heard = Heard::everywhere(&[Target::LearningRate, Target::Reinforcement]);
        if self.number.is_none() {
            heard.extend(Heard::everywhere(&[Target::Temperature]));
        }
        heard
    }

    fn parameters(&self) -> &[f32] {
        &self.learned
    }

    fn state_bytes(&self) -> usize {
        size_of::<Self>() + self.values.len() * (2 * size_of::<f64>() + size_of::<f32>())
    }

    crate::archives!();
}
