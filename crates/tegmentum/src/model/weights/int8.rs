//! Weights of a network in [bytes](crate::kernel::int8), for networks whose numerics are `int8`.

use super::{ConnectionStep, Weights};
use crate::error::{Error, Result};
use crate::kernel::Numerics;
use crate::kernel::activation::Activation;
use crate::kernel::int8::{Int8Product, Int8Scratch, MAX_INPUTS, PackedLayer, Places};
use crate::model::network::Network;

/// Room for the weights of a network in bytes, and for the inputs of a layer.
#[derive(Clone, Debug, Default)]
pub struct Int8Space {
    layers: Vec<PackedLayer>,
    scratch: Int8Scratch,
}

/// Parameters whose weights are also there in bytes.
#[derive(Debug)]
pub struct Int8Weights<'a> {
    parameters: &'a [f32],
    space: &'a mut Int8Space,
}

impl<'a> Weights<'a> {
    /// `parameters` `[P]` as `network` computes with them: in bytes, written to `space`, if its numerics are `int8`.
    pub fn of(network: &dyn Network, parameters: &'a [f32], space: &'a mut Int8Space) -> Self {
        if network.numerics() != Numerics::Int8 {
            return parameters.into();
        }
        let connections = network.connections();
        space.layers.resize(connections.len(), PackedLayer::default());
        for (layer, connection) in space.layers.iter_mut().zip(connections) {
            layer.pack(&parameters[connection.weights.clone()], connection.units.len());
        }
        Self::Int8(Int8Weights { parameters, space })
    }
}

impl Int8Weights<'_> {
    /// All parameters.
    pub(super) fn parameters(&self) -> &[f32] {
        self.parameters
    }
}

impl ConnectionStep<'_> {
    /// The units in every block, through an activation of one number.
    pub(super) fn int8<const L: usize>(
        &self,
        weights: &mut Int8Weights<'_>,
        activation: Activation,
        activity: &mut [[f32; L]],
    ) {
        let connection = &self.connections[self.index];
        let places =
            Places { stride: self.stride, inputs: connection.presynaptic.clone(), outputs: self.units.clone() };
        let Int8Space { layers, scratch } = &mut *weights.space;
        let bias = &weights.parameters[connection.bias.clone()];
        Int8Product { layer: &layers[self.index], bias, activation, places: &places }.run(scratch, activity);
    }
}

/// Bytes of the weights of a network in bytes.
pub(crate) fn bytes(network: &dyn Network) -> usize {
    let of = |connection: &crate::model::network::Connection| {
        let units = connection.units.len().next_multiple_of(16);
        units * (connection.presynaptic.len().next_multiple_of(4) + 8)
    };
    network.connections().iter().map(of).sum()
}

/// Checks that `network`, called `name`, is made of connections whose sums fit into 32 bits.
///
/// # Errors
/// [`Error::Incompatible`] otherwise.
pub(crate) fn check(network: &dyn Network, name: &str) -> Result<()> {
    let refuse = |reason: String| {
        let with = format!("this network ({name}, {} parameters)", network.num_parameters());
        Err(Error::Incompatible { what: "numerics = \"int8\"".to_owned(), with, reason })
    };
    if network.connections().is_empty() {
        return refuse("it names no connections; use \"native\" or \"portable\"".to_owned());
    }
    match network.connections().iter().map(|connection| connection.presynaptic.len()).max() {
        Some(inputs) if inputs > MAX_INPUTS => {
            refuse(format!("a layer has {inputs} inputs; must be at most {MAX_INPUTS}; use \"native\" or \"portable\""))
        }
        _ => Ok(()),
    }
}
