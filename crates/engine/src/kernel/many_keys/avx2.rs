//! Children and normals of 16 keys with AVX2: those of [`Key::child`](crate::random::Key::child), and the words of
//! [`Key::direction_block`](crate::random::Key::direction_block) with [`inverse_normal`](crate::kernel::normal::inverse_normal), bit for bit.
//!
//! # Layout
//! A counter takes a slot of 64 bits, four keys a register; two registers, eight keys, go side by side. The first one holds keys 0, 1, 4, 5,
//! the second 2, 3, 6, 7, so that one shuffle within 128 bits puts a word of all eight into their order. The keys of the rounds are
//! made once for all blocks. The words stand in the place of the normals before these are made of them: each of the two loops
//! has all registers for itself.
//!
//! # Cost
//! 46 operations for the rounds of four blocks, 2 for every 8 words, and the transform of [`noise`](crate::kernel::noise). Children: 100 operations for
//! four keys.
#![allow(unsafe_code)]

#[allow(clippy::wildcard_imports, reason = "a dozen intrinsics")]
use std::arch::x86_64::*;

use super::{KEYS, Lanes};
use crate::kernel::aligned::Row16;
use crate::kernel::noise::avx2::{ROUNDS, inverse_normal, multipliers, round};
use crate::random::{CHILD_DOMAIN, MULTIPLIERS, WEYL};

/// Rounds of the block that has a child.
const CHILD_ROUNDS: usize = 10;

/// Keys side by side.
const HALF: usize = KEYS / 2;

/// Rows whose words are written before their normals: 4 KB.
const ROWS_AT_ONCE: usize = 64;

/// Both words of the keys of each round, four keys a register.
type RoundKeys = [[[__m256i; 2]; 2]; ROUNDS];

/// Replaces each key by its child with the index of its lane.
#[target_feature(enable = "avx2,fma")]
pub(super) fn replace_by_children(keys: &mut Lanes<u64>, indices: &Lanes<u64>) {
    const SLOTS: usize = 4;
    let weyl = WEYL.map(|weyl| _mm256_set1_epi64x(i64::from(weyl)));
    let domain = _mm256_set1_epi64x(i64::from(CHILD_DOMAIN));
    for (keys, indices) in
        keys.as_chunks_mut::<{ 2 * SLOTS }>().0.iter_mut().zip(indices.as_chunks::<{ 2 * SLOTS }>().0)
    {
        let mut key = [[_mm256_setzero_si256(); 2]; 2];
        let mut state = [[_mm256_setzero_si256(); 4]; 2];
        for half in 0..2 {
            // SAFETY: four numbers are read from each half of eight; the load asks for no alignment.
            let [own, index] =
                [&*keys, indices].map(|from| unsafe { _mm256_loadu_si256(from.as_ptr().add(SLOTS * half).cast()) });
            key[half] = [own, _mm256_srli_epi64::<32>(own)];
            state[half] = [index, _mm256_srli_epi64::<32>(index), domain, _mm256_setzero_si256()];
        }
        for _ in 0..CHILD_ROUNDS {
            for (state, key) in state.iter_mut().zip(&mut key) {
                *state = round(*state, *key);
                *key = [_mm256_add_epi64(key[0], weyl[0]), _mm256_add_epi64(key[1], weyl[1])];
            }
        }
        for (half, [word0, word1, ..]) in state.into_iter().enumerate() {
            let child = _mm256_blend_epi32::<0b1010_1010>(word0, _mm256_slli_epi64::<32>(word1));
            // SAFETY: four numbers are written; the store asks for no alignment.
            unsafe { _mm256_storeu_si256(keys.as_mut_ptr().add(SLOTS * half).cast(), child) };
        }
    }
}

