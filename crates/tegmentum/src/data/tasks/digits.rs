//! Handwritten digits: 8×8 images, ten classes.
//!
//! # Problem
//! ```text
//!     inputs  x = pixel / 16 ∈ [0, 1]      [count × 64], row by row from the top left
//!     targets y = one-hot digit            [count × 10]
//!     loss    cross-entropy on `batch` examples drawn from 1437; judged on the other 360
//! ```
//! The split is one fixed random permutation of the 1797 images, the same for every key: its first 1437 are learned
//! from. Classes are not balanced by it. The sizes are those of the usual 80/20 split.
//!
//! `permutation = k` with k > 0 puts the pixels in the k-th fixed random order, the same for every image. A sequence of
//! such tasks is "permuted digits", a standard test of continual learning (Goodfellow et al., 2013, arXiv:1312.6211).
//!
//! # Data
//! E. Alpaydin, C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI Machine Learning Repository, 1998,
//! doi:10.24432/C50P49, CC BY 4.0; the test part of that data set, embedded in the crate as `data/digits.csv`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::data::task::{ExampleSet, Examples, Problem, Task};
use crate::data::task::{Loss, TaskSettings};
use crate::error::{Error, Result, at_least_one};
use crate::random::Key;
use crate::registry::Description;

const DESCRIPTION: Description = Description {
    name: "digits",
    summary: "handwritten digits of 8 × 8 pixels, ten classes",
    reference: "Alpaydin & Kaynak 1998, doi:10.24432/C50P49",
};

const FILE: &str = include_str!("../../../data/digits.csv");
const PIXELS: usize = 64;
const CLASSES: usize = 10;
const TRAIN: usize = 1437;
/// Key of the split and, as children, of the pixel orders. Any other would do; this one must not change.
const FIXED: Key = Key(0x0D16_1757);

/// Parameters of the handwritten digits.
///
/// # Example
/// ```
/// use tegmentum::data::task::{Problem, Task};
/// use tegmentum::data::tasks::digits::DigitsConfig;
/// use tegmentum::random::Key;
///
/// let task = DigitsConfig::default().build()?;
/// let Problem::Examples(examples) = task.problem(Key::from_seed(1))? else { unreachable!() };
/// assert_eq!((examples.num_inputs, examples.num_outputs), (64, 10));
/// assert_eq!((examples.train.inputs.len() / 64, examples.test.inputs.len() / 64), (1437, 360));
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DigitsConfig {
    /// Examples drawn for one loss.
    pub batch: usize,
    /// 0 for the pixels as they are; k > 0 for the k-th fixed random order of the pixels.
    pub permutation: u32,
}

impl Default for DigitsConfig {
    fn default() -> Self {
        Self { batch: 64, permutation: 0 }
    }
}

impl DigitsConfig {
    /// Checks the parameters and reads the embedded file.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for an empty batch.
    pub fn build(&self) -> Result<Digits> {
        at_least_one("batch", self.batch)?;
        Ok(Digits { batch: self.batch, pixels: pixel_order(self.permutation), images: read(FILE)? })
    }
}

impl TaskSettings for DigitsConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self) -> Result<Box<dyn Task>> {
        Ok(Box::new(self.build()?))
    }
}

/// Handwritten digits.
#[derive(Clone, Debug)]
pub struct Digits {
    batch: usize,
    /// Which pixel each input shows.
    pixels: Vec<usize>,
    images: Vec<Image>,
}

#[derive(Clone, Debug)]
struct Image {
    pixels: [u8; PIXELS],
    digit: u8,
}

impl Digits {
    fn examples(&self, order: &[usize]) -> ExampleSet {
        let mut set = ExampleSet::default();
        for &index in order {
            let image = &self.images[index];
            set.inputs.extend(self.pixels.iter().map(|&pixel| f32::from(image.pixels[pixel]) / 16.0));
            set.targets.extend((0..CLASSES as u8).map(|class| f32::from(u8::from(class == image.digit))));
        }
        set
    }
}

