//! Closed forms of learning by weight perturbation: learning curves of a linear readout, and the moments of the estimator.
//!
//! # Learning curves (Zuege, Klos & Memmesheimer, 2023)
//! ```text
//!     y_t = W x_t ,   E = 1/(2T) Σ_t ‖y_t − y*_t‖² ,   y*_t = W* x_t + (part that no W reaches, of error E_opt)
//!     a      = 1 − 2ηα² + η²α⁴ (M N_eff + 2)
//!     ⟨E(n)⟩ = E_opt + (E(0) − E_opt − E_f) aⁿ + E_f ,   E_f = b/(1 − a)
//!     b      = ⅛ σ²η²α⁶ (M³N_eff³ + 6 M²N_eff² + 8 M N_eff)
//! ```
//! W [M × N] · x_t inputs `[N]`, T of them, that span N_eff orthogonal directions of mean power α² · η = 1/((M N_eff + 2)α²),
//! the fastest rate · σ scale of the Gaussian noise, the same for the whole trial.
//!
//! The optimizer (`weight_perturbation`, one-sided, Gaussian) runs on this error as on any black box.
//!
//! # Moments of ĝ = (1/K) Σ_k (g·v_k) v_k, ‖g‖ = 1, P parameters
//! `E ĝ·g = 1` and `E‖ĝ‖² = (P + κ − 2)/K + 1`, for independent entries of v with variance 1 and fourth moment κ: 3 for normals, 1 for signs.
//!
//! # Cost
//! A curve: T M N multiplications for each of two evaluations a trial. Moments: K directions of P numbers a draw.
//!
//! # Reference
//! P. Zuege, C. Klos, R.-M. Memmesheimer, Phys. Rev. X 13, 021006, 2023, doi:10.1103/PhysRevX.13.021006.

use crate::error::Result;
use crate::learning::black_box_learner::BlackBoxLearner;
use crate::learning::learner::Learner;
use crate::learning::optimizers::weight_perturbation::WeightPerturbationConfig;
use crate::model::objectives::BlackBox;
use crate::model::perturbation::Family;
use crate::neuromodulation::modulation::Modulation;
use crate::random::{Key, Stream};

const OUTPUTS: usize = 3;
const INPUTS: usize = 8;
const DIRECTIONS: usize = 5;
const TIME: usize = 20;

/// A linear readout of 3 outputs and 8 inputs, which span 5 directions, over 20 time steps, learned by weight perturbation at its fastest rate.
///
/// # Example
/// ```
/// use tegmentum::evidence::closed_forms::LinearReadout;
///
/// let readout = LinearReadout { sigma: 0.01, irreducible: 0.5 };
/// let curve = readout.curve(1, 100)?;
/// assert!(curve[100] < 0.2 * curve[0]);
/// // The mean over many repeats is the formula; a single one is near it.
/// assert!((readout.expected(curve[0], 100) - 0.5) / curve[0] < 0.01);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinearReadout {
    /// σ, the scale of the Gaussian noise on the weights, above 0.
    pub sigma: f64,
    /// E_opt, the error that no weights avoid.
    pub irreducible: f64,
}

impl LinearReadout {
    /// The formula for the mean error after `trials` trials, where the mean of the first error is `first`.
    pub fn expected(self, first: f64, trials: usize) -> f64 {
        let mn = (OUTPUTS * DIRECTIONS) as f64;
        let eta = best_rate();
        let a = 1.0 - 2.0 * eta + eta * eta * (mn + 2.0);
        let b = 0.125 * self.sigma.powi(2) * eta.powi(2) * (mn.powi(3) + 6.0 * mn.powi(2) + 8.0 * mn);
        let residual = b / (1.0 - a);
        self.irreducible + (first - self.irreducible - residual) * a.powi(trials as i32) + residual
    }

