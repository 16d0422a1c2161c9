//! Ventral tegmental area: dopamine as regret minus expected regret.
//!
//! ```text
//!     fast, for each probe     δ_k = r_k − m          m ← m + max(.02, 1/n) (mean_k r_k − m)
//!     slow, for each window    raw = L(averaged) − L(acting) ,  s ← .8 s + .2 |raw| (first: s = |raw|)
//!                              level u = clip(raw/s, ±2)
//! ```
//! r_k regret of probe k: loss of the perturbed minus loss of the unperturbed model, per unit of noise [loss/weight] · m
//! expected regret · n updates since the last surprise · s usual size of raw `[loss]`.
//!
//! For small noise a probe's regret is `v·g + (σ/2) v'Hv`: its mean `(σ/2) tr H` is no news, so it is learned and taken
//! away. The fast error moves the weights; the slow one says whether acting beats what is consolidated, in units of its own
//! usual size, as dopamine cells adapt their gain to the range of outcomes.
//!
//! Reference: our reading of "regret as reward prediction error" (arXiv:2510.22178, abstract); W. Schultz, P. Dayan,
//! P. R. Montague, Science 275, 1593–1599, 1997, for the role of dopamine; P. N. Tobler, C. D. Fiorillo, W. Schultz,
//! Science 307, 1642–1645, 2005, for the adaptive gain.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::neuromodulation::nucleus::{Nucleus, NucleusSettings, Release, RunningMean, Signals, Transmitter};
use crate::random::Key;
use crate::registry::Description;

/// Slowest rate of the expected regret.
const EXPECTATION_RATE: f64 = 0.02;
/// Memory of the usual size of an outcome.
const SIZE_MEMORY: f64 = 0.8;
/// Bound on the normalised outcome.
const MAX_OUTCOME: f64 = 2.0;

/// Name, summary and reference.
const DESCRIPTION: Description = Description {
    name: "regret",
    summary: "regret minus expected regret of a perturbed model; outcome of a window in units of its usual size",
    reference: "reading of arXiv:2510.22178",
};

/// The constants of the nucleus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RegretConfig {
    /// Whether regrets are compared with the expected regret.
    pub expectation: bool,
}

impl Default for RegretConfig {
    fn default() -> Self {
        Self { expectation: true }
    }
}

impl RegretConfig {
    /// The nucleus, having seen nothing.
    ///
    /// # Errors
    /// None: every setting is valid.
    pub fn build(self) -> Result<Regret> {
        Ok(Regret { config: self, expected: RunningMean::default(), size: None, level: 0.0 })
    }
}

impl NucleusSettings for RegretConfig {
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
/// use tegmentum::neuromodulation::nuclei::ventral_tegmental_area::regret::RegretConfig;
/// use tegmentum::neuromodulation::nucleus::Nucleus;
///
/// let mut nucleus = RegretConfig::default().build()?;
/// nucleus.compare(&mut [2.0]);
/// let mut errors = [2.5];
/// nucleus.compare(&mut errors);
/// assert_eq!(errors, [0.5]);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Regret {
    config: RegretConfig,
    expected: RunningMean,
    size: Option<f64>,
    level: f64,
}

crate::archived!(Regret { expected, size, level } fixed { config });

impl Regret {
    /// The outcome in units of its usual size, which takes it in first.
    fn normalised(&mut self, outcome: f64) -> f64 {
        let size = outcome.abs();
        let size = SIZE_MEMORY * self.size.unwrap_or(size) + (1.0 - SIZE_MEMORY) * size;
        self.size = Some(size);
        (outcome / (size + 1e-300)).clamp(-MAX_OUTCOME, MAX_OUTCOME)
    }
}

impl Nucleus for Regret {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Dopamine
    }

    /// The level is the last outcome of a window. An outcome that is not finite is worse or better than any that is; how much
    /// says nothing about the usual size.
    fn release(&mut self, signals: &Signals) -> Release {
        if let Some(outcome) = signals.outcome.filter(|outcome| outcome.is_finite()) {
            self.level = self.normalised(outcome);
        } else if let Some(sign) = signals.diverged.filter(|sign| sign.is_finite()) {
            self.level = MAX_OUTCOME * sign.clamp(-1.0, 1.0);
        }
        Release::tonic(self.level)
    }

    fn reset(&mut self) {
        *self = Self { config: self.config, expected: RunningMean::default(), size: None, level: 0.0 };
    }

    fn answers_to(&self, signals: &Signals) -> bool {
        signals.outcome.is_some() || signals.diverged.is_some()
    }

    fn compare(&mut self, outcomes: &mut [f64]) {
        let mean = outcomes.iter().sum::<f64>() / outcomes.len().max(1) as f64;
        if self.config.expectation {
            for outcome in &mut *outcomes {
                *outcome -= self.expected.mean;
            }
        }
        if mean.is_finite() {
            self.expected.update(mean, EXPECTATION_RATE);
        }
    }

    crate::archives!();
}
