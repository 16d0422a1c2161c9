//! Keyed, counter-based random streams: every number is a function of a key and an index.
//!
//! # Generator
//! Philox4x32-10 (Salmon et al., 2011): ten rounds of a keyed bijection on a 128-bit counter,
//!
//! ```text
//!     (c0, c1, c2, c3) ← (hi(M1·c2) ⊕ c1 ⊕ k0,  lo(M1·c2),  hi(M0·c0) ⊕ c3 ⊕ k1,  lo(M0·c0))
//!     (k0, k1)         ← (k0 + W0, k1 + W1)                                  between rounds
//! ```
//! with M0 = 0xD2511F53, M1 = 0xCD9E8D57, W0 = 0x9E3779B9, W1 = 0xBB67AE85. Integer arithmetic only: the same bits on
//! every machine, and any block can be computed without the ones before it. The normals of a perturbation's direction
//! come from seven rounds ([`philox4x32_7`]), the fewest that passed the authors' tests (ibid., table 2; they keep ten as a margin)
//! and ours (`docs/randomness.md`). Everything else has ten.
//!
//! # Streams
//! A [`Key`] is 64 bits. `key.child(n)` is the first half of the block with counter `(n, 0, 0xC411D)` under `key`:
//! children of one key never share a block with its numbers, whose counters have a zero in that place. No generator
//! state exists anywhere: a [`Stream`] is a key and a position.
//!
//! # Cost
//! One block (four 32-bit words) is ten rounds of two 32×32→64-bit products.
//!
//! # References
//! 1. J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, *Parallel random numbers: as easy as 1, 2, 3*, SC'11,
//!    doi:10.1145/2063384.2063405.

use serde::{Deserialize, Serialize};

use crate::kernel::math;

/// Multipliers M0 and M1 of a round.
pub(crate) const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
/// Increments W0 and W1 of the key between rounds.
pub(crate) const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
/// Third counter word of the blocks that make children; numbers of a stream have zero there.
pub(crate) const CHILD_DOMAIN: u32 = 0x000C_411D;

/// One block of Philox4x32-10: four words from a counter and a key.
///
/// # Example
/// ```
/// // Known answer of the reference implementation for a zero counter and a zero key.
/// let block = tegmentum_engine::random::philox4x32([0; 4], [0; 2]);
/// assert_eq!(block, [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
/// ```
#[inline(always)]
#[allow(clippy::inline_always, reason = "must be inlined into loops compiled for wider instruction sets")]
pub fn philox4x32(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    philox::<10, 1>(counter.map(|word| [word]), key.map(|word| [word])).map(|[word]| word)
}

/// One block of Philox4x32-7, the generator of normal directions.
///
/// # Example
/// ```
/// // Known answer of the reference implementation for a zero counter and a zero key.
/// let block = tegmentum_engine::random::philox4x32_7([0; 4], [0; 2]);
/// assert_eq!(block, [0x5f6fb709, 0x0d893f64, 0x4f121f81, 0x4f730a48]);
/// ```
#[inline(always)]
#[allow(clippy::inline_always, reason = "must be inlined into loops compiled for wider instruction sets")]
pub fn philox4x32_7(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    philox::<7, 1>(counter.map(|word| [word]), key.map(|word| [word])).map(|[word]| word)
}

/// `N` blocks, word by word, from `N` counters and `N` keys: computed side by side so that a compiler can put them into
/// vector registers.
#[inline(always)]
#[allow(clippy::inline_always, reason = "must be inlined into loops compiled for wider instruction sets")]
pub fn philox<const ROUNDS: usize, const N: usize>(
    mut counter: [[u32; N]; 4],
    mut key: [[u32; N]; 2],
) -> [[u32; N]; 4] {
    for round in 0..ROUNDS {
        let before = counter;
        for index in 0..N {
            if round > 0 {
                key[0][index] = key[0][index].wrapping_add(WEYL[0]);
                key[1][index] = key[1][index].wrapping_add(WEYL[1]);
            }
            let first = u64::from(MULTIPLIERS[0]) * u64::from(before[0][index]);
            let second = u64::from(MULTIPLIERS[1]) * u64::from(before[2][index]);
            counter[0][index] = (second >> 32) as u32 ^ before[1][index] ^ key[0][index];
            counter[1][index] = second as u32;
            counter[2][index] = (first >> 32) as u32 ^ before[3][index] ^ key[1][index];
            counter[3][index] = first as u32;
        }
    }
    counter
}

/// The counters of `N` consecutive blocks.
#[inline(always)]
#[allow(clippy::inline_always, reason = "must be inlined into loops compiled for wider instruction sets")]
fn counters<const N: usize>(first: u64) -> [[u32; N]; 4] {
    let position = |index: usize| first.wrapping_add(index as u64);
    let low = std::array::from_fn(|index| position(index) as u32);
    let high = std::array::from_fn(|index| (position(index) >> 32) as u32);
    [low, high, [0; N], [0; N]]
}

/// The name of a random stream: 64 bits from which every number of the stream follows.
///
/// # Example
/// ```
/// use tegmentum_engine::random::Key;
///
/// let run = Key::from_seed(7);
/// let (initialisation, batches) = (run.child(0), run.child(1));
/// assert_ne!(initialisation, batches);
/// assert_eq!(initialisation, Key::from_seed(7).child(0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key(pub u64);

impl Key {
    /// The key of a user's seed. Seeds that differ in one bit give unrelated keys.
    pub fn from_seed(seed: u64) -> Self {
        Self(seed).child(0x5EED)
    }