    /// The errors \[trials + 1\] of one repeat with inputs and targets of its own: before the first trial and after each.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a noise of zero or less.
    pub fn curve(self, seed: u64, trials: usize) -> Result<Vec<f64>> {
        let key = Key::from_seed(seed);
        let world = World::draw(self, &mut key.child(0).stream());
        let objective = BlackBox::new(OUTPUTS * INPUTS, |weights: &[f32]| world.error(weights));
        let config = WeightPerturbationConfig {
            learning_rate: best_rate(),
            perturbation_scale: self.sigma,
            directions: 1,
            family: Family::Gaussian,
            ..WeightPerturbationConfig::default()
        };
        let optimizer = config.build(vec![0.0; OUTPUTS * INPUTS], key.child(1), 2 * trials as u64)?;
        let mut learner = BlackBoxLearner::new(&objective, Box::new(optimizer));
        let mut weights = vec![0.0f32; OUTPUTS * INPUTS];
        let mut errors = vec![world.error(&weights)];
        for trial in 0..trials {
            learner.update(key.child(2).child(trial as u64), &Modulation::default())?;
            learner.averaged().write(1.0, &mut weights);
            errors.push(world.error(&weights));
        }
        Ok(errors)
    }
}

fn best_rate() -> f64 {
    1.0 / ((OUTPUTS * DIRECTIONS) as f64 + 2.0)
}

/// Inputs [T × N] and targets [T × M] of one repeat.
struct World {
    inputs: Vec<f64>,
    targets: Vec<f64>,
}

impl World {
    fn draw(readout: LinearReadout, stream: &mut Stream) -> Self {
        let space = orthonormal(INPUTS, DIRECTIONS, stream);
        let time = orthonormal(TIME, DIRECTIONS + 1, stream);
        let (mut inputs, mut targets) = (vec![0.0; TIME * INPUTS], vec![0.0; TIME * OUTPUTS]);
        let teacher: Vec<f64> = (0..OUTPUTS * INPUTS).map(|_| f64::from(stream.normal())).collect();
        let beyond: Vec<f64> = (0..OUTPUTS).map(|_| f64::from(stream.normal())).collect();
        let size = beyond.iter().map(|x| x * x).sum::<f64>().sqrt();
        for t in 0..TIME {
            for n in 0..INPUTS {
                let sum: f64 = (0..DIRECTIONS).map(|k| space[n][k] * time[t][k]).sum();
                inputs[t * INPUTS + n] = (TIME as f64).sqrt() * sum;
            }
            for m in 0..OUTPUTS {
                let reached: f64 = (0..INPUTS).map(|n| teacher[m * INPUTS + n] * inputs[t * INPUTS + n]).sum();
                // One more direction in time, orthogonal to all inputs: its error is ½ of its mean power.
                let power = (2.0 * readout.irreducible * TIME as f64).sqrt() / size;
                targets[t * OUTPUTS + m] = reached + power * beyond[m] * time[t][DIRECTIONS];
            }
        }
        Self { inputs, targets }
    }

    /// E(W) for the flat W [M × N].
    fn error(&self, weights: &[f32]) -> f64 {
        let mut sum = 0.0;
        for t in 0..TIME {
            for m in 0..OUTPUTS {
                let row = &weights[m * INPUTS..(m + 1) * INPUTS];
                let input = &self.inputs[t * INPUTS..(t + 1) * INPUTS];
                let y: f64 = row.iter().zip(input).map(|(&w, x)| f64::from(w) * x).sum();
                sum += (y - self.targets[t * OUTPUTS + m]).powi(2);
            }
        }
        sum / (2.0 * TIME as f64)
    }
}

/// `columns` orthonormal vectors of length `rows`, as [rows][columns] (Gram–Schmidt on normals, twice).
fn orthonormal(rows: usize, columns: usize, stream: &mut Stream) -> Vec<Vec<f64>> {
    let mut matrix = vec![vec![0.0; columns]; rows];
    for column in 0..columns {
        let mut vector: Vec<f64> = (0..rows).map(|_| f64::from(stream.normal())).collect();
        for other in (0..column).chain(0..column) {
            let overlap: f64 = vector.iter().zip(&matrix).map(|(value, row)| value * row[other]).sum();
            for (value, row) in vector.iter_mut().zip(&matrix) {
                *value -= overlap * row[other];
            }
        }
        let norm = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
        for (row, value) in vector.iter().enumerate() {
            matrix[row][column] = value / norm;
        }
    }
    matrix
}

