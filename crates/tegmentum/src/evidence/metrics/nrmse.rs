//! The normalised root mean squared error of a series, NRMSE.
//!
//! ```text
//!     NRMSE = √( 1/(N C) · Σ_t Σ_i ((p_ti − x_ti) / s_i)² )
//! ```
//! p predictions and x truth [N × C], row t in time, channel i, in the unit of the channel · `s_i` standard deviation
//! of channel i on the **training part** `[C]`, in the same unit; the result has none. 0 is perfect; to predict the
//! training mean gives about 1.
//!
//! A series that was standardised on its training part has `s_i` = 1. Some authors divide by the range or by the
//! standard deviation of the part under test instead; their numbers differ from these by a factor for each channel.
//! Give [`standard_deviations`] of that part to compare with the latter.
//!
//! # Cost
//! One pass over the values.
//!
//! # References
//! 1. M. Lukoševičius, *A practical guide to applying echo state networks*, in Neural Networks: Tricks of the Trade,
//!    Springer, 2012, 659–686, doi:10.1007/978-3-642-35289-8_36: the error of one channel. To take the root of the mean
//!    over all channels, and the training part for s, is our choice.

/// √(mean over rows and channels of ((prediction − truth) / `standard_deviations`)²), rows of as many channels as there
/// are `standard_deviations` `[C]`.
///
/// A channel that is constant (standard deviation 0) adds nothing where it is predicted exactly and makes the result
/// infinite where it is not. NaN if there are no rows or the sizes do not fit.
///
/// # Example
/// ```
/// use tegmentum::evidence::metrics::normalised_root_mean_squared_error;
///
/// let (predictions, truth) = ([1.0_f32, 10.0, 2.0, 30.0], [1.0, 20.0, 3.0, 30.0]);
/// let error = normalised_root_mean_squared_error(&predictions, &truth, &[1.0, 10.0]);
/// assert_eq!(error, 0.5_f64.sqrt());
/// ```
pub fn normalised_root_mean_squared_error<T: Copy + Into<f64>>(
    predictions: &[T],
    truth: &[T],
    standard_deviations: &[f64],
) -> f64 {
    let channels = standard_deviations.len();
    if channels == 0 || predictions.len() != truth.len() || !truth.len().is_multiple_of(channels) {
        return f64::NAN;
    }
    let rows = predictions.chunks_exact(channels).zip(truth.chunks_exact(channels));
    let sum: f64 = rows.map(|(predicted, actual)| sum_of_squares(predicted, actual, standard_deviations)).sum();
    (sum / truth.len() as f64).sqrt()
}

/// The sum over channels of ((prediction − truth) / standard deviation)² of one row.
pub(super) fn sum_of_squares<T: Copy + Into<f64>>(predicted: &[T], truth: &[T], standard_deviations: &[f64]) -> f64 {
    let errors = predicted.iter().zip(truth).map(|(&predicted, &actual)| predicted.into() - actual.into());
    // An exact prediction of a constant channel is no error, where 0/0 would be NaN.
    let scaled = errors.zip(standard_deviations).map(|(error, scale)| if error == 0.0 { 0.0 } else { error / scale });
    scaled.map(|error| error * error).sum()
}

/// The standard deviation of each channel of `rows` [N × `num_channels`], with N in the denominator: `[C]`.
///
/// Empty for no channels; NaN for each channel if there are no rows. An incomplete last row is not read.
///
/// # Example
/// ```
/// let deviations = tegmentum::evidence::metrics::standard_deviations(&[1.0_f32, 5.0, 3.0, 5.0], 2);
/// assert_eq!(deviations, [1.0, 0.0]);
/// ```
pub fn standard_deviations<T: Copy + Into<f64>>(rows: &[T], num_channels: usize) -> Vec<f64> {
    let deviation = |channel: usize| {
        let values = || rows.chunks_exact(num_channels).map(|row| row[channel].into());
        let count = (rows.len() / num_channels) as f64;
        let mean: f64 = values().sum::<f64>() / count;
        (values().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt()
    };
    (0..num_channels).map(deviation).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::evidence::statistics::oracle::{assert_close, number, numbers, oracle};

    #[test]
    fn agrees_with_numpy() {
        let case = &oracle()["metrics"];
        let (predicted, truth) = (numbers(&case["predicted"]), numbers(&case["truth"]));
        let error = normalised_root_mean_squared_error(&predicted, &truth, &numbers(&case["standard_deviation"]));
        assert_close(error, number(&case["nrmse"]), 1e-12);
        for (found, expected) in standard_deviations(&truth, 3).iter().zip(numbers(&case["truth_standard_deviation"])) {
            assert_close(*found, expected, 1e-12);
        }
    }

    #[test]
    fn a_constant_channel_is_right_or_infinitely_wrong() {
        let truth = [1.0, 4.0, 2.0, 4.0];
        assert_eq!(normalised_root_mean_squared_error(&[1.0, 4.0, 4.0, 4.0], &truth, &[1.0, 0.0]), 1.0);
        assert_eq!(normalised_root_mean_squared_error(&[1.0, 5.0, 2.0, 4.0], &truth, &[1.0, 0.0]), f64::INFINITY);
    }

    #[test]
    fn needs_whole_rows() {
        assert!(normalised_root_mean_squared_error::<f64>(&[], &[], &[1.0]).is_nan());
        assert!(normalised_root_mean_squared_error(&[1.0], &[1.0], &[]).is_nan());
        assert!(normalised_root_mean_squared_error(&[1.0], &[1.0], &[1.0, 1.0]).is_nan());
        assert!(normalised_root_mean_squared_error(&[f64::NAN], &[1.0], &[1.0]).is_nan());
        assert!(standard_deviations::<f64>(&[1.0], 0).is_empty());
        assert!(standard_deviations::<f64>(&[], 1)[0].is_nan());
    }

    proptest! {
        #[test]
        fn the_mean_of_the_same_rows_gives_one(truth in prop::collection::vec(-10.0..10.0_f64, 3..50)) {
            let deviation = standard_deviations(&truth, 1);
            prop_assume!(deviation[0] > 1e-3);
            let mean = vec![truth.iter().sum::<f64>() / truth.len() as f64; truth.len()];
            prop_assert!((normalised_root_mean_squared_error(&mean, &truth, &deviation) - 1.0).abs() < 1e-9);
        }
    }
}
