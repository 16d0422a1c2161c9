//! `always`: an alarm with each value, whatever comes.
//!
//! The upper bound of false alarms, and a learner that begins anew with each row.
//!
//! # Cost
//! A value: O(1). There is no state.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::neuromodulation::detector::{Detector, DetectorSettings, is_observation};
use crate::random::Key;
use crate::registry::Description;

/// The settings: there are none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlwaysConfig {}

impl DetectorSettings for AlwaysConfig {
    fn description(&self) -> Description {
        Description {
            name: "always",
            summary: "an alarm with each value: the most false alarms that there can be",
            reference: "",
        }
    }

    fn build(&self, _: Key) -> Result<Box<dyn Detector>> {
        Ok(Box::new(Always))
    }
}

/// The detector.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::detector::Detector;
/// use tegmentum::neuromodulation::detectors::always::Always;
///
/// assert!(Always.update(1.0));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Always;

crate::archived!(Always {});

impl Detector for Always {
    fn update(&mut self, value: f64) -> bool {
        is_observation(value)
    }

    crate::archives!();
}
