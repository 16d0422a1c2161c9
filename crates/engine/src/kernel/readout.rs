//! A recurrence of 16 tanh units, and the products of its states that a regression of a target on them needs.
//!
//! ```text
//!     h_t = tanh(W h_{t−1} + U u_t + c)                           states, t = 0 … k − 1
//!     G   = Σ_t x_t x_tᵀ ,  m = Σ_t x_t r_t ,  s = Σ_t r_t²       products, x_t = (h_t, 1)
//!     β   = (G + λ I)⁻¹ m ,  |r − r̂|² = s − mᵀβ − λ|β|² ,  d = 17 − λ tr (G + λ I)⁻¹       ridge regression
//!     G + λ I = L D Lᵀ ,  M = D^−½ L⁻¹ ,  (G + λ I)⁻¹ = MᵀM                                 by elimination in (G + λ I, m, I)
//! ```
//! W \[16 × 16\], U \[16 × I\], c \[16\], the weights of one source side by side \[(16 + I + 1) × 16\] · u inputs \[k × I\] · r target \[k\] · λ > 0 penalty · d
//! degrees of freedom · h in `f32`, sums in `f64`, rows one after the other. The bits are the same on every processor.
//!
//! Cost: k (16 (16 + I) + 16 tanh), k · 17² and 17² · 18 operations. The sums of two columns stay in registers while all rows go by.

use super::math::tanh;
use super::simd::dispatch;

/// Units of the recurrence.
pub const UNITS: usize = 16;
/// Columns of the regression: the units and a one.
pub const COLUMNS: usize = UNITS + 1;
/// Units whose products with all others are summed in one pass over the rows.
const BLOCK: usize = 2;

/// The states behind each row of `inputs`, from `state` on.
///
/// # Example
/// ```
/// use tegmentum_engine::kernel::readout::{UNITS, states};
///
/// let weights = vec![[0.1; UNITS]; UNITS + 2];
/// let states = states(&weights, [0.0; UNITS], &[[1.0], [0.0]]);
/// assert!((states[0][3] - 0.2f64.tanh()).abs() < 1e-6);
/// ```
///
/// # Panics
/// If `weights` has not `UNITS + I + 1` rows.
pub fn states<const I: usize>(weights: &[[f32; UNITS]], state: [f32; UNITS], inputs: &[[f32; I]]) -> Vec<[f64; UNITS]> {
    assert_eq!(weights.len(), UNITS + I + 1, "weights of every unit, every input and the constant");
    let mut states = vec![[0.0; UNITS]; inputs.len()];
    write_states(weights, state, inputs, &mut states);
    states
}

dispatch! {
    fn write_states<const I: usize>(weights: &[[f32; UNITS]], state: [f32; UNITS], inputs: &[[f32; I]], states: &mut [[f64; UNITS]]) {
        let (mut state, mut own) = (state, [[0.0; UNITS]; UNITS]);
        own.copy_from_slice(&weights[..UNITS]);
        for (input, out) in inputs.iter().zip(states) {
            let mut sums = weights[UNITS + I];
            for source in 0..UNITS {
                for unit in 0..UNITS {
                    sums[unit] += own[source][unit] * state[source];
                }
            }
            for source in 0..I {
                for unit in 0..UNITS {
                    sums[unit] += weights[UNITS + source][unit] * input[source];
                }
            }
            for unit in 0..UNITS {
                state[unit] = tanh(sums[unit]);
                out[unit] = f64::from(state[unit]);
            }
        }
    }
}

/// Sums of products over rows of states and a target.
///
/// # Example
/// ```
/// use tegmentum_engine::kernel::readout::{Products, UNITS};
///
/// let sums = Products::of(&[[1.0; UNITS], [2.0; UNITS]], &[3.0, 4.0]);
/// assert_eq!((sums.gram[0][1], sums.gram[16][0], sums.moment[5], sums.power), (5.0, 3.0, 11.0, 25.0));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Products {
    /// G, both halves.
    pub gram: [[f64; COLUMNS]; COLUMNS],
    /// m.
    pub moment: [f64; COLUMNS],
    /// s.
    pub power: f64,
}

impl Products {
    /// Of the rows that both have.
    pub fn of(states: &[[f64; UNITS]], targets: &[f64]) -> Self {
        let rows = states.len().min(targets.len());
        let (states, targets) = (&states[..rows], &targets[..rows]);
        let mut sums = Self::default();
        for block in 0..UNITS / BLOCK {
            add_products(block * BLOCK, states, &mut sums.gram);
        }
        add_sums(states, targets, &mut sums);
        sums.gram[UNITS][UNITS] = rows as f64;
        for unit in 0..UNITS {
            sums.gram[unit][UNITS] = sums.gram[UNITS][unit];
        }
        sums
    }
}

