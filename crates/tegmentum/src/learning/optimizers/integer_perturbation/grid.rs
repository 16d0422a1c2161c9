//! The grid of integer perturbation: a step for each connection, and weights that are whole numbers of it.
//!
//! ```text
//!     s_c  = 2^⌈log₂(r m_c/127)⌉                   m_c = max |w| of connection c at the start, 1/√n_c where all are 0
//!     k_i ← clip(k_i + ⌊Δ_i + u_i⌋, ±(127 − p))    w_i = k_i s_c
//! ```
//! k integers `[P]` · s_c the step of connection c, in the unit of its weights · r the range of the settings, p the steps of a probe, n_c
//! presynaptic units · Δ what is to be moved, in steps · u_i in `[0, 1)`, multiples of 2⁻³² from a key: E⌊Δ + u⌋ is Δ to 2⁻³², its
//! variance at most ¼. A step is a power of two: k s, (k ± p) s and w/s are exact in `f32`, and a device multiplies by it with a shift.
//!
//! # Cost
//! A block of the generator for four weights, and about ten operations for each.
//!
//! # Reference
//! S. Gupta, A. Agrawal, K. Gopalakrishnan, P. Narayanan, *Deep learning with limited numerical precision*, arXiv:1502.02551, 2015, for
//! stochastic rounding; powers of two are ours.

use super::IntegerPerturbationConfig;
use crate::archive::{Archive, Archived};
use crate::error::{Error, Result};
use crate::kernel::noise::Noise;
use crate::learning::optimizers::dopamine::ConnectionSize;
use crate::model::perturbation::Direction;
use crate::model::perturbation::sizes::Sizes;
use crate::random::Key;

/// The largest integer of a byte.
pub(super) const LARGEST: f64 = 127.0;
/// A connection's largest weight is between 1/this and this.
const WIDEST: f64 = 1e18;

/// The steps of all connections, and where the connections are.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    /// The number after the last parameter of each connection.
    ends: Vec<usize>,
    /// s_c.
    steps: Vec<f32>,
    /// The largest of them.
    largest_step: f32,
    /// Steps over the largest one.
    factors: Sizes,
    /// The largest integer of a weight: 127 − p, so that every candidate is one of bytes too.
    limit: f64,
}

impl Grid {
    /// That of a start `[P]`; one step for all parameters where no connections are known.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for weights beyond 10^±18.
    pub(super) fn new(config: &IntegerPerturbationConfig, start: &[f32]) -> Result<Self> {
        let known = &config.connections[..];
        let all = [ConnectionSize { end: start.len(), size: 1.0 }];
        let connections = if known.last().map(|last| last.end) == Some(start.len()) { known } else { &all };
        let (mut ends, mut steps, mut begin) = (Vec::new(), Vec::new(), 0);
        for connection in connections {
            let found = start[begin..connection.end].iter().fold(0.0f32, |largest, weight| largest.max(weight.abs()));
            let largest = if found == 0.0 { connection.size } else { f64::from(found) };
            if !(1.0 / WIDEST..=WIDEST).contains(&largest) {
                return Err(Error::InvalidParameter {
                    name: "start",
                    value: largest,
                    requirement: "from 1e-18 to 1e18 in the largest weight of a connection",
                });
            }
            ends.push(connection.end);
            steps.push(power_of_two_from(config.range * largest / LARGEST));
            begin = connection.end;
        }
        let limit = LARGEST - config.perturbation_scale;
        let mut grid = Self { ends, steps, largest_step: 0.0, factors: Sizes::default(), limit };
        grid.measure();
        Ok(grid)
    }

    /// What follows from the steps.
    fn measure(&mut self) {
        self.largest_step = self.steps.iter().copied().fold(0.0, f32::max);
        let factors: Vec<f64> = self.steps.iter().map(|step| f64::from(step / self.largest_step)).collect();
        self.factors = Sizes::of(&self.ends, &factors);
    }

    /// A sign for each parameter, times its step over the largest one.
    pub(super) fn direction(&self, key: Key) -> Direction {
        if self.steps.iter().all(|step| *step == self.largest_step) {
            return Direction::Rademacher(key);
        }
        Direction::Sized(self.factors.direction(Noise::Signs, key))
    }

