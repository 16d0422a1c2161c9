//! Dispatch over instruction sets, and explicit SIMD vectors.
//!
//! A loop is written once and compiled for every instruction set; [`dispatch!`](dispatch) defines a function that picks the copy
//! for the processor at run time. There are three forms, all with the same bits on every instruction set:
//!
//! | form | the body uses | copies on x86-64 |
//! |---|---|---|
//! | `fn f(…)` | plain loops, which the compiler vectorises | 3 |
//! | `fn f<S: Simd>(…)` | the vectors of `S`, no `a·b + c` | 3 |
//! | `fn f<S: Simd>(numerics: Numerics, …)` | the vectors and the arithmetic of `S` | 5 |
//!
//! A [`Simd`] type stands for an instruction set together with an arithmetic. Its vectors ([`Vector`]) are for loops that a compiler
//! does not register-allocate well by itself, or whose vectors it does not see.
//!
//! Everything that such a loop calls must be `#[inline(always)]`, closures too: a function that is not inlined is compiled without the
//! instructions of its caller, and each operation on a vector becomes a call.
#![allow(unsafe_code)]

use std::marker::PhantomData;

use super::InstructionSet;
use super::arithmetic::Arithmetic;

#[cfg(target_arch = "x86_64")]
mod transpose;
#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Avx2Vector, Avx512Vector};

/// An instruction set with an arithmetic. The methods of its vectors may be called only in functions that [`dispatch!`](dispatch)
/// compiles for that instruction set.
pub(crate) trait Simd: Copy {
    /// The instruction set.
    const INSTRUCTION_SET: InstructionSet;
    /// How `a·b + c` is computed.
    type Arithmetic: Arithmetic;
    /// 16 numbers.
    type F32x16: Vector<16>;
    /// 4 numbers.
    type F32x4: Vector<4>;
}

/// AVX-512 F, BW, DQ and VL.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(crate) struct Avx512<A>(PhantomData<A>);

#[cfg(target_arch = "x86_64")]
impl<A: Arithmetic> Simd for Avx512<A> {
    const INSTRUCTION_SET: InstructionSet = InstructionSet::Avx512;
    type Arithmetic = A;
    type F32x16 = x86::Avx512Vector<A>;
    type F32x4 = x86::SseVector<A>;
}

/// AVX2 with FMA.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(crate) struct Avx2<A>(PhantomData<A>);

#[cfg(target_arch = "x86_64")]
impl<A: Arithmetic> Simd for Avx2<A> {
    const INSTRUCTION_SET: InstructionSet = InstructionSet::Avx2;
    type Arithmetic = A;
    type F32x16 = x86::Avx2Vector<A>;
    type F32x4 = x86::SseVector<A>;
}

/// What every processor of the architecture has: vectors are arrays, which the compiler puts into registers.
#[derive(Clone, Copy)]
pub(crate) struct Baseline<A>(PhantomData<A>);

impl<A: Arithmetic> Simd for Baseline<A> {
    const INSTRUCTION_SET: InstructionSet = InstructionSet::Baseline;
    type Arithmetic = A;
    type F32x16 = Array<A, 16>;
    type F32x4 = Array<A, 4>;
}

/// `N` numbers in registers. Every operation works lane by lane and rounds as its scalar form does.
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
    /// The sum.
    fn add(self, other: Self) -> Self;
    /// The difference.
    fn subtract(self, other: Self) -> Self;
    /// The product.
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

    /// Between `−limit` and `limit`; a NaN stays.
    #[inline(always)]
    fn clamp(self, limit: f32) -> Self {
        self.at_least(-limit).at_most(limit)
    }

    /// A function of each lane, one at a time.
    #[inline(always)]
    fn map(self, function: impl Fn(f32) -> f32) -> Self {
        let mut values = [0.0; N];
        self.store(&mut values);
        for value in &mut values {
            *value = function(*value);
        }
        Self::load(&values)
    }

    /// +1 in the lanes whose word has a 0 as bit `bit`, −1 in the others.
    #[inline(always)]
    fn signs(words: &[u32; N], bit: u32) -> Self {
        let mut values = [0.0; N];
        for lane in 0..N {
            values[lane] = f32::from_bits(1.0f32.to_bits() | (words[lane] >> bit) << 31);
        }
        Self::load(&values)
    }

    /// One number in the lower half of the lanes, another in the upper half.
    #[inline(always)]
    fn halves(low: f32, high: f32) -> Self {
        let mut values = [low; N];
        values[N / 2..].fill(high);
        Self::load(&values)
    }

    /// The upper half of the lanes in place of the lower half; the upper half of the result is arbitrary.
    #[inline(always)]
    fn upper_half(self) -> Self {
        let mut values = [0.0; N];
        self.store(&mut values);
        values.copy_within(N / 2.., 0);
        Self::load(&values)
    }

    /// Lane i of vector j becomes lane j of vector i.
    #[inline(always)]
    fn transpose(vectors: &mut [Self; N]) {
        let mut rows = [[0.0; N]; N];
        for (row, vector) in rows.iter_mut().zip(*vectors) {
            vector.store(row);
        }
        for (lane, vector) in vectors.iter_mut().enumerate() {
            let mut column = [0.0; N];
            for (value, row) in column.iter_mut().zip(&rows) {
                *value = row[lane];
            }
            *vector = Self::load(&column);
        }
    }
}