    /// The key of the `index`-th child. Children of one key are independent of each other and of its own numbers.
    #[must_use]
    pub fn child(self, index: u64) -> Self {
        let block = philox4x32([index as u32, (index >> 32) as u32, CHILD_DOMAIN, 0], self.words());
        Self(u64::from(block[0]) | u64::from(block[1]) << 32)
    }

    /// The `index`-th block of four words of the stream with this key.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "must be inlined into loops compiled for wider instruction sets")]
    pub fn block(self, index: u64) -> [u32; 4] {
        philox4x32([index as u32, (index >> 32) as u32, 0, 0], self.words())
    }

    /// `N` consecutive blocks from the `first`-th on, word by word: the same numbers as [`Key::block`].
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "must be inlined into loops compiled for wider instruction sets")]
    pub fn blocks<const N: usize>(self, first: u64) -> [[u32; N]; 4] {
        philox::<10, N>(counters(first), self.words().map(|word| [word; N]))
    }

    /// The `index`-th block of four words from which the normals of a direction with this key are made.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "must be inlined into loops compiled for wider instruction sets")]
    pub fn direction_block(self, index: u64) -> [u32; 4] {
        philox4x32_7([index as u32, (index >> 32) as u32, 0, 0], self.words())
    }

    /// `N` consecutive blocks from the `first`-th on, word by word: the same numbers as [`Key::direction_block`].
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "must be inlined into loops compiled for wider instruction sets")]
    pub fn direction_blocks<const N: usize>(self, first: u64) -> [[u32; N]; 4] {
        philox::<7, N>(counters(first), self.words().map(|word| [word; N]))
    }

    /// The numbers of this key from the start.
    pub fn stream(self) -> Stream {
        Stream { key: self, block: 0, words: [0; 4], used: 4 }
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "must be inlined into loops compiled for wider instruction sets")]
    /// The key as two 32-bit words, the low one first.
    pub fn words(self) -> [u32; 2] {
        [self.0 as u32, (self.0 >> 32) as u32]
    }
}

/// The numbers of a key, one after the other.
///
/// # Example
/// ```
/// use tegmentum_engine::random::Key;
///
/// let mut stream = Key::from_seed(1).stream();
/// let u = stream.uniform();
/// assert!((0.0..1.0).contains(&u));
/// assert!(stream.below(10) < 10);
/// assert_eq!(Key::from_seed(1).stream().uniform(), u);
/// ```
#[derive(Clone, Debug)]
pub struct Stream {
    key: Key,
    block: u64,
    words: [u32; 4],
    used: usize,
}

crate::archived!(Stream { key, block, words, used });

impl Stream {
    /// The next 32 random bits.
    pub fn next_u32(&mut self) -> u32 {
        if self.used == 4 {
            self.words = self.key.block(self.block);
            self.block += 1;
            self.used = 0;
        }
        let word = self.words[self.used];
        self.used += 1;
        word
    }

    /// The next 64 random bits: the low word first.
    pub fn next_u64(&mut self) -> u64 {
        let low = self.next_u32();
        u64::from(low) | u64::from(self.next_u32()) << 32
    }

    /// Uniform on `[0, 1)` with 53 random bits.
    pub fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform on `0..bound`, without bias (Lemire's rejection).
    ///
    /// # Panics
    /// In debug builds, if `bound` is zero.
    pub fn below(&mut self, bound: usize) -> usize {
        debug_assert!(bound > 0);
        let bound = bound as u64;
        loop {
            let product = u128::from(self.next_u64()) * u128::from(bound);
            if product as u64 >= bound.wrapping_neg() % bound {
                return (product >> 64) as usize;
            }
        }
    }

    /// Standard normal, by the Box–Muller transform of two words; the same bits on every machine.
    pub fn normal(&mut self) -> f32 {
        let (first, second) = (self.next_u32(), self.next_u32());
        math::box_muller(first, second).0
    }

    /// A uniformly random order of `items` (Fisher–Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The three known answers of the authors' test file `kat_vectors`.
    #[test]
    fn philox_known_answers() {
        assert_eq!(philox4x32([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox4x32([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        assert_eq!(
            philox4x32([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn philox_known_answers_of_seven_rounds() {
        assert_eq!(philox4x32_7([0; 4], [0; 2]), [0x5f6f_b709, 0x0d89_3f64, 0x4f12_1f81, 0x4f73_0a48]);
        assert_eq!(philox4x32_7([u32::MAX; 4], [u32::MAX; 2]), [0x5207_ddc2, 0x4516_5e59, 0x4d8e_e751, 0x8c52_f662]);
        assert_eq!(
            philox4x32_7([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0x4dfc_caba, 0x190a_87f0, 0xc473_62ba, 0xb6b5_242a]
        );
    }

    #[test]
    fn below_is_unbiased_and_in_range() {
        let mut stream = Key::from_seed(3).stream();
        let mut counts = [0usize; 7];
        for _ in 0..70_000 {
            counts[stream.below(7)] += 1;
        }
        // Standard deviation of a count is about 93.
        assert!(counts.iter().all(|&count| count.abs_diff(10_000) < 500), "{counts:?}");
    }

    #[test]
    fn shuffle_keeps_the_items() {
        let mut items: Vec<usize> = (0..100).collect();
        Key::from_seed(5).stream().shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn children_differ_from_each_other_and_from_the_stream() {
        let key = Key::from_seed(11);
        let mut seen: Vec<u64> = (0..1000).map(|index| key.child(index).0).collect();
        let mut stream = key.stream();
        seen.extend((0..1000).map(|_| stream.next_u64()));
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 2000);
    }
}
