//! A network of one's own: a forward pass for one example, and nothing else.
//!
//! [`ForwardPass`] is all that has to be written. [`CustomNetwork`] makes a [`Network`] of it, which is an
//! [objective](crate::model::objectives::NetworkLoss) for every black-box optimizer, can be judged
//! ([`Evaluator`](crate::evidence::evaluation::Evaluator)) and, through settings that build it, be named in a study.
//!
//! # What it cannot do
//! Nothing is known of its inside: it has no units that could receive noise, so that node perturbation refuses it, no
//! matrices for directions of low rank, and no gradient. A network with these implements [`Network`] itself.
//!
//! # Cost
//! One call for each example and step. Candidates are stored: two copies of the parameters a thread.
//!
//! # Example
//! A line.
//! ```
//! use tegmentum::model::networks::custom::{CustomNetwork, ForwardPass, Sizes};
//! use tegmentum::prelude::*;
//!
//! #[derive(Debug)]
//! struct Line;
//!
//! impl ForwardPass for Line {
//!     fn sizes(&self) -> Sizes {
//!         Sizes { parameters: 2, inputs: 1, outputs: 1, states: 0 }
//!     }
//!     fn initialise(&self, key: Key) -> Vec<f32> {
//!         let mut stream = key.stream();
//!         vec![stream.normal(), stream.normal()]
//!     }
//!     fn forward(&self, parameters: &[f32], input: &[f32], _state: &mut [f32], output: &mut [f32]) {
//!         output[0] = parameters[0] + parameters[1] * input[0];
//!     }
//! }
//!
//! let examples = Examples::from_rows(&[[0.0], [1.0], [2.0]], &[[1.0], [3.0], [5.0]])?;
//! let objective = NetworkLoss::new(CustomNetwork::new(Line), examples);
//! let start = objective.network().initialise(Key::from_seed(1));
//! let line = minimise_objective(&objective, &start).budget(4_000).run()?;
//! assert!(line.loss < 1e-3, "{line:?}");
//! # Ok::<(), tegmentum::error::Error>(())
//! ```

use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

use crate::kernel::Numerics;
use crate::model::network::{Activation, Block, Connection, Network, UnitNoise};
use crate::model::weights::Weights;
use crate::random::Key;

/// The sizes of a forward pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Number of parameters P.
    pub parameters: usize,
    /// Numbers that are read at a step.
    pub inputs: usize,
    /// Numbers that are written at a step.
    pub outputs: usize,
    /// Numbers that are kept from step to step; 0 for a network without memory.
    pub states: usize,
}

/// A forward pass of one example.
pub trait ForwardPass: Debug + Send + Sync + 'static {
    /// Its sizes, always the same.
    fn sizes(&self) -> Sizes;

    /// First parameters `[P]` from a key.
    fn initialise(&self, key: Key) -> Vec<f32>;

    /// One step: writes `output` `[outputs]` from `input` `[inputs]` and `parameters` `[P]`. `state` `[states]` holds what the step before left there, zeros at the first one. For the cross-entropy, outputs are probabilities.
    ///
    /// It must be a function of what it is given alone, for the same seed to give the same result.
    fn forward(&self, parameters: &[f32], input: &[f32], state: &mut [f32], output: &mut [f32]);

    /// Floating-point operations of a step, by which work is spread over threads.
    fn operations(&self) -> u64 {
        2 * self.sizes().parameters as u64
    }
}

/// A forward pass as a [`Network`]; see the module's head.
///
/// Activity rows: input, previous state, state, output.
#[derive(Debug)]
pub struct CustomNetwork<F> {
    pass: F,
    sizes: Sizes,
    blocks: [Block; 1],
}

impl<F: ForwardPass> CustomNetwork<F> {
    /// The network of `pass`.
    pub fn new(pass: F) -> Self {
        let sizes = pass.sizes();
        let block = Block { name: "parameters".to_owned(), offset: 0, rows: 1, columns: sizes.parameters };
        Self { pass, sizes, blocks: [block] }
    }

