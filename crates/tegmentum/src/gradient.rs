//! Gradients, for the baselines alone: exact backpropagation and backpropagation through time.
//!
//! Nothing that learns forward-only may use this module; it exists so that a comparison can say what a gradient buys.

/// A network's way back: from the derivatives of its units' pre-activations at the output to those of all its units.
///
/// One call goes through one step. Rows and units are those of [`Network`](crate::network::Network).
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

// TEMP
impl Reverse for crate::networks::mlp::Mlp {
    fn differentiable(&self) -> bool {
        true
    }
    fn reverse_step(&self, _: &[f32], _: &[[f32; 16]], _: &mut [[f32; 16]], _: &mut [[f32; 16]]) {}
}

// TEMP
impl Reverse for crate::networks::elman::Elman {
    fn differentiable(&self) -> bool {
        true
    }
    fn reverse_step(&self, _: &[f32], _: &[[f32; 16]], _: &mut [[f32; 16]], _: &mut [[f32; 16]]) {}
}

// TEMP
impl Reverse for crate::networks::gru::Gru {
    fn differentiable(&self) -> bool {
        true
    }
    fn reverse_step(&self, _: &[f32], _: &[[f32; 16]], _: &mut [[f32; 16]], _: &mut [[f32; 16]]) {}
}