    /// The scale of a probe of so many steps along a direction.
    pub(super) fn scale(&self, steps: f64) -> f32 {
        steps as f32 * self.largest_step
    }

    /// Calls `with(begin, end, step)` for the parts of `length` parameters from `first` on that have one step; they count from `first`.
    fn for_each_step(&self, first: usize, length: usize, mut with: impl FnMut(usize, usize, f32)) {
        let mut begin = 0;
        let from = self.ends.partition_point(|end| *end <= first);
        for (end, step) in self.ends[from..].iter().zip(&self.steps[from..]) {
            if begin == length {
                return;
            }
            let end = (*end - first).min(length);
            with(begin, end, *step);
            begin = end;
        }
    }

    /// Puts every parameter on the nearest point of the grid, ties away from zero.
    pub(super) fn round(&self, parameters: &mut [f32]) {
        self.for_each_step(0, parameters.len(), |begin, end, step| {
            for weight in &mut parameters[begin..end] {
                *weight = at(f64::from(*weight / step).round().clamp(-self.limit, self.limit), step);
            }
        });
    }

    /// The largest integer of all parameters, without its sign.
    pub(super) fn largest(&self, parameters: &[f32]) -> f64 {
        let mut largest = 0.0f32;
        self.for_each_step(0, parameters.len(), |begin, end, step| {
            largest = parameters[begin..end].iter().fold(largest, |largest, weight| largest.max(weight.abs() / step));
        });
        f64::from(largest)
    }

    /// Whether every parameter is a whole number of steps.
    #[cfg(test)]
    pub(super) fn holds(&self, parameters: &[f32]) -> bool {
        let mut holds = true;
        self.for_each_step(0, parameters.len(), |begin, end, step| {
            holds &= parameters[begin..end].iter().all(|weight| (weight / step).fract() == 0.0);
        });
        holds
    }

    /// Moves the parameters of a part that begins at number `first` by `moves`, in steps, rounded with the numbers of `key`.
    pub(super) fn take_steps(&self, key: Key, first: usize, part: &mut [f32], moves: &[f32]) {
        let (mut known, mut words) = (u64::MAX, [0; 4]);
        self.for_each_step(first, part.len(), |begin, end, step| {
            for (index, (weight, wanted)) in (begin..end).zip(part[begin..end].iter_mut().zip(&moves[begin..end])) {
                let number = (first + index) as u64;
                if number / 4 != known {
                    known = number / 4;
                    words = key.block(known);
                }
                let moved = rounded(*wanted, words[(number % 4) as usize]);
                if moved != 0.0 {
                    *weight = at((f64::from(*weight / step) + moved).clamp(-self.limit, self.limit), step);
                }
            }
        });
    }
}

impl Archived for Grid {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        archive.values("steps of the grid", &mut self.steps)?;
        if archive.is_reading() {
            let is_power = |step: &f32| step.is_normal() && *step > 0.0 && step.to_bits().trailing_zeros() >= 23;
            archive.check(self.steps.iter().all(is_power), "steps that are powers of two")?;
            self.measure();
        }
        Ok(())
    }
}

/// The weight of a whole number of steps, whose zero has no sign.
fn at(integer: f64, step: f32) -> f32 {
    integer as i32 as f32 * step
}

/// The smallest power of two that is at least `size`, a normal number above 0; the same on every machine.
fn power_of_two_from(size: f64) -> f32 {
    let bits = size.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32 - 1023;
    2f32.powi(exponent + i32::from(bits & ((1 << 52) - 1) != 0))
}

