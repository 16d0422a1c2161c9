//! Hidden Markov observer: the ideal observer of a reversal. Told hazard and probability.
//!
//! ```text
//!     b ← (1 − h) b + h (1 − b)                                    the arms may have changed
//!     choose the arm with the larger belief                         b against 1 − b
//!     b ← b L_1/(b L_1 + (1 − b) L_0)                                L_i probability of what was seen if arm i is the better one
//! ```
//! b belief that arm 1 is the better one · h hazard · `L = p` if the better arm paid (or the other did not), else 1 − p.
//!
//! In [reversal](crate::behaviour::environments::reversal) .894 of its choices are right, .889 with one hazard of .02 for all: the optimum.
//! Signals: prediction error against the expected reward, and the Bayes factor of a reversal. Of modulation it obeys nothing.
//!
//! Reference: A. N. Hampton, P. Bossaerts, J. P. O'Doherty, Journal of Neuroscience 26(32), 8360–8367, 2006.

use serde::{Deserialize, Serialize};

use super::choice::two_choices;
use crate::behaviour::agent::{Agent, AgentSettings, Feedback};
use crate::behaviour::environment::{Action, Environment};
use crate::behaviour::environments::reversal::Stretch;
use crate::error::{Error, Result};
use crate::neuromodulation::modulation::Modulation;
use crate::neuromodulation::signals::Signals;
use crate::random::{Key, Stream};
use crate::registry::Description;

/// The entry of the registry.
const DESCRIPTION: Description = Description {
    name: "hidden_markov",
    summary: "the ideal observer of a reversal; told hazard and probability",
    reference: "Hampton, Bossaerts, O'Doherty, J. Neurosci. 26, 8360, 2006",
};

/// The settings.
///
/// # Example
/// ```
/// use tegmentum::behaviour::agents::hidden_markov::HiddenMarkovConfig;
///
/// let config: HiddenMarkovConfig = toml::from_str("blocks = [{ trials = 1, hazard = 0.02 }]")?;
/// assert_eq!(config.probability, 0.8);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HiddenMarkovConfig {
    /// Probability p that the better arm pays, above 0 and below 1.
    pub probability: f64,
    /// The hazard of stretch after stretch.
    pub blocks: Vec<Stretch>,
}

impl Default for HiddenMarkovConfig {
    fn default() -> Self {
        Self { probability: 0.8, blocks: Stretch::two() }
    }
}

impl HiddenMarkovConfig {
    /// An agent for `environment`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a parameter outside its range, [`Error::Incompatible`] for anything but two choices.
    pub fn build(&self, environment: &dyn Environment, key: Key) -> Result<HiddenMarkov> {
        let value = self.probability;
        if !(value > 0.0 && value < 1.0) {
            let name = "hidden_markov.probability";
            return Err(Error::InvalidParameter { name, value, requirement: "between 0 and 1, both excluded" });
        }
        Stretch::check(&self.blocks)?;
        two_choices(environment, DESCRIPTION.name)?;
        let (config, stream) = (self.clone(), key.stream());
        Ok(HiddenMarkov { config, stream, trial: 0, belief: 0.5, choice: 0, reward: 0.0, learned: [0.5] })
    }
}

impl AgentSettings for HiddenMarkovConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, environment: &dyn Environment, key: Key) -> Result<Box<dyn Agent>> {
        Ok(Box::new(Self::build(self, environment, key)?))
    }
}

/// The agent; see the module's head.
#[derive(Clone, Debug)]
pub struct HiddenMarkov {
    config: HiddenMarkovConfig,
    stream: Stream,
    trial: u64,
    belief: f64,
    choice: usize,
    reward: f64,
    learned: [f32; 1],
}

impl HiddenMarkov {
    /// Likelihoods of the outcome if the other arm, or arm 1, is the better one.
    fn likelihoods(&self) -> [f64; 2] {
        let points_to_one = (self.choice == 1) == (self.reward > 0.5);
        let p = self.config.probability;
        if points_to_one { [1.0 - p, p] } else { [p, 1.0 - p] }
    }
}

impl Agent for HiddenMarkov {
    fn act(&mut self, _: &[f32], _: &Modulation) -> Action {
        let (_, stretch) = Stretch::at(&self.config.blocks, self.trial);
        self.belief = (1.0 - stretch.hazard) * self.belief + stretch.hazard * (1.0 - self.belief);
        self.choice = if self.belief == 0.5 { self.stream.below(2) } else { usize::from(self.belief > 0.5) };
        Action::Choice(self.choice)
    }

    fn appraise(&mut self, feedback: &Feedback<'_>, _: &Modulation) -> Signals {
        self.reward = feedback.reward;
        let [zero, one] = self.likelihoods();
        let (p, belief) = (self.config.probability, self.belief);
        let in_chosen = if self.choice == 1 { belief } else { 1.0 - belief };
        let value = p * in_chosen + (1.0 - p) * (1.0 - in_chosen);
        Signals {
            reward: Some(feedback.reward),
            value: Some(value),
            prediction_error: Some(feedback.reward - value),
            outcome_error: Some(feedback.reward - value),
            bayes_factor: Some(0.5 / (belief * one + (1.0 - belief) * zero)),
            policy_entropy: Some(0.0),
            ..Signals::default()
        }
    }

    fn learn(&mut self, _: &Modulation) {
        let [zero, one] = self.likelihoods();
        self.belief = self.belief * one / (self.belief * one + (1.0 - self.belief) * zero);
        self.trial += 1;
        self.learned = [self.belief as f32];
    }

    fn parameters(&self) -> &[f32] {
        &self.learned
    }

    fn state_bytes(&self) -> usize {
        size_of::<Self>() + self.config.blocks.len() * size_of::<Stretch>()
    }
}
