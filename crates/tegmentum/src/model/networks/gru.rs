//! Gated recurrent unit.
//!
//! ```text
//!     z_t = σ(b_z + W_z' [u_t, h_{t−1}])            update gate: the share that is kept
//!     r_t = σ(b_r + W_r' [u_t, h_{t−1}])            reset gate
//!     n_t = tanh(b_n + W_n' [u_t, r_t ∘ h_{t−1}])   candidate
//!     h_t = z_t ∘ h_{t−1} + (1 − z_t) ∘ n_t ,   y_t = g(c + W_o' h_t) ,   h_0 = 0
//! ```
//! u_t input `[inputs]` · h, z, r, n `[hidden]` · y_t output `[outputs]` · σ logistic · ∘ element by element.
//!
//! Parameters: `gates.input`, `gates.recurrent`, `gates.bias` for z and r together [… × 2·hidden], `candidate.input`,
//! `candidate.recurrent`, `candidate.bias`, `output.weights`, `output.bias`. Activity rows: input, previous state, gates
//! (z, r), input again, r ∘ previous state, candidate, state, output.
//!
//! First weights (default): normal with variance 1/(inputs + hidden) for gates and candidate, ½/√hidden for the output,
//! biases 0.
//!
//! Cost of a step for one example: 2 · (3·(inputs + hidden)·hidden + hidden·outputs) operations.
//!
//! Reference: K. Cho et al., *Learning phrase representations using RNN encoder–decoder*, EMNLP 2014, arXiv:1406.1078
//! (there z is the share that is kept, as here).

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::initialise::extend_normal;
use super::plan::Plan;
use crate::error::{Result, at_least_one};
use crate::kernel::Numerics;
use crate::model::network::{Activation, Block, Connection, Initialisation, Network, NetworkSettings, UnitNoise};
use crate::model::weights::Weights;
use crate::random::Key;
use crate::registry::Description;

/// Size of a gated recurrent unit.
///
/// # Example
/// ```
/// use tegmentum::model::network::Network;
/// use tegmentum::model::networks::gru::GruConfig;
///
/// let network = GruConfig { hidden: 8, ..GruConfig::default() }.build(1, 1)?;
/// assert_eq!(network.num_parameters(), 3 * (1 + 8 + 1) * 8 + 9);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GruConfig {
    /// Hidden units.
    pub hidden: usize,
    /// What output units do.
    pub output_activation: Activation,
    /// Another way to draw the first weights.
    pub initialisation: Option<Initialisation>,
}

impl Default for GruConfig {
    fn default() -> Self {
        Self { hidden: 16, output_activation: Activation::Linear, initialisation: None }
    }
}

impl GruConfig {
    /// The network for these sizes.
    ///
    /// # Errors
    /// A size of zero, a negative standard deviation.
    pub fn build(&self, num_inputs: usize, num_outputs: usize) -> Result<Gru> {
        at_least_one("num_inputs", num_inputs)?;
        at_least_one("num_outputs", num_outputs)?;
        at_least_one("hidden", self.hidden)?;
        if let Some(initialisation) = self.initialisation {
            initialisation.check()?;
        }
        let rows = Rows::new(num_inputs, self.hidden, num_outputs);
        let mut plan = Plan::default();
        plan.connect(
            rows.input.start..rows.previous.end,
            &[("gates.input", num_inputs), ("gates.recurrent", self.hidden)],
            2 * self.hidden,
        );
        plan.connect(
            rows.input_again.start..rows.kept.end,
            &[("candidate.input", num_inputs), ("candidate.recurrent", self.hidden)],
            self.hidden,
        );
        plan.connect(rows.state.clone(), &[("output.weights", self.hidden)], num_outputs);
        Ok(Gru { config: self.clone(), rows, plan })
    }
}

impl NetworkSettings for GruConfig {
    fn description(&self) -> Description {
        Description {
            name: "gru",
            summary: "gated recurrent unit: update and reset gates decide what is kept",
            reference: "Cho et al. 2014",
        }
    }

    fn build_with(&self, numerics: Numerics, num_inputs: usize, num_outputs: usize) -> Result<Box<dyn Network>> {
        Ok(Box::new(self.build(num_inputs, num_outputs)?.with_numerics(numerics)))
    }
}

/// Where each part of the activity lies.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    pub(crate) input: Range<usize>,
    pub(crate) previous: Range<usize>,
    pub(crate) gates: Range<usize>,
    pub(crate) input_again: Range<usize>,
    pub(crate) kept: Range<usize>,
    pub(crate) candidate: Range<usize>,
    pub(crate) state: Range<usize>,
    pub(crate) output: Range<usize>,
}

