//! Gaussians of inputs: a mean for each class, one covariance, shrunk; from running sums.
//!
//! ```text
//!     a batch, for each class y with m of its examples of mean x̄:
//!         C ← C + Σ (x − x̄)(x − x̄)ᵀ + (n m/(n + m)) (x̄ − μ_y)(x̄ − μ_y)ᵀ
//!         μ_y ← μ_y + (m/(n + m)) (x̄ − μ_y) ,  n ← n + m
//!     V = (1 − s) C/N + (s (tr C/(N d) + 10⁻⁶) + f) I        P = V⁻¹
//!     ln p(x, y) = −½ (x − μ_y)ᵀ P (x − μ_y) − ½ ln det V + ln(n_y/N)         (without the constant −d/2 ln 2π)
//! ```
//! x, μ `[d]` · C scatter, V covariance `[d × d]` · n examples of a class, N of all · s share by which the covariance is shrunk to a round
//! one, f its floor. V is inverted anew, by a Cholesky decomposition, when N has grown by a twentieth.
//!
//! Cost: d² for each example, or d for each class where classes alone are compared; d³/2 for an inversion. Memory: 12 d² bytes and 8 d for each class.
//!
//! Reference: O. Ledoit, M. Wolf, J. Multivariate Analysis 88, 365–411, 2004, for shrinkage to a round covariance; here its share is
//! fixed. T. Chan, G. Golub, R. LeVeque, The American Statistician 37, 242–247, 1983, for sums that are put together.

use nalgebra::DMatrix;

use crate::archive::{Archive, Archived};
use crate::error::{Error, Result};

use super::perceptron::affine;

/// Growth of the number of examples at which the covariance is inverted anew.
const GROWTH: f64 = 1.05;

/// The Gaussians.
#[derive(Clone, Debug)]
pub(super) struct Recogniser {
    width: usize,
    shrink: f64,
    floor: f64,
    /// Examples of each class.
    counts: Vec<f64>,
    /// Their means: [classes × width].
    means: Vec<f64>,
    /// Sums of outer products about the means: [width × width].
    scatter: Vec<f64>,
    /// The inverse of the shrunk covariance, half of the logarithm of its determinant, and the examples it was made of.
    precision: Vec<f32>,
    half_log_determinant: f64,
    made_of: f64,
}

impl Archived for Recogniser {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let Self { width: _, shrink: _, floor: _, counts, means, scatter, precision, half_log_determinant, made_of } =
            self;
        archive.mark("Recogniser")?;
        archive.values("counts", counts)?;
        archive.values("means", means)?;
        archive.values("scatter", scatter)?;
        archive.values("precision", precision)?;
        half_log_determinant.archive(archive)?;
        made_of.archive(archive)
    }
}

impl Recogniser {
    pub(super) fn new(width: usize, classes: usize, shrink: f64, floor: f64) -> Self {
        Self {
            width,
            shrink,
            floor,
            counts: vec![0.0; classes],
            means: vec![0.0; classes * width],
            scatter: vec![0.0; width * width],
            precision: vec![0.0; width * width],
            half_log_determinant: 0.0,
            made_of: 0.0,
        }
    }

    /// Examples of all classes.
    pub(super) fn count(&self) -> f64 {
        self.counts.iter().sum()
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<f64>() * (self.counts.len() + self.means.len() + self.scatter.len())
            + size_of::<f32>() * self.precision.len()
    }

    /// Takes in examples x [n × width], each with its class.
    ///
    /// # Errors
    /// [`Error::NonFinite`] if the covariance cannot be inverted.
    pub(super) fn learn(&mut self, x: &[f32], classes: &[usize]) -> Result<()> {
        let width = self.width;
        for class in 0..self.counts.len() {
            let rows = || x.chunks_exact(width).zip(classes).filter(|row| *row.1 == class).map(|row| row.0);
            let added = rows().count() as f64;
            if added == 0.0 {
                continue;
            }
            let mut mean = vec![0.0; width];
            rows().for_each(|row| mean.iter_mut().zip(row).for_each(|(mean, &x)| *mean += f64::from(x) / added));
            for row in rows() {
                let away: Vec<f64> = row.iter().zip(&mean).map(|(&x, mean)| f64::from(x) - mean).collect();
                self.add_outer(&away, 1.0);
            }
            let before = self.counts[class];
            let own = class * width..(class + 1) * width;
            let away: Vec<f64> = mean.iter().zip(&self.means[own.clone()]).map(|(new, old)| new - old).collect();
            self.add_outer(&away, before * added / (before + added));
            let share = added / (before + added);
            self.means[own].iter_mut().zip(&away).for_each(|(mean, away)| *mean += share * away);
            self.counts[class] += added;
        }
        if self.count() > GROWTH * self.made_of { self.invert() } else { Ok(()) }
    }

    fn add_outer(&mut self, vector: &[f64], weight: f64) {
        for (row, &value) in self.scatter.chunks_exact_mut(self.width).zip(vector) {
            let value = weight * value;
            row.iter_mut().zip(vector).for_each(|(sum, other)| *sum += value * other);
        }
    }

    fn invert(&mut self) -> Result<()> {
        let (width, count) = (self.width, self.count());
        let mut covariance = DMatrix::from_row_slice(width, width, &self.scatter) / count;
        let round = covariance.trace() / width as f64 + 1e-6;
        covariance *= 1.0 - self.shrink;
        for index in 0..width {
            covariance[(index, index)] += self.shrink * round + self.floor;
        }
        let not_finite = Error::NonFinite { what: "the covariance of inputs", step: count as u64 };
        let factor = covariance.cholesky().ok_or(not_finite)?;
        self.half_log_determinant = factor.l_dirty().diagonal().iter().map(|value| value.ln()).sum();
        self.precision.clear();
        self.precision.extend(factor.inverse().iter().map(|&value| value as f32));
        self.made_of = count;
        Ok(())
    }

