//! Elman network: one hidden layer that sees its own previous state.
//!
//! ```text
//!     h_t = f(b + W_i' u_t + W_r' h_{t−1}) ,   y_t = g(c + W_o' h_t) ,   h_0 = 0
//! ```
//! u_t input `[inputs]` · h_t state `[hidden]` · y_t output `[outputs]` · f, g activations.
//!
//! Parameters: `hidden.input` [inputs × hidden], `hidden.recurrent` [hidden × hidden], `hidden.bias`, `output.weights`
//! [hidden × outputs], `output.bias`. Activity rows: input, previous state, state, output; input and previous state lie
//! together, so that both matrices are one product.
//!
//! First weights (default): input normal with deviation ½/√inputs, recurrent normal with deviation
//! `spectral_radius`/√hidden (whose largest eigenvalue is near `spectral_radius`), output ½/√hidden, biases 0.
//!
//! Cost of a step for one example: 2 · (inputs·hidden + hidden² + hidden·outputs) operations.
//!
//! Reference: J. L. Elman, *Finding structure in time*, Cognitive Science 14, 179–211, 1990.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::initialise::{check_hidden, extend_normal};
use super::plan::Plan;
use crate::error::{Result, at_least_one, positive};
use crate::kernel::Numerics;
use crate::model::network::{Activation, Block, Connection, Initialisation, Network, NetworkSettings, UnitNoise};
use crate::model::weights::Weights;
use crate::random::Key;
use crate::registry::Description;

/// Size and activations of an Elman network.
///
/// # Example
/// ```
/// use tegmentum::model::network::Network;
/// use tegmentum::model::networks::elman::ElmanConfig;
///
/// let network = ElmanConfig { hidden: 16, ..ElmanConfig::default() }.build(3, 3)?;
/// let names: Vec<&str> = network.blocks().iter().map(|block| block.name.as_str()).collect();
/// assert_eq!(names, ["hidden.input", "hidden.recurrent", "hidden.bias", "output.weights", "output.bias"]);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ElmanConfig {
    /// Hidden units.
    pub hidden: usize,
    /// What hidden units do.
    pub activation: Activation,
    /// What output units do.
    pub output_activation: Activation,
    /// Size of the largest eigenvalue of the first recurrent weights (for many units), where `initialisation` is not
    /// given.
    pub spectral_radius: f32,
    /// Another way to draw the first weights.
    pub initialisation: Option<Initialisation>,
}

impl Default for ElmanConfig {
    fn default() -> Self {
        Self {
            hidden: 16,
            activation: Activation::Tanh,
            output_activation: Activation::Linear,
            spectral_radius: 0.9,
            initialisation: None,
        }
    }
}

impl ElmanConfig {
    /// The network for these sizes.
    ///
    /// # Errors
    /// A size of zero, softmax on hidden units, a spectral radius that is not above zero.
    pub fn build(&self, num_inputs: usize, num_outputs: usize) -> Result<Elman> {
        at_least_one("num_inputs", num_inputs)?;
        at_least_one("num_outputs", num_outputs)?;
        at_least_one("hidden", self.hidden)?;
        positive("spectral_radius", f64::from(self.spectral_radius))?;
        check_hidden(self.activation)?;
        if let Some(initialisation) = self.initialisation {
            initialisation.check()?;
        }
        let state = num_inputs + self.hidden..num_inputs + 2 * self.hidden;
        let mut plan = Plan::default();
        plan.connect(0..state.start, &[("hidden.input", num_inputs), ("hidden.recurrent", self.hidden)], self.hidden);
        plan.connect(state.clone(), &[("output.weights", self.hidden)], num_outputs);
        Ok(Elman { config: self.clone(), num_inputs, num_outputs, state, plan })
    }
}

impl NetworkSettings for ElmanConfig {
    fn description(&self) -> Description {
        Description {
            name: "elman",
            summary: "simple recurrent network: one layer that sees its own previous state",
            reference: "Elman 1990",
        }
    }

    fn build_with(&self, numerics: Numerics, num_inputs: usize, num_outputs: usize) -> Result<Box<dyn Network>> {
        Ok(Box::new(self.build(num_inputs, num_outputs)?.with_numerics(numerics)))
    }
}

/// An Elman network; see the module's head.
#[derive(Debug)]
pub struct Elman {
    config: ElmanConfig,
    num_inputs: usize,
    num_outputs: usize,
    state: Range<usize>,
    plan: Plan,
}

impl Elman {
    /// The same network with other numerics.
    #[must_use]
    pub fn with_numerics(mut self, numerics: Numerics) -> Self {
        self.plan.numerics = numerics;
        self
    }

    /// What hidden units do.
    pub fn activation(&self) -> Activation {
        self.config.activation
    }

    fn step<const L: usize>(&self, weights: &mut Weights<'_>, noise: Option<UnitNoise<'_>>, activity: &mut [[f32; L]]) {
        let rows = self.num_activities();
        let (state, output) = ((rows, self.state.clone()), (rows, self.output_rows()));
        self.plan.drive(0, state, self.config.activation, weights, noise, activity);
        self.plan.drive(1, output, self.config.output_activation, weights, noise, activity);
    }
}

impl Network for Elman {
    fn blocks(&self) -> &[Block] {
        &self.plan.blocks
    }
    fn connections(&self) -> &[Connection] {
        &self.plan.connections
    }
    fn num_activities(&self) -> usize {
        self.state.end + self.num_outputs
    }
    fn input_rows(&self) -> Range<usize> {
        0..self.num_inputs
    }
    fn output_rows(&self) -> Range<usize> {
        self.state.end..self.num_activities()
    }
    fn carry(&self) -> Option<(Range<usize>, Range<usize>)> {
        Some((self.state.clone(), self.num_inputs..self.state.start))
    }
    fn output_activation(&self) -> Activation {
        self.config.output_activation
    }
    fn hidden_activation(&self) -> Option<Activation> {
        Some(self.config.activation)
    }
    fn initialise(&self, key: Key) -> Vec<f32> {
        let blocks = &self.plan.blocks;
        if let Some(initialisation) = self.config.initialisation {
            return initialisation.draw(blocks, |block| block.name.starts_with("output"), key);
        }
        let hidden = self.config.hidden as f32;
        let deviations = [
            0.5 / (self.num_inputs as f32).sqrt(),
            self.config.spectral_radius / hidden.sqrt(),
            0.0,
            0.5 / hidden.sqrt(),
            0.0,
        ];
        let mut stream = key.stream();
        let mut parameters = Vec::with_capacity(self.num_parameters());
        for (block, deviation) in blocks.iter().zip(deviations) {
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
