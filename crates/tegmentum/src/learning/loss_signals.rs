//! How losses become signals of modulators.
//!
//! ```text
//!     after update t, with loss L_t:     e_t = (E_t − L_t)/u_t ,   signals: loss L_t, reward −L_t, value −E_t,
//!                                        prediction error = outcome error = e_t
//!                                        E_{t+1} = E_t + max(a, 1/t)(L_t − E_t)
//! ```
//! E running expectation of the loss (none at the first update, which has no error) · u_t = |E_t|, or 1 if errors
//! are not relative · a rate [1/update]. A loss that is not finite tells no error; time passes.
//!
//! The relation of losses to rewards is ours; no paper has it.

use serde::{Deserialize, Serialize};

use crate::error::{Result, fraction};
use crate::neuromodulation::nucleus::RunningMean;
use crate::neuromodulation::signals::Signals;

/// How losses become signals.
///
/// # Example
/// ```
/// use tegmentum::learning::loss_signals::LossSignals;
///
/// let config: LossSignals = toml::from_str("rate = 0.1")?;
/// assert!(config.relative);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LossSignals {
    /// Slowest rate a of the expected loss.
    pub rate: f64,
    /// Whether errors are shares of the expected loss, so that thresholds need not know its scale.
    pub relative: bool,
}

impl Default for LossSignals {
    fn default() -> Self {
        Self { rate: 0.05, relative: true }
    }
}

impl LossSignals {
    /// What follows the losses of one learner.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a rate outside `[0, 1]`.
    pub(crate) fn build(self) -> Result<LossFollower> {
        fraction("loss_signals.rate", self.rate)?;
        Ok(LossFollower { config: self, losses: RunningMean::default() })
    }
}

/// Follows the losses of a learner.
#[derive(Clone, Debug)]
pub(crate) struct LossFollower {
    config: LossSignals,
    losses: RunningMean,
}

crate::archived!(LossFollower { losses } fixed { config });

impl LossFollower {
    /// The signals of an update with loss `loss`.
    pub(crate) fn signals(&mut self, loss: f64) -> Signals {
        if !loss.is_finite() {
            return Signals::default();
        }
        let expected = (self.losses.count > 0).then_some(self.losses.mean);
        self.losses.update(loss, self.config.rate);
        let unit = |expected: f64| if self.config.relative { expected.abs().max(f64::MIN_POSITIVE) } else { 1.0 };
        let error = expected.map(|expected| (expected - loss) / unit(expected));
        Signals {
            loss: Some(loss),
            reward: Some(-loss),
            value: expected.map(|expected| -expected),
            prediction_error: error,
            outcome_error: error,
            ..Signals::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_of_losses_written_out() {
        let of = |relative, losses: &[f64]| -> Vec<Option<f64>> {
            let mut follower = LossSignals { rate: 0.25, relative }.build().expect("valid");
            losses.iter().map(|&loss| follower.signals(loss).outcome_error).collect()
        };
        // Expectations: none, 4, 3 (both values weigh the same).
        assert_eq!(of(false, &[4.0, 2.0, 6.0]), [None, Some(2.0), Some(-3.0)]);
        assert_eq!(of(true, &[4.0, 2.0, 6.0]), [None, Some(0.5), Some(-1.0)]);
        assert_eq!(of(true, &[4.0, f64::NAN, 2.0]), [None, None, Some(0.5)]);
    }
}
