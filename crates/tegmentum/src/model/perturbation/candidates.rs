//! Candidates written out: several as rows of one array, or one into the vectors that a model keeps its parameters in.
//!
//! The two halves of an antithetic pair that follow one another share their noise, which is most of the work; many parameters are shared among
//! the threads of the pool. What is written has the bits of [`Probe::write`], whatever the threads and the parts.
//!
//! # Cost
//! One pass over what is written; P operations for each single probe and for each pair.

use rayon::prelude::*;

use super::{Bases, Point, Probe};
use crate::error::{Error, Result};
use crate::kernel::noise::CHUNK;

/// Numbers from which on rows are shared among threads.
const SHARED: usize = 1 << 18;
/// Numbers of one candidate that a thread writes at a time: some tens of microseconds of work.
const PIECE: usize = 1 << 16;

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

/// Writes the candidate of `probe` to `parts`, which one after the other hold the P parameters: what a model that keeps each tensor by
/// itself needs no copy for.
///
/// # Errors
/// [`Error::ShapeMismatch`] if the parts are longer or shorter than P together, or a base does not exist.
///
/// # Example
/// ```
/// use tegmentum::model::perturbation::{Bases, Direction, Probe, write_in_parts};
///
/// let (mut weights, mut biases) = ([0.0; 2], [0.0; 1]);
/// let probe = Probe::perturbed(Direction::Coordinate(2), 0.5);
/// write_in_parts(&probe, Bases::single(&[1.0, 2.0, 3.0]), vec![&mut weights, &mut biases])?;
/// assert_eq!((weights, biases), ([1.0, 2.0], [3.5]));
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
pub fn write_in_parts(probe: &Probe, bases: Bases<'_>, parts: Vec<&mut [f32]>) -> Result<()> {
    let (point, expected) = (bases.point(probe.base)?, bases.num_parameters());
    let found = parts.iter().map(|part| part.len()).sum();
    if found != expected {
        return Err(Error::ShapeMismatch { what: "parameters of a candidate", expected, found });
    }
    let mut pieces = Vec::with_capacity(parts.len() + expected / PIECE);
    let mut first = 0;
    for mut part in parts {
        while !part.is_empty() {
            let length = part.len().min(PIECE - first % PIECE);
            let (piece, rest) = part.split_at_mut(length);
            pieces.push((first, piece));
            (first, part) = (first + length, rest);
        }
    }
    if expected >= SHARED {
        pieces.into_par_iter().for_each(|(first, piece)| write_from(probe, point, first, piece));
    } else {
        for (first, piece) in pieces {
            write_from(probe, point, first, piece);
        }
    }
    Ok(())
}

/// Writes the parameters from number `first` on.
fn write_from(probe: &Probe, point: Point<'_>, mut first: usize, mut target: &mut [f32]) {
    let Probe { gain, direction, scale, .. } = *probe;
    let before = first % CHUNK;
    if before > 0 {
        // What is left of a chunk that begins in the part before.
        let start = first - before;
        let mut chunk = [0.0; CHUNK];
        let chunk = &mut chunk[..CHUNK.min(before + target.len())];
        direction.write(start / CHUNK, point.part(start..start + chunk.len()), gain, scale, chunk);
        let (head, rest) = target.split_at_mut(chunk.len() - before);
        head.copy_from_slice(&chunk[before..]);
        (first, target) = (first + head.len(), rest);
    }
    if !target.is_empty() {
        direction.write(first / CHUNK, point.part(first..first + target.len()), gain, scale, target);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::perturbation::{Base, Direction};

    #[test]
    fn parts_have_the_bits_of_the_whole() {
        let length = SHARED + 777;
        let (first, second): (Vec<f32>, Vec<f32>) = (0..length).map(|i| ((i as f32).sin(), (i as f32).cos())).unzip();
        let acting = Point::Mixture { first: &first, second: &second, weight: 0.1 };
        let bases = Bases { acting, averaged: Point::Vector(&second), candidates: &[] };
        let averaged = |direction, scale| Probe { base: Base::Averaged, ..Probe::perturbed(direction, scale) };
        for probe in [
            Probe::unperturbed(Base::Acting),
            Probe::perturbed(Direction::Gaussian(Key(1)), 0.1),
            averaged(Direction::Gaussian(Key(1)), -0.1),
            averaged(Direction::Rademacher(Key(2)), 0.3),
            Probe { gain: 0.5, ..averaged(Direction::Rademacher(Key(2)), 0.3) },
            averaged(Direction::Coordinate(40_000), 2.0),
        ] {
            let mut whole = vec![0.0; length];
            probe.write(bases, &mut whole).unwrap();
            // Borders within a chunk, at one, several within one, an empty part.
            let borders = [0, 5, 5, 100, 128, 300, 4096, 70_001, length];
            let mut found = vec![f32::NAN; length];
            let mut rest = found.as_mut_slice();
            let mut parts = Vec::new();
            for border in borders.windows(2) {
                let (part, others) = std::mem::take(&mut rest).split_at_mut(border[1] - border[0]);
                parts.push(part);
                rest = others;
            }
            write_in_parts(&probe, bases, parts).unwrap();
            assert!(whole.iter().zip(&found).all(|(a, b)| a.to_bits() == b.to_bits()), "{probe:?}");
        }
        let probe = Probe::unperturbed(Base::Acting);
        for wrong in [length - 1, length + 1] {
            assert!(write_in_parts(&probe, bases, vec![&mut vec![0.0; wrong]]).is_err());
        }
    }
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
