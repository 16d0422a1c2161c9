//! Adam's elementwise moments, fed with a sum of directions a chunk at a time (Kingma & Ba, 2015).
//!
//! # Update
//! ```text
//!     m ← 0.9 m + 0.1 ĝ       v ← 0.999 v + 0.001 ĝ²       w ← w − η m̂/(√v̂ + 1e−8)
//! ```
//! m̂, v̂ without the bias of their start. Two vectors besides the parameters.

use super::checks::check_finite;
use crate::error::Result;
use crate::model::perturbation::{Direction, for_each_weighted_part};

const FIRST_DECAY: f32 = 0.9;
const SECOND_DECAY: f32 = 0.999;
const EPSILON: f32 = 1e-8;

/// Running means of an estimate and of its square.
#[derive(Clone, Debug)]
pub(super) struct Adam {
    first: Vec<f32>,
    second: Vec<f32>,
    first_weight: f32,
    second_weight: f32,
}

crate::archived!(Adam { first_weight, second_weight } sized { first, second });

impl Adam {
    pub(super) fn new(length: usize) -> Self {
        Self { first: vec![0.0; length], second: vec![0.0; length], first_weight: 0.0, second_weight: 0.0 }
    }

    /// Takes the estimate `Σ_k weight_k v_k` and moves `parameters` against it.
    pub(super) fn descend(
        &mut self,
        parameters: &mut [f32],
        estimate: &[(Direction, f32)],
        rate: f32,
        update: u64,
    ) -> Result<()> {
        self.first_weight = FIRST_DECAY * self.first_weight + (1.0 - FIRST_DECAY);
        self.second_weight = SECOND_DECAY * self.second_weight + (1.0 - SECOND_DECAY);
        let (first_weight, second_weight) = (self.first_weight, self.second_weight);
        let vectors = [parameters, &mut self.first[..], &mut self.second[..]];
        let finite = for_each_weighted_part(estimate, vectors, |[parameters, first, second], sum| {
            let mut finite = true;
            for ((value, g), (m, v)) in parameters.iter_mut().zip(sum).zip(first.iter_mut().zip(second)) {
                *m = FIRST_DECAY * *m + (1.0 - FIRST_DECAY) * g;
                *v = SECOND_DECAY * *v + (1.0 - SECOND_DECAY) * g * g;
                if rate != 0.0 {
                    *value -= rate * (*m / first_weight) / ((*v / second_weight).sqrt() + EPSILON);
                }
                finite &= value.is_finite();
            }
            finite
        });
        check_finite(finite, update)
    }

    /// Forgets all estimates.
    pub(super) fn reset(&mut self) {
        *self = Self::new(self.first.len());
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.first.as_slice()) + size_of_val(self.second.as_slice())
    }
}
