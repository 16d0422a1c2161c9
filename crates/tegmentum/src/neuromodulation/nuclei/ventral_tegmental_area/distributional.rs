//! Dopamine as the mean response of cells that differ in optimism: a distributional prediction error.
//!
//! ```text
//!     d_i = x − V_i                                        x = δ of the critic, or the reward where there is none
//!     response  ρ_i = 2 τ_i d_i   if d_i > 0 ,   2 (1 − τ_i) d_i   else        τ_i = (i + ½)/n
//!     V_i ← V_i + a ρ_i                                    V_i → the τ_i-expectile of x
//!     phasic  mean_i ρ_i                                   before V_i moves
//! ```
//! V_i reversal point of cell i `[n]`, in units of reward · τ_i = a⁺/(a⁺ + a⁻) its asymmetry · a rate [1/moment].
//!
//! At first, with all V_i = 0, the release is δ itself; later the cells have taken in how outcomes are spread, and their mean
//! response is zero over that distribution. Cost: O(n) a moment.
//!
//! Inferred: reversal points relative to one critic (the nucleus sees no stimulus), and the mean as what is released.
//!
//! Reference: W. Dabney et al., *A distributional code for value in dopamine-based reinforcement learning*, Nature 577, 671–675, 2020.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, at_least_one};
use crate::neuromodulation::nucleus::{Nucleus, NucleusSettings, Release, Signals, Transmitter, usable};
use crate::random::Key;
use crate::registry::Description;

/// Its name in lists.
const DESCRIPTION: Description = Description {
    name: "distributional",
    summary: "mean response of optimistic and pessimistic cells, whose reversal points are expectiles",
    reference: "Dabney et al. 2020, doi:10.1038/s41586-019-1924-6",
};

/// The constants of the model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DistributionalConfig {
    /// Number n of cells.
    pub cells: usize,
    /// Rate a at which reversal points move, at most ½.
    pub rate: f64,
}

impl Default for DistributionalConfig {
    fn default() -> Self {
        Self { cells: 9, rate: 0.02 }
    }
}

impl DistributionalConfig {
    /// The nucleus, having seen nothing.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for no cells or a rate outside `[0, ½]`.
    pub fn build(self) -> Result<Distributional> {
        at_least_one("distributional.cells", self.cells)?;
        if !(0.0..=0.5).contains(&self.rate) {
            let (name, requirement) = ("distributional.rate", "between 0 and 0.5");
            return Err(Error::InvalidParameter { name, value: self.rate, requirement });
        }
        Ok(Distributional { config: self, reversal_points: vec![0.0; self.cells] })
    }
}

impl NucleusSettings for DistributionalConfig {
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
/// use tegmentum::neuromodulation::nuclei::ventral_tegmental_area::distributional::DistributionalConfig;
/// use tegmentum::neuromodulation::nucleus::{Nucleus, Signals};
///
/// let mut nucleus = DistributionalConfig { cells: 2, rate: 0.1 }.build()?;
/// let release = nucleus.release(&Signals { prediction_error: Some(1.0), ..Signals::default() });
/// assert_eq!(release.phasic, 1.0);
/// let optimism: Vec<_> = nucleus.reversal_points().to_vec();
/// assert!(optimism[0] < optimism[1]);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Distributional {
    config: DistributionalConfig,
    reversal_points: Vec<f64>,
}

crate::archived!(Distributional {} sized { reversal_points } fixed { config });

impl Distributional {
    /// The reversal points V_i `[n]`, from the most pessimistic cell to the most optimistic one.
    pub fn reversal_points(&self) -> &[f64] {
        &self.reversal_points
    }
}

impl Nucleus for Distributional {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Dopamine
    }

    fn release(&mut self, signals: &Signals) -> Release {
        let Some(outcome) = usable(signals.prediction_error).or(usable(signals.reward)) else {
            return Release::default();
        };
        let cells = self.reversal_points.len() as f64;
        let mut sum = 0.0;
        for (index, point) in self.reversal_points.iter_mut().enumerate() {
            let asymmetry = (index as f64 + 0.5) / cells;
            let error = outcome - *point;
            let response = 2.0 * error * if error > 0.0 { asymmetry } else { 1.0 - asymmetry };
            *point += self.config.rate * response;
            sum += response;
        }
        Release::phasic(sum / cells)
    }

    fn reset(&mut self) {
        self.reversal_points.fill(0.0);
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Key;

    /// The τ-expectile e of a uniform variable on `[0, 1]` solves τ (1 − e)² = (1 − τ) e².
    #[test]
    fn reversal_points_are_expectiles() {
        let mut nucleus = DistributionalConfig { cells: 5, rate: 0.002 }.build().expect("valid");
        let mut stream = Key::from_seed(4).stream();
        let mut means = [0.0; 5];
        for moment in 0..60_000 {
            nucleus.release(&Signals { reward: Some(stream.uniform()), ..Signals::default() });
            if moment >= 10_000 {
                for (mean, point) in means.iter_mut().zip(nucleus.reversal_points()) {
                    *mean += point / 50_000.0;
                }
            }
        }
        for (index, mean) in means.iter().enumerate() {
            let asymmetry = (index as f64 + 0.5) / 5.0;
            let expectile = asymmetry.sqrt() / (asymmetry.sqrt() + (1.0 - asymmetry).sqrt());
            assert!((mean - expectile).abs() < 0.01, "{index}: {mean} instead of {expectile}");
        }
    }
}
