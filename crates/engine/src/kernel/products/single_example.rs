//! The product for a single example: lanes are outputs, and for the last few outputs inputs. The orders of its sums are in the
//! [parent's](super) head.

use super::{Product, RowLayout, SECTION, WIDTH};
use crate::kernel::activation::Activation;
use crate::kernel::simd::{Simd, Vector};

/// The loops for one example: lanes are outputs, and for the last few outputs inputs.
#[inline(always)]
pub(super) fn single_example<S: Simd>(product: Product<'_>, rows: &mut [f32]) {
    let RowLayout { stride, inputs, outputs } = product.place;
    let mut rest = rows;
    // Split by hand: an iterator over chunks divides, which takes longer than a small layer.
    while rest.len() >= *stride && !outputs.is_empty() {
        let (block, others) = rest.split_at_mut(*stride);
        rest = others;
        let (before, after) = block.split_at_mut(outputs.start);
        one_example::<S>(product, &before[inputs.clone()], &mut after[..outputs.len()]);
    }
}

/// The outputs of a layer for the activity of its inputs, wherever they lie. The caller has checked the product.
#[inline(always)]
#[allow(unsafe_code)]
pub(in crate::kernel) fn one_example<S: Simd>(product: Product<'_>, inputs: &[f32], outputs: &mut [f32]) {
    let (count, width) = (product.place.inputs.len(), product.place.outputs.len());
    assert!(inputs.len() == count && outputs.len() == width, "a product's sizes do not fit");
    // Addresses and not slices: their checks and bounds would take longer than the products of a small layer.
    let to = outputs.as_mut_ptr();
    let mut start = 0;
    loop {
        let is_last = count - start <= SECTION;
        // SAFETY: `Product::check` has found inputs · outputs weights, as many biases as outputs, and tails for the last
        // `outputs mod 16` outputs with one number for each input; the section lies within the inputs.
        unsafe {
            let section = Section {
                weights: product.weights.as_ptr().add(start * width),
                tails: product.tails.map(|tails| tails.as_ptr().wrapping_add(start)),
                all_inputs: count,
                begin: product.bias.filter(|_| start == 0).map_or(to.cast_const(), <[f32]>::as_ptr),
                inputs: inputs.as_ptr().add(start),
                count: if is_last { count - start } else { SECTION },
                width,
                activation: if is_last { product.activation } else { Activation::Linear },
            };
            section.run::<S>(to);
        }
        if is_last {
            break;
        }
        start += SECTION;
    }
}

/// Outputs that are computed at once where there are as many.
const GROUP: usize = 4 * WIDTH;

/// A layer for one example, prepared once for many steps: what [`one_example`] checks each time takes longer than a small product.
#[derive(Clone, Copy, Debug)]
pub(in crate::kernel) enum Layer<'a> {
    /// A section of inputs, and whole groups of four vectors of outputs.
    Groups {
        /// [inputs × outputs].
        weights: &'a [f32],
        /// What the sums begin with, `[outputs]`.
        begin: &'a [f32],
        /// Inputs.
        count: usize,
        /// What is done with the sums.
        activation: Activation,
    },
    /// Any sizes.
    Other(Product<'a>),
}

impl<'a> Layer<'a> {
    /// Chooses the form of a product that has been checked.
    ///
    /// # Panics
    /// If the sizes of its matrix do not fit.
    pub(in crate::kernel) fn new(product: Product<'a>) -> Self {
        let (count, width) = checked_sizes(&product);
        match product.bias {
            Some(begin) if (1..=SECTION).contains(&count) && width.is_multiple_of(GROUP) => {
                Self::Groups { weights: product.weights, begin, count, activation: product.activation }
            }
            _ => Self::Other(product),
        }
    }

