//! Runs of weight perturbation side by side: lane = run.
//!
//! Cost: 3 P operations in 16 lanes for each direction, besides the losses.

use super::aligned::Row16;
use super::simd::{Vector, dispatch};

dispatch! {
    /// The candidates `parameters + scale · direction`, run by run: all [P × 16].
    pub fn perturb<S: Simd>(parameters: &[Row16], scale: f32, directions: &[Row16], candidates: &mut [Row16]) {
        let scale = S::F32x16::splat(scale);
        for ((candidate, value), direction) in candidates.iter_mut().zip(parameters).zip(directions) {
            S::F32x16::load(value).add(scale.multiply(S::F32x16::load(direction))).store(candidate);
        }
    }
}

dispatch! {
    /// Subtracts the sum of the weighted directions: `weights` [K × 16], `directions` [K × P × 16]. `check` is zero in
    /// the lanes of runs whose parameters are all finite, else NaN.
    pub fn descend<S: Simd>(numerics: Numerics, parameters: &mut [Row16], weights: &[Row16], directions: &[Row16], check: &mut Row16) {
        let (zero, length) = (S::F32x16::splat(0.0), parameters.len());
        let mut sum = zero;
        let (first, rest) = directions.split_at(length);
        for (index, (row, direction)) in parameters.iter_mut().zip(first).enumerate() {
            let mut step = zero.add(S::F32x16::load(&weights[0]).multiply(S::F32x16::load(direction)));
            for (k, weight) in weights.iter().enumerate().skip(1) {
                step = step.add(S::F32x16::load(weight).multiply(S::F32x16::load(&rest[(k - 1) * length + index])));
            }
            let value = S::F32x16::load(row).subtract(step);
            value.store(row);
            sum = zero.multiply_add(value, sum);
        }
        sum.store(check);
    }
}
