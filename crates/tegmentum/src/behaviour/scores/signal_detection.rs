//! Signal detection: how well a cue is told from its absence, and how readily it is answered.
//!
//! ```text
//!     H = (hits + ½)/(signals + 1) ,  F = (false alarms + ½)/(blanks + 1)        log-linear correction
//!     d' = z(H) − z(F) ,   c = −(z(H) + z(F))/2
//! ```
//! z inverse of the normal distribution function Φ. d' 0 is chance, larger is better; c above 0 is reluctance to answer. The
//! correction keeps both finite where all or none were answered, and is applied always, so that it adds no bias of its own.
//!
//! Φ is Marsaglia's series, `Φ(x) = ½ + φ(x)(x + x³/3 + x⁵/(3·5) + …)`; z is found from 0 by Newton's steps, which cannot
//! overshoot because Φ bends towards the axis on either side.
//!
//! References:
//! 1. M. J. Hautus, Behavior Research Methods, Instruments, & Computers 27, 46–51, 1995, for the correction.
//! 2. G. Marsaglia, Journal of Statistical Software 11(4), 2004, for the series.

/// Counts of the four kinds of answer.
///
/// # Example
/// ```
/// use tegmentum::behaviour::scores::SignalDetection;
///
/// let answers = SignalDetection { hits: 45, misses: 5, false_alarms: 10, correct_rejections: 40 };
/// assert!((answers.d_prime() - 2.05).abs() < 0.01);
/// assert!(answers.criterion() < 0.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignalDetection {
    /// Signals that were answered.
    pub hits: u64,
    /// Signals that were not.
    pub misses: u64,
    /// Answers without a signal.
    pub false_alarms: u64,
    /// No signal and no answer.
    pub correct_rejections: u64,
}

impl SignalDetection {
    /// Counts pairs of (signal, answer).
    pub fn count(trials: impl IntoIterator<Item = (bool, bool)>) -> Self {
        let mut counts = Self::default();
        for (signal, answer) in trials {
            match (signal, answer) {
                (true, true) => counts.hits += 1,
                (true, false) => counts.misses += 1,
                (false, true) => counts.false_alarms += 1,
                (false, false) => counts.correct_rejections += 1,
            }
        }
        counts
    }

    /// Share of signals that were answered, as counted; NaN without signals.
    pub fn hit_rate(&self) -> f64 {
        self.hits as f64 / (self.hits + self.misses) as f64
    }

    /// Share of blanks that were answered, as counted; NaN without blanks.
    pub fn false_alarm_rate(&self) -> f64 {
        self.false_alarms as f64 / (self.false_alarms + self.correct_rejections) as f64
    }

    /// z of the two corrected rates.
    fn z(&self) -> (f64, f64) {
        let corrected = |answers: u64, others: u64| (answers as f64 + 0.5) / ((answers + others) as f64 + 1.0);
        let hit = corrected(self.hits, self.misses);
        let false_alarm = corrected(self.false_alarms, self.correct_rejections);
        (normal_quantile(hit), normal_quantile(false_alarm))
    }

    /// Sensitivity d', with the log-linear correction.
    pub fn d_prime(&self) -> f64 {
        let (hit, false_alarm) = self.z();
        hit - false_alarm
    }

    /// Criterion c, with the log-linear correction.
    pub fn criterion(&self) -> f64 {
        let (hit, false_alarm) = self.z();
        -0.5 * (hit + false_alarm)
    }
}

/// Density and distribution function of the standard normal, for |x| below 8.
fn normal(x: f64) -> (f64, f64) {
    let density = (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt();
    let (mut sum, mut term, mut odd) = (x, x, 1.0);
    while sum + term != sum {
        odd += 2.0;
        term *= x * x / odd;
        sum += term;
    }
    (density, 0.5 + density * sum)
}

/// z(p), the inverse of Φ; NaN outside (0, 1).
fn normal_quantile(probability: f64) -> f64 {
    if !(probability > 0.0 && probability < 1.0) {
        return f64::NAN;
    }
    let mut x = 0.0f64;
    for _ in 0..100 {
        let (density, distribution) = normal(x);
        let step = (probability - distribution) / density;
        x = (x + step).clamp(-7.5, 7.5);
        if step.abs() < 1e-12 {
            break;
        }
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The upper percentage points of the normal distribution, as every table prints them.
    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (probability, z) in
            [(0.5, 0.0), (0.8, 0.841_621_2), (0.9, 1.281_551_6), (0.975, 1.959_964_0), (0.999, 3.090_232_3)]
        {
            assert!((normal_quantile(probability) - z).abs() < 1e-7, "{probability}");
            assert!((normal_quantile(1.0 - probability) + z).abs() < 1e-7, "{probability}");
        }
        assert!((normal_quantile(1e-6) + 4.753_424_3).abs() < 1e-6);
        assert!(normal_quantile(0.0).is_nan() && normal_quantile(1.0).is_nan());
    }

    /// The worked example of the manual of |STAT's `dprime` (1985): rates .7 and .4 give 0.78. With 10⁶ trials of each kind
    /// the correction is out of sight.
    #[test]
    fn agrees_with_published_values() {
        let stat =
            SignalDetection { hits: 700_000, misses: 300_000, false_alarms: 400_000, correct_rejections: 600_000 };
        assert!((stat.d_prime() - 0.78).abs() < 0.005);
        // Macmillan and Creelman's rates .8 and .4: z = .842 and −.253.
        let other = SignalDetection { hits: 800_000, misses: 200_000, ..stat };
        assert!((other.d_prime() - 1.095).abs() < 5e-4);
        assert!((other.criterion() + 0.294).abs() < 5e-4);
    }

    #[test]
    fn the_correction_keeps_perfect_answers_finite() {
        let perfect = SignalDetection { hits: 50, correct_rejections: 50, ..SignalDetection::default() };
        // z(50.5/51) = 2.3338, by bisection of the tabulated function.
        assert!((perfect.d_prime() - 2.0 * normal_quantile(50.5 / 51.0)).abs() < 1e-12);
        assert!(perfect.d_prime() > 4.6 && perfect.d_prime() < 4.8 && perfect.criterion().abs() < 1e-12);
        let never = SignalDetection { misses: 50, correct_rejections: 50, ..SignalDetection::default() };
        assert!(never.d_prime().abs() < 1e-12 && never.criterion() > 2.0);
    }

    #[test]
    fn trials_are_counted_where_they_belong() {
        let counts = SignalDetection::count([(true, true), (true, false), (true, true), (false, true), (false, false)]);
        assert_eq!(counts, SignalDetection { hits: 2, misses: 1, false_alarms: 1, correct_rejections: 1 });
        assert_eq!((counts.hit_rate(), counts.false_alarm_rate()), (2.0 / 3.0, 0.5));
    }
}
