//! The inputs of a network from the features of an example: running standardisation and a population code.

use crate::kernel::math::exp;

/// Features beyond this size are refused, so that no square of them overflows.
pub const LARGEST: f64 = 1e100;
/// A standardised number is not further from 0 than this.
const FURTHEST: f64 = 3.0;
/// The first and the last centre of a bump.
const EDGE: f64 = 2.0;

/// What kind of feature an input comes from.
///
/// # Example
/// ```
/// use tegmentum::learning::online::{InputKind, OnlineConfig};
/// use tegmentum::random::Key;
///
/// // A number, and a flag.
/// let kinds = [InputKind::Number, InputKind::Flag];
/// let learner = OnlineConfig::default().build(&kinds, 2, Key::from_seed(1))?;
/// assert_eq!(learner.features(), 2);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// A number in any unit: standardised and, for members with a code, spread over bumps.
    Number,
    /// A number that is taken as it is, mostly 0 or 1.
    Flag,
}

impl InputKind {
    pub(super) fn number(self) -> u8 {
        match self {
            Self::Number => 0,
            Self::Flag => 1,
        }
    }

    pub(super) fn from_number(number: u8) -> Option<Self> {
        [Self::Number, Self::Flag].into_iter().find(|kind| kind.number() == number)
    }
}

/// Running mean and variance of a number.
#[derive(Clone, Copy, Debug)]
struct Scale {
    mean: f64,
    variance: f64,
    count: u64,
}

impl Default for Scale {
    fn default() -> Self {
        Self { mean: 0.0, variance: 1.0, count: 0 }
    }
}

crate::archived!(Scale { mean, variance, count });

impl Scale {
    fn update(&mut self, value: f64, rate: f64) {
        self.count += 1;
        let rate = rate.max(1.0 / self.count as f64);
        let difference = value - self.mean;
        self.mean += rate * difference;
        if self.count > 1 {
            self.variance = (1.0 - rate) * (self.variance + rate * difference * difference);
        }
    }

    fn standardised(&self, value: f64) -> f64 {
        ((value - self.mean) / (self.variance + 1e-9).sqrt()).clamp(-FURTHEST, FURTHEST)
    }
}

/// The code of an example: which inputs are not 0.
#[derive(Clone, Debug)]
pub(super) struct Code {
    bumps: usize,
    rate: f64,
    kinds: Vec<InputKind>,
    /// The first input of each feature.
    first: Vec<usize>,
    width: usize,
    scales: Vec<Scale>,
    count: u64,
    /// Inputs that are not 0, with their values; bumps are left out in the second.
    active: Vec<(usize, f32)>,
    without_bumps: Vec<(usize, f32)>,
}

crate::archived!(
    Code { count } sized { scales } fixed { bumps, rate, kinds, first, width, active, without_bumps }
);

impl Code {
    pub(super) fn new(bumps: usize, rate: f64) -> Self {
        Self {
            bumps,
            rate,
            kinds: Vec::new(),
            first: Vec::new(),
            width: 0,
            scales: Vec::new(),
            count: 0,
            active: Vec::new(),
            without_bumps: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, kinds: &[InputKind]) {
        for &kind in kinds {
            self.first.push(self.width);
            self.width += if kind == InputKind::Number { 1 + self.bumps } else { 1 };
            self.kinds.push(kind);
            self.scales.push(Scale::default());
        }
    }

    pub(super) fn kinds(&self) -> &[InputKind] {
        &self.kinds
    }

    /// The number of inputs.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// The number of examples that were taken in.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Inputs that are not 0, with or without bumps.
    pub(super) fn active(&self, with_bumps: bool) -> &[(usize, f32)] {
        if with_bumps { &self.active } else { &self.without_bumps }
    }

    /// Takes in the scale of an example, then encodes it.
    pub(super) fn take_in(&mut self, x: &[f64]) {
        self.count += 1;
        for ((scale, &value), &kind) in self.scales.iter_mut().zip(x).zip(&self.kinds) {
            if kind == InputKind::Number && !value.is_nan() {
                scale.update(value, self.rate);
            }
        }
        self.encode(x);
    }

    /// The code that an example would have.
    pub(super) fn as_if_seen(&self, x: &[f64]) -> Self {
        let mut code = self.clone();
        code.take_in(x);
        code
    }

    fn encode(&mut self, x: &[f64]) {
        self.active.clear();
        self.without_bumps.clear();
        let width = 2.0 * EDGE / (self.bumps.max(2) - 1) as f64;
        for (index, &value) in x.iter().enumerate().filter(|(_, value)| !value.is_nan()) {
            let first = self.first[index];
            if self.kinds[index] == InputKind::Flag {
                if value != 0.0 {
                    self.active.push((first, value as f32));
                    self.without_bumps.push((first, value as f32));
                }
                continue;
            }
            let z = self.scales[index].standardised(value);
            self.active.push((first, z as f32));
            self.without_bumps.push((first, z as f32));
            for bump in 0..self.bumps {
                let distance = ((z + EDGE) / width - bump as f64) as f32;
                self.active.push((first + 1 + bump, exp(-distance * distance)));
            }
        }
    }
}
