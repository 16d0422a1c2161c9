//! Adam: a step for each parameter in units of its gradient's running size.
//!
//! ```text
//!     m ← β₁ m + (1 − β₁) g ,   v ← β₂ v + (1 − β₂) g² ,   m = v = 0 at first
//!     θ ← θ − η · m̂ / (√v̂ + ε) ,   m̂ = m/(1 − β₁ᵗ) ,   v̂ = v/(1 − β₂ᵗ)
//! ```
//! θ parameters `[P]` · g gradient of the batch `[P]` · m, v running mean of g and g² `[P]` · t updates so far, this one
//! included · η learning rate, in the unit of a parameter: about the length of a step.
//!
//! State: m and v, 8·P bytes. Cost: about 12·P operations on top of the gradient.
//!
//! Reference: D. P. Kingma, J. Ba, *Adam: a method for stochastic optimization*, ICLR 2015, arXiv:1412.6980,
//! algorithm 1.

use serde::{Deserialize, Serialize};

use crate::error::{Result, positive};
use crate::learning::gradient::rule::{GradientRule, GradientSettings, below_one};
use crate::learning::schedule::Schedule;
use crate::registry::Description;

/// Settings of Adam.
///
/// # Example
/// ```
/// use tegmentum::learning::gradient::rules::adam::AdamConfig;
///
/// let config = AdamConfig { learning_rate: 0.01, ..AdamConfig::default() };
/// assert_eq!((config.beta1, config.beta2, config.epsilon), (0.9, 0.999, 1e-8));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdamConfig {
    /// Learning rate η.
    pub learning_rate: f64,
    /// Share β₁ of the mean of gradients that is kept, in [0, 1).
    pub beta1: f64,
    /// Share β₂ of the mean of squares that is kept, in [0, 1).
    pub beta2: f64,
    /// What keeps the step finite where gradients vanish, ε > 0.
    pub epsilon: f64,
    /// Largest Euclidean norm of a gradient; longer ones are shortened to it.
    pub clip: Option<f64>,
    /// How the learning rate changes over the budget.
    pub schedule: Schedule,
}

impl Default for AdamConfig {
    fn default() -> Self {
        Self { learning_rate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, clip: None, schedule: Schedule::Constant }
    }
}

impl GradientSettings for AdamConfig {
    fn description(&self) -> Description {
        Description {
            name: "adam",
            summary: "steps in units of each gradient's running size",
            reference: "Kingma & Ba 2015",
        }
    }

    fn rule(&self, num_parameters: usize) -> Result<Box<dyn GradientRule>> {
        Ok(Box::new(Adam::new(self, num_parameters)?))
    }

    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn set_learning_rate(&mut self, rate: f64) {
        self.learning_rate = rate;
    }

    fn clip(&self) -> Option<f64> {
        self.clip
    }

    fn schedule(&self) -> Schedule {
        self.schedule
    }
}

/// The rule with its running means.
#[derive(Clone, Debug)]
pub(super) struct Adam {
    betas: [f64; 2],
    /// β₁ᵗ and β₂ᵗ, as running products.
    powers: [f64; 2],
    epsilon: f32,
    mean: Vec<f32>,
    square: Vec<f32>,
}

crate::archived!(Adam { powers } sized { mean, square } fixed { betas, epsilon });

impl Adam {
    pub(super) fn new(config: &AdamConfig, num_parameters: usize) -> Result<Self> {
        below_one("beta1", config.beta1)?;
        below_one("beta2", config.beta2)?;
        positive("epsilon", config.epsilon)?;
        Ok(Self {
            betas: [config.beta1, config.beta2],
            powers: [1.0; 2],
            epsilon: config.epsilon as f32,
            mean: vec![0.0; num_parameters],
            square: vec![0.0; num_parameters],
        })
    }
}

impl GradientRule for Adam {
    fn apply(&mut self, learning_rate: f32, gradient: &[f32], parameters: &mut [f32]) {
        let mut corrections = [0.0f32; 2];
        for ((correction, power), beta) in corrections.iter_mut().zip(&mut self.powers).zip(self.betas) {
            *power *= beta;
            *correction = (1.0 - *power) as f32;
        }
        let [keep1, keep2] = self.betas.map(|beta| beta as f32);
        let [new1, new2] = self.betas.map(|beta| (1.0 - beta) as f32);
        for (((parameter, mean), square), &g) in
            parameters.iter_mut().zip(&mut self.mean).zip(&mut self.square).zip(gradient)
        {
            *mean = keep1 * *mean + new1 * g;
            *square = keep2 * *square + new2 * g * g;
            let step = (*mean / corrections[0]) / ((*square / corrections[1]).sqrt() + self.epsilon);
            *parameter -= learning_rate * step;
        }
    }

    fn state_bytes(&self) -> usize {
        size_of_val(&self.mean[..]) + size_of_val(&self.square[..])
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of `tests/oracles/adam.py`: algorithm 1 of the paper in double precision.
    #[test]
    fn five_steps_agree_with_the_oracle() {
        let oracle: serde_json::Value =
            serde_json::from_str(include_str!("../../../../tests/oracles/adam.json")).expect("valid JSON");
        let rows = |name: &str| -> Vec<Vec<f64>> { serde_json::from_value(oracle[name].clone()).expect("rows") };
        let rate = oracle["learning_rate"].as_f64().expect("a number") as f32;
        let mut parameters: Vec<f32> = serde_json::from_value(oracle["start"].clone()).expect("numbers");
        let mut rule = Adam::new(&AdamConfig::default(), parameters.len()).expect("valid");
        for (gradient, expected) in rows("gradients").iter().zip(rows("parameters")) {
            let gradient: Vec<f32> = gradient.iter().map(|&g| g as f32).collect();
            rule.apply(rate, &gradient, &mut parameters);
            for (found, expected) in parameters.iter().zip(expected) {
                assert!((f64::from(*found) - expected).abs() < 2e-7 * (1.0 + expected.abs()), "{found} {expected}");
            }
        }
    }
}
