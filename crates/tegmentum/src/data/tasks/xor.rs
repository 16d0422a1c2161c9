//! Exclusive or: the smallest problem that a network without a hidden layer cannot solve.
//!
//! # Problem
//! ```text
//!     y = x₁ ⊕ x₂            inputs x ∈ {0, 1}² [4 × 2], targets y ∈ {0, 1} [4 × 1]
//!     x ← x + noise · ξ      ξ ~ N(0, 1)², for each of `copies` copies of the four patterns
//! ```
//! All examples enter every loss. Without noise the four patterns are both learned from and judged on. With noise, a
//! learner gets `4 · copies` noisy examples and is judged on the four patterns themselves, or on as many fresh noisy
//! examples.
//!
//! # Reference
//! D. E. Rumelhart, G. E. Hinton, R. J. Williams, *Learning internal representations by error propagation*, in
//! Parallel Distributed Processing 1, 318–362, 1986. The noisy form with noise 0.1 is a usual variant, not theirs.

use serde::{Deserialize, Serialize};

use crate::data::task::{ExampleSet, Examples, Problem, Task};
use crate::data::task::{Loss, TaskSettings};
use crate::error::{Error, Result, at_least_one};
use crate::random::{Key, Stream};
use crate::registry::Description;

const DESCRIPTION: Description = Description {
    name: "xor",
    summary: "exclusive or of two bits, with or without noise on the inputs",
    reference: "Rumelhart, Hinton & Williams 1986",
};

const PATTERNS: [[f32; 2]; 4] = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];

/// Parameters of exclusive or.
///
/// # Example
/// ```
/// use tegmentum::data::task::{Problem, Task};
/// use tegmentum::data::tasks::xor::XorConfig;
/// use tegmentum::random::Key;
///
/// let task = XorConfig { noise: 0.1, copies: 25, ..XorConfig::default() }.build()?;
/// let Problem::Examples(examples) = task.problem(Key::from_seed(1))? else { unreachable!() };
/// assert_eq!((examples.train.targets.len(), examples.test.targets.len()), (100, 4));
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct XorConfig {
    /// The loss that is minimised.
    pub loss: Loss,
    /// Standard deviation of the noise on each input, in the unit of the inputs; 0 for none.
    pub noise: f64,
    /// Noisy copies of each pattern; not used without noise.
    pub copies: usize,
    /// Whether to judge on fresh noisy copies in place of the four patterns; not used without noise.
    pub noisy_test: bool,
    /// Whether to learn the complement, equality of the bits (XNOR).
    pub inverted: bool,
}

impl Default for XorConfig {
    fn default() -> Self {
        Self { loss: Loss::MeanSquaredError, noise: 0.0, copies: 16, noisy_test: false, inverted: false }
    }
}

impl XorConfig {
    /// Checks the parameters.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for negative noise, no copies or more than a million.
    pub fn build(&self) -> Result<Xor> {
        if !self.noise.is_finite() || self.noise < 0.0 {
            let requirement = "a finite number, at least 0";
            return Err(Error::InvalidParameter { name: "noise", value: self.noise, requirement });
        }
        at_least_one("copies", self.copies)?;
        if self.copies > 1_000_000 {
            let requirement = "at most a million";
            return Err(Error::InvalidParameter { name: "copies", value: self.copies as f64, requirement });
        }
        Ok(Xor { config: self.clone() })
    }
}

impl TaskSettings for XorConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self) -> Result<Box<dyn Task>> {
        Ok(Box::new(self.build()?))
    }
}

/// Exclusive or.
#[derive(Clone, Debug)]
pub struct Xor {
    config: XorConfig,
}

impl Xor {
    fn patterns(&self) -> ExampleSet {
        let target = |[first, second]: &[f32; 2]| f32::from(u8::from((first != second) != self.config.inverted));
        ExampleSet { inputs: PATTERNS.concat(), targets: PATTERNS.iter().map(target).collect() }
    }

    fn noisy(&self, mut stream: Stream) -> ExampleSet {
        let patterns = self.patterns();
        let mut inputs = patterns.inputs.repeat(self.config.copies);
        for input in &mut inputs {
            *input += self.config.noise as f32 * stream.normal();
        }
        ExampleSet { inputs, targets: patterns.targets.repeat(self.config.copies) }
    }
}

impl Task for Xor {
    fn problem(&self, key: Key) -> Result<Problem> {
        let noisy = self.config.noise > 0.0;
        let examples = |noisy, index| if noisy { self.noisy(key.child(index).stream()) } else { self.patterns() };
        Ok(Problem::Examples(Examples {
            num_inputs: 2,
            num_outputs: 1,
            train: examples(noisy, 0),
            test: examples(noisy && self.config.noisy_test, 1),
            batch: None,
            loss: self.config.loss,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples(config: &XorConfig) -> Examples {
        match config.build().unwrap().problem(Key::from_seed(1)).unwrap() {
            Problem::Examples(examples) => examples,
            Problem::Series(_) => panic!("not a series"),
        }
    }

    #[test]
    fn without_noise_the_test_is_the_training_set() {
        let plain = examples(&XorConfig::default());
        assert_eq!(plain.train, plain.test);
        assert_eq!(plain.train.inputs, [0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0]);
        assert_eq!(plain.train.targets, [0.0, 1.0, 1.0, 0.0]);
    }

    #[test]
    fn inverted_swaps_the_targets() {
        let inverted = examples(&XorConfig { inverted: true, ..XorConfig::default() });
        assert_eq!(inverted.test.targets, [1.0, 0.0, 0.0, 1.0]);
    }

    #[test]
    fn noise_has_the_standard_deviation_asked_for() {
        let config = XorConfig { noise: 0.1, copies: 2500, noisy_test: true, ..XorConfig::default() };
        let noisy = examples(&config);
        assert_ne!(noisy.train.inputs, noisy.test.inputs);
        for set in [noisy.train, noisy.test] {
            let errors =
                set.inputs.iter().zip(PATTERNS.concat().into_iter().cycle()).map(|(noisy, clean)| noisy - clean);
            let variance = errors.map(|error| f64::from(error * error)).sum::<f64>() / 20_000.0;
            // Standard error of the standard deviation: 0.1 / √40 000.
            assert!((variance.sqrt() - 0.1).abs() < 0.002, "{variance}");
        }
    }

    #[test]
    fn bad_parameters_are_refused() {
        for noise in [-0.1, f64::NAN, f64::INFINITY] {
            let error = XorConfig { noise, ..XorConfig::default() }.build().unwrap_err();
            assert!(matches!(error, Error::InvalidParameter { name: "noise", .. }), "{error}");
        }
        let error = XorConfig { copies: 0, ..XorConfig::default() }.build().unwrap_err();
        assert_eq!(error.to_string(), "copies = 0: must be at least 1");
    }
}
