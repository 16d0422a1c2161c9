//! Noradrenaline as unexpected uncertainty: the experience that an outcome has made worthless.
//!
//! ```text
//!     σ_T² = σ² (1 + 1/R)                          what is expected of an error
//!     Ω/(1 − Ω) = u/N(e; 0, σ_T²) · h/(1 − h)      Bayes-factor surprise times prior odds: probability of a change
//!     release   Ω R                                phasic where Ω > 1/2, tonic below
//!     h         mean of Ω so far, with n_0 trials at h_0, forgotten with a time constant T
//! ```
//! e outcome error `[outcome]` · σ acetylcholine, the expected noise `[outcome]` · R run length `[trials]`, what serotonin stands for before
//! this outcome · u density of outcomes after a change `[1/outcome]` · h hazard `[1/trial]`.
//!
//! The same error is a surprise when noise is expected to be small, and none when it is large: expected uncertainty sets
//! the threshold for unexpected uncertainty. A receptor that multiplies the learning rate by 1 + NA makes it, with serotonin's
//! 1/(1 + R), the rate of reduced Bayes: `(1 + Ω R)/(1 + R) = 1/(R + 1) + Ω R/(R + 1)`.
//!
//! Cost: one exponential a moment.
//!
//! Reference: Ω and the rate are those of M. R. Nassar, R. C. Wilson, B. Heasly, J. I. Gold, Journal of Neuroscience 30(37),
//! 12366–12378, 2010; M. R. Nassar et al., Nature Neuroscience 15, 1040–1046, 2012, find pupil, and by it arousal, following Ω.
//! A. J. Yu, P. Dayan, Neuron 46, 681–692, 2005, for the roles. The hazard that is learned and the unit of release are ours.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, positive};
use crate::neuromodulation::nuclei::dorsal_raphe::run_length::Experience;
use crate::neuromodulation::nucleus::{Nucleus, NucleusSettings, Release, Signals, Transmitter};
use crate::random::Key;
use crate::registry::Description;

/// Its name in lists.
const DESCRIPTION: Description = Description {
    name: "change_point_probability",
    summary: "experience that an outcome has made worthless",
    reference: "Nassar, Wilson, Heasly & Gold 2010, doi:10.1523/JNEUROSCI.0822-10.2010",
};

/// The constants of the model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChangePointProbabilityConfig {
    /// Hazard `h_0` that is expected at first.
    pub initial_hazard: f64,
    /// Trials `n_0` that this expectation is worth; infinite if the hazard is not to be learned.
    pub initial_trials: f64,
    /// Time constant T over which the hazard is averaged, in trials, at least 1.
    pub hazard_time_constant: f64,
    /// Density u of outcomes after a change: one over their range. Errors of an agent are shares of that range, so that it is 1.
    pub outcome_density: f64,
}

impl Default for ChangePointProbabilityConfig {
    fn default() -> Self {
        Self { initial_hazard: 0.03, initial_trials: 100.0, hazard_time_constant: 500.0, outcome_density: 1.0 }
    }
}

impl ChangePointProbabilityConfig {
    /// The nucleus, having seen nothing.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a constant outside its range.
    pub fn build(self) -> Result<ChangePointProbability> {
        let value = self.initial_hazard;
        if !(value > 0.0 && value < 1.0) {
            let name = "change_point_probability.initial_hazard";
            return Err(Error::InvalidParameter { name, value, requirement: "between 0 and 1, both excluded" });
        }
        for (name, value, most) in [
            ("change_point_probability.initial_trials", self.initial_trials, f64::INFINITY),
            ("change_point_probability.hazard_time_constant", self.hazard_time_constant, f64::INFINITY),
        ] {
            if !(1.0..=most).contains(&value) {
                return Err(Error::InvalidParameter { name, value, requirement: "at least 1 trial" });
            }
        }
        positive("change_point_probability.outcome_density", self.outcome_density)?;
        Ok(ChangePointProbability {
            hazard: self.initial_hazard,
            trials: self.initial_trials,
            experience: Experience::default(),
            config: self,
        })
    }
}

impl NucleusSettings for ChangePointProbabilityConfig {
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
/// use tegmentum::neuromodulation::nuclei::locus_coeruleus::change_point_probability::ChangePointProbabilityConfig;
/// use tegmentum::neuromodulation::nucleus::{Levels, Nucleus, Signals};
///
/// let mut nucleus = ChangePointProbabilityConfig::default().build()?;
/// let mut after = |error, acetylcholine| {
///     let levels = Levels { acetylcholine, serotonin: 9.0, ..Levels::default() };
///     nucleus.release(&Signals { outcome_error: Some(error), levels, ..Signals::default() })
/// };
/// assert!(after(0.02, 0.03).phasic == 0.0);
/// assert!(after(0.2, 0.03).phasic > 5.0);
/// assert!(after(0.2, 0.13).phasic == 0.0);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ChangePointProbability {
    config: ChangePointProbabilityConfig,
    hazard: f64,
    trials: f64,
    experience: Experience,
}

crate::archived!(ChangePointProbability { hazard, trials, experience } fixed { config });

impl ChangePointProbability {
    /// The hazard that is expected now, per trial.
    pub fn hazard(&self) -> f64 {
        self.hazard
    }

    fn expect(&mut self, change: f64) {
        if self.trials.is_finite() {
            self.trials = (1.0 - 1.0 / self.config.hazard_time_constant) * self.trials + 1.0;
            self.hazard += (change - self.hazard) / self.trials;
        }
    }
}

/// Probability Ω that an error of size `error` comes from a change.
pub(crate) fn change_probability(error: f64, variance: f64, hazard: f64, density: f64) -> f64 {
    // Without expected variance every error is a surprise. In logarithms, so that no error is too large.
    if variance <= 0.0 {
        return 1.0;
    }
    let log_expected = -0.5 * (error * error / variance + (TAU * variance).ln());
    1.0 / (1.0 + (log_expected - density.ln() + (1.0 - hazard).ln() - hazard.ln()).exp())
}

impl Nucleus for ChangePointProbability {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Noradrenaline
    }

    fn release(&mut self, signals: &Signals) -> Release {
        let Some(error) = signals.outcome_error.filter(|error| error.is_finite()) else { return Release::default() };
        let run_length = self.experience.before(error, signals);
        let variance = signals.levels.acetylcholine.max(0.0).powi(2) * (1.0 + 1.0 / run_length);
        let change = change_probability(error, variance, self.hazard, self.config.outcome_density);
        self.expect(change);
        let size = change * run_length;
        if change > 0.5 { Release::phasic(size) } else { Release::tonic(size) }
    }

    fn reads(&self) -> &'static [Transmitter] {
        &[Transmitter::Acetylcholine]
    }

    fn reset(&mut self) {
        (self.hazard, self.trials) = (self.config.initial_hazard, self.config.initial_trials);
        self.experience = Experience::default();
    }

    crate::archives!();
}
