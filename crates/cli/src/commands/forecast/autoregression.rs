//! A linear autoregression: each channel from the last p rows of all channels, by least squares.
//!
//! ```text
//!     x_t = c + Σ_{k=1..p} A_k x_{t−k}        (c, A) minimise Σ_t |x_t − …|² + ridge · n · |(c, A)|²
//! ```
//! p is the one of 1, 2, 4, … 32 with the smallest error on the last fifth of the training part when fitted to the rest;
//! it is then fitted to the whole training part.

use std::ops::Range;

use nalgebra::{DMatrix, DVector};
use tegmentum::data::task::Series;

use super::judgement::nrmse;
use super::training::validation_start;

/// Numbers of lags that are tried.
const LAGS: [usize; 6] = [1, 2, 4, 8, 16, 32];
/// Ridge for each row of the fit, so that constant and repeated channels do no harm.
const RIDGE: f64 = 1e-8;

/// A fitted autoregression.
#[derive(Clone, Debug)]
pub(super) struct Autoregression {
    /// The number of lags p.
    pub(super) lags: usize,
    channels: usize,
    /// [1 + lags · channels × channels]: the constant, then the rows from the latest to the earliest.
    coefficients: DMatrix<f64>,
}

impl Autoregression {
    /// The best number of lags, fitted to the training part of `series`.
    pub(super) fn choose(series: &Series) -> Self {
        let (train, channels) = (series.train.end, series.channels.len());
        let middle = validation_start(series);
        let known = &series.values[..train * channels];
        let error = |lags: usize| {
            let fitted = Self::fit(known, channels, lags, lags..middle)?;
            let error = nrmse(&fitted.one_step(known, middle), &known[middle * channels..]);
            error.is_finite().then_some((lags, error))
        };
        // As many equations as unknowns, twice over.
        let usable = LAGS.into_iter().filter(|&lags| middle > lags + 2 * (1 + lags * channels));
        let best = usable.filter_map(error).min_by(|a, b| a.1.total_cmp(&b.1));
        let lags = best.map_or(1, |best| best.0);
        Self::fit(known, channels, lags, lags..train).unwrap_or_else(|| Self::last_value(channels))
    }

    /// The model that repeats the last row, where nothing can be fitted.
    fn last_value(channels: usize) -> Self {
        let unit = |row: usize, column: usize| if row == column + 1 { 1.0 } else { 0.0 };
        Self { lags: 1, channels, coefficients: DMatrix::from_fn(1 + channels, channels, unit) }
    }

    /// Least squares on the rows `rows` of `values`; `None` if the equations cannot be solved.
    fn fit(values: &[f32], channels: usize, lags: usize, rows: Range<usize>) -> Option<Self> {
        let unknowns = 1 + lags * channels;
        let ridge = RIDGE * rows.len() as f64;
        let mut design = DMatrix::zeros(rows.len(), unknowns);
        let mut targets = DMatrix::zeros(rows.len(), channels);
        for (index, row) in rows.enumerate() {
            design.row_mut(index).copy_from(&regressors(values, channels, lags, row).transpose());
            for channel in 0..channels {
                targets[(index, channel)] = f64::from(values[row * channels + channel]);
            }
        }
        let normal = design.tr_mul(&design) + DMatrix::identity(unknowns, unknowns) * ridge;
        let coefficients = normal.cholesky()?.solve(&design.tr_mul(&targets));
        Some(Self { lags, channels, coefficients })
    }

    /// Predictions of the rows of `values` from row `first` on, each from the rows before it.
    pub(super) fn one_step(&self, values: &[f32], first: usize) -> Vec<f32> {
        (first..values.len() / self.channels).flat_map(|row| self.row(values, row)).collect()
    }

    /// The rows after the end of `values`, each from the predictions before it.
    pub(super) fn future(&self, values: &[f32], horizon: usize) -> Vec<f32> {
        let mut extended = values[values.len() - self.lags * self.channels..].to_vec();
        for step in 0..horizon {
            let next = self.row(&extended, self.lags + step);
            extended.extend(next);
        }
        extended.split_off(self.lags * self.channels)
    }

    fn row(&self, values: &[f32], row: usize) -> Vec<f32> {
        let predicted = self.coefficients.tr_mul(&regressors(values, self.channels, self.lags, row));
        predicted.iter().map(|&value| value as f32).collect()
    }
}

/// A one, then the `lags` rows before `row`, the latest first.
fn regressors(values: &[f32], channels: usize, lags: usize, row: usize) -> DVector<f64> {
    let lagged = (1..=lags).flat_map(|lag| &values[(row - lag) * channels..(row - lag + 1) * channels]);
    DVector::from_iterator(1 + lags * channels, std::iter::once(1.0).chain(lagged.map(|&value| f64::from(value))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two channels that follow a known linear rule of two lags.
    fn linear(rows: usize) -> Vec<f32> {
        let mut values = vec![1.0f64, 0.5, -0.3, 0.8];
        for row in 2..rows {
            let at = |lag: usize, channel: usize| values[(row - lag) * 2 + channel];
            let next = [0.3 + 0.5 * at(1, 0) - 0.9 * at(2, 0), 0.99 * at(1, 1) - 0.2 * at(1, 0) + 0.1];
            values.extend(next);
        }
        values.iter().map(|&value| value as f32).collect()
    }

    #[test]
    fn a_linear_rule_is_found_and_continued() {
        let values = linear(40);
        let fitted = Autoregression::fit(&values, 2, 2, 2..40).unwrap();
        assert!(nrmse(&fitted.one_step(&values, 2), &values[4..]) < 1e-4);
        let future = fitted.future(&values, 10);
        assert!(nrmse(&future, &linear(50)[80..]) < 1e-3);
    }

    #[test]
    fn constant_data_do_no_harm() {
        let fitted = Autoregression::fit(&[2.0; 60], 2, 4, 4..30).unwrap();
        assert!(nrmse(&fitted.one_step(&[2.0; 60], 20), &[2.0; 20]) < 1e-3);
    }
}
