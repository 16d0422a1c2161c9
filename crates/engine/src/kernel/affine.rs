//! The transposed product of an affine map, `W · signal`, for gradients.
//!
//! Weights are input-major (`W[i · outputs + j]`), lanes are examples. The order of every sum is the same for every
//! lane and instruction set.
//!
//! Cost: 2 · inputs · outputs · `L` operations.

use super::simd::dispatch;

dispatch! {
    /// Adds `Σ_j W[i, j] · signal[j]` to `error[i]`, lane by lane: the transposed product, for gradients alone.
    ///
    /// `weights` [inputs × outputs], `signals` [outputs × L], `errors` [inputs × L].
    pub fn add_transposed_product<const L: usize>(weights: &[f32], signals: &[[f32; L]], errors: &mut [[f32; L]]) {
        let count = signals.len();
        debug_assert_eq!(weights.len(), errors.len() * count);
        let mut groups = errors.chunks_exact_mut(4);
        let mut rest = weights;
        for group in &mut groups {
            let (rows, after) = rest.split_at(4 * count);
            let (a, bcd) = rows.split_at(count);
            let (b, cd) = bcd.split_at(count);
            let (c, d) = cd.split_at(count);
            let mut sums = [group[0], group[1], group[2], group[3]];
            for ((((signal, a), b), c), d) in signals.iter().zip(a).zip(b).zip(c).zip(d) {
                for lane in 0..L {
                    sums[0][lane] += a * signal[lane];
                    sums[1][lane] += b * signal[lane];
                    sums[2][lane] += c * signal[lane];
                    sums[3][lane] += d * signal[lane];
                }
            }
            group.copy_from_slice(&sums);
            rest = after;
        }
        for (index, error) in groups.into_remainder().iter_mut().enumerate() {
            let mut sum = *error;
            for (signal, weight) in signals.iter().zip(&rest[index * count..(index + 1) * count]) {
                for lane in 0..L {
                    sum[lane] += weight * signal[lane];
                }
            }
            *error = sum;
        }
    }
}

/// The sum over lanes, by halves: the same order for every instruction set.
#[inline(always)]
pub fn sum_lanes<const L: usize>(mut values: [f32; L]) -> f32 {
    let mut width = L;
    while width > 1 {
        let half = width / 2;
        for lane in 0..half {
            values[lane] += values[lane + half];
        }
        if width % 2 == 1 {
            values[0] += values[width - 1];
        }
        width = half;
    }
    values[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Key;

    #[test]
    fn transposed_product_agrees_with_f64() {
        let mut stream = Key::from_seed(3).stream();
        for (inputs, outputs) in [(1, 1), (3, 16), (19, 5), (8, 10), (5, 0)] {
            let weights: Vec<f32> = (0..inputs * outputs).map(|_| stream.normal()).collect();
            let signals: Vec<[f32; 16]> = (0..outputs).map(|_| std::array::from_fn(|_| stream.normal())).collect();
            let mut errors = vec![[0.5; 16]; inputs];
            add_transposed_product(&weights, &signals, &mut errors);
            for (i, found) in errors.iter().enumerate() {
                for lane in 0..16 {
                    let exact = 0.5
                        + (0..outputs)
                            .map(|j| f64::from(weights[i * outputs + j]) * f64::from(signals[j][lane]))
                            .sum::<f64>();
                    assert!((f64::from(found[lane]) - exact).abs() < 1e-5);
                }
            }
        }
    }
}
