//! Dopamine: schedule-free weight perturbation under the control of four neuromodulators. It has no learning rate to set.
//!
//! # Update
//! ```text
//!     s     = rms(θ₀), or 1 if θ₀ = 0 ,  σ = 1e-3 s ,  cap = min(.5, √K · max(1/√P, .02))   relative to the weights
//!     y     = .9 x + .1 z                                                            actor, formed on read
//!     r_k   = (L(y + σ v_k) − L(y))/σ            or (L(y + σ v_k) − L(y − σ v_k))/(2σ) for pairs
//!     δ_k   = r_k − m                            dopamine: regret minus expected regret
//!     z     ← z − rate · s · f/√(K q) · Σ_k δ_k v_k                                  acetylcholine divides: unit size
//!     x     ← x + min(1, 5/(t + 4)) (z − x)                                          serotonin: horizon of the average
//!     each window: rate from L(x) − L(y), z returns towards x if acting did not pay  slow dopamine, serotonin
//!     surprise:    x = z = ρ x, everything else forgotten, rate up                   noradrenaline
//!     not finite:  a step after which L(y) is not finite is taken back, rate ← rate/2; or on to a probe whose loss is finite
//!     small start: rms(x) > 32 s at the end of a window: s ← rms(x)                     `parameter_sizes`: in each block on its own
//!     patience:    no progress of 5 % for max(patience, t/2) updates: new weights ~ N(0, s²), the best x is kept
//! ```
//! θ₀ first parameters `[P]` · x averaged (handed over), z exploring, y acting parameters `[P]` · v_k direction k `[P]` ·
//! L loss on one batch, the same for all probes of an update · m, q, t: nuclei of the preset
//! [`dopamine-optimizer`](crate::neuromodulation::presets::dopamine_optimizer) · rate, windows, surprise:
//! [`supervisor`](crate::learning::supervisor). A start near a floor is gone back to (`dopamine/warm_start.rs`); where nothing answers, σ widens (`dopamine/scale.rs`).
//!
//! # The cap
//! An update of rate r moves every weight by r of the usual size of a weight, nearly all of it noise. It changes what reaches a unit by r of its
//! own usual size, however many weights the unit has: what a network bears does not fall with P. The bound √(K/P), which is that of a step
//! no longer than √K weights, falls: beyond 2 500 weights it holds the rate below what the windows would allow, and they, which measure
//! whether acting pays, are not asked. So it ends at .02 √K; up to P = 2 500 nothing is different. The .02 was chosen among 0, .01, .02, .04 and
//! .08 on two or three seeds of images and digits with 19 210 to 203 530 weights, where .01 to .04 differ by less than the seeds do; the
//! study `size` has others. Why it is the same for all: the rate at which a step along K directions gains most is √K s‖g‖/(s² tr H)
//! ([`RelativeSteps`](crate::evidence::metrics::RelativeSteps)), which falls as learning goes on and not with P (study `best-rate`).
//!
//! # Modulation
//! The modulators are a [`NeuromodulatorySystem`](crate::neuromodulation::system) like those of agents: nuclei, couplings, kinetics,
//! receptors and drugs are set under `neuromodulation`. Beside what the supervisor obeys, the optimizer obeys `perturbation_scale`
//! (factor on σ), `gain` (all candidates are evaluated with all weights times the gain; the weights stay) and, for networks,
//! `learning_rate` at layers, populations and synapses.
//!
//! # Cost
//! K + 1 evaluations an update (2K for pairs), two for each window, 6 for each surprise. Two vectors `[P]` (a third with
//! patience, and in the first three windows), no activations, noise from keys.
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

use crate::error::{Error, Result};
use crate::learning::optimizer::{Levels, Optimizer, StepReport};
use crate::learning::places::Places;
use crate::learning::schedule_free::ScheduleFree;
use crate::learning::supervisor::{Consequence, GAINS, Question, Supervisor};
use crate::model::perturbation::{Base, Bases, Direction, Family, Point, Probe};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::Modulation;
use crate::neuromodulation::system::NeuromodulationConfig;
use crate::neuromodulation::target::Target;
use crate::random::Key;

