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
