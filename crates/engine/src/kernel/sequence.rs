//! All steps of a sequence through the layers of a recurrent network, in one loop compiled for the instructions in use.
//!
//! A step of a small network costs less than the dynamic call that dispatches it, which chooses instructions, checks sizes and looks
//! up layers. Here this is done once a pass. The bits are those of the steps one by one.
//!
//! ```text
//!     for t = 0 … T − 1:   previous ← state ,  input ← u_t ,  layer₁ … layerₙ ,  ℓ ← ℓ + Σ_j (y_j − u_{t+1, j})²
//! ```
//! u the series [steps + 1 × inputs] of each lane · y the output of the last layer, as wide as the input · ℓ the loss of a lane,
//! squared errors of a step added in `f32`, steps in `f64`, those of the washout left out.
//!
//! Cost: that of the products, of T copies of the state, and 3 · outputs operations a step for each lane.

use std::ops::Range;

use super::Numerics;
use super::products::{Columns, Layer, Product, multiply};
use super::simd::{Simd, Vector, dispatch};

/// The layers of a recurrent network, and where a step finds input, state and output in its block of rows.
#[derive(Clone, Copy, Debug)]
pub struct RecurrentPass<'a> {
    /// Layers in the order of computation, all in blocks of the same stride.
    pub layers: &'a [Product<'a>],
    /// Rows of the input; the first ones of a block.
    pub inputs: usize,
    /// Rows of the new state.
    pub state: &'a Range<usize>,
    /// The first row of the previous state; before the state.
    pub previous: usize,
    /// Rows of the output, as many as of the input.
    pub outputs: &'a Range<usize>,
}

/// The sequences that a pass reads and is scored on, `L` of them side by side in each block.
#[derive(Clone, Copy, Debug)]
pub struct Sequences<'a, const L: usize> {
    /// The series of each block [blocks × steps + 1 × inputs]; the targets of a step are the inputs of the next.
    pub series: &'a [[f32; L]],
    /// Steps.
    pub steps: usize,
    /// First steps that are not scored.
    pub washout: usize,
}

impl<'a, const L: usize> Sequences<'a, L> {
    /// The same with the number of lanes written as `M` (which equals `L`).
    pub(super) fn with_lanes<const M: usize>(self) -> Sequences<'a, M> {
        Sequences { series: self.series.as_flattened().as_chunks().0, steps: self.steps, washout: self.washout }
    }
}

impl RecurrentPass<'_> {
    /// Runs all steps of all blocks from a zero state and adds the squared errors of each block's lanes to `losses`
    /// [blocks × L]; `activity` [blocks × stride × L], `L` = 1, 4 or 16.
    ///
    /// # Panics
    /// If the sizes do not fit.
    pub fn run<const L: usize>(
        &self,
        numerics: Numerics,
        sequences: Sequences<'_, L>,
        activity: &mut [[f32; L]],
        losses: &mut [[f64; L]],
    ) {
        const { assert!(L == 1 || L == 4 || L == 16, "passes have 1, 4 or 16 lanes") };
        let Some(last) = self.layers.last() else { return };
        let stride = last.place.stride;
        assert!(
            activity.len() == losses.len() * stride
                && sequences.series.len() == losses.len() * (sequences.steps + 1) * self.inputs
                && self.outputs.len() == self.inputs
                && self.outputs.end <= stride
                && self.inputs <= self.previous
                && self.previous + self.state.len() <= self.state.start
                && self.state.end <= stride
                && self.layers.iter().all(|layer| layer.place.stride == stride),
            "a sequence's sizes do not fit"
        );
        self.layers.iter().for_each(|layer| layer.check(activity.len()));
        // Functions that are not generic, so that the loops are compiled once, in this crate.
        let (activity, losses) = (activity.as_flattened_mut(), losses.as_flattened_mut());
        activity.fill(0.0);
        match L {
            1 => run_1(numerics, *self, sequences.with_lanes(), activity, losses.as_chunks_mut().0),
            4 => run_4(numerics, *self, sequences.with_lanes(), activity, losses.as_chunks_mut().0),
            _ => run_16(numerics, *self, sequences.with_lanes(), activity, losses.as_chunks_mut().0),
        }
    }
}

