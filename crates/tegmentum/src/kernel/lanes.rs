//! Element-wise operations on rows of lanes.

use super::dispatched;

dispatched! {
    /// `target ← target + scale · source`, element by element.
    pub fn add_scaled(scale: f32, source: &[f32], target: &mut [f32]) {
        for (target, source) in target.iter_mut().zip(source) {
            *target += scale * source;
        }
    }
}

dispatched! {
    /// `mean ← (mean + other)/2`, element by element.
    pub fn average_into(mean: &mut [f32], other: &[f32]) {
        for (mean, other) in mean.iter_mut().zip(other) {
            *mean = 0.5 * (*mean + other);
        }
    }
}

dispatched! {
    /// `products[row] = rows[row] ∘ factor` for one factor a lane.
    pub fn multiply_rows<const L: usize>(rows: &[[f32; L]], factor: &[f32; L], products: &mut [[f32; L]]) {
        for (product, row) in products.iter_mut().zip(rows) {
            for lane in 0..L {
                product[lane] = row[lane] * factor[lane];
            }
        }
    }
}

dispatched! {
    /// `target = gain · source`, element by element.
    pub fn scale_into(gain: f32, source: &[f32], target: &mut [f32]) {
        for (target, source) in target.iter_mut().zip(source) {
            *target = gain * source;
        }
    }
}

dispatched! {
    /// `target = gain · (weight · first + (1 − weight) · second)`, element by element.
    pub fn mix(gain: f32, weight: f32, first: &[f32], second: &[f32], target: &mut [f32]) {
        for ((target, a), b) in target.iter_mut().zip(first).zip(second) {
            *target = gain * (weight * a + (1.0 - weight) * b);
        }
    }
}

dispatched! {
    /// `explorer ← explorer − step`, then `averaged ← averaged + share · (explorer − averaged)`, element by element; an
    /// average that has nowhere to go keeps every bit, that of a negative zero too.
    pub fn descend_and_average(step: &[f32], share: f32, explorer: &mut [f32], averaged: &mut [f32]) {
        for ((z, x), step) in explorer.iter_mut().zip(averaged).zip(step) {
            *z -= step;
            *x = if *x == *z { *x } else { *x + share * (*z - *x) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn element_by_element() {
        let mut values = [1.0, 2.0, 3.0];
        add_scaled(2.0, &[1.0, 0.0, -1.0], &mut values);
        assert_eq!(values, [3.0, 2.0, 1.0]);
        average_into(&mut values, &[1.0; 3]);
        assert_eq!(values, [2.0, 1.5, 1.0]);
        let mut products = [[0.0; 2]; 2];
        multiply_rows(&[[1.0, 2.0], [3.0, 4.0]], &[2.0, -1.0], &mut products);
        assert_eq!(products, [[2.0, -2.0], [6.0, -4.0]]);
    }
}
