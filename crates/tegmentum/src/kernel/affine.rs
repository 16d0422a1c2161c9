//! The other two products of an affine map, for learning rules and gradients: `W·signal`, and `Σ in·signal'` over time.
//!
//! Weights are input-major (`W[i · outputs + j]`), lanes are examples. The order of every sum is the same for every
//! lane and instruction set.
//!
//! Cost: 2 · inputs · outputs · `L` operations.

use super::dispatched;

dispatched! {
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

/// A run of activities or signals over the steps of a sequence: row `r` of step `t` is `rows[t · stride + first + r]`.
#[derive(Clone, Copy, Debug)]
pub struct Steps<'a, const L: usize> {
    /// All rows of all steps.
    pub rows: &'a [[f32; L]],
    /// Rows of a step.
    pub stride: usize,
    /// The first row that is meant.
    pub first: usize,
    /// How many rows are meant.
    pub count: usize,
}

dispatched! {
    /// Adds `Σ over steps and lanes of in[i] · signal[j]` to `gradient[i, j]`.
    ///
    /// `gradient` [inputs.count × signals.count]. The sums over time run lane by lane; lanes are added at the end.
    pub fn add_outer_over_time<const L: usize>(inputs: Steps<'_, L>, signals: Steps<'_, L>, gradient: &mut [f32]) {
        let width = signals.count;
        for i in (0..inputs.count).step_by(2) {
            let is_pair = i + 1 < inputs.count;
            let paired = if is_pair { width - width % 4 } else { 0 };
            for j in (0..paired).step_by(4) {
                let sums = pair_by_four(inputs, signals, i, j);
                for (index, sum) in sums.into_iter().enumerate() {
                    gradient[(i + index / 4) * width + j + index % 4] += sum;
                }
            }
            for row in i..if is_pair { i + 2 } else { i + 1 } {
                for j in paired..width {
                    gradient[row * width + j] += one_by_one(inputs, signals, row, j);
                }
            }
        }
    }
}

/// Sums of inputs i, i + 1 times signals j … j + 3, row by row. The eight sums are written out, not looped over, so that
/// the compiler keeps each in a vector register.
#[inline(always)]
fn pair_by_four<const L: usize>(inputs: Steps<'_, L>, signals: Steps<'_, L>, i: usize, j: usize) -> [f32; 8] {
    let mut sums = [[0.0f32; L]; 8];
    let steps = inputs.rows.chunks_exact(inputs.stride).zip(signals.rows.chunks_exact(signals.stride));
    for (input, signal) in steps {
        let a = &input[inputs.first + i..inputs.first + i + 2];
        let b = &signal[signals.first + j..signals.first + j + 4];
        for lane in 0..L {
            sums[0][lane] += a[0][lane] * b[0][lane];
            sums[1][lane] += a[0][lane] * b[1][lane];
            sums[2][lane] += a[0][lane] * b[2][lane];
            sums[3][lane] += a[0][lane] * b[3][lane];
            sums[4][lane] += a[1][lane] * b[0][lane];
            sums[5][lane] += a[1][lane] * b[1][lane];
            sums[6][lane] += a[1][lane] * b[2][lane];
            sums[7][lane] += a[1][lane] * b[3][lane];
        }
    }
    sums.map(sum_lanes)
}

/// The sum of input i times signal j.
#[inline(always)]
fn one_by_one<const L: usize>(inputs: Steps<'_, L>, signals: Steps<'_, L>, i: usize, j: usize) -> f32 {
    let mut sum = [0.0f32; L];
    let steps = inputs.rows.chunks_exact(inputs.stride).zip(signals.rows.chunks_exact(signals.stride));
    for (input, signal) in steps {
        let (a, b) = (&input[inputs.first + i], &signal[signals.first + j]);
        for lane in 0..L {
            sum[lane] += a[lane] * b[lane];
        }
    }
    sum_lanes(sum)
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

    #[test]
    fn outer_products_sum_over_lanes_and_steps() {
        let mut stream = Key::from_seed(7).stream();
        for (inputs, outputs) in [(1, 1), (2, 4), (5, 7), (3, 9)] {
            let steps = 3;
            let mut draw = |count: usize| -> Vec<[f32; 4]> {
                (0..count).map(|_| std::array::from_fn(|_| stream.normal())).collect()
            };
            let (a, b) = (draw(steps * (inputs + 2)), draw(steps * (outputs + 1)));
            let mut gradient = vec![1.0; inputs * outputs];
            let rows = Steps { rows: &a, stride: inputs + 2, first: 2, count: inputs };
            let signals = Steps { rows: &b, stride: outputs + 1, first: 0, count: outputs };
            add_outer_over_time(rows, signals, &mut gradient);
            for i in 0..inputs {
                for j in 0..outputs {
                    let product = |step: usize, lane: usize| {
                        f64::from(a[step * (inputs + 2) + 2 + i][lane]) * f64::from(b[step * (outputs + 1) + j][lane])
                    };
                    let exact: f64 = 1.0
                        + (0..steps)
                            .flat_map(|step| (0..4).map(move |lane| (step, lane)))
                            .map(|(step, lane)| product(step, lane))
                            .sum::<f64>();
                    assert!((f64::from(gradient[i * outputs + j]) - exact).abs() < 1e-5);
                }
            }
        }
    }
}
