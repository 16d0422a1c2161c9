//! Output modes of the noise kernels: overwrite, accumulate, or both halves of an antithetic pair at once.

use super::CHUNK;

/// Prefetch distance, in numbers: a vector in main memory is asked for this far ahead of its use.
#[cfg(target_arch = "x86_64")]
const PREFETCH_DISTANCE: usize = 1024;

/// What is done with noise v. All vectors of an output have one length.
///
/// Cost: a product and a sum for each number and half, and each vector once through memory.
#[derive(Debug)]
pub enum Output<'a> {
    /// `target = scale · v`. No number is −0, as in a vector of zeros to which a direction is added.
    Fill {
        /// Factor on the noise.
        scale: f32,
        /// The vector that is written.
        target: &'a mut [f32],
    },
    /// `target ← target + scale · v`.
    Add {
        /// Factor on the noise.
        scale: f32,
        /// The vector that is added to.
        target: &'a mut [f32],
    },
    /// `plus ← plus + scale · v` and `minus ← minus − scale · v`.
    AddPair {
        /// Factor on the noise.
        scale: f32,
        /// The vector that the noise is added to.
        plus: &'a mut [f32],
        /// The vector that it is subtracted from.
        minus: &'a mut [f32],
    },
    /// `target = from + scale · v`.
    Write {
        /// The vector that the noise is added to.
        from: &'a [f32],
        /// Factor on the noise.
        scale: f32,
        /// The vector that is written.
        target: &'a mut [f32],
    },
    /// `plus = from + scale · v` and `minus = from − scale · v`.
    WritePair {
        /// The vector that the noise is added to and subtracted from.
        from: &'a [f32],
        /// Factor on the noise.
        scale: f32,
        /// The vector of sums.
        plus: &'a mut [f32],
        /// The vector of differences.
        minus: &'a mut [f32],
    },
}

impl Output<'_> {
    /// How many numbers it takes: the length of its shortest vector.
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Fill { target, .. } | Self::Add { target, .. } => target.len(),
            Self::AddPair { plus, minus, .. } => plus.len().min(minus.len()),
            Self::Write { from, target, .. } => from.len().min(target.len()),
            Self::WritePair { from, plus, minus, .. } => from.len().min(plus.len()).min(minus.len()),
        }
    }

    /// Takes the noise from number `start` on, at most a chunk of it: as many numbers as are left.
    #[inline(always)]
    pub(super) fn take_chunk(&mut self, start: usize, length: usize, chunk: &[f32; CHUNK]) {
        // What follows stands in both branches: a whole chunk, of which no part is taken, stays in registers.
        if length - start >= CHUNK {
            self.take(start, chunk);
        } else {
            self.take(start, &chunk[..length - start]);
        }
    }

    /// Takes `values`, the noise from number `start` on.
    #[inline(always)]
    fn take(&mut self, start: usize, values: &[f32]) {
        let range = start..start + values.len();
        match self {
            Self::Fill { scale, target } => {
                for (target, value) in target[range].iter_mut().zip(values) {
                    *target = 0.0 + *scale * value;
                }
            }
            Self::Add { scale, target } => {
                for (target, value) in target[range].iter_mut().zip(values) {
                    *target += *scale * value;
                }
            }
            Self::AddPair { scale, plus, minus } => {
                for ((plus, minus), value) in plus[range.clone()].iter_mut().zip(&mut minus[range]).zip(values) {
                    *plus += *scale * value;
                    *minus -= *scale * value;
                }
            }
            Self::Write { from, scale, target } => {
                for ((target, from), value) in target[range.clone()].iter_mut().zip(&from[range]).zip(values) {
                    *target = from + *scale * value;
                }
            }
            Self::WritePair { from, scale, plus, minus } => {
                let both = plus[range.clone()].iter_mut().zip(&mut minus[range.clone()]);
                for (((plus, minus), from), value) in both.zip(&from[range]).zip(values) {
                    *plus = from + *scale * value;
                    *minus = from - *scale * value;
                }
            }
        }
    }

    /// Prefetches what will be read [`PREFETCH_DISTANCE`] after `start`.
    #[inline(always)]
    pub(super) fn prefetch(&self, start: usize) {
        match self {
            Self::Fill { target, .. } | Self::Add { target, .. } => prefetch(target, start),
            Self::AddPair { plus, minus, .. } => {
                prefetch(plus, start);
                prefetch(minus, start);
            }
            Self::Write { from, .. } | Self::WritePair { from, .. } => prefetch(from, start),
        }
    }
}

/// Prefetches the 512 bytes of `vector` that lie [`PREFETCH_DISTANCE`] after `start`: without this the processor waits for memory and
/// makes noise in turn instead of at once.
#[inline(always)]
#[allow(unsafe_code)]
fn prefetch(vector: &[f32], start: usize) {
    #[cfg(target_arch = "x86_64")]
    if vector.len() - start > PREFETCH_DISTANCE + CHUNK {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        for line in 0..CHUNK / 16 {
            let address = vector.as_ptr().wrapping_add(start + PREFETCH_DISTANCE + 16 * line);
            // SAFETY: a hint that reads nothing; the address lies within the vector, and the instruction is in SSE.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (vector, start);
}
