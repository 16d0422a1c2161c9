//! Vectors in the registers of AVX-512, AVX2 and SSE.

#[allow(clippy::wildcard_imports, reason = "three dozen intrinsics")]
use std::arch::x86_64::*;
use std::marker::PhantomData;

use super::transpose::{transpose256, transpose512};
use super::{Arithmetic, Vector};
use crate::kernel::arithmetic::RECIPROCAL_GUESS;

#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx2,fma")]
fn sum512([register]: [__m512; 1]) -> f32 {
    sum256([_mm512_castps512_ps256(register), _mm512_extractf32x8_ps::<1>(register)])
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn sum256([low, high]: [__m256; 2]) -> f32 {
    let eight = _mm256_add_ps(low, high);
    sum128([_mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps::<1>(eight))])
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn sum128([four]: [__m128; 1]) -> f32 {
    let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
}

/// [`sum512`] of four registers.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx2,fma")]
fn sums512([[a], [b], [c], [d]]: [[__m512; 1]; 4]) -> __m128 {
    // Upper half onto lower half, quarter onto quarter: what was four registers lies in the four quarters of one.
    let a = _mm512_add_ps(_mm512_shuffle_f32x4::<0x44>(a, b), _mm512_shuffle_f32x4::<0xEE>(a, b));
    let b = _mm512_add_ps(_mm512_shuffle_f32x4::<0x44>(c, d), _mm512_shuffle_f32x4::<0xEE>(c, d));
    let four = _mm512_add_ps(_mm512_shuffle_f32x4::<0x88>(a, b), _mm512_shuffle_f32x4::<0xDD>(a, b));
    let two = _mm512_add_ps(four, _mm512_permute_ps::<0b1110>(four));
    let one = _mm512_add_ps(two, _mm512_permute_ps::<1>(two));
    let firsts = _mm512_setr_epi32(0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12);
    _mm512_castps512_ps128(_mm512_permutexvar_ps(firsts, one))
}

/// [`sum256`] of four pairs of registers.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn sums256(four: [[__m256; 2]; 4]) -> __m128 {
    let [[a, a2], [b, b2], [c, c2], [d, d2]] = four;
    let (a, b) = (_mm256_add_ps(a, a2), _mm256_add_ps(b, b2));
    let (c, d) = (_mm256_add_ps(c, c2), _mm256_add_ps(d, d2));
    let a = _mm256_add_ps(_mm256_permute2f128_ps::<0x20>(a, b), _mm256_permute2f128_ps::<0x31>(a, b));
    let b = _mm256_add_ps(_mm256_permute2f128_ps::<0x20>(c, d), _mm256_permute2f128_ps::<0x31>(c, d));
    let two = _mm256_add_ps(_mm256_shuffle_ps::<0x44>(a, b), _mm256_shuffle_ps::<0xEE>(a, b));
    // Pairs of a and c in the lower half, of b and d in the upper one.
    let one = _mm256_add_ps(_mm256_permute_ps::<0b1000>(two), _mm256_permute_ps::<0b1101>(two));
    _mm_unpacklo_ps(_mm256_castps256_ps128(one), _mm256_extractf128_ps::<1>(one))
}

/// [`sum128`] of four registers.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn sums128([[a], [b], [c], [d]]: [[__m128; 1]; 4]) -> __m128 {
    let a = _mm_add_ps(_mm_movelh_ps(a, b), _mm_movehl_ps(b, a));
    let b = _mm_add_ps(_mm_movelh_ps(c, d), _mm_movehl_ps(d, c));
    _mm_add_ps(_mm_shuffle_ps::<0b1000_1000>(a, b), _mm_shuffle_ps::<0b1101_1101>(a, b))
}

#[inline]
fn numbers_of(register: __m128) -> [f32; 4] {
    let mut numbers = [0.0; 4];
    // SAFETY: SSE is part of every x86-64; four numbers are written.
    unsafe { _mm_storeu_ps(numbers.as_mut_ptr(), register) };
    numbers
}

/// # Safety
/// The first `count` numbers, 16 at most, may be read.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn load_first512(from: *const f32, count: usize) -> __m512 {
    // SAFETY: lanes outside the mask are not read.
    unsafe { _mm512_maskz_loadu_ps(first_bits(count), from) }
}

/// # Safety
/// The first `count` numbers, 16 at most, may be written.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn store_first512(to: *mut f32, count: usize, register: __m512) {
    // SAFETY: lanes outside the mask are not written.
    unsafe { _mm512_mask_storeu_ps(to, first_bits(count), register) };
}

#[inline]
fn first_bits(count: usize) -> u16 {
    ((1u32 << count.min(16)) - 1) as u16
}

/// Eight lanes of ones and eight of zeros: a mask of n ones begins 8 − n lanes from the start.
const ONES_AND_ZEROS: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];

