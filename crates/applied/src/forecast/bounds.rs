//! What the values of a series can be: bounds that are known before anything is learned.
//!
//! ```text
//!     prediction  min(max(ŷ, a), b)          interval  [min(max(ŷ − q, a), b), min(max(ŷ + q, a), b)]
//! ```
//! a least value that is possible · b greatest · ŷ prediction, q half width of its interval, as they were learned without bounds. A value
//! within [a, b] lies in the cut interval if and only if it lies in the whole one, and is no further from the cut prediction than from ŷ:
//! cutting at true bounds takes nothing from coverage and adds nothing to errors. A series that leaves them is refused.

use serde::{Deserialize, Serialize};
use tegmentum::error::{Error, Result};

/// The least and the greatest value that is possible, where there is one.
///
/// # Example
/// ```
/// use tegmentum_applied::forecast::Bounds;
///
/// let bounds = Bounds { minimum: Some(0.0), maximum: None };
/// assert_eq!((bounds.cut(-1.0), bounds.interval(1.0, 3.0)), (0.0, [0.0, 4.0]));
/// assert_eq!(bounds.broken(&[2.0, -0.5]).map(|broken| broken.0), Some(1));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bounds {
    /// The least value, in the unit of the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum: Option<f64>,
    /// The greatest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum: Option<f64>,
}

impl Bounds {
    /// Whether there is none.
    pub fn is_none(&self) -> bool {
        self.minimum.is_none() && self.maximum.is_none()
    }

    /// A prediction between them.
    pub fn cut(&self, value: f64) -> f64 {
        let value = self.minimum.map_or(value, |minimum| value.max(minimum));
        self.maximum.map_or(value, |maximum| value.min(maximum))
    }

    /// The ends of the interval around an uncut prediction.
    pub fn interval(&self, value: f64, half_width: f64) -> [f64; 2] {
        [self.cut(value - half_width), self.cut(value + half_width)]
    }

    /// The index of the first value that is outside, with what is wrong with it.
    pub fn broken(&self, values: &[f64]) -> Option<(usize, String)> {
        values.iter().enumerate().find_map(|(index, value)| {
            let problem = match (self.minimum, self.maximum) {
                (Some(minimum), _) if *value < minimum => format!("is {value}, below the minimum of {minimum}"),
                (_, Some(maximum)) if *value > maximum => format!("is {value}, above the maximum of {maximum}"),
                _ => return None,
            };
            Some((index, problem))
        })
    }

    /// Whether there can be values between them.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a bound that is no number, or a minimum that is not below the maximum.
    pub fn check(&self) -> Result<()> {
        for (name, bound) in [("minimum", self.minimum), ("maximum", self.maximum)] {
            if let Some(value) = bound.filter(|bound| !bound.is_finite()) {
                return Err(Error::InvalidParameter { name, value, requirement: "a finite number" });
            }
        }
        match (self.minimum, self.maximum) {
            (Some(minimum), Some(maximum)) if minimum >= maximum => {
                Err(Error::InvalidParameter { name: "minimum", value: minimum, requirement: "below the maximum" })
            }
            _ => Ok(()),
        }
    }
}
