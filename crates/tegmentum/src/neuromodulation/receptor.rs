//! Receptors: how a level becomes an effect.
//!
//! ```text
//!     seen     s ← s + (1 − (1 − 1/τ)^Δ)(l − s)        metabotropic: own time constant τ;  ionotropic: s = l
//!     f(s)   = s                                       linear
//!            = sign(s) |s|ⁿ/(Kⁿ + |s|ⁿ)                Hill, half effect at K
//!            = sign(s) ,  |s| ,  1 if s > 0 else 0    sign, magnitude, presence
//!     factor   max(0, 1 + w f(s))      divided: 1/max(ε, 1 + w f(s))      targets that multiply
//!     term     w f(s)                                                     targets that add
//! ```
//! l level that reaches the receptor `[level]` · w efficacy, zero for a blocked receptor · τ, Δ `[moments]`.
//!
//! Two receptors on one target converge: factors are multiplied, terms are added. Opposite signs of w make them opponents.
//!
//! Reference: Hill curves and the split into fast and slow receptors are standard pharmacology; that all four modulators
//! act through both kinds is arXiv:2501.06762, section 3.1; the Hill form is not that paper's.

use serde::{Deserialize, Serialize};

use super::modulation::{Place, Target};
use super::nucleus::Transmitter;
use crate::error::{Error, Result};

/// One kind of receptor.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::receptor::Receptor;
///
/// let text = "name = 'alpha-1'\ntransmitter = 'noradrenaline'\ntarget = 'temperature'\nefficacy = 6.0";
/// let receptor: Receptor = toml::from_str(text)?;
/// assert_eq!(receptor.effect(0.5), 4.0);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receptor {
    /// Its name, unique in the system; drugs name it.
    pub name: String,
    /// What it binds.
    pub transmitter: Transmitter,
    /// What it acts on.
    pub target: Target,
    /// Where it sits.
    #[serde(default)]
    pub place: Place,
    /// Strength and sign w of its effect.
    pub efficacy: f64,
    /// Whether a factor is divided by instead of multiplied.
    #[serde(default)]
    pub divides: bool,
    /// From seen level to effect.
    #[serde(default)]
    pub curve: ResponseCurve,
    /// Time constant τ of a metabotropic receptor, in moments, at least 1; ionotropic if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_constant: Option<f64>,
}

/// The curve of a receptor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ResponseCurve {
    /// In proportion.
    #[default]
    Linear,
    /// Saturating.
    Hill {
        /// Level K of half the effect.
        half: f64,
        /// Exponent n.
        exponent: f64,
    },
    /// The sign alone.
    Sign,
    /// The size alone.
    Magnitude,
    /// All or none: 1 wherever there is any.
    Presence,
}

impl ResponseCurve {
    /// f(s).
    pub fn of(self, level: f64) -> f64 {
        match self {
            Self::Linear => level,
            // The sign of zero is zero here.
            Self::Sign => f64::from(i8::from(level > 0.0) - i8::from(level < 0.0)),
            Self::Magnitude => level.abs(),
            Self::Presence => f64::from(u8::from(level > 0.0)),
            Self::Hill { half, exponent } => {
                let size = level.abs();
                let share = if exponent == 1.0 {
                    size / (half + size)
                } else if exponent == 2.0 {
                    size * size / (half * half + size * size)
                } else {
                    // Never infinite over infinite; a level of zero divides to infinity and gives a share of zero.
                    1.0 / (1.0 + (half / size).powf(exponent))
                };
                level.signum() * share
            }
        }
    }
}

/// Smallest divisor of a receptor that divides.
const MIN_DIVISOR: f64 = 1e-3;

impl Receptor {
    /// A linear, ionotropic receptor everywhere in the network.
    pub fn new(name: &str, transmitter: Transmitter, target: Target, efficacy: f64) -> Self {
        Self {
            name: name.to_owned(),
            transmitter,
            target,
            place: Place::Network,
            efficacy,
            divides: false,
            curve: ResponseCurve::Linear,
            time_constant: None,
        }
    }

    /// Checks the ranges.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a constant outside its range.
    pub fn check(&self) -> Result<()> {
        if !self.efficacy.is_finite() {
            let value = self.efficacy;
            return Err(Error::InvalidParameter { name: "receptor.efficacy", value, requirement: "a finite number" });
        }
        if let Some(value) = self.time_constant.filter(|value| !(value.is_finite() && *value >= 1.0)) {
            return Err(Error::InvalidParameter {
                name: "receptor.time_constant",
                value,
                requirement: "a finite number of moments, at least 1",
            });
        }
        if let ResponseCurve::Hill { half, exponent } = self.curve {
            for (name, value) in [("receptor.curve.hill.half", half), ("receptor.curve.hill.exponent", exponent)] {
                crate::error::positive(name, value)?;
            }
        }
        Ok(())
    }

    /// The effect of a seen level: a factor or a term, as the target wants.
    pub fn effect(&self, seen: f64) -> f64 {
        let response = self.efficacy * self.curve.of(seen);
        match (self.target.is_factor(), self.divides) {
            (false, _) => response,
            (true, false) => (1.0 + response).max(0.0),
            (true, true) => 1.0 / (1.0 + response).max(MIN_DIVISOR),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hill_curves_in_closed_form() {
        let hill = |half, exponent| ResponseCurve::Hill { half, exponent };
        assert_eq!(hill(0.5, 1.0).of(0.5), 0.5);
        assert_eq!(hill(2.0, 1.0).of(6.0), 0.75);
        assert_eq!(hill(1.0, 2.0).of(3.0), 0.9);
        assert!((hill(2.0, 4.0).of(1.0) - 1.0 / 17.0).abs() < 1e-15);
        assert!((hill(2.0, 0.5).of(0.5) - 1.0 / 3.0).abs() < 1e-15);
        for exponent in [0.5, 1.0, 2.0, 3.7] {
            let curve = hill(0.3, exponent);
            assert!((curve.of(0.3) - 0.5).abs() < 1e-15, "half the effect at K");
            assert_eq!(curve.of(-0.2), -curve.of(0.2));
            assert_eq!(curve.of(0.0), 0.0);
            assert!((curve.of(1e100) - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn factors_terms_and_divisors() {
        let receptor = |target, efficacy| Receptor::new("r", Transmitter::Serotonin, target, efficacy);
        assert_eq!(receptor(Target::Temperature, 2.0).effect(0.5), 2.0);
        assert_eq!(receptor(Target::Temperature, -2.0).effect(3.0), 0.0, "a factor is never negative");
        assert_eq!(receptor(Target::Threshold, -2.0).effect(3.0), -6.0);
        let divides = Receptor { divides: true, ..receptor(Target::Temperature, 3.0) };
        assert_eq!(divides.effect(1.0), 0.25);
        assert_eq!(divides.effect(-1.0), 1000.0, "a divisor is never zero");
        assert_eq!(receptor(Target::Gain, 0.0).effect(7.0), 1.0, "a blocked receptor");
    }
}
