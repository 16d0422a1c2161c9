//! Continual digits: name handwritten digits, one at a time, from reward alone, while the digits that there are change.
//!
//! ```text
//!     class    one of the two of the phase, uniform         image one of its images, uniform
//!     x        pixels / |pixels|                            [64], 8 × 8 row by row
//!     right    the place of the class in its pair           reward 1 if right, else 0
//! ```
//! The ten digits, in an order that is drawn for the run, make five pairs. A phase shows one pair, then the next comes, and after the last
//! the first comes again. The two responses are the same in all phases (domain-incremental: nobody says which pair it is).
//!
//! # A trial
//! One step, two choices. What is told of an error is that it was one: with two choices that names the right one, but nothing is told of an
//! answer that was not given. Each answer counts before anything can be learned from it (test, then train).
//!
//! # Scores
//! `correct` share of right answers over the whole stream, the first · `correct_late` in the second half of each phase · `correct_first_round`,
//! `correct_later_rounds` before and after the first pair came again · `correct_pair_1`… by pair.
//!
//! # Oracles
//! Chance ½. The nearest of ten class means, made from all images, is the reference of the tests: what one prototype for each digit can do.
//!
//! `condition` the digit shown · `block` number of the phase · `target` the right choice.
//!
//! Cost: 64 numbers copied a trial; the images are read once.
//!
//! Data: E. Alpaydin, C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI Machine Learning Repository, 1998, doi:10.24432/C50P49
//! ([`digits`](crate::data::tasks::digits)).
//!
//! Reference: G. M. van de Ven, T. Tuytelaars, A. S. Tolias, Nature Machine Intelligence 4, 1185–1197, 2022, doi:10.1038/s42256-022-00568-3,
//! for split digits by domain; A. P. Dawid, Journal of the Royal Statistical Society A 147, 278–292, 1984, for scores of predictions made in
//! turn; M. Carandini, D. J. Heeger, Nature Reviews Neuroscience 13, 51–62, 2012, for normalised rates. Reward in place of the class is ours.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::cycle::block_at;
use super::reversal::share_correct;
use crate::behaviour::environment::{Action, ActionSpace, Environment, EnvironmentSettings, Outcome, TrialReport};
use crate::behaviour::scores::Score;
use crate::data::task::{Problem, Task};
use crate::data::tasks::digits::DigitsConfig;
use crate::error::{Error, Result};
use crate::random::Key;
use crate::registry::Description;

/// The entry of the registry.
const DESCRIPTION: Description = Description {
    name: "continual_digits",
    summary: "name handwritten digits of one pair after another, from reward alone",
    reference: "van de Ven, Tuytelaars, Tolias, Nat. Mach. Intell. 4, 1185, 2022; Alpaydin & Kaynak 1998",
};

const PIXELS: usize = 64;
const CLASSES: usize = 10;
const PAIRS: usize = CLASSES / 2;

/// An image, pixel by pixel.
type Image = [f32; PIXELS];

/// The settings.
///
/// # Example
/// ```
/// use tegmentum::behaviour::environments::continual_digits::ContinualDigitsConfig;
///
/// let config: ContinualDigitsConfig = toml::from_str("trials_per_phase = 100")?;
/// assert!(config.drawn);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ContinualDigitsConfig {
    /// Trials of a phase, 1 to 10⁹.
    pub trials_per_phase: u64,
    /// Whether the order of the ten digits is drawn for each run; else it is 0, 1, …, 9.
    pub drawn: bool,
}

impl Default for ContinualDigitsConfig {
    fn default() -> Self {
        Self { trials_per_phase: 200, drawn: true }
    }
}

impl ContinualDigitsConfig {
    /// The environment; the order of the digits follows from `key`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a phase without trials.
    pub fn build(self, key: Key) -> Result<ContinualDigits> {
        let trials = self.trials_per_phase;
        if !(1..=1_000_000_000).contains(&trials) {
            let (name, requirement) = ("continual_digits.trials_per_phase", "between 1 and 1000000000");
            return Err(Error::InvalidParameter { name, value: trials as f64, requirement });
        }
        let mut order: [u8; CLASSES] = std::array::from_fn(|digit| digit as u8);
        if self.drawn {
            key.stream().shuffle(&mut order);
        }
        Ok(ContinualDigits { config: self, order, images: images()?, trial: 0, digit: 0 })
    }
}

