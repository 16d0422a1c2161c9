//! Serotonin as discount and patience: it grows while the world stays as it is and falls with the spread of prediction errors.
//!
//! ```text
//!     v ← v + a (δ² − v)                                    spread of prediction errors
//!     tonic  s = t/(t + τ) · 1/(1 + k v)                     in [0, 1)
//!     t ← t + 1 ;  t ← 0 when the level of noradrenaline exceeds θ (a burst)
//! ```
//! δ reward prediction error `[reward]` · a rate [1/moment] · t moments since the last burst · τ moments until half the patience · k weight of
//! the spread [1/reward²] · θ level of noradrenaline that ends patience.
//!
//! A receptor with efficacy w on the discount makes it γ (1 + w s): the learner keeps it below 1. Without errors among the signals
//! only time passes. Inferred: all of the form; that serotonin sets the discount and goes with waiting is the literature's.
//!
//! References: K. Doya, *Metalearning and neuromodulation*, Neural Networks 15, 495–506, 2002; K. Miyazaki, K. W. Miyazaki, K. Doya,
//! J. Neurosci. 31, 469–479, 2011.

use serde::{Deserialize, Serialize};

use crate::error::{Result, at_least_zero, fraction, positive};
use crate::neuromodulation::nucleus::{Nucleus, NucleusSettings, Release, Signals, Transmitter, usable};
use crate::random::Key;
use crate::registry::Description;

/// Its name in lists.
const DESCRIPTION: Description = Description {
    name: "discount_and_patience",
    summary: "grows while the world stays as it is, falls with the spread of prediction errors",
    reference: "Doya 2002, doi:10.1016/S0893-6080(02)00044-8; the form is inferred",
};

/// The constants of the model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DiscountAndPatienceConfig {
    /// Share a of a new squared error in the spread.
    pub rate: f64,
    /// Moments τ until half the patience.
    pub half_time: f64,
    /// Weight k of the spread.
    pub spread_weight: f64,
    /// Level θ of noradrenaline that ends patience.
    pub burst_level: f64,
}

impl Default for DiscountAndPatienceConfig {
    fn default() -> Self {
        Self { rate: 0.05, half_time: 50.0, spread_weight: 1.0, burst_level: 0.5 }
    }
}

impl DiscountAndPatienceConfig {
    /// The nucleus, having seen nothing.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a constant outside its range.
    pub fn build(self) -> Result<DiscountAndPatience> {
        fraction("discount_and_patience.rate", self.rate)?;
        positive("discount_and_patience.half_time", self.half_time)?;
        at_least_zero("discount_and_patience.spread_weight", self.spread_weight)?;
        positive("discount_and_patience.burst_level", self.burst_level)?;
        Ok(DiscountAndPatience { config: self, spread: 0.0, elapsed: 0.0 })
    }
}

impl NucleusSettings for DiscountAndPatienceConfig {
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
/// use tegmentum::neuromodulation::nuclei::dorsal_raphe::discount_and_patience::DiscountAndPatienceConfig;
/// use tegmentum::neuromodulation::nucleus::{Nucleus, Signals};
///
/// let mut nucleus = DiscountAndPatienceConfig { half_time: 3.0, ..DiscountAndPatienceConfig::default() }.build()?;
/// let calm = Signals { prediction_error: Some(0.0), ..Signals::default() };
/// let patience: Vec<f64> = (0..3).map(|_| nucleus.release(&calm).tonic).collect();
/// assert_eq!(patience, [0.25, 0.4, 0.5]);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct DiscountAndPatience {
    config: DiscountAndPatienceConfig,
    spread: f64,
    elapsed: f64,
}

crate::archived!(DiscountAndPatience { spread, elapsed } fixed { config });

impl Nucleus for DiscountAndPatience {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Serotonin
    }

    fn release(&mut self, signals: &Signals) -> Release {
        if let Some(error) = usable(signals.prediction_error) {
            self.spread += self.config.rate * (error * error - self.spread);
            self.elapsed += 1.0;
        }
        if signals.levels.noradrenaline > self.config.burst_level {
            self.elapsed = 0.0;
        }
        let patience = self.elapsed / (self.elapsed + self.config.half_time);
        Release::tonic(patience / (1.0 + self.config.spread_weight * self.spread))
    }

    fn reads(&self) -> &'static [Transmitter] {
        &[Transmitter::Noradrenaline]
    }

    fn reset(&mut self) {
        (self.spread, self.elapsed) = (0.0, 0.0);
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuromodulation::nucleus::Levels;

    #[test]
    fn a_burst_and_spread_errors_end_patience() {
        let mut nucleus = DiscountAndPatienceConfig::default().build().expect("valid");
        let mut after = |error, noradrenaline| {
            let levels = Levels { noradrenaline, ..Levels::default() };
            nucleus.release(&Signals { prediction_error: Some(error), levels, ..Signals::default() }).tonic
        };
        let calm = (0..200).map(|_| after(0.0, 0.0)).fold(0.0, f64::max);
        assert!((calm - 0.8).abs() < 1e-12);
        let uneasy = (0..50).map(|_| after(1.0, 0.0)).fold(1.0, f64::min);
        assert!(uneasy < 0.45, "{uneasy}");
        assert_eq!(after(0.0, 1.0), 0.0);
    }
}
