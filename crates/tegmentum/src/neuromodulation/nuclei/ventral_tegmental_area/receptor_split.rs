//! Dopamine with separate gains for good and bad news, tilted by a tonic level: the split into D1 and D2 pathways.
//!
//! ```text
//!     phasic  g₁ (1 + ρ) δ   if δ > 0 ,   g₂ (1 − ρ) δ   else
//!     ρ = clip(ρ₀ + k r̄, −1, 1) ,   r̄ ← r̄ + a (r − r̄)
//! ```
//! δ reward prediction error `[reward]` · g₁, g₂ gains of the direct (D1) and indirect (D2) pathway · ρ tonic dopamine ·
//! r̄ average reward, a its rate [1/moment], k its weight in ρ, 0 by default.
//!
//! High tonic dopamine learns from gains, low tonic dopamine from losses. The tilt of *choice* by ρ, β(1 ± ρ), belongs to the
//! agent that has two pathways ([`crate::behaviour::agents`]). Inferred: that ρ tilts learning here, and that it follows r̄.
//!
//! Reference: A. G. E. Collins, M. J. Frank, *Opponent actor learning*, Psychological Review 121, 337–366, 2014.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, at_least_zero, fraction};
use crate::neuromodulation::nucleus::{Nucleus, NucleusSettings, Release, Signals, Transmitter, usable};
use crate::random::Key;
use crate::registry::Description;

/// Its name in lists.
const DESCRIPTION: Description = Description {
    name: "receptor_split",
    summary: "separate gains for good and bad news (D1, D2), tilted by a tonic level",
    reference: "Collins & Frank 2014, doi:10.1037/a0037015; the tilt of learning is inferred",
};

/// The constants of the model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReceptorSplitConfig {
    /// Gain g₁ of good news.
    pub direct_gain: f64,
    /// Gain g₂ of bad news.
    pub indirect_gain: f64,
    /// Tonic dopamine ρ₀, between −1 and 1.
    pub tonic: f64,
    /// Weight k of the average reward in ρ.
    pub tonic_per_reward: f64,
    /// Rate a of the average reward.
    pub rate: f64,
}

impl Default for ReceptorSplitConfig {
    fn default() -> Self {
        Self { direct_gain: 1.0, indirect_gain: 1.0, tonic: 0.0, tonic_per_reward: 0.0, rate: 0.01 }
    }
}

impl ReceptorSplitConfig {
    /// The nucleus, having seen nothing.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a negative gain, a tonic level outside `[−1, 1]` or a rate outside `[0, 1]`.
    pub fn build(self) -> Result<ReceptorSplit> {
        at_least_zero("receptor_split.direct_gain", self.direct_gain)?;
        at_least_zero("receptor_split.indirect_gain", self.indirect_gain)?;
        fraction("receptor_split.rate", self.rate)?;
        at_least_zero("receptor_split.tonic_per_reward", self.tonic_per_reward)?;
        if !(-1.0..=1.0).contains(&self.tonic) {
            let requirement = "between -1 and 1";
            return Err(Error::InvalidParameter { name: "receptor_split.tonic", value: self.tonic, requirement });
        }
        Ok(ReceptorSplit { config: self, average_reward: 0.0 })
    }
}

impl NucleusSettings for ReceptorSplitConfig {
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
/// use tegmentum::neuromodulation::nuclei::ventral_tegmental_area::receptor_split::ReceptorSplitConfig;
/// use tegmentum::neuromodulation::nucleus::{Nucleus, Signals};
///
/// let mut nucleus = ReceptorSplitConfig { tonic: 0.5, ..ReceptorSplitConfig::default() }.build()?;
/// let mut after = |error| nucleus.release(&Signals { prediction_error: Some(error), ..Signals::default() }).phasic;
/// assert_eq!((after(1.0), after(-1.0)), (1.5, -0.5));
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ReceptorSplit {
    config: ReceptorSplitConfig,
    average_reward: f64,
}

crate::archived!(ReceptorSplit { average_reward } fixed { config });

impl Nucleus for ReceptorSplit {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Dopamine
    }

    fn release(&mut self, signals: &Signals) -> Release {
        let constants = &self.config;
        let tonic = (constants.tonic + constants.tonic_per_reward * self.average_reward).clamp(-1.0, 1.0);
        if let Some(reward) = usable(signals.reward) {
            self.average_reward += constants.rate * (reward - self.average_reward);
        }
        let error = usable(signals.prediction_error).unwrap_or(0.0);
        Release::phasic(if error > 0.0 {
            constants.direct_gain * (1.0 + tonic) * error
        } else {
            constants.indirect_gain * (1.0 - tonic) * error
        })
    }

    fn reset(&mut self) {
        self.average_reward = 0.0;
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn riches_turn_learning_towards_gains() {
        let config = ReceptorSplitConfig { tonic_per_reward: 0.5, rate: 0.1, ..ReceptorSplitConfig::default() };
        let mut nucleus = config.build().expect("valid");
        let mut after = |reward, error| {
            nucleus
                .release(&Signals { reward: Some(reward), prediction_error: Some(error), ..Signals::default() })
                .phasic
        };
        assert_eq!(after(1.0, -1.0), -1.0);
        for _ in 0..200 {
            after(1.0, 0.0);
        }
        assert!((after(1.0, -1.0) + 0.5).abs() < 1e-6);
        assert!((after(1.0, 1.0) - 1.5).abs() < 1e-6);
    }
}
