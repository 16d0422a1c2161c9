//! Acetylcholine as a switch between encoding and retrieval: high while the world is new, low while it is known.
//!
//! ```text
//!     F ← F + a (|e| − F) ,   tonic  A = Fⁿ/(Kⁿ + Fⁿ)
//! ```
//! e outcome error `[outcome]` · F its recent size, a rate [1/moment] · K size at which the switch is half way `[outcome]`, n its
//! steepness · A in `[0, 1)`: near 1 encode, near 0 retrieve and consolidate.
//!
//! Which pathways the level turns up and down, a = f((1 + k_in A) W_in x + (1 − k_rec A) W_rec a), is the network's and the
//! receptors' business. Inferred: error as novelty, the Hill form and the constants.
//!
//! Reference: M. E. Hasselmo, *The role of acetylcholine in learning and memory*, Current Opinion in Neurobiology 16, 710–715, 2006.

use serde::{Deserialize, Serialize};

use crate::error::{Result, fraction, positive};
use crate::neuromodulation::nucleus::{Nucleus, NucleusSettings, Release, Signals, Transmitter, usable};
use crate::neuromodulation::receptor::ResponseCurve;
use crate::random::Key;
use crate::registry::Description;

/// Its name in lists.
const DESCRIPTION: Description = Description {
    name: "encoding_and_retrieval",
    summary: "high while errors are large (encode), low while they are small (retrieve, consolidate)",
    reference: "Hasselmo 2006, doi:10.1016/j.conb.2006.09.002; the form is inferred",
};

/// The constants of the model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EncodingAndRetrievalConfig {
    /// Share a of a new error in the recent size.
    pub rate: f64,
    /// Recent size K of errors at which the switch is half way, in the outcome's unit.
    pub half: f64,
    /// Steepness n.
    pub exponent: f64,
}

impl Default for EncodingAndRetrievalConfig {
    fn default() -> Self {
        Self { rate: 0.1, half: 0.25, exponent: 2.0 }
    }
}

impl EncodingAndRetrievalConfig {
    /// The nucleus, having seen nothing.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a constant outside its range.
    pub fn build(self) -> Result<EncodingAndRetrieval> {
        fraction("encoding_and_retrieval.rate", self.rate)?;
        positive("encoding_and_retrieval.half", self.half)?;
        positive("encoding_and_retrieval.exponent", self.exponent)?;
        let curve = ResponseCurve::Hill { half: self.half, exponent: self.exponent };
        Ok(EncodingAndRetrieval { rate: self.rate, curve, recent: 0.0 })
    }
}

impl NucleusSettings for EncodingAndRetrievalConfig {
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
/// use tegmentum::neuromodulation::nuclei::basal_forebrain::encoding_and_retrieval::EncodingAndRetrievalConfig;
/// use tegmentum::neuromodulation::nucleus::{Nucleus, Signals};
///
/// let config = EncodingAndRetrievalConfig { rate: 1.0, half: 0.5, exponent: 2.0 };
/// let mut nucleus = config.build()?;
/// let mut after = |error| nucleus.release(&Signals { outcome_error: Some(error), ..Signals::default() }).tonic;
/// assert_eq!((after(0.5), after(0.0)), (0.5, 0.0));
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct EncodingAndRetrieval {
    rate: f64,
    curve: ResponseCurve,
    recent: f64,
}

crate::archived!(EncodingAndRetrieval { recent } fixed { rate, curve });

impl Nucleus for EncodingAndRetrieval {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Acetylcholine
    }

    fn release(&mut self, signals: &Signals) -> Release {
        if let Some(error) = usable(signals.outcome_error) {
            self.recent += self.rate * (error.abs() - self.recent);
        }
        Release::tonic(self.curve.of(self.recent))
    }

    fn reset(&mut self) {
        self.recent = 0.0;
    }

    crate::archives!();
}
