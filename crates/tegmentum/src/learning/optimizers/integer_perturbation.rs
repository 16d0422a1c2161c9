//! Integer perturbation: weights of eight bits, which are tried and moved in whole steps, so that a device that stores bytes can learn.
//!
//! # Update
//! ```text
//!     w_i = k_i s_c                                          k integers from −127 to 127, s_c the step of connection c
//!     d_j = (L(w + p s ξ_j) − L(w − p s ξ_j))/2              ξ_j ∈ {−1, +1}^P,  j = 1 … K
//!     Δ   = −s_t η Σ_j d_j ξ_j/√(Σ_j d_j²)                   in steps
//!     k_i ← clip(k_i + ⌊Δ_i + u_i⌋, ±(127 − p))              u_i uniform on [0, 1)
//! ```
//! w parameters `[P]` · p steps of a probe, whole (the perturbation scale) · η learning rate, in steps: the root mean square of Δ over
//! the parameters is s_t η for signs that are independent · `s_t` schedule in `[0, 1]` · L mean loss on the batch of the update. A pair
//! whose difference is not finite has d = 0; if all d are 0 nothing moves. The [`grid`](self) has powers of two as steps: s_c is the
//! smallest one with which r times the largest weight of the connection at the start fits into 127 steps (where all its weights are zero,
//! r/√n for n presynaptic units). Biases have the step of their connection. The start is put on the nearest point of the grid: it is read
//! once, and half a step is all that is lost.
//!
//! # What is exact
//! - No number is kept for a weight but its integer: k s, (k ± p) s and w/s are exact in `f32`, and weights stop at ±(127 − p) so that every
//!   candidate is one of bytes. The expectation of ⌊Δ + u⌋ is Δ to 2⁻³².
//! - With `numerics = "int8"` a pass has a scale of its own for each unit, the largest |w| of its weights over 127. It sees
//!   round(127 k/m) m/127 steps for k, where m is the largest |k| of the unit: at most m/254 of a step off, less than half a step, and
//!   different integers stay different. Exact are only 0, ±m, and the others where 127 k/m is whole; a device that takes s for the scale has no such
//!   error.
//!
//! # Cost
//! 2K evaluations an update, a block of the generator for four weights. Memory here: P numbers of four bytes. A device needs a byte for each
//! weight, a scale for each connection and the K differences; directions and roundings are drawn again from a key.
//!
//! # Limits
//! Weights never leave r to 2r times the largest of the start: a range too small stops learning, a range too large makes steps coarse, and the
//! noise of rounding, up to ¼ step² for each weight and update, grows with s². Rates are searched, as for any learner with a rate.
//!
//! # Logged
//! `loss` mean of the pairs · `learning_rate` `s_t η` · `non_finite`.
//!
//! # Example
//! ```
//! use tegmentum::learning::minimise::minimise;
//! use tegmentum::learning::optimizers::integer_perturbation::IntegerPerturbationConfig;
//!
//! let bowl = |x: &[f32]| x.iter().map(|&x| f64::from(x - 1.0).powi(2)).sum::<f64>();
//! let in_bytes = IntegerPerturbationConfig { perturbation_scale: 1.0, ..IntegerPerturbationConfig::default() };
//! let found = minimise(bowl, &[0.5, -0.25, 0.7]).optimizer(in_bytes).budget(2_000).run()?;
//! assert!(found.loss < 0.01, "{}", found.loss);
//! // 4 · 0.7/127 lies below 2⁻⁵, the step.
//! assert!(found.parameters.iter().all(|w| (w * 32.0).fract() == 0.0 && w.abs() <= 126.0 / 32.0));
//! # Ok::<(), tegmentum::error::Error>(())
//! ```
//!
//! # Reference
//! Ours. Pairs of signs: J. C. Spall, IEEE TAC 37(3), 1992, doi:10.1109/9.119632; stochastic rounding: S. Gupta et al., arXiv:1502.02551, 2015.

mod grid;
#[cfg(test)]
mod in_bytes;

use serde::{Deserialize, Serialize};

