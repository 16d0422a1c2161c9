//! The way back through one step of an Elman network.
//!
//! ```text
//!     e_t ← e_t + W_o s_y ,   s_t = e_t ∘ f'(a_t) ,   e_{t−1} = W_r s_t
//!
//!     e_t error ∂loss/∂h_t [hidden], on entry what comes from later steps · s_y signal of the output units [outputs] ·
//!     s_t signal of the hidden units ∂loss/∂a_t [hidden], h_t = f(a_t) · W_r [hidden × hidden], W_o [hidden × outputs]
//!     · ∘ element by element. All over 16 lanes.
//! ```
//!
//! Cost: 2 · (hidden² + hidden·outputs) operations for each lane.
//!
//! Reference: P. J. Werbos, *Backpropagation through time: what it does and how to do it*, Proceedings of the IEEE
//! 78(10), 1550–1560, 1990, doi:10.1109/5.58337.

use super::{Differentiable, fill_signals, has_derivative};
use crate::kernel::affine::add_transposed_product;
use crate::model::network::Network;
use crate::model::networks::elman::Elman;

impl Differentiable for Elman {
    fn has_derivative(&self) -> bool {
        has_derivative(self.activation()) && has_derivative(self.output_activation())
    }

    fn reverse_step(
        &self,
        parameters: &[f32],
        activity: &[[f32; 16]],
        errors: &mut [[f32; 16]],
        signals: &mut [[f32; 16]],
    ) {
        let [hidden, output] = self.connections() else {
            return;
        };
        let state = output.presynaptic.clone();
        let (hidden_signals, output_signals) = signals.split_at_mut(hidden.units.end);
        add_transposed_product(&parameters[output.weights.clone()], output_signals, &mut errors[state.clone()]);
        fill_signals(self.activation(), &activity[state.clone()], &errors[state.clone()], hidden_signals);

        let previous = self.input_rows().end..state.start;
        let recurrent = hidden.weights.end - previous.len() * state.len()..hidden.weights.end;
        add_transposed_product(&parameters[recurrent], hidden_signals, &mut errors[previous]);
    }
}
