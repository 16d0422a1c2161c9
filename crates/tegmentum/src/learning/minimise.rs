//! The shortest way to use this library: improve a function of parameters with a budget of evaluations.
//!
//! # What is handed over
//! The optimizer's solution, unless the start, the best parameters that were seen or the solution at three quarters of the budget have a
//! smaller loss. They are compared on one batch, and where the solution loses, on two more: it is handed over unless it loses on all three.
//! So the result is never worse than the best of these, but for the noise of the loss.
//!
//! # Example
//! ```
//! use tegmentum::learning::minimise::minimise;
//!
//! let valley = |x: &[f32]| f64::from(x[0] - 1.0).powi(2) + 10.0 * f64::from(x[1] - x[0] * x[0]).powi(2);
//! let result = minimise(valley, &[-1.0, 1.0]).budget(5_000).seed(1).run()?;
//! assert!(result.loss < 0.05, "{}", result.loss);
//! # Ok::<(), tegmentum::error::Error>(())
//! ```

use crate::archive::Archive;
use crate::data::batch::Batch;
use crate::error::{Error, Result};
use crate::learning::black_box_learner::BlackBoxLearner;
use crate::learning::group::Member;
use crate::learning::learner::Learner;
use crate::learning::observer::Observer;
use crate::learning::optimizer::Levels;
use crate::learning::optimizers::OptimizerConfig;
use crate::learning::optimizers::dopamine::DopamineConfig;
use crate::learning::run_log::{Place, RunLog, train_logged};
use crate::model::objective::Objective;
use crate::model::objectives::BlackBox;
use crate::model::perturbation::{Base, Bases, Probe};
use crate::random::Key;

mod watched;

use watched::{Overseer, Watched};

/// Share of the whole gain that the last quarter of the budget makes if the search was still moving.
const MOVING: f64 = 0.01;

/// Evaluations where no budget is given.
const BUDGET: u64 = 10_000;

/// Improves `function` from the parameters `start`; smaller values are better. What is not set has a default: the
/// optimizer [Dopamine](crate::learning::optimizers::dopamine), which searches its perturbation scale, a budget of 10 000 evaluations, seed 0.
///
/// The function may be called from several threads at once. A value that is NaN or infinite moves nothing; −∞ ends the search.
pub fn minimise<'a, F: Fn(&[f32]) -> f64 + Sync + 'a>(function: F, start: &[f32]) -> Minimisation<'a> {
    minimise_objective(BlackBox::new(start.len(), function), start)
}

/// The same for any [`Objective`], for example a network on data.
///
/// # Example
/// ```
/// use tegmentum::data::task::Examples;
/// use tegmentum::learning::minimise::minimise_objective;
/// use tegmentum::learning::optimizers::spsa::SpsaConfig;
/// use tegmentum::model::objectives::NetworkLoss;
/// use tegmentum::model::networks::NetworkConfig;
/// use tegmentum::random::Key;
///
/// let examples = Examples::from_rows(&[[0.0], [1.0], [2.0]], &[[1.0], [3.0], [5.0]])?;
/// let network = toml::from_str::<NetworkConfig>("[mlp]\nhidden = []")?.build(1, 1)?;
/// let start = network.initialise(Key::from_seed(1));
/// let objective = NetworkLoss::new(network, examples);
/// let optimizer = SpsaConfig { learning_rate: 0.1, perturbation_scale: 0.1, ..SpsaConfig::default() };
/// let line = minimise_objective(&objective, &start).optimizer(optimizer).budget(4_000).run()?;
/// assert!((line.parameters[0] - 2.0).abs() < 0.1 && (line.parameters[1] - 1.0).abs() < 0.1, "{line:?}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn minimise_objective<'a>(objective: impl Objective + 'a, start: &[f32]) -> Minimisation<'a> {
    Minimisation {
        objective: Box::new(objective),
        start: start.to_vec(),
        optimizer: DopamineConfig { search_scale: true, ..DopamineConfig::default() }.into(),
        budget: BUDGET,
        seed: 0,
        log: None,
    }
}

/// A minimisation that is about to [run](Self::run).
#[must_use = "nothing happens until `run`"]
pub struct Minimisation<'a> {
    objective: Box<dyn Objective + 'a>,
    start: Vec<f32>,
    optimizer: OptimizerConfig,
    budget: u64,
    seed: u64,
    log: Option<&'a RunLog>,
}

