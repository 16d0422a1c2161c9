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
//! It is told what the environment says of itself, unless
//! `probability` and `blocks` tell it something else. Signals: prediction error against the expected reward, and the Bayes factor of a
//! reversal.
//!
//! # Modulation
//! Nothing is obeyed.
//!
//! Reference: A. N. Hampton, P. Bossaerts, J. P. O'Doherty, Journal of Neuroscience 26(32), 8360–8367, 2006.

use serde::{Deserialize, Serialize};

use super::choice::{incompatible, two_choices};
use crate::behaviour::agent::{Agent, AgentSettings, Feedback};
use crate::behaviour::environment::{Action, Environment, OutcomeModel, ReversalModel};
use crate::behaviour::environments::cycle::block_at;
use crate::behaviour::environments::reversal::ReversalBlock;
use crate::error::{Result, fraction};
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
/// assert!(config.probability.is_none(), "it is told that of the environment");
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HiddenMarkovConfig {
    /// Probability p that the better arm pays, between 0 and 1, instead of the environment's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// The hazard of block after block, instead of the environment's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocks: Option<Vec<ReversalBlock>>,
}

impl HiddenMarkovConfig {
    /// An agent for `environment`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a parameter outside its range,
    /// [`Error::Incompatible`](crate::error::Error::Incompatible) for anything but two choices, or where something is not told.
    pub fn build(&self, environment: &dyn Environment, key: Key) -> Result<HiddenMarkov> {
        two_choices(environment, DESCRIPTION.name)?;
        let blocks = self.told(environment)?;
        Ok(HiddenMarkov { blocks, stream: key.stream(), trial: 0, belief: 0.5, choice: 0, reward: 0.0, learned: [0.5] })
    }

    /// Hazard and probability of block after block.
    fn told(&self, environment: &dyn Environment) -> Result<Vec<ReversalModel>> {
        if let Some(probability) = self.probability {
            fraction("hidden_markov.probability", probability)?;
        }
        let model = match environment.outcome_model() {
            Some(OutcomeModel::Reversals(model)) => Some(model),
            _ => None,
        };
        let silent = || {
            let with = "an environment that does not say how its arms pay";
            incompatible(DESCRIPTION.name, with, "it is told hazard and probability: give it both")
        };
        let Some(blocks) = &self.blocks else {
            let blocks = model.ok_or_else(silent)?.into_iter();
            return Ok(blocks
                .map(|block| ReversalModel { probability: self.probability.unwrap_or(block.probability), ..block })
                .collect());
        };
        ReversalBlock::check(blocks)?;
        // Hazards of its own come with the one probability that the environment has throughout.
        let probability = match (self.probability, model.as_deref()) {
            (Some(probability), _) => probability,
            (None, Some([first, others @ ..])) if others.iter().all(|b| b.probability == first.probability) => {
                first.probability
            }
            _ => return Err(silent()),
        };
        let told = |block: &ReversalBlock| ReversalModel { trials: block.trials, hazard: block.hazard, probability };
        Ok(blocks.iter().map(told).collect())
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
    blocks: Vec<ReversalModel>,
    stream: Stream,
    trial: u64,
    belief: f64,
    choice: usize,
    reward: f64,
    learned: [f32; 1],
}

crate::archived!(HiddenMarkov { stream, trial, belief, choice, reward } sized { learned } fixed { blocks });

impl HiddenMarkov {
    /// What it is told of the present trial.
    fn now(&self) -> ReversalModel {
        let (_, index) = block_at(self.blocks.iter().map(|block| block.trials), self.trial);
        self.blocks[index]
    }

    /// Likelihoods of the outcome if the other arm, or arm 1, is the better one.
    fn likelihoods(&self) -> [f64; 2] {
        let points_to_one = (self.choice == 1) == (self.reward > 0.5);
        let p = self.now().probability;
        if points_to_one { [1.0 - p, p] } else { [p, 1.0 - p] }
    }
}

impl Agent for HiddenMarkov {
    fn act(&mut self, _: &[f32], _: &Modulation) -> Action {
        let hazard = self.now().hazard;
        self.belief = (1.0 - hazard) * self.belief + hazard * (1.0 - self.belief);
        self.choice = if self.belief == 0.5 { self.stream.below(2) } else { usize::from(self.belief > 0.5) };
        Action::Choice(self.choice)
    }

    fn appraise(&mut self, feedback: &Feedback<'_>, _: &Modulation) -> Signals {
        self.reward = feedback.reward;
        let [zero, one] = self.likelihoods();
        let (p, belief) = (self.now().probability, self.belief);
        let in_chosen = if self.choice == 1 { belief } else { 1.0 - belief };
        let value = p * in_chosen + (1.0 - p) * (1.0 - in_chosen);
        Signals {
            reward: Some(feedback.reward),
            value: Some(value),
            prediction_error: Some(feedback.reward - value),
            outcome_error: Some(feedback.reward - value),
            bayes_factor: Some(0.5 / (belief * one + (1.0 - belief) * zero)).filter(|factor| factor.is_finite()),
            policy_entropy: Some(0.0),
            ..Signals::default()
        }
    }

    fn learn(&mut self, _: &Modulation) {
        let [zero, one] = self.likelihoods();
        let evidence = self.belief * one + (1.0 - self.belief) * zero;
        // What it was told makes this outcome impossible: then it knows nothing.
        self.belief = if evidence > 0.0 { self.belief * one / evidence } else { 0.5 };
        self.trial += 1;
        self.learned = [self.belief as f32];
    }

    fn parameters(&self) -> &[f32] {
        &self.learned
    }

    fn state_bytes(&self) -> usize {
        size_of::<Self>() + self.blocks.len() * size_of::<ReversalModel>()
    }

    crate::archives!();
}