dispatch! {
    fn run_1<S: Simd>(
        numerics: Numerics,
        pass: RecurrentPass<'_>,
        sequences: Sequences<'_, 1>,
        activity: &mut [f32],
        losses: &mut [[f64; 1]],
    ) {
        let Some((layer, readout)) = pass.layer_and_readout() else {
            return run_blocks::<S, 1>(pass, sequences, activity, losses, 1);
        };
        let size = (sequences.steps + 1) * pass.inputs;
        for (series, losses) in sequences.series.as_flattened().chunks_exact(size).zip(losses) {
            run_layer_and_readout::<S>(&pass, (&layer, &readout), &sequences, series, losses);
        }
    }
}

dispatch! {
    fn run_4<S: Simd>(
        numerics: Numerics,
        pass: RecurrentPass<'_>,
        sequences: Sequences<'_, 4>,
        activity: &mut [f32],
        losses: &mut [[f64; 4]],
    ) {
        run_blocks::<S, 4>(pass, sequences, activity, losses, 2);
    }
}

dispatch! {
    fn run_16<S: Simd>(
        numerics: Numerics,
        pass: RecurrentPass<'_>,
        sequences: Sequences<'_, 16>,
        activity: &mut [f32],
        losses: &mut [[f64; 16]],
    ) {
        run_blocks::<S, 16>(pass, sequences, activity, losses, 2);
    }
}

/// All steps of all blocks, `together` blocks at once: as many as a product reads its weights for.
#[inline(always)]
fn run_blocks<S: Simd, const L: usize>(
    pass: RecurrentPass<'_>,
    sequences: Sequences<'_, L>,
    activity: &mut [f32],
    losses: &mut [[f64; L]],
    together: usize,
) {
    let size = activity.len() / losses.len().max(1);
    let series = sequences.series.as_flattened();
    let rows = (sequences.steps + 1) * pass.inputs * L;
    let mut from = 0;
    while from < losses.len() {
        let to = (from + together).min(losses.len());
        let series = &series[from * rows..to * rows];
        let activity = &mut activity[from * size..to * size];
        steps_of::<S, L>(pass, &sequences, series, activity, &mut losses[from..to]);
        from = to;
    }
}

/// Most outputs of a readout that is computed while the layer waits for its activation functions.
const MAX_OUTPUTS: usize = 4;

/// Most inputs and units of such a layer.
const MAX_ROWS: usize = 512;

/// Numbers in a cache line.
const LINE: usize = 16;

/// Inputs and state of two steps. The state begins a cache line, so that no vector of it is written to two.
#[repr(align(64))]
struct TwoSteps([[f32; LINE + MAX_ROWS]; 2]);

impl<'a> RecurrentPass<'a> {
    /// The two layers, if the first one reads its own last state and the second one, of few outputs, reads the first.
    fn layer_and_readout(&self) -> Option<(Layer<'a>, Columns<'a>)> {
        let [layer, readout] = self.layers else { return None };
        let fits = layer.place.inputs == (0..self.previous + self.state.len())
            && self.previous == self.inputs
            && layer.place.outputs == *self.state
            && readout.place.inputs == *self.state
            && readout.place.outputs == *self.outputs
            && layer.place.inputs.len() <= MAX_ROWS
            && self.outputs.len() <= MAX_OUTPUTS;
        if fits { Some((Layer::new(*layer), Columns::new(*readout)?)) } else { None }
    }
}

