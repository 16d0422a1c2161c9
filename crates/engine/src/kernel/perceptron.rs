//! A perceptron with one hidden layer over lanes that each have parameters, or examples, of their own.
//!
//! ```text
//!     h_j = f(b_j + Σ_i w_ij x_i) ,   y_o = g(c_o + Σ_j u_jo h_j) ,   loss = Σ_o (y_o − t_o)² or cross-entropy
//! ```
//! In the general path the lanes are the examples of one candidate, which leaves most of a processor idle for a small network. Here lanes are candidates (or runs) with one example at a time, or both signs of a perturbation with all
//! examples at once. Orders of sums and arithmetic are those of the general path, and so are the bits.
//!
//! Parameters lie in the order of a multilayer perceptron with one hidden layer: w [inputs × hidden], b, u [hidden × outputs], c.
//!
//! Cost: 2 P operations and hidden + outputs activations for each example and candidate.

use super::activation::Activation;
use super::aligned::Row16;
use super::loss::Loss;
use super::many_keys::{KEYS, Lanes};
use super::math;
use super::simd::{Vector, dispatch};

/// Sizes and functions of a perceptron with one hidden layer, and its loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Number of inputs.
    pub inputs: usize,
    /// Number of hidden units.
    pub hidden: usize,
    /// Number of outputs.
    pub outputs: usize,
    /// What hidden units do; not softmax.
    pub activation: Activation,
    /// What output units do; not softmax.
    pub output_activation: Activation,
    /// How outputs are compared with targets.
    pub loss: Loss,
}

impl Shape {
    /// Number of parameters P.
    pub fn num_parameters(&self) -> usize {
        (self.inputs + 1) * self.hidden + (self.hidden + 1) * self.outputs
    }

    /// Whether its functions are those of [`with_usual_functions`](Self::with_usual_functions).
    #[inline(always)]
    pub fn has_usual_functions(&self) -> bool {
        *self == self.with_usual_functions()
    }

    /// The sizes of this shape with the functions that most small networks have. A loop over it is compiled for these
    /// functions, so that values stay in registers where a choice at run time would spill them.
    #[inline(always)]
    #[must_use]
    pub fn with_usual_functions(&self) -> Self {
        let (activation, output_activation) = (Activation::Tanh, Activation::Logistic);
        Self { activation, output_activation, loss: Loss::MeanSquaredError, ..*self }
    }

    /// The losses of `E` vectors of examples side by side, each summed over the outputs. `parameter` gives the lanes of a
    /// parameter; `inputs` [inputs × E], `targets` [outputs × E] rows of the examples; `hidden` [hidden × E] is work space.
    ///
    /// Four vectors are always computed together, of four examples or of four units: an activation function is a chain of dependent
    /// operations, and four chains hide its latency.
    #[inline(always)]
    pub(super) fn losses<V: Vector<16>, const E: usize>(
        &self,
        parameter: impl Fn(usize) -> V + Copy,
        inputs: &[[Row16; E]],
        targets: &[[Row16; E]],
        hidden: &mut [[Row16; E]],
    ) -> [V; E] {
        let hidden = &mut hidden[..self.hidden];
        let mut first = 0;
        if E == 1 {
            let (blocks, _) = hidden.as_chunks_mut::<4>();
            for block in blocks {
                self.drive::<V, E, 4>(parameter, first, inputs, block);
                first += 4;
            }
        }
        for unit in first..self.hidden {
            let block: &mut [[Row16; E]] = &mut hidden[unit..=unit];
            if let Ok(block) = block.try_into() {
                self.drive::<V, E, 1>(parameter, unit, inputs, block);
            }
        }
        let weights = (self.inputs + 1) * self.hidden;
        let bias = weights + self.hidden * self.outputs;
        let mut losses = [V::splat(0.0); E];
        for (o, target) in targets.iter().enumerate() {
            let mut output = [parameter(bias + o); E];
            for (j, hidden) in hidden.iter().enumerate() {
                let weight = parameter(weights + j * self.outputs + o);
                for e in 0..E {
                    output[e] = weight.multiply_add(V::load(&hidden[e]), output[e]);
                }
            }
            activate(self.output_activation, &mut output);
            for e in 0..E {
                losses[e] = losses[e].add(loss_of(self.loss, output[e], V::load(&target[e])));
            }
        }
        losses
    }

    /// The values of `U` hidden units from `first` on.
    #[inline(always)]
    fn drive<V: Vector<16>, const E: usize, const U: usize>(
        &self,
        parameter: impl Fn(usize) -> V + Copy,
        first: usize,
        inputs: &[[Row16; E]],
        hidden: &mut [[Row16; E]; U],
    ) {
        let mut units = [[V::splat(0.0); E]; U];
        for (u, unit) in units.iter_mut().enumerate() {
            *unit = [parameter(self.inputs * self.hidden + first + u); E];
        }
        for (i, input) in inputs.iter().enumerate() {
            for (u, unit) in units.iter_mut().enumerate() {
                let weight = parameter(i * self.hidden + first + u);
                for e in 0..E {
                    unit[e] = weight.multiply_add(V::load(&input[e]), unit[e]);
                }
            }
        }
        if E == 1 {
            let mut values = [V::splat(0.0); U];
            for u in 0..U {
                values[u] = units[u][0];
            }
            activate(self.activation, &mut values);
            for u in 0..U {
                values[u].store(&mut hidden[u][0]);
            }
        } else {
            for u in 0..U {
                activate(self.activation, &mut units[u]);
                for e in 0..E {
                    units[u][e].store(&mut hidden[u][e]);
                }
            }
        }
    }
}

