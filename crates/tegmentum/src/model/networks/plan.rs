//! The layout of a network while it is built: its blocks and connections, and the products that follow from them.

use crate::kernel::Numerics;
use crate::model::network::{Activation, Block, Connection, UnitNoise};
use crate::model::weights::{ConnectionStep, Weights};

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