impl Task for Digits {
    fn problem(&self, _key: Key) -> Result<Problem> {
        let mut order: Vec<usize> = (0..self.images.len()).collect();
        FIXED.stream().shuffle(&mut order);
        let (train, test) = order.split_at(TRAIN);
        Ok(Problem::Examples(Examples {
            num_inputs: PIXELS,
            num_outputs: CLASSES,
            train: self.examples(train),
            test: self.examples(test),
            batch: Some(self.batch),
            loss: Loss::CrossEntropy,
        }))
    }
}

fn pixel_order(permutation: u32) -> Vec<usize> {
    let mut order: Vec<usize> = (0..PIXELS).collect();
    if permutation > 0 {
        FIXED.child(u64::from(permutation)).stream().shuffle(&mut order);
    }
    order
}

fn read(file: &str) -> Result<Vec<Image>> {
    let image = |(index, line): (usize, &str)| {
        let cells: Option<Vec<u8>> = line.split(',').map(|cell| cell.parse().ok()).collect();
        let parsed = cells.and_then(|mut cells| Some((cells.pop()?, cells.try_into().ok()?)));
        parsed.map(|(digit, pixels)| Image { pixels, digit }).ok_or_else(|| Error::Table {
            path: PathBuf::from("data/digits.csv"),
            line: index as u64 + 1,
            column: "all".to_owned(),
            problem: format!("must be {PIXELS} pixels and a digit"),
        })
    };
    file.lines().enumerate().map(image).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples(permutation: u32) -> Examples {
        let task = DigitsConfig { permutation, ..DigitsConfig::default() }.build().unwrap();
        match task.problem(Key::from_seed(1)).unwrap() {
            Problem::Examples(examples) => examples,
            Problem::Series(_) => panic!("not a series"),
        }
    }

    #[test]
    fn every_image_is_in_exactly_one_part() {
        let examples = examples(0);
        let row = |row: &[f32]| row.iter().map(|value| (value * 16.0) as u8).collect::<Vec<u8>>();
        let both = examples.train.inputs.chunks(PIXELS).chain(examples.test.inputs.chunks(PIXELS));
        let mut found: Vec<Vec<u8>> = both.map(row).collect();
        let mut expected: Vec<Vec<u8>> = read(FILE).unwrap().iter().map(|image| image.pixels.to_vec()).collect();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected);
    }

    #[test]
    fn targets_are_one_hot_and_all_classes_are_in_both_parts() {
        let examples = examples(0);
        for set in [examples.train, examples.test] {
            let mut counts = [0.0; CLASSES];
            for target in set.targets.chunks(CLASSES) {
                assert_eq!(target.iter().sum::<f32>(), 1.0);
                counts.iter_mut().zip(target).for_each(|(count, one)| *count += one);
            }
            assert!(counts.iter().all(|&count| count >= 25.0), "{counts:?}");
        }
    }

    #[test]
    fn value_stability() {
        let examples = examples(0);
        let digits = |set: &ExampleSet| -> Vec<usize> {
            let digit = |row: &[f32]| row.iter().position(|&one| one == 1.0).unwrap();
            set.targets.chunks(CLASSES).take(8).map(digit).collect()
        };
        assert_eq!(digits(&examples.train), [5, 7, 0, 6, 4, 8, 9, 3]);
        assert_eq!(digits(&examples.test), [7, 0, 1, 2, 2, 5, 0, 5]);
        assert_eq!(pixel_order(1)[..6], [13, 63, 43, 54, 17, 26]);
    }

    #[test]
    fn a_permutation_moves_the_same_pixels_in_every_image() {
        let (plain, permuted) = (examples(0), examples(3));
        let order = pixel_order(3);
        assert_ne!(order, pixel_order(4));
        assert_eq!(plain.test.targets, permuted.test.targets);
        for (before, after) in plain.test.inputs.chunks(PIXELS).zip(permuted.test.inputs.chunks(PIXELS)) {
            assert!(order.iter().zip(after).all(|(&pixel, &value)| before[pixel] == value));
        }
    }

    #[test]
    fn bad_parameters_are_refused() {
        let error = DigitsConfig { batch: 0, ..DigitsConfig::default() }.build().unwrap_err();
        assert_eq!(error.to_string(), "batch = 0: must be at least 1");
        let error = read("1,2,3").unwrap_err();
        assert_eq!(error.to_string(), "data/digits.csv, line 1, column all: must be 64 pixels and a digit");
    }
}
