//! Two arms on the same seeds: the effect and its interval when pairs are resampled.
//!
//! ```text
//!     effect    = T(x) − T(y)   or   T(x) / T(y)
//!     replicate = the same of x* = (x_s₁ … x_sₙ), y* = (y_s₁ … y_sₙ),   s₁ … sₙ drawn with replacement from the seeds
//!     interval  = percentile interval of the replicates, widened for few seeds; for a ratio above zero its logarithm is
//! ```
//! x scores of the arm `[n]`, y scores of the reference `[n]`, both in the unit of the metric; `x_s` and `y_s` share
//! seed s · T the [`Statistic`]. The difference has the unit of the metric, the ratio has none.
//!
//! Seeds that are hard for one arm are often hard for the other; drawing both together keeps that common part out of
//! the interval. A failed run is +∞: a reference that fails gives the ratio 0 and the difference −∞, an arm that fails
//! gives +∞, and where both fail the replicate has no value and widens both ends. The median stays finite for the most
//! failures. A ratio is of use only for scores above zero.
//!
//! # Cost
//! Two evaluations of T and n numbers for each resample.
//!
//! # References
//! 1. B. Efron, R. J. Tibshirani, *An introduction to the bootstrap*, Chapman & Hall, 1993, chapters 8 and 13. To take
//!    the pair as the unit that is resampled and interquartile means as the centre is our choice.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::random::Key;

use super::bootstrap::percentile_interval;
use super::few_seeds::{widened, widened_ratio};
use super::{Estimate, Statistic};

/// How two centres are compared.
///
/// # Example
/// ```
/// use tegmentum::evidence::statistics::Effect;
///
/// assert_eq!(Effect::Difference.of(3.0, 4.0), -1.0);
/// assert_eq!(Effect::Ratio.of(3.0, 4.0), 0.75);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Arm minus reference; 0 is no effect.
    Difference,
    /// Arm over reference; 1 is no effect.
    Ratio,
}

impl Effect {
    /// The effect of two centres.
    pub fn of(self, arm: f64, reference: f64) -> f64 {
        match self {
            Self::Difference => arm - reference,
            Self::Ratio => arm / reference,
        }
    }

    /// The name in a sentence, in the singular.
    pub fn name(self) -> &'static str {
        match self {
            Self::Difference => "difference",
            Self::Ratio => "ratio",
        }
    }
}

