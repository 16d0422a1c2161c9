//! Acetylcholine as expected uncertainty: the size of the noise that no learning removes.
//!
//! ```text
//!     p(σ_i) ← (1 − κ) p(σ_i) + κ/n                                       noise itself may change
//!     p(σ_i) ← p(σ_i) [(1 − h) N(e; 0, σ_i² (1 + 1/R)) + h u]  / sum         what the error says
//!     tonic    Σ_i p(σ_i) σ_i
//! ```
//! `σ_i` n candidates in a geometric row `[outcome]`, by default from 1/150 to 1/4 of the interval of answers · κ probability that the noise changes `[1/trial]` · e outcome error `[outcome]` · R run
//! length `[trials]`, what serotonin stands for before this outcome: the error also holds the error of the estimate · h share and u
//! density of outliers, so that a change of the mean is not taken for noise.
//!
//! Cost: n exponentials a moment; n numbers.
//!
//! Reference: the role is that of A. J. Yu, P. Dayan, Neuron 46, 681–692, 2005; that the noise is inferred on a grid of candidates is
//! ours. Volatility and noise have to be told apart by all who learn from both: P. Piray, N. D. Daw, Nature Communications 12, 6587, 2021.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, positive};
use crate::neuromodulation::nuclei::dorsal_raphe::run_length::Experience;
use crate::neuromodulation::nucleus::{Nucleus, NucleusSettings, Release, Signals, Transmitter};
use crate::random::Key;
use crate::registry::Description;

/// Its name in lists.
const DESCRIPTION: Description = Description {
    name: "noise_estimate",
    summary: "size of the noise, inferred on a grid and told apart from change",
    reference: "Yu & Dayan 2005, doi:10.1016/j.neuron.2005.04.026, for the role",
};

/// The constants of the model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NoiseEstimateConfig {
    /// The smallest candidate, in the unit of outcome errors (for an agent: the width of the interval of answers).
    pub smallest: f64,
    /// The largest candidate.
    pub largest: f64,
    /// Number n of candidates, at least 2.
    pub candidates: usize,
    /// Probability κ that the noise changes from one trial to the next.
    pub change_rate: f64,
    /// Share h of outcomes that say nothing about the noise.
    pub outlier_share: f64,
    /// Density u of outliers: one over the range of outcomes.
    pub outcome_density: f64,
}

impl Default for NoiseEstimateConfig {
    fn default() -> Self {
        Self {
            smallest: 2.0 / 300.0,
            largest: 0.25,
            candidates: 24,
            change_rate: 0.003,
            outlier_share: 0.05,
            outcome_density: 1.0,
        }
    }
}

impl NoiseEstimateConfig {
    /// The nucleus, having seen nothing.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a constant outside its range.
    pub fn build(self) -> Result<NoiseEstimate> {
        positive("noise_estimate.smallest", self.smallest)?;
        positive("noise_estimate.outcome_density", self.outcome_density)?;
        if !(self.largest.is_finite() && self.largest > self.smallest) {
            let (name, value) = ("noise_estimate.largest", self.largest);
            return Err(Error::InvalidParameter { name, value, requirement: "finite and above smallest" });
        }
        if !(2..=10_000).contains(&self.candidates) {
            let (name, value) = ("noise_estimate.candidates", self.candidates as f64);
            return Err(Error::InvalidParameter { name, value, requirement: "between 2 and 10000" });
        }
        for (name, value) in
            [("noise_estimate.change_rate", self.change_rate), ("noise_estimate.outlier_share", self.outlier_share)]
        {
            if !(0.0..1.0).contains(&value) {
                return Err(Error::InvalidParameter { name, value, requirement: "at least 0 and below 1" });
            }
        }
        let step = (self.largest / self.smallest).ln() / (self.candidates - 1) as f64;
        let noises = (0..self.candidates).map(|index| self.smallest * (step * index as f64).exp()).collect();
        let beliefs = vec![1.0 / self.candidates as f64; self.candidates];
        Ok(NoiseEstimate { config: self, noises, beliefs, experience: Experience::default() })
    }
}

impl NucleusSettings for NoiseEstimateConfig {
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
/// use tegmentum::neuromodulation::nuclei::basal_forebrain::noise_estimate::NoiseEstimateConfig;
/// use tegmentum::neuromodulation::nucleus::{Levels, Nucleus, Signals};
///
/// let mut nucleus = NoiseEstimateConfig::default().build()?;
/// let levels = Levels { serotonin: 1000.0, ..Levels::default() };
/// let mut after = |error| nucleus.release(&Signals { outcome_error: Some(error), levels, ..Signals::default() }).tonic;
/// let noise = (0..200).map(|trial| after(if trial % 2 == 0 { 0.1 } else { -0.1 })).last().unwrap_or(0.0);
/// assert!((noise - 0.1).abs() < 0.01);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct NoiseEstimate {
    config: NoiseEstimateConfig,
    noises: Vec<f64>,
    beliefs: Vec<f64>,
    experience: Experience,
}

crate::archived!(NoiseEstimate { experience } sized { beliefs } fixed { config, noises });

impl NoiseEstimate {
    fn believe(&mut self, error: f64, run_length: f64) {
        let NoiseEstimateConfig { change_rate, outlier_share, outcome_density, candidates, .. } = self.config;
        let doubled = 2.0 * (1.0 + 1.0 / run_length);
        let mut sum = 0.0;
        for (belief, noise) in self.beliefs.iter_mut().zip(&self.noises) {
            let spread = doubled * noise * noise;
            let density = (-error * error / spread).exp() / (std::f64::consts::PI * spread).sqrt();
            let evidence = (1.0 - outlier_share) * density + outlier_share * outcome_density;
            *belief = ((1.0 - change_rate) * *belief + change_rate / candidates as f64) * evidence;
            sum += *belief;
        }
        // Without outliers an error may be impossible under all candidates: then nothing is known any more.
        let flat = 1.0 / candidates as f64;
        self.beliefs.iter_mut().for_each(|belief| *belief = if sum > 0.0 { *belief / sum } else { flat });
    }
}

impl Nucleus for NoiseEstimate {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Acetylcholine
    }

    fn release(&mut self, signals: &Signals) -> Release {
        if let Some(error) = signals.outcome_error.filter(|error| error.is_finite()) {
            let run_length = self.experience.before(error, signals);
            self.believe(error, run_length);
        }
        Release::tonic(self.beliefs.iter().zip(&self.noises).map(|(belief, noise)| belief * noise).sum())
    }

    fn reset(&mut self) {
        self.beliefs.fill(1.0 / self.config.candidates as f64);
        self.experience = Experience::default();
    }

    crate::archives!();
}
