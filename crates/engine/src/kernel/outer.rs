//! Sums of outer products over time, `Σ over steps and examples of in[i] · signal[j]`: what every local rule and
//! backpropagation end in.
//!
//! # Orders of sums
//! They depend on `L` and on the sizes alone:
//! - connections of [`NARROW`] units or more: lanes are units. The signals of [`SECTION`] examples are transposed into a panel;
//!   a section's sum takes step after step and in a step lane after lane, and is then added to the gradient;
//! - narrower ones: lanes are examples. Each lane's sum runs over a section of [`NARROW_SECTION`] steps; then the lanes are joined by
//!   halves and added to the gradient;
//! - biases: as a row of ones would be.
//!
//! Cost: 2 · inputs · units · `L` operations for each step. The signals of node perturbation are given as signs and
//! credit and never lie in memory as numbers, but for a panel of 16 KiB.

mod operands;

use std::ops::Range;

use super::Numerics;
use super::simd::{Simd, Vector, dispatch};

pub use operands::{RowsOverTime, UnitSignals};

/// Units from which on lanes are units.
pub const NARROW: usize = 8;
/// Examples of a panel.
pub const SECTION: usize = 64;
/// RowsOverTime of a section of a connection with few units.
pub const NARROW_SECTION: usize = 32;
/// Numbers in a vector.
const WIDTH: usize = 16;
/// Vectors side by side in a panel.
const GROUP: usize = 4;

/// Where the sums go: matrix and bias of a connection.
#[derive(Debug)]
pub struct Gradient<'a> {
    /// [inputs × units].
    pub weights: &'a mut [f32],
    /// `[units]`.
    pub bias: &'a mut [f32],
}

/// Adds the sums over the first `steps` steps to a connection's gradient; `L` is 4 or 16.
///
/// # Panics
/// If the sizes do not fit, or for another `L`.
pub fn add_outer_over_time<const L: usize>(
    numerics: Numerics,
    steps: usize,
    inputs: RowsOverTime<'_, L>,
    signals: UnitSignals<'_, L>,
    gradient: Gradient<'_>,
) {
    let units = signals.count();
    assert!(
        inputs.fits(steps)
            && signals.fits(steps)
            && gradient.weights.len() == inputs.count * units
            && gradient.bias.len() == units,
        "the sizes of an outer product do not fit"
    );
    match L {
        4 => {
            let (inputs, signals) = (inputs.with_lanes(), signals.with_lanes());
            add_outer_4(numerics, Outer { steps, inputs, signals, gradient });
        }
        16 => {
            let (inputs, signals) = (inputs.with_lanes(), signals.with_lanes());
            add_outer_16(numerics, Outer { steps, inputs, signals, gradient });
        }
        _ => panic!("outer products have 4 or 16 lanes, not {L}"),
    }
}

/// UnitSignals with lanes as units [examples × vectors of units]; begins a cache line, so that no vector lies in two.
#[repr(align(64))]
struct Panel([[f32; WIDTH]; SECTION * GROUP]);

struct Outer<'a, const L: usize> {
    steps: usize,
    inputs: RowsOverTime<'a, L>,
    signals: UnitSignals<'a, L>,
    gradient: Gradient<'a>,
}

dispatch! {
    fn add_outer_4<S: Simd>(numerics: Numerics, outer: Outer<'_, 4>) {
        outer.add::<S, S::F32x4>();
    }
}

dispatch! {
    fn add_outer_16<S: Simd>(numerics: Numerics, outer: Outer<'_, 16>) {
        outer.add::<S, S::F32x16>();
    }
}

