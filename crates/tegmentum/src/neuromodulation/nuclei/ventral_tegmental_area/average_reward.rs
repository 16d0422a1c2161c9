//! Dopamine as the prediction error of the average-reward form: an outcome counts by how far it beats the usual.
//!
//! ```text
//!     phasic  δ̄ = r − r̄ + V' − V  =  δ − r̄           δ = r + V' − V of the critic, where it is given
//!                = r − r̄ − V                          a single step, where only r and V are
//!     tonic   w r̄ ,   r̄ ← r̄ + a (r − r̄)               after δ̄
//! ```
//! r reward, r̄ its running mean, V, V' values before and after `[reward]` · a rate [1/moment] · w share of r̄ that is released as a
//! slow tone (vigour), 0 by default: receptors see the whole level, and with w = 1 that would be δ again.
//!
//! δ of a discounting critic (γ < 1) is taken as it is: the signals do not carry V' by itself. Inferred: that the same nucleus
//! releases both parts.
//!
//! References: Y. Niv, N. D. Daw, D. Joel, P. Dayan, Psychopharmacology 191, 507–520, 2007, for tonic dopamine as r̄;
//! R. S. Sutton, A. G. Barto, *Reinforcement Learning*, 2nd ed., section 10.3, for the form.

use serde::{Deserialize, Serialize};

use crate::error::{Result, at_least_zero, fraction};
use crate::neuromodulation::nucleus::{Nucleus, NucleusSettings, Release, Signals, Transmitter, usable};
use crate::random::Key;
use crate::registry::Description;

/// Its name in lists.
const DESCRIPTION: Description = Description {
    name: "average_reward",
    summary: "the prediction error beyond the average reward, which may be released as a slow tone",
    reference: "Niv, Daw, Joel & Dayan 2007",
};

/// The constants of the model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AverageRewardConfig {
    /// Share a of a new reward in the mean.
    pub rate: f64,
    /// Share w of the mean that is released tonically.
    pub tonic_share: f64,
}

impl Default for AverageRewardConfig {
    fn default() -> Self {
        Self { rate: 0.01, tonic_share: 0.0 }
    }
}

impl AverageRewardConfig {
    /// The nucleus, having seen nothing.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a rate outside `[0, 1]` or a negative share.
    pub fn build(self) -> Result<AverageReward> {
        fraction("average_reward.rate", self.rate)?;
        at_least_zero("average_reward.tonic_share", self.tonic_share)?;
        Ok(AverageReward { config: self, mean: 0.0 })
    }
}

impl NucleusSettings for AverageRewardConfig {
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
/// use tegmentum::neuromodulation::nuclei::ventral_tegmental_area::average_reward::AverageRewardConfig;
/// use tegmentum::neuromodulation::nucleus::{Nucleus, Signals};
///
/// let mut nucleus = AverageRewardConfig { rate: 0.5, ..AverageRewardConfig::default() }.build()?;
/// let signals = Signals { reward: Some(1.0), prediction_error: Some(1.0), ..Signals::default() };
/// assert_eq!(nucleus.release(&signals).phasic, 1.0);
/// assert_eq!(nucleus.release(&signals).phasic, 0.5);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct AverageReward {
    config: AverageRewardConfig,
    mean: f64,
}

crate::archived!(AverageReward { mean } fixed { config });

impl Nucleus for AverageReward {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Dopamine
    }

    fn release(&mut self, signals: &Signals) -> Release {
        let reward = usable(signals.reward);
        let error = usable(signals.prediction_error)
            .or_else(|| reward.map(|reward| reward - usable(signals.value).unwrap_or(0.0)));
        let phasic = error.map_or(0.0, |error| error - self.mean);
        if let Some(reward) = reward {
            self.mean += self.config.rate * (reward - self.mean);
        }
        Release { phasic, tonic: self.config.tonic_share * self.mean }
    }

    fn reset(&mut self) {
        self.mean = 0.0;
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_single_step_form_without_a_critic() {
        let mut nucleus = AverageRewardConfig { rate: 0.25, tonic_share: 1.0 }.build().expect("valid");
        let signals = Signals { reward: Some(2.0), value: Some(0.5), ..Signals::default() };
        assert_eq!(nucleus.release(&signals), Release { phasic: 1.5, tonic: 0.5 });
        assert_eq!(nucleus.release(&signals), Release { phasic: 1.0, tonic: 0.875 });
    }

    #[test]
    fn a_steady_reward_is_no_news_in_the_end() {
        let mut nucleus = AverageRewardConfig::default().build().expect("valid");
        let signals = Signals { reward: Some(0.7), prediction_error: Some(0.7), ..Signals::default() };
        let last = (0..2000).map(|_| nucleus.release(&signals).phasic).last();
        assert!(last.is_some_and(|last| last.abs() < 1e-8));
    }
}
