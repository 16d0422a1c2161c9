//! Sixteen numbers as one value: for loops in which an array of lanes lives too shortly for a compiler to see a vector in it.
//!
//! Elsewhere plain loops over lanes are enough. In the chains of a small network the same loops are unrolled before
//! they are vectorised, and numbers go through memory one at a time. With AVX-512 a vector is one register here, otherwise it is
//! an array. Every operation rounds as its scalar form does.
//!
//! `kernel::vector` has vectors of several widths for the products, which run as one task. Those here have what the
//! chains need besides: signs, halves, and sixteen vectors that change places with their lanes.

use std::marker::PhantomData;

use super::arithmetic::Arithmetic;

/// Lanes of a vector.
pub const LANES: usize = 16;

/// A vector in memory, one cache line.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(64))]
pub struct Row(pub [f32; LANES]);

impl Row {
    /// Sixteen zeros.
    pub const ZERO: Self = Self([0.0; LANES]);
}

/// Sixteen numbers with the operations of a network.
pub(crate) trait Vector: Copy {
    fn splat(value: f32) -> Self;
    fn load(row: &Row) -> Self;
    fn store(self, row: &mut Row);
    fn add(self, other: Self) -> Self;
    fn subtract(self, other: Self) -> Self;
    fn multiply(self, other: Self) -> Self;
    /// `self · b + c` by the arithmetic.
    fn multiply_add(self, b: Self, c: Self) -> Self;
    /// `a ← a/b` by the arithmetic, several in step; see [`Arithmetic::quotient`].
    fn divide<const M: usize>(a: &mut [Self; M], b: &[Self; M]);
    /// Between `−limit` and `limit`; NaN stays NaN.
    fn clamp(self, limit: f32) -> Self;
    /// 1 with the sign that bit `bit` of each word says: 0 is +1, 1 is −1.
    fn signs(words: &[u32; LANES], bit: u32) -> Self;

    /// One number in the lower half, another in the upper.
    fn halves(low: f32, high: f32) -> Self;
    /// The upper half in the place of the lower; what is in the upper one says nothing.
    fn upper_half(self) -> Self;
    /// Lane i of vector j becomes lane j of vector i.
    fn transpose(rows: &mut [Self; LANES]);

    /// A function of each lane, one at a time.
    #[inline(always)]
    fn map(self, function: impl Fn(f32) -> f32) -> Self {
        let mut row = Row::ZERO;
        self.store(&mut row);
        for value in &mut row.0 {
            *value = function(*value);
        }
        Self::load(&row)
    }
}

/// An array.
#[derive(Clone, Copy)]
pub(crate) struct Plain<A>([f32; LANES], PhantomData<A>);

impl<A: Arithmetic> Plain<A> {
    #[inline(always)]
    fn of(function: impl Fn(usize) -> f32) -> Self {
        let mut values = [0.0; LANES];
        for lane in 0..LANES {
            values[lane] = function(lane);
        }
        Self(values, PhantomData)
    }
}

