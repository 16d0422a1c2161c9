//! Hidden parity: how many of a few hidden directions point backwards, an even or an odd number?
//!
//! # Problem
//! ```text
//!     x = μ + A s + σ ε        s ∈ {−1, 1}ᵇ and ε ~ N(0, 1)ᵈ anew for each example
//!     y = s₁ s₂ … s_b          targets one-hot [count × 2]: even (y = 1), odd (y = −1)
//!     loss  cross-entropy on `batch` examples drawn from `train`; judged on `test` others
//! ```
//! x inputs `[d]` · A `[d × b]` orthonormal directions, μ ~ N(0, m²) centre `[d]`, both of the world, from the key · σ noise · m offset, in the
//! unit of a hidden sign.
//!
//! **From three signs on both classes have the same mean and the same covariance**: E x = μ, E (x − μ)(x − μ)ᵀ = A Aᵀ + σ² I, whatever y is.
//! What knows means and covariances alone (discriminant analysis, linear or quadratic) cannot tell them apart. Who knows A and μ takes
//! the signs of Aᵀ (x − μ), each wrong with probability q = Φ(−1/σ), and is right with probability (1 + (1 − 2q)ᵇ)/2.
//!
//! `world = k` is the k-th draw of A and μ from the same key: tasks that follow one another.
//!
//! # Reference
//! M. Minsky, S. Papert, *Perceptrons*, MIT Press, 1969 (parity); the embedding in noise is ours.

use serde::{Deserialize, Serialize};

use crate::data::task::{ExampleSet, Examples, Problem, Task};
use crate::data::task::{Loss, TaskSettings};
use crate::error::{Error, Result, at_least_one, at_least_zero};
use crate::random::{Key, Stream};
use crate::registry::Description;

const DESCRIPTION: Description = Description {
    name: "hidden_parity",
    summary: "parity of a few signs along hidden directions: classes of equal means and covariances",
    reference: "Minsky & Papert 1969; the embedding is ours",
};

/// Most numbers of all inputs together.
const MAX_NUMBERS: usize = 100_000_000;

/// Parameters of hidden parity.
///
/// # Example
/// ```
/// use tegmentum::data::task::{Problem, Task};
/// use tegmentum::data::tasks::hidden_parity::HiddenParityConfig;
/// use tegmentum::random::Key;
///
/// let task = HiddenParityConfig { inputs: 8, ..HiddenParityConfig::default() }.build()?;
/// let Problem::Examples(examples) = task.problem(Key::from_seed(1))? else { unreachable!() };
/// assert_eq!((examples.num_inputs, examples.num_outputs), (8, 2));
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HiddenParityConfig {
    /// Inputs d.
    pub inputs: usize,
    /// Signs b, 1 to 16.
    pub bits: usize,
    /// Noise σ.
    pub noise: f64,
    /// Offset m.
    pub offset: f64,
    /// Which draw of directions and centre.
    pub world: u32,
    /// Examples that are learned from.
    pub train: usize,
    /// Examples that are judged on.
    pub test: usize,
    /// Examples drawn for one loss.
    pub batch: usize,
}

impl Default for HiddenParityConfig {
    fn default() -> Self {
        Self { inputs: 32, bits: 3, noise: 0.3, offset: 0.3, world: 0, train: 1600, test: 400, batch: 64 }
    }
}

impl HiddenParityConfig {
    /// Checks the parameters.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a number of signs that is not between 1 and 16 or above that of inputs, noise or offset that is
    /// negative or not finite, an empty part, or more than 100 million numbers of inputs.
    pub fn build(&self) -> Result<HiddenParity> {
        let wrong =
            |name, value: usize, requirement| Err(Error::InvalidParameter { name, value: value as f64, requirement });
        if !(1..=16).contains(&self.bits) {
            return wrong("bits", self.bits, "between 1 and 16");
        }
        if self.inputs < self.bits || self.inputs > 10_000 {
            return wrong("inputs", self.inputs, "at least the number of bits and at most 10000");
        }
        at_least_zero("noise", self.noise)?;
        at_least_zero("offset", self.offset)?;
        at_least_one("batch", self.batch)?;
        for (name, count) in [("train", self.train), ("test", self.test)] {
            at_least_one(name, count)?;
            if count.saturating_mul(self.inputs) > MAX_NUMBERS {
                return wrong(name, count, "at most 100 million numbers: examples times inputs");
            }
        }
        Ok(HiddenParity { config: self.clone() })
    }
}

