//! The product for a single example: lanes are outputs, and for the last few outputs inputs. The orders of its sums are in the
//! [parent's](super) head.

use super::{Place, Product, SECTION, WIDTH};
use crate::kernel::activation::Activation;
use crate::kernel::vector::Vector;

/// The loops for one example: lanes are outputs, and for the last few outputs inputs.
#[inline(always)]
#[allow(unsafe_code)]
pub(super) fn single_example<V: Vector<WIDTH>>(product: Product<'_>, rows: &mut [f32]) {
    let Place { stride, inputs, outputs } = product.place;
    for block in rows.chunks_exact_mut(*stride) {
        let (before, after) = block.split_at_mut(outputs.start);
        // Addresses and not slices: their checks and bounds would take longer than the products of a small layer.
        let (inputs_from, to) = (before[inputs.clone()].as_ptr(), after[..outputs.len()].as_mut_ptr());
        for start in (0..inputs.len()).step_by(SECTION) {
            let is_last = inputs.len() - start <= SECTION;
            // SAFETY: `Product::check` has found inputs · outputs weights, as many biases as outputs, and tails for the last
            // `outputs mod 16` outputs with one number for each input; the section lies within the inputs.
            unsafe {
                let section = Section {
                    weights: product.weights.as_ptr().add(start * outputs.len()),
                    tails: product.tails.map(|tails| tails.as_ptr().wrapping_add(start)),
                    all_inputs: inputs.len(),
                    begin: product.bias.filter(|_| start == 0).map_or(to.cast_const(), <[f32]>::as_ptr),
                    inputs: inputs_from.add(start),
                    count: if is_last { inputs.len() - start } else { SECTION },
                    width: outputs.len(),
                    activation: if is_last { product.activation } else { Activation::Linear },
                };
                section.run::<V>(to);
            }
        }
    }
}

/// A section of the inputs of one example: at most [`SECTION`] inputs, all outputs.
#[derive(Clone, Copy)]
struct Section {
    /// [count × width].
    weights: *const f32,
    /// [width mod 16 × all inputs], or nothing.
    tails: Option<*const f32>,
    all_inputs: usize,
    /// What the sums begin with, `[width]`: the bias or the outputs so far.
    begin: *const f32,
    /// `[count]`.
    inputs: *const f32,
    count: usize,
    width: usize,
    activation: Activation,
}

#[allow(unsafe_code)]
impl Section {
    /// # Safety
    /// The addresses point to as many numbers as their fields say, and `to` to `width`.
    #[inline(always)]
    unsafe fn run<V: Vector<WIDTH>>(self, to: *mut f32) {
        let mut first = 0;
        // SAFETY: `first + 16 G ≤ width`.
        unsafe {
            while V::REGISTERS >= 16 && first + 4 * WIDTH <= self.width {
                self.chains::<V, 4>(first, to);
                first += 4 * WIDTH;
            }
            while first + WIDTH <= self.width {
                self.chains::<V, 1>(first, to);
                first += WIDTH;
            }
            if first < self.width {
                self.last_outputs::<V>(first, to);
            }
        }
    }

    /// Four chains for `G` vectors of outputs from output `first` on.
    ///
    /// # Safety
    /// As [`run`](Self::run), and `first + 16 G ≤ width`.
    #[inline(always)]
    unsafe fn chains<V: Vector<WIDTH>, const G: usize>(&self, first: usize, to: *mut f32) {
        let mut sums = [[V::splat(0.0); G]; 4];
        // SAFETY: rows of `16 G` numbers at column `first` of the matrix, of what the sums begin with and of the outputs;
        // row and input move together, `count` times.
        unsafe {
            let begin = &*self.begin.add(first).cast::<[[f32; WIDTH]; G]>();
            for g in 0..G {
                sums[0][g] = V::load(&begin[g]);
            }
            let (mut row, mut input) = (self.weights.add(first), self.inputs);
            for _ in 0..self.count / 4 {
                for chain in 0..4 {
                    add_row(&mut sums[chain], row.add(chain * self.width), input.add(chain));
                }
                (row, input) = (row.wrapping_add(4 * self.width), input.add(4));
            }
            for chain in 0..3 {
                if chain < self.count % 4 {
                    add_row(&mut sums[chain], row.add(chain * self.width), input.add(chain));
                }
            }
            let outputs = &mut *to.add(first).cast::<[[f32; WIDTH]; G]>();
            for g in 0..G {
                let sum = sums[0][g].add(sums[1][g]).add(sums[2][g].add(sums[3][g]));
                self.activation.of_vector(sum).store(&mut outputs[g]);
            }
        }
    }

    /// The outputs from output `first` on, fewer than a vector.
    ///
    /// # Safety
    /// As [`run`](Self::run).
    #[inline(always)]
    unsafe fn last_outputs<V: Vector<WIDTH>>(&self, first: usize, to: *mut f32) {
        let mut values = [0.0; WIDTH];
        for (tail, value) in values.iter_mut().take(self.width - first).enumerate() {
            let copy;
            // SAFETY: a column of the tails, or a copy of one of the matrix; as many inputs.
            let (column, inputs) = unsafe {
                let column = if let Some(tails) = self.tails {
                    tails.add(tail * self.all_inputs)
                } else {
                    let weights = std::slice::from_raw_parts(self.weights, self.count * self.width);
                    copy = column_of(weights, self.width, first + tail);
                    copy.as_ptr()
                };
                let numbers = |from: *const f32| std::slice::from_raw_parts(from, self.count).as_chunks::<WIDTH>();
                (numbers(column), numbers(self.inputs))
            };
            let mut sums = V::splat(0.0);
            for (weights, inputs) in column.0.iter().zip(inputs.0) {
                sums = V::load(weights).multiply_add(V::load(inputs), sums);
            }
            if !column.1.is_empty() {
                sums = V::load_first(column.1).multiply_add(V::load_first(inputs.1), sums);
            }
            *value = sums.sum();
        }
        // SAFETY: the last numbers of what the sums begin with, and of the outputs.
        unsafe {
            let begin = V::load_first(std::slice::from_raw_parts(self.begin.add(first), self.width - first));
            let outputs = std::slice::from_raw_parts_mut(to.add(first), self.width - first);
            self.activation.of_vector(begin.add(V::load(&values))).store_first(outputs);
        }
    }
}

/// Adds `input · row` to a chain.
///
/// # Safety
/// `row` points to `16 G` numbers, `input` to one.
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn add_row<V: Vector<WIDTH>, const G: usize>(chain: &mut [V; G], row: *const f32, input: *const f32) {
    // SAFETY: the caller's.
    let (input, row) = unsafe { (V::splat(*input), &*row.cast::<[[f32; WIDTH]; G]>()) };
    for g in 0..G {
        chain[g] = V::load(&row[g]).multiply_add(input, chain[g]);
    }
}

/// Column `index` of the first rows of a matrix, a section at most. It stays out of the loop that calls it, whose registers it would
/// fill with addresses.
#[inline(never)]
fn column_of(weights: &[f32], width: usize, index: usize) -> [f32; SECTION] {
    let mut column = [0.0; SECTION];
    for (value, row) in column.iter_mut().zip(weights.chunks_exact(width)) {
        *value = row[index];
    }
    column
}
