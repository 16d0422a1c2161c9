//! Dopamine: schedule-free weight perturbation under the control of four neuromodulators. It has no learning rate to set.
//!
//! # Update
//! ```text
//!     s     = max(rms(θ₀), 1e-3), or 1 if θ₀ = 0 ,  σ = 1e-3 s ,  cap = min(.5, √(K/P))            all lengths relative to the weights
//!     y     = .9 x + .1 z                                                            actor, formed on read
//!     r_k   = (L(y + σ v_k) − L(y))/σ            or (L(y + σ v_k) − L(y − σ v_k))/(2σ) for pairs
//!     δ_k   = r_k − m                            dopamine: regret minus expected regret
//!     z     ← z − rate · s · f/√(K q) · Σ_k δ_k v_k                                  acetylcholine divides: unit size
//!     x     ← x + min(1, 5/(t + 4)) (z − x)                                          serotonin: horizon of the average
//!     each window: rate from L(x) − L(y), pull z home if acting did not pay          slow dopamine, serotonin
//!     surprise:    x = z = ρ x, everything else forgotten, rate up                   noradrenaline
//!     patience:    no progress of 5 % for max(patience, t/2) updates: new weights ~ N(0, s²), the best x is kept
//! ```
//! θ₀ first parameters `[P]` · x averaged (handed over), z exploring, y acting parameters `[P]` · v_k direction k `[P]` ·
//! L loss on one batch, the same for all probes of an update · m, q, rate, t: see
//! [`neuromodulation`](crate::neuromodulation).
//!
//! # Cost
//! K + 1 evaluations an update (2K for pairs), two for each window, 6 for each surprise. Two vectors `[P]` (a third with
//! patience), no activations, noise from keys.
//!
//! # What this is
//! **Our reading** of "Dopamine" (Nambusubramaniyan, Safavi, Guru, Knoblauch, arXiv:2510.22178): the regret is read as a
//! reward prediction error that sets the learning rate. The paper's own update rule could not be obtained; nothing here
//! reproduces it. The simpler readings R0–R11 are in [`weight_perturbation`](crate::learning::optimizers::weight_perturbation).
//! Prior art: normalisation by the size of the loss differences as in FZOO (arXiv:2506.09034) and MEAZO
//! (arXiv:2605.03869), averaging as in schedule-free learning (Defazio et al. 2024, arXiv:2405.15682).
//!
//! # Example
//! ```
//! use tegmentum::learning::minimise::minimise;
//! use tegmentum::learning::optimizers::dopamine::DopamineConfig;
//!
//! // Rosenbrock's valley, by its values alone.
//! let valley = |x: &[f32]| {
//!     let (x, y) = (f64::from(x[0]), f64::from(x[1]));
//!     (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2)
//! };
//! let dopamine = DopamineConfig { directions: 4, ..DopamineConfig::default() };
//! let result = minimise(valley, &[-1.2, 1.0]).optimizer(dopamine).budget(5_000).seed(1).run()?;
//! assert!(result.loss < 1.0, "began at 24.2, ended at {}", result.loss);
//! # Ok::<(), tegmentum::error::Error>(())
//! ```

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, at_least_one, positive};
use crate::kernel::lanes::{descend_and_average, towards};
use crate::learning::optimizer::{Levels, Optimizer, OptimizerSettings, StepReport};
use crate::learning::optimizers::checks::check_start;
use crate::model::network::Network;
use crate::model::perturbation::{Base, Bases, Direction, Family, Point, Probe, for_each_weighted_part};
use crate::neuromodulation::controller::{Controller, ControllerConfig};
use crate::neuromodulation::modulation::Modulation;
use crate::random::Key;
use crate::registry::Description;

/// Share of the averaged model in the acting one.
const AVERAGED_SHARE: f32 = 0.9;
/// Regrets beyond this count as not finite.
const MAX_REGRET: f64 = 1e30;

