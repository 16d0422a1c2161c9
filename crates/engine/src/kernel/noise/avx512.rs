//! Chunks of signs and normals with AVX-512: the bits of a block, the words of [`Key::direction_block`](crate::random::Key::direction_block) and
//! [`inverse_normal`](crate::kernel::normal::inverse_normal), bit for bit.
//!
//! # Layout
//! A counter and a product of Philox take a slot of 64 bits, eight blocks a register; only the low half of a word's slot
//! counts. Slot 2j holds block j, slot 2j + 1 block 4 + j, so that two interleavings within 128 bits put the words in their
//! order. The 32 coefficients of a power of t lie in two registers, from which one instruction takes 16.
//!
//! # Cost
//! 6 operations a round for 32 words, 8 to put them in order, 18 for 16 normals: 2.6 operations a normal. They are made 128 at a time:
//! of half as many a processor cannot begin the next ones before it has waited for these. Compilers turn the
//! table into scalar loads, which is why this is written with intrinsics.
#![allow(unsafe_code)]

#[allow(clippy::wildcard_imports, reason = "two dozen intrinsics")]
use std::arch::x86_64::*;

use super::output::Output;
use super::{CHUNK, Noise};
use crate::kernel::normal::{COEFFICIENTS, DEGREE};
use crate::random::{Key, MULTIPLIERS, WEYL};

/// `(a & b) | c`, `a ^ b ^ c`, `(a ^ b) & c` and `a ^ (b & c)` as truth tables.
const AND_OR: i32 = 0xEA;
pub(in crate::kernel) const XOR: i32 = 0x96;
const XOR_AND: i32 = 0x28;
const XOR_MASKED: i32 = 0x78;

/// Makes the noise of `key` from chunk `first` on, as much as `output` takes.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
pub(super) fn emit<O: Output>(noise: Noise, key: Key, first: u64, mut output: O) {
    let (length, words) = (output.len(), key.words());
    match noise {
        // 32 blocks side by side would be made for one or two.
        Noise::Signs if length <= 2 * CHUNK => {
            for start in (0..length).step_by(CHUNK) {
                output.take_chunk(start, &signs(key.block(first + (start / CHUNK) as u64)));
            }
        }
        Noise::Signs => {
            for start in (0..length).step_by(32 * CHUNK) {
                let blocks = sign_blocks(words, first + (start / CHUNK) as u64);
                for (start, block) in (start..length).step_by(CHUNK).zip(blocks) {
                    output.prefetch(start);
                    output.take_chunk(start, &signs(block));
                }
            }
        }
        Noise::Normals => {
            for start in (0..length).step_by(CHUNK) {
                let block = 32 * (first + (start / CHUNK) as u64);
                if length - start <= CHUNK / 2 {
                    output.take(start, &few_normals(words, block)[..length - start]);
                } else {
                    output.prefetch(start);
                    output.take_chunk(start, &normals(words, block));
                }
            }
        }
    }
}

/// The 128 normals that begin at block `first` of the stream with the key `words`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn normals(words: [u32; 2], first: u64) -> [f32; CHUNK] {
    let mut chunk = [0.0; CHUNK];
    let [[a, b], [c, d], [e, f], [g, h]] = blocks::<7, 4>(words, first);
    store(inverse_normal([a, b, c, d, e, f, g, h]), &mut chunk);
    chunk
}

/// The first half of them, for vectors that take no more.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn few_normals(words: [u32; 2], first: u64) -> [f32; CHUNK / 2] {
    let mut half = [0.0; CHUNK / 2];
    let [[a, b], [c, d]] = blocks::<7, 2>(words, first);
    store(inverse_normal([a, b, c, d]), &mut half);
    half
}

/// Writes registers one after the other.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn store<const N: usize>(registers: [__m512; N], to: &mut [f32]) {
    for (values, register) in to.as_chunks_mut::<16>().0.iter_mut().zip(registers) {
        // SAFETY: `values` are 16 numbers, and the store asks for no alignment.
        unsafe { _mm512_storeu_ps(values.as_mut_ptr(), register) };
    }
}

/// The words of 32 blocks of ten rounds from block `first` on, for their signs.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn sign_blocks(words: [u32; 2], first: u64) -> [[u32; 4]; 32] {
    let mut found = [[0; 4]; 32];
    let words = blocks::<10, 4>(words, first);
    for (blocks, words) in found.as_chunks_mut::<4>().0.iter_mut().zip(words.as_flattened()) {
        // SAFETY: 16 words, and the store asks for no alignment.
        unsafe { _mm512_storeu_si512(blocks.as_mut_ptr().cast(), *words) };
    }
    found
}

