//! Networks with a derivative: the contract, and which networks keep it. One file for each network.
//!
//! A network is a forward pass and nothing else. Who wants a gradient asks whether a way back is known for its type
//! ([`differentiable`]); for a network of one's own it is made known with [`register_differentiable`].

mod elman;
mod gru;
mod mlp;

use std::any::Any;
use std::sync::{PoisonError, RwLock};

use crate::model::network::{Activation, Network};
use crate::model::networks::{elman::Elman, gru::Gru, mlp::Mlp};

/// A network with a way back: from the derivatives of its units' pre-activations at the output to those of all its units.
///
/// One call goes through one step. Rows and units are those of [`Network`].
///
/// # Example
/// ```
/// use tegmentum::learning::gradient::differentiable;
/// use tegmentum::model::networks::NetworkConfig;
///
/// let smooth: NetworkConfig = toml::from_str("[mlp]\nhidden = [4]")?;
/// let stepped: NetworkConfig = toml::from_str("[mlp]\nhidden = [4]\nactivation = \"step\"")?;
/// let has_slope = |config: &NetworkConfig| -> tegmentum::error::Result<bool> {
///     Ok(differentiable(&*config.build(2, 1)?).is_some_and(|network| network.has_derivative()))
/// };
/// assert!(has_slope(&smooth)? && !has_slope(&stepped)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Differentiable: Network {
    /// Whether every activation function has a derivative; a step function has not.
    fn has_derivative(&self) -> bool;

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

/// A network as one that has a way back, if it is of a certain type.
type Cast = for<'n> fn(&'n (dyn Network + 'static)) -> Option<&'n dyn Differentiable>;

fn cast<'n, N: Differentiable>(network: &'n (dyn Network + 'static)) -> Option<&'n dyn Differentiable> {
    let network: &dyn Any = network;
    network.downcast_ref::<N>().map(|network| network as &dyn Differentiable)
}

/// The networks of this library.
const BUILT_IN: [Cast; 3] = [cast::<Mlp>, cast::<Elman>, cast::<Gru>];

/// Those of others.
static REGISTERED: RwLock<Vec<Cast>> = RwLock::new(Vec::new());

/// The way back of `network`, if one is known.
pub fn differentiable<'n>(network: &'n (dyn Network + 'static)) -> Option<&'n dyn Differentiable> {
    BUILT_IN.iter().find_map(|cast| cast(network)).or_else(|| {
        let registered = REGISTERED.read().unwrap_or_else(PoisonError::into_inner);
        registered.iter().find_map(|cast| cast(network))
    })
}

/// Makes the way back of the network type `N` known to this process, so that gradient baselines can use it.
pub fn register_differentiable<N: Differentiable>() {
    REGISTERED.write().unwrap_or_else(PoisonError::into_inner).push(cast::<N>);
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
