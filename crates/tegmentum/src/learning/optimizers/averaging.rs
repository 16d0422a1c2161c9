//! The vectors that a first-order learner moves: one, or two with schedule-free averaging.
//!
//! Without averaging the learner subtracts its steps from one vector. With it, see
//! [`schedule_free`](crate::learning::schedule_free); the average is the mean of all iterates.

use serde::{Deserialize, Serialize};

use super::checks::check_finite;
use crate::archive::{Archive, Archived};
use crate::error::Result;
use crate::kernel::lanes::subtract;
use crate::learning::schedule_free::ScheduleFree;
use crate::model::perturbation::{Bases, Direction, for_each_weighted_part};

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
pub(super) enum Iterate {
    /// One vector.
    Single(Vec<f32>),
    /// With an average of all iterates, and how many there were.
    Averaged(ScheduleFree, u64),
}

impl Archived for Iterate {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        match self {
            Self::Single(point) => {
                archive.mark("a single vector")?;
                archive.values("parameters", point)
            }
            Self::Averaged(vectors, updates) => {
                archive.mark("an averaged vector")?;
                vectors.archive(archive)?;
                updates.archive(archive)
            }
        }
    }
}

impl Iterate {
    pub(super) fn new(start: Vec<f32>, averaging: Averaging) -> Self {
        match averaging {
            Averaging::None => Self::Single(start),
            Averaging::ScheduleFree => Self::Averaged(ScheduleFree::new(start), 0),
        }
    }

    /// Subtracts `Σ_k weight_k v_k`. `update` is the learner's, for the message of an error.
    pub(super) fn descend(&mut self, terms: &[(Direction, f32)], update: u64) -> Result<()> {
        let finite = match self {
            Self::Single(point) => for_each_weighted_part(terms, [point], |[point], step| subtract(point, step)),
            Self::Averaged(vectors, updates) => {
                *updates += 1;
                vectors.descend(terms, (1.0 / *updates as f64) as f32, &[]);
                vectors.is_finite()
            }
        };
        check_finite(finite, update)
    }

    /// Starts the average anew from the fast iterate with the next update.
    pub(super) fn restart_average(&mut self) {
        if let Self::Averaged(_, updates) = self {
            *updates = 0;
        }
    }

    /// The vector that moves, for other steps; an average does not follow.
    pub(super) fn point_mut(&mut self) -> &mut [f32] {
        match self {
            Self::Single(point) => point,
            Self::Averaged(vectors, _) => &mut vectors.exploring,
        }
    }

    pub(super) fn bases(&self) -> Bases<'_> {
        match self {
            Self::Single(point) => Bases::single(point),
            Self::Averaged(vectors, _) => vectors.bases(true),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Single(point) => size_of_val(point.as_slice()),
            Self::Averaged(vectors, _) => vectors.bytes(),
        }
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
        assert_eq!(iterate.point_mut(), [0.0, 4.0]);
        assert_eq!(averaged, [0.0, 2.5]);
        assert_eq!(iterate.bytes(), 16);
    }
}
