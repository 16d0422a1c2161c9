//! PolyStep: a step to the barycentre of the vertices of a polytope, weighted by a softmax of their losses.
//!
//! # Update
//! ```text
//!     l_(k,±) = L(w ± σ v_k)                                   k = 1 … K: the 2K vertices of a cross-polytope
//!     C_j     = l_j − min l ,  c = mean of C                   over the finite losses
//!     W_j     = exp(−C_j/(ε c))/Σ_i exp(−C_i/(ε c))            0 where the loss is not finite
//!     w       ← w + s_t η Σ_k (W_(k,+) − W_(k,−)) v_k
//! ```
//! w parameters `[P]` · v_k directions `[P]`, a new random subspace of K dimensions for each update · σ radius of the probes, in the unit of
//! w · ε temperature, without a unit: as ε → 0 the step goes to the best vertex, as it grows it becomes that of a gradient estimate
//! divided by the size of the differences · η radius of the step (learning rate), in the unit of w · `s_t` schedule in `[0, 1]`
//! (ours) · L mean loss on the batch of the update. If all losses are equal nothing moves.
//!
//! # Reading
//! The softmax rule on costs that are shifted to begin at 0 and divided by their mean, one probe a vertex, and the barycentric
//! projection are from the documentation of the authors' code, not from the paper. *One particle*: all parameters are one particle in a
//! subspace of K dense directions that is drawn anew; the paper has many particles of a few dimensions in a low-rank subspace of each
//! layer, which is kept and rotated, simplices, and schedules of ε and of both radii. The five tasks of the paper are not repeated here.
//!
//! # Cost
//! 2K evaluations an update. Memory P numbers.
//!
//! # Logged
//! `loss` mean of the vertices · `learning_rate` `s_t η` · `non_finite`.
//!
//! # Example
//! ```
//! use tegmentum::learning::minimise::minimise;
//! use tegmentum::learning::optimizers::polystep::PolystepConfig;
//!
//! // A loss in steps has no gradient.
//! let steps = |x: &[f32]| x.iter().map(|&x| (4.0 * f64::from(x * x)).floor()).sum::<f64>();
//! let polystep = PolystepConfig { learning_rate: 0.1, perturbation_scale: 0.3, ..PolystepConfig::default() };
//! let found = minimise(steps, &[2.0, -1.5, 1.0]).optimizer(polystep).budget(2_000).run()?;
//! assert!(found.start_loss == 29.0 && found.loss < 2.0, "{}", found.loss);
//! # Ok::<(), tegmentum::error::Error>(())
//! ```
//!
//! # Reference
//! A. T. Le, *Training non-differentiable networks via optimal transport*, arXiv:2605.01928, 2026 (see the reading).

use serde::{Deserialize, Serialize};

use super::averaging::{Averaging, Iterate};
use super::checks::{check_start, non_negative};
use super::exploration::Exploration;
use crate::error::{Result, at_least_one, positive};
use crate::kernel::math;
use crate::learning::optimizer::{Optimizer, OptimizerSettings, StepReport};
use crate::learning::schedule::Schedule;
use crate::model::network::Network;
use crate::model::perturbation::{Bases, Direction, Family, Probe};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::{Modulation, Target};
use crate::random::Key;
use crate::registry::Description;

/// Configuration of PolyStep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolystepConfig {
    /// η, 0 or above.
    pub learning_rate: f64,
    /// σ, above 0.
    pub perturbation_scale: f64,
    /// K, at least 1.
    pub directions: usize,
    /// ε, above 0.
    pub temperature: f64,
    /// Distribution of the entries of a direction.
    pub family: Family,
    /// How the rate goes to the end of the budget.
    pub schedule: Schedule,
}

impl Default for PolystepConfig {
    fn default() -> Self {
        Self {
            learning_rate: 0.03,
            perturbation_scale: 0.01,
            directions: 4,
            temperature: 0.5,
            family: Family::Rademacher,
            schedule: Schedule::Constant,
        }
    }
}

impl PolystepConfig {
    /// A learner that starts from `start`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`](crate::error::Error::InvalidParameter) for a number outside its range.
    pub fn build(&self, start: Vec<f32>, key: Key, budget_evaluations: u64) -> Result<Polystep> {
        check_start(&start, self.perturbation_scale, budget_evaluations)?;
        self.family.check(start.len())?;
        non_negative("learning_rate", self.learning_rate)?;
        at_least_one("directions", self.directions)?;
        positive("temperature", self.temperature)?;
        Ok(Polystep {
            config: self.clone(),
            budget: budget_evaluations,
            exploration: Exploration::new(key, self.family, self.directions, true),
            iterate: Iterate::new(start, Averaging::None),
        })
    }
}

