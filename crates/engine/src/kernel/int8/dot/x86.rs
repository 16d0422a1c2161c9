//! The instructions of x86.

use std::arch::x86_64::{
    __m256i, __m512i, _mm256_abs_epi8, _mm256_add_epi32, _mm256_dpbusd_avx_epi32, _mm256_loadu_si256,
    _mm256_madd_epi16, _mm256_maddubs_epi16, _mm256_set1_epi8, _mm256_set1_epi16, _mm256_set1_epi32,
    _mm256_setzero_si256, _mm256_sign_epi8, _mm256_storeu_si256, _mm256_xor_si256, _mm512_dpbusd_epi32,
    _mm512_loadu_si512, _mm512_set1_epi8, _mm512_set1_epi32, _mm512_setzero_si512, _mm512_storeu_si512,
    _mm512_xor_si512,
};
use std::sync::LazyLock;

use super::{Dot, Int8Product, Int8Scratch, WIDTH, examples, units};
use crate::kernel::arithmetic::Fused;
use crate::kernel::simd::{Avx2Vector, Avx512Vector};
use crate::kernel::{InstructionSet, instruction_set, is_limited};

/// Whether the processor has `VPDPBUSD` as wide as its widest vectors; what goes with AVX2 is left out where the processor is limited to that.
pub(super) fn vnni() -> bool {
    static WIDE: LazyLock<bool> = LazyLock::new(|| std::arch::is_x86_feature_detected!("avx512vnni"));
    static NARROW: LazyLock<bool> = LazyLock::new(|| std::arch::is_x86_feature_detected!("avxvnni"));
    match instruction_set() {
        InstructionSet::Avx512 => *WIDE,
        InstructionSet::Avx2 => *NARROW && !is_limited(),
        InstructionSet::Baseline => false,
    }
}

/// `VPDPBUSD` on 512 bits.
pub(super) struct Vnni512;

// SAFETY of all blocks below: loads and stores are of whole arrays; a loop over these types runs only where their instructions exist.
impl Dot for Vnni512 {
    const UNITS: usize = 8;
    type Sums = __m512i;
    type Inputs = __m512i;
    type Weights = __m512i;

    #[inline(always)]
    fn zero(offset: i32) -> __m512i {
        // SAFETY: as above.
        unsafe { _mm512_set1_epi32(offset) }
    }
    #[inline(always)]
    fn load_sums(offsets: &[i32; WIDTH]) -> __m512i {
        // SAFETY: as above.
        unsafe { _mm512_loadu_si512(offsets.as_ptr().cast()) }
    }
    #[inline(always)]
    fn zero_inputs() -> __m512i {
        // SAFETY: as above.
        unsafe { _mm512_setzero_si512() }
    }
    #[inline(always)]
    fn inputs(words: &[u32; WIDTH]) -> __m512i {
        // SAFETY: as above. The other sign bit adds 128 to a byte that is then read without a sign.
        unsafe { _mm512_xor_si512(_mm512_loadu_si512(words.as_ptr().cast()), _mm512_set1_epi8(-128)) }
    }
    #[inline(always)]
    fn splat(word: u32) -> __m512i {
        // SAFETY: as above.
        unsafe { _mm512_set1_epi32(word.cast_signed()) }
    }
    #[inline(always)]
    fn weights(words: &[u32; WIDTH]) -> __m512i {
        // SAFETY: as above.
        unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
    }
    #[inline(always)]
    fn add_products(sums: __m512i, inputs: __m512i, weights: __m512i) -> __m512i {
        // SAFETY: as above.
        unsafe { _mm512_dpbusd_epi32(sums, inputs, weights) }
    }
    #[inline(always)]
    fn sums(sums: __m512i) -> [i32; WIDTH] {
        let mut found = [0; WIDTH];
        // SAFETY: as above.
        unsafe { _mm512_storeu_si512(found.as_mut_ptr().cast(), sums) };
        found
    }
}

#[inline(always)]
fn load_256(words: &[u32; WIDTH]) -> [__m256i; 2] {
    // SAFETY: both halves lie within the array.
    unsafe { [_mm256_loadu_si256(words.as_ptr().cast()), _mm256_loadu_si256(words.as_ptr().add(8).cast())] }
}

#[inline(always)]
fn store_256(sums: [__m256i; 2]) -> [i32; WIDTH] {
    let mut found = [0i32; WIDTH];
    // SAFETY: both halves lie within the array.
    unsafe {
        _mm256_storeu_si256(found.as_mut_ptr().cast(), sums[0]);
        _mm256_storeu_si256(found.as_mut_ptr().add(8).cast(), sums[1]);
    }
    found
}

/// `VPDPBUSD` on 256 bits (AVX-VNNI).
pub(super) struct Vnni256;

impl Dot for Vnni256 {
    const UNITS: usize = 4;
    type Sums = [__m256i; 2];
    type Inputs = [__m256i; 2];
    type Weights = [__m256i; 2];