impl<A: Arithmetic> Vector for Plain<A> {
    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self([value; LANES], PhantomData)
    }
    #[inline(always)]
    fn load(row: &Row) -> Self {
        Self(row.0, PhantomData)
    }
    #[inline(always)]
    fn store(self, row: &mut Row) {
        row.0 = self.0;
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self::of(|lane| self.0[lane] + other.0[lane])
    }
    #[inline(always)]
    fn subtract(self, other: Self) -> Self {
        Self::of(|lane| self.0[lane] - other.0[lane])
    }
    #[inline(always)]
    fn multiply(self, other: Self) -> Self {
        Self::of(|lane| self.0[lane] * other.0[lane])
    }
    #[inline(always)]
    fn multiply_add(self, b: Self, c: Self) -> Self {
        Self::of(|lane| A::multiply_add(self.0[lane], b.0[lane], c.0[lane]))
    }
    #[inline(always)]
    fn divide<const M: usize>(a: &mut [Self; M], b: &[Self; M]) {
        for m in 0..M {
            a[m] = Self::of(|lane| A::quotient(a[m].0[lane], b[m].0[lane]));
        }
    }
    #[inline(always)]
    fn clamp(self, limit: f32) -> Self {
        Self::of(|lane| self.0[lane].clamp(-limit, limit))
    }
    #[inline(always)]
    fn halves(low: f32, high: f32) -> Self {
        Self::of(|lane| if lane < LANES / 2 { low } else { high })
    }
    #[inline(always)]
    fn upper_half(self) -> Self {
        Self::of(|lane| self.0[lane | (LANES / 2)])
    }
    #[inline(always)]
    fn transpose(rows: &mut [Self; LANES]) {
        for row in 0..LANES {
            for lane in 0..row {
                (rows[row].0[lane], rows[lane].0[row]) = (rows[lane].0[row], rows[row].0[lane]);
            }
        }
    }
    #[inline(always)]
    fn signs(words: &[u32; LANES], bit: u32) -> Self {
        Self::of(|lane| f32::from_bits(1.0f32.to_bits() | (words[lane] >> bit) << 31))
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::Wide;

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod avx512 {
    use std::arch::x86_64::_mm512_castps_si512;
    use std::arch::x86_64::{
        __m512, _mm512_add_ps, _mm512_castpd_ps, _mm512_castps_pd, _mm512_castsi512_ps, _mm512_div_ps, _mm512_fmadd_ps,
        _mm512_fnmadd_ps, _mm512_load_ps, _mm512_loadu_si512, _mm512_mask_blend_ps, _mm512_max_ps, _mm512_min_ps,
        _mm512_mul_ps, _mm512_or_si512, _mm512_set1_epi32, _mm512_set1_ps, _mm512_shuffle_f32x4, _mm512_slli_epi32,
        _mm512_srlv_epi32, _mm512_store_ps, _mm512_sub_epi32, _mm512_sub_ps, _mm512_unpackhi_pd, _mm512_unpackhi_ps,
        _mm512_unpacklo_pd, _mm512_unpacklo_ps,
    };
    use std::marker::PhantomData;

    use super::{Arithmetic, LANES, Row, Vector};

    /// A register of AVX-512. It is made only in functions compiled for AVX-512 F, which run only where the processor has it: that
    /// is what every block below relies on.
    #[derive(Clone, Copy)]
    pub(crate) struct Wide<A>(__m512, PhantomData<A>);

    /// The arithmetic with one rounding, for which [`Arithmetic::multiply_add`] is one instruction.
    const fn is_fused<A: Arithmetic>() -> bool {
        A::FUSED
    }

    impl<A: Arithmetic> Wide<A> {
        #[inline(always)]
        fn new(register: __m512) -> Self {
            Self(register, PhantomData)
        }
    }

    impl<A: Arithmetic> Vector for Wide<A> {
        #[inline(always)]
        fn splat(value: f32) -> Self {
            // SAFETY: the processor has AVX-512 F; see `Wide`.
            Self::new(unsafe { _mm512_set1_ps(value) })
        }
        #[inline(always)]
        fn load(row: &Row) -> Self {
            // SAFETY: as above; a row is 64 bytes, and begins at a multiple of 64.
            Self::new(unsafe { _mm512_load_ps(row.0.as_ptr()) })
        }
        #[inline(always)]
        fn store(self, row: &mut Row) {
            // SAFETY: as for `load`.
            unsafe { _mm512_store_ps(row.0.as_mut_ptr(), self.0) };
        }
        #[inline(always)]
        fn add(self, other: Self) -> Self {
            // SAFETY: the processor has AVX-512 F; see `Wide`.
            Self::new(unsafe { _mm512_add_ps(self.0, other.0) })
        }
        #[inline(always)]
        fn subtract(self, other: Self) -> Self {
            // SAFETY: as above.
            Self::new(unsafe { _mm512_sub_ps(self.0, other.0) })
        }
        #[inline(always)]
        fn multiply(self, other: Self) -> Self {
            // SAFETY: as above.
            Self::new(unsafe { _mm512_mul_ps(self.0, other.0) })
        }
        #[inline(always)]
        fn multiply_add(self, b: Self, c: Self) -> Self {
            if const { is_fused::<A>() } {
                // SAFETY: as above.
                Self::new(unsafe { _mm512_fmadd_ps(self.0, b.0, c.0) })
            } else {
                self.multiply(b).add(c)
            }
        }
        /// The operations of [`Arithmetic::quotient`], register by register.
        #[inline(always)]
        fn divide<const M: usize>(a: &mut [Self; M], b: &[Self; M]) {
            if const { !is_fused::<A>() } {
                for m in 0..M {
                    // SAFETY: as above.
                    a[m].0 = unsafe { _mm512_div_ps(a[m].0, b[m].0) };
                }
                return;
            }
            let mut r = *b;
            for m in 0..M {
                // SAFETY: as above.
                r[m].0 = unsafe {
                    let guess = _mm512_set1_epi32(crate::kernel::arithmetic::RECIPROCAL_GUESS.cast_signed());
                    _mm512_castsi512_ps(_mm512_sub_epi32(guess, _mm512_castps_si512(b[m].0)))
                };
            }
            for _ in 0..3 {
                for m in 0..M {
                    // SAFETY: as above.
                    r[m].0 = unsafe {
                        _mm512_fmadd_ps(r[m].0, _mm512_fnmadd_ps(b[m].0, r[m].0, _mm512_set1_ps(1.0)), r[m].0)
                    };
                }
            }
            for m in 0..M {
                a[m] = a[m].multiply(r[m]);
            }
        }
        #[inline(always)]
        fn clamp(self, limit: f32) -> Self {
            // SAFETY: as above. Of two numbers of which one is NaN both instructions return the second.
            Self::new(unsafe { _mm512_min_ps(_mm512_set1_ps(limit), _mm512_max_ps(_mm512_set1_ps(-limit), self.0)) })
        }
        #[inline(always)]
        fn halves(low: f32, high: f32) -> Self {
            // SAFETY: as above.
            Self::new(unsafe { _mm512_mask_blend_ps(0xFF00, _mm512_set1_ps(low), _mm512_set1_ps(high)) })
        }
        #[inline(always)]
        fn upper_half(self) -> Self {
            // SAFETY: as above.
            Self::new(unsafe { _mm512_shuffle_f32x4::<0xEE>(self.0, self.0) })
        }
        /// Interleaves numbers, then pairs, within 128 bits, and then 128 bits at a time, twice.
        #[inline(always)]
        fn transpose(rows: &mut [Self; LANES]) {
            let mut other = *rows;
            for i in (0..LANES).step_by(2) {
                // SAFETY: as above.
                (other[i].0, other[i + 1].0) = unsafe {
                    let (a, b) = (rows[i].0, rows[i + 1].0);
                    (_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b))
                };
            }
            // Vector 4 i + l has lane l, 4 + l, 8 + l and 12 + l of the vectors from 4 i on.
            for i in (0..LANES).step_by(4) {
                for half in 0..2 {
                    // SAFETY: as above.
                    (rows[i + 2 * half].0, rows[i + 2 * half + 1].0) = unsafe {
                        let (a, b) = (_mm512_castps_pd(other[i + half].0), _mm512_castps_pd(other[i + 2 + half].0));
                        (_mm512_castpd_ps(_mm512_unpacklo_pd(a, b)), _mm512_castpd_ps(_mm512_unpackhi_pd(a, b)))
                    };
                }
            }
            for l in 0..4 {
                for i in [0, 8] {
                    // SAFETY: as above.
                    (other[i + l].0, other[i + 4 + l].0) = unsafe {
                        let (a, b) = (rows[i + l].0, rows[i + 4 + l].0);
                        (_mm512_shuffle_f32x4::<0x88>(a, b), _mm512_shuffle_f32x4::<0xDD>(a, b))
                    };
                }
            }
            for l in 0..4 {
                for i in [0, 4] {
                    // SAFETY: as above.
                    (rows[i + l].0, rows[i + 8 + l].0) = unsafe {
                        let (a, b) = (other[i + l].0, other[8 + i + l].0);
                        (_mm512_shuffle_f32x4::<0x88>(a, b), _mm512_shuffle_f32x4::<0xDD>(a, b))
                    };
                }
            }
        }
        #[inline(always)]
        fn signs(words: &[u32; LANES], bit: u32) -> Self {
            // SAFETY: as above; the load needs no alignment.
            Self::new(unsafe {
                let words = _mm512_loadu_si512(words.as_ptr().cast());
                let bits = _mm512_slli_epi32::<31>(_mm512_srlv_epi32(words, _mm512_set1_epi32(bit.cast_signed())));
                _mm512_castsi512_ps(_mm512_or_si512(bits, _mm512_castps_si512(_mm512_set1_ps(1.0))))
            })
        }
    }
}

