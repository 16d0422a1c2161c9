//! The Wilson score interval of a fraction of successes.
//!
//! ```text
//!     centre   = (p + z²/2n) / (1 + z²/n)
//!     half     = z/(1 + z²/n) · √(p (1 − p)/n + z²/4n²)
//!     interval = [centre − half, centre + half]
//! ```
//! p = k/n the fraction of successes, without unit · k successes · n trials · z = 1.959964, the 97.5 % point of the
//! standard normal. Unlike p ± z √(p (1 − p)/n) it stays inside [0, 1] and has a width where all trials or none
//! succeed.
//!
//! # References
//! 1. E. B. Wilson, *Probable inference, the law of succession, and statistical inference*, Journal of the American
//!    Statistical Association 22(158), 209–212, 1927, doi:10.1080/01621459.1927.10502953.

use super::Estimate;

/// The 97.5 % point of the standard normal distribution.
const NORMAL_975: f64 = 1.959_963_984_540_054;

/// The fraction `successes / trials` with its 95 % Wilson score interval.
///
/// NaN without trials, or with more successes than trials.
///
/// # Example
/// ```
/// use tegmentum::evidence::statistics::wilson_interval;
///
/// let all = wilson_interval(10, 10);
/// assert_eq!(all.value, 1.0);
/// assert!((all.ci95[0] - 0.7225).abs() < 1e-4); // ten of ten do not prove 100 %
/// ```
pub fn wilson_interval(successes: usize, trials: usize) -> Estimate {
    if trials == 0 || successes > trials {
        return Estimate { value: f64::NAN, ci95: [f64::NAN; 2], n: trials };
    }
    let n = trials as f64;
    let value = successes as f64 / n;
    let square = NORMAL_975 * NORMAL_975;
    let scale = 1.0 + square / n;
    let centre = (value + square / (2.0 * n)) / scale;
    let half = NORMAL_975 / scale * (value * (1.0 - value) / n + square / (4.0 * n * n)).sqrt();
    // The outer end is exact where all or none succeed, whatever the rounding.
    let lower = if successes == 0 { 0.0 } else { centre - half };
    let upper = if successes == trials { 1.0 } else { centre + half };
    Estimate { value, ci95: [lower, upper], n: trials }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::evidence::statistics::oracle::{assert_close, numbers, oracle};

    #[test]
    fn agrees_with_scipy() {
        for case in oracle()["wilson"].as_array().unwrap() {
            let [successes, trials] = ["successes", "trials"].map(|name| case[name].as_u64().unwrap() as usize);
            let estimate = wilson_interval(successes, trials);
            for (end, expected) in estimate.ci95.into_iter().zip(numbers(&case["interval"])) {
                assert_close(end, expected, 1e-12);
            }
        }
    }

    #[test]
    fn no_fraction_without_trials() {
        assert!(wilson_interval(0, 0).value.is_nan());
        assert!(wilson_interval(3, 2).ci95[0].is_nan());
    }

    proptest! {
        #[test]
        fn holds_the_fraction_and_mirrors(trials in 1_usize..500, share in 0.0..=1.0_f64) {
            let successes = (share * trials as f64) as usize;
            let estimate = wilson_interval(successes, trials);
            let mirrored = wilson_interval(trials - successes, trials);
            prop_assert!(0.0 <= estimate.ci95[0] && estimate.ci95[0] <= estimate.value);
            prop_assert!(estimate.value <= estimate.ci95[1] && estimate.ci95[1] <= 1.0);
            prop_assert!((estimate.ci95[0] - (1.0 - mirrored.ci95[1])).abs() < 1e-12);
        }
    }
}
