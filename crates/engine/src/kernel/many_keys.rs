//! Children and directions of 16 keys side by side: lane = key.
//!
//! The generator of [`random`](crate::random) with its four counter words in the low halves of 64-bit lanes, where the
//! products are formed: what stands in the high halves is never read, so that a round is two products, two shifts, and
//! exclusive ors. The numbers are those of the keys one by one; without them, short directions would cost a
//! whole generator block at the latency of its ten rounds each.
//!
//! Cost: one block of 16 keys is 10 rounds of 2 · 16 products.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;

#[cfg(target_arch = "x86_64")]
use super::InstructionSet;
use super::aligned::Row16;
use super::noise::Noise;
use super::normal::inverse_normal;
use super::simd::{Vector, dispatch};
use crate::random::{CHILD_DOMAIN, Key, MULTIPLIERS, WEYL};

/// Keys side by side.
pub const KEYS: usize = 16;

/// One number for each key.
pub type Lanes<T> = [T; KEYS];

/// The low half of a lane.
const LOW: u64 = 0xFFFF_FFFF;

/// `R` rounds for 16 counters and keys. High halves of the result are arbitrary.
#[inline(always)]
fn philox<const R: usize>(mut counter: [Lanes<u64>; 4], keys: &Lanes<u64>) -> [Lanes<u64>; 4] {
    let (mut low, mut high) = (*keys, keys.map(|key| key >> 32));
    for round in 0..R {
        if round > 0 {
            for lane in 0..KEYS {
                low[lane] = low[lane].wrapping_add(u64::from(WEYL[0]));
                high[lane] = high[lane].wrapping_add(u64::from(WEYL[1]));
            }
        }
        let before = counter;
        for lane in 0..KEYS {
            let first = u64::from(MULTIPLIERS[0]) * (before[0][lane] & LOW);
            let second = u64::from(MULTIPLIERS[1]) * (before[2][lane] & LOW);
            counter[0][lane] = (second >> 32) ^ before[1][lane] ^ low[lane];
            counter[1][lane] = second;
            counter[2][lane] = (first >> 32) ^ before[3][lane] ^ high[lane];
            counter[3][lane] = first;
        }
    }
    counter
}

dispatch! {
    /// Replaces each key by its child with the index of its lane; see [`Key::child`](crate::random::Key::child).
    pub fn replace_by_children<S: Simd>(keys: &mut Lanes<u64>, indices: &Lanes<u64>) {
        #[cfg(target_arch = "x86_64")]
        if S::INSTRUCTION_SET == InstructionSet::Avx2 {
            // SAFETY: this copy of the function runs only where the processor has reported AVX2.
            return unsafe { avx2::replace_by_children(keys, indices) };
        }
        let counter = [*indices, indices.map(|index| index >> 32), [u64::from(CHILD_DOMAIN); KEYS], [0; KEYS]];
        let words = philox::<10>(counter, keys);
        for lane in 0..KEYS {
            keys[lane] = (words[0][lane] & LOW) | words[1][lane] << 32;
        }
    }
}

/// The `index`-th block of each key, word by word.
#[inline(always)]
fn blocks<const R: usize>(keys: &Lanes<u64>, index: usize) -> [Lanes<u32>; 4] {
    let index = index as u64;
    let counter = [[index; KEYS], [index >> 32; KEYS], [0; KEYS], [0; KEYS]];
    philox::<R>(counter, keys).map(|word| word.map(|value| value as u32))
}

/// Rows whose signs a generator block holds, 16 in each.
pub const ROWS: usize = 8;

/// Writes the signs of the children of `key` with these indices as bits: a word of 16 for each of `rows` rows, which is a multiple of
/// [`ROWS`]. `signs` [indices × rows]; bit `l` of row `r` is that of entry 16 r + l of the child's signs.
pub fn write_sign_rows(key: Key, indices: &[u64], rows: usize, signs: &mut [u16]) {
    debug_assert!(rows.is_multiple_of(ROWS) && signs.len() == indices.len() * rows);
    for (indices, signs) in indices.chunks(KEYS).zip(signs.chunks_mut((KEYS * rows).max(1))) {
        let (mut keys, mut lanes) = ([key.0; KEYS], [0; KEYS]);
        lanes[..indices.len()].copy_from_slice(indices);
        replace_by_children(&mut keys, &lanes);
        write_words(&keys, rows, signs);
    }
}

dispatch! {
    fn write_words(keys: &Lanes<u64>, rows: usize, signs: &mut [u16]) {
        for index in 0..rows / ROWS {
            let words = blocks::<10>(keys, index);
            for (lane, own) in signs.chunks_exact_mut(rows).enumerate() {
                for (word, pair) in words.iter().zip(own[index * ROWS..][..ROWS].as_chunks_mut::<2>().0) {
                    *pair = [word[lane] as u16, (word[lane] >> 16) as u16];
                }
            }
        }
    }
}

