//! Locus coeruleus: noradrenaline. The readings, one file each:
//!
//! | reading | level | for |
//! |---|---|---|
//! | [cumulative surprise](cumulative_surprise) | confirmed rise of losses | optimizers |
//! | [unexpected uncertainty](unexpected_uncertainty) | errors beyond the expected ones | agents |
//! | [change-point probability](change_point_probability) | experience that an outcome has made worthless | agents |

pub mod change_point_probability;
pub mod cumulative_surprise;
pub mod unexpected_uncertainty;

use change_point_probability::ChangePointProbabilityConfig;
use serde::{Deserialize, Serialize};
use unexpected_uncertainty::UnexpectedUncertaintyConfig;

use crate::error::Result;
use crate::neuromodulation::nucleus::Nucleus;

/// A reading of the nucleus as a study names it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LocusCoeruleusConfig {
    /// See [`unexpected_uncertainty`].
    UnexpectedUncertainty(UnexpectedUncertaintyConfig),
    /// See [`change_point_probability`].
    ChangePointProbability(ChangePointProbabilityConfig),
}

impl LocusCoeruleusConfig {
    /// The nucleus, having seen nothing.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a constant outside its range.
    pub fn build(&self) -> Result<Box<dyn Nucleus>> {
        Ok(match self {
            Self::UnexpectedUncertainty(config) => Box::new(config.build()?),
            Self::ChangePointProbability(config) => Box::new(config.build()?),
        })
    }
}
