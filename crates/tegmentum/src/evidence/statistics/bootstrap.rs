//! The percentile bootstrap: a 95 % interval of any statistic, over one group or several.
//!
//! ```text
//!     x*_b       = n draws from x with replacement,                 b = 1 … B
//!     interval   = [Q₀.₀₂₅, Q₀.₉₇₅] of T(x*_1) … T(x*_B)
//!     stratified : x*_b = draws from every group x_k, as many as it has, pooled
//! ```
//! x values `[n]`, T the statistic, in the unit of x · B resamples · Q the quantile of
//! [`quantile`](super::quantile()) · k group, usually a task.
//!
//! Resampling within groups keeps every task's share in the pool, so that the interval is about new seeds on the same
//! tasks. A group with one value adds no spread.
//!
//! # Cost
//! B evaluations of T and as many numbers as values for each of them.
//!
//! # References
//! 1. B. Efron, R. J. Tibshirani, *An introduction to the bootstrap*, Chapman & Hall, 1993, chapter 13.
//! 2. R. Agarwal et al., 2021, arXiv:2108.13264, section 4.1: stratified bootstrap intervals.

use crate::random::{Key, Stream};

use super::Estimate;
use super::interquartile_mean::quantile_of_sorted;

/// Resamples that are enough for an interval: the noise of an end is then about 1.5 % of the interval's width.
pub const RESAMPLES: usize = 2000;

/// `statistic` of `values` `[n]` with its percentile bootstrap interval.
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
    stratified_bootstrap(&[values], statistic, resamples, key)
}

/// `statistic` of the pooled values of `groups` with its percentile bootstrap interval, resampled within each group.
///
/// The interval is NaN if no group has two values.
///
/// # Example
/// ```
/// use tegmentum::random::Key;
/// use tegmentum::evidence::statistics::{RESAMPLES, Statistic, stratified_bootstrap};
///
/// let tasks = [vec![0.1, 0.2, 0.3], vec![0.6, 0.7, 0.8]];
/// let estimate = stratified_bootstrap(&tasks, |pooled| Statistic::Mean.of(pooled), RESAMPLES, Key::from_seed(1));
/// assert!((estimate.value - 0.45).abs() < 1e-12);
/// assert!(estimate.ci95[0] > 0.3 && estimate.ci95[1] < 0.6); // the distance between the tasks is no uncertainty
/// ```
pub fn stratified_bootstrap<Group: AsRef<[f64]>>(
    groups: &[Group],
    statistic: impl Fn(&[f64]) -> f64,
    resamples: usize,
    key: Key,
) -> Estimate {
    let pooled: Vec<f64> = groups.iter().flat_map(AsRef::as_ref).copied().collect();
    let enough = groups.iter().any(|group| group.as_ref().len() >= 2);
    let mut stream = key.stream();
    let mut resample = Vec::with_capacity(pooled.len());
    let ci95 = percentile_interval(enough, resamples, || {
        resample.clear();
        for group in groups {
            draw_with_replacement(group.as_ref(), &mut stream, &mut resample);
        }
        statistic(&resample)
    });
    Estimate { value: statistic(&pooled), ci95, n: pooled.len() }
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
    use crate::evidence::statistics::oracle::{assert_interval, numbers, oracle, rows};
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
            let estimate = bootstrap(&values, |sample| statistic.of(sample), 20_000, Key::from_seed(2));
            assert_interval(estimate.ci95, &case[name], 0.04);
        }
    }

    #[test]
    fn agrees_with_rliable() {
        let case = &oracle()["stratified_bootstrap"];
        let estimate = stratified_bootstrap(&rows(&case["tasks"]), interquartile_mean, 20_000, Key::from_seed(3));
        assert_interval(estimate.ci95, &case["interval"], 0.04);
        assert_eq!(estimate.n, 30);
    }

    #[test]
    fn a_key_fixes_the_interval() {
        let values = [3.0, 1.0, 4.0, 1.5, 9.0, 2.6];
        let run = |seed| bootstrap(&values, interquartile_mean, RESAMPLES, Key::from_seed(seed)).ci95;
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
        assert_eq!(stratified_bootstrap(&[&[][..], &[5.0, 5.0]], interquartile_mean, 10, key).ci95, [5.0, 5.0]);
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