use super::checks::{check_losses, check_start, count_non_finite, non_negative};
use super::dopamine::ConnectionSize;
use super::dopamine::block_sizes::connections_of;
use super::exploration::mean_of_finite;
use crate::error::{Error, Result, at_least_one};
use crate::learning::optimizer::{Optimizer, OptimizerSettings, StepReport};
use crate::learning::schedule::Schedule;
use crate::model::network::Network;
use crate::model::perturbation::{Bases, Direction, Probe, for_each_weighted_part_at};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::{Modulation, Target};
use crate::random::Key;
use crate::registry::Description;
use grid::{Grid, LARGEST};

/// The widest probe, in steps.
const WIDEST: f64 = 63.0;
/// A difference of losses that is larger says nothing: its square would be infinite.
const MAX_DIFFERENCE: f64 = 1e150;
/// The largest step of which sums are finite in `f32`; one of 254 goes from one end of a byte to the other.
const MAX_RATE: f64 = 1e30;

/// Configuration of integer perturbation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IntegerPerturbationConfig {
    /// η, in steps, 0 or above.
    pub learning_rate: f64,
    /// p, the steps of a probe: a whole number from 1 to 63.
    pub perturbation_scale: f64,
    /// K, at least 1.
    pub directions: usize,
    /// r, the room of a connection's largest weight of the start, from 1 to 64: it may grow at least r times.
    pub range: f64,
    /// How the rate goes to the end of the budget.
    pub schedule: Schedule,
    /// The connections of the network; a study fills them in.
    #[serde(skip)]
    pub connections: Vec<ConnectionSize>,
}

impl Default for IntegerPerturbationConfig {
    fn default() -> Self {
        Self {
            learning_rate: 1.0,
            perturbation_scale: 4.0,
            directions: 8,
            range: 4.0,
            schedule: Schedule::Constant,
            connections: Vec::new(),
        }
    }
}

impl IntegerPerturbationConfig {
    /// A learner that starts from the point of the grid that is nearest to `start`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a number outside its range.
    pub fn build(&self, start: Vec<f32>, key: Key, budget_evaluations: u64) -> Result<IntegerPerturbation> {
        check_start(&start, self.perturbation_scale, budget_evaluations)?;
        non_negative("learning_rate", self.learning_rate)?;
        let refused = |name, value, requirement| Err(Error::InvalidParameter { name, value, requirement });
        let probe = self.perturbation_scale;
        if probe.fract() != 0.0 || probe > WIDEST {
            return refused("perturbation_scale", probe, "a whole number of steps from 1 to 63");
        }
        at_least_one("directions", self.directions)?;
        if !(1.0..=64.0).contains(&self.range) {
            return refused("range", self.range, "from 1 to 64");
        }
        let grid = Grid::new(self, &start)?;
        let mut parameters = start;
        grid.round(&mut parameters);
        Ok(IntegerPerturbation {
            config: self.clone(),
            budget: budget_evaluations,
            grid,
            parameters,
            key,
            update: 0,
            spent: 0,
            probes: Vec::new(),
        })
    }
}

impl OptimizerSettings for IntegerPerturbationConfig {
    fn description(&self) -> Description {
        Description {
            name: "integer_perturbation",
            summary: "weights of eight bits, tried and moved in whole steps; ours",
            reference: "pairs of Spall 1992, doi:10.1109/9.119632; stochastic rounding as in arXiv:1502.02551",
        }
    }

    fn build(&self, start: Vec<f32>, key: Key, budget_evaluations: u64) -> Result<Box<dyn Optimizer>> {
        Ok(Box::new(self.build(start, key, budget_evaluations)?))
    }

    fn learning_rate(&self) -> Option<f64> {
        Some(self.learning_rate)
    }

    fn set_learning_rate(&mut self, rate: f64) -> bool {
        self.learning_rate = rate;
        true
    }

    fn perturbation_scale(&self) -> Option<f64> {
        Some(self.perturbation_scale)
    }

