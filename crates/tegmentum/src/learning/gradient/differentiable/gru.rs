//! The way back through one step of a gated recurrent unit.
//!
//! ```text
//!     e_t ← e_t + W_o s_y
//!     s_n = e_t ∘ (1 − z) ∘ (1 − n²)                 candidate
//!     s_z = e_t ∘ (h_{t−1} − n) ∘ z ∘ (1 − z)        update gate
//!     k   = W_n s_n                                  error of r ∘ h_{t−1}; recurrent part of W_n
//!     s_r = k ∘ h_{t−1} ∘ r ∘ (1 − r)                reset gate
//!     e_{t−1} = e_t ∘ z + k ∘ r + W_g [s_z, s_r]     recurrent part of the gates' weights W_g
//!
//!     e_t error ∂loss/∂h_t [hidden], on entry what comes from later steps · s signals ∂loss/∂pre-activation: s_y
//!     [outputs], s_n, s_z, s_r [hidden] · z, r, n gates and candidate of the step [hidden] · ∘ element by element.
//!     All over 16 lanes.
//! ```
//!
//! Cost: 2 · (3·hidden² + hidden·outputs) operations for each lane.
//!
//! Reference: the network of K. Cho et al., EMNLP 2014, arXiv:1406.1078; P. J. Werbos, Proceedings of the IEEE 78(10),
//! 1550–1560, 1990, doi:10.1109/5.58337. The equations are derived from the network's own.

use super::{Differentiable, has_derivative};
use crate::kernel::affine::add_transposed_product;
use crate::model::network::Network;
use crate::model::networks::gru::Gru;

impl Differentiable for Gru {
    fn has_derivative(&self) -> bool {
        has_derivative(self.output_activation())
    }

    fn reverse_step(
        &self,
        parameters: &[f32],
        activity: &[[f32; 16]],
        errors: &mut [[f32; 16]],
        signals: &mut [[f32; 16]],
    ) {
        let [gates, candidate, output] = self.connections() else {
            return;
        };
        let (rows, hidden) = (&self.rows, self.rows.state.len());
        let (gate_signals, rest) = signals.split_at_mut(gates.units.end);
        let (candidate_signals, output_signals) = rest.split_at_mut(hidden);
        add_transposed_product(&parameters[output.weights.clone()], output_signals, &mut errors[rows.state.clone()]);
        self.reverse_state(activity, errors, gate_signals, candidate_signals);

        let recurrent = candidate.weights.end - hidden * hidden..candidate.weights.end;
        add_transposed_product(&parameters[recurrent], candidate_signals, &mut errors[rows.kept.clone()]);
        self.reverse_reset(activity, errors, &mut gate_signals[hidden..]);

        let recurrent = gates.weights.end - 2 * hidden * hidden..gates.weights.end;
        add_transposed_product(&parameters[recurrent], gate_signals, &mut errors[rows.previous.clone()]);
    }
}

impl Gru {
    /// From the error of the new state to the signals of candidate and update gate, and the share of the previous state.
    fn reverse_state(
        &self,
        activity: &[[f32; 16]],
        errors: &mut [[f32; 16]],
        update_signals: &mut [[f32; 16]],
        candidate_signals: &mut [[f32; 16]],
    ) {
        let rows = &self.rows;
        for unit in 0..rows.state.len() {
            let (z, n) = (&activity[rows.gates.start + unit], &activity[rows.candidate.start + unit]);
            let (previous, error) = (&activity[rows.previous.start + unit], errors[rows.state.start + unit]);
            for lane in 0..16 {
                let (z, n, error) = (z[lane], n[lane], error[lane]);
                candidate_signals[unit][lane] = error * (1.0 - z) * (1.0 - n * n);
                update_signals[unit][lane] = error * (previous[lane] - n) * z * (1.0 - z);
                errors[rows.previous.start + unit][lane] = error * z;
            }
        }
    }

    /// From the error of `r ∘ h_{t−1}` to the signals of the reset gate and to the previous state.
    fn reverse_reset(&self, activity: &[[f32; 16]], errors: &mut [[f32; 16]], reset_signals: &mut [[f32; 16]]) {
        let rows = &self.rows;
        for (unit, signal) in reset_signals.iter_mut().enumerate() {
            let reset = &activity[rows.gates.start + rows.state.len() + unit];
            let (previous, kept) = (&activity[rows.previous.start + unit], errors[rows.kept.start + unit]);
            for lane in 0..16 {
                let r = reset[lane];
                signal[lane] = kept[lane] * previous[lane] * r * (1.0 - r);
                errors[rows.previous.start + unit][lane] += kept[lane] * r;
            }
        }
    }
}
