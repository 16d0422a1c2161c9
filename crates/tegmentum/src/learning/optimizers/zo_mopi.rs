//! ZO-MOPI: momentum of an estimate from losses, partially orthogonalised in each matrix of a network by power iteration.
//!
//! # Update
//! ```text
//!     ρ_k = (L(X + σ B_k) − L(X − σ B_k))/(2σ)                 k = 1 … K
//!     M   ← β M + (1 − β)/K Σ_k ρ_k B_k
//!     V   ← orthonormal columns of M'(M V) ,  U = columns of M V, each of length 1
//!     X   ← X − s_t η √(mn/r) U V'
//! ```
//! X a matrix `[m × n]` of the parameters, or a vector, which is one row · B_k directions, entries ±1 or standard normal · M momentum, as large
//! as X · V the leading right singular vectors of M `[n × r]`, kept from update to update so that one iteration is enough · U `[m × r]` ·
//! r rank, at most min(m, n) · σ perturbation scale and η learning rate, in the unit of the parameters; √(mn/r) (ours) makes η the root
//! mean square by which a weight moves, in matrices of all sizes · β decay of the momentum · `s_t` schedule in `[0, 1]` (ours) · L mean
//! loss on the batch of the update. Where M is 0 nothing moves. M is kept in the unit of the first slopes, so that no unit of the loss is too large
//! for 32 bits.
//!
//! # Reading
//! The equations are from a third party's account of arXiv:2605.09034, not from the paper. *Without the sketch*: there, directions are A B_k with a thin
//! random A `[m × r']`, renewed now and then, and M has r' rows; here A is the unit matrix, as in a layer no wider than the sketch. β, r, K
//! and σ are ours. An objective that is not a network has no matrices: its parameters are one vector, whose step is M/‖M‖.
//!
//! # Cost
//! 2K evaluations an update, and 6 r operations for each parameter. Memory 2P numbers, and n r for each matrix.
//!
//! # Logged
//! `loss` mean of the pairs · `learning_rate` `s_t η` · `non_finite`.
//!
//! # Example
//! ```
//! use tegmentum::learning::minimise::minimise;
//! use tegmentum::learning::optimizers::zo_mopi::ZoMopiConfig;
//!
//! let sphere = |x: &[f32]| x.iter().map(|&x| f64::from(x * x)).sum::<f64>();
//! let found = minimise(sphere, &[0.5; 5]).optimizer(ZoMopiConfig::default()).budget(4_000).run()?;
//! assert!(found.loss < 0.01, "{}", found.loss);
//! # Ok::<(), tegmentum::error::Error>(())
//! ```
//!
//! # Reference
//! *Accelerating zeroth-order spectral optimization with partial orthogonalization from power iteration*, arXiv:2605.09034, 2026 (see the reading).

use serde::{Deserialize, Serialize};

use super::averaging::{Averaging, Iterate};
use super::checks::{check_finite, check_start, decay, non_negative};
use super::exploration::Exploration;
use crate::archive::Archived;
use crate::error::{Error, Result, at_least_one};
use crate::learning::optimizer::{Optimizer, OptimizerSettings, StepReport};
use crate::learning::schedule::Schedule;
use crate::model::network::Network;
use crate::model::perturbation::low_rank::{Layout, Matrix};
use crate::model::perturbation::{Bases, Family, Probe, for_each_weighted_part};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::{Modulation, Target};
use crate::random::Key;
use crate::registry::Description;

/// Configuration of ZO-MOPI.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ZoMopiConfig {
    /// η, 0 or above.
    pub learning_rate: f64,
    /// σ, above 0.
    pub perturbation_scale: f64,
    /// K, at least 1.
    pub directions: usize,
    /// r, at least 1.
    pub rank: usize,
    /// β, in `[0, 1)`.
    pub momentum: f64,
    /// Distribution of the entries of a direction.
    pub family: Family,
    /// How the rate goes to the end of the budget.
    pub schedule: Schedule,
    /// The matrices of the network; a study fills them in. Without them all parameters are one vector.
    #[serde(skip)]
    pub layout: Layout,
}

impl Default for ZoMopiConfig {
    fn default() -> Self {
        Self {
            learning_rate: 0.005,
            perturbation_scale: 1e-3,
            directions: 4,
            rank: 4,
            momentum: 0.9,
            family: Family::Rademacher,
            schedule: Schedule::Constant,
            layout: Layout::default(),
        }
    }
}

