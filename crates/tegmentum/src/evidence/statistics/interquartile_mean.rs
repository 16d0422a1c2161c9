//! The interquartile mean and its relatives: quantile, median and mean, with room for runs that failed.
//!
//! ```text
//!     IQM(x)    = 1/(n − 2g) · Σ x₍i₎ for i = g+1 … n−g,   g = ⌊n/4⌋
//!     quantile  = (1 − w) · x₍k₎ + w · x₍k+1₎,   k = ⌊h⌋ + 1,  w = h − ⌊h⌋,  h = (n − 1) q
//!     median    = quantile at q = ½
//! ```
//! x values `[n]` in any unit, x₍1₎ ≤ … ≤ x₍n₎ the same in order · g values dropped at either end · q between 0 and 1.
//! NaN stands for a failed run and is read as +∞. An infinity that enters with a weight above zero makes the result
//! infinite; infinities of both signs make it NaN.
//!
//! The interquartile mean is the 25 % trimmed mean as in `scipy.stats.trim_mean(x, 0.25)`, the quantile that of numpy's
//! default (type 7 of Hyndman and Fan, 1996).
//!
//! # Cost
//! O(n log n) time and O(n) memory for the sorted copy.
//!
//! # References
//! 1. R. Agarwal et al., *Deep reinforcement learning at the edge of the statistical precipice*, 2021,
//!    arXiv:2108.13264, section 4.3.
//! 2. R. J. Hyndman, Y. Fan, *Sample quantiles in statistical packages*, The American Statistician 50(4), 361–365,
//!    1996, doi:10.1080/00031305.1996.10473566.

/// The mean of the middle half of `values` `[n]`; NaN if there are none.
///
/// # Example
/// ```
/// use tegmentum::evidence::statistics::interquartile_mean;
///
/// assert_eq!(interquartile_mean(&[1.0, 2.0, 4.0, f64::INFINITY]), 3.0);
/// assert_eq!(interquartile_mean(&[1.0, 2.0, f64::NAN, f64::NAN]), f64::INFINITY);
/// ```
pub fn interquartile_mean(values: &[f64]) -> f64 {
    let sorted = sorted(values);
    let dropped = sorted.len() / 4;
    mean(&sorted[dropped..sorted.len() - dropped])
}

/// The mean of `values` `[n]`, a NaN among them read as +∞; NaN if there are none.
///
/// # Example
/// ```
/// assert_eq!(tegmentum::evidence::statistics::mean(&[1.0, 2.0, 6.0]), 3.0);
/// ```
pub fn mean(values: &[f64]) -> f64 {
    values.iter().map(|&value| failed_as_infinity(value)).sum::<f64>() / values.len() as f64
}

/// The middle of `values` `[n]`; NaN if there are none.
///
/// # Example
/// ```
/// use tegmentum::evidence::statistics::median;
///
/// assert_eq!(median(&[3.0, 1.0, f64::INFINITY]), 3.0);
/// assert_eq!(median(&[3.0, f64::INFINITY]), f64::INFINITY);
/// ```
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// The `fraction`-quantile of `values` `[n]`, linear between neighbours; NaN if there are none or `fraction` is not in
/// `[0, 1]`.
///
/// # Example
/// ```
/// use tegmentum::evidence::statistics::quantile;
///
/// assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0, f64::INFINITY], 0.75), 4.0);
/// assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0, f64::INFINITY], 0.76), f64::INFINITY);
/// ```
pub fn quantile(values: &[f64], fraction: f64) -> f64 {
    quantile_of_sorted(&sorted(values), fraction)
}

/// The `fraction`-quantile of values that are in ascending order and hold no NaN.
pub(super) fn quantile_of_sorted(sorted: &[f64], fraction: f64) -> f64 {
    if sorted.is_empty() || !(0.0..=1.0).contains(&fraction) {
        return f64::NAN;
    }
    let position = (sorted.len() - 1) as f64 * fraction;
    let weight = position.fract();
    let lower = sorted[position as usize];
    let upper = sorted[position.ceil() as usize];
    if lower == upper {
        lower
    } else if lower.is_finite() && upper.is_finite() {
        lower + weight * (upper - lower)
    } else {
        // The finite one of the two does not matter; −∞ and +∞ together have no value.
        lower + upper
    }
}

