//! Normals with AVX2: the words of [`Key::direction_block`](crate::random::Key::direction_block) and
//! [`inverse_normal`](crate::kernel::normal::inverse_normal), bit for bit.
//!
//! # Layout
//! A counter and a product of Philox take a slot of 64 bits, four blocks a register; only the low half of a word's slot counts. The
//! alternative, eight blocks of 32-bit words, needs 18 operations a round where two registers of slots need 16: what it saves in
//! exclusive ors it pays for putting the odd products into their places. The slots hold blocks 0, 2, 1, 3, so that
//! one interleaving within 128 bits puts the words in their order.
//!
//! The words of a chunk are written first, then made into normals: multipliers and keys of the rounds, and then tables, each have the 16
//! registers for themselves; both in one loop spills them. Four blocks wait for their own products, but the processor begins the
//! next four meanwhile: groups side by side are no faster.
//!
//! # Count
//! Operations of vectors for 16 words, where the processor has three ports for them (p0, p1, p5), two of which multiply:
//!
//! | part | operations | of these |
//! |---|---|---|
//! | counter | 1 | |
//! | rounds 1, 2 and 3 | 3 + 4 + 7 | the high word of the counter is the same for a chunk, and with it all that follows from it |
//! | rounds 4 to 6 | 3 · 8 | 2 products, 2 shifts, 4 exclusive ors |
//! | round 7, words in their order | 12 | |
//! | transform | 2 · 20 | 5 look-ups (p5), 9 operations on numbers, 6 on bits |
//! | is one beyond the near table? | 4 | |
//! | times scale, plus target | 2 · 2 | |
//!
//! 99 operations for 16 numbers over three ports are 33 cycles: 2.1 cycles a number is the least that this generator and this transform
//! allow. What is beyond comes from the branch below, taken wrongly about once for 8 times 16 numbers.
//!
//! # Table
//! `vpermps` looks up 8 numbers. The 8 octaves next to ½ have 127 of 128 words; if one of 16 words is outside (12 % of the time), a second
//! table of 8 is looked up too, and if that does not reach (one of 2¹¹ times), the words are transformed one by one.
#![allow(unsafe_code)]

#[allow(clippy::wildcard_imports, reason = "two dozen intrinsics")]
use std::arch::x86_64::*;

use super::output::Output;
use super::{CHUNK, Vector};
use crate::kernel::arithmetic::Separate;
use crate::kernel::normal::{self, COEFFICIENTS, DEGREE};
use crate::kernel::simd::Avx2Vector;
use crate::random::{Key, MULTIPLIERS, WEYL};

/// Rounds of Philox.
pub(in crate::kernel) const ROUNDS: usize = 7;

/// Numbers that are made side by side: those of a register of counters.
const AT_ONCE: usize = 16;

/// Makes the normals of `key` from chunk `first` on, as many as `output` takes.
#[inline]
#[target_feature(enable = "avx2,fma")]
pub(super) fn emit<O: Output>(key: Key, first: u64, mut output: O) {
    let length = output.len();
    let mut schedule = Schedule::new(key.words(), ((32 * first) >> 32) as u32);
    let mut words = Words([0; CHUNK]);
    for start in (0..length).step_by(CHUNK) {
        let block = (32 * first).wrapping_add((start / 4) as u64);
        output.prefetch(start);
        if (block >> 32) as u32 != schedule.high {
            schedule = Schedule::new(key.words(), (block >> 32) as u32);
        }
        let count = (length - start).min(CHUNK);
        let groups = count.div_ceil(AT_ONCE);
        for (group, words) in words.0.as_chunks_mut().0[..groups].iter_mut().enumerate() {
            schedule.write(block as u32 + (AT_ONCE / 4 * group) as u32, words);
        }
        for (group, words) in words.0.as_chunks().0[..groups].iter().enumerate() {
            put(&mut output, start + AT_ONCE * group, words);
        }
    }
}

/// The words of a chunk.
#[repr(align(32))]
struct Words([u32; CHUNK]);

/// Hands over the normals of 16 words, numbers from `start` on, or as many as there is room for.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn put<O: Output>(output: &mut O, start: usize, words: &[u32; AT_ONCE]) {
    let (halves, _) = words.as_chunks::<8>();
    // SAFETY: eight words are read from each half; the load asks for no alignment.
    let words = [0, 1].map(|half| unsafe { _mm256_loadu_si256(halves[half].as_ptr().cast()) });
    let normals = Avx2Vector::<Separate>::from_registers(inverse_normal(words));
    if start + AT_ONCE <= output.len() {
        output.take_vector(start, normals);
    } else {
        let mut numbers = [0.0; AT_ONCE];
        normals.store(&mut numbers);
        output.take(start, &numbers[..output.len() - start]);
    }
}

