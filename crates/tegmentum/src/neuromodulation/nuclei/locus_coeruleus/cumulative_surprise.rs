//! Locus coeruleus: noradrenaline as confirmed surprise beyond the expected.
//!
//! ```text
//!     C ← max(0, C + min(10, (L − μ)/max(s, .02|μ|)) − 1)      suspicion, if C > 12, t > 20 and 20 losses were seen
//!     confirmed if fewer than 3 windows were judged, or L(averaged) > X + 4 max(s_X, .05|X|) ; else C ← C/2
//! ```
//! L loss of the acting model · μ, s its running mean and deviation (rate .02) · X, s_X those of the averaged model at
//! the ends of windows (rate .2) · t updates since the last surprise.
//!
//! A cumulative sum (Page, 1954) of losses in units of their expected deviation costs nothing until it raises an alarm;
//! the alarm is then confirmed on the consolidated model, which a mere wander of the explorer leaves unchanged. A burst
//! is followed by at least 20 updates of refractoriness.
//!
//! References: E. S. Page, Biometrika 41, 100–115, 1954; A. J. Yu, P. Dayan, Neuron 46, 681–692, 2005, for
//! noradrenaline as unexpected uncertainty; S. Bouret, S. J. Sara, Trends Neurosci. 28, 574–582, 2005, for network reset.

use serde::{Deserialize, Serialize};

use crate::neuromodulation::nucleus::{Nucleus, Release, RunningMean, Signals, Transmitter};

/// The constants of the nucleus.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CumulativeSurpriseConfig {
    /// Cumulative surprise that raises an alarm.
    pub threshold: f64,
    /// Surprise, in deviations, that is expected and subtracted at each update.
    pub drift: f64,
    /// Deviations by which the averaged model must be worse than it was to confirm an alarm.
    pub confirmation: f64,
    /// Updates after a surprise, and losses seen, before the next alarm.
    pub refractory: u64,
}

impl Default for CumulativeSurpriseConfig {
    fn default() -> Self {
        Self { threshold: 12.0, drift: 1.0, confirmation: 4.0, refractory: 20 }
    }
}

/// The state of the nucleus.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::nuclei::locus_coeruleus::cumulative_surprise::{CumulativeSurprise, CumulativeSurpriseConfig};
/// use tegmentum::neuromodulation::nucleus::{Nucleus, Signals};
///
/// let mut nucleus = CumulativeSurprise::new(CumulativeSurpriseConfig::default());
/// let mut watch = |loss: f64| nucleus.release(&Signals { loss: Some(loss), ..Signals::default() }).total();
/// for _ in 0..50 {
///     assert!(watch(1.0) < 1.0);
/// }
/// watch(5.0);
/// assert!(watch(5.0) > 1.0);
/// ```
#[derive(Clone, Debug)]
pub struct CumulativeSurprise {
    config: CumulativeSurpriseConfig,
    losses: RunningMean,
    consolidated: RunningMean,
    cumulative: f64,
    updates: u64,
}

impl CumulativeSurprise {
    /// A nucleus that has seen nothing.
    pub fn new(config: CumulativeSurpriseConfig) -> Self {
        Self {
            config,
            losses: RunningMean::default(),
            consolidated: RunningMean::default(),
            cumulative: 0.0,
            updates: 0,
        }
    }

    /// Whether there is enough evidence to look at the consolidated model.
    pub fn is_suspicious(&self) -> bool {
        self.cumulative > self.config.threshold && !self.is_refractory()
    }

    /// Whether it is too soon after the last surprise for an alarm.
    pub(crate) fn is_refractory(&self) -> bool {
        self.updates <= self.config.refractory
    }

    /// Whether the consolidated model, at `loss`, has become worse than it ever was expected to be; if not, half of the
    /// suspicion is dropped.
    pub fn confirm(&mut self, loss: f64) -> bool {
        let expected = self.consolidated.mean;
        let bound = expected + self.config.confirmation * self.consolidated.deviation(0.05);
        let confirmed = self.consolidated.count < 3 || loss > bound || loss.is_nan();
        if !confirmed {
            self.cumulative *= 0.5;
        }
        confirmed
    }
}

impl Nucleus for CumulativeSurprise {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Noradrenaline
    }

    /// The level is the cumulative surprise as a share of the threshold.
    fn release(&mut self, signals: &Signals) -> Release {
        if let Some(loss) = signals.loss {
            self.updates += 1;
            if loss.is_finite() {
                if self.losses.count >= self.config.refractory {
                    let surprise = ((loss - self.losses.mean) / self.losses.deviation(0.02)).min(10.0);
                    self.cumulative = (self.cumulative + surprise - self.config.drift).max(0.0);
                }
                self.losses.update(loss, 0.02);
            }
        }
        if let Some(loss) = signals.consolidated_loss.filter(|loss| loss.is_finite()) {
            self.consolidated.update(loss, 0.2);
        }
        Release::tonic(self.cumulative / self.config.threshold)
    }

    fn reset(&mut self) {
        *self = Self::new(self.config);
    }
}