/// Normals: block c, of seven rounds, has the entries from 4 c on, one for each word.
#[target_feature(enable = "avx2,fma")]
pub(super) fn write_normals(keys: &Lanes<u64>, rows: &mut [Row16]) {
    let mut halves: [RoundKeys; 2] = [[[[_mm256_setzero_si256(); 2]; 2]; ROUNDS]; 2];
    for (half, keys) in halves.iter_mut().zip(keys.as_chunks().0) {
        *half = round_keys(keys);
    }
    for (part, rows) in rows.chunks_mut(ROWS_AT_ONCE).enumerate() {
        for (half, keys) in halves.iter().enumerate() {
            for (block, rows) in rows.chunks_mut(4).enumerate() {
                let words = words(keys, (ROWS_AT_ONCE / 4 * part + block) as u32);
                for (row, words) in rows.iter_mut().zip(words) {
                    // SAFETY: a row is 16 numbers, of which eight from 0 or 8 on are written; the store asks for no alignment.
                    unsafe { _mm256_storeu_si256(row.0.as_mut_ptr().add(HALF * half).cast(), words) };
                }
            }
        }
        for row in rows {
            let halves = [0, HALF].map(|half| row.0.as_mut_ptr().wrapping_add(half));
            // SAFETY: eight words of 32 bits are read from each half of a row of 16 numbers; the load asks for no alignment.
            let words = halves.map(|half| unsafe { _mm256_loadu_si256(half.cast()) });
            for (half, normals) in halves.into_iter().zip(inverse_normal(words)) {
                // SAFETY: as above, written.
                unsafe { _mm256_storeu_ps(half, normals) };
            }
        }
    }
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn round_keys(keys: &[u64; HALF]) -> RoundKeys {
    let slots = |order: [usize; 4]| {
        let [a, b, c, d] = order.map(|index| keys[index].cast_signed());
        _mm256_setr_epi64x(a, b, c, d)
    };
    let mut key = [slots([0, 1, 4, 5]), slots([2, 3, 6, 7])].map(|low| [low, _mm256_srli_epi64::<32>(low)]);
    let weyl = WEYL.map(|weyl| _mm256_set1_epi64x(i64::from(weyl)));
    let mut found = [key; ROUNDS];
    for found in &mut found[1..] {
        for key in &mut key {
            *key = [_mm256_add_epi64(key[0], weyl[0]), _mm256_add_epi64(key[1], weyl[1])];
        }
        *found = key;
    }
    found
}

/// The four words of block `block`, for all eight keys.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn words(keys: &RoundKeys, block: u32) -> [__m256i; 4] {
    let [m0, m1] = multipliers();
    // The first round: the counter is the block's number in word 0, and zeros.
    let product = u64::from(MULTIPLIERS[0]) * u64::from(block);
    let (high, low) = (product >> 32, product & 0xFFFF_FFFF);
    let (high, low) = (_mm256_set1_epi64x(high.cast_signed()), _mm256_set1_epi64x(low.cast_signed()));
    let mut states = [[_mm256_setzero_si256(); 4]; 2];
    for ((state, first), key) in states.iter_mut().zip(keys[0]).zip(keys[1]) {
        let front = _mm256_mul_epu32(first[0], m0);
        let back = _mm256_mul_epu32(_mm256_xor_si256(high, first[1]), m1);
        *state = [
            _mm256_xor_si256(_mm256_srli_epi64::<32>(back), key[0]),
            back,
            _mm256_xor_si256(_mm256_srli_epi64::<32>(front), _mm256_xor_si256(low, key[1])),
            front,
        ];
    }
    for keys in &keys[2..] {
        for (state, key) in states.iter_mut().zip(keys) {
            *state = round(*state, *key);
        }
    }
    let [front, back] = states;
    let mut words = front;
    for (word, back) in words.iter_mut().zip(back) {
        *word = _mm256_castps_si256(_mm256_shuffle_ps::<0b10_00_10_00>(
            _mm256_castsi256_ps(*word),
            _mm256_castsi256_ps(back),
        ));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::normal;
    use crate::random::Key;

    #[test]
    fn children_of_all_keys_are_those_of_each() {
        if !std::arch::is_x86_feature_detected!("avx2") || !std::arch::is_x86_feature_detected!("fma") {
            return;
        }
        let keys: Lanes<u64> = std::array::from_fn(|lane| Key::from_seed(lane as u64).0);
        for indices in [[0; KEYS], std::array::from_fn(|lane| lane as u64), [u64::MAX - 7; KEYS]] {
            let mut found = keys;
            // SAFETY: the processor has AVX2.
            unsafe { replace_by_children(&mut found, &indices) };
            for lane in 0..KEYS {
                assert_eq!(found[lane], Key(keys[lane]).child(indices[lane]).0);
            }
        }
    }

    #[test]
    fn normals_of_all_keys_are_those_of_each() {
        if !std::arch::is_x86_feature_detected!("avx2") || !std::arch::is_x86_feature_detected!("fma") {
            return;
        }
        let keys: Lanes<u64> = std::array::from_fn(|lane| Key::from_seed(lane as u64).0);
        for length in [1, 2, 3, 17, 301] {
            let mut rows = vec![Row16([f32::NAN; KEYS]); length];
            // SAFETY: the processor has AVX2.
            unsafe { write_normals(&keys, &mut rows) };
            for (index, row) in rows.iter().enumerate() {
                for (lane, found) in row.0.into_iter().enumerate() {
                    let word = Key(keys[lane]).direction_block(index as u64 / 4)[index % 4];
                    assert_eq!(found, normal::inverse_normal(word), "entry {index} of key {lane}");
                }
            }
        }
    }
}
