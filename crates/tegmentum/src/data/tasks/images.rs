//! Generated images: classes of blurred strokes, shifted, faint or strong, with noise. As many and as large as wanted.
//!
//! # Problem
//! ```text
//!     pattern  f(p) = min(1, Σ_j exp(−|p − c_j|²/(2 w²))) ,  j = 1 … 8        `styles` patterns for each of 10 classes
//!     image    x(p) = clip(a · f(p − d) + noise · n(p), 0, 1)                  [side × side], row by row
//!     targets  one-hot class                                                    [count × 10]
//!     loss     cross-entropy on `batch` examples drawn from `train`; judged on `test` others
//! ```
//! p pixel, c_j centres along a random walk of steps of 2 w that begins in the middle half of the image and stays in its inner part ·
//! w = side/16 width of a stroke · d shift, uniform in ±`shift` pixels both ways · a contrast, uniform in [.5, 1] · n standard normal.
//! Class and pattern are drawn anew for each image. Everything follows from the key.
//!
//! A class is several patterns, so that no linear map of the pixels is best. The sizes are those of MNIST by default; the images are
//! not, and no number on them is one on MNIST.
//!
//! Source: ours.

use serde::{Deserialize, Serialize};

use crate::data::task::{ExampleSet, Examples, Loss, Problem, Task, TaskSettings};
use crate::error::{Error, Result, at_least_one, at_least_zero};
use crate::random::{Key, Stream};
use crate::registry::Description;

const DESCRIPTION: Description = Description {
    name: "images",
    summary: "generated images of ten classes, of any number and size",
    reference: "ours",
};

const CLASSES: usize = 10;
/// Blobs of a pattern.
const BLOBS: usize = 8;
/// Most pixels of all images together: 1 GiB of numbers.
const MAX_PIXELS: usize = 1 << 28;

/// Parameters of the generated images.
///
/// # Example
/// ```
/// use tegmentum::data::task::{Problem, Task};
/// use tegmentum::data::tasks::images::ImagesConfig;
/// use tegmentum::random::Key;
///
/// let task = ImagesConfig { side: 8, train: 100, test: 50, ..ImagesConfig::default() }.build()?;
/// let Problem::Examples(examples) = task.problem(Key::from_seed(1))? else { unreachable!() };
/// assert_eq!((examples.num_inputs, examples.num_outputs), (64, 10));
/// assert_eq!((examples.train.inputs.len() / 64, examples.test.inputs.len() / 64), (100, 50));
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImagesConfig {
    /// Pixels in a row, and rows.
    pub side: usize,
    /// Images to learn from.
    pub train: usize,
    /// Images to be judged on.
    pub test: usize,
    /// Patterns of a class.
    pub styles: usize,
    /// Largest shift, in pixels.
    pub shift: f64,
    /// Standard deviation of the noise on a pixel.
    pub noise: f64,
    /// Examples drawn for one loss.
    pub batch: usize,
}

impl Default for ImagesConfig {
    fn default() -> Self {
        Self { side: 28, train: 5000, test: 1000, styles: 3, shift: 2.0, noise: 0.2, batch: 64 }
    }
}

impl ImagesConfig {
    /// Checks the parameters.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a number outside its range, or more than 2²⁸ pixels in all.
    pub fn build(&self) -> Result<Images> {
        let counts = [
            ("side", self.side),
            ("train", self.train),
            ("test", self.test),
            ("styles", self.styles),
            ("batch", self.batch),
        ];
        for (name, count) in counts {
            at_least_one(name, count)?;
        }
        at_least_zero("shift", self.shift)?;
        at_least_zero("noise", self.noise)?;
        let pixels = self.train.saturating_add(self.test).saturating_mul(self.side.saturating_mul(self.side));
        if pixels.max(self.styles.saturating_mul(CLASSES * BLOBS)) > MAX_PIXELS {
            let requirement = "at most 2^28 pixels in all images, and 3 million styles";
            return Err(Error::InvalidParameter { name: "pixels", value: pixels as f64, requirement });
        }
        Ok(Images { config: self.clone() })
    }
}

impl TaskSettings for ImagesConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self) -> Result<Box<dyn Task>> {
        Ok(Box::new(self.build()?))
    }
}

/// Generated images.
#[derive(Clone, Debug)]
pub struct Images {
    config: ImagesConfig,
}

/// The centres of its blobs, in pixels.
type Pattern = [[f64; 2]; BLOBS];

impl Images {
    /// Width w of a stroke, in pixels.
    fn width(&self) -> f64 {
        self.config.side as f64 / 16.0
    }

    fn pattern(&self, stream: &mut Stream) -> Pattern {
        let side = self.config.side as f64;
        let mut centre = [0, 1].map(|_| side * (0.25 + 0.5 * stream.uniform()));
        std::array::from_fn(|_| {
            let at = centre;
            let angle = std::f64::consts::TAU * stream.uniform();
            for (value, part) in centre.iter_mut().zip([angle.cos(), angle.sin()]) {
                *value = (*value + 2.0 * self.width() * part).clamp(0.15 * side, 0.85 * side);
            }
            at
        })
    }

    fn draw(&self, pattern: &Pattern, stream: &mut Stream, pixels: &mut Vec<f32>) {
        let ImagesConfig { side, shift, noise, .. } = self.config;
        let moved = [0, 1].map(|_| shift * (2.0 * stream.uniform() - 1.0));
        let contrast = 0.5 + 0.5 * stream.uniform();
        // A blob is a product of a profile along the rows and one along the columns.
        let profile = |axis: usize| -> Vec<f64> {
            let value = |at: usize, centre: f64| {
                let distance = (at as f64 + 0.5 - centre - moved[axis]) / self.width();
                (-0.5 * distance * distance).exp()
            };
            pattern.iter().flat_map(|centre| (0..side).map(move |at| value(at, centre[axis]))).collect()
        };
        let (rows, columns) = (profile(0), profile(1));
        for row in 0..side {
            for column in 0..side {
                let blobs = (0..BLOBS).map(|blob| rows[blob * side + row] * columns[blob * side + column]);
                let ink = contrast * blobs.sum::<f64>().min(1.0);
                pixels.push((ink + noise * f64::from(stream.normal())).clamp(0.0, 1.0) as f32);
            }
        }
    }

