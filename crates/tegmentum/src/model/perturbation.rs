//! Perturbations as recipes: a [`Probe`] is a few bytes and becomes a parameter vector only where it is used.
//!
//! ```text
//!     candidate = gain · base + scale · v(direction)
//! ```
//! base one of the learner's own vectors `[P]` · gain, scale numbers · v direction `[P]`, each entry with mean 0 and
//! variance 1 (±1, standard normal, or of low rank in each matrix of a network), or a unit vector. The base is read, never written: a million probes at learning
//! rate zero leave every bit of the parameters as it was.
//!
//! # Which family
//! Rademacher signs are the default: E‖ĝ‖² is P‖g‖² against (P + 2)‖g‖² for normals, they cost a twentieth, and the
//! curvature term of a one-sided difference is the same in every direction if the curvature lies along the axes.
//! Directions of [low rank](low_rank) let a population share the products of its weights: for wide layers. [Orthogonal](orthogonal) ones are worth
//! something where they are nearly as many as the parameters.
//!
//! # Cost
//! P operations and P/128 (signs) or P/4 (normals) generator blocks for each time a probe is written or used. A sum of K
//! directions takes K times that, 16 KiB of memory and one pass over the vectors that it moves.

mod candidates;
mod direction;
pub mod low_rank;
pub mod orthogonal;
pub mod sizes;
mod sums;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::kernel::lanes::{mix, scale_into};
use crate::kernel::noise::Noise;
use crate::model::network::Network;
use crate::random::Key;
use low_rank::LowRank;
use orthogonal::OrthogonalDirection;

pub use candidates::{write_candidates, write_in_parts};
pub use direction::Direction;
pub use sums::for_each_weighted_part;
pub(crate) use sums::for_each_weighted_part_at;

/// The distribution of the entries of a direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Family {
    /// ±1 with equal probability.
    #[default]
    Rademacher,
    /// Standard normal.
    Gaussian,
    /// A product of two thin normal matrices for each matrix of a network.
    LowRank(LowRank),
    /// ±1, the directions of an update orthogonal to one another.
    Orthogonal,
}

impl Family {
    /// The direction number `index` of the update with `key`: that of its child, unless the directions of an update depend on one another.
    pub fn direction_of(self, key: Key, index: u64) -> Direction {
        match self {
            Self::Orthogonal => Direction::Orthogonal(OrthogonalDirection::new(key, index)),
            other => other.direction(key.child(index)),
        }
    }

    /// The direction with this distribution and `key`.
    pub fn direction(self, key: Key) -> Direction {
        match self {
            Self::Orthogonal => Direction::Orthogonal(OrthogonalDirection::new(key, 0)),
            Self::Rademacher => Direction::Rademacher(key),
            Self::Gaussian => Direction::Gaussian(key),
            Self::LowRank(family) => Direction::LowRank(family.direction(key)),
        }
    }

    /// The noise that the entries are, one by one; `None` if they depend on one another.
    pub fn noise(self) -> Option<Noise> {
        match self {
            Self::Rademacher => Some(Noise::Signs),
            Self::Gaussian => Some(Noise::Normals),
            Self::LowRank(_) | Self::Orthogonal => None,
        }
    }

    /// The same family for the parameters of `network`: one of low rank has to know their matrices, the others do not ask.
    #[must_use]
    pub fn for_network(self, network: &dyn Network) -> Self {
        match self {
            Self::LowRank(family) => Self::LowRank(family.for_network(network)),
            other => other,
        }
    }

    /// Whether the family can perturb `num_parameters` parameters.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a rank of 0, [`Error::Incompatible`] for low rank without the matrices of a network
    /// of this size.
    pub fn check(self, num_parameters: usize) -> Result<()> {
        match self {
            Self::LowRank(family) => family.check(num_parameters),
            Self::Rademacher | Self::Gaussian | Self::Orthogonal => Ok(()),
        }
    }
}

/// Which of the learner's vectors a probe starts from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Base {
    /// The model that acts, explores and is perturbed.
    #[default]
    Acting,
    /// The consolidated model: what the learner would hand over.
    Averaged,
    /// The learner's dense candidate with this index (evolution strategies that sample from a distribution).
    Candidate(usize),
}

