//! Four products of bytes and their sum in 32 bits: by the processor's instructions or by a loop.

use super::{Int8Product, Int8Scratch, WIDTH, examples, units};
#[cfg(target_arch = "x86_64")]
use crate::kernel::{InstructionSet, instruction_set};
#[cfg(not(target_arch = "x86_64"))]
type Portable = crate::kernel::arithmetic::Fused;
#[cfg(target_arch = "x86_64")]
type Portable = crate::kernel::arithmetic::Separate;
use crate::kernel::simd::Array;

/// How 16 sums of four products are added to others. Words hold four signed bytes.
pub(super) trait Dot {
    /// Units whose sums fit into the registers for two blocks at once: 8 or 4.
    const UNITS: usize;
    /// 16 sums.
    type Sums: Copy;
    /// 16 words of inputs.
    type Inputs: Copy;
    /// 16 words of weights.
    type Weights: Copy;
    /// Sums to begin with, of a unit with this offset.
    fn zero(offset: i32) -> Self::Sums;
    /// The same for 16 units.
    fn load_sums(offsets: &[i32; WIDTH]) -> Self::Sums;
    /// Inputs of zero.
    fn zero_inputs() -> Self::Inputs;
    fn inputs(words: &[u32; WIDTH]) -> Self::Inputs;
    fn splat(word: u32) -> Self::Weights;
    fn weights(words: &[u32; WIDTH]) -> Self::Weights;
    fn add_products(sums: Self::Sums, inputs: Self::Inputs, weights: Self::Weights) -> Self::Sums;
    fn sums(sums: Self::Sums) -> [i32; WIDTH];
}

/// By a loop.
pub(super) struct Loop;

impl Dot for Loop {
    const UNITS: usize = 4;
    type Sums = [i32; WIDTH];
    type Inputs = [u32; WIDTH];
    type Weights = [u32; WIDTH];

    #[inline(always)]
    fn zero(_: i32) -> [i32; WIDTH] {
        [0; WIDTH]
    }
    #[inline(always)]
    fn load_sums(_: &[i32; WIDTH]) -> [i32; WIDTH] {
        [0; WIDTH]
    }
    #[inline(always)]
    fn zero_inputs() -> [u32; WIDTH] {
        [0; WIDTH]
    }
    #[inline(always)]
    fn inputs(words: &[u32; WIDTH]) -> [u32; WIDTH] {
        *words
    }
    #[inline(always)]
    fn splat(word: u32) -> [u32; WIDTH] {
        [word; WIDTH]
    }
    #[inline(always)]
    fn weights(words: &[u32; WIDTH]) -> [u32; WIDTH] {
        *words
    }
    #[inline(always)]
    fn add_products(mut sums: [i32; WIDTH], inputs: [u32; WIDTH], weights: [u32; WIDTH]) -> [i32; WIDTH] {
        for place in [24, 16, 8, 0] {
            for lane in 0..WIDTH {
                // The byte at the top keeps its sign on the way down.
                let signed = |word: u32| (word << place).cast_signed() >> 24;
                sums[lane] += signed(inputs[lane]) * signed(weights[lane]);
            }
        }
        sums
    }
    #[inline(always)]
    fn sums(sums: [i32; WIDTH]) -> [i32; WIDTH] {
        sums
    }
}

/// Defines a function that picks the instructions of the processor.
macro_rules! choose {
    ($(#[$meta:meta])* fn $name:ident($($argument:ident: $type:ty),* $(,)?) by $body:ident, $vnni_512:ident, $vnni_256:ident, $avx512:ident, $avx2:ident) => {
        $(#[$meta])*
        #[allow(unsafe_code)]
        pub(super) fn $name($($argument: $type),*) {
            #[cfg(target_arch = "x86_64")]
            match (instruction_set(), x86::vnni()) {
                // SAFETY: the processor has reported the features that the callee asks for.
                (InstructionSet::Avx512, true) => return unsafe { x86::$vnni_512($($argument),*) },
                // SAFETY: as above.
                (InstructionSet::Avx512, false) => return unsafe { x86::$avx512($($argument),*) },
                // SAFETY: as above.
                (InstructionSet::Avx2, true) => return unsafe { x86::$vnni_256($($argument),*) },
                // SAFETY: as above.
                (InstructionSet::Avx2, false) => return unsafe { x86::$avx2($($argument),*) },
                (InstructionSet::Baseline, _) => {}
            }
            $body::<Array<Portable, WIDTH>, Loop>($($argument),*);
        }
    };
}

choose! {
    /// [`examples`] by the processor's instructions.
    fn examples_16(product: &Int8Product<'_>, scratch: &Int8Scratch, activity: &mut [[f32; WIDTH]])
    by examples, examples_vnni_512, examples_vnni_256, examples_avx512, examples_avx2
}
choose! {
    /// [`units`] by the processor's instructions.
    fn single_1(product: &Int8Product<'_>, words: &[u32], scale: f32, vector: usize, found: &mut [f32; WIDTH])
    by units, units_vnni_512, units_vnni_256, units_avx512, units_avx2
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod x86;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_holds_four_signed_bytes() {
        let word = |bytes: [i8; 4]| u32::from_le_bytes(bytes.map(i8::cast_unsigned));
        let sums =
            Loop::add_products([7; WIDTH], [word([127, -127, 3, -4]); WIDTH], Loop::splat(word([127, 127, -5, -6])));
        assert_eq!(Loop::sums(sums), [7 - 15 + 24; WIDTH]);
    }
}
