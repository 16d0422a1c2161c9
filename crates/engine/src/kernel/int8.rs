//! Products of eight-bit integers: a layer's weights in bytes with a scale for each unit, its inputs in bytes with a scale for each
//! example, sums in 32 bits.
//!
//! ```text
//!     s_j = maxᵢ |w_ij|/127 ,   W_ij = round(w_ij/s_j)              weights, once for a candidate
//!     a   = maxᵢ |x_i|/127 ,    X_i  = round(x_i/a)                 inputs, once for an example and layer
//!     y_j = f(b_j + s_j a Σᵢ W_ij X_i)
//! ```
//! w weights [inputs × units] · x inputs · b bias, f activation function, both in `f32` · s, a scales, 0 where all is 0 (or below 10⁻³⁰) and NaN where
//! a number is not finite, so that such a candidate has a loss that is not finite either. Integers lie between −127 and 127.
//!
//! # Bits
//! Sums of integers have no order: whatever the instructions, the sums are the same. What follows them (one product, one `a·b + c`) is
//! done in the arithmetic of `native`.
//!
//! | processor | instruction | products of one |
//! |---|---|---|
//! | AVX-512 VNNI, AVX-VNNI | `VPDPBUSD` | 64, 32 |
//! | AVX2 | `VPSIGNB`, `VPMADDUBSW`, `VPMADDWD`, `VPADDD` | 32 by four |
//! | others | portable loops | |
//!
//! `VPDPBUSD` and `VPMADDUBSW` take one factor without a sign. The first gets X + 128, and 128 Σᵢ W_ij is taken off; the second |X|, its signs put on W:
//! sums of two products are then below 2¹⁵ and nothing saturates.
//!
//! # Error
//! A weight is off by at most s_j/2, an input by at most a/2. `int8_stays_within_its_stated_error` in `tests/passes/rounded.rs` says what that does to losses.
//!
//! # Cost
//! 2 · inputs · units operations for each example, in bytes; about ten operations for each weight of a candidate and each input. Memory: a byte
//! for each weight, eight for each unit.
//!
//! Reference: B. Jacob et al., *Quantization and training of neural networks for efficient integer-arithmetic-only inference*, CVPR 2018; scales by unit as
//! there, symmetric.

mod dot;

use super::activation::Activation;
use super::simd::{Vector, dispatch};
use dot::{Dot, examples_16, single_1};

/// Numbers in a vector.
const WIDTH: usize = 16;
/// The largest integer.
const LARGEST: f32 = 127.0;
/// What is smaller counts as zero, as its reciprocal would be infinite.
const SMALLEST: f32 = 1e-30;
/// Adding this to a number below 2²² in size leaves the nearest integer in the low bits, ties to even.
const ROUND: f32 = 12_582_912.0;
/// Most inputs of a layer: a sum of more could pass 2³¹.
pub const MAX_INPUTS: usize = 1 << 16;

/// Words of four bytes for a layer of so many inputs.
fn words(inputs: usize) -> usize {
    inputs.div_ceil(4)
}

/// The low byte of the nearest integer.
#[inline(always)]
fn byte(scaled: f32) -> u32 {
    (scaled + ROUND).to_bits() & 0xFF
}

/// Scale, and factor to integers, of numbers whose largest size has these bits; a NaN has more bits than an infinity, an infinity than a number.
#[inline(always)]
fn scales(largest: u32) -> (f32, f32) {
    let largest = f32::from_bits(largest);
    if largest < SMALLEST {
        (0.0, 0.0)
    } else if largest < f32::INFINITY {
        (largest / LARGEST, LARGEST / largest)
    } else {
        (f32::NAN, 0.0)
    }
}

/// The size of a number as bits that are ordered as sizes are.
#[inline(always)]
fn size(x: f32) -> u32 {
    x.to_bits() & 0x7FFF_FFFF
}

/// A layer with its weights in bytes; see the module's head.
///
/// # Example
/// ```
/// use tegmentum_engine::kernel::int8::PackedLayer;
///
/// let mut layer = PackedLayer::default();
/// layer.pack(&[1.0, -0.5, 0.25, 2.0], 2);
/// assert_eq!(layer.bytes(), 64 + 2 * 64);
/// ```
#[derive(Clone, Debug, Default)]
pub struct PackedLayer {
    inputs: usize,
    units: usize,
    /// Words [⌈inputs/4⌉ × units filled up to whole vectors]: bytes of four inputs, the first in the lowest.
    words: Vec<[u32; WIDTH]>,
    /// s `[units]`, filled up with zeros.
    scales: Vec<[f32; WIDTH]>,
    /// −128 Σᵢ W_ij `[units]`, filled up.
    offsets: Vec<[i32; WIDTH]>,
}