/// A point in parameter space that need not be stored: a vector, or a mixture of two.
#[derive(Clone, Copy, Debug)]
pub enum Point<'a> {
    /// A stored vector `[P]`.
    Vector(&'a [f32]),
    /// `weight · first + (1 − weight) · second`, formed as it is read.
    Mixture {
        /// A stored vector `[P]`.
        first: &'a [f32],
        /// A stored vector `[P]`.
        second: &'a [f32],
        /// The share of the first, in `[0, 1]`.
        weight: f32,
    },
}

impl Point<'_> {
    /// Number of parameters P.
    pub fn len(&self) -> usize {
        match self {
            Self::Vector(vector) => vector.len(),
            Self::Mixture { first, .. } => first.len(),
        }
    }

    /// Whether there are no parameters.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The parameters `range` of the point.
    ///
    /// # Panics
    /// If there are not as many parameters.
    #[must_use]
    pub fn part(&self, range: std::ops::Range<usize>) -> Self {
        match *self {
            Self::Vector(vector) => Self::Vector(&vector[range]),
            Self::Mixture { first, second, weight } => {
                Self::Mixture { first: &first[range.clone()], second: &second[range], weight }
            }
        }
    }

    /// Writes `gain · point` to `target` `[P]`.
    pub fn write(&self, gain: f32, target: &mut [f32]) {
        match *self {
            Self::Vector(vector) if gain == 1.0 => target.copy_from_slice(vector),
            Self::Vector(vector) => scale_into(gain, vector, target),
            Self::Mixture { first, second, weight } => mix(gain, weight, first, second, target),
        }
    }
}

/// The vectors of a learner, borrowed for the length of an evaluation.
#[derive(Clone, Copy, Debug)]
pub struct Bases<'a> {
    /// See [`Base::Acting`].
    pub acting: Point<'a>,
    /// See [`Base::Averaged`].
    pub averaged: Point<'a>,
    /// Dense candidates, row-major [count × P]; empty for learners that have none.
    pub candidates: &'a [f32],
}

impl<'a> Bases<'a> {
    /// The bases of a learner with one vector, which both acts and is handed over.
    pub fn single(parameters: &'a [f32]) -> Self {
        let point = Point::Vector(parameters);
        Self { acting: point, averaged: point, candidates: &[] }
    }

    /// Number of parameters P.
    pub fn num_parameters(&self) -> usize {
        self.acting.len()
    }

    /// The vector that `base` names.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] if there is no such candidate.
    pub fn point(&self, base: Base) -> Result<Point<'a>> {
        match base {
            Base::Acting => Ok(self.acting),
            Base::Averaged => Ok(self.averaged),
            Base::Candidate(index) => {
                let length = self.num_parameters();
                self.candidates.get(index * length..(index + 1) * length).map(Point::Vector).ok_or(
                    Error::ShapeMismatch {
                        what: "dense candidates of the learner",
                        expected: index + 1,
                        found: self.candidates.len() / length.max(1),
                    },
                )
            }
        }
    }
}

/// A candidate as a recipe: `gain · base + scale · v(direction)`.
///
/// # Example
/// ```
/// use tegmentum::model::perturbation::{Bases, Direction, Probe};
/// use tegmentum::random::Key;
///
/// let parameters = vec![1.0, 2.0, 3.0];
/// let mut candidate = vec![0.0; 3];
/// Probe::perturbed(Direction::Coordinate(1), 0.5).write(Bases::single(&parameters), &mut candidate)?;
/// assert_eq!(candidate, [1.0, 2.5, 3.0]);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Probe {
    /// The vector to start from.
    pub base: Base,
    /// A factor on that vector; 1 leaves it as it is.
    pub gain: f32,
    /// The direction of the perturbation.
    pub direction: Direction,
    /// Its scale, in the unit of the parameters; negative for the second half of an antithetic pair.
    pub scale: f32,
}

impl Probe {
    /// The unperturbed `base`.
    pub fn unperturbed(base: Base) -> Self {
        Self { base, gain: 1.0, direction: Direction::Zero, scale: 0.0 }
    }

    /// The acting model moved by `scale` along `direction`.
    pub fn perturbed(direction: Direction, scale: f32) -> Self {
        Self { base: Base::Acting, gain: 1.0, direction, scale }
    }

    /// Whether this probe is the other half of an antithetic pair with `other`.
    pub fn is_antithetic_to(&self, other: &Self) -> bool {
        self.direction != Direction::Zero && *self == Self { scale: -other.scale, ..*other }
    }