/// All images, by digit, of length one; read once.
fn images() -> Result<&'static [Vec<Image>]> {
    static IMAGES: OnceLock<Vec<Vec<Image>>> = OnceLock::new();
    if let Some(images) = IMAGES.get() {
        return Ok(images);
    }
    let images = read()?;
    Ok(IMAGES.get_or_init(|| images))
}

fn read() -> Result<Vec<Vec<Image>>> {
    let mut images = vec![Vec::new(); CLASSES];
    let Problem::Examples(examples) = DigitsConfig::default().build()?.problem(Key::from_seed(0))? else {
        return Ok(images);
    };
    for set in [examples.train, examples.test] {
        for (pixels, target) in set.inputs.chunks_exact(PIXELS).zip(set.targets.chunks_exact(CLASSES)) {
            let length = pixels.iter().map(|pixel| pixel * pixel).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
            let digit = target.iter().position(|&one| one > 0.5).unwrap_or(0);
            images[digit].push(std::array::from_fn(|pixel| pixels[pixel] / length));
        }
    }
    Ok(images)
}

impl EnvironmentSettings for ContinualDigitsConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self, key: Key) -> Result<Box<dyn Environment>> {
        Ok(Box::new(Self::build(*self, key)?))
    }

    fn score_names(&self) -> Vec<String> {
        let names = ["correct", "correct_late", "correct_first_round", "correct_later_rounds"].map(str::to_owned);
        names.into_iter().chain((1..=PAIRS).map(|pair| format!("correct_pair_{pair}"))).collect()
    }

    fn scores(&self, trials: &[TrialReport]) -> Vec<Score> {
        let half = (self.trials_per_phase as usize).div_ceil(2);
        let phases = trials.chunk_by(|one, next| one.block == next.block);
        let late = phases.flat_map(|phase| phase.iter().skip(half));
        let is_first = |trial: &&TrialReport| usize::from(trial.block) < PAIRS;
        let of_pair =
            |pair: usize| share_correct(trials.iter().filter(move |trial| usize::from(trial.block) % PAIRS == pair));
        let mut scores = vec![
            Score::of(share_correct(trials.iter()), "no trial"),
            Score::of(share_correct(late), "no trial in the second half of a phase"),
            Score::of(share_correct(trials.iter().filter(is_first)), "no trial"),
            Score::of(
                share_correct(trials.iter().filter(|trial| !is_first(trial))),
                "the first pair did not come again",
            ),
        ];
        scores.extend((0..PAIRS).map(|pair| Score::of(of_pair(pair), "no trial of this pair")));
        scores
    }
}

/// The environment; see the module's head.
#[derive(Clone, Debug)]
pub struct ContinualDigits {
    config: ContinualDigitsConfig,
    /// Digits, two for each phase.
    order: [u8; CLASSES],
    /// By digit, of length one.
    images: &'static [Vec<Image>],
    trial: u64,
    /// Place in the order of the digit shown.
    digit: usize,
}

crate::archived!(ContinualDigits { trial, digit } fixed { config, order, images });

impl ContinualDigits {
    /// Number of the phase, and of its pair.
    fn phase(&self) -> (u64, usize) {
        block_at([self.config.trials_per_phase; PAIRS].into_iter(), self.trial)
    }
}

impl Environment for ContinualDigits {
    fn num_observations(&self) -> usize {
        PIXELS
    }

    fn actions(&self) -> ActionSpace {
        ActionSpace::Choices(2)
    }

    fn begin(&mut self, key: Key, observation: &mut [f32]) {
        let mut stream = key.stream();
        self.digit = 2 * self.phase().1 + stream.below(2);
        let images = &self.images[usize::from(self.order[self.digit])];
        observation.copy_from_slice(&images[stream.below(images.len())]);
    }

