//! Dopamine: schedule-free weight perturbation under the control of four neuromodulators. It has no learning rate to set.
//!
//! # Update
//! ```text
//!     s     = max(rms(θ₀), 1e-3), or 1 if θ₀ = 0 ,  σ = 1e-3 s ,  cap = min(.5, √K · max(1/√P, .02))   relative to the weights
//!     y     = .9 x + .1 z                                                            actor, formed on read
//!     r_k   = (L(y + σ v_k) − L(y))/σ            or (L(y + σ v_k) − L(y − σ v_k))/(2σ) for pairs
//!     δ_k   = r_k − m                            dopamine: regret minus expected regret
//!     z     ← z − rate · s · f/√(K q) · Σ_k δ_k v_k                                  acetylcholine divides: unit size
//!     x     ← x + min(1, 5/(t + 4)) (z − x)                                          serotonin: horizon of the average
//!     each window: rate from L(x) − L(y), z returns towards x if acting did not pay  slow dopamine, serotonin
//!     surprise:    x = z = ρ x, everything else forgotten, rate up                   noradrenaline
//!     patience:    no progress of 5 % for max(patience, t/2) updates: new weights ~ N(0, s²), the best x is kept
//! ```
//! θ₀ first parameters `[P]` · x averaged (handed over), z exploring, y acting parameters `[P]` · v_k direction k `[P]` ·
//! L loss on one batch, the same for all probes of an update · m, q, t: nuclei of the preset
//! [`dopamine-optimizer`](crate::neuromodulation::presets::dopamine_optimizer) · rate, windows, surprise:
//! [`supervisor`].
//!
//! # The cap
//! An update of rate r moves every weight by r of the usual size of a weight, nearly all of it noise. It changes what reaches a unit by r of its
//! own usual size, however many weights the unit has: what a network bears does not fall with P. The bound √(K/P), which is that of a step
//! no longer than √K weights, falls: beyond 2 500 weights it holds the rate below what the windows would allow, and they, which measure
//! whether acting pays, are not asked. So it ends at .02 √K; up to P = 2 500 nothing is different. The .02 was chosen among 0, .01, .02, .04 and
//! .08 on two or three seeds of images and digits with 19 210 to 203 530 weights, where .01 to .04 differ by less than the seeds do; the
//! study `size` has others.
//!
//! # Modulation
//! The modulators are a [`NeuromodulatorySystem`](crate::neuromodulation::system) like those of agents: nuclei, couplings, kinetics,
//! receptors and drugs are set under `neuromodulation`. Beside what the supervisor obeys, the optimizer obeys `perturbation_scale`
//! (factor on σ), `gain` (all candidates are evaluated with all weights times the gain; the weights stay) and, for networks,
//! `learning_rate` at layers, populations and synapses.
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
use crate::learning::optimizer::{Levels, Optimizer, OptimizerSettings, StepReport};
use crate::learning::optimizers::checks::check_start;
use crate::learning::places::Places;
use crate::learning::schedule_free::ScheduleFree;
use crate::learning::supervisor::{self, Consequence, GAINS, Question, Settings, Supervisor};
use crate::model::network::Network;
use crate::model::perturbation::{Base, Bases, Direction, Family, Point, Probe};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::Modulation;
use crate::neuromodulation::preset::Preset;
use crate::neuromodulation::system::NeuromodulationConfig;
use crate::neuromodulation::target::Target;
use crate::random::Key;
use crate::registry::Description;

/// Regrets beyond this count as not finite.
const MAX_REGRET: f64 = 1e30;

/// The share of its size by which a weight may move in an update of one direction, however many weights there are.
const BORNE: f64 = 0.02;

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
    /// Where receptors can sit in the network; see [`fit_to`](OptimizerSettings::fit_to).
    #[serde(skip)]
    pub places: Places,
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
            first_window: None,
            gains: GAINS.to_vec(),
            neuromodulation: NeuromodulationConfig::default(),
            places: Places::default(),
        }
    }
}

impl DopamineConfig {
    /// The effects that it obeys at its places.
    fn heard(&self) -> Vec<Heard> {
        let mut heard = supervisor::heard();
        heard.extend(Heard::everywhere(&[Target::PerturbationScale, Target::Gain]));
        heard.extend(self.places.heard());
        heard
    }

