//! The weights of a population whose directions are of [low rank](crate::perturbation::low_rank): one stored matrix for all, and the
//! factors of each member.
//!
//! Lanes are examples and every member has blocks of its own; or, where there is only one example, lanes are members, 16 to a
//! block. The bits of a member's output do not depend on the others.

use super::Stored;
use crate::kernel::Kernel;
use crate::kernel::aligned::AlignedVec;
use crate::kernel::low_rank::Factors;
use crate::kernel::noise::write_normals;
use crate::network::Connection;
use crate::perturbation::low_rank::LowRankDirection;

/// A population around stored weights.
#[derive(Clone, Copy, Debug)]
pub struct LowRankWeights<'a> {
    pub(super) stored: Stored<'a>,
    members: &'a Members,
    /// The first connection's sums without a direction [blocks × units × L], where all members read the same inputs.
    pub(super) shared: Option<&'a [f32]>,
}

impl<'a> LowRankWeights<'a> {
    /// `members` around `parameters` `[P]`; `shared` as above, or nothing.
    pub(crate) fn new(parameters: &'a [f32], members: &'a Members, shared: Option<&'a [f32]>) -> Self {
        Self { stored: Stored { parameters, tails: None }, members, shared }
    }

    /// Groups of blocks: members, or sixteens of them.
    pub(super) fn groups(&self) -> usize {
        self.members.groups()
    }

    /// Adds what the directions of group `group` add to the pre-activations of connection `index` in one block.
    pub(super) fn correct<const L: usize>(
        &self,
        kernel: Kernel,
        (group, index): (usize, usize),
        inputs: &[[f32; L]],
        outputs: &mut [[f32; L]],
    ) {
        self.members.correct(kernel, (group, index), inputs, outputs);
    }
}

/// The factors of some members, connection by connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Members {
    rank: usize,
    root: f32,
    /// Members in a group: 1 or 16.
    lanes: usize,
    /// Numbers of a group.
    length: usize,
    /// First number of each connection in a group, and inputs and units.
    parts: Vec<(usize, usize, usize)>,
    /// [groups × length]; in a connection a [r × inputs], b [r × units], c `[units]`, each × lanes.
    values: AlignedVec,
    /// [groups × lanes].
    scales: Vec<f32>,
    /// The factors of one member, on their way into lanes.
    single: Vec<f32>,
}

impl Members {
    /// Makes the factors of `members`, directions with their scales, in groups of `lanes` = 1 or 16. Lanes beyond the last one
    /// have the scale 0.
    pub(crate) fn fill(&mut self, connections: &[Connection], members: &[(LowRankDirection, f32)], lanes: usize) {
        let Some((first, _)) = members.first() else { return };
        (self.rank, self.root, self.lanes, self.length) = (first.rank, first.scale(), lanes, 0);
        self.parts.clear();
        for connection in connections {
            let (inputs, units) = (connection.presynaptic.len(), connection.units.len());
            self.parts.push((self.length, inputs, units));
            self.length += (self.rank * (inputs + units) + units) * lanes;
        }
        let groups = members.len().div_ceil(lanes);
        self.values.reserve(groups * self.length);
        self.scales.clear();
        self.scales.resize(groups * lanes, 0.0);
        self.single.resize(self.length / lanes, 0.0);
        for (index, (direction, scale)) in members.iter().enumerate() {
            let (group, lane) = (index / lanes, index % lanes);
            self.scales[group * lanes + lane] = *scale;
            // Both halves of a pair have the same factors.
            if index == 0 || members[index - 1].0 != *direction {
                self.draw(connections, *direction);
            }
            let own = &mut self.values[group * self.length..(group + 1) * self.length];
            for (slot, value) in own.iter_mut().skip(lane).step_by(lanes).zip(&self.single) {
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

    fn groups(&self) -> usize {
        self.scales.len() / self.lanes.max(1)
    }

    fn correct<const L: usize>(
        &self,
        kernel: Kernel,
        (group, index): (usize, usize),
        inputs: &[[f32; L]],
        outputs: &mut [[f32; L]],
    ) {
        let (first, rows, units) = self.parts[index];
        let own = &self.values[group * self.length + first..];
        let (left, rest) = own.split_at(self.rank * rows * self.lanes);
        let (right, rest) = rest.split_at(self.rank * units * self.lanes);
        let (bias, root) = (&rest[..units * self.lanes], self.root);
        let scales = &self.scales[group * self.lanes..(group + 1) * self.lanes];
        if let ([scale], 1) = (scales, self.lanes) {
            return Factors { left, right, bias, scale: *scale, root }.add_to(kernel, inputs, outputs);
        }
        if let Some(scale) = scales.first_chunk::<L>() {
            let (left, right, bias) = (left.as_chunks().0, right.as_chunks().0, bias.as_chunks().0);
            Factors { left, right, bias, scale: *scale, root }.add_to_members(kernel, inputs, outputs);
        }
    }
}