    fn step(&mut self, action: Action, _: &mut [f32]) -> Outcome {
        let (phase, _) = self.phase();
        let wanted = self.digit % 2 == 1;
        let correct = (action.number() >= 0.5) == wanted;
        self.trial += 1;
        Outcome {
            reward: f64::from(u8::from(correct)),
            end_of_trial: true,
            correct,
            condition: u16::from(self.order[self.digit]),
            block: phase as u16,
            target: f64::from(u8::from(wanted)),
        }
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::behaviour::environments::conformance::play;

    /// Trials of an answer that may look at the image: what was seen, and what came of it.
    fn answered(
        config: ContinualDigitsConfig,
        trials: u64,
        answer: impl Fn(&[f32]) -> usize,
    ) -> Vec<(Vec<f32>, Outcome)> {
        let mut environment = config.build(Key::from_seed(1)).unwrap();
        let mut observation = vec![0.0; PIXELS];
        let play = |trial| {
            environment.begin(Key::from_seed(2).child(trial), &mut observation);
            let outcome = environment.step(Action::Choice(answer(&observation)), &mut observation);
            (observation.clone(), outcome)
        };
        (0..trials).map(play).collect()
    }

    #[test]
    fn every_image_is_there_once_and_of_length_one() {
        let images = images().unwrap();
        assert_eq!(images.iter().map(Vec::len).sum::<usize>(), 1797);
        for image in images.iter().flatten() {
            assert!((image.iter().map(|pixel| pixel * pixel).sum::<f32>() - 1.0).abs() < 1e-5);
        }
    }

    #[test]
    fn a_phase_shows_its_pair_and_pairs_come_again() {
        let plain = ContinualDigitsConfig { trials_per_phase: 40, drawn: false };
        for (trial, (_, outcome)) in answered(plain, 600, |_| 1).into_iter().enumerate() {
            let phase = trial / 40;
            assert_eq!(usize::from(outcome.block), phase);
            assert_eq!(usize::from(outcome.condition / 2), phase % PAIRS);
            let odd = outcome.condition % 2 == 1;
            assert_eq!((outcome.correct, outcome.reward), (odd, f64::from(u8::from(odd))));
        }
    }

    #[test]
    fn a_drawn_order_has_every_digit_and_follows_from_the_key() {
        let build = |seed| ContinualDigitsConfig::default().build(Key::from_seed(seed)).unwrap().order;
        let mut sorted = build(1);
        assert_ne!(build(1), build(2));
        assert_eq!(build(1), build(1));
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }

    /// The nearest class mean of all ten is right for most images; who looks at nothing is at chance.
    #[test]
    fn prototypes_are_right_for_most_images_and_a_guess_for_half() {
        let images = images().unwrap();
        let mean = |images: &Vec<Image>| -> Vec<f32> {
            (0..PIXELS)
                .map(|pixel| images.iter().map(|image| image[pixel]).sum::<f32>() / images.len() as f32)
                .collect()
        };
        let means: Vec<Vec<f32>> = images.iter().map(mean).collect();
        let off = |seen: &[f32], mean: &[f32]| seen.iter().zip(mean).map(|(a, b)| (a - b).powi(2)).sum::<f32>();
        let nearest = |seen: &[f32]| {
            (0..CLASSES).min_by(|a, b| off(seen, &means[*a]).total_cmp(&off(seen, &means[*b]))).unwrap() % 2
        };
        let plain = ContinualDigitsConfig { drawn: false, ..ContinualDigitsConfig::default() };
        let trials = answered(plain, 2000, nearest);
        let right = trials.iter().filter(|(_, outcome)| outcome.correct).count() as f64 / 2000.0;
        assert!((0.9..1.0).contains(&right), "{right}");
        let trials = play("[random_choice]", "[continual_digits]", 4000, 1);
        let scores: Vec<f64> = plain.scores(&trials).into_iter().map(Score::or_nan).collect();
        assert!((scores[0] - 0.5).abs() < 4.0 * 0.5 / 4000.0f64.sqrt(), "{scores:?}");
        // The whole is the mean of the rounds (1000 and 3000 trials), and of the pairs.
        assert!((scores[0] - (scores[2] + 3.0 * scores[3]) / 4.0).abs() < 1e-12);
        assert!((scores[0] - scores[4..].iter().sum::<f64>() / 5.0).abs() < 1e-12);
    }

    #[test]
    fn a_phase_without_trials_is_refused() {
        let config = ContinualDigitsConfig { trials_per_phase: 0, ..ContinualDigitsConfig::default() };
        let error = config.build(Key::from_seed(1)).unwrap_err().to_string();
        assert!(error.contains("trials_per_phase") && error.contains('0'), "{error}");
    }
}