impl std::fmt::Debug for Minimisation<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut debug = formatter.debug_struct("Minimisation");
        debug.field("optimizer", &self.optimizer).field("budget", &self.budget).field("seed", &self.seed);
        debug.finish_non_exhaustive()
    }
}

impl<'a> Minimisation<'a> {
    /// Evaluations of the function that may be spent.
    pub fn budget(self, evaluations: u64) -> Self {
        Self { budget: evaluations, ..self }
    }

    /// What everything random follows from: the same seed gives the same result, bit for bit.
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The optimizer, as its settings: a built-in one, or a registered one by
    /// [`OptimizerConfig::from_name`](OptimizerConfig::from_name).
    pub fn optimizer(self, optimizer: impl Into<OptimizerConfig>) -> Self {
        Self { optimizer: optimizer.into(), ..self }
    }

    /// Writes the run to a log, so that each of its states can be had again. With a log that was [opened](RunLog::open) the run takes its
    /// losses from there, the function is not evaluated, and a run that is not the one that was logged is an error.
    pub fn logged(self, log: &'a RunLog) -> Self {
        Self { log: Some(log), ..self }
    }

    /// Spends the budget. The last update may exceed it by its own cost; three to ten more evaluations compare what is handed over.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a start or a setting outside its range, a
    /// budget of 0 among them; [`Error::ShapeMismatch`] if the start has another length
    /// than the objective's parameters; [`Error::NoFiniteLoss`] if no loss was finite; those of the log.
    pub fn run(self) -> Result<Minimum> {
        let key = Key::from_seed(self.seed);
        let optimizer = self.optimizer.build(self.start.clone(), key.child(1), self.budget)?;
        let logged = self.log.map(|log| log.objective(&*self.objective));
        let asked: &dyn Objective = logged.as_ref().map_or(&*self.objective, |logged| logged);
        let watched = Watched::new(asked);
        let mut overseer = Overseer { watched: &watched, budget: self.budget, late: Vec::new() };
        let mut learner = BlackBoxLearner::new(&watched, optimizer);
        let ended = {
            let mut marks = self.log.map(RunLog::marks);
            let mut observers: Vec<&mut dyn Observer> = vec![&mut overseer];
            observers.extend(marks.as_mut().map(|marks| marks as &mut dyn Observer));
            let mut member = Member::new(&mut observers);
            train_logged(self.log, &mut learner, key.child(2), self.budget, &mut member, &mut || false)?;
            member.finish()
        };
        // Parameters that became infinite are lost; what was seen before is not.
        let ended = match ended {
            Err(error) if !matches!(error, Error::NonFinite { .. }) => return Err(error),
            ended => ended,
        };
        let found = self.hand_over(&learner, &watched, &overseer.late)?;
        // The losses that compared what is handed over are in the log as well.
        self.log.map_or(Ok(()), |log| log.finish(&mut learner, &ended))?;
        Ok(found)
    }

    /// What is handed over of the learner's solution, the start, the best that was seen and the model at three quarters of the budget.
    fn hand_over(&self, learner: &BlackBoxLearner<'_>, watched: &Watched<'_>, late: &[f32]) -> Result<Minimum> {
        let mut solution = vec![0.0; self.objective.num_parameters()];
        learner.solution().write(1.0, &mut solution);
        let best = watched.seen().best.clone();
        if best.1.is_empty() {
            return Err(Error::NoFiniteLoss { evaluations: watched.seen().evaluations });
        }
        let candidates = [&solution[..], &self.start, &best.1, if late.is_empty() { &self.start } else { late }];
        let key = Key::from_seed(self.seed).child(3);
        let losses = |batch: u64| -> Result<[f64; 4]> {
            let mut losses = [0.0; 4];
            for (loss, candidate) in losses.iter_mut().zip(candidates) {
                let probe = [Probe::unperturbed(Base::Acting)];
                let batch = Batch(key.child(batch));
                watched.losses(Bases::single(candidate), &probe, batch, std::slice::from_mut(loss))?;
            }
            Ok(losses)
        };
        let first = losses(0)?;
        let chosen = if (1..4).any(|other| is_better(first[other], first[0])) {
            choose(&[first, losses(1)?, losses(2)?])
        } else {
            0
        };
        let seen = watched.seen();
        Ok(Minimum {
            loss: first[chosen],
            start_loss: first[1],
            best_loss: seen.best.0,
            non_finite: seen.non_finite,
            still_moving: first[3] - first[chosen] > MOVING * (first[1] - first[chosen]),
            evaluations: seen.evaluations,
            parameters: candidates[chosen].to_vec(),
        })
    }

