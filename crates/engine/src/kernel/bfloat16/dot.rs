//! Two products of bfloat16 numbers and their sum: by the processor's instruction or emulated.

use super::{Bfloat16Pass, Bfloat16Scratch, WIDTH, steps_of};
use crate::kernel::Numerics;
use crate::kernel::sequence::Sequences;
use crate::kernel::simd::{Vector, dispatch};
#[cfg(target_arch = "x86_64")]
use crate::kernel::{InstructionSet, instruction_set};

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

/// Defines a function that runs all steps of a block of `$lanes` lanes: with the processor's instruction where it has one, which no
/// other loop uses and [`dispatch!`] therefore does not know, otherwise emulated.
macro_rules! passes {
    ($name:ident, $emulated:ident, $with_instruction:ident, $lanes:literal) => {
        #[allow(unsafe_code)]
        pub(super) fn $name(
            numerics: Numerics,
            pass: Bfloat16Pass<'_>,
            sequences: Sequences<'_, $lanes>,
            space: &mut Bfloat16Scratch,
            losses: &mut [f64; $lanes],
        ) {
            #[cfg(target_arch = "x86_64")]
            if numerics.is_fused() && has_instruction() {
                // SAFETY: the processor has reported the features that the callee asks for.
                return unsafe { x86::$with_instruction(pass, sequences, space, losses) };
            }
            $emulated(numerics, pass, sequences, space, losses);
        }

        dispatch! {
            fn $emulated<S: Simd>(
                numerics: Numerics,
                pass: Bfloat16Pass<'_>,
                sequences: Sequences<'_, $lanes>,
                space: &mut Bfloat16Scratch,
                losses: &mut [f64; $lanes],
            ) {
                steps_of::<S::F32x16, Emulated, $lanes>(pass, sequences, space, losses);
            }
        }
    };
}
passes!(run_1, emulated_1, with_instruction_1, 1);
passes!(run_16, emulated_16, with_instruction_16, 16);

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

    use super::super::{Bfloat16Pass, Bfloat16Scratch, WIDTH, steps_of, word};
    use super::{Dot, Emulated};
    use crate::kernel::arithmetic::Fused;
    use crate::kernel::sequence::Sequences;
    use crate::kernel::simd::{Avx512Vector, Vector};
    use crate::random::Key;

    /// `VDPBF16PS`.
    pub(super) struct Instruction;

    impl Dot<Avx512Vector<Fused>> for Instruction {
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
        fn add_products(sum: Avx512Vector<Fused>, a: __m512i, b: __m512i) -> Avx512Vector<Fused> {
            // SAFETY: as above; words and pairs of bfloat16 numbers have the same bits.
            unsafe {
                let [a, b] = [a, b].map(|words| std::mem::transmute::<__m512i, __m512bh>(words));
                Avx512Vector::from_register(_mm512_dpbf16_ps(sum.register(), a, b))
            }
        }
    }

    /// All steps of one block for a single sequence.
    #[target_feature(enable = "avx512bf16,avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
    pub(super) fn with_instruction_1(
        pass: Bfloat16Pass<'_>,
        sequences: Sequences<'_, 1>,
        space: &mut Bfloat16Scratch,
        losses: &mut [f64; 1],
    ) {
        steps_of::<Avx512Vector<Fused>, Instruction, 1>(pass, sequences, space, losses);
    }

    /// All steps of one block of 16 sequences.
    #[target_feature(enable = "avx512bf16,avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
    pub(super) fn with_instruction_16(
        pass: Bfloat16Pass<'_>,
        sequences: Sequences<'_, 16>,
        space: &mut Bfloat16Scratch,
        losses: &mut [f64; 16],
    ) {
        steps_of::<Avx512Vector<Fused>, Instruction, 16>(pass, sequences, space, losses);
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
        let zero = <Avx512Vector<Fused> as Vector<WIDTH>>::splat(0.0);
        let (mut own, mut emulated) = (zero, zero);
        for _ in 0..256 {
            let (a, b) = (words(), words());
            own = Instruction::add_products(own, Instruction::load(&a), Instruction::load(&b));
            let [a, b] = [a, b].map(|words| <Emulated as Dot<Avx512Vector<Fused>>>::load(&words));
            emulated = Emulated::add_products(emulated, a, b);
        }
        let (mut first, mut second) = ([0.0; WIDTH], [0.0; WIDTH]);
        own.store(&mut first);
        emulated.store(&mut second);
        first == second
    }
}
