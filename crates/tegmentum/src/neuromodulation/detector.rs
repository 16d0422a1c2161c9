//! What watches a stream of numbers, for example the errors of a learner, and says when they have changed: the contract. Implementations are
//! in [`detectors`](crate::neuromodulation::detectors).
//!
//! They are references to compare noradrenaline with, and change nothing of how anything learns, unless a locus coeruleus is
//! [driven](crate::neuromodulation::nuclei::locus_coeruleus::change_detector) by one.
//!
//! # Example
//! A detector of one's own.
//! ```
//! use tegmentum::neuromodulation::detector::Detector;
//!
//! #[derive(Debug)]
//! struct Above(u64);
//! impl Detector for Above {
//!     fn update(&mut self, value: f64) -> bool {
//!         self.0 = if value > 1.0 { self.0 + 1 } else { 0 };
//!         self.0 == 3
//!     }
//! }
//! let mut detector = Above(0);
//! assert_eq!([0.0, 2.0, 2.0, 2.0].map(|value| detector.update(value)), [false, false, false, true]);
//! ```

use std::any::Any;
use std::fmt::Debug;

use crate::archive::{Archive, Archived, cannot_be_saved};
use crate::error::Result;
use crate::random::Key;
use crate::registry::Description;

/// The size of a value that is taken in, at most: the sum of the squares of more values than anybody has is finite.
pub const LARGEST: f64 = 1e100;

/// Whether a value is an observation: a number that is finite and at most [`LARGEST`] in size.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::detector::is_observation;
///
/// assert!(is_observation(-3.0) && !is_observation(f64::NAN) && !is_observation(1e200));
/// ```
pub fn is_observation(value: f64) -> bool {
    value.abs() <= LARGEST
}

/// A detector of changes of a stream.
pub trait Detector: Debug + Send {
    /// Takes in the next value; whether the stream is found to have changed. What is no [observation](is_observation) changes nothing and
    /// is not counted.
    fn update(&mut self, value: f64) -> bool;

    /// Writes its running state to an archive, or reads it from there. By default it cannot be saved.
    ///
    /// # Errors
    /// [An error of the archive](crate::error::Error::Archive) if it cannot be saved, or what is read is not its state.
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let _ = archive;
        cannot_be_saved::<Self>()
    }
}

impl Archived for dyn Detector + '_ {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        Detector::archive(self, archive)
    }
}

/// The settings of a detector.
///
/// A settings type of one's own is made known under its name with
/// [`DetectorConfig::register`](crate::neuromodulation::detectors::DetectorConfig::register).
pub trait DetectorSettings: Any + Debug + Send + Sync {
    /// Name, summary and reference.
    fn description(&self) -> Description;

    /// The detector, having seen nothing; what is random in it follows from `key`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a constant outside its range.
    fn build(&self, key: Key) -> Result<Box<dyn Detector>>;
}
