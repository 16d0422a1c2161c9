//! Separable CMA-ES: covariance matrix adaptation with a diagonal matrix (Ros & Hansen, 2008).
//!
//! # Update
//! ```text
//!     x_i = m + σ √C z_i                      z_i ~ N(0, I), i = 1 … λ; i:λ is the i-th best
//!     ⟨z⟩ = Σ_i w_i z_{i:λ}                   i = 1 … μ
//!     m   ← m + σ √C ⟨z⟩
//!     p_σ ← (1 − c_σ) p_σ + √(c_σ (2 − c_σ) μ_eff) ⟨z⟩
//!     σ   ← σ exp((c_σ/d_σ)(‖p_σ‖/χ_P − 1))
//!     p_c ← (1 − c_c) p_c + h √(c_c (2 − c_c) μ_eff) √C ⟨z⟩
//!     C   ← (1 − c_1 − c_μ + (1 − h) c_1 c_c (2 − c_c)) C + c_1 p_c² + c_μ C Σ_i w_i z²_{i:λ}
//! ```
//! m mean `[P]` · C variances `[P]`, elementwise products throughout · `p_σ`, `p_c` paths `[P]` · σ global scale, in
//! the unit of m, at first the perturbation scale · h 0 while `p_σ` is long (Hansen's stall rule), else 1 · λ = 4 + ⌊3
//! ln P⌋ unless given · the other constants are those of Hansen's tutorial, `c_1` and `c_μ` (P + 2)/3 times larger as
//! Ros & Hansen advise. There is no learning rate; a factor on it multiplies the move of m. Losses that are NaN or
//! infinite are not selected.
//!
//! # Cost
//! λ evaluations an update. Memory (4 + λ) P numbers: candidates are dense.
//!
//! # Logged
//! `loss` of the best candidate · `learning_rate` σ · `non_finite`.
//!
//! # Example
//! ```
//! use tegmentum::data::batch::Batch;
//! use tegmentum::neuromodulation::modulation::Modulation;
//! use tegmentum::model::objective::Objective;
//! use tegmentum::model::objectives::BlackBox;
//! use tegmentum::learning::optimizer::Optimizer;
//! use tegmentum::learning::optimizers::cma_es::CmaEsConfig;
//! use tegmentum::random::Key;
//!
//! let sphere = BlackBox::new(5, |x: &[f32]| x.iter().map(|&x| f64::from(x * x)).sum());
//! let mut learner = CmaEsConfig::default().build(vec![0.5; 5], Key::from_seed(1), 4000)?;
//! let (modulation, mut losses) = (Modulation::default(), Vec::new());
//! let mut spent = 0;
//! let mut last = f64::INFINITY;
//! while spent < 4000 {
//!     let probes = learner.ask(&modulation).to_vec();
//!     losses.resize(probes.len(), 0.0);
//!     sphere.losses(learner.bases(), &probes, Batch(Key::from_seed(spent)), &mut losses)?;
//!     last = learner.tell(&losses, &modulation)?.loss;
//!     spent += probes.len() as u64;
//! }
//! assert!(last < 0.05, "{last}");
//! # Ok::<(), tegmentum::error::Error>(())
//! ```
//!
//! # References
//! 1. R. Ros, N. Hansen, *A simple modification in CMA-ES achieving linear time and space complexity*, PPSN X, 2008,
//!    doi:10.1007/978-3-540-87700-4_30.
//! 2. N. Hansen, *The CMA evolution strategy: a tutorial*, arXiv:1604.00772, 2016.

use serde::{Deserialize, Serialize};

use super::checks::{check_finite, check_losses, check_start, count_non_finite};
use crate::error::{Error, Result};
use crate::kernel::math;
use crate::kernel::noise::CHUNK;
use crate::learning::optimizer::{Optimizer, OptimizerSettings, StepReport};
use crate::model::perturbation::{Base, Bases, Direction, Point, Probe};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::{Modulation, Target};
use crate::random::Key;
use crate::registry::Description;

/// Smallest and largest global scale.
const SCALE_RANGE: [f64; 2] = [1e-30, 1e15];

