//! Linear models of a series on its past values, fitted by ridge regression.
//!
//! ```text
//!     β     = (XᵀX + λ I)⁻¹ Xᵀ(z − b)                        X, z, b of `features`, λ penalty
//!     AICc  = k ln(mean squared residual) + 2 d k/(k − d − 2) + Jacobian ,  d = tr (XᵀX + λ I)⁻¹ XᵀX
//! ```
//! All families of `features`, p ∈ {0 … 60} lags, λ ∈ {1e-6, .01, 1, 10, 100, 1000} · k rows to fit. Several rows ahead each horizon has
//! coefficients of its own (a direct forecast) in the same models. Rows that were fitted are predicted without themselves:
//! z − (z − ẑ)/(1 − X_t (XᵀX + λ I)⁻¹ X_tᵀ).
//!
//! Cost: for each family O(k q²) for q columns, O(q³) for each p.
//!
//! References: C. M. Hurvich, C.-L. Tsai, Biometrika 76, 297–307, 1989 (AICc); S. Ben Taieb, G. Bontempi, A. F. Atiya, A. Sorjamaa,
//! Expert Systems with Applications 39, 7067–7083, 2012 (direct forecasts).

use super::average::{Candidate, Model};
use super::features::Seen;
use nalgebra::{Cholesky, DMatrix, DMatrixView, DVector, Dyn};

/// Numbers of lags.
const LAGS: [usize; 20] = [0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 13, 16, 20, 24, 25, 30, 36, 48, 49, 60];
/// Penalties.
const PENALTIES: [f64; 6] = [1e-6, 1e-2, 1.0, 10.0, 100.0, 1000.0];
/// Columns are at most this part of the rows.
const MOST_COLUMNS: f64 = 0.6;

/// One ridge regression.
#[derive(Clone, Debug)]
pub(super) struct Ridge {
    pub(super) lags: usize,
    penalty: f64,
}

/// The regressors of one transformed series, and their products over the rows of each fit.
#[derive(Clone, Debug)]
pub(super) struct Design {
    /// \[origins × columns\] from the first row on to the one past the end, with the most lags.
    x: DMatrix<f64>,
    /// XᵀX over the rows before each end.
    grams: Vec<DMatrix<f64>>,
}

impl Design {
    /// Of the rows from `first` on, with so many lags at most; products up to each of `ends`.
    pub(super) fn new(seen: &Seen, first: usize, most: usize, ends: &[usize]) -> Self {
        let x = seen.matrix(first..seen.z.len() + 1, most);
        let gram = |&end: &usize| {
            let known = x.rows(0, end - first);
            known.tr_mul(&known)
        };
        Self { grams: ends.iter().map(gram).collect(), x }
    }

    /// The first columns for a horizon: known inputs are those of the row that is predicted.
    fn ahead(&self, seen: &Seen, columns: usize, fit: Fit) -> Columns<'_> {
        let x = self.x.columns(0, columns);
        if fit.horizon == 1 || seen.family.known == 0 {
            return Columns::Seen(x);
        }
        let mut x = x.into_owned();
        for row in 0..x.nrows() {
            for (column, value) in seen.known(fit.first + row, fit.horizon).enumerate() {
                x[(row, column)] = value;
            }
        }
        Columns::Own(x)
    }

    /// XᵀX of `x` over the `fitted` rows that have a target, from the products over all rows before the end.
    fn gram(&self, seen: &Seen, x: DMatrixView<'_, f64>, columns: usize, fit: Fit, fitted: usize) -> DMatrix<f64> {
        // The last rows have no target so far ahead.
        let last = self.x.view((fitted, 0), (fit.end - fit.first - fitted, columns));
        let mut gram = self.grams[fit.index].view((0, 0), (columns, columns)) - last.tr_mul(&last);
        let known = seen.family.known;
        if known > 0 && fit.horizon > 1 {
            let changed = x.view((0, 0), (fitted, known)).tr_mul(&x.rows(0, fitted));
            gram.rows_mut(0, known).copy_from(&changed);
            gram.columns_mut(0, known).copy_from(&changed.transpose());
        }
        gram
    }
}

/// The regressors of a horizon \[origins × columns\]: those of the design, or its own.
enum Columns<'a> {
    Seen(DMatrixView<'a, f64>),
    Own(DMatrix<f64>),
}

impl Columns<'_> {
    fn view(&self) -> DMatrixView<'_, f64> {
        match self {
            Self::Seen(x) => *x,
            Self::Own(x) => x.as_view(),
        }
    }
}

