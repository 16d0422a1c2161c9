//! Several candidates at once, as rows of one array.
//!
//! The two halves of an antithetic pair that follow one another share their noise, which is most of the work; many parameters are shared among
//! the threads of the pool. Each row has the bits of [`Probe::write`], whatever the threads.
//!
//! # Cost
//! One pass over the rows that are written; P operations for each single probe and for each pair.

use rayon::prelude::*;

use super::{Bases, Probe};
use crate::error::{Error, Result};

/// Numbers from which on rows are shared among threads.
const SHARED: usize = 1 << 18;

/// A probe, or a pair whose second half has the opposite scale, with the rows that it is written to.
struct Part<'a> {
    probe: &'a Probe,
    plus: &'a mut [f32],
    minus: Option<&'a mut [f32]>,
}

impl Part<'_> {
    fn write(self, bases: Bases<'_>) -> Result<()> {
        let (point, Probe { gain, direction, scale, .. }) = (bases.point(self.probe.base)?, *self.probe);
        match self.minus {
            Some(minus) => direction.write_pair(0, point, gain, scale, [self.plus, minus]),
            None => direction.write(0, point, gain, scale, self.plus),
        }
        Ok(())
    }
}

/// Writes the candidates of `probes` to the rows of `target` [n × P].
///
/// # Errors
/// [`Error::ShapeMismatch`] if `target` has another length or a base does not exist.
///
/// # Example
/// ```
/// use tegmentum::model::perturbation::{Bases, Direction, Probe, write_candidates};
///
/// let parameters = [1.0, 2.0];
/// let probes = [0.5, -0.5].map(|scale| Probe::perturbed(Direction::Coordinate(1), scale));
/// let mut rows = [0.0; 4];
/// write_candidates(&probes, Bases::single(&parameters), &mut rows)?;
/// assert_eq!(rows, [1.0, 2.5, 1.0, 1.5]);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
pub fn write_candidates(probes: &[Probe], bases: Bases<'_>, target: &mut [f32]) -> Result<()> {
    let columns = bases.num_parameters();
    let expected = probes.len().saturating_mul(columns);
    if target.len() != expected {
        let (what, found) = ("numbers of the candidates", target.len());
        return Err(Error::ShapeMismatch { what, expected, found });
    }
    let is_large = target.len() >= SHARED;
    let parts = parts(probes, columns.max(1), target);
    if is_large {
        return parts.collect::<Vec<_>>().into_par_iter().try_for_each(|part| part.write(bases));
    }
    parts.into_iter().try_for_each(|part| part.write(bases))
}

/// Single probes and pairs with their rows.
fn parts<'a>(probes: &'a [Probe], columns: usize, target: &'a mut [f32]) -> impl Iterator<Item = Part<'a>> {
    let mut rows = target.chunks_exact_mut(columns);
    let mut rest = probes;
    std::iter::from_fn(move || {
        let (probe, others) = rest.split_first()?;
        let plus = rows.next()?;
        let is_pair = others.first().is_some_and(|other| other.is_antithetic_to(probe));
        rest = if is_pair { &others[1..] } else { others };
        let minus = if is_pair { rows.next() } else { None };
        Some(Part { probe, plus, minus })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::perturbation::{Base, Direction, Point};
    use crate::random::Key;

    #[test]
    fn rows_have_the_bits_of_single_candidates() {
        for columns in [1, 5, 128, 300, SHARED / 4] {
            let first: Vec<f32> = (0..columns).map(|i| (i as f32).sin()).collect();
            let second: Vec<f32> = (0..columns).map(|i| (i as f32).cos()).collect();
            let acting = Point::Mixture { first: &first, second: &second, weight: 0.1 };
            let bases = Bases { acting, averaged: Point::Vector(&second), candidates: &first };
            let (a, b) = (Direction::Gaussian(Key(1)), Direction::Rademacher(Key(2)));
            let averaged = |scale| Probe { base: Base::Averaged, ..Probe::perturbed(b, scale) };
            let probes = [
                Probe::unperturbed(Base::Acting),
                Probe::perturbed(a, 0.1),
                Probe::perturbed(a, -0.1),
                Probe::perturbed(a, -0.1),
                averaged(0.3),
                averaged(-0.3),
                Probe { gain: 0.5, ..Probe::perturbed(Direction::Coordinate(0), 2.0) },
                Probe::unperturbed(Base::Candidate(0)),
            ];
            let mut rows = vec![f32::NAN; probes.len() * columns];
            write_candidates(&probes, bases, &mut rows).unwrap();
            for (probe, row) in probes.iter().zip(rows.chunks_exact(columns)) {
                let mut single = vec![0.0; columns];
                probe.write(bases, &mut single).unwrap();
                assert!(single.iter().zip(row).all(|(a, b)| a.to_bits() == b.to_bits()), "{probe:?}");
            }
            assert!(write_candidates(&probes[1..], bases, &mut rows).is_err());
            assert!(write_candidates(&[Probe::unperturbed(Base::Candidate(1))], bases, &mut rows[..columns]).is_err());
        }
    }
}
