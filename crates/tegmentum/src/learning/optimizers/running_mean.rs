//! An exponential running mean without the bias of its start.

/// `mean_t = Σ_s decay^(t−s) x_s / Σ_s decay^(t−s)`: the first sample counts in full.
#[derive(Clone, Copy, Debug)]
pub(super) struct RunningMean {
    decay: f64,
    sum: f64,
    weight: f64,
}

crate::archived!(RunningMean { sum, weight } fixed { decay });

impl RunningMean {
    pub(super) fn new(decay: f64) -> Self {
        Self { decay, sum: 0.0, weight: 0.0 }
    }

    /// Takes a sample and returns the mean that includes it; a sample that is not finite is left out.
    pub(super) fn update(&mut self, sample: f64) -> f64 {
        if sample.is_finite() {
            self.sum = self.decay * self.sum + (1.0 - self.decay) * sample;
            self.weight = self.decay * self.weight + (1.0 - self.decay);
        }
        self.mean()
    }

    /// The mean so far; 0 before the first sample.
    pub(super) fn mean(&self) -> f64 {
        if self.weight > 0.0 { self.sum / self.weight } else { 0.0 }
    }

    /// Forgets all samples.
    pub(super) fn reset(&mut self) {
        *self = Self::new(self.decay);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_bias_corrected_average() {
        let mut mean = RunningMean::new(0.9);
        assert_eq!(mean.mean(), 0.0);
        assert!((mean.update(2.0) - 2.0).abs() < 1e-15);
        assert!((mean.update(f64::NAN) - 2.0).abs() < 1e-15);
        assert!((mean.update(4.0) - (0.9 * 2.0 + 4.0) / 1.9).abs() < 1e-15);
    }
}