/// A ridge regression with its coefficients.
struct Fitted<'a> {
    x: Columns<'a>,
    targets: DVector<f64>,
    /// Of XᵀX + λ I.
    factor: Cholesky<f64, Dyn>,
    beta: DVector<f64>,
}

/// Which rows a ridge regression is fitted to, and how far ahead.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    /// The first row.
    pub(super) first: usize,
    /// The first row that is not learned from, and its place among the ends of the design.
    pub(super) end: usize,
    pub(super) index: usize,
    /// Rows ahead.
    pub(super) horizon: usize,
    /// Whether fitted rows are predicted without themselves.
    pub(super) left_out: bool,
}

impl Ridge {
    /// Predictions in the unit of the data from each origin `first ..= rows`; `None` if the rows are too few.
    pub(super) fn predict(&self, seen: &Seen, design: &Design, fit: Fit) -> Option<Vec<f64>> {
        let Fitted { x, targets, factor, beta } = self.fitted(seen, design, fit)?;
        let mut all = x.view() * &beta;
        if fit.left_out {
            for (index, leverage) in leverages(x.view().rows(0, targets.len()), &factor).into_iter().enumerate() {
                all[index] = targets[index] - (targets[index] - all[index]) / (1.0 - leverage).max(0.05);
            }
        }
        let back = |(index, value): (usize, &f64)| seen.back(value + seen.start(fit.first + index, fit.horizon));
        Some(all.iter().enumerate().map(back).collect())
    }

    /// The coefficients \[columns\]; `None` if the rows are too few.
    pub(super) fn coefficients(&self, seen: &Seen, design: &Design, fit: Fit) -> Option<Vec<f64>> {
        Some(self.fitted(seen, design, fit)?.beta.as_slice().to_vec())
    }

    fn fitted<'a>(&self, seen: &Seen, design: &'a Design, fit: Fit) -> Option<Fitted<'a>> {
        let columns = seen.family.fixed_columns(seen.season) + self.lags;
        let fitted = (fit.end + 1).saturating_sub(fit.first + fit.horizon);
        if fitted == 0 || columns as f64 > MOST_COLUMNS * fitted as f64 {
            return None;
        }
        let targets = DVector::from_fn(fitted, |index, _| {
            let t = fit.first + index;
            seen.z[t + fit.horizon - 1] - seen.start(t, fit.horizon)
        });
        let x = design.ahead(seen, columns, fit);
        let mut gram = design.gram(seen, x.view(), columns, fit, fitted);
        for index in 0..columns {
            gram[(index, index)] += self.penalty;
        }
        let factor = gram.cholesky()?;
        let beta = factor.solve(&x.view().rows(0, fitted).tr_mul(&targets));
        Some(Fitted { x, targets, factor, beta })
    }
}

/// The autoregression with the least AICc when fitted to the rows before `end`, as a baseline: 1 … 40 lags, at most a quarter of the
/// rows. `None` if they are too few.
pub(super) fn autoregression(seen: &Seen, end: usize) -> Option<(Ridge, usize)> {
    let most = 40.min(end / 4);
    let first = most.max(1);
    let x = seen.matrix(first..end, most);
    let targets = DVector::from_fn(end - first, |index, _| seen.z[first + index]);
    let (gram, moment, power) = (x.tr_mul(&x), x.tr_mul(&targets), targets.norm_squared());
    let penalty = PENALTIES[0];
    let criterion =
        |lags: usize| Spectrum::new(&gram, &moment, power, lags + 1).criterion(penalty, (end - first) as f64);
    let best = (1..=most).map(|lags| (lags, criterion(lags))).min_by(|a, b| a.1.total_cmp(&b.1))?;
    Some((Ridge { lags: best.0, penalty }, best.0))
}

/// The leverage of each row of `x`.
fn leverages(x: DMatrixView<'_, f64>, factor: &Cholesky<f64, Dyn>) -> Vec<f64> {
    let solved = factor.solve(&x.transpose());
    (0..x.nrows()).map(|row| x.row(row).transpose().dot(&solved.column(row))).collect()
}

