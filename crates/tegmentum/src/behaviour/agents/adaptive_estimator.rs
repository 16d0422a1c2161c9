//! An estimate moved by a delta rule whose learning rate comes from modulation.
//!
//! ```text
//!     answer B, within the interval ,   e = x − B ,   B ← B + min(1, α M_η) D        D = reinforcement, e without a dopamine receptor
//! ```
//! x outcome, the first number that is observed · α learning rate of the agent · M_η factor of modulation on it.
//!
//! Signals: `outcome_error` and `prediction_error` are e as a share of the interval; reinforcement D comes in the same unit. Without modulation it is a learner with a fixed
//! rate (Rescorla–Wagner for a number): in the four blocks of [helicopter](crate::behaviour::environments::helicopter) α = .61 is the best
//! one, with an error of 16.94. Under the preset [`change-point`](crate::neuromodulation::presets::change_point) the four
//! modulators make it reduced Bayes without being told noise or hazard.
//!
//! # Modulation
//! Obeyed, of the whole network: `learning_rate`, `negative_learning_rate` (where e < 0), `reinforcement`. Nothing else, and no place.
//!
//! Cost: a product a trial.
//!
//! Reference: the delta rule is R. A. Rescorla, A. R. Wagner, 1972; a rate that follows two uncertainties is M. R. Nassar, R. C. Wilson,
//! B. Heasly, J. I. Gold, Journal of Neuroscience 30(37), 12366–12378, 2010.

use serde::{Deserialize, Serialize};

use super::number::Interval;
use crate::behaviour::agent::{Agent, AgentSettings, Feedback};
use crate::behaviour::environment::{Action, Environment};
use crate::error::{Result, fraction};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::Modulation;
use crate::neuromodulation::signals::Signals;
use crate::neuromodulation::target::Target;
use crate::random::Key;
use crate::registry::Description;

/// The entry of the registry.
const DESCRIPTION: Description = Description {
    name: "adaptive_estimator",
    summary: "predicts a number by a delta rule whose rate the modulators set",
    reference: "Rescorla, Wagner, 1972; Nassar et al., J. Neurosci. 30, 12366, 2010",
};

/// The settings.
///
/// # Example
/// ```
/// use tegmentum::behaviour::agents::adaptive_estimator::AdaptiveEstimatorConfig;
///
/// assert_eq!(AdaptiveEstimatorConfig::default().learning_rate, 1.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdaptiveEstimatorConfig {
    /// Learning rate α without modulation, between 0 and 1.
    pub learning_rate: f64,
}

impl Default for AdaptiveEstimatorConfig {
    fn default() -> Self {
        Self { learning_rate: 1.0 }
    }
}

impl AdaptiveEstimatorConfig {
    /// An agent for `environment`, whose first answer is the middle of the interval.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a rate outside its range,
    /// [`Error::Incompatible`](crate::error::Error::Incompatible) where choices are wanted.
    pub fn build(self, environment: &dyn Environment) -> Result<AdaptiveEstimator> {
        fraction("adaptive_estimator.learning_rate", self.learning_rate)?;
        let interval = Interval::of(environment, DESCRIPTION.name)?;
        let estimate = interval.middle();
        Ok(AdaptiveEstimator { config: self, interval, estimate, error: 0.0, learned: [estimate as f32] })
    }
}

impl AgentSettings for AdaptiveEstimatorConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, environment: &dyn Environment, _: Key) -> Result<Box<dyn Agent>> {
        Ok(Box::new(Self::build(*self, environment)?))
    }

    fn set_learning_rate(&mut self, rate: f64) -> bool {
        self.learning_rate = rate;
        true
    }
}

/// The agent; see the module's head.
#[derive(Clone, Debug)]
pub struct AdaptiveEstimator {
    config: AdaptiveEstimatorConfig,
    interval: Interval,
    estimate: f64,
    error: f64,
    learned: [f32; 1],
}

crate::archived!(AdaptiveEstimator { estimate, error } sized { learned } fixed { config, interval });

impl Agent for AdaptiveEstimator {
    fn act(&mut self, _: &[f32], _: &Modulation) -> Action {
        self.interval.answer(self.estimate)
    }

    fn appraise(&mut self, feedback: &Feedback<'_>, _: &Modulation) -> Signals {
        self.error = f64::from(feedback.observation[0]) - self.estimate;
        self.interval.signals(feedback, self.error)
    }

    fn learn(&mut self, modulation: &Modulation) {
        let sign = if self.error < 0.0 { modulation.negative_learning_rate } else { 1.0 };
        let rate = (self.config.learning_rate * modulation.learning_rate * sign).min(1.0);
        self.estimate += rate * self.interval.reinforcement(modulation, self.error);
        self.learned = [self.estimate as f32];
    }

    fn hears(&self) -> Vec<Heard> {
        Heard::everywhere(&[Target::LearningRate, Target::NegativeLearningRate, Target::Reinforcement])
    }

    fn parameters(&self) -> &[f32] {
        &self.learned
    }

    fn state_bytes(&self) -> usize {
        size_of::<Self>()
    }

    crate::archives!();
}