/// Configuration of separable CMA-ES.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CmaEsConfig {
    /// The first σ, above 0.
    pub perturbation_scale: f64,
    /// λ, at least 4; 4 + ⌊3 ln P⌋ if not given.
    pub population: Option<usize>,
}

impl Default for CmaEsConfig {
    fn default() -> Self {
        Self { perturbation_scale: 0.1, population: None }
    }
}

impl CmaEsConfig {
    /// A learner whose first mean is `start`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a number outside its range.
    pub fn build(&self, start: Vec<f32>, key: Key, budget_evaluations: u64) -> Result<CmaEs> {
        check_start(&start, self.perturbation_scale, budget_evaluations)?;
        let length = start.len();
        let population = self.population.unwrap_or(4 + (3.0 * math::ln(length as f32)) as usize);
        if population < 4 {
            return Err(Error::InvalidParameter {
                name: "population",
                value: population as f64,
                requirement: "at least 4",
            });
        }
        Ok(CmaEs {
            constants: Constants::new(length, population),
            mean: start,
            variances: vec![1.0; length],
            scale_path: vec![0.0; length],
            variance_path: vec![0.0; length],
            candidates: vec![0.0; population * length],
            scale: self.perturbation_scale,
            sampled_scale: 0.0,
            forgetting: 1.0,
            key,
            update: 0,
            probes: Vec::new(),
        })
    }
}

impl OptimizerSettings for CmaEsConfig {
    fn description(&self) -> Description {
        Description {
            name: "cma_es",
            summary: "covariance matrix adaptation with a diagonal matrix",
            reference: "Ros & Hansen 2008, doi:10.1007/978-3-540-87700-4_30",
        }
    }

    fn build(&self, start: Vec<f32>, key: Key, budget_evaluations: u64) -> Result<Box<dyn Optimizer>> {
        Ok(Box::new(self.build(start, key, budget_evaluations)?))
    }

    fn perturbation_scale(&self) -> Option<f64> {
        Some(self.perturbation_scale)
    }

    fn set_perturbation_scale(&mut self, scale: f64) -> bool {
        self.perturbation_scale = scale;
        true
    }
}

/// Constants of the tutorial for P parameters and λ candidates.
#[derive(Clone, Debug)]
struct Constants {
    population: usize,
    /// `w_i` `[μ]`, falling, with sum 1.
    weights: Vec<f64>,
    /// `μ_eff`.
    effective: f64,
    /// `c_σ`, `d_σ`.
    scale_rate: f64,
    damping: f64,
    /// `c_c`, `c_1`, `c_μ`.
    path_rate: f64,
    rank_one_rate: f64,
    rank_mu_rate: f64,
    /// Expected length of a standard normal vector.
    expected_length: f64,
}

impl Constants {
    fn new(length: usize, population: usize) -> Self {
        let n = length as f64;
        let half = f32::midpoint(population as f32, 1.0);
        let raw = (1..=population / 2).map(|rank| f64::from(math::ln(half) - math::ln(rank as f32)));
        let raw: Vec<f64> = raw.collect();
        let sum: f64 = raw.iter().sum();
        let weights: Vec<f64> = raw.iter().map(|weight| weight / sum).collect();
        let effective = 1.0 / weights.iter().map(|weight| weight * weight).sum::<f64>();
        let scale_rate = (effective + 2.0) / (n + effective + 5.0);
        let separable = (n + 2.0) / 3.0;
        let rank_one_rate = (separable * 2.0 / ((n + 1.3) * (n + 1.3) + effective)).min(1.0);
        let rank_mu = separable * 2.0 * (effective - 2.0 + 1.0 / effective) / ((n + 2.0) * (n + 2.0) + effective);
        Self {
            population,
            effective,
            scale_rate,
            damping: 1.0 + 2.0 * (((effective - 1.0) / (n + 1.0)).sqrt() - 1.0).max(0.0) + scale_rate,
            path_rate: (4.0 + effective / n) / (n + 4.0 + 2.0 * effective / n),
            rank_one_rate,
            rank_mu_rate: rank_mu.min(1.0 - rank_one_rate),
            expected_length: n.sqrt() * (1.0 - 1.0 / (4.0 * n) + 1.0 / (21.0 * n * n)),
            weights,
        }
    }
}

