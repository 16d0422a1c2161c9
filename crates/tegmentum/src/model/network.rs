//! Networks as forward passes: the contract of everything in [`networks`](crate::model::networks).
//!
//! # Parameters
//! A network owns no parameters: they are one flat `&[f32]` of length P. [`Network::blocks`] names their parts in order;
//! a matrix block is input-major, `W[i · columns + j]` being the weight from input i to unit j.
//!
//! # Activity
//! One step works in place on an *activity*: blocks of [`Network::num_activities`] rows of `L` lanes (one example each). Rows
//! hold, in an order that the network documents, the input, the previous state, the units of every layer and the output.
//! - The caller writes the input rows ([`Network::input_rows`]) and carries the state from step to step
//!   ([`Network::carry`]); a network without state has nothing to carry.
//! - `step` (over any supported number of lanes) computes all the others.
//!
//! # Connections
//! Every trainable map is a [`Connection`]: unit rows receive `bias + Σ_i W[i, j] · presynaptic row i` as their
//! *pre-activation*. Local rules need no more than this list: for each connection the activity before it, and a signal
//! for each unit after it. Noise for node perturbation is added to the pre-activations of the units, which are numbered
//! in the order of the connections.

use std::any::Any;
use std::fmt::Debug;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::kernel::Numerics;
use crate::model::weights::Weights;
use crate::random::Key;
use crate::registry::Description;

pub use crate::kernel::activation::Activation;

/// A named part of the flat parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its name, for example `hidden.recurrent`.
    pub name: String,
    /// Index of its first parameter.
    pub offset: usize,
    /// Inputs; 1 for a bias.
    pub rows: usize,
    /// Units.
    pub columns: usize,
}

impl Block {
    /// The parameters of the block.
    pub fn range(&self) -> Range<usize> {
        self.offset..self.offset + self.rows * self.columns
    }
}

/// A trainable map from rows of the activity to units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Rows of the activity that are read.
    pub presynaptic: Range<usize>,
    /// Units that receive, as numbers of the network's units (the order of their noise).
    pub units: Range<usize>,
    /// Parameters of the matrix, [presynaptic × units].
    pub weights: Range<usize>,
    /// Parameters of the bias, `[units]`.
    pub bias: Range<usize>,
}

/// How the first weights are drawn; each network documents its default.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Initialisation {
    /// Every parameter, biases too, normal with this standard deviation.
    Normal(f32),
    /// Weights normal with variance 1/inputs (LeCun et al., 1998), biases 0.
    Lecun,
    /// Weights normal with variance 2/inputs (He et al., 2015), biases 0: for rectified units. The output layer has
    /// variance 1/inputs.
    He,
    /// Weights normal with variance 2/(inputs + units) (Glorot & Bengio, 2010), biases 0.
    Glorot,
}

/// Noise ±σξ on the pre-activations of one step, ξ = ±1. A step with noise works on antithetic pairs: the activity is
/// pairs of blocks, the first of which gets +σξ and the second −σξ.
#[derive(Clone, Copy, Debug)]
pub struct UnitNoise<'a> {
    /// ξ as bits: that of lane `l` of unit `u` in pair `p` is bit `l` of `signs[p · stride + u]`, 0 for +1 and 1 for −1.
    pub signs: &'a [u16],
    /// Words from one pair to the next.
    pub stride: usize,
    /// Units that get noise: all with a smaller number. At the end of a connection's units.
    pub units: usize,
    /// σ, in the unit of a pre-activation.
    pub scale: f32,
    /// Rows at the beginning of a block that are the same in both halves of a pair: what is computed from them alone is
    /// computed once.
    pub common: usize,
}

/// A network: a pure function of parameters, input and state.
pub trait Network: Any + Send + Sync + Debug {
    /// The parts of the parameters, in order and without gaps.
    fn blocks(&self) -> &[Block];

    /// The trainable maps, in the order of computation. The last one feeds the output layer.
    fn connections(&self) -> &[Connection];

    /// Rows of the activity.
    fn num_activities(&self) -> usize;

    /// Rows that the caller fills with the input.
    fn input_rows(&self) -> Range<usize>;

    /// Rows that hold the output after a step.
    fn output_rows(&self) -> Range<usize>;

    /// Rows of the new state after a step, and the rows where the next step wants it; `None` without state. A sequence
    /// begins with zeros.
    fn carry(&self) -> Option<(Range<usize>, Range<usize>)>;

    /// What the output units do.
    fn output_activation(&self) -> Activation;

    /// What all hidden units do, where a step is nothing but the connections in their order, each followed by its
    /// activation and reading the rows that the one before it has written.
    fn hidden_activation(&self) -> Option<Activation> {
        None
    }

    /// Fresh parameters `[P]` from a key.
    fn initialise(&self, key: Key) -> Vec<f32>;

    /// How products and activation functions are computed.
    fn numerics(&self) -> Numerics;

    /// One step of one example in each block; see [`step`](#method.step) below.
    fn step1(&self, weights: &mut Weights<'_>, noise: Option<UnitNoise<'_>>, activity: &mut [[f32; 1]]);

    /// One step over 4 lanes.
    fn step4(&self, weights: &mut Weights<'_>, noise: Option<UnitNoise<'_>>, activity: &mut [[f32; 4]]);

    /// One step over 16 lanes.
    fn step16(&self, weights: &mut Weights<'_>, noise: Option<UnitNoise<'_>>, activity: &mut [[f32; 16]]);

    /// Number of parameters P.
    fn num_parameters(&self) -> usize {
        self.blocks().last().map_or(0, |block| block.range().end)
    }

    /// Number of units that receive noise in node perturbation.
    fn num_units(&self) -> usize {
        self.connections().last().map_or(0, |connection| connection.units.end)
    }

    /// Floating-point operations of one step for one example: two for each weight (activation functions not counted).
    fn operations(&self) -> u64 {
        self.connections().iter().map(|connection| 2 * connection.weights.len() as u64).sum()
    }
}

impl dyn Network + '_ {
    /// One step over `L` lanes, where `L` is 1, 4 or 16: the same for callers that are generic over their number.
    ///
    /// `activity` holds any number of blocks of [`Network::num_activities`] rows, with a pair of candidates those of the
    /// first one before those of the second, with noise pairs of blocks.
    pub fn step<const L: usize>(
        &self,
        weights: &mut Weights<'_>,
        noise: Option<UnitNoise<'_>>,
        activity: &mut [[f32; L]],
    ) {
        const { assert!(L == 1 || L == 4 || L == 16, "networks step over 1, 4 or 16 lanes") };
        let rows = activity.as_flattened_mut();
        match L {
            1 => self.step1(weights, noise, rows.as_chunks_mut().0),
            4 => self.step4(weights, noise, rows.as_chunks_mut().0),
            _ => self.step16(weights, noise, rows.as_chunks_mut().0),
        }
    }
}

/// The settings of a network: what makes it from a study file. Sizes of input and output come from the task.
///
/// A settings type of one's own is made known under its name with
/// [`NetworkConfig::register`](crate::model::networks::NetworkConfig::register).
pub trait NetworkSettings: Any + Debug + Send + Sync {
    /// Name, summary and reference.
    fn description(&self) -> Description;

    /// The network for these sizes, which computes in `numerics`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a size of zero or a setting outside its range,
    /// [`Error::Incompatible`](crate::error::Error::Incompatible) for settings that exclude each other.
    fn build_with(&self, numerics: Numerics, num_inputs: usize, num_outputs: usize) -> Result<Box<dyn Network>>;
}
