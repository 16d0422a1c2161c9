//! Locus coeruleus: noradrenaline. The readings, one file each:
//!
//! | reading | level | for |
//! |---|---|---|
//! | [cumulative surprise](cumulative_surprise) | confirmed rise of losses | optimizers |
//! | [unexpected uncertainty](unexpected_uncertainty) | errors beyond the expected ones | agents |

pub mod cumulative_surprise;
pub mod unexpected_uncertainty;

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
}

impl LocusCoeruleusConfig {
    /// The nucleus, having seen nothing.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a constant outside its range.
    pub fn build(&self) -> Result<Box<dyn Nucleus>> {
        Ok(match self {
            Self::UnexpectedUncertainty(config) => Box::new(config.build()?),
        })
    }
}