impl PackedLayer {
    /// Takes in the weights of a layer [inputs × units].
    pub fn pack(&mut self, weights: &[f32], units: usize) {
        self.units = units;
        self.inputs = weights.len() / units.max(1);
        let vectors = units.div_ceil(WIDTH);
        self.words.resize(words(self.inputs) * vectors, [0; WIDTH]);
        self.scales.resize(vectors, [0.0; WIDTH]);
        self.offsets.resize(vectors, [0; WIDTH]);
        pack_weights(weights, units, self);
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        size_of_val(&self.words[..]) + 2 * size_of_val(&self.scales[..])
    }

    /// Vectors of units.
    fn vectors(&self) -> usize {
        self.scales.len()
    }
}

/// The bytes of four vectors in words.
#[inline(always)]
fn word_of(four: [&[f32; WIDTH]; 4], factors: &[f32; WIDTH]) -> [u32; WIDTH] {
    let mut word = [0u32; WIDTH];
    for lane in 0..WIDTH {
        let factor = factors[lane];
        let low = byte(four[0][lane] * factor) | byte(four[1][lane] * factor) << 8;
        word[lane] = low | byte(four[2][lane] * factor) << 16 | byte(four[3][lane] * factor) << 24;
    }
    word
}

/// The larger size in each lane.
#[inline(always)]
fn widen(largest: &mut [u32; WIDTH], values: &[f32; WIDTH]) {
    for lane in 0..WIDTH {
        largest[lane] = largest[lane].max(size(values[lane]));
    }
}

/// Scales and factors of a vector.
#[inline(always)]
fn scales_of(largest: &[u32; WIDTH]) -> ([f32; WIDTH], [f32; WIDTH]) {
    let (mut own, mut factors) = ([0.0; WIDTH], [0.0; WIDTH]);
    for lane in 0..WIDTH {
        (own[lane], factors[lane]) = scales(largest[lane]);
    }
    (own, factors)
}

/// The numbers of a row from `first` on, zeros after its end.
#[inline(always)]
fn vector_at(row: &[f32], first: usize) -> [f32; WIDTH] {
    let rest = &row[first..];
    if let Some(whole) = rest.first_chunk() {
        return *whole;
    }
    let mut vector = [0.0; WIDTH];
    vector[..rest.len()].copy_from_slice(rest);
    vector
}

dispatch! {
    /// Scales, words and offsets of `weights` [inputs × units]: a vector of units after the other, down the rows, so that what is found stays in
    /// registers.
    fn pack_weights(weights: &[f32], units: usize, layer: &mut PackedLayer) {
        let vectors = layer.scales.len();
        for vector in 0..vectors {
            let first = vector * WIDTH;
            let mut largest = [0u32; WIDTH];
            for row in weights.chunks_exact(units) {
                widen(&mut largest, &vector_at(row, first));
            }
            let factors;
            (layer.scales[vector], factors) = scales_of(&largest);
            let mut sums = [0i32; WIDTH];
            for (index, rows) in weights.chunks(4 * units).enumerate() {
                let mut four = [[0.0; WIDTH]; 4];
                for (own, row) in four.iter_mut().zip(rows.chunks_exact(units)) {
                    *own = vector_at(row, first);
                }
                let word = word_of([&four[0], &four[1], &four[2], &four[3]], &factors);
                for lane in 0..WIDTH {
                    let signed = |place: u32| (word[lane] << place).cast_signed() >> 24;
                    sums[lane] += signed(24) + signed(16) + signed(8) + signed(0);
                }
                layer.words[index * vectors + vector] = word;
            }
            for lane in 0..WIDTH {
                layer.offsets[vector][lane] = -128 * sums[lane];
            }
        }
    }
}

/// Room for the bytes of a layer's inputs.
#[derive(Clone, Debug, Default)]
pub struct Int8Scratch {
    /// Words [blocks × ⌈inputs/4⌉ × 16].
    words: Vec<[u32; WIDTH]>,
    /// a [blocks × 16].
    scales: Vec<[f32; WIDTH]>,
}

/// Where a layer's rows are in a block of the activity.
#[derive(Clone, Debug)]
pub struct Places {
    /// Rows of a block.
    pub stride: usize,
    /// Rows that are read.
    pub inputs: std::ops::Range<usize>,
    /// Rows that are written.
    pub outputs: std::ops::Range<usize>,
}