pub(super) mod block_sizes;
mod building;
mod scale;
mod warm_start;

use block_sizes::BlockSizes;
pub(crate) use block_sizes::parameter_size;
pub use block_sizes::{ConnectionSize, ParameterSizes};
use scale::Scale;
use warm_start::WarmStart;

/// Regrets beyond this count as not finite.
const MAX_REGRET: f64 = 1e150;
/// Sizes that weights must have reached for the size that lengths are relative to to follow them.
const GROWTH: f64 = 32.0;

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
    /// Whether the scale of perturbations is searched: probes take turns with one scale and its double, and it widens where the
    /// answers do not grow with it. For losses with steps (rounded weights) or noise.
    pub search_scale: bool,
    /// The usual size of a parameter, which all lengths are relative to: the root mean square of the start if it is not
    /// given, or 1 for a start at zero, which says nothing about size. If it is not given it grows with weights that have become
    /// 32 times as large.
    pub parameter_size: Option<f64>,
    /// Which parameters share a size: all, those of a connection of a network, or none. All if it is not given, unless a network starts at
    /// weights of a very unusual size.
    #[serde(skip_serializing_if = "ParameterSizes::is_auto")]
    pub parameter_sizes: ParameterSizes,
    /// The rate to begin with, as a share of the weights' root mean square; the cap if it is not given. Any positive
    /// number works, infinity too.
    pub start_rate: Option<f64>,
    /// The largest rate, as a share of the weights' root mean square; min(½, √K · max(1/√P, .02)) if it is not given.
    pub largest_rate: Option<f64>,
    /// Updates without progress after which the search starts again from new weights; never if it is not given. Not
    /// for streams: it would throw away a model that has reached its noise floor.
    pub patience: Option<u64>,
    /// Updates until acting is judged for the first time; max(4, 32/(evaluations of an update)) if it is not given.
    pub first_window: Option<u64>,
    /// Factors below 1 on all weights that are tried after a surprise.
    pub gains: Vec<f32>,
    /// The four modulators; the preset `dopamine-optimizer` unless another one is named.
    pub neuromodulation: NeuromodulationConfig,
    /// Where receptors can sit in the network; see [`fit_to`](crate::learning::optimizer::OptimizerSettings::fit_to).
    #[serde(skip)]
    pub places: Places,
    /// The connections of the network; a study fills them in.
    #[serde(skip)]
    pub connections: Vec<ConnectionSize>,
}

impl Default for DopamineConfig {
    fn default() -> Self {
        Self {
            directions: 4,
            family: Family::Rademacher,
            two_sided: false,
            perturbation_scale: 1e-3,
            search_scale: false,
            parameter_size: None,
            parameter_sizes: ParameterSizes::Auto,
            start_rate: None,
            largest_rate: None,
            patience: None,
            first_window: None,
            gains: GAINS.to_vec(),
            neuromodulation: NeuromodulationConfig::default(),
            places: Places::default(),
            connections: Vec::new(),
        }
    }
}

/// The last step, as far as it takes to take it back.
#[derive(Clone, Debug, Default)]
struct LastStep {
    /// Weights of its directions; empty if there is nothing to take back.
    weights: Vec<f32>,
    share: f64,
    /// The share by which the exploring weights then returned to the average.
    pull: f64,
}

crate::archived!(LastStep { weights, share, pull });

/// The best averaged model since the last restart, for patience.
#[derive(Clone, Copy, Debug)]
struct Progress {
    loss: f64,
    update: u64,
}

crate::archived!(Progress { loss, update });

impl Default for Progress {
    fn default() -> Self {
        Self { loss: f64::INFINITY, update: 0 }
    }
}

