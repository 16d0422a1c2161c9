//! Simple predictors beside the network: the most frequent class or the mean, a linear model, the nearest neighbours.
//!
//! # Equations
//! ```text
//!     ridge        w = argmin Σ_i (y_i − w'x_i − b)² + λ |w|²                        solved exactly
//!     logistic     W = argmin −Σ_i ln p_{c_i}(x_i) + λ/2 |W|²,  p = softmax(W x + b)  Newton's method
//!     neighbours   the mean of the targets of the k rows that are nearest (Euclidean distance of the inputs)
//! ```
//! x inputs `[D]` · y target · c class · b intercept, not penalised · λ one of [`PENALTIES`], k one of [`NEIGHBOURS`]: the best on
//! the validation part.
//!
//! # Cost
//! n rows: ridge n D² + D³; logistic that for C D instead of D, ten times or so; neighbours n D for each row that is judged.
//! Neighbours are looked for among [`MOST_ROWS`] rows at most; a logistic regression of more than [`MOST_WEIGHTS`] weights is left
//! out.
//!
//! # References
//! 1. A. E. Hoerl, R. W. Kennard, Technometrics 12(1), 55–67, 1970, doi:10.1080/00401706.1970.10488634.
//! 2. T. Hastie, R. Tibshirani, J. Friedman, *The elements of statistical learning*, 2nd ed., Springer, 2009, sections 4.4, 13.3.

use nalgebra::{Cholesky, DMatrix, DVector};
use rayon::prelude::*;

use super::data::{Part, Target};

/// Penalties λ that are tried.
pub(super) const PENALTIES: [f64; 4] = [0.1, 1.0, 10.0, 100.0];
/// Numbers of neighbours that are tried.
const NEIGHBOURS: [usize; 6] = [1, 3, 5, 10, 20, 50];
/// Rows among which neighbours are looked for, and rows of the validation part that choose k.
const MOST_ROWS: usize = 5000;
/// Weights of a logistic regression, at most.
const MOST_WEIGHTS: usize = 1500;
/// Steps of Newton's method, at most.
const STEPS: usize = 50;

/// Predictions of a baseline on a part: probabilities [rows × classes], or numbers in the unit of the data.
pub(super) struct Baseline {
    pub(super) name: String,
    pub(super) outputs: Vec<f64>,
}

/// All baselines, the simplest first.
pub(super) fn all(train: &Part, validation: &Part, test: &Part, target: &Target) -> Vec<Baseline> {
    let mut all = vec![constant(train, test, target)];
    all.extend(linear(train, validation, test, target));
    all.push(neighbours(train, validation, test, target));
    all
}

/// The mean square of output − target over rows: of numbers, or of probabilities.
fn error(outputs: &[f64], part: &Part, target: &Target) -> f64 {
    let truth = part.targets.iter().map(|&value| match target {
        Target::Classes { .. } => f64::from(value),
        Target::Number { mean, deviation, .. } => mean + deviation * f64::from(value),
    });
    outputs.iter().zip(truth).map(|(output, truth)| (output - truth).powi(2)).sum()
}

fn constant(train: &Part, test: &Part, target: &Target) -> Baseline {
    match target {
        Target::Classes { classes, .. } => {
            let mut shares = vec![0.0; classes.len()];
            for &class in &train.truth {
                shares[class as usize] += 1.0 / train.rows() as f64;
            }
            Baseline { name: "most frequent class".to_owned(), outputs: shares.repeat(test.rows()) }
        }
        Target::Number { mean, .. } => Baseline { name: "mean".to_owned(), outputs: vec![*mean; test.rows()] },
    }
}

/// The linear model with the best penalty; none if it would be too large.
fn linear(train: &Part, validation: &Part, test: &Part, target: &Target) -> Option<Baseline> {
    let (rows, width) = (train.rows(), train.width);
    let design = |part: &Part| {
        DMatrix::from_fn(part.rows(), width + 1, |row, column| match column {
            0 => 1.0,
            _ => f64::from(part.row(row)[column - 1]),
        })
    };
    let outputs_of = |weights: &DMatrix<f64>, part: &Part| match target {
        Target::Classes { .. } => probabilities(&design(part), weights),
        Target::Number { mean, deviation, .. } => {
            (design(part) * weights).iter().map(|value| mean + deviation * value).collect()
        }
    };
    let x = design(train);
    let fitted = |penalty: f64| match target {
        Target::Classes { classes, .. } => {
            let chosen: Vec<usize> = train.truth.iter().map(|&class| class as usize).collect();
            logistic(&x, &chosen, classes.len(), penalty)
        }
        Target::Number { .. } => {
            let y = DVector::from_iterator(rows, train.targets.iter().map(|&value| f64::from(value)));
            ridge(&x, &y, penalty)
        }
    };
    let size = (width + 1) * target.classes().unwrap_or(1);
    if size > MOST_WEIGHTS {
        return None;
    }
    let tried = PENALTIES.iter().filter_map(|&penalty| Some((penalty, fitted(penalty)?)));
    let judged = tried
        .map(|(penalty, weights)| (error(&outputs_of(&weights, validation), validation, target), penalty, weights));
    let (_, penalty, weights) = judged.min_by(|a, b| a.0.total_cmp(&b.0))?;
    let name = if target.classes().is_some() { "logistic regression" } else { "ridge regression" };
    Some(Baseline { name: format!("{name}, λ = {penalty}"), outputs: outputs_of(&weights, test) })
}

