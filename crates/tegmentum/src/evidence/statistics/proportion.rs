//! The exact interval of a fraction of successes (Clopper and Pearson).
//!
//! ```text
//!     lower:  P(K ≥ k | lower) = 2.5 %,   lower = B₀.₀₂₅(k, n − k + 1),   0 if k = 0
//!     upper:  P(K ≤ k | upper) = 2.5 %,   upper = B₀.₉₇₅(k + 1, n − k),   1 if k = n
//! ```
//! k successes · n trials · K binomial · B a quantile of the beta distribution. Whatever the true fraction, the interval
//! misses it in at most 5 % of the cases; Wilson's, which is shorter, does so only on average over fractions (with five
//! trials and a fraction of 0.9 it misses in 8 %).
//!
//! # References
//! 1. C. J. Clopper, E. S. Pearson, *The use of confidence or fiducial limits illustrated in the case of the binomial*,
//!    Biometrika 26(4), 404–413, 1934, doi:10.1093/biomet/26.4.404.

use statrs::distribution::{Beta, ContinuousCDF};

use super::Estimate;

/// The fraction `successes / trials` with its exact 95 % interval.
///
/// NaN without trials, or with more successes than trials.
///
/// # Example
/// ```
/// use tegmentum::evidence::statistics::proportion_interval;
///
/// let all = proportion_interval(10, 10);
/// assert_eq!(all.value, 1.0);
/// assert!((all.ci95[0] - 0.6915).abs() < 1e-4); // ten of ten do not prove 100 %
/// ```
pub fn proportion_interval(successes: usize, trials: usize) -> Estimate {
    if trials == 0 || successes > trials {
        return Estimate { value: f64::NAN, ci95: [f64::NAN; 2], n: trials };
    }
    let (k, n) = (successes as f64, trials as f64);
    let quantile = |shape: [f64; 2], at: f64, otherwise: f64| {
        Beta::new(shape[0], shape[1]).map_or(otherwise, |beta| beta.inverse_cdf(at))
    };
    let lower = if successes == 0 { 0.0 } else { quantile([k, n - k + 1.0], 0.025, 0.0) };
    let upper = if successes == trials { 1.0 } else { quantile([k + 1.0, n - k], 0.975, 1.0) };
    Estimate { value: k / n, ci95: [lower, upper], n: trials }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `scipy.stats.binomtest(k, n).proportion_ci(0.95, method="exact")`.
    #[test]
    fn agrees_with_scipy() {
        for (successes, trials, expected) in [
            (0, 5, [0.0, 0.521_823_750_104_981_5]),
            (5, 5, [0.478_176_249_895_018_56, 1.0]),
            (3, 10, [0.066_739_511_177_734_47, 0.652_452_850_060_008]),
            (9, 10, [0.554_983_882_971_804_7, 0.997_471_421_455_537_5]),
            (150, 200, [0.684_037_166_670_204_3, 0.808_392_830_377_442_7]),
            (1, 30, [0.000_843_570_926_649_307_1, 0.172_169_455_654_332_93]),
        ] {
            let estimate = proportion_interval(successes, trials);
            for (end, expected) in estimate.ci95.into_iter().zip(expected) {
                assert!((end - expected).abs() < 1e-9, "{successes} of {trials}: {end} {expected}");
            }
        }
    }

    #[test]
    fn no_fraction_without_trials() {
        assert!(proportion_interval(0, 0).value.is_nan());
        assert!(proportion_interval(3, 2).ci95[0].is_nan());
    }

    /// The probability that the interval misses, summed over all outcomes: no draw is needed.
    #[test]
    fn the_truth_is_missed_in_at_most_one_case_of_twenty() {
        for n in 3..=30usize {
            for percent in 1..100 {
                let truth = f64::from(percent) / 100.0;
                let mut probability = (1.0 - truth).powi(n as i32);
                let mut missed = 0.0;
                for successes in 0..=n {
                    let [low, high] = proportion_interval(successes, n).ci95;
                    missed += if low <= truth && truth <= high { 0.0 } else { probability };
                    probability *= (n - successes) as f64 / (successes + 1) as f64 * truth / (1.0 - truth);
                }
                assert!(missed <= 0.05 + 1e-9, "{n} trials, {truth}: {missed}");
            }
        }
    }

    proptest! {
        #[test]
        fn holds_the_fraction_and_mirrors(trials in 1_usize..500, share in 0.0..=1.0_f64) {
            let successes = (share * trials as f64) as usize;
            let estimate = proportion_interval(successes, trials);
            let mirrored = proportion_interval(trials - successes, trials);
            prop_assert!(0.0 <= estimate.ci95[0] && estimate.ci95[0] <= estimate.value);
            prop_assert!(estimate.value <= estimate.ci95[1] && estimate.ci95[1] <= 1.0);
            prop_assert!((estimate.ci95[0] - (1.0 - mirrored.ci95[1])).abs() < 1e-8);
        }
    }
}
