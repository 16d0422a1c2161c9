//! Locus coeruleus: noradrenaline. The readings, one file each:
//!
//! | reading | level | for |
//! |---|---|---|
//! | [cumulative surprise](cumulative_surprise) | confirmed rise of losses | optimizers |
//! | [scheduled bursts](scheduled_bursts) | bursts at random moments, a control | agents |
//! | [unexpected uncertainty](unexpected_uncertainty) | errors beyond the expected ones | agents |

pub mod cumulative_surprise;
pub mod scheduled_bursts;
pub mod unexpected_uncertainty;

use scheduled_bursts::ScheduledBurstsConfig;
use serde::{Deserialize, Serialize};
use unexpected_uncertainty::UnexpectedUncertaintyConfig;

use crate::error::Result;
use crate::neuromodulation::nucleus::Nucleus;
use crate::random::Key;

/// A reading of the nucleus as a study names it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LocusCoeruleusConfig {
    /// See [`scheduled_bursts`].
    ScheduledBursts(ScheduledBurstsConfig),
    /// See [`unexpected_uncertainty`].
    UnexpectedUncertainty(UnexpectedUncertaintyConfig),
}

impl LocusCoeruleusConfig {
    /// The nucleus, having seen nothing; what is random about it follows from `key`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a constant outside its range.
    pub fn build(&self, key: Key) -> Result<Box<dyn Nucleus>> {
        Ok(match self {
            Self::ScheduledBursts(config) => Box::new(config.build(key)?),
            Self::UnexpectedUncertainty(config) => Box::new(config.build()?),
        })
    }
}
