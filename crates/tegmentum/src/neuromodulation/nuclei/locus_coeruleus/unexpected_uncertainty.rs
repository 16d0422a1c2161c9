//! Noradrenaline as unexpected uncertainty: a burst when recent errors exceed the expected ones.
//!
//! ```text
//!     S_fast ← S_fast + (|e| − S_fast)/4 ,  S_slow ← S_slow + (|e| − S_slow)/40
//!     burst of size 1   if S_fast − S_slow > θ + k ACh ,  level < .2 ,  t ≥ 60
//! ```
//! e outcome error `[outcome]` · S_slow expected uncertainty · θ threshold `[outcome]` · k rise of the threshold with the level
//! of acetylcholine, 0 by default · t moments since the beginning: a burst needs something to have been expected. The bound
//! on the level is the refractoriness.
//!
//! With `slow_rate = 0` the nucleus has no expectation of its own and leaves it to acetylcholine alone: the burst is then
//! S_fast > θ + k ACh, and a lesion of the basal forebrain makes false alarms.
//!
//! Reference: A. J. Yu, P. Dayan, Neuron 46, 681–692, 2005, for unexpected beyond expected uncertainty; the two traces and their
//! constants are inferred for the Go/No-Go study of arXiv:2501.06762, which gives none.

use serde::{Deserialize, Serialize};

use crate::error::{Result, at_least_zero, fraction, positive};
use crate::neuromodulation::nucleus::{Nucleus, NucleusSettings, Release, Signals, Transmitter, usable};
use crate::random::Key;
use crate::registry::Description;

/// Its name in lists.
const DESCRIPTION: Description = Description {
    name: "unexpected_uncertainty",
    summary: "a burst when recent errors exceed the expected ones",
    reference: "Yu & Dayan 2005; traces inferred for arXiv:2501.06762",
};

/// The constants of the model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UnexpectedUncertaintyConfig {
    /// Share of a new error in the fast trace.
    pub fast_rate: f64,
    /// Share of a new error in the slow trace.
    pub slow_rate: f64,
    /// Threshold θ on the difference of the traces, in the outcome's unit.
    pub threshold: f64,
    /// Rise k of the threshold for each unit of acetylcholine.
    pub threshold_per_acetylcholine: f64,
    /// Level of noradrenaline above which no burst begins.
    pub refractory_level: f64,
    /// Moments before the first burst.
    pub warm_up: u64,
}

impl Default for UnexpectedUncertaintyConfig {
    fn default() -> Self {
        Self {
            fast_rate: 0.25,
            slow_rate: 1.0 / 40.0,
            threshold: 0.3,
            threshold_per_acetylcholine: 0.0,
            refractory_level: 0.2,
            warm_up: 60,
        }
    }
}

impl UnexpectedUncertaintyConfig {
    /// The nucleus, having seen nothing.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a constant outside its range.
    pub fn build(self) -> Result<UnexpectedUncertainty> {
        fraction("unexpected_uncertainty.fast_rate", self.fast_rate)?;
        fraction("unexpected_uncertainty.slow_rate", self.slow_rate)?;
        positive("unexpected_uncertainty.threshold", self.threshold)?;
        at_least_zero("unexpected_uncertainty.threshold_per_acetylcholine", self.threshold_per_acetylcholine)?;
        positive("unexpected_uncertainty.refractory_level", self.refractory_level)?;
        Ok(UnexpectedUncertainty { config: self, fast: 0.0, slow: 0.0, moments: 0 })
    }
}

impl NucleusSettings for UnexpectedUncertaintyConfig {
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
/// use tegmentum::neuromodulation::nuclei::locus_coeruleus::unexpected_uncertainty::UnexpectedUncertaintyConfig;
/// use tegmentum::neuromodulation::nucleus::{Nucleus, Signals};
///
/// let mut nucleus = UnexpectedUncertaintyConfig::default().build()?;
/// let mut after = |error: f64| nucleus.release(&Signals { outcome_error: Some(error), ..Signals::default() }).phasic;
/// assert!((0..100).all(|_| after(0.1) == 0.0));
/// assert!((0..3).any(|_| after(1.0) == 1.0));
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct UnexpectedUncertainty {
    config: UnexpectedUncertaintyConfig,
    fast: f64,
    slow: f64,
    moments: u64,
}

crate::archived!(UnexpectedUncertainty { fast, slow, moments } fixed { config });

impl Nucleus for UnexpectedUncertainty {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Noradrenaline
    }

    fn release(&mut self, signals: &Signals) -> Release {
        let Some(error) = usable(signals.outcome_error) else { return Release::default() };
        self.fast += self.config.fast_rate * (error.abs() - self.fast);
        self.slow += self.config.slow_rate * (error.abs() - self.slow);
        let ready = self.moments >= self.config.warm_up && signals.levels.noradrenaline < self.config.refractory_level;
        self.moments += 1;
        let expected = self.config.threshold_per_acetylcholine * signals.levels.acetylcholine;
        Release::phasic(f64::from(u8::from(ready && self.fast - self.slow > self.config.threshold + expected)))
    }

    fn reads(&self) -> &'static [Transmitter] {
        &[Transmitter::Noradrenaline, Transmitter::Acetylcholine]
    }

    fn reset(&mut self) {
        (self.fast, self.slow) = (0.0, 0.0);
    }

    crate::archives!();
}
