//! The plan of a forward pass: how the losses of a network are computed, chosen once from network and problem.
//!
//! | choice | values | depends on |
//! |---|---|---|
//! | lanes | 1, 4 or 16 examples side by side | examples of a batch |
//! | weights of a candidate | written out, or made panel by panel as they are read | parameters of the network, whether it has a state |
//! | steps | one by one, all in one loop, or all in one loop in bfloat16 | whether the network is layers with a state, on a series |
//! | directions of low rank | share the products of their base, or are written out | whether the network has a state |
//!
//! None of them changes a bit, but for bfloat16 and int8, which a network's [`Numerics`] asks for. In int8 every candidate is written out, and its
//! weights then put into bytes.

use std::ops::Range;

use crate::data::task::{Loss, Problem};
use crate::kernel::Numerics;
use crate::model::network::Network;
use crate::model::weights::Weights;

/// Most parameters of a network with a state whose candidates are written out: 1 MiB, which stays in the L2 cache.
pub(crate) const MAX_STORED: usize = 1 << 18;
/// The same for a network without state, which reads a weight once a pass: 64 KiB.
const MAX_STORED_FEED_FORWARD: usize = 1 << 14;
/// Most layers of a network whose steps run in one loop.
pub(crate) const MAX_LAYERS: usize = 4;
/// Most blocks that a pass works on at once.
pub(crate) const MAX_BLOCKS: usize = 64;

/// How the steps of a pass are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepLoop {
    /// One by one, through [`Network::step1`] and its kind: any network, any weights.
    OneByOne,
    /// All in [one loop](crate::kernel::sequence) over stored weights.
    Fused,
    /// All in [one loop](crate::kernel::bfloat16) over stored weights, with weights and activities in bfloat16.
    Bfloat16,
}

impl StepLoop {
    /// The loop for a network on a series or on independent examples. One loop is possible where a step is nothing but layers with a
    /// state whose activation functions work unit by unit, and the loss is the squared error of a series.
    pub(crate) fn of(network: &dyn Network, loss: Loss, is_series: bool) -> Self {
        let is_layers = network.hidden_activation().is_some_and(|hidden| {
            hidden.is_of_one_number()
                && network.output_activation().is_of_one_number()
                && (1..=MAX_LAYERS).contains(&network.connections().len())
        });
        match network.numerics() {
            _ if !(is_layers && is_series && network.carry().is_some() && loss == Loss::MeanSquaredError) => {
                Self::OneByOne
            }
            Numerics::Bfloat16 => Self::Bfloat16,
            Numerics::Int8 => Self::OneByOne,
            Numerics::Native | Numerics::Portable => Self::Fused,
        }
    }
}

/// How the training losses of a network on a problem are computed; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub(crate) struct PassPlan {
    /// Examples (or windows) of a batch.
    pub(crate) examples: usize,
    /// Steps of each; 1 for independent examples.
    pub(crate) num_steps: usize,
    /// Examples side by side: 1, 4 or 16.
    pub(crate) lanes: usize,
    /// Whether candidates are written out; otherwise their weights are perturbed as they are read.
    pub(crate) stores_candidates: bool,
    /// Whether directions of low rank share the products of their base.
    pub(crate) shares_low_rank: bool,
    /// How the steps of stored candidates are run.
    pub(crate) steps: StepLoop,
}

impl PassPlan {
    /// The plan for a network on the training part of a problem.
    pub(crate) fn of(network: &dyn Network, problem: &Problem) -> Self {
        let has_state = network.carry().is_some();
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
        let in_bytes = network.numerics() == Numerics::Int8;
        let max_stored = if has_state { MAX_STORED } else { MAX_STORED_FEED_FORWARD };
        Self {
            examples,
            num_steps,
            lanes,
            // A network without connections reads its parameters as a whole; bytes are made of a whole candidate.
            stores_candidates: network.num_parameters() <= max_stored || network.connections().is_empty() || in_bytes,
            shares_low_rank: !has_state && !in_bytes,
            steps: StepLoop::of(network, loss_of(problem), matches!(problem, Problem::Series(_))),
        }
    }

    /// Floating-point operations of one loss.
    pub(crate) fn operations(&self, network: &dyn Network) -> u64 {
        network.operations() * (self.examples * self.num_steps) as u64
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
        Weights::Stored(_) | Weights::Int8(_) if has_state => 2,
        Weights::Stored(_) | Weights::Int8(_) => 8,
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
