//! The loop of a recurrent network with weights and activities in bfloat16: half the memory traffic, and twice the products where the
//! processor has an instruction for them. Sums, biases, activation functions and losses stay in `f32`.
//!
//! ```text
//!     s ← s + bf(x_{i+h}) · bf(w_{i+h}) ,   s ← s + bf(x_i) · bf(w_i)            i = 0 … h − 1, h = ⌈inputs/2⌉
//! ```
//! bf rounding to the nearest bfloat16 (8 bits of mantissa), ties to even · x activities before a layer · w weights of one unit. Inputs i and
//! i + h share a word, so that no number has to change its lane; a missing last one is 0. For a single example there are four
//! chains (words 4k, 4k + 1, 4k + 2, 4k + 3), joined as (a + b) + (c + d); with examples in lanes there is one.
//!
//! # Bits
//! A product of two bfloat16 numbers is exact in `f32`, so that fused or not, emulated or by `VDPBF16PS` (AVX-512 BF16), the sums are the
//! same as long as no number is below 2⁻¹²⁶, which the instruction takes for 0. The instruction is compared with the emulation
//! when it is first asked for, and not used if a bit differs.
//!
//! # Error
//! A weight or activity is off by at most 2⁻⁹ of its size. On the Elman network 3-64-3 and the Lorenz series the mean loss moves by less
//! than 1 part in 1000 and the difference of a pair by less than 2 % of its spread (tested): far below the noise of the estimate.
//!
//! Cost: 2 · inputs · units operations for each layer, step and lane.

mod dot;

use std::ops::Range;

use super::Numerics;
use super::activation::Activation;
use super::aligned::AlignedVec;
use super::loss::{Loss, add_step};
use super::sequence::{Sequences, copy};
use super::simd::Vector;
use dot::{Dot, run_1, run_16};

pub use dot::has_instruction;

/// Numbers in a vector.
const WIDTH: usize = 16;

/// The nearest bfloat16 number, in the high half of the word; a NaN stays one.
#[inline(always)]
fn rounded(x: f32) -> u32 {
    let bits = x.to_bits();
    let nearest = bits.wrapping_add(0x7FFF + (bits >> 16 & 1));
    if x.is_nan() { bits | 0x0040_0000 } else { nearest }
}

/// Two numbers in a word: the first in the low half.
#[inline(always)]
fn word(first: f32, second: f32) -> u32 {
    rounded(first) >> 16 | rounded(second) & 0xFFFF_0000
}

/// Words for a layer of so many inputs.
pub fn words(inputs: usize) -> usize {
    inputs.div_ceil(2)
}

/// Rows of a matrix of words: units, filled up to whole vectors.
pub fn padded(units: usize) -> usize {
    units.next_multiple_of(WIDTH)
}

/// Appends the weights of a layer [inputs × units] as words [⌈inputs/2⌉ × units filled up with zeros].
pub fn pack(weights: &[f32], units: usize, packed: &mut Vec<u32>) {
    let (first, second) = weights.split_at(words(weights.len() / units.max(1)) * units);
    let mut second = second.chunks_exact(units);
    for first in first.chunks_exact(units) {
        let start = packed.len();
        match second.next() {
            Some(second) => packed.extend(first.iter().zip(second).map(|(first, second)| word(*first, *second))),
            None => packed.extend(first.iter().map(|first| word(*first, 0.0))),
        }
        packed.resize(start + padded(units), 0);
    }
}

/// One layer with its weights in words.
#[derive(Clone, Copy, Debug)]
pub struct PackedLayer<'a> {
    /// Words [⌈inputs/2⌉ × padded units].
    pub weights: &'a [u32],
    /// `[units]`.
    pub bias: &'a [f32],
    /// What the units do.
    pub activation: Activation,
    /// Rows that are read.
    pub inputs: &'a Range<usize>,
    /// Rows that are written.
    pub outputs: &'a Range<usize>,
}