/// Writes the signs of a block's bits, the low bit of the first word first.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn signs(block: [u32; 4]) -> [f32; CHUNK] {
    let mut chunk = [0.0; CHUNK];
    let (plus, minus) = (_mm512_set1_ps(1.0), _mm512_set1_ps(-1.0));
    for (values, word) in chunk.as_chunks_mut::<32>().0.iter_mut().zip(block) {
        for (values, half) in values.as_chunks_mut::<16>().0.iter_mut().zip([word, word >> 16]) {
            // SAFETY: `values` are 16 numbers, and the store asks for no alignment.
            unsafe { _mm512_storeu_ps(values.as_mut_ptr(), _mm512_mask_blend_ps(half as u16, plus, minus)) };
        }
    }
    chunk
}

/// The words of so many groups of eight blocks of so many rounds in their order, 16 a register. Four groups go side by side: one alone
/// waits for its own products.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn blocks<const ROUNDS: usize, const GROUPS: usize>(words: [u32; 2], first: u64) -> [[__m512i; 2]; GROUPS] {
    let multipliers = MULTIPLIERS.map(|multiplier| _mm512_set1_epi64(i64::from(multiplier)));
    let zero = _mm512_setzero_si512();
    let order = _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7);
    let mut counters = [[zero; 4]; GROUPS];
    for (group, counter) in counters.iter_mut().enumerate() {
        let position = _mm512_add_epi64(_mm512_set1_epi64(first.wrapping_add(8 * group as u64) as i64), order);
        (counter[0], counter[1]) = (position, _mm512_srli_epi64::<32>(position));
    }
    for round in 0..ROUNDS - 1 {
        let key = round_key(words, round);
        for counter in &mut counters {
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
    // The last round leaves words 0 and 1 in one slot, 2 and 3 in another.
    let (key, low) = (round_key(words, ROUNDS - 1), _mm512_set1_epi64(0xFFFF_FFFF));
    let mut ordered = [[zero; 2]; GROUPS];
    for (counter, ordered) in counters.iter().zip(&mut ordered) {
        let first = _mm512_rol_epi64::<32>(_mm512_mul_epu32(counter[0], multipliers[0]));
        let second = _mm512_rol_epi64::<32>(_mm512_mul_epu32(counter[2], multipliers[1]));
        let front = _mm512_xor_si512(second, _mm512_ternarylogic_epi64::<XOR_AND>(counter[1], key[0], low));
        let back = _mm512_xor_si512(first, _mm512_ternarylogic_epi64::<XOR_AND>(counter[3], key[1], low));
        *ordered = [_mm512_unpacklo_epi64(front, back), _mm512_unpackhi_epi64(front, back)];
    }
    ordered
}

/// The key of a round in every slot.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn round_key(words: [u32; 2], round: usize) -> [__m512i; 2] {
    [0, 1].map(|half| _mm512_set1_epi32(words[half].wrapping_add(WEYL[half].wrapping_mul(round as u32)) as i32))
}

/// A normal for each word, `N` registers side by side.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
pub(in crate::kernel) fn inverse_normal<const N: usize>(words: [__m512i; N]) -> [__m512; N] {
    let number = |bits: u32| _mm512_set1_epi32(bits as i32);
    let bits = words.map(|words| {
        let scaled = _mm512_ternarylogic_epi32::<AND_OR>(words, number(0x7FFF_FFFF), number(1));
        _mm512_castps_si512(_mm512_cvtepi32_ps(scaled))
    });
    let octave = bits.map(|bits| _mm512_srli_epi32::<23>(bits));
    let t = bits.map(|bits| {
        let t = _mm512_ternarylogic_epi32::<AND_OR>(bits, number(0x007F_FFFF), number(1.0f32.to_bits()));
        _mm512_castsi512_ps(t)
    });
    let mut z = octave.map(|octave| look_up(&COEFFICIENTS[DEGREE], octave));
    for coefficients in COEFFICIENTS[..DEGREE].iter().rev() {
        for index in 0..N {
            z[index] = _mm512_add_ps(_mm512_mul_ps(z[index], t[index]), look_up(coefficients, octave[index]));
        }
    }
    for (z, words) in z.iter_mut().zip(words) {
        let bits = _mm512_castps_si512(*z);
        *z = _mm512_castsi512_ps(_mm512_ternarylogic_epi32::<XOR_MASKED>(bits, words, number(0x8000_0000)));
    }
    z
}

/// `table[octave mod 32]` for 16 octaves.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn look_up(table: &[f32; 32], octave: __m512i) -> __m512 {
    // SAFETY: the table has 32 numbers, and the loads ask for no alignment.
    let halves = unsafe { [_mm512_loadu_ps(table.as_ptr()), _mm512_loadu_ps(table.as_ptr().add(16))] };
    _mm512_permutex2var_ps(halves[0], octave, halves[1])
}