/// The settings of the optimizer. None has to be tuned.
///
/// # Example
/// ```
/// use tegmentum::learning::optimizers::dopamine::DopamineConfig;
///
/// let config: DopamineConfig = toml::from_str("patience = 100")?;
/// assert_eq!(config.directions, 4);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DopamineConfig {
    /// Directions K of an update. 4 is good for small and recurrent networks, 8 for classification in mini-batches.
    pub directions: usize,
    /// The distribution of the directions.
    pub family: Family,
    /// Whether each direction is tried both ways: twice the evaluations, for losses that are noisy or quantised, where
    /// the scale cannot be small.
    pub two_sided: bool,
    /// Scale of a perturbation as a share of the weights' root mean square.
    pub perturbation_scale: f64,
    /// The usual size of a parameter, which all lengths are relative to: the root mean square of the start if it is not
    /// given, at least 1e-3, or 1 for a start at zero, which says nothing about size.
    pub parameter_size: Option<f64>,
    /// The rate to begin with, as a share of the weights' root mean square; the cap if it is not given. Any positive
    /// number works, infinity too.
    pub start_rate: Option<f64>,
    /// The largest rate, as a share of the weights' root mean square; min(½, √(K/P)) if it is not given.
    pub largest_rate: Option<f64>,
    /// Updates without progress after which the search starts again from new weights; never if it is not given. Not
    /// for streams: it would throw away a model that has reached its noise floor.
    pub patience: Option<u64>,
    /// The four modulators.
    pub controller: ControllerConfig,
}

impl Default for DopamineConfig {
    fn default() -> Self {
        Self {
            directions: 4,
            family: Family::Rademacher,
            two_sided: false,
            perturbation_scale: 1e-3,
            parameter_size: None,
            start_rate: None,
            largest_rate: None,
            patience: None,
            controller: ControllerConfig::default(),
        }
    }
}

impl DopamineConfig {
    /// An optimizer that begins at `start` `[P]` and draws its directions from `key`. It makes no use of the budget.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a setting outside its range, [`Error::NonFinite`] for a start that is not finite.
    pub fn build(&self, start: Vec<f32>, key: Key, budget_evaluations: u64) -> Result<Dopamine> {
        at_least_one("directions", self.directions)?;
        if let Some(patience) = self.patience {
            at_least_one("patience", patience as usize)?;
        }
        check_start(&start, self.perturbation_scale, budget_evaluations)?;
        self.family.check(start.len())?;
        let size = match self.parameter_size {
            Some(size) => positive("parameter_size", size)?,
            None => parameter_size(&start),
        };
        let evaluations = if self.two_sided { 2 * self.directions } else { self.directions + 1 };
        let mut controller = self.controller.clone();
        controller.first_window.get_or_insert((32 / evaluations as u64).max(4));
        let cap = match self.largest_rate {
            Some(cap) => positive("largest_rate", cap)?,
            None => (self.directions as f64 / start.len() as f64).sqrt().min(0.5),
        };
        Ok(Dopamine {
            controller: controller.build(self.start_rate.unwrap_or(cap), cap, key.child(u64::MAX))?,
            size,
            averaged: start.clone(),
            explorer: start,
            best: None,
            key,
            updates: 0,
            restarts: 0,
            phase: Phase::Step,
            probes: Vec::with_capacity(2 * self.directions + 1),
            regrets: Vec::with_capacity(self.directions),
            terms: Vec::with_capacity(self.directions),
            gains: Vec::new(),
            progress: Progress::default(),
            judged: f64::INFINITY,
            config: self.clone(),
        })
    }
}

impl OptimizerSettings for DopamineConfig {
    fn description(&self) -> Description {
        Description {
            name: "dopamine",
            summary: "schedule-free, no learning rate to set, four neuromodulators in control; our reading",
            reference: "reading of arXiv:2510.22178; Defazio et al. 2024, arXiv:2405.15682",
        }
    }

