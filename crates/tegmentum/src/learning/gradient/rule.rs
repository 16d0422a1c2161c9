//! The contract of a gradient baseline: how parameters move along a gradient, and the settings of that.

use std::any::Any;
use std::fmt::Debug;

use crate::archive::{Archive, Archived, cannot_be_saved};
use crate::error::{Error, Result};
use crate::learning::schedule::Schedule;
use crate::registry::Description;

/// How parameters move along a gradient.
pub trait GradientRule: Send + Debug {
    /// One step; `gradient` and `parameters` are `[P]`.
    fn apply(&mut self, learning_rate: f32, gradient: &[f32], parameters: &mut [f32]);

    /// Bytes of the rule's own vectors.
    fn state_bytes(&self) -> usize;

    /// Writes its running state to an archive, or reads it from there. By default it cannot be saved.
    ///
    /// # Errors
    /// [An error of the archive](crate::error::Error::Archive) if it cannot be saved, or what is read is not its state.
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let _ = archive;
        cannot_be_saved::<Self>()
    }
}

impl Archived for dyn GradientRule + '_ {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        GradientRule::archive(self, archive)
    }
}

/// The settings of a gradient baseline: what makes its rule from a study file, and what a search may vary.
///
/// A settings type of one's own is made known under its name with
/// [`GradientConfig::register`](crate::learning::gradient::rules::GradientConfig::register).
pub trait GradientSettings: Any + Debug + Send + Sync {
    /// Name, summary and reference.
    fn description(&self) -> Description;

    /// The rule for so many parameters.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a number outside its range.
    fn rule(&self, num_parameters: usize) -> Result<Box<dyn GradientRule>>;

    /// The learning rate at the start.
    fn learning_rate(&self) -> f64;

    /// Sets the learning rate at the start, for searches; it is checked when the learner is built.
    fn set_learning_rate(&mut self, rate: f64);

    /// Largest Euclidean norm of a gradient; longer ones are shortened to it.
    fn clip(&self) -> Option<f64> {
        None
    }

    /// How the learning rate changes over the budget.
    fn schedule(&self) -> Schedule {
        Schedule::Constant
    }
}

/// Checks a share that is kept from step to step.
pub(crate) fn below_one(name: &'static str, value: f64) -> Result<f64> {
    if (0.0..1.0).contains(&value) {
        Ok(value)
    } else {
        Err(Error::InvalidParameter { name, value, requirement: "at least 0 and below 1" })
    }
}