/// ⌊wanted + u⌋ with u the `word` in units of 2⁻³².
fn rounded(wanted: f32, word: u32) -> f64 {
    (f64::from(wanted) + f64::from(word) / 4_294_967_296.0).floor()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learning::optimizer::OptimizerSettings;
    use crate::model::networks::NetworkConfig;

    #[test]
    fn steps_leave_at_least_the_range_that_was_asked_for() {
        for (range, largest) in [(1.0, 1.0), (2.0, 0.3), (4.0, 17.0), (64.0, 1e-6), (1.0, 127.0)] {
            let config = IntegerPerturbationConfig { range, ..IntegerPerturbationConfig::default() };
            let step = f64::from(Grid::new(&config, &[0.1 * largest as f32, -largest as f32]).unwrap().steps[0]);
            let room = LARGEST * step / f64::from(largest as f32);
            assert!((range..2.0 * range).contains(&room), "{range}, {largest}: {room}");
            assert!(step.log2().fract() == 0.0);
        }
    }

    /// 127 r/127 is a power of two itself: the step is not the next one.
    #[test]
    fn connections_have_steps_of_their_own() {
        let network = toml::from_str::<NetworkConfig>("[mlp]\nhidden = [4]").unwrap().build(4, 1).unwrap();
        let mut config = IntegerPerturbationConfig { range: 2.0, ..IntegerPerturbationConfig::default() };
        config.fit_to(&*network);
        let mut start = vec![0.0; 25];
        start[3] = -127.0;
        let grid = Grid::new(&config, &start).unwrap();
        // The second connection is zero: its size is 1/√4, and 1/127 lies below 2⁻⁶.
        assert_eq!((grid.ends.as_slice(), grid.steps.as_slice()), (&[20, 25][..], &[2.0, 1.0 / 64.0][..]));
        let mut candidate = [0.0; 25];
        grid.direction(Key::from_seed(1)).add_to(grid.scale(3.0), &mut candidate);
        assert!(
            candidate[..20].iter().all(|x| x.abs() == 6.0) && candidate[20..].iter().all(|x| x.abs() == 3.0 / 64.0)
        );
    }

    #[test]
    fn the_nearest_point_is_at_most_half_a_step_away() {
        let grid = Grid::new(&IntegerPerturbationConfig::default(), &[1.0]).unwrap();
        let step = grid.steps[0];
        let grid = Grid { ends: vec![400], ..grid };
        let start: Vec<f32> = (0..400).map(|i| 0.01 * (i - 200) as f32).collect();
        let mut rounded = start.clone();
        grid.round(&mut rounded);
        for (weight, before) in rounded.iter().zip(&start) {
            assert!((weight - before).abs() <= 0.5 * step && (weight / step).fract() == 0.0, "{before}: {weight}");
        }
        assert_eq!(grid.largest(&rounded), f64::from((2.0 / step).round()));
    }

    /// The mean of n roundings of Δ has mean Δ and a variance f(1 − f)/n, f the part of Δ beyond the whole number below: five standard
    /// deviations hold for all ten values with probability above 0.999994, and no single rounding is further than 1 away.
    #[test]
    fn rounding_is_unbiased() {
        let count = 40_000;
        for wanted in [0.0f32, 0.001, 0.25, 0.5, 0.9, 1.0, -0.3, -0.999, -2.75, 7.125] {
            let moves: Vec<f64> = (0..count)
                .map(|seed| rounded(wanted, Key::from_seed(seed).block(0)[(seed % 4) as usize]))
                .inspect(|moved| assert!((moved - f64::from(wanted)).abs() < 1.0))
                .collect();
            let part = f64::from(wanted) - f64::from(wanted).floor();
            let mean = moves.iter().sum::<f64>() / count as f64;
            let bound = 5.0 * (part * (1.0 - part) / count as f64).sqrt() + 1e-9;
            assert!((mean - f64::from(wanted)).abs() <= bound, "{wanted}: {mean}, {bound}");
        }
    }

    /// Any part takes the steps that it takes within the whole, and none leaves the limits.
    #[test]
    fn parts_take_the_steps_of_the_whole() {
        let base = Grid::new(&IntegerPerturbationConfig::default(), &[1.0]).unwrap();
        let grid = Grid { ends: vec![3, 130, 600], steps: vec![0.5, 0.25, 2.0], ..base };
        let moves: Vec<f32> = (0..600).map(|i| (i as f32 * 0.7).sin() * if i % 50 == 0 { 1e30 } else { 3.0 }).collect();
        let key = Key::from_seed(5);
        let mut whole = vec![0.0f32; 600];
        grid.take_steps(key, 0, &mut whole, &moves);
        for (begin, end) in [(0, 600), (0, 4), (128, 600), (256, 300)] {
            let mut part = vec![0.0f32; end - begin];
            grid.take_steps(key, begin, &mut part, &moves[begin..end]);
            assert_eq!(part, whole[begin..end]);
        }
        assert_eq!(grid.largest(&whole), grid.limit);
        assert!(whole[50] == -0.25 * 123.0 || whole[50] == 0.25 * 123.0);
    }
}
