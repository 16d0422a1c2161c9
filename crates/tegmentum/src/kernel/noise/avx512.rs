//! Chunks of normals with AVX-512: the words of [`Key::direction_block`](crate::random::Key::direction_block) and
//! [`inverse_normal`](crate::kernel::normal::inverse_normal), bit for bit.
//!
//! # Layout
//! A counter and a product of Philox take a slot of 64 bits, eight blocks a register; only the low half of a word's slot
//! counts. Slot 2j holds block j, slot 2j + 1 block 4 + j, so that two interleavings within 128 bits put the words in their
//! order. The 32 coefficients of a power of t lie in two registers, from which one instruction takes 16.
//!
//! # Cost
//! 6 operations a round for 32 words, 8 to put them in order, 18 for 16 normals: 2.6 operations a normal. Compilers turn the
//! table into scalar loads, which is why this is written with intrinsics.
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use crate::kernel::noise::CHUNK;
use crate::kernel::normal::{COEFFICIENTS, DEGREE};
use crate::random::{MULTIPLIERS, WEYL};

/// `(a & b) | c`, `a ^ b ^ c`, `(a ^ b) & c` and `a ^ (b & c)` as truth tables.
const AND_OR: i32 = 0xEA;
const XOR: i32 = 0x96;
const XOR_AND: i32 = 0x28;
const XOR_MASKED: i32 = 0x78;
/// Rounds of Philox.
const ROUNDS: usize = 7;

/// Writes the 128 normals that begin at block `first` of the stream with the key `words`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
pub(super) fn normals(words: [u32; 2], first: u64, chunk: &mut [f32; CHUNK]) {
    for (group, values) in chunk.as_chunks_mut::<32>().0.iter_mut().enumerate() {
        let (low, high) = blocks(words, first.wrapping_add(8 * group as u64));
        let (low, high) = (inverse_normal(low), inverse_normal(high));
        // SAFETY: `values` are 32 numbers, and the stores ask for no alignment.
        unsafe {
            _mm512_storeu_ps(values.as_mut_ptr(), low);
            _mm512_storeu_ps(values.as_mut_ptr().add(16), high);
        }
    }
}

/// The words of eight blocks in their order, 16 a register.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn blocks(words: [u32; 2], first: u64) -> (__m512i, __m512i) {
    let position = _mm512_add_epi64(_mm512_set1_epi64(first as i64), _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7));
    let multipliers = MULTIPLIERS.map(|multiplier| _mm512_set1_epi64(i64::from(multiplier)));
    let key = |round: usize, half: usize| {
        _mm512_set1_epi32(words[half].wrapping_add(WEYL[half].wrapping_mul(round as u32)) as i32)
    };
    let zero = _mm512_setzero_si512();
    let mut counter = [position, _mm512_srli_epi64::<32>(position), zero, zero];
    for round in 0..ROUNDS - 1 {
        let first = _mm512_mul_epu32(counter[0], multipliers[0]);
        let second = _mm512_mul_epu32(counter[2], multipliers[1]);
        counter = [
            _mm512_ternarylogic_epi64::<XOR>(_mm512_srli_epi64::<32>(second), counter[1], key(round, 0)),
            second,
            _mm512_ternarylogic_epi64::<XOR>(_mm512_srli_epi64::<32>(first), counter[3], key(round, 1)),
            first,
        ];
    }
    // The last round leaves words 0 and 1 in one slot, 2 and 3 in another.
    let low = _mm512_set1_epi64(0xFFFF_FFFF);
    let first = _mm512_rol_epi64::<32>(_mm512_mul_epu32(counter[0], multipliers[0]));
    let second = _mm512_rol_epi64::<32>(_mm512_mul_epu32(counter[2], multipliers[1]));
    let front = _mm512_ternarylogic_epi64::<XOR_AND>(counter[1], key(ROUNDS - 1, 0), low);
    let back = _mm512_ternarylogic_epi64::<XOR_AND>(counter[3], key(ROUNDS - 1, 1), low);
    let (front, back) = (_mm512_xor_si512(second, front), _mm512_xor_si512(first, back));
    (_mm512_unpacklo_epi64(front, back), _mm512_unpackhi_epi64(front, back))
}

/// A normal for each of 16 words.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn inverse_normal(words: __m512i) -> __m512 {
    let number = |bits: u32| _mm512_set1_epi32(bits as i32);
    let scaled = _mm512_ternarylogic_epi32::<AND_OR>(words, number(0x7FFF_FFFF), number(1));
    let bits = _mm512_castps_si512(_mm512_cvtepi32_ps(scaled));
    let octave = _mm512_srli_epi32::<23>(bits);
    let t = _mm512_ternarylogic_epi32::<AND_OR>(bits, number(0x007F_FFFF), number(1.0f32.to_bits()));
    let t = _mm512_castsi512_ps(t);
    let mut z = look_up(&COEFFICIENTS[DEGREE], octave);
    for coefficients in COEFFICIENTS[..DEGREE].iter().rev() {
        z = _mm512_add_ps(_mm512_mul_ps(z, t), look_up(coefficients, octave));
    }
    _mm512_castsi512_ps(_mm512_ternarylogic_epi32::<XOR_MASKED>(_mm512_castps_si512(z), words, number(0x8000_0000)))
}

/// `table[octave mod 32]` for 16 octaves.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn look_up(table: &[f32; 32], octave: __m512i) -> __m512 {
    // SAFETY: the table has 32 numbers, and the loads ask for no alignment.
    let halves = unsafe { [_mm512_loadu_ps(table.as_ptr()), _mm512_loadu_ps(table.as_ptr().add(16))] };
    _mm512_permutex2var_ps(halves[0], octave, halves[1])
}
