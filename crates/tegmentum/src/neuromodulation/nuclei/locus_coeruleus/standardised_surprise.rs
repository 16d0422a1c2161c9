//! Noradrenaline as surprise in units of expected uncertainty: a burst when outcome errors have been larger than usual for some time.
//!
//! ```text
//!     z = clip((|e| − U)/max(s, .3), ±3)          for outcome errors |e| ≥ .1; smaller ones say nothing
//!     C ← max(0, C + z − k)                        once 20 errors were seen, k = .4
//!     burst of size 1 and C ← 0   if C > h = 10 ,  level < .2 ,  t ≥ 60
//! ```
//! e outcome error `[outcome]` · U, s² running mean and variance of |e| before this error, at rate max(1/160, 1/count): expected
//! uncertainty · C evidence of a change in deviations, a cumulative sum (Page, 1954); 0 for as long as the level of noradrenaline is .2 or more
//! · t moments since the beginning.
//!
//! Where one outcome in five is false, the usual error is large and so is its spread: the same errors are then less of a surprise. The
//! floor of s keeps a world without noise from making a surprise of every trifle. Errors that never reach the smallest one teach it nothing: a
//! predictor that was never wrong must be wrong 20 times first. Cost: ten operations a moment.
//!
//! h, k, the floor, the bound of z, the smallest error and the rate were chosen on seeds of the Go/No-Go task with certain and with false
//! rewards. They are in the unit of outcomes, whose largest is 1.
//!
//! References: A. J. Yu, P. Dayan, Neuron 46, 681–692, 2005, for unexpected beyond expected uncertainty; E. S. Page, Biometrika 41,
//! 100–115, 1954, for the sum; K. Preuschoff, P. Bossaerts, Annals of the New York Academy of Sciences 1104, 135–146, 2007, for prediction errors
//! divided by their expected size.

use serde::{Deserialize, Serialize};

use crate::error::{Result, at_least_zero, fraction, positive};
use crate::neuromodulation::nucleus::{Nucleus, NucleusSettings, Release, RunningMean, Signals, Transmitter, usable};
use crate::random::Key;
use crate::registry::Description;

/// Its name in lists.
const DESCRIPTION: Description = Description {
    name: "standardised_surprise",
    summary: "a burst when errors in units of expected uncertainty add up",
    reference: "Yu & Dayan 2005; Page 1954; constants ours",
};
/// Errors that are seen before evidence is counted.
const FIRST_ERRORS: u64 = 20;

/// The constants of the model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StandardisedSurpriseConfig {
    /// Evidence h beyond which there is a burst.
    pub threshold: f64,
    /// Surprise k, in deviations, that is subtracted at each error.
    pub drift: f64,
    /// Smallest deviation, in the outcome's unit.
    pub smallest_deviation: f64,
    /// Largest size of z.
    pub largest_surprise: f64,
    /// Rate of the running mean and variance.
    pub rate: f64,
    /// Errors below this size say nothing, in the outcome's unit.
    pub smallest_error: f64,
    /// Level of noradrenaline from which on there is no evidence and no burst.
    pub refractory_level: f64,
    /// Moments before the first burst.
    pub warm_up: u64,
}

impl Default for StandardisedSurpriseConfig {
    fn default() -> Self {
        Self {
            threshold: 10.0,
            drift: 0.4,
            smallest_deviation: 0.3,
            largest_surprise: 3.0,
            rate: 1.0 / 160.0,
            smallest_error: 0.1,
            refractory_level: 0.2,
            warm_up: 60,
        }
    }
}

impl StandardisedSurpriseConfig {
    /// The nucleus, having seen nothing.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a constant outside its range.
    pub fn build(self) -> Result<StandardisedSurprise> {
        positive("standardised_surprise.threshold", self.threshold)?;
        at_least_zero("standardised_surprise.drift", self.drift)?;
        positive("standardised_surprise.smallest_deviation", self.smallest_deviation)?;
        positive("standardised_surprise.largest_surprise", self.largest_surprise)?;
        fraction("standardised_surprise.rate", self.rate)?;
        at_least_zero("standardised_surprise.smallest_error", self.smallest_error)?;
        positive("standardised_surprise.refractory_level", self.refractory_level)?;
        Ok(StandardisedSurprise { config: self, errors: RunningMean::default(), evidence: 0.0, moments: 0 })
    }
}

