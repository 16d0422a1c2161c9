//! The probability that a run of one arm beats a run of another. Smaller scores are better.
//!
//! ```text
//!     P(X < Y) = 1/(n m) · Σ_i Σ_j [x_i < y_j] + ½ [x_i = y_j]
//!     over tasks k:  mean_k P(X_k < Y_k)
//! ```
//! x scores of the arm `[n]`, y scores of the reference `[m]`, in the same unit; ½ is no difference, 1 is an arm whose
//! every run is better. It is the Mann–Whitney statistic U divided by n·m: it says how often, not by how much. NaN is
//! read as +∞, a failed run; two failed runs are a tie. For scores where larger is better, exchange the arguments.
//!
//! The interval resamples the runs of either arm independently, within each task.
//!
//! # Cost
//! O((n + m) log m) for one value.
//!
//! # References
//! 1. R. Agarwal et al., 2021, arXiv:2108.13264, section 4.3; there larger is better.
//! 2. H. B. Mann, D. R. Whitney, *On a test of whether one of two random variables is stochastically larger than the
//!    other*, The Annals of Mathematical Statistics 18(1), 50–60, 1947, doi:10.1214/aoms/1177730491.

use crate::random::Key;

use super::bootstrap::{draw_with_replacement, percentile_interval};
use super::interquartile_mean::{failed_as_infinity, sorted};
use super::{Estimate, mean};

/// P(X < Y) + ½ P(X = Y) over all pairs of a run of `arm` `[n]` and one of `reference` `[m]`; NaN if either has none.
///
/// # Example
/// ```
/// use tegmentum::evidence::statistics::probability_of_improvement;
///
/// assert_eq!(probability_of_improvement(&[1.0, 2.0], &[2.0, 3.0]), 0.875);
/// ```
pub fn probability_of_improvement(arm: &[f64], reference: &[f64]) -> f64 {
    let reference = sorted(reference);
    let halves: usize = arm
        .iter()
        .map(|&score| failed_as_infinity(score))
        .map(|score| {
            let better = reference.partition_point(|&other| other < score);
            let not_worse = reference.partition_point(|&other| other <= score);
            2 * reference.len() - better - not_worse
        })
        .sum();
    halves as f64 / (2 * arm.len() * reference.len()) as f64
}

/// The probability of improvement of (arm, reference), averaged over `tasks`, with its bootstrap interval.
///
/// `n` counts the runs of the arm or of the reference, whichever has fewer. The value is NaN if there is no task or an
/// arm of one has no runs; the interval is then NaN too, and where no arm has two runs.
///
/// # Example
/// ```
/// use tegmentum::random::Key;
/// use tegmentum::evidence::statistics::{RESAMPLES, bootstrap_probability_of_improvement};
///
/// let (arm, reference) = ([1.0, 2.0, 3.0, 5.0], [4.0, 6.0, 7.0, 8.0]);
/// let estimate = bootstrap_probability_of_improvement(&[(&arm, &reference)], RESAMPLES, Key::from_seed(1));
/// assert_eq!(estimate.value, 0.9375);
/// assert!(estimate.ci95[0] > 0.5 && estimate.ci95[1] <= 1.0);
/// ```
pub fn bootstrap_probability_of_improvement(tasks: &[(&[f64], &[f64])], resamples: usize, key: Key) -> Estimate {
    let complete = !tasks.iter().any(|(arm, reference)| arm.is_empty() || reference.is_empty());
    let enough = complete && tasks.iter().any(|(arm, reference)| arm.len().max(reference.len()) >= 2);
    let mut stream = key.stream();
    let (mut arm_resample, mut reference_resample) = (Vec::new(), Vec::new());
    let ci95 = percentile_interval(enough, resamples, || {
        let mut total = 0.0;
        for (arm, reference) in tasks {
            arm_resample.clear();
            reference_resample.clear();
            draw_with_replacement(arm, &mut stream, &mut arm_resample);
            draw_with_replacement(reference, &mut stream, &mut reference_resample);
            total += probability_of_improvement(&arm_resample, &reference_resample);
        }
        total / tasks.len() as f64
    });
    let runs = |side: fn(&(&[f64], &[f64])) -> usize| tasks.iter().map(side).sum::<usize>();
    let n = runs(|(arm, _)| arm.len()).min(runs(|(_, reference)| reference.len()));
    Estimate { value: average(tasks, complete), ci95, n }
}

/// The mean over the tasks; NaN if one of them has no value.
fn average(tasks: &[(&[f64], &[f64])], complete: bool) -> f64 {
    if !complete {
        return f64::NAN;
    }
    mean(&tasks.iter().map(|(arm, reference)| probability_of_improvement(arm, reference)).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::evidence::statistics::oracle::{assert_close, assert_interval, number, numbers, oracle, rows};

    #[test]
    fn agrees_with_rliable_on_one_task() {
        for case in oracle()["probability_of_improvement"]["cases"].as_array().unwrap() {
            let probability = probability_of_improvement(&numbers(&case["arm"]), &numbers(&case["reference"]));
            assert_close(probability, number(&case["probability"]), 1e-12);
        }
    }

    #[test]
    fn agrees_with_rliable_over_tasks() {
        let case = &oracle()["probability_of_improvement"]["tasks"];
        let (arm, reference) = (rows(&case["arm"]), rows(&case["reference"]));
        let tasks: Vec<(&[f64], &[f64])> =
            arm.iter().map(Vec::as_slice).zip(reference.iter().map(Vec::as_slice)).collect();
        let estimate = bootstrap_probability_of_improvement(&tasks, 20_000, Key::from_seed(6));
        assert_close(estimate.value, number(&case["probability"]), 1e-12);
        assert_interval(estimate.ci95, &case["interval"], 0.05);
        assert_eq!(estimate.n, 16);
    }

    #[test]
    fn failed_runs_tie_and_lose() {
        assert_eq!(probability_of_improvement(&[f64::NAN], &[f64::INFINITY]), 0.5);
        assert_eq!(probability_of_improvement(&[f64::INFINITY], &[1.0]), 0.0);
        assert_eq!(probability_of_improvement(&[1.0], &[f64::NAN]), 1.0);
    }

    #[test]
    fn nothing_has_no_probability() {
        let key = Key::from_seed(1);
        assert!(probability_of_improvement(&[], &[1.0]).is_nan());
        assert!(bootstrap_probability_of_improvement(&[], 10, key).value.is_nan());
        let incomplete = bootstrap_probability_of_improvement(&[(&[1.0, 2.0], &[]), (&[1.0], &[2.0])], 10, key);
        assert!(incomplete.value.is_nan() && incomplete.ci95[0].is_nan());
    }

    proptest! {
        #[test]
        fn the_two_directions_add_up_to_one(
            arm in prop::collection::vec(0_u8..6, 1..30),
            reference in prop::collection::vec(0_u8..6, 1..30),
        ) {
            // Few distinct values, so that there are ties; 5 stands for a failed run.
            let scores = |values: &[u8]| -> Vec<f64> {
                values.iter().map(|&value| if value == 5 { f64::INFINITY } else { f64::from(value) }).collect()
            };
            let (arm, reference) = (scores(&arm), scores(&reference));
            let both = probability_of_improvement(&arm, &reference) + probability_of_improvement(&reference, &arm);
            prop_assert!((both - 1.0).abs() < 1e-12);
        }
    }
}
