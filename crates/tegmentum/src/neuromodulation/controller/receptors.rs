//! Receptors: how strongly each level acts on each quantity of a learner.
//!
//! ```text
//!     learning rate   ← rate · exp(a_DA · u)                u = normalised slow dopamine − demand
//!     demand          = a_5HT→DA                            progress that must be shown, in expected sizes
//!     consolidation   = a_5HT→z  if u < 0                   share by which the explorer is pulled home
//!     after a burst   rate ← max(rate, a_NA · best rate) ,  gain ∈ gains, chosen by the loss
//! ```
//! An efficacy of zero is a blocked receptor.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, fraction};

/// The efficacies of the receptors of a learner that steps through parameter space.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::controller::receptors::Receptors;
///
/// let without_gain_reset = Receptors { noradrenaline_on_gain: vec![], ..Receptors::default() };
/// assert!(without_gain_reset.check().is_ok());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Receptors {
    /// Change of the logarithm of the rate for each unit of normalised slow dopamine.
    pub dopamine_on_learning_rate: f64,
    /// The progress that is demanded before the rate may rise, in expected sizes of the slow prediction error.
    pub serotonin_on_dopamine: f64,
    /// Share by which the explorer returns to the average when the demand was not met.
    pub serotonin_on_consolidation: f64,
    /// Share of the best rate so far to which a burst lifts the rate.
    pub noradrenaline_on_learning_rate: f64,
    /// Factors on all weights that are tried after a burst; 1 is always tried. Empty: weights keep their gain.
    pub noradrenaline_on_gain: Vec<f32>,
}

impl Default for Receptors {
    fn default() -> Self {
        Self {
            dopamine_on_learning_rate: 0.2,
            serotonin_on_dopamine: 0.5,
            serotonin_on_consolidation: 0.25,
            noradrenaline_on_learning_rate: 1.0,
            noradrenaline_on_gain: vec![0.7, 0.5, 0.35, 0.25, 0.15],
        }
    }
}

impl Receptors {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for an efficacy outside its range.
    pub fn check(&self) -> Result<()> {
        fraction("serotonin_on_consolidation", self.serotonin_on_consolidation)?;
        fraction("noradrenaline_on_learning_rate", self.noradrenaline_on_learning_rate)?;
        let finite = [
            ("dopamine_on_learning_rate", self.dopamine_on_learning_rate),
            ("serotonin_on_dopamine", self.serotonin_on_dopamine),
        ];
        for (name, value) in finite {
            if !value.is_finite() || value < 0.0 {
                return Err(Error::InvalidParameter { name, value, requirement: "a finite number, at least 0" });
            }
        }
        for &gain in &self.noradrenaline_on_gain {
            if !(gain > 0.0 && gain < 1.0) {
                return Err(Error::InvalidParameter {
                    name: "noradrenaline_on_gain",
                    value: f64::from(gain),
                    requirement: "factors between 0 and 1",
                });
            }
        }
        Ok(())
    }
}
