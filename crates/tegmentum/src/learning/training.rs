//! The only loop: updates until the budget is spent or an observer stops it.
//!
//! Cost is counted in *loss evaluations*: one forward pass of a batch is one, whatever it is for; an update of node
//! perturbation or backpropagation counts three. Judging on test data costs nothing.
//!
//! The batch of update u has the key `key.child(u)`; a learner draws nothing from it but batches, so that all arms of a
//! study see the same data in the same order.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use crate::behaviour::agent::Raster;
use crate::data::batch::Batch;
use crate::error::{Error, Result};
use crate::learning::observer::{Observer, Record};
use crate::learning::optimizer::{Levels, Optimizer, StepReport};
use crate::model::objective::Objective;
use crate::model::perturbation::{Base, Bases, Point, Probe};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::Modulation;
use crate::random::Key;

/// What an update cost and did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Update {
    /// Loss evaluations, or forward-equivalents.
    pub evaluations: u64,
    /// What became of it.
    pub report: StepReport,
}

/// What several updates cost and did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Updates made.
    pub updates: u64,
    /// Loss evaluations, or forward-equivalents.
    pub evaluations: u64,
    /// Losses that were NaN or infinite.
    pub non_finite: u64,
    /// Confirmed surprises.
    pub surprises: u64,
    /// What became of the last update.
    pub report: StepReport,
}

impl From<Update> for Progress {
    fn from(update: Update) -> Self {
        Self {
            updates: 1,
            evaluations: update.evaluations,
            non_finite: u64::from(update.report.non_finite),
            surprises: u64::from(update.report.surprised),
            report: update.report,
        }
    }
}

/// Anything that learns by updates: a black-box optimizer with its objective, a plasticity rule or a gradient baseline
/// with its network.
pub trait Learner: Send {
    /// One update on the batches of `batch`.
    ///
    /// # Errors
    /// If a parameter became NaN or infinite, or shapes do not fit.
    fn update(&mut self, batch: Key, modulation: &Modulation) -> Result<Update>;

    /// Updates in a row, the first with number `first`, that of number u on the batches of `key.child(u)`: at most so
    /// many that `evaluations` are spent, and at least one. For learners that are quicker when they are not
    /// asked one by one.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    fn advance(&mut self, key: Key, first: u64, evaluations: u64, modulation: &Modulation) -> Result<Progress> {
        let _ = evaluations;
        Ok(self.update(key.child(first), modulation)?.into())
    }

    /// The model that is judged along the way.
    fn averaged(&self) -> Point<'_>;

    /// The model that is handed over at the end.
    fn solution(&self) -> Point<'_>;

    /// Bytes of state that training needs besides the data.
    fn state_bytes(&self) -> usize;

    /// Levels of the four modulators, for learners that have them.
    fn levels(&self) -> Option<Levels>;

    /// The effects of modulators around it that it obeys; none unless it says so.
    fn hears(&self) -> Vec<Heard> {
        Vec::new()
    }

    /// The spikes of the last update, for learners that have them.
    fn raster(&self) -> Option<&Raster> {
        None
    }
}

/// A derivative-free optimizer and the objective it improves.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::modulation::Modulation;
/// use tegmentum::model::objectives::BlackBox;
/// use tegmentum::learning::optimizers::dopamine::DopamineConfig;
/// use tegmentum::random::Key;
/// use tegmentum::learning::training::{BlackBoxLearner, Learner};
///
/// let sphere = BlackBox::new(2, |x: &[f32]| x.iter().map(|&x| f64::from(x * x)).sum());
/// let optimizer = DopamineConfig::default().build(vec![1.0, -1.0], Key::from_seed(1), 100)?;
/// let mut learner = BlackBoxLearner::new(&sphere, Box::new(optimizer));
/// let update = learner.update(Key::from_seed(2), &Modulation::default())?;
/// assert_eq!(update.evaluations, 5);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
pub struct BlackBoxLearner<'a> {
    objective: &'a (dyn Objective + Send),
    optimizer: Box<dyn Optimizer>,
    probes: Vec<Probe>,
    losses: Vec<f64>,
}

impl std::fmt::Debug for BlackBoxLearner<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("BlackBoxLearner").finish_non_exhaustive()
    }
}

impl<'a> BlackBoxLearner<'a> {
    /// `optimizer` on `objective`.
    pub fn new(objective: &'a (dyn Objective + Send), optimizer: Box<dyn Optimizer>) -> Self {
        Self { objective, optimizer, probes: Vec::new(), losses: Vec::new() }
    }

    /// The optimizer.
    pub fn optimizer(&self) -> &dyn Optimizer {
        &*self.optimizer
    }

    /// Exchanges the objective under the optimizer, which keeps all its state and is not told.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] if the objective has another number of parameters.
    pub fn change_objective(&mut self, objective: &'a (dyn Objective + Send)) -> Result<()> {
        let (expected, found) = (self.objective.num_parameters(), objective.num_parameters());
        if expected != found {
            return Err(Error::ShapeMismatch { what: "parameters of the new objective", expected, found });
        }
        self.objective = objective;
        Ok(())
    }
}

