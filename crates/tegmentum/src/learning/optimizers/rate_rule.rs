//! Readings of "the prediction error sets the learning rate": pure state machines, prediction error in, rate out.
//!
//! INFERRED, all of them: our readings of the abstract of arXiv:2510.22178 (Nambusubramaniyan, Safavi, Guru, Knoblauch,
//! 2025); none is the paper's equation.
//!
//! # Update
//! ```text
//!     w ← w − (1/K) Σ_k η_t f(ρ_k) v_k        ρ_k = d_k/σ
//! ```
//! w parameters `[P]` · `v_k` direction `[P]` · `d_k` regret, loss of the perturbed less that of the unperturbed model
//! · σ perturbation scale, in the unit of w · `ρ_k` slope along `v_k`, loss/w; to first order its mean is 0 and its
//! standard deviation ‖∇L‖ · `η_t` rate · η0 the learning rate of the configuration · f(ρ) = ρ unless said otherwise ·
//! ⟨x⟩_β exponential running mean with decay β, without the bias of its start · |ρ|, ρ, ρ² means over the K directions.
//!
//! | | reading | `η_t` |
//! |---|---|---|
//! | R0 | plain | η0 |
//! | R1 | product | η0 σ², so that the rate on the perturbation σv is η0 d |
//! | R2 | magnitude | η0 \|ρ\| |
//! | R3 | smoothed magnitude | η0 ⟨\|ρ\|⟩_.9 |
//! | R4 | normalised | η0 / (√⟨ρ²⟩_.99 + 1e−12) |
//! | R4s | sign | η0, f(ρ) = sign ρ |
//! | R5 | burst gate | η0, f(ρ) = ρ if ρ < 0, else 0 |
//! | R6 | asymmetric | η0, f(ρ) = 1.5 ρ if ρ < 0, else 0.5 ρ |
//! | R7 | recursive, sum | η ← clip(η + .02 η0 e, 0, 10 η0), e = clip(−ρ/√⟨ρ²⟩_.99, −3, 3) |
//! | R7 | recursive, product | η ← η exp(.02 e), same e |
//! | R8 | baseline | η0 clip(1 + r/√⟨r²⟩_.99, .1, 3), r = ⟨L(w + σv)⟩_.9 − L(w) |
//! | R9 | bold driver | η ← 1.02 η if L(w) is below that of the update before, else 0.7 η |
//! | R10 | expectation-scaled | η0 ⟨L(w)⟩_.9 |
//! | R11 | Adam | η0; the estimate goes through elementwise moments with decays .9 and .999 |
//!
//! Running means take this update's sample first, then the rate is read. With pairs, L(w) is the mean of the pairs.
//! R4 with pairs and one direction is MEAZO (see [`meazo`](super::meazo)); R4 without memory is, up to constants, FZOO
//! (see [`fzoo`](super::fzoo)).
//!
//! # Cost
//! O(K) operations and a few numbers of state; R11 two vectors of length P.
//!
//! # References
//! 1. S. Nambusubramaniyan et al., arXiv:2510.22178, 2025 (the abstract).
//! 2. T. Miconi, eLife 6:e20899, 2017 (precedent of R10).

use serde::{Deserialize, Serialize};

use super::running_mean::RunningMean;
use crate::kernel::math;

const SLOW_DECAY: f64 = 0.99;
const FAST_DECAY: f64 = 0.9;
const EPSILON: f64 = 1e-12;
const BURST_FACTOR: f64 = 1.5;
const DIP_FACTOR: f64 = 0.5;
const RECURSIVE_GAIN: f64 = 0.02;
const RECURSIVE_CLIP: f64 = 3.0;
const RECURSIVE_CEILING: f64 = 10.0;
const BASELINE_RANGE: [f64; 2] = [0.1, 3.0];
const BOLD_RISE: f64 = 1.02;
const BOLD_FALL: f64 = 0.7;

/// The name of a reading. INFERRED: none is the equation of arXiv:2510.22178; formulas in the
/// [module](self).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reading {
    /// R0: a constant rate; standard weight perturbation. INFERRED.
    #[default]
    Plain,
    /// R1: the rate on the perturbation is the error itself. INFERRED; R0 with another constant.
    Product,
    /// R2: proportional to the magnitude of the error. INFERRED.
    Magnitude,
    /// R3: proportional to the running magnitude. INFERRED.
    SmoothedMagnitude,
    /// R4: divided by the running size. INFERRED; needs a decay or averaging.
    Normalised,
    /// R4s: the sign of the error alone. INFERRED.
    Sign,
    /// R5: learns from improvements alone. INFERRED.
    BurstGate,
    /// R6: learns more from improvements than from losses. INFERRED; R0 to first order.
    Asymmetric,
    /// R7, first form: errors are added to the rate. INFERRED.
    RecursiveSum,
    /// R7, second form: errors multiply the rate. INFERRED.
    RecursiveProduct,
    /// R8: the error against a running expectation. INFERRED.
    Baseline,
    /// R9: rises while the loss falls. INFERRED.
    BoldDriver,
    /// R10: proportional to the expected loss. INFERRED.
    ExpectationScaled,
    /// R11: elementwise moments. INFERRED.
    Adam,
}

