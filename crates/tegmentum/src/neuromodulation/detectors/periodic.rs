//! `periodic`: an alarm after each `period` values, whatever they are.
//!
//! ```text
//!     fires at the values period, 2 period, 3 period, …
//! ```
//! An alarm that comes by itself: a learner that begins anew now and then.
//!
//! # Cost
//! A value: O(1). Memory 8 bytes.

use serde::{Deserialize, Serialize};

use crate::archive::{Archive, Archived};
use crate::error::{Error, Result};
use crate::neuromodulation::detector::{Detector, DetectorSettings, is_observation};
use crate::random::Key;
use crate::registry::Description;

/// The settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PeriodicConfig {
    /// Values from one alarm to the next.
    pub period: u64,
}

impl Default for PeriodicConfig {
    fn default() -> Self {
        Self { period: 500 }
    }
}

impl PeriodicConfig {
    /// The detector, having seen nothing.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a period of 0.
    pub fn build(self) -> Result<Periodic> {
        if self.period == 0 {
            let (name, requirement) = ("detector.periodic.period", "at least 1");
            return Err(Error::InvalidParameter { name, value: 0.0, requirement });
        }
        Ok(Periodic { config: self, since: 0 })
    }
}

impl DetectorSettings for PeriodicConfig {
    fn description(&self) -> Description {
        Description {
            name: "periodic",
            summary: "an alarm after each 500 values, or as many as one says",
            reference: "",
        }
    }

    fn build(&self, _: Key) -> Result<Box<dyn Detector>> {
        Ok(Box::new(Self::build(*self)?))
    }
}

/// The state of the detector.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::detector::Detector;
/// use tegmentum::neuromodulation::detectors::periodic::PeriodicConfig;
///
/// let mut detector = PeriodicConfig { period: 3 }.build()?;
/// let fired: Vec<u32> = (0..10).filter(|_| detector.update(0.0)).collect();
/// assert_eq!(fired, [2, 5, 8]);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Periodic {
    config: PeriodicConfig,
    /// Values since the last alarm.
    since: u64,
}

impl Detector for Periodic {
    fn update(&mut self, value: f64) -> bool {
        if !is_observation(value) {
            return false;
        }
        self.since += 1;
        let fired = self.since == self.config.period;
        if fired {
            self.since = 0;
        }
        fired
    }

    crate::archives!();
}

impl Archived for Periodic {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        archive.mark("Periodic")?;
        let Self { config, since } = self;
        since.archive(archive)?;
        archive.check(*since < config.period, "values since the last alarm")
    }
}