/// Weights [1 + D × 1] of the ridge regression of `y` on `x`, whose first column is 1 and whose weight is not penalised.
pub(super) fn ridge(x: &DMatrix<f64>, y: &DVector<f64>, penalty: f64) -> Option<DMatrix<f64>> {
    let mut square = x.tr_mul(x);
    for index in 1..square.nrows() {
        square[(index, index)] += penalty;
    }
    let solution = Cholesky::new(square)?.solve(&x.tr_mul(y));
    Some(DMatrix::from_column_slice(solution.len(), 1, solution.as_slice()))
}

/// Weights [1 + D × C] of the logistic regression of classes on `x`, whose first column is 1.
pub(super) fn logistic(x: &DMatrix<f64>, classes: &[usize], count: usize, penalty: f64) -> Option<DMatrix<f64>> {
    let (width, free) = (x.ncols(), count);
    let mut weights = DMatrix::zeros(width, free);
    let mut loss = logistic_loss(x, classes, &weights, penalty);
    for _ in 0..STEPS {
        let p = DMatrix::from_row_slice(x.nrows(), count, &probabilities(x, &weights));
        let residual = DMatrix::from_fn(x.nrows(), free, |row, class| {
            p[(row, class)] - f64::from(u8::from(classes[row] == class))
        });
        let mut gradient = x.tr_mul(&residual);
        let mut curvature = DMatrix::zeros(width * free, width * free);
        for first in 0..free {
            for second in first..free {
                let weighted = DMatrix::from_fn(x.nrows(), width, |row, column| {
                    let same = f64::from(u8::from(first == second));
                    x[(row, column)] * p[(row, first)] * (same - p[(row, second)])
                });
                let block = weighted.tr_mul(x);
                curvature.view_mut((second * width, first * width), (width, width)).copy_from(&block.transpose());
                curvature.view_mut((first * width, second * width), (width, width)).copy_from(&block);
            }
            // The penalty, and a trace of it for intercepts, so that the matrix can be inverted.
            for index in 0..width {
                let own = if index == 0 { 1e-6 } else { penalty };
                curvature[(first * width + index, first * width + index)] += own;
                gradient[(index, first)] += if index == 0 { 0.0 } else { penalty * weights[(index, first)] };
            }
        }
        let flat = DVector::from_column_slice(gradient.as_slice());
        let step = DMatrix::from_column_slice(width, free, Cholesky::new(curvature)?.solve(&flat).as_slice());
        let mut length = 1.0;
        let (tried, better) = loop {
            let tried = &weights - &step * length;
            let better = logistic_loss(x, classes, &tried, penalty);
            if better <= loss || length < 1e-6 {
                break (tried, better);
            }
            length /= 2.0;
        };
        let gain = loss - better;
        if gain.is_nan() || gain < 0.0 {
            break;
        }
        (weights, loss) = (tried, better);
        if gain <= 1e-10 * (1.0 + loss.abs()) {
            break;
        }
    }
    weights.iter().all(|weight| weight.is_finite()).then_some(weights)
}

fn logistic_loss(x: &DMatrix<f64>, classes: &[usize], weights: &DMatrix<f64>, penalty: f64) -> f64 {
    let count = weights.ncols();
    let p = probabilities(x, weights);
    let data: f64 = classes.iter().enumerate().map(|(row, &class)| -p[row * count + class].max(1e-300).ln()).sum();
    data + penalty / 2.0 * weights.rows(1, weights.nrows() - 1).norm_squared()
}

/// Probabilities [rows × classes] of a logistic regression, row by row.
fn probabilities(x: &DMatrix<f64>, weights: &DMatrix<f64>) -> Vec<f64> {
    let scores = x * weights;
    let mut all = Vec::with_capacity(x.nrows() * weights.ncols());
    for row in 0..x.nrows() {
        let largest = scores.row(row).iter().fold(f64::NEG_INFINITY, |largest, score| largest.max(*score));
        let first = all.len();
        all.extend(scores.row(row).iter().map(|score| (score - largest).exp()));
        let sum: f64 = all[first..].iter().sum();
        all[first..].iter_mut().for_each(|value| *value /= sum);
    }
    all
}

