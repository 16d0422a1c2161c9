//! MeZO-Greedy: of a pool of perturbations the best one is kept, and the step is along it alone.
//!
//! # Update
//! ```text
//!     l_i = L(w + σ z_i)                                       i = 1 … q            first round
//!     b   = argmin_i l_i                                       among the finite ones
//!     g   = (l_b − L(w − σ z_b))/(2σ)                          one evaluation more   second round
//!     w   ← w − s_t η g z_b
//! ```
//! w parameters `[P]` · z_i candidates `[P]`, standard normal or ±1 · σ perturbation scale, in the unit of w · g slope along the best
//! candidate · η learning rate, in the unit of w² over that of the loss · `s_t` schedule in `[0, 1]` (ours) · L mean loss on the batch of
//! the update.
//!
//! # Readings
//! The equations of arXiv:2601.04710 could not be obtained; its abstract says that a small pool of candidates is drawn and evaluated and the
//! single best one kept within a fixed budget of evaluations. *Fresh pool* (the default): all candidates are new in each update. *Kept
//! best* (`keep_best = true`): the best candidate of the last update, evaluated anew, takes the place of one of them, as the
//! authors' code does for the other of their two methods. That the best one's other side gives the slope, the number q and σ are ours.
//!
//! # Cost
//! q + 1 evaluations an update, in two rounds. Memory P numbers.
//!
//! # Logged
//! `loss` mean of the candidates, then of the best pair · `learning_rate` `s_t η` · `non_finite`.
//!
//! # Example
//! ```
//! use tegmentum::learning::minimise::minimise;
//! use tegmentum::learning::optimizers::mezo_greedy::MezoGreedyConfig;
//!
//! let sphere = |x: &[f32]| x.iter().map(|&x| f64::from(x * x)).sum::<f64>();
//! let found = minimise(sphere, &[0.5; 5]).optimizer(MezoGreedyConfig::default()).budget(4_000).run()?;
//! assert!(found.loss < 0.01, "{}", found.loss);
//! # Ok::<(), tegmentum::error::Error>(())
//! ```
//!
//! # Reference
//! F. Jin, S. Cen, Y. Tan, *Steering the noise: turning random perturbations into effective descent for memory-efficient LLM fine-tuning*,
//! arXiv:2601.04710, 2026 (see the readings).

use serde::{Deserialize, Serialize};

use super::averaging::{Averaging, Iterate};
use super::checks::{check_losses, check_start, count_non_finite, non_negative};
use super::exploration::mean_of_finite;
use crate::error::{Error, Result};
use crate::learning::optimizer::{Optimizer, OptimizerSettings, StepReport};
use crate::learning::schedule::Schedule;
use crate::model::network::Network;
use crate::model::perturbation::{Bases, Direction, Family, Probe};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::{Modulation, Target};
use crate::random::Key;
use crate::registry::Description;

/// Configuration of MeZO-Greedy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MezoGreedyConfig {
    /// η, 0 or above.
    pub learning_rate: f64,
    /// σ, above 0.
    pub perturbation_scale: f64,
    /// q, at least 2: of one there is no choice.
    pub candidates: usize,
    /// Whether the best candidate of the last update is one of this one's.
    pub keep_best: bool,
    /// Distribution of the entries of a candidate.
    pub family: Family,
    /// How the rate goes to the end of the budget.
    pub schedule: Schedule,
}

impl Default for MezoGreedyConfig {
    fn default() -> Self {
        Self {
            learning_rate: 0.02,
            perturbation_scale: 1e-3,
            candidates: 4,
            keep_best: false,
            family: Family::Gaussian,
            schedule: Schedule::Constant,
        }
    }
}

impl MezoGreedyConfig {
    /// A learner that starts from `start`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a number outside its range.
    pub fn build(&self, start: Vec<f32>, key: Key, budget_evaluations: u64) -> Result<MezoGreedy> {
        check_start(&start, self.perturbation_scale, budget_evaluations)?;
        self.family.check(start.len())?;
        non_negative("learning_rate", self.learning_rate)?;
        if self.candidates < 2 {
            return Err(Error::InvalidParameter {
                name: "candidates",
                value: self.candidates as f64,
                requirement: "at least 2",
            });
        }
        Ok(MezoGreedy {
            config: self.clone(),
            budget: budget_evaluations,
            key,
            update: 0,
            spent: 0,
            kept: None,
            pool: Vec::new(),
            chosen: None,
            probes: Vec::new(),
            iterate: Iterate::new(start, Averaging::None),
        })
    }
}

