//! Noise from keys, a chunk of 128 numbers at a time.
//!
//! Chunk `c` of a key's signs is the 128 bits of block `c` of its stream, the low bit of the first word first: 0 is +1,
//! 1 is −1. Chunk `c` of its normals is made of blocks 32c … 32c + 31 of seven rounds ([`Key::direction_block`]), one
//! normal for each word ([`inverse_normal`]). Any chunk can be made without the others, so that a direction of any
//! length needs no memory.
//!
//! # Form
//! A chunk is made in a buffer of 512 bytes that stays in the L1 cache, and is written or added from there. With AVX-512 and
//! with AVX2 the normals have forms of their own; elsewhere blocks side by side are left to the compiler. The bits are the same everywhere.

#[cfg(target_arch = "x86_64")]
pub(super) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(super) mod avx512;
mod output;

#[cfg(target_arch = "x86_64")]
use super::InstructionSet;
use super::math;
use super::normal::inverse_normal;
use super::simd::{Simd, Vector, dispatch};
use crate::random::Key;
use output::{Add, AddPair, Fill, Output, Write, WritePair};

/// Numbers in a chunk.
pub const CHUNK: usize = 128;
/// Chunks whose blocks are computed side by side.
pub const GROUP: usize = 8;
/// Blocks whose normals are computed side by side without AVX2: in loops of 16 the compiler finds vectors of 8, shorter ones it unrolls
/// first.
const NORMAL_BLOCKS: usize = 16;

/// The distribution of a chunk's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noise {
    /// ±1 with equal probability.
    Signs,
    /// Standard normals.
    Normals,
}

// v below is the noise of `key` from chunk `first` on.

dispatch! {
    /// Writes `scale · v` to `target`. No number is −0, as in a vector of zeros to which a direction is added.
    pub fn fill<S: Simd>(noise: Noise, key: Key, first: u64, scale: f32, target: &mut [f32]) {
        emit::<S, _>(noise, key, first, Fill { scale, target });
    }
}

dispatch! {
    /// Adds `scale · v` to `target`.
    pub fn add<S: Simd>(noise: Noise, key: Key, first: u64, scale: f32, target: &mut [f32]) {
        emit::<S, _>(noise, key, first, Add { scale, target });
    }
}

dispatch! {
    /// Adds `scale · v` to `plus` and subtracts it from `minus`, vectors of one length.
    pub fn add_pair<S: Simd>(noise: Noise, key: Key, first: u64, scale: f32, plus: &mut [f32], minus: &mut [f32]) {
        emit::<S, _>(noise, key, first, AddPair { scale, plus, minus });
    }
}

dispatch! {
    /// Writes `from + scale · v` to `target`, vectors of one length.
    pub fn write<S: Simd>(noise: Noise, key: Key, first: u64, from: &[f32], scale: f32, target: &mut [f32]) {
        emit::<S, _>(noise, key, first, Write { from, scale, target });
    }
}

dispatch! {
    /// Writes `from + scale · v` to `plus` and `from − scale · v` to `minus`, vectors of one length.
    pub fn write_pair<S: Simd>(
        noise: Noise,
        key: Key,
        first: u64,
        from: &[f32],
        scale: f32,
        plus: &mut [f32],
        minus: &mut [f32],
    ) {
        emit::<S, _>(noise, key, first, WritePair { from, scale, plus, minus });
    }
}

/// Makes the noise of `key` from chunk `first` on, as much as `output` takes.
#[inline(always)]
#[allow(unsafe_code)]
fn emit<S: Simd, O: Output>(noise: Noise, key: Key, first: u64, mut output: O) {
    #[cfg(target_arch = "x86_64")]
    if S::INSTRUCTION_SET == InstructionSet::Avx512 {
        // SAFETY: `dispatch!` runs this copy only where the processor has reported AVX-512.
        return unsafe { avx512::emit(noise, key, first, output) };
    }
    #[cfg(target_arch = "x86_64")]
    if S::INSTRUCTION_SET == InstructionSet::Avx2 && noise == Noise::Normals {
        // SAFETY: as above, for AVX2.
        return unsafe { avx2::emit(key, first, output) };
    }
    match noise {
        Noise::Signs => emit_signs::<S, O>(key, first, output),
        Noise::Normals => {
            for start in (0..output.len()).step_by(CHUNK) {
                output.prefetch(start);
                output.take_chunk(start, &normals(key, 32 * (first + (start / CHUNK) as u64)));
            }
        }
    }
}

