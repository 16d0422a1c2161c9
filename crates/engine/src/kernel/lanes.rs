//! Element-wise operations on rows of lanes.

use super::simd::dispatch;

dispatch! {
    /// `target ← target + scale · source`, element by element.
    pub fn add_scaled(scale: f32, source: &[f32], target: &mut [f32]) {
        for (target, source) in target.iter_mut().zip(source) {
            *target += scale * source;
        }
    }
}

dispatch! {
    /// `mean = (first + second)/2`, element by element.
    pub fn average(first: &[f32], second: &[f32], mean: &mut [f32]) {
        for ((mean, first), second) in mean.iter_mut().zip(first).zip(second) {
            *mean = 0.5 * (first + second);
        }
    }
}

/// Partial sums of a vector that are added up side by side.
const CHAINS: usize = 16;

/// `Σ value²`, in sixteen chains that are joined by halves; not finite if a value is not.
pub fn sum_of_squares(values: &[f32]) -> f64 {
    let mut sums = [0.0; CHAINS];
    add_squares(values, &mut sums);
    for half in [8, 4, 2, 1] {
        for chain in 0..half {
            sums[chain] += sums[chain + half];
        }
    }
    sums[0]
}

dispatch! {
    fn add_squares(values: &[f32], sums: &mut [f64; CHAINS]) {
        let (whole, rest) = values.as_chunks::<CHAINS>();
        let mut last = [0.0; CHAINS];
        last[..rest.len()].copy_from_slice(rest);
        for values in whole.iter().chain([&last]) {
            for chain in 0..CHAINS {
                sums[chain] += f64::from(values[chain]) * f64::from(values[chain]);
            }
        }
    }
}

dispatch! {
    /// `target = gain · source`, element by element.
    pub fn scale_into(gain: f32, source: &[f32], target: &mut [f32]) {
        for (target, source) in target.iter_mut().zip(source) {
            *target = gain * source;
        }
    }
}

dispatch! {
    /// `target = gain · (weight · first + (1 − weight) · second)`, element by element.
    pub fn mix(gain: f32, weight: f32, first: &[f32], second: &[f32], target: &mut [f32]) {
        for ((target, a), b) in target.iter_mut().zip(first).zip(second) {
            *target = gain * (weight * a + (1.0 - weight) * b);
        }
    }
}

dispatch! {
    /// `explorer ← explorer − step`, then `averaged ← averaged + share · (explorer − averaged)`, element by element; an
    /// average that equals its target keeps every bit, a negative zero too.
    pub fn descend_and_average(step: &[f32], share: f32, explorer: &mut [f32], averaged: &mut [f32]) {
        for ((z, x), step) in explorer.iter_mut().zip(averaged).zip(step) {
            *z -= step;
            *x = if *x == *z { *x } else { *x + share * (*z - *x) };
        }
    }
}

/// `from + share · (to − from)`, and exactly `from` (a negative zero too) where both are equal.
#[inline]
pub fn towards(from: f32, to: f32, share: f32) -> f32 {
    if from == to { from } else { from + share * (to - from) }
}

/// Subtracts `step` from `parameters` and returns whether all are still finite.
///
/// A step of +0 changes no bit, not even that of a negative zero.
pub fn subtract(parameters: &mut [f32], step: &[f32]) -> bool {
    debug_assert_eq!(parameters.len(), step.len());
    let mut finite = true;
    subtract_wide(parameters, step, &mut finite);
    finite
}

dispatch! {
    fn subtract_wide(parameters: &mut [f32], step: &[f32], finite: &mut bool) {
        // One flag for each lane and not one for all, so that the loop can be vectorised.
        let mut largest = [0.0f32; 16];
        let ((blocks, rest), (steps, rest_of_step)) = (parameters.as_chunks_mut::<16>(), step.as_chunks::<16>());
        for (values, steps) in blocks.iter_mut().zip(steps) {
            for lane in 0..16 {
                values[lane] -= steps[lane];
                // Once a value is infinite or NaN, the flag stays infinite.
                let size = values[lane].abs();
                largest[lane] = if size < f32::INFINITY { largest[lane] } else { f32::INFINITY };
            }
        }
        for (value, step) in rest.iter_mut().zip(rest_of_step) {
            *value -= step;
            *finite &= value.is_finite();
        }
        *finite &= largest.iter().all(|size| *size < f32::INFINITY);
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
        let mut mean = [0.0; 3];
        average(&values, &[1.0; 3], &mut mean);
        assert_eq!(mean, [2.0, 1.5, 1.0]);
    }

    #[test]
    fn squares_are_summed_to_the_last_one() {
        for count in [0u32, 1, 15, 16, 17, 100] {
            let values: Vec<f32> = (1..=count).map(|i| i as f32).collect();
            assert_eq!(sum_of_squares(&values), f64::from(count * (count + 1) * (2 * count + 1) / 6));
        }
        assert!(sum_of_squares(&[1.0, f32::MAX, f32::MAX]).is_finite());
        assert!(!sum_of_squares(&[1.0, f32::INFINITY, 2.0]).is_finite());
        assert!(!sum_of_squares(&[f32::NAN]).is_finite());
    }
}
