//! The weights of a forward pass: stored, or perturbed as they are read.
//!
//! ```text
//!     W = gain · base + scale · v(direction)
//! ```
//! *Stored* weights are a slice. A recurrent network reads its weights at every step, so a perturbed copy is made once
//! for each probe and reused over the whole sequence and batch, as long as it fits into the L2 cache.
//!
//! *Perturbed* weights are never written as a whole: a panel of rows at a time is made in a work space of some hundred
//! kilobytes, multiplied with the whole batch and forgotten, so that memory does not grow with the network. Both halves
//! of an antithetic pair are made from the same noise. A feed-forward network reads each weight once a pass and needs no
//! more; a recurrent one makes the panels anew at every step. Where there are fewer passes than threads, the threads share each panel: its
//! noise by parameters, its product by candidates and blocks.
//!
//! Stored or perturbed, alone or in a pair: the bits of an output are the same.
//!
//! A population whose directions are of [low rank](low_rank) shares stored weights; its members add what is their own. Networks whose numerics
//! are `int8` compute with weights in [bytes](int8).

pub mod int8;
pub mod low_rank;

use std::ops::Range;

use rayon::prelude::*;

use crate::kernel::Numerics;
use crate::kernel::activation::Activation;
use crate::kernel::aligned::AlignedVec;
use crate::kernel::noise::CHUNK;
use crate::kernel::pairs::PairProduct;
use crate::kernel::products::{Product, RowLayout, SECTION, tail_of, transpose_tail};
use crate::kernel::sequence::PassParameters;
use crate::model::network::{Connection, Network, UnitNoise};
use crate::model::perturbation::{Direction, Point};
use int8::Int8Weights;
use low_rank::LowRankWeights;

/// Numbers of a panel, where a row of weights is not longer: 128 KiB, so that both halves of a pair stay in the L2 cache.
const PANEL: usize = 1 << 15;

/// Rows of a panel over `lanes` for a connection of `units`.
fn panel_rows(units: usize, lanes: usize) -> usize {
    if lanes == 1 { SECTION } else { (PANEL / units.max(1)).clamp(4, SECTION) }
}

/// Numbers of a panel for a connection of `units`.
pub(crate) fn panel_length(units: usize, lanes: usize) -> usize {
    panel_rows(units, lanes) * units + CHUNK
}

/// The weights of a pass.
#[derive(Debug)]
pub enum Weights<'a> {
    /// A slice `[P]`.
    Stored(Stored<'a>),
    /// Weights that are made from a base and a direction as they are read.
    Perturbed(Perturbed<'a>),
    /// Members of a population that share its stored part.
    LowRank(LowRankWeights<'a>),
    /// A slice `[P]` whose weights are in bytes.
    Int8(Int8Weights<'a>),
}

/// Stored parameters.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'a> {
    parameters: &'a [f32],
    tails: Option<&'a [f32]>,
}

/// One candidate, or both halves of an antithetic pair, given by base, direction and scale; see the module's head.
#[derive(Debug)]
pub struct Perturbed<'a> {
    /// The vector to start from `[P]`.
    pub point: Point<'a>,
    /// A factor on it.
    pub gain: f32,
    /// The direction of the perturbation.
    pub direction: Direction,
    /// Its scale.
    pub scale: f32,
    /// Whether the pass is over the candidates with `scale` and with `−scale`, side by side.
    pub pair: bool,
    /// Whether panels are made, and multiplied, on all threads of the pool: for passes that are fewer than these.
    pub on_all_threads: bool,
    /// Room for the panels.
    pub panels: &'a mut Panels,
}

/// Room for the panels of perturbed weights.
#[derive(Clone, Debug, Default)]
pub struct Panels {
    plus: AlignedVec,
    minus: AlignedVec,
}

impl<'a> From<&'a [f32]> for Weights<'a> {
    fn from(parameters: &'a [f32]) -> Self {
        Self::Stored(Stored::new(parameters))
    }
}

impl<'a> From<&'a Vec<f32>> for Weights<'a> {
    fn from(parameters: &'a Vec<f32>) -> Self {
        Self::from(&parameters[..])
    }
}

