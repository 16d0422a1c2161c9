//! All steps of a pass through the layers of a network, with or without a state, in one loop compiled for the instructions in use.
//!
//! A step of a small network costs less than the dynamic call that dispatches it, which chooses instructions, checks sizes and looks
//! up layers. Here this is done once a pass. The bits are those of the steps one by one.
//!
//! ```text
//!     for t = 0 … T − 1:   previous ← state ,  input ← u_t ,  layer₁ … layerₙ ,  ℓ ← ℓ + loss(y, d_t)
//! ```
//! u the inputs [steps × inputs] of each lane · d the targets [steps × outputs], in a series those of a step the next inputs · y the
//! output of the last layer · ℓ the loss of a lane, that of a step in `f32`, steps added in `f64`, those of the washout left out.
//! Independent examples have one step.
//!
//! Cost: that of the products, of T copies of the state, and of a loss a step for each lane.

use std::ops::Range;

use super::Numerics;
use super::activation::Activation;
use super::loss::{Loss, add_step};
use super::products::{Columns, Layer, Product, RowLayout, multiply, tail_of};
use super::simd::{Simd, Vector, dispatch};

/// A layer of a pass: where its parameters, inputs and outputs lie.
#[derive(Clone, Debug)]
pub struct LayerPlaces {
    /// Parameters of the matrix, [inputs × outputs].
    pub weights: Range<usize>,
    /// Parameters that the sums begin with, `[outputs]`.
    pub bias: Range<usize>,
    /// What is done with each sum; a function of one number.
    pub activation: Activation,
    /// Where it reads and writes.
    pub rows: RowLayout,
}

impl LayerPlaces {
    /// Numbers in the transposed last columns of its matrix.
    #[inline(always)]
    fn tail(&self) -> usize {
        self.rows.inputs.len() * tail_of(self.rows.outputs.len())
    }

    fn fits(&self, stride: usize) -> bool {
        let RowLayout { inputs, outputs, .. } = &self.rows;
        self.rows.stride == stride
            && inputs.end <= outputs.start
            && outputs.end <= stride
            && self.weights.len() == inputs.len() * outputs.len()
            && self.bias.len() == outputs.len()
    }
}

/// The layers of a network, and where a step finds input, state and output in its block of rows.
#[derive(Clone, Debug)]
pub struct PassLayout {
    /// How products and activation functions are computed.
    pub numerics: Numerics,
    /// How an output is compared with its target.
    pub loss: Loss,
    /// Layers in the order of computation, all in blocks of the same stride.
    pub layers: Vec<LayerPlaces>,
    /// Rows of a block.
    pub stride: usize,
    /// Rows of the input; the first ones of a block.
    pub inputs: usize,
    /// Rows of the new state; none without a state.
    pub state: Range<usize>,
    /// The first row of the previous state; before the state.
    pub previous: usize,
    /// Rows of the output.
    pub outputs: Range<usize>,
}

/// A pass whose layout has been checked, so that it need not be for each candidate.
#[derive(Clone, Debug)]
pub struct LayeredPass(PassLayout);

/// The parameters of a pass.
#[derive(Clone, Copy, Debug)]
pub struct PassParameters<'a> {
    /// All of them, `[P]`.
    pub all: &'a [f32],
    /// The last columns of the matrices transposed, one after the other, or nothing.
    pub tails: Option<&'a [f32]>,
}

/// The sequences that a pass reads and is scored on, `L` of them side by side in each block.
#[derive(Clone, Copy, Debug)]
pub struct Sequences<'a, const L: usize> {
    /// Blocks.
    pub blocks: usize,
    /// The inputs of each block [blocks × steps × inputs], of a series with a step more.
    pub inputs: &'a [[f32; L]],
    /// The targets [blocks × steps × outputs]; without them the sequences are series, whose targets are the inputs of the next step.
    pub targets: Option<&'a [[f32; L]]>,
    /// Steps.
    pub steps: usize,
    /// First steps that are not scored.
    pub washout: usize,
}

impl<'a, const L: usize> Sequences<'a, L> {
    /// The same with the number of lanes written as `M` (which equals `L`).
    pub(super) fn with_lanes<const M: usize>(self) -> Sequences<'a, M> {
        let inputs = self.inputs.as_flattened().as_chunks().0;
        let targets = self.targets.map(|targets| targets.as_flattened().as_chunks().0);
        Sequences { inputs, targets, blocks: self.blocks, steps: self.steps, washout: self.washout }
    }

    /// Whether there are so many inputs and outputs.
    fn fits(&self, inputs: usize, outputs: usize) -> bool {
        let steps = self.blocks * self.steps;
        match self.targets {
            None => outputs == inputs && self.inputs.len() == (steps + self.blocks) * inputs,
            Some(targets) => self.inputs.len() == steps * inputs && targets.len() == steps * outputs,
        }
    }

    /// The numbers of `inputs` inputs at a step of a block.
    #[inline(always)]
    fn inputs_of(&self, block: usize, step: usize, inputs: usize) -> &'a [f32] {
        let steps = self.steps + usize::from(self.targets.is_none());
        &self.inputs.as_flattened()[(block * steps + step) * inputs * L..][..inputs * L]
    }

    /// The numbers of `outputs` targets at a step of a block.
    #[inline(always)]
    fn targets_of(&self, block: usize, step: usize, outputs: usize) -> &'a [[f32; L]] {
        match self.targets {
            None => self.inputs_of(block, step + 1, outputs).as_chunks().0,
            Some(targets) => &targets[(block * self.steps + step) * outputs..][..outputs],
        }
    }
}

