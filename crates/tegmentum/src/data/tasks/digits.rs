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
//! # Tasks that follow one another
//! ```text
//!     permuted    permutation = 0, 1, 2, …                   the pixels change places
//!     rotated     rotation = 0°, 40°, 80°, …                 the image is turned
//!     split       classes = [0, 1], then [2, 3], …           two digits at a time
//!       class-incremental     targets = "digit"              ten outputs: which digit is it?
//!       domain-incremental    targets = "place"              two outputs: the first or the second of its classes?
//! ```
//! With `drawn = true` the pixel orders follow from the key of the problem instead of being fixed, and `classes` are places in an order
//! of the ten digits that follows from this key too: every seed of a study then has tasks of its own, and tasks of one seed fit
//! together. Permutation 0 is the pixels as they are in either case.
//!
//! The rotation is bilinear about the centre of the image (both coordinates 3.5); what comes from outside of the image is 0. The scenarios
//! are those of G. M. van de Ven, T. Tuytelaars, A. S. Tolias, Nature Machine Intelligence 4, 1185–1197, 2022,
//! doi:10.1038/s42256-022-00568-3; none of them tells a learner at test which task it is in.
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
const SIDE: usize = 8;
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
    /// 0 for the pixels as they are; k > 0 for the k-th random order of the pixels, fixed unless `drawn`.
    pub permutation: u32,
    /// Degrees by which each image is turned.
    pub rotation: f64,
    /// The digits that there are, or with `drawn` their places in an order that is drawn; all ten if empty.
    pub classes: Vec<u8>,
    /// What is to be told of an image.
    pub targets: DigitTargets,
    /// Whether pixel orders and classes follow from the key of the problem.
    pub drawn: bool,
}

/// What is to be told of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DigitTargets {
    /// Which of the ten digits it is: ten outputs.
    #[default]
    Digit,
    /// The place of its digit among the task's classes: as many outputs as classes.
    Place,
}

impl Default for DigitsConfig {
    fn default() -> Self {
        Self {
            batch: 64,
            permutation: 0,
            rotation: 0.0,
            classes: Vec::new(),
            targets: DigitTargets::Digit,
            drawn: false,
        }
    }
}

impl DigitsConfig {
    /// Checks the parameters and reads the embedded file.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for an empty batch, a rotation that is not finite, a class above 9, or one that is there twice.
    pub fn build(&self) -> Result<Digits> {
        at_least_one("batch", self.batch)?;
        let wrong = |name, value, requirement| Err(Error::InvalidParameter { name, value, requirement });
        if !self.rotation.is_finite() {
            return wrong("rotation", self.rotation, "a finite number of degrees");
        }
        for (index, &class) in self.classes.iter().enumerate() {
            if usize::from(class) >= CLASSES {
                return wrong("classes", f64::from(class), "digits from 0 to 9");
            }
            if self.classes[..index].contains(&class) {
                return wrong("classes", f64::from(class), "there only once");
            }
        }
        Ok(Digits { config: self.clone(), images: read(FILE)? })
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
    config: DigitsConfig,
    images: Vec<Image>,
}

#[derive(Clone, Debug)]
struct Image {
    pixels: [u8; PIXELS],
    digit: u8,
}

impl Digits {
    /// Which pixel each input shows.
    fn pixels(&self, key: Key) -> Vec<usize> {
        let key = if self.config.drawn { key } else { FIXED };
        pixel_order(key, self.config.permutation)
    }

    /// The digits that there are, in the order of their places.
    fn classes(&self, key: Key) -> Vec<u8> {
        let mut order: Vec<u8> = (0..CLASSES as u8).collect();
        if self.config.drawn {
            key.child(0).stream().shuffle(&mut order);
        }
        match self.config.classes.as_slice() {
            [] => order,
            places => places.iter().map(|&place| order[usize::from(place)]).collect(),
        }
    }

