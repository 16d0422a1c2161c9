//! Products in antithetic pairs of blocks with noise on the units: `f(b + W u⁺ + σξ)` and `f(b + W u⁻ − σξ)`.
//!
//! A pair is two blocks of rows, one behind the other; ξ = ±1 for each unit and lane. The noise is added to the finished sum
//! in its register, so that the sum has the bits that it has without noise. Both halves read each weight at once.
//! Where the inputs of both are the same (`common`), the sum is computed once, from the first block: half the products.
//!
//! Cost: 2 · inputs · outputs · `L` operations for each block, or half of it.

use super::Numerics;
use super::products::{Product, RowLayout, activate, store_tile, sums_of};
use super::simd::{Simd, Vector, dispatch};

/// A product with noise, to be done in every pair of blocks.
#[derive(Clone, Copy, Debug)]
pub struct PairProduct<'a> {
    /// What is computed without noise.
    pub product: Product<'a>,
    /// Lane `l` of output `j` of pair `p` has the sign of bit `l` of `signs[p · stride + first + j]`: 1 is −1.
    pub signs: &'a [u16],
    /// Words from one pair to the next.
    pub stride: usize,
    /// The word of the first output.
    pub first: usize,
    /// Scale σ of the noise.
    pub scale: f32,
    /// Whether both halves have the same inputs.
    pub common: bool,
}

impl PairProduct<'_> {
    /// Does the product in all `pairs` [pairs × 2 × rows × L], `L` = 4 or 16.
    ///
    /// # Panics
    /// If the sizes do not fit, or for another `L`.
    pub fn run<const L: usize>(&self, numerics: Numerics, pairs: &mut [[f32; L]]) {
        let RowLayout { stride, outputs, .. } = self.product.place;
        self.product.check(pairs.len());
        let count = pairs.len() / (2 * stride);
        assert!(
            pairs.len().is_multiple_of(2 * stride)
                && (count == 0 || (count - 1) * self.stride + self.first + outputs.len() <= self.signs.len()),
            "the noise does not fit its pairs"
        );
        let flat = pairs.as_flattened_mut();
        match L {
            4 => multiply_pairs_4(numerics, *self, flat.as_chunks_mut().0),
            16 => multiply_pairs_16(numerics, *self, flat.as_chunks_mut().0),
            _ => panic!("pairs of products have 4 or 16 lanes, not {L}"),
        }
    }

    /// The signs of a pair's outputs.
    #[inline(always)]
    fn signs_of(&self, pair: usize) -> &[u16] {
        &self.signs[pair * self.stride + self.first..][..self.product.place.outputs.len()]
    }
}

dispatch! {
    fn multiply_pairs_4<S: Simd>(numerics: Numerics, product: PairProduct<'_>, rows: &mut [[f32; 4]]) {
        one_by_one::<S, S::F32x4, 4, 8>(product, rows);
    }
}

dispatch! {
    fn multiply_pairs_16<S: Simd>(numerics: Numerics, product: PairProduct<'_>, rows: &mut [[f32; 16]]) {
        if S::F32x16::REGISTERS >= 16 {
            side_by_side::<S, S::F32x16, 16, 8>(product, rows);
        } else {
            one_by_one::<S, S::F32x16, 16, 4>(product, rows);
        }
    }
}

