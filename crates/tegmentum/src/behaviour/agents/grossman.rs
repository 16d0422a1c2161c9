//! Meta-learning by serotonin: the learning rate for bad news follows unexpected uncertainty.
//!
//! ```text
//!     d = r − Q_c ,   ν = |d| − ε ,   ε ← ε + a_ν ν
//!     Q_c ← Q_c + M_η D α ,   α = a₊ where d ≥ 0, a₋ else        D = reinforcement, d without a dopamine receptor
//!     Q_u ← ζ Q_u                                                 of all that was not chosen
//!     d < 0:   a₋ ← clip(a₋ + ψ M_ψ (ν + b − a₋), 0, 1)
//!     P(a) ∝ exp((β Q_a + s [a chosen last])/T)
//! ```
//! ε expected uncertainty: the usual size of errors · ν unexpected uncertainty · `a₊`, `a₋` learning rates, b = `a₋` at first · ψ rate of the
//! meta-learning · ζ forgetting · s stickiness. M_η, M_ψ factors of modulation.
//!
//! Removing the meta-learning (ψ = 0) is what silencing of serotonin neurons does in the source. The equations are those of a
//! secondary account; a further factor (1 − ε) on updates, which it mentions, is left out.
//!
//! # Modulation
//! Obeyed: of the whole network `learning_rate` (M_η), for bad news times `negative_learning_rate`; `reinforcement`, `temperature`; of the
//! population `meta_learning` alone `learning_rate` (M_ψ). Nothing else.
//!
//! Reference: C. D. Grossman, B. A. Bari, J. Y. Cohen, Current Biology 32(3), 586–599, 2022, doi:10.1016/j.cub.2021.12.006.

use serde::{Deserialize, Serialize};

use super::choice::{Softmax, choices, variance};
use crate::behaviour::agent::{Agent, AgentSettings, Feedback};
use crate::behaviour::environment::{Action, Environment};
use crate::error::{Error, Result, fraction, positive};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::{Modulation, Place};
use crate::neuromodulation::signals::Signals;
use crate::neuromodulation::target::Target;
use crate::random::Key;
use crate::registry::Description;

/// The entry of the registry.
const DESCRIPTION: Description = Description {
    name: "grossman",
    summary: "values of choices whose learning rate for bad news follows unexpected uncertainty",
    reference: "Grossman, Bari, Cohen, Curr. Biol. 32, 586, 2022",
};

/// The settings.
///
/// # Example
/// ```
/// use tegmentum::behaviour::agents::grossman::GrossmanConfig;
///
/// let silenced: GrossmanConfig = toml::from_str("meta_rate = 0.0")?;
/// assert_eq!(silenced.meta_rate, 0.0);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GrossmanConfig {
    /// Learning rate `a₊` for good news.
    pub positive_rate: f64,
    /// Learning rate `a₋` for bad news at first.
    pub negative_rate: f64,
    /// Rate `a_ν` of expected uncertainty.
    pub uncertainty_rate: f64,
    /// Rate ψ of the meta-learning.
    pub meta_rate: f64,
    /// Share ζ that is kept of the values of what was not chosen.
    pub retention: f64,
    /// Inverse temperature β, above 0.
    pub inverse_temperature: f64,
    /// Stickiness s, in units of a logit.
    pub stickiness: f64,
}

impl Default for GrossmanConfig {
    fn default() -> Self {
        Self {
            positive_rate: 0.5,
            negative_rate: 0.3,
            uncertainty_rate: 0.1,
            meta_rate: 0.3,
            retention: 0.9,
            inverse_temperature: 6.0,
            stickiness: 0.3,
        }
    }
}

impl GrossmanConfig {
    /// An agent for `environment`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a parameter outside its range, [`Error::Incompatible`] where a number is wanted.
    pub fn build(self, environment: &dyn Environment, key: Key) -> Result<Grossman> {
        for (name, value) in [
            ("grossman.positive_rate", self.positive_rate),
            ("grossman.negative_rate", self.negative_rate),
            ("grossman.uncertainty_rate", self.uncertainty_rate),
            ("grossman.meta_rate", self.meta_rate),
            ("grossman.retention", self.retention),
        ] {
            fraction(name, value)?;
        }
        positive("grossman.inverse_temperature", self.inverse_temperature)?;
        if !self.stickiness.is_finite() {
            let (name, value) = ("grossman.stickiness", self.stickiness);
            return Err(Error::InvalidParameter { name, value, requirement: "a finite number" });
        }
        let count = choices(environment, DESCRIPTION.name)?;
        Ok(Grossman {
            config: self,
            meta_learning: Place::Population("meta_learning".to_owned()),
            softmax: Softmax::new(count, key.stream()),
            values: vec![0.0; count],
            chosen: None,
            expected: 0.0,
            negative_rate: self.negative_rate,
            reward: 0.0,
            learned: vec![0.0; count + 2],
        })
    }
}

