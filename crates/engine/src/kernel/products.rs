//! Products of weights and activities: `out[j] ← out[j] + Σᵢ W[i, j] · in[i]`, the heart of every forward pass.
//!
//! Weights are input-major (`W[i · outputs + j]`). Activities lie in blocks of rows; a row holds one number for each of
//! `L` examples side by side. A product works on any number of blocks at once and reads each weight once for two of them.
//!
//! # Orders of sums
//! They depend on `L` and on the sizes of the matrix alone, never on the instructions or on how many blocks there are:
//! - `L` = 4 or 16: inputs in order, one after the other. Lanes are examples; a weight is broadcast over them.
//! - `L` = 1, whole vectors of 16 outputs: inputs in [`SECTION`]s; in a section four chains (inputs 4k, 4k + 1, 4k + 2,
//!   4k + 3), the first of which begins with the output so far, joined as (a + b) + (c + d). Lanes are outputs.
//! - `L` = 1, the last `outputs mod 16` outputs: in a section sixteen chains (inputs 16k + l), joined by halves, then added
//!   to the output so far. Lanes are inputs. Such columns may be given transposed ([`transpose_tail`]), which is faster.
//!
//! Cost: 2 · inputs · outputs · `L` operations for each block. On a machine with two 512-bit multipliers the loop for
//! `L` = 16 runs at 80 % of their speed, the one for a single example at the speed of the L1 cache.

mod single_example;

use std::ops::Range;

use super::Numerics;
use super::activation::Activation;
use super::simd::{Simd, Vector, dispatch};
use single_example::single_example;
pub(super) use single_example::{Columns, Layer};

/// Inputs of a section of a product with a single example.
pub const SECTION: usize = 128;
/// Numbers in a vector.
const WIDTH: usize = 16;

/// Where a product reads and writes in each block of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowLayout {
    /// Rows of a block.
    pub stride: usize,
    /// Rows that are read.
    pub inputs: Range<usize>,
    /// Rows that are added to; behind the inputs.
    pub outputs: Range<usize>,
}

/// A product to be done in every block of an activity.
#[derive(Clone, Copy, Debug)]
pub struct Product<'a> {
    /// The matrix, [inputs × outputs].
    pub weights: &'a [f32],
    /// Its last columns transposed, [outputs mod 16 × inputs], or nothing.
    pub tails: Option<&'a [f32]>,
    /// What the sums begin with, `[outputs]`; without it, with the outputs so far.
    pub bias: Option<&'a [f32]>,
    /// What is done with each sum at the end. `Step` and `Softmax` are not: they leave it as it is.
    pub activation: Activation,
    /// Where it reads and writes.
    pub place: &'a RowLayout,
}

impl Product<'_> {
    /// Does the product in all `blocks` [blocks × stride × L], `L` = 1, 4 or 16.
    ///
    /// # Panics
    /// If the sizes do not fit.
    pub fn run<const L: usize>(&self, numerics: Numerics, blocks: &mut [[f32; L]]) {
        const { assert!(L == 1 || L == 4 || L == 16, "products have 1, 4 or 16 lanes") };
        self.check(blocks.len());
        // Functions that are not generic, so that the loops are compiled once, in this crate.
        let rows = blocks.as_flattened_mut();
        match L {
            1 => multiply_1(numerics, self, rows),
            4 => multiply_4(numerics, self, rows),
            _ => multiply_16(numerics, self, rows),
        }
    }

    /// Panics if the sizes do not fit each other or `rows` in all blocks.
    pub(super) fn check(&self, rows: usize) {
        let RowLayout { stride, inputs, outputs } = self.place;
        assert!(
            inputs.end <= outputs.start
                && outputs.end <= *stride
                && rows.is_multiple_of(*stride)
                && self.weights.len() == inputs.len() * outputs.len()
                && self.bias.is_none_or(|bias| bias.len() == outputs.len())
                && self.tails.is_none_or(|tails| tails.len() == inputs.len() * (outputs.len() % WIDTH)),
            "a product's sizes do not fit: {:?}, {} weights",
            self.place,
            self.weights.len()
        );
    }
}

dispatch! {
    fn multiply_1<S: Simd>(numerics: Numerics, product: &Product<'_>, rows: &mut [f32]) {
        multiply::<S, 1>(*product, rows);
    }
}

