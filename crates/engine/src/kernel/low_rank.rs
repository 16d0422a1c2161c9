//! What directions of low rank add to a product that was computed without them.
//!
//! ```text
//!     t_q = s r^(−½) Σ_i a_q,i u_i            out_j ← out_j + s c_j + Σ_q b_q,j t_q
//! ```
//! u activity before the layer [inputs × L] · out what the layer received [units × L] · a, b, c normals · s scale · r rank.
//!
//! Lanes are examples, which share the factors, or members of a population, each with its own. Four chains of inputs (4k, 4k + 1,
//! 4k + 2, 4k + 3) are joined as (t₀ + t₁) + (t₂ + t₃); units in order, q in order.
//!
//! Cost: 2 r (inputs + units) operations for each lane.

use super::Numerics;
use super::arithmetic::Arithmetic;
use super::simd::dispatch;

/// The factors of one layer and one member, or of `L` members side by side: `F` is `f32` or `[f32; L]`.
#[derive(Clone, Copy, Debug)]
pub struct Factors<'a, F> {
    /// a [r × inputs].
    pub left: &'a [F],
    /// b [r × units].
    pub right: &'a [F],
    /// c `[units]`.
    pub bias: &'a [F],
    /// s.
    pub scale: F,
    /// r^(−½).
    pub root: f32,
}

/// A number for each lane.
trait PerLane<const L: usize>: Copy {
    fn at(self, lane: usize) -> f32;
}

impl<const L: usize> PerLane<L> for f32 {
    #[inline(always)]
    fn at(self, _: usize) -> f32 {
        self
    }
}

impl<const L: usize> PerLane<L> for [f32; L] {
    #[inline(always)]
    fn at(self, lane: usize) -> f32 {
        self[lane]
    }
}

#[inline(always)]
fn correct<A: Arithmetic, F: PerLane<L>, const L: usize>(
    factors: Factors<'_, F>,
    inputs: &[[f32; L]],
    outputs: &mut [[f32; L]],
) {
    let Factors { left, right, bias, scale, root } = factors;
    for (output, bias) in outputs.iter_mut().zip(bias) {
        for lane in 0..L {
            output[lane] = A::multiply_add(scale.at(lane), bias.at(lane), output[lane]);
        }
    }
    let count = outputs.len().max(1);
    for (left, right) in left.chunks_exact(inputs.len().max(1)).zip(right.chunks_exact(count)) {
        let mut chains = [[0.0f32; L]; 4];
        let ((left, left_rest), (inputs, inputs_rest)) = (left.as_chunks::<4>(), inputs.as_chunks::<4>());
        for (left, inputs) in left.iter().zip(inputs) {
            for chain in 0..4 {
                for lane in 0..L {
                    chains[chain][lane] =
                        A::multiply_add(left[chain].at(lane), inputs[chain][lane], chains[chain][lane]);
                }
            }
        }
        for (chain, (left, inputs)) in chains.iter_mut().zip(left_rest.iter().zip(inputs_rest)) {
            for lane in 0..L {
                chain[lane] = A::multiply_add(left.at(lane), inputs[lane], chain[lane]);
            }
        }
        let mut sum = [0.0f32; L];
        for lane in 0..L {
            let joined = (chains[0][lane] + chains[1][lane]) + (chains[2][lane] + chains[3][lane]);
            sum[lane] = scale.at(lane) * root * joined;
        }
        for (output, right) in outputs.iter_mut().zip(right) {
            for lane in 0..L {
                output[lane] = A::multiply_add(right.at(lane), sum[lane], output[lane]);
            }
        }
    }
}

dispatch! {
    /// The correction of one member over examples in lanes.
    fn correct_examples<S: Simd, const L: usize>(
        numerics: Numerics,
        factors: Factors<'_, f32>,
        inputs: &[[f32; L]],
        outputs: &mut [[f32; L]],
    ) {
        correct::<S::Arithmetic, f32, L>(factors, inputs, outputs);
    }
}

dispatch! {
    /// The correction of members in lanes.
    fn correct_members<S: Simd, const L: usize>(
        numerics: Numerics,
        factors: Factors<'_, [f32; L]>,
        inputs: &[[f32; L]],
        outputs: &mut [[f32; L]],
    ) {
        correct::<S::Arithmetic, [f32; L], L>(factors, inputs, outputs);
    }
}

impl Factors<'_, f32> {
    /// Adds the correction of one member to the pre-activations of its examples.
    pub fn add_to<const L: usize>(self, numerics: Numerics, inputs: &[[f32; L]], outputs: &mut [[f32; L]]) {
        correct_examples(numerics, self, inputs, outputs);
    }
}

impl<const L: usize> Factors<'_, [f32; L]> {
    /// Adds the correction of each lane's member to its pre-activations.
    pub fn add_to_members(self, numerics: Numerics, inputs: &[[f32; L]], outputs: &mut [[f32; L]]) {
        correct_members(numerics, self, inputs, outputs);
    }
}