    /// The logarithm of the density of one example x [width] with a class; −∞ for a class that was never met.
    pub(super) fn score(&self, x: &[f32], class: usize) -> f64 {
        let mean = &self.means[class * self.width..(class + 1) * self.width];
        let away: Vec<f32> = x.iter().zip(mean).map(|(&x, &mean)| (f64::from(x) - mean) as f32).collect();
        let mut times = Vec::with_capacity(self.width);
        affine(&away, self.width, &self.precision, &vec![0.0; self.width], &mut times);
        let square: f64 = away.iter().zip(&times).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
        -0.5 * square - self.half_log_determinant + (self.counts[class] / self.count()).ln()
    }

    /// The mean of −ln p(x) over examples, of one Gaussian.
    pub(super) fn surprise(&self, x: &[f32]) -> f64 {
        let rows = x.chunks_exact(self.width);
        let count = rows.len() as f64;
        -rows.map(|row| self.score(row, 0)).sum::<f64>() / count
    }

    /// For each of examples x [n × width] and each class ln p(x, y), or without the term of x alone if `is_linear`: then one product of the
    /// width for each class. −∞ for a class that was never met.
    pub(super) fn scores(&self, x: &[f32], is_linear: bool) -> Vec<f64> {
        let (width, classes) = (self.width, self.counts.len());
        let means: Vec<f32> = self.means.iter().map(|&mean| mean as f32).collect();
        let mut weights = Vec::with_capacity(means.len());
        affine(&means, width, &self.precision, &vec![0.0; width], &mut weights);
        let dot = |a: &[f32], b: &[f32]| -> f64 { a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum() };
        let offset = |class: usize| {
            let own = class * width..(class + 1) * width;
            (self.counts[class] / self.count()).ln() - 0.5 * dot(&weights[own.clone()], &means[own])
        };
        let offsets: Vec<f64> = (0..classes).map(offset).collect();
        let mut scores = Vec::with_capacity(x.len() / width * classes);
        let mut times = Vec::with_capacity(width);
        for row in x.chunks_exact(width) {
            let mut common = 0.0;
            if !is_linear {
                affine(row, width, &self.precision, &vec![0.0; width], &mut times);
                common = -0.5 * dot(&times, row) - self.half_log_determinant;
            }
            let of = |(class, offset): (usize, &f64)| common + offset + dot(row, &weights[class * width..][..width]);
            scores.extend(offsets.iter().enumerate().map(of));
        }
        scores
    }

    /// The class whose mean, in the metric of the covariance, is nearest to each of x [n × width] among those that were met; equal priors.
    pub(super) fn nearest(&self, x: &[f32]) -> Vec<usize> {
        let prior: Vec<f64> = self.counts.iter().map(|count| (count / self.count()).ln()).collect();
        let best = |scores: &[f64]| {
            let met = (0..scores.len()).filter(|&class| self.counts[class] > 0.0);
            let score = |class: usize| scores[class] - prior[class];
            met.max_by(|&a, &b| score(a).total_cmp(&score(b))).unwrap_or(0)
        };
        self.scores(x, true).chunks_exact(self.counts.len()).map(best).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data() -> Vec<f32> {
        (0..12).flat_map(|i| (0..3).map(move |k| ((7 * i + 3 * k + i * k) % 11) as f32 / 10.0)).collect()
    }

    const ASKED: [[f32; 3]; 3] = [[0.5, 0.5, 0.5], [0.1, 0.9, 0.2], [2.0, 0.0, -1.0]];

    /// Values of the numpy prototype.
    #[test]
    fn one_gaussian_agrees_with_numpy() {
        let mut gaussian = Recogniser::new(3, 1, 0.05, 0.01);
        gaussian.learn(&data()[..15], &[0; 5]).unwrap();
        gaussian.learn(&data()[15..], &[0; 7]).unwrap();
        for (x, expected) in ASKED.iter().zip([3.357_398_921_7, 0.813_416_530_0, -17.491_524_745]) {
            let found = gaussian.score(x, 0);
            assert!((found - expected).abs() < 2e-5, "{found} {expected}");
        }
    }

    /// Values of the numpy prototype: classes take turns.
    #[test]
    fn gaussians_of_classes_agree_with_numpy() {
        let classes: Vec<usize> = (0..12).map(|i| i % 2).collect();
        let mut gaussians = Recogniser::new(3, 2, 0.05, 0.01);
        gaussians.learn(&data()[..15], &classes[..5]).unwrap();
        gaussians.learn(&data()[15..], &classes[5..]).unwrap();
        let expected =
            [[2.632_003_141_7, 2.694_703_783_8], [0.182_684_832, 0.045_138_992], [-19.687_265_97, -17.654_719_68]];
        for (x, expected) in ASKED.iter().zip(expected) {
            for class in 0..2 {
                let found = gaussians.score(x, class);
                assert!((found - expected[class]).abs() < 2e-5, "{found} {expected:?}");
            }
        }
        assert_eq!(gaussians.nearest(&ASKED.concat()), [1, 0, 1]);
        let all = gaussians.scores(&ASKED.concat(), false);
        for (found, expected) in all.iter().zip(expected.concat()) {
            assert!((found - expected).abs() < 2e-4, "{found} {expected}");
        }
    }
}
