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
//! (12.17 with the expected run length), and 13.29 (13.78) with (.05, 17.5) throughout. A reference, which is told what the
//! environment says of itself unless `blocks` tell it something else.
//!
//! # Modulation
//! Obeyed, of the whole network: `learning_rate`, a factor on α. Nothing else, and no place.
//!
//! Reference: M. R. Nassar, R. C. Wilson, B. Heasly, J. I. Gold, Journal of Neuroscience 30(37), 12366–12378, 2010; the
//! variance-matched form is that of the authors' code.

use serde::{Deserialize, Serialize};

use super::number::{Interval, change_points};
use crate::behaviour::agent::{Agent, AgentSettings, Feedback};
use crate::behaviour::environment::{Action, Environment};
use crate::behaviour::environments::helicopter::ChangePointBlock;
use crate::error::{Result, positive};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::Modulation;
use crate::neuromodulation::nuclei::dorsal_raphe::run_length::next_run_length;
use crate::neuromodulation::nuclei::locus_coeruleus::change_point_probability::change_probability;
use crate::neuromodulation::signals::Signals;
use crate::neuromodulation::target::Target;
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
/// assert!(ReducedBayesConfig::default().blocks.is_none(), "it is told what the environment says of itself");
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReducedBayesConfig {
    /// Hazard and noise of block after block that it is told instead of the environment's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocks: Option<Vec<ChangePointBlock>>,
    /// How the run length goes on.
    pub run_length: RunLengthUpdate,
    /// Weight w of the likelihood, above 0.
    pub likelihood_weight: f64,
}

impl Default for ReducedBayesConfig {
    fn default() -> Self {
        Self { blocks: None, run_length: RunLengthUpdate::VarianceMatched, likelihood_weight: 1.0 }
    }
}

impl ReducedBayesConfig {
    /// An agent for `environment`, whose first answer is the middle of the interval.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a parameter outside its range,
    /// [`Error::Incompatible`](crate::error::Error::Incompatible) where choices are wanted, or where nothing is told.
    pub fn build(&self, environment: &dyn Environment) -> Result<ReducedBayes> {
        positive("reduced_bayes.likelihood_weight", self.likelihood_weight)?;
        let interval = Interval::of(environment, DESCRIPTION.name)?;
        let estimate = interval.middle();
        Ok(ReducedBayes {
            config: self.clone(),
            blocks: change_points(self.blocks.as_ref(), environment, DESCRIPTION.name)?,
            interval,
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
    blocks: Vec<ChangePointBlock>,
    interval: Interval,
    trial: u64,
    run_length: f64,
    estimate: f64,
    error: f64,
    learned: [f32; 2],
}

crate::archived!(ReducedBayes { trial, run_length, estimate, error } sized { learned } fixed { config, blocks, interval });

impl ReducedBayes {
    /// Probability of a change, with the likelihood weighed.
    fn change(&self, block: &ChangePointBlock) -> f64 {
        let variance = block.noise * block.noise * (1.0 + 1.0 / self.run_length);
        let even = change_probability(self.error, variance, 0.5, 1.0 / self.interval.width());
        let likelihood = (even / (1.0 - even)).powf(self.config.likelihood_weight);
        let odds = likelihood * block.hazard / (1.0 - block.hazard);
        if odds.is_finite() { odds / (1.0 + odds) } else { 1.0 }
    }
}

impl Agent for ReducedBayes {
    fn act(&mut self, _: &[f32], _: &Modulation) -> Action {
        self.interval.answer(self.estimate)
    }

    fn appraise(&mut self, feedback: &Feedback<'_>, _: &Modulation) -> Signals {
        self.error = f64::from(feedback.observation[0]) - self.estimate;
        self.interval.signals(feedback, self.error)
    }

    fn learn(&mut self, modulation: &Modulation) {
        let (_, block) = ChangePointBlock::at(&self.blocks, self.trial);
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

    fn hears(&self) -> Vec<Heard> {
        Heard::everywhere(&[Target::LearningRate])
    }

    fn parameters(&self) -> &[f32] {
        &self.learned
    }

    fn state_bytes(&self) -> usize {
        size_of::<Self>() + self.blocks.len() * size_of::<ChangePointBlock>()
    }

    crate::archives!();
}
