//! The error of an output unit before its activation function, where it follows from output and target alone.

use super::activation::Activation;
use super::loss::Loss;
use super::simd::dispatch;

/// How ∂ℓ/∂a of an output unit follows from its output y and target t, for the sum over outputs.
#[derive(Clone, Copy, Debug)]
pub enum LocalError {
    /// y − t.
    Difference,
    /// 2 (y − t) f', with the slope written with the output.
    Slope(Activation),
}

impl LocalError {
    /// `None` where the error is not local.
    pub fn of(activation: Activation, loss: Loss) -> Option<Self> {
        match (loss, activation) {
            (Loss::CrossEntropy, Activation::Softmax | Activation::Logistic) => Some(Self::Difference),
            (Loss::MeanSquaredError, _) => activation.slope_of_output(0.0).map(|_| Self::Slope(activation)),
            (Loss::CrossEntropy, _) => None,
        }
    }
}

dispatch! {
    /// `outputs ← scale · ∂ℓ/∂a`, both [steps × outputs × L].
    pub fn replace_by_errors<const L: usize>(
        rule: LocalError,
        scale: f32,
        targets: &[[f32; L]],
        outputs: &mut [[f32; L]],
    ) {
        let (y, t) = (outputs.as_flattened_mut(), targets.as_flattened());
        match rule {
            LocalError::Difference => y.iter_mut().zip(t).for_each(|(y, t)| *y = scale * (*y - t)),
            LocalError::Slope(Activation::Linear) => y.iter_mut().zip(t).for_each(|(y, t)| *y = scale * (2.0 * (*y - t))),
            LocalError::Slope(activation) => {
                for (y, t) in y.iter_mut().zip(t) {
                    *y = scale * (2.0 * (*y - t) * activation.slope_of_output(*y).unwrap_or(0.0));
                }
            }
        }
    }
}