impl ZoMopiConfig {
    /// A learner that starts from `start`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a number outside its range, [`Error::ShapeMismatch`] for a layout of another number of parameters.
    pub fn build(&self, start: Vec<f32>, key: Key, budget_evaluations: u64) -> Result<ZoMopi> {
        check_start(&start, self.perturbation_scale, budget_evaluations)?;
        self.family.check(start.len())?;
        non_negative("learning_rate", self.learning_rate)?;
        at_least_one("directions", self.directions)?;
        at_least_one("rank", self.rank)?;
        decay("momentum", self.momentum)?;
        let whole = [Matrix { offset: 0, rows: 1, columns: start.len() }];
        let matrices = if self.layout == Layout::default() { &whole[..] } else { self.layout.matrices() };
        let covered = matrices.iter().map(|matrix| matrix.rows * matrix.columns).sum();
        if covered != start.len() {
            return Err(Error::ShapeMismatch {
                what: "parameters of the layout",
                expected: start.len(),
                found: covered,
            });
        }
        let frames = matrices.iter().zip(0..).map(|(matrix, number)| {
            Frame::new(*matrix, self.rank.min(matrix.rows).min(matrix.columns), key.child(u64::MAX).child(number))
        });
        Ok(ZoMopi {
            config: self.clone(),
            budget: budget_evaluations,
            exploration: Exploration::new(key, self.family, self.directions, true),
            frames: frames.collect(),
            unit: 0.0,
            momentum: vec![0.0; start.len()],
            iterate: Iterate::new(start, Averaging::None),
        })
    }
}

impl OptimizerSettings for ZoMopiConfig {
    fn description(&self) -> Description {
        Description {
            name: "zo_mopi",
            summary: "momentum, partially orthogonalised in each matrix by power iteration; a reading",
            reference: "reading of arXiv:2605.09034, as a third party accounts for it",
        }
    }

    fn build(&self, start: Vec<f32>, key: Key, budget_evaluations: u64) -> Result<Box<dyn Optimizer>> {
        Ok(Box::new(self.build(start, key, budget_evaluations)?))
    }

    fn learning_rate(&self) -> Option<f64> {
        Some(self.learning_rate)
    }

    fn set_learning_rate(&mut self, rate: f64) -> bool {
        self.learning_rate = rate;
        true
    }

    fn perturbation_scale(&self) -> Option<f64> {
        Some(self.perturbation_scale)
    }

    fn set_perturbation_scale(&mut self, scale: f64) -> bool {
        self.perturbation_scale = scale;
        true
    }

    fn fit_to(&mut self, network: &dyn Network) {
        self.family = self.family.for_network(network);
        self.layout = Layout::of(network);
    }
}

/// The leading right singular vectors of one matrix of the momentum.
#[derive(Clone, Debug, Default)]
struct Frame {
    matrix: Option<Matrix>,
    /// V, column after column, `[r × n]`.
    right: Vec<f64>,
}

crate::archived!(Frame {} sized { right } fixed { matrix });

impl Frame {
    fn new(matrix: Matrix, rank: usize, key: Key) -> Self {
        let mut stream = key.stream();
        let mut right: Vec<f64> = (0..rank * matrix.columns).map(|_| f64::from(stream.normal())).collect();
        orthonormalise(&mut right, matrix.columns);
        Self { matrix: Some(matrix), right }
    }

    /// One iteration on the matrix in `momentum` `[P]`; moves the same matrix of `parameters` `[P]` by `length` times U V', scaled to entries
    /// with a root mean square of 1. Whether all of them are finite.
    fn step(&mut self, momentum: &[f32], parameters: &mut [f32], length: f64) -> bool {
        let Some(Matrix { offset, rows, columns }) = self.matrix else { return true };
        let range = offset..offset + rows * columns;
        let (momentum, parameters) = (&momentum[range.clone()], &mut parameters[range]);
        let left = times(momentum, columns, &self.right);
        self.right.fill(0.0);
        for (row, values) in momentum.chunks_exact(columns).enumerate() {
            for (right, left) in self.right.chunks_exact_mut(columns).zip(left.chunks_exact(rows)) {
                right.iter_mut().zip(values).for_each(|(right, value)| *right += left[row] * f64::from(*value));
            }
        }
        orthonormalise(&mut self.right, columns);
        let mut left = times(momentum, columns, &self.right);
        left.chunks_exact_mut(rows).for_each(normalise);
        let rank = (self.right.len() / columns) as f64;
        let length = length * ((rows * columns) as f64 / rank).sqrt();
        for (row, values) in parameters.chunks_exact_mut(columns).enumerate() {
            for (column, value) in values.iter_mut().enumerate() {
                let vectors = left.chunks_exact(rows).zip(self.right.chunks_exact(columns));
                let sum: f64 = vectors.map(|(left, right)| left[row] * right[column]).sum();
                if sum != 0.0 {
                    *value -= (length * sum) as f32;
                }
            }
        }
        parameters.iter().all(|value| value.is_finite())
    }
}