/// The optimizer; see the module's head.
#[derive(Debug)]
pub struct Dopamine {
    config: DopamineConfig,
    supervisor: Supervisor,
    warm_start: WarmStart,
    scale: Scale,
    last_step: LastStep,
    /// Usual size s of a parameter.
    size: f64,
    blocks: BlockSizes,
    vectors: ScheduleFree,
    /// The best averaged model of all lives and its loss, kept with patience alone.
    best: Option<(f64, Vec<f32>)>,
    key: Key,
    updates: u64,
    restarts: u64,
    probes: Vec<Probe>,
    regrets: Vec<f64>,
    terms: Vec<(Direction, f32)>,
    progress: Progress,
    /// Loss of the averaged model at the end of the last window; infinite before the first and after a restart.
    judged: f64,
}

crate::archived!(
    Dopamine { supervisor, warm_start, scale, last_step, size, blocks, vectors, best, updates, restarts, progress, judged }
    fixed { config, key, probes, regrets, terms }
);

impl Dopamine {
    fn direction(&self, index: usize) -> Direction {
        self.blocks.direction(self.config.family, self.key.child(self.updates), index as u64)
    }

    /// The scale of the direction with this index.
    fn scale(&self, modulation: &Modulation, index: usize) -> f32 {
        let factor = modulation.perturbation_scale * self.supervisor.modulation().perturbation_scale;
        let own = self.scale.factor(self.number() + index as u64);
        (self.config.perturbation_scale * self.size * factor * own) as f32
    }

    /// The number of the first direction of this update.
    fn number(&self) -> u64 {
        self.updates.wrapping_mul(self.config.directions as u64)
    }

    fn plan_step(&mut self, modulation: &Modulation) {
        if !self.config.two_sided {
            self.probes.push(Probe::unperturbed(Base::Acting));
        }
        for index in 0..self.config.directions {
            let (direction, scale) = (self.direction(index), self.scale(modulation, index));
            self.probes.push(Probe::perturbed(direction, scale));
            if self.config.two_sided {
                self.probes.push(Probe::perturbed(direction, -scale));
            }
        }
    }

    /// Regrets per unit of noise into `self.regrets`, those that are not finite as 0; returns the loss of the acting
    /// model.
    fn read_regrets(&mut self, losses: &[f64], modulation: &Modulation) -> f64 {
        let usable = |regret: f64| if regret.abs() <= MAX_REGRET { regret } else { 0.0 };
        self.regrets.clear();
        for index in 0..self.config.directions {
            let scale = f64::from(self.scale(modulation, index));
            self.regrets.push(if self.config.two_sided {
                usable((losses[2 * index] - losses[2 * index + 1]) / (2.0 * scale))
            } else {
                usable((losses[1 + index] - losses[0]) / scale)
            });
        }
        if self.config.two_sided { losses.iter().sum::<f64>() / losses.len() as f64 } else { losses[0] }
    }

    /// The end of the main round: appraise and move.
    fn step(&mut self, losses: &[f64], modulation: &Modulation) -> Result<StepReport> {
        let loss = self.read_regrets(losses, modulation);
        if self.step_aside(losses, loss, modulation) {
            self.updates += 1;
            return Ok(StepReport { loss, ..StepReport::default() });
        }
        let mut errors = std::mem::take(&mut self.regrets);
        let factor = self.supervisor.appraise(&mut errors, loss);
        let own = self.supervisor.modulation();
        let rate = self.supervisor.rate() * modulation.learning_rate * own.learning_rate;
        let mut local = self.config.places.rates(modulation);
        local.extend(self.config.places.rates(own));
        let step = rate * self.size * factor / (self.config.directions as f64).sqrt();
        self.terms.clear();
        for (index, error) in errors.iter().enumerate() {
            let weight = (step * error) as f32;
            if !weight.is_finite() {
                return Err(Error::NonFinite { what: "the step", step: self.updates });
            }
            self.terms.push((self.direction(index), weight));
        }
        self.warm_start.observe(loss, step * errors.iter().map(|error| error * error).sum::<f64>());
        self.regrets = errors;
        let share = self.supervisor.averaging_share();
        self.vectors.descend(&self.terms, share as f32, &local);
        self.vectors.pull_home(modulation.consolidation);
        if modulation.reset {
            self.supervisor.forget();
        }
        self.last_step.weights.clear();
        // What factors at places or a pull have bent is not taken back.
        if local.is_empty() && modulation.consolidation == 0.0 {
            self.last_step.weights.extend(self.terms.iter().map(|term| term.1));
            (self.last_step.share, self.last_step.pull) = (share, 0.0);
        }
        self.updates += 1;
        Ok(StepReport { loss, learning_rate: rate, ..StepReport::default() })
    }