impl<const L: usize> Outer<'_, L> {
    #[inline(always)]
    fn add<S: Simd, Lanes: Vector<L>>(self) {
        if self.signals.count() < NARROW {
            self.lanes_are_examples::<Lanes>();
        } else if S::F32x16::REGISTERS >= 16 {
            self.lanes_are_units::<S::F32x16, GROUP, 6>();
        } else {
            self.lanes_are_units::<S::F32x16, 1, 5>();
        }
    }

    /// Panels of up to `G` vectors of units; `I` inputs at once.
    #[inline(always)]
    fn lanes_are_units<V: Vector<WIDTH>, const G: usize, const I: usize>(mut self) {
        let units = self.signals.count();
        let mut panel = Panel([[0.0; WIDTH]; SECTION * GROUP]);
        let section = SECTION / L;
        for start in (0..self.steps).step_by(section) {
            let steps = start..(start + section).min(self.steps);
            let mut first = 0;
            while first + WIDTH * (G - 1) < units {
                self.panel::<V, G, I>(steps.clone(), first, &mut panel.0);
                first += WIDTH * G;
            }
            while first < units {
                self.panel::<V, 1, 6>(steps.clone(), first, &mut panel.0);
                first += WIDTH;
            }
        }
    }

    /// The part of `G` vectors of units from unit `first` on, over the `steps` of a section.
    #[inline(always)]
    fn panel<V: Vector<WIDTH>, const G: usize, const I: usize>(
        &mut self,
        steps: Range<usize>,
        first: usize,
        panel: &mut [[f32; WIDTH]; SECTION * GROUP],
    ) {
        let Self { inputs, signals, gradient, .. } = self;
        let units = first..(first + WIDTH * G).min(signals.count());
        let panel = &mut panel[..steps.len() * L * G];
        for (step, rows) in steps.clone().zip(panel.chunks_exact_mut(L * G)) {
            signals.transpose(step, units.clone(), rows.as_flattened_mut());
        }
        let next = steps.end..(steps.end + steps.len()).min(self.steps);
        let mut ones = [V::splat(0.0); G];
        for row in panel.chunks_exact(G) {
            for g in 0..G {
                ones[g] = ones[g].add(V::load(&row[g]));
            }
        }
        add_to(stored([ones]).as_flattened().as_flattened(), &mut gradient.bias[units.clone()]);
        let mut i = 0;
        while i + I <= inputs.count {
            prefetch(inputs, next.clone(), i..i + I);
            tile::<V, L, G, I>(*inputs, steps.clone(), i, panel, units.clone(), gradient);
            i += I;
        }
        while i < inputs.count {
            tile::<V, L, G, 1>(*inputs, steps.clone(), i, panel, units.clone(), gradient);
            i += 1;
        }
    }

    /// Few units: the sums of each lane over all steps.
    #[inline(always)]
    fn lanes_are_examples<V: Vector<L>>(self) {
        let Self { steps, inputs, signals, gradient } = self;
        match signals {
            UnitSignals::Rows(rows) => few_units(
                steps,
                inputs,
                #[inline(always)]
                |step, unit| V::load(&rows.rows[step * rows.stride + rows.first + unit]),
                gradient,
            ),
            UnitSignals::Signs { signs, stride, first, credit, .. } => few_units(
                steps,
                inputs,
                #[inline(always)]
                |step, unit| V::load(&credit[step]).flip(signs[step * stride + first + unit]),
                gradient,
            ),
        }
    }
}

#[inline(always)]
fn few_units<V: Vector<L>, const L: usize>(
    steps: usize,
    inputs: RowsOverTime<'_, L>,
    signal: impl Fn(usize, usize) -> V + Copy,
    gradient: Gradient<'_>,
) {
    let Gradient { weights, bias } = gradient;
    let units = bias.len();
    for start in (0..steps).step_by(NARROW_SECTION) {
        let steps = start..(start + NARROW_SECTION).min(steps);
        for (unit, value) in bias.iter_mut().enumerate() {
            let mut sum = V::splat(0.0);
            for step in steps.clone() {
                sum = sum.add(signal(step, unit));
            }
            *value += sum.sum();
        }
        let mut first = 0;
        while first + 3 <= units {
            columns::<V, L, 3>(steps.clone(), inputs, signal, (first, units), weights);
            first += 3;
        }
        while first < units {
            columns::<V, L, 1>(steps.clone(), inputs, signal, (first, units), weights);
            first += 1;
        }
    }
}

