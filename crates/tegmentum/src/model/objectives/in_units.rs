//! Other units: an objective as a learner sees it whose loss or parameters are measured in another unit, or whose loss has a constant added.
//!
//! ```text
//!     ℓ'(θ') = unit_ℓ · ℓ(θ' / unit_θ) + offset
//! ```
//! ℓ the objective's loss · θ its parameters `[P]` · θ' = unit_θ · θ what the learner moves. A learner that depends on no unit takes the same steps, up
//! to rounding, whatever the units are; this is how that is measured.
//!
//! # Cost
//! One multiplication for each number of a probe's recipe: no parameter is copied.

use super::Pool;
use crate::data::batch::Batch;
use crate::error::{Error, Result, positive};
use crate::model::objective::Objective;
use crate::model::perturbation::{Bases, Probe};

use serde::{Deserialize, Serialize};

/// Units of loss and parameters.
///
/// # Example
/// ```
/// use tegmentum::model::objectives::Units;
///
/// let units: Units = toml::from_str("loss = 1e18\nparameters = 1e-6")?;
/// let mut parameters = [2.0];
/// units.to_learner(&mut parameters);
/// assert_eq!(parameters, [2e-6]);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Units {
    /// What the loss is multiplied by, from 1e-100 to 1e100.
    pub loss: f64,
    /// What is added to the loss after that.
    pub offset: f64,
    /// What the parameters are multiplied by, from 1e-12 to 1e12.
    pub parameters: f64,
}

impl Default for Units {
    fn default() -> Self {
        Self { loss: 1.0, offset: 0.0, parameters: 1.0 }
    }
}

impl Units {
    /// Checks the numbers.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a unit out of its range, or an offset that is not finite.
    pub fn check(self) -> Result<Self> {
        for (name, value, digits) in [("units.loss", self.loss, 100), ("units.parameters", self.parameters, 12)] {
            positive(name, value)?;
            let requirement = if digits == 12 { "from 1e-12 to 1e12" } else { "from 1e-100 to 1e100" };
            if value.log10().abs() > f64::from(digits) {
                return Err(Error::InvalidParameter { name, value, requirement });
            }
        }
        if !self.offset.is_finite() {
            let requirement = "a finite number";
            return Err(Error::InvalidParameter { name: "units.offset", value: self.offset, requirement });
        }
        Ok(self)
    }

    /// Parameters θ `[P]` in the learner's unit.
    pub fn to_learner(self, parameters: &mut [f32]) {
        for parameter in parameters {
            *parameter = (f64::from(*parameter) * self.parameters) as f32;
        }
    }

    /// Parameters θ' `[P]` of the learner in the unit of the objective.
    pub fn to_objective(self, parameters: &mut [f32]) {
        for parameter in parameters {
            *parameter = (f64::from(*parameter) / self.parameters) as f32;
        }
    }
}

/// An objective in other units.
///
/// # Example
/// ```
/// use tegmentum::data::batch::Batch;
/// use tegmentum::model::objective::Objective;
/// use tegmentum::model::objectives::{BlackBox, InUnits, Units};
/// use tegmentum::model::perturbation::{Base, Bases, Probe};
/// use tegmentum::random::Key;
///
/// let units = Units { loss: 100.0, offset: 1.0, parameters: 10.0 };
/// let objective = InUnits::new(BlackBox::new(1, |x: &[f32]| f64::from(x[0])), units)?;
/// let mut loss = [0.0];
/// let probe = [Probe::unperturbed(Base::Acting)];
/// objective.losses(Bases::single(&[20.0]), &probe, Batch(Key::from_seed(1)), &mut loss)?;
/// assert_eq!(loss, [201.0]);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Debug)]
pub struct InUnits<O> {
    objective: O,
    units: Units,
    probes: Pool<Vec<Probe>>,
}

impl<O: Objective> InUnits<O> {
    /// `objective` in `units`.
    ///
    /// # Errors
    /// Those of [`Units::check`].
    pub fn new(objective: O, units: Units) -> Result<Self> {
        Ok(Self { objective, units: units.check()?, probes: Pool::default() })
    }
}

impl<O: Objective> Objective for InUnits<O> {
    fn num_parameters(&self) -> usize {
        self.objective.num_parameters()
    }

    fn losses(&self, bases: Bases<'_>, probes: &[Probe], batch: Batch, losses: &mut [f64]) -> Result<()> {
        let Units { loss, offset, parameters } = self.units;
        self.probes.lend(|own| {
            own.clear();
            own.extend(probes.iter().map(|probe| Probe {
                gain: (f64::from(probe.gain) / parameters) as f32,
                scale: (f64::from(probe.scale) / parameters) as f32,
                ..*probe
            }));
            self.objective.losses(bases, own, batch, losses)
        })?;
        for value in losses {
            *value = loss * *value + offset;
        }
        Ok(())
    }

    fn operations(&self) -> Option<u64> {
        self.objective.operations()
    }

    fn bytes_in_flight(&self) -> Option<usize> {
        self.objective.bytes_in_flight()
    }
}