/// Moments of the estimate, each a mean over batches of 1 000 draws.
///
/// # Example
/// ```
/// use tegmentum::evidence::closed_forms::Moments;
/// use tegmentum::model::perturbation::Family;
///
/// let moments = Moments::measured(Family::Rademacher, 1, 20, 10_000);
/// let mean = moments.squares.iter().sum::<f64>() / moments.squares.len() as f64;
/// assert!((mean / Moments::expected_square(1.0, 1, 20) - 1.0).abs() < 0.05);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// Means of ‖ĝ‖².
    pub squares: Vec<f64>,
    /// Means of ĝ·g.
    pub slopes: Vec<f64>,
}

impl Moments {
    /// E‖ĝ‖² for `directions` K, whose entries are independent with variance 1 and `fourth_moment` κ (3 for normals, 1 for signs), and
    /// `parameters` P; E ĝ·g is 1.
    pub fn expected_square(fourth_moment: f64, directions: usize, parameters: usize) -> f64 {
        (parameters as f64 + fourth_moment - 2.0) / directions as f64 + 1.0
    }

    /// The moments of so many draws, in whole batches, two at least.
    pub fn measured(family: Family, directions: usize, parameters: usize, draws: usize) -> Self {
        const BATCH: usize = 1000;
        let g: Vec<f64> = {
            let mut stream = Key::from_seed(1).stream();
            let raw: Vec<f64> = (0..parameters).map(|_| f64::from(stream.normal())).collect();
            let norm = raw.iter().map(|x| x * x).sum::<f64>().sqrt();
            raw.iter().map(|x| x / norm).collect()
        };
        let (mut squares, mut slopes) = (Vec::new(), Vec::new());
        let mut direction = vec![0.0f32; parameters];
        for batch in 0..(draws / BATCH).max(2) {
            let (mut square, mut slope) = (0.0, 0.0);
            for draw in 0..BATCH {
                let key = Key::from_seed(2).child((batch * BATCH + draw) as u64);
                let mut estimate = vec![0.0f64; parameters];
                for index in 0..directions {
                    direction.fill(0.0);
                    family.direction_of(key, index as u64).add_to(1.0, &mut direction);
                    let along: f64 = g.iter().zip(&direction).map(|(g, &v)| g * f64::from(v)).sum();
                    for (value, &v) in estimate.iter_mut().zip(&direction) {
                        *value += along * f64::from(v) / directions as f64;
                    }
                }
                square += estimate.iter().map(|x| x * x).sum::<f64>() / BATCH as f64;
                slope += estimate.iter().zip(&g).map(|(a, b)| a * b).sum::<f64>() / BATCH as f64;
            }
            squares.push(square);
            slopes.push(slope);
        }
        Self { squares, slopes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::statistics::mean;

    /// Values that the formula gives for the four rows of the published set-up (simulated independently).
    #[test]
    fn the_formula_has_its_published_values() {
        let strong = LinearReadout { sigma: 0.3, irreducible: 0.0 };
        let mn = 15.0f64;
        assert!((best_rate() - 1.0 / (mn + 2.0)).abs() < 1e-15);
        // Far in the future only the residual is left.
        let residual = strong.expected(7.0, 100_000);
        assert!((residual - 3.2).abs() < 0.02, "{residual}");
        let weak = LinearReadout { sigma: 1e-4, irreducible: 0.5 };
        assert!((weak.expected(7.0, 100_000) - 0.5).abs() < 1e-6);
    }

    #[test]
    fn inputs_span_their_directions_with_unit_power() {
        let readout = LinearReadout { sigma: 0.1, irreducible: 0.5 };
        let world = World::draw(readout, &mut Key::from_seed(3).stream());
        let power: f64 = world.inputs.iter().map(|x| x * x).sum::<f64>() / TIME as f64;
        assert!((power - DIRECTIONS as f64).abs() < 1e-9);
    }

    #[test]
    fn the_engine_follows_the_formula() -> Result<()> {
        for (sigma, irreducible) in [(0.3, 0.0), (0.01, 0.5)] {
            let case = LinearReadout { sigma, irreducible };
            let runs: Vec<Vec<f64>> = (0..200).map(|seed| case.curve(900_000 + seed, 400)).collect::<Result<_>>()?;
            let column = |n: usize| mean(&runs.iter().map(|run| run[n]).collect::<Vec<_>>());
            for n in [30, 100, 400] {
                let exact = case.expected(column(0), n);
                let difference = column(n) / exact - 1.0;
                assert!(difference.abs() < 0.1, "{case:?}: trial {n} off by {difference}");
            }
        }
        Ok(())
    }
}