/// What the blocks with one key and one high word of the counter have in common, each number in every slot.
struct Schedule {
    high: u32,
    /// For words 0 and 2 of each round, all that is joined to them besides the counter's low word.
    joined: [[__m256i; 2]; ROUNDS],
}

impl Schedule {
    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn new(words: [u32; 2], high: u32) -> Self {
        let mut keys = [[0u32; 2]; ROUNDS];
        for (round, key) in keys.iter_mut().enumerate() {
            *key = [0, 1].map(|half| words[half].wrapping_add(WEYL[half].wrapping_mul(round as u32)));
        }
        // Word 0 after the first round, and its product in the second.
        let product = u64::from(MULTIPLIERS[0]) * u64::from(high ^ keys[0][0]);
        keys[1][1] ^= (product >> 32) as u32;
        keys[2][1] ^= product as u32;
        let mut joined = [[_mm256_setzero_si256(); 2]; ROUNDS];
        for (joined, key) in joined.iter_mut().zip(keys) {
            *joined = [_mm256_set1_epi32(key[0].cast_signed()), _mm256_set1_epi32(key[1].cast_signed())];
        }
        Self { high, joined }
    }

    /// Writes the words of the four blocks from `first` on in their order. `first` and the three after it have one high word.
    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn write(&self, first: u32, words: &mut [u32; AT_ONCE]) {
        let [m0, m1] = multipliers();
        let joined = &self.joined;
        let place = _mm256_add_epi32(_mm256_set1_epi32(first.cast_signed()), _mm256_setr_epi64x(0, 2, 1, 3));
        let low = _mm256_mul_epu32(place, m0);
        let word2 = _mm256_xor_si256(_mm256_srli_epi64::<32>(low), joined[0][1]);
        let second = _mm256_mul_epu32(word2, m1);
        let word0 = _mm256_xor_si256(_mm256_srli_epi64::<32>(second), joined[1][0]);
        let word2 = _mm256_xor_si256(low, joined[1][1]);
        let (front, back) = (_mm256_mul_epu32(word0, m0), _mm256_mul_epu32(word2, m1));
        let mut state = [
            xor(_mm256_srli_epi64::<32>(back), second, joined[2][0]),
            back,
            _mm256_xor_si256(_mm256_srli_epi64::<32>(front), joined[2][1]),
            front,
        ];
        for key in &joined[3..ROUNDS - 1] {
            state = round(state, *key);
        }
        let [front, back] = last_round(state, joined[ROUNDS - 1]);
        let (halves, _) = words.as_chunks_mut::<8>();
        // SAFETY: eight words are written to each half; the store asks for no alignment.
        unsafe {
            _mm256_storeu_si256(halves[0].as_mut_ptr().cast(), _mm256_unpacklo_epi64(front, back));
            _mm256_storeu_si256(halves[1].as_mut_ptr().cast(), _mm256_unpackhi_epi64(front, back));
        }
    }
}

/// M0 and M1 in every slot.
#[inline]
#[target_feature(enable = "avx2,fma")]
pub(in crate::kernel) fn multipliers() -> [__m256i; 2] {
    MULTIPLIERS.map(|multiplier| _mm256_set1_epi64x(i64::from(multiplier)))
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn xor(a: __m256i, b: __m256i, c: __m256i) -> __m256i {
    _mm256_xor_si256(a, _mm256_xor_si256(b, c))
}

/// A round for four blocks.
#[inline]
#[target_feature(enable = "avx2,fma")]
pub(in crate::kernel) fn round([word0, word1, word2, word3]: [__m256i; 4], key: [__m256i; 2]) -> [__m256i; 4] {
    let [m0, m1] = multipliers();
    let (first, second) = (_mm256_mul_epu32(word0, m0), _mm256_mul_epu32(word2, m1));
    [
        xor(_mm256_srli_epi64::<32>(second), word1, key[0]),
        second,
        xor(_mm256_srli_epi64::<32>(first), word3, key[1]),
        first,
    ]
}

/// The last round, which leaves words 0 and 1 in one slot, 2 and 3 in another.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn last_round([word0, word1, word2, word3]: [__m256i; 4], key: [__m256i; 2]) -> [__m256i; 2] {
    let ([m0, m1], low) = (multipliers(), _mm256_set1_epi64x(0xFFFF_FFFF));
    let first = _mm256_shuffle_epi32::<0b10_11_00_01>(_mm256_mul_epu32(word0, m0));
    let second = _mm256_shuffle_epi32::<0b10_11_00_01>(_mm256_mul_epu32(word2, m1));
    [
        _mm256_xor_si256(second, _mm256_and_si256(_mm256_xor_si256(word1, key[0]), low)),
        _mm256_xor_si256(first, _mm256_and_si256(_mm256_xor_si256(word3, key[1]), low)),
    ]
}