impl Reading {
    /// Every reading, from R0 to R11.
    pub const ALL: [Self; 14] = [
        Self::Plain,
        Self::Product,
        Self::Magnitude,
        Self::SmoothedMagnitude,
        Self::Normalised,
        Self::Sign,
        Self::BurstGate,
        Self::Asymmetric,
        Self::RecursiveSum,
        Self::RecursiveProduct,
        Self::Baseline,
        Self::BoldDriver,
        Self::ExpectationScaled,
        Self::Adam,
    ];

    /// Whether there are statistics of earlier updates.
    pub fn has_memory(self) -> bool {
        !matches!(self, Self::Plain | Self::Product | Self::Magnitude | Self::Sign | Self::BurstGate | Self::Asymmetric)
    }

    /// Whether the length of a step does not depend on the scale of the loss.
    pub fn is_normalised(self) -> bool {
        matches!(self, Self::Normalised | Self::Sign | Self::Adam)
    }
}

/// What a rule sees of an update.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    /// The slopes ρ `[K]`; 0 where a loss was NaN or infinite.
    pub slopes: &'a [f64],
    /// How many of them are not such replacements.
    pub usable: usize,
    /// L(w), or the mean of the pairs; NaN if unknown.
    pub loss: f64,
    /// Mean of L(w + σ `v_k`); NaN if unknown.
    pub perturbed_loss: f64,
    /// σ.
    pub scale: f64,
}

/// A reading with its state.
///
/// # Example
/// ```
/// use tegmentum::learning::optimizers::rate_rule::{Observation, RateRule, Reading};
///
/// let mut rule = RateRule::new(Reading::Normalised, 0.1);
/// let sample = Observation { slopes: &[4.0], usable: 1, loss: 1.0, perturbed_loss: 1.1, scale: 0.025 };
/// assert!((rule.rate(&sample) - 0.1 / 4.0).abs() < 1e-12);
/// ```
#[derive(Clone, Debug)]
pub struct RateRule {
    reading: Reading,
    learning_rate: f64,
    /// Rate as a state variable (R7, R9).
    rate: f64,
    /// Of |ρ| (R3) or the loss (R8: perturbed, R10).
    expectation: RunningMean,
    /// Of ρ² (R4, R7) or the squared regret (R8).
    square: RunningMean,
    previous_loss: Option<f64>,
}

crate::archived!(RateRule { rate, expectation, square, previous_loss } fixed { reading, learning_rate });

impl RateRule {
    /// The rule of a reading in its first state.
    pub fn new(reading: Reading, learning_rate: f64) -> Self {
        Self {
            reading,
            learning_rate,
            rate: learning_rate,
            expectation: RunningMean::new(FAST_DECAY),
            square: RunningMean::new(SLOW_DECAY),
            previous_loss: None,
        }
    }

    /// Takes a sample, then returns the rate `η_t`.
    pub fn rate(&mut self, sample: &Observation<'_>) -> f64 {
        let eta = self.learning_rate;
        match self.reading {
            Reading::Plain | Reading::Sign | Reading::BurstGate | Reading::Asymmetric | Reading::Adam => eta,
            Reading::Product => eta * sample.scale * sample.scale,
            Reading::Magnitude if sample.usable == 0 => 0.0,
            Reading::Magnitude => eta * sample.mean(f64::abs),
            Reading::SmoothedMagnitude => eta * self.expectation.update(sample.mean(f64::abs)),
            Reading::Normalised => eta / self.size_of_slopes(sample),
            Reading::RecursiveSum | Reading::RecursiveProduct => self.recursive(sample),
            Reading::Baseline => self.baseline(sample),
            Reading::BoldDriver => self.bold_driver(sample.loss),
            Reading::ExpectationScaled => eta * self.expectation.update(sample.loss),
        }
    }

    /// The share f(ρ) of a slope that is used.
    pub fn shape(&self, slope: f64) -> f64 {
        match self.reading {
            Reading::Sign if slope == 0.0 => 0.0,
            Reading::Sign => slope.signum(),
            Reading::BurstGate => slope.min(0.0),
            Reading::Asymmetric => slope * if slope < 0.0 { BURST_FACTOR } else { DIP_FACTOR },
            _ => slope,
        }
    }

    /// Forgets all samples.
    pub fn reset(&mut self) {
        self.rate = self.learning_rate;
        self.expectation.reset();
        self.square.reset();
        self.previous_loss = None;
    }

    fn size_of_slopes(&mut self, sample: &Observation<'_>) -> f64 {
        self.square.update(sample.mean(|slope| slope * slope)).sqrt() + EPSILON
    }

