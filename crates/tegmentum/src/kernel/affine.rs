//! Affine maps over lanes: `out[j] ← out[j] + Σᵢ W[i, j] · in[i]`.
//!
//! Weights are input-major (`W[i · outputs + j]`): the weights from one input to all outputs lie together. Four
//! outputs are summed at once so that an input is loaded once for four products; the order of the sum over `i` is the
//! same for every output, lane and instruction set.
//!
//! Cost: 2 · inputs · outputs · `L` operations.

use super::dispatched;

dispatched! {
    /// Adds `W'·in` to `out`, lane by lane.
    ///
    /// `weights` [inputs × outputs], `inputs` [inputs × L], `outputs` [outputs × L].
    pub fn add_product<const L: usize>(weights: &[f32], inputs: &[[f32; L]], outputs: &mut [[f32; L]]) {
        let count = outputs.len();
        debug_assert_eq!(weights.len(), inputs.len() * count);
        let mut groups = outputs.chunks_exact_mut(4);
        let mut first = 0;
        for group in &mut groups {
            let mut sums = [group[0], group[1], group[2], group[3]];
            for (input, row) in inputs.iter().zip(weights.chunks_exact(count)) {
                let row = &row[first..first + 4];
                for lane in 0..L {
                    sums[0][lane] += row[0] * input[lane];
                    sums[1][lane] += row[1] * input[lane];
                    sums[2][lane] += row[2] * input[lane];
                    sums[3][lane] += row[3] * input[lane];
                }
            }
            group.copy_from_slice(&sums);
            first += 4;
        }
        for output in groups.into_remainder() {
            let mut sum = *output;
            for (input, row) in inputs.iter().zip(weights.chunks_exact(count)) {
                for lane in 0..L {
                    sum[lane] += row[first] * input[lane];
                }
            }
            *output = sum;
            first += 1;
        }
    }
}

dispatched! {
    /// Adds `Σ over lanes in[i] · signal[j]` to `gradient[i, j]`: the outer product that every local rule and
    /// backpropagation end in.
    ///
    /// `inputs` [inputs × L], `signals` [outputs × L], `gradient` [inputs × outputs].
    pub fn add_outer<const L: usize>(inputs: &[[f32; L]], signals: &[[f32; L]], gradient: &mut [f32]) {
        debug_assert_eq!(gradient.len(), inputs.len() * signals.len());
        for (input, row) in inputs.iter().zip(gradient.chunks_exact_mut(signals.len())) {
            for (signal, value) in signals.iter().zip(row) {
                let mut products = [0.0f32; L];
                for lane in 0..L {
                    products[lane] = input[lane] * signal[lane];
                }
                *value += sum_lanes(products);
            }
        }
    }
}

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

/// Rows and columns of the tiles whose sums stay in registers while time runs.
const TILE: usize = 4;

dispatched! {
    /// Adds `Σ over steps and lanes of in[i] · signal[j]` to `gradient[i, j]`.
    ///
    /// `gradient` [inputs.count × signals.count]. The sums over time run lane by lane; lanes are added at the end.
    pub fn add_outer_over_time<const L: usize>(inputs: Steps<'_, L>, signals: Steps<'_, L>, gradient: &mut [f32]) {
        let steps = (inputs.rows.len() / inputs.stride).min(signals.rows.len() / signals.stride);
        for i in (0..inputs.count).step_by(TILE) {
            let height = TILE.min(inputs.count - i);
            for j in (0..signals.count).step_by(TILE) {
                let width = TILE.min(signals.count - j);
                let mut sums = [[[0.0f32; L]; TILE]; TILE];
                for step in 0..steps {
                    let a = &inputs.rows[step * inputs.stride + inputs.first + i..][..height];
                    let b = &signals.rows[step * signals.stride + signals.first + j..][..width];
                    if height == TILE && width == TILE {
                        for row in 0..TILE {
                            for column in 0..TILE {
                                for lane in 0..L {
                                    sums[row][column][lane] += a[row][lane] * b[column][lane];
                                }
                            }
                        }
                    } else {
                        for (row, a) in a.iter().enumerate() {
                            for (column, b) in b.iter().enumerate() {
                                for lane in 0..L {
                                    sums[row][column][lane] += a[lane] * b[lane];
                                }
                            }
                        }
                    }
                }
                for row in 0..height {
                    for column in 0..width {
                        gradient[(i + row) * signals.count + j + column] += sum_lanes(sums[row][column]);
                    }
                }
            }
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
    fn product_agrees_with_f64() {
        let mut stream = Key::from_seed(1).stream();
        for (inputs, outputs) in [(1, 1), (3, 16), (19, 5), (7, 10), (0, 3)] {
            let weights: Vec<f32> = (0..inputs * outputs).map(|_| stream.normal()).collect();
            let input: Vec<[f32; 4]> = (0..inputs).map(|_| std::array::from_fn(|_| stream.normal())).collect();
            let mut output: Vec<[f32; 4]> = vec![[0.5; 4]; outputs];
            add_product(&weights, &input, &mut output);
            for (j, found) in output.iter().enumerate() {
                for lane in 0..4 {
                    let exact = 0.5
                        + (0..inputs)
                            .map(|i| f64::from(weights[i * outputs + j]) * f64::from(input[i][lane]))
                            .sum::<f64>();
                    assert!((f64::from(found[lane]) - exact).abs() < 1e-5);
                }
            }
        }
    }

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
    fn outer_product_sums_over_lanes() {
        let mut gradient = vec![1.0; 2];
        add_outer(&[[1.0, 2.0, 3.0, 4.0]], &[[1.0; 4], [0.0, 0.0, 0.0, 2.0]], &mut gradient);
        assert_eq!(gradient, [11.0, 9.0]);
    }

    #[test]
    fn lanes_do_not_depend_on_their_number() {
        let mut stream = Key::from_seed(2).stream();
        let weights: Vec<f32> = (0..9 * 6).map(|_| stream.normal()).collect();
        let wide: Vec<[f32; 16]> = (0..9).map(|_| std::array::from_fn(|_| stream.normal())).collect();
        let narrow: Vec<[f32; 4]> = wide.iter().map(|row| [row[0], row[1], row[2], row[3]]).collect();
        let (mut a, mut b) = (vec![[0.0; 16]; 6], vec![[0.0; 4]; 6]);
        add_product(&weights, &wide, &mut a);
        add_product(&weights, &narrow, &mut b);
        for (wide, narrow) in a.iter().zip(&b) {
            assert_eq!(wide[..4], narrow[..]);
        }
    }
}