/// Coefficients of the octaves 23 … 30, and of 15 … 22, each in the place of its low three bits.
static NEAR: [[f32; 8]; DEGREE + 1] = eight_from(23);
static NEXT: [[f32; 8]; DEGREE + 1] = eight_from(15);

const fn eight_from(first: usize) -> [[f32; 8]; DEGREE + 1] {
    let mut table = [[0.0; 8]; DEGREE + 1];
    let mut power = 0;
    while power <= DEGREE {
        let mut octave = first;
        while octave < first + 8 {
            table[power][octave % 8] = COEFFICIENTS[power][octave];
            octave += 1;
        }
        power += 1;
    }
    table
}

/// The least p · 2³² that [`NEAR`], and [`NEXT`] beside it, have coefficients for.
const NEAR_FROM: i32 = 1 << 24;
const NEXT_FROM: i32 = 1 << 16;

/// A normal for each word.
#[inline]
#[target_feature(enable = "avx2,fma")]
pub(in crate::kernel) fn inverse_normal(words: [__m256i; 2]) -> [__m256; 2] {
    let scaled = words
        .map(|words| _mm256_or_si256(_mm256_and_si256(words, _mm256_set1_epi32(0x7FFF_FFFF)), _mm256_set1_epi32(1)));
    if any_below(scaled, NEAR_FROM) {
        return inverse_normal_far(words, scaled);
    }
    transform(words, scaled, |power, octave, _| look_up(&NEAR[power], octave))
}

/// The same for words of which one is far from ½.
#[cold]
#[inline(never)]
#[target_feature(enable = "avx2,fma")]
fn inverse_normal_far(words: [__m256i; 2], scaled: [__m256i; 2]) -> [__m256; 2] {
    if any_below(scaled, NEXT_FROM) {
        return words.map(|words| {
            let (mut own, mut numbers) = ([0u32; 8], [0.0f32; 8]);
            // SAFETY: eight words are written, eight numbers are read; neither asks for an alignment.
            unsafe { _mm256_storeu_si256(own.as_mut_ptr().cast(), words) };
            for (number, word) in numbers.iter_mut().zip(own) {
                *number = normal::inverse_normal(word);
            }
            // SAFETY: as above.
            unsafe { _mm256_loadu_ps(numbers.as_ptr()) }
        });
    }
    transform(words, scaled, |power, octave, scaled| {
        let far = _mm256_castsi256_ps(_mm256_cmpgt_epi32(_mm256_set1_epi32(NEAR_FROM), scaled));
        _mm256_blendv_ps(look_up(&NEAR[power], octave), look_up(&NEXT[power], octave), far)
    })
}

/// Whether one of 16 numbers is below `bound`.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn any_below([a, b]: [__m256i; 2], bound: i32) -> bool {
    let below = _mm256_cmpgt_epi32(_mm256_set1_epi32(bound), _mm256_min_epi32(a, b));
    _mm256_movemask_ps(_mm256_castsi256_ps(below)) != 0
}

/// Sign and polynomial; `coefficient` gives that of a power for octaves and words.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn transform<F: Fn(usize, __m256i, __m256i) -> __m256>(
    words: [__m256i; 2],
    scaled: [__m256i; 2],
    coefficient: F,
) -> [__m256; 2] {
    let mut normals = [_mm256_setzero_ps(); 2];
    for ((normal, words), scaled) in normals.iter_mut().zip(words).zip(scaled) {
        let bits = _mm256_castps_si256(_mm256_cvtepi32_ps(scaled));
        let octave = _mm256_srli_epi32::<23>(bits);
        let mantissa = _mm256_and_si256(bits, _mm256_set1_epi32(0x007F_FFFF));
        let t = _mm256_castsi256_ps(_mm256_or_si256(mantissa, _mm256_set1_epi32(1.0f32.to_bits().cast_signed())));
        let mut z = coefficient(DEGREE, octave, scaled);
        for power in (0..DEGREE).rev() {
            z = _mm256_add_ps(_mm256_mul_ps(z, t), coefficient(power, octave, scaled));
        }
        let sign = _mm256_and_si256(words, _mm256_set1_epi32(i32::MIN));
        *normal = _mm256_xor_ps(z, _mm256_castsi256_ps(sign));
    }
    normals
}

