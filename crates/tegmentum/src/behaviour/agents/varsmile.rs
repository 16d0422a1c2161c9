//! `VarSMiLe`: surprise decides how much of the past is forgotten. A number that jumps, told noise and change probability.
//!
//! ```text
//!     S = P(x | prior)/P(x | now) ,   m = h/(1 − h) ,   γ = m S/(1 + m S)
//!     χ ← (1 − γ) χ + γ χ_0 + x/σ ,   ν ← (1 − γ) ν + γ ν_0 + 1 ,   B = σ χ/ν
//! ```
//! x outcome, σ noise `[outcome]` · χ, ν statistics of the Gaussian with known noise: the sum of x/σ and the number of outcomes · B answer
//! · P(x | now) = N(x; B, σ²(1 + 1/ν)), P(x | prior) = one over the interval · `ν_0`, `χ_0` a Gaussian of the interval's mean and variance.
//!
//! Told neither, it takes the means of noise and hazard over the trials of the environment's blocks.
//!
//! Signals: errors as shares of the interval, and S as `bayes_factor`.
//!
//! # Modulation
//! Obeyed, of the whole network: `learning_rate`, a factor on γ (bounded by 1), so that a modulator can make it forget more or less.
//! Nothing else, and no place.
//!
//! Reference: V. Liakoni, A. Modirshanechi, W. Gerstner, J. Brea, Neural Computation 33(2), 269–340, 2021,
//! doi:10.1162/neco_a_01352. That P(x | prior) is uniform while `χ_0`, `ν_0` are Gaussian is ours.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use super::number::{Interval, change_points};
use crate::behaviour::agent::{Agent, AgentSettings, Feedback};
use crate::behaviour::environment::{Action, Environment};
use crate::behaviour::environments::helicopter::ChangePointBlock;
use crate::error::{Result, fraction, positive};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::Modulation;
use crate::neuromodulation::signals::Signals;
use crate::neuromodulation::target::Target;
use crate::random::Key;
use crate::registry::Description;

/// The entry of the registry.
const DESCRIPTION: Description = Description {
    name: "varsmile",
    summary: "a number that jumps: Bayes-factor surprise decides how much is forgotten; told noise and hazard",
    reference: "Liakoni, Modirshanechi, Gerstner, Brea, Neural Comput. 33, 269, 2021",
};

/// The settings.
///
/// # Example
/// ```
/// use tegmentum::behaviour::agents::varsmile::VarSmileConfig;
///
/// let config: VarSmileConfig = toml::from_str("hazard = 0.1")?;
/// assert!(config.noise.is_none(), "it is told what the environment says of itself");
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VarSmileConfig {
    /// Standard deviation σ of outcomes, in their unit; that of the environment if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise: Option<f64>,
    /// Probability h of a change at each trial; that of the environment if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hazard: Option<f64>,
}

impl VarSmileConfig {
    /// An agent for `environment`, whose first answer is the middle of the interval.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a parameter outside its range,
    /// [`Error::Incompatible`](crate::error::Error::Incompatible) where choices are wanted, or where nothing is told.
    pub fn build(self, environment: &dyn Environment) -> Result<VarSmile> {
        let interval = Interval::of(environment, DESCRIPTION.name)?;
        let (noise, hazard) = self.told(environment)?;
        let initial_count = noise * noise / (interval.width() * interval.width() / 12.0);
        let initial_sum = initial_count * interval.middle() / noise;
        Ok(VarSmile {
            noise,
            hazard,
            interval,
            initial: [initial_sum, initial_count],
            sum: initial_sum,
            count: initial_count,
            outcome: 0.0,
            surprise: 0.0,
            learned: [initial_sum as f32, initial_count as f32],
        })
    }