impl NucleusSettings for StandardisedSurpriseConfig {
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
/// use tegmentum::neuromodulation::nuclei::locus_coeruleus::standardised_surprise::StandardisedSurpriseConfig;
/// use tegmentum::neuromodulation::nucleus::{Nucleus, Signals};
///
/// let mut nucleus = StandardisedSurpriseConfig::default().build()?;
/// let mut after = |error: f64| nucleus.release(&Signals { outcome_error: Some(error), ..Signals::default() }).phasic;
/// // One outcome in five is false, as expected; then every one is.
/// assert!((0..300).all(|trial| after(if trial % 5 == 0 { 1.6 } else { 0.4 }) == 0.0));
/// assert!((0..12).any(|_| after(1.6) == 1.0));
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct StandardisedSurprise {
    config: StandardisedSurpriseConfig,
    errors: RunningMean,
    evidence: f64,
    moments: u64,
}

crate::archived!(StandardisedSurprise { errors, evidence, moments } fixed { config });

impl Nucleus for StandardisedSurprise {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Noradrenaline
    }

    fn release(&mut self, signals: &Signals) -> Release {
        let Some(error) = usable(signals.outcome_error) else { return Release::default() };
        let (config, size) = (self.config, error.abs());
        let refractory = signals.levels.noradrenaline >= config.refractory_level;
        let ready = self.moments >= config.warm_up && !refractory;
        self.moments += 1;
        if refractory {
            self.evidence = 0.0;
        }
        if size < config.smallest_error {
            return Release::default();
        }
        if self.errors.count >= FIRST_ERRORS && !refractory {
            let deviation = self.errors.variance.sqrt().max(config.smallest_deviation);
            let bound = config.largest_surprise;
            let surprise = ((size - self.errors.mean) / deviation).clamp(-bound, bound);
            self.evidence = (self.evidence + surprise - config.drift).max(0.0);
        }
        self.errors.update(size, config.rate);
        let burst = ready && self.evidence > config.threshold;
        if burst {
            self.evidence = 0.0;
        }
        Release::phasic(f64::from(u8::from(burst)))
    }

    fn reads(&self) -> &'static [Transmitter] {
        &[Transmitter::Noradrenaline]
    }

    fn reset(&mut self) {
        (self.errors, self.evidence) = (RunningMean::default(), 0.0);
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuromodulation::nucleus::Levels;
    use crate::random::Stream;

    /// Errors of a world in which a share of the outcomes is false, then of its opposite. Bursts before and moments until the first after.
    fn play(stream: &mut Stream, false_share: f64) -> (u32, Option<u32>) {
        let mut nucleus = StandardisedSurpriseConfig::default().build().expect("defaults are valid");
        // A predictor that has learned: it expects 1 − 2p, and outcomes are ±1.
        let expected = 1.0 - 2.0 * false_share;
        let mut moment = |share: f64| {
            let outcome = if stream.uniform() < share { -1.0 } else { 1.0 };
            let signals = Signals { outcome_error: Some(outcome - expected), ..Signals::default() };
            nucleus.release(&signals).phasic > 0.0
        };
        let before = (0..800).map(|_| u32::from(moment(false_share))).sum();
        (before, (0..200).find(|_| moment(1.0 - false_share)))
    }

    #[test]
    fn false_outcomes_seldom_make_it_burst_and_a_change_does() {
        let mut stream = Key::from_seed(5).stream();
        for (false_share, false_alarms, latest) in [(0.1, 60, 40), (0.2, 60, 60)] {
            let runs: Vec<_> = (0..200).map(|_| play(&mut stream, false_share)).collect();
            let before: u32 = runs.iter().map(|run| run.0).sum();
            let found = runs.iter().filter(|run| run.1.is_some_and(|moments| moments < latest)).count();
            assert!(before <= false_alarms, "{false_share}: {before} false alarms in 200 runs");
            assert!(found >= 180, "{false_share}: {found} of 200 changes are found in {latest} moments");
        }
    }

    #[test]
    fn the_level_of_noradrenaline_takes_the_evidence_away() {
        let mut nucleus = StandardisedSurpriseConfig::default().build().expect("defaults are valid");
        let mut after = |error: f64, noradrenaline: f64| {
            let levels = Levels { noradrenaline, ..Levels::default() };
            nucleus.release(&Signals { outcome_error: Some(error), levels, ..Signals::default() }).phasic
        };
        (0..100).for_each(|_| assert_eq!(after(0.2, 0.0), 0.0));
        (0..3).for_each(|_| assert_eq!(after(2.0, 0.0), 0.0));
        assert_eq!(after(2.0, 0.2), 0.0);
        (0..3).for_each(|_| assert_eq!(after(2.0, 0.0), 0.0, "evidence begins at 0 again"));
        assert!((0..3).any(|_| after(2.0, 0.0) == 1.0));
    }
}