/// Every number of lags and penalty of one family that the rows suffice for.
///
/// Also returns their design.
pub(super) fn candidates(
    seen: &Seen,
    index: usize,
    first: usize,
    ends: &[usize],
    values: &[f64],
) -> Option<(Design, Vec<Candidate>)> {
    let (v, n) = (ends[0], ends[ends.len() - 1]);
    if seen.family.fixed_columns(seen.season) as f64 > MOST_COLUMNS * v.saturating_sub(first) as f64 {
        return None;
    }
    let fits = |lags: usize| lags <= v / 4 && seen.family.reach(lags, seen.season) <= first;
    let lags: Vec<usize> = LAGS.into_iter().filter(|&lags| fits(lags)).collect();
    let design = Design::new(seen, first, *lags.last()?, ends);
    let x = design.x.rows(0, n - first);
    let targets = DVector::from_fn(n - first, |index, _| seen.z[first + index] - seen.start(first + index, 1));
    let jacobians: Vec<f64> = ends.iter().map(|&end| seen.jacobian(first..end)).collect();
    let normal = |(&end, gram): (&usize, &DMatrix<f64>)| {
        let (known, wanted) = (x.rows(0, end - first), targets.rows(0, end - first));
        (gram.clone(), known.tr_mul(&wanted), wanted.norm_squared())
    };
    let normal: Vec<(DMatrix<f64>, DVector<f64>, f64)> = ends.iter().zip(&design.grams).map(normal).collect();
    let mut found = Vec::new();
    for lags in lags {
        let columns = seen.family.fixed_columns(seen.season) + lags;
        if columns as f64 > MOST_COLUMNS * (v - first) as f64 {
            continue;
        }
        let spectra: Vec<Spectrum> =
            normal.iter().map(|(gram, moment, power)| Spectrum::new(gram, moment, *power, columns)).collect();
        for penalty in PENALTIES {
            let criterion = |fit: usize| spectra[fit].criterion(penalty, (ends[fit] - first) as f64) + jacobians[fit];
            let criteria: Vec<f64> = (0..ends.len()).map(criterion).collect();
            let errors = ends.windows(2).zip(&spectra).map(|(part, spectrum)| {
                let held_out = x.rows(part[0] - first, part[1] - part[0]);
                let predicted = held_out.columns(0, columns) * spectrum.coefficients(penalty);
                squared_error(seen, part[0], predicted.as_slice(), values)
            });
            let validation = errors.sum::<f64>() / (n - v) as f64;
            if criteria.iter().all(|value| value.is_finite()) && validation.is_finite() {
                found.push(Candidate {
                    model: Model::Ridge(Ridge { lags, penalty }),
                    seen: index,
                    criteria,
                    validation,
                });
            }
        }
    }
    Some((design, found))
}

/// Sum of squared errors, in the unit of the data, of what is predicted for the rows from `first` on.
fn squared_error(seen: &Seen, first: usize, predicted: &[f64], values: &[f64]) -> f64 {
    let errors = (first..).zip(predicted).map(|(t, value)| seen.back(value + seen.start(t, 1)) - values[t]);
    errors.map(|error| error * error).sum()
}

/// Eigenvalues of XᵀX, which make every penalty cheap.
struct Spectrum {
    values: DVector<f64>,
    vectors: DMatrix<f64>,
    /// Qᵀ Xᵀ target.
    moment: DVector<f64>,
    /// Sum of squares of the targets.
    power: f64,
}

impl Spectrum {
    fn new(gram: &DMatrix<f64>, moment: &DVector<f64>, power: f64, columns: usize) -> Self {
        let eigen = gram.view((0, 0), (columns, columns)).into_owned().symmetric_eigen();
        let moment = eigen.eigenvectors.tr_mul(&moment.rows(0, columns));
        Self { values: eigen.eigenvalues.map(|value| value.max(0.0)), vectors: eigen.eigenvectors, moment, power }
    }

    fn coefficients(&self, penalty: f64) -> DVector<f64> {
        &self.vectors * self.moment.zip_map(&self.values, |moment, value| moment / (value + penalty))
    }

    /// AICc of the standardised values, but for the Jacobian.
    fn criterion(&self, penalty: f64, rows: f64) -> f64 {
        let (mut residual, mut degrees) = (self.power, 0.0);
        for (moment, value) in self.moment.iter().zip(self.values.iter()) {
            residual -= moment * moment * (value + 2.0 * penalty) / (value + penalty).powi(2);
            degrees += value / (value + penalty);
        }
        let room = rows - degrees - 2.0;
        if room <= 0.0 {
            return f64::INFINITY;
        }
        rows * (residual / rows).max(1e-20).ln() + 2.0 * degrees * rows / room
    }
}