/// Layers and rows of a recurrent network, as [`LayeredPass`](super::sequence::LayeredPass) has them for `f32`.
#[derive(Clone, Copy, Debug)]
pub struct Bfloat16Pass<'a> {
    /// Layers in the order of computation.
    pub layers: &'a [PackedLayer<'a>],
    /// Rows of a block.
    pub stride: usize,
    /// Rows of the input; the first ones of a block.
    pub inputs: usize,
    /// Rows of the new state.
    pub state: &'a Range<usize>,
    /// The first row of the previous state; before the state.
    pub previous: usize,
    /// Rows of the output, as many as of the input.
    pub outputs: &'a Range<usize>,
}

/// Room for the words of a layer's inputs and for the sums of a step.
#[derive(Clone, Debug, Default)]
pub struct Bfloat16Scratch {
    words: Vec<u32>,
    activity: AlignedVec,
}

impl Bfloat16Pass<'_> {
    /// Runs all steps of one block from a zero state and adds the squared errors of each lane; `L` = 1 or 16.
    ///
    /// # Panics
    /// If the sizes do not fit, or for another `L`.
    pub fn run<const L: usize>(
        &self,
        numerics: Numerics,
        sequences: Sequences<'_, L>,
        space: &mut Bfloat16Scratch,
        losses: &mut [f64; L],
    ) {
        assert!(
            sequences.targets.is_none()
                && sequences.blocks == 1
                && sequences.inputs.len() == (sequences.steps + 1) * self.inputs
                && self.outputs.len() == self.inputs
                && self.inputs <= self.previous
                && self.previous + self.state.len() <= self.state.start
                && self.state.end <= self.stride
                && self.layers.iter().all(|layer| {
                    layer.weights.len() == words(layer.inputs.len()) * padded(layer.outputs.len())
                        && layer.bias.len() == layer.outputs.len()
                        && layer.inputs.end <= layer.outputs.start
                        && layer.outputs.end <= self.stride
                }),
            "a sequence's sizes do not fit"
        );
        let most = self.layers.iter().map(|layer| words(layer.inputs.len())).max().unwrap_or(0);
        space.words.resize(most * L, 0);
        // A last vector of outputs may reach beyond the last row.
        let length = (self.stride + WIDTH) * L;
        space.activity.reserve(length);
        space.activity[..length].fill(0.0);
        // Functions that are not generic, so that the loops are compiled once, in this crate.
        if let Some(losses) = losses.first_chunk_mut().filter(|_| L == 1) {
            run_1(numerics, *self, sequences.with_lanes(), space, losses);
        } else if let Some(losses) = losses.first_chunk_mut().filter(|_| L == 16) {
            run_16(numerics, *self, sequences.with_lanes(), space, losses);
        } else {
            panic!("bfloat16 passes have 1 or 16 lanes, not {L}");
        }
    }
}

/// All steps of one block.
#[inline(always)]
fn steps_of<V: Vector<WIDTH>, D: Dot<V>, const L: usize>(
    pass: Bfloat16Pass<'_>,
    sequences: Sequences<'_, L>,
    space: &mut Bfloat16Scratch,
    losses: &mut [f64; L],
) {
    let Bfloat16Pass { layers, inputs, state, previous, outputs, .. } = pass;
    let (series, width) = (sequences.inputs.as_flattened(), inputs * L);
    let Bfloat16Scratch { words, activity } = space;
    let activity = &mut activity[..];
    for step in 0..sequences.steps {
        if step > 0 {
            let (before, after) = activity.split_at_mut(state.start * L);
            copy::<V>(&after[..state.len() * L], &mut before[previous * L..(previous + state.len()) * L]);
        }
        copy::<V>(&series[step * width..][..width], &mut activity[..width]);
        for layer in layers {
            let (before, after) = activity.split_at_mut(layer.outputs.start * L);
            write_words(&before[layer.inputs.start * L..layer.inputs.end * L], L, words);
            if L == 1 {
                single::<V, D>(layer, words, after);
            } else {
                examples::<V, D>(layer, words.as_chunks().0, after.as_chunks_mut().0);
            }
        }
        if step >= sequences.washout {
            let found = &activity[outputs.start * L..outputs.end * L];
            let targets = &series[(step + 1) * width..][..width];
            add_step(Loss::MeanSquaredError, found.as_chunks().0, targets.as_chunks().0, losses);
        }
    }
}