/// `J` units from `first` on with all inputs.
#[inline(always)]
fn columns<V: Vector<L>, const L: usize, const J: usize>(
    steps: Range<usize>,
    inputs: RowsOverTime<'_, L>,
    signal: impl Fn(usize, usize) -> V + Copy,
    (first, units): (usize, usize),
    weights: &mut [f32],
) {
    let mut i = 0;
    if V::REGISTERS >= 24 {
        while i + 7 <= inputs.count {
            few::<V, L, 7, J>(steps.clone(), inputs, i, signal, (first, units), weights);
            i += 7;
        }
    }
    while i + 2 <= inputs.count {
        few::<V, L, 2, J>(steps.clone(), inputs, i, signal, (first, units), weights);
        i += 2;
    }
    if i < inputs.count {
        few::<V, L, 1, J>(steps.clone(), inputs, i, signal, (first, units), weights);
    }
}

/// Inputs i … i + I − 1 with `J` of `units` units, from `first` on, over all steps, lane by lane.
#[inline(always)]
#[allow(unsafe_code)]
fn few<V: Vector<L>, const L: usize, const I: usize, const J: usize>(
    steps: Range<usize>,
    inputs: RowsOverTime<'_, L>,
    i: usize,
    signal: impl Fn(usize, usize) -> V,
    (first, units): (usize, usize),
    weights: &mut [f32],
) {
    let mut sums = [[V::splat(0.0); J]; I];
    for step in steps {
        let mut signals = [V::splat(0.0); J];
        for j in 0..J {
            signals[j] = signal(step, first + j);
        }
        let row = step * inputs.stride + inputs.first + i;
        for k in 0..I {
            // SAFETY: `add_outer_over_time` has checked that the rows of all steps are there, and i + I ≤ inputs.
            let input = V::load(unsafe { inputs.rows.get_unchecked(row + k) });
            for j in 0..J {
                sums[k][j] = input.multiply_add(signals[j], sums[k][j]);
            }
        }
    }
    for (sums, weights) in stored(sums).iter().zip(weights[i * units + first..].chunks_mut(units)) {
        for (sum, weight) in sums.iter().zip(weights) {
            *weight += V::load(sum).sum();
        }
    }
}

