//! Runs of weight perturbation side by side: lane = run.
//!
//! Cost: 3 P operations in 16 lanes for each direction, besides the losses.

use super::sixteen::{Row, vectorised};

vectorised! {
    /// The candidates `parameters + scale · direction`, run by run: all [P × 16].
    pub fn perturb<V: Vector>(parameters: &[Row], scale: f32, directions: &[Row], candidates: &mut [Row]) {
        let scale = V::splat(scale);
        for ((candidate, value), direction) in candidates.iter_mut().zip(parameters).zip(directions) {
            V::load(value).add(scale.multiply(V::load(direction))).store(candidate);
        }
    }
}

vectorised! {
    /// Subtracts the sum of the weighted directions: `weights` [K × 16], `directions` [K × P × 16]. `check` is zero in
    /// the lanes of runs whose parameters are all finite, else NaN.
    pub fn descend<V: Vector>(parameters: &mut [Row], weights: &[Row], directions: &[Row], check: &mut Row) {
        let (zero, length) = (V::splat(0.0), parameters.len());
        let mut sum = zero;
        let (first, rest) = directions.split_at(length);
        for (index, (row, direction)) in parameters.iter_mut().zip(first).enumerate() {
            let mut step = zero.add(V::load(&weights[0]).multiply(V::load(direction)));
            for (k, weight) in weights.iter().enumerate().skip(1) {
                step = step.add(V::load(weight).multiply(V::load(&rest[(k - 1) * length + index])));
            }
            let value = V::load(row).subtract(step);
            value.store(row);
            sum = zero.multiply_add(value, sum);
        }
        sum.store(check);
    }
}
