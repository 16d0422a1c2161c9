//! Lanes and vectors change places: 16 vectors of 16 numbers.
//!
//! Cost: 64 shuffles with AVX-512; 4 blocks of 24 with AVX2.

#[allow(clippy::wildcard_imports, reason = "a dozen intrinsics")]
use std::arch::x86_64::*;

/// Interleaves numbers, then pairs, within 128 bits, and then 128 bits at a time, twice.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn transpose512(rows: &mut [__m512; 16]) {
    let mut other = *rows;
    for i in (0..16).step_by(2) {
        let (a, b) = (rows[i], rows[i + 1]);
        (other[i], other[i + 1]) = (_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
    }
    // Vector 4 i + l has lane l, 4 + l, 8 + l and 12 + l of the vectors from 4 i on.
    for i in (0..16).step_by(4) {
        for half in 0..2 {
            let (a, b) = (_mm512_castps_pd(other[i + half]), _mm512_castps_pd(other[i + 2 + half]));
            rows[i + 2 * half] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
            rows[i + 2 * half + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
        }
    }
    for l in 0..4 {
        for i in [0, 8] {
            let (a, b) = (rows[i + l], rows[i + 4 + l]);
            other[i + l] = _mm512_shuffle_f32x4::<0x88>(a, b);
            other[i + 4 + l] = _mm512_shuffle_f32x4::<0xDD>(a, b);
        }
    }
    for l in 0..4 {
        for i in [0, 4] {
            let (a, b) = (other[i + l], other[8 + i + l]);
            rows[i + l] = _mm512_shuffle_f32x4::<0x88>(a, b);
            rows[i + 8 + l] = _mm512_shuffle_f32x4::<0xDD>(a, b);
        }
    }
}

/// [`transpose512`] for 16 vectors of two registers: four blocks of 8 × 8, of which two change places.
#[inline]
#[target_feature(enable = "avx2,fma")]
pub(super) fn transpose256(vectors: &mut [[__m256; 2]; 16]) {
    let before = *vectors;
    for half in 0..2 {
        for part in 0..2 {
            let mut block = [before[0][0]; 8];
            for (row, vector) in block.iter_mut().zip(&before[8 * half..]) {
                *row = vector[part];
            }
            transpose_block(&mut block);
            for (row, vector) in block.into_iter().zip(&mut vectors[8 * part..]) {
                vector[half] = row;
            }
        }
    }
}

/// Interleaves numbers, then pairs, within 128 bits, and then 128 bits at a time.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn transpose_block(rows: &mut [__m256; 8]) {
    let mut other = *rows;
    for i in (0..8).step_by(2) {
        let (a, b) = (rows[i], rows[i + 1]);
        (other[i], other[i + 1]) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
    }
    // Row 4 i + l has lanes l and 4 + l of the rows from 4 i on.
    for i in [0, 4] {
        for half in 0..2 {
            let (a, b) = (other[i + half], other[i + 2 + half]);
            rows[i + 2 * half] = _mm256_shuffle_ps::<0x44>(a, b);
            rows[i + 2 * half + 1] = _mm256_shuffle_ps::<0xEE>(a, b);
        }
    }
    for l in 0..4 {
        let (a, b) = (rows[l], rows[4 + l]);
        rows[l] = _mm256_permute2f128_ps::<0x20>(a, b);
        rows[4 + l] = _mm256_permute2f128_ps::<0x31>(a, b);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Vector;
    use super::super::x86::{Avx2Vector, Avx512Vector};
    use crate::kernel::arithmetic::Separate;

    fn transposed<V: Vector<16>>() -> [[f32; 16]; 16] {
        let mut vectors = [V::splat(0.0); 16];
        for (row, vector) in vectors.iter_mut().enumerate() {
            let mut values = [0.0; 16];
            for (lane, value) in values.iter_mut().enumerate() {
                *value = (16 * row + lane) as f32;
            }
            *vector = V::load(&values);
        }
        V::transpose(&mut vectors);
        vectors.map(|vector| {
            let mut values = [f32::NAN; 16];
            vector.store(&mut values);
            values
        })
    }

    #[test]
    fn lanes_and_vectors_change_places() {
        let expected: [[f32; 16]; 16] = std::array::from_fn(|lane| std::array::from_fn(|row| (16 * row + lane) as f32));
        if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
            assert_eq!(transposed::<Avx2Vector<Separate>>(), expected);
        }
        if std::arch::is_x86_feature_detected!("avx512f") {
            assert_eq!(transposed::<Avx512Vector<Separate>>(), expected);
        }
    }
}