/// A layer with its bias and what its units do; an activation of a whole layer (softmax) is left to the caller.
#[derive(Clone, Copy, Debug)]
pub struct Int8Product<'a> {
    /// The weights.
    pub layer: &'a PackedLayer,
    /// `[units]`.
    pub bias: &'a [f32],
    /// A function of one number.
    pub activation: Activation,
    /// Which rows.
    pub places: &'a Places,
}

impl Int8Product<'_> {
    /// Computes the units in every block of `activity` [blocks × stride × L], `L` 1, 4 or 16.
    ///
    /// # Panics
    /// If the sizes do not fit.
    pub fn run<const L: usize>(&self, scratch: &mut Int8Scratch, activity: &mut [[f32; L]]) {
        let (layer, places) = (self.layer, self.places);
        assert_eq!(
            (places.inputs.len(), places.outputs.len()),
            (layer.inputs, layer.units),
            "a packed layer of other sizes"
        );
        assert!(self.bias.len() == layer.units, "a bias of another size");
        let blocks = activity.len() / places.stride;
        if L == WIDTH {
            scratch.words.resize(blocks * words(layer.inputs), [0; WIDTH]);
            scratch.scales.resize(blocks, [0.0; WIDTH]);
            let activity = activity.as_flattened_mut().as_chunks_mut::<WIDTH>().0;
            quantise_lanes(activity, places, scratch);
            examples_16(self, scratch, activity);
        } else {
            scratch.words.resize(words(layer.inputs).div_ceil(WIDTH), [0; WIDTH]);
            for block in activity.chunks_exact_mut(places.stride) {
                for lane in 0..L {
                    let scale = quantise_one(block, places, lane, &mut scratch.words);
                    let mut outputs = OneLane { rows: &mut block[places.outputs.clone()], lane };
                    self.single(&scratch.words, scale, &mut outputs);
                }
            }
        }
    }

    /// The units of one example.
    fn single<const L: usize>(&self, words: &[[u32; WIDTH]], scale: f32, outputs: &mut OneLane<'_, L>) {
        for vector in 0..self.layer.vectors() {
            let mut found = [0.0; WIDTH];
            single_1(self, words.as_flattened(), scale, vector, &mut found);
            for (row, found) in outputs.rows[vector * WIDTH..].iter_mut().zip(found) {
                row[outputs.lane] = found;
            }
        }
    }
}

/// One lane of rows.
struct OneLane<'a, const L: usize> {
    rows: &'a mut [[f32; L]],
    lane: usize,
}

dispatch! {
    /// The inputs of every block in bytes, 16 examples side by side.
    fn quantise_lanes(activity: &[[f32; WIDTH]], places: &Places, scratch: &mut Int8Scratch) {
        let count = words(places.inputs.len());
        let blocks = activity.chunks_exact(places.stride).zip(scratch.words.chunks_exact_mut(count.max(1)));
        for ((block, own), scale) in blocks.zip(&mut scratch.scales) {
            let inputs = &block[places.inputs.clone()];
            let mut largest = [0u32; WIDTH];
            for row in inputs {
                widen(&mut largest, row);
            }
            let factors;
            (*scale, factors) = scales_of(&largest);
            let (fours, rest) = inputs.as_chunks::<4>();
            for (word, four) in own.iter_mut().zip(fours) {
                *word = word_of([&four[0], &four[1], &four[2], &four[3]], &factors);
            }
            if let Some(word) = own.get_mut(fours.len()) {
                let zero = [0.0; WIDTH];
                let at = |place: usize| rest.get(place).unwrap_or(&zero);
                *word = word_of([at(0), at(1), at(2), at(3)], &factors);
            }
        }
    }
}

/// The inputs of one example in bytes; returns its scale.
fn quantise_one<const L: usize>(block: &[[f32; L]], places: &Places, lane: usize, words: &mut [[u32; WIDTH]]) -> f32 {
    let inputs = &block[places.inputs.clone()];
    let largest = inputs.iter().map(|row| size(row[lane])).max().unwrap_or(0);
    let (scale, factor) = scales(largest);
    for (word, rows) in words.as_flattened_mut().iter_mut().zip(inputs.chunks(4)) {
        let bytes = rows.iter().enumerate().map(|(place, row)| byte(row[lane] * factor) << (8 * place));
        *word = bytes.fold(0, |word, byte| word | byte);
    }
    scale
}

