//! A user's loss: any function of a parameter slice, deterministic or drawn from a batch key.

use std::fmt;

use super::Pool;
use crate::data::batch::Batch;
use crate::error::Result;
use crate::model::objective::{Objective, check_shapes};
use crate::model::perturbation::{Bases, Probe};
use crate::random::Key;

/// A loss that is called with a parameter vector `[P]` and the key of the step's batch.
///
/// A loss that is random must draw from that key alone, so that all probes of a step see the same noise.
///
/// # Example
/// ```
/// use tegmentum::model::objectives::BlackBox;
/// use tegmentum::random::Key;
///
/// let plain = BlackBox::new(3, |x: &[f32]| f64::from(x[0]));
/// let noisy = BlackBox::with_batches(3, |x: &[f32], batch: Key| f64::from(x[0]) + batch.stream().uniform());
/// ```
pub struct BlackBox<F> {
    num_parameters: usize,
    loss: F,
    candidates: Pool<Vec<f32>>,
}

impl BlackBox<()> {
    /// A loss that depends on the parameters alone.
    pub fn new<F>(num_parameters: usize, loss: F) -> BlackBox<impl Fn(&[f32], Key) -> f64 + Sync>
    where
        F: Fn(&[f32]) -> f64 + Sync,
    {
        Self::with_batches(num_parameters, move |parameters: &[f32], _| loss(parameters))
    }

    /// A loss that also draws a mini-batch, or any other randomness, from a key.
    pub fn with_batches<F: Fn(&[f32], Key) -> f64 + Sync>(num_parameters: usize, loss: F) -> BlackBox<F> {
        BlackBox { num_parameters, loss, candidates: Pool::default() }
    }
}

impl<F> fmt::Debug for BlackBox<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("BlackBox").field("num_parameters", &self.num_parameters).finish_non_exhaustive()
    }
}

impl<F: Fn(&[f32], Key) -> f64 + Sync> Objective for BlackBox<F> {
    fn num_parameters(&self) -> usize {
        self.num_parameters
    }

    fn losses(&self, bases: Bases<'_>, probes: &[Probe], batch: Batch, losses: &mut [f64]) -> Result<()> {
        check_shapes(self.num_parameters, &bases, probes, losses)?;
        self.candidates.lend(|candidate| {
            candidate.resize(self.num_parameters, 0.0);
            for (probe, loss) in probes.iter().zip(losses) {
                probe.write(bases, candidate)?;
                *loss = (self.loss)(candidate, batch.0);
            }
            Ok(())
        })
    }

    fn bytes_in_flight(&self) -> Option<usize> {
        Some(self.num_parameters * size_of::<f32>())
    }
}
