//! The valid prediction time: how long a free run of a chaotic system stays near the truth.
//!
//! ```text
//!     e_t = √( 1/C · Σ_i ((p_ti − x_ti) / s_i)² )
//!     k   = number of rows before the first with e_t > θ
//!     VPT = k · Δt · λ                                            in Lyapunov times
//! ```
//! p predictions of a free run, which is fed its own outputs, and x truth [N × C], in the unit of each channel, the
//! first row one step after the start · `s_i` standard deviation of channel i on the training part `[C]` · θ threshold,
//! without unit, 0.4 by default · Δt time between rows · λ largest Lyapunov exponent per unit of the same time.
//!
//! A trajectory's time depends strongly on where it starts, so that the median over many starts is reported, together
//! with θ, λ and the number of starts. A run that never leaves the truth has the time of its last row, k = N, which is
//! a lower bound: make free runs so long that fewer than half of them end so.
//!
//! # Cost
//! One pass over the values up to row k.
//!
//! # References
//! 1. P. R. Vlachas, J. Pathak, B. R. Hunt, T. P. Sapsis, M. Girvan, E. Ott, P. Koumoutsakos, *Backpropagation
//!    algorithms and reservoir computing in recurrent neural networks for the forecasting of complex spatiotemporal
//!    dynamics*, Neural Networks 126, 191–217, 2020, doi:10.1016/j.neunet.2020.02.016. Authors differ in θ and in the
//!    norm of the error: compare times only where both agree.

use crate::error::{Result, positive};
use crate::evidence::statistics::median;

use super::nrmse::sum_of_squares;

/// The default threshold θ on the normalised error.
pub const VALID_PREDICTION_THRESHOLD: f64 = 0.4;

/// The rows of `predicted` before the first that is off by more than `threshold`; all of them if none is.
///
/// Rows have as many channels as there are `standard_deviations` `[C]`. An error of NaN is above every threshold.
/// `None` if there are no channels or the sizes do not fit.
///
/// # Example
/// ```
/// use tegmentum::evidence::metrics::valid_prediction_steps;
///
/// let (predicted, truth) = ([0.0_f32, 0.3, 0.5, 0.1], [0.0; 4]);
/// assert_eq!(valid_prediction_steps(&predicted, &truth, &[1.0], 0.4), Some(2));
/// ```
pub fn valid_prediction_steps<T: Copy + Into<f64>>(
    predicted: &[T],
    truth: &[T],
    standard_deviations: &[f64],
    threshold: f64,
) -> Option<usize> {
    let channels = standard_deviations.len();
    if channels == 0 || predicted.len() != truth.len() || !truth.len().is_multiple_of(channels) {
        return None;
    }
    let mut rows = predicted.chunks_exact(channels).zip(truth.chunks_exact(channels));
    let is_valid = |(predicted, actual): (&[T], &[T])| {
        (sum_of_squares(predicted, actual, standard_deviations) / channels as f64).sqrt() <= threshold
    };
    Some(rows.position(|row| !is_valid(row)).unwrap_or(truth.len() / channels))
}

/// What a valid prediction time is measured with.
///
/// # Example
/// ```
/// use tegmentum::evidence::metrics::ValidPredictionTime;
///
/// let lorenz = ValidPredictionTime::new(0.02, 0.9056)?;
/// assert_eq!(lorenz.threshold, 0.4);
/// let truth = [0.0_f32; 100];
/// let mut predicted = truth;
/// predicted[50] = 1.0;
/// let time = lorenz.of(&predicted, &truth, &[1.0]);
/// assert!((time - 50.0 * 0.02 * 0.9056).abs() < 1e-12);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ValidPredictionTime {
    /// Largest valid error of a row.
    pub threshold: f64,
    /// Time between two rows.
    pub sampling_step: f64,
    /// Largest Lyapunov exponent, per unit of time.
    pub lyapunov_exponent: f64,
}

impl ValidPredictionTime {
    /// The measure with the default threshold.
    ///
    /// # Errors
    /// [`InvalidParameter`](crate::error::Error::InvalidParameter) if a number is not finite or not above zero.
    pub fn new(sampling_step: f64, lyapunov_exponent: f64) -> Result<Self> {
        Ok(Self {
            threshold: VALID_PREDICTION_THRESHOLD,
            sampling_step: positive("sampling_step", sampling_step)?,
            lyapunov_exponent: positive("lyapunov_exponent", lyapunov_exponent)?,
        })
    }

