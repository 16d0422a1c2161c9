//! Normals of 16 keys with AVX2: the words of [`Key::direction_block`](crate::random::Key::direction_block) and
//! [`inverse_normal`](crate::kernel::normal::inverse_normal), bit for bit.
//!
//! # Layout
//! A counter takes a slot of 64 bits, four keys a register; two registers, eight keys, go side by side. The first one holds keys 0, 1, 4, 5,
//! the second 2, 3, 6, 7, so that one shuffle within 128 bits puts a word of all eight into their order. The keys of the rounds are
//! made once for all blocks.
//!
//! # Cost
//! 46 operations for the rounds of four blocks, 2 for every 8 words, and the transform of [`noise`](crate::kernel::noise).
#![allow(unsafe_code)]

#[allow(clippy::wildcard_imports, reason = "a dozen intrinsics")]
use std::arch::x86_64::*;

use super::{KEYS, Lanes};
use crate::kernel::aligned::Row16;
use crate::kernel::noise::avx2::{ROUNDS, inverse_normal, multipliers, round};
use crate::random::{MULTIPLIERS, WEYL};

/// Keys side by side.
const HALF: usize = KEYS / 2;

/// Both words of the keys of each round, four keys a register.
type RoundKeys = [[[__m256i; 2]; 2]; ROUNDS];

/// Normals: block c, of seven rounds, has the entries from 4 c on, one for each word.
#[target_feature(enable = "avx2,fma")]
pub(super) fn write_normals(keys: &Lanes<u64>, rows: &mut [Row16]) {
    for half in 0..KEYS / HALF {
        let (first, mut own) = (HALF * half, [0; HALF]);
        own.copy_from_slice(&keys[first..first + HALF]);
        let keys = round_keys(own);
        for (block, rows) in rows.chunks_mut(4).enumerate() {
            let words = words(&keys, block as u32);
            for (rows, words) in rows.chunks_mut(2).zip([[words[0], words[1]], [words[2], words[3]]]) {
                for (row, normals) in rows.iter_mut().zip(inverse_normal(words)) {
                    // SAFETY: a row is 16 numbers, of which eight from 0 or 8 on are written; the store asks for no alignment.
                    unsafe { _mm256_storeu_ps(row.0.as_mut_ptr().add(first), normals) };
                }
            }
        }
    }
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn round_keys(keys: [u64; HALF]) -> RoundKeys {
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