impl TaskSettings for HiddenParityConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self) -> Result<Box<dyn Task>> {
        Ok(Box::new(self.build()?))
    }
}

/// Hidden parity.
#[derive(Clone, Debug)]
pub struct HiddenParity {
    config: HiddenParityConfig,
}

/// Directions and centre.
#[derive(Debug)]
struct World {
    /// `[b × d]`: one direction after another.
    directions: Vec<Vec<f64>>,
    /// `[d]`
    centre: Vec<f64>,
}

/// The inner product.
fn product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl HiddenParity {
    /// The directions, each made orthogonal to those before it, and the centre.
    fn world(&self, key: Key) -> World {
        let HiddenParityConfig { inputs, bits, offset, .. } = self.config;
        let draw = |stream: &mut Stream| -> Vec<f64> { (0..inputs).map(|_| f64::from(stream.normal())).collect() };
        let mut stream = key.child(0).stream();
        let mut directions: Vec<Vec<f64>> = Vec::with_capacity(bits);
        while directions.len() < bits {
            let mut one = draw(&mut stream);
            // Twice: once leaves what rounding left.
            for other in directions.iter().chain(&directions) {
                let along = product(&one, other);
                one.iter_mut().zip(other).for_each(|(value, other)| *value -= along * other);
            }
            let length = product(&one, &one).sqrt();
            if length > 1e-6 {
                directions.push(one.into_iter().map(|value| value / length).collect());
            }
        }
        let centre = draw(&mut key.child(1).stream()).into_iter().map(|value| offset * value).collect();
        World { directions, centre }
    }

    fn examples(&self, world: &World, count: usize, key: Key) -> ExampleSet {
        let mut stream = key.stream();
        let mut set = ExampleSet::default();
        for _ in 0..count {
            let word = stream.next_u32();
            let is_back = |bit: usize| word >> bit & 1 == 1;
            for (place, centre) in world.centre.iter().enumerate() {
                let signs = world.directions.iter().enumerate();
                let along: f64 =
                    signs.map(|(bit, direction)| if is_back(bit) { -direction[place] } else { direction[place] }).sum();
                set.inputs.push((centre + along + self.config.noise * f64::from(stream.normal())) as f32);
            }
            let back = (0..self.config.bits).filter(|&bit| is_back(bit)).count();
            set.targets.extend(if back.is_multiple_of(2) { [1.0, 0.0] } else { [0.0, 1.0] });
        }
        set
    }
}