dispatch! {
    fn multiply_4<S: Simd>(numerics: Numerics, product: &Product<'_>, rows: &mut [f32]) {
        multiply::<S, 4>(*product, rows);
    }
}

dispatch! {
    fn multiply_16<S: Simd>(numerics: Numerics, product: &Product<'_>, rows: &mut [f32]) {
        multiply::<S, 16>(*product, rows);
    }
}

/// The loop of a product, to be inlined where the vectors' instructions may be used; the caller has checked its sizes.
///
/// `rows` [blocks × stride × L].
#[inline(always)]
pub(super) fn multiply<S: Simd, const L: usize>(product: Product<'_>, rows: &mut [f32]) {
    match L {
        1 => single_example::<S>(product, rows),
        4 => one_block::<S, S::F32x4, 4, 8>(product, rows.as_chunks_mut().0),
        _ if S::F32x16::REGISTERS >= 16 => two_blocks::<S, S::F32x16, 16, 8>(product, rows.as_chunks_mut().0),
        _ if S::F32x16::REGISTERS >= 6 => one_block::<S, S::F32x16, 16, 6>(product, rows.as_chunks_mut().0),
        _ => one_block::<S, S::F32x16, 16, 4>(product, rows.as_chunks_mut().0),
    }
}

/// Two blocks at once, `G` outputs at once; what is left over one by one.
#[inline(always)]
fn two_blocks<S: Simd, V: Vector<L>, const L: usize, const G: usize>(product: Product<'_>, rows: &mut [[f32; L]]) {
    let stride = product.place.stride;
    for pair in rows.chunks_mut(2 * stride) {
        if pair.len() > stride {
            let (first, second) = pair.split_at_mut(stride);
            all_tiles::<S, V, L, G, 2>(product, &mut [first, second]);
        } else {
            all_tiles::<S, V, L, G, 1>(product, &mut [pair]);
        }
    }
}

/// One block at once, for processors with few registers.
#[inline(always)]
fn one_block<S: Simd, V: Vector<L>, const L: usize, const G: usize>(product: Product<'_>, rows: &mut [[f32; L]]) {
    for block in rows.chunks_mut(product.place.stride) {
        all_tiles::<S, V, L, G, 1>(product, &mut [block]);
    }
}

/// All outputs in groups of `G`, the last ones in smaller groups: each size is a loop of its own in the program.
///
/// With AVX2 groups of 6 fill the registers, which groups of 4 do not. A copy of a group's weights side by side, for all blocks, gains nothing more.
#[inline(always)]
fn all_tiles<S: Simd, V: Vector<L>, const L: usize, const G: usize, const B: usize>(
    product: Product<'_>,
    blocks: &mut [&mut [[f32; L]]; B],
) {
    let first = tiles::<V, L, G, B>(product, blocks, 0);
    let first = if G == 6 { tiles::<V, L, 4, B>(product, blocks, first) } else { first };
    let first = tiles::<V, L, 3, B>(product, blocks, first);
    tiles::<V, L, 1, B>(product, blocks, first);
    activate::<S, L, B>(product, blocks);
}

/// Applies the activation function to the outputs of a product in `B` blocks.
///
/// After all tiles, and not to the registers of each: the outputs are still in the L1 cache, and the function is compiled once.
#[inline(always)]
pub(super) fn activate<S: Simd, const L: usize, const B: usize>(
    product: Product<'_>,
    blocks: &mut [&mut [[f32; L]]; B],
) {
    for block in blocks {
        // Rows of 4 lanes, four at a time.
        let values = block[product.place.outputs.clone()].as_flattened_mut();
        let (whole, rest) = values.as_chunks_mut::<WIDTH>();
        product.activation.of_rows::<S::F32x16, WIDTH>(whole);
        if L < WIDTH {
            product.activation.of_rows::<S::F32x4, 4>(rest.as_chunks_mut().0);
        }
    }
}

/// As many groups of `G` outputs as there are from output `first` on, in `B` blocks at once; returns the first output
/// that is left.
#[inline(always)]
fn tiles<V: Vector<L>, const L: usize, const G: usize, const B: usize>(
    product: Product<'_>,
    blocks: &mut [&mut [[f32; L]]; B],
    first: usize,
) -> usize {
    let RowLayout { outputs, .. } = product.place;
    let mut first = first;
    while first + G <= outputs.len() {
        let sums = sums_of::<V, L, G, B>(product, blocks, first);
        store_tile(&sums, blocks, outputs.start + first);
        first += G;
    }
    first
}