dispatch! {
    /// Rows `first .. first + BLOCK` of G, but for the last column.
    fn add_products(first: usize, states: &[[f64; UNITS]], gram: &mut [[f64; COLUMNS]; COLUMNS]) {
        let mut sums = [[0.0; UNITS]; BLOCK];
        for state in states {
            for own in 0..BLOCK {
                for unit in 0..UNITS {
                    sums[own][unit] += state[first + own] * state[unit];
                }
            }
        }
        for own in 0..BLOCK {
            gram[first + own][..UNITS].copy_from_slice(&sums[own]);
        }
    }
}

dispatch! {
    /// The last row of G, m and s.
    fn add_sums(states: &[[f64; UNITS]], targets: &[f64], sums: &mut Products) {
        let (mut ones, mut products) = ([0.0; UNITS], [0.0; UNITS]);
        let (mut sum, mut power) = (0.0, 0.0);
        for (state, target) in states.iter().zip(targets) {
            for unit in 0..UNITS {
                ones[unit] += state[unit];
                products[unit] += state[unit] * target;
            }
            sum += target;
            power += target * target;
        }
        sums.gram[UNITS][..UNITS].copy_from_slice(&ones);
        sums.moment[..UNITS].copy_from_slice(&products);
        sums.moment[UNITS] = sum;
        sums.power = power;
    }
}

/// A ridge regression on the states and a one.
///
/// # Example
/// ```
/// use tegmentum_engine::kernel::readout::{Products, UNITS};
///
/// let states: Vec<[f64; UNITS]> = (0..90).map(|t| std::array::from_fn(|unit| f64::from(t * (unit as i32 + 2) % 7))).collect();
/// let targets: Vec<f64> = states.iter().map(|state| 3.0 + 2.0 * state[1]).collect();
/// let ridge = Products::of(&states, &targets).ridge(1e-6);
/// assert!((ridge.predict(&states[5]) - targets[5]).abs() < 1e-3 && ridge.residual < 1e-3);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Ridge {
    /// β.
    pub beta: [f64; COLUMNS],
    /// |r − r̂|², zero or more.
    pub residual: f64,
    /// d.
    pub degrees: f64,
    /// M.
    root: [[f64; COLUMNS]; COLUMNS],
}

/// Columns of the elimination: G, m and I, filled up to whole vectors.
const WIDTH: usize = 40;

impl Products {
    /// The regression with a penalty λ > 0. Not finite if a sum is not.
    pub fn ridge(&self, penalty: f64) -> Ridge {
        let mut rows = [[0.0; WIDTH]; COLUMNS];
        for (column, row) in rows.iter_mut().enumerate() {
            row[..COLUMNS].copy_from_slice(&self.gram[column]);
            row[column] += penalty;
            row[COLUMNS] = self.moment[column];
            row[COLUMNS + 1 + column] = 1.0;
        }
        eliminate(&mut rows);
        let (mut beta, mut root, mut trace) = ([0.0; COLUMNS], [[0.0; COLUMNS]; COLUMNS], 0.0);
        for (column, row) in rows.iter().enumerate() {
            let scale = row[column].sqrt().recip();
            root[column] = std::array::from_fn(|other| scale * row[COLUMNS + 1 + other]);
            for (beta, root) in beta.iter_mut().zip(&root[column]) {
                *beta += scale * row[COLUMNS] * root;
                trace += root * root;
            }
        }
        let explained: f64 = beta.iter().zip(&self.moment).map(|(beta, moment)| beta * moment).sum();
        let size: f64 = beta.iter().map(|beta| beta * beta).sum();
        let residual = self.power - explained - penalty * size;
        // A comparison, since a NaN must stay.
        let residual = if residual < 0.0 { 0.0 } else { residual };
        Ridge { beta, residual, degrees: COLUMNS as f64 - penalty * trace, root }
    }
}

impl Ridge {
    /// r̂ for one state.
    pub fn predict(&self, state: &[f64; UNITS]) -> f64 {
        self.beta[UNITS] + state.iter().zip(&self.beta).map(|(state, beta)| state * beta).sum::<f64>()
    }

    /// The leverage xᵀ(G + λ I)⁻¹x of a state that was fitted, between 0 and 1.
    pub fn leverage(&self, state: &[f64; UNITS]) -> f64 {
        let along =
            |root: &[f64; COLUMNS]| root[UNITS] + state.iter().zip(root).map(|(state, root)| state * root).sum::<f64>();
        self.root.iter().map(|root| along(root).powi(2)).sum()
    }
}