    /// Noise and hazard.
    fn told(self, environment: &dyn Environment) -> Result<(f64, f64)> {
        if let (Some(noise), Some(hazard)) = (self.noise, self.hazard) {
            return Ok((positive("varsmile.noise", noise)?, fraction("varsmile.hazard", hazard)?));
        }
        let blocks = change_points(None, environment, DESCRIPTION.name)?;
        let trials: f64 = blocks.iter().map(|block| block.trials as f64).sum();
        let mean = |of: fn(&ChangePointBlock) -> f64| {
            blocks.iter().map(|block| block.trials as f64 * of(block)).sum::<f64>() / trials
        };
        let noise = self.noise.unwrap_or_else(|| mean(|block| block.noise));
        let hazard = self.hazard.unwrap_or_else(|| mean(|block| block.hazard));
        Ok((positive("varsmile.noise", noise)?, fraction("varsmile.hazard", hazard)?))
    }
}

impl AgentSettings for VarSmileConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, environment: &dyn Environment, _: Key) -> Result<Box<dyn Agent>> {
        Ok(Box::new(Self::build(*self, environment)?))
    }
}

/// The agent; see the module's head.
#[derive(Clone, Debug)]
pub struct VarSmile {
    noise: f64,
    hazard: f64,
    interval: Interval,
    initial: [f64; 2],
    sum: f64,
    count: f64,
    outcome: f64,
    surprise: f64,
    learned: [f32; 2],
}

crate::archived!(VarSmile { sum, count, outcome, surprise } sized { learned } fixed { noise, hazard, interval, initial });

impl VarSmile {
    fn answer(&self) -> f64 {
        self.noise * self.sum / self.count
    }
}

impl Agent for VarSmile {
    fn act(&mut self, _: &[f32], _: &Modulation) -> Action {
        self.interval.answer(self.answer())
    }

    fn appraise(&mut self, feedback: &Feedback<'_>, _: &Modulation) -> Signals {
        self.outcome = f64::from(feedback.observation[0]);
        let error = self.outcome - self.answer();
        let variance = self.noise.powi(2) * (1.0 + 1.0 / self.count);
        let expected = (-0.5 * error * error / variance).exp() / (TAU * variance).sqrt();
        self.surprise = 1.0 / self.interval.width() / expected.max(f64::MIN_POSITIVE);
        Signals { bayes_factor: Some(self.surprise), ..self.interval.signals(feedback, error) }
    }

    fn learn(&mut self, modulation: &Modulation) {
        let odds = self.surprise * self.hazard / (1.0 - self.hazard);
        let change = if odds.is_finite() { odds / (1.0 + odds) } else { 1.0 };
        let forgotten = (modulation.learning_rate * change).min(1.0);
        let [sum, count] = self.initial;
        self.sum = (1.0 - forgotten) * self.sum + forgotten * sum + self.outcome / self.noise;
        self.count = (1.0 - forgotten) * self.count + forgotten * count + 1.0;
        self.learned = [self.sum as f32, self.count as f32];
    }

    fn hears(&self) -> Vec<Heard> {
        Heard::everywhere(&[Target::LearningRate])
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
    use crate::behaviour::environments::helicopter::HelicopterConfig;
    use crate::random::Key;

    /// Without surprise it is the running mean; after a jump the past is gone: worked out by hand from the equations.
    #[test]
    fn it_averages_while_nothing_happens_and_forgets_after_a_jump() {
        let environment = HelicopterConfig::default().build(Key::from_seed(1)).unwrap();
        let mut agent = VarSmileConfig { noise: Some(10.0), hazard: Some(1e-9) }.build(&environment).unwrap();
        let mut after = |outcome: f32| {
            let feedback = Feedback { reward: 0.0, observation: &[outcome], end_of_trial: true };
            agent.appraise(&feedback, &Modulation::default());
            agent.learn(&Modulation::default());
            agent.answer()
        };
        let prior = 100.0 / 7500.0;
        let expected = (prior * 150.0 + 100.0 + 104.0 + 96.0) / (prior + 3.0);
        let answers = [100.0, 104.0, 96.0].map(&mut after);
        assert!((answers[2] - expected).abs() < 1e-6, "{answers:?}");
        let jumped = after(290.0);
        assert!((jumped - (prior * 150.0 + 290.0) / (prior + 1.0)).abs() < 1e-6, "{jumped}");
    }
}
