//! The performance profile: how many runs reach a score. Smaller scores are better.
//!
//! ```text
//!     F(τ)    = 1/n · Σ_i [x_i ≤ τ]
//!     band(τ) = [Q₀.₀₂₅, Q₀.₉₇₅] of F*(τ) over resamples, for each τ on its own
//! ```
//! x scores `[n]`, pooled over tasks, in the unit of the metric · τ a score, in the same unit. The arm whose profile is
//! higher is better at that score; where profiles cross, which arm is better depends on the score asked for. A failed
//! run (+∞ or NaN) reaches no finite score. The band is pointwise: it does not hold for all τ at once.
//!
//! # Cost
//! O(n log n + t log n) for each resample, t scores.
//!
//! # References
//! 1. R. Agarwal et al., 2021, arXiv:2108.13264, section 4.2: run-score distributions; there larger is
//!    better and the profile is the fraction above τ.
//! 2. E. D. Dolan, J. J. Moré, *Benchmarking optimization software with performance profiles*, Mathematical Programming
//!    91, 201–213, 2002, doi:10.1007/s101070100263.

use crate::random::Key;

use super::bootstrap::{draw_with_replacement, percentile_interval};
use super::interquartile_mean::sorted;

/// The fraction of runs that reach each of several scores, with a band.
///
/// # Example
/// ```
/// use tegmentum::random::Key;
/// use tegmentum::evidence::statistics::{RESAMPLES, performance_profile};
///
/// let tasks = [vec![0.1, 0.2, 0.4, f64::INFINITY]];
/// let profile = performance_profile(&tasks, &[0.15, 0.3, 0.5], RESAMPLES, Key::from_seed(1));
/// assert_eq!(profile.fraction, [0.25, 0.5, 0.75]);
/// assert!(profile.lower[2] < 0.75 && profile.upper[2] == 1.0);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct PerformanceProfile {
    /// The scores τ, as asked for `[t]`.
    pub tau: Vec<f64>,
    /// The fraction of runs with a score of at most τ `[t]`.
    pub fraction: Vec<f64>,
    /// Lower edge of the pointwise 95 % band `[t]`.
    pub lower: Vec<f64>,
    /// Upper edge of the pointwise 95 % band `[t]`.
    pub upper: Vec<f64>,
}

/// The profile of the pooled runs of `groups` (tasks) at the scores `tau` `[t]`, resampled within each group.
///
/// The fractions are NaN without runs; the band is NaN if no group has two runs.
///
/// # Example
/// See [`PerformanceProfile`].
pub fn performance_profile<Group: AsRef<[f64]>>(
    groups: &[Group],
    tau: &[f64],
    resamples: usize,
    key: Key,
) -> PerformanceProfile {
    let pooled: Vec<f64> = groups.iter().flat_map(AsRef::as_ref).copied().collect();
    let enough = groups.iter().any(|group| group.as_ref().len() >= 2);
    let mut stream = key.stream();
    let mut resample = Vec::with_capacity(pooled.len());
    let replicates: Vec<Vec<f64>> = (0..if enough { resamples } else { 0 })
        .map(|_| {
            resample.clear();
            for group in groups {
                draw_with_replacement(group.as_ref(), &mut stream, &mut resample);
            }
            fractions(&resample, tau)
        })
        .collect();
    let (lower, upper) = (0..tau.len())
        .map(|position| {
            let mut column = replicates.iter().map(|replicate| replicate[position]);
            percentile_interval(enough, resamples, || column.next().unwrap_or(f64::NAN))
        })
        .map(|[lower, upper]| (lower, upper))
        .unzip();
    PerformanceProfile { tau: tau.to_vec(), fraction: fractions(&pooled, tau), lower, upper }
}

/// The fraction of `values` that are at most τ, for each τ.
fn fractions(values: &[f64], tau: &[f64]) -> Vec<f64> {
    let sorted = sorted(values);
    let reached = |score: f64| sorted.partition_point(|&value| value <= score);
    tau.iter().map(|&score| reached(score) as f64 / sorted.len() as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::statistics::oracle::{assert_close, numbers, oracle, rows};

    #[test]
    fn agrees_with_rliable() {
        let case = &oracle()["performance_profile"];
        let tau = numbers(&case["tau"]);
        let profile = performance_profile(&rows(&case["tasks"]), &tau, 20_000, Key::from_seed(7));
        let (lower, upper) = (numbers(&case["lower"]), numbers(&case["upper"]));
        for (position, expected) in numbers(&case["fraction"]).into_iter().enumerate() {
            assert_close(profile.fraction[position], expected, 1e-12);
            // A replicate is a multiple of 1/30: an end may differ by one run.
            assert!((profile.lower[position] - lower[position]).abs() <= 1.01 / 30.0);
            assert!((profile.upper[position] - upper[position]).abs() <= 1.01 / 30.0);
        }
    }

    #[test]
    fn rises_from_none_to_the_share_that_succeeded() {
        let runs = [vec![1.0, 2.0, 3.0, f64::NAN]];
        let profile = performance_profile(&runs, &[0.0, 1.0, 2.5, 1e9], 500, Key::from_seed(8));
        assert_eq!(profile.fraction, [0.0, 0.25, 0.5, 0.75]);
        assert_eq!((profile.lower[0], profile.upper[0]), (0.0, 0.0));
        assert!(profile.lower.iter().zip(&profile.fraction).all(|(lower, fraction)| lower <= fraction));
        assert!(profile.upper.iter().zip(&profile.fraction).all(|(upper, fraction)| upper >= fraction));
    }

    #[test]
    fn too_little_data_has_no_band() {
        let none = performance_profile::<Vec<f64>>(&[], &[1.0], 10, Key::from_seed(1));
        assert!(none.fraction[0].is_nan() && none.lower[0].is_nan());
        let one = performance_profile(&[[1.0]], &[1.0], 10, Key::from_seed(1));
        assert_eq!(one.fraction, [1.0]);
        assert!(one.upper[0].is_nan());
    }
}
