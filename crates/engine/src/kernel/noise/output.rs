//! Output modes of the noise kernels: overwrite, accumulate, or both halves of an antithetic pair at once.
//!
//! ```text
//!     Fill       target = scale · v             WritePair   plus, minus = from ± scale · v
//!     Add        target ← target + scale · v    AddPair     plus ← plus + scale · v ,  minus ← minus − scale · v
//!     Write      target = from + scale · v
//! ```
//! v the noise · all vectors of one length. Cost: a product and a sum for each number and half, and each vector once through memory.
//!
//! Each mode is a type, so that a kernel is compiled for it and its chunks stay in registers.

use super::{CHUNK, Vector};

/// Prefetch distance, in numbers: a vector in main memory is asked for this far ahead of its use.
#[cfg(target_arch = "x86_64")]
const PREFETCH_DISTANCE: usize = 1024;

/// What is done with noise.
pub(super) trait Output {
    /// How many numbers it takes.
    fn len(&self) -> usize;
    /// Takes `values`, the noise from number `start` on.
    fn take(&mut self, start: usize, values: &[f32]);
    /// Takes the 16 numbers from number `start` on, for which there is room.
    fn take_vector<V: Vector<16>>(&mut self, start: usize, values: V);
    /// Prefetches what `take` will read [`PREFETCH_DISTANCE`] after `start`.
    fn prefetch(&self, start: usize);

    /// Takes what is left of a chunk that begins at number `start`.
    #[inline(always)]
    fn take_chunk(&mut self, start: usize, chunk: &[f32; CHUNK]) {
        // A whole chunk, of which no part is taken, stays in registers: hence the two branches.
        if self.len() - start >= CHUNK {
            self.take(start, chunk);
        } else {
            self.take(start, &chunk[..self.len() - start]);
        }
    }
}

/// `target + scale · v`, or with a zero in place of what was there `scale · v`.
pub(super) struct Onto<'a, const ADD: bool> {
    pub(super) scale: f32,
    pub(super) target: &'a mut [f32],
}

/// `target + scale · v`.
pub(super) type Add<'a> = Onto<'a, true>;
/// `target = scale · v`. No number is −0, as in a vector of zeros to which a direction is added.
pub(super) type Fill<'a> = Onto<'a, false>;

impl<const ADD: bool> Output for Onto<'_, ADD> {
    #[inline(always)]
    fn len(&self) -> usize {
        self.target.len()
    }

    #[inline(always)]
    fn take(&mut self, start: usize, values: &[f32]) {
        for (target, value) in self.target[start..start + values.len()].iter_mut().zip(values) {
            *target = if ADD { *target } else { 0.0 } + self.scale * value;
        }
    }

    #[inline(always)]
    fn take_vector<V: Vector<16>>(&mut self, start: usize, values: V) {
        let target = sixteen_mut(self.target, start);
        let from = if ADD { V::load(target) } else { V::splat(0.0) };
        from.add(V::splat(self.scale).multiply(values)).store(target);
    }

    #[inline(always)]
    fn prefetch(&self, start: usize) {
        prefetch(self.target, start);
    }
}

/// `plus + scale · v` and `minus − scale · v`, vectors of one length.
pub(super) struct AddPair<'a> {
    pub(super) scale: f32,
    pub(super) plus: &'a mut [f32],
    pub(super) minus: &'a mut [f32],
}

impl Output for AddPair<'_> {
    #[inline(always)]
    fn len(&self) -> usize {
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
    fn take_vector<V: Vector<16>>(&mut self, start: usize, values: V) {
        let (plus, minus) = (sixteen_mut(self.plus, start), sixteen_mut(self.minus, start));
        let step = V::splat(self.scale).multiply(values);
        V::load(plus).add(step).store(plus);
        V::load(minus).subtract(step).store(minus);
    }

    #[inline(always)]
    fn prefetch(&self, start: usize) {
        prefetch(self.plus, start);
        prefetch(self.minus, start);
    }
}

/// `target = from + scale · v`, vectors of one length.
pub(super) struct Write<'a> {
    pub(super) from: &'a [f32],
    pub(super) scale: f32,
    pub(super) target: &'a mut [f32],
}

impl Output for Write<'_> {
    #[inline(always)]
    fn len(&self) -> usize {
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
    fn take_vector<V: Vector<16>>(&mut self, start: usize, values: V) {
        let step = V::splat(self.scale).multiply(values);
        V::load(sixteen(self.from, start)).add(step).store(sixteen_mut(self.target, start));
    }

    #[inline(always)]
    fn prefetch(&self, start: usize) {
        prefetch(self.from, start);
    }
}

/// `plus = from + scale · v` and `minus = from − scale · v`, vectors of one length.
pub(super) struct WritePair<'a> {
    pub(super) from: &'a [f32],
    pub(super) scale: f32,
    pub(super) plus: &'a mut [f32],
    pub(super) minus: &'a mut [f32],
}

impl Output for WritePair<'_> {
    #[inline(always)]
    fn len(&self) -> usize {
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
    fn take_vector<V: Vector<16>>(&mut self, start: usize, values: V) {
        let (from, step) = (V::load(sixteen(self.from, start)), V::splat(self.scale).multiply(values));
        from.add(step).store(sixteen_mut(self.plus, start));
        from.subtract(step).store(sixteen_mut(self.minus, start));
    }

    #[inline(always)]
    fn prefetch(&self, start: usize) {
        prefetch(self.from, start);
    }
}

/// The 16 numbers from number `start` on.
#[inline(always)]
fn sixteen(values: &[f32], start: usize) -> &[f32; 16] {
    let (numbers, _) = values[start..].split_first_chunk().expect("the caller knows the length");
    numbers
}

/// The same, to be written.
#[inline(always)]
fn sixteen_mut(values: &mut [f32], start: usize) -> &mut [f32; 16] {
    let (numbers, _) = values[start..].split_first_chunk_mut().expect("the caller knows the length");
    numbers
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