/// M V, column after column: `momentum` `[m × n]` row by row, `right` `[r × n]`.
fn times(momentum: &[f32], columns: usize, right: &[f64]) -> Vec<f64> {
    let dot = |row: &[f32], column: &[f64]| row.iter().zip(column).map(|(a, b)| f64::from(*a) * b).sum();
    let column = |column| momentum.chunks_exact(columns).map(move |row| dot(row, column));
    right.chunks_exact(columns).flat_map(column).collect()
}

/// A vector of length 1; one of zeros stays.
fn normalise(vector: &mut [f64]) {
    let largest = vector.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
    if largest > 0.0 && largest.is_finite() {
        for value in &mut *vector {
            *value /= largest;
        }
        let length = vector.iter().map(|value| value * value).sum::<f64>().sqrt();
        for value in vector {
            *value /= length;
        }
    } else {
        vector.fill(0.0);
    }
}

/// Gram–Schmidt, twice, on vectors of this length one after the other; one that depends on those before it becomes zero.
fn orthonormalise(vectors: &mut [f64], length: usize) {
    for index in 0..vectors.len() / length {
        let (before, rest) = vectors.split_at_mut(index * length);
        let vector = &mut rest[..length];
        normalise(vector);
        for _ in 0..2 {
            for other in before.chunks_exact(length) {
                let along: f64 = vector.iter().zip(other).map(|(a, b)| a * b).sum();
                vector.iter_mut().zip(other).for_each(|(a, b)| *a -= along * b);
            }
            // What is left of a dependent one is rounding.
            if vector.iter().map(|value| value * value).sum::<f64>() < 1e-20 {
                vector.fill(0.0);
            }
        }
        normalise(vector);
    }
}

/// The learner.
#[derive(Clone, Debug)]
pub struct ZoMopi {
    config: ZoMopiConfig,
    budget: u64,
    exploration: Exploration,
    frames: Vec<Frame>,
    /// The size of the first slopes; 0 before them.
    unit: f64,
    /// M `[P]`, in that unit.
    momentum: Vec<f32>,
    iterate: Iterate,
}

impl Archived for ZoMopi {
    fn archive(&mut self, archive: &mut crate::archive::Archive<'_>) -> Result<()> {
        archive.mark("ZoMopi exploration frames unit iterate momentum")?;
        self.exploration.archive(archive)?;
        for frame in &mut self.frames {
            frame.archive(archive)?;
        }
        self.unit.archive(archive)?;
        self.iterate.archive(archive)?;
        archive.values("momentum", &mut self.momentum)
    }
}

impl ZoMopi {
    /// Takes the slopes of this update into the momentum.
    fn remember(&mut self) {
        let largest = self.exploration.slopes().iter().fold(0.0f64, |largest, slope| largest.max(slope.abs()));
        if self.unit == 0.0 {
            self.unit = largest;
        }
        if self.unit > 0.0 {
            let share = (1.0 - self.config.momentum) / (self.unit * self.exploration.directions() as f64);
            let kept = self.config.momentum as f32;
            let terms = self.exploration.weigh(|slope| share * slope);
            for_each_weighted_part(terms, [&mut self.momentum], |[momentum], sum| {
                momentum.iter_mut().zip(sum).for_each(|(momentum, part)| *momentum = kept * *momentum + part);
                true
            });
        }
    }

    /// Moves along the orthogonalised momentum.
    fn step(&mut self, rate: f64) -> Result<()> {
        let parameters = self.iterate.point_mut();
        let mut finite = true;
        for frame in &mut self.frames {
            finite &= frame.step(&self.momentum, parameters, rate);
        }
        check_finite(finite, self.exploration.update())
    }
}

impl Optimizer for ZoMopi {
    fn ask(&mut self, modulation: &Modulation) -> &[Probe] {
        self.exploration.ask(self.config.perturbation_scale * modulation.perturbation_scale)
    }

    fn tell(&mut self, losses: &[f64], modulation: &Modulation) -> Result<StepReport> {
        let outcome = self.exploration.observe(losses)?;
        if modulation.reset {
            self.unit = 0.0;
            self.momentum.fill(0.0);
        }
        let rate = self.config.learning_rate
            * self.config.schedule.factor(self.exploration.spent(), self.budget)
            * modulation.learning_rate;
        if outcome.usable > 0 {
            self.remember();
            if rate > 0.0 {
                self.step(rate)?;
            }
        }
        self.exploration.advance();
        Ok(StepReport {
            loss: outcome.loss,
            learning_rate: rate,
            non_finite: outcome.non_finite,
            ..StepReport::default()
        })
    }

