//! Gradients, for the baselines alone: exact backpropagation and backpropagation through time.
//!
//! Nothing that learns forward-only may use this module; it exists so that a comparison can say what a gradient buys.
//!
//! - [`Reverse`] is a network's way back through one step, in one file for each network.
//! - [`Backpropagation`] is the exact gradient of the mean loss of a batch, through time where there is state.
//! - [`GradientDescent`] follows it by a rule: [`sgd`], [`momentum`] or [`adam`].

pub mod adam;
mod backpropagation;
mod descent;
mod learner;
pub mod momentum;
mod reverse_elman;
mod reverse_gru;
mod reverse_mlp;
pub mod sgd;

pub use backpropagation::{Backpropagation, tape_bytes};
pub use descent::{FORWARD_EQUIVALENTS, GradientConfig, GradientDescent, GradientRule, registry};
pub use learner::GradientLearner;

use crate::model::network::Activation;

/// A network's way back: from the derivatives of its units' pre-activations at the output to those of all its units.
///
/// One call goes through one step. Rows and units are those of [`Network`](crate::model::network::Network).
///
/// # Example
/// ```
/// use tegmentum::model::network::NetworkConfig;
///
/// let smooth: NetworkConfig = toml::from_str("[mlp]\nhidden = [4]")?;
/// let stepped: NetworkConfig = toml::from_str("[mlp]\nhidden = [4]\nactivation = \"step\"")?;
/// assert!(smooth.build(2, 1)?.reverse().differentiable());
/// assert!(!stepped.build(2, 1)?.reverse().differentiable());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Reverse {
    /// Whether every activation function has a derivative; a step function has not.
    fn differentiable(&self) -> bool;

    /// Fills `signals` (∂loss/∂pre-activation, [units × 16]) for all hidden units, and `errors` (∂loss/∂activity,
    /// [activities × 16]) for the rows of the previous state.
    ///
    /// On entry, `signals` of the output units are given, and `errors` of the new state hold what comes from later
    /// steps; all other errors are zero.
    fn reverse_step(
        &self,
        parameters: &[f32],
        activity: &[[f32; 16]],
        errors: &mut [[f32; 16]],
        signals: &mut [[f32; 16]],
    );
}

/// Whether a unit has a derivative, by itself or (softmax) with its layer.
fn has_derivative(activation: Activation) -> bool {
    activation != Activation::Step
}

/// `signal = error · f'(pre-activation)`, with the derivative written with the units' `outputs`. All are [units × 16].
fn fill_signals(activation: Activation, outputs: &[[f32; 16]], errors: &[[f32; 16]], signals: &mut [[f32; 16]]) {
    for ((signal, error), output) in signals.iter_mut().zip(errors).zip(outputs) {
        for lane in 0..16 {
            signal[lane] = error[lane] * activation.slope_of_output(output[lane]).unwrap_or(0.0);
        }
    }
}
