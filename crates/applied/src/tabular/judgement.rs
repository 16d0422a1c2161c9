//! How good a model is on the part that nothing was learned from.
//!
//! # Equations
//! ```text
//!     accuracy      share of rows whose most probable class is the true one, with the exact interval of a proportion
//!     RMSE          √(mean (ŷ − y)²), with a bootstrap interval over rows
//!     calibration   Σ_b n_b/n |accuracy of bin b − mean probability in bin b|        ten bins of the probability of the class
//!     importance    error with the cells of a column shuffled − error               mean of five shuffles
//!     difference    mean over rows of (error of one − error of the other), with a bootstrap interval
//! ```
//! error of a row: 1 if the class is wrong, else 0; or (ŷ − y)².
//!
//! # References
//! 1. M. P. Naeini, G. F. Cooper, M. Hauskrecht, AAAI 29, 2901–2907, 2015 (calibration).
//! 2. L. Breiman, Machine Learning 45, 5–32, 2001, doi:10.1023/A:1010933404324 (importance).

use serde::Serialize;
use tegmentum::evidence::statistics::{RESAMPLES, bootstrap, mean, proportion_interval};
use tegmentum::random::Key;

/// Bins of the probability of the chosen class.
const BINS: usize = 10;
/// Resamples × rows of a bootstrap, at most.
const DRAWS: usize = 100_000_000;

/// A predictor and its error on the test part.
///
/// # Example
/// ```
/// use tegmentum_applied::tabular::Score;
/// let score = Score { name: "mean".to_owned(), value: 2.5, ci95: [2.1, 2.9] };
/// assert!(score.ci95[0] < score.value);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    /// The predictor in words.
    pub name: String,
    /// Accuracy, as a share of rows; or root mean square error, in the unit of the target.
    pub value: f64,
    /// Its 95 % interval.
    pub ci95: [f64; 2],
}

/// Predictions beside the truth.
pub(super) struct Judged<'a> {
    /// Classes; `None` for numbers.
    pub(super) classes: Option<usize>,
    /// The class, or the number, of each row.
    pub(super) truth: &'a [f64],
}

impl Judged<'_> {
    /// The error of each row: of probabilities [rows × classes], or of numbers.
    pub(super) fn errors(&self, outputs: &[f64]) -> Vec<f64> {
        match self.classes {
            Some(classes) => {
                let wrong = |(row, truth): (&[f64], &f64)| f64::from(u8::from(most_probable(row) as f64 != *truth));
                outputs.chunks_exact(classes).zip(self.truth).map(wrong).collect()
            }
            None => outputs.iter().zip(self.truth).map(|(output, truth)| (output - truth).powi(2)).collect(),
        }
    }

    /// The error of all rows: a share of them, or the root of a mean square.
    pub(super) fn error(&self, outputs: &[f64]) -> f64 {
        let error = mean(&self.errors(outputs));
        if self.classes.is_some() { error } else { error.sqrt() }
    }

    /// Accuracy or root mean square error.
    pub(super) fn score(&self, name: String, outputs: &[f64], key: Key) -> Score {
        let errors = self.errors(outputs);
        let estimate = if self.classes.is_some() {
            proportion_interval(errors.iter().filter(|&&error| error == 0.0).count(), errors.len())
        } else {
            bootstrap(&errors, |errors| mean(errors).sqrt(), resamples(errors.len()), key)
        };
        Score { name, value: estimate.value, ci95: estimate.ci95 }
    }

    /// Mean of the errors of one minus those of the other, with its interval.
    pub(super) fn difference(&self, one: &[f64], other: &[f64], key: Key) -> [f64; 3] {
        let differences: Vec<f64> =
            self.errors(one).iter().zip(self.errors(other)).map(|(one, other)| one - other).collect();
        let estimate = bootstrap(&differences, mean, resamples(differences.len()), key);
        [estimate.value, estimate.ci95[0], estimate.ci95[1]]
    }

    /// Counts [true class][predicted class].
    pub(super) fn confusion(&self, outputs: &[f64]) -> Vec<Vec<u64>> {
        let Some(classes) = self.classes else { return Vec::new() };
        let mut counts = vec![vec![0; classes]; classes];
        for (row, &truth) in outputs.chunks_exact(classes).zip(self.truth) {
            counts[truth as usize][most_probable(row)] += 1;
        }
        counts
    }

    /// The expected calibration error of probabilities.
    pub(super) fn calibration_error(&self, outputs: &[f64]) -> Option<f64> {
        let classes = self.classes?;
        let mut bins = [(0.0, 0.0); BINS];
        for (row, &truth) in outputs.chunks_exact(classes).zip(self.truth) {
            let chosen = most_probable(row);
            let bin = &mut bins[((row[chosen] * BINS as f64) as usize).min(BINS - 1)];
            *bin = (bin.0 + f64::from(u8::from(chosen as f64 == truth)), bin.1 + row[chosen]);
        }
        Some(bins.iter().map(|(right, sum)| (right - sum).abs()).sum::<f64>() / self.truth.len() as f64)
    }
}

fn resamples(rows: usize) -> usize {
    RESAMPLES.min(DRAWS / rows.max(1)).max(200)
}

/// The class of the largest probability, the first of several.
pub(super) fn most_probable<T: PartialOrd + Copy>(row: &[T]) -> usize {
    (1..row.len()).fold(0, |best, index| if row[index] > row[best] { index } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_those_of_the_equations() {
        let judged = Judged { classes: Some(2), truth: &[0.0, 1.0, 1.0, 0.0] };
        let outputs = [0.9, 0.1, 0.35, 0.65, 0.55, 0.45, 0.85, 0.15];
        let score = judged.score("x".to_owned(), &outputs, Key::from_seed(1));
        assert_eq!((score.value, judged.error(&outputs)), (0.75, 0.25));
        assert_eq!(judged.confusion(&outputs), [[2, 0], [1, 1]]);
        // Bins 5: 0 of 1, sum .55 · 6: 1 of 1, sum .65 · 8: 1 of 1, sum .85 · 9: 1 of 1, sum .9.
        let expected = (0.55 + 0.35 + 0.15 + 0.1) / 4.0;
        assert!((judged.calibration_error(&outputs).unwrap() - expected).abs() < 1e-12);
        let numbers = Judged { classes: None, truth: &[1.0, 2.0, 3.0, 4.0] };
        assert!((numbers.error(&[1.0, 2.0, 3.0, 6.0]) - 1.0).abs() < 1e-12);
        let score = numbers.score("x".to_owned(), &[2.0, 3.0, 4.0, 5.0], Key::from_seed(1));
        assert!((score.value - 1.0).abs() < 1e-12 && score.ci95 == [1.0, 1.0]);
        assert_eq!(numbers.calibration_error(&[]), None);
    }
}