/// Sums of a vector of units or examples, with scales and bias, through the activation function.
#[inline(always)]
fn finish<V: Vector<WIDTH>>(sums: [i32; WIDTH], scales: V, bias: V, activation: Activation) -> V {
    let mut numbers = [0.0f32; WIDTH];
    for lane in 0..WIDTH {
        numbers[lane] = sums[lane] as f32;
    }
    activation.of_vector(V::load(&numbers).multiply_add(scales, bias))
}

/// All blocks with 16 examples each: four units of two blocks, or one of one, at once.
#[inline(always)]
fn examples<V: Vector<WIDTH>, D: Dot>(product: &Int8Product<'_>, scratch: &Int8Scratch, activity: &mut [[f32; WIDTH]]) {
    let count = words(product.layer.inputs);
    let stride = product.places.stride;
    let pairs = activity.chunks_mut(2 * stride).zip(scratch.words.chunks((2 * count).max(1)));
    for ((blocks, words), scales) in pairs.zip(scratch.scales.chunks(2)) {
        let mut first = 0;
        while first < product.layer.units {
            let left = product.layer.units - first;
            first += match (scales.len(), left >= D::UNITS) {
                (2, true) if D::UNITS == 8 => tile::<V, D, 8, 2>(product, words, scales, blocks, first),
                (2, true) => tile::<V, D, 4, 2>(product, words, scales, blocks, first),
                (2, false) => tile::<V, D, 1, 2>(product, words, scales, blocks, first),
                (_, true) if D::UNITS == 8 => tile::<V, D, 8, 1>(product, words, scales, blocks, first),
                (_, true) => tile::<V, D, 4, 1>(product, words, scales, blocks, first),
                (_, false) => tile::<V, D, 1, 1>(product, words, scales, blocks, first),
            };
        }
    }
}

/// `G` units of `B` blocks from unit `first` on; returns G.
#[inline(always)]
fn tile<V: Vector<WIDTH>, D: Dot, const G: usize, const B: usize>(
    product: &Int8Product<'_>,
    words: &[[u32; WIDTH]],
    scales: &[[f32; WIDTH]],
    blocks: &mut [[f32; WIDTH]],
    first: usize,
) -> usize {
    let layer = product.layer;
    let padded = layer.vectors() * WIDTH;
    let count = words.len() / B;
    let offsets = layer.offsets.as_flattened();
    let mut sums = [[D::zero(0); B]; G];
    for g in 0..G {
        sums[g] = [D::zero(offsets[first + g]); B];
    }
    let rows = layer.words.as_flattened().chunks_exact(padded);
    for (index, row) in rows.enumerate().take(count) {
        let row = &row[first..first + G];
        let mut inputs = [D::zero_inputs(); B];
        for b in 0..B {
            inputs[b] = D::inputs(&words[b * count + index]);
        }
        for g in 0..G {
            let weights = D::splat(row[g]);
            for b in 0..B {
                sums[g][b] = D::add_products(sums[g][b], inputs[b], weights);
            }
        }
    }
    let unit_scales = layer.scales.as_flattened();
    for g in 0..G {
        let bias = V::splat(product.bias[first + g]);
        for b in 0..B {
            let scale = V::load(&scales[b]).multiply(V::splat(unit_scales[first + g]));
            let found = finish(D::sums(sums[g][b]), scale, bias, product.activation);
            found.store(&mut blocks[b * product.places.stride + product.places.outputs.start + first + g]);
        }
    }
    G
}

/// A vector of units of one example.
#[inline(always)]
fn units<V: Vector<WIDTH>, D: Dot>(
    product: &Int8Product<'_>,
    words: &[u32],
    scale: f32,
    vector: usize,
    found: &mut [f32; WIDTH],
) {
    let layer = product.layer;
    let mut sums = D::load_sums(&layer.offsets[vector]);
    let rows = layer.words[vector..].iter().step_by(layer.vectors());
    for (row, word) in rows.zip(words) {
        sums = D::add_products(sums, D::inputs(&[*word; WIDTH]), D::weights(row));
    }
    let first = vector * WIDTH;
    let bias = &product.bias[first..];
    let bias = bias.first_chunk().map_or_else(|| V::load_first(bias), V::load);
    let scales = V::splat(scale).multiply(V::load(&layer.scales[vector]));
    finish(D::sums(sums), scales, bias, product.activation).store(found);
}

#[cfg(test)]
mod tests;
