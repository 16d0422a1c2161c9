//! Noise from keys, a chunk of 128 numbers at a time.
//!
//! Chunk `c` of a key's signs is the 128 bits of block `c` of its stream, the low bit of the first word first: 0 is +1,
//! 1 is −1. Chunk `c` of its normals is made of blocks 32c … 32c + 31 of seven rounds ([`Key::direction_block`]), one
//! normal for each word ([`inverse_normal`]). Any chunk can be made without the others, so that a direction of any
//! length needs no memory.

use super::dispatched;
use super::math;
use super::normal::inverse_normal;
use crate::random::Key;

/// Numbers in a chunk.
pub const CHUNK: usize = 128;
/// Chunks whose blocks are computed side by side.
pub const GROUP: usize = 8;

dispatched! {
    /// Adds `scale · v` to `target`, where `v` are the signs of `key` from chunk `first` on.
    pub fn add_signs(key: Key, first: u64, scale: f32, target: &mut [f32]) {
        let mut done = 0;
        for group in target.chunks_mut(GROUP * CHUNK) {
            if group.len() <= 2 * CHUNK {
                for (index, chunk) in group.chunks_mut(CHUNK).enumerate() {
                    add_bits(key.block(first + done + index as u64), scale, chunk);
                }
            } else {
                let blocks = key.blocks::<GROUP>(first + done);
                for (index, chunk) in group.chunks_mut(CHUNK).enumerate() {
                    add_bits(std::array::from_fn(|word| blocks[word][index]), scale, chunk);
                }
            }
            done += GROUP as u64;
        }
    }
}

/// Adds ±`scale` to at most 128 numbers, by the bits of a block. Whole words have a loop of fixed length, so that the
/// compiler unrolls it into vectors.
#[inline(always)]
fn add_bits(block: [u32; 4], scale: f32, chunk: &mut [f32]) {
    let signed = |word: u32, bit: usize| f32::from_bits(scale.to_bits() ^ ((word >> bit) << 31));
    let (whole, rest) = chunk.as_chunks_mut::<32>();
    for (&word, values) in block.iter().zip(whole.iter_mut()) {
        for bit in 0..32 {
            values[bit] += signed(word, bit);
        }
    }
    for (bit, value) in rest.iter_mut().enumerate() {
        *value += signed(block[whole.len()], bit);
    }
}

dispatched! {
    /// Adds `scale · v` to `target`, where `v` are the normals of `key` from chunk `first` on.
    pub fn add_normals(key: Key, first: u64, scale: f32, target: &mut [f32]) {
        for (index, values) in target.chunks_mut(4 * GROUP).enumerate() {
            let blocks = key.direction_blocks::<GROUP>(first * 32 + (GROUP * index) as u64);
            let mut normals = [[0.0f32; GROUP]; 4];
            for word in 0..4 {
                for block in 0..GROUP {
                    normals[word][block] = inverse_normal(blocks[word][block]);
                }
            }
            for (block, values) in values.chunks_mut(4).enumerate() {
                for (word, value) in values.iter_mut().enumerate() {
                    *value += scale * normals[word][block];
                }
            }
        }
    }
}

dispatched! {
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

    #[test]
    fn normals_are_those_of_the_blocks_one_by_one() {
        let key = Key::from_seed(6);
        let mut normals = vec![0.0; 2 * CHUNK + 13];
        add_normals(key, 3, 2.0, &mut normals);
        for (index, values) in normals.chunks(4).enumerate() {
            let block = key.direction_block(3 * 32 + index as u64);
            assert!(values.iter().zip(block).all(|(value, word)| *value == 2.0 * inverse_normal(word)));
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