impl Rows {
    fn new(num_inputs: usize, hidden: usize, num_outputs: usize) -> Self {
        let mut end = 0;
        let mut take = |length: usize| {
            end += length;
            end - length..end
        };
        Self {
            input: take(num_inputs),
            previous: take(hidden),
            gates: take(2 * hidden),
            input_again: take(num_inputs),
            kept: take(hidden),
            candidate: take(hidden),
            state: take(hidden),
            output: take(num_outputs),
        }
    }
}

/// A gated recurrent unit; see the module's head.
#[derive(Debug)]
pub struct Gru {
    config: GruConfig,
    pub(crate) rows: Rows,
    plan: Plan,
}

impl Gru {
    /// The same network with other numerics.
    #[must_use]
    pub fn with_numerics(mut self, numerics: Numerics) -> Self {
        self.plan.numerics = numerics;
        self
    }

    fn step<const L: usize>(&self, weights: &mut Weights<'_>, noise: Option<UnitNoise<'_>>, activity: &mut [[f32; L]]) {
        let (rows, stride) = (&self.rows, self.rows.output.end);
        self.plan.drive(0, (stride, rows.gates.clone()), Activation::Logistic, weights, noise, activity);
        activity.chunks_mut(stride).for_each(|block| self.reset(block));
        self.plan.drive(1, (stride, rows.candidate.clone()), Activation::Tanh, weights, noise, activity);
        activity.chunks_mut(stride).for_each(|block| self.update(block));
        let output = self.config.output_activation;
        self.plan.drive(2, (stride, rows.output.clone()), output, weights, noise, activity);
    }

    /// What the reset gate keeps of the previous state, and the input once more.
    fn reset<const L: usize>(&self, activity: &mut [[f32; L]]) {
        let (rows, hidden) = (&self.rows, self.config.hidden);
        activity.copy_within(rows.input.clone(), rows.input_again.start);
        for unit in 0..hidden {
            let (previous, reset) = (activity[rows.previous.start + unit], activity[rows.gates.start + hidden + unit]);
            activity[rows.kept.start + unit] = std::array::from_fn(|lane| reset[lane] * previous[lane]);
        }
    }

    /// The new state: what the update gate keeps of the previous one, and the candidate.
    fn update<const L: usize>(&self, activity: &mut [[f32; L]]) {
        let rows = &self.rows;
        for unit in 0..self.config.hidden {
            let (keep, previous) = (activity[rows.gates.start + unit], activity[rows.previous.start + unit]);
            let new = activity[rows.candidate.start + unit];
            activity[rows.state.start + unit] =
                std::array::from_fn(|lane| keep[lane] * previous[lane] + (1.0 - keep[lane]) * new[lane]);
        }
    }
}

impl Network for Gru {
    fn blocks(&self) -> &[Block] {
        &self.plan.blocks
    }
    fn connections(&self) -> &[Connection] {
        &self.plan.connections
    }
    fn num_activities(&self) -> usize {
        self.rows.output.end
    }
    fn input_rows(&self) -> Range<usize> {
        self.rows.input.clone()
    }
    fn output_rows(&self) -> Range<usize> {
        self.rows.output.clone()
    }
    fn carry(&self) -> Option<(Range<usize>, Range<usize>)> {
        Some((self.rows.state.clone(), self.rows.previous.clone()))
    }
    fn output_activation(&self) -> Activation {
        self.config.output_activation
    }
    fn initialise(&self, key: Key) -> Vec<f32> {
        let blocks = &self.plan.blocks;
        let is_output = |block: &Block| block.name.starts_with("output");
        if let Some(initialisation) = self.config.initialisation {
            return initialisation.draw(blocks, is_output, key);
        }
        let hidden = self.config.hidden as f32;
        let fan_in = (self.rows.input.len() as f32 + hidden).sqrt();
        let mut stream = key.stream();
        let mut parameters = Vec::with_capacity(self.num_parameters());
        for block in blocks {
            let deviation = match block.name.as_str() {
                "output.weights" => 0.5 / hidden.sqrt(),
                name if name.ends_with(".bias") => 0.0,
                _ => 1.0 / fan_in,
            };
            extend_normal(&mut parameters, block, deviation, &mut stream);
        }
        parameters
    }
    fn numerics(&self) -> Numerics {
        self.plan.numerics
    }
    fn step1(&self, weights: &mut Weights<'_>, noise: Option<UnitNoise<'_>>, activity: &mut [[f32; 1]]) {
        self.step(weights, noise, activity);
    }
    fn step4(&self, weights: &mut Weights<'_>, noise: Option<UnitNoise<'_>>, activity: &mut [[f32; 4]]) {
        self.step(weights, noise, activity);
    }
    fn step16(&self, weights: &mut Weights<'_>, noise: Option<UnitNoise<'_>>, activity: &mut [[f32; 16]]) {
        self.step(weights, noise, activity);
    }
}
