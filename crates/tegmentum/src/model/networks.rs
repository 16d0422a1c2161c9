//! The networks: one file each, forward passes only.

pub mod elman;
pub mod gru;
pub mod mlp;

use crate::error::{Error, Result};
use crate::kernel::Numerics;
use crate::model::network::{Activation, Block, Connection, Initialisation, UnitNoise};
use crate::model::weights::{ConnectionStep, Weights};
use crate::random::{Key, Stream};

/// The parts of a network, collected while it is built.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// How products and activation functions are computed.
    pub(crate) numerics: Numerics,
    pub(crate) blocks: Vec<Block>,
    pub(crate) connections: Vec<Connection>,
}

impl Plan {
    /// Adds one map: its matrix in `parts` (name and rows, stacked in the order of the presynaptic rows), then its bias.
    pub(crate) fn connect(&mut self, presynaptic: std::ops::Range<usize>, parts: &[(&str, usize)], units: usize) {
        debug_assert_eq!(presynaptic.len(), parts.iter().map(|part| part.1).sum::<usize>());
        let start = self.end();
        for &(name, rows) in parts {
            self.push(name.to_owned(), rows, units);
        }
        let middle = self.end();
        let layer = parts[0].0.split('.').next().unwrap_or_default();
        self.push(format!("{layer}.bias"), 1, units);
        let first = self.connections.last().map_or(0, |connection| connection.units.end);
        self.connections.push(Connection {
            presynaptic,
            units: first..first + units,
            weights: start..middle,
            bias: middle..self.end(),
        });
    }

    /// Computes the units of connection `index` in every block of `activity`, which has `stride` rows: bias, product,
    /// noise, then `activation`.
    pub(crate) fn drive<const L: usize>(
        &self,
        index: usize,
        (stride, units): (usize, std::ops::Range<usize>),
        activation: Activation,
        weights: &mut Weights<'_>,
        noise: Option<UnitNoise<'_>>,
        activity: &mut [[f32; L]],
    ) {
        let (numerics, connections) = (self.numerics, &self.connections[..]);
        ConnectionStep { numerics, connections, index, stride, units, activation }.run(weights, noise, activity);
    }

    fn end(&self) -> usize {
        self.blocks.last().map_or(0, |block| block.range().end)
    }

    fn push(&mut self, name: String, rows: usize, columns: usize) {
        self.blocks.push(Block { name, offset: self.end(), rows, columns });
    }
}

impl Initialisation {
    /// Draws the parameters of `blocks`; `is_output` tells the output layer's blocks.
    pub(crate) fn draw(self, blocks: &[Block], is_output: impl Fn(&Block) -> bool, key: Key) -> Vec<f32> {
        let mut stream = key.stream();
        let mut parameters = Vec::with_capacity(blocks.last().map_or(0, |block| block.range().end));
        for block in blocks {
            let is_bias = block.name.ends_with(".bias");
            let (inputs, units) = (block.rows as f32, block.columns as f32);
            let deviation = match self {
                Self::Normal(deviation) => deviation,
                _ if is_bias => 0.0,
                Self::Lecun => (1.0 / inputs).sqrt(),
                Self::He => (if is_output(block) { 1.0 } else { 2.0 } / inputs).sqrt(),
                Self::Glorot => (2.0 / (inputs + units)).sqrt(),
            };
            extend_normal(&mut parameters, block, deviation, &mut stream);
        }
        parameters
    }

    /// Checks the number inside, if there is one.
    pub(crate) fn check(self) -> Result<()> {
        match self {
            Self::Normal(deviation) if !(deviation.is_finite() && deviation >= 0.0) => Err(Error::InvalidParameter {
                name: "initialisation.normal",
                value: f64::from(deviation),
                requirement: "a finite number, at least 0",
            }),
            _ => Ok(()),
        }
    }
}

/// Appends a block of normals with standard deviation `deviation`; zeros draw no numbers.
pub(crate) fn extend_normal(parameters: &mut Vec<f32>, block: &Block, deviation: f32, stream: &mut Stream) {
    let count = block.rows * block.columns;
    if deviation == 0.0 {
        parameters.resize(parameters.len() + count, 0.0);
    } else {
        parameters.extend((0..count).map(|_| deviation * stream.normal()));
    }
}

/// Refuses softmax on hidden units.
pub(crate) fn check_hidden(activation: Activation) -> Result<()> {
    if activation == Activation::Softmax {
        return Err(Error::Incompatible {
            what: "softmax".to_owned(),
            with: "hidden units".to_owned(),
            reason:
                "it normalises over a layer; use it as output_activation, and tanh, relu, logistic, linear or step \
                     for hidden units"
                    .to_owned(),
        });
    }
    Ok(())
}