#[inline(always)]
fn emit_signs<S: Simd, O: Output>(key: Key, first: u64, mut output: O) {
    let length = output.len();
    for start in (0..length).step_by(GROUP * CHUNK) {
        let index = first + (start / CHUNK) as u64;
        let count = (length - start).div_ceil(CHUNK).min(GROUP);
        if count <= 2 {
            for chunk in 0..count {
                output.take_chunk(start + chunk * CHUNK, &signs::<S>(key.block(index + chunk as u64)));
            }
        } else {
            let blocks = key.blocks::<GROUP>(index);
            for chunk in 0..count {
                output.prefetch(start + chunk * CHUNK);
                let block = std::array::from_fn(|word| blocks[word][chunk]);
                output.take_chunk(start + chunk * CHUNK, &signs::<S>(block));
            }
        }
    }
}

/// The signs of a block's bits.
#[inline(always)]
fn signs<S: Simd>(block: [u32; 4]) -> [f32; CHUNK] {
    let mut chunk = [0.0; CHUNK];
    let ones = S::F32x16::splat(1.0);
    for (values, word) in chunk.as_chunks_mut::<32>().0.iter_mut().zip(block) {
        let (halves, _) = values.as_chunks_mut::<16>();
        ones.flip(word as u16).store(&mut halves[0]);
        ones.flip((word >> 16) as u16).store(&mut halves[1]);
    }
    chunk
}

/// The 128 normals that begin at block `first`.
#[inline(always)]
fn normals(key: Key, first: u64) -> [f32; CHUNK] {
    let mut chunk = [0.0; CHUNK];
    for (group, values) in chunk.as_chunks_mut::<{ 4 * NORMAL_BLOCKS }>().0.iter_mut().enumerate() {
        let blocks = key.direction_blocks::<NORMAL_BLOCKS>(first.wrapping_add((NORMAL_BLOCKS * group) as u64));
        for word in 0..4 {
            for block in 0..NORMAL_BLOCKS {
                values[4 * block + word] = inverse_normal(blocks[word][block]);
            }
        }
    }
    chunk
}

/// Adds `scale · v` to `target`, where `v` are the signs of `key` from chunk `first` on.
pub fn add_signs(key: Key, first: u64, scale: f32, target: &mut [f32]) {
    add(Noise::Signs, key, first, scale, target);
}

/// Adds `scale · v` to `target`, where `v` are the normals of `key` from chunk `first` on.
pub fn add_normals(key: Key, first: u64, scale: f32, target: &mut [f32]) {
    add(Noise::Normals, key, first, scale, target);
}

/// Writes the normals of `key` from chunk `first` on.
pub fn write_normals(key: Key, first: u64, target: &mut [f32]) {
    fill(Noise::Normals, key, first, 1.0, target);
}

