//! What becomes of noise: written, added, or both halves of an antithetic pair at once.
//!
//! ```text
//!     Fill       target = scale · v             WritePair   plus, minus = from ± scale · v
//!     Add        target ← target + scale · v    AddPair     plus ← plus + scale · v ,  minus ← minus − scale · v
//!     Write      target = from + scale · v
//! ```
//! v the noise · all vectors of one length. Cost: a product and a sum for each number and half, and each vector once through memory.

use super::CHUNK;

/// How far ahead of its use a vector in main memory is asked for, in numbers.
#[cfg(target_arch = "x86_64")]
const AHEAD: usize = 1024;

/// What becomes of the numbers, a chunk or the rest of one at a time.
pub trait Sink {
    /// How many numbers it takes.
    fn length(&self) -> usize;
    /// Takes `values`, the numbers from `start` on.
    fn take(&mut self, start: usize, values: &[f32]);
    /// Asks the memory for what `take` will need from `start` on.
    fn prepare(&self, start: usize);
}

/// `target + scale · v`, or with a zero in place of what was there `scale · v`.
#[derive(Debug)]
pub struct Onto<'a, const ADD: bool> {
    /// Factor on the noise.
    pub scale: f32,
    /// The vector that is written.
    pub target: &'a mut [f32],
}

/// `target + scale · v`.
pub type Add<'a> = Onto<'a, true>;
/// `target = scale · v`. No number is −0, as in a vector of zeros to which a direction is added.
pub type Fill<'a> = Onto<'a, false>;

impl<const ADD: bool> Sink for Onto<'_, ADD> {
    #[inline(always)]
    fn length(&self) -> usize {
        self.target.len()
    }

    #[inline(always)]
    fn take(&mut self, start: usize, values: &[f32]) {
        for (target, value) in self.target[start..start + values.len()].iter_mut().zip(values) {
            *target = if ADD { *target } else { 0.0 } + self.scale * value;
        }
    }

    #[inline(always)]
    fn prepare(&self, start: usize) {
        ask_for(self.target, start);
    }
}

/// `plus + scale · v` and `minus − scale · v`, vectors of one length.
#[derive(Debug)]
pub struct AddPair<'a> {
    /// Factor on the noise.
    pub scale: f32,
    /// The vector that gets the noise.
    pub plus: &'a mut [f32],
    /// The vector that gets minus the noise.
    pub minus: &'a mut [f32],
}

impl Sink for AddPair<'_> {
    #[inline(always)]
    fn length(&self) -> usize {
        self.plus.len().min(self.minus.len())
    }

    #[inline(always)]
    fn take(&mut self, start: usize, values: &[f32]) {
        let range = start..start + values.len();
        for ((plus, minus), value) in self.plus[range.clone()].iter_mut().zip(&mut self.minus[range]).zip(values) {
            *plus += self.scale * value;
            *minus -= self.scale * value;
        }
    }

    #[inline(always)]
    fn prepare(&self, start: usize) {
        ask_for(self.plus, start);
        ask_for(self.minus, start);
    }
}

/// `target = from + scale · v`, vectors of one length.
#[derive(Debug)]
pub struct Write<'a> {
    /// The vector to which the noise is added.
    pub from: &'a [f32],
    /// Factor on the noise.
    pub scale: f32,
    /// The vector that is written.
    pub target: &'a mut [f32],
}

impl Sink for Write<'_> {
    #[inline(always)]
    fn length(&self) -> usize {
        self.from.len().min(self.target.len())
    }

    #[inline(always)]
    fn take(&mut self, start: usize, values: &[f32]) {
        let range = start..start + values.len();
        for ((target, from), value) in self.target[range.clone()].iter_mut().zip(&self.from[range]).zip(values) {
            *target = from + self.scale * value;
        }
    }

    #[inline(always)]
    fn prepare(&self, start: usize) {
        ask_for(self.from, start);
    }
}

/// `plus = from + scale · v` and `minus = from − scale · v`, vectors of one length.
#[derive(Debug)]
pub struct WritePair<'a> {
    /// The vector to which the noise is added.
    pub from: &'a [f32],
    /// Factor on the noise.
    pub scale: f32,
    /// The vector that gets the noise.
    pub plus: &'a mut [f32],
    /// The vector that gets minus the noise.
    pub minus: &'a mut [f32],
}

impl Sink for WritePair<'_> {
    #[inline(always)]
    fn length(&self) -> usize {
        self.from.len().min(self.plus.len()).min(self.minus.len())
    }

    #[inline(always)]
    fn take(&mut self, start: usize, values: &[f32]) {
        let range = start..start + values.len();
        let both = self.plus[range.clone()].iter_mut().zip(&mut self.minus[range.clone()]);
        for (((plus, minus), from), value) in both.zip(&self.from[range]).zip(values) {
            *plus = from + self.scale * value;
            *minus = from - self.scale * value;
        }
    }

    #[inline(always)]
    fn prepare(&self, start: usize) {
        ask_for(self.from, start);
    }
}

/// Asks for the 512 bytes of `vector` that lie [`AHEAD`] of `start`: without this the processor waits for memory and
/// makes noise in turn instead of at once.
#[inline(always)]
#[allow(unsafe_code)]
fn ask_for(vector: &[f32], start: usize) {
    #[cfg(target_arch = "x86_64")]
    if vector.len() - start > AHEAD + CHUNK {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        for line in 0..CHUNK / 16 {
            let address = vector.as_ptr().wrapping_add(start + AHEAD + 16 * line);
            // SAFETY: a hint that reads nothing; the address lies within the vector, and the instruction is in SSE.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (vector, start);
}