    fn set_perturbation_scale(&mut self, scale: f64) -> bool {
        self.perturbation_scale = scale;
        true
    }

    fn fit_to(&mut self, network: &dyn Network) {
        self.connections = connections_of(network);
    }

    fn in_unit(&mut self, factor: f64) {
        for connection in &mut self.connections {
            connection.size *= factor;
        }
    }
}

/// The learner.
#[derive(Clone, Debug)]
pub struct IntegerPerturbation {
    config: IntegerPerturbationConfig,
    budget: u64,
    grid: Grid,
    /// Whole steps, at most 127.
    parameters: Vec<f32>,
    key: Key,
    update: u64,
    spent: u64,
    probes: Vec<Probe>,
}

crate::archived!(
    IntegerPerturbation { grid, update, spent } sized { parameters } empty { probes } fixed { config, budget, key }
);

impl IntegerPerturbation {
    /// The steps of a probe under a factor: whole, at least one, and no more than lead every weight to an integer of a byte.
    fn probe_steps(&self, factor: f64) -> f64 {
        let usual = self.config.perturbation_scale;
        let wanted = (usual * factor).round().clamp(1.0, WIDEST);
        if wanted <= usual { wanted } else { wanted.min(LARGEST - self.grid.largest(&self.parameters)) }
    }

    /// d of each pair: half the difference of its losses; 0 where it says nothing.
    fn differences(losses: &[f64]) -> Vec<f64> {
        let half = |pair: &[f64]| 0.5 * (pair[0] - pair[1]);
        let usable = |difference: f64| if difference.abs() <= MAX_DIFFERENCE { difference } else { 0.0 };
        losses.chunks_exact(2).map(|pair| usable(half(pair))).collect()
    }

    /// Moves the weights at `rate`, s_t η.
    fn descend(&mut self, differences: &[f64], rate: f64) -> Result<()> {
        if rate.is_nan() || rate.abs() > MAX_RATE {
            return Err(Error::NonFinite { what: "the step", step: self.update });
        }
        let size = differences.iter().map(|d| d * d).sum::<f64>().sqrt();
        if rate == 0.0 || size == 0.0 {
            return Ok(());
        }
        let key = self.key.child(self.update);
        let term = |(j, d): (u64, &f64)| (Direction::Rademacher(key.child(j)), (-rate * d / size) as f32);
        let terms: Vec<(Direction, f32)> = (0..).zip(differences).map(term).collect();
        let (grid, rounding) = (&self.grid, key.child(u64::MAX));
        for_each_weighted_part_at(&terms, [&mut self.parameters], |first, [part], moves| {
            grid.take_steps(rounding, first, part, moves);
            true
        });
        Ok(())
    }
}

impl Optimizer for IntegerPerturbation {
    fn ask(&mut self, modulation: &Modulation) -> &[Probe] {
        if self.probes.is_empty() {
            let scale = self.grid.scale(self.probe_steps(modulation.perturbation_scale));
            let key = self.key.child(self.update);
            for j in 0..self.config.directions {
                let direction = self.grid.direction(key.child(j as u64));
                self.probes.push(Probe::perturbed(direction, scale));
                self.probes.push(Probe::perturbed(direction, -scale));
            }
        }
        &self.probes
    }

    fn tell(&mut self, losses: &[f64], modulation: &Modulation) -> Result<StepReport> {
        check_losses(self.probes.len(), losses)?;
        let rate =
            self.config.learning_rate * self.config.schedule.factor(self.spent, self.budget) * modulation.learning_rate;
        self.descend(&Self::differences(losses), rate)?;
        self.update += 1;
        self.spent += losses.len() as u64;
        self.probes.clear();
        Ok(StepReport {
            loss: mean_of_finite(losses),
            learning_rate: rate,
            non_finite: count_non_finite(losses),
            ..StepReport::default()
        })
    }

