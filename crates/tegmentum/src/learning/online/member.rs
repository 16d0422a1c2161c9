//! One network of the committee, with its modulators.

use serde::{Deserialize, Serialize};

use super::OnlineConfig;
use super::code::Code;
use crate::archive::{Archive, Archived};
use crate::error::Result;
use crate::kernel::math::{exp, ln};
use crate::neuromodulation::nucleus::{RunningMean, Transmitter};
use crate::neuromodulation::signals::Signals;
use crate::neuromodulation::system::NeuromodulatorySystem;
use crate::random::Key;

/// Noise on a hidden unit.
const NOISE: f64 = 1e-2;
/// Added to the size of an estimate.
const LEAST_SIZE: f32 = 1e-4;
/// Rate of the mean loss of a block, its least deviation as a share of the mean, and beyond.
const RATE: f64 = 0.02;
const LEAST_SHARE: f64 = 0.05;
const LEAST_DEVIATION: f64 = 1e-6;
/// Blocks before surprise is counted.
const READY: u64 = 10;
/// Share of the readout that is left by an alarm.
const KEPT: f32 = 0.5;
/// Bits of one block of random words.
const SIGNS: usize = 128;

/// One network of the committee.
///
/// # Example
/// ```
/// use tegmentum::learning::online::{InputKind, MemberConfig, OnlineConfig};
/// use tegmentum::random::Key;
///
/// let one = MemberConfig { hidden: 16, ..MemberConfig::default() };
/// let learner = OnlineConfig { members: vec![one], ..OnlineConfig::default() };
/// assert_eq!(learner.build(&[InputKind::Number], 2, Key::from_seed(1))?.members(), 1);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MemberConfig {
    /// Hidden units H; 0 for none.
    pub hidden: usize,
    /// Whether it sees the bumps of the population code.
    pub code: bool,
    /// Rate η of the readout.
    pub rate: f64,
    /// Rate of the hidden layer.
    pub hidden_rate: f64,
    /// Share of its rates that serotonin leaves at least.
    pub floor: f64,
}

impl Default for MemberConfig {
    fn default() -> Self {
        Self { hidden: 64, code: true, rate: 0.01, hidden_rate: 0.005, floor: 0.05 }
    }
}

/// Weights with the running square of their estimates.
#[derive(Clone, Debug, Default)]
struct Weights {
    values: Vec<f32>,
    squares: Vec<f32>,
}

crate::archived!(Weights { } sized { values, squares });

/// How a weight moves.
#[derive(Clone, Copy, Debug)]
struct Step {
    rate: f32,
    /// Share of the newest square in the running one.
    new: f32,
    /// What the usual size is multiplied by; nothing is divided if `None`.
    size: Option<f32>,
    /// 1/(1 − memory^n).
    correction: f32,
}

impl Weights {
    fn grow(&mut self, values: impl IntoIterator<Item = f32>) {
        self.values.extend(values);
        self.squares.resize(self.values.len(), 0.0);
    }

    /// Moves the weights from `first` on along `factor · errors`; squares move where `news` says.
    #[inline]
    fn descend(&mut self, first: usize, factor: f32, errors: &[f32], news: Option<&[f32]>, step: Step) {
        let count = errors.len();
        let values = &mut self.values[first..first + count];
        let squares = &mut self.squares[first..first + count];
        let Some(size) = step.size else {
            values.iter_mut().zip(errors).for_each(|(value, &error)| *value -= step.rate * factor * error);
            return;
        };
        let scale = size * step.correction.sqrt();
        match news {
            Some(news) => {
                for (((value, square), &error), &new) in values.iter_mut().zip(squares).zip(errors).zip(&news[..count])
                {
                    let slope = factor * error;
                    *square += new * (slope * slope - *square);
                    *value -= step.rate * slope / (scale * square.sqrt() + LEAST_SIZE);
                }
            }
            None => {
                for ((value, square), &error) in values.iter_mut().zip(squares).zip(errors) {
                    let slope = factor * error;
                    *square += step.new * (slope * slope - *square);
                    *value -= step.rate * slope / (scale * square.sqrt() + LEAST_SIZE);
                }
            }
        }
    }
}

/// Activity of one pass.
#[derive(Clone, Debug, Default)]
struct Pass {
    hidden: Vec<f32>,
    probabilities: Vec<f32>,
}

