//! Prescribed error sensitivity (PES): decoders that follow an error they are told, a baseline with more than a scalar outcome.
//!
//! ```text
//!     a_j ← a_j e^(−1/τ) + (1 − e^(−1/τ)) s_j          activity: filtered spikes [1/ms]
//!     ŷ_k = Σ_j d_kj a_j ,   d_kj ← d_kj − κ e_k a_j    e_k = ŷ_k − y_k, told for each output
//! ```
//! d decoders `[outputs, cells]` · κ learning rate. For constant activity the error shrinks by a factor 1 − κ Σ a² a step, and
//! grows if κ Σ a² > 2.
//! Its user is the agent [`spiking_decoder`](crate::behaviour::agents::spiking_decoder). A rule that is told the error of every output is not comparable with one that is told a reward: comparisons say so.
//!
//! # Cost
//! One product and sum for each decoder and step.
//!
//! Reference: D. MacNeil, C. Eliasmith, PLoS ONE 6(9), e22885, 2011; T. Bekolay, C. Kolbeck, C. Eliasmith, CogSci 2013.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, positive};

/// The constants.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PrescribedErrorSensitivityConfig {
    /// κ.
    pub learning_rate: f64,
    /// τ of the activity, in ms.
    pub activity_time_constant: f64,
}

impl Default for PrescribedErrorSensitivityConfig {
    fn default() -> Self {
        Self { learning_rate: 1.0, activity_time_constant: 20.0 }
    }
}

impl PrescribedErrorSensitivityConfig {
    /// Decoders of `outputs` numbers from `cells` cells, at 0.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a constant outside its range.
    pub fn build(&self, outputs: usize, cells: usize) -> Result<PrescribedErrorSensitivity> {
        positive("prescribed_error_sensitivity.learning_rate", self.learning_rate)?;
        positive("prescribed_error_sensitivity.activity_time_constant", self.activity_time_constant)?;
        Ok(PrescribedErrorSensitivity {
            learning_rate: self.learning_rate,
            kept: (-1.0 / self.activity_time_constant).exp(),
            activity: vec![0.0; cells],
            decoders: vec![0.0; outputs * cells],
            decoded: vec![0.0; outputs],
        })
    }
}

/// The rule at work.
///
/// # Example
/// ```
/// use tegmentum::learning::plasticity::prescribed_error_sensitivity::PrescribedErrorSensitivityConfig;
///
/// let mut decoder = PrescribedErrorSensitivityConfig::default().build(1, 3)?;
/// for _ in 0..300 {
///     decoder.see(&[1]);
///     let error = decoder.decode()[0] - 0.8;
///     decoder.learn(&[error])?;
/// }
/// assert!((decoder.decode()[0] - 0.8).abs() < 1e-6);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct PrescribedErrorSensitivity {
    learning_rate: f64,
    kept: f64,
    activity: Vec<f64>,
    decoders: Vec<f64>,
    decoded: Vec<f64>,
}

crate::archived!(PrescribedErrorSensitivity {} sized { activity, decoders } fixed { learning_rate, kept, decoded });

impl PrescribedErrorSensitivity {
    /// Forgets all spikes.
    pub fn rest(&mut self) {
        self.activity.fill(0.0);
    }

    /// One millisecond with its spikes.
    pub fn see(&mut self, spikes: &[u32]) {
        self.activity.iter_mut().for_each(|activity| *activity *= self.kept);
        for &cell in spikes {
            self.activity[cell as usize] += 1.0 - self.kept;
        }
    }

    /// What is decoded now `[outputs]`.
    pub fn decode(&mut self) -> &[f64] {
        let cells = self.activity.len();
        for (decoded, decoders) in self.decoded.iter_mut().zip(self.decoders.chunks(cells.max(1))) {
            *decoded = decoders.iter().zip(&self.activity).map(|(decoder, activity)| decoder * activity).sum();
        }
        &self.decoded
    }

    /// Learns from the errors, decoded minus wanted `[outputs]`; errors that are not finite teach nothing.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] for a wrong number of errors.
    pub fn learn(&mut self, errors: &[f64]) -> Result<()> {
        let expected = self.decoded.len();
        if errors.len() != expected {
            return Err(Error::ShapeMismatch { what: "errors of outputs", expected, found: errors.len() });
        }
        let cells = self.activity.len();
        for (decoders, error) in self.decoders.chunks_mut(cells.max(1)).zip(errors) {
            if error.is_finite() {
                let step = self.learning_rate * error;
                decoders.iter_mut().zip(&self.activity).for_each(|(decoder, activity)| *decoder -= step * activity);
            }
        }
        Ok(())
    }

    /// Decoders `[outputs, cells]`.
    pub fn decoders(&self) -> &[f64] {
        &self.decoders
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The factor by which the error shrinks, for an activity that stays.
    #[test]
    fn the_error_shrinks_by_the_factor_of_the_head() {
        let config = PrescribedErrorSensitivityConfig { learning_rate: 0.3, ..Default::default() };
        let mut decoder = config.build(2, 4).unwrap();
        // Every cell spikes in every millisecond: activity 1.
        (0..2000).for_each(|_| decoder.see(&[0, 1, 2, 3]));
        let mut earlier = [0.0 - 1.0, 0.0 + 2.0];
        for _ in 0..5 {
            decoder.learn(&earlier).unwrap();
            let decoded = decoder.decode().to_vec();
            let errors = [decoded[0] - 1.0, decoded[1] + 2.0];
            for (error, earlier) in errors.iter().zip(earlier) {
                assert!((error / earlier - (1.0 - 0.3 * 4.0)).abs() < 1e-6, "{error} {earlier}");
            }
            earlier = errors;
        }
        assert!(decoder.learn(&[1.0]).is_err());
    }
}