// Loops, and no `map` over arrays: its closure is not always inlined, and a function that is not inlined is not compiled for the
// instructions of its caller.

#[inline(always)]
pub(super) fn activate<V: Vector<16>, const M: usize>(activation: Activation, units: &mut [V; M]) {
    match activation {
        Activation::Tanh => tanh(units),
        Activation::Logistic => {
            let half = V::splat(0.5);
            for unit in units.iter_mut() {
                *unit = half.multiply(*unit);
            }
            tanh(units);
            for unit in units.iter_mut() {
                *unit = half.multiply_add(*unit, half);
            }
        }
        Activation::Linear => {}
        Activation::Relu | Activation::Step | Activation::Softmax => {
            for unit in units.iter_mut() {
                *unit = unit.map(|value| activation.of(value));
            }
        }
    }
}

/// [`math::tanh_by`], lane by lane, of several vectors in step.
#[inline(always)]
fn tanh<V: Vector<16>, const M: usize>(x: &mut [V; M]) {
    let mut s = *x;
    for m in 0..M {
        x[m] = x[m].clamp(math::TANH_LIMIT);
        s[m] = x[m].multiply(x[m]);
    }
    let mut q = [V::splat(math::TANH_DENOMINATOR[0]); M];
    for coefficient in &math::TANH_DENOMINATOR[1..] {
        let coefficient = V::splat(*coefficient);
        for m in 0..M {
            q[m] = q[m].multiply_add(s[m], coefficient);
        }
    }
    let mut p = [V::splat(math::TANH_NUMERATOR[0]); M];
    for coefficient in &math::TANH_NUMERATOR[1..] {
        let coefficient = V::splat(*coefficient);
        for m in 0..M {
            p[m] = p[m].multiply_add(s[m], coefficient);
        }
    }
    for m in 0..M {
        x[m] = x[m].multiply(p[m]).quotient(q[m]);
    }
}

/// The loss of one output without softmax, as [`add_losses`](super::loss::add_losses) computes it.
#[inline(always)]
pub(super) fn loss_of<V: Vector<16>>(loss: Loss, output: V, target: V) -> V {
    let error = output.subtract(target);
    match loss {
        Loss::MeanSquaredError => error.multiply(error),
        Loss::CrossEntropy => {
            let (one, minus) = (V::splat(1.0), V::splat(-1.0));
            let first = target.multiply(output.map(log_probability));
            let second = one.subtract(target).multiply(one.subtract(output).map(log_probability));
            minus.multiply(first.add(second))
        }
    }
}

#[inline(always)]
fn log_probability(p: f32) -> f32 {
    math::ln(if p < 1e-30 { 1e-30 } else { p })
}

/// Examples whose losses are summed before they enter the total: the lanes of a block of the general path.
const BLOCK: usize = 16;

/// Examples that are computed side by side.
const EXAMPLES_AT_ONCE: usize = 4;

/// Examples in all lanes, and work space for them.
#[derive(Clone, Debug)]
pub struct LaneExamples {
    count: usize,
    /// Groups of 4 examples, the last one filled up: [groups × inputs × 4].
    inputs: Vec<[Row16; EXAMPLES_AT_ONCE]>,
    /// [groups × outputs × 4].
    targets: Vec<[Row16; EXAMPLES_AT_ONCE]>,
    hidden: Vec<[Row16; EXAMPLES_AT_ONCE]>,
}

impl LaneExamples {
    /// `inputs` [count × inputs], `targets` [count × outputs].
    pub fn new(shape: &Shape, inputs: &[f32], targets: &[f32]) -> Self {
        let count = inputs.len() / shape.inputs;
        let rows = |values: &[f32], width: usize| {
            let group = |group: usize| {
                (0..width).map(move |row| {
                    let example = |e: usize| (group * EXAMPLES_AT_ONCE + e).min(count - 1);
                    std::array::from_fn(|e| Row16([values[example(e) * width + row]; KEYS]))
                })
            };
            (0..count.div_ceil(EXAMPLES_AT_ONCE)).flat_map(group).collect()
        };
        Self {
            count,
            inputs: rows(inputs, shape.inputs),
            targets: rows(targets, shape.outputs),
            hidden: vec![[Row16::ZERO; EXAMPLES_AT_ONCE]; shape.hidden],
        }
    }
}

