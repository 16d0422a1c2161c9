//! The only loop: updates of one learner, or of several that make them together, until the budget is spent or an observer
//! stops the run.
//!
//! Cost is counted in *loss evaluations*: one forward pass of a batch is one, whatever it is for; an update of node
//! perturbation or backpropagation counts three. Judging on test data costs nothing.
//!
//! The batch of update u has the key `key.child(u)`; a learner draws nothing from it but batches, so that all arms of a
//! study see the same data in the same order.

use serde::{Deserialize, Serialize};

use crate::behaviour::agent::Raster;
use crate::data::batch::Batch;
use crate::error::{Error, Result};
use crate::learning::group::{LearnerGroup, Member, Single};
use crate::learning::observer::Observer;
use crate::learning::optimizer::{Levels, Optimizer, StepReport};
use crate::model::objective::Objective;
use crate::model::perturbation::{Base, Bases, Point, Probe};
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
    let mut members = [Member::new(observers)];
    train_group(&mut Single { learner, key }, budget, &mut members, 1)?;
    let [member] = members;
    Ok(member.finish()?.0)
}

/// Trains the runs of a group, each watched by the observers of its member, until every run has ended: its budget of
/// evaluations is spent, an observer stopped it, or its parameters became NaN or infinite. The loop pauses when fewer than
/// `at_least` runs go on, so that they can go on in another form; [`Member::is_open`] tells which.
///
/// # Errors
/// Those of the observers. The error of a run is its [`Member`]'s.
pub fn train_group(
    group: &mut dyn LearnerGroup,
    budget: u64,
    members: &mut [Member<'_, '_>],
    at_least: usize,
) -> Result<()> {
    let mut progress: Vec<Result<Progress>> = members.iter().map(|_| Ok(Progress::default())).collect();
    loop {
        if members.iter().filter(|member| member.is_open()).count() < at_least.max(1) {
            return Ok(());
        }
        // Nobody looks before `until`.
        let mut until = budget;
        for (run, member) in members.iter_mut().enumerate().filter(|(_, member)| member.is_open()) {
            member.look(group.look(run), budget)?;
            if member.is_open() {
                until = until.min(member.next_look(budget));
            }
        }
        let Some(Ended { evaluations, updates, .. }) = members.iter().find(|member| member.is_open()).map(|m| m.so_far)
        else {
            return Ok(());
        };
        group.advance(updates, until.saturating_sub(evaluations).max(1), &mut progress);
        for (member, progress) in members.iter_mut().zip(&mut progress).filter(|(member, _)| member.is_open()) {
            member.add(std::mem::replace(progress, Ok(Progress::default())));
        }
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
