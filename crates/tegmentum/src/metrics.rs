//! How good a prediction is, and what behaviour is like: small functions over outputs and targets, or over trials.
//!
//! | metric | of | better |
//! |---|---|---|
//! | [`mean_squared_error`] | outputs and targets | smaller |
//! | [`accuracy`] | classes | larger |
//! | [`normalised_root_mean_squared_error`] (NRMSE) | a series of several channels | smaller |
//! | [`ValidPredictionTime`] | free runs of a chaotic system | larger |
//!
//! | metric | of trials | unit |
//! |---|---|---|
//! | [`SignalDetection`] | hits and false alarms, d', criterion c | standard deviations |
//! | [`trials_to_criterion`], [`area_of_loss`], [`savings`] | correct or not | trials, share |
//! | [`ShiftErrors`] | perseverative, regressive and other errors after a shift | trials |
//! | [`choice_entropy`] | conditional entropy of choices | bits |
//! | [`win_stay_lose_shift`] | effect of an outcome on the next choice | shares |
//! | [`fit_learning_rate`] | Rescorla–Wagner fitted to choices | |
//! | [`sharpness`] | flatness of the landscape around weights | the loss's |
//!
//! Values come as flat rows, row-major: [rows × outputs]. All functions take `f32` or `f64` and compute in `f64`.
//!
//! # Contract
//! No rows, or sizes that do not fit each other, give NaN, which counts as a failed run in
//! [`statistics`](crate::statistics). A prediction that is NaN makes an error NaN, an answer wrong and a free run end.

mod accuracy;
mod adaptation;
mod choice_entropy;
mod fitted_learning_rate;
mod flatness;
mod mean_squared_error;
mod nrmse;
mod perseveration;
mod signal_detection;
mod valid_prediction_time;
mod win_stay;

pub use accuracy::accuracy;
pub use adaptation::{CRITERION_CORRECT, CRITERION_WINDOW, area_of_loss, savings, trials_to_criterion};
pub use choice_entropy::choice_entropy;
pub use fitted_learning_rate::{LearningRateFit, fit_learning_rate};
pub use flatness::sharpness;
pub use mean_squared_error::mean_squared_error;
pub use nrmse::{normalised_root_mean_squared_error, standard_deviations};
pub use perseveration::ShiftErrors;
pub use signal_detection::SignalDetection;
pub use valid_prediction_time::{VALID_PREDICTION_THRESHOLD, ValidPredictionTime, valid_prediction_steps};
pub use win_stay::win_stay_lose_shift;