/// Prefetches some inputs of the next section: they lie too far apart for the processor's own prefetching.
#[inline(always)]
#[allow(unsafe_code)]
fn prefetch<const L: usize>(inputs: &RowsOverTime<'_, L>, steps: Range<usize>, rows: Range<usize>) {
    #[cfg(target_arch = "x86_64")]
    for step in steps {
        for row in inputs.at(step)[rows.clone()].as_flattened().chunks(WIDTH) {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            // SAFETY: a hint that reads nothing; the address lies within the rows, and the instruction is in SSE.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(row.as_ptr().cast()) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (inputs, steps, rows);
}

/// Inputs i … i + I − 1 with a panel of `G` vectors of units.
#[inline(always)]
#[allow(unsafe_code)]
fn tile<V: Vector<WIDTH>, const L: usize, const G: usize, const I: usize>(
    inputs: RowsOverTime<'_, L>,
    steps: Range<usize>,
    i: usize,
    panel: &[[f32; WIDTH]],
    units: Range<usize>,
    gradient: &mut Gradient<'_>,
) {
    let mut sums = [[V::splat(0.0); G]; I];
    for (step, panel) in steps.zip(panel.chunks_exact(L * G)) {
        let rows = &inputs.at(step)[i..i + I];
        for lane in 0..L {
            // SAFETY: a chunk of the panel has `L · G` vectors, and there are `I` rows.
            unsafe {
                let mut signal = [V::splat(0.0); G];
                for g in 0..G {
                    signal[g] = V::load(panel.get_unchecked(lane * G + g));
                }
                for k in 0..I {
                    let input = V::splat(rows.get_unchecked(k)[lane]);
                    for g in 0..G {
                        sums[k][g] = input.multiply_add(signal[g], sums[k][g]);
                    }
                }
            }
        }
    }
    let (found, width) = (stored(sums), gradient.bias.len());
    for (k, sums) in found.iter().enumerate() {
        add_to(sums.as_flattened(), &mut gradient.weights[(i + k) * width..][units.clone()]);
    }
}

/// Stores the registers of a tile. Apart from the loops that read them: a loop over registers that is not unrolled would keep them in
/// memory from the start.
#[inline(always)]
fn stored<V: Vector<N>, const N: usize, const G: usize, const I: usize>(sums: [[V; G]; I]) -> [[[f32; N]; G]; I] {
    let mut found = [[[0.0; N]; G]; I];
    for k in 0..I {
        for g in 0..G {
            sums[k][g].store(&mut found[k][g]);
        }
    }
    found
}

/// Adds `sums` to as many `values` as there are.
#[inline(always)]
fn add_to(sums: &[f32], values: &mut [f32]) {
    for (value, sum) in values.iter_mut().zip(sums) {
        *value += sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Key, Stream};

    fn rows<const L: usize>(count: usize, stream: &mut Stream) -> Vec<[f32; L]> {
        (0..count).map(|_| std::array::from_fn(|_| stream.normal())).collect()
    }

    /// Shapes with and without whole tiles, vectors, sections; narrow ones; none at all.
    const SHAPES: [(usize, usize, usize); 9] =
        [(67, 64, 5), (5, 3, 70), (1, 1, 1), (13, 20, 9), (7, 81, 3), (9, 8, 33), (16, 7, 2), (3, 2, 0), (2, 128, 16)];

    fn check<const L: usize>(numerics: Numerics) {
        let mut stream = Key::from_seed(7).stream();
        for (count, units, steps) in SHAPES {
            // The inputs begin behind the rows of their step, as those of a state on a tape do.
            let inputs: Vec<[f32; L]> = rows((steps + 1) * (count + 2), &mut stream);
            let inputs = RowsOverTime { rows: &inputs, stride: count + 2, first: count + 3 - count.min(2), count };
            let stored: Vec<[f32; L]> = rows(steps * (units + 1) + 1, &mut stream);
            let stored = RowsOverTime { rows: &stored, stride: units + 1, first: 1, count: units };
            let credit: Vec<[f32; L]> = rows(steps, &mut stream);
            let signs: Vec<u16> = (0..steps * (units + 3)).map(|_| stream.next_u32() as u16).collect();
            let signed =
                UnitSignals::Signs { signs: &signs, stride: units + 3, first: 2, count: units, credit: &credit };
            let sign = |step: usize, unit: usize, lane: usize| {
                if signs[step * (units + 3) + 2 + unit] >> lane & 1 == 0 { 1.0 } else { -1.0 }
            };
            for signals in [UnitSignals::Rows(stored), signed] {
                let (mut weights, mut bias) = (vec![1.0; count * units], vec![2.0; units]);
                let gradient = Gradient { weights: &mut weights, bias: &mut bias };
                add_outer_over_time(numerics, steps, inputs, signals, gradient);
                let signal = |step: usize, unit: usize, lane: usize| match signals {
                    UnitSignals::Rows(rows) => f64::from(rows.at(step)[unit][lane]),
                    UnitSignals::Signs { .. } => sign(step, unit, lane) * f64::from(credit[step][lane]),
                };
                let places = || (0..steps).flat_map(|step| (0..L).map(move |lane| (step, lane)));
                for unit in 0..units {
                    let exact = 2.0 + places().map(|(step, lane)| signal(step, unit, lane)).sum::<f64>();
                    assert!((f64::from(bias[unit]) - exact).abs() < 1e-4, "{count} × {units}, {steps} steps");
                    for i in 0..count {
                        let product = |(step, lane)| f64::from(inputs.at(step)[i][lane]) * signal(step, unit, lane);
                        let exact = 1.0 + places().map(product).sum::<f64>();
                        let found = f64::from(weights[i * units + unit]);
                        assert!((found - exact).abs() < 1e-4, "{count} × {units}, {steps} steps: {found}, {exact}");
                    }
                }
            }
        }
    }

    #[test]
    fn outer_products_agree_with_f64() {
        for numerics in [Numerics::Native, Numerics::Portable] {
            check::<4>(numerics);
            check::<16>(numerics);
        }
    }
}
