//! Rate units on sparse inputs: only the rows of inputs above zero are read and written.
//!
//! Weights are input-major (`W[i · units + j]`), as in [`affine`](super::affine). Rows are added in the order of the inputs, so
//! that every unit's sum has the same order on every instruction set; a row of an input that is zero would add nothing.
//!
//! Cost: active inputs × units products each.

use super::math;
use super::simd::dispatch;

/// Inputs above zero, in order.
#[derive(Clone, Debug, Default)]
pub struct ActiveInputs {
    /// Their indices; the first `count` are valid.
    indices: Vec<usize>,
    /// Their values, likewise.
    values: Vec<f32>,
    count: usize,
}

impl ActiveInputs {
    /// Room for `inputs` inputs.
    pub fn new(inputs: usize) -> Self {
        Self { indices: vec![0; inputs], values: vec![0.0; inputs], count: 0 }
    }

    /// Takes in `inputs`, without a branch for each.
    pub fn set(&mut self, inputs: &[f32]) {
        let mut count = 0;
        for (index, &value) in inputs.iter().enumerate().take(self.indices.len()) {
            self.indices[count] = index;
            self.values[count] = value;
            count += usize::from(value > 0.0);
            if count == self.indices.len() {
                break;
            }
        }
        self.count = count;
    }

    /// Indices of the inputs above zero.
    pub fn indices(&self) -> &[usize] {
        &self.indices[..self.count]
    }

    /// Their values.
    pub fn values(&self) -> &[f32] {
        &self.values[..self.count]
    }

    /// `Σᵢ w[i] x[i]` over the active inputs, in order.
    pub fn dot(&self, weights: &[f32]) -> f32 {
        self.indices().iter().zip(self.values()).fold(0.0, |sum, (&index, value)| sum + weights[index] * value)
    }
}

dispatch! {
    /// `sums[j] ← Σᵢ W[i, j] x[i]` over active inputs: `weights` [inputs × units], `sums` `[units]`.
    pub fn sum_rows(weights: &[f32], inputs: &ActiveInputs, sums: &mut [f32]) {
        // The sums of 80, then of 16 units stay in registers while the rows go by.
        let first = sum_blocks::<80>(weights, inputs, 0, sums);
        let first = sum_blocks::<16>(weights, inputs, first, sums);
        sum_blocks::<1>(weights, inputs, first, sums);
    }
}

/// Sums for as many whole blocks of `N` units as there are from unit `first` on; returns the first unit that is left.
#[inline(always)]
fn sum_blocks<const N: usize>(weights: &[f32], inputs: &ActiveInputs, first: usize, sums: &mut [f32]) -> usize {
    let units = sums.len();
    let mut first = first;
    for block in sums[first..].as_chunks_mut::<N>().0 {
        let mut total = [0.0f32; N];
        for (&index, &x) in inputs.indices().iter().zip(inputs.values()) {
            let row = &weights[index * units + first..index * units + first + N];
            for unit in 0..N {
                total[unit] += x * row[unit];
            }
        }
        *block = total;
        first += N;
    }
    first
}

dispatch! {
    /// `values ← tanh(max(0, gain · values))`.
    pub fn rectified_tanh(gain: f32, values: &mut [f32]) {
        for value in values {
            *value = math::tanh((gain * *value).max(0.0));
        }
    }
}

dispatch! {
    /// `W[i, j] ← clip(W[i, j] + steps[j] x[i], 0, 1)` for active inputs: `weights` [inputs × units], `steps` `[units]`.
    pub fn add_outer_clipped(weights: &mut [f32], inputs: &ActiveInputs, steps: &[f32]) {
        let units = steps.len();
        let (step_blocks, step_rest) = steps.as_chunks::<32>();
        for (&index, &x) in inputs.indices().iter().zip(inputs.values()) {
            let (blocks, rest) = weights[index * units..(index + 1) * units].as_chunks_mut::<32>();
            for (block, steps) in blocks.iter_mut().zip(step_blocks) {
                for unit in 0..32 {
                    block[unit] = (block[unit] + steps[unit] * x).clamp(0.0, 1.0);
                }
            }
            for (weight, step) in rest.iter_mut().zip(step_rest) {
                *weight = (*weight + step * x).clamp(0.0, 1.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sparse_sums_are_those_of_the_whole_matrix() {
        // Blocks of 80, of 16 and single units.
        let (inputs, units) = (11, 2 * 80 + 2 * 16 + 5);
        let weights: Vec<f32> = (0..inputs * units).map(|i| (i * 7 % 13) as f32 / 13.0).collect();
        let x: Vec<f32> = (0..inputs).map(|i| ((i * 5 % 7) as f32 - 2.0).max(0.0)).collect();
        let mut active = ActiveInputs::new(inputs);
        active.set(&x);
        let mut sums = vec![9.0; units];
        sum_rows(&weights, &active, &mut sums);
        for (j, &sum) in sums.iter().enumerate() {
            let whole = (0..inputs).fold(0.0f32, |sum, i| sum + x[i] * weights[i * units + j]);
            assert_eq!(sum, whole);
        }
        let column: Vec<f32> = (0..inputs).map(|i| weights[i * units]).collect();
        assert_eq!(active.dot(&column), sums[0]);
    }

    #[test]
    fn steps_of_whole_blocks_are_those_of_single_units() {
        let units = 2 * 32 + 7;
        let start: Vec<f32> = (0..2 * units).map(|i| (i * 7 % 13) as f32 / 13.0).collect();
        let steps: Vec<f32> = (0..units).map(|i| (i as f32 - 30.0) / 20.0).collect();
        let mut active = ActiveInputs::new(2);
        active.set(&[0.3, 0.7]);
        let mut weights = start.clone();
        add_outer_clipped(&mut weights, &active, &steps);
        for (index, weight) in weights.iter().enumerate() {
            let x = [0.3, 0.7][index / units];
            assert_eq!(*weight, (start[index] + steps[index % units] * x).clamp(0.0, 1.0));
        }
    }

    #[test]
    fn inputs_that_are_all_active_fit() {
        let mut active = ActiveInputs::new(3);
        active.set(&[1.0, 2.0, 3.0]);
        assert_eq!(active.indices(), [0, 1, 2]);
        active.set(&[0.0, -1.0, 3.0]);
        assert_eq!((active.indices(), active.values()), (&[2][..], &[3.0][..]));
    }

    #[test]
    fn weights_stay_in_bounds_and_silent_rows_stay_as_they_are() {
        let mut weights = vec![0.5f32; 3 * 2];
        let mut active = ActiveInputs::new(3);
        active.set(&[1.0, 0.0, 0.5]);
        add_outer_clipped(&mut weights, &active, &[0.25, -2.0]);
        assert_eq!(weights, [0.75, 0.0, 0.5, 0.5, 0.625, 0.0]);
        add_outer_clipped(&mut weights, &active, &[9.0, 0.0]);
        assert_eq!(weights, [1.0, 0.0, 0.5, 0.5, 1.0, 0.0]);
    }
}