    fn build(&self, start: Vec<f32>, key: Key, budget_evaluations: u64) -> Result<Box<dyn Optimizer>> {
        Ok(Box::new(self.build(start, key, budget_evaluations)?))
    }

    /// Sets the rate to begin with.
    fn set_learning_rate(&mut self, rate: f64) -> bool {
        self.start_rate = Some(rate);
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

/// The root mean square of `start`, at least 1e-3; 1 if it is zero.
pub(crate) fn parameter_size(start: &[f32]) -> f64 {
    let sum: f64 = start.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
    if sum == 0.0 { 1.0 } else { (sum / start.len() as f64).sqrt().max(1e-3) }
}

/// What the optimizer asks about next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The probes of a step.
    Step,
    /// The averaged model, on the same batch: is the world different?
    Confirm,
    /// The averaged model with smaller gains, on the same batch.
    Gain,
    /// The averaged and the acting model, on the same batch: has acting paid?
    Judge,
}

/// The best averaged model since the last restart, for patience.
#[derive(Clone, Copy, Debug)]
struct Progress {
    loss: f64,
    update: u64,
}

impl Default for Progress {
    fn default() -> Self {
        Self { loss: f64::INFINITY, update: 0 }
    }
}

/// The optimizer; see the module's head.
#[derive(Debug)]
pub struct Dopamine {
    config: DopamineConfig,
    controller: Controller,
    /// Root mean square s of the first parameters.
    size: f64,
    averaged: Vec<f32>,
    explorer: Vec<f32>,
    /// The best averaged model of all lives and its loss, kept with patience alone.
    best: Option<(f64, Vec<f32>)>,
    key: Key,
    updates: u64,
    restarts: u64,
    phase: Phase,
    probes: Vec<Probe>,
    regrets: Vec<f64>,
    terms: Vec<(Direction, f32)>,
    /// Gains under trial and their losses.
    gains: Vec<(f32, f64)>,
    progress: Progress,
    /// Loss of the averaged model at the end of the last window; infinite before the first and after a restart.
    judged: f64,
}

impl Dopamine {
    /// The four modulators.
    pub fn controller(&self) -> &Controller {
        &self.controller
    }

    fn direction(&self, index: usize) -> Direction {
        self.config.family.direction(self.key.child(self.updates).child(index as u64))
    }

    fn scale(&self, modulation: &Modulation) -> f32 {
        (self.config.perturbation_scale * self.size * modulation.perturbation_scale) as f32
    }

    fn plan_step(&mut self, modulation: &Modulation) {
        let scale = self.scale(modulation);
        if !self.config.two_sided {
            self.probes.push(Probe::unperturbed(Base::Acting));
        }
        for index in 0..self.config.directions {
            let direction = self.direction(index);
            self.probes.push(Probe::perturbed(direction, scale));
            if self.config.two_sided {
                self.probes.push(Probe::perturbed(direction, -scale));
            }
        }
    }

    /// Regrets per unit of noise into `self.regrets`, those that are not finite as 0; returns the loss of the acting
    /// model.
    fn read_regrets(&mut self, losses: &[f64], modulation: &Modulation) -> f64 {
        let scale = f64::from(self.scale(modulation));
        let usable = |regret: f64| if regret.abs() <= MAX_REGRET { regret } else { 0.0 };
        self.regrets.clear();
        if self.config.two_sided {
            self.regrets.extend(losses.chunks_exact(2).map(|pair| usable((pair[0] - pair[1]) / (2.0 * scale))));
            losses.iter().sum::<f64>() / losses.len() as f64
        } else {
            self.regrets.extend(losses[1..].iter().map(|loss| usable((loss - losses[0]) / scale)));
            losses[0]
        }
    }

