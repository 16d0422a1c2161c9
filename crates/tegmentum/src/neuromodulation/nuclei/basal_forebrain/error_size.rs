//! Basal forebrain: acetylcholine as expected uncertainty, the usual size of prediction errors.
//!
//! ```text
//!     fast   q ← b q + (1 − b) min(D, 36 q)      D = mean_k δ_k² ,  b = min(.95, 1 − 1/n)
//!     slow   s ← .8 s + .2 |raw|                  first value: s = |raw|
//! ```
//! δ_k fast prediction error of probe k [loss/weight] · raw slow prediction error `[loss]` · n steps since the last
//! surprise; the bound on D holds from the tenth step on.
//!
//! Both errors are divided by their usual size, √q and s, so that no loss needs a scale. The sample is taken in before
//! it is divided, so that a first step is never infinite.
//!
//! Reference: A. J. Yu, P. Dayan, Neuron 46, 681–692, 2005, for acetylcholine as expected uncertainty; the
//! normalisation is that of R4 of our readings, found also in FZOO (arXiv:2506.09034) and MEAZO (arXiv:2605.03869).

use crate::neuromodulation::nucleus::{Nucleus, Release, Signals, Transmitter};

const MEMORY: f64 = 0.95;
const OUTLIER: f64 = 36.0;
const STEPS_BEFORE_OUTLIERS: u64 = 8;
/// Bound on the normalised slow prediction error.
pub(crate) const MAX_OUTCOME: f64 = 2.0;
const SLOW_MEMORY: f64 = 0.8;

/// The state of the nucleus.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::nuclei::basal_forebrain::error_size::ErrorSize;
/// use tegmentum::neuromodulation::nucleus::{Nucleus, Signals};
///
/// let mut nucleus = ErrorSize::default();
/// let level = nucleus.release(&Signals { squared_prediction_error: Some(9.0), ..Signals::default() }).total();
/// assert_eq!(level, 3.0);
/// ```
#[derive(Clone, Debug, Default)]
pub struct ErrorSize {
    mean_square: f64,
    steps: u64,
    outcome_size: Option<f64>,
}

impl ErrorSize {
    /// The expected size √q of a fast prediction error.
    pub fn expected_size(&self) -> f64 {
        self.mean_square.sqrt()
    }

    /// The slow prediction error in units of its expected size, kept within ±2.
    pub fn normalised_outcome(&self, outcome: f64) -> f64 {
        let size = self.outcome_size.unwrap_or(0.0);
        (outcome / (size + 1e-300)).clamp(-MAX_OUTCOME, MAX_OUTCOME)
    }
}

impl Nucleus for ErrorSize {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Acetylcholine
    }

    /// The level is √q.
    fn release(&mut self, signals: &Signals) -> Release {
        if let Some(mut square) = signals.squared_prediction_error.filter(|square| square.is_finite()) {
            if self.steps > STEPS_BEFORE_OUTLIERS {
                square = square.min(OUTLIER * self.mean_square);
            }
            let memory = (1.0 - 1.0 / (self.steps as f64 + 1.0)).min(MEMORY);
            self.mean_square = memory * self.mean_square + (1.0 - memory) * square;
            self.steps += 1;
        }
        if let Some(size) = signals.outcome.map(f64::abs).filter(|size| size.is_finite()) {
            let before = self.outcome_size.unwrap_or(size);
            self.outcome_size = Some(SLOW_MEMORY * before + (1.0 - SLOW_MEMORY) * size);
        }
        Release::tonic(self.expected_size())
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}
