//! Locus coeruleus: noradrenaline as the alarm of a detector of changes.
//!
//! ```text
//!     x = |e|                    where the learner has a model of outcomes, e its error
//!     x = L/μ                    else: L loss of the moment, μ the mean of losses before, μ ← μ + max(1/n, .002)(|L| − μ)
//!     level 1 if the detector fires on x, else 0
//! ```
//! e as a share of the largest reward or of the interval of answers · n losses seen. x has no unit. Any
//! [detector](crate::neuromodulation::detectors) will do: `adwin`, `page_hinkley`, `kswin`, and `always`, `never` and `periodic`, which look at nothing and
//! say what an alarm is worth that knows more. What a detector forgets at an alarm is its own affair.
//!
//! A detector that fires at falls too does so while the learner is still learning. `falls = false`, the default, drops alarms at which x is below its own
//! running mean (rate .02), for the reference detectors were made to find changes, and noradrenaline is to answer to those for the worse.
//!
//! Cost: that of the detector.
//!
//! References: those of the detectors; S. Bouret, S. J. Sara, Trends Neurosci. 28, 574–582, 2005, for noradrenaline and network reset. To drive
//! it by a detector is ours.

use serde::{Deserialize, Serialize};

use crate::archive::{Archive, Archived};
use crate::error::Result;
use crate::neuromodulation::detector::Detector;
use crate::neuromodulation::detectors::DetectorConfig;
use crate::neuromodulation::detectors::adwin::AdwinConfig;
use crate::neuromodulation::nucleus::{Nucleus, NucleusSettings, Release, RunningMean, Signals, Transmitter, usable};
use crate::random::Key;
use crate::registry::Description;

/// Least rate of the mean loss, and the rate of the mean of x.
const SCALE_RATE: f64 = 0.002;
const RATE: f64 = 0.02;

/// Name, summary and reference.
const DESCRIPTION: Description = Description {
    name: "change_detector",
    summary: "alarms of a detector of changes, for example ADWIN",
    reference: "Bifet & Gavaldà 2007; Page 1954; Raab et al. 2020",
};

/// The detector and when it counts.
///
/// The default is [ADWIN, tested at every moment](DetectorConfig::at_every_moment).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChangeDetectorConfig {
    /// Which one.
    pub detector: DetectorConfig,
    /// Whether an alarm counts at which errors are smaller than usual.
    pub falls: bool,
}

impl Default for ChangeDetectorConfig {
    fn default() -> Self {
        Self { detector: DetectorConfig::Adwin(AdwinConfig::default()).at_every_moment(), falls: false }
    }
}

impl ChangeDetectorConfig {
    /// The nucleus, having seen nothing; what is random in its detectors follows from `key`.
    ///
    /// # Errors
    /// Those of the detector's settings.
    pub fn build(&self, key: Key) -> Result<ChangeDetector> {
        Ok(ChangeDetector {
            detector: self.detector.build(key)?,
            config: self.clone(),
            key,
            scale: 0.0,
            losses: 0,
            usual: RunningMean::default(),
        })
    }
}

impl NucleusSettings for ChangeDetectorConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, _: Transmitter, key: Key) -> Result<Box<dyn Nucleus>> {
        Ok(Box::new(Self::build(self, key)?))
    }
}

/// The state of the nucleus.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::nuclei::locus_coeruleus::change_detector::ChangeDetectorConfig;
/// use tegmentum::neuromodulation::nucleus::{Nucleus, Signals};
/// use tegmentum::random::Key;
///
/// let config: ChangeDetectorConfig = toml::from_str("detector = \"page_hinkley\"")?;
/// let mut nucleus = config.build(Key::from_seed(1))?;
/// let mut level = |loss: f64| nucleus.release(&Signals { loss: Some(loss), ..Signals::default() }).total();
/// assert!((0..100).all(|_| level(0.1) == 0.0));
/// assert!((0..100).any(|_| level(3.0) == 1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ChangeDetector {
    config: ChangeDetectorConfig,
    key: Key,
    detector: Box<dyn Detector>,
    scale: f64,
    losses: u64,
    usual: RunningMean,
}