    /// The end of the main round: appraise, move, watch.
    fn step(&mut self, losses: &[f64], modulation: &Modulation) -> Result<StepReport> {
        let loss = self.read_regrets(losses, modulation);
        let mut errors = std::mem::take(&mut self.regrets);
        let factor = self.controller.appraise(&mut errors);
        let rate = self.controller.rate() * modulation.learning_rate;
        let step = rate * self.size * factor / (self.config.directions as f64).sqrt();
        self.terms.clear();
        for (index, error) in errors.iter().enumerate() {
            let weight = (step * error) as f32;
            if !weight.is_finite() {
                return Err(Error::NonFinite { what: "the step", step: self.updates });
            }
            self.terms.push((self.direction(index), weight));
        }
        self.regrets = errors;
        let share = self.controller.advance(loss);
        self.move_by_terms(share as f32);
        self.obey(modulation);
        let suspicious = self.controller.watch(loss);
        self.phase = if suspicious { Phase::Confirm } else { self.after_watching() };
        self.updates += 1;
        Ok(StepReport { loss, learning_rate: rate, follow_up: self.phase != Phase::Step, ..StepReport::default() })
    }

    fn after_watching(&self) -> Phase {
        if self.controller.is_window_over() { Phase::Judge } else { Phase::Step }
    }

    /// `z ← z − Σ terms`, `x ← x + share (z − x)`, in one pass.
    fn move_by_terms(&mut self, share: f32) {
        let vectors = [&mut self.explorer[..], &mut self.averaged[..]];
        for_each_weighted_part(&self.terms, vectors, |[explorer, averaged], sum| {
            descend_and_average(sum, share, explorer, averaged);
            true
        });
    }

    /// What the learner is told from outside besides rate and scale: a gain, a pull home, or to forget.
    fn obey(&mut self, modulation: &Modulation) {
        if modulation.gain != 1.0 {
            let gain = modulation.gain as f32;
            self.explorer.iter_mut().chain(&mut self.averaged).for_each(|value| *value *= gain);
        }
        self.pull_home(modulation.consolidation);
        if modulation.reset {
            self.controller.forget();
        }
    }

    /// Moves the explorer back to the average by a share.
    fn pull_home(&mut self, share: f64) {
        if share > 0.0 {
            for (z, x) in self.explorer.iter_mut().zip(&self.averaged) {
                *z = towards(*z, *x, share as f32);
            }
        }
    }

    fn confirm(&mut self, averaged_loss: f64) -> StepReport {
        let mut report = StepReport { follow_up: true, ..StepReport::default() };
        if !self.controller.confirm(averaged_loss) {
            self.phase = self.after_watching();
            report.follow_up = self.phase != Phase::Step;
            return report;
        }
        self.gains.clear();
        self.gains.push((1.0, averaged_loss));
        self.gains.extend(self.receptor_gains().iter().map(|&gain| (gain, f64::NAN)));
        if self.gains.len() == 1 {
            return self.start_over();
        }
        self.phase = Phase::Gain;
        report
    }

    fn receptor_gains(&self) -> Vec<f32> {
        self.controller.config().receptors.noradrenaline_on_gain.clone()
    }

    /// A confirmed surprise: weights with the best gain, everything else forgotten.
    fn start_over(&mut self) -> StepReport {
        let modulation = self.controller.surprise(&self.gains);
        let gain = modulation.gain as f32;
        for (z, x) in self.explorer.iter_mut().zip(&mut self.averaged) {
            *x *= gain;
            *z = *x;
        }
        self.progress = Progress::default();
        // The best model of the world as it was is of no use in the one it has become.
        self.best = None;
        self.phase = Phase::Step;
        StepReport { learning_rate: modulation.learning_rate, surprised: true, ..StepReport::default() }
    }

    /// The end of a window.
    fn judge(&mut self, averaged_loss: f64, acting_loss: f64) -> StepReport {
        let modulation = self.controller.judge(averaged_loss, acting_loss);
        self.pull_home(modulation.consolidation);
        self.phase = Phase::Step;
        self.judged = averaged_loss;
        if let Some(patience) = self.config.patience {
            self.wait(averaged_loss, patience);
        }
        StepReport { learning_rate: modulation.learning_rate, ..StepReport::default() }
    }

