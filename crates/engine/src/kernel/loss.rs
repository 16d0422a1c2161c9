//! How an output is compared with its target: losses over lanes of examples.

use serde::{Deserialize, Serialize};

use super::math;
use super::simd::dispatch;

/// How an output is compared with its target. Smaller is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// Mean over examples (or time steps) and outputs of (output − target)².
    MeanSquaredError,
    /// −Σ target · ln(output), mean over examples; the outputs are probabilities (softmax head, or logistic for one
    /// output, where the second class has the rest).
    CrossEntropy,
}

dispatch! {
    /// Adds the loss of one step to the sum of each lane. `outputs`, `targets` [outputs × L].
    pub fn add_losses<const L: usize>(
        loss: Loss,
        outputs: &[[f32; L]],
        targets: &[[f32; L]],
        sums: &mut [f64; L],
    ) {
        add_step(loss, outputs, targets, sums);
    }
}

dispatch! {
    /// Adds the losses of both halves of a pair at one step to their sums, and writes the difference, first minus second.
    pub fn add_pair_losses<const L: usize>(
        loss: Loss,
        outputs: [&[[f32; L]]; 2],
        targets: &[[f32; L]],
        sums: &mut [[f64; L]; 2],
        difference: &mut [f32; L],
    ) {
        let losses = outputs.map(|outputs| losses_of(loss, outputs, targets));
        for lane in 0..L {
            sums[0][lane] += f64::from(losses[0][lane]);
            sums[1][lane] += f64::from(losses[1][lane]);
            difference[lane] = losses[0][lane] - losses[1][lane];
        }
    }
}

/// [`add_losses`], to be inlined into a loop over steps.
#[inline(always)]
#[allow(clippy::inline_always, reason = "inlined into loops compiled for wider instruction sets")]
pub(super) fn add_step<const L: usize>(loss: Loss, outputs: &[[f32; L]], targets: &[[f32; L]], sums: &mut [f64; L]) {
    let losses = losses_of(loss, outputs, targets);
    for lane in 0..L {
        sums[lane] += f64::from(losses[lane]);
    }
}

/// The squared errors of one step in each lane.
#[inline(always)]
#[allow(clippy::inline_always, reason = "inlined into loops compiled for wider instruction sets")]
fn squared_errors<const L: usize>(outputs: &[[f32; L]], targets: &[[f32; L]]) -> [f32; L] {
    let mut errors = [0.0f32; L];
    for (output, target) in outputs.iter().zip(targets) {
        for lane in 0..L {
            let error = output[lane] - target[lane];
            errors[lane] += error * error;
        }
    }
    errors
}

/// The loss of one step in each lane.
#[inline(always)]
#[allow(clippy::inline_always, reason = "inlined into loops compiled for wider instruction sets")]
fn losses_of<const L: usize>(loss: Loss, outputs: &[[f32; L]], targets: &[[f32; L]]) -> [f32; L] {
    if loss == Loss::MeanSquaredError {
        return squared_errors(outputs, targets);
    }
    let mut losses = [0.0f32; L];
    for (output, target) in outputs.iter().zip(targets) {
        for lane in 0..L {
            losses[lane] -= match outputs.len() {
                1 => {
                    target[lane] * log_probability(output[lane])
                        + (1.0 - target[lane]) * log_probability(1.0 - output[lane])
                }
                _ => target[lane] * log_probability(output[lane]),
            };
        }
    }
    losses
}

/// ln p with p kept above 1e-30, so that a class that was ruled out costs 69 and not infinity; NaN stays NaN.
#[inline(always)]
#[allow(clippy::inline_always, reason = "inlined into loops compiled for wider instruction sets")]
fn log_probability(p: f32) -> f32 {
    math::ln(if p < 1e-30 { 1e-30 } else { p })
}