impl OptimizerSettings for PolystepConfig {
    fn description(&self) -> Description {
        Description {
            name: "polystep",
            summary: "to the barycentre of vertices, weighted by a softmax of their losses; a reading",
            reference: "reading of arXiv:2605.01928",
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
        self.family = self.family.for_network(network);
    }
}

/// The learner.
#[derive(Clone, Debug)]
pub struct Polystep {
    config: PolystepConfig,
    budget: u64,
    exploration: Exploration,
    iterate: Iterate,
}

crate::archived!(Polystep { exploration, iterate } fixed { config, budget });

/// W `[2K]`, the weights of the vertices with these losses; none if no vertex is better than another.
fn barycentric(losses: &[f64], temperature: f64) -> Option<Vec<f64>> {
    let finite = || losses.iter().filter(|loss| loss.is_finite());
    let least = finite().copied().fold(f64::INFINITY, f64::min);
    let mean = finite().map(|loss| (loss - least) / finite().count() as f64).sum::<f64>();
    if !mean.is_finite() || mean <= 0.0 {
        return None;
    }
    let weight = |loss: &f64| {
        let exponent = ((least - loss) / mean / temperature) as f32;
        if loss.is_finite() { f64::from(math::exp(exponent)) } else { 0.0 }
    };
    let weights: Vec<f64> = losses.iter().map(weight).collect();
    let sum: f64 = weights.iter().sum();
    Some(weights.into_iter().map(|weight| weight / sum).collect())
}

impl Optimizer for Polystep {
    fn ask(&mut self, modulation: &Modulation) -> &[Probe] {
        self.exploration.ask(self.config.perturbation_scale * modulation.perturbation_scale)
    }

    fn tell(&mut self, losses: &[f64], modulation: &Modulation) -> Result<StepReport> {
        let outcome = self.exploration.observe(losses)?;
        let rate = self.config.learning_rate
            * self.config.schedule.factor(self.exploration.spent(), self.budget)
            * modulation.learning_rate;
        if let Some(weights) = barycentric(losses, self.config.temperature) {
            let vertices = self.exploration.ask(0.0).iter().step_by(2).map(|probe| probe.direction);
            let step = |pair: &[f64]| (rate * (pair[1] - pair[0])) as f32;
            let terms: Vec<(Direction, f32)> = vertices.zip(weights.chunks_exact(2).map(step)).collect();
            self.iterate.descend(&terms, self.exploration.update())?;
        }
        self.exploration.advance();
        Ok(StepReport {
            loss: outcome.loss,
            learning_rate: rate,
            non_finite: outcome.non_finite,
            ..StepReport::default()
        })
    }

    fn bases(&self) -> Bases<'_> {
        self.iterate.bases()
    }

    fn hears(&self) -> Vec<Heard> {
        Heard::everywhere(&[Target::LearningRate, Target::PerturbationScale])
    }

    fn state_bytes(&self) -> usize {
        self.iterate.bytes()
    }

    crate::archives!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learning::optimizers::checks::three_rounds;

    /// Losses 1, 3 and 2, 2: C = 0, 2, 1, 1 with mean 1; at ε = 1/ln 2 the weights are ∝ 1, 1/4, 1/2, 1/2.
    #[test]
    fn weights_are_a_softmax_of_the_losses() {
        let found = barycentric(&[1.0, 3.0, 2.0, 2.0], 1.0 / std::f64::consts::LN_2).unwrap();
        for (found, exact) in found.iter().zip([4.0 / 9.0, 1.0 / 9.0, 2.0 / 9.0, 2.0 / 9.0]) {
            assert!((found - exact).abs() < 1e-6, "{found} {exact}");
        }
        let cold = barycentric(&[5.0, 1.0, f64::NAN, 1.5], 1e-3).unwrap();
        assert_eq!(cold, [0.0, 1.0, 0.0, 0.0]);
        assert_eq!(barycentric(&[2.0, 2.0, f64::INFINITY, 2.0], 1.0), None);
        assert_eq!(barycentric(&[f64::NAN; 2], 1.0), None);
    }

    /// One direction, losses 1 and 3: C = 0, 2 of mean 1, and at ε = 2/ln 3 the weights are 3/4 and 1/4: a step of η/2.
    #[test]
    fn the_step_goes_to_the_barycentre() {
        let config = PolystepConfig {
            learning_rate: 0.5,
            directions: 1,
            temperature: 2.0 / 3f64.ln(),
            ..PolystepConfig::default()
        };
        let mut learner = config.build(vec![0.0; 4], Key::from_seed(1), 100).unwrap();
        let modulation = Modulation::default();
        let direction = learner.ask(&modulation)[0].direction;
        learner.tell(&[1.0, 3.0], &modulation).unwrap();
        let (mut found, mut signs) = (vec![0.0; 4], vec![0.0; 4]);
        learner.bases().acting.write(1.0, &mut found);
        direction.write_to(0.25, &mut signs);
        assert!(found.iter().zip(&signs).all(|(found, exact)| (found - exact).abs() < 1e-6), "{found:?} {signs:?}");
    }

    #[test]
    fn value_stability() {
        assert_eq!(three_rounds(&PolystepConfig::default()), [0.050_422_575, 0.078_174_32, 0.018_504_534]);
    }
}
