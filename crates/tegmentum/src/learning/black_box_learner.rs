//! A derivative-free optimizer and the objective that it improves, as a learner.

use crate::archive::{Archive, Archived};
use crate::data::batch::Batch;
use crate::error::{Error, Result};
use crate::learning::learner::{Learner, Update};
use crate::learning::optimizer::{Levels, Optimizer, StepReport};
use crate::model::objective::Objective;
use crate::model::perturbation::{Point, Probe};
use crate::neuromodulation::hearing::Heard;
use crate::neuromodulation::modulation::Modulation;
use crate::random::Key;

/// A derivative-free optimizer and the objective it improves.
///
/// # Example
/// ```
/// use tegmentum::neuromodulation::modulation::Modulation;
/// use tegmentum::model::objectives::BlackBox;
/// use tegmentum::learning::optimizers::dopamine::DopamineConfig;
/// use tegmentum::random::Key;
/// use tegmentum::learning::black_box_learner::BlackBoxLearner;
/// use tegmentum::learning::learner::Learner;
///
/// let sphere = BlackBox::new(2, |x: &[f32]| x.iter().map(|&x| f64::from(x * x)).sum());
/// let optimizer = DopamineConfig::default().build(vec![1.0, -1.0], Key::from_seed(1), 100)?;
/// let mut learner = BlackBoxLearner::new(&sphere, Box::new(optimizer));
/// let update = learner.update(Key::from_seed(2), &Modulation::default())?;
/// assert_eq!(update.evaluations, 5);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
pub struct BlackBoxLearner<'a> {
    objective: &'a dyn Objective,
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
    pub fn new(objective: &'a dyn Objective, optimizer: Box<dyn Optimizer>) -> Self {
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
    pub fn change_objective(&mut self, objective: &'a dyn Objective) -> Result<()> {
        let (expected, found) = (self.objective.num_parameters(), objective.num_parameters());
        if expected != found {
            return Err(Error::ShapeMismatch { what: "parameters of the new objective", expected, found });
        }
        self.objective = objective;
        Ok(())
    }
}

impl Archived for BlackBoxLearner<'_> {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        // The objective is the caller's; probes and losses are of one round.
        let Self { optimizer, objective: _, probes: _, losses: _ } = self;
        optimizer.archive(archive)
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

    crate::archives!();

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
