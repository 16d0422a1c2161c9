//! Acetylcholine as the invalidity of predictions that is expected within a context.
//!
//! ```text
//!     γ ← γ + max(a, 1/(n + n₀)) (valid − γ) ,  γ in [½, 1]            valid = 1 if |e| ≤ ε, else 0
//!     tonic  ACh = 1 − γ
//!     a new context (level of noradrenaline ≥ 1 in the moment before): γ ← γ₀ ,  n ← 0
//! ```
//! γ validity of predictions within the context · e outcome error, ε tolerance `[outcome]` · a slowest rate [1/moment] · n moments
//! in the context, n₀ = 4 pseudo-moments at γ₀ = ¾.
//!
//! A prediction that is right less often than by chance, ½, is no worse than useless. The partner of the [context
//! doubt](crate::neuromodulation::nuclei::locus_coeruleus::context_doubt) model of the locus coeruleus. Inferred: the rates,
//! the start, and what is valid in a number.
//!
//! Reference: A. J. Yu, P. Dayan, *Uncertainty, neuromodulation, and attention*, Neuron 46, 681–692, 2005.

use serde::{Deserialize, Serialize};

use crate::error::{Result, fraction, positive};
use crate::neuromodulation::nucleus::{Nucleus, NucleusSettings, Release, Signals, Transmitter, usable};
use crate::random::Key;
use crate::registry::Description;

/// Its name in lists.
const DESCRIPTION: Description = Description {
    name: "cue_invalidity",
    summary: "share of predictions that are expected to fail within a context",
    reference: "Yu & Dayan 2005, doi:10.1016/j.neuron.2005.04.026",
};

const FIRST_VALIDITY: f64 = 0.75;
const PSEUDO_MOMENTS: f64 = 4.0;
/// Level of noradrenaline that means a new context.
const NEW_CONTEXT: f64 = 1.0;

/// The constants of the model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CueInvalidityConfig {
    /// Slowest rate a of the validity.
    pub rate: f64,
    /// Size ε of an outcome error up to which a prediction was valid.
    pub tolerance: f64,
}

impl Default for CueInvalidityConfig {
    fn default() -> Self {
        Self { rate: 0.02, tolerance: 0.5 }
    }
}

impl CueInvalidityConfig {
    /// The nucleus in a new context.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a constant outside its range.
    pub fn build(self) -> Result<CueInvalidity> {
        fraction("cue_invalidity.rate", self.rate)?;
        positive("cue_invalidity.tolerance", self.tolerance)?;
        Ok(CueInvalidity { config: self, validity: FIRST_VALIDITY, moments: 0 })
    }
}

impl NucleusSettings for CueInvalidityConfig {
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
/// use tegmentum::neuromodulation::nuclei::basal_forebrain::cue_invalidity::CueInvalidityConfig;
/// use tegmentum::neuromodulation::nucleus::{Nucleus, Signals};
///
/// let mut nucleus = CueInvalidityConfig::default().build()?;
/// let mut after = |error| nucleus.release(&Signals { outcome_error: Some(error), ..Signals::default() }).tonic;
/// assert!((after(0.0) - 0.2f64).abs() < 1e-12);
/// assert!((0..100).all(|_| after(1.0) <= 0.5));
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct CueInvalidity {
    config: CueInvalidityConfig,
    validity: f64,
    moments: u64,
}

crate::archived!(CueInvalidity { validity, moments } fixed { config });

impl Nucleus for CueInvalidity {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Acetylcholine
    }

    fn release(&mut self, signals: &Signals) -> Release {
        let Some(error) = usable(signals.outcome_error) else { return Release::tonic(1.0 - self.validity) };
        if signals.levels.noradrenaline >= NEW_CONTEXT {
            self.reset();
        }
        self.moments += 1;
        let valid = f64::from(u8::from(error.abs() <= self.config.tolerance));
        let share = (1.0 / (self.moments as f64 + PSEUDO_MOMENTS)).max(self.config.rate);
        self.validity = (self.validity + share * (valid - self.validity)).clamp(0.5, 1.0);
        Release::tonic(1.0 - self.validity)
    }

    fn reads(&self) -> &'static [Transmitter] {
        &[Transmitter::Noradrenaline]
    }

    fn reset(&mut self) {
        (self.validity, self.moments) = (FIRST_VALIDITY, 0);
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuromodulation::nucleus::Levels;

    #[test]
    fn it_finds_the_share_of_invalid_predictions_and_begins_anew_in_a_new_context() {
        let mut nucleus = CueInvalidityConfig { rate: 0.002, ..CueInvalidityConfig::default() }.build().expect("valid");
        let mut level = 0.0;
        for moment in 0..2000 {
            let outcome_error = Some(if moment % 10 == 0 { 1.0 } else { 0.1 });
            level = nucleus.release(&Signals { outcome_error, ..Signals::default() }).tonic;
        }
        assert!((level - 0.1).abs() < 0.01, "{level}");
        let levels = Levels { noradrenaline: 1.1, ..Levels::default() };
        let after = nucleus.release(&Signals { outcome_error: Some(0.0), levels, ..Signals::default() }).tonic;
        assert!((after - 0.2).abs() < 1e-12);
    }
}