    #[inline(always)]
    fn zero(offset: i32) -> [__m256i; 2] {
        // SAFETY: as above.
        unsafe { [_mm256_set1_epi32(offset); 2] }
    }
    #[inline(always)]
    fn load_sums(offsets: &[i32; WIDTH]) -> [__m256i; 2] {
        load_256(&offsets.map(i32::cast_unsigned))
    }
    #[inline(always)]
    fn zero_inputs() -> [__m256i; 2] {
        // SAFETY: as above.
        unsafe { [_mm256_setzero_si256(); 2] }
    }
    #[inline(always)]
    fn inputs(words: &[u32; WIDTH]) -> [__m256i; 2] {
        let [low, high] = load_256(words);
        // SAFETY: as above.
        unsafe { [_mm256_xor_si256(low, _mm256_set1_epi8(-128)), _mm256_xor_si256(high, _mm256_set1_epi8(-128))] }
    }
    #[inline(always)]
    fn splat(word: u32) -> [__m256i; 2] {
        // SAFETY: as above.
        unsafe { [_mm256_set1_epi32(word.cast_signed()); 2] }
    }
    #[inline(always)]
    fn weights(words: &[u32; WIDTH]) -> [__m256i; 2] {
        load_256(words)
    }
    #[inline(always)]
    fn add_products(sums: [__m256i; 2], inputs: [__m256i; 2], weights: [__m256i; 2]) -> [__m256i; 2] {
        // SAFETY: as above.
        unsafe {
            [
                _mm256_dpbusd_avx_epi32(sums[0], inputs[0], weights[0]),
                _mm256_dpbusd_avx_epi32(sums[1], inputs[1], weights[1]),
            ]
        }
    }
    #[inline(always)]
    fn sums(sums: [__m256i; 2]) -> [i32; WIDTH] {
        store_256(sums)
    }
}

/// Sizes and signs apart, on 256 bits.
pub(super) struct Signs256;

impl Dot for Signs256 {
    const UNITS: usize = 4;
    type Sums = [__m256i; 2];
    /// The inputs, and their sizes.
    type Inputs = [[__m256i; 2]; 2];
    type Weights = [__m256i; 2];

    #[inline(always)]
    fn zero(_: i32) -> [__m256i; 2] {
        // SAFETY: as above.
        unsafe { [_mm256_setzero_si256(); 2] }
    }
    #[inline(always)]
    fn load_sums(_: &[i32; WIDTH]) -> [__m256i; 2] {
        Self::zero(0)
    }
    #[inline(always)]
    fn zero_inputs() -> [[__m256i; 2]; 2] {
        [Self::zero(0); 2]
    }
    #[inline(always)]
    fn inputs(words: &[u32; WIDTH]) -> [[__m256i; 2]; 2] {
        let own = load_256(words);
        // SAFETY: as above.
        [own, unsafe { [_mm256_abs_epi8(own[0]), _mm256_abs_epi8(own[1])] }]
    }
    #[inline(always)]
    fn splat(word: u32) -> [__m256i; 2] {
        Vnni256::splat(word)
    }
    #[inline(always)]
    fn weights(words: &[u32; WIDTH]) -> [__m256i; 2] {
        load_256(words)
    }
    #[inline(always)]
    fn add_products(sums: [__m256i; 2], [own, sizes]: [[__m256i; 2]; 2], weights: [__m256i; 2]) -> [__m256i; 2] {
        #[inline(always)]
        fn half(sum: __m256i, own: __m256i, size: __m256i, weights: __m256i) -> __m256i {
            // SAFETY: as above.
            unsafe {
                let products = _mm256_maddubs_epi16(size, _mm256_sign_epi8(weights, own));
                _mm256_add_epi32(sum, _mm256_madd_epi16(products, _mm256_set1_epi16(1)))
            }
        }
        [half(sums[0], own[0], sizes[0], weights[0]), half(sums[1], own[1], sizes[1], weights[1])]
    }
    #[inline(always)]
    fn sums(sums: [__m256i; 2]) -> [i32; WIDTH] {
        store_256(sums)
    }
}

/// Defines both loops for one kind of products, compiled with its instructions.
macro_rules! loops {
    ($features:literal, $vector:ty, $dot:ty, $examples:ident, $units:ident) => {
        #[target_feature(enable = $features)]
        pub(super) fn $examples(product: &Int8Product<'_>, scratch: &Int8Scratch, activity: &mut [[f32; WIDTH]]) {
            examples::<$vector, $dot>(product, scratch, activity);
        }

        #[target_feature(enable = $features)]
        pub(super) fn $units(
            product: &Int8Product<'_>,
            words: &[u32],
            scale: f32,
            vector: usize,
            found: &mut [f32; WIDTH],
        ) {
            units::<$vector, $dot>(product, words, scale, vector, found);
        }
    };
}
loops!(
    "avx512vnni,avx512f,avx512bw,avx512dq,avx512vl,avx2,fma",
    Avx512Vector<Fused>,
    Vnni512,
    examples_vnni_512,
    units_vnni_512
);
loops!("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma", Avx512Vector<Fused>, Signs256, examples_avx512, units_avx512);
loops!("avxvnni,avx2,fma", Avx2Vector<Fused>, Vnni256, examples_vnni_256, units_vnni_256);
loops!("avx2,fma", Avx2Vector<Fused>, Signs256, examples_avx2, units_avx2);
