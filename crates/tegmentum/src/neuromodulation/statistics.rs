//! What couplings may see besides levels: slow statistics of values and prediction errors.
//!
//! ```text
//!     V̄ ← V̄ + a (V − V̄)                          usual value;   |V − V̄| is taken before the update
//!     m ← m + a (δ − m) ,  v ← (1 − a)(v + a (δ − m)²)      variance of δ, with m before its update
//!     f ← f + a (flip − f)                          flip = 1 if δ has changed its sign since the last one that was not 0
//! ```
//! V value before the outcome, δ reward prediction error `[reward]` · a = 1/20 rate [1/moment], inferred.
//!
//! Cost: a dozen operations a moment, and none in a system whose couplings do not ask.

use super::nucleus::usable;
use super::signals::Signals;

const RATE: f64 = 0.05;

/// Running statistics of one learner's outcomes.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::signals::Signals;
/// use tegmentum::neuromodulation::statistics::OutcomeStatistics;
///
/// let mut statistics = OutcomeStatistics::default();
/// for error in [1.0, -1.0, 1.0] {
///     statistics.observe(&Signals { prediction_error: Some(error), ..Signals::default() });
/// }
/// assert!(statistics.flip_rate() > 0.09);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OutcomeStatistics {
    value: f64,
    usual_value: f64,
    value_deviation: f64,
    mean_error: f64,
    error_variance: f64,
    last_sign: f64,
    flip_rate: f64,
    action_value_variance: f64,
}

crate::archived!(OutcomeStatistics {
    value,
    usual_value,
    value_deviation,
    mean_error,
    error_variance,
    last_sign,
    flip_rate,
    action_value_variance
});

impl OutcomeStatistics {
    /// Takes in the signals of one moment; what is missing or not finite changes nothing.
    pub fn observe(&mut self, signals: &Signals) {
        if let Some(value) = usable(signals.value) {
            self.value = value;
            self.value_deviation = (value - self.usual_value).abs();
            self.usual_value += RATE * (value - self.usual_value);
        }
        if let Some(error) = usable(signals.prediction_error) {
            let difference = error - self.mean_error;
            self.mean_error += RATE * difference;
            self.error_variance = (1.0 - RATE) * (self.error_variance + RATE * difference * difference);
            if error != 0.0 {
                let flipped = self.last_sign * error.signum() < 0.0;
                self.flip_rate += RATE * (f64::from(u8::from(flipped)) - self.flip_rate);
                self.last_sign = error.signum();
            }
        }
        if let Some(variance) = usable(signals.action_value_variance) {
            self.action_value_variance = variance.max(0.0);
        }
    }

    /// Sign of the last value: −1, 0 or 1.
    pub fn sign_of_value(&self) -> f64 {
        if self.value == 0.0 { 0.0 } else { self.value.signum() }
    }

    /// |V − V̄|, in units of reward.
    pub fn value_deviation(&self) -> f64 {
        self.value_deviation
    }

    /// Variance of δ, in units of reward squared.
    pub fn error_variance(&self) -> f64 {
        self.error_variance
    }

    /// Share of prediction errors that change sign.
    pub fn flip_rate(&self) -> f64 {
        self.flip_rate
    }

    /// Variance over actions of their values, the last that was told.
    pub fn action_value_variance(&self) -> f64 {
        self.action_value_variance
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Key;

    #[test]
    fn statistics_of_a_known_source() {
        let mut statistics = OutcomeStatistics::default();
        let mut stream = Key::from_seed(1).stream();
        let (mut variance, mut flips) = (0.0, 0.0);
        for moment in 0..20_000 {
            let error = 0.5 * f64::from(stream.normal());
            statistics.observe(&Signals { prediction_error: Some(error), value: Some(-2.0), ..Signals::default() });
            if moment >= 200 {
                variance += statistics.error_variance() / 19_800.0;
                flips += statistics.flip_rate() / 19_800.0;
            }
        }
        // The running variance of independent values is (1 − a) · 2/(2 − a) · s², here .974 s²; signs flip half the time.
        assert!((variance - 0.25 * 0.95 * 2.0 / 1.95).abs() < 0.01, "{variance}");
        assert!((flips - 0.5).abs() < 0.02, "{flips}");
        assert!(statistics.value_deviation() < 1e-9);
        assert_eq!(statistics.sign_of_value(), -1.0);
    }
}
