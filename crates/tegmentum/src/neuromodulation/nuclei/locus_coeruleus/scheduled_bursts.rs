//! Noradrenaline that knows nothing of the world: bursts at moments drawn beforehand.
//!
//! ```text
//!     burst of size 1   at n moments, uniform and independent between first and last
//! ```
//! The control for every claim that the *moment* of a burst matters: as many bursts, none of them an answer to anything. Reads
//! no signal but that time passes.
//!
//! Reference: ours, a control.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::neuromodulation::nucleus::{Nucleus, NucleusSettings, Release, Signals, Transmitter};
use crate::random::Key;
use crate::registry::Description;

/// Its name in lists.
const DESCRIPTION: Description = Description {
    name: "scheduled_bursts",
    summary: "bursts at moments drawn beforehand, a control",
    reference: "ours",
};

/// The constants of the control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScheduledBurstsConfig {
    /// Number n of bursts; two that fall together are one.
    pub bursts: usize,
    /// First moment at which one may fall, from 0.
    pub first: u64,
    /// First moment at which none may fall any more.
    pub last: u64,
}

impl Default for ScheduledBurstsConfig {
    fn default() -> Self {
        Self { bursts: 1, first: 60, last: 800 }
    }
}

impl ScheduledBurstsConfig {
    /// The nucleus; its moments follow from `key`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] if there is no moment to choose from, or there are more than 100 000 bursts.
    pub fn build(self, key: Key) -> Result<ScheduledBursts> {
        if self.last <= self.first {
            let (name, value) = ("scheduled_bursts.last", self.last as f64);
            return Err(Error::InvalidParameter { name, value, requirement: "above scheduled_bursts.first" });
        }
        if self.bursts > 100_000 {
            let (name, value) = ("scheduled_bursts.bursts", self.bursts as f64);
            return Err(Error::InvalidParameter { name, value, requirement: "at most 100000" });
        }
        let mut stream = key.stream();
        let draw = |_| self.first + stream.below((self.last - self.first) as usize) as u64;
        let mut moments: Vec<u64> = (0..self.bursts).map(draw).collect();
        moments.sort_unstable();
        moments.dedup();
        Ok(ScheduledBursts { moments, next: 0, now: 0 })
    }
}

impl NucleusSettings for ScheduledBurstsConfig {
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
/// use tegmentum::neuromodulation::nuclei::locus_coeruleus::scheduled_bursts::ScheduledBurstsConfig;
/// use tegmentum::neuromodulation::nucleus::{Nucleus, Signals};
/// use tegmentum::random::Key;
///
/// let config = ScheduledBurstsConfig { bursts: 1, first: 10, last: 20 };
/// let mut nucleus = config.build(Key::from_seed(1))?;
/// let bursts: Vec<f64> = (0..30).map(|_| nucleus.release(&Signals::default()).phasic).collect();
/// assert_eq!(bursts[10..20].iter().sum::<f64>(), 1.0);
/// assert_eq!(bursts.iter().sum::<f64>(), 1.0);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ScheduledBursts {
    moments: Vec<u64>,
    next: usize,
    now: u64,
}

crate::archived!(ScheduledBursts { next, now } fixed { moments });

impl Nucleus for ScheduledBursts {
    fn transmitter(&self) -> Transmitter {
        Transmitter::Noradrenaline
    }

    fn release(&mut self, _: &Signals) -> Release {
        let burst = self.moments.get(self.next) == Some(&self.now);
        self.next += usize::from(burst);
        self.now += 1;
        Release::phasic(f64::from(u8::from(burst)))
    }

    /// What is scheduled stays.
    fn reset(&mut self) {}

    crate::archives!();
}
