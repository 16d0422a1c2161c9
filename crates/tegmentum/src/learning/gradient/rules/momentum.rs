//! Gradient descent with momentum, the heavy ball.
//!
//! ```text
//!     v ← μ v + g ,   θ ← θ − η v ,   v = 0 at first
//! ```
//! θ parameters `[P]` · g gradient of the batch `[P]` · v velocity `[P]` · μ momentum in [0, 1) · η learning rate: a constant
//! gradient is followed at the rate η/(1 − μ).
//!
//! State: v, 4·P bytes. Cost: 4·P operations on top of the gradient.
//!
//! Reference: B. T. Polyak, *Some methods of speeding up the convergence of iteration methods*, USSR Computational
//! Mathematics and Mathematical Physics 4(5), 1–17, 1964, doi:10.1016/0041-5553(64)90137-5.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::learning::gradient::rule::{GradientRule, GradientSettings, below_one};
use crate::learning::schedule::Schedule;
use crate::registry::Description;

/// Settings of gradient descent with momentum.
///
/// # Example
/// ```
/// use tegmentum::learning::gradient::rules::momentum::MomentumConfig;
///
/// assert_eq!(MomentumConfig::default().momentum, 0.9);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MomentumConfig {
    /// Learning rate η.
    pub learning_rate: f64,
    /// Share μ of the velocity that is kept, in [0, 1).
    pub momentum: f64,
    /// Largest Euclidean norm of a gradient; longer ones are shortened to it.
    pub clip: Option<f64>,
    /// How the learning rate changes over the budget.
    pub schedule: Schedule,
}

impl Default for MomentumConfig {
    fn default() -> Self {
        Self { learning_rate: 0.01, momentum: 0.9, clip: None, schedule: Schedule::Constant }
    }
}

impl GradientSettings for MomentumConfig {
    fn description(&self) -> Description {
        Description {
            name: "momentum",
            summary: "gradient descent with a velocity that is kept",
            reference: "Polyak 1964",
        }
    }

    fn rule(&self, num_parameters: usize) -> Result<Box<dyn GradientRule>> {
        Ok(Box::new(Momentum::new(self, num_parameters)?))
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

/// The rule with its velocity.
#[derive(Clone, Debug)]
pub(super) struct Momentum {
    momentum: f32,
    velocity: Vec<f32>,
}

crate::archived!(Momentum {} sized { velocity } fixed { momentum });

impl Momentum {
    pub(super) fn new(config: &MomentumConfig, num_parameters: usize) -> Result<Self> {
        below_one("momentum", config.momentum)?;
        Ok(Self { momentum: config.momentum as f32, velocity: vec![0.0; num_parameters] })
    }
}

impl GradientRule for Momentum {
    fn apply(&mut self, learning_rate: f32, gradient: &[f32], parameters: &mut [f32]) {
        for ((parameter, velocity), slope) in parameters.iter_mut().zip(&mut self.velocity).zip(gradient) {
            *velocity = self.momentum * *velocity + slope;
            *parameter -= learning_rate * *velocity;
        }
    }

    fn state_bytes(&self) -> usize {
        size_of_val(&self.velocity[..])
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_gradient_gives_a_geometric_series() {
        let config = MomentumConfig { momentum: 0.5, ..MomentumConfig::default() };
        let mut rule = Momentum::new(&config, 1).expect("valid");
        let mut parameters = [0.0f32];
        for expected in [-1.0, -2.5, -4.25, -6.125] {
            rule.apply(1.0, &[1.0], &mut parameters);
            assert_eq!(parameters, [expected]);
        }
    }
}