dispatch! {
    /// The losses of 16 candidates, summed over the examples and multiplied by `per_term`: `candidates` [P × 16].
    pub fn mean_losses<S: Simd>(
        numerics: Numerics,
        shape: &Shape,
        per_term: f64,
        candidates: &[Row16],
        space: &mut LaneExamples,
        losses: &mut Lanes<f64>,
    ) {
        if shape.has_usual_functions() {
            add_up::<S::F32x16>(&shape.with_usual_functions(), per_term, candidates, space, losses);
        } else {
            add_up::<S::F32x16>(shape, per_term, candidates, space, losses);
        }
    }
}

#[inline(always)]
fn add_up<V: Vector<16>>(
    shape: &Shape,
    per_term: f64,
    candidates: &[Row16],
    space: &mut LaneExamples,
    losses: &mut Lanes<f64>,
) {
    let candidates = &candidates[..shape.num_parameters()];
    let LaneExamples { count, inputs, targets, hidden } = space;
    losses.fill(0.0);
    let mut sums = [0.0f64; KEYS];
    let mut own = Row16::ZERO;
    // Counted and not cut into chunks: to know how many there are would take two divisions, as long as a hidden unit.
    for group in 0..count.div_ceil(EXAMPLES_AT_ONCE) {
        let first = group * EXAMPLES_AT_ONCE;
        let inputs = &inputs[group * shape.inputs..][..shape.inputs];
        let targets = &targets[group * shape.outputs..][..shape.outputs];
        if first > 0 && first.is_multiple_of(BLOCK) {
            add(losses, &sums);
            sums.fill(0.0);
        }
        let found = shape.losses::<V, EXAMPLES_AT_ONCE>(
            #[inline(always)]
            |index| V::load(&candidates[index]),
            inputs,
            targets,
            hidden,
        );
        for loss in &found[..EXAMPLES_AT_ONCE.min(*count - first)] {
            loss.store(&mut own);
            for lane in 0..KEYS {
                sums[lane] += f64::from(own.0[lane]);
            }
        }
    }
    add(losses, &sums);
    for loss in losses {
        *loss *= per_term;
    }
}

#[inline(always)]
fn add(total: &mut Lanes<f64>, sums: &Lanes<f64>) {
    for lane in 0..KEYS {
        total[lane] += sums[lane];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Numerics;
    use crate::kernel::arithmetic::{Arithmetic, Fused, Separate};

    const INPUTS: [f32; 10] = [0.5, -1.0, 2.0, 0.25, -0.75, 1.5, 0.0, 3.0, 1.0, -2.0];
    const TARGETS: [f32; 5] = [0.0, 1.0, 1.0, 0.0, 1.0];

    fn shape(loss: Loss) -> Shape {
        let (activation, output_activation) = (Activation::Tanh, Activation::Logistic);
        Shape { inputs: 2, hidden: 6, outputs: 1, activation, output_activation, loss }
    }

    /// The mean loss of one candidate, written as the general form computes it.
    fn oracle<A: Arithmetic>(shape: &Shape, w: &[f32]) -> f64 {
        let mut sum = 0.0;
        for (x, t) in INPUTS.chunks_exact(2).zip(TARGETS) {
            let mut output = w[24];
            for j in 0..6 {
                let unit = A::multiply_add(w[6 + j], x[1], A::multiply_add(w[j], x[0], w[12 + j]));
                output = A::multiply_add(w[18 + j], math::tanh_by::<A>(unit), output);
            }
            let y = math::logistic_by::<A>(output);
            sum += f64::from(match shape.loss {
                Loss::MeanSquaredError => (y - t) * (y - t),
                Loss::CrossEntropy => -(t * log_probability(y) + (1.0 - t) * log_probability(1.0 - y)),
            });
        }
        sum * 0.2
    }

    #[test]
    fn losses_are_those_of_the_formula_in_both_arithmetics() {
        let fused =
            !cfg!(target_arch = "x86_64") || crate::kernel::instruction_set() > crate::kernel::InstructionSet::Baseline;
        for loss in [Loss::MeanSquaredError, Loss::CrossEntropy] {
            let shape = shape(loss);
            // Some candidates are far out, where functions saturate.
            let candidate =
                |index: usize, lane: usize| ((index * 37 + lane * 11) % 29) as f32 / 7.0 - 2.0 * lane as f32 / 3.0;
            let rows: Vec<Row16> =
                (0..25).map(|index| Row16(std::array::from_fn(|lane| candidate(index, lane)))).collect();
            let mut space = LaneExamples::new(&shape, &INPUTS, &TARGETS);
            for numerics in [Numerics::Portable, Numerics::Native] {
                let mut found = [0.0; KEYS];
                mean_losses(numerics, &shape, 0.2, &rows, &mut space, &mut found);
                for (lane, found) in found.into_iter().enumerate() {
                    let own: Vec<f32> = (0..25).map(|index| candidate(index, lane)).collect();
                    let expected = match numerics {
                        Numerics::Native if fused => oracle::<Fused>(&shape, &own),
                        _ => oracle::<Separate>(&shape, &own),
                    };
                    assert_eq!(found, expected, "{numerics:?} {loss:?} {lane}");
                }
            }
        }
    }
}
