//! The training loss of a recurrent network by the kernel [`bfloat16`](crate::kernel::bfloat16).

use crate::data::batch::LaneBatch;
use crate::data::task::Loss;
use crate::error::{Error, Result};
use crate::kernel::Numerics;
use crate::kernel::activation::Activation;
use crate::kernel::bfloat16::{Bfloat16Pass, Bfloat16Scratch, PackedLayer, pack, padded, words};
use crate::model::forward::per_term;
use crate::model::network::Network;
use crate::model::pass::MAX_STORED;
use crate::model::pass::{MAX_LAYERS, layer_outputs};
use crate::model::weights::int8;

/// What a thread works with.
#[derive(Debug, Default)]
pub(super) struct Bfloat16Space {
    weights: Vec<u32>,
    space: Bfloat16Scratch,
}

/// Checks that `network`, called `name`, is one that `numerics` are made for: `bfloat16` is for chains of layers with a state
/// whose candidates are stored, `int8` for networks that name their connections, all other numerics for every network.
///
/// # Errors
/// [`Error::Incompatible`] otherwise.
pub(crate) fn check_numerics(network: &dyn Network, numerics: Numerics, name: &str) -> Result<()> {
    let activations = [network.hidden_activation(), Some(network.output_activation())];
    let is_chain = network.carry().is_some()
        && activations.into_iter().all(|activation| activation.is_some_and(Activation::is_of_one_number));
    if numerics == Numerics::Int8 {
        return int8::check(network, name);
    }
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

/// The mean squared error of `parameters` `[P]` on windows of a series, for networks with
/// a [plan](crate::model::pass::PassPlan) that says so; `None` for others.
pub(super) fn mean_loss<const L: usize>(
    network: &dyn Network,
    parameters: &[f32],
    batch: &LaneBatch<L>,
    space: &mut Bfloat16Space,
) -> Option<f64> {
    let (state, previous) = network.carry()?;
    let (hidden, output) = (network.hidden_activation()?, network.output_activation());
    let connections = network.connections();
    let Bfloat16Space { weights, space } = space;
    weights.clear();
    for connection in connections {
        pack(&parameters[connection.weights.clone()], connection.units.len(), weights);
    }
    let (rows, outputs) = (layer_outputs(network), network.output_rows());
    let mut rest = &weights[..];
    let layers: [_; MAX_LAYERS] = std::array::from_fn(|index| {
        let index = index.min(connections.len() - 1);
        let connection = &connections[index];
        let length = words(connection.presynaptic.len()) * padded(connection.units.len());
        let (own, after) = rest.split_at(length.min(rest.len()));
        rest = after;
        PackedLayer {
            weights: own,
            bias: &parameters[connection.bias.clone()],
            activation: if index + 1 == connections.len() { output } else { hidden },
            inputs: &connection.presynaptic,
            outputs: &rows[index],
        }
    });
    let pass = Bfloat16Pass {
        layers: &layers[..connections.len()],
        stride: network.num_activities(),
        inputs: network.input_rows().len(),
        state: &state,
        previous: previous.start,
        outputs: &outputs,
    };
    let mut total = 0.0;
    for block in 0..batch.blocks() {
        let sequences = batch.sequences(block..block + 1);
        let mut sums = [0.0; L];
        pass.run(network.numerics(), sequences, space, &mut sums);
        total += sums[..batch.valid(block)].iter().sum::<f64>();
    }
    Some(total * per_term(Loss::MeanSquaredError, batch, outputs.len()))
}