    /// Writes the outputs for the activity of the inputs.
    #[inline(always)]
    #[allow(unsafe_code)]
    pub(in crate::kernel) fn run<S: Simd>(&self, inputs: &[f32], outputs: &mut [f32]) {
        let Self::Groups { weights, begin, count, activation } = *self else {
            if let Self::Other(product) = *self {
                one_example::<S>(product, inputs, outputs);
            }
            return;
        };
        let width = begin.len();
        assert!(inputs.len() == count && outputs.len() == width, "a product's sizes do not fit");
        let section = Section {
            weights: weights.as_ptr(),
            tails: None,
            all_inputs: count,
            begin: begin.as_ptr(),
            inputs: inputs.as_ptr(),
            count,
            width,
            activation,
        };
        // SAFETY: `new` has found inputs · outputs weights and as many biases as outputs, which are whole groups; inputs and
        // outputs are as many as the assertion above says.
        unsafe {
            if width == GROUP {
                // With the distance between rows written into the instructions.
                Section { width: GROUP, ..section }.group::<S::F32x16>(0, outputs.as_mut_ptr());
            } else {
                for first in (0..width).step_by(GROUP) {
                    section.group::<S::F32x16>(first, outputs.as_mut_ptr());
                }
            }
        }
    }
}

/// A readout of up to four outputs and a section of inputs for one example, prepared once for many steps.
#[derive(Clone, Copy, Debug)]
pub(in crate::kernel) struct Columns<'a> {
    /// The columns of the matrix: weights from all inputs to one output. The last one stands in place of those that are not there.
    inputs_to: [&'a [f32]; 4],
    /// What the sums begin with.
    begin: [f32; 4],
    /// What is done with them.
    activation: Activation,
}

impl<'a> Columns<'a> {
    /// The readout of a product that has been checked; `None` for other sizes, or without transposed columns or a bias.
    ///
    /// # Panics
    /// If the sizes of its matrix do not fit.
    pub(in crate::kernel) fn new(product: Product<'a>) -> Option<Self> {
        let (count, width) = checked_sizes(&product);
        let (tails, bias) = (product.tails?, product.bias?);
        ((1..=SECTION).contains(&count) && (1..=4).contains(&width)).then(|| Self {
            inputs_to: std::array::from_fn(|i| &tails[i.min(width - 1) * count..][..count]),
            begin: std::array::from_fn(|i| bias.get(i).copied().unwrap_or(0.0)),
            activation: product.activation,
        })
    }

    /// The outputs for the activity of the inputs; what stands behind the last one is arbitrary.
    #[inline(always)]
    pub(in crate::kernel) fn run<S: Simd>(&self, inputs: &[f32]) -> [f32; 4] {
        let sums = sums_of_columns::<S::F32x16>(self.inputs_to, inputs);
        let values = self.activation.of_vector(S::F32x4::load(&self.begin).add(S::F32x4::load(&sums)));
        let mut outputs = [0.0; 4];
        values.store(&mut outputs);
        outputs
    }
}