/// The network and its modulators.
#[derive(Debug)]
pub(super) struct Member {
    config: MemberConfig,
    memory: f32,
    block: u64,
    key: Key,
    pub(super) system: NeuromodulatorySystem,
    /// [inputs × hidden], `[hidden]`, [inputs × classes], [classes × hidden], `[classes]`.
    into_hidden: Weights,
    hidden_bias: Weights,
    direct: Weights,
    readout: Weights,
    bias: Weights,
    /// memory^n of each input, and that of all examples.
    input_decay: Vec<f32>,
    decay: f32,
    examples: u64,
    losses: RunningMean,
    block_loss: f64,
    block_errors: f64,
    in_block: u64,
    /// Level of dopamine for an error of usual size, as the synapses see it.
    dopamine: f64,
    patience: f64,
    inputs: usize,
    classes: usize,
    pass: Pass,
    /// Work space: errors of classes, effects on logits, ±1 and estimates of units, where their squares move.
    errors: Vec<f32>,
    effects: Vec<f32>,
    signs: Vec<f32>,
    estimates: Vec<f32>,
    news: Vec<f32>,
}

impl Archived for Member {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let Self {
            system, into_hidden, hidden_bias, direct, readout, bias, input_decay, decay, examples, losses, ..
        } = self;
        archive.mark("Member")?;
        system.archive(archive)?;
        for weights in [into_hidden, hidden_bias, direct, readout, bias] {
            weights.archive(archive)?;
        }
        archive.values("input_decay", input_decay)?;
        decay.archive(archive)?;
        examples.archive(archive)?;
        losses.archive(archive)?;
        let Self { block_loss, block_errors, in_block, dopamine, patience, .. } = self;
        (block_loss, block_errors, in_block).archive(archive)?;
        (dopamine, patience).archive(archive)
    }
}

impl Member {
    pub(super) fn new(config: &MemberConfig, all: &OnlineConfig, system: NeuromodulatorySystem, key: Key) -> Self {
        let mut member = Self {
            config: *config,
            memory: all.memory as f32,
            block: all.block,
            key,
            system,
            into_hidden: Weights::default(),
            hidden_bias: Weights::default(),
            direct: Weights::default(),
            readout: Weights::default(),
            bias: Weights::default(),
            input_decay: Vec::new(),
            decay: 1.0,
            examples: 0,
            losses: RunningMean::default(),
            block_loss: 0.0,
            block_errors: 0.0,
            in_block: 0,
            dopamine: 1.0,
            patience: 0.0,
            inputs: 0,
            classes: 0,
            pass: Pass::default(),
            errors: Vec::new(),
            effects: Vec::new(),
            signs: vec![0.0; config.hidden],
            estimates: vec![0.0; config.hidden],
            news: vec![0.0; config.hidden],
        };
        member.hidden_bias.grow(vec![0.0; config.hidden]);
        // Before anything was seen errors are expected to be of size 1.
        let expected = Signals { squared_prediction_error: Some(1.0), elapsed: Some(0.0), ..Signals::default() };
        member.system.observe(&expected);
        member.hear();
        member
    }

    /// Room for more inputs and classes; first weights follow from the key and the place.
    pub(super) fn grow(&mut self, inputs: usize, features: usize, classes: usize) {
        let hidden = self.config.hidden;
        let scale = (0.5 / features.max(1) as f32).sqrt();
        for input in self.inputs..inputs {
            let mut stream = self.key.child(1).child(input as u64).stream();
            self.into_hidden.grow((0..hidden).map(|_| scale * stream.normal()));
        }
        if classes > self.classes {
            self.direct = widened(&self.direct, self.inputs, self.classes, classes);
            let scale = 0.5 / (hidden.max(1) as f32).sqrt();
            for class in self.classes..classes {
                let mut stream = self.key.child(2).child(class as u64).stream();
                self.readout.grow((0..hidden).map(|_| scale * stream.normal()));
            }
            self.bias.grow(vec![0.0; classes - self.classes]);
        }
        self.direct.grow(vec![0.0; (inputs - self.inputs) * classes]);
        self.input_decay.resize(inputs, 1.0);
        (self.inputs, self.classes) = (inputs, classes);
        self.errors.resize(classes, 0.0);
        self.effects.resize(classes, 0.0);
    }

    /// The probabilities of the classes `[classes]` before learning, which are kept for [`learn`](Self::learn).
    pub(super) fn forward(&mut self, code: &Code) -> &[f32] {
        let mut pass = std::mem::take(&mut self.pass);
        self.run(code, &mut pass);
        self.pass = pass;
        &self.pass.probabilities
    }

