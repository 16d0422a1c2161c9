//! Reduced Bayes: a delta rule that remembers a run length instead of a distribution. Told noise and hazard.
//!
//! ```text
//!     σ_T² = σ² (1 + 1/R) ,   ρ = (u/N(e; 0, σ_T²))^w h/(1 − h) ,   Ω = ρ/(1 + ρ)
//!     B ← B + α e ,           α = 1/(R + 1) + Ω R/(R + 1)
//!     R ← (R + 1)(1 − Ω) + Ω                                        expected run length
//!     R ← σ²/s ,  s = Ω σ² + (1 − Ω) σ²/(R + 1) + Ω (1 − Ω) (e R/(R + 1))²        variance matched
//! ```
//! B answer, e = x − B its error, σ noise `[outcome]` · R run length `[trials]` · h hazard · u density of outcomes after a change · w weight
//! of the likelihood, 1 for the observer, less for people.
//!
//! In the four blocks of [helicopter](crate::behaviour::environments::helicopter) its error is 12.11 with the true h and σ of each block
//! (12.17 with the expected run length), and 13.29 (13.78) with (.05, 17.5) throughout. A reference, not
//! modulated; of modulation it obeys `learning_rate`, a factor on α.
//!
//! Reference: M. R. Nassar, R. C. Wilson, B. Heasly, J. I. Gold, Journal of Neuroscience 30(37), 12366–12378, 2010; the
//! variance-matched form is that of the authors' code.

use serde::{Deserialize, Serialize};

use super::choice::interval;
use crate::behaviour::agent::{Agent, AgentSettings, Feedback};
use crate::behaviour::environment::{Action, Environment};
use crate::behaviour::environments::helicopter::Block;
use crate::error::{Error, Result, positive};
use crate::neuromodulation::modulation::Modulation;
use crate::neuromodulation::nuclei::dorsal_raphe::run_length::next_run_length;
use crate::neuromodulation::nuclei::locus_coeruleus::change_point_probability::change_probability;
use crate::neuromodulation::signals::Signals;
use crate::random::Key;
use crate::registry::Description;

/// The entry of the registry.
const DESCRIPTION: Description = Description {
    name: "reduced_bayes",
    summary: "predicts a number that jumps from an estimate and a run length; told noise and hazard",
    reference: "Nassar, Wilson, Heasly, Gold, J. Neurosci. 30, 12366, 2010",
};

/// How the run length goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunLengthUpdate {
    /// Keeps the variance of the estimate.
    #[default]
    VarianceMatched,
    /// The expected run length.
    Expected,
}

/// The settings.
///
/// # Example
/// ```
/// use tegmentum::behaviour::agents::reduced_bayes::ReducedBayesConfig;
///
/// assert_eq!(ReducedBayesConfig::default().blocks.len(), 4);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReducedBayesConfig {
    /// What it is told: hazard and noise of block after block, hazards above 0 and below 1.
    pub blocks: Vec<Block>,
    /// How the run length goes on.
    pub run_length: RunLengthUpdate,
    /// Weight w of the likelihood, above 0.
    pub likelihood_weight: f64,
}

impl Default for ReducedBayesConfig {
    fn default() -> Self {
        Self { blocks: Block::four(), run_length: RunLengthUpdate::VarianceMatched, likelihood_weight: 1.0 }
    }
}

/// Checks what an observer is told.
pub(super) fn check_told(blocks: &[Block]) -> Result<()> {
    if blocks.is_empty() {
        return Err(Error::InvalidParameter { name: "blocks", value: 0.0, requirement: "at least one block" });
    }
    for block in blocks {
        block.check()?;
        if !(block.hazard > 0.0 && block.hazard < 1.0) {
            let requirement = "between 0 and 1, both excluded, for an observer";
            return Err(Error::InvalidParameter { name: "blocks.hazard", value: block.hazard, requirement });
        }
    }
    Ok(())
}

impl ReducedBayesConfig {
    /// An agent for `environment`, whose first answer is the middle of the interval.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a parameter outside its range, [`Error::Incompatible`] where choices are wanted.
    pub fn build(&self, environment: &dyn Environment) -> Result<ReducedBayes> {
        check_told(&self.blocks)?;
        positive("reduced_bayes.likelihood_weight", self.likelihood_weight)?;
        let (low, high) = interval(environment, DESCRIPTION.name)?;
        let estimate = low + (high - low) / 2.0;
        Ok(ReducedBayes {
            config: self.clone(),
            bounds: (low, high),
            density: 1.0 / (high - low),
            trial: 0,
            run_length: 1.0,
            estimate,
            error: 0.0,
            learned: [estimate as f32, 1.0],
        })
    }
}

impl AgentSettings for ReducedBayesConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, environment: &dyn Environment, _: Key) -> Result<Box<dyn Agent>> {
        Ok(Box::new(Self::build(self, environment)?))
    }
}

/// The agent; see the module's head.
#[derive(Clone, Debug)]
pub struct ReducedBayes {
    config: ReducedBayesConfig,
    bounds: (f64, f64),
    density: f64,
    trial: u64,
    run_length: f64,
    estimate: f64,
    error: f64,
    learned: [f32; 2],
}

impl ReducedBayes {
    /// Probability of a change, with the likelihood weighed.
    fn change(&self, block: &Block) -> f64 {
        let variance = block.noise * block.noise * (1.0 + 1.0 / self.run_length);
        let even = change_probability(self.error, variance, 0.5, self.density);
        let likelihood = (even / (1.0 - even)).powf(self.config.likelihood_weight);
        let odds = likelihood * block.hazard / (1.0 - block.hazard);
        if odds.is_finite() { odds / (1.0 + odds) } else { 1.0 }
    }
}

impl Agent for ReducedBayes {
    fn act(&mut self, _: &[f32], _: &Modulation) -> Action {
        Action::Value(self.estimate.clamp(self.bounds.0, self.bounds.1))
    }

    fn appraise(&mut self, feedback: &Feedback<'_>, _: &Modulation) -> Signals {
        self.error = f64::from(feedback.observation[0]) - self.estimate;
        Signals {
            reward: Some(feedback.reward),
            prediction_error: Some(self.error),
            outcome_error: Some(self.error),
            ..Signals::default()
        }
    }

    fn learn(&mut self, modulation: &Modulation) {
        let (_, block) = Block::at(&self.config.blocks, self.trial);
        let change = self.change(&block);
        let rate = (1.0 + change * self.run_length) / (self.run_length + 1.0);
        self.run_length = match self.config.run_length {
            RunLengthUpdate::VarianceMatched => next_run_length(self.run_length, change, self.error, block.noise),
            RunLengthUpdate::Expected => (self.run_length + 1.0) * (1.0 - change) + change,
        };
        self.estimate += modulation.learning_rate * rate * self.error;
        self.trial += 1;
        self.learned = [self.estimate as f32, self.run_length as f32];
    }

    fn parameters(&self) -> &[f32] {
        &self.learned
    }

    fn state_bytes(&self) -> usize {
        size_of::<Self>() + self.config.blocks.len() * size_of::<Block>()
    }
}
