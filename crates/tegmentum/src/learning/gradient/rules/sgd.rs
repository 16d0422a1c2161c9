//! Stochastic gradient descent.
//!
//! ```text
//!     θ ← θ − η g
//! ```
//! θ parameters `[P]` · g gradient of the batch `[P]` · η learning rate.
//!
//! State: none. Cost: 2·P operations on top of the gradient.
//!
//! Reference: H. Robbins, S. Monro, *A stochastic approximation method*, Annals of Mathematical Statistics 22(3),
//! 400–407, 1951, doi:10.1214/aoms/1177729586.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::learning::gradient::rule::{GradientRule, GradientSettings};
use crate::learning::schedule::Schedule;
use crate::registry::Description;

/// Settings of stochastic gradient descent.
///
/// # Example
/// ```
/// use tegmentum::learning::gradient::rules::GradientConfig;
///
/// let config: GradientConfig = toml::from_str("[sgd]\nlearning_rate = 0.1\nclip = 1.0")?;
/// assert_eq!(config.learning_rate(), 0.1);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SgdConfig {
    /// Learning rate η.
    pub learning_rate: f64,
    /// Largest Euclidean norm of a gradient; longer ones are shortened to it. 1 is a common choice for recurrent
    /// networks.
    pub clip: Option<f64>,
    /// How the learning rate changes over the budget.
    pub schedule: Schedule,
}

impl Default for SgdConfig {
    fn default() -> Self {
        Self { learning_rate: 0.01, clip: None, schedule: Schedule::Constant }
    }
}

impl GradientSettings for SgdConfig {
    fn description(&self) -> Description {
        Description {
            name: "sgd",
            summary: "stochastic gradient descent along the exact gradient",
            reference: "Robbins & Monro 1951",
        }
    }

    fn rule(&self, _: usize) -> Result<Box<dyn GradientRule>> {
        Ok(Box::new(Sgd))
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

/// The rule; it has no state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sgd;

crate::archived!(Sgd {});

impl GradientRule for Sgd {
    fn apply(&mut self, learning_rate: f32, gradient: &[f32], parameters: &mut [f32]) {
        for (parameter, slope) in parameters.iter_mut().zip(gradient) {
            *parameter -= learning_rate * slope;
        }
    }

    fn state_bytes(&self) -> usize {
        0
    }

    crate::archives!();
}