dispatch! {
    /// Adds `scale · v` to `target`, where `v` are normals of `key` by the Box–Muller transform of blocks of
    /// ten rounds, from chunk `first` on: for observations and measurements, whose numbers are published.
    pub fn add_box_muller(key: Key, first: u64, scale: f32, target: &mut [f32]) {
        for (index, values) in target.chunks_mut(4 * GROUP).enumerate() {
            let blocks = key.blocks::<GROUP>(first * 32 + (GROUP * index) as u64);
            let mut normals = [[0.0f32; GROUP]; 4];
            for block in 0..GROUP {
                (normals[0][block], normals[1][block]) = math::box_muller(blocks[0][block], blocks[1][block]);
            }
            for block in 0..GROUP {
                (normals[2][block], normals[3][block]) = math::box_muller(blocks[2][block], blocks[3][block]);
            }
            for (block, values) in values.chunks_mut(4).enumerate() {
                for (word, value) in values.iter_mut().enumerate() {
                    *value += scale * normals[word][block];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_agree_with_the_whole() {
        let key = Key::from_seed(9);
        for add in [add_signs, add_normals, add_box_muller] {
            let mut whole = vec![0.0; 5 * CHUNK + 17];
            add(key, 0, 0.5, &mut whole);
            let mut parts = vec![0.0; whole.len()];
            for (index, part) in parts.chunks_mut(CHUNK).enumerate() {
                add(key, index as u64, 0.5, part);
            }
            assert_eq!(whole, parts);
        }
    }

    /// Correlations of n pairs of normals have a standard deviation of 1/√n.
    #[test]
    fn keys_counters_and_words_are_uncorrelated() {
        const N: usize = 1 << 18;
        let normals = |key| {
            let mut values = vec![0.0f32; N + 4];
            add_normals(key, 0, 1.0, &mut values);
            values
        };
        let parent = Key::from_seed(8);
        let (here, sibling, neighbour) =
            (normals(parent.child(0)), normals(parent.child(1)), normals(Key(parent.child(0).0 ^ 1)));
        let correlation = |a: &[f32], b: &[f32]| {
            a.iter().zip(b).take(N).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>() / (N as f64).sqrt()
        };
        for (name, other) in [("sibling", &sibling), ("neighbouring key", &neighbour)] {
            let z = correlation(&here, other);
            assert!(z.abs() < 4.5, "{name}: {z} standard deviations");
        }
        // Lags 1 … 3 join the words of a block, lag 4 the same word of neighbouring counters.
        for lag in 1..=4 {
            let z = correlation(&here, &here[lag..]);
            assert!(z.abs() < 4.5, "lag {lag}: {z} standard deviations");
        }
        // The squares too: the radius must not be shared.
        for lag in 1..=4 {
            let product = |a: f32, b: f32| (f64::from(a).powi(2) - 1.0) * (f64::from(b).powi(2) - 1.0) / 2.0;
            let z =
                here.iter().zip(&here[lag..]).take(N).map(|(&a, &b)| product(a, b)).sum::<f64>() / (N as f64).sqrt();
            assert!(z.abs() < 4.5, "squares at lag {lag}: {z} standard deviations");
        }
        // Within each of the four words.
        for word in 0..4 {
            let values = here.iter().skip(word).step_by(4);
            let (n, sum, squares) = values.fold((0.0, 0.0, 0.0), |(n, sum, squares), &x| {
                (n + 1.0, sum + f64::from(x), squares + f64::from(x).powi(2))
            });
            let (mean, variance): (f64, f64) = (sum / f64::sqrt(n), (squares - n) / f64::sqrt(2.0 * n));
            assert!(mean.abs() < 4.5 && variance.abs() < 4.5, "word {word}: {mean}, {variance} standard deviations");
        }
    }

    #[test]
    fn normals_are_those_of_the_blocks_one_by_one() {
        let key = Key::from_seed(6);
        for length in [2 * CHUNK + 13, CHUNK / 2, CHUNK / 2 + 1] {
            let mut normals = vec![0.0; length];
            add_normals(key, 3, 2.0, &mut normals);
            for (index, values) in normals.chunks(4).enumerate() {
                let block = key.direction_block(3 * 32 + index as u64);
                assert!(values.iter().zip(block).all(|(value, word)| *value == 2.0 * inverse_normal(word)));
            }
        }
    }

    #[test]
    fn blocks_side_by_side_are_the_blocks_one_by_one() {
        let key = Key::from_seed(21);
        // The last group crosses from the low to the high word of the counter.
        for first in [0, 7, u64::from(u32::MAX) - 5] {
            let blocks = key.blocks::<GROUP>(first);
            for index in 0..GROUP {
                let one = key.block(first + index as u64);
                assert_eq!(one, std::array::from_fn(|word| blocks[word][index]));
            }
        }
    }

    #[test]
    fn signs_are_fair_and_unrelated_to_their_neighbours() {
        let mut signs = vec![0.0f32; 1 << 20];
        add_signs(Key::from_seed(4), 0, 1.0, &mut signs);
        assert!(signs.iter().all(|&sign| sign.abs() == 1.0));
        let n = signs.len() as f64;
        let mean = signs.iter().map(|&sign| f64::from(sign)).sum::<f64>() / n;
        let lag = signs.windows(2).map(|pair| f64::from(pair[0] * pair[1])).sum::<f64>() / n;
        // Five standard deviations of a mean of 2²⁰ signs.
        assert!(mean.abs() < 5.0 / n.sqrt() && lag.abs() < 5.0 / n.sqrt(), "mean {mean}, lag {lag}");
    }

    #[test]
    fn normals_have_the_moments_and_tails_of_a_normal() {
        let mut normals = vec![0.0f32; 1 << 20];
        add_normals(Key::from_seed(4), 0, 1.0, &mut normals);
        let n = normals.len() as f64;
        let moment = |power: i32| normals.iter().map(|&x| f64::from(x).powi(power)).sum::<f64>() / n;
        assert!(moment(1).abs() < 0.005, "mean {}", moment(1));
        assert!((moment(2) - 1.0).abs() < 0.007, "variance {}", moment(2));
        assert!(moment(3).abs() < 0.02, "skewness {}", moment(3));
        assert!((moment(4) - 3.0).abs() < 0.05, "kurtosis {}", moment(4));
        let beyond_three = normals.iter().filter(|x| x.abs() > 3.0).count() as f64 / n;
        assert!((beyond_three - 0.0027).abs() < 0.000_26, "tail {beyond_three}");
    }

    /// Counts beyond a quantile are binomial; four and a half standard deviations.
    #[test]
    fn far_tails_have_their_share() {
        const N: usize = 1 << 22;
        let mut normals = vec![0.0f32; N];
        add_normals(Key::from_seed(23), 0, 1.0, &mut normals);
        for (limit, share) in [(2.0, 2.275_013e-2), (3.0, 1.349_898e-3), (4.0, 3.167_124e-5)] {
            let (expected, deviation) = (share * N as f64, (share * N as f64).sqrt());
            for count in
                [normals.iter().filter(|&&x| x > limit).count(), normals.iter().filter(|&&x| x < -limit).count()]
            {
                assert!((count as f64 - expected).abs() < 4.5 * deviation, "beyond {limit}: {count} of {expected}");
            }
        }
    }

    /// Largest distance between the empirical and the normal distribution function, with its 0.1 % critical value.
    #[test]
    fn normals_pass_kolmogorov_smirnov() {
        let mut normals = vec![0.0f32; 100_000];
        add_normals(Key::from_seed(12), 0, 1.0, &mut normals);
        normals.sort_by(f32::total_cmp);
        let n = normals.len() as f64;
        let distance = normals
            .iter()
            .enumerate()
            .map(|(i, &x)| (normal_distribution(f64::from(x)) - (i as f64 + 0.5) / n).abs())
            .fold(0.0, f64::max);
        assert!(distance < 1.95 / n.sqrt(), "{distance}");
    }

    /// Φ(x) by Simpson's rule on the density: independent of the code under test.
    fn normal_distribution(x: f64) -> f64 {
        let steps = 400;
        let h = x / f64::from(steps);
        let density = |t: f64| (-0.5 * t * t).exp() / std::f64::consts::TAU.sqrt();
        let sum: f64 = (0..steps)
            .map(|i| {
                let a = f64::from(i) * h;
                h / 6.0 * (density(a) + 4.0 * density(a + 0.5 * h) + density(a + h))
            })
            .sum();
        0.5 + sum
    }
}
