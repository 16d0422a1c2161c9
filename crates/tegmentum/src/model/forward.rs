//! One forward pass over a batch: the loop over blocks and steps, and the loss at the end of it.
//!
//! Only the activity of the current step is kept, so that memory does not grow with the length of a sequence.

use std::ops::Range;

use crate::data::batch::LaneBatch;
use crate::kernel::aligned::Rows;
use crate::kernel::loss::{Loss, add_losses};
use crate::kernel::outer::{Gradient, RowsOverTime, UnitSignals, add_outer_over_time};
use crate::kernel::products::RowLayout;
use crate::kernel::sequence::{RecurrentPass, Sequences};
use crate::model::network::{Connection, Network, UnitNoise};
use crate::model::pass::{MAX_BLOCKS, MAX_LAYERS, StepLoop, blocks_at_once, layer_outputs};
use crate::model::weights::{Stored, Weights};

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
    let (outputs, rows) = (network.output_rows(), network.num_activities());
    let is_fused = StepLoop::of(network, loss, batch.is_series()) != StepLoop::OneByOne;
    let (size, all) = (blocks_at_once(network.carry().is_some(), weights), batch.blocks());
    let mut totals = [0.0; 2];
    for first in (0..all).step_by(size) {
        let blocks = first..(first + size).min(all);
        let mut sums = [[[0.0f64; L]; MAX_BLOCKS]; 2];
        match weights {
            Weights::Stored(stored) if is_fused => {
                run_sequence(network, stored, batch, blocks.clone(), activity, &mut sums[0]);
            }
            _ => run_blocks(network, weights, batch, blocks.clone(), activity, |step, activity| {
                if step >= batch.washout {
                    for (index, block) in activity.chunks_exact(rows).enumerate() {
                        let (member, index) = (index / blocks.len(), index % blocks.len());
                        let targets = batch.targets(blocks.start + index, step);
                        add_losses(loss, &block[outputs.clone()], targets, &mut sums[member][index]);
                    }
                }
            }),
        }
        for (total, sums) in totals.iter_mut().zip(&sums) {
            for (block, sums) in blocks.clone().zip(sums) {
                *total += sums[..batch.valid(block)].iter().sum::<f64>();
            }
        }
    }
    totals.map(|total| total * per_term(loss, batch, outputs.len()))
}

/// Runs some blocks of a series and adds their squared errors to `sums`, all steps in one loop: for networks with
/// [`StepLoop::Fused`]. The bits are those of [`run_blocks`].
fn run_sequence<const L: usize>(
    network: &dyn Network,
    stored: &Stored<'_>,
    batch: &LaneBatch<L>,
    blocks: Range<usize>,
    activity: &mut Rows<L>,
    sums: &mut [[f64; L]],
) {
    let (Some(hidden), Some((state, previous)), Some(series)) =
        (network.hidden_activation(), network.carry(), batch.series(blocks.clone()))
    else {
        return;
    };
    let (connections, outputs) = (network.connections(), network.output_rows());
    let mut rows = layer_outputs(network).into_iter();
    let places: [_; MAX_LAYERS] = std::array::from_fn(|index| RowLayout {
        stride: network.num_activities(),
        inputs: connections.get(index).map_or(0..0, |connection| connection.presynaptic.clone()),
        outputs: rows.next().unwrap_or_default(),
    });
    let layers: [_; MAX_LAYERS] = std::array::from_fn(|index| {
        let index = index.min(connections.len() - 1);
        let activation = if index + 1 == connections.len() { network.output_activation() } else { hidden };
        stored.product(connections, index, activation, &places[index])
    });
    let pass = RecurrentPass {
        layers: &layers[..connections.len()],
        inputs: network.input_rows().len(),
        state: &state,
        previous: previous.start,
        outputs: &outputs,
    };
    let activity = activity.first(blocks.len() * network.num_activities());
    let sequences = Sequences { series, steps: batch.steps, washout: batch.washout };
    pass.run(network.numerics(), sequences, activity, &mut sums[..blocks.len()]);
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