/// The inputs of a layer [inputs × L] as words [⌈inputs/2⌉ × L].
#[inline(always)]
fn write_words(inputs: &[f32], lanes: usize, words: &mut [u32]) {
    let half = (inputs.len() / lanes).div_ceil(2) * lanes;
    let (first, second) = inputs.split_at(half);
    let words = &mut words[..half];
    for ((word_of, first), second) in words.iter_mut().zip(first).zip(second) {
        *word_of = word(*first, *second);
    }
    for (word_of, first) in words[second.len()..].iter_mut().zip(&first[second.len()..]) {
        *word_of = word(*first, 0.0);
    }
}

/// One layer for a single example: lanes are units, four of their vectors at once where there are as many.
#[inline(always)]
fn single<V: Vector<WIDTH>, D: Dot<V>>(layer: &PackedLayer<'_>, words: &[u32], outputs: &mut [f32]) {
    let padded = padded(layer.outputs.len());
    let count = layer.weights.len() / padded;
    let mut first = 0;
    while V::REGISTERS >= 16 && first + 4 * WIDTH <= layer.outputs.len() {
        units::<V, D, 4>(layer, &words[..count], outputs, first);
        first += 4 * WIDTH;
    }
    while first < layer.outputs.len() {
        units::<V, D, 1>(layer, &words[..count], outputs, first);
        first += WIDTH;
    }
}

/// `G` vectors of units from unit `first` on.
#[inline(always)]
fn units<V: Vector<WIDTH>, D: Dot<V>, const G: usize>(
    layer: &PackedLayer<'_>,
    words: &[u32],
    outputs: &mut [f32],
    first: usize,
) {
    let padded = padded(layer.outputs.len());
    let mut sums = [[V::splat(0.0); G]; 4];
    let bias = &layer.bias[first..];
    for g in 0..G {
        let bias = &bias[(g * WIDTH).min(bias.len())..];
        sums[0][g] = bias.first_chunk().map_or_else(|| V::load_first(bias), V::load);
    }
    let (fours, rest) = words.as_chunks::<4>();
    let (rows, last_rows) = layer.weights.split_at(4 * padded * fours.len());
    for (rows, words) in rows.chunks_exact(4 * padded).zip(fours) {
        for chain in 0..4 {
            add_row::<V, D, G>(&mut sums[chain], &rows[chain * padded + first..], words[chain]);
        }
    }
    for chain in 0..3 {
        if let Some(word) = rest.get(chain) {
            add_row::<V, D, G>(&mut sums[chain], &last_rows[chain * padded + first..], *word);
        }
    }
    let own = outputs[first..].as_chunks_mut::<WIDTH>().0;
    for g in 0..G {
        let sum = sums[0][g].add(sums[1][g]).add(sums[2][g].add(sums[3][g]));
        layer.activation.of_vector(sum).store(&mut own[g]);
    }
}

/// Adds the products of a word of inputs and `G` vectors of words of weights to a chain.
#[inline(always)]
fn add_row<V: Vector<WIDTH>, D: Dot<V>, const G: usize>(chain: &mut [V; G], row: &[u32], word: u32) {
    let (input, row) = (D::splat(word), row[..G * WIDTH].as_chunks::<WIDTH>().0);
    for g in 0..G {
        chain[g] = D::add_products(chain[g], D::load(&row[g]), input);
    }
}

/// One layer for examples in lanes, eight units at once where the registers hold as many.
#[inline(always)]
fn examples<V: Vector<WIDTH>, D: Dot<V>>(
    layer: &PackedLayer<'_>,
    words: &[[u32; WIDTH]],
    outputs: &mut [[f32; WIDTH]],
) {
    let mut first = 0;
    while V::REGISTERS >= 16 && first + 8 <= layer.outputs.len() {
        rows::<V, D, 8>(layer, words, outputs, first);
        first += 8;
    }
    while first + 4 <= layer.outputs.len() {
        rows::<V, D, 4>(layer, words, outputs, first);
        first += 4;
    }
    while first < layer.outputs.len() {
        rows::<V, D, 1>(layer, words, outputs, first);
        first += 1;
    }
}