impl<'a> Stored<'a> {
    /// `parameters` `[P]` as they are.
    pub(crate) fn new(parameters: &'a [f32]) -> Self {
        Self { parameters, tails: None }
    }

    /// `parameters` `[P]` of `network` with the last columns of its matrices transposed into `tails`, which makes steps
    /// over a single example faster and changes no bit.
    pub(crate) fn with_tails(network: &dyn Network, parameters: &'a [f32], tails: &'a mut Vec<f32>) -> Self {
        tails.resize(network.connections().iter().map(tail_length).sum(), 0.0);
        let mut rest = &mut tails[..];
        for connection in network.connections() {
            let (own, after) = rest.split_at_mut(tail_length(connection));
            transpose_tail(&parameters[connection.weights.clone()], connection.units.len(), own);
            rest = after;
        }
        Self { parameters, tails: Some(tails) }
    }

    /// What a pass over layers reads.
    pub(crate) fn of_pass(&self) -> PassParameters<'a> {
        PassParameters { all: self.parameters, tails: self.tails }
    }

    /// The product of connection `index` of `connections`.
    pub(crate) fn product<'p>(
        &self,
        connections: &[Connection],
        index: usize,
        activation: Activation,
        place: &'p RowLayout,
    ) -> Product<'p>
    where
        'a: 'p,
    {
        let connection = &connections[index];
        let tails_of = |tails: &'p [f32]| {
            let before: usize = connections[..index].iter().map(tail_length).sum();
            &tails[before..before + tail_length(connection)]
        };
        Product {
            weights: &self.parameters[connection.weights.clone()],
            tails: self.tails.map(tails_of),
            bias: Some(&self.parameters[connection.bias.clone()]),
            activation,
            place,
        }
    }
}

/// Numbers in the transposed last columns of a connection's matrix.
fn tail_length(connection: &Connection) -> usize {
    connection.presynaptic.len() * tail_of(connection.units.len())
}

impl Weights<'_> {
    /// Candidates that a pass evaluates side by side.
    pub fn members(&self) -> usize {
        match self {
            Self::Stored(_) | Self::LowRank(_) | Self::Int8(_) => 1,
            Self::Perturbed(perturbed) => 1 + usize::from(perturbed.pair),
        }
    }
}

impl Weights<'_> {
    /// All parameters `[P]` of one of the [members](Self::members): for a network that reads them as a whole.
    pub(crate) fn candidate(&mut self, member: usize, num_parameters: usize) -> &[f32] {
        match self {
            Self::Stored(stored) => stored.parameters,
            Self::Int8(weights) => weights.parameters(),
            Self::Perturbed(perturbed) => perturbed.panel(0..num_parameters)[member],
            Self::LowRank(_) => unreachable!("directions of low rank are refused where a network names no matrices"),
        }
    }
}

impl Perturbed<'_> {
    /// Writes the weights `range` into the panels and returns them; the second one is empty without a pair.
    fn panel(&mut self, range: Range<usize>) -> [&[f32]; 2] {
        // Noise is made in whole chunks.
        let start = range.start / CHUNK * CHUNK;
        let (inside, length) = (range.start - start..range.end - start, range.end - start);
        self.panels.plus.reserve(length);
        let plus = &mut self.panels.plus[..length];
        let minus: &mut [f32] = if self.pair {
            self.panels.minus.reserve(length);
            &mut self.panels.minus[..length]
        } else {
            &mut []
        };
        let piece = if self.on_all_threads { PIECE } else { length };
        let noise = Noisy { direction: self.direction, gain: self.gain, scale: self.scale, piece };
        noise.write(start, self.point.part(start..range.end), plus, minus);
        [&self.panels.plus[inside.clone()], if self.pair { &self.panels.minus[inside] } else { &[] }]
    }
}

/// Parameters of a panel that are worth a thread, some microseconds of noise.
const PIECE: usize = 1 << 13;

/// What turns a point into candidates.
#[derive(Clone, Copy)]
struct Noisy {
    direction: Direction,
    gain: f32,
    scale: f32,
    /// Most parameters that one thread writes.
    piece: usize,
}