/// Defines a function of a [`Numerics`](super::Numerics) and the arguments given, whose body is written for a [`Vector`].
macro_rules! vectorised {
    ($(#[$meta:meta])* $visibility:vis fn $name:ident <$vector:ident: Vector> ($($argument:ident: $type:ty),* $(,)?) $body:block) => {
        $(#[$meta])*
        #[allow(unsafe_code)]
        $visibility fn $name(numerics: $crate::kernel::Numerics, $($argument: $type),*) {
            use $crate::kernel::arithmetic::{Fused, Separate};
            use $crate::kernel::sixteen::{Plain, Vector};
            #[cfg(target_arch = "x86_64")]
            use $crate::kernel::{InstructionSet, instruction_set};

            #[inline(always)]
            fn body<$vector: Vector>($($argument: $type),*) $body

            #[cfg(target_arch = "x86_64")]
            {
                use $crate::kernel::sixteen::Wide;
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
                fn avx512<$vector: Vector>($($argument: $type),*) {
                    body::<$vector>($($argument),*);
                }
                #[target_feature(enable = "avx2,fma")]
                fn avx2<$vector: Vector>($($argument: $type),*) {
                    body::<$vector>($($argument),*);
                }
                match (instruction_set(), numerics.is_fused()) {
                    // SAFETY: the processor has reported the features that the callee asks for.
                    (InstructionSet::Avx512, true) => unsafe { avx512::<Wide<Fused>>($($argument),*) },
                    // SAFETY: as above.
                    (InstructionSet::Avx512, false) => unsafe { avx512::<Wide<Separate>>($($argument),*) },
                    // SAFETY: as above.
                    (InstructionSet::Avx2, true) => unsafe { avx2::<Plain<Fused>>($($argument),*) },
                    // SAFETY: as above.
                    (InstructionSet::Avx2, false) => unsafe { avx2::<Plain<Separate>>($($argument),*) },
                    (InstructionSet::Baseline, _) => body::<Plain<Separate>>($($argument),*),
                }
            }
            #[cfg(not(target_arch = "x86_64"))]
            match numerics.is_fused() {
                true if $crate::kernel::BASELINE_HAS_FUSED => body::<Plain<Fused>>($($argument),*),
                _ => body::<Plain<Separate>>($($argument),*),
            }
        }
    };
}
pub(crate) use vectorised;
