//! Hierarchical Gaussian filter for a binary outcome, three levels: beliefs about an outcome, its tendency, and the tendency's volatility.
//!
//! ```text
//!     level 1   μ̂1 = 1/(1 + e^{−μ2})
//!     level 2   π̂2 = 1/(1/π2 + e^{κ μ3 + ω2}) ,  π2' = π̂2 + μ̂1(1 − μ̂1) ,  μ2' = μ2 + (u − μ̂1)/π2'
//!     level 3   π̂3 = 1/(1/π3 + e^{ω3}) ,  γ = e^{κ μ3 + ω2} π̂2 ,  Δ = π̂2/π2' + π̂2 (μ2' − μ2)² − 1
//!               μ3' = μ3 + ½ κ γ Δ/π̂3 ,  π3' = π̂3 + ½(κγ)² + (κγ)² Δ − ½ κ² γ Δ
//!     choice    P(1) = 1/(1 + e^{−β (2 μ̂1 − 1)/T})
//! ```
//! u outcome: 1 if arm 1 paid (or arm 0 did not) · μ means, π precisions, hats for predictions · κ coupling, ω2, ω3 tonic volatilities ·
//! β inverse temperature, T a factor of modulation.
//!
//! These are the updates of the enhanced filter (eHGF): the mean of level 3 moves with the expected precision. Where π3' would not be
//! above zero, the expected precision is kept (ours). The learning rate of level 2 is 1/π2', which rises with the volatility that was
//! inferred.
//!
//! # Modulation
//! Obeyed, of the whole network: `learning_rate`, a factor on the steps of both means, and `temperature`. Nothing else, and no place.
//!
//! Reference: C. Mathys, J. Daunizeau, K. J. Friston, K. E. Stephan, Frontiers in Human Neuroscience 5, 39, 2011; C. Mathys et al., ibid.
//! 8, 825, 2014. Values of a step: pyhgf 0.3.2.

use serde::{Deserialize, Serialize};

use super::choice::{Softmax, sigmoid, two_choices};
use crate::behaviour::agent::{Agent, AgentSettings, Feedback};
use crate::behaviour::environment::{Action, Environment};
use crate::error::{Error, Result, positive};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::Modulation;
use crate::neuromodulation::signals::Signals;
use crate::neuromodulation::target::Target;
use crate::random::Key;
use crate::registry::Description;

/// The entry of the registry.
const DESCRIPTION: Description = Description {
    name: "hgf",
    summary: "hierarchical Gaussian filter of two arms: outcome, tendency, volatility",
    reference: "Mathys et al., Front. Hum. Neurosci. 5, 39, 2011; 8, 825, 2014",
};

/// The settings.
///
/// # Example
/// ```
/// use tegmentum::behaviour::agents::hgf::HgfConfig;
///
/// let config: HgfConfig = toml::from_str("tonic_volatility = -3.0")?;
/// assert_eq!(config.coupling, 1.0);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HgfConfig {
    /// Coupling κ of levels 2 and 3.
    pub coupling: f64,
    /// Tonic volatility ω2 of level 2, as a logarithm.
    pub tonic_volatility: f64,
    /// Tonic volatility ω3 of level 3, as a logarithm.
    pub volatility_of_volatility: f64,
    /// Means of levels 2 and 3 at first.
    pub initial_means: [f64; 2],
    /// Precisions of levels 2 and 3 at first, above 0.
    pub initial_precisions: [f64; 2],
    /// Inverse temperature β, above 0.
    pub inverse_temperature: f64,
}

impl Default for HgfConfig {
    fn default() -> Self {
        Self {
            coupling: 1.0,
            tonic_volatility: -2.0,
            volatility_of_volatility: -3.0,
            initial_means: [0.0, 0.0],
            initial_precisions: [1.0, 1.0],
            inverse_temperature: 8.0,
        }
    }
}

impl HgfConfig {
    /// An agent for `environment`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a parameter outside its range, [`Error::Incompatible`] for anything but two choices.
    pub fn build(self, environment: &dyn Environment, key: Key) -> Result<Hgf> {
        for (name, value) in [
            ("hgf.coupling", self.coupling),
            ("hgf.tonic_volatility", self.tonic_volatility),
            ("hgf.volatility_of_volatility", self.volatility_of_volatility),
            ("hgf.initial_means", self.initial_means[0] + self.initial_means[1]),
        ] {
            if !value.is_finite() {
                return Err(Error::InvalidParameter { name, value, requirement: "a finite number" });
            }
        }
        self.initial_precisions
            .into_iter()
            .try_for_each(|value| positive("hgf.initial_precisions", value).map(|_| ()))?;
        positive("hgf.inverse_temperature", self.inverse_temperature)?;
        two_choices(environment, DESCRIPTION.name)?;
        let beliefs = Beliefs { means: self.initial_means, precisions: self.initial_precisions };
        let mut agent = Hgf {
            config: self,
            softmax: Softmax::new(2, key.stream()),
            beliefs,
            choice: 0,
            outcome: 0.0,
            learned: [0.0; 4],
        };
        agent.publish();
        Ok(agent)
    }
}