    fn examples(&self, patterns: &[Pattern], count: usize, mut stream: Stream) -> ExampleSet {
        let mut set = ExampleSet::default();
        for _ in 0..count {
            let chosen = stream.below(patterns.len());
            self.draw(&patterns[chosen], &mut stream, &mut set.inputs);
            let class = chosen / self.config.styles;
            set.targets.extend((0..CLASSES).map(|index| f32::from(u8::from(index == class))));
        }
        set
    }
}

impl Task for Images {
    fn problem(&self, key: Key) -> Result<Problem> {
        let mut stream = key.child(0).stream();
        let patterns: Vec<Pattern> = (0..CLASSES * self.config.styles).map(|_| self.pattern(&mut stream)).collect();
        Ok(Problem::Examples(Examples {
            num_inputs: self.config.side * self.config.side,
            num_outputs: CLASSES,
            train: self.examples(&patterns, self.config.train, key.child(1).stream()),
            test: self.examples(&patterns, self.config.test, key.child(2).stream()),
            batch: Some(self.config.batch),
            loss: Loss::CrossEntropy,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples(config: &ImagesConfig, seed: u64) -> Examples {
        match config.build().unwrap().problem(Key::from_seed(seed)).unwrap() {
            Problem::Examples(examples) => examples,
            Problem::Series(_) => panic!("not a series"),
        }
    }

    fn class(target: &[f32]) -> usize {
        target.iter().position(|&one| one == 1.0).unwrap()
    }

    #[test]
    fn pixels_are_bounded_and_every_class_is_in_both_parts() {
        let examples = examples(&ImagesConfig { train: 600, test: 300, ..ImagesConfig::default() }, 1);
        for set in [&examples.train, &examples.test] {
            assert!(set.inputs.iter().all(|pixel| (0.0..=1.0).contains(pixel)));
            let mut counts = [0; CLASSES];
            set.targets.chunks(CLASSES).for_each(|target| counts[class(target)] += 1);
            assert!(counts.iter().all(|&count| count > 10), "{counts:?}");
        }
    }

    /// Without shift, noise and contrast each image would be its pattern: the nearest image to learn from has the same class. With them
    /// most still do; the mean image of a class does worse, because classes have several patterns.
    #[test]
    fn classes_can_be_told_apart_but_not_by_their_mean() {
        for seed in 0..5 {
            let examples = examples(&ImagesConfig { train: 1500, test: 200, ..ImagesConfig::default() }, seed);
            let pixels = examples.num_inputs;
            let distance = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f32>();
            let mut means = vec![vec![0.0f32; pixels]; CLASSES];
            let mut counts = [0.0f32; CLASSES];
            for (image, target) in examples.train.inputs.chunks(pixels).zip(examples.train.targets.chunks(CLASSES)) {
                counts[class(target)] += 1.0;
                means[class(target)].iter_mut().zip(image).for_each(|(mean, pixel)| *mean += pixel);
            }
            means.iter_mut().zip(counts).for_each(|(mean, count)| mean.iter_mut().for_each(|m| *m /= count));
            let (mut near, mut mean) = (0, 0);
            for (image, target) in examples.test.inputs.chunks(pixels).zip(examples.test.targets.chunks(CLASSES)) {
                let smallest = |distances: &mut dyn Iterator<Item = f32>| {
                    distances.enumerate().min_by(|a, b| a.1.total_cmp(&b.1)).unwrap().0
                };
                let nearest = smallest(&mut examples.train.inputs.chunks(pixels).map(|other| distance(image, other)));
                let of_nearest = class(&examples.train.targets[nearest * CLASSES..][..CLASSES]);
                near += usize::from(of_nearest == class(target));
                mean += usize::from(smallest(&mut means.iter().map(|other| distance(image, other))) == class(target));
            }
            assert!(near > mean + 10 && near > 130, "seed {seed}: {near} and {mean} of 200");
        }
    }

    #[test]
    fn value_stability() {
        let examples = examples(&ImagesConfig { side: 8, train: 6, test: 2, ..ImagesConfig::default() }, 3);
        let classes: Vec<usize> = examples.train.targets.chunks(CLASSES).map(class).collect();
        assert_eq!(classes, [2, 6, 7, 3, 4, 5]);
        assert_eq!(examples.test.inputs[20..24], [0.0, 0.0, 0.024_752_408, 0.0]);
    }

    #[test]
    fn bad_parameters_are_refused() {
        let error = |config: ImagesConfig| config.build().unwrap_err().to_string();
        assert_eq!(error(ImagesConfig { side: 0, ..ImagesConfig::default() }), "side = 0: must be at least 1");
        assert!(error(ImagesConfig { noise: -1.0, ..ImagesConfig::default() }).contains("noise = -1"));
        assert!(error(ImagesConfig { noise: f64::NAN, ..ImagesConfig::default() }).contains("noise = NaN"));
        let large = error(ImagesConfig { train: usize::MAX, ..ImagesConfig::default() });
        assert!(large.starts_with("pixels = ") && large.contains("2^28"), "{large}");
        assert!(error(ImagesConfig { styles: usize::MAX, ..ImagesConfig::default() }).contains("2^28"));
    }
}