/// # Safety
/// The first `count` numbers, 8 at most, may be read.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn load_first256(from: *const f32, count: usize) -> __m256 {
    // SAFETY: the mask lies in the table; lanes outside it are not read.
    unsafe { _mm256_maskload_ps(from, _mm256_loadu_si256(ONES_AND_ZEROS.as_ptr().add(8 - count.min(8)).cast())) }
}

/// # Safety
/// The first `count` numbers, 8 at most, may be written.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn store_first256(to: *mut f32, count: usize, register: __m256) {
    // SAFETY: the mask lies in the table; lanes outside it are not written.
    unsafe {
        _mm256_maskstore_ps(to, _mm256_loadu_si256(ONES_AND_ZEROS.as_ptr().add(8 - count.min(8)).cast()), register);
    }
}

/// # Safety
/// The first `count` numbers, 4 at most, may be read.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn load_first128(from: *const f32, count: usize) -> __m128 {
    // SAFETY: the mask lies in the table; lanes outside it are not read.
    unsafe { _mm_maskload_ps(from, _mm_loadu_si128(ONES_AND_ZEROS.as_ptr().add(8 - count.min(4)).cast())) }
}

/// # Safety
/// The first `count` numbers, 4 at most, may be written.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn store_first128(to: *mut f32, count: usize, register: __m128) {
    // SAFETY: the mask lies in the table; lanes outside it are not written.
    unsafe {
        _mm_maskstore_ps(to, _mm_loadu_si128(ONES_AND_ZEROS.as_ptr().add(8 - count.min(4)).cast()), register);
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512dq")]
fn flip512(register: __m512, lanes: u16) -> __m512 {
    _mm512_mask_xor_ps(register, lanes, register, _mm512_set1_ps(-0.0))
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn flip256(register: __m256, lanes: u16) -> __m256 {
    // The bit of lane i is shifted to the place of its sign.
    let bits = _mm256_sllv_epi32(_mm256_set1_epi32(lanes.into()), _mm256_setr_epi32(31, 30, 29, 28, 27, 26, 25, 24));
    _mm256_xor_ps(register, _mm256_and_ps(_mm256_castsi256_ps(bits), _mm256_set1_ps(-0.0)))
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn flip128(register: __m128, lanes: u16) -> __m128 {
    let bits = _mm_sllv_epi32(_mm_set1_epi32(lanes.into()), _mm_setr_epi32(31, 30, 29, 28));
    _mm_xor_ps(register, _mm_and_ps(_mm_castsi128_ps(bits), _mm_set1_ps(-0.0)))
}

/// 1 with the sign that bit `bit` of each word says.
#[inline]
#[target_feature(enable = "avx512f")]
fn signs512(words: &[u32; 16], bit: u32) -> __m512 {
    // SAFETY: 16 words are read, and the load asks for no alignment.
    let words = unsafe { _mm512_loadu_si512(words.as_ptr().cast()) };
    let bits = _mm512_slli_epi32::<31>(_mm512_srlv_epi32(words, _mm512_set1_epi32(bit.cast_signed())));
    _mm512_castsi512_ps(_mm512_or_si512(bits, _mm512_castps_si512(_mm512_set1_ps(1.0))))
}

/// [`Fused::quotient`](super::Fused) lane by lane.
macro_rules! newton {
    ($name:ident, $register:ty, $features:literal, $guess:ident, $cast:ident, $back:ident, $from:ident, $splat:ident,
     $one_minus:ident, $fused:ident, $multiply:ident) => {
        #[inline]
        #[target_feature(enable = $features)]
        fn $name(a: $register, b: $register) -> $register {
            let mut r = $back($from($guess(RECIPROCAL_GUESS.cast_signed()), $cast(b)));
            for _ in 0..3 {
                r = $fused(r, $one_minus(b, r, $splat(1.0)), r);
            }
            $multiply(a, r)
        }
    };
}
newton!(
    newton512,
    __m512,
    "avx512f",
    _mm512_set1_epi32,
    _mm512_castps_si512,
    _mm512_castsi512_ps,
    _mm512_sub_epi32,
    _mm512_set1_ps,
    _mm512_fnmadd_ps,
    _mm512_fmadd_ps,
    _mm512_mul_ps
);
newton!(
    newton256,
    __m256,
    "avx2,fma",
    _mm256_set1_epi32,
    _mm256_castps_si256,
    _mm256_castsi256_ps,
    _mm256_sub_epi32,
    _mm256_set1_ps,
    _mm256_fnmadd_ps,
    _mm256_fmadd_ps,
    _mm256_mul_ps
);
newton!(
    newton128,
    __m128,
    "avx2,fma",
    _mm_set1_epi32,
    _mm_castps_si128,
    _mm_castsi128_ps,
    _mm_sub_epi32,
    _mm_set1_ps,
    _mm_fnmadd_ps,
    _mm_fmadd_ps,
    _mm_mul_ps
);

/// A vector type of `$count · $width` numbers in `$count` registers. Its methods are loops and not `std::array::from_fn`, whose closure is
/// not always inlined into code for the instruction set in use, and takes longer to compile.
macro_rules! vector {
    ($(#[$meta:meta])* $name:ident, $register:ty, $count:literal of $width:literal, $fit:literal,
     $load:ident, $store:ident, $load_first:ident, $store_first:ident, $splat:ident, $add:ident, $multiply:ident, $fused:ident, $sum:ident, $sums:ident, $divide:ident, $newton:ident, $max:ident, $min:ident, $flip:ident,
     $subtract:ident $(, {$($lane_moves:item)*})?) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        pub(crate) struct $name<A>([$register; $count], PhantomData<A>);

        impl<A: Arithmetic> Vector<{ $count * $width }> for $name<A> {
            const REGISTERS: usize = $fit;

            #[inline(always)]
            fn load(from: &[f32; $count * $width]) -> Self {
                let mut vector = Self::splat(0.0);
                for i in 0..$count {
                    // SAFETY: a loop over this type runs only where its instructions exist; `i · width` stays in the array.
                    vector.0[i] = unsafe { $load(from.as_ptr().add(i * $width)) };
                }
                vector
            }
            #[inline(always)]
            fn store(self, to: &mut [f32; $count * $width]) {
                for i in 0..$count {
                    // SAFETY: as in `load`.
                    unsafe { $store(to.as_mut_ptr().add(i * $width), self.0[i]) };
                }
            }
            #[inline(always)]
            fn load_first(from: &[f32]) -> Self {
                let mut vector = Self::splat(0.0);
                for i in 0..$count {
                    let (part, count) = (from.as_ptr().wrapping_add(i * $width), from.len().saturating_sub(i * $width));
                    // SAFETY: as in `load`; the lanes of the mask are those of the slice, others are not touched.
                    vector.0[i] = unsafe { $load_first(part, count) };
                }
                vector
            }
            #[inline(always)]
            fn store_first(self, to: &mut [f32]) {
                for i in 0..$count {
                    let (part, count) = (to.as_mut_ptr().wrapping_add(i * $width), to.len().saturating_sub(i * $width));
                    // SAFETY: as in `load_first`.
                    unsafe { $store_first(part, count, self.0[i]) };
                }
            }
            #[inline(always)]
            fn splat(value: f32) -> Self {
                // SAFETY: a loop over this type runs only where its instructions exist.
                Self([unsafe { $splat(value) }; $count], PhantomData)
            }
            #[inline(always)]
            fn multiply_add(mut self, factor: Self, sum: Self) -> Self {
                for i in 0..$count {
                    // SAFETY: as in `splat`.
                    self.0[i] = unsafe {
                        if A::FUSED {
                            $fused(self.0[i], factor.0[i], sum.0[i])
                        } else {
                            $add($multiply(self.0[i], factor.0[i]), sum.0[i])
                        }
                    };
                }
                self
            }
            #[inline(always)]
            fn add(mut self, other: Self) -> Self {
                for i in 0..$count {
                    // SAFETY: as in `splat`.
                    self.0[i] = unsafe { $add(self.0[i], other.0[i]) };
                }
                self
            }
            #[inline(always)]
            fn subtract(mut self, other: Self) -> Self {
                for i in 0..$count {
                    // SAFETY: as in `splat`.
                    self.0[i] = unsafe { $subtract(self.0[i], other.0[i]) };
                }
                self
            }
            #[inline(always)]
            fn multiply(mut self, other: Self) -> Self {
                for i in 0..$count {
                    // SAFETY: as in `splat`.
                    self.0[i] = unsafe { $multiply(self.0[i], other.0[i]) };
                }
                self
            }
            #[inline(always)]
            fn quotient(mut self, divisor: Self) -> Self {
                for i in 0..$count {
                    // SAFETY: as in `splat`.
                    self.0[i] = unsafe {
                        if A::FUSED { $newton(self.0[i], divisor.0[i]) } else { $divide(self.0[i], divisor.0[i]) }
                    };
                }
                self
            }
            #[inline(always)]
            fn at_least(mut self, bound: f32) -> Self {
                for i in 0..$count {
                    // SAFETY: as in `splat`. Of two numbers one of which is NaN the instruction returns the second.
                    self.0[i] = unsafe { $max($splat(bound), self.0[i]) };
                }
                self
            }
            #[inline(always)]
            fn at_most(mut self, bound: f32) -> Self {
                for i in 0..$count {
                    // SAFETY: as in `at_least`.
                    self.0[i] = unsafe { $min($splat(bound), self.0[i]) };
                }
                self
            }
            #[inline(always)]
            fn flip(mut self, lanes: u16) -> Self {
                for i in 0..$count {
                    // SAFETY: as in `splat`.
                    self.0[i] = unsafe { $flip(self.0[i], lanes >> (i * $width)) };
                }
                self
            }
            #[inline(always)]
            fn sum(self) -> f32 {
                // SAFETY: as in `splat`.
                unsafe { $sum(self.0) }
            }
            #[inline(always)]
            fn sums(four: [Self; 4]) -> [f32; 4] {
                // SAFETY: as in `splat`.
                numbers_of(unsafe { $sums([four[0].0, four[1].0, four[2].0, four[3].0]) })
            }
            $($($lane_moves)*)?
        }
    };
}

impl<A> Avx2Vector<A> {
    /// The vector in two registers.
    #[inline(always)]
    pub(crate) fn from_registers(registers: [__m256; 2]) -> Self {
        Self(registers, PhantomData)
    }
}

impl<A> Avx512Vector<A> {
    /// The register.
    #[inline(always)]
    pub(crate) fn register(self) -> __m512 {
        self.0[0]
    }

    /// The vector in a register.
    #[inline(always)]
    pub(crate) fn from_register(register: __m512) -> Self {
        Self([register], PhantomData)
    }
}

vector!(
    /// 16 numbers in one register of AVX-512.
    Avx512Vector, __m512, 1 of 16, 24, _mm512_loadu_ps, _mm512_storeu_ps, load_first512, store_first512, _mm512_set1_ps,
    _mm512_add_ps, _mm512_mul_ps, _mm512_fmadd_ps, sum512, sums512, _mm512_div_ps, newton512, _mm512_max_ps, _mm512_min_ps,
    flip512, _mm512_sub_ps, {
        #[inline(always)]
        fn halves(low: f32, high: f32) -> Self {
            // SAFETY: as in `splat`.
            Self::from_register(unsafe { _mm512_mask_blend_ps(0xFF00, _mm512_set1_ps(low), _mm512_set1_ps(high)) })
        }
        #[inline(always)]
        fn upper_half(self) -> Self {
            // SAFETY: as in `splat`.
            Self::from_register(unsafe { _mm512_shuffle_f32x4::<0xEE>(self.0[0], self.0[0]) })
        }
        #[inline(always)]
        fn transpose(vectors: &mut [Self; 16]) {
            let mut registers = [vectors[0].0[0]; 16];
            for (register, vector) in registers.iter_mut().zip(&*vectors) {
                *register = vector.0[0];
            }
            // SAFETY: as in `splat`.
            unsafe { transpose512(&mut registers) };
            for (vector, register) in vectors.iter_mut().zip(registers) {
                vector.0[0] = register;
            }
        }
        #[inline(always)]
        fn signs(words: &[u32; 16], bit: u32) -> Self {
            // SAFETY: as in `splat`.
            Self::from_register(unsafe { signs512(words, bit) })
        }
    }
);
vector!(
    /// 16 numbers in two registers of AVX2.
    Avx2Vector, __m256, 2 of 8, 6, _mm256_loadu_ps, _mm256_storeu_ps, load_first256, store_first256, _mm256_set1_ps,
    _mm256_add_ps, _mm256_mul_ps, _mm256_fmadd_ps, sum256, sums256, _mm256_div_ps, newton256, _mm256_max_ps, _mm256_min_ps,
    flip256, _mm256_sub_ps, {
        #[inline(always)]
        fn halves(low: f32, high: f32) -> Self {
            // SAFETY: as in `splat`.
            Self(unsafe { [_mm256_set1_ps(low), _mm256_set1_ps(high)] }, PhantomData)
        }
        #[inline(always)]
        fn upper_half(self) -> Self {
            Self([self.0[1]; 2], PhantomData)
        }
        #[inline(always)]
        fn transpose(vectors: &mut [Self; 16]) {
            let mut registers = [vectors[0].0; 16];
            for (registers, vector) in registers.iter_mut().zip(&*vectors) {
                *registers = vector.0;
            }
            // SAFETY: as in `splat`.
            unsafe { transpose256(&mut registers) };
            for (vector, registers) in vectors.iter_mut().zip(registers) {
                vector.0 = registers;
            }
        }
    }
);
vector!(
    /// 4 numbers in one register of SSE.
    SseVector, __m128, 1 of 4, 12, _mm_loadu_ps, _mm_storeu_ps, load_first128, store_first128, _mm_set1_ps, _mm_add_ps,
    _mm_mul_ps, _mm_fmadd_ps, sum128, sums128, _mm_div_ps, newton128, _mm_max_ps, _mm_min_ps, flip128, _mm_sub_ps
);