    /// Whether there is no step to make: where the loss of the acting model is not finite it is walked away from; where nothing answers, the
    /// scale widens; in the opening of its search it is measured.
    fn step_aside(&mut self, losses: &[f64], loss: f64, modulation: &Modulation) -> bool {
        let lost = if self.config.two_sided { losses.iter().all(|loss| !loss.is_finite()) } else { !loss.is_finite() };
        if lost {
            self.walk_away(losses, modulation);
            self.supervisor.stand_still(loss);
            return true;
        }
        if self.regrets.iter().any(|&regret| regret != 0.0) {
            let is_opening = self.scale.is_opening();
            self.scale.observe(self.number(), &self.regrets);
            if is_opening {
                self.supervisor.stand_still(loss);
            }
            return is_opening;
        }
        let is_flat = losses.iter().all(|loss| loss.is_finite());
        if is_flat {
            self.scale.widen();
            self.supervisor.stand_still(loss);
        }
        is_flat
    }

    /// Takes the last step back, if it can be, or goes to a perturbed model whose loss is finite, if there is one.
    fn walk_away(&mut self, losses: &[f64], modulation: &Modulation) {
        self.terms.clear();
        if !self.last_step.weights.is_empty() {
            let last = self.key.child(self.updates - 1);
            let directions = (0..).map(|index| self.blocks.direction(self.config.family, last, index));
            self.terms.extend(directions.zip(&self.last_step.weights).map(|(direction, weight)| (direction, -weight)));
            self.vectors.take_back(&self.terms, self.last_step.share, self.last_step.pull);
            self.last_step.weights.clear();
            self.supervisor.set_rate(0.5 * self.supervisor.rate(), false);
        } else if !self.config.two_sided
            && let Some(index) = losses[1..].iter().position(|loss| loss.is_finite())
        {
            let direction = self.direction(index);
            self.terms.push((direction, -self.scale(modulation, index)));
            self.vectors.descend(&self.terms, 1.0, &[]);
        }
    }

    /// What follows from the losses that the supervisor asked for.
    fn follow(&mut self, losses: &[f64]) -> StepReport {
        let mut report = StepReport::default();
        match self.supervisor.answer(losses) {
            Consequence::Nothing => {}
            Consequence::StartOver(gain) => {
                self.vectors.start_over(gain);
                self.warm_start.end();
                self.last_step.weights.clear();
                self.progress = Progress::default();
                // The best model of the world as it was is of no use in the one it has become.
                self.best = None;
                report.surprised = true;
            }
            Consequence::Judged { pull, averaged_loss } => {
                self.vectors.pull_home(pull);
                self.last_step.pull = pull;
                self.judged = averaged_loss;
                self.warm_start.window_over();
                if self.blocks.grow(&self.vectors.averaged) {
                    self.last_step.weights.clear();
                }
                if self.config.parameter_size.is_none() && self.blocks.is_one() {
                    let size = parameter_size(&self.vectors.averaged);
                    // A start that was far too small.
                    self.size = if size > GROWTH * self.size && size.is_finite() { size } else { self.size };
                }
                if let Some(patience) = self.config.patience {
                    self.wait(averaged_loss, patience);
                }
            }
        }
        StepReport { learning_rate: self.supervisor.rate(), ..report }
    }