/// A copy in ascending order, NaN as +∞.
pub(super) fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().map(|&value| failed_as_infinity(value)).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// The value, or +∞ for NaN.
pub(super) fn failed_as_infinity(value: f64) -> f64 {
    if value.is_nan() { f64::INFINITY } else { value }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::evidence::statistics::oracle::{assert_close, number, numbers, oracle};

    #[test]
    fn agrees_with_scipy_and_numpy() {
        let oracle = oracle();
        let levels = numbers(&oracle["quantile_levels"]);
        let samples = oracle["samples"].as_array().unwrap();
        assert!(samples.len() >= 10);
        for sample in samples {
            let values = numbers(&sample["values"]);
            assert_close(interquartile_mean(&values), number(&sample["interquartile_mean"]), 1e-12);
            assert_close(median(&values), number(&sample["median"]), 1e-12);
            assert_close(mean(&values), number(&sample["mean"]), 1e-12);
            for (&level, expected) in levels.iter().zip(numbers(&sample["quantiles"])) {
                assert_close(quantile(&values, level), expected, 1e-12);
            }
        }
    }

    #[test]
    fn nothing_has_no_centre() {
        assert!(interquartile_mean(&[]).is_nan());
        assert!(mean(&[]).is_nan());
        assert!(median(&[]).is_nan());
        assert!(quantile(&[1.0], -0.1).is_nan());
        assert!(quantile(&[1.0], f64::NAN).is_nan());
    }

    #[test]
    fn a_quarter_of_failures_is_trimmed_and_more_is_not() {
        let with_failures = |failed: usize| -> Vec<f64> {
            (0..8).map(|seed| if seed < failed { f64::INFINITY } else { f64::from(seed as u32) }).collect()
        };
        assert_eq!(interquartile_mean(&with_failures(2)), 5.5);
        assert_eq!(interquartile_mean(&with_failures(3)), f64::INFINITY);
        assert_eq!(median(&with_failures(3)), 6.5);
        assert_eq!(median(&with_failures(4)), f64::INFINITY);
    }

    #[test]
    fn negative_infinity_keeps_its_sign() {
        assert_eq!(quantile(&[f64::NEG_INFINITY, 0.0], 0.5), f64::NEG_INFINITY);
        assert!(quantile(&[f64::NEG_INFINITY, f64::INFINITY], 0.5).is_nan());
        assert_eq!(interquartile_mean(&[f64::NEG_INFINITY, 1.0]), f64::NEG_INFINITY);
    }

    proptest! {
        #[test]
        fn lies_between_the_extremes(values in prop::collection::vec(-1e6..1e6_f64, 1..60), level in 0.0..=1.0_f64) {
            let (low, high) = (quantile(&values, 0.0), quantile(&values, 1.0));
            let tolerance = 1e-9 * (1.0 + high.abs().max(low.abs()));
            for centre in [interquartile_mean(&values), mean(&values), quantile(&values, level)] {
                prop_assert!(low - tolerance <= centre && centre <= high + tolerance);
            }
        }

        #[test]
        fn moves_with_a_shift(values in prop::collection::vec(-1e3..1e3_f64, 1..60), shift in -1e3..1e3_f64) {
            let shifted: Vec<f64> = values.iter().map(|value| value + shift).collect();
            prop_assert!((interquartile_mean(&shifted) - interquartile_mean(&values) - shift).abs() < 1e-9);
            prop_assert!((median(&shifted) - median(&values) - shift).abs() < 1e-9);
        }

        #[test]
        fn does_not_depend_on_the_order(mut values in prop::collection::vec(-1e3..1e3_f64, 1..60)) {
            let before = interquartile_mean(&values);
            values.reverse();
            prop_assert_eq!(interquartile_mean(&values), before);
        }
    }
}
