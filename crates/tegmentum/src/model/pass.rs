//! The plan of a forward pass: how the losses of a network are computed, chosen once from network and problem.
//!
//! | choice | values | depends on |
//! |---|---|---|
//! | lanes | 1, 4 or 16 examples side by side | examples of a batch |
//! | weights of a candidate | written out, or made panel by panel as they are read | parameters of the network, whether it has a state |
//! | steps | one by one, all in one loop, or all in one loop in bfloat16 | whether the network is layers, one after the other |
//! | directions of low rank | share the products of their base, or are written out | whether the network has a state |
//!
//! None of them changes a bit, but for bfloat16 and int8, which a network's [`Numerics`] asks for. In int8 every candidate is written out, and its
//! weights then put into bytes.

use std::ops::Range;

use crate::data::task::{Loss, Problem};
use crate::kernel::Numerics;
use crate::kernel::products::RowLayout;
use crate::kernel::sequence::{LayerPlaces, LayeredPass, PassLayout};
use crate::model::network::{Connection, Network};
use crate::model::weights::Weights;

/// Most parameters of a network with a state whose candidates are written out: 1 MiB, which stays in the L2 cache.
pub(crate) const MAX_STORED: usize = 1 << 18;
/// The same for a network without state, which reads a weight once a pass: 64 KiB.
const MAX_STORED_FEED_FORWARD: usize = 1 << 14;
/// Most layers of a network whose steps run in one loop in bfloat16.
pub(crate) const MAX_LAYERS: usize = 4;
/// Most blocks that a pass works on at once.
pub(crate) const MAX_BLOCKS: usize = 64;
/// The same with weights that are written out.
pub(crate) const FEW_BLOCKS: usize = 8;
/// The same where they are read at every step: they stay in the L1 cache.
pub(crate) const BLOCKS_WITH_STATE: usize = 2;

/// The pass of a network whose steps run in [one loop](crate::kernel::sequence) over stored weights: where a step is nothing but layers,
/// each of which reads the one before it, with activation functions that work unit by unit; `None` for others.
pub(crate) fn layered_pass(network: &dyn Network, loss: Loss) -> Option<LayeredPass> {
    let (hidden, output) = (network.hidden_activation()?, network.output_activation());
    let (connections, outputs, inputs) = (network.connections(), network.output_rows(), network.input_rows().len());
    let is_chain = connections.windows(2).all(|pair| pair[0].units.len() == pair[1].presynaptic.len());
    if connections.is_empty() || !is_chain || !hidden.is_of_one_number() || !output.is_of_one_number() {
        return None;
    }
    let stride = network.num_activities();
    let layer_of = |(index, connection): (usize, &Connection)| {
        let next = connections.get(index + 1);
        let outputs = next.map_or(&outputs, |next| &next.presynaptic).clone();
        LayerPlaces {
            weights: connection.weights.clone(),
            bias: connection.bias.clone(),
            activation: if next.is_none() { output } else { hidden },
            rows: RowLayout { stride, inputs: connection.presynaptic.clone(), outputs },
        }
    };
    let layers = connections.iter().enumerate().map(layer_of).collect();
    let (state, previous) = network.carry().unwrap_or((inputs..inputs, inputs..inputs));
    let (numerics, previous) = (network.numerics(), previous.start);
    Some(LayeredPass::new(PassLayout { numerics, loss, layers, stride, inputs, state, previous, outputs }))
}

/// How the training losses of a network on a problem are computed; see the [module](self).
#[derive(Clone, Debug)]
pub(crate) struct PassPlan {
    /// Examples (or windows) of a batch.
    pub(crate) examples: usize,
    /// Examples side by side: 1, 4 or 16.
    pub(crate) lanes: usize,
    /// Whether candidates are written out; otherwise their weights are perturbed as they are read.
    pub(crate) stores_candidates: bool,
    /// Whether directions of low rank share the products of their base.
    pub(crate) shares_low_rank: bool,
    /// The pass over stored candidates, if its steps run in one loop.
    pub(crate) layers: Option<LayeredPass>,
    /// Whether that loop is the one [in bfloat16](crate::kernel::bfloat16).
    pub(crate) is_bfloat16: bool,
    /// Floating-point operations of one loss.
    pub(crate) operations: u64,
}

impl PassPlan {
    /// The plan for a network on the training part of a problem.
    pub(crate) fn of(network: &dyn Network, problem: &Problem) -> Self {
        let (has_state, in_bytes) = (network.carry().is_some(), network.numerics() == Numerics::Int8);
        let layers = if in_bytes { None } else { layered_pass(network, loss_of(problem)) };
        let (examples, num_steps) = match problem {
            Problem::Examples(examples) => {
                (examples.batch.unwrap_or(examples.train.inputs.len() / examples.num_inputs), 1)
            }
            Problem::Series(series) => (series.windows.count, series.windows.length),
        };
        let lanes = match examples {
            1 => 1,
            2..=4 if !matches!(network.numerics(), Numerics::Bfloat16 | Numerics::Int8) => 4,
            _ => 16,
        };
        let max_stored = if has_state { MAX_STORED } else { MAX_STORED_FEED_FORWARD };
        Self {
            examples,
            lanes,
            // A network without connections reads its parameters as a whole; bytes are made of a whole candidate.
            stores_candidates: network.num_parameters() <= max_stored || network.connections().is_empty() || in_bytes,
            shares_low_rank: !has_state && !in_bytes,
            is_bfloat16: network.numerics() == Numerics::Bfloat16
                && layers.is_some()
                && has_state
                && matches!(problem, Problem::Series(_))
                && network.connections().len() <= MAX_LAYERS,
            layers,
            operations: network.operations() * (examples * num_steps) as u64,
        }
    }
}

/// The loss that a problem is trained on: squared error for a series.
pub(crate) fn loss_of(problem: &Problem) -> Loss {
    match problem {
        Problem::Examples(examples) => examples.loss,
        Problem::Series(_) => Loss::MeanSquaredError,
    }
}

/// Blocks of lanes that a pass works on at once. Stored weights of a network with a state are read at every step and stay in the L1 cache
/// with two blocks; perturbed ones are made anew for each group of blocks; independent examples have no state to keep.
pub(crate) fn blocks_at_once(has_state: bool, weights: &Weights<'_>) -> usize {
    match weights {
        Weights::Stored(_) | Weights::Int8(_) if has_state => BLOCKS_WITH_STATE,
        Weights::Stored(_) | Weights::Int8(_) => FEW_BLOCKS,
        Weights::Perturbed(_) | Weights::LowRank(_) => MAX_BLOCKS,
    }
}

/// The rows that each layer of a network writes, in the order of its connections: where the next connection reads them. For networks with
/// a [`Network::hidden_activation`]; entries behind the last layer are empty.
pub(crate) fn layer_outputs(network: &dyn Network) -> [Range<usize>; MAX_LAYERS] {
    let (connections, outputs) = (network.connections(), network.output_rows());
    std::array::from_fn(|index| match connections.get(index + 1) {
        Some(next) => next.presynaptic.clone(),
        None if index + 1 == connections.len() => outputs.clone(),
        None => 0..0,
    })
}
