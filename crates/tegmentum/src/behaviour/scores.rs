//! What behaviour is like: small functions over trials, as psychology and neuroscience count them.
//!
//! | score | of trials | unit |
//! |---|---|---|
//! | [`SignalDetection`] | hits and false alarms, d', criterion c | standard deviations |
//! | [`trials_to_criterion`], [`area_of_loss`], [`savings`] | correct or not | trials, share |
//! | [`ShiftErrors`] | perseverative, regressive and other errors after a shift | trials |
//! | [`choice_entropy`] | conditional entropy of choices | bits |
//! | [`win_stay_lose_shift`] | effect of an outcome on the next choice | shares |
//! | [`fit_learning_rate`] | Rescorla–Wagner fitted to choices | |
//!
//! Where trials do not suffice, these functions give NaN; an environment hands the score out as [`Score::Undefined`], with the
//! reason. A score that an environment cannot have (the effect of a hazard that is zero) is not among its names at all.

mod adaptation;
mod choice_entropy;
mod fitted_learning_rate;
mod perseveration;
mod signal_detection;
mod win_stay;

pub use adaptation::{CRITERION_CORRECT, CRITERION_WINDOW, area_of_loss, savings, trials_to_criterion};
pub use choice_entropy::choice_entropy;
pub use fitted_learning_rate::{LearningRateFit, fit_learning_rate};
pub use perseveration::ShiftErrors;
pub use signal_detection::SignalDetection;
pub use win_stay::win_stay_lose_shift;

/// A score of one run.
///
/// # Example
/// ```
/// use tegmentum::behaviour::scores::Score;
///
/// assert_eq!(Score::of(0.5, "no trials").value(), Some(0.5));
/// assert_eq!(Score::of(f64::NAN, "no trials"), Score::Undefined("no trials"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Score {
    /// A number; infinite where the score says so.
    Value(f64),
    /// This run does not have it, for this reason.
    Undefined(&'static str),
}

impl Score {
    /// `value`, or where it is NaN none for `reason`.
    pub fn of(value: f64, reason: &'static str) -> Self {
        if value.is_nan() { Self::Undefined(reason) } else { Self::Value(value) }
    }

    /// The number, if there is one.
    pub fn value(self) -> Option<f64> {
        match self {
            Self::Value(value) => Some(value),
            Self::Undefined(_) => None,
        }
    }

    /// Why there is none, if there is none.
    pub fn reason(self) -> Option<&'static str> {
        match self {
            Self::Value(_) => None,
            Self::Undefined(reason) => Some(reason),
        }
    }

    /// The number, NaN if there is none.
    pub fn or_nan(self) -> f64 {
        self.value().unwrap_or(f64::NAN)
    }
}
