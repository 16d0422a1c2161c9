//! Directions of an update that are orthogonal to one another: one vector of signs, multiplied by Walsh functions.
//!
//! ```text
//!     v_k,i = s_i · (−1)^{number of ones of (k & i)}            k = 0 … 127 of one update, i = 0 … P − 1
//!     v_k · v_j = Σ_i (−1)^{number of ones of ((k xor j) & i)} = 0    over every 2^m parameters in a row, if k, j < 2^m
//! ```
//! s `[P]` independent signs from the key of the update · k number of the direction. Each `v_k` by itself has independent signs, two of them
//! are orthogonal up to the fewer than 2^m parameters that are left at the end. Directions from 128 on have signs of their own, for each
//! further 128.
//!
//! # What it buys
//! The estimate ĝ = 1/K Σ_k (g·v_k) v_k of a gradient g has the expectation g, and
//! ```text
//!     independent signs:  E‖ĝ‖² = ‖g‖² (P + K − 1)/K            orthogonal:  E‖ĝ‖² = ‖g‖² P/K
//! ```
//! so that orthogonal directions are shorter by the share (K − 1)/(P + K − 1): half for K = P, where the estimate *is* the gradient, and next to
//! nothing for K far below P. The study `families` measures it.
//!
//! # Cost
//! As of signs, and a product with a pattern of 128 numbers that stays in the first cache.
//!
//! # Reference
//! Orthogonal directions for evolution strategies: K. Choromanski et al., *Structured evolution with compact architectures for scalable policy
//! optimization*, ICML 2018, arXiv:1804.02395 (there Gaussian orthogonal matrices and products of Hadamard matrices with random signs; here
//! one such product).

use crate::kernel::lanes::add_scaled;
use crate::kernel::noise::{self, CHUNK, Noise};
use crate::random::Key;

/// A direction that is orthogonal to the others of its update, as a recipe.
///
/// # Example
/// ```
/// use tegmentum::model::perturbation::Family;
/// use tegmentum::random::Key;
///
/// let update = Key::from_seed(1);
/// let [mut one, mut other] = [[0.0f32; 256]; 2];
/// Family::Orthogonal.direction_of(update, 0).add_to(1.0, &mut one);
/// Family::Orthogonal.direction_of(update, 1).add_to(1.0, &mut other);
/// assert_eq!(one.iter().zip(&other).map(|(a, b)| a * b).sum::<f32>(), 0.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrthogonalDirection {
    /// The key of the signs.
    key: Key,
    /// k, below 128.
    number: u8,
}

impl OrthogonalDirection {
    /// The direction `index` of the update with `key`.
    pub(super) fn new(key: Key, index: u64) -> Self {
        let chunk = CHUNK as u64;
        Self { key: key.child(index / chunk), number: (index % chunk) as u8 }
    }

    /// Adds `scale · v` of the range from chunk `first` on to `target`.
    pub(super) fn add(self, first: usize, scale: f32, target: &mut [f32]) {
        let sign =
            |index: usize| if (usize::from(self.number) & index).count_ones().is_multiple_of(2) { 1.0 } else { -1.0 };
        let pattern: [f32; CHUNK] = std::array::from_fn(sign);
        let mut entries = [0.0; CHUNK];
        for (chunk, target) in (first..).zip(target.chunks_mut(CHUNK)) {
            let entries = &mut entries[..target.len()];
            noise::fill(Noise::Signs, self.key, chunk as u64, 1.0, entries);
            entries.iter_mut().zip(&pattern).for_each(|(entry, sign)| *entry *= sign);
            add_scaled(scale, entries, target);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::perturbation::{Direction, Family};

    fn vector(update: u64, index: u64, length: usize) -> Vec<f32> {
        let mut vector = vec![0.0; length];
        Family::Orthogonal.direction_of(Key::from_seed(update), index).add_to(1.0, &mut vector);
        vector
    }

    fn product(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn directions_of_an_update_are_orthogonal() {
        for length in [128, 384] {
            let all: Vec<_> = (0..128).map(|index| vector(3, index, length)).collect();
            for (k, one) in all.iter().enumerate() {
                assert!(one.iter().all(|entry| entry.abs() == 1.0));
                for (j, other) in all.iter().enumerate() {
                    assert_eq!(product(one, other), if j == k { length as f32 } else { 0.0 }, "{k}, {j}");
                }
            }
        }
        // Four directions on 17 parameters: what is left of the last block of four.
        for (k, j) in [(0, 1), (0, 3), (1, 2)] {
            assert_eq!(product(&vector(3, k, 17), &vector(3, j, 17)).abs(), 1.0);
        }
    }

    #[test]
    fn further_directions_and_updates_have_signs_of_their_own() {
        let one = vector(3, 0, 4096);
        for other in [vector(3, 128, 4096), vector(4, 0, 4096)] {
            assert_ne!(one, other);
            // Five standard deviations of a sum of independent signs.
            assert!(product(&one, &other).abs() < 5.0 * 64.0);
        }
    }

    #[test]
    fn as_many_directions_as_parameters_are_the_gradient() {
        let gradient: Vec<f32> = (0..128).map(|index| (index as f32).sin()).collect();
        let mut estimate = vec![0.0f32; 128];
        for index in 0..128 {
            let direction = vector(7, index, 128);
            let slope = product(&gradient, &direction) / 128.0;
            estimate.iter_mut().zip(&direction).for_each(|(value, entry)| *value += slope * entry);
        }
        assert!(estimate.iter().zip(&gradient).all(|(a, b)| (a - b).abs() < 1e-5));
    }

    #[test]
    fn the_squared_length_is_that_of_the_formula() {
        let (parameters, directions, draws) = (64, 16, 4000);
        let gradient: Vec<f32> = (0..parameters).map(|index| (index as f32).cos()).collect();
        let whole = product(&gradient, &gradient);
        let squares = (0..draws).map(|update| {
            let mut estimate = vec![0.0f32; parameters];
            for index in 0..directions {
                let direction = vector(update, index, parameters);
                let slope = product(&gradient, &direction) / directions as f32;
                estimate.iter_mut().zip(&direction).for_each(|(value, entry)| *value += slope * entry);
            }
            f64::from(product(&estimate, &estimate) / whole)
        });
        let mean = squares.sum::<f64>() / draws as f64;
        // P/K = 4, where independent signs have 4.94; the standard error is below 0.03.
        assert!((mean - 4.0).abs() < 0.12, "{mean}");
    }

    #[test]
    fn any_part_is_a_part_of_the_whole() {
        let direction = Family::Orthogonal.direction_of(Key::from_seed(5), 77);
        let mut whole = vec![0.0f32; 700];
        direction.add_to(0.5, &mut whole);
        for (first, length) in [(0, 5), (1, 1), (1, 400), (5, 60)] {
            let (mut plus, mut minus, mut written) = (vec![0.0; length], vec![0.0; length], vec![7.0; length]);
            direction.add_pair(first, 0.5, &mut plus, &mut minus);
            direction.write_chunk(first, 0.5, &mut written);
            assert_eq!(plus, whole[first * CHUNK..first * CHUNK + length]);
            assert_eq!(written, plus);
            assert!(plus.iter().zip(&minus).all(|(plus, minus)| *plus == -minus));
        }
        assert!(matches!(direction, Direction::Orthogonal(_)));
    }
}