    /// The same, and nothing is kept.
    pub(super) fn probabilities(&self, code: &Code) -> Vec<f32> {
        let mut pass = Pass::default();
        self.run(code, &mut pass);
        pass.probabilities
    }

    /// The probability of a class in the pass that is kept.
    pub(super) fn likelihood(&self, class: usize) -> f64 {
        f64::from(self.pass.probabilities[class])
    }

    /// Factor of serotonin on the rates.
    pub(super) fn cooling(&self) -> f64 {
        self.config.floor.max(1.0 / (1.0 + self.patience.max(0.0)))
    }

    fn run(&self, code: &Code, pass: &mut Pass) {
        let (hidden, classes) = (self.config.hidden, self.classes);
        let Pass { hidden: activity, probabilities: logits } = pass;
        activity.clear();
        activity.extend_from_slice(&self.hidden_bias.values);
        logits.clear();
        logits.extend_from_slice(&self.bias.values);
        for &(input, value) in code.active(self.config.code) {
            add(activity, value, &self.into_hidden.values[input * hidden..(input + 1) * hidden]);
            add(logits, value, &self.direct.values[input * classes..(input + 1) * classes]);
        }
        for unit in activity.iter_mut() {
            *unit = unit.max(0.0);
        }
        for (class, logit) in logits.iter_mut().enumerate() {
            *logit += dot(&self.readout.values[class * hidden..(class + 1) * hidden], activity);
        }
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        for logit in logits.iter_mut() {
            *logit = exp(*logit - largest);
        }
        let total: f32 = logits.iter().sum();
        for p in logits.iter_mut() {
            *p /= total;
        }
    }

    /// Learns from the example of the pass that is kept; whether noradrenaline made it begin anew.
    pub(super) fn learn(&mut self, code: &Code, class: usize) -> bool {
        let loss = -f64::from(ln(self.pass.probabilities[class].max(1e-12)));
        self.errors.copy_from_slice(&self.pass.probabilities);
        self.errors[class] -= 1.0;
        let difference = if self.config.hidden > 0 { self.perturb(class) } else { 0.0 };
        let rate = self.cooling() * self.dopamine * self.system.modulation().learning_rate;
        self.decay *= self.memory;
        self.examples += 1;
        let step = Step {
            rate: (rate * self.config.rate) as f32,
            new: 1.0 - self.memory,
            size: self.size(),
            correction: 1.0 / (1.0 - self.decay),
        };
        self.descend(code, difference, step, (rate * self.config.hidden_rate) as f32);
        self.block_loss += loss;
        self.block_errors += self.errors.iter().map(|&error| f64::from(error * error)).sum::<f64>();
        self.in_block += 1;
        self.in_block == self.block && self.end_block()
    }

    /// ±1 on units that are on; the difference of the two losses over that of the noise.
    fn perturb(&mut self, class: usize) -> f32 {
        let hidden = self.config.hidden;
        let blocks = hidden.div_ceil(SIGNS) as u64;
        let (key, new) = (self.key.child(3), 1.0 - self.memory);
        for block in 0..blocks {
            let words = key.block(self.examples * blocks + block);
            let units = block as usize * SIGNS..hidden.min((block as usize + 1) * SIGNS);
            for (bit, unit) in units.enumerate() {
                let sign = if words[bit / 32] >> (bit % 32) & 1 == 1 { 1.0 } else { -1.0 };
                let is_on = self.pass.hidden[unit] > 0.0;
                self.signs[unit] = if is_on { sign } else { 0.0 };
                self.news[unit] = if is_on { new } else { 0.0 };
            }
        }
        let noise = (NOISE * self.system.modulation().perturbation_scale) as f32;
        for (index, effect) in self.effects.iter_mut().enumerate() {
            *effect = noise * dot(&self.readout.values[index * hidden..(index + 1) * hidden], &self.signs);
        }
        // Both losses without that of the unperturbed network: ln Σ p e^δ − δ_y.
        let of = |sign: f32| {
            let pairs = self.pass.probabilities.iter().zip(&self.effects);
            ln(pairs.map(|(&p, &effect)| p * exp(sign * effect)).sum()) - sign * self.effects[class]
        };
        if noise == 0.0 { 0.0 } else { (of(1.0) - of(-1.0)) / (2.0 * noise) }
    }