    fn examples(&self, order: &[usize], pixels: &[usize], classes: &[u8]) -> ExampleSet {
        let mut set = ExampleSet::default();
        for image in order.iter().map(|&index| &self.images[index]) {
            let Some(place) = classes.iter().position(|&class| class == image.digit) else { continue };
            let shown = image.pixels.map(|pixel| f32::from(pixel) / 16.0);
            let shown = if self.config.rotation == 0.0 { shown } else { rotated(&shown, self.config.rotation) };
            set.inputs.extend(pixels.iter().map(|&pixel| shown[pixel]));
            let (count, target) = match self.config.targets {
                DigitTargets::Digit => (CLASSES, usize::from(image.digit)),
                DigitTargets::Place => (classes.len(), place),
            };
            set.targets.extend((0..count).map(|class| f32::from(u8::from(class == target))));
        }
        set
    }
}

impl Task for Digits {
    fn problem(&self, key: Key) -> Result<Problem> {
        let mut order: Vec<usize> = (0..self.images.len()).collect();
        FIXED.stream().shuffle(&mut order);
        let (train, test) = order.split_at(TRAIN);
        let (pixels, classes) = (self.pixels(key), self.classes(key));
        Ok(Problem::Examples(Examples {
            num_inputs: PIXELS,
            num_outputs: if self.config.targets == DigitTargets::Digit { CLASSES } else { classes.len() },
            train: self.examples(train, &pixels, &classes),
            test: self.examples(test, &pixels, &classes),
            batch: Some(self.config.batch),
            loss: Loss::CrossEntropy,
        }))
    }
}

fn pixel_order(key: Key, permutation: u32) -> Vec<usize> {
    let mut order: Vec<usize> = (0..PIXELS).collect();
    if permutation > 0 {
        key.child(u64::from(permutation)).stream().shuffle(&mut order);
    }
    order
}

/// The image turned by an angle, bilinear about its centre; 0 where it comes from outside.
fn rotated(image: &[f32; PIXELS], degrees: f64) -> [f32; PIXELS] {
    let (sine, cosine) = degrees.to_radians().sin_cos();
    let centre = (SIDE - 1) as f64 / 2.0;
    let at = |row: f64, column: f64| {
        let inside = |place: f64| (0.0..SIDE as f64).contains(&place);
        if inside(row) && inside(column) { f64::from(image[row as usize * SIDE + column as usize]) } else { 0.0 }
    };
    std::array::from_fn(|pixel| {
        let (r, c) = ((pixel / SIDE) as f64 - centre, (pixel % SIDE) as f64 - centre);
        let (row, column) = (cosine * r + sine * c + centre, -sine * r + cosine * c + centre);
        let (row0, column0) = (row.floor(), column.floor());
        let mut sum = 0.0;
        for (row1, column1) in [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)] {
            let (near_row, near_column) = (row0 + row1, column0 + column1);
            sum += (1.0 - (row - near_row).abs()) * (1.0 - (column - near_column).abs()) * at(near_row, near_column);
        }
        sum as f32
    })
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