    /// Keeps the best averaged model and starts again from new weights when there was no progress for too long.
    fn wait(&mut self, averaged_loss: f64, patience: u64) {
        if self.best.as_ref().is_none_or(|best| averaged_loss < best.0) {
            let mut vector = self.best.take().map_or_else(|| vec![0.0; self.averaged.len()], |best| best.1);
            vector.copy_from_slice(&self.averaged);
            self.best = Some((averaged_loss, vector));
        }
        let elapsed = self.controller.elapsed();
        if averaged_loss < 0.95 * self.progress.loss {
            self.progress = Progress { loss: averaged_loss, update: elapsed };
        }
        if elapsed - self.progress.update.min(elapsed) > patience.max(elapsed / 2) {
            self.restarts += 1;
            let mut stream = self.key.child(u64::MAX - self.restarts).stream();
            for (x, z) in self.averaged.iter_mut().zip(&mut self.explorer) {
                *x = self.size as f32 * stream.normal();
                *z = *x;
            }
            self.controller.restart();
            self.progress = Progress::default();
            self.judged = f64::INFINITY;
        }
    }
}

impl Optimizer for Dopamine {
    fn ask(&mut self, modulation: &Modulation) -> &[Probe] {
        self.probes.clear();
        match self.phase {
            Phase::Step => self.plan_step(modulation),
            Phase::Confirm => self.probes.push(Probe::unperturbed(Base::Averaged)),
            Phase::Gain => {
                let smaller = self.gains.iter().skip(1);
                self.probes.extend(smaller.map(|&(gain, _)| Probe { gain, ..Probe::unperturbed(Base::Averaged) }));
            }
            Phase::Judge => {
                self.probes.extend([Base::Averaged, Base::Acting].map(Probe::unperturbed));
            }
        }
        &self.probes
    }

    fn tell(&mut self, losses: &[f64], modulation: &Modulation) -> Result<StepReport> {
        if losses.len() != self.probes.len() || losses.is_empty() {
            return Err(Error::ShapeMismatch { what: "losses", expected: self.probes.len(), found: losses.len() });
        }
        let report = match self.phase {
            Phase::Step => self.step(losses, modulation)?,
            Phase::Confirm => self.confirm(losses[0]),
            Phase::Gain => {
                for (gain, &loss) in self.gains.iter_mut().skip(1).zip(losses) {
                    gain.1 = loss;
                }
                self.start_over()
            }
            Phase::Judge => self.judge(losses[0], losses[1]),
        };
        let non_finite = losses.iter().filter(|loss| !loss.is_finite()).count() as u32;
        Ok(StepReport { non_finite, ..report })
    }

    fn bases(&self) -> Bases<'_> {
        let averaged = Point::Vector(&self.averaged);
        let acting = if self.controller.config().lesions.serotonin {
            Point::Vector(&self.explorer)
        } else {
            Point::Mixture { first: &self.averaged, second: &self.explorer, weight: AVERAGED_SHARE }
        };
        Bases { acting, averaged, candidates: &[] }
    }

    fn solution(&self) -> Point<'_> {
        match &self.best {
            // Unless the model in hand was judged to be as good.
            Some((loss, best)) if *loss < self.judged || self.judged.is_nan() => Point::Vector(best),
            _ => Point::Vector(&self.averaged),
        }
    }

    fn state_bytes(&self) -> usize {
        let vectors = if self.config.patience.is_some() { 3 } else { 2 };
        vectors * self.averaged.len() * size_of::<f32>()
    }

    fn levels(&self) -> Option<Levels> {
        Some(self.controller.levels())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learning::optimizers::checks::three_rounds;

    #[test]
    fn value_stability() {
        assert_eq!(three_rounds(&DopamineConfig::default()), [1.118_196_2, 1.614_276_5, 0.672_066_33]);
    }
}