    /// What the usual size of an estimate is multiplied by; `None` if acetylcholine divides nothing.
    fn size(&self) -> Option<f32> {
        let size = self.system.modulation().error_size?;
        let usual = self.system.drive(Transmitter::Acetylcholine).total();
        if size == usual { Some(1.0) } else { (size > 0.0).then(|| (size / usual.max(1e-300)) as f32) }
    }

    fn descend(&mut self, code: &Code, difference: f32, step: Step, hidden_rate: f32) {
        let (hidden, classes) = (self.config.hidden, self.classes);
        let into_hidden = Step { rate: hidden_rate, ..step };
        self.estimates.iter_mut().zip(&self.signs).for_each(|(estimate, sign)| *estimate = difference * sign);
        self.bias.descend(0, 1.0, &self.errors, None, step);
        for class in 0..classes {
            self.readout.descend(class * hidden, self.errors[class], &self.pass.hidden, None, step);
        }
        if hidden > 0 {
            self.hidden_bias.descend(0, 1.0, &self.estimates, Some(&self.news), into_hidden);
        }
        for &(input, value) in code.active(self.config.code) {
            self.input_decay[input] *= self.memory;
            let correction = 1.0 / (1.0 - self.input_decay[input]);
            self.direct.descend(input * classes, value, &self.errors, None, Step { correction, ..step });
            if hidden > 0 {
                let step = Step { correction, ..into_hidden };
                self.into_hidden.descend(input * hidden, value, &self.estimates, Some(&self.news), step);
            }
        }
    }

    /// A moment of the nuclei; whether all begins anew.
    fn end_block(&mut self) -> bool {
        let count = self.in_block as f64;
        let (loss, errors) = (self.block_loss / count, self.block_errors / count);
        (self.block_loss, self.block_errors, self.in_block) = (0.0, 0.0, 0);
        let deviation = self.losses.variance.sqrt().max(LEAST_SHARE * self.losses.mean + LEAST_DEVIATION);
        let surprise = if self.losses.count < READY { 0.0 } else { (loss - self.losses.mean) / deviation };
        self.system.observe(&Signals {
            loss: Some(loss),
            surprise: Some(surprise),
            squared_prediction_error: Some(errors),
            elapsed: Some(count),
            ..Signals::default()
        });
        let anew = self.system.modulation().reset;
        if anew {
            self.begin_anew();
        }
        self.losses.update(loss, RATE);
        self.hear();
        if anew {
            self.patience = 0.0;
        }
        anew
    }

    /// Forgets how large losses were, and half of what the readout has learned; hidden weights and the sizes of estimates stay.
    fn begin_anew(&mut self) {
        self.system.forget();
        self.losses = RunningMean::default();
        for weights in [&mut self.direct, &mut self.readout, &mut self.bias] {
            weights.values.iter_mut().for_each(|value| *value *= KEPT);
        }
    }

    /// What the modulators say until the next moment.
    fn hear(&mut self) {
        let mut unit = [1.0];
        self.system.volley(Transmitter::Dopamine, &mut unit, 1.0);
        self.dopamine = unit[0];
        self.patience = self.system.modulation().patience;
    }
}

/// The weights of `rows` rows with more columns, which are 0.
fn widened(weights: &Weights, rows: usize, from: usize, to: usize) -> Weights {
    let widen = |values: &[f32]| {
        let mut wide = vec![0.0; rows * to];
        for row in 0..rows {
            wide[row * to..row * to + from].copy_from_slice(&values[row * from..(row + 1) * from]);
        }
        wide
    };
    Weights { values: widen(&weights.values), squares: widen(&weights.squares) }
}

/// Adds `factor · source`.
#[inline]
fn add(target: &mut [f32], factor: f32, source: &[f32]) {
    target.iter_mut().zip(source).for_each(|(sum, value)| *sum += factor * value);
}

/// The sum of products, in eight partial sums.
#[inline]
fn dot(one: &[f32], other: &[f32]) -> f32 {
    let (ones, one_rest) = one.as_chunks::<8>();
    let (others, other_rest) = other.as_chunks::<8>();
    let mut sums = [0.0f32; 8];
    for (one, other) in ones.iter().zip(others) {
        for lane in 0..8 {
            sums[lane] += one[lane] * other[lane];
        }
    }
    let rest: f32 = one_rest.iter().zip(other_rest).map(|(one, other)| one * other).sum();
    sums.iter().sum::<f32>() + rest
}