/// Numbers of inputs and outputs of a product.
///
/// # Panics
/// If the sizes of its matrix do not fit them.
fn checked_sizes(product: &Product<'_>) -> (usize, usize) {
    let (count, width) = (product.place.inputs.len(), product.place.outputs.len());
    let fits = product.weights.len() == count * width && product.bias.is_none_or(|bias| bias.len() == width);
    assert!(fits, "a product's sizes do not fit");
    (count, width)
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
    unsafe fn run<S: Simd>(self, to: *mut f32) {
        let mut first = 0;
        // SAFETY: `first + 16 G ≤ width`.
        unsafe {
            while first + GROUP <= self.width {
                self.group::<S::F32x16>(first, to);
                first += GROUP;
            }
            while S::F32x16::REGISTERS >= 8 && first + 2 * WIDTH <= self.width {
                self.chains::<S::F32x16, 2>(first, to);
                first += 2 * WIDTH;
            }
            while first + WIDTH <= self.width {
                self.chains::<S::F32x16, 1>(first, to);
                first += WIDTH;
            }
            if first < self.width {
                self.last_outputs::<S>(first, to);
            }
        }
    }

    /// Four vectors of outputs from output `first` on.
    ///
    /// # Safety
    /// As [`run`](Self::run), and `first + 64 ≤ width`.
    #[inline(always)]
    unsafe fn group<V: Vector<WIDTH>>(&self, first: usize, to: *mut f32) {
        // SAFETY: the caller's.
        unsafe {
            if V::REGISTERS >= 16 {
                self.chains::<V, 4>(first, to);
            } else {
                self.chains_in_turn::<V, 4>(first, to);
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
            sums[0] = self.begin_of(first);
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
            self.join(sums, first, to);
        }
    }

    /// The same, for processors whose registers hold one chain.
    ///
    /// # Safety
    /// As [`chains`](Self::chains).
    #[inline(always)]
    unsafe fn chains_in_turn<V: Vector<WIDTH>, const G: usize>(&self, first: usize, to: *mut f32) {
        // SAFETY: the caller's.
        unsafe {
            let (mut values, other) = (self.two_chains::<V, G>(0, first), self.two_chains::<V, G>(2, first));
            for g in 0..G {
                values[g] = values[g].add(other[g]);
            }
            self.finish(values, first, to);
        }
    }

    /// The sum of chain `chain` and the next one.
    ///
    /// # Safety
    /// As [`chains`](Self::chains).
    #[inline(always)]
    unsafe fn two_chains<V: Vector<WIDTH>, const G: usize>(&self, chain: usize, first: usize) -> [V; G] {
        // SAFETY: the caller's.
        let (mut sums, other) = unsafe { (self.chain::<V, G>(chain, first), self.chain::<V, G>(chain + 1, first)) };
        for g in 0..G {
            sums[g] = sums[g].add(other[g]);
        }
        sums
    }

    /// One of four chains: inputs c, c + 4, …
    ///
    /// # Safety
    /// As [`chains`](Self::chains).
    #[inline(always)]
    unsafe fn chain<V: Vector<WIDTH>, const G: usize>(&self, chain: usize, first: usize) -> [V; G] {
        // SAFETY: as in `chains`; all inputs are below `count`.
        unsafe {
            let mut sums = if chain == 0 { self.begin_of(first) } else { [V::splat(0.0); G] };
            let (mut row, mut input) =
                (self.weights.wrapping_add(first + chain * self.width), self.inputs.wrapping_add(chain));
            for _ in 0..(self.count + 3 - chain) / 4 {
                add_row(&mut sums, row, input);
                (row, input) = (row.wrapping_add(4 * self.width), input.wrapping_add(4));
            }
            sums
        }
    }

    /// What the sums of `G` vectors of outputs begin with.
    ///
    /// # Safety
    /// As [`chains`](Self::chains).
    #[inline(always)]
    unsafe fn begin_of<V: Vector<WIDTH>, const G: usize>(&self, first: usize) -> [V; G] {
        // SAFETY: the caller's.
        let begin = unsafe { &*self.begin.add(first).cast::<[[f32; WIDTH]; G]>() };
        let mut sums = [V::splat(0.0); G];
        for g in 0..G {
            sums[g] = V::load(&begin[g]);
        }
        sums
    }

    /// Joins the chains and writes the outputs.
    ///
    /// # Safety
    /// As [`chains`](Self::chains).
    #[inline(always)]
    unsafe fn join<V: Vector<WIDTH>, const G: usize>(&self, sums: [[V; G]; 4], first: usize, to: *mut f32) {
        let [mut values, b, c, d] = sums;
        for g in 0..G {
            values[g] = values[g].add(b[g]).add(c[g].add(d[g]));
        }
        // SAFETY: the caller's.
        unsafe { self.finish(values, first, to) };
    }

    /// Writes the values of the activation function.
    ///
    /// # Safety
    /// As [`chains`](Self::chains).
    #[inline(always)]
    unsafe fn finish<V: Vector<WIDTH>, const G: usize>(&self, mut values: [V; G], first: usize, to: *mut f32) {
        self.activation.of_vectors(&mut values);
        // SAFETY: the caller's.
        let outputs = unsafe { &mut *to.add(first).cast::<[[f32; WIDTH]; G]>() };
        for g in 0..G {
            values[g].store(&mut outputs[g]);
        }
    }

    /// The outputs from output `first` on, fewer than a vector, four at once.
    ///
    /// # Safety
    /// As [`run`](Self::run).
    #[inline(always)]
    unsafe fn last_outputs<S: Simd>(&self, first: usize, to: *mut f32) {
        let mut from = first;
        while from < self.width {
            let outputs = (self.width - from).min(4);
            // SAFETY: `outputs` columns from column `from` on, as many numbers of what the sums begin with and of the outputs.
            unsafe {
                let sums = self.sums_of_tails::<S::F32x16>(from - first, outputs);
                let begin = S::F32x4::load_first(std::slice::from_raw_parts(self.begin.add(from), outputs));
                let values = self.activation.of_vector(begin.add(S::F32x4::load(&sums)));
                values.store_first(std::slice::from_raw_parts_mut(to.add(from), outputs));
            }
            from += outputs;
        }
    }

    /// The sums of `outputs` columns, four at most, from the tail `first` on.
    ///
    /// # Safety
    /// There are as many columns; [`run`](Self::run)'s.
    #[inline(always)]
    unsafe fn sums_of_tails<V: Vector<WIDTH>>(&self, first: usize, outputs: usize) -> [f32; 4] {
        let copies: [_; 4];
        // SAFETY: the addresses of this section.
        unsafe {
            let columns = if let Some(tails) = self.tails {
                // The last column is read again in place of columns that are not there; their sums are not used.
                std::array::from_fn(|i| {
                    let column = tails.wrapping_add((first + i.min(outputs - 1)) * self.all_inputs);
                    std::slice::from_raw_parts(column, self.count)
                })
            } else {
                let weights = std::slice::from_raw_parts(self.weights, self.count * self.width);
                let from = self.width / WIDTH * WIDTH + first;
                copies = std::array::from_fn(|i| {
                    if i < outputs { column_of(weights, self.width, from + i) } else { [0.0; SECTION] }
                });
                [&copies[0], &copies[1], &copies[2], &copies[3]].map(|copy: &[f32; SECTION]| &copy[..self.count])
            };
            sums_of_columns::<V>(columns, std::slice::from_raw_parts(self.inputs, self.count))
        }
    }
}

/// The sums of four columns times the inputs, all of one length.
#[inline(always)]
#[allow(unsafe_code)]
fn sums_of_columns<V: Vector<WIDTH>>(columns: [&[f32]; 4], inputs: &[f32]) -> [f32; 4] {
    let count = inputs.len();
    assert!(columns.iter().all(|column| column.len() == count), "columns of another length");
    let columns = columns.map(<[f32]>::as_ptr);
    let mut sums = [V::splat(0.0); 4];
    let (whole, rest) = (count / WIDTH, count % WIDTH);
    // SAFETY: columns and inputs have `count` numbers.
    unsafe {
        for at in 0..whole {
            let at = at * WIDTH;
            let inputs = V::load(&*inputs.as_ptr().add(at).cast());
            for i in 0..4 {
                sums[i] = V::load(&*columns[i].add(at).cast()).multiply_add(inputs, sums[i]);
            }
        }
        if rest > 0 {
            let at = whole * WIDTH;
            let inputs = V::load_first(std::slice::from_raw_parts(inputs.as_ptr().add(at), rest));
            for i in 0..4 {
                let column = V::load_first(std::slice::from_raw_parts(columns[i].add(at), rest));
                sums[i] = column.multiply_add(inputs, sums[i]);
            }
        }
    }
    V::sums(sums)
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

/// Column `index` of the first rows of a matrix, a section at most. Not inlined: its addresses would take registers from the loop that
/// calls it.
#[inline(never)]
fn column_of(weights: &[f32], width: usize, index: usize) -> [f32; SECTION] {
    let mut column = [0.0; SECTION];
    for (value, row) in column.iter_mut().zip(weights.chunks_exact(width)) {
        *value = row[index];
    }
    column
}