impl OptimizerSettings for MezoGreedyConfig {
    fn description(&self) -> Description {
        Description {
            name: "mezo_greedy",
            summary: "the best of a pool of perturbations, and a step along it; a reading",
            reference: "reading of arXiv:2601.04710",
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

/// A candidate by the update in which it was drawn and its number there.
type Mark = (u64, u64);

/// The learner.
#[derive(Clone, Debug)]
pub struct MezoGreedy {
    config: MezoGreedyConfig,
    budget: u64,
    key: Key,
    update: u64,
    spent: u64,
    /// The best candidate of the last update, if it is kept.
    kept: Option<Mark>,
    /// The candidates of this update.
    pool: Vec<Mark>,
    /// The best of them and its loss, between the rounds.
    chosen: Option<(Mark, f64)>,
    probes: Vec<Probe>,
    iterate: Iterate,
}

crate::archived!(MezoGreedy { update, spent, kept, iterate } empty { pool, probes } fixed { config, budget, key, chosen });

impl MezoGreedy {
    fn direction(&self, (update, number): Mark) -> Direction {
        self.config.family.direction_of(self.key.child(update), number)
    }

    fn draw(&mut self, scale: f32) {
        let candidates = (0..self.config.candidates as u64).map(|number| (self.update, number));
        self.pool.extend(self.kept.into_iter().chain(candidates).take(self.config.candidates));
        for index in 0..self.pool.len() {
            self.probes.push(Probe::perturbed(self.direction(self.pool[index]), scale));
        }
    }

    /// Chooses the best candidate and asks for its other side; without a finite loss the update is over.
    fn choose(&mut self, losses: &[f64]) -> bool {
        let finite = losses.iter().enumerate().filter(|(_, loss)| loss.is_finite());
        let best = finite.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(index, &loss)| (index, loss));
        self.spent += losses.len() as u64;
        let Some((index, loss)) = best else {
            self.end();
            return false;
        };
        let scale = self.probes[index].scale;
        self.chosen = Some((self.pool[index], loss));
        self.probes.clear();
        self.probes.push(Probe::perturbed(self.direction(self.pool[index]), -scale));
        true
    }

    fn end(&mut self) {
        self.update += 1;
        self.pool.clear();
        self.probes.clear();
    }
}

impl Optimizer for MezoGreedy {
    fn ask(&mut self, modulation: &Modulation) -> &[Probe] {
        if self.probes.is_empty() {
            self.draw((self.config.perturbation_scale * modulation.perturbation_scale) as f32);
        }
        &self.probes
    }

    fn tell(&mut self, losses: &[f64], modulation: &Modulation) -> Result<StepReport> {
        check_losses(self.probes.len(), losses)?;
        let non_finite = count_non_finite(losses);
        let rate =
            self.config.learning_rate * self.config.schedule.factor(self.spent, self.budget) * modulation.learning_rate;
        let Some((mark, best)) = self.chosen.take() else {
            let loss = mean_of_finite(losses);
            let follow_up = self.choose(losses);
            return Ok(StepReport { loss, learning_rate: rate, non_finite, follow_up, ..StepReport::default() });
        };
        let scale = -f64::from(self.probes[0].scale);
        let slope = (best - losses[0]) / (2.0 * scale);
        if slope.is_finite() {
            let term = (self.direction(mark), (rate * slope) as f32);
            self.iterate.descend(&[term], self.update)?;
        }
        self.kept = self.config.keep_best.then_some(mark);
        self.spent += 1;
        self.end();
        let loss = mean_of_finite(&[best, losses[0]]);
        Ok(StepReport { loss, learning_rate: rate, non_finite, ..StepReport::default() })
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
    use crate::model::perturbation::Base;

    fn weights(learner: &MezoGreedy) -> Vec<f32> {
        let mut weights = vec![0.0; 3];
        learner.bases().point(Base::Acting).unwrap().write(1.0, &mut weights);
        weights
    }

    /// Losses 5, 2, 9 of three candidates: the second is chosen; with 4 on its other side, g = (2 − 4)/(2 · .5) = −2, and at
    /// η = .25 the weights move by .5 z.
    #[test]
    fn the_step_is_along_the_best_candidate() {
        let config = MezoGreedyConfig {
            learning_rate: 0.25,
            perturbation_scale: 0.5,
            candidates: 3,
            keep_best: true,
            ..MezoGreedyConfig::default()
        };
        let mut learner = config.build(vec![0.0; 3], Key::from_seed(1), 100).unwrap();
        let modulation = Modulation::default();
        let pool = learner.ask(&modulation).to_vec();
        assert_eq!(pool.len(), 3);
        assert!(learner.tell(&[5.0, 2.0, 9.0], &modulation).unwrap().follow_up);
        assert!(learner.ask(&modulation)[0].is_antithetic_to(&pool[1]));
        let report = learner.tell(&[4.0], &modulation).unwrap();
        assert_eq!((report.loss, report.follow_up), (3.0, false));
        let mut expected = vec![0.0; 3];
        pool[1].direction.add_to(0.5, &mut expected);
        assert_eq!(weights(&learner), expected);
        // It is one of the next pool, beside two new ones.
        let next = learner.ask(&modulation).to_vec();
        assert_eq!((next[0], next.len()), (pool[1], 3));
        assert!(!pool.contains(&next[1]) && !pool.contains(&next[2]));
    }

    #[test]
    fn a_candidate_without_a_loss_is_not_chosen() {
        let mut learner = MezoGreedyConfig::default().build(vec![0.0; 3], Key::from_seed(1), 100).unwrap();
        let modulation = Modulation::default();
        let pool = learner.ask(&modulation).to_vec();
        let report = learner.tell(&[f64::NAN, f64::NEG_INFINITY, 7.0, f64::INFINITY], &modulation).unwrap();
        assert_eq!((report.loss, report.non_finite), (7.0, 3));
        assert!(learner.ask(&modulation)[0].is_antithetic_to(&pool[2]));
        learner.tell(&[f64::NAN], &modulation).unwrap();
        assert_eq!(weights(&learner), [0.0; 3]);
    }

    #[test]
    fn value_stability() {
        assert_eq!(three_rounds(&MezoGreedyConfig::default()), [-0.001_621_269, 0.032_108_612, 0.124_978_46]);
    }
}