    /// What the reference gives for every pixel that is not 0.
    const ROTATED_BY_30: [(usize, f32); 4] = [(11, 0.026_923_79), (12, 0.477_885_7), (20, 0.375), (21, 0.022_114_318)];

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
        assert_eq!(pixel_order(FIXED, 1)[..6], [13, 63, 43, 54, 17, 26]);
    }

    #[test]
    fn a_permutation_moves_the_same_pixels_in_every_image() {
        let (plain, permuted) = (examples(0), examples(3));
        let order = pixel_order(FIXED, 3);
        assert_ne!(order, pixel_order(FIXED, 4));
        assert_eq!(plain.test.targets, permuted.test.targets);
        for (before, after) in plain.test.inputs.chunks(PIXELS).zip(permuted.test.inputs.chunks(PIXELS)) {
            assert!(order.iter().zip(after).all(|(&pixel, &value)| before[pixel] == value));
        }
    }

    fn of(config: &DigitsConfig, key: Key) -> Examples {
        match config.build().unwrap().problem(key).unwrap() {
            Problem::Examples(examples) => examples,
            Problem::Series(_) => panic!("not a series"),
        }
    }

    #[test]
    fn a_quarter_turn_moves_pixels_and_a_small_one_blends_them() {
        let (plain, turned) = (
            of(&DigitsConfig::default(), Key::from_seed(1)),
            of(&DigitsConfig { rotation: 90.0, ..DigitsConfig::default() }, Key::from_seed(1)),
        );
        for (before, after) in plain.test.inputs.chunks(PIXELS).zip(turned.test.inputs.chunks(PIXELS)) {
            for pixel in 0..PIXELS {
                let (row, column) = (pixel / SIDE, pixel % SIDE);
                // The pixel at (r, c) shows what was at (c, 7 − r).
                assert!((after[pixel] - before[column * SIDE + SIDE - 1 - row]).abs() < 1e-6);
            }
        }
        // From the numpy reference of `rotate`: one lit pixel at row 2, column 5, turned by 30 degrees.
        let mut image = [0.0; PIXELS];
        image[2 * SIDE + 5] = 1.0;
        let turned = rotated(&image, 30.0);
        for (pixel, value) in ROTATED_BY_30 {
            assert!((turned[pixel] - value).abs() < 1e-6, "{pixel}: {} {value}", turned[pixel]);
        }
        let rest: f32 = turned.iter().sum::<f32>() - ROTATED_BY_30.iter().map(|one| one.1).sum::<f32>();
        assert!(rest.abs() < 1e-6, "{rest}");
    }

    #[test]
    fn split_digits_cover_all_classes_and_follow_the_key() {
        for targets in [DigitTargets::Digit, DigitTargets::Place] {
            let part = |pair: u8, key| {
                let classes = vec![2 * pair, 2 * pair + 1];
                of(&DigitsConfig { classes, targets, drawn: true, ..DigitsConfig::default() }, key)
            };
            let pairs: Vec<Examples> = (0..5).map(|pair| part(pair, Key::from_seed(5))).collect();
            let count: usize = pairs.iter().map(|part| part.train.inputs.len() / PIXELS).sum();
            assert_eq!(count, TRAIN, "every image is in one task");
            let outputs = if targets == DigitTargets::Digit { 10 } else { 2 };
            assert!(pairs.iter().all(|part| part.num_outputs == outputs));
            assert_ne!(pairs[0], part(0, Key::from_seed(6)), "another key, other pairs");
            assert_eq!(pairs[0], part(0, Key::from_seed(5)));
        }
        let drawn = |key| of(&DigitsConfig { permutation: 1, drawn: true, ..DigitsConfig::default() }, key);
        assert_ne!(drawn(Key::from_seed(1)), drawn(Key::from_seed(2)));
        assert_ne!(drawn(Key::from_seed(1)), examples(1));
        let plain = of(&DigitsConfig { drawn: true, ..DigitsConfig::default() }, Key::from_seed(1));
        assert_eq!(plain, examples(0), "permutation 0 is the pixels as they are");
    }

    #[test]
    fn bad_parameters_are_refused() {
        let error = DigitsConfig { batch: 0, ..DigitsConfig::default() }.build().unwrap_err();
        assert_eq!(error.to_string(), "batch = 0: must be at least 1");
        let refused = |config: DigitsConfig| config.build().unwrap_err().to_string();
        let classes = |classes: Vec<u8>| refused(DigitsConfig { classes, ..DigitsConfig::default() });
        assert_eq!(classes(vec![3, 10]), "classes = 10: must be digits from 0 to 9");
        assert_eq!(classes(vec![3, 3]), "classes = 3: must be there only once");
        let error = refused(DigitsConfig { rotation: f64::NAN, ..DigitsConfig::default() });
        assert_eq!(error, "rotation = NaN: must be a finite number of degrees");
        let error = read("1,2,3").unwrap_err();
        assert_eq!(error.to_string(), "data/digits.csv, line 1, column all: must be 64 pixels and a digit");
    }
}
