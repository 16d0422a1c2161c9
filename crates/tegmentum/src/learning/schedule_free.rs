//! The two vectors of a schedule-free learner.
//!
//! # Update
//! ```text
//!     z ← z − step                    [P]
//!     x ← x + share · (z − x)         [P]
//!     y = 0.9 x + 0.1 z               the model that acts, formed as it is read
//! ```
//! z the fast iterate (exploring), x the average that is handed over, y the model that acts and is perturbed. The share is the
//! learner's: 1/t for the mean of all iterates, min(1, 5/(t + 4)) for polynomial weights.
//!
//! # Reference
//! A. Defazio, X. A. Yang, H. Mehta, K. Mishchenko, A. Khaled, A. Cutkosky, *The road less scheduled*, NeurIPS 2024,
//! arXiv:2405.15682.

use std::ops::Range;

use crate::kernel::lanes::{descend_and_average, towards};
use crate::model::perturbation::{Bases, Direction, Point, for_each_weighted_part_at};
use crate::random::Stream;

/// Share of the average in the model that acts.
pub(crate) const AVERAGED_SHARE: f32 = 0.9;

/// A factor on the step of a range of parameters.
pub(crate) type LocalRate = (Range<usize>, f32);

/// The two vectors, both `[P]`.
#[derive(Clone, Debug)]
pub(crate) struct ScheduleFree {
    pub(crate) exploring: Vec<f32>,
    pub(crate) averaged: Vec<f32>,
}

crate::archived!(ScheduleFree {} sized { exploring, averaged });

impl ScheduleFree {
    /// Both vectors at `start` `[P]`.
    pub(crate) fn new(start: Vec<f32>) -> Self {
        Self { averaged: start.clone(), exploring: start }
    }

    /// Subtracts `Σ_k weight_k v_k`, with the factors of `local` on parts of it, and moves the average by `share`, in one pass.
    pub(crate) fn descend(&mut self, terms: &[(Direction, f32)], share: f32, local: &[LocalRate]) {
        let vectors = [&mut self.exploring[..], &mut self.averaged[..]];
        for_each_weighted_part_at(terms, vectors, |first, [exploring, averaged], sum| {
            if local.is_empty() {
                descend_and_average(sum, share, exploring, averaged);
            } else {
                let mut own = sum.to_vec();
                scale_parts(local, first, &mut own);
                descend_and_average(&own, share, exploring, averaged);
            }
            true
        });
    }

    /// Takes back a step whose negative is `terms`, after which the average moved by `share` and the exploring weights returned by `pull`, up
    /// to rounding. After a share or a pull of 1 there is one place to go back to.
    pub(crate) fn take_back(&mut self, terms: &[(Direction, f32)], share: f64, pull: f64) {
        if pull > 0.0 && pull < 1.0 {
            let (moved, kept) = ((pull / (1.0 - pull)) as f32, (1.0 / (1.0 - pull)) as f32);
            for (z, x) in self.exploring.iter_mut().zip(&self.averaged) {
                *z = kept * *z - moved * *x;
            }
        }
        if share < 1.0 {
            let (moved, kept) = ((share / (1.0 - share)) as f32, (1.0 / (1.0 - share)) as f32);
            for (x, z) in self.averaged.iter_mut().zip(&self.exploring) {
                *x = kept * *x - moved * *z;
            }
        }
        let vectors = [&mut self.exploring[..], &mut self.averaged[..]];
        for_each_weighted_part_at(terms, vectors, |_, [exploring, averaged], sum| {
            exploring.iter_mut().zip(sum).for_each(|(z, part)| *z -= part);
            if share >= 1.0 {
                averaged.copy_from_slice(exploring);
            }
            true
        });
    }

    /// Takes up weights `[P]` that were moved from outside: the average goes to where they are, the exploring weights by as much. Nothing
    /// changes where they are the average.
    pub(crate) fn take_up(&mut self, weights: &[f32]) {
        for ((x, z), &weight) in self.averaged.iter_mut().zip(&mut self.exploring).zip(weights) {
            if *x != weight {
                *z += weight - *x;
                *x = weight;
            }
        }
    }

    /// Whether the exploring weights are finite.
    pub(crate) fn is_finite(&self) -> bool {
        self.exploring.iter().fold(true, |finite, value| finite & value.is_finite())
    }