    fn bases(&self) -> Bases<'_> {
        self.iterate.bases()
    }

    fn hears(&self) -> Vec<Heard> {
        Heard::everywhere(&[Target::LearningRate, Target::PerturbationScale, Target::Reset])
    }

    /// The frames are vectors of layers, not of parameters, and are counted too.
    fn state_bytes(&self) -> usize {
        let frames: usize = self.frames.iter().map(|frame| size_of_val(frame.right.as_slice())).sum();
        self.iterate.bytes() + size_of_val(self.momentum.as_slice()) + frames
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learning::optimizers::checks::three_rounds;
    use crate::model::networks::NetworkConfig;

    /// M = diag(3, 1) of 2 × 2 turned by known rotations: repeated iterations find its first singular pair, and both with r = 2, where U V' is the
    /// orthogonal factor itself, whatever the singular values.
    #[test]
    fn iterations_find_the_leading_part_of_the_orthogonal_factor() {
        let turn = |angle: f64| [[angle.cos(), -angle.sin()], [angle.sin(), angle.cos()]];
        let (u, v) = (turn(0.4), turn(-1.1));
        let entry = |i: usize, j: usize, s: [f64; 2]| s[0] * u[i][0] * v[j][0] + s[1] * u[i][1] * v[j][1];
        let all = |s: [f64; 2]| [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(i, j)| entry(i, j, s));
        let momentum = all([3.0, 1.0]).map(|x| x as f32);
        let matrix = Matrix { offset: 0, rows: 2, columns: 2 };
        for (rank, part) in [(1, [1.0, 0.0]), (2, [1.0, 1.0])] {
            let mut frame = Frame::new(matrix, rank, Key::from_seed(2));
            for _ in 0..40 {
                frame.step(&momentum, &mut [0.0; 4], 1.0);
            }
            let mut moved = [0.0f32; 4];
            assert!(frame.step(&momentum, &mut moved, 1.0));
            let length = (4.0 / rank as f64).sqrt();
            for (found, exact) in moved.iter().zip(all(part)) {
                assert!((f64::from(*found) + length * exact).abs() < 1e-5, "{rank}: {moved:?}");
            }
        }
    }

    #[test]
    fn dependent_vectors_become_zero() {
        let mut vectors = [3.0, 4.0, 0.0, 6.0, 8.0, 0.0, 1.0, 0.0, 2.0];
        orthonormalise(&mut vectors, 3);
        let exact = [0.6, 0.8, 0.0, 0.0, 0.0, 0.0];
        assert!(vectors.iter().zip(exact).all(|(found, exact)| (found - exact).abs() < 1e-15), "{vectors:?}");
        let last = &vectors[6..];
        assert!((last.iter().map(|x| x * x).sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((0.6 * last[0] + 0.8 * last[1]).abs() < 1e-12);
    }

    /// In every matrix of a network weights move by η in the root mean square; a layout of another network is refused.
    #[test]
    fn every_matrix_of_a_network_moves_by_the_rate() {
        let network = toml::from_str::<NetworkConfig>("[mlp]\nhidden = [6, 5]").unwrap().build(3, 2).unwrap();
        let mut config = ZoMopiConfig { learning_rate: 0.01, rank: 2, ..ZoMopiConfig::default() };
        config.fit_to(&*network);
        assert!(matches!(config.build(vec![0.0; 4], Key::from_seed(1), 10), Err(Error::ShapeMismatch { .. })));
        let start = network.initialise(Key::from_seed(1));
        let mut learner = config.build(start.clone(), Key::from_seed(2), 100).unwrap();
        let count = learner.ask(&Modulation::default()).len();
        let losses: Vec<f64> = (0..count).map(|index| (index as f64).sin()).collect();
        learner.tell(&losses, &Modulation::default()).unwrap();
        let mut moved = vec![0.0; start.len()];
        learner.bases().acting.write(1.0, &mut moved);
        for matrix in config.layout.matrices() {
            let range = matrix.offset..matrix.offset + matrix.rows * matrix.columns;
            let squares = range.clone().map(|index| f64::from(moved[index] - start[index]).powi(2)).sum::<f64>();
            let size = (squares / range.len() as f64).sqrt();
            // The columns of U are not quite orthogonal, those of V are: the length is exact.
            assert!((size / 0.01 - 1.0).abs() < 1e-3, "{matrix:?}: {size}");
        }
    }

    #[test]
    fn value_stability() {
        assert_eq!(three_rounds(&ZoMopiConfig::default()), [0.015_392_359, 0.020_676_132, 0.005_975_002_4]);
    }
}