/// `table[octave mod 8]`.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn look_up(table: &[f32; 8], octave: __m256i) -> __m256 {
    // SAFETY: the table has eight numbers, and the load asks for no alignment.
    _mm256_permutevar8x32_ps(unsafe { _mm256_loadu_ps(table.as_ptr()) }, octave)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has_avx2() -> bool {
        std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma")
    }

    /// Words of every octave, which take each of the three ways through the tables; the lanes differ.
    #[test]
    fn normals_of_every_octave_are_those_one_by_one() {
        if !has_avx2() {
            return;
        }
        let mut mixed = 0x9E37_79B9_u32;
        for octave in 0..32 {
            for round in 0..200u32 {
                let mut words = [0u32; 16];
                for (lane, word) in words.iter_mut().enumerate() {
                    mixed = mixed.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
                    // One lane in the octave, the others anywhere; then all in it.
                    let here = round % 3 == 0 || lane == round as usize % 16;
                    let size = if here { (mixed >> 1 | 1 << 30) >> (30 - octave.min(30)) } else { mixed };
                    *word = if octave == 31 { mixed | 0x7FFF_FF00 } else { size | mixed & 1 << 31 };
                }
                let [a, b] = words.as_chunks::<8>().0 else { panic!("sixteen words") };
                // SAFETY: the processor has AVX2; eight words are read from each, eight numbers are written.
                let found = unsafe {
                    let [a, b] = inverse_normal([a, b].map(|words| _mm256_loadu_si256(words.as_ptr().cast())));
                    let mut found = [0.0f32; 16];
                    _mm256_storeu_ps(found.as_mut_ptr(), a);
                    _mm256_storeu_ps(found.as_mut_ptr().add(8), b);
                    found
                };
                assert_eq!(
                    found.map(f32::to_bits),
                    words.map(|word| normal::inverse_normal(word).to_bits()),
                    "{words:x?}"
                );
            }
        }
    }

    /// All ways to take them, lengths that end within a vector, and counters whose high word is not zero or changes on the way.
    #[test]
    fn every_output_has_the_normals_of_the_blocks_one_by_one() {
        use super::super::output::{Add, AddPair, Fill, Write, WritePair};
        if !has_avx2() {
            return;
        }
        let (key, boundary) = (Key::from_seed(6), 1u64 << 27);
        for (first, length) in [(0, 1), (3, 17), (0, 16), (boundary - 1, 300), (5 << 40, 4 * CHUNK + 31)] {
            let word = |index: usize| key.direction_block(32 * first + index as u64 / 4)[index % 4];
            let steps: Vec<f32> = (0..length).map(|index| 0.3 * normal::inverse_normal(word(index))).collect();
            let from: Vec<f32> = (0..length).map(|index| index as f32 - 7.5).collect();
            let sum =
                |sign: f32| -> Vec<f32> { from.iter().zip(&steps).map(|(from, step)| from + sign * step).collect() };
            let (mut one, mut other, scale) = (from.clone(), from.clone(), 0.3);
            // SAFETY: the processor has AVX2.
            unsafe {
                emit(key, first, Fill { scale, target: &mut one });
                assert!(one.iter().zip(&steps).all(|(found, step)| *found == 0.0 + step), "{first}, {length}");
                one.copy_from_slice(&from);
                emit(key, first, Add { scale, target: &mut one });
                assert_eq!(one, sum(1.0));
                one.copy_from_slice(&from);
                emit(key, first, AddPair { scale, plus: &mut one, minus: &mut other });
                assert_eq!((&one, &other), (&sum(1.0), &sum(-1.0)));
                other.fill(f32::NAN);
                emit(key, first, Write { from: &from, scale, target: &mut other });
                assert_eq!(other, sum(1.0));
                emit(key, first, WritePair { from: &from, scale, plus: &mut other, minus: &mut one });
                assert_eq!((&other, &one), (&sum(1.0), &sum(-1.0)));
            }
        }
    }
}
