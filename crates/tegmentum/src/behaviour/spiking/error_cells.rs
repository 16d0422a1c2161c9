//! Error cells: two populations of stochastic cells whose spikes say how wrong a prediction was, and in which direction.
//!
//! ```text
//!     h± ← h± + (±(y − ŷ) − h±)/τ ,   u = h± − R ,   P(spike in 1 ms) = tanh [u]₊ ,   R ← κR + spike
//!     ê = (n₊ − n₋)/n₁ ,   S = (n₊ + n₋)/n₁
//! ```
//! y observed, ŷ predicted outcome · h input filtered with τ = 10 ms · R refractoriness, κ = .9 · n± spikes a cell in the
//! period, n₁ those of an error of one, measured once when the cells are built. ê is the error as the rest of the brain sees
//! it, S the surprise. Refractoriness bends the curve: an error of one is read as one, of a quarter as .4.
//!
//! # Cost
//! A random number and a tanh a driven cell and millisecond; cells of the other sign have no input and are passed over.
//!
//! Reference: M. Barry, W. Gerstner (SpikeSuM; code `SpikeSuMNet`): the cells and their constants. There the two populations
//! compare observations; that they compare *outcomes* here is inferred: in a set shift the stimuli stay as they are.

use super::poisson;
use crate::error::{Result, at_least_one};
use crate::kernel::math;
use crate::random::Key;

/// Share of the distance to the input that the filtered input covers in a millisecond.
const FILTER_RATE: f32 = 0.1;
/// What is left of refractoriness after a millisecond.
const REFRACTORY_KEPT: f32 = 0.9;
/// Cells of the measurement of n₁.
const MEASURED: usize = 2000;

/// What the cells said in one period.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Surprise {
    /// The error ê, observed minus predicted.
    pub error: f64,
    /// The surprise S, at least 0.
    pub size: f64,
}

crate::archived!(Surprise { error, size });

/// The two populations.
///
/// # Example
/// ```
/// use tegmentum::random::Key;
/// use tegmentum::behaviour::spiking::error_cells::ErrorCells;
///
/// let mut cells = ErrorCells::new(64, 100)?;
/// let surprise = cells.compare(1.0, 0.2, Key::from_seed(1), &mut Vec::new());
/// assert!((surprise.error - 0.8).abs() < 0.1);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ErrorCells {
    cells: usize,
    duration: u32,
    spikes_at_one: f64,
    refractoriness: Vec<f32>,
    numbers: Vec<f32>,
}

impl ErrorCells {
    /// Two populations of `cells` cells that see an outcome for `duration` milliseconds.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) if one of them is zero.
    pub fn new(cells: usize, duration: u32) -> Result<Self> {
        at_least_one("error_cells", cells)?;
        at_least_one("outcome_duration", duration as usize)?;
        let mut many = Self::of(MEASURED, duration);
        let spikes = many.run(1.0, Key::from_seed(0), |_, _| {});
        Ok(Self { spikes_at_one: spikes as f64 / MEASURED as f64, ..Self::of(cells, duration) })
    }

    fn of(cells: usize, duration: u32) -> Self {
        Self { cells, duration, spikes_at_one: 1.0, refractoriness: vec![0.0; cells], numbers: vec![0.0; cells] }
    }

    /// Compares an outcome with its prediction; spikes (millisecond, cell) are appended to `spikes`, those of cells for
    /// negative errors with numbers from [`ErrorCells::cells`] on.
    pub fn compare(&mut self, observed: f64, predicted: f64, key: Key, spikes: &mut Vec<(u32, u32)>) -> Surprise {
        let error = observed - predicted;
        if !error.is_finite() {
            return Surprise::default();
        }
        let offset = if error < 0.0 { self.cells as u32 } else { 0 };
        let count = self.run(error.abs() as f32, key, |time, cell| spikes.push((time, offset + cell)));
        let size = count as f64 / self.cells as f64 / self.spikes_at_one;
        Surprise { error: size * error.signum(), size }
    }

    /// Cells of one population.
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// Milliseconds of a period.
    pub fn duration(&self) -> u32 {
        self.duration
    }

    /// Runs the population with positive input; without input u never exceeds 0 and the other one is silent.
    fn run(&mut self, input: f32, key: Key, mut spiked: impl FnMut(u32, u32)) -> usize {
        self.refractoriness.fill(0.0);
        let (mut filtered, mut count) = (0.0f32, 0);
        for time in 0..self.duration {
            filtered += FILTER_RATE * (input - filtered);
            poisson::uniforms(key, u64::from(time), &mut self.numbers);
            for (cell, (refractoriness, &number)) in self.refractoriness.iter_mut().zip(&self.numbers).enumerate() {
                let spike = number < math::tanh((filtered - *refractoriness).max(0.0));
                *refractoriness = REFRACTORY_KEPT * *refractoriness + f32::from(u8::from(spike));
                if spike {
                    count += 1;
                    spiked(time, cell as u32);
                }
            }
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read has the sign of the error, grows with its size, and is right at 0 and at 1; small errors are read too large.
    #[test]
    fn spikes_tell_the_error() {
        let mut cells = ErrorCells::new(64, 100).unwrap();
        let mut read = |error: f64| {
            let each = (0..50).map(|seed| cells.compare(error + 0.3, 0.3, Key::from_seed(seed), &mut Vec::new()).error);
            each.sum::<f64>() / 50.0
        };
        let sizes = [0.0, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0];
        for sign in [1.0, -1.0] {
            let readings = sizes.map(|size| sign * read(sign * size));
            assert!(readings.windows(2).all(|pair| pair[0] < pair[1]), "{readings:?}");
            assert!(readings[0].abs() < 1e-9 && (readings[4] - 1.0).abs() < 0.05, "{readings:?}");
            assert!((0.3..0.5).contains(&readings[2]), "{readings:?}");
        }
        assert_eq!(cells.compare(f64::NAN, 0.0, Key::from_seed(1), &mut Vec::new()), Surprise::default());
    }

    #[test]
    fn the_population_of_the_sign_spikes() {
        let mut cells = ErrorCells::new(10, 100).unwrap();
        for (observed, range) in [(1.0, 0..10), (-1.0, 10..20)] {
            let mut spikes = Vec::new();
            cells.compare(observed, 0.0, Key::from_seed(2), &mut spikes);
            assert!(!spikes.is_empty() && spikes.iter().all(|spike| range.contains(&spike.1)), "{spikes:?}");
        }
    }
}