dispatch! {
    /// Every row minus the multiples of those above it that clear what is left of its own column.
    fn eliminate(rows: &mut [[f64; WIDTH]; COLUMNS]) {
        for pivot in 0..COLUMNS {
            let above = rows[pivot];
            for row in &mut rows[pivot + 1..] {
                let factor = row[pivot] / above[pivot];
                for column in 0..WIDTH {
                    row[column] -= factor * above[column];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{InstructionSet, limit};
    use crate::random::Key;

    fn drawn<const N: usize>(seed: u64, rows: usize) -> Vec<[f32; N]> {
        let mut stream = Key::from_seed(seed).stream();
        (0..rows).map(|_| std::array::from_fn(|_| 0.4 * stream.normal())).collect()
    }

    #[test]
    fn states_are_those_of_the_formula() {
        let (weights, inputs) = (drawn::<UNITS>(1, UNITS + 4), drawn::<3>(2, 50));
        let found = states(&weights, [0.1; UNITS], &inputs);
        let mut state = [f64::from(0.1f32); UNITS];
        for (input, found) in inputs.iter().zip(&found) {
            let of = |unit: usize| {
                let own: f64 = (0..UNITS).map(|source| f64::from(weights[source][unit]) * state[source]).sum();
                let given: f64 = (0..3).map(|i| f64::from(weights[UNITS + i][unit]) * f64::from(input[i])).sum();
                (own + given + f64::from(weights[UNITS + 3][unit])).tanh()
            };
            state = std::array::from_fn(of);
            assert!(state.iter().zip(found).all(|(wanted, found)| (wanted - found).abs() < 1e-4));
        }
    }

    #[test]
    fn moments_are_those_of_the_formula() {
        let rows = drawn::<COLUMNS>(3, 37);
        let states: Vec<[f64; UNITS]> =
            rows.iter().map(|row| std::array::from_fn(|unit| f64::from(row[unit]))).collect();
        let targets: Vec<f64> = rows.iter().map(|row| f64::from(row[UNITS])).collect();
        let found = Products::of(&states, &targets);
        let x = |row: usize, column: usize| if column < UNITS { states[row][column] } else { 1.0 };
        for a in 0..COLUMNS {
            for b in 0..COLUMNS {
                let wanted: f64 = (0..37).map(|row| x(row, a) * x(row, b)).sum();
                assert!((found.gram[a][b] - wanted).abs() < 1e-12, "{a} {b}");
            }
            let wanted: f64 = (0..37).map(|row| x(row, a) * targets[row]).sum();
            assert!((found.moment[a] - wanted).abs() < 1e-12);
        }
        assert!((found.power - targets.iter().map(|target| target * target).sum::<f64>()).abs() < 1e-12);
    }

    #[test]
    fn a_ridge_regression_has_the_normal_equations() {
        let rows = drawn::<COLUMNS>(4, 60);
        let states: Vec<[f64; UNITS]> =
            rows.iter().map(|row| std::array::from_fn(|unit| f64::from(row[unit]))).collect();
        let targets: Vec<f64> = rows.iter().map(|row| 1.0 + f64::from(row[UNITS] + row[2])).collect();
        let products = Products::of(&states, &targets);
        for penalty in [1e-3, 0.1, 10.0] {
            let ridge = products.ridge(penalty);
            for (column, row) in products.gram.iter().enumerate() {
                let sum: f64 = row.iter().zip(&ridge.beta).map(|(g, beta)| g * beta).sum();
                assert!((sum + penalty * ridge.beta[column] - products.moment[column]).abs() < 1e-9);
            }
            let errors = states.iter().zip(&targets).map(|(state, target)| (target - ridge.predict(state)).powi(2));
            assert!((errors.sum::<f64>() - ridge.residual).abs() < 1e-9);
            // The leverages of all rows are the degrees of freedom.
            let leverages: f64 = states.iter().map(|state| ridge.leverage(state)).sum();
            assert!((leverages - ridge.degrees).abs() < 1e-9 && ridge.degrees < COLUMNS as f64);
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        let of = |set: InstructionSet| {
            let before = limit(set);
            let states = states(&drawn::<UNITS>(5, UNITS + 3), [0.0; UNITS], &drawn::<2>(6, 90));
            let targets: Vec<f64> = drawn::<1>(7, 90).iter().map(|row| f64::from(row[0])).collect();
            let products = Products::of(&states, &targets);
            let ridge = products.ridge(0.3);
            limit(before);
            (states, products, ridge)
        };
        let wanted = of(InstructionSet::Baseline);
        assert_eq!(of(InstructionSet::Avx2), wanted);
        assert_eq!(of(InstructionSet::Avx512), wanted);
    }

    #[test]
    fn what_is_not_a_number_stays_seen() {
        let mut states = vec![[0.5; UNITS]; 9];
        states[4][3] = f64::NAN;
        let ridge = Products::of(&states, &[1.0; 9]).ridge(0.1);
        assert!(ridge.residual.is_nan());
    }
}
