//! Spontaneous activity: a constant tone, in whichever nucleus, that couplings raise and lower.
//!
//! ```text
//!     tonic = l
//! ```
//! l level. A system in which everything interesting is an arrow between modulators (`doya-2002`) needs something that the arrows
//! can act on; the signals do not matter here.

use serde::{Deserialize, Serialize};

use crate::error::{Result, at_least_zero};
use crate::neuromodulation::nucleus::{Nucleus, NucleusSettings, Release, Signals, Transmitter};
use crate::random::Key;
use crate::registry::Description;

/// Its name in lists.
const DESCRIPTION: Description = Description {
    name: "tonic_activity",
    summary: "a constant tone that couplings raise and lower",
    reference: "needed by Doya 2002, doi:10.1016/S0893-6080(02)00044-8",
};

/// The constants of the model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TonicActivityConfig {
    /// The level l.
    pub level: f64,
}

impl Default for TonicActivityConfig {
    fn default() -> Self {
        Self { level: 1.0 }
    }
}

impl TonicActivityConfig {
    /// A nucleus that releases `transmitter`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a negative level.
    pub fn build(self, transmitter: Transmitter) -> Result<TonicActivity> {
        at_least_zero("tonic_activity.level", self.level)?;
        Ok(TonicActivity { transmitter, level: self.level })
    }
}

impl NucleusSettings for TonicActivityConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, transmitter: Transmitter, _: Key) -> Result<Box<dyn Nucleus>> {
        Ok(Box::new(Self::build(*self, transmitter)?))
    }
}

/// The nucleus; it has no memory.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::nuclei::tonic_activity::TonicActivityConfig;
/// use tegmentum::neuromodulation::nucleus::{Nucleus, Signals, Transmitter};
///
/// let mut nucleus = TonicActivityConfig::default().build(Transmitter::Serotonin)?;
/// assert_eq!(nucleus.release(&Signals::default()).tonic, 1.0);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TonicActivity {
    transmitter: Transmitter,
    level: f64,
}

crate::archived!(TonicActivity {} fixed { transmitter, level });

impl Nucleus for TonicActivity {
    fn transmitter(&self) -> Transmitter {
        self.transmitter
    }

    fn release(&mut self, _: &Signals) -> Release {
        Release::tonic(self.level)
    }

    fn reset(&mut self) {}

    crate::archives!();
}
