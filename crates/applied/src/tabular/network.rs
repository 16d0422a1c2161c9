//! The network of a model: its outputs for rows of inputs.

use std::sync::Arc;

use tegmentum::error::{Error, Result};
use tegmentum::model::network::{Activation, Network};
use tegmentum::model::networks::NetworkConfig;
use tegmentum::model::networks::mlp::MlpConfig;
use tegmentum::numerics::Numerics;

/// Rows that go through the network side by side.
const LANES: usize = 16;

/// Units of a hidden layer, hidden layers, and parameters of a network, at most.
const MOST_UNITS: usize = 4096;
const MOST_LAYERS: usize = 8;
const MOST_PARAMETERS: usize = 10_000_000;

/// What hidden units do.
pub(crate) const HIDDEN: Activation = Activation::Tanh;

/// Checks sizes before anything is made of them.
///
/// # Errors
/// [`Error::InvalidParameter`] for a network that is too large, or a layer without units.
pub(crate) fn check(hidden: &[usize], num_inputs: usize, classes: Option<usize>) -> Result<()> {
    let invalid =
        |name, value: usize, requirement| Err(Error::InvalidParameter { name, value: value as f64, requirement });
    if hidden.len() > MOST_LAYERS {
        return invalid("hidden layers", hidden.len(), "at most 8");
    }
    if let Some(&units) = hidden.iter().find(|&&units| units == 0 || units > MOST_UNITS) {
        return invalid("hidden units", units, "between 1 and 4096");
    }
    let (mut previous, mut parameters) = (num_inputs, 0usize);
    for units in hidden.iter().copied().chain([classes.unwrap_or(1)]) {
        parameters = parameters.saturating_add(previous.saturating_add(1).saturating_mul(units));
        previous = units;
    }
    if parameters > MOST_PARAMETERS {
        return invalid("parameters of the network", parameters, "at most 10 million: fewer hidden units or columns");
    }
    Ok(())
}

/// A perceptron of hidden layers of tanh units; softmax units at the end for classes, one linear unit for a number. Portable
/// arithmetic: the same bits everywhere.
///
/// # Errors
/// Those of [`check`].
pub(crate) fn build(hidden: &[usize], num_inputs: usize, classes: Option<usize>) -> Result<Arc<dyn Network>> {
    check(hidden, num_inputs, classes)?;
    let output_activation = if classes.is_some() { Activation::Softmax } else { Activation::Linear };
    let config = MlpConfig { hidden: hidden.to_vec(), activation: HIDDEN, output_activation, ..MlpConfig::default() };
    let config = NetworkConfig::from(config);
    Ok(Arc::from(config.build_with(Numerics::Portable, num_inputs, classes.unwrap_or(1))?))
}

/// Outputs for rows of inputs [rows × inputs]: [rows × outputs].
pub(crate) fn outputs(network: &dyn Network, parameters: &[f32], inputs: &[f32]) -> Vec<f32> {
    let (width, rows) = (network.input_rows().len(), network.output_rows());
    let mut activity = vec![[0.0f32; LANES]; network.num_activities()];
    let mut outputs = Vec::with_capacity(inputs.len() / width * rows.len());
    for block in inputs.chunks(width * LANES) {
        for (lane, row) in block.chunks_exact(width).enumerate() {
            for (slot, &value) in activity[network.input_rows()].iter_mut().zip(row) {
                slot[lane] = value;
            }
        }
        network.step16(&mut parameters.into(), None, &mut activity);
        for lane in 0..block.len() / width {
            outputs.extend(activity[rows.clone()].iter().map(|lanes| lanes[lane]));
        }
    }
    outputs
}
