//! One forward pass over a batch: the loop over blocks and steps, and the loss at the end of it.
//!
//! Only the activity of the current step is kept, so that memory does not grow with the length of a sequence.

use std::ops::Range;

use crate::data::batch::LaneBatch;
use crate::kernel::aligned::Rows;
use crate::kernel::loss::{Loss, add_losses};
use crate::kernel::outer::{Gradient, RowsOverTime, UnitSignals, add_outer_over_time};
use crate::kernel::sequence::{LayeredPass, PassParameters};
use crate::model::network::{Connection, Network, UnitNoise};
use crate::model::pass::{BLOCKS_WITH_STATE, FEW_BLOCKS, MAX_BLOCKS, blocks_at_once, layered_pass};
use crate::model::weights::Weights;

/// Runs some blocks of a batch from a zero state, side by side. `visit` sees the activity after each step: the blocks of the
/// first candidate of `weights`, then those of the second one if it is a pair.
pub fn run_blocks<const L: usize>(
    network: &dyn Network,
    weights: &mut Weights<'_>,
    batch: &LaneBatch<L>,
    blocks: Range<usize>,
    activity: &mut Rows<L>,
    mut visit: impl FnMut(usize, &[[f32; L]]),
) {
    let rows = weights.members() * blocks.len() * network.num_activities();
    // A network without state leaves its input rows as they are: where they still hold the inputs of these blocks, from a pass with
    // other weights, they are not copied again.
    let tag = [batch.load_number(), blocks.start as u64, blocks.len() as u64, network.num_activities() as u64];
    let (activity, is_same) = activity.first_tagged(rows, tag);
    let has_inputs = is_same && batch.steps == 1 && network.carry().is_none();
    reset_state(network, activity);
    for step in 0..batch.steps {
        if !has_inputs {
            prepare(network, step, activity, |index| batch.inputs(blocks.start + index % blocks.len(), step));
        }
        network.step(weights, None, activity);
        visit(step, activity);
    }
}

/// Runs some blocks of a batch from a zero state, each as an antithetic pair with noise on its units: `noise` gives that of
/// a step, `visit` sees the pairs after it.
pub fn run_pairs<'n, const L: usize>(
    network: &dyn Network,
    parameters: &[f32],
    batch: &LaneBatch<L>,
    blocks: Range<usize>,
    activity: &mut Rows<L>,
    noise: impl Fn(usize) -> UnitNoise<'n>,
    mut visit: impl FnMut(usize, &[[f32; L]]),
) {
    let activity = activity.first(2 * blocks.len() * network.num_activities());
    reset_state(network, activity);
    for step in 0..batch.steps {
        prepare(network, step, activity, |index| batch.inputs(blocks.start + index / 2, step));
        network.step(&mut parameters.into(), Some(noise(step)), activity);
        visit(step, activity);
    }
}

/// Sets the previous state of every block to zero; all other rows are written before they are read.
fn reset_state<const L: usize>(network: &dyn Network, activity: &mut [[f32; L]]) {
    if let Some((_, previous)) = network.carry() {
        for activity in activity.chunks_exact_mut(network.num_activities()) {
            activity[previous.clone()].fill([0.0; L]);
        }
    }
}

/// Writes what every block reads at a step: its previous state, and its inputs.
pub(crate) fn prepare<'b, const L: usize>(
    network: &dyn Network,
    step: usize,
    activity: &mut [[f32; L]],
    inputs: impl Fn(usize) -> &'b [[f32; L]],
) {
    let (rows, own, carry) = (network.num_activities(), network.input_rows(), network.carry());
    for (index, activity) in activity.chunks_exact_mut(rows).enumerate() {
        if let Some((state, previous)) = carry.clone().filter(|_| step > 0) {
            activity.copy_within(state, previous.start);
        }
        activity[own.clone()].copy_from_slice(inputs(index));
    }
}

/// The mean loss of `weights` over a batch, summed in `f64`; of a pair the losses of both candidates, else the second
/// number is zero. Always in `f32`, whatever the network's numerics.
pub fn mean_losses<const L: usize>(
    network: &dyn Network,
    weights: &mut Weights<'_>,
    loss: Loss,
    batch: &LaneBatch<L>,
    activity: &mut Rows<L>,
) -> [f64; 2] {
    if let Weights::Stored(stored) = weights
        && let Some(layers) = layered_pass(network, loss)
    {
        return layered_losses(&layers, &[stored.of_pass()], batch, activity);
    }
    let (size, all) = (blocks_at_once(network.carry().is_some(), weights), batch.blocks());
    let mut totals = [0.0; 2];
    let mut first = 0;
    while first < all {
        let blocks = first..(first + size).min(all);
        first = blocks.end;
        // Room for the sums of many blocks takes longer to clear than the pass of a small network.
        if size <= FEW_BLOCKS {
            add_blocks::<L, FEW_BLOCKS>(network, weights, loss, batch, blocks, activity, &mut totals);
        } else {
            add_blocks::<L, MAX_BLOCKS>(network, weights, loss, batch, blocks, activity, &mut totals);
        }
    }
    let per_term = per_term(loss, batch, network.output_rows().len());
    [totals[0] * per_term, totals[1] * per_term]
}