    /// Moves the exploring weights back to the average by a share.
    pub(crate) fn pull_home(&mut self, share: f64) {
        if share > 0.0 {
            for (z, x) in self.exploring.iter_mut().zip(&self.averaged) {
                *z = towards(*z, *x, share as f32);
            }
        }
    }

    /// Both vectors at the average times `gain`.
    pub(crate) fn start_over(&mut self, gain: f32) {
        for (z, x) in self.exploring.iter_mut().zip(&mut self.averaged) {
            *x *= gain;
            *z = *x;
        }
    }

    /// Both vectors at new normals of this size.
    pub(crate) fn redraw(&mut self, size: f32, stream: &mut Stream) {
        for (x, z) in self.averaged.iter_mut().zip(&mut self.exploring) {
            *x = size * stream.normal();
            *z = *x;
        }
    }

    /// The vectors as bases of probes; without an average the exploring weights act.
    pub(crate) fn bases(&self, averages: bool) -> Bases<'_> {
        let averaged = Point::Vector(&self.averaged);
        let acting = if averages {
            Point::Mixture { first: &self.averaged, second: &self.exploring, weight: AVERAGED_SHARE }
        } else {
            Point::Vector(&self.exploring)
        };
        Bases { acting, averaged, candidates: &[] }
    }

    /// Bytes of both.
    pub(crate) fn bytes(&self) -> usize {
        2 * size_of_val(&self.averaged[..])
    }
}

/// Multiplies the parts of `values`, which begin at parameter `first`, by their factors.
fn scale_parts(local: &[LocalRate], first: usize, values: &mut [f32]) {
    for (range, factor) in local {
        let part = range.start.clamp(first, first + values.len())..range.end.clamp(first, first + values.len());
        values[part.start - first..part.end - first].iter_mut().for_each(|value| *value *= factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_act_on_their_own_parameters() {
        let mut iterate = ScheduleFree::new(vec![0.0; 3000]);
        let terms: Vec<_> = (0..3000).map(|index| (Direction::Coordinate(index), -1.0)).collect();
        iterate.descend(&terms, 1.0, &[(10..2500, 0.5), (2499..2600, 0.0)]);
        for (index, value) in iterate.exploring.iter().enumerate() {
            let expected = match index {
                2499..2600 => 0.0,
                10..2499 => 0.5,
                _ => 1.0,
            };
            assert_eq!(*value, expected, "{index}");
        }
        assert_eq!(iterate.averaged, iterate.exploring);
    }

    #[test]
    fn a_step_is_taken_back() {
        for share in [0.3f32, 1.0] {
            let mut iterate = ScheduleFree::new((0..500).map(|index| index as f32 / 100.0).collect());
            iterate.descend(&[(Direction::Coordinate(7), 0.5)], if share < 1.0 { 0.1 } else { 1.0 }, &[]);
            let before = iterate.clone();
            let step = [(Direction::Coordinate(3), 0.25), (Direction::Coordinate(8), -2.0)];
            iterate.descend(&step, share, &[]);
            assert_ne!(before.averaged, iterate.averaged);
            iterate.pull_home(0.25);
            iterate.take_back(&step.map(|(direction, weight)| (direction, -weight)), f64::from(share), 0.25);
            let pairs =
                before.averaged.iter().zip(&iterate.averaged).chain(before.exploring.iter().zip(&iterate.exploring));
            assert!(pairs.fold(0.0f32, |largest, (a, b)| largest.max((a - b).abs())) < 1e-5, "{share}");
        }
    }

    #[test]
    fn weights_that_others_moved_are_taken_up() {
        let mut iterate = ScheduleFree { exploring: vec![1.0, -0.0, 3.5], averaged: vec![0.5, 0.0, 3.0] };
        iterate.take_up(&[0.5, -0.0, 1.0]);
        assert_eq!((iterate.exploring, iterate.averaged), (vec![1.0, 0.0, 1.5], vec![0.5, 0.0, 1.0]));
    }

    #[test]
    fn a_parameter_that_is_no_longer_finite_is_told() {
        let mut iterate = ScheduleFree::new(vec![f32::MAX, 0.0]);
        iterate.descend(&[(Direction::Coordinate(1), 1.0)], 1.0, &[]);
        assert!(iterate.is_finite());
        iterate.descend(&[(Direction::Coordinate(0), -f32::MAX)], 1.0, &[]);
        assert!(!iterate.is_finite());
    }
}