fn neighbours(train: &Part, validation: &Part, test: &Part, target: &Target) -> Baseline {
    let known = train.rows().min(MOST_ROWS);
    // Rows are in the order of the table, so that every so-manieth is taken.
    let known: Vec<usize> = (0..known).map(|index| index * train.rows() / known).collect();
    let judged = validation.rows().min(MOST_ROWS);
    let shortened = Part {
        width: validation.width,
        inputs: validation.inputs[..judged * validation.width].to_vec(),
        targets: validation.targets[..validation.targets.len() / validation.rows() * judged].to_vec(),
        truth: validation.truth[..judged].to_vec(),
    };
    let counts: Vec<usize> = NEIGHBOURS.into_iter().filter(|&count| count <= known.len()).collect();
    let of = |part: &Part, counts: &[usize]| nearest(train, &known, part, counts, target);
    let tried = of(&shortened, &counts);
    let errors = counts.iter().zip(tried).map(|(&count, outputs)| (count, error(&outputs, &shortened, target)));
    let best = errors.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(1, |best| best.0);
    let among = if known.len() < train.rows() { format!(" among {} rows", known.len()) } else { String::new() };
    let neighbours = if best == 1 { "nearest neighbour".to_owned() } else { format!("{best} nearest neighbours") };
    Baseline { name: format!("{neighbours}{among}"), outputs: of(test, &[best]).remove(0) }
}

/// Outputs of the mean of neighbours for each of `counts`, which ascend.
fn nearest(train: &Part, known: &[usize], part: &Part, counts: &[usize], target: &Target) -> Vec<Vec<f64>> {
    let outputs = target.classes().unwrap_or(1);
    let own = |row: usize| {
        let mut distances: Vec<(f64, usize)> = known
            .iter()
            .map(|&other| {
                let pairs = part.row(row).iter().zip(train.row(other));
                (pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum(), other)
            })
            .collect();
        distances.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let means = counts.iter().map(|&count| {
            let mut mean = vec![0.0; outputs];
            for &(_, other) in &distances[..count] {
                match target {
                    Target::Classes { .. } => mean[train.truth[other] as usize] += 1.0 / count as f64,
                    Target::Number { .. } => mean[0] += train.truth[other] / count as f64,
                }
            }
            mean
        });
        means.collect::<Vec<_>>()
    };
    let rows: Vec<Vec<Vec<f64>>> = (0..part.rows()).into_par_iter().map(own).collect();
    (0..counts.len()).map(|index| rows.iter().flat_map(|row| row[index].iter().copied()).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn design(rows: &[[f64; 2]]) -> DMatrix<f64> {
        DMatrix::from_fn(rows.len(), 3, |row, column| if column == 0 { 1.0 } else { rows[row][column - 1] })
    }

    const ROWS: [[f64; 2]; 6] = [[0.0, 1.0], [1.0, 0.5], [2.0, -1.0], [3.0, 0.0], [4.0, 2.0], [5.0, -0.5]];

    #[test]
    fn a_ridge_solves_its_equations() {
        let x = design(&ROWS);
        let y = DVector::from_vec(vec![1.0, 2.5, 3.0, 4.5, 7.0, 5.0]);
        let weights = ridge(&x, &y, 2.0).unwrap();
        // The gradient of the penalised squares is zero.
        let mut gradient = x.tr_mul(&(&x * &weights - &y));
        gradient[1] += 2.0 * weights[1];
        gradient[2] += 2.0 * weights[2];
        assert!(gradient.amax() < 1e-10, "{gradient}");
    }

    /// `sklearn.linear_model.Ridge(alpha=2)` of scikit-learn 1.9.1: intercept and coefficients.
    #[test]
    fn a_ridge_agrees_with_scikit_learn() {
        let y = DVector::from_vec(vec![1.0, 2.5, 3.0, 4.5, 7.0, 5.0]);
        let weights = ridge(&design(&ROWS), &y, 2.0).unwrap();
        for (weight, expected) in weights.iter().zip([1.353_651_84, 0.923_668_314, 0.511_532_125]) {
            assert!((weight - expected).abs() < 1e-8, "{weight} {expected}");
        }
    }

    /// `LogisticRegression(C=2, solver="newton-cholesky", tol=1e-14).predict_proba` of scikit-learn 1.9.1, first three
    /// rows; C is 1/λ.
    #[test]
    fn a_logistic_regression_agrees_with_scikit_learn() {
        let x = design(&ROWS);
        let weights = logistic(&x, &[0, 0, 1, 1, 2, 2], 3, 0.5).unwrap();
        let expected = [
            0.943_938_542,
            0.054_608_074,
            0.001_453_384,
            0.748_794_382,
            0.237_473_034,
            0.013_732_584,
            0.141_161_756,
            0.822_378_114,
            0.036_460_13,
        ];
        for (own, expected) in probabilities(&x, &weights).iter().zip(expected) {
            assert!((own - expected).abs() < 1e-7, "{own} {expected}");
        }
    }

    #[test]
    fn separable_classes_have_finite_weights() {
        let weights = logistic(&design(&ROWS), &[0, 0, 0, 1, 1, 1], 2, 0.1).unwrap();
        assert!(weights.amax() < 100.0);
    }
}
