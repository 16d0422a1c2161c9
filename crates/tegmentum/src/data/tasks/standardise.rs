//! Scaling of a series: mean 0 and standard deviation 1 on the part that is learned from.
//!
//! # Equations
//! ```text
//!     m_c = 1/n Σ_t x_tc        s_c = √(1/n Σ_t (x_tc − m_c)²)        z_tc = (x_tc − m_c) / s_c
//! ```
//! x values [rows × channels], in the unit of the data · n rows to learn from; the sums run over these only, so that
//! nothing of the test part reaches the learner. Two passes in f64: the mean may be large beside the standard
//! deviation.

/// Mean and standard deviation of each channel.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Moments {
    pub(super) mean: Vec<f64>,
    pub(super) standard_deviation: Vec<f64>,
}

impl Moments {
    /// The moments of `values` [rows × `channels`]; NaN without rows.
    pub(super) fn new(values: &[f64], channels: usize) -> Self {
        let moments = |channel: usize| {
            let column = || values.iter().skip(channel).step_by(channels);
            let rows = column().count() as f64;
            let mean = column().sum::<f64>() / rows;
            (mean, (column().map(|value| (value - mean) * (value - mean)).sum::<f64>() / rows).sqrt())
        };
        let (mean, standard_deviation) = (0..channels).map(moments).unzip();
        Self { mean, standard_deviation }
    }

    /// Standardised `values` [rows × channels].
    pub(super) fn standardise(&self, values: &[f64]) -> Vec<f32> {
        let channels = self.mean.iter().zip(&self.standard_deviation).cycle();
        values.iter().zip(channels).map(|(value, (mean, deviation))| ((value - mean) / deviation) as f32).collect()
    }
}

/// The first channel with the same value in all rows of `values` [rows × `channels`].
pub(super) fn constant_channel(values: &[f64], channels: usize) -> Option<usize> {
    (0..channels).find(|&channel| {
        let mut column = values.iter().skip(channel).step_by(channels);
        column.next().is_some_and(|first| column.all(|value| value == first))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_a_small_table() {
        let values = [1.0, 1e9 + 2.0, 3.0, 1e9 + 2.0, 5.0, 1e9 + 5.0];
        let moments = Moments::new(&values, 2);
        assert_eq!(moments.mean, [3.0, 1e9 + 3.0]);
        assert_eq!(moments.standard_deviation, [(8.0_f64 / 3.0).sqrt(), 2.0_f64.sqrt()]);
        let half = 0.5_f64.sqrt() as f32;
        assert_eq!(moments.standardise(&values[2..4]), [0.0, -half]);
    }

    #[test]
    fn a_constant_channel_is_found() {
        assert_eq!(constant_channel(&[1.0, 0.1, 2.0, 0.1], 2), Some(1));
        assert_eq!(constant_channel(&[1.0, 0.1, 2.0, 0.2], 2), None);
        assert_eq!(constant_channel(&[], 2), None);
    }
}