    /// Keeps the best averaged model and starts again from new weights when there was no progress for too long.
    fn wait(&mut self, averaged_loss: f64, patience: u64) {
        let averaged = &self.vectors.averaged;
        if self.best.as_ref().is_none_or(|best| averaged_loss < best.0) {
            let mut vector = self.best.take().map_or_else(|| vec![0.0; averaged.len()], |best| best.1);
            vector.copy_from_slice(averaged);
            self.best = Some((averaged_loss, vector));
        }
        let elapsed = self.supervisor.elapsed();
        if averaged_loss < 0.95 * self.progress.loss {
            self.progress = Progress { loss: averaged_loss, update: elapsed };
        }
        if elapsed - self.progress.update.min(elapsed) > patience.max(elapsed / 2) {
            self.restarts += 1;
            let mut stream = self.key.child(u64::MAX - self.restarts).stream();
            self.vectors.redraw(self.size as f32, &mut stream);
            self.blocks.multiply(&mut self.vectors);
            self.warm_start.end();
            self.last_step.weights.clear();
            self.supervisor.restart();
            self.progress = Progress::default();
            self.judged = f64::INFINITY;
        }
    }
}

impl Optimizer for Dopamine {
    fn ask(&mut self, modulation: &Modulation) -> &[Probe] {
        self.probes.clear();
        if self.supervisor.has_questions() {
            self.probes.extend(self.supervisor.questions().map(|question| match question {
                Question::Averaged(gain) => Probe { gain, ..Probe::unperturbed(Base::Averaged) },
                Question::Acting => Probe::unperturbed(Base::Acting),
            }));
        } else if self.warm_start.is_asking() {
            self.probes.extend(self.warm_start.questions());
        } else {
            self.plan_step(modulation);
        }
        // For a moment: the weights themselves stay as they are.
        let gain = (modulation.gain * self.supervisor.modulation().gain) as f32;
        if gain != 1.0 {
            self.probes.iter_mut().for_each(|probe| probe.gain *= gain);
        }
        &self.probes
    }

    fn tell(&mut self, losses: &[f64], modulation: &Modulation) -> Result<StepReport> {
        if losses.len() != self.probes.len() || losses.is_empty() {
            return Err(Error::ShapeMismatch { what: "losses", expected: self.probes.len(), found: losses.len() });
        }
        let report = if self.supervisor.has_questions() {
            self.follow(losses)
        } else if self.warm_start.is_asking() {
            self.respect_start(losses);
            StepReport { learning_rate: self.supervisor.rate(), ..StepReport::default() }
        } else {
            self.step(losses, modulation)?
        };
        let non_finite = losses.iter().filter(|loss| !loss.is_finite()).count() as u32;
        let follow_up = self.supervisor.has_questions() || self.warm_start.is_asking();
        Ok(StepReport { non_finite, follow_up, ..report })
    }

    fn bases(&self) -> Bases<'_> {
        let bases = self.vectors.bases(self.supervisor.averages());
        Bases { candidates: self.warm_start.anchor(), ..bases }
    }

    fn solution(&self) -> Point<'_> {
        match &self.best {
            // Unless the model in hand was judged to be as good.
            Some((loss, best)) if *loss < self.judged || self.judged.is_nan() => Point::Vector(best),
            _ => Point::Vector(&self.vectors.averaged),
        }
    }

    fn state_bytes(&self) -> usize {
        let best = if self.config.patience.is_some() { size_of_val(&self.vectors.averaged[..]) } else { 0 };
        self.vectors.bytes() + best + size_of_val(self.warm_start.anchor())
    }

    fn levels(&self) -> Option<Levels> {
        Some(self.supervisor.levels())
    }

    /// What it obeys from outside; its own modulators do more ([`hears_within`](crate::learning::optimizer::OptimizerSettings::hears_within)).
    fn hears(&self) -> Vec<Heard> {
        let targets =
            [Target::LearningRate, Target::PerturbationScale, Target::Gain, Target::Consolidation, Target::Reset];
        let mut heard = Heard::everywhere(&targets);
        heard.extend(self.config.places.heard());
        heard
    }

    crate::archives!();
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