/// Writes the sums of a tile to rows `row .. row + G` of the blocks.
#[inline(always)]
pub(super) fn store_tile<V: Vector<L>, const L: usize, const G: usize, const B: usize>(
    sums: &[[V; B]; G],
    blocks: &mut [&mut [[f32; L]]; B],
    row: usize,
) {
    for b in 0..B {
        // One check for all rows.
        let rows = &mut blocks[b][row..row + G];
        for g in 0..G {
            sums[g][b].store(&mut rows[g]);
        }
    }
}

/// The sums of `G` outputs from output `first` on, in `B` blocks. What has called it has made the checks of
/// [`Product::run`].
#[inline(always)]
#[allow(unsafe_code)]
pub(super) fn sums_of<V: Vector<L>, const L: usize, const G: usize, const B: usize>(
    product: Product<'_>,
    blocks: &[&mut [[f32; L]]; B],
    first: usize,
) -> [[V; B]; G] {
    let Product { weights, bias, place, .. } = product;
    let (width, row) = (place.outputs.len(), place.outputs.start + first);
    let mut sums = [[V::splat(0.0); B]; G];
    for g in 0..G {
        for b in 0..B {
            sums[g][b] = match bias {
                Some(bias) => V::splat(bias[first + g]),
                None => V::load(&blocks[b][row + g]),
            };
        }
    }
    let mut weight = weights[first..].as_ptr();
    for i in place.inputs.clone() {
        // SAFETY: it has been checked that the rows `inputs` lie in every block and that there are inputs · outputs
        // weights; the weights read here are W[i, first .. first + G], and `first + G ≤ width`.
        unsafe {
            let mut input = [V::splat(0.0); B];
            for b in 0..B {
                input[b] = V::load(blocks[b].get_unchecked(i));
            }
            for g in 0..G {
                let factor = V::splat(*weight.add(g));
                for b in 0..B {
                    sums[g][b] = factor.multiply_add(input[b], sums[g][b]);
                }
            }
        }
        weight = weight.wrapping_add(width);
    }
    sums
}

/// Copies the last columns of a matrix, transposed, as a [`Product`] takes them: `tails` [outputs mod 16 × inputs].
pub fn transpose_tail(weights: &[f32], outputs: usize, tails: &mut [f32]) {
    let first = outputs / WIDTH * WIDTH;
    let inputs = weights.len() / outputs.max(1);
    for (tail, column) in tails.chunks_exact_mut(inputs.max(1)).enumerate() {
        for (value, row) in column.iter_mut().zip(weights.chunks_exact(outputs)) {
            *value = row[first + tail];
        }
    }
}