    fn recursive(&mut self, sample: &Observation<'_>) -> f64 {
        let size = self.size_of_slopes(sample);
        if sample.usable > 0 {
            let error = (-sample.mean(|slope| slope) / size).clamp(-RECURSIVE_CLIP, RECURSIVE_CLIP);
            let change = RECURSIVE_GAIN * error;
            self.rate = if self.reading == Reading::RecursiveSum {
                (self.rate + change * self.learning_rate).clamp(0.0, RECURSIVE_CEILING * self.learning_rate)
            } else {
                self.rate * f64::from(math::exp(change as f32))
            };
        }
        self.rate
    }

    fn baseline(&mut self, sample: &Observation<'_>) -> f64 {
        let regret = self.expectation.update(sample.perturbed_loss) - sample.loss;
        let size = self.square.update(regret * regret).sqrt() + EPSILON;
        let error = if regret.is_finite() { regret / size } else { 0.0 };
        self.learning_rate * (1.0 + error).clamp(BASELINE_RANGE[0], BASELINE_RANGE[1])
    }

    fn bold_driver(&mut self, loss: f64) -> f64 {
        if loss.is_finite()
            && let Some(previous) = self.previous_loss.replace(loss)
        {
            self.rate *= if loss < previous { BOLD_RISE } else { BOLD_FALL };
        }
        self.rate
    }
}

impl Observation<'_> {
    /// Mean of `f` over the usable slopes (the others are 0 and so must `f(0)` be); NaN if there is none.
    fn mean(&self, f: impl Fn(f64) -> f64) -> f64 {
        if self.usable == 0 {
            return f64::NAN;
        }
        self.slopes.iter().map(|slope| f(*slope)).sum::<f64>() / self.usable as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Key;

    /// Mean of the part of the step along a gradient of norm 1, per η0: `E[η_t f(ρ) ρ]` for ρ ~ N(0, 1).
    fn expected_step(reading: Reading) -> f64 {
        let mut rule = RateRule::new(reading, 1.0);
        let mut stream = Key::from_seed(17).stream();
        let draws = 400_000;
        let mut sum = 0.0;
        for _ in 0..draws {
            let slope = f64::from(stream.normal());
            let sample =
                Observation { slopes: &[slope], usable: 1, loss: 2.0, perturbed_loss: 2.0 + 0.1 * slope, scale: 0.1 };
            sum += rule.rate(&sample) * rule.shape(slope) * slope;
        }
        sum / f64::from(draws)
    }

    #[test]
    fn expected_steps_are_those_of_the_analysis() {
        let first = (2.0 / std::f64::consts::PI).sqrt();
        let expected = [
            (Reading::Plain, 1.0),
            (Reading::Product, 0.01),
            (Reading::Magnitude, 2.0 * first),
            // A tenth of the running magnitude is the sample itself.
            (Reading::SmoothedMagnitude, 0.9 * first + 0.1 * 2.0 * first),
            (Reading::Normalised, 1.0),
            (Reading::Sign, first),
            (Reading::BurstGate, 0.5),
            (Reading::Asymmetric, 1.0),
            (Reading::ExpectationScaled, 2.0),
        ];
        for (reading, value) in expected {
            let found = expected_step(reading);
            assert!((found / value - 1.0).abs() < 0.02, "{reading:?}: {found}, expected {value}");
        }
    }

    #[test]
    fn the_bold_driver_rises_and_falls() {
        let mut rule = RateRule::new(Reading::BoldDriver, 1.0);
        let rates = [3.0, 2.0, f64::NAN, 2.5]
            .map(|loss| rule.rate(&Observation { slopes: &[1.0], usable: 1, loss, perturbed_loss: loss, scale: 1.0 }));
        assert_eq!(rates, [1.0, 1.02, 1.02, 1.02 * 0.7]);
    }

    #[test]
    fn the_recursive_rate_grows_with_improvements_and_stays_in_its_range() {
        for reading in [Reading::RecursiveSum, Reading::RecursiveProduct] {
            let mut rule = RateRule::new(reading, 0.5);
            let better = Observation { slopes: &[-1.0], usable: 1, loss: 1.0, perturbed_loss: 0.9, scale: 0.1 };
            assert!(rule.rate(&better) > 0.5);
            let worse = Observation { slopes: &[1.0], ..better };
            let last = (0..5_000).map(|_| rule.rate(&worse)).last().unwrap();
            assert!((0.0..1e-3).contains(&last), "{reading:?}: {last}");
        }
    }

    #[test]
    fn nothing_usable_changes_no_rate() {
        for reading in Reading::ALL {
            let mut rule = RateRule::new(reading, 0.5);
            let nothing =
                Observation { slopes: &[0.0], usable: 0, loss: f64::NAN, perturbed_loss: f64::NAN, scale: 0.1 };
            let step = rule.rate(&nothing) * rule.shape(0.0);
            assert!(step == 0.0, "{reading:?}: {step}");
        }
    }
}
