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
//! Trials that do not suffice for a score give NaN, which counts as a failed run in
//! [`statistics`](crate::evidence::statistics).

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