impl Noisy {
    /// Writes the candidates of `point`, the parameters from number `start` on: both, or without `minus` the first.
    fn write(self, start: usize, point: Point<'_>, plus: &mut [f32], minus: &mut [f32]) {
        if plus.len() > self.piece {
            let middle = (plus.len() / 2).next_multiple_of(CHUNK);
            let (left, right) = (point.part(0..middle), point.part(middle..plus.len()));
            let (plus, plus_right) = plus.split_at_mut(middle);
            let (minus, minus_right) = minus.split_at_mut(middle.min(minus.len()));
            rayon::join(
                || self.write(start, left, plus, minus),
                || self.write(start + middle, right, plus_right, minus_right),
            );
        } else if minus.is_empty() {
            self.direction.write(start / CHUNK, point, self.gain, self.scale, plus);
        } else {
            self.direction.write_pair(start / CHUNK, point, self.gain, self.scale, [plus, minus]);
        }
    }
}

/// One connection of a step: from the rows that it reads to the units that it drives.
pub(crate) struct ConnectionStep<'a> {
    /// The arithmetic.
    pub(crate) numerics: Numerics,
    /// All connections of the network.
    pub(crate) connections: &'a [Connection],
    /// Which of them.
    pub(crate) index: usize,
    /// Rows of a block.
    pub(crate) stride: usize,
    /// Rows of the units.
    pub(crate) units: Range<usize>,
    /// What the units do.
    pub(crate) activation: Activation,
}