/// Writes the noise of each key: `rows` [P × 16].
pub fn write_directions(noise: Noise, keys: &Lanes<u64>, rows: &mut [Row16]) {
    match noise {
        Noise::Signs => write_signs(keys, rows),
        Noise::Normals => write_normals(keys, rows),
    }
}

dispatch! {
    /// Signs: bit b of word w of block c is entry 128 c + 32 w + b.
    fn write_signs<S: Simd>(keys: &Lanes<u64>, rows: &mut [Row16]) {
        for (index, rows) in rows.chunks_mut(128).enumerate() {
            let words = blocks::<10>(keys, index);
            for (word, rows) in words.iter().zip(rows.chunks_mut(32)) {
                for (bit, row) in rows.iter_mut().enumerate() {
                    S::F32x16::signs(word, bit as u32).store(row);
                }
            }
        }
    }
}

dispatch! {
    /// Normals: block c, of seven rounds, has the entries from 4 c on, one for each word.
    fn write_normals<S: Simd>(keys: &Lanes<u64>, rows: &mut [Row16]) {
        #[cfg(target_arch = "x86_64")]
        if S::INSTRUCTION_SET == InstructionSet::Avx512 {
            // SAFETY: this copy of the function runs only where the processor has reported AVX-512.
            return unsafe { avx512::write_normals(keys, rows) };
        }
        #[cfg(target_arch = "x86_64")]
        if S::INSTRUCTION_SET == InstructionSet::Avx2 {
            // SAFETY: as above, for AVX2.
            return unsafe { avx2::write_normals(keys, rows) };
        }
        write_normals_plain(keys, rows);
    }
}

/// The same, left to the compiler.
#[inline(always)]
fn write_normals_plain(keys: &Lanes<u64>, rows: &mut [Row16]) {
    for (index, rows) in rows.chunks_mut(4).enumerate() {
        let words = blocks::<7>(keys, index);
        for (row, words) in rows.iter_mut().zip(&words) {
            for lane in 0..KEYS {
                row.0[lane] = inverse_normal(words[lane]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::noise::{add_normals, add_signs};

    fn keys() -> Lanes<u64> {
        std::array::from_fn(|lane| Key::from_seed(lane as u64).0)
    }

    #[test]
    fn children_side_by_side_are_the_children_one_by_one() {
        // The last index needs the high word of the counter.
        for indices in [[0; KEYS], std::array::from_fn(|lane| lane as u64), [u64::MAX - 7; KEYS]] {
            let mut found = keys();
            replace_by_children(&mut found, &indices);
            for lane in 0..KEYS {
                assert_eq!(found[lane], Key(keys()[lane]).child(indices[lane]).0);
            }
        }
    }

    #[test]
    fn rows_of_signs_are_the_signs_of_the_children() {
        for (count, rows) in [(1, 8), (17, 72), (35, 16)] {
            let key = Key::from_seed(3);
            let indices: Vec<u64> = (0..count).map(|index| (index << 32) | (index * 5)).collect();
            let mut signs = vec![0; indices.len() * rows];
            write_sign_rows(key, &indices, rows, &mut signs);
            for (&index, words) in indices.iter().zip(signs.chunks(rows)) {
                let mut expected = vec![0.0; 16 * rows];
                add_signs(key.child(index), 0, 1.0, &mut expected);
                for (entry, value) in expected.into_iter().enumerate() {
                    let bit = words[entry / 16] >> (entry % 16) & 1;
                    assert_eq!(bit == 1, value < 0.0, "child {index}, entry {entry}");
                }
            }
        }
    }

    #[test]
    fn directions_side_by_side_are_the_directions_one_by_one() {
        for noise in [Noise::Signs, Noise::Normals] {
            for length in [1, 13, 17, 41, 128, 301] {
                let mut rows = vec![Row16([f32::NAN; KEYS]); length];
                write_directions(noise, &keys(), &mut rows);
                if noise == Noise::Normals {
                    let mut plain = vec![Row16::ZERO; length];
                    write_normals_plain(&keys(), &mut plain);
                    assert_eq!(rows, plain);
                }
                for (lane, &key) in keys().iter().enumerate() {
                    let mut expected = vec![0.0; length];
                    match noise {
                        Noise::Signs => add_signs(Key(key), 0, 1.0, &mut expected),
                        Noise::Normals => add_normals(Key(key), 0, 1.0, &mut expected),
                    }
                    assert!(rows.iter().zip(&expected).all(|(row, value)| row.0[lane] == *value), "{noise:?} {length}");
                }
            }
        }
    }
}
