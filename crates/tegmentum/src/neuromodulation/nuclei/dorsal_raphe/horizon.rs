//! Dorsal raphe: serotonin as horizon, which grows with the time since the last surprise.
//!
//! ```text
//!     level h = t/reach        [moments]
//! ```
//! t time since the last surprise `[moments]`, for an optimizer in updates · reach 5.
//!
//! What the level does is its receptors' business: weights are averaged over the horizon, and learners wait longer between two
//! judgements of acting. A young model averages over little and is judged often; an old one has more to lose and waits longer. If
//! nothing improves, the rate falls like t⁻² counted from the last surprise: annealing without a length of the run that must be
//! known.
//!
//! Reference: K. Miyazaki, K. W. Miyazaki, K. Doya, J. Neurosci. 31, 469–479, 2011, for serotonin and waiting; the
//! average is that of A. Defazio et al., *The road less scheduled*, 2024, arXiv:2405.15682, with polynomial weights.

use serde::{Deserialize, Serialize};

use crate::error::{Result, positive};
use crate::neuromodulation::nucleus::{Nucleus, NucleusSettings, Release, Signals, Transmitter};
use crate::random::Key;
use crate::registry::Description;

/// Name, summary and reference.
const DESCRIPTION: Description = Description {
    name: "horizon",
    summary: "time since the last surprise",
    reference: "Miyazaki et al. 2011; Defazio et al. 2024, arXiv:2405.15682",
};

/// The constants of the nucleus.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HorizonConfig {
    /// The horizon is the elapsed time divided by this.
    pub reach: f64,
}

impl Default for HorizonConfig {
    fn default() -> Self {
        Self { reach: 5.0 }
    }
}

impl HorizonConfig {
    /// The nucleus, having seen nothing.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a reach that is not a finite number above 0.
    pub fn build(self) -> Result<Horizon> {
        positive("dorsal_raphe.horizon.reach", self.reach)?;
        Ok(Horizon { config: self, elapsed: 0.0 })
    }
}

impl NucleusSettings for HorizonConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, _: Transmitter, _: Key) -> Result<Box<dyn Nucleus>> {
        Ok(Box::new(Self::build(*self)?))
    }
}

/// The state of the nucleus.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::nuclei::dorsal_raphe::horizon::HorizonConfig;
/// use tegmentum::neuromodulation::nucleus::{Nucleus, Signals};
///
/// let mut nucleus = HorizonConfig::default().build()?;
/// let levels: Vec<f64> = (0..100).map(|_| nucleus.release(&Signals::default()).total()).collect();
/// assert_eq!(levels[99], 20.0);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Horizon {
    config: HorizonConfig,
    elapsed: f64,
}

crate::archived!(Horizon { elapsed } fixed { config });

impl Nucleus for Horizon {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Serotonin
    }

    /// Time passes, whatever happens.
    fn release(&mut self, signals: &Signals) -> Release {
        self.elapsed += signals.elapsed.filter(|elapsed| elapsed.is_finite() && *elapsed >= 0.0).unwrap_or(1.0);
        Release::tonic(self.elapsed / self.config.reach)
    }

    fn reset(&mut self) {
        self.elapsed = 0.0;
    }

    crate::archives!();
}
