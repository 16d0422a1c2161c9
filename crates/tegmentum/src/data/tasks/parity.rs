//! Parity: whether an odd number of bits is set. Exclusive or is the case of two bits.
//!
//! # Problem
//! ```text
//!     y = x₁ ⊕ x₂ ⊕ … ⊕ x_n        inputs x ∈ {0, 1}ⁿ [2ⁿ × n], targets y ∈ {0, 1} [2ⁿ × 1]
//! ```
//! Row k holds the binary digits of k, the lowest first. All 2ⁿ examples enter every loss, and all are judged on: one
//! changed bit changes the answer, so that examples left out could not be guessed from the others.
//!
//! # Reference
//! M. Minsky, S. Papert, *Perceptrons*, MIT Press, 1969: a perceptron needs a unit that sees all bits.

use serde::{Deserialize, Serialize};

use crate::data::task::{ExampleSet, Examples, Problem, Task};
use crate::data::task::{Loss, TaskSettings};
use crate::error::{Error, Result};
use crate::random::Key;
use crate::registry::Description;

const DESCRIPTION: Description =
    Description { name: "parity", summary: "whether an odd number of bits is set", reference: "Minsky & Papert 1969" };

/// Parameters of parity.
///
/// # Example
/// ```
/// use tegmentum::data::task::{Problem, Task};
/// use tegmentum::data::tasks::parity::ParityConfig;
/// use tegmentum::random::Key;
///
/// let task = ParityConfig { bits: 3, ..ParityConfig::default() }.build()?;
/// let Problem::Examples(examples) = task.problem(Key::from_seed(1))? else { unreachable!() };
/// assert_eq!(examples.train.targets, [0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0]);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ParityConfig {
    /// Bits of an example, 2 to 16.
    pub bits: usize,
    /// The loss that is minimised.
    pub loss: Loss,
}

impl Default for ParityConfig {
    fn default() -> Self {
        Self { bits: 4, loss: Loss::MeanSquaredError }
    }
}

impl ParityConfig {
    /// Checks the parameters.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for fewer than 2 or more than 16 bits.
    pub fn build(&self) -> Result<Parity> {
        if !(2..=16).contains(&self.bits) {
            return Err(Error::InvalidParameter {
                name: "bits",
                value: self.bits as f64,
                requirement: "between 2 and 16",
            });
        }
        Ok(Parity { config: self.clone() })
    }
}

impl TaskSettings for ParityConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self) -> Result<Box<dyn Task>> {
        Ok(Box::new(self.build()?))
    }
}

/// Parity of several bits.
#[derive(Clone, Debug)]
pub struct Parity {
    config: ParityConfig,
}

impl Task for Parity {
    fn problem(&self, _key: Key) -> Result<Problem> {
        let bits = self.config.bits;
        let numbers = 0..1u32 << bits;
        let inputs = numbers.clone().flat_map(|number| (0..bits).map(move |bit| (number >> bit & 1) as f32)).collect();
        let targets = numbers.map(|number| (number.count_ones() & 1) as f32).collect();
        let all = ExampleSet { inputs, targets };
        Ok(Problem::Examples(Examples {
            num_inputs: bits,
            num_outputs: 1,
            train: all.clone(),
            test: all,
            batch: None,
            loss: self.config.loss,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_examples_are_odd() {
        for bits in [2, 5, 16] {
            let task = ParityConfig { bits, ..ParityConfig::default() }.build().unwrap();
            let Problem::Examples(examples) = task.problem(Key::from_seed(1)).unwrap() else { panic!("not examples") };
            assert_eq!(examples.train.inputs.len(), bits << bits);
            assert_eq!(examples.train.targets.iter().sum::<f32>(), (1 << (bits - 1)) as f32);
            for (inputs, target) in examples.train.inputs.chunks(bits).zip(&examples.train.targets) {
                assert_eq!(inputs.iter().sum::<f32>() % 2.0, *target);
            }
        }
    }

    #[test]
    fn bad_parameters_are_refused() {
        for bits in [0, 1, 17] {
            let error = ParityConfig { bits, ..ParityConfig::default() }.build().unwrap_err();
            assert_eq!(error.to_string(), format!("bits = {bits}: must be between 2 and 16"));
        }
    }
}
