//! Serotonin as dopamine's opponent: a prediction error of punishment, and the average outcome.
//!
//! ```text
//!     c = max(0, −r) ,  phasic  δ⁻ = c − V⁻ ,   V⁻ ← V⁻ + a δ⁻
//!     tonic  w r̄ ,      r̄ ← r̄ + b (r − r̄)
//! ```
//! r reward, c punishment, V⁻ expected punishment, r̄ average outcome `[reward]` · a, b rates [1/moment] · w weight of the tone.
//!
//! Without states of its own the nucleus expects one punishment for all of them: δ⁻ = c + γV⁻(s') − V⁻(s) with γ = 0. An arrow of kind
//! `opponent` from serotonin to dopamine makes an agent act on Q⁺ − kQ⁻ in effect. Inferred: the single state, and both parts in one level.
//!
//! Reference: N. D. Daw, S. Kakade, P. Dayan, *Opponent interactions between serotonin and dopamine*, Neural Networks 15, 603–616, 2002.

use serde::{Deserialize, Serialize};

use crate::error::{Result, at_least_zero, fraction};
use crate::neuromodulation::nucleus::{Nucleus, NucleusSettings, Release, Signals, Transmitter, usable};
use crate::random::Key;
use crate::registry::Description;

/// Its name in lists.
const DESCRIPTION: Description = Description {
    name: "opponency",
    summary: "prediction error of punishment (phasic) and average outcome (tonic)",
    reference: "Daw, Kakade & Dayan 2002, doi:10.1016/S0893-6080(02)00052-7",
};

/// The constants of the model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OpponencyConfig {
    /// Rate a of the expected punishment.
    pub punishment_rate: f64,
    /// Rate b of the average outcome.
    pub average_rate: f64,
    /// Weight w of the average outcome in the release.
    pub average_weight: f64,
}

impl Default for OpponencyConfig {
    fn default() -> Self {
        Self { punishment_rate: 0.1, average_rate: 0.01, average_weight: 1.0 }
    }
}

impl OpponencyConfig {
    /// The nucleus, having seen nothing.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a constant outside its range.
    pub fn build(self) -> Result<Opponency> {
        fraction("opponency.punishment_rate", self.punishment_rate)?;
        fraction("opponency.average_rate", self.average_rate)?;
        at_least_zero("opponency.average_weight", self.average_weight)?;
        Ok(Opponency { config: self, expected_punishment: 0.0, average: 0.0 })
    }
}

impl NucleusSettings for OpponencyConfig {
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
/// use tegmentum::neuromodulation::nuclei::dorsal_raphe::opponency::OpponencyConfig;
/// use tegmentum::neuromodulation::nucleus::{Nucleus, Signals};
///
/// let mut nucleus = OpponencyConfig { punishment_rate: 0.5, ..OpponencyConfig::default() }.build()?;
/// let mut after = |reward| nucleus.release(&Signals { reward: Some(reward), ..Signals::default() }).phasic;
/// assert_eq!([after(-1.0), after(-1.0), after(1.0)], [1.0, 0.5, -0.75]);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Opponency {
    config: OpponencyConfig,
    expected_punishment: f64,
    average: f64,
}

crate::archived!(Opponency { expected_punishment, average } fixed { config });

impl Nucleus for Opponency {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Serotonin
    }

    fn release(&mut self, signals: &Signals) -> Release {
        let mut phasic = 0.0;
        if let Some(reward) = usable(signals.reward) {
            phasic = (-reward).max(0.0) - self.expected_punishment;
            self.expected_punishment += self.config.punishment_rate * phasic;
            self.average += self.config.average_rate * (reward - self.average);
        }
        Release { phasic, tonic: self.config.average_weight * self.average }
    }

    fn reset(&mut self) {
        (self.expected_punishment, self.average) = (0.0, 0.0);
    }

    crate::archives!();
}