impl ChangeDetector {
    /// What the detector sees of a moment.
    fn observation(&mut self, signals: &Signals) -> Option<f64> {
        if let Some(error) = usable(signals.outcome_error) {
            return Some(error.abs());
        }
        let loss = usable(signals.loss)?;
        let seen = (self.losses > 0 && self.scale > 0.0).then(|| loss / self.scale);
        self.losses += 1;
        self.scale += (1.0 / self.losses as f64).max(SCALE_RATE) * (loss.abs() - self.scale);
        seen
    }
}

impl Archived for ChangeDetector {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let Self { config: _, key: _, detector, scale, losses, usual } = self;
        archive.mark("ChangeDetector")?;
        Archived::archive(&mut **detector, archive)?;
        scale.archive(archive)?;
        losses.archive(archive)?;
        usual.archive(archive)
    }
}

impl Nucleus for ChangeDetector {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Noradrenaline
    }

    fn release(&mut self, signals: &Signals) -> Release {
        let Some(seen) = self.observation(signals) else { return Release::default() };
        let rose = seen >= self.usual.mean;
        self.usual.update(seen, RATE);
        let fired = self.detector.update(seen);
        Release::tonic(f64::from(u8::from(fired && (rose || self.config.falls))))
    }

    fn reset(&mut self) {
        // The settings were accepted before.
        if let Ok(detector) = self.config.detector.build(self.key) {
            self.detector = detector;
        }
        (self.scale, self.losses, self.usual) = (0.0, 0, RunningMean::default());
    }

    fn answers_to(&self, signals: &Signals) -> bool {
        signals.outcome_error.is_some() || signals.loss.is_some()
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarms(detector: &str, falls: bool, losses: impl Iterator<Item = f64>) -> Vec<usize> {
        let text = format!("detector = {detector}\nfalls = {falls}");
        let config: ChangeDetectorConfig = toml::from_str(&text).unwrap();
        let mut nucleus = config.build(Key::from_seed(4)).unwrap();
        let level = |loss| nucleus.release(&Signals { loss: Some(loss), ..Signals::default() }).total();
        losses.map(level).enumerate().filter(|(_, level)| *level > 0.0).map(|(index, _)| index).collect()
    }

    /// Losses of 1, then 1.5, then 0.5, 300 of each, with noise.
    fn losses() -> impl Iterator<Item = f64> {
        let mut stream = Key::from_seed(9).stream();
        (0..900).map(move |index| [1.0, 1.5, 0.5][index / 300] * (1.0 + 0.05 * f64::from(stream.normal())))
    }

    #[test]
    fn every_reference_finds_a_rise_soon_and_a_fall_where_falls_count() {
        for detector in ["{ adwin = { clock = 1 } }", "{ page_hinkley = { threshold = 10.0 } }", "\"kswin\""] {
            let rises = alarms(detector, false, losses());
            assert!(rises.iter().any(|at| (300..420).contains(at)), "{detector}: {rises:?}");
            let both = alarms(detector, true, losses());
            assert!(both.iter().any(|at| (600..720).contains(at)), "{detector}: {both:?}");
            assert!(
                !both.iter().any(|at| (100..300).contains(at)) || detector.contains("kswin"),
                "{detector}: {both:?}"
            );
        }
    }

    #[test]
    fn those_that_look_at_nothing_do_so() {
        // The first loss has no scale; half of the others are below the mean.
        assert_eq!(alarms("\"always\"", true, losses()).len(), 899);
        assert!(alarms("\"never\"", true, losses()).is_empty());
        let half = alarms("\"always\"", false, losses()).len();
        assert!((300..600).contains(&half), "{half}");
    }
}
