//! Basal forebrain: acetylcholine as expected uncertainty, the usual size of prediction errors.
//!
//! ```text
//!     q ← b q + (1 − b) min(D, 36 q)      D = mean_k δ_k² ,  b = min(.95, 1 − 1/n)
//!     level √q
//! ```
//! δ_k prediction error of probe k [loss/weight] · n updates since the last surprise; the bound on D holds from the tenth
//! update on.
//!
//! Prediction errors are divided by their usual size, so that no loss needs a scale. The sample is taken in before it divides,
//! so that a first step is never infinite.
//!
//! Reference: A. J. Yu, P. Dayan, Neuron 46, 681–692, 2005, for acetylcholine as expected uncertainty; the
//! normalisation is that of R4 of our readings, found also in FZOO (arXiv:2506.09034) and MEAZO (arXiv:2605.03869).

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::neuromodulation::nucleus::{Nucleus, NucleusSettings, Release, Signals, Transmitter};
use crate::random::Key;
use crate::registry::Description;

const MEMORY: f64 = 0.95;
const OUTLIER: f64 = 36.0;
const UPDATES_BEFORE_OUTLIERS: u64 = 8;

/// Name, summary and reference.
const DESCRIPTION: Description = Description {
    name: "error_size",
    summary: "usual size of the prediction errors of perturbed models",
    reference: "Yu & Dayan 2005, doi:10.1016/j.neuron.2005.04.026",
};

/// The nucleus has no constants to set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorSizeConfig {}

impl ErrorSizeConfig {
    /// The nucleus, having seen nothing.
    ///
    /// # Errors
    /// None: there is nothing to set.
    pub fn build(self) -> Result<ErrorSize> {
        Ok(ErrorSize::default())
    }
}

impl NucleusSettings for ErrorSizeConfig {
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
/// use tegmentum::neuromodulation::nuclei::basal_forebrain::error_size::ErrorSizeConfig;
/// use tegmentum::neuromodulation::nucleus::{Nucleus, Signals};
///
/// let mut nucleus = ErrorSizeConfig::default().build()?;
/// let level = nucleus.release(&Signals { squared_prediction_error: Some(9.0), ..Signals::default() }).total();
/// assert_eq!(level, 3.0);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ErrorSize {
    mean_square: f64,
    updates: u64,
}

crate::archived!(ErrorSize { mean_square, updates });

impl Nucleus for ErrorSize {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Acetylcholine
    }

    fn release(&mut self, signals: &Signals) -> Release {
        if let Some(mut square) = signals.squared_prediction_error.filter(|square| square.is_finite()) {
            if self.updates > UPDATES_BEFORE_OUTLIERS {
                square = square.min(OUTLIER * self.mean_square);
            }
            let memory = (1.0 - 1.0 / (self.updates as f64 + 1.0)).min(MEMORY);
            self.mean_square = memory * self.mean_square + (1.0 - memory) * square;
            self.updates += 1;
        }
        Release::tonic(self.mean_square.sqrt())
    }

    fn reset(&mut self) {
        *self = Self::default();
    }

    fn answers_to(&self, signals: &Signals) -> bool {
        signals.squared_prediction_error.is_some()
    }

    crate::archives!();
}
