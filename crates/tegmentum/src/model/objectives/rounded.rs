//! Rounded weights: every candidate is put on a grid before its loss is asked for, as on a device that stores weights in a few bits.

use super::Pool;
use crate::data::batch::Batch;
use crate::error::{Error, Result, positive};
use crate::model::objective::Objective;
use crate::model::perturbation::{Bases, Probe};

use serde::{Deserialize, Serialize};

/// A grid of weights: multiples of a step, and of so many bits if that is said.
///
/// # Example
/// ```
/// use tegmentum::model::objectives::Rounding;
///
/// let bytes: Rounding = toml::from_str("step = 0.25\nbits = 8")?;
/// let mut weights = [0.3, -0.4, 100.0];
/// bytes.apply(&mut weights);
/// assert_eq!(weights, [0.25, -0.5, 31.75]);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rounding {
    /// Distance of two neighbours on the grid.
    pub step: f64,
    /// Bits b of a weight, 2 to 24: the largest is (2^(b − 1) − 1) steps, the smallest its negative. Without bound if it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bits: Option<u32>,
}

impl Rounding {
    /// Checks the numbers.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a step that is not above 0, or bits out of their range.
    pub fn check(self) -> Result<Self> {
        positive("step", self.step)?;
        match self.bits {
            Some(bits) if !(2..=24).contains(&bits) => {
                Err(Error::InvalidParameter { name: "bits", value: f64::from(bits), requirement: "from 2 to 24" })
            }
            _ => Ok(self),
        }
    }

    /// Puts weights on the grid.
    pub fn apply(self, weights: &mut [f32]) {
        let largest = self.bits.map_or(f64::INFINITY, |bits| f64::from((1u32 << (bits - 1)) - 1));
        for weight in weights {
            *weight = ((f64::from(*weight) / self.step).round().clamp(-largest, largest) * self.step) as f32;
        }
    }
}

/// An objective whose candidates are rounded first. The learner's own vectors are not.
///
/// # Example
/// ```
/// use tegmentum::data::batch::Batch;
/// use tegmentum::model::objective::Objective;
/// use tegmentum::model::objectives::{BlackBox, Rounded, Rounding};
/// use tegmentum::model::perturbation::{Base, Bases, Probe};
/// use tegmentum::random::Key;
///
/// let rounded = Rounded::new(BlackBox::new(1, |x: &[f32]| f64::from(x[0])), Rounding { step: 0.5, bits: None })?;
/// let mut loss = [0.0];
/// let probe = [Probe::unperturbed(Base::Acting)];
/// rounded.losses(Bases::single(&[0.7]), &probe, Batch(Key::from_seed(1)), &mut loss)?;
/// assert_eq!(loss, [0.5]);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Debug)]
pub struct Rounded<O> {
    objective: O,
    rounding: Rounding,
    candidates: Pool<Vec<f32>>,
}

impl<O: Objective> Rounded<O> {
    /// `objective` on a grid.
    ///
    /// # Errors
    /// Those of [`Rounding::check`].
    pub fn new(objective: O, rounding: Rounding) -> Result<Self> {
        Ok(Self { objective, rounding: rounding.check()?, candidates: Pool::default() })
    }
}

impl<O: Objective> Objective for Rounded<O> {
    fn num_parameters(&self) -> usize {
        self.objective.num_parameters()
    }

    fn losses(&self, bases: Bases<'_>, probes: &[Probe], batch: Batch, losses: &mut [f64]) -> Result<()> {
        crate::model::objective::check_shapes(self.num_parameters(), &bases, probes, losses)?;
        self.candidates.lend(|candidate| {
            candidate.resize(self.num_parameters(), 0.0);
            for (probe, loss) in probes.iter().zip(losses) {
                probe.write(bases, candidate)?;
                self.rounding.apply(candidate);
                let only = [Probe::unperturbed(crate::model::perturbation::Base::Acting)];
                self.objective.losses(Bases::single(candidate), &only, batch, std::slice::from_mut(loss))?;
            }
            Ok(())
        })
    }

    fn operations(&self) -> Option<u64> {
        self.objective.operations()
    }

    fn bytes_in_flight(&self) -> Option<usize> {
        self.objective.bytes_in_flight().map(|bytes| bytes + self.num_parameters() * size_of::<f32>())
    }
}
