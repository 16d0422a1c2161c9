//! What the machine can do, measured: products per second from registers, bytes per second from memory.
//!
//! ```text
//!     products    a_i ← a_i · x + y                     two operations for each entry, all operands in registers
//!     triad       a_i ← b_i + s · c_i                   three numbers moved for each entry, counted as STREAM counts
//!     in place    a_i ← a_i + s                         two numbers moved for each entry
//! ```
//! `a`, `b`, `c` vectors · `s`, `x`, `y` numbers. The products form independent chains; how many hide the latency of a product and
//! still fit the registers depends on the processor, so that several numbers of chains are tried and the fastest counts.
//!
//! A benchmark measures these in the same run as its workloads and states each as a share of the limit that it meets: rates alone say
//! little about a machine that others use too. They are measured on the instruction set in use ([`limit`](super::limit)); the x86
//! baseline has no fused multiply–add, so that its limit is that of a product and a sum apart.
//!
//! These functions do a fixed amount of work and say how much; the caller holds the clock. The triad holds three vectors of
//! [`TRIAD_LENGTH`] numbers, 192 MiB in all.
//!
//! Reference: J. D. McCalpin, *Memory bandwidth and machine balance in current high performance computers*, IEEE TCCA Newsletter,
//! 1995 (STREAM).

use std::hint::black_box;

use super::Numerics;
use super::simd::{Vector, dispatch};

/// Numbers in each vector of the triad: well beyond the caches.
pub const TRIAD_LENGTH: usize = 1 << 24;

/// Products of an entry in one call.
const ROUNDS: usize = 8192;

dispatch! {
    /// `ROUNDS` products of each of the `16 · ROWS` entries, which stay in registers: `entry ← entry · factor + term`.
    fn multiply_add_chains<S: Simd, const ROWS: usize>(
        numerics: Numerics,
        entries: &mut [[f32; 16]; ROWS],
        factor: f32,
        term: f32,
    ) {
        let (factor, term) = (S::F32x16::splat(factor), S::F32x16::splat(term));
        let mut chains = [S::F32x16::splat(0.0); ROWS];
        for (chain, entries) in chains.iter_mut().zip(&*entries) {
            *chain = S::F32x16::load(entries);
        }
        for _ in 0..ROUNDS {
            for chain in &mut chains {
                *chain = chain.multiply_add(factor, term);
            }
        }
        for (entries, chain) in entries.iter_mut().zip(chains) {
            chain.store(entries);
        }
    }
}

/// Numbers of rows of 16 chains to try.
pub const CHAIN_ROWS: [usize; 4] = [4, 5, 8, 10];

/// A million products or so from registers, in `16 · rows` chains; returns the operations, none for a number of rows that is not
/// among [`CHAIN_ROWS`].
///
/// # Example
/// ```
/// use tegmentum_engine::kernel::limits::multiply_add;
/// let begin = std::time::Instant::now();
/// let operations = multiply_add(8);
/// println!("{:.1} GFLOP/s", operations as f64 / begin.elapsed().as_secs_f64() / 1e9);
/// # assert!(operations > 1_000_000);
/// ```
pub fn multiply_add(rows: usize) -> u64 {
    match rows {
        4 => chains::<4>(),
        5 => chains::<5>(),
        8 => chains::<8>(),
        10 => chains::<10>(),
        _ => 0,
    }
}

fn chains<const ROWS: usize>() -> u64 {
    let mut entries = [[1.0; 16]; ROWS];
    multiply_add_chains(Numerics::Native, black_box(&mut entries), black_box(0.5), black_box(0.25));
    black_box(entries);
    (2 * 16 * ROWS * ROUNDS) as u64
}

dispatch! {
    /// `values ← values + constant`: what moving vectors in place costs at least.
    pub fn add_constant(constant: f32, values: &mut [f32]) {
        for value in values {
            *value += constant;
        }
    }
}

dispatch! {
    /// `sums ← first + scale · second`.
    fn triad(first: &[f32], second: &[f32], scale: f32, sums: &mut [f32]) {
        for ((sum, a), b) in sums.iter_mut().zip(first).zip(second) {
            *sum = a + scale * b;
        }
    }
}

/// The vectors of the triad, made once.
///
/// # Example
/// ```no_run
/// use tegmentum_engine::kernel::limits::Triad;
/// let (mut triad, begin) = (Triad::default(), std::time::Instant::now());
/// println!("{:.1} GB/s", triad.pass() as f64 / begin.elapsed().as_secs_f64() / 1e9);
/// ```
#[derive(Clone, Debug)]
pub struct Triad {
    first: Vec<f32>,
    second: Vec<f32>,
    sums: Vec<f32>,
}

impl Triad {
    /// Vectors of `length` numbers.
    pub fn of_length(length: usize) -> Self {
        Self { first: vec![1.0; length], second: vec![2.0; length], sums: vec![0.5; length] }
    }

    /// One pass; returns the bytes moved, 12 for each entry: what the caches fetch before they write is not counted.
    pub fn pass(&mut self) -> u64 {
        triad(&self.first, &self.second, black_box(3.0), black_box(&mut self.sums));
        (3 * size_of::<f32>() * self.sums.len()) as u64
    }
}

impl Default for Triad {
    fn default() -> Self {
        Self::of_length(TRIAD_LENGTH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_compute_what_they_count() {
        // a ← a/2 + 1/4 goes to 1/2, exactly, within as many rounds as a number has bits.
        let mut entries = [[9.0; 16]; 3];
        multiply_add_chains(Numerics::Native, &mut entries, 0.5, 0.25);
        assert_eq!(entries, [[0.5; 16]; 3]);
    }

    #[test]
    fn the_triad_and_the_sum_in_place_reach_every_entry() {
        let mut vectors = Triad::of_length(37);
        assert_eq!(vectors.pass(), 37 * 12);
        assert_eq!(vectors.sums, [7.0; 37]);
        let mut values = [1.0; 37];
        add_constant(0.5, &mut values);
        assert_eq!(values, [1.5; 37]);
    }

    #[test]
    fn operations_are_two_for_each_product() {
        assert!(CHAIN_ROWS.iter().all(|&rows| multiply_add(rows) == (2 * 16 * rows * ROUNDS) as u64));
        assert_eq!(multiply_add(7), 0);
    }
}