    /// The same with another threshold.
    ///
    /// # Errors
    /// [`InvalidParameter`](crate::error::Error::InvalidParameter) if it is not finite or not above zero.
    pub fn with_threshold(self, threshold: f64) -> Result<Self> {
        Ok(Self { threshold: positive("threshold", threshold)?, ..self })
    }

    /// The valid prediction time of one free run [N × C], in Lyapunov times; NaN if the sizes do not fit.
    pub fn of<T: Copy + Into<f64>>(&self, predicted: &[T], truth: &[T], standard_deviations: &[f64]) -> f64 {
        valid_prediction_steps(predicted, truth, standard_deviations, self.threshold)
            .map_or(f64::NAN, |steps| steps as f64 * self.sampling_step * self.lyapunov_exponent)
    }

    /// The median over `starts`, each a free run and its truth [N × C]; NaN if there are none or a size does not fit.
    ///
    /// # Example
    /// ```
    /// use tegmentum::evidence::metrics::ValidPredictionTime;
    ///
    /// let measure = ValidPredictionTime::new(0.1, 1.0)?;
    /// let truth = [0.0_f64; 3];
    /// let starts: [(&[f64], &[f64]); 3] = [(&[9.0, 9.0, 9.0], &truth), (&[0.0, 9.0, 9.0], &truth), (&truth, &truth)];
    /// assert_eq!(measure.median(&starts, &[1.0]), 0.1);
    /// # Ok::<(), tegmentum::error::Error>(())
    /// ```
    pub fn median<T: Copy + Into<f64>>(&self, starts: &[(&[T], &[T])], standard_deviations: &[f64]) -> f64 {
        let times: Vec<f64> =
            starts.iter().map(|(predicted, truth)| self.of(predicted, truth, standard_deviations)).collect();
        // NaN would be read as a failed run, +∞, which is no time.
        if times.iter().any(|time| time.is_nan()) { f64::NAN } else { median(&times) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::statistics::oracle::{numbers, oracle};

    #[test]
    fn agrees_with_numpy() {
        let case = &oracle()["metrics"];
        let (predicted, truth) = (numbers(&case["predicted"]), numbers(&case["truth"]));
        let deviations = numbers(&case["standard_deviation"]);
        for (threshold, steps) in case["valid_steps"].as_object().unwrap() {
            let threshold = threshold.parse().unwrap();
            let found = valid_prediction_steps(&predicted, &truth, &deviations, threshold);
            assert_eq!(found, steps.as_u64().map(|steps| steps as usize));
            assert!(found.is_some_and(|steps| 0 < steps && steps < 40), "the case says nothing");
        }
    }

    #[test]
    fn the_first_step_counts_and_the_last_is_a_bound() {
        let truth = [0.0; 4];
        assert_eq!(valid_prediction_steps(&[1.0; 4], &truth, &[1.0], 0.4), Some(0));
        assert_eq!(valid_prediction_steps(&truth, &truth, &[1.0, 1.0], 0.4), Some(2));
        assert_eq!(valid_prediction_steps(&[0.0, f64::NAN, 0.0, 0.0], &truth, &[1.0], 0.4), Some(1));
        assert_eq!(valid_prediction_steps(&[0.4; 4], &truth, &[1.0], 0.4), Some(4));
    }

    #[test]
    fn sizes_must_fit() {
        let measure = ValidPredictionTime::new(0.1, 1.0).unwrap();
        assert_eq!(valid_prediction_steps(&[1.0], &[1.0, 2.0], &[1.0], 0.4), None);
        assert_eq!(valid_prediction_steps(&[1.0], &[1.0], &[], 0.4), None);
        assert!(measure.of(&[1.0], &[1.0], &[]).is_nan());
        assert!(measure.median::<f64>(&[], &[1.0]).is_nan());
        assert!(measure.median(&[(&[0.0][..], &[0.0][..]), (&[0.0], &[])], &[1.0]).is_nan());
    }

    #[test]
    fn parameters_are_checked() {
        assert!(ValidPredictionTime::new(0.0, 1.0).is_err());
        assert!(ValidPredictionTime::new(0.1, f64::NAN).is_err());
        assert!(ValidPredictionTime::new(0.1, 1.0).unwrap().with_threshold(-1.0).is_err());
        assert_eq!(ValidPredictionTime::new(0.1, 1.0).unwrap().with_threshold(0.9).unwrap().threshold, 0.9);
    }
}
