//! Rescorla–Wagner: values of choices, moved by a share of the prediction error.
//!
//! ```text
//!     P(a) ∝ exp(β Q_a/T) ,   δ = r − Q_c ,   Q_c ← Q_c + α M_η D                D = reinforcement, δ without a dopamine receptor
//!     counterfactual          Q_u ← Q_u + α M_η ((1 − r) − Q_u)                  of the arm that was not chosen
//! ```
//! Q values, .5 at first · α learning rate · β inverse temperature · M_η, T factors of modulation.
//!
//! In [reversal](crate::behaviour::environments::reversal) .859 of its choices are right at best (α .55, β 12), .885 with the counterfactual (α .2,
//! β 40).
//!
//! # Modulation
//! Obeyed, of the whole network: `learning_rate`, `negative_learning_rate` (where δ < 0), `temperature`, `reinforcement`. Nothing else, and no
//! place.
//!
//! Reference: R. A. Rescorla, A. R. Wagner, in *Classical Conditioning II*, 64–99, 1972; R. S. Sutton, A. G. Barto, *Reinforcement
//! Learning*, 2018, for choices; the counterfactual holds where exactly one of two arms pays.

use serde::{Deserialize, Serialize};

use super::choice::{Softmax, choices, two_choices, variance};
use crate::behaviour::agent::{Agent, AgentSettings, Feedback};
use crate::behaviour::environment::{Action, Environment};
use crate::error::{Result, fraction, positive};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::Modulation;
use crate::neuromodulation::signals::Signals;
use crate::neuromodulation::target::Target;
use crate::random::Key;
use crate::registry::Description;

/// The entry of the registry.
const DESCRIPTION: Description = Description {
    name: "rescorla_wagner",
    summary: "values of choices by a delta rule, with a counterfactual for the other arm if wanted",
    reference: "Rescorla, Wagner, 1972",
};

/// The settings.
///
/// # Example
/// ```
/// use tegmentum::behaviour::agents::rescorla_wagner::RescorlaWagnerConfig;
///
/// assert!(!RescorlaWagnerConfig::default().counterfactual);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RescorlaWagnerConfig {
    /// Learning rate α, between 0 and 1.
    pub learning_rate: f64,
    /// Inverse temperature β, above 0.
    pub inverse_temperature: f64,
    /// Values at first.
    pub initial_value: f64,
    /// Whether the arm that was not chosen is taken to have had the other outcome; for two choices.
    pub counterfactual: bool,
}

impl Default for RescorlaWagnerConfig {
    fn default() -> Self {
        Self { learning_rate: 0.55, inverse_temperature: 12.0, initial_value: 0.5, counterfactual: false }
    }
}

impl RescorlaWagnerConfig {
    /// An agent for `environment`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a parameter outside its range,
    /// [`Error::Incompatible`](crate::error::Error::Incompatible) where a number is wanted.
    pub fn build(self, environment: &dyn Environment, key: Key) -> Result<RescorlaWagner> {
        fraction("rescorla_wagner.learning_rate", self.learning_rate)?;
        positive("rescorla_wagner.inverse_temperature", self.inverse_temperature)?;
        if !self.initial_value.is_finite() {
            let (name, value) = ("rescorla_wagner.initial_value", self.initial_value);
            return Err(crate::error::Error::InvalidParameter { name, value, requirement: "a finite number" });
        }
        let count = choices(environment, DESCRIPTION.name)?;
        if self.counterfactual {
            two_choices(environment, "rescorla_wagner with a counterfactual")?;
        }
        Ok(RescorlaWagner {
            config: self,
            softmax: Softmax::new(count, key.stream()),
            values: vec![self.initial_value; count],
            learned: vec![self.initial_value as f32; count],
            chosen: 0,
            reward: 0.0,
            error: 0.0,
        })
    }
}

impl AgentSettings for RescorlaWagnerConfig {
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
pub struct RescorlaWagner {
    config: RescorlaWagnerConfig,
    softmax: Softmax,
    values: Vec<f64>,
    learned: Vec<f32>,
    chosen: usize,
    reward: f64,
    error: f64,
}

crate::archived!(RescorlaWagner { softmax, chosen, reward, error } sized { values, learned } fixed { config });

impl Agent for RescorlaWagner {
    fn act(&mut self, _: &[f32], modulation: &Modulation) -> Action {
        let logits: Vec<f64> = self.values.iter().map(|value| self.config.inverse_temperature * value).collect();
        self.chosen = self.softmax.choose(&logits, modulation);
        Action::Choice(self.chosen)
    }

    fn appraise(&mut self, feedback: &Feedback<'_>, _: &Modulation) -> Signals {
        self.reward = feedback.reward;
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
        let sign = if self.error < 0.0 { modulation.negative_learning_rate } else { 1.0 };
        let rate = self.config.learning_rate * modulation.learning_rate * sign;
        self.values[self.chosen] += rate * modulation.reinforcement.unwrap_or(self.error);
        if self.config.counterfactual {
            let other = 1 - self.chosen;
            self.values[other] += rate * (1.0 - self.reward - self.values[other]);
        }
        self.learned.iter_mut().zip(&self.values).for_each(|(learned, value)| *learned = *value as f32);
    }

    fn hears(&self) -> Vec<Heard> {
        Heard::everywhere(&[
            Target::LearningRate,
            Target::NegativeLearningRate,
            Target::Temperature,
            Target::Reinforcement,
        ])
    }

    fn parameters(&self) -> &[f32] {
        &self.learned
    }

    fn state_bytes(&self) -> usize {
        size_of::<Self>() + self.values.len() * (2 * size_of::<f64>() + size_of::<f32>())
    }

    crate::archives!();
}
