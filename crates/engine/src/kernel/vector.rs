//! Vectors of numbers in registers, for the loops whose registers a compiler does not allot well by itself.
//!
//! A [`Vector`] of `N` lanes does the same operations on every lane, in the arithmetic that its type names. The types
//! differ in their instructions alone: for one arithmetic they give the same bits.
//!
//! A loop is a type with the trait [`Vectorised`]; [`run`] compiles it for each instruction set and picks one. The methods
//! of the vectors may be called in such a loop only.
#![allow(unsafe_code)]

use std::marker::PhantomData;

use super::Numerics;
use super::arithmetic::{Arithmetic, Fused, Separate};
#[cfg(target_arch = "x86_64")]
use super::{InstructionSet, instruction_set};

/// `N` numbers in registers.
pub(crate) trait Vector<const N: usize>: Copy {
    /// Vectors of this type that fit into the processor's registers, a few left for operands.
    const REGISTERS: usize;

    /// Reads `N` numbers.
    fn load(from: &[f32; N]) -> Self;
    /// Writes them.
    fn store(self, to: &mut [f32; N]);
    /// Reads the numbers of a slice of fewer than `N` into the first lanes; zeros in the others.
    fn load_first(from: &[f32]) -> Self;
    /// Writes the first lanes to a slice of fewer than `N`.
    fn store_first(self, to: &mut [f32]);
    /// The same number in every lane.
    fn splat(value: f32) -> Self;
    /// `self · factor + sum`, in the arithmetic of the type.
    fn multiply_add(self, factor: Self, sum: Self) -> Self;
    /// The sum, lane by lane.
    fn add(self, other: Self) -> Self;
    /// The difference, lane by lane.
    fn subtract(self, other: Self) -> Self;
    /// The product, lane by lane.
    fn multiply(self, other: Self) -> Self;
    /// The quotient in the arithmetic of the type, for divisors in [2⁻⁶⁰, 2⁶⁰].
    fn quotient(self, divisor: Self) -> Self;
    /// The larger of each lane and `bound`; a NaN stays.
    fn at_least(self, bound: f32) -> Self;
    /// The smaller of each lane and `bound`; a NaN stays.
    fn at_most(self, bound: f32) -> Self;
    /// The other sign in every lane whose bit is set, lane 0 being the lowest.
    fn flip(self, lanes: u16) -> Self;
    /// The sum of all lanes, by halves: lane i plus lane i + N/2, and so on.
    fn sum(self) -> f32;
    /// [`sum`](Self::sum) of four vectors.
    fn sums(four: [Self; 4]) -> [f32; 4];
}

/// A loop over vectors of 16 and of 4 numbers.
pub(crate) trait Vectorised {
    /// Runs it; must be `#[inline(always)]`.
    fn run<Wide: Vector<16>, Narrow: Vector<4>>(self);
}

/// Runs a loop with the arithmetic of `kernel` and the instructions in use.
pub(crate) fn run<T: Vectorised>(numerics: Numerics, task: T) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
        fn avx512<T: Vectorised, A: Arithmetic>(task: T) {
            task.run::<Avx512<A>, Sse<A>>();
        }
        #[target_feature(enable = "avx2,fma")]
        fn avx2<T: Vectorised, A: Arithmetic>(task: T) {
            task.run::<Avx2<A>, Sse<A>>();
        }
        match (instruction_set(), numerics.is_fused()) {
            // SAFETY: the processor has reported the features that the callee asks for.
            (InstructionSet::Avx512, true) => unsafe { avx512::<T, Fused>(task) },
            // SAFETY: as above.
            (InstructionSet::Avx512, false) => unsafe { avx512::<T, Separate>(task) },
            // SAFETY: as above.
            (InstructionSet::Avx2, true) => unsafe { avx2::<T, Fused>(task) },
            // SAFETY: as above.
            (InstructionSet::Avx2, false) => unsafe { avx2::<T, Separate>(task) },
            (InstructionSet::Baseline, _) => task.run::<Array<Separate, 16>, Array<Separate, 4>>(),
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    match numerics.is_fused() {
        true if super::BASELINE_HAS_FUSED => task.run::<Array<Fused, 16>, Array<Fused, 4>>(),
        _ => task.run::<Array<Separate, 16>, Array<Separate, 4>>(),
    }
}

/// An array, for the compiler to put where it likes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Array<A, const N: usize>([f32; N], PhantomData<A>);

impl<A: Arithmetic, const N: usize> Vector<N> for Array<A, N> {
    const REGISTERS: usize = 8 * 4 / N;

    #[inline(always)]
    fn load(from: &[f32; N]) -> Self {
        Self(*from, PhantomData)
    }
    #[inline(always)]
    fn store(self, to: &mut [f32; N]) {
        *to = self.0;
    }
    #[inline(always)]
    fn load_first(from: &[f32]) -> Self {
        Self(std::array::from_fn(|lane| from.get(lane).copied().unwrap_or(0.0)), PhantomData)
    }
    #[inline(always)]
    fn store_first(self, to: &mut [f32]) {
        for (to, value) in to.iter_mut().zip(self.0) {
            *to = value;
        }
    }
    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self([value; N], PhantomData)
    }
    #[inline(always)]
    fn multiply_add(self, factor: Self, sum: Self) -> Self {
        Self(std::array::from_fn(|lane| A::multiply_add(self.0[lane], factor.0[lane], sum.0[lane])), PhantomData)
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(std::array::from_fn(|lane| self.0[lane] + other.0[lane]), PhantomData)
    }
    #[inline(always)]
    fn subtract(self, other: Self) -> Self {
        Self(std::array::from_fn(|lane| self.0[lane] - other.0[lane]), PhantomData)
    }
    #[inline(always)]
    fn multiply(self, other: Self) -> Self {
        Self(std::array::from_fn(|lane| self.0[lane] * other.0[lane]), PhantomData)
    }
    #[inline(always)]
    fn quotient(self, divisor: Self) -> Self {
        Self(std::array::from_fn(|lane| A::quotient(self.0[lane], divisor.0[lane])), PhantomData)
    }
    #[inline(always)]
    fn at_least(self, bound: f32) -> Self {
        Self(self.0.map(|value| if value < bound { bound } else { value }), PhantomData)
    }
    #[inline(always)]
    fn at_most(self, bound: f32) -> Self {
        Self(self.0.map(|value| if value > bound { bound } else { value }), PhantomData)
    }
    #[inline(always)]
    fn flip(self, lanes: u16) -> Self {
        let flipped = |lane: usize| f32::from_bits(self.0[lane].to_bits() ^ (u32::from(lanes) >> lane) << 31);
        Self(std::array::from_fn(flipped), PhantomData)
    }
    #[inline(always)]
    fn sum(mut self) -> f32 {
        let mut half = N / 2;
        while half > 0 {
            for lane in 0..half {
                self.0[lane] += self.0[lane + half];
            }
            half /= 2;
        }
        self.0[0]
    }
    #[inline(always)]
    fn sums(four: [Self; 4]) -> [f32; 4] {
        four.map(Self::sum)
    }
}

#[cfg(target_arch = "x86_64")]
use x86::Sse;
#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Avx2, Avx512};

#[cfg(target_arch = "x86_64")]
mod x86;
