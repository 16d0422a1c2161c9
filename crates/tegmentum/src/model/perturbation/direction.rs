//! What a probe adds to its base: a [`Direction`], a key of eight bytes that is written or added wherever it is wanted.
//!
//! ```text
//!     target = scale · v ,   target ← target + scale · v ,   target = gain · point + scale · v
//! ```
//! v `[P]` the entries, from the key alone · scale, gain numbers. Cost: a number of noise for each entry; see the
//! [parent's](super) head.

use super::Point;
use super::low_rank::LowRankDirection;
use super::orthogonal::OrthogonalDirection;
use super::sizes::SizedDirection;
use crate::kernel::noise::{self, CHUNK, Noise};
use crate::random::Key;

/// A direction in parameter space, as a recipe.
///
/// # Example
/// ```
/// use tegmentum::model::perturbation::Direction;
/// use tegmentum::random::Key;
///
/// let direction = Direction::Rademacher(Key::from_seed(1));
/// let mut parameters = vec![0.0; 1000];
/// direction.add_to(0.5, &mut parameters);
/// assert!(parameters.iter().all(|&x| x == 0.5 || x == -0.5));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Direction {
    /// No perturbation.
    Zero,
    /// Independent signs.
    Rademacher(Key),
    /// Independent standard normals.
    Gaussian(Key),
    /// Of low rank in each matrix.
    LowRank(LowRankDirection),
    /// Signs, orthogonal to the other directions of its update.
    Orthogonal(OrthogonalDirection),
    /// Independent, with a size of their own in each block.
    Sized(SizedDirection),
    /// The unit vector of one parameter.
    Coordinate(usize),
}

impl Direction {
    /// Adds `scale · v` to `target` `[P]`.
    pub fn add_to(&self, scale: f32, target: &mut [f32]) {
        self.add_chunk(0, scale, target);
    }

    /// Writes `scale · v` to `target` `[P]`: the bits of zeros to which it is added.
    ///
    /// # Example
    /// ```
    /// use tegmentum::model::perturbation::Direction;
    /// use tegmentum::random::Key;
    ///
    /// let direction = Direction::Rademacher(Key::from_seed(1));
    /// let (mut written, mut added) = ([7.0; 300], [0.0; 300]);
    /// direction.write_to(0.5, &mut written);
    /// direction.add_to(0.5, &mut added);
    /// assert_eq!(written, added);
    /// ```
    pub fn write_to(&self, scale: f32, target: &mut [f32]) {
        self.write_chunk(0, scale, target);
    }

    /// Writes `scale · v[range]` to `target`, where the range begins at chunk `first` and is as long as `target`.
    pub(crate) fn write_chunk(&self, first: usize, scale: f32, target: &mut [f32]) {
        match *self {
            Self::Rademacher(key) => noise::fill(Noise::Signs, key, first as u64, scale, target),
            Self::Gaussian(key) => noise::fill(Noise::Normals, key, first as u64, scale, target),
            Self::Zero | Self::LowRank(_) | Self::Orthogonal(_) | Self::Sized(_) | Self::Coordinate(_) => {
                target.fill(0.0);
                self.add_chunk(first, scale, target);
            }
        }
    }

    /// Adds `scale · v[range]` to `target`, where the range begins at chunk `first` of [`CHUNK`] entries and is as
    /// long as `target`.
    pub fn add_chunk(&self, first: usize, scale: f32, target: &mut [f32]) {
        match *self {
            Self::Zero => {}
            Self::Rademacher(key) => noise::add(Noise::Signs, key, first as u64, scale, target),
            Self::Gaussian(key) => noise::add(Noise::Normals, key, first as u64, scale, target),
            Self::LowRank(direction) => direction.add(first * CHUNK, scale, target),
            Self::Orthogonal(direction) => direction.add(first, scale, target),
            Self::Sized(direction) => direction.add(first, scale, target),
            Self::Coordinate(index) => {
                if let Some(value) = local(index, first).and_then(|index| target.get_mut(index)) {
                    *value += scale;
                }
            }
        }
    }

