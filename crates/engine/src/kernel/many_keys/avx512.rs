//! Normals of 16 keys with AVX-512: the words of [`Key::direction_block`](crate::random::Key::direction_block) and
//! [`inverse_normal`](crate::kernel::normal::inverse_normal), bit for bit.
//!
//! # Layout
//! A counter takes a slot of 64 bits, so that the lanes are two registers; only the low half of a word's slot counts.
//!
//! # Cost
//! 12 operations a round for 64 words, four a round for the keys of two blocks, 18 for 16 normals. Compilers turn the table of
//! the normals into scalar loads, which is why this is written with intrinsics.
#![allow(unsafe_code)]

#[allow(clippy::wildcard_imports, reason = "a dozen intrinsics")]
use std::arch::x86_64::*;

use super::{KEYS, Lanes};
use crate::kernel::aligned::Row16;
use crate::kernel::noise::avx512::{XOR, inverse_normal};
use crate::random::{MULTIPLIERS, WEYL};

/// Rounds of Philox.
const ROUNDS: usize = 7;

/// Normals: block c, of seven rounds, has the entries from 4 c on, one for each word.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
pub(super) fn write_normals(keys: &Lanes<u64>, rows: &mut [Row16]) {
    // Two blocks side by side: one alone waits for its own products.
    let (pairs, rest) = rows.as_chunks_mut::<8>();
    let mut block = 0;
    for rows in pairs {
        write(blocks::<2>(keys, block), rows);
        block += 2;
    }
    if rest.len() > 4 {
        write(blocks::<2>(keys, block), rest);
    } else if !rest.is_empty() {
        write(blocks::<1>(keys, block), rest);
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn write<const B: usize>(blocks: [[__m512i; 4]; B], rows: &mut [Row16]) {
    for (rows, words) in rows.chunks_mut(4).zip(blocks) {
        for (row, normals) in rows.iter_mut().zip(inverse_normal(words)) {
            // SAFETY: a row is 16 numbers, and the store asks for no alignment.
            unsafe { _mm512_storeu_ps(row.0.as_mut_ptr(), normals) };
        }
    }
}

/// The words of `B` blocks from number `first` on, below 2³²: a register for each word, lane = key.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn blocks<const B: usize>(keys: &Lanes<u64>, first: u32) -> [[__m512i; 4]; B] {
    let multipliers = MULTIPLIERS.map(|multiplier| _mm512_set1_epi64(i64::from(multiplier)));
    let weyl = WEYL.map(|weyl| _mm512_set1_epi64(i64::from(weyl)));
    let mut key = [[_mm512_setzero_si512(); 2]; 2];
    for (half, [low, high]) in key.iter_mut().enumerate() {
        // SAFETY: `KEYS` is twice the eight that are read, and the load asks for no alignment.
        *low = unsafe { _mm512_loadu_si512(keys.as_ptr().add(KEYS / 2 * half).cast()) };
        *high = _mm512_srli_epi64::<32>(*low);
    }
    // The first round: the counter is the block's number in word 0, and zeros.
    let mut counters = [[[_mm512_setzero_si512(); 4]; 2]; B];
    for (block, counter) in counters.iter_mut().enumerate() {
        let product = u64::from(MULTIPLIERS[0]) * u64::from(first + block as u32);
        for (counter, key) in counter.iter_mut().zip(&key) {
            counter[0] = key[0];
            counter[2] = _mm512_xor_si512(_mm512_set1_epi64((product >> 32).cast_signed()), key[1]);
            counter[3] = _mm512_set1_epi64(product.cast_signed());
        }
    }
    for _ in 1..ROUNDS {
        for key in &mut key {
            *key = [_mm512_add_epi64(key[0], weyl[0]), _mm512_add_epi64(key[1], weyl[1])];
        }
        for counter in &mut counters {
            for (counter, key) in counter.iter_mut().zip(&key) {
                let first = _mm512_mul_epu32(counter[0], multipliers[0]);
                let second = _mm512_mul_epu32(counter[2], multipliers[1]);
                *counter = [
                    _mm512_ternarylogic_epi64::<XOR>(_mm512_srli_epi64::<32>(second), counter[1], key[0]),
                    second,
                    _mm512_ternarylogic_epi64::<XOR>(_mm512_srli_epi64::<32>(first), counter[3], key[1]),
                    first,
                ];
            }
        }
    }
    let low = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    let mut words = [[_mm512_setzero_si512(); 4]; B];
    for (words, [front, back]) in words.iter_mut().zip(counters) {
        for (word, (front, back)) in words.iter_mut().zip(front.into_iter().zip(back)) {
            *word = _mm512_permutex2var_epi32(front, low, back);
        }
    }
    words
}
