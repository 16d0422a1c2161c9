//! The optimizers: one file for each, named as the literature names it. The contract is in
//! [`optimizer`](crate::learning::optimizer).
//!
//! | file | learner | evaluations an update |
//! |---|---|---|
//! | [`dopamine`] | schedule-free, under four neuromodulators | K + 1 or 2K |
//! | [`weight_perturbation`] | simultaneous weight perturbation under a [rate rule](rate_rule) | K + 1 or 2K |
//! | [`finite_difference`] | one weight at a time | weights + 1 |
//! | [`random_descent`] | accept if better | 2 |
//! | [`spsa`] | simultaneous perturbation with decaying gains | 2K |
//! | [`evolution_strategy`] | antithetic pairs, centred ranks | 2 pairs |
//! | [`fzoo`] | normalised by the spread of the perturbed losses | K + 1 |
//! | [`meazo`] | one scalar second moment | 2K |
//! | [`cma_es`] | separable covariance matrix adaptation | population |
//! | [`random_search`] | best of samples around the start | samples + 1 |
//!
//! # Shared parts
//! Losses that are NaN or infinite move nothing and are counted. Directions have the keys `key.child(update).child(k)`.
//! No learner stores a gradient estimate: sums of directions are formed a chunk at a time.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, at_least_one, positive};
use crate::kernel::lanes::subtract;

mod adam;
mod averaging;
pub mod cma_es;
pub mod dopamine;
pub mod evolution_strategy;
mod exploration;
pub mod finite_difference;
pub mod fzoo;
pub mod meazo;
pub mod random_descent;
pub mod random_search;
pub mod rate_rule;
mod running_mean;
pub mod spsa;
pub mod weight_perturbation;

pub use averaging::Averaging;
pub(crate) use exploration::mean_of_finite;

/// How a rate goes from its start to the end of the budget.
///
/// # Example
/// ```
/// use tegmentum::learning::optimizers::Schedule;
///
/// assert_eq!(Schedule::Linear.factor(250, 1000), 0.75);
/// assert_eq!(Schedule::Constant.factor(250, 1000), 1.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// The same to the end.
    #[default]
    Constant,
    /// In a straight line to zero at the end of the budget, and zero after it.
    Linear,
}

impl Schedule {
    /// The factor on the rate when `spent` of `budget` evaluations are used.
    pub fn factor(self, spent: u64, budget: u64) -> f64 {
        match self {
            Self::Constant => 1.0,
            Self::Linear => 1.0 - spent.min(budget) as f64 / budget.max(1) as f64,
        }
    }
}

/// Checks what every optimizer is built from.
fn check_start(start: &[f32], perturbation_scale: f64, budget_evaluations: u64) -> Result<()> {
    at_least_one("parameters", start.len())?;
    if let Some(value) = start.iter().find(|value| !value.is_finite()) {
        return Err(Error::InvalidParameter {
            name: "start",
            value: f64::from(*value),
            requirement: "finite in every parameter",
        });
    }
    positive("perturbation_scale", perturbation_scale)?;
    at_least_one("budget_evaluations", usize::try_from(budget_evaluations).unwrap_or(usize::MAX))?;
    Ok(())
}

/// Returns `value` if it is finite and not negative.
fn non_negative(name: &'static str, value: f64) -> Result<f64> {
    if value.is_finite() && value >= 0.0 {
        Ok(value)
    } else {
        Err(Error::InvalidParameter { name, value, requirement: "a finite number, 0 or above" })
    }
}

/// Returns the decay of a running mean if it is in `[0, 1)`.
fn decay(name: &'static str, value: f64) -> Result<f64> {
    if (0.0..1.0).contains(&value) {
        Ok(value)
    } else {
        Err(Error::InvalidParameter { name, value, requirement: "at least 0 and below 1" })
    }
}

/// Checks that there are probes, and a loss for each.
fn check_losses(probes: usize, losses: &[f64]) -> Result<()> {
    if probes == 0 {
        Err(Error::ShapeMismatch { what: "probes, which must be asked for first", expected: 1, found: 0 })
    } else if probes == losses.len() {
        Ok(())
    } else {
        Err(Error::ShapeMismatch { what: "losses of probes", expected: probes, found: losses.len() })
    }
}

/// Number of losses that are NaN or infinite.
pub(crate) fn count_non_finite(losses: &[f64]) -> u32 {
    losses.iter().map(|loss| u32::from(!loss.is_finite())).sum()
}

/// An error if a parameter is no longer finite.
fn check_finite(finite: bool, step: u64) -> Result<()> {
    if finite { Ok(()) } else { Err(Error::NonFinite { what: "a parameter", step }) }
}