/// The effect between `arm` `[n]` and `reference` `[n]`, where equal positions share a seed, with its bootstrap
/// interval.
///
/// The value is NaN where both centres are infinite, or without pairs; the interval is NaN for fewer than two pairs.
///
/// # Errors
/// [`Error::ShapeMismatch`] if the arms do not have equally many values.
///
/// # Example
/// ```
/// use tegmentum::random::Key;
/// use tegmentum::evidence::statistics::{Effect, RESAMPLES, Statistic, paired_comparison};
///
/// let modulated = [40.0, 52.0, 61.0, 48.0, 55.0, 43.0];
/// let plain = [80.0, 110.0, 119.0, 95.0, 112.0, 88.0];
/// let (statistic, effect) = (Statistic::InterquartileMean, Effect::Ratio);
/// let ratio = paired_comparison(&modulated, &plain, statistic, effect, RESAMPLES, Key::from_seed(1))?;
/// assert!(ratio.ci95[0] > 0.4 && ratio.ci95[1] < 0.6);
/// assert_eq!(ratio.n, 6);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
pub fn paired_comparison(
    arm: &[f64],
    reference: &[f64],
    statistic: Statistic,
    effect: Effect,
    resamples: usize,
    key: Key,
) -> Result<Estimate> {
    let n = arm.len();
    if reference.len() != n {
        let what = "paired comparison, reference arm";
        return Err(Error::ShapeMismatch { what, expected: n, found: reference.len() });
    }
    let mut stream = key.stream();
    let (mut arm_resample, mut reference_resample) = (vec![0.0; n], vec![0.0; n]);
    let ci95 = percentile_interval(n >= 2, resamples, || {
        for (from_arm, from_reference) in arm_resample.iter_mut().zip(&mut reference_resample) {
            let seed = stream.below(n);
            (*from_arm, *from_reference) = (arm[seed], reference[seed]);
        }
        effect.of(statistic.of(&arm_resample), statistic.of(&reference_resample))
    });
    let value = effect.of(statistic.of(arm), statistic.of(reference));
    let ci95 = match effect {
        Effect::Difference => widened(value, ci95, n),
        Effect::Ratio => widened_ratio(value, ci95, n),
    };
    Ok(Estimate { value, ci95, n })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::statistics::few_seeds::widening;
    use crate::evidence::statistics::oracle::{assert_close, assert_interval, number, numbers, oracle};

    const FAILED: f64 = f64::INFINITY;

    fn compare(arm: &[f64], reference: &[f64], statistic: Statistic, effect: Effect) -> Estimate {
        paired_comparison(arm, reference, statistic, effect, 20_000, Key::from_seed(5)).unwrap()
    }

    #[test]
    fn agrees_with_scipy() {
        let case = &oracle()["paired"];
        let (arm, reference) = (numbers(&case["arm"]), numbers(&case["reference"]));
        for (name, statistic) in [("interquartile_mean", Statistic::InterquartileMean), ("median", Statistic::Median)] {
            for (kind, effect) in [("difference", Effect::Difference), ("ratio", Effect::Ratio)] {
                let estimate = compare(&arm, &reference, statistic, effect);
                let expected = &case[name][kind];
                assert_close(estimate.value, number(&expected["effect"]), 1e-12);
                // The oracle's is the percentile interval: narrowed by what it was widened by.
                let factor = widening(arm.len());
                let narrowed = match effect {
                    Effect::Difference => estimate.ci95.map(|end| estimate.value + (end - estimate.value) / factor),
                    Effect::Ratio => {
                        estimate.ci95.map(|end| estimate.value * (end / estimate.value).powf(1.0 / factor))
                    }
                };
                assert_interval(narrowed, &expected["interval"], 0.04);
            }
        }
    }

    #[test]
    fn common_ups_and_downs_cancel() {
        let reference: Vec<f64> = (0..12).map(|seed| f64::from(seed * seed)).collect();
        let arm: Vec<f64> = reference.iter().map(|value| value - 2.0).collect();
        let estimate = compare(&arm, &reference, Statistic::InterquartileMean, Effect::Difference);
        assert!(estimate.ci95.iter().all(|end| (end + 2.0).abs() < 1e-9), "{estimate:?}");
    }

    #[test]
    fn failures_on_one_side_have_a_direction() {
        let (good, bad) = ([1.0, 2.0, 3.0, 4.0], [FAILED; 4]);
        let ratio = |arm, reference| compare(arm, reference, Statistic::Median, Effect::Ratio);
        assert_eq!(ratio(&good, &bad).ci95, [0.0, 0.0]);
        assert_eq!(ratio(&bad, &good).ci95, [FAILED, FAILED]);
        let difference = compare(&good, &bad, Statistic::Median, Effect::Difference);
        assert_eq!((difference.value, difference.ci95), (-FAILED, [-FAILED, -FAILED]));
    }

    #[test]
    fn failures_on_both_sides_leave_everything_open() {
        for effect in [Effect::Difference, Effect::Ratio] {
            let estimate = compare(&[FAILED; 4], &[FAILED; 4], Statistic::Median, effect);
            assert!(estimate.value.is_nan());
            assert_eq!(estimate.ci95, [-FAILED, FAILED]);
        }
    }

    #[test]
    fn the_median_outlives_the_interquartile_mean() {
        let arm = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, FAILED, FAILED, FAILED];
        let reference = [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0];
        assert_eq!(compare(&arm, &reference, Statistic::Median, Effect::Ratio).value, 0.1);
        assert_eq!(compare(&arm, &reference, Statistic::InterquartileMean, Effect::Ratio).value, FAILED);
    }

    #[test]
    fn sizes_must_agree_and_too_few_pairs_say_nothing() {
        let run = |arm: &[f64], reference: &[f64]| {
            paired_comparison(arm, reference, Statistic::Mean, Effect::Difference, 10, Key::from_seed(1))
        };
        assert!(matches!(run(&[1.0], &[]), Err(Error::ShapeMismatch { expected: 1, found: 0, .. })));
        assert!(run(&[], &[]).unwrap().value.is_nan());
        let one = run(&[1.0], &[3.0]).unwrap();
        assert_eq!(one.value, -2.0);
        assert!(one.ci95[0].is_nan() && one.ci95[1].is_nan());
    }
}
