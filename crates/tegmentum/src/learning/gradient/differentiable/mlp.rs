//! The way back through a multilayer perceptron.
//!
//! ```text
//!     e_l = W_{l+1} s_{l+1} ,   s_l = e_l ∘ f'(a_l)            from the last hidden layer to the first
//!
//!     e_l error ∂loss/∂h_l [hidden_l] · s_l signal ∂loss/∂a_l [hidden_l] · a_l pre-activation, h_l = f(a_l) ·
//!     W_{l+1} weights of the layer above [hidden_l × hidden_{l+1}] · ∘ element by element. All over 16 lanes.
//! ```
//!
//! Cost: 2 operations for each weight above the first layer and each lane.
//!
//! Reference: D. E. Rumelhart, G. E. Hinton, R. J. Williams, Nature 323, 533–536, 1986.

use super::{Differentiable, fill_signals, has_derivative};
use crate::kernel::affine::add_transposed_product;
use crate::model::network::Network;
use crate::model::networks::mlp::Mlp;

impl Differentiable for Mlp {
    fn has_derivative(&self) -> bool {
        let has_hidden = self.connections().len() > 1;
        has_derivative(self.output_activation()) && (!has_hidden || has_derivative(self.activation()))
    }

    fn reverse_step(
        &self,
        parameters: &[f32],
        activity: &[[f32; 16]],
        errors: &mut [[f32; 16]],
        signals: &mut [[f32; 16]],
    ) {
        for pair in self.connections().windows(2).rev() {
            let (below, above) = (&pair[0], &pair[1]);
            let layer = above.presynaptic.clone();
            let weights = &parameters[above.weights.clone()];
            add_transposed_product(weights, &signals[above.units.clone()], &mut errors[layer.clone()]);
            let signals = &mut signals[below.units.clone()];
            fill_signals(self.activation(), &activity[layer.clone()], &errors[layer], signals);
        }
    }
}
