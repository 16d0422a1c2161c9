//! Directions whose entries have a size of their own in each block of the parameters.
//!
//! ```text
//!     v_i = 2^e_b u_i            i in block b
//! ```
//! u `[P]` independent signs or standard normals · e_b a whole number for each block, so that a factor moves no digit.
//!
//! Reparametrisation: an estimate with directions D u, D a diagonal matrix, is D² times a gradient, as descent in w/D is.
//!
//! # Cost
//! As of u, and a pass over 128 numbers at a time that stay in the first cache.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use crate::kernel::lanes::add_scaled;
use crate::kernel::noise::{self, CHUNK, Noise};
use crate::random::Key;

/// A block: the number after its last parameter, and e_b.
type Block = (usize, i32);

/// The factors of all blocks, in order and without gaps; none by default. Kept for the life of the process, once for each list, so that a
/// recipe can name it in a few bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes(&'static [Block]);

impl Sizes {
    /// Factors on the blocks that end before the parameters `ends`, in order: the powers of two that are nearest to `factors`, which are
    /// above 0.
    ///
    /// # Example
    /// ```
    /// use tegmentum::model::perturbation::{Direction, Family};
    /// use tegmentum::model::perturbation::sizes::Sizes;
    /// use tegmentum::random::Key;
    ///
    /// let sizes = Sizes::of(&[2, 5], &[8.1, 0.24]);
    /// let mut parameters = [0.0; 5];
    /// let noise = Family::Rademacher.noise().unwrap();
    /// Direction::Sized(sizes.direction(noise, Key::from_seed(1))).add_to(1.0, &mut parameters);
    /// assert_eq!(parameters.map(f32::abs), [8.0, 8.0, 0.25, 0.25, 0.25]);
    /// ```
    pub fn of(ends: &[usize], factors: &[f64]) -> Self {
        static KNOWN: Mutex<Vec<Sizes>> = Mutex::new(Vec::new());
        // Beyond that an entry of 32 bits would be 0 or infinite anyway.
        let clamped = |factor: &f64| nearest_exponent(*factor).clamp(-120, 120);
        let blocks: Vec<Block> = ends.iter().copied().zip(factors.iter().map(clamped)).collect();
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sizes) = known.iter().find(|sizes| sizes.0 == blocks) {
            return *sizes;
        }
        let sizes = Self(blocks.leak());
        known.push(sizes);
        sizes
    }

    /// The direction with `key`.
    pub fn direction(self, noise: Noise, key: Key) -> SizedDirection {
        SizedDirection { noise, key, sizes: self }
    }

    /// Multiplies the blocks of a vector `[P]` by their factors.
    pub fn multiply(self, values: &mut [f32]) {
        self.for_each_block(0, values.len(), |range, factor| {
            values[range].iter_mut().for_each(|value| *value *= factor);
        });
    }

    /// Calls `with(range, factor)` for the parts of blocks among the `length` parameters from `start` on; ranges count from `start`.
    fn for_each_block(self, start: usize, length: usize, mut with: impl FnMut(Range<usize>, f32)) {
        let mut begin = start;
        let first = self.0.partition_point(|(end, _)| *end <= start);
        for (end, exponent) in &self.0[first..] {
            let end = (*end).min(start + length);
            with(begin - start..end - start, 2f32.powi(*exponent));
            begin = end;
            if end == start + length {
                return;
            }
        }
    }
}

/// The whole number nearest to log₂ of a factor above 0, the same on every machine.
fn nearest_exponent(factor: f64) -> i32 {
    let bits = factor.to_bits();
    let whole = ((bits >> 52) & 0x7ff) as i32 - 1023;
    let mantissa = f64::from_bits((bits & ((1 << 52) - 1)) | (1023 << 52));
    whole + i32::from(mantissa > std::f64::consts::SQRT_2)
}

/// A direction with sizes, as a recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizedDirection {
    noise: Noise,
    key: Key,
    /// The factors.
    pub sizes: Sizes,
}

impl SizedDirection {
    /// Adds `scale · v` of the range from chunk `first` on to `target`.
    pub(super) fn add(self, first: usize, scale: f32, target: &mut [f32]) {
        let mut entries = [0.0; CHUNK];
        for (number, target) in (first..).zip(target.chunks_mut(CHUNK)) {
            let entries = &mut entries[..target.len()];
            noise::fill(self.noise, self.key, number as u64, 1.0, entries);
            self.sizes.for_each_block(number * CHUNK, target.len(), |range, factor| {
                add_scaled(scale * factor, &entries[range.clone()], &mut target[range]);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::perturbation::Direction;

    #[test]
    fn any_part_is_a_part_of_the_whole() {
        let ends = [1, 100, 129, 640, 700];
        let sizes = Sizes::of(&ends, &[1.0, 4.0, 1e-9, 3.0, 1e6]);
        for noise in [Noise::Signs, Noise::Normals] {
            let direction = Direction::Sized(sizes.direction(noise, Key::from_seed(3)));
            let (mut whole, mut plain) = (vec![0.0f32; 700], vec![0.0f32; 700]);
            direction.add_to(0.5, &mut whole);
            noise::fill(noise, Key::from_seed(3), 0, 0.5, &mut plain);
            sizes.multiply(&mut plain);
            assert_eq!(whole, plain);
            for (first, length) in [(0, 5), (1, 1), (1, 400), (5, 60)] {
                let (mut plus, mut minus, mut written) = (vec![0.0; length], vec![0.0; length], vec![7.0; length]);
                direction.add_pair(first, 0.5, &mut plus, &mut minus);
                direction.write_chunk(first, 0.5, &mut written);
                assert_eq!(plus, whole[first * CHUNK..first * CHUNK + length]);
                assert_eq!(written, plus);
                assert!(plus.iter().zip(&minus).all(|(plus, minus)| *plus == -minus));
            }
        }
    }

    #[test]
    fn lists_are_kept_once() {
        let (one, other) = (Sizes::of(&[3, 4], &[2.0, 1.0]), Sizes::of(&[3, 4], &[1.9, 1.1]));
        assert!(std::ptr::eq(one.0, other.0));
        assert_ne!(one, Sizes::of(&[3, 4], &[2.0, 0.5]));
    }
}
