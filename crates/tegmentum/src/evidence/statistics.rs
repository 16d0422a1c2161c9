//! What a handful of seeds can and cannot show: estimates with 95 % intervals.
//!
//! A run of one seed ends in one number, the score `x`. Few seeds, skewed scores and runs that fail altogether are the
//! rule, so that the centre is an interquartile mean or a median and the interval a bootstrap (Agarwal et al., 2021).
//!
//! | question | function |
//! |---|---|
//! | where is the centre? | [`interquartile_mean`], [`median`], [`mean`], [`quantile`] |
//! | how sure is that? | [`bootstrap`] |
//! | is an arm better than another on the same seeds? | [`paired_comparison`] |
//! | how often does a run of one arm beat one of another? | [`probability_of_improvement`] |
//! | how large is a fraction of successes? | [`proportion_interval`] |
//! | which part did how much of it? | [`Game`]: Shapley values and synergies |
//!
//! # Equations
//! ```text
//!     IQM(x)     = mean of x₍g+1₎ … x₍n−g₎,  g = ⌊n/4⌋,  x₍1₎ ≤ … ≤ x₍n₎
//!     interval   = [Q₀.₀₂₅, Q₀.₉₇₅] of T(x*) over resamples x* of x with replacement, widened by f(n)
//!     difference = T(x) − T(y),  ratio = T(x) / T(y)                           pairs (x_s, y_s) resampled together
//!     P(X < Y)   = mean over pairs (i, j) of [x_i < y_j] + ½ [x_i = y_j]
//! ```
//! x, y scores of two arms, in the unit of the metric · n runs · T a [`Statistic`] · s seed · f(n)
//! the factor that makes the interval hold for few seeds: 2.2 for 5, 1.5 for 10, 1.1 for 30 (`few_seeds.rs`).
//!
//! # Failed runs
//! A run that failed is a value, not a gap: dropping it would flatter the arm that fails more. Smaller is better, and a
//! failed run is +∞; NaN is read as +∞ everywhere. For a metric where larger is better, mark a failed run −∞. A
//! statistic is infinite where failed runs are too many for it, and an end of an interval is infinite where the
//! interval is unbounded. A resample without a value (∞ − ∞, ∞/∞, 0/0) counts against both ends: as −∞ for the lower,
//! as +∞ for the upper.
//!
//! # Too little data
//! No values, no statistic: NaN. An interval from fewer than two values, or from no resamples, is NaN at both ends. NaN
//! is neither above nor below any threshold, so that a test written with `<` or `>` is then inconclusive.
//!
//! # References
//! 1. R. Agarwal, M. Schwarzer, P. S. Castro, A. Courville, M. G. Bellemare, *Deep reinforcement learning at the edge
//!    of the statistical precipice*, Advances in Neural Information Processing Systems 34, 2021, arXiv:2108.13264 (the
//!    package `rliable`).
//! 2. B. Efron, R. J. Tibshirani, *An introduction to the bootstrap*, Chapman & Hall, 1993, chapter 13: the percentile
//!    interval.
//! 3. T. C. Hesterberg, *What teachers should know about the bootstrap*, The American Statistician 69(4), 371–386, 2015: its
//!    widening for few values.

use serde::{Deserialize, Serialize};

mod bootstrap;
mod few_seeds;
mod interquartile_mean;
#[cfg(test)]
pub(crate) mod oracle;
mod paired;
mod probability_of_improvement;
mod proportion;
mod shapley;

pub use bootstrap::{RESAMPLES, bootstrap};
pub use interquartile_mean::{interquartile_mean, mean, median, quantile};
pub use paired::{Effect, paired_comparison};
pub use probability_of_improvement::{bootstrap_probability_of_improvement, probability_of_improvement};
pub use proportion::proportion_interval;
pub use shapley::Game;

/// The centre of a sample.
///
/// # Example
/// ```
/// use tegmentum::evidence::statistics::Statistic;
///
/// let evaluations = [100.0, 120.0, 110.0, 105.0, f64::INFINITY]; // one seed of five never reached the target
/// assert_eq!(Statistic::default(), Statistic::InterquartileMean);
/// assert_eq!(Statistic::Median.of(&evaluations), 110.0);
/// assert_eq!(Statistic::Mean.of(&evaluations), f64::INFINITY);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// The mean of the middle half; finite while at most a quarter of the runs failed. The default.
    #[default]
    InterquartileMean,
    /// The middle value; finite while fewer than half of the runs failed.
    Median,
    /// The mean of all; finite only if no run failed.
    Mean,
}

impl Statistic {
    /// The statistic of `values` `[n]`; NaN if there are none.
    pub fn of(self, values: &[f64]) -> f64 {
        match self {
            Self::InterquartileMean => interquartile_mean(values),
            Self::Median => median(values),
            Self::Mean => mean(values),
        }
    }

    /// The name in a sentence, in the singular.
    pub fn name(self) -> &'static str {
        match self {
            Self::InterquartileMean => "interquartile mean",
            Self::Median => "median",
            Self::Mean => "mean",
        }
    }
}

/// A number with its 95 % interval.
///
/// # Example
/// ```
/// use tegmentum::evidence::statistics::proportion_interval;
///
/// let estimate = proportion_interval(9, 10);
/// assert_eq!((estimate.value, estimate.n), (0.9, 10));
/// assert!(estimate.ci95[0] > 0.55 && estimate.ci95[1] < 0.998);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The estimate from all values.
    pub value: f64,
    /// Lower and upper end of the 95 % interval; ±∞ where unbounded, NaN where there is too little data.
    pub ci95: [f64; 2],
    /// Number of values, or of pairs, behind the estimate.
    pub n: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_are_spelt_in_snake_case() {
        for (statistic, text) in [
            (Statistic::InterquartileMean, "\"interquartile_mean\""),
            (Statistic::Median, "\"median\""),
            (Statistic::Mean, "\"mean\""),
        ] {
            assert_eq!(serde_json::to_string(&statistic).unwrap(), text);
            assert_eq!(serde_json::from_str::<Statistic>(text).unwrap(), statistic);
            assert_eq!(text.trim_matches('"').replace('_', " "), statistic.name());
            assert!(statistic.of(&[]).is_nan());
        }
    }
}
