//! Multilayer perceptron of any depth.
//!
//! ```text
//!     h_0 = u ,   h_l = f(b_l + W_l' h_{l−1})  for hidden layers ,   y = g(c + W_o' h_last)
//! ```
//! u input `[inputs]` · h_l layer `[hidden_l]` · y output `[outputs]` · f, g activations · W_l input-major.
//!
//! Parameters: `layer1.weights`, `layer1.bias`, …, `output.weights`, `output.bias`. Activity rows: input, each hidden
//! layer, output.
//!
//! Cost of a step for one example: 2 operations for each weight.
//!
//! Reference: D. E. Rumelhart, G. E. Hinton, R. J. Williams, Nature 323, 533–536, 1986.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::initialise::check_hidden;
use super::plan::Plan;
use crate::error::{Result, at_least_one};
use crate::kernel::Numerics;
use crate::model::network::{Activation, Block, Connection, Initialisation, Network, NetworkSettings, UnitNoise};
use crate::model::weights::Weights;
use crate::random::Key;
use crate::registry::Description;

/// Sizes and activations of a multilayer perceptron.
///
/// # Example
/// ```
/// use tegmentum::model::network::Network;
/// use tegmentum::model::networks::mlp::MlpConfig;
///
/// let network = MlpConfig { hidden: vec![4], ..MlpConfig::default() }.build(2, 1)?;
/// assert_eq!(network.num_parameters(), 17);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MlpConfig {
    /// Units of each hidden layer; empty for a single layer.
    pub hidden: Vec<usize>,
    /// What hidden units do.
    pub activation: Activation,
    /// What output units do.
    pub output_activation: Activation,
    /// How the first weights are drawn.
    pub initialisation: Initialisation,
}

impl Default for MlpConfig {
    fn default() -> Self {
        Self {
            hidden: vec![16],
            activation: Activation::Tanh,
            output_activation: Activation::Linear,
            initialisation: Initialisation::Lecun,
        }
    }
}

impl MlpConfig {
    /// The network for these sizes.
    ///
    /// # Errors
    /// A size of zero, softmax on hidden units, a negative standard deviation.
    pub fn build(&self, num_inputs: usize, num_outputs: usize) -> Result<Mlp> {
        at_least_one("num_inputs", num_inputs)?;
        at_least_one("num_outputs", num_outputs)?;
        check_hidden(self.activation)?;
        self.initialisation.check()?;
        let mut plan = Plan::default();
        let mut previous = 0..num_inputs;
        for (index, &units) in self.hidden.iter().enumerate() {
            at_least_one("hidden", units)?;
            plan.connect(previous.clone(), &[(&format!("layer{}.weights", index + 1), previous.len())], units);
            previous = previous.end..previous.end + units;
        }
        plan.connect(previous.clone(), &[("output.weights", previous.len())], num_outputs);
        let output = previous.end..previous.end + num_outputs;
        Ok(Mlp { config: self.clone(), num_inputs, output, plan })
    }
}

impl NetworkSettings for MlpConfig {
    fn description(&self) -> Description {
        Description {
            name: "mlp",
            summary: "multilayer perceptron of any depth; tanh, ReLU, logistic, linear, step or softmax units",
            reference: "Rumelhart, Hinton & Williams 1986",
        }
    }

    fn build_with(&self, numerics: Numerics, num_inputs: usize, num_outputs: usize) -> Result<Box<dyn Network>> {
        Ok(Box::new(self.build(num_inputs, num_outputs)?.with_numerics(numerics)))
    }
}

/// A multilayer perceptron; see the module's head.
#[derive(Debug)]
pub struct Mlp {
    config: MlpConfig,
    num_inputs: usize,
    output: Range<usize>,
    plan: Plan,
}

impl Mlp {
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
        for (index, connection) in self.plan.connections.iter().enumerate() {
            let first = connection.presynaptic.end;
            let is_output = first == self.output.start;
            let activation = if is_output { self.config.output_activation } else { self.config.activation };
            let units = first..first + connection.units.len();
            self.plan.drive(index, (self.output.end, units), activation, weights, noise, activity);
        }
    }
}

impl Network for Mlp {
    fn blocks(&self) -> &[Block] {
        &self.plan.blocks
    }
    fn connections(&self) -> &[Connection] {
        &self.plan.connections
    }
    fn num_activities(&self) -> usize {
        self.output.end
    }
    fn input_rows(&self) -> Range<usize> {
        0..self.num_inputs
    }
    fn output_rows(&self) -> Range<usize> {
        self.output.clone()
    }
    fn carry(&self) -> Option<(Range<usize>, Range<usize>)> {
        None
    }
    fn output_activation(&self) -> Activation {
        self.config.output_activation
    }
    fn hidden_activation(&self) -> Option<Activation> {
        Some(self.config.activation)
    }
    fn initialise(&self, key: Key) -> Vec<f32> {
        self.config.initialisation.draw(&self.plan.blocks, |block| block.name.starts_with("output"), key)
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
