//! A perceptron with one hidden layer over lanes that each have parameters, or examples, of their own.
//!
//! ```text
//!     h_j = f(b_j + Σ_i w_ij x_i) ,   y_o = g(c_o + Σ_j u_jo h_j) ,   loss = Σ_o (y_o − t_o)² or cross-entropy
//! ```
//! In the general path the lanes are the examples of one candidate. A small network leaves most of a processor
//! idle there; here lanes are candidates (or runs) with one example at a time, or both signs of a perturbation with all
//! examples at once. Orders of sums and arithmetic are those of the general path, and so are the bits.
//!
//! Parameters lie as those of an [`Mlp`](crate::networks::mlp::Mlp): w [inputs × hidden], b, u [hidden × outputs], c.
//!
//! Cost: 2 P operations and hidden + outputs activations for each example and candidate.

use super::activation::Activation;
use super::arithmetic::Arithmetic;
use super::many_keys::{KEYS, Lanes};
use super::{computed, math};
use crate::task::Loss;

/// Sizes and functions of a perceptron with one hidden layer, and its loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shape {
    pub(crate) inputs: usize,
    pub(crate) hidden: usize,
    pub(crate) outputs: usize,
    /// What hidden units do; not softmax.
    pub(crate) activation: Activation,
    /// What output units do; not softmax.
    pub(crate) output_activation: Activation,
    pub(crate) loss: Loss,
}

impl Shape {
    /// Number of parameters P.
    pub(crate) fn num_parameters(&self) -> usize {
        (self.inputs + 1) * self.hidden + (self.hidden + 1) * self.outputs
    }

    /// The loss of one example in each lane, summed over the outputs. `parameter` gives a parameter in a lane;
    /// `inputs`, `targets` rows of the example; `hidden` [hidden] is work space.
    ///
    /// Lanes are read and written one number at a time, never as whole arrays: a copy of an array goes through memory in pieces
    /// of eight bytes, which the load of a vector then has to wait for.
    #[inline(always)]
    pub(crate) fn losses<A: Arithmetic, const N: usize>(
        &self,
        parameter: impl Fn(usize, usize) -> f32,
        inputs: &[[f32; N]],
        targets: &[[f32; N]],
        hidden: &mut [[f32; N]],
        losses: &mut [f32; N],
    ) {
        let bias = self.inputs * self.hidden;
        for (j, hidden) in hidden.iter_mut().enumerate() {
            let mut unit = [0.0; N];
            for lane in 0..N {
                unit[lane] = parameter(bias + j, lane);
            }
            for (i, input) in inputs.iter().enumerate() {
                for lane in 0..N {
                    unit[lane] = A::multiply_add(parameter(i * self.hidden + j, lane), input[lane], unit[lane]);
                }
            }
            activate::<A, N>(self.activation, &unit, hidden);
        }
        let weights = bias + self.hidden;
        let output_bias = weights + self.hidden * self.outputs;
        for loss in losses.iter_mut() {
            *loss = 0.0;
        }
        for (o, target) in targets.iter().enumerate() {
            let mut unit = [0.0; N];
            for lane in 0..N {
                unit[lane] = parameter(output_bias + o, lane);
            }
            for (j, hidden) in hidden.iter().enumerate() {
                for lane in 0..N {
                    let weight = parameter(weights + j * self.outputs + o, lane);
                    unit[lane] = A::multiply_add(weight, hidden[lane], unit[lane]);
                }
            }
            let mut output = [0.0; N];
            activate::<A, N>(self.output_activation, &unit, &mut output);
            add_loss(self.loss, &output, target, losses);
        }
    }
}