impl Task for HiddenParity {
    fn problem(&self, key: Key) -> Result<Problem> {
        let key = key.child(u64::from(self.config.world));
        let world = self.world(key);
        Ok(Problem::Examples(Examples {
            num_inputs: self.config.inputs,
            num_outputs: 2,
            train: self.examples(&world, self.config.train, key.child(2)),
            test: self.examples(&world, self.config.test, key.child(3)),
            batch: Some(self.config.batch),
            loss: Loss::CrossEntropy,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(config: &HiddenParityConfig, seed: u64) -> (World, Examples) {
        let task = config.build().unwrap();
        let Problem::Examples(examples) = task.problem(Key::from_seed(seed)).unwrap() else { panic!("not examples") };
        (task.world(Key::from_seed(seed).child(u64::from(config.world))), examples)
    }

    /// Φ(−1/σ) for σ = 1 and σ = 1/2: tables of the normal distribution.
    #[test]
    fn who_knows_the_world_is_right_as_often_as_the_closed_form_says() {
        for (noise, bits, q) in [(1.0, 2, 0.158_655_253_9), (1.0, 3, 0.158_655_253_9), (0.5, 4, 0.022_750_131_9)] {
            let config = HiddenParityConfig { noise, bits, test: 40_000, inputs: 12, ..HiddenParityConfig::default() };
            let (world, examples) = drawn(&config, 7);
            let rows = examples.test.inputs.chunks(12).zip(examples.test.targets.chunks(2));
            let right = rows.filter(|(row, target)| {
                let away: Vec<f64> = row.iter().zip(&world.centre).map(|(x, centre)| f64::from(*x) - centre).collect();
                let back = world.directions.iter().filter(|direction| product(&away, direction) < 0.0).count();
                target[back % 2] == 1.0
            });
            let share = right.count() as f64 / 40_000.0;
            let expected = f64::midpoint(1.0, (1.0_f64 - 2.0 * q).powi(bits as i32));
            assert!(
                (share - expected).abs() < 4.0 * (expected * (1.0 - expected) / 40_000.0).sqrt(),
                "{share} {expected}"
            );
        }
    }

    /// Nothing of first or second order tells the classes apart, from three signs on; with two, a covariance does.
    #[test]
    fn classes_have_equal_means_and_covariances() {
        let largest_difference = |bits: usize| {
            let config = HiddenParityConfig { bits, inputs: 6, train: 60_000, ..HiddenParityConfig::default() };
            let (world, examples) = drawn(&config, 3);
            let mut sums = [[0.0; 42]; 2];
            let mut counts = [0.0; 2];
            for (row, target) in examples.train.inputs.chunks(6).zip(examples.train.targets.chunks(2)) {
                let class = usize::from(target[1] == 1.0);
                let away: Vec<f64> = row.iter().zip(&world.centre).map(|(x, centre)| f64::from(*x) - centre).collect();
                counts[class] += 1.0;
                for i in 0..6 {
                    sums[class][i] += away[i];
                    (0..6).for_each(|j| sums[class][6 + 6 * i + j] += away[i] * away[j]);
                }
            }
            assert!((0.48..0.52).contains(&(counts[0] / 60_000.0)), "{counts:?}");
            let of = |entry: usize| (sums[0][entry] / counts[0] - sums[1][entry] / counts[1]).abs();
            (0..42).map(of).fold(0.0, f64::max)
        };
        // Entries have deviations of at most about 1.3, their differences a standard error of 0.011.
        assert!(largest_difference(3) < 0.05);
        assert!(largest_difference(4) < 0.05);
        assert!(largest_difference(2) > 0.3);
    }

    #[test]
    fn directions_are_orthonormal_and_worlds_differ() {
        let config = HiddenParityConfig { bits: 16, inputs: 16, ..HiddenParityConfig::default() };
        let (world, first) = drawn(&config, 5);
        for (i, one) in world.directions.iter().enumerate() {
            for (j, other) in world.directions.iter().enumerate() {
                assert!((product(one, other) - f64::from(u8::from(i == j))).abs() < 1e-12);
            }
        }
        let (_, second) = drawn(&HiddenParityConfig { world: 1, ..config }, 5);
        assert!(first.train != second.train && first.train.inputs[..400] != first.test.inputs[..400]);
    }

    #[test]
    fn value_stability() {
        let (world, examples) = drawn(&HiddenParityConfig::default(), 1);
        assert_eq!(world.directions[2][..2], [-0.006_533_808_434_569_461, -0.131_472_779_608_654_25]);
        assert_eq!(examples.train.inputs[..3], [-0.096_884_53, 0.077_334_94, 0.348_904_2]);
        assert_eq!(examples.test.inputs[..2], [-0.142_802_43, 0.031_625_293]);
        let is_odd: Vec<bool> = examples.train.targets.chunks(2).take(8).map(|target| target[1] == 1.0).collect();
        assert_eq!(is_odd, [true, true, false, false, true, false, false, false]);
    }

    #[test]
    fn bad_parameters_are_refused() {
        let usual = HiddenParityConfig::default;
        for (config, expected) in [
            (HiddenParityConfig { bits: 0, ..usual() }, "bits = 0: must be between 1 and 16"),
            (HiddenParityConfig { bits: 17, ..usual() }, "bits = 17"),
            (HiddenParityConfig { inputs: 2, ..usual() }, "inputs = 2: must be at least the number of bits"),
            (HiddenParityConfig { noise: -0.1, ..usual() }, "noise = -0.1"),
            (HiddenParityConfig { offset: f64::NAN, ..usual() }, "offset = NaN"),
            (HiddenParityConfig { test: 0, ..usual() }, "test = 0"),
            (HiddenParityConfig { batch: 0, ..usual() }, "batch = 0"),
            (HiddenParityConfig { train: usize::MAX, ..usual() }, "at most 100 million numbers"),
        ] {
            let error = config.build().unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