impl AgentSettings for HgfConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, environment: &dyn Environment, key: Key) -> Result<Box<dyn Agent>> {
        Ok(Box::new(Self::build(*self, environment, key)?))
    }
}

/// Means and precisions of levels 2 and 3.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Beliefs {
    means: [f64; 2],
    precisions: [f64; 2],
}

crate::archived!(Beliefs { means, precisions });

impl Beliefs {
    /// One outcome; `share` is a factor on the steps of the means.
    fn update(&mut self, config: &HgfConfig, outcome: f64, share: f64) {
        let ([mean, volatility], [precision, confidence]) = (self.means, self.precisions);
        let coupling = config.coupling;
        let expected = sigmoid(mean);
        // Beyond e^{±50} nothing changes any more.
        let step = (coupling * volatility + config.tonic_volatility).clamp(-50.0, 50.0).exp();
        let predicted_precision = 1.0 / (1.0 / precision + step);
        let new_precision = predicted_precision + expected * (1.0 - expected);
        let move_mean = (outcome - expected) / new_precision;
        let predicted_confidence = 1.0 / (1.0 / confidence + config.volatility_of_volatility.clamp(-50.0, 50.0).exp());
        let weight = step * predicted_precision;
        let surprise = predicted_precision / new_precision + predicted_precision * move_mean * move_mean - 1.0;
        let weighed = coupling * weight;
        let move_volatility = 0.5 * weighed * surprise / predicted_confidence;
        let new_confidence = predicted_confidence + 0.5 * weighed * weighed + weighed * weighed * surprise
            - 0.5 * coupling * coupling * weight * surprise;
        self.means = [mean + share * move_mean, volatility + share * move_volatility];
        let kept = if new_confidence > 0.0 { new_confidence } else { predicted_confidence };
        self.precisions = [new_precision, kept];
    }
}

/// The agent; see the module's head.
#[derive(Clone, Debug)]
pub struct Hgf {
    config: HgfConfig,
    softmax: Softmax,
    beliefs: Beliefs,
    choice: usize,
    outcome: f64,
    learned: [f32; 4],
}

crate::archived!(Hgf { softmax, beliefs, choice, outcome } sized { learned } fixed { config });

impl Hgf {
    fn publish(&mut self) {
        let Beliefs { means, precisions } = self.beliefs;
        self.learned = [means[0], means[1], precisions[0], precisions[1]].map(|value| value as f32);
    }
}

impl Agent for Hgf {
    fn act(&mut self, _: &[f32], modulation: &Modulation) -> Action {
        let preference = self.config.inverse_temperature * (2.0 * sigmoid(self.beliefs.means[0]) - 1.0);
        self.choice = self.softmax.choose(&[0.0, preference], modulation);
        Action::Choice(self.choice)
    }

    fn appraise(&mut self, feedback: &Feedback<'_>, _: &Modulation) -> Signals {
        self.outcome = f64::from(u8::from((self.choice == 1) == (feedback.reward > 0.5)));
        let expected = sigmoid(self.beliefs.means[0]);
        let value = if self.choice == 1 { expected } else { 1.0 - expected };
        Signals {
            reward: Some(feedback.reward),
            value: Some(value),
            prediction_error: Some(feedback.reward - value),
            outcome_error: Some(self.outcome - expected),
            policy_entropy: Some(self.softmax.entropy()),
            ..Signals::default()
        }
    }

    fn learn(&mut self, modulation: &Modulation) {
        self.beliefs.update(&self.config, self.outcome, modulation.learning_rate);
        self.publish();
    }

    fn hears(&self) -> Vec<Heard> {
        Heard::everywhere(&[Target::LearningRate, Target::Temperature])
    }

    fn parameters(&self) -> &[f32] {
        &self.learned
    }

    fn state_bytes(&self) -> usize {
        size_of::<Self>()
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One step of pyhgf 0.3.2 with u = 1 and all means, precisions, couplings and tonic volatilities 1.
    #[test]
    fn a_step_is_that_of_pyhgf() {
        let config =
            HgfConfig { coupling: 1.0, tonic_volatility: 1.0, volatility_of_volatility: 1.0, ..HgfConfig::default() };
        let mut beliefs = Beliefs { means: [1.0; 2], precisions: [1.0; 2] };
        beliefs.update(&config, 1.0, 1.0);
        let found = [beliefs.precisions[0], beliefs.means[0], beliefs.means[1], beliefs.precisions[1]];
        for (found, expected) in found.into_iter().zip([0.315_814_85, 1.851_579_3, 0.122_106_02, 0.477_029_26]) {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
    }
}