/// The learner.
#[derive(Clone, Debug)]
pub struct CmaEs {
    constants: Constants,
    mean: Vec<f32>,
    variances: Vec<f32>,
    scale_path: Vec<f32>,
    variance_path: Vec<f32>,
    candidates: Vec<f32>,
    /// σ, and σ as the candidates were drawn with it.
    scale: f64,
    sampled_scale: f64,
    /// (1 − `c_σ`)^2t.
    forgetting: f64,
    key: Key,
    update: u64,
    probes: Vec<Probe>,
}

crate::archived!(
    CmaEs { scale, sampled_scale, forgetting, update }
    sized { mean, variances, scale_path, variance_path }
    empty { probes }
    fixed { constants, candidates, key }
);

/// A candidate that was selected: its normals as a recipe, its weight.
type Selected = (Direction, f64);

impl CmaEs {
    fn direction(&self, candidate: usize) -> Direction {
        Direction::Gaussian(self.key.child(self.update).child(candidate as u64))
    }

    fn sample(&mut self, scale: f64) {
        self.sampled_scale = scale;
        let length = self.mean.len();
        for index in 0..self.constants.population {
            let direction = self.direction(index);
            let candidate = &mut self.candidates[index * length..(index + 1) * length];
            candidate.fill(0.0);
            direction.add_to(scale as f32, candidate);
            for ((value, mean), variance) in candidate.iter_mut().zip(&self.mean).zip(&self.variances) {
                *value = mean + variance.sqrt() * *value;
            }
            self.probes.push(Probe::unperturbed(Base::Candidate(index)));
        }
    }

    /// The best candidates with weights of sum 1; empty if no loss is finite.
    fn select(&self, losses: &[f64]) -> Vec<Selected> {
        let mut order: Vec<usize> = (0..losses.len()).filter(|&index| losses[index].is_finite()).collect();
        order.sort_by(|&a, &b| losses[a].total_cmp(&losses[b]));
        let weights = &self.constants.weights[..self.constants.weights.len().min(order.len())];
        let sum: f64 = weights.iter().sum();
        order.iter().zip(weights).map(|(&index, weight)| (self.direction(index), weight / sum)).collect()
    }

    /// Moves the mean and the path of σ; returns the squared length of that path.
    fn move_mean(&mut self, selected: &[Selected], rate: f64) -> Result<f64> {
        let Constants { scale_rate, effective, .. } = self.constants;
        let keep = (1.0 - scale_rate) as f32;
        let take = (scale_rate * (2.0 - scale_rate) * effective).sqrt() as f32;
        let step = (rate * self.sampled_scale) as f32;
        let (mut squared, mut finite) = (0.0, true);
        for_each_moment(selected, self.mean.len(), |start, first, _| {
            for (offset, z) in first.iter().enumerate() {
                let i = start + offset;
                self.mean[i] += step * self.variances[i].sqrt() * z;
                self.scale_path[i] = keep * self.scale_path[i] + take * z;
                squared += f64::from(self.scale_path[i]) * f64::from(self.scale_path[i]);
                finite &= self.mean[i].is_finite();
            }
        });
        check_finite(finite, self.update)?;
        Ok(squared)
    }

    /// Adapts the variances; `open` is h.
    fn adapt_variances(&mut self, selected: &[Selected], open: bool) {
        let Constants { path_rate, effective, rank_one_rate, rank_mu_rate, .. } = self.constants;
        let spread = path_rate * (2.0 - path_rate);
        let path_keep = (1.0 - path_rate) as f32;
        let path_take = if open { (spread * effective).sqrt() as f32 } else { 0.0 };
        let lost = if open { 0.0 } else { rank_one_rate * spread };
        let keep = (1.0 - rank_one_rate - rank_mu_rate + lost) as f32;
        let (one, mu) = (rank_one_rate as f32, rank_mu_rate as f32);
        for_each_moment(selected, self.mean.len(), |start, first, second| {
            for (offset, (z, z_squared)) in first.iter().zip(second).enumerate() {
                let i = start + offset;
                let variance = self.variances[i];
                let path = path_keep * self.variance_path[i] + path_take * variance.sqrt() * z;
                self.variance_path[i] = path;
                self.variances[i] =
                    (keep * variance + one * path * path + mu * variance * z_squared).max(f32::MIN_POSITIVE);
            }
        });
    }

