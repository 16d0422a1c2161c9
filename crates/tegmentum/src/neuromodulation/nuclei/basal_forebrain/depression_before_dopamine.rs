//! Acetylcholine of online depression: there while an animal explores, gone for a while when reward comes.
//!
//! ```text
//!     p ← (1 − 1/τ) p ,  p ← 1 if r > 0 ;   tonic  ACh = l (1 − p)
//! ```
//! p pause after a reward · τ its time constant in moments; 1: the moment of the reward alone · l level of exploration · r reward.
//!
//! The rule that uses it is a synapse's: always W ← W − η_ACh STDP, and on reward W ← W + η_DA z, with
//! η_ACh = 2·10⁻³, η_DA = 10⁻², a symmetric window of 10 ms, a trace z of 2 s and W in `[1, 3]`. This nucleus gives the level alone; an
//! efficacy of η_ACh/η_DA = .2 makes it the depression relative to dopamine's potentiation. Inferred: the pause.
//!
//! References: Z. Brzosko, S. Zannone, W. Schultz, C. Clopath, O. Paulsen, eLife 6, e27756, 2017; S. Zannone, Z. Brzosko, O. Paulsen, C. Clopath,
//! Scientific Reports 8, 9486, 2018.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, at_least_zero};
use crate::neuromodulation::nucleus::{Nucleus, NucleusSettings, Release, Signals, Transmitter, usable};
use crate::random::Key;
use crate::registry::Description;

/// Its name in lists.
const DESCRIPTION: Description = Description {
    name: "depression_before_dopamine",
    summary: "there while exploring, gone when reward comes",
    reference: "Brzosko et al. 2017, doi:10.7554/eLife.27756; the pause is inferred",
};

/// The constants of the model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DepressionBeforeDopamineConfig {
    /// Level l of exploration.
    pub level: f64,
    /// Time constant τ of the pause after a reward, in moments, at least 1.
    pub pause: f64,
}

impl Default for DepressionBeforeDopamineConfig {
    fn default() -> Self {
        Self { level: 1.0, pause: 1.0 }
    }
}

impl DepressionBeforeDopamineConfig {
    /// The nucleus, exploring.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a constant outside its range.
    pub fn build(self) -> Result<DepressionBeforeDopamine> {
        at_least_zero("depression_before_dopamine.level", self.level)?;
        if !(self.pause.is_finite() && self.pause >= 1.0) {
            let (name, requirement) = ("depression_before_dopamine.pause", "a finite number of moments, at least 1");
            return Err(Error::InvalidParameter { name, value: self.pause, requirement });
        }
        Ok(DepressionBeforeDopamine { config: self, pause: 0.0 })
    }
}

impl NucleusSettings for DepressionBeforeDopamineConfig {
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
/// use tegmentum::neuromodulation::nuclei::basal_forebrain::depression_before_dopamine::DepressionBeforeDopamineConfig;
/// use tegmentum::neuromodulation::nucleus::{Nucleus, Signals};
///
/// let mut nucleus = DepressionBeforeDopamineConfig { level: 1.0, pause: 2.0 }.build()?;
/// let mut after = |reward| nucleus.release(&Signals { reward: Some(reward), ..Signals::default() }).tonic;
/// assert_eq!([after(0.0), after(1.0), after(0.0), after(0.0)], [1.0, 0.0, 0.5, 0.75]);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct DepressionBeforeDopamine {
    config: DepressionBeforeDopamineConfig,
    pause: f64,
}

crate::archived!(DepressionBeforeDopamine { pause } fixed { config });

impl Nucleus for DepressionBeforeDopamine {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Acetylcholine
    }

    fn release(&mut self, signals: &Signals) -> Release {
        if let Some(reward) = usable(signals.reward) {
            self.pause = if reward > 0.0 { 1.0 } else { (1.0 - 1.0 / self.config.pause) * self.pause };
        }
        Release::tonic(self.config.level * (1.0 - self.pause))
    }

    fn reset(&mut self) {
        self.pause = 0.0;
    }

    crate::archives!();
}
