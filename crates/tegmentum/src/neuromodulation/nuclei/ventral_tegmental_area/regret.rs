//! Ventral tegmental area: dopamine as regret minus expected regret.
//!
//! ```text
//!     fast, for each probe     δ_k = r_k − m          m ← m + max(.02, 1/n) (mean_k r_k − m)
//!     slow, for each window    raw = L(averaged) − L(acting)
//! ```
//! r_k regret of probe k per unit of noise [loss/weight] · m expected regret · n steps since the last surprise.
//!
//! For small noise a probe's regret is `v·g + (σ/2) v'Hv`: its mean `(σ/2) tr H` is no news, so it is learned and taken
//! away. The fast error moves the weights, the sign of the slow one says whether acting beats what is consolidated.
//!
//! Reference: our reading of "regret as reward prediction error" (arXiv:2510.22178, abstract); W. Schultz, P. Dayan,
//! P. R. Montague, Science 275, 1593–1599, 1997, for the role of dopamine.

use crate::neuromodulation::nucleus::{Nucleus, Release, RunningMean, Signals, Transmitter};

/// Slowest rate of the expected regret.
const EXPECTATION_RATE: f64 = 0.02;

/// The state of the nucleus.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::nuclei::ventral_tegmental_area::regret::RegretPredictionError;
/// use tegmentum::neuromodulation::nucleus::{Nucleus, Signals};
///
/// let mut nucleus = RegretPredictionError::default();
/// nucleus.release(&Signals { regret: Some(2.0), ..Signals::default() });
/// assert_eq!(nucleus.prediction_error(2.5), 0.5);
/// ```
#[derive(Clone, Debug, Default)]
pub struct RegretPredictionError {
    expected_regret: RunningMean,
    outcome: f64,
}

impl RegretPredictionError {
    /// The fast prediction error of one probe: its regret minus the expected regret.
    pub fn prediction_error(&self, regret: f64) -> f64 {
        regret - self.expected_regret.mean
    }
}

impl Nucleus for RegretPredictionError {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Dopamine
    }

    /// The level is the last slow prediction error, in units of loss.
    fn release(&mut self, signals: &Signals) -> Release {
        if let Some(regret) = signals.regret.filter(|regret| regret.is_finite()) {
            self.expected_regret.update(regret, EXPECTATION_RATE);
        }
        if let Some(outcome) = signals.outcome.filter(|outcome| outcome.is_finite()) {
            self.outcome = outcome;
        }
        Release::tonic(self.outcome)
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}