    /// The run of `log` after `update` of its updates, for a minimisation with the settings of the one that was logged. The function is
    /// not evaluated.
    ///
    /// # Example
    /// ```
    /// use tegmentum::learning::minimise::minimise;
    /// use tegmentum::learning::run_log::{ROOM, RunLog};
    ///
    /// let folder = std::env::temp_dir().join(format!("minimise-{}", std::process::id()));
    /// let log = RunLog::record(&folder, b"a bowl", ROOM)?;
    /// let found = minimise(|x: &[f32]| f64::from(x[0] * x[0]), &[1.0]).budget(300).logged(&log).run()?;
    ///
    /// let log = RunLog::open(&folder)?;
    /// let again = || minimise(|_: &[f32]| unreachable!(), &[1.0]).budget(300);
    /// assert_eq!(again().state(&log, 0)?.solution, [1.0]);
    /// assert_eq!(again().logged(&log).run()?, found);
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), tegmentum::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`RunLog::restore`].
    pub fn state(&self, log: &RunLog, update: u64) -> Result<Reached> {
        let key = Key::from_seed(self.seed);
        let optimizer = self.optimizer.build(self.start.clone(), key.child(1), self.budget)?;
        let objective = log.objective(&*self.objective);
        let mut learner = BlackBoxLearner::new(&objective, optimizer);
        let place = log.restore(&mut learner, key.child(2), update)?;
        let mut solution = vec![0.0; self.start.len()];
        learner.solution().write(1.0, &mut solution);
        let archive = Archive::write(&mut (&mut learner as &mut dyn Learner))?;
        Ok(Reached { place, solution, levels: learner.levels(), archive })
    }
}

/// Where a logged minimisation was.
///
/// # Example
/// [`Minimisation::state`] has one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Reached {
    /// Where it was.
    pub place: Place,
    /// The parameters that would have been handed over, `[P]`.
    pub solution: Vec<f32>,
    /// The levels of the optimizer's modulators, if it has any.
    pub levels: Option<Levels>,
    /// The [archive](crate::archive) of the learner: equal for equal states.
    pub archive: Vec<u8>,
}

/// Whether a loss is better than another, which may not be finite.
fn is_better(loss: f64, other: f64) -> bool {
    !loss.is_nan() && (other.is_nan() || loss < other)
}

/// Which of solution, start, best seen and late model is handed over: the solution unless another one is better on every batch, then the best
/// on the first.
fn choose(losses: &[[f64; 4]; 3]) -> usize {
    let beats = |other: &usize| losses.iter().all(|batch| is_better(batch[*other], batch[0]));
    (1..4).filter(beats).min_by(|a, b| losses[0][*a].total_cmp(&losses[0][*b])).unwrap_or(0)
}

/// What [`minimise`] found.
///
/// # Example
/// ```
/// use tegmentum::learning::minimise::minimise;
///
/// let found = minimise(|x: &[f32]| f64::from(x[0]).sqrt() + f64::from(x[1]).powi(2), &[1.0, 1.0]).run()?;
/// // Half of the plane has no loss; the result has one.
/// assert!(found.loss < 0.1 && found.start_loss == 2.0 && found.non_finite > 0, "{found:?}");
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Minimum {
    /// The parameters that were handed over, `[P]`.
    pub parameters: Vec<f32>,
    /// Their loss, for data on a batch of its own. −∞ if there was such a loss, which ended the search.
    pub loss: f64,
    /// The loss of the start on the same batch.
    pub start_loss: f64,
    /// The smallest loss of any model that was evaluated, on whatever batch.
    pub best_loss: f64,
    /// Losses that were NaN or infinite.
    pub non_finite: u64,
    /// Whether the last quarter of the budget still made more than a hundredth of the whole gain: a larger budget would find more.
    pub still_moving: bool,
    /// Evaluations spent, the last ones included.
    pub evaluations: u64,
}

#[cfg(test)]
mod tests;