/// How many columns of a matrix with so many outputs [`transpose_tail`] copies.
pub fn tail_of(outputs: usize) -> usize {
    outputs % WIDTH
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Key;

    fn numbers(seed: u64, count: usize) -> Vec<f32> {
        let mut stream = Key::from_seed(seed).stream();
        (0..count).map(|_| stream.normal()).collect()
    }

    /// Shapes with and without whole tiles, vectors and chains, and with more than one section.
    const SHAPES: [(usize, usize); 7] = [(67, 64), (5, 3), (1, 1), (16, 20), (131, 81), (64, 3), (300, 17)];

    fn place(inputs: usize, outputs: usize) -> RowLayout {
        RowLayout { stride: inputs + outputs + 3, inputs: 1..1 + inputs, outputs: inputs + 2..inputs + 2 + outputs }
    }

    fn product<const L: usize>(numerics: Numerics, (inputs, outputs): (usize, usize), tails: bool) -> Vec<f32> {
        let place = place(inputs, outputs);
        let weights = numbers(1, inputs * outputs);
        let mut transposed = vec![0.0; inputs * tail_of(outputs)];
        transpose_tail(&weights, outputs, &mut transposed);
        let mut rows = numbers(2, 3 * place.stride * L);
        let product = Product {
            weights: &weights,
            tails: tails.then_some(&transposed),
            bias: None,
            activation: Activation::Linear,
            place: &place,
        };
        product.run::<L>(numerics, rows.as_chunks_mut().0);
        rows
    }

    fn check_against_f64<const L: usize>() {
        for (inputs, outputs) in SHAPES {
            let place = place(inputs, outputs);
            let weights = numbers(1, inputs * outputs);
            let before = numbers(2, 3 * place.stride * L);
            for numerics in [Numerics::Native, Numerics::Portable] {
                let found = product::<L>(numerics, (inputs, outputs), false);
                for (index, &value) in found.iter().enumerate() {
                    let (row, lane) = (index / L, index % L);
                    let (block, row) = (row / place.stride, row % place.stride);
                    let mut exact = f64::from(before[index]);
                    if place.outputs.contains(&row) {
                        for i in 0..inputs {
                            let input = before[(block * place.stride + 1 + i) * L + lane];
                            exact += f64::from(weights[i * outputs + row - place.outputs.start]) * f64::from(input);
                        }
                    }
                    let bound = 1e-6 * (inputs as f64 + 1.0);
                    assert!(
                        (f64::from(value) - exact).abs() < bound,
                        "{inputs} × {outputs}, row {row}: {value}, {exact}"
                    );
                }
            }
        }
    }

    #[test]
    fn products_agree_with_f64() {
        check_against_f64::<1>();
        check_against_f64::<4>();
        check_against_f64::<16>();
    }

    #[test]
    fn lanes_are_sums_in_the_order_of_the_inputs() {
        let (inputs, outputs) = (67, 9);
        let place = place(inputs, outputs);
        let (weights, before) = (numbers(1, inputs * outputs), numbers(2, 3 * place.stride * 16));
        let found = product::<16>(Numerics::Portable, (inputs, outputs), false);
        for j in 0..outputs {
            let at = (place.outputs.start + j) * 16 + 5;
            let expected =
                (0..inputs).fold(before[at], |sum, i| sum + weights[i * outputs + j] * before[(1 + i) * 16 + 5]);
            assert_eq!(found[at], expected);
        }
    }

    #[test]
    fn transposed_tails_and_other_blocks_change_no_bit() {
        for shape in SHAPES {
            let whole = product::<1>(Numerics::Native, shape, false);
            assert!(whole == product::<1>(Numerics::Native, shape, true), "{shape:?}");
            let place = place(shape.0, shape.1);
            let weights = numbers(1, shape.0 * shape.1);
            let mut rows = numbers(2, 3 * place.stride * 16);
            let together = product::<16>(Numerics::Native, shape, false);
            for block in rows.chunks_mut(16 * place.stride) {
                let (tails, bias, activation) = (None, None, Activation::Linear);
                Product { weights: &weights, tails, bias, activation, place: &place }
                    .run::<16>(Numerics::Native, block.as_chunks_mut().0);
            }
            assert!(rows == together, "{shape:?}");
        }
    }

    /// Bias and activation in the product are those before and behind it.
    fn check_fused<const L: usize>() {
        for (inputs, outputs) in SHAPES {
            let place = place(inputs, outputs);
            let (weights, bias) = (numbers(1, inputs * outputs), numbers(3, outputs));
            for numerics in [Numerics::Native, Numerics::Portable] {
                for activation in [Activation::Tanh, Activation::Relu, Activation::Logistic, Activation::Linear] {
                    let (mut fused, mut apart) = (numbers(2, 2 * place.stride * L), numbers(2, 2 * place.stride * L));
                    let product =
                        Product { weights: &weights, tails: None, bias: Some(&bias), activation, place: &place };
                    product.run::<L>(numerics, fused.as_chunks_mut().0);
                    let rows = apart.as_chunks_mut::<L>().0;
                    for block in rows.chunks_mut(place.stride) {
                        for (row, bias) in block[place.outputs.clone()].iter_mut().zip(&bias) {
                            *row = [*bias; L];
                        }
                    }
                    Product { bias: None, activation: Activation::Linear, ..product }.run::<L>(numerics, rows);
                    for block in rows.chunks_mut(place.stride) {
                        activation.apply(numerics, &mut block[place.outputs.clone()]);
                    }
                    assert!(fused == apart, "{activation:?} {inputs} × {outputs} {numerics:?}");
                }
            }
        }
    }

    #[test]
    fn bias_and_activation_in_the_product_change_no_bit() {
        check_fused::<1>();
        check_fused::<4>();
        check_fused::<16>();
    }
}
