//! How good a prediction is: small functions over outputs and targets.
//!
//! | metric | of | better |
//! |---|---|---|
//! | [`mean_squared_error`] | outputs and targets | smaller |
//! | [`accuracy`] | classes | larger |
//! | [`normalised_root_mean_squared_error`] (NRMSE) | a series of several channels | smaller |
//! | [`AccuracyMatrix`] | one task after another: average accuracy, forgetting, transfer, worst case | larger, forgetting smaller |
//! | [`RelativeSteps`] | losses around a model: slope, curvature, the rate that gains most | neither |
//! | [`ValidPredictionTime`] | free runs of a chaotic system | larger |
//!
//! Values come as flat rows, row-major: [rows × outputs]. All functions take `f32` or `f64` and compute in `f64`.
//!
//! # Contract
//! No rows, or sizes that do not fit each other, give NaN, which counts as a failed run in
//! [`statistics`](crate::evidence::statistics). A prediction that is NaN makes an error NaN, an answer wrong and a free run end.

mod accuracy;
mod accuracy_matrix;
mod best_rate;
mod mean_squared_error;
mod nrmse;
mod valid_prediction_time;

pub use accuracy::accuracy;
pub use accuracy_matrix::AccuracyMatrix;
pub use best_rate::RelativeSteps;
pub use mean_squared_error::mean_squared_error;
pub use nrmse::{normalised_root_mean_squared_error, standard_deviations};
pub use valid_prediction_time::{VALID_PREDICTION_THRESHOLD, ValidPredictionTime, valid_prediction_steps};
