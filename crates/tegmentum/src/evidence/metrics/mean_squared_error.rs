//! The mean squared error.
//!
//! ```text
//!     MSE = 1/N · Σ_i (o_i − t_i)²
//! ```
//! o outputs `[N]`, t targets `[N]`, over all rows and outputs; the result has the unit of the targets, squared.
//!
//! # Cost
//! One pass over the values.

/// The mean over all values of (output − target)²; NaN if there are none or the sizes differ.
///
/// # Example
/// ```
/// use tegmentum::evidence::metrics::mean_squared_error;
///
/// assert_eq!(mean_squared_error(&[0.0_f32, 3.0], &[1.0, 1.0]), 2.5);
/// ```
pub fn mean_squared_error<T: Copy + Into<f64>>(outputs: &[T], targets: &[T]) -> f64 {
    if outputs.len() != targets.len() {
        return f64::NAN;
    }
    let squares = outputs.iter().zip(targets).map(|(&output, &target)| (output.into() - target.into()).powi(2));
    squares.sum::<f64>() / outputs.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::statistics::oracle::{assert_close, number, numbers, oracle};

    #[test]
    fn agrees_with_numpy() {
        let case = &oracle()["metrics"];
        let error = mean_squared_error(&numbers(&case["predicted"]), &numbers(&case["truth"]));
        assert_close(error, number(&case["mean_squared_error"]), 1e-12);
    }

    #[test]
    fn needs_values_of_equal_number() {
        assert!(mean_squared_error::<f64>(&[], &[]).is_nan());
        assert!(mean_squared_error(&[1.0], &[1.0, 2.0]).is_nan());
    }
}