impl ConnectionStep<'_> {
    /// Computes the units in every block: bias, product, noise, activation.
    ///
    /// `activity` [members × blocks × stride × L]; with noise, stored weights and blocks in pairs.
    pub(crate) fn run<const L: usize>(
        &self,
        weights: &mut Weights<'_>,
        noise: Option<UnitNoise<'_>>,
        activity: &mut [[f32; L]],
    ) {
        let connection = &self.connections[self.index];
        let noise =
            noise.filter(|noise| connection.units.end <= noise.units || connection.presynaptic.end <= noise.common);
        if let (Weights::Stored(stored), Some(noise), 4..) = (&*weights, noise, L) {
            self.stored_pairs(*stored, noise, activity);
            return;
        }
        let complete = !matches!(weights, Weights::LowRank(_));
        let in_product = complete && noise.is_none() && self.activation.is_of_one_number();
        let fused = if in_product { self.activation } else { Activation::Linear };
        match weights {
            Weights::Stored(stored) => self.stored(*stored, fused, activity),
            Weights::Perturbed(perturbed) => self.perturbed(perturbed, fused, activity),
            Weights::LowRank(population) => self.low_rank(population, activity),
            Weights::Int8(weights) => self.int8(weights, fused, activity),
        }
        if let Some(noise) = noise {
            self.add_noise(noise, activity);
        }
        if !in_product {
            self.activate(activity);
        }
    }

    fn activate<const L: usize>(&self, activity: &mut [[f32; L]]) {
        for block in activity.chunks_mut(self.stride) {
            self.activation.apply(self.numerics, &mut block[self.units.clone()]);
        }
    }

    fn place(&self, inputs: Range<usize>) -> RowLayout {
        RowLayout { stride: self.stride, inputs, outputs: self.units.clone() }
    }

    fn stored<const L: usize>(&self, stored: Stored<'_>, activation: Activation, activity: &mut [[f32; L]]) {
        let place = self.place(self.connections[self.index].presynaptic.clone());
        stored.product(self.connections, self.index, activation, &place).run(self.numerics, activity);
    }

    fn perturbed<const L: usize>(
        &self,
        perturbed: &mut Perturbed<'_>,
        activation: Activation,
        activity: &mut [[f32; L]],
    ) {
        let connection = &self.connections[self.index];
        let (on_all_threads, members) = (perturbed.on_all_threads, 1 + usize::from(perturbed.pair));
        let half = activity.len() / members;
        for (bias, member) in perturbed.panel(connection.bias.clone()).into_iter().zip(activity.chunks_mut(half)) {
            for block in member.chunks_mut(self.stride) {
                for (unit, &bias) in block[self.units.clone()].iter_mut().zip(bias) {
                    *unit = [bias; L];
                }
            }
        }
        let (width, all) = (connection.units.len(), connection.presynaptic.clone());
        let rows = panel_rows(width, L);
        for first in all.clone().step_by(rows) {
            let place = self.place(first..(first + rows).min(all.end));
            let start = connection.weights.start + (first - all.start) * width;
            let panel = perturbed.panel(start..start + place.inputs.len() * width);
            let activation = if place.inputs.end == all.end { activation } else { Activation::Linear };
            let product = |weights| Product { weights, tails: None, bias: None, activation, place: &place };
            if on_all_threads {
                // As many blocks as leave each thread some.
                let blocks = (half / self.stride).div_ceil(rayon::current_num_threads().div_ceil(members));
                activity.par_chunks_mut(half).zip(panel).for_each(|(member, weights)| {
                    let parts = member.par_chunks_mut(blocks * self.stride);
                    parts.for_each(|blocks| product(weights).run(self.numerics, blocks));
                });
            } else {
                for (weights, member) in panel.into_iter().zip(activity.chunks_mut(half)) {
                    product(weights).run(self.numerics, member);
                }
            }
        }
    }

    /// The product that all members share, computed here or taken from `population.shared`, and what each member adds to it.
    fn low_rank<const L: usize>(&self, population: &LowRankWeights<'_>, activity: &mut [[f32; L]]) {
        let inputs = self.connections[self.index].presynaptic.clone();
        if let Some(shared) = population.shared.filter(|_| self.index == 0) {
            for (index, block) in activity.chunks_mut(self.stride).enumerate() {
                let width = self.units.len() * L;
                let sums = &shared[index * width..][..width];
                block[self.units.clone()].as_flattened_mut().copy_from_slice(sums);
            }
        } else {
            let place = self.place(inputs.clone());
            population
                .stored
                .product(self.connections, self.index, Activation::Linear, &place)
                .run(self.numerics, activity);
        }
        for block in activity.chunks_mut(self.stride) {
            let (before, after) = block.split_at_mut(self.units.start);
            let units = &mut after[..self.units.len()];
            population.members.correct(self.numerics, self.index, &before[inputs.clone()], units);
        }
    }

    /// The scale of the noise on these units.
    fn scale(&self, noise: UnitNoise<'_>) -> f32 {
        if self.connections[self.index].units.end <= noise.units { noise.scale } else { 0.0 }
    }

    /// Pairs of blocks with noise in the product, and with its activation if that is of one number.
    fn stored_pairs<const L: usize>(&self, stored: Stored<'_>, noise: UnitNoise<'_>, activity: &mut [[f32; L]]) {
        let (connection, fused) = (&self.connections[self.index], self.activation.is_of_one_number());
        let product = Product {
            weights: &stored.parameters[connection.weights.clone()],
            tails: None,
            bias: Some(&stored.parameters[connection.bias.clone()]),
            activation: if fused { self.activation } else { Activation::Linear },
            place: &self.place(connection.presynaptic.clone()),
        };
        let pairs = PairProduct {
            product,
            signs: noise.signs,
            stride: noise.stride,
            first: connection.units.start,
            scale: self.scale(noise),
            common: connection.presynaptic.end <= noise.common,
        };
        pairs.run(self.numerics, activity);
        if !fused {
            self.activate(activity);
        }
    }

    /// Noise on finished sums: `+σξ` in the first block of each pair, `−σξ` in the second.
    fn add_noise<const L: usize>(&self, noise: UnitNoise<'_>, activity: &mut [[f32; L]]) {
        let (own, scale) = (self.connections[self.index].units.clone(), self.scale(noise));
        for (index, block) in activity.chunks_mut(self.stride).enumerate() {
            let signs = &noise.signs[index / 2 * noise.stride..][own.clone()];
            let scale = if index % 2 == 0 { scale } else { -scale };
            for (unit, signs) in block[self.units.clone()].iter_mut().zip(signs) {
                for (lane, value) in unit.iter_mut().enumerate() {
                    *value += if signs >> lane & 1 == 0 { scale } else { -scale };
                }
            }
        }
    }
}