/// An array, which the compiler puts into registers as it sees fit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Array<A, const N: usize>([f32; N], PhantomData<A>);

impl<A: Arithmetic, const N: usize> Array<A, N> {
    /// A loop and no `std::array::from_fn`, which takes longer to compile and is not always inlined.
    #[inline(always)]
    fn of(lane_of: impl Fn(usize) -> f32) -> Self {
        let mut values = [0.0; N];
        for lane in 0..N {
            values[lane] = lane_of(lane);
        }
        Self(values, PhantomData)
    }
}

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
        Self::of(
            #[inline(always)]
            |lane| from.get(lane).copied().unwrap_or(0.0),
        )
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
        Self::of(
            #[inline(always)]
            |lane| A::multiply_add(self.0[lane], factor.0[lane], sum.0[lane]),
        )
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self::of(
            #[inline(always)]
            |lane| self.0[lane] + other.0[lane],
        )
    }
    #[inline(always)]
    fn subtract(self, other: Self) -> Self {
        Self::of(
            #[inline(always)]
            |lane| self.0[lane] - other.0[lane],
        )
    }
    #[inline(always)]
    fn multiply(self, other: Self) -> Self {
        Self::of(
            #[inline(always)]
            |lane| self.0[lane] * other.0[lane],
        )
    }
    #[inline(always)]
    fn quotient(self, divisor: Self) -> Self {
        Self::of(
            #[inline(always)]
            |lane| A::quotient(self.0[lane], divisor.0[lane]),
        )
    }
    #[inline(always)]
    fn at_least(self, bound: f32) -> Self {
        Self::of(
            #[inline(always)]
            |lane| if self.0[lane] < bound { bound } else { self.0[lane] },
        )
    }
    #[inline(always)]
    fn at_most(self, bound: f32) -> Self {
        Self::of(
            #[inline(always)]
            |lane| if self.0[lane] > bound { bound } else { self.0[lane] },
        )
    }
    #[inline(always)]
    fn flip(self, lanes: u16) -> Self {
        Self::of(
            #[inline(always)]
            |lane| f32::from_bits(self.0[lane].to_bits() ^ (u32::from(lanes) >> lane) << 31),
        )
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

/// Defines a function whose body is compiled for every instruction set and chosen at run time; see the [module](self).
macro_rules! dispatch {
    // Vectors and arithmetic.
    ($(#[$meta:meta])* $visibility:vis fn $name:ident<$simd:ident: Simd $(, const $lanes:ident: usize)?>
     (numerics: Numerics $(, $argument:ident: $type:ty)* $(,)?) $body:block) => {
        $(#[$meta])*
        #[allow(unsafe_code)]
        $visibility fn $name $(<const $lanes: usize>)? (numerics: $crate::kernel::Numerics $(, $argument: $type)*) {
            use $crate::kernel::{arithmetic::{Fused, Separate}, simd::{Baseline, Simd}};
            #[cfg(target_arch = "x86_64")]
            use $crate::kernel::{InstructionSet, instruction_set, simd::{Avx2, Avx512}};

            #[inline(always)]
            fn body<$simd: Simd $(, const $lanes: usize)?>($($argument: $type),*) $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
                fn avx512<$simd: Simd $(, const $lanes: usize)?>($($argument: $type),*) {
                    body::<$simd $(, $lanes)?>($($argument),*);
                }
                #[target_feature(enable = "avx2,fma")]
                fn avx2<$simd: Simd $(, const $lanes: usize)?>($($argument: $type),*) {
                    body::<$simd $(, $lanes)?>($($argument),*);
                }
                match (instruction_set(), numerics.is_fused()) {
                    // SAFETY: the processor has reported the features that the callee asks for.
                    (InstructionSet::Avx512, true) => unsafe { avx512::<Avx512<Fused> $(, $lanes)?>($($argument),*) },
                    // SAFETY: as above.
                    (InstructionSet::Avx512, false) => unsafe { avx512::<Avx512<Separate> $(, $lanes)?>($($argument),*) },
                    // SAFETY: as above.
                    (InstructionSet::Avx2, true) => unsafe { avx2::<Avx2<Fused> $(, $lanes)?>($($argument),*) },
                    // SAFETY: as above.
                    (InstructionSet::Avx2, false) => unsafe { avx2::<Avx2<Separate> $(, $lanes)?>($($argument),*) },
                    (InstructionSet::Baseline, _) => body::<Baseline<Separate> $(, $lanes)?>($($argument),*),
                }
            }
            #[cfg(not(target_arch = "x86_64"))]
            match numerics.is_fused() {
                true if $crate::kernel::BASELINE_HAS_FUSED => body::<Baseline<Fused> $(, $lanes)?>($($argument),*),
                _ => body::<Baseline<Separate> $(, $lanes)?>($($argument),*),
            }
        }
    };
    // Vectors without an arithmetic.
    ($(#[$meta:meta])* $visibility:vis fn $name:ident<$simd:ident: Simd> ($($argument:ident: $type:ty),* $(,)?) $body:block) => {
        $crate::kernel::simd::dispatch! {
            @without_arithmetic $(#[$meta])* $visibility fn $name ($($argument: $type),*) $body
            outer [] [] inner [$simd: $crate::kernel::simd::Simd]
            [$crate::kernel::simd::Baseline<$crate::kernel::arithmetic::Separate>]
            [$crate::kernel::simd::Avx2<$crate::kernel::arithmetic::Separate>]
            [$crate::kernel::simd::Avx512<$crate::kernel::arithmetic::Separate>]
        }
    };
    // Neither.
    ($(#[$meta:meta])* $visibility:vis fn $name:ident $(<const $lanes:ident: usize>)? ($($argument:ident: $type:ty),* $(,)?)
     $body:block) => {
        $crate::kernel::simd::dispatch! {
            @without_arithmetic $(#[$meta])* $visibility fn $name ($($argument: $type),*) $body
            outer [$(const $lanes: usize)?] [$($lanes)?] inner [$(const $lanes: usize)?] [$($lanes)?] [$($lanes)?] [$($lanes)?]
        }
    };
    (@without_arithmetic $(#[$meta:meta])* $visibility:vis fn $name:ident ($($argument:ident: $type:ty),*) $body:block
     outer [$($parameters:tt)*] [$($given:tt)*] inner [$($own:tt)*] [$($baseline:tt)*] [$($avx2:tt)*] [$($avx512:tt)*]) => {
        $(#[$meta])*
        #[allow(unsafe_code)]
        $visibility fn $name<$($parameters)*>($($argument: $type),*) {
            #[inline(always)]
            fn body<$($own)*>($($argument: $type),*) $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
                fn avx512<$($parameters)*>($($argument: $type),*) {
                    body::<$($avx512)*>($($argument),*);
                }
                #[target_feature(enable = "avx2,fma")]
                fn avx2<$($parameters)*>($($argument: $type),*) {
                    body::<$($avx2)*>($($argument),*);
                }
                match $crate::kernel::instruction_set() {
                    // SAFETY: the processor has reported the features that the callee asks for.
                    $crate::kernel::InstructionSet::Avx512 => return unsafe { avx512::<$($given)*>($($argument),*) },
                    // SAFETY: as above.
                    $crate::kernel::InstructionSet::Avx2 => return unsafe { avx2::<$($given)*>($($argument),*) },
                    $crate::kernel::InstructionSet::Baseline => {}
                }
            }
            body::<$($baseline)*>($($argument),*);
        }
    };
}
pub(crate) use dispatch;
