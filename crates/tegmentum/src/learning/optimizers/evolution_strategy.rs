//! The evolution strategy of `OpenAI`: antithetic pairs, centred ranks (Salimans et al., 2017).
//!
//! # Update
//! ```text
//!     u_k± = rank of L(w ± σ v_k) among the 2n losses, from −½ (lowest) to ½ (highest)
//!     ĝ    = (1/2n) Σ_k (u_k+ − u_k−) v_k
//!     w    ← w − s_t η ĝ      or Adam's step of that rate
//! ```
//! w parameters `[P]` · `v_k` directions `[P]`, standard normal or ±1 · σ perturbation scale, in the unit of w · η
//! learning rate, in the unit of w · `s_t` schedule in `[0, 1]` · n pairs · L mean loss on the batch of the update.
//! Equal losses share the mean of their ranks; a pair with a loss that is NaN or infinite is left out. As in the
//! authors' code there is no division by σ: ranks carry no scale. With `anchor_strength` a decay to the start, w ← w* + (w − w*)/(1 + s η λ), follows, at
//! the rate `s_t η`.
//!
//! # Cost
//! 2n evaluations an update. Memory 3P numbers with Adam, P without; P more with an anchor.
//!
//! # Logged
//! `loss` mean of the pairs · `learning_rate` `s_t η` · `non_finite`.
//!
//! # Example
//! ```
//! use tegmentum::data::batch::Batch;
//! use tegmentum::neuromodulation::modulation::Modulation;
//! use tegmentum::model::objective::Objective;
//! use tegmentum::model::objectives::BlackBox;
//! use tegmentum::learning::optimizer::Optimizer;
//! use tegmentum::learning::optimizers::evolution_strategy::EvolutionStrategyConfig;
//! use tegmentum::random::Key;
//!
//! let sphere = BlackBox::new(5, |x: &[f32]| x.iter().map(|&x| f64::from(x * x)).sum());
//! let mut learner = EvolutionStrategyConfig::default().build(vec![0.5; 5], Key::from_seed(1), 4000)?;
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
//! # Reference
//! T. Salimans, J. Ho, X. Chen, S. Sidor, I. Sutskever, *Evolution strategies as a scalable alternative to
//! reinforcement learning*, arXiv:1703.03864, 2017.

use serde::{Deserialize, Serialize};

use super::adam::Adam;
use super::anchor::Anchor;
use super::averaging::{Averaging, Iterate};
use super::checks::{check_losses, check_start, count_non_finite, is_zero, non_negative};
use crate::error::{Result, at_least_one};
use crate::learning::optimizer::{Optimizer, OptimizerSettings, StepReport};
use crate::learning::schedule::Schedule;
use crate::model::network::Network;
use crate::model::perturbation::{Bases, Direction, Family, Probe};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::{Modulation, Target};
use crate::random::Key;
use crate::registry::Description;

/// How the estimate moves the parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UpdateRule {
    /// Elementwise moments.
    #[default]
    Adam,
    /// The estimate itself.
    Sgd,
}

/// Configuration of the evolution strategy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EvolutionStrategyConfig {
    /// η, 0 or above.
    pub learning_rate: f64,
    /// σ, above 0.
    pub perturbation_scale: f64,
    /// n, at least 1.
    pub pairs: usize,
    /// Distribution of the entries of a direction.
    pub family: Family,
    /// How the estimate moves the parameters.
    pub update_rule: UpdateRule,
    /// How the rate goes to the end of the budget.
    pub schedule: Schedule,
    /// Strength λ, 0 or above, with which the weights are drawn back to the start.
    #[serde(skip_serializing_if = "is_zero")]
    pub anchor_strength: f64,
}

impl Default for EvolutionStrategyConfig {
    fn default() -> Self {
        Self {
            learning_rate: 0.01,
            perturbation_scale: 0.02,
            pairs: 8,
            family: Family::Gaussian,
            update_rule: UpdateRule::Adam,
            schedule: Schedule::Constant,
            anchor_strength: 0.0,
        }
    }
}

impl EvolutionStrategyConfig {
    /// A learner that starts from `start`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a number outside its range.
    pub fn build(&self, start: Vec<f32>, key: Key, budget_evaluations: u64) -> Result<EvolutionStrategy> {
        check_start(&start, self.perturbation_scale, budget_evaluations)?;
        self.family.check(start.len())?;
        non_negative("learning_rate", self.learning_rate)?;
        at_least_one("pairs", self.pairs)?;
        Ok(EvolutionStrategy {
            config: self.clone(),
            budget: budget_evaluations,
            key,
            update: 0,
            spent: 0,
            probes: Vec::new(),
            moments: (self.update_rule == UpdateRule::Adam).then(|| Adam::new(start.len())),
            anchor: Anchor::new(self.anchor_strength, &start)?,
            iterate: Iterate::new(start, Averaging::None),
        })
    }
}