    fn bases(&self) -> Bases<'_> {
        Bases::single(&self.parameters)
    }

    fn hears(&self) -> Vec<Heard> {
        Heard::everywhere(&[Target::LearningRate, Target::PerturbationScale])
    }

    fn state_bytes(&self) -> usize {
        size_of_val(self.parameters.as_slice())
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learning::optimizers::checks::three_rounds;
    use crate::model::networks::NetworkConfig;

    /// A learner of 400 weights with steps of 1/16.
    fn learner(config: &IntegerPerturbationConfig) -> IntegerPerturbation {
        config.build(vec![1.0; 400], Key::from_seed(1), 1000).unwrap()
    }

    /// ξ of the next update.
    fn signs(learner: &mut IntegerPerturbation) -> Vec<Vec<f32>> {
        let probes = learner.ask(&Modulation::default()).to_vec();
        let of = |probe: &Probe| {
            let mut signs = vec![0.0; 400];
            probe.direction.write_to(1.0, &mut signs);
            signs
        };
        probes.iter().step_by(2).map(of).collect()
    }

    /// Differences 3 and 4 at a rate of 5: the step is −3 ξ_1 − 4 ξ_2 by hand, whole, so that nothing is rounded.
    #[test]
    fn a_whole_step_is_taken_as_it_is() {
        let config =
            IntegerPerturbationConfig { learning_rate: 5.0, directions: 2, ..IntegerPerturbationConfig::default() };
        let mut learner = learner(&config);
        let signs = signs(&mut learner);
        assert!(learner.probes.iter().zip([0.25, -0.25, 0.25, -0.25]).all(|(probe, scale)| probe.scale == scale));
        let report = learner.tell(&[7.0, 1.0, 0.0, -8.0], &Modulation::default()).unwrap();
        assert_eq!((report.loss, report.learning_rate), (0.0, 5.0));
        for (index, weight) in learner.parameters.iter().enumerate() {
            assert_eq!(*weight, 1.0 - (3.0 * signs[0][index] + 4.0 * signs[1][index]) / 16.0);
        }
    }

    /// A step on ½ Σ (w − 1)² from pairs in f64, its part beyond whole numbers against 2⁻³² times the words of the key.
    #[test]
    fn a_step_on_a_quadratic_is_that_of_the_formula() {
        let config =
            IntegerPerturbationConfig { learning_rate: 0.7, directions: 3, ..IntegerPerturbationConfig::default() };
        let start: Vec<f32> = (0..400).map(|i| ((i * 37 % 33) as f32 - 16.0) / 16.0).collect();
        let mut learner = config.build(start.clone(), Key::from_seed(1), 1000).unwrap();
        assert_eq!(learner.parameters, start);
        let signs = signs(&mut learner);
        let bowl = |w: &dyn Fn(usize) -> f64| (0..400).map(|i| 0.5 * (w(i) - 1.0).powi(2)).sum::<f64>();
        let mut losses = Vec::new();
        for signs in &signs {
            losses.extend([0.25, -0.25].map(|scale| bowl(&|i| f64::from(start[i]) + scale * f64::from(signs[i]))));
        }
        learner.tell(&losses, &Modulation::default()).unwrap();
        // The difference of a pair is 0.25 · 2 · Σ (w − 1) ξ, halved.
        let slope =
            |signs: &[f32]| 0.25 * (0..400).map(|i| (f64::from(start[i]) - 1.0) * f64::from(signs[i])).sum::<f64>();
        let d: Vec<f64> = signs.iter().map(|signs| slope(signs)).collect();
        let size = d.iter().map(|d| d * d).sum::<f64>().sqrt();
        let words = Key::from_seed(1).child(0).child(u64::MAX);
        for (i, weight) in learner.parameters.iter().enumerate() {
            let wanted = -0.7 * (0..3).map(|j| d[j] * f64::from(signs[j][i])).sum::<f64>() / size;
            let u = f64::from(words.block(i as u64 / 4)[i % 4]) / 2f64.powi(32);
            let whole = wanted.floor() + f64::from(u8::from(wanted - wanted.floor() + u >= 1.0));
            let gap = (wanted - wanted.floor() + u - 1.0).abs();
            assert!(gap < 1e-5 || f64::from((weight - start[i]) * 16.0) == whole, "{i}: {wanted} {u} {weight}");
        }
    }

    /// After every update all weights are whole numbers of steps, and probes lead to integers of a byte, whatever a modulator does to their
    /// width.
    #[test]
    fn weights_and_candidates_are_bytes() {
        let config =
            IntegerPerturbationConfig { learning_rate: 9.0, range: 1.0, ..IntegerPerturbationConfig::default() };
        let network = toml::from_str::<NetworkConfig>("[mlp]\nhidden = [8]").unwrap().build(12, 3).unwrap();
        let mut fitted = config.clone();
        fitted.fit_to(&*network);
        let start = network.initialise(Key::from_seed(3));
        let mut learner = fitted.build(start, Key::from_seed(1), 1000).unwrap();
        let mut touched = false;
        for update in 0..200u64 {
            let factor = [1.0, 0.3, 2.0, 40.0][(update % 4) as usize];
            let modulation = Modulation { perturbation_scale: factor, ..Modulation::default() };
            let probes = learner.ask(&modulation).to_vec();
            let mut candidate = vec![0.0; learner.parameters.len()];
            for probe in &probes {
                probe.write(learner.bases(), &mut candidate).unwrap();
                assert!(learner.grid.largest(&candidate) <= 127.0, "{update}");
                assert!(learner.grid.holds(&candidate), "{update}");
            }
            let losses: Vec<f64> = (0..probes.len()).map(|k| (k as f64 * 1.7 + update as f64).sin()).collect();
            learner.tell(&losses, &modulation).unwrap();
            assert!(learner.grid.holds(&learner.parameters) && learner.grid.largest(&learner.parameters) <= 123.0);
            touched |= learner.grid.largest(&learner.parameters) == 123.0;
        }
        assert!(touched, "no weight came to the end of its range");
    }

    #[test]
    fn steps_do_not_depend_on_threads() {
        let run = |threads: usize| {
            let start: Vec<f32> = (0..200_000).map(|i| (i as f32).sin()).collect();
            let mut learner = IntegerPerturbationConfig::default().build(start, Key::from_seed(1), 1000).unwrap();
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                learner.ask(&Modulation::default());
                let losses: Vec<f64> = (0..16).map(|k| f64::from(k * k % 7)).collect();
                learner.tell(&losses, &Modulation::default()).unwrap();
            });
            learner.parameters
        };
        let alone = run(1);
        assert!(alone == run(2) && alone == run(3));
    }

    #[test]
    fn bad_settings_are_named() {
        let message = |settings: &str, start: f32| {
            let config: IntegerPerturbationConfig = toml::from_str(settings).unwrap();
            config.build(vec![start; 3], Key::from_seed(1), 10).map(|_| ()).unwrap_err().to_string()
        };
        let steps = "must be a whole number of steps from 1 to 63";
        assert_eq!(message("perturbation_scale = 1.5", 1.0), format!("perturbation_scale = 1.5: {steps}"));
        assert_eq!(message("perturbation_scale = 64", 1.0), format!("perturbation_scale = 64: {steps}"));
        assert_eq!(message("range = 0.5", 1.0), "range = 0.5: must be from 1 to 64");
        assert!(message("range = nan", 1.0).starts_with("range = NaN"));
        assert!(message("directions = 0", 1.0).starts_with("directions = 0"));
        assert!(message("learning_rate = -1.0", 1.0).starts_with("learning_rate = -1"));
        assert!(message("", 1e30).contains("1e-18 to 1e18"));
        let mut learner = learner(&IntegerPerturbationConfig::default());
        let count = learner.ask(&Modulation::default()).len();
        let endless = Modulation { learning_rate: f64::INFINITY, ..Modulation::default() };
        assert!(matches!(learner.tell(&vec![1.0; count], &endless), Err(Error::NonFinite { .. })));
    }

    #[test]
    fn value_stability() {
        assert_eq!(three_rounds(&IntegerPerturbationConfig::default()), [0.125, 0.3125, 0.1875]);
    }
}
