//! Noradrenaline whose mode follows from utility: engaged and phasic, or disengaged and tonic.
//!
//! ```text
//!     U_s ← U_s + a_s (r − U_s) ,  U_l ← U_l + a_l (r − U_l)          short- and long-term utility
//!     engagement E = (1 − σ(b U_s)) σ(b U_l)
//!     C = C_min + (C_max − C_min) min(1, 4 E)                          mode of the cells
//! ```
//! r reward `[reward]` · a_s = 1/10, a_l = 1/100 rates [1/moment] · b slope [1/reward] · σ logistic function · C mode of the
//! [FitzHugh–Nagumo](super::fitzhugh_nagumo) cells, which release.
//!
//! A short lapse in a task that pays (U_s low, U_l high) makes for high engagement: bursts, and focus. A task that has ceased
//! to pay (both low) turns to the tonic mode: high tone, exploration. The formula is even in a utility that both terms
//! share, so that a task that pays very well looks like one that does not; it is the one usually quoted, and was not checked
//! against the original. Inferred: the rates, the slope, utility as reward alone, and the factor 4, which makes the mode at no
//! utility (E = ¼) phasic.
//!
//! Reference: G. Aston-Jones, J. D. Cohen, Annual Review of Neuroscience 28, 403–450, 2005.

use serde::{Deserialize, Serialize};

use super::fitzhugh_nagumo::{FitzHughNagumo, FitzHughNagumoConfig};
use crate::error::{Result, fraction, positive};
use crate::neuromodulation::nucleus::{Nucleus, NucleusSettings, Release, Signals, Transmitter, usable};
use crate::random::Key;
use crate::registry::Description;

/// Its name in lists.
const DESCRIPTION: Description = Description {
    name: "utility",
    summary: "short- and long-term utility set the mode: engaged and phasic, or disengaged and tonic",
    reference: "Aston-Jones & Cohen 2005, doi:10.1146/annurev.neuro.28.061604.135709",
};

/// The constants of the model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UtilityConfig {
    /// Rate a_s of short-term utility.
    pub short_rate: f64,
    /// Rate a_l of long-term utility.
    pub long_rate: f64,
    /// Slope b of the logistic functions.
    pub slope: f64,
    /// Mode C_min of the disengaged cells.
    pub tonic_mode: f64,
    /// Mode C_max of the engaged cells.
    pub phasic_mode: f64,
    /// The cells; their mode is that of the moment.
    pub cells: FitzHughNagumoConfig,
}

impl Default for UtilityConfig {
    fn default() -> Self {
        Self {
            short_rate: 0.1,
            long_rate: 0.01,
            slope: 4.0,
            tonic_mode: 0.55,
            phasic_mode: 0.95,
            cells: FitzHughNagumoConfig::default(),
        }
    }
}

impl UtilityConfig {
    /// The nucleus at rest; the noise of its cells comes from `key`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a constant outside its range.
    pub fn build(self, key: Key) -> Result<Utility> {
        fraction("utility.short_rate", self.short_rate)?;
        fraction("utility.long_rate", self.long_rate)?;
        positive("utility.slope", self.slope)?;
        fraction("utility.tonic_mode", self.tonic_mode)?;
        fraction("utility.phasic_mode", self.phasic_mode)?;
        let mut utility = Utility { config: self, short: 0.0, long: 0.0, cells: self.cells.build(key)? };
        utility.cells.set_mode(utility.mode());
        utility.cells.reset();
        Ok(utility)
    }
}

impl NucleusSettings for UtilityConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, _: Transmitter, key: Key) -> Result<Box<dyn Nucleus>> {
        Ok(Box::new(Self::build(*self, key)?))
    }
}

/// The state of the nucleus.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::nuclei::locus_coeruleus::utility::UtilityConfig;
/// use tegmentum::neuromodulation::nucleus::{Nucleus, Signals};
/// use tegmentum::random::Key;
///
/// let mut nucleus = UtilityConfig::default().build(Key::from_seed(1))?;
/// let mut rewarded = |reward| nucleus.release(&Signals { reward: Some(reward), ..Signals::default() });
/// for moment in 0..310 {
///     rewarded(if moment < 300 { 0.5 } else { -1.0 });
/// }
/// assert!(nucleus.engagement() > 0.5, "a lapse in a task that pays");
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Utility {
    config: UtilityConfig,
    short: f64,
    long: f64,
    cells: FitzHughNagumo,
}

crate::archived!(Utility { short, long, cells } fixed { config });

impl Utility {
    /// The engagement E.
    pub fn engagement(&self) -> f64 {
        let logistic = |utility: f64| 1.0 / (1.0 + (-self.config.slope * utility).exp());
        (1.0 - logistic(self.short)) * logistic(self.long)
    }

    fn mode(&self) -> f64 {
        let share = (4.0 * self.engagement()).min(1.0);
        self.config.tonic_mode + (self.config.phasic_mode - self.config.tonic_mode) * share
    }
}

impl Nucleus for Utility {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Noradrenaline
    }

    fn release(&mut self, signals: &Signals) -> Release {
        if let Some(reward) = usable(signals.reward) {
            self.short += self.config.short_rate * (reward - self.short);
            self.long += self.config.long_rate * (reward - self.long);
        }
        self.cells.set_mode(self.mode());
        self.cells.release(signals)
    }

    fn reset(&mut self) {
        (self.short, self.long) = (0.0, 0.0);
        self.cells.set_mode(self.mode());
        self.cells.reset();
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_that_ceases_to_pay_ends_in_the_tonic_mode() {
        let cells = FitzHughNagumoConfig { noise: 0.0, ..FitzHughNagumoConfig::default() };
        let mut nucleus = UtilityConfig { cells, ..UtilityConfig::default() }.build(Key::from_seed(2)).expect("valid");
        let mut run = |reward: f64, moments: usize| {
            for _ in 0..moments {
                nucleus.release(&Signals { reward: Some(reward), ..Signals::default() });
            }
            (nucleus.engagement(), nucleus.cells.mode(), nucleus.cells.gain())
        };
        let paying = run(0.2, 500);
        let lapse = run(-1.0, 10);
        let lost = run(-1.0, 500);
        assert!(lapse.0 > paying.0 && lapse.1 == 0.95, "{paying:?} {lapse:?}");
        assert!(lost.1 < 0.6 && lost.2 > paying.2 + 0.1, "{paying:?} {lost:?}");
    }
}
