//! The vectors that a first-order learner moves: one, or two with schedule-free averaging.
//!
//! # Update
//! ```text
//!     z ← z − s                       s the step [P]
//!     x ← x + (z − x)/t               t updates so far, from 1
//!     y = 0.9 x + 0.1 z               never stored
//! ```
//! z the fast iterate, x the average that is handed over, y the model that acts and is perturbed. Without averaging
//! there is z alone.
//!
//! # Reference
//! A. Defazio, X. A. Yang, H. Mehta, K. Mishchenko, A. Khaled, A. Cutkosky, *The road less scheduled*, `NeurIPS`
//! 2024, arXiv:2405.15682.

use serde::{Deserialize, Serialize};

use super::checks::check_finite;
use crate::error::Result;
use crate::kernel::lanes::subtract;
use crate::model::perturbation::{Bases, Direction, Point, for_each_weighted_part};

/// Share of the average in the model that acts.
const AVERAGE_SHARE: f32 = 0.9;

/// Whether the model that is handed over is an average of those that acted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Averaging {
    /// It is the last one.
    #[default]
    None,
    /// Schedule-free averaging (Defazio et al., 2024): a second vector, and no need of a decay.
    ScheduleFree,
}

/// The vectors of a learner that subtracts steps.
#[derive(Clone, Debug)]
pub(super) struct Iterate {
    pub(super) point: Vec<f32>,
    average: Option<Vec<f32>>,
    updates: u64,
}

impl Iterate {
    pub(super) fn new(start: Vec<f32>, averaging: Averaging) -> Self {
        let average = (averaging == Averaging::ScheduleFree).then(|| start.clone());
        Self { point: start, average, updates: 0 }
    }

    /// Subtracts `Σ_k weight_k v_k`. `update` is the learner's, for the message of an error.
    pub(super) fn descend(&mut self, terms: &[(Direction, f32)], update: u64) -> Result<()> {
        self.updates += 1;
        let share = (1.0 / self.updates as f64) as f32;
        let finite = match &mut self.average {
            None => for_each_weighted_part(terms, [&mut self.point], |[point], step| subtract(point, step)),
            Some(average) => for_each_weighted_part(terms, [&mut self.point, average], |[point, average], step| {
                let finite = subtract(point, step);
                for (x, z) in average.iter_mut().zip(point) {
                    *x -= share * (*x - *z);
                }
                finite
            }),
        };
        check_finite(finite, update)
    }

    /// Starts the average anew from the fast iterate with the next update.
    pub(super) fn restart_average(&mut self) {
        self.updates = 0;
    }

    pub(super) fn bases(&self) -> Bases<'_> {
        match &self.average {
            None => Bases::single(&self.point),
            Some(average) => Bases {
                acting: Point::Mixture { first: average, second: &self.point, weight: AVERAGE_SHARE },
                averaged: Point::Vector(average),
                candidates: &[],
            },
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let vectors = if self.average.is_some() { 2 } else { 1 };
        vectors * size_of_val(self.point.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_average_is_the_mean_of_the_fast_iterates() {
        let mut iterate = Iterate::new(vec![0.0; 2], Averaging::ScheduleFree);
        for update in 0..4 {
            iterate.descend(&[(Direction::Coordinate(1), -1.0)], update).unwrap();
        }
        let mut averaged = [0.0; 2];
        iterate.bases().averaged.write(1.0, &mut averaged);
        assert_eq!(iterate.point, [0.0, 4.0]);
        assert_eq!(averaged, [0.0, 2.5]);
        assert_eq!(iterate.bytes(), 16);
    }
}
