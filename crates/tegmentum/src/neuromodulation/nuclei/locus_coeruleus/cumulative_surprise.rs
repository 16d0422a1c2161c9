//! Locus coeruleus: noradrenaline as surprise beyond the expected.
//!
//! ```text
//!     C ← max(0, C + min(10, (L − μ)/max(s, .02|μ|)) − 1)      once 20 losses were seen
//!     level C/12 ;  a suspicion that is not confirmed halves C
//! ```
//! L loss of the acting model · μ, s its running mean and deviation (rate .02). A learner that knows what it expects tells the surprise
//! itself (`surprise` of the signals): it takes the place of the quotient from the first one on, and losses are not read.
//!
//! A cumulative sum (Page, 1954) of losses in units of their expected deviation costs nothing until it raises an alarm, at level
//! 1; the learner then confirms it on its consolidated model, which a mere wander of the exploring weights leaves unchanged. A
//! reset is followed by at least 20 updates of refractoriness.
//!
//! References: E. S. Page, Biometrika 41, 100–115, 1954; A. J. Yu, P. Dayan, Neuron 46, 681–692, 2005, for
//! noradrenaline as unexpected uncertainty; S. Bouret, S. J. Sara, Trends Neurosci. 28, 574–582, 2005, for network reset.

use serde::{Deserialize, Serialize};

use crate::error::{Result, at_least_zero, positive};
use crate::neuromodulation::nucleus::{Nucleus, NucleusSettings, Release, RunningMean, Signals, Transmitter, usable};
use crate::random::Key;
use crate::registry::Description;

/// Name, summary and reference.
const DESCRIPTION: Description = Description {
    name: "cumulative_surprise",
    summary: "cumulative sum of losses beyond the expected",
    reference: "Page 1954; Bouret & Sara 2005",
};

/// The constants of the nucleus.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CumulativeSurpriseConfig {
    /// Cumulative surprise that raises an alarm.
    pub threshold: f64,
    /// Surprise, in deviations, that is expected and subtracted at each update.
    pub drift: f64,
    /// Losses that are seen before surprise is counted.
    pub refractory: u64,
}

impl Default for CumulativeSurpriseConfig {
    fn default() -> Self {
        Self { threshold: 12.0, drift: 1.0, refractory: 20 }
    }
}

impl CumulativeSurpriseConfig {
    /// The nucleus, having seen nothing.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a constant outside its range.
    pub fn build(self) -> Result<CumulativeSurprise> {
        positive("locus_coeruleus.cumulative_surprise.threshold", self.threshold)?;
        at_least_zero("locus_coeruleus.cumulative_surprise.drift", self.drift)?;
        Ok(CumulativeSurprise { config: self, losses: RunningMean::default(), cumulative: 0.0 })
    }
}

impl NucleusSettings for CumulativeSurpriseConfig {
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
/// use tegmentum::neuromodulation::nuclei::locus_coeruleus::cumulative_surprise::CumulativeSurpriseConfig;
/// use tegmentum::neuromodulation::nucleus::{Nucleus, Signals};
///
/// let mut nucleus = CumulativeSurpriseConfig::default().build()?;
/// let mut watch = |loss: f64| nucleus.release(&Signals { loss: Some(loss), ..Signals::default() }).total();
/// for _ in 0..50 {
///     assert!(watch(1.0) < 1.0);
/// }
/// watch(5.0);
/// assert!(watch(5.0) > 1.0);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct CumulativeSurprise {
    config: CumulativeSurpriseConfig,
    losses: RunningMean,
    cumulative: f64,
}

crate::archived!(CumulativeSurprise { losses, cumulative } fixed { config });

impl CumulativeSurprise {
    fn accumulate(&mut self, surprise: f64) {
        self.cumulative = (self.cumulative + surprise.min(10.0) - self.config.drift).max(0.0);
    }
}

impl Nucleus for CumulativeSurprise {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Noradrenaline
    }

    fn release(&mut self, signals: &Signals) -> Release {
        if let Some(surprise) = usable(signals.surprise) {
            self.accumulate(surprise);
        } else if let Some(loss) = signals.loss.filter(|loss| loss.is_finite()) {
            if self.losses.count >= self.config.refractory {
                self.accumulate((loss - self.losses.mean) / self.losses.deviation(0.02));
            }
            self.losses.update(loss, 0.02);
        }
        Release::tonic(self.cumulative / self.config.threshold)
    }

    fn reset(&mut self) {
        *self = Self { config: self.config, losses: RunningMean::default(), cumulative: 0.0 };
    }

    fn answers_to(&self, signals: &Signals) -> bool {
        signals.loss.is_some() || signals.surprise.is_some()
    }

    fn take_in(&mut self, signals: &Signals) {
        if signals.confirmed == Some(false) {
            self.cumulative *= 0.5;
        }
    }

    crate::archives!();
}
