//! `never`: no alarm, whatever comes.
//!
//! The lower bound of false alarms, and a learner that never begins anew.
//!
//! # Cost
//! A value: O(1). There is no state.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::neuromodulation::detector::{Detector, DetectorSettings};
use crate::random::Key;
use crate::registry::Description;

/// The settings: there are none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NeverConfig {}

impl DetectorSettings for NeverConfig {
    fn description(&self) -> Description {
        Description { name: "never", summary: "no alarm: every change is missed", reference: "" }
    }

    fn build(&self, _: Key) -> Result<Box<dyn Detector>> {
        Ok(Box::new(Never))
    }
}

/// The detector.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::detector::Detector;
/// use tegmentum::neuromodulation::detectors::never::Never;
///
/// assert!(!Never.update(1.0));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Never;

crate::archived!(Never {});

impl Detector for Never {
    fn update(&mut self, _: f64) -> bool {
        false
    }

    crate::archives!();
}