/// Both halves at once, or two pairs where the halves have one sum.
#[inline(always)]
fn side_by_side<S: Simd, V: Vector<L>, const L: usize, const G: usize>(task: PairProduct<'_>, rows: &mut [[f32; L]]) {
    let (stride, common) = (task.product.place.stride, task.common);
    if !common {
        for (pair, blocks) in rows.chunks_exact_mut(2 * stride).enumerate() {
            let (plus, minus) = blocks.split_at_mut(stride);
            let signs = task.signs_of(pair);
            let mut blocks = [plus, minus];
            let rest = halves::<V, L, G, 2>(task, &mut blocks, task.scale, signs, 0);
            halves::<V, L, 1, 2>(task, &mut blocks, task.scale, signs, rest);
            activate::<S, L, 2>(task.product, &mut blocks);
        }
        return;
    }
    for (index, blocks) in rows.chunks_mut(4 * stride).enumerate() {
        let (first, second) = blocks.split_at_mut(2 * stride);
        let (plus, minus) = first.split_at_mut(stride);
        let signs = task.signs_of(2 * index);
        if second.is_empty() {
            let (mut plus, mut minus) = ([plus], [minus]);
            let rest = shared::<V, L, G, 1>(task, &mut plus, &mut minus, [signs], 0);
            shared::<V, L, 1, 1>(task, &mut plus, &mut minus, [signs], rest);
            activate::<S, L, 1>(task.product, &mut plus);
            activate::<S, L, 1>(task.product, &mut minus);
        } else {
            let signs = [signs, task.signs_of(2 * index + 1)];
            let (next, last) = second.split_at_mut(stride);
            let (mut plus, mut minus) = ([plus, next], [minus, last]);
            let rest = shared::<V, L, G, 2>(task, &mut plus, &mut minus, signs, 0);
            shared::<V, L, 1, 2>(task, &mut plus, &mut minus, signs, rest);
            activate::<S, L, 2>(task.product, &mut plus);
            activate::<S, L, 2>(task.product, &mut minus);
        }
    }
}

/// One block after the other, for processors with few registers.
#[inline(always)]
fn one_by_one<S: Simd, V: Vector<L>, const L: usize, const G: usize>(task: PairProduct<'_>, rows: &mut [[f32; L]]) {
    let stride = task.product.place.stride;
    for (pair, blocks) in rows.chunks_exact_mut(2 * stride).enumerate() {
        let (plus, minus) = blocks.split_at_mut(stride);
        let signs = task.signs_of(pair);
        if task.common {
            let (mut plus, mut minus) = ([plus], [minus]);
            let rest = shared::<V, L, G, 1>(task, &mut plus, &mut minus, [signs], 0);
            shared::<V, L, 1, 1>(task, &mut plus, &mut minus, [signs], rest);
            activate::<S, L, 1>(task.product, &mut plus);
            activate::<S, L, 1>(task.product, &mut minus);
        } else {
            for (half, scale) in [(plus, task.scale), (minus, -task.scale)] {
                let mut half = [half];
                let rest = halves::<V, L, G, 1>(task, &mut half, scale, signs, 0);
                halves::<V, L, 1, 1>(task, &mut half, scale, signs, rest);
                activate::<S, L, 1>(task.product, &mut half);
            }
        }
    }
}

/// As many groups of `G` outputs as there are from output `first` on, in `B` blocks, which are both halves or one of them, the first with
/// noise of this scale; returns the first output that is left.
#[inline(always)]
fn halves<V: Vector<L>, const L: usize, const G: usize, const B: usize>(
    task: PairProduct<'_>,
    blocks: &mut [&mut [[f32; L]]; B],
    scale: f32,
    signs: &[u16],
    first: usize,
) -> usize {
    let Product { place, .. } = task.product;
    let mut first = first;
    while first + G <= place.outputs.len() {
        let mut sums = sums_of::<V, L, G, B>(task.product, blocks, first);
        for (g, signs) in signs[first..first + G].iter().enumerate() {
            let noise = V::splat(scale).flip(*signs);
            for b in 0..B {
                sums[g][b] = if b == 0 { sums[g][b].add(noise) } else { sums[g][b].subtract(noise) };
            }
        }
        store_tile(&sums, blocks, place.outputs.start + first);
        first += G;
    }
    first
}

/// The same for `B` pairs whose halves have one sum.
#[inline(always)]
fn shared<V: Vector<L>, const L: usize, const G: usize, const B: usize>(
    task: PairProduct<'_>,
    plus: &mut [&mut [[f32; L]]; B],
    minus: &mut [&mut [[f32; L]]; B],
    signs: [&[u16]; B],
    first: usize,
) -> usize {
    let Product { place, .. } = task.product;
    let mut first = first;
    while first + G <= place.outputs.len() {
        let sums = sums_of::<V, L, G, B>(task.product, plus, first);
        let (mut with, mut without) = (sums, sums);
        for g in 0..G {
            for b in 0..B {
                let noise = V::splat(task.scale).flip(signs[b][first + g]);
                (with[g][b], without[g][b]) = (sums[g][b].add(noise), sums[g][b].subtract(noise));
            }
        }
        let row = place.outputs.start + first;
        store_tile(&with, plus, row);
        store_tile(&without, minus, row);
        first += G;
    }
    first
}