    fn adapt(&mut self, selected: &[Selected], rate: f64) -> Result<()> {
        let n = self.mean.len() as f64;
        let length = self.move_mean(selected, rate)?.sqrt();
        let Constants { scale_rate, damping, expected_length, .. } = self.constants;
        self.forgetting *= (1.0 - scale_rate) * (1.0 - scale_rate);
        let unbiased = length / (1.0 - self.forgetting).sqrt();
        self.adapt_variances(selected, unbiased < (1.4 + 2.0 / (n + 1.0)) * expected_length);
        let change = math::exp((scale_rate / damping * (length / expected_length - 1.0)).min(1.0) as f32);
        self.scale = (self.scale * f64::from(change)).clamp(SCALE_RANGE[0], SCALE_RANGE[1]);
        Ok(())
    }
}

/// Calls `with(start, Σ w z, Σ w z²)` for each chunk of the selected normals.
fn for_each_moment(selected: &[Selected], length: usize, mut with: impl FnMut(usize, &[f32], &[f32])) {
    let (mut first, mut second, mut normals) = ([0.0f32; CHUNK], [0.0f32; CHUNK], [0.0f32; CHUNK]);
    for chunk in 0..length.div_ceil(CHUNK) {
        let start = chunk * CHUNK;
        let count = CHUNK.min(length - start);
        first.fill(0.0);
        second.fill(0.0);
        for (direction, weight) in selected {
            normals.fill(0.0);
            direction.add_chunk(chunk, 1.0, &mut normals[..count]);
            for ((a, b), z) in first.iter_mut().zip(&mut second).zip(&normals) {
                *a += *weight as f32 * z;
                *b += *weight as f32 * z * z;
            }
        }
        with(start, &first[..count], &second[..count]);
    }
}

impl Optimizer for CmaEs {
    fn ask(&mut self, modulation: &Modulation) -> &[Probe] {
        if self.probes.is_empty() {
            self.sample(self.scale * modulation.perturbation_scale);
        }
        &self.probes
    }

    fn tell(&mut self, losses: &[f64], modulation: &Modulation) -> Result<StepReport> {
        check_losses(self.probes.len(), losses)?;
        let selected = self.select(losses);
        if !selected.is_empty() {
            self.adapt(&selected, modulation.learning_rate)?;
        }
        self.update += 1;
        self.probes.clear();
        let best = losses.iter().copied().filter(|loss| loss.is_finite()).reduce(f64::min);
        Ok(StepReport {
            loss: best.unwrap_or(f64::NAN),
            learning_rate: self.sampled_scale * modulation.learning_rate,
            non_finite: count_non_finite(losses),
            ..StepReport::default()
        })
    }

    fn bases(&self) -> Bases<'_> {
        let mean = Point::Vector(&self.mean);
        Bases { acting: mean, averaged: mean, candidates: &self.candidates }
    }

    fn hears(&self) -> Vec<Heard> {
        Heard::everywhere(&[Target::LearningRate, Target::PerturbationScale])
    }

    fn state_bytes(&self) -> usize {
        let vectors = [&self.mean, &self.variances, &self.scale_path, &self.variance_path, &self.candidates];
        vectors.iter().map(|vector| size_of_val(vector.as_slice())).sum()
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learning::optimizers::checks::three_rounds;

    #[test]
    fn value_stability() {
        assert_eq!(three_rounds(&CmaEsConfig::default()), [0.031_607_103, -0.022_879_645, 0.322_906_17]);
    }
}
