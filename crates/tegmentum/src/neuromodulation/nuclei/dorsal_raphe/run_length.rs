//! Serotonin as patience: how many trials of experience the present estimate is worth.
//!
//! ```text
//!     τ = 1/(R + 1) ,  s = Ω σ² + (1 − Ω) τ σ² + Ω (1 − Ω) (e (1 − τ))²
//!     tonic  R ← σ²/s          R = R_0 at first;  Ω = 0: R + 1,  Ω = 1: 1
//! ```
//! R run length `[trials]`, the horizon over which outcomes are averaged · Ω share of it that noradrenaline says is outdated,
//! NA/5-HT of the moment before · e outcome error of the moment before `[outcome]` · σ acetylcholine, the expected noise `[outcome]`.
//!
//! The update keeps the variance of the estimate: s is that of a mixture of "it changed" and "it did not". R is the experience
//! before the outcome of this moment is used. Receptors on the learning rate divide it by 1 + R: a delta rule then averages
//! all that was seen since the last change.
//!
//! Reference: M. R. Nassar, R. C. Wilson, B. Heasly, J. I. Gold, Journal of Neuroscience 30(37), 12366–12378, 2010, for R, in the
//! variance-matched form of the authors' code. That serotonin carries it is ours: it is the horizon of the
//! optimizers ([`horizon`](super::horizon)), and the time scale of learning that G. Iigaya et al. (Nature Communications 9, 2477,
//! 2018) find under serotonin.

use serde::{Deserialize, Serialize};

use crate::error::{Result, positive};
use crate::neuromodulation::nucleus::{Nucleus, NucleusSettings, Release, Signals, Transmitter};
use crate::random::Key;
use crate::registry::Description;

/// Its name in lists.
const DESCRIPTION: Description = Description {
    name: "run_length",
    summary: "trials of experience that the estimate is worth",
    reference: "Nassar, Wilson, Heasly & Gold 2010, doi:10.1523/JNEUROSCI.0822-10.2010",
};

/// The constants of the model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RunLengthConfig {
    /// Trials R that the first estimate is worth.
    pub initial_run_length: f64,
}

impl Default for RunLengthConfig {
    fn default() -> Self {
        Self { initial_run_length: 1.0 }
    }
}

impl RunLengthConfig {
    /// The nucleus, having seen nothing.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a run length that is not above zero.
    pub fn build(self) -> Result<RunLength> {
        positive("run_length.initial_run_length", self.initial_run_length)?;
        Ok(RunLength { config: self, trials: self.initial_run_length, error: None })
    }
}

impl NucleusSettings for RunLengthConfig {
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
/// use tegmentum::neuromodulation::nuclei::dorsal_raphe::run_length::RunLengthConfig;
/// use tegmentum::neuromodulation::nucleus::{Levels, Nucleus, Signals};
///
/// let mut nucleus = RunLengthConfig::default().build()?;
/// let mut after = |noradrenaline| {
///     let levels = Levels { acetylcholine: 10.0, serotonin: 1.0, noradrenaline, ..Levels::default() };
///     nucleus.release(&Signals { outcome_error: Some(3.0), levels, ..Signals::default() }).tonic
/// };
/// assert_eq!([after(0.0), after(0.0), after(0.0)], [1.0, 2.0, 3.0]);
/// assert_eq!(after(1.0), 1.0);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RunLength {
    config: RunLengthConfig,
    trials: f64,
    error: Option<f64>,
}

crate::archived!(RunLength { trials, error } fixed { config });

impl Nucleus for RunLength {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Serotonin
    }

    fn release(&mut self, signals: &Signals) -> Release {
        let Some(error) = signals.outcome_error.filter(|error| error.is_finite()) else {
            return Release::tonic(self.trials);
        };
        if let Some(before) = self.error {
            let outdated = outdated_share(signals.levels.noradrenaline, signals.levels.serotonin);
            self.trials = next_run_length(self.trials, outdated, before, signals.levels.acetylcholine);
        }
        self.error = Some(error);
        Release::tonic(self.trials)
    }

    fn reads(&self) -> &'static [Transmitter] {
        &[Transmitter::Noradrenaline, Transmitter::Serotonin, Transmitter::Acetylcholine]
    }

    fn reset(&mut self) {
        (self.trials, self.error) = (self.config.initial_run_length, None);
    }

    crate::archives!();
}

/// Ω from the levels of noradrenaline `[trials]` and serotonin `[trials]`.
pub(crate) fn outdated_share(noradrenaline: f64, serotonin: f64) -> f64 {
    if serotonin > 0.0 { (noradrenaline / serotonin).clamp(0.0, 1.0) } else { 0.0 }
}

/// The least experience, in trials: an error beyond all bounds leaves that much.
const SHORTEST: f64 = 1e-3;

/// The experience after an outcome that missed by `error`.
pub(crate) fn next_run_length(run_length: f64, outdated: f64, error: f64, noise: f64) -> f64 {
    let share = 1.0 / (run_length + 1.0);
    let doubt = outdated * (1.0 - outdated);
    // Without doubt or without noise, the limit of the general form.
    if doubt == 0.0 || noise <= 0.0 {
        return 1.0 / (outdated + (1.0 - outdated) * share);
    }
    let distance = error * (1.0 - share) / noise;
    (1.0 / (outdated + (1.0 - outdated) * share + doubt * distance * distance)).max(SHORTEST)
}

/// The experience before the outcome of this moment, for nuclei that release in the same moment as the raphe and
/// see the level that it had a moment ago.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Experience {
    error: Option<f64>,
}

crate::archived!(Experience { error });

impl Experience {
    /// R before the outcome that missed by `error` is used.
    pub(crate) fn before(&mut self, error: f64, signals: &Signals) -> f64 {
        let levels = &signals.levels;
        let outdated = outdated_share(levels.noradrenaline, levels.serotonin);
        let run_length = match self.error {
            Some(before) => next_run_length(levels.serotonin.max(0.0), outdated, before, levels.acetylcholine),
            None => 1.0,
        };
        self.error = Some(error);
        run_length
    }
}
