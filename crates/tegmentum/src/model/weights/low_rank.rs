//! The weights of a population whose directions are of [low rank](crate::model::perturbation::low_rank): one stored matrix for all, and the
//! factors of each member.
//!
//! Lanes are examples, for one member at a time; or, where there is only one example, lanes are 16 members. The bits of a member's
//! output do not depend on the others.

use super::Stored;
use crate::kernel::Numerics;
use crate::kernel::aligned::AlignedVec;
use crate::kernel::low_rank::Factors;
use crate::kernel::noise::write_normals;
use crate::model::network::Connection;
use crate::model::perturbation::low_rank::LowRankDirection;

/// Members around stored weights.
#[derive(Clone, Copy, Debug)]
pub struct LowRankWeights<'a> {
    pub(super) stored: Stored<'a>,
    pub(super) members: &'a Members,
    /// The first connection's sums without a direction [blocks × units × L], where all members read the same inputs.
    pub(super) shared: Option<&'a [f32]>,
}

impl<'a> LowRankWeights<'a> {
    /// `members` around `parameters` `[P]`; `shared` as above, or nothing.
    pub(crate) fn new(parameters: &'a [f32], members: &'a Members, shared: Option<&'a [f32]>) -> Self {
        Self { stored: Stored { parameters, tails: None }, members, shared }
    }
}

/// The factors of one member for all lanes, or of one for each, connection by connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Members {
    rank: usize,
    root: f32,
    /// Members: 1 or 16.
    lanes: usize,
    /// First number of each connection, and inputs and units.
    parts: Vec<(usize, usize, usize)>,
    /// In a connection a [r × inputs], b [r × units], c `[units]`, each × lanes.
    values: AlignedVec,
    /// `[lanes]`.
    scales: Vec<f32>,
    /// The factors of one member, on their way into lanes.
    single: Vec<f32>,
    /// Whose they are.
    drawn: Option<LowRankDirection>,
}

impl Members {
    /// Makes the factors of `members`, directions with their scales: one for all lanes, or as many as `lanes` = 16 at most, where
    /// lanes beyond the last one have the scale 0.
    pub(crate) fn fill(&mut self, connections: &[Connection], members: &[(LowRankDirection, f32)], lanes: usize) {
        let Some((first, _)) = members.first() else { return };
        (self.rank, self.root, self.lanes) = (first.rank, first.scale(), lanes);
        self.parts.clear();
        let mut length = 0;
        for connection in connections {
            let (inputs, units) = (connection.presynaptic.len(), connection.units.len());
            self.parts.push((length, inputs, units));
            length += (self.rank * (inputs + units) + units) * lanes;
        }
        self.values.reserve(length);
        self.scales.clear();
        self.scales.resize(lanes, 0.0);
        self.single.resize(length / lanes, 0.0);
        for (lane, (direction, scale)) in members.iter().take(lanes).enumerate() {
            self.scales[lane] = *scale;
            // Both halves of a pair have the same factors.
            if self.drawn != Some(*direction) {
                self.draw(connections, *direction);
                self.drawn = Some(*direction);
            }
            for (slot, value) in self.values[..length].iter_mut().skip(lane).step_by(lanes).zip(&self.single) {
                *slot = *value;
            }
        }
    }

    /// The factors of one direction into `single`.
    fn draw(&mut self, connections: &[Connection], direction: LowRankDirection) {
        for (connection, (first, inputs, units)) in connections.iter().zip(&self.parts) {
            let number = |offset: usize| direction.layout.index_of(offset).unwrap_or_default();
            let (weights, bias) = (number(connection.weights.start), number(connection.bias.start));
            let first = first / self.lanes;
            let own = &mut self.single[first..first + self.rank * (inputs + units) + units];
            let (left, rest) = own.split_at_mut(self.rank * inputs);
            let (right, constant) = rest.split_at_mut(self.rank * units);
            for (q, (left, right)) in left.chunks_exact_mut(*inputs).zip(right.chunks_exact_mut(*units)).enumerate() {
                write_normals(direction.left(weights, q), 0, left);
                write_normals(direction.right(weights, q), 0, right);
            }
            write_normals(direction.left(bias, 0), 0, constant);
        }
    }

    /// Adds what the members' directions add to the pre-activations of connection `index` in one block.
    pub(super) fn correct<const L: usize>(
        &self,
        numerics: Numerics,
        index: usize,
        inputs: &[[f32; L]],
        outputs: &mut [[f32; L]],
    ) {
        let (first, rows, units) = self.parts[index];
        let (left, rest) = self.values[first..].split_at(self.rank * rows * self.lanes);
        let (right, rest) = rest.split_at(self.rank * units * self.lanes);
        let (bias, root) = (&rest[..units * self.lanes], self.root);
        if let [scale] = self.scales[..] {
            return Factors { left, right, bias, scale, root }.add_to(numerics, inputs, outputs);
        }
        if let Some(scale) = self.scales.first_chunk::<L>() {
            let (left, right, bias) = (left.as_chunks().0, right.as_chunks().0, bias.as_chunks().0);
            Factors { left, right, bias, scale: *scale, root }.add_to_members(numerics, inputs, outputs);
        }
    }
}
