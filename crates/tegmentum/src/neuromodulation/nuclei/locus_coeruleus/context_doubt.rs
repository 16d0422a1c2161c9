//! Noradrenaline as doubt about the context, acetylcholine as the invalidity that is expected within it.
//!
//! ```text
//!     prior       λ ← (1 − h) λ
//!     valid       λ' = λ γ/(λ γ + (1 − λ)/2)                 |e| ≤ ε           γ = 1 − ACh
//!     invalid     λ' = λ (1 − γ)/(λ (1 − γ) + (1 − λ)/2)      |e| > ε
//!     tonic       NE = 1 − λ'
//!     a new context (phasic 1, λ ← 1 − h)  if NE > ACh/(½ + ACh)
//! ```
//! λ probability that the context is the same · γ validity of predictions within it · h hazard [1/moment] · e outcome error,
//! ε tolerance `[outcome]` · ACh level of acetylcholine, clipped to `[0, ½]`: that of the [cue
//! invalidity](crate::neuromodulation::nuclei::basal_forebrain::cue_invalidity) model of the basal forebrain.
//!
//! Outside the context a prediction is right by chance, ½. With acetylcholine depleted every invalid prediction is taken for a
//! new context; with too much of it none is.
//!
//! Inferred: the hazard (the approximation of the paper has its own account of context switches), what is valid in a number,
//! and the start in a new context. The threshold is the one usually quoted and was not checked against the original.
//!
//! Reference: A. J. Yu, P. Dayan, *Uncertainty, neuromodulation, and attention*, Neuron 46, 681–692, 2005.

use serde::{Deserialize, Serialize};

use crate::error::{Result, fraction, positive};
use crate::neuromodulation::nucleus::{Nucleus, NucleusSettings, Release, Signals, Transmitter, usable};
use crate::random::Key;
use crate::registry::Description;

/// Its name in lists.
const DESCRIPTION: Description = Description {
    name: "context_doubt",
    summary: "probability that the context has changed, given the invalidity that acetylcholine expects",
    reference: "Yu & Dayan 2005, doi:10.1016/j.neuron.2005.04.026",
};

/// The constants of the model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ContextDoubtConfig {
    /// Hazard h: probability of another context in a moment.
    pub hazard: f64,
    /// Size ε of an outcome error up to which a prediction was valid.
    pub tolerance: f64,
}

impl Default for ContextDoubtConfig {
    fn default() -> Self {
        Self { hazard: 0.01, tolerance: 0.5 }
    }
}

impl ContextDoubtConfig {
    /// The nucleus, sure of its context.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a constant outside its range.
    pub fn build(self) -> Result<ContextDoubt> {
        fraction("context_doubt.hazard", self.hazard)?;
        positive("context_doubt.tolerance", self.tolerance)?;
        Ok(ContextDoubt { config: self, confidence: 1.0 - self.hazard })
    }
}

impl NucleusSettings for ContextDoubtConfig {
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
/// use tegmentum::neuromodulation::nuclei::locus_coeruleus::context_doubt::ContextDoubtConfig;
/// use tegmentum::neuromodulation::nucleus::{Levels, Nucleus, Signals};
///
/// let mut nucleus = ContextDoubtConfig::default().build()?;
/// let levels = Levels { acetylcholine: 0.2, ..Levels::default() };
/// let mut after = |error| nucleus.release(&Signals { outcome_error: Some(error), levels, ..Signals::default() });
/// assert!(after(0.0).tonic < 0.02);
/// assert_eq!((0..5).filter(|_| after(1.0).phasic == 1.0).count(), 1, "a run of invalid predictions is a new context");
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ContextDoubt {
    config: ContextDoubtConfig,
    confidence: f64,
}

crate::archived!(ContextDoubt { confidence } fixed { config });

/// λ' after a prediction that was right with probability `match_probability` within the context.
fn posterior(confidence: f64, match_probability: f64) -> f64 {
    let inside = confidence * match_probability;
    let evidence = inside + 0.5 * (1.0 - confidence);
    if evidence > 0.0 { inside / evidence } else { 0.0 }
}

impl Nucleus for ContextDoubt {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Noradrenaline
    }

    fn release(&mut self, signals: &Signals) -> Release {
        let Some(error) = usable(signals.outcome_error) else { return Release::tonic(1.0 - self.confidence) };
        let invalidity = signals.levels.acetylcholine.clamp(0.0, 0.5);
        let valid = error.abs() <= self.config.tolerance;
        let probability = if valid { 1.0 - invalidity } else { invalidity };
        self.confidence = posterior((1.0 - self.config.hazard) * self.confidence, probability);
        let doubt = 1.0 - self.confidence;
        if doubt > invalidity / (0.5 + invalidity) && !valid {
            self.confidence = 1.0 - self.config.hazard;
            return Release { phasic: 1.0, tonic: doubt };
        }
        Release::tonic(doubt)
    }

    fn reads(&self) -> &'static [Transmitter] {
        &[Transmitter::Acetylcholine]
    }

    fn reset(&mut self) {
        self.confidence = 1.0 - self.config.hazard;
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuromodulation::nucleus::Levels;

    /// Without a hazard the odds are multiplied by 2γ after a valid and by 2(1 − γ) after an invalid prediction.
    #[test]
    fn odds_of_the_context_in_closed_form() {
        let mut confidence = 0.7f64;
        let validity = 0.85f64;
        let mut odds = confidence / (1.0 - confidence);
        for valid in [true, true, false, true, false, false, true] {
            confidence = posterior(confidence, if valid { validity } else { 1.0 - validity });
            odds *= 2.0 * if valid { validity } else { 1.0 - validity };
            assert!((confidence - odds / (1.0 + odds)).abs() < 1e-12);
        }
        // The equations of the paper, with λ = .9 and γ = .8.
        assert!((posterior(0.9, 0.8) - 0.72 / 0.77).abs() < 1e-15);
        assert!((posterior(0.9, 0.2) - 0.18 / 0.23).abs() < 1e-15);
    }

    #[test]
    fn too_little_acetylcholine_makes_alarms_too_much_prevents_them() {
        let alarms = |acetylcholine: f64| {
            let mut nucleus = ContextDoubtConfig::default().build().expect("valid");
            let levels = Levels { acetylcholine, ..Levels::default() };
            let error = |moment: usize| if moment.is_multiple_of(5) { 1.0 } else { 0.0 };
            let signals = |moment| Signals { outcome_error: Some(error(moment)), levels, ..Signals::default() };
            (0..200).filter(|&moment| nucleus.release(&signals(moment)).phasic > 0.0).count()
        };
        assert_eq!(alarms(0.0), 40);
        assert_eq!(alarms(0.2), 0);
        assert_eq!(alarms(0.45), 0);
    }
}
