//! What a learner is told by receptors. Neutral values change nothing, bit for bit.

use serde::{Deserialize, Serialize};

/// The effects of all modulators on a learner at one moment.
///
/// Factors are 1 and shares are 0 when neutral: multiplying by 1 and adding a share of 0 leave every bit as it is.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::modulation::Modulation;
///
/// let half_speed = Modulation { learning_rate: 0.5, ..Modulation::default() };
/// assert_eq!(half_speed.perturbation_scale, 1.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Modulation {
    /// Factor on the step.
    pub learning_rate: f64,
    /// Factor on the scale of perturbations.
    pub perturbation_scale: f64,
    /// Factor on all weights: below 1 it turns down the gain of every unit.
    pub gain: f64,
    /// Share by which the exploring weights return to the consolidated ones.
    pub consolidation: f64,
    /// Whether what was learned about the world so far (running statistics, the horizon of averages) is forgotten.
    pub reset: bool,
}

impl Default for Modulation {
    fn default() -> Self {
        Self { learning_rate: 1.0, perturbation_scale: 1.0, gain: 1.0, consolidation: 0.0, reset: false }
    }
}