    /// Adds `scale · v[range]` to `plus` and subtracts it from `minus`, which are of one length: the same bits as two
    /// calls of [`Direction::add_chunk`] with `scale` and `−scale`, and the noise is made once.
    ///
    /// # Panics
    /// In debug builds, if the lengths differ; otherwise the longer one keeps its rest.
    ///
    /// # Example
    /// ```
    /// use tegmentum::model::perturbation::Direction;
    /// use tegmentum::random::Key;
    ///
    /// let (mut plus, mut minus) = ([1.0; 100], [1.0; 100]);
    /// Direction::Gaussian(Key::from_seed(1)).add_pair(0, 0.1, &mut plus, &mut minus);
    /// assert!(plus.iter().zip(&minus).all(|(a, b)| (a + b - 2.0).abs() < 1e-6));
    /// ```
    pub fn add_pair(&self, first: usize, scale: f32, plus: &mut [f32], minus: &mut [f32]) {
        debug_assert_eq!(plus.len(), minus.len());
        let first_chunk = first as u64;
        match *self {
            Self::Zero => {}
            Self::Rademacher(key) => {
                noise::add_pair(Noise::Signs, key, first_chunk, scale, plus, minus);
            }
            Self::Gaussian(key) => {
                noise::add_pair(Noise::Normals, key, first_chunk, scale, plus, minus);
            }
            Self::LowRank(direction) => direction.add_pair(first * CHUNK, scale, plus, minus),
            Self::Orthogonal(direction) => {
                direction.add(first, scale, plus);
                direction.add(first, -scale, minus);
            }
            Self::Sized(direction) => {
                direction.add(first, scale, plus);
                direction.add(first, -scale, minus);
            }
            Self::Coordinate(index) => {
                let vectors = local(index, first).and_then(|index| plus.get_mut(index).zip(minus.get_mut(index)));
                if let Some((plus, minus)) = vectors {
                    *plus += scale;
                    *minus -= scale;
                }
            }
        }
    }

    /// `target = gain · point + scale · v[range]`, where the range begins at chunk `first` and is as long as `point` and `target`: the
    /// bits of [`Point::write`] and [`Direction::add_chunk`], with fewer trips to memory.
    pub(crate) fn write(&self, first: usize, point: Point<'_>, gain: f32, scale: f32, target: &mut [f32]) {
        let chunk = first as u64;
        match (*self, point) {
            (Self::Rademacher(key), Point::Vector(from)) if gain == 1.0 => {
                noise::write(Noise::Signs, key, chunk, from, scale, target);
            }
            (Self::Gaussian(key), Point::Vector(from)) if gain == 1.0 => {
                noise::write(Noise::Normals, key, chunk, from, scale, target);
            }
            _ => {
                point.write(gain, target);
                self.add_chunk(first, scale, target);
            }
        }
    }

    /// The same for `plus` with `scale` and `minus` with `−scale`; the noise is made once.
    pub(crate) fn write_pair(
        &self,
        first: usize,
        point: Point<'_>,
        gain: f32,
        scale: f32,
        [plus, minus]: [&mut [f32]; 2],
    ) {
        let chunk = first as u64;
        match (*self, point) {
            (Self::Rademacher(key), Point::Vector(from)) if gain == 1.0 => {
                noise::write_pair(Noise::Signs, key, chunk, from, scale, plus, minus);
            }
            (Self::Gaussian(key), Point::Vector(from)) if gain == 1.0 => {
                noise::write_pair(Noise::Normals, key, chunk, from, scale, plus, minus);
            }
            _ => {
                point.write(gain, plus);
                minus.copy_from_slice(plus);
                self.add_pair(first, scale, plus, minus);
            }
        }
    }
}

/// The place of parameter `index` in a range that begins at chunk `first`.
fn local(index: usize, first: usize) -> Option<usize> {
    index.checked_sub(first * CHUNK)
}