impl Learner for BlackBoxLearner<'_> {
    fn update(&mut self, batch: Key, modulation: &Modulation) -> Result<Update> {
        let mut update = Update::default();
        let batch = Batch(batch.child(0));
        for round in 0.. {
            // The probes are copied (a few dozen bytes each) so that the optimizer can lend its vectors.
            self.probes.clear();
            self.probes.extend_from_slice(self.optimizer.ask(modulation));
            self.losses.clear();
            self.losses.resize(self.probes.len(), 0.0);
            self.objective.losses(self.optimizer.bases(), &self.probes, batch, &mut self.losses)?;
            update.evaluations += self.probes.len() as u64;
            let report = self.optimizer.tell(&self.losses, modulation)?;
            update.report = if round == 0 { report } else { merge(update.report, report) };
            if !report.follow_up {
                break;
            }
        }
        Ok(update)
    }

    fn averaged(&self) -> Point<'_> {
        self.optimizer.bases().averaged
    }

    fn solution(&self) -> Point<'_> {
        self.optimizer.solution()
    }

    fn state_bytes(&self) -> usize {
        self.optimizer.state_bytes() + self.objective.bytes_in_flight().unwrap_or(0)
    }

    fn levels(&self) -> Option<Levels> {
        self.optimizer.levels()
    }

    fn hears(&self) -> Vec<Heard> {
        self.optimizer.hears()
    }
}

/// The report of an update from those of its rounds: the loss and rate of the first, the events of all.
fn merge(first: StepReport, later: StepReport) -> StepReport {
    StepReport {
        non_finite: first.non_finite + later.non_finite,
        surprised: first.surprised || later.surprised,
        follow_up: later.follow_up,
        ..first
    }
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// The budget of evaluations was spent.
    Budget,
    /// A target was reached.
    Target,
    /// The user asked for it.
    Interrupted,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Why.
    pub reason: StopReason,
    /// Evaluations spent; the last update may exceed the budget by its own cost.
    pub evaluations: u64,
    /// Updates made.
    pub updates: u64,
    /// Losses that were NaN or infinite.
    pub non_finite: u64,
    /// Confirmed surprises.
    pub surprises: u64,
}

/// Trains until the budget of evaluations is spent or an observer stops the run.
///
/// # Errors
/// Those of the learner and of the observers.
pub fn train(learner: &mut dyn Learner, key: Key, budget: u64, observers: &mut [&mut dyn Observer]) -> Result<Ended> {
    let begun = Ended { reason: StopReason::Budget, evaluations: 0, updates: 0, non_finite: 0, surprises: 0 };
    resume(learner, key, budget, observers, begun, StepReport::default())
}

/// [`train`] from where a run has come to: `ended` what it has spent, `report` of its last update, which the observers have not
/// seen.
pub fn resume(
    learner: &mut dyn Learner,
    key: Key,
    budget: u64,
    observers: &mut [&mut dyn Observer],
    mut ended: Ended,
    mut report: StepReport,
) -> Result<Ended> {
    loop {
        let last = ended.evaluations >= budget;
        let record = Record { evaluations: ended.evaluations, updates: ended.updates, last, report, learner };
        for observer in observers.iter_mut() {
            if let ControlFlow::Break(reason) = observer.observe(&record)? {
                return Ok(Ended { reason, ..ended });
            }
        }
        if last {
            return Ok(ended);
        }
        // Nobody looks before `until`.
        let until = observers.iter().map(|observer| observer.next_look(ended.evaluations)).fold(budget, u64::min);
        let evaluations = until.saturating_sub(ended.evaluations).max(1);
        let progress = learner.advance(key, ended.updates, evaluations, &Modulation::default())?;
        report = progress.report;
        ended.evaluations += progress.evaluations;
        ended.updates += progress.updates;
        ended.non_finite += progress.non_finite;
        ended.surprises += progress.surprises;
    }
}

/// What [`minimise`] found.
#[derive(Clone, Debug, PartialEq)]
pub struct Minimum {
    /// The parameters that were handed over, `[P]`.
    pub parameters: Vec<f32>,
    /// Their loss on a batch of its own.
    pub loss: f64,
    /// Evaluations spent, the last one included.
    pub evaluations: u64,
}

/// Improves an objective with a budget of evaluations: the shortest way to use this library.
///
/// # Errors
/// If shapes do not fit or a parameter became NaN or infinite.
pub fn minimise(
    objective: &(dyn Objective + Send),
    optimizer: Box<dyn Optimizer>,
    key: Key,
    budget: u64,
) -> Result<Minimum> {
    let mut learner = BlackBoxLearner::new(objective, optimizer);
    let ended = train(&mut learner, key, budget, &mut [])?;
    let mut parameters = vec![0.0; objective.num_parameters()];
    learner.solution().write(1.0, &mut parameters);
    let mut loss = [0.0];
    let probe = [Probe::unperturbed(Base::Acting)];
    objective.losses(Bases::single(&parameters), &probe, Batch(key.child(u64::MAX)), &mut loss)?;
    Ok(Minimum { parameters, loss: loss[0], evaluations: ended.evaluations + 1 })
}