impl LayeredPass {
    /// The pass with this layout.
    ///
    /// # Panics
    /// If the sizes do not fit.
    pub fn new(layout: PassLayout) -> Self {
        let PassLayout { layers, stride, inputs, state, previous, outputs, .. } = &layout;
        assert!(
            outputs.end <= *stride
                && inputs <= previous
                && previous + state.len() <= state.start
                && state.end <= *stride
                && layers.iter().all(|layer| layer.fits(*stride)),
            "a pass's sizes do not fit: {layout:?}"
        );
        Self(layout)
    }

    /// Runs all steps of all blocks from a zero state with the parameters of each of some candidates, and adds the losses of each
    /// block's lanes to `losses` [candidates × blocks × L]; `activity` [blocks × stride × L], `L` = 1, 4 or 16.
    ///
    /// # Panics
    /// If the sizes do not fit.
    pub fn run<const L: usize>(
        &self,
        candidates: &[PassParameters<'_>],
        sequences: Sequences<'_, L>,
        activity: &mut [[f32; L]],
        losses: &mut [[f64; L]],
    ) {
        const { assert!(L == 1 || L == 4 || L == 16, "passes have 1, 4 or 16 lanes") };
        let PassLayout { numerics, stride, inputs, outputs, .. } = &self.0;
        assert!(
            activity.len() == sequences.blocks * stride
                && losses.len() == candidates.len() * sequences.blocks
                && sequences.fits(*inputs, outputs.len()),
            "a pass's sizes do not fit"
        );
        // Functions that are not generic, so that the loops are compiled once, in this crate.
        let (activity, losses) = (activity.as_flattened_mut(), losses.as_flattened_mut());
        match L {
            1 => run_1(*numerics, self, candidates, &sequences.with_lanes(), activity, losses.as_chunks_mut().0),
            4 => run_4(*numerics, self, candidates, &sequences.with_lanes(), activity, losses.as_chunks_mut().0),
            _ => run_16(*numerics, self, candidates, &sequences.with_lanes(), activity, losses.as_chunks_mut().0),
        }
    }

    /// Its layout.
    #[inline]
    pub fn layout(&self) -> &PassLayout {
        &self.0
    }

    /// The product of layer `index`, whose transposed columns begin at number `tail` of all.
    #[inline(always)]
    fn product<'a>(&'a self, index: usize, tail: usize, parameters: PassParameters<'a>) -> Product<'a> {
        let layer = &self.0.layers[index];
        let tails = parameters.tails.map(
            #[inline(always)]
            |tails| &tails[tail..tail + layer.tail()],
        );
        Product {
            weights: &parameters.all[layer.weights.clone()],
            tails,
            bias: Some(&parameters.all[layer.bias.clone()]),
            activation: layer.activation,
            place: &layer.rows,
        }
    }
}

dispatch! {
    fn run_1<S: Simd>(
        numerics: Numerics,
        pass: &LayeredPass,
        candidates: &[PassParameters<'_>],
        sequences: &Sequences<'_, 1>,
        activity: &mut [f32],
        losses: &mut [[f64; 1]],
    ) {
        let size = (sequences.steps + 1) * pass.0.inputs;
        for (index, parameters) in candidates.iter().enumerate() {
            let losses = &mut losses[index * sequences.blocks..][..sequences.blocks];
            if let Some((layer, readout)) = pass.layer_and_readout(*parameters).filter(|_| sequences.targets.is_none()) {
                for (series, losses) in sequences.inputs.as_flattened().chunks_exact(size).zip(losses) {
                    run_layer_and_readout::<S>(&pass.0, (&layer, &readout), sequences, series, losses);
                }
            } else {
                run_blocks::<S, 1>(pass, *parameters, sequences, activity, losses, 1);
            }
        }
    }
}

dispatch! {
    fn run_4<S: Simd>(
        numerics: Numerics,
        pass: &LayeredPass,
        candidates: &[PassParameters<'_>],
        sequences: &Sequences<'_, 4>,
        activity: &mut [f32],
        losses: &mut [[f64; 4]],
    ) {
        for (index, parameters) in candidates.iter().enumerate() {
            let losses = &mut losses[index * sequences.blocks..][..sequences.blocks];
            run_blocks::<S, 4>(pass, *parameters, sequences, activity, losses, 2);
        }
    }
}

dispatch! {
    fn run_16<S: Simd>(
        numerics: Numerics,
        pass: &LayeredPass,
        candidates: &[PassParameters<'_>],
        sequences: &Sequences<'_, 16>,
        activity: &mut [f32],
        losses: &mut [[f64; 16]],
    ) {
        for (index, parameters) in candidates.iter().enumerate() {
            let losses = &mut losses[index * sequences.blocks..][..sequences.blocks];
            run_blocks::<S, 16>(pass, *parameters, sequences, activity, losses, 2);
        }
    }
}

/// All steps of all blocks: of a network with a state `together` blocks at once, as many as a product reads its weights for.
#[inline(always)]
fn run_blocks<S: Simd, const L: usize>(
    pass: &LayeredPass,
    parameters: PassParameters<'_>,
    sequences: &Sequences<'_, L>,
    activity: &mut [f32],
    losses: &mut [[f64; L]],
    together: usize,
) {
    if pass.0.state.is_empty() {
        return steps_of::<S, L, false>(pass, parameters, sequences, 0, activity, losses);
    }
    activity.fill(0.0);
    let size = pass.0.stride * L;
    let mut from = 0;
    while from < losses.len() {
        let to = (from + together).min(losses.len());
        let activity = &mut activity[from * size..to * size];
        steps_of::<S, L, true>(pass, parameters, sequences, from, activity, &mut losses[from..to]);
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

impl LayeredPass {
    /// The two layers, if the first one reads its own last state and the second one, of few outputs, reads the first; for series.
    fn layer_and_readout<'a>(&'a self, parameters: PassParameters<'a>) -> Option<(Layer<'a>, Columns<'a>)> {
        let PassLayout { loss, layers, inputs, state, previous, outputs, .. } = &self.0;
        let [layer, readout] = &layers[..] else { return None };
        let fits = *loss == Loss::MeanSquaredError
            && layer.rows.inputs == (0..previous + state.len())
            && previous == inputs
            && layer.rows.outputs == *state
            && readout.rows.inputs == *state
            && readout.rows.outputs == *outputs
            && layer.rows.inputs.len() <= MAX_ROWS
            && outputs.len() <= MAX_OUTPUTS;
        let columns = Columns::new(self.product(1, layer.tail(), parameters)).filter(|_| fits)?;
        Some((Layer::new(self.product(0, 0, parameters)), columns))
    }
}

/// All steps of such a network for a single sequence. Two vectors of inputs and state take turns, so that no state is copied; the
/// readout of a step comes after the layer of the next one, which has nothing else to do while its activation functions wait for
/// one operation after the other.
#[inline(always)]
fn run_layer_and_readout<S: Simd>(
    pass: &PassLayout,
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
            add_step(Loss::MeanSquaredError, outputs[..width].as_chunks().0, row.as_chunks().0, losses);
        }
        std::mem::swap(&mut now, &mut next);
    }
}

/// All steps of the blocks from block `first` on, as many as there are `losses`. With a state and without it are two loops: what is
/// prepared for copies of a state takes longer than a small pass.
#[inline(always)]
fn steps_of<S: Simd, const L: usize, const HAS_STATE: bool>(
    pass: &LayeredPass,
    parameters: PassParameters<'_>,
    sequences: &Sequences<'_, L>,
    first: usize,
    activity: &mut [f32],
    losses: &mut [[f64; L]],
) {
    let PassLayout { loss, ref layers, stride, inputs, ref state, previous, ref outputs, .. } = pass.0;
    let size = stride * L;
    for step in 0..sequences.steps {
        for block in 0..losses.len() {
            let activity = &mut activity[block * size..][..size];
            let given = sequences.inputs_of(first + block, step, inputs);
            if !HAS_STATE {
                activity[..inputs * L].copy_from_slice(given);
                continue;
            }
            if step > 0 {
                let (before, after) = activity.split_at_mut(state.start * L);
                let state = &after[..state.len() * L];
                copy::<S::F32x16>(state, &mut before[previous * L..previous * L + state.len()]);
            }
            copy::<S::F32x16>(given, &mut activity[..inputs * L]);
        }
        let mut tail = 0;
        for (index, layer) in layers.iter().enumerate() {
            multiply::<S, L>(pass.product(index, tail, parameters), activity);
            tail += layer.tail();
        }
        if step >= sequences.washout {
            for (block, losses) in losses.iter_mut().enumerate() {
                let found = &activity[block * size..][outputs.start * L..outputs.end * L];
                let targets = sequences.targets_of(first + block, step, outputs.len());
                add_step(loss, found.as_chunks().0, targets, losses);
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