#[inline(always)]
fn activate<A: Arithmetic, const N: usize>(activation: Activation, units: &[f32; N], values: &mut [f32; N]) {
    match activation {
        Activation::Tanh => {
            for lane in 0..N {
                values[lane] = math::tanh_by::<A>(units[lane]);
            }
        }
        Activation::Logistic => {
            for lane in 0..N {
                values[lane] = math::logistic_by::<A>(units[lane]);
            }
        }
        Activation::Relu => {
            for lane in 0..N {
                values[lane] = Activation::Relu.of(units[lane]);
            }
        }
        Activation::Step => {
            for lane in 0..N {
                values[lane] = Activation::Step.of(units[lane]);
            }
        }
        Activation::Linear | Activation::Softmax => {
            for lane in 0..N {
                values[lane] = units[lane];
            }
        }
    }
}

/// As [`forward::add_losses`](crate::forward::add_losses) does for networks without softmax.
#[inline(always)]
fn add_loss<const N: usize>(loss: Loss, output: &[f32; N], target: &[f32; N], losses: &mut [f32; N]) {
    match loss {
        Loss::MeanSquaredError => {
            for lane in 0..N {
                let error = output[lane] - target[lane];
                losses[lane] += error * error;
            }
        }
        Loss::CrossEntropy => {
            for lane in 0..N {
                losses[lane] += -(target[lane] * log_probability(output[lane])
                    + (1.0 - target[lane]) * log_probability(1.0 - output[lane]));
            }
        }
    }
}

#[inline(always)]
fn log_probability(p: f32) -> f32 {
    math::ln(if p < 1e-30 { 1e-30 } else { p })
}

/// Examples in rows: `inputs` [count × inputs], `targets` [count × outputs].
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExampleRows<'a> {
    pub(crate) inputs: &'a [f32],
    pub(crate) targets: &'a [f32],
    /// 1/(examples · outputs), or 1/examples for cross-entropy.
    pub(crate) per_term: f64,
}

/// Examples whose losses are summed before they enter the total: the lanes of a block of the general path.
pub(crate) const BLOCK: usize = 16;

/// Work space of [`mean_losses`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Workspace {
    inputs: Vec<Lanes<f32>>,
    targets: Vec<Lanes<f32>>,
    hidden: Vec<Lanes<f32>>,
}

impl Workspace {
    pub(crate) fn new(shape: &Shape) -> Self {
        let rows = |count| vec![[0.0; KEYS]; count];
        Self { inputs: rows(shape.inputs), targets: rows(shape.outputs), hidden: rows(shape.hidden) }
    }
}

computed! {
    /// The mean losses of 16 candidates: `candidates` [P × 16].
    pub(crate) fn mean_losses<A: Arithmetic>(
        shape: &Shape,
        examples: ExampleRows<'_>,
        candidates: &[Lanes<f32>],
        space: &mut Workspace,
        losses: &mut Lanes<f64>,
    ) {
        losses.fill(0.0);
        let rows = examples.inputs.chunks_exact(shape.inputs).zip(examples.targets.chunks_exact(shape.outputs));
        let mut sums = [0.0f64; KEYS];
        let mut count = 0;
        for (inputs, targets) in rows {
            if count == BLOCK {
                add(losses, &sums);
                (sums, count) = ([0.0; KEYS], 0);
            }
            splat(inputs, &mut space.inputs);
            splat(targets, &mut space.targets);
            let parameter = |index: usize, lane: usize| candidates[index][lane];
            let mut own = [0.0; KEYS];
            shape.losses::<A, KEYS>(parameter, &space.inputs, &space.targets, &mut space.hidden, &mut own);
            for lane in 0..KEYS {
                sums[lane] += f64::from(own[lane]);
            }
            count += 1;
        }
        add(losses, &sums);
        for loss in losses {
            *loss *= examples.per_term;
        }
    }
}

#[inline(always)]
fn add(total: &mut Lanes<f64>, sums: &Lanes<f64>) {
    for lane in 0..KEYS {
        total[lane] += sums[lane];
    }
}

#[inline(always)]
fn splat(values: &[f32], rows: &mut [Lanes<f32>]) {
    for (row, value) in rows.iter_mut().zip(values) {
        row.fill(*value);
    }
}