#[inline(always)]
fn rows<V: Vector<WIDTH>, D: Dot<V>, const G: usize>(
    layer: &PackedLayer<'_>,
    words: &[[u32; WIDTH]],
    outputs: &mut [[f32; WIDTH]],
    first: usize,
) {
    let mut sums = [V::splat(0.0); G];
    for (sum, bias) in sums.iter_mut().zip(&layer.bias[first..]) {
        *sum = V::splat(*bias);
    }
    for (row, word) in layer.weights.chunks_exact(padded(layer.outputs.len())).zip(words) {
        let (input, row) = (D::load(word), &row[first..first + G]);
        for g in 0..G {
            sums[g] = D::add_products(sums[g], input, D::splat(row[g]));
        }
    }
    for (sum, output) in sums.into_iter().zip(&mut outputs[first..]) {
        layer.activation.of_vector(sum).store(output);
    }
}

#[cfg(test)]
mod tests {
    use super::dot::Emulated;
    use super::*;
    use crate::kernel::arithmetic::Separate;
    use crate::kernel::simd::Array;

    #[test]
    fn rounding_is_to_the_nearest_and_to_even() {
        let of = |x: f32| f32::from_bits(rounded(x) & 0xFFFF_0000);
        assert_eq!(of(1.0), 1.0);
        // Halfway between 1 and 1 + 2⁻⁷: to the even 1; a little above: up; halfway above an odd one: up.
        assert_eq!(of(1.0 + 2f32.powi(-8)), 1.0);
        assert_eq!(of(1.0 + 2f32.powi(-8) + 2f32.powi(-20)), 1.0 + 2f32.powi(-7));
        assert_eq!(of(1.0 + 3.0 * 2f32.powi(-8)), 1.0 + 2f32.powi(-6));
        assert_eq!(of(-f32::INFINITY), -f32::INFINITY);
        assert!(of(f32::NAN).is_nan() && of(f32::from_bits(0x7F80_0001)).is_nan());
    }

    #[test]
    fn products_of_a_layer_agree_with_f64() {
        use crate::random::Key;
        for (inputs, units) in [(67, 64), (64, 3), (5, 17), (1, 1), (8, 85)] {
            let mut stream = Key::from_seed(4).stream();
            let mut numbers = |count: usize| -> Vec<f32> { (0..count).map(|_| stream.normal()).collect() };
            let (weights, bias, x) = (numbers(inputs * units), numbers(units), numbers(inputs));
            let mut packed = Vec::new();
            pack(&weights, units, &mut packed);
            let layer = PackedLayer {
                weights: &packed,
                bias: &bias,
                activation: Activation::Linear,
                inputs: &(0..inputs),
                outputs: &(inputs..inputs + units),
            };
            let mut words_of = vec![0; words(inputs)];
            write_words(&x, 1, &mut words_of);
            let mut alone = vec![0.0; units + WIDTH];
            single::<Array<Separate, WIDTH>, Emulated>(&layer, &words_of, &mut alone);
            let wide: Vec<[u32; WIDTH]> = words_of.iter().map(|word| [*word; WIDTH]).collect();
            let mut together = vec![[0.0; WIDTH]; units];
            examples::<Array<Separate, WIDTH>, Emulated>(&layer, &wide, &mut together);
            for j in 0..units {
                let of = |x: f32| f64::from(f32::from_bits(rounded(x) & 0xFFFF_0000));
                let exact =
                    f64::from(bias[j]) + (0..inputs).map(|i| of(x[i]) * of(weights[i * units + j])).sum::<f64>();
                assert!((f64::from(alone[j]) - exact).abs() < 1e-4, "{inputs} × {units}");
                assert!((f64::from(together[j][7]) - exact).abs() < 1e-4, "{inputs} × {units}");
            }
        }
    }
}
