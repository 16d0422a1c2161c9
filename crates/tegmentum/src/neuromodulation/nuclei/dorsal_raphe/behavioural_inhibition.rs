//! Serotonin as behavioural inhibition: punishment holds back action.
//!
//! ```text
//!     c = max(0, −r) ,   P ← P + a (c − P) ,   tonic  P ,   phasic  w c
//! ```
//! r reward, c punishment, P its running mean `[reward]` · a rate [1/moment] · w weight of the event, 0 by default.
//!
//! A receptor on the threshold takes k·5HT from the logit of Go. Inferred: the form; that serotonin goes with punishment and with
//! withholding action is the literature's.
//!
//! Reference: P. Dayan, Q. J. M. Huys, *Serotonin in affective
//! control*, Annual Review of Neuroscience 32, 95–126, 2009.

use serde::{Deserialize, Serialize};

use crate::error::{Result, at_least_zero, fraction};
use crate::neuromodulation::nucleus::{Nucleus, NucleusSettings, Release, Signals, Transmitter, usable};
use crate::random::Key;
use crate::registry::Description;

/// Its name in lists.
const DESCRIPTION: Description = Description {
    name: "behavioural_inhibition",
    summary: "running mean of punishment, to hold back action",
    reference: "Dayan & Huys 2009, doi:10.1146/annurev.neuro.051508.135607; the form is inferred",
};

/// The constants of the model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BehaviouralInhibitionConfig {
    /// Share a of a new punishment in the mean.
    pub rate: f64,
    /// Weight w of the punishment of the moment.
    pub phasic_weight: f64,
}

impl Default for BehaviouralInhibitionConfig {
    fn default() -> Self {
        Self { rate: 0.05, phasic_weight: 0.0 }
    }
}

impl BehaviouralInhibitionConfig {
    /// The nucleus, having seen nothing.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a constant outside its range.
    pub fn build(self) -> Result<BehaviouralInhibition> {
        fraction("behavioural_inhibition.rate", self.rate)?;
        at_least_zero("behavioural_inhibition.phasic_weight", self.phasic_weight)?;
        Ok(BehaviouralInhibition { config: self, mean: 0.0 })
    }
}

impl NucleusSettings for BehaviouralInhibitionConfig {
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
/// use tegmentum::neuromodulation::nuclei::dorsal_raphe::behavioural_inhibition::BehaviouralInhibitionConfig;
/// use tegmentum::neuromodulation::nucleus::{Nucleus, Signals};
///
/// let mut nucleus = BehaviouralInhibitionConfig { rate: 0.5, phasic_weight: 0.0 }.build()?;
/// let mut after = |reward| nucleus.release(&Signals { reward: Some(reward), ..Signals::default() }).total();
/// assert_eq!([after(-1.0), after(1.0)], [0.5, 0.25]);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct BehaviouralInhibition {
    config: BehaviouralInhibitionConfig,
    mean: f64,
}

crate::archived!(BehaviouralInhibition { mean } fixed { config });

impl Nucleus for BehaviouralInhibition {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Serotonin
    }

    fn release(&mut self, signals: &Signals) -> Release {
        let mut phasic = 0.0;
        if let Some(reward) = usable(signals.reward) {
            let punishment = (-reward).max(0.0);
            self.mean += self.config.rate * (punishment - self.mean);
            phasic = self.config.phasic_weight * punishment;
        }
        Release { phasic, tonic: self.mean }
    }

    fn reset(&mut self) {
        self.mean = 0.0;
    }

    crate::archives!();
}