impl OptimizerSettings for EvolutionStrategyConfig {
    fn description(&self) -> Description {
        Description {
            name: "evolution_strategy",
            summary: "antithetic pairs with centred ranks",
            reference: "Salimans et al. 2017, arXiv:1703.03864",
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

    fn set_strength(&mut self, strength: f64) -> bool {
        self.anchor_strength = strength;
        true
    }

    fn fit_to(&mut self, network: &dyn Network) {
        self.family = self.family.for_network(network);
    }
}

/// The learner.
#[derive(Clone, Debug)]
pub struct EvolutionStrategy {
    config: EvolutionStrategyConfig,
    budget: u64,
    key: Key,
    update: u64,
    spent: u64,
    probes: Vec<Probe>,
    iterate: Iterate,
    moments: Option<Adam>,
    anchor: Option<Anchor>,
}

crate::archived!(
    EvolutionStrategy { update, spent, iterate }
    optional { moments }
    empty { probes }
    fixed { config, budget, key, anchor }
);

impl EvolutionStrategy {
    /// The estimate ĝ as directions with weights; empty if no pair can be used.
    fn estimate(&self, losses: &[f64]) -> (Vec<(Direction, f32)>, f64) {
        let pairs = losses.chunks_exact(2).zip(self.probes.chunks_exact(2));
        let (values, directions): (Vec<_>, Vec<_>) = pairs
            .filter(|(pair, _)| pair.iter().all(|loss| loss.is_finite()))
            .map(|(pair, probes)| ([pair[0], pair[1]], probes[0].direction))
            .unzip();
        let values = values.concat();
        let ranks = centred_ranks(&values);
        let share = 1.0 / losses.len() as f64;
        let weights = ranks.chunks_exact(2).map(|pair| (share * (pair[0] - pair[1])) as f32);
        let loss = values.iter().sum::<f64>() / values.len() as f64;
        (directions.into_iter().zip(weights).collect(), loss)
    }

    fn descend(&mut self, mut estimate: Vec<(Direction, f32)>, rate: f32) -> Result<()> {
        if let Some(moments) = &mut self.moments {
            return moments.descend(self.iterate.point_mut(), &estimate, rate, self.update);
        }
        for (_, weight) in &mut estimate {
            *weight *= rate;
        }
        self.iterate.descend(&estimate, self.update)
    }
}

/// Ranks of the values from −½ (lowest) to ½ (highest); equal values share the mean of theirs.
fn centred_ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let highest = values.len().saturating_sub(1).max(1) as f64;
    let mut position = 0;
    for equal in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let middle = position as f64 + (equal.len() - 1) as f64 / 2.0;
        for &index in equal {
            ranks[index] = middle / highest - 0.5;
        }
        position += equal.len();
    }
    ranks
}

impl Optimizer for EvolutionStrategy {
    fn ask(&mut self, modulation: &Modulation) -> &[Probe] {
        if self.probes.is_empty() {
            let scale = (self.config.perturbation_scale * modulation.perturbation_scale) as f32;
            let key = self.key.child(self.update);
            for k in 0..self.config.pairs {
                let direction = self.config.family.direction_of(key, k as u64);
                self.probes.push(Probe::perturbed(direction, scale));
                self.probes.push(Probe::perturbed(direction, -scale));
            }
        }
        &self.probes
    }

    fn tell(&mut self, losses: &[f64], modulation: &Modulation) -> Result<StepReport> {
        check_losses(self.probes.len(), losses)?;
        if modulation.reset
            && let Some(moments) = &mut self.moments
        {
            moments.reset();
        }
        let (estimate, loss) = self.estimate(losses);
        let rate =
            self.config.learning_rate * self.config.schedule.factor(self.spent, self.budget) * modulation.learning_rate;
        if !estimate.is_empty() {
            self.descend(estimate, rate as f32)?;
            if let Some(anchor) = &self.anchor {
                anchor.pull(self.iterate.point_mut(), rate);
            }
        }
        self.update += 1;
        self.spent += self.probes.len() as u64;
        self.probes.clear();
        Ok(StepReport { loss, learning_rate: rate, non_finite: count_non_finite(losses), ..StepReport::default() })
    }

    fn bases(&self) -> Bases<'_> {
        self.iterate.bases()
    }

    fn hears(&self) -> Vec<Heard> {
        let reset: &[Target] = if self.moments.is_some() { &[Target::Reset] } else { &[] };
        [Heard::everywhere(&[Target::LearningRate, Target::PerturbationScale]), Heard::everywhere(reset)].concat()
    }

    fn state_bytes(&self) -> usize {
        self.iterate.bytes()
            + self.moments.as_ref().map_or(0, Adam::bytes)
            + self.anchor.as_ref().map_or(0, Anchor::bytes)
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learning::optimizers::checks::three_rounds;

    #[test]
    fn ranks_are_centred_and_equal_values_share_theirs() {
        assert_eq!(centred_ranks(&[10.0, -3.0, 0.5]), [0.5, -0.5, 0.0]);
        assert_eq!(centred_ranks(&[1.0, 1.0, 1.0, 1.0]), [0.0; 4]);
        assert_eq!(centred_ranks(&[2.0, 1.0, 2.0]), [0.25, -0.5, 0.25]);
        assert!(centred_ranks(&[]).is_empty());
    }

    #[test]
    fn value_stability() {
        assert_eq!(three_rounds(&EvolutionStrategyConfig::default()), [0.028_407_749, 0.021_022_972, 0.029_146_615]);
    }
}