    /// Writes the candidate to `target` `[P]`.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] if `target` has another length or the base does not exist.
    pub fn write(&self, bases: Bases<'_>, target: &mut [f32]) -> Result<()> {
        if target.len() != bases.num_parameters() {
            return Err(Error::ShapeMismatch {
                what: "parameters of a candidate",
                expected: bases.num_parameters(),
                found: target.len(),
            });
        }
        bases.point(self.base)?.write(self.gain, target);
        self.direction.add_to(self.scale, target);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::sums::SPAN;
    use super::*;
    use crate::kernel::noise::CHUNK;

    #[test]
    fn value_stability() {
        let mut signs = [0.0f32; 8];
        Direction::Rademacher(Key(42)).add_to(1.0, &mut signs);
        assert_eq!(signs, [-1.0, -1.0, 1.0, 1.0, -1.0, 1.0, -1.0, 1.0]);
        let mut normals = [0.0f32; 4];
        Direction::Gaussian(Key(42)).add_to(1.0, &mut normals);
        assert_eq!(normals, [-1.450_776_5, -0.553_608_66, 0.852_991_94, 2.563_354]);
    }

    #[test]
    fn weighted_chunks_equal_the_sum_of_directions() {
        let key = Key::from_seed(1);
        let terms = [
            (Direction::Rademacher(key.child(0)), 0.5),
            (Direction::Gaussian(key.child(1)), -2.0),
            (Direction::Coordinate(200), 7.0),
        ];
        let mut expected = vec![0.0f32; 300];
        for (direction, weight) in terms {
            direction.add_to(weight, &mut expected);
        }
        let mut found = vec![f32::NAN; 300];
        for_each_weighted_part(&terms, [&mut found], |[part], sum| {
            part.copy_from_slice(sum);
            true
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn pairs_are_the_bits_of_additions() {
        let key = Key::from_seed(3);
        for direction in [
            Direction::Zero,
            Direction::Rademacher(key),
            Direction::Gaussian(key),
            Direction::Coordinate(3 * CHUNK + 40),
        ] {
            for length in [0, 1, 17, CHUNK, 5 * CHUNK + 3] {
                let start: Vec<f32> = (0..length).map(|i| (i as f32).sin()).collect();
                let (mut plus, mut minus) = (start.clone(), start.clone());
                direction.add_chunk(3, 0.3, &mut plus);
                direction.add_chunk(3, -0.3, &mut minus);
                let (mut first, mut second) = (start.clone(), start);
                direction.add_pair(3, 0.3, &mut first, &mut second);
                assert_eq!((first, second), (plus, minus));
            }
        }
    }

    #[test]
    fn parts_do_not_depend_on_threads() {
        let key = Key::from_seed(2);
        let terms: Vec<_> = (0..50).map(|k| (Family::Gaussian.direction(key.child(k)), 0.01 * k as f32)).collect();
        for length in [0, 1, SPAN, 7 * SPAN + 300, 40 * SPAN + 1] {
            let mut sum = vec![0.0f32; length];
            for (direction, weight) in &terms {
                direction.add_to(*weight, &mut sum);
            }
            let expected = [1.0f32, 2.0].map(|start| {
                let value = |step: &f32| if start == 1.0 { start - step } else { start + step * step };
                sum.iter().map(value).collect::<Vec<f32>>()
            });
            for threads in [1, 2, 3] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let mut found = [vec![1.0f32; length], vec![2.0f32; length]];
                let [a, b] = &mut found;
                let fine = pool.install(|| {
                    for_each_weighted_part(&terms, [a, b], |[a, b], sum| {
                        for ((a, b), step) in a.iter_mut().zip(b).zip(sum) {
                            *a -= step;
                            *b += step * step;
                        }
                        true
                    })
                });
                assert!(fine && found == expected, "{threads} threads, {length} parameters");
            }
        }
        let mut vector = vec![0.0f32; 40 * SPAN];
        assert!(!for_each_weighted_part(&terms, [&mut vector], |[part], _| part.len() != SPAN));
    }

    #[test]
    fn a_mixture_is_formed_as_it_is_read() {
        let (first, second) = ([1.0f32, 2.0], [3.0f32, 6.0]);
        let mut target = [0.0; 2];
        Point::Mixture { first: &first, second: &second, weight: 0.75 }.write(2.0, &mut target);
        assert_eq!(target, [3.0, 6.0]);
    }

    #[test]
    fn a_missing_candidate_is_an_error() {
        let parameters = [0.0f32; 3];
        assert!(Bases::single(&parameters).point(Base::Candidate(0)).is_err());
    }
}
