//! The bootstrap: a 95 % interval of any statistic, the percentile interval [widened](super) for few seeds.
//!
//! ```text
//!     x*_b       = n draws from x with replacement,                 b = 1 … B
//!     percentile = [Q₀.₀₂₅, Q₀.₉₇₅] of T(x*_1) … T(x*_B)
//!     interval   = T(x) + f(n) (percentile − T(x))
//! ```
//! x values `[n]`, T the statistic, in the unit of x · B resamples · Q the quantile of
//! [`quantile`](super::quantile()) · f(n) → 1 the factor for few seeds (`few_seeds.rs`).
//!
//! # Cost
//! B evaluations of T and as many numbers as values for each of them.
//!
//! # References
//! 1. B. Efron, R. J. Tibshirani, *An introduction to the bootstrap*, Chapman & Hall, 1993, chapter 13.

use crate::random::{Key, Stream};

use super::Estimate;
use super::few_seeds::widened;
use super::interquartile_mean::quantile_of_sorted;

/// Resamples that are enough for an interval: the noise of an end is then about 1.5 % of the interval's width.
pub const RESAMPLES: usize = 2000;

/// `statistic` of `values` `[n]` with its bootstrap interval.
///
/// The same key and values give the same interval, bit for bit. The interval is NaN for fewer than two values.
///
/// # Example
/// ```
/// use tegmentum::random::Key;
/// use tegmentum::evidence::statistics::{RESAMPLES, bootstrap, interquartile_mean};
///
/// let losses = [0.31, 0.28, 0.35, 0.30, 0.29, 0.33, 0.90, 0.27];
/// let estimate = bootstrap(&losses, interquartile_mean, RESAMPLES, Key::from_seed(1));
/// assert!((estimate.value - 0.3075).abs() < 1e-12);
/// assert!(estimate.ci95[0] < estimate.value && estimate.value < estimate.ci95[1]);
/// ```
pub fn bootstrap(values: &[f64], statistic: impl Fn(&[f64]) -> f64, resamples: usize, key: Key) -> Estimate {
    let percentile = percentile_bootstrap(values, &statistic, resamples, key);
    let value = statistic(values);
    Estimate { value, ci95: widened(value, percentile, values.len()), n: values.len() }
}

/// The percentile interval of `statistic`, as it is.
fn percentile_bootstrap(values: &[f64], statistic: &dyn Fn(&[f64]) -> f64, resamples: usize, key: Key) -> [f64; 2] {
    let mut stream = key.stream();
    let mut resample = Vec::with_capacity(values.len());
    percentile_interval(values.len() >= 2, resamples, || {
        resample.clear();
        draw_with_replacement(values, &mut stream, &mut resample);
        statistic(&resample)
    })
}

/// Appends as many draws from `values` as there are values.
pub(super) fn draw_with_replacement(values: &[f64], stream: &mut Stream, resample: &mut Vec<f64>) {
    resample.extend(values.iter().map(|_| values[stream.below(values.len())]));
}

/// The 2.5 % and 97.5 % quantiles of `resamples` calls of `replicate`; NaN without data or calls.
///
/// A replicate that is NaN could have been anywhere: it is −∞ for the lower end and +∞ for the upper.
pub(super) fn percentile_interval(enough: bool, resamples: usize, replicate: impl FnMut() -> f64) -> [f64; 2] {
    if !enough {
        return [f64::NAN; 2];
    }
    let mut replicates: Vec<f64> = std::iter::repeat_with(replicate).take(resamples).collect();
    percentile_ends(&mut replicates)
}

/// The 2.5 % and 97.5 % quantiles of `replicates`, which are reordered.
pub(super) fn percentile_ends(replicates: &mut [f64]) -> [f64; 2] {
    let undefined: Vec<usize> = (0..replicates.len()).filter(|&index| replicates[index].is_nan()).collect();
    for &index in &undefined {
        replicates[index] = f64::NEG_INFINITY;
    }
    let mut lower = replicates.to_vec();
    lower.sort_unstable_by(f64::total_cmp);
    for &index in &undefined {
        replicates[index] = f64::INFINITY;
    }
    replicates.sort_unstable_by(f64::total_cmp);
    [quantile_of_sorted(&lower, 0.025), quantile_of_sorted(replicates, 0.975)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::statistics::oracle::{assert_interval, numbers, oracle};
    use crate::evidence::statistics::{Statistic, interquartile_mean};

    #[test]
    fn agrees_with_scipy() {
        let case = &oracle()["bootstrap"];
        let values = numbers(&case["values"]);
        for (name, statistic) in [
            ("interquartile_mean", Statistic::InterquartileMean),
            ("median", Statistic::Median),
            ("mean", Statistic::Mean),
        ] {
            let percentile = percentile_bootstrap(&values, &|sample| statistic.of(sample), 20_000, Key::from_seed(2));
            assert_interval(percentile, &case[name], 0.04);
        }
    }

    #[test]
    fn a_key_fixes_the_interval() {
        let values = [3.0, 1.0, 4.0, 1.5, 9.0, 2.6];
        let run = |seed| percentile_bootstrap(&values, &interquartile_mean, RESAMPLES, Key::from_seed(seed));
        assert_eq!(run(1).map(f64::to_bits), run(1).map(f64::to_bits));
        assert_ne!(run(1), run(2));
        assert_eq!(run(1), [1.5, 6.003_749_999_999_98]);
    }

    #[test]
    fn too_little_data_has_no_interval() {
        let key = Key::from_seed(1);
        assert!(bootstrap(&[], interquartile_mean, 10, key).value.is_nan());
        let one = bootstrap(&[5.0], interquartile_mean, 10, key);
        assert_eq!((one.value, one.n), (5.0, 1));
        assert!(one.ci95.iter().all(|end| end.is_nan()));
        assert!(bootstrap(&[5.0, 6.0], interquartile_mean, 0, key).ci95[0].is_nan());
        assert_eq!(bootstrap(&[5.0, 5.0], interquartile_mean, 10, key).ci95, [5.0, 5.0]);
    }

    #[test]
    fn failures_leave_the_upper_end_open() {
        let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, f64::INFINITY];
        let estimate = bootstrap(&values, interquartile_mean, RESAMPLES, Key::from_seed(4));
        assert_eq!(estimate.value, 4.5);
        assert!(estimate.ci95[0].is_finite());
        assert_eq!(estimate.ci95[1], f64::INFINITY);
    }

    #[test]
    fn undefined_replicates_widen_both_ends() {
        let mut replicates = vec![1.0; 90];
        replicates.extend([f64::NAN; 10]);
        assert_eq!(percentile_ends(&mut replicates), [f64::NEG_INFINITY, f64::INFINITY]);
    }
}
