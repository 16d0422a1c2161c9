//! The training loss of a recurrent network by the kernel [`bfloat16`](crate::kernel::bfloat16).

use super::network_loss::MAX_STORED;
use crate::data::batch::LaneBatch;
use crate::data::task::Loss;
use crate::error::{Error, Result};
use crate::kernel::Numerics;
use crate::kernel::activation::Activation;
use crate::kernel::bfloat16::{Chain, Layer, Space, pack, padded, words};
use crate::kernel::sequence::Course;
use crate::model::forward::per_term;
use crate::model::network::Network;

/// Most layers of a chain.
const MOST: usize = 4;

/// What a thread works with.
#[derive(Debug, Default)]
pub(super) struct Bfloat16Space {
    weights: Vec<u32>,
    space: Space,
}

/// Checks that `network`, called `name`, is one that `numerics` are made for: `bfloat16` is for chains of layers with a state
/// whose candidates are stored, all other numerics for every network.
///
/// # Errors
/// [`Error::Incompatible`] otherwise.
pub(crate) fn check_numerics(network: &dyn Network, numerics: Numerics, name: &str) -> Result<()> {
    let activations = [network.hidden_activation(), Some(network.output_activation())];
    let is_chain = network.carry().is_some()
        && activations.into_iter().all(|activation| activation.is_some_and(Activation::is_of_one_number));
    if numerics != Numerics::Bfloat16 || (is_chain && network.num_parameters() <= MAX_STORED) {
        return Ok(());
    }
    Err(Error::Incompatible {
        what: "numerics = \"bfloat16\"".to_owned(),
        with: format!("this network ({name}, {} parameters)", network.num_parameters()),
        reason: format!(
            "it is made for elman networks of at most {MAX_STORED} parameters without step or softmax units; use \
             \"native\" or \"portable\""
        ),
    })
}

/// The mean squared error of `parameters` `[P]` on windows of a series; `None` for another problem, or a network that is no chain of
/// layers with a state.
pub(super) fn mean_loss<const L: usize>(
    network: &dyn Network,
    parameters: &[f32],
    loss: Loss,
    batch: &LaneBatch<L>,
    space: &mut Bfloat16Space,
) -> Option<f64> {
    let (state, previous) = network.carry()?;
    let (hidden, output) = (network.hidden_activation()?, network.output_activation());
    let connections = network.connections();
    if loss != Loss::MeanSquaredError || connections.len() > MOST || connections.is_empty() {
        return None;
    }
    let Bfloat16Space { weights, space } = space;
    weights.clear();
    for connection in connections {
        pack(&parameters[connection.weights.clone()], connection.units.len(), weights);
    }
    let outputs = network.output_rows();
    let rows: [_; MOST] = std::array::from_fn(|index| {
        connections.get(index + 1).map_or_else(|| outputs.clone(), |next| next.presynaptic.clone())
    });
    let mut rest = &weights[..];
    let layers: [_; MOST] = std::array::from_fn(|index| {
        let index = index.min(connections.len() - 1);
        let connection = &connections[index];
        let length = words(connection.presynaptic.len()) * padded(connection.units.len());
        let (own, after) = rest.split_at(length.min(rest.len()));
        rest = after;
        Layer {
            weights: own,
            bias: &parameters[connection.bias.clone()],
            activation: if index + 1 == connections.len() { output } else { hidden },
            inputs: &connection.presynaptic,
            outputs: &rows[index],
        }
    });
    let chain = Chain {
        layers: &layers[..connections.len()],
        stride: network.num_activities(),
        inputs: network.input_rows().len(),
        state: &state,
        previous: previous.start,
        outputs: &outputs,
    };
    let mut total = 0.0;
    for block in 0..batch.blocks() {
        let course = Course { series: batch.series(block..block + 1)?, steps: batch.steps, washout: batch.washout };
        let mut sums = [0.0; L];
        chain.run(network.numerics(), course, space, &mut sums);
        total += sums[..batch.valid(block)].iter().sum::<f64>();
    }
    Some(total * per_term(loss, batch, outputs.len()))
}