/// All steps of such a network for a single sequence. Two vectors of inputs and state take turns, so that no state is copied; the
/// readout of a step comes after the layer of the next one, which has nothing else to do while its activation functions wait for
/// one operation after the other.
#[inline(always)]
fn run_layer_and_readout<S: Simd>(
    pass: &RecurrentPass<'_>,
    (layer, readout): (&Layer<'_>, &Columns<'_>),
    sequences: &Sequences<'_, 1>,
    series: &[f32],
    losses: &mut [f64; 1],
) {
    let (length, width) = (pass.inputs + pass.state.len(), pass.inputs);
    let mut buffer = TwoSteps([[0.0; LINE + MAX_ROWS]; 2]);
    let rows = LINE - width..LINE - width + length;
    let [now, next] = &mut buffer.0;
    let (mut now, mut next) = (&mut now[rows.clone()], &mut next[rows]);
    for (step, row) in series.chunks_exact(width).enumerate() {
        if step < sequences.steps {
            copy::<S::F32x16>(row, &mut now[..width]);
            layer.run::<S>(now, &mut next[width..]);
        }
        if step > sequences.washout {
            let outputs = readout.run::<S>(&now[width..]);
            add_squared_errors(outputs[..width].as_chunks().0, row.as_chunks().0, losses);
        }
        std::mem::swap(&mut now, &mut next);
    }
}

/// All steps of one or two blocks.
#[inline(always)]
fn steps_of<S: Simd, const L: usize>(
    pass: RecurrentPass<'_>,
    sequences: &Sequences<'_, L>,
    series: &[f32],
    activity: &mut [f32],
    losses: &mut [[f64; L]],
) {
    let RecurrentPass { layers, inputs, state, previous, outputs } = pass;
    let (size, width) = (activity.len() / losses.len(), inputs * L);
    let rows = (sequences.steps + 1) * width;
    for step in 0..sequences.steps {
        for block in 0..losses.len() {
            let activity = &mut activity[block * size..][..size];
            if step > 0 {
                let (before, after) = activity.split_at_mut(state.start * L);
                let state = &after[..state.len() * L];
                copy::<S::F32x16>(state, &mut before[previous * L..previous * L + state.len()]);
            }
            copy::<S::F32x16>(&series[block * rows + step * width..][..width], &mut activity[..width]);
        }
        for layer in layers {
            multiply::<S, L>(*layer, activity);
        }
        if step >= sequences.washout {
            for (block, losses) in losses.iter_mut().enumerate() {
                let outputs = &activity[block * size..][outputs.start * L..outputs.end * L];
                let targets = &series[block * rows + (step + 1) * width..][..width];
                add_squared_errors(outputs.as_chunks().0, targets.as_chunks().0, losses);
            }
        }
    }
}

/// A copy in vectors, without a call for the few that there are.
#[inline(always)]
pub(super) fn copy<V: Vector<16>>(from: &[f32], to: &mut [f32]) {
    let ((from, from_rest), (to, to_rest)) = (from.as_chunks(), to.as_chunks_mut());
    for (to, from) in to.iter_mut().zip(from) {
        V::load(from).store(to);
    }
    if !from_rest.is_empty() {
        V::load_first(from_rest).store_first(to_rest);
    }
}

/// Adds the squared errors of one step to the sum of each lane.
#[inline(always)]
pub(super) fn add_squared_errors<const L: usize>(outputs: &[[f32; L]], targets: &[[f32; L]], sums: &mut [f64; L]) {
    let errors = squared_errors(outputs, targets);
    for lane in 0..L {
        sums[lane] += f64::from(errors[lane]);
    }
}

/// The squared errors of one step in each lane.
#[inline(always)]
pub fn squared_errors<const L: usize>(outputs: &[[f32; L]], targets: &[[f32; L]]) -> [f32; L] {
    let mut errors = [0.0f32; L];
    for (output, target) in outputs.iter().zip(targets) {
        for lane in 0..L {
            let error = output[lane] - target[lane];
            errors[lane] += error * error;
        }
    }
    errors
}
