//! The accuracy of a classifier.
//!
//! ```text
//!     several outputs:  class(o) = argmax_c o_c                 the first of equals
//!     one output:       class(o) = 1 if o ≥ ½, else 0
//!     accuracy          = fraction of examples with class(output) = class(target)
//! ```
//! o outputs of an example `[C]`, targets one-hot `[C]`, or 0 and 1 for one output; the result is between 0 and 1.
//!
//! # Cost
//! One pass over the values.

/// The fraction of rows of `outputs` [rows × `num_outputs`] whose class is that of the same row of `targets`.
///
/// A row with a NaN among its outputs is wrong. NaN if there are no rows or the sizes do not fit.
///
/// # Example
/// ```
/// use tegmentum::evidence::metrics::accuracy;
///
/// let outputs = [0.1_f32, 0.7, 0.2, 0.5, 0.3, 0.2];
/// let targets = [0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
/// assert_eq!(accuracy(&outputs, &targets, 3), 0.5);
/// assert_eq!(accuracy(&[0.9, 0.4], &[1.0, 0.0], 1), 1.0);
/// ```
pub fn accuracy<T: Copy + Into<f64>>(outputs: &[T], targets: &[T], num_outputs: usize) -> f64 {
    if num_outputs == 0 || outputs.len() != targets.len() || !outputs.len().is_multiple_of(num_outputs) {
        return f64::NAN;
    }
    let rows = outputs.chunks_exact(num_outputs).zip(targets.chunks_exact(num_outputs));
    let correct = rows.filter(|(output, target)| class(output).is_some_and(|found| Some(found) == class(target)));
    correct.count() as f64 / (outputs.len() / num_outputs) as f64
}

/// The class of one row; `None` if a value of it is NaN.
fn class<T: Copy + Into<f64>>(row: &[T]) -> Option<usize> {
    let values = || row.iter().map(|&value| value.into());
    if values().any(f64::is_nan) {
        return None;
    }
    if row.len() == 1 {
        return values().next().map(|value| usize::from(value >= 0.5));
    }
    let largest = values().fold(f64::NEG_INFINITY, f64::max);
    values().position(|value| value == largest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::statistics::oracle::{assert_close, number, numbers, oracle};

    #[test]
    fn agrees_with_numpy() {
        for (name, num_outputs) in [("accuracy", 4), ("binary_accuracy", 1)] {
            let case = &oracle()["metrics"][name];
            let found = accuracy(&numbers(&case["outputs"]), &numbers(&case["targets"]), num_outputs);
            assert_close(found, number(&case["value"]), 1e-12);
        }
    }

    #[test]
    fn equals_go_to_the_first_and_nan_is_wrong() {
        assert_eq!(accuracy(&[0.5, 0.5], &[1.0, 0.0], 2), 1.0);
        assert_eq!(accuracy(&[0.5, 0.5], &[0.0, 1.0], 2), 0.0);
        assert_eq!(accuracy(&[0.5], &[1.0], 1), 1.0);
        assert_eq!(accuracy(&[f64::NAN, 0.5], &[0.0, 1.0], 2), 0.0);
    }

    #[test]
    fn needs_whole_rows() {
        assert!(accuracy::<f64>(&[], &[], 2).is_nan());
        assert!(accuracy(&[1.0], &[1.0], 0).is_nan());
        assert!(accuracy(&[1.0, 0.0, 1.0], &[1.0, 0.0, 1.0], 2).is_nan());
    }
}
