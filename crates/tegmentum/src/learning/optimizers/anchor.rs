//! Decay to an anchor: after each update the weights are drawn back to where they were at the start.
//!
//! ```text
//!     w ← w* + (w − w*)/(1 + s_t η λ)
//! ```
//! w parameters `[P]` · w* those at the start, `[P]` · `s_t η` the rate of the update, per (loss/w²) · λ strength, in loss/w². It is the
//! implicit step down ½ λ ‖w − w*‖², which is stable for every λ.
//!
//! Cost: P multiplications an update. Memory: P numbers, none without strength.
//!
//! Reference: arXiv:2605.30148, which holds evolution strategies in this way; its form is INFERRED: the control "L2" of J. Kirkpatrick et
//! al., PNAS 114, 3521–3526, 2017, decoupled from the estimate.

use crate::error::{Result, at_least_zero};

/// The anchor of a learner.
#[derive(Clone, Debug)]
pub(super) struct Anchor {
    strength: f64,
    weights: Vec<f32>,
}

impl Anchor {
    /// The anchor at `start` `[P]`; none for a strength of 0.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a strength below 0 or infinite.
    pub(super) fn new(strength: f64, start: &[f32]) -> Result<Option<Self>> {
        at_least_zero("anchor_strength", strength)?;
        Ok((strength > 0.0).then(|| Self { strength, weights: start.to_vec() }))
    }

    /// Draws `point` `[P]` back after an update at `rate`.
    pub(super) fn pull(&self, point: &mut [f32], rate: f64) {
        let kept = (1.0 / (1.0 + rate * self.strength)) as f32;
        for (weight, &anchor) in point.iter_mut().zip(&self.weights) {
            *weight = anchor + kept * (*weight - anchor);
        }
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.weights.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pull_is_the_implicit_step() {
        assert!(Anchor::new(0.0, &[1.0]).unwrap().is_none());
        assert!(Anchor::new(-1.0, &[1.0]).unwrap_err().to_string().contains("anchor_strength"));
        let anchor = Anchor::new(6.0, &[1.0, -2.0]).unwrap().unwrap();
        let mut point = [5.0, -2.0];
        anchor.pull(&mut point, 0.5);
        assert_eq!(point, [2.0, -2.0]);
        assert_eq!(anchor.bytes(), 8);
    }
}