    /// The forward pass.
    pub fn pass(&self) -> &F {
        &self.pass
    }

    fn previous_rows(&self) -> Range<usize> {
        let start = self.sizes.inputs;
        start..start + self.sizes.states
    }

    fn state_rows(&self) -> Range<usize> {
        let start = self.previous_rows().end;
        start..start + self.sizes.states
    }

    /// One step of all lanes in all blocks, one lane after the other.
    fn step<const L: usize>(&self, weights: &mut Weights<'_>, activity: &mut [[f32; L]]) {
        let mut input = vec![0.0; self.sizes.inputs];
        let mut state = vec![0.0; self.sizes.states];
        let mut output = vec![0.0; self.sizes.outputs];
        let members = weights.members();
        let blocks = activity.len() / self.num_activities() / members;
        for member in 0..members {
            let parameters = weights.candidate(member, self.sizes.parameters);
            let own = &mut activity[member * blocks * self.num_activities()..];
            for rows in own.chunks_exact_mut(self.num_activities()).take(blocks) {
                for lane in 0..L {
                    copy_lane(&rows[self.input_rows()], lane, &mut input);
                    copy_lane(&rows[self.previous_rows()], lane, &mut state);
                    self.pass.forward(parameters, &input, &mut state, &mut output);
                    fill_lane(&state, lane, &mut rows[self.state_rows()]);
                    fill_lane(&output, lane, &mut rows[self.output_rows()]);
                }
            }
        }
    }
}

fn copy_lane<const L: usize>(rows: &[[f32; L]], lane: usize, values: &mut [f32]) {
    values.iter_mut().zip(rows).for_each(|(value, row)| *value = row[lane]);
}

fn fill_lane<const L: usize>(values: &[f32], lane: usize, rows: &mut [[f32; L]]) {
    rows.iter_mut().zip(values).for_each(|(row, value)| row[lane] = *value);
}

impl<F: ForwardPass> From<CustomNetwork<F>> for Arc<dyn Network> {
    fn from(network: CustomNetwork<F>) -> Self {
        Arc::new(network)
    }
}

impl<F: ForwardPass> Network for CustomNetwork<F> {
    fn blocks(&self) -> &[Block] {
        &self.blocks
    }
    fn connections(&self) -> &[Connection] {
        &[]
    }
    fn num_activities(&self) -> usize {
        self.output_rows().end
    }
    fn input_rows(&self) -> Range<usize> {
        0..self.sizes.inputs
    }
    fn output_rows(&self) -> Range<usize> {
        let start = self.state_rows().end;
        start..start + self.sizes.outputs
    }
    fn carry(&self) -> Option<(Range<usize>, Range<usize>)> {
        (self.sizes.states > 0).then(|| (self.state_rows(), self.previous_rows()))
    }
    fn output_activation(&self) -> Activation {
        Activation::Linear
    }
    fn initialise(&self, key: Key) -> Vec<f32> {
        self.pass.initialise(key)
    }
    fn numerics(&self) -> Numerics {
        Numerics::default()
    }
    fn step1(&self, weights: &mut Weights<'_>, _: Option<UnitNoise<'_>>, activity: &mut [[f32; 1]]) {
        self.step(weights, activity);
    }
    fn step4(&self, weights: &mut Weights<'_>, _: Option<UnitNoise<'_>>, activity: &mut [[f32; 4]]) {
        self.step(weights, activity);
    }
    fn step16(&self, weights: &mut Weights<'_>, _: Option<UnitNoise<'_>>, activity: &mut [[f32; 16]]) {
        self.step(weights, activity);
    }
    fn num_parameters(&self) -> usize {
        self.sizes.parameters
    }
    fn operations(&self) -> u64 {
        self.pass.operations()
    }
}