    /// An optimizer that begins at `start` `[P]` and draws its directions from `key`. It makes no use of the budget.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a setting outside its range, [`Error::NonFinite`] for a start that is not finite,
    /// [`Error::Unheard`] for modulation that it does not obey.
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
        let cap = match self.largest_rate {
            Some(cap) => positive("largest_rate", cap)?,
            None => largest_rate(self.directions, start.len()),
        };
        let evaluations = if self.two_sided { 2 * self.directions } else { self.directions + 1 };
        let settings = Settings {
            start: self.start_rate.unwrap_or(cap),
            cap,
            first_window: self.first_window.unwrap_or((32 / evaluations as u64).max(4)),
            gains: &self.gains,
        };
        let system = self.neuromodulation.or_preset(Preset::DopamineOptimizer);
        system.check_heard("the optimizer dopamine", &self.heard(), &[])?;
        Ok(Dopamine {
            supervisor: Supervisor::new(&settings, &system, key.child(u64::MAX))?,
            size,
            vectors: ScheduleFree::new(start),
            best: None,
            key,
            updates: 0,
            restarts: 0,
            probes: Vec::with_capacity(2 * self.directions + 1),
            regrets: Vec::with_capacity(self.directions),
            terms: Vec::with_capacity(self.directions),
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
        self.places = Places::of(network);
    }

    fn modulators(&self) -> Option<NeuromodulationConfig> {
        Some(self.neuromodulation.or_preset(Preset::DopamineOptimizer))
    }

    fn set_modulators(&mut self, modulators: &NeuromodulationConfig) -> bool {
        self.neuromodulation = modulators.clone();
        true
    }

    fn hears_within(&self, network: &dyn Network) -> Vec<Heard> {
        Self { places: Places::of(network), ..self.clone() }.heard()
    }
}

/// The cap of the rate for `directions` in `parameters` dimensions.
fn largest_rate(directions: usize, parameters: usize) -> f64 {
    let (directions, parameters) = (directions as f64, parameters as f64);
    // √(K/P) as it always was, to the bit, wherever it is the larger one.
    (directions / parameters).sqrt().max(BORNE * directions.sqrt()).min(0.5)
}

/// The root mean square of `start`, at least 1e-3; 1 if it is zero.
pub(crate) fn parameter_size(start: &[f32]) -> f64 {
    let sum: f64 = start.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
    if sum == 0.0 { 1.0 } else { (sum / start.len() as f64).sqrt().max(1e-3) }
}

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
    /// Root mean square s of the first parameters.
    size: f64,
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
    Dopamine { supervisor, vectors, best, updates, restarts, progress, judged }
    fixed { config, size, key, probes, regrets, terms }
);

impl Dopamine {
    fn direction(&self, index: usize) -> Direction {
        self.config.family.direction(self.key.child(self.updates).child(index as u64))
    }

    fn scale(&self, modulation: &Modulation) -> f32 {
        let factor = modulation.perturbation_scale * self.supervisor.modulation().perturbation_scale;
        (self.config.perturbation_scale * self.size * factor) as f32
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

    /// The end of the main round: appraise and move.
    fn step(&mut self, losses: &[f64], modulation: &Modulation) -> Result<StepReport> {
        let loss = self.read_regrets(losses, modulation);
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
        self.regrets = errors;
        self.vectors.descend(&self.terms, self.supervisor.averaging_share() as f32, &local);
        self.vectors.pull_home(modulation.consolidation);
        if modulation.reset {
            self.supervisor.forget();
        }
        self.updates += 1;
        Ok(StepReport { loss, learning_rate: rate, ..StepReport::default() })
    }

    /// What follows from the losses that the supervisor asked for.
    fn follow(&mut self, losses: &[f64]) -> StepReport {
        let mut report = StepReport::default();
        match self.supervisor.answer(losses) {
            Consequence::Nothing => {}
            Consequence::StartOver(gain) => {
                self.vectors.start_over(gain);
                self.progress = Progress::default();
                // The best model of the world as it was is of no use in the one it has become.
                self.best = None;
                report.surprised = true;
            }
            Consequence::Judged { pull, averaged_loss } => {
                self.vectors.pull_home(pull);
                self.judged = averaged_loss;
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
        let report = if self.supervisor.has_questions() { self.follow(losses) } else { self.step(losses, modulation)? };
        let non_finite = losses.iter().filter(|loss| !loss.is_finite()).count() as u32;
        Ok(StepReport { non_finite, follow_up: self.supervisor.has_questions(), ..report })
    }

    fn bases(&self) -> Bases<'_> {
        self.vectors.bases(self.supervisor.averages())
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
        self.vectors.bytes() + best
    }

    fn levels(&self) -> Option<Levels> {
        Some(self.supervisor.levels())
    }

    /// What it obeys from outside; its own modulators do more ([`hears_within`](OptimizerSettings::hears_within)).
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
    fn the_cap_does_not_fall_below_two_percent_of_a_weight() {
        for (parameters, expected) in [(1, 0.5), (17, 0.485), (371, 0.1038), (2410, 0.04074), (203_530, 0.04)] {
            let found = largest_rate(4, parameters);
            assert!((found - expected).abs() < 1e-4, "{parameters}: {found}");
        }
        assert_eq!(largest_rate(16, 10_000_000), 0.08);
        assert_eq!(largest_rate(8, 2410), (8.0f64 / 2410.0).sqrt());
    }

    #[test]
    fn value_stability() {
        assert_eq!(three_rounds(&DopamineConfig::default()), [1.118_196_2, 1.614_276_5, 0.672_066_33]);
    }
}