/// The mean losses of two candidates at most over a batch, by a [`layered_pass`]: the bits of [`mean_losses`].
pub(crate) fn layered_losses<const L: usize>(
    layers: &LayeredPass,
    candidates: &[PassParameters<'_>],
    batch: &LaneBatch<L>,
    activity: &mut Rows<L>,
) -> [f64; 2] {
    let (layout, all) = (layers.layout(), batch.blocks());
    let size = if layout.state.is_empty() { FEW_BLOCKS } else { BLOCKS_WITH_STATE };
    let mut totals = [0.0; 2];
    let mut first = 0;
    while first < all {
        let blocks = first..(first + size).min(all);
        let count = blocks.len();
        let mut sums = [[0.0; L]; 2 * FEW_BLOCKS];
        let sums = &mut sums[..candidates.len() * count];
        layers.run(candidates, batch.sequences(blocks), activity.first(count * layout.stride), sums);
        for (total, sums) in totals.iter_mut().zip(sums.chunks_exact(count)) {
            add_to_total(sums, batch, first, total);
        }
        first += count;
    }
    let per_term = per_term(layout.loss, batch, layout.outputs.len());
    [totals[0] * per_term, totals[1] * per_term]
}

/// Adds the losses of some blocks, `BLOCKS` at most, to the total of each candidate.
fn add_blocks<const L: usize, const BLOCKS: usize>(
    network: &dyn Network,
    weights: &mut Weights<'_>,
    loss: Loss,
    batch: &LaneBatch<L>,
    blocks: Range<usize>,
    activity: &mut Rows<L>,
    totals: &mut [f64; 2],
) {
    let (outputs, rows, members) = (network.output_rows(), network.num_activities(), weights.members());
    let mut sums = [[[0.0f64; L]; BLOCKS]; 2];
    run_blocks(network, weights, batch, blocks.clone(), activity, |step, activity| {
        if step >= batch.washout {
            for (index, block) in activity.chunks_exact(rows).enumerate() {
                let (member, index) = (index / blocks.len(), index % blocks.len());
                let targets = batch.targets(blocks.start + index, step);
                add_losses(loss, &block[outputs.clone()], targets, &mut sums[member][index]);
            }
        }
    });
    for (total, sums) in totals.iter_mut().zip(&sums).take(members) {
        add_to_total(&sums[..blocks.len()], batch, blocks.start, total);
    }
}

/// Adds the sums of the blocks from block `first` on to a total, lanes that repeat an example left out.
fn add_to_total<const L: usize>(sums: &[[f64; L]], batch: &LaneBatch<L>, first: usize, total: &mut f64) {
    for (index, sums) in sums.iter().enumerate() {
        *total += sums[..batch.valid(first + index)].iter().sum::<f64>();
    }
}

/// The mean loss of stored `parameters` `[P]` over a batch, summed in `f64`.
pub fn mean_loss<const L: usize>(
    network: &dyn Network,
    parameters: &[f32],
    loss: Loss,
    batch: &LaneBatch<L>,
    activity: &mut Rows<L>,
) -> f64 {
    mean_losses(network, &mut parameters.into(), loss, batch, activity)[0]
}

/// Adds `Σ over steps and lanes of presynaptic activity · signal` to the gradient of every weight and bias: what every
/// local rule and backpropagation end in.
///
/// `activities` [steps × activities × L], `signals` [steps × units × L], `gradient` `[P]`, `L` 4 or 16.
pub fn add_connection_products<const L: usize>(
    network: &dyn Network,
    activities: &[[f32; L]],
    signals: &[[f32; L]],
    gradient: &mut [f32],
) {
    let (rows, units) = (network.num_activities(), network.num_units());
    for connection in network.connections() {
        let before = &connection.presynaptic;
        let inputs = RowsOverTime { rows: activities, stride: rows, first: before.start, count: before.len() };
        let (first, count) = (connection.units.start, connection.units.len());
        let own = UnitSignals::Rows(RowsOverTime { rows: signals, stride: units, first, count });
        let gradient = gradient_of(connection, gradient);
        add_outer_over_time(network.numerics(), signals.len() / units, inputs, own, gradient);
    }
}

/// A connection's part of the gradient `[P]`.
pub(crate) fn gradient_of<'g>(connection: &Connection, gradient: &'g mut [f32]) -> Gradient<'g> {
    debug_assert_eq!(connection.weights.end, connection.bias.start);
    let (weights, bias) =
        gradient[connection.weights.start..connection.bias.end].split_at_mut(connection.weights.len());
    Gradient { weights, bias }
}

/// The factor that makes a mean of the sum over examples, scored steps and (for squared errors) outputs.
pub(crate) fn per_term<const L: usize>(loss: Loss, batch: &LaneBatch<L>, num_outputs: usize) -> f64 {
    let outputs = match loss {
        Loss::MeanSquaredError => num_outputs,
        Loss::CrossEntropy => 1,
    };
    1.0 / (batch.count * (batch.steps - batch.washout) * outputs) as f64
}
