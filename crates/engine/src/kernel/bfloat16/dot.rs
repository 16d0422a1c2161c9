//! Two products of bfloat16 numbers and their sum: by the processor's instruction or emulated.

use super::WIDTH;
use crate::kernel::Numerics;
#[cfg(target_arch = "x86_64")]
use crate::kernel::arithmetic::Arithmetic;
use crate::kernel::arithmetic::{Fused, Separate};
use crate::kernel::vector::{Array, Vector};
#[cfg(target_arch = "x86_64")]
use crate::kernel::{InstructionSet, instruction_set};

/// A loop over vectors and words.
pub(super) trait Loop {
    /// Runs it; must be `#[inline(always)]`.
    fn run<V: Vector<WIDTH>, D: Dot<V>>(self);
}

/// How two products are added to a sum.
pub(super) trait Dot<V> {
    /// Words in registers.
    type Words: Copy;
    fn load(from: &[u32; WIDTH]) -> Self::Words;
    fn splat(word: u32) -> Self::Words;
    /// `sum + high · high`, then `+ low · low`.
    fn add_products(sum: V, a: Self::Words, b: Self::Words) -> V;
}

/// By the products and sums of the vectors.
pub(super) struct Emulated;

impl<V: Vector<WIDTH>> Dot<V> for Emulated {
    type Words = (V, V);

    #[inline(always)]
    fn load(from: &[u32; WIDTH]) -> (V, V) {
        let (mut low, mut high) = ([0.0; WIDTH], [0.0; WIDTH]);
        for lane in 0..WIDTH {
            low[lane] = f32::from_bits(from[lane] << 16);
            high[lane] = f32::from_bits(from[lane] & 0xFFFF_0000);
        }
        (V::load(&low), V::load(&high))
    }

    #[inline(always)]
    fn splat(word: u32) -> (V, V) {
        (V::splat(f32::from_bits(word << 16)), V::splat(f32::from_bits(word & 0xFFFF_0000)))
    }

    #[inline(always)]
    fn add_products(sum: V, a: (V, V), b: (V, V)) -> V {
        a.0.multiply_add(b.0, a.1.multiply_add(b.1, sum))
    }
}

/// Runs a loop with the arithmetic of `kernel` and the instructions in use.
#[allow(unsafe_code)]
pub(super) fn run<T: Loop>(numerics: Numerics, task: T) {
    #[cfg(target_arch = "x86_64")]
    {
        use crate::kernel::vector::{Avx2, Avx512};
        #[target_feature(enable = "avx512bf16,avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
        fn instruction<T: Loop>(task: T) {
            task.run::<Avx512<Fused>, x86::Instruction>();
        }
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
        fn avx512<A: Arithmetic, T: Loop>(task: T) {
            task.run::<Avx512<A>, Emulated>();
        }
        #[target_feature(enable = "avx2,fma")]
        fn avx2<A: Arithmetic, T: Loop>(task: T) {
            task.run::<Avx2<A>, Emulated>();
        }
        match (instruction_set(), numerics.is_fused()) {
            // SAFETY: the processor has reported the features that the callee asks for, here and below.
            (InstructionSet::Avx512, true) if x86::has_instruction() => unsafe { instruction(task) },
            // SAFETY: as above.
            (InstructionSet::Avx512, true) => unsafe { avx512::<Fused, T>(task) },
            // SAFETY: as above.
            (InstructionSet::Avx512, false) => unsafe { avx512::<Separate, T>(task) },
            // SAFETY: as above.
            (InstructionSet::Avx2, true) => unsafe { avx2::<Fused, T>(task) },
            // SAFETY: as above.
            (InstructionSet::Avx2, false) => unsafe { avx2::<Separate, T>(task) },
            (InstructionSet::Baseline, _) => task.run::<Array<Separate, WIDTH>, Emulated>(),
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    if numerics.is_fused() && crate::kernel::BASELINE_HAS_FUSED {
        task.run::<Array<Fused, WIDTH>, Emulated>();
    } else {
        task.run::<Array<Separate, WIDTH>, Emulated>();
    }
}

/// Whether the processor's own instruction is used, for the record of a run.
pub fn has_instruction() -> bool {
    #[cfg(target_arch = "x86_64")]
    return instruction_set() == InstructionSet::Avx512 && x86::has_instruction();
    #[cfg(not(target_arch = "x86_64"))]
    false
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod x86 {
    use std::arch::x86_64::{__m512bh, __m512i, _mm512_dpbf16_ps, _mm512_loadu_si512, _mm512_set1_epi32};
    use std::sync::LazyLock;

    use super::super::{WIDTH, word};
    use super::{Dot, Emulated};
    use crate::kernel::arithmetic::Fused;
    use crate::kernel::vector::{Avx512, Vector};
    use crate::random::Key;

    /// `VDPBF16PS`.
    pub(super) struct Instruction;

    impl Dot<Avx512<Fused>> for Instruction {
        type Words = __m512i;

        #[inline(always)]
        fn load(from: &[u32; WIDTH]) -> __m512i {
            // SAFETY: 64 bytes; a loop over this type runs only where its instructions exist.
            unsafe { _mm512_loadu_si512(from.as_ptr().cast()) }
        }

        #[inline(always)]
        fn splat(word: u32) -> __m512i {
            // SAFETY: as above.
            unsafe { _mm512_set1_epi32(word.cast_signed()) }
        }

        #[inline(always)]
        fn add_products(sum: Avx512<Fused>, a: __m512i, b: __m512i) -> Avx512<Fused> {
            // SAFETY: as above; words and pairs of bfloat16 numbers have the same bits.
            unsafe {
                let [a, b] = [a, b].map(|words| std::mem::transmute::<__m512i, __m512bh>(words));
                Avx512::from_register(_mm512_dpbf16_ps(sum.register(), a, b))
            }
        }
    }

    /// Whether the processor has the instruction and gives the bits of the emulation.
    pub(super) fn has_instruction() -> bool {
        static FOUND: LazyLock<bool> = LazyLock::new(|| {
            let has = std::arch::is_x86_feature_detected!("avx512bf16")
                && std::arch::is_x86_feature_detected!("avx512f")
                && std::arch::is_x86_feature_detected!("avx512dq")
                && std::arch::is_x86_feature_detected!("fma");
            // SAFETY: the processor has reported the features.
            has && unsafe { agrees() }
        });
        *FOUND
    }

    /// Sums of a few thousand products both ways.
    #[target_feature(enable = "avx512bf16,avx512f,avx512dq,avx2,fma")]
    fn agrees() -> bool {
        let mut stream = Key::from_seed(0).stream();
        let mut words = || -> [u32; WIDTH] { std::array::from_fn(|_| word(stream.normal(), stream.normal())) };
        let zero = <Avx512<Fused> as Vector<WIDTH>>::splat(0.0);
        let (mut own, mut emulated) = (zero, zero);
        for _ in 0..256 {
            let (a, b) = (words(), words());
            own = Instruction::add_products(own, Instruction::load(&a), Instruction::load(&b));
            let [a, b] = [a, b].map(|words| <Emulated as Dot<Avx512<Fused>>>::load(&words));
            emulated = Emulated::add_products(emulated, a, b);
        }
        let (mut first, mut second) = ([0.0; WIDTH], [0.0; WIDTH]);
        own.store(&mut first);
        emulated.store(&mut second);
        first == second
    }
}
