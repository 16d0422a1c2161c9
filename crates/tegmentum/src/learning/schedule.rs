//! How a learning rate goes over the budget: what optimizers and gradient baselines have in common.

use serde::{Deserialize, Serialize};

/// How a rate goes from its start to the end of the budget.
///
/// # Example
/// ```
/// use tegmentum::learning::schedule::Schedule;
///
/// assert_eq!(Schedule::Linear.factor(250, 1000), 0.75);
/// assert_eq!(Schedule::Constant.factor(250, 1000), 1.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
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