impl AgentSettings for GrossmanConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, environment: &dyn Environment, key: Key) -> Result<Box<dyn Agent>> {
        Ok(Box::new(Self::build(*self, environment, key)?))
    }

    fn set_learning_rate(&mut self, rate: f64) -> bool {
        self.positive_rate = rate;
        true
    }
}

/// The agent; see the module's head.
#[derive(Clone, Debug)]
pub struct Grossman {
    config: GrossmanConfig,
    meta_learning: Place,
    softmax: Softmax,
    values: Vec<f64>,
    chosen: Option<usize>,
    expected: f64,
    negative_rate: f64,
    reward: f64,
    learned: Vec<f32>,
}

crate::archived!(
    Grossman { softmax, chosen, expected, negative_rate, reward }
    sized { values, learned }
    fixed { config, meta_learning }
);

impl Agent for Grossman {
    fn act(&mut self, _: &[f32], modulation: &Modulation) -> Action {
        let mut logits: Vec<f64> = self.values.iter().map(|value| self.config.inverse_temperature * value).collect();
        if let Some(last) = self.chosen {
            logits[last] += self.config.stickiness;
        }
        let chosen = self.softmax.choose(&logits, modulation);
        self.chosen = Some(chosen);
        Action::Choice(chosen)
    }

    fn appraise(&mut self, feedback: &Feedback<'_>, _: &Modulation) -> Signals {
        self.reward = feedback.reward;
        let value = self.values[self.chosen.unwrap_or(0)];
        Signals {
            reward: Some(feedback.reward),
            value: Some(value),
            prediction_error: Some(feedback.reward - value),
            outcome_error: Some(feedback.reward - value),
            policy_entropy: Some(self.softmax.entropy()),
            action_value_variance: Some(variance(&self.values)),
            ..Signals::default()
        }
    }

    fn learn(&mut self, modulation: &Modulation) {
        let chosen = self.chosen.unwrap_or(0);
        let error = self.reward - self.values[chosen];
        let unexpected = error.abs() - self.expected;
        self.expected += self.config.uncertainty_rate * unexpected;
        let bad_news = error < 0.0;
        let rate =
            if bad_news { self.negative_rate * modulation.negative_learning_rate } else { self.config.positive_rate };
        self.values[chosen] += rate * modulation.learning_rate * modulation.reinforcement.unwrap_or(error);
        for (_, value) in self.values.iter_mut().enumerate().filter(|(choice, _)| *choice != chosen) {
            *value *= self.config.retention;
        }
        if bad_news {
            let local = modulation.local.iter();
            let effects =
                local.filter(|effect| effect.place == self.meta_learning && effect.target == Target::LearningRate);
            let meta_rate = self.config.meta_rate * effects.map(|effect| effect.value).product::<f64>();
            let aim = unexpected + self.config.negative_rate;
            self.negative_rate = (self.negative_rate + meta_rate * (aim - self.negative_rate)).clamp(0.0, 1.0);
        }
        let known = self.values.iter().chain([&self.expected, &self.negative_rate]);
        self.learned.iter_mut().zip(known).for_each(|(learned, value)| *learned = *value as f32);
    }

    fn hears(&self) -> Vec<Heard> {
        let mut heard = Heard::everywhere(&[
            Target::LearningRate,
            Target::NegativeLearningRate,
            Target::Reinforcement,
            Target::Temperature,
        ]);
        heard.extend(Heard::at(&self.meta_learning, &[Target::LearningRate]));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::behaviour::environments::reversal::ReversalConfig;

    /// A reward and an omission, by hand from the equations.
    #[test]
    fn the_rate_for_bad_news_follows_unexpected_uncertainty() {
        let environment = ReversalConfig::default().build(Key::from_seed(1)).unwrap();
        let mut agent = GrossmanConfig::default().build(&environment, Key::from_seed(2)).unwrap();
        agent.act(&[1.0], &Modulation::default());
        let chosen = agent.chosen.unwrap();
        for reward in [1.0, 0.0] {
            agent.appraise(&Feedback { reward, observation: &[1.0], end_of_trial: true }, &Modulation::default());
            agent.learn(&Modulation::default());
        }
        // d = 1, ν = 1, ε = .1, Q = .5; then d = −.5, ν = .4, ε = .14, Q = .5 − .3·.5, a₋ = .3 + .3·.4.
        assert!((agent.expected - 0.14).abs() < 1e-12);
        assert!((agent.values[chosen] - 0.35).abs() < 1e-12);
        assert!((agent.negative_rate - 0.42).abs() < 1e-12);
    }
}
