//! What a learner is asked to improve: losses of probes. Smaller is better.

use crate::data::batch::Batch;
use crate::error::{Error, Result};
use crate::model::perturbation::{Bases, Probe};

/// A loss over a flat parameter vector, seen through probes.
///
/// # Example
/// A closure over a parameter slice is an objective; see [`BlackBox`](crate::model::objectives::BlackBox).
/// ```
/// use tegmentum::data::batch::Batch;
/// use tegmentum::model::objective::Objective;
/// use tegmentum::model::objectives::BlackBox;
/// use tegmentum::model::perturbation::{Base, Bases, Probe};
/// use tegmentum::random::Key;
///
/// let sphere = BlackBox::new(2, |x: &[f32]| x.iter().map(|&x| f64::from(x * x)).sum());
/// let parameters = [3.0, 4.0];
/// let mut losses = [0.0];
/// let probes = [Probe::unperturbed(Base::Acting)];
/// sphere.losses(Bases::single(&parameters), &probes, Batch(Key::from_seed(0)), &mut losses)?;
/// assert_eq!(losses, [25.0]);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
pub trait Objective: Sync {
    /// Number of parameters P.
    fn num_parameters(&self) -> usize;

    /// Writes the loss of each probe, all on the same batch and from the same initial state. Reentrant.
    ///
    /// A loss may be NaN or infinite: the learner bounds it and counts it.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] if the bases have another length than the objective's parameters, or `losses` another
    /// length than `probes`.
    fn losses(&self, bases: Bases<'_>, probes: &[Probe], batch: Batch, losses: &mut [f64]) -> Result<()>;

    /// Floating-point operations of the loss of one probe, if they can be counted.
    fn operations(&self) -> Option<u64> {
        None
    }

    /// Bytes that one evaluation in flight holds (parameters of the candidate, activities), if they can be counted; the
    /// data themselves not included.
    fn bytes_in_flight(&self) -> Option<usize> {
        None
    }
}

impl<O: Objective + ?Sized> Objective for &O {
    fn num_parameters(&self) -> usize {
        (**self).num_parameters()
    }

    fn losses(&self, bases: Bases<'_>, probes: &[Probe], batch: Batch, losses: &mut [f64]) -> Result<()> {
        (**self).losses(bases, probes, batch, losses)
    }

    fn operations(&self) -> Option<u64> {
        (**self).operations()
    }

    fn bytes_in_flight(&self) -> Option<usize> {
        (**self).bytes_in_flight()
    }
}

/// Checks the shapes that every objective asks for.
pub(crate) fn check_shapes(expected: usize, bases: &Bases<'_>, probes: &[Probe], losses: &[f64]) -> Result<()> {
    if bases.num_parameters() != expected {
        return Err(Error::ShapeMismatch { what: "parameters", expected, found: bases.num_parameters() });
    }
    if probes.len() != losses.len() {
        return Err(Error::ShapeMismatch { what: "losses", expected: probes.len(), found: losses.len() });
    }
    Ok(())
}
