//! Training of the network: until the loss on the validation part has not improved for long, the best parameters kept.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use tegmentum::archive::{Archive, Archived as _};
use tegmentum::archived;
use tegmentum::checkpoint::Units;
use tegmentum::data::task::{ExampleSet, Examples, Loss, Problem};
use tegmentum::error::{Error, Result};
use tegmentum::evidence::evaluation::{Evaluator, Metric};
use tegmentum::learning::black_box_learner::BlackBoxLearner;
use tegmentum::learning::gradient::GradientLearner;
use tegmentum::learning::gradient::rules::GradientConfig;
use tegmentum::learning::gradient::rules::adam::AdamConfig;
use tegmentum::learning::group::Member;
use tegmentum::learning::learner::Learner;
use tegmentum::learning::observer::{Observer, Record, StopReason};
use tegmentum::learning::optimizers::dopamine::DopamineConfig;
use tegmentum::learning::plasticity::node_perturbation::NodePerturbationConfig;
use tegmentum::learning::run_log::{Place, ROOM, RunLog, train_logged};
use tegmentum::model::network::Network;
use tegmentum::model::objective::Objective;
use tegmentum::model::objectives::NetworkLoss;
use tegmentum::random::Key;

use super::LearnerKind;
use super::data::Part;

/// Times at which the validation part is judged, over the whole budget.
const LOOKS: u64 = 200;
/// Looks without a better loss after which training ends.
const PATIENCE: u64 = 50;
/// Rows that make a loss, at most.
const BATCH: usize = 64;
/// Step of Adam, in the unit of a weight.
const ADAM_RATE: f64 = 0.003;

/// What the log of a training says it is of.
const LOGGED: &[u8] = b"a training on a table";

/// What all trainings of a table have in common.
pub(super) struct Plan<'a> {
    pub(super) network: &'a Arc<dyn Network>,
    pub(super) loss: Loss,
    pub(super) train: &'a Part,
    pub(super) validation: &'a Part,
    pub(super) budget: u64,
    pub(super) key: Key,
    /// Told of the share of the budget that is spent; may end the training.
    pub(super) watch: &'a (dyn Fn(f64) -> ControlFlow<()> + Sync),
}

/// A trained network.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Trained {
    pub(super) parameters: Vec<f32>,
    /// Evaluations spent.
    pub(super) evaluations: u64,
    /// Evaluations after which the parameters were those.
    pub(super) best_at: u64,
}

impl Plan<'_> {
    /// Trains with a learner, if that is not done yet, with a log in the folder `log`.
    pub(super) fn train(&self, learner: LearnerKind, units: &Units<'_>, log: Option<&Path>) -> Result<Trained> {
        if let Some(trained) = units.take(learner.name())? {
            return Ok(trained);
        }
        let log = log.map(|folder| RunLog::record(folder, LOGGED, ROOM)).transpose()?;
        let (mut trained, is_whole) = self.train_anew(learner, units, log.as_ref())?;
        // A training that was told to stop has not come to its end.
        if is_whole {
            units.keep(learner.name(), &mut trained)?;
        }
        Ok(trained)
    }

    /// What is learned from, judged on the validation part.
    fn problem(&self) -> Problem {
        let examples = Examples {
            num_inputs: self.train.width,
            num_outputs: self.network.output_rows().len(),
            train: ExampleSet { inputs: self.train.inputs.clone(), targets: self.train.targets.clone() },
            test: ExampleSet { inputs: self.validation.inputs.clone(), targets: self.validation.targets.clone() },
            batch: Some(BATCH.min(self.train.rows())),
            loss: self.loss,
        };
        Problem::Examples(examples)
    }

    /// The learner at its beginning, on `objective` if it is a black box.
    fn learner<'b>(
        &self,
        learner: LearnerKind,
        objective: &'b dyn Objective,
        problem: Arc<Problem>,
    ) -> Result<Box<dyn Learner + 'b>> {
        let (start, key) = (self.network.initialise(self.key.child(0)), self.key.child(1));
        Ok(match learner {
            LearnerKind::NodePerturbation => {
                NodePerturbationConfig::default().build(Arc::clone(self.network), problem, start, key).map(Box::new)?
            }
            LearnerKind::Dopamine => {
                let optimizer = DopamineConfig::default().build(start, key, self.budget)?;
                Box::new(BlackBoxLearner::new(objective, Box::new(optimizer)))
            }
            LearnerKind::Adam => {
                let rule = AdamConfig { learning_rate: ADAM_RATE, ..AdamConfig::default() };
                let descent = GradientConfig::from(rule).build(start, self.budget)?;
                Box::new(GradientLearner::new(descent, Arc::clone(self.network), problem))
            }
        })
    }

    /// Where a logged training was after `update` of its updates, and the parameters that it would have handed over.
    pub(super) fn state(&self, learner: LearnerKind, log: &RunLog, update: u64) -> Result<(Place, Vec<f32>)> {
        let problem = Arc::new(self.problem());
        let objective = NetworkLoss::new(Arc::clone(self.network), Arc::clone(&problem));
        let objective = log.objective(&objective);
        let mut learner = self.learner(learner, &objective, problem)?;
        let place = log.restore(&mut *learner, self.key.child(2), update)?;
        let mut parameters = vec![0.0; self.network.num_parameters()];
        learner.solution().write(1.0, &mut parameters);
        Ok((place, parameters))
    }

    /// What training gave, and whether it came to its end. It is written to `log`, or compared with it.
    pub(super) fn train_anew(
        &self,
        learner: LearnerKind,
        units: &Units<'_>,
        log: Option<&RunLog>,
    ) -> Result<(Trained, bool)> {
        let problem = Arc::new(self.problem());
        let start = self.network.initialise(self.key.child(0));
        let (stopped, name) = (Cell::new(false), learner.name());
        let mut judge = Judge {
            evaluator: Evaluator::new(Arc::clone(self.network), Arc::clone(&problem)),
            parameters: start.clone(),
            best: Trained { parameters: start.clone(), evaluations: 0, best_at: 0 },
            loss: f64::INFINITY,
            every: (self.budget / LOOKS).max(1),
            next: 0,
            budget: self.budget,
            watch: self.watch,
            stopped: &stopped,
        };
        let objective = NetworkLoss::new(Arc::clone(self.network), Arc::clone(&problem));
        let logged = log.map(|log| log.objective(&objective));
        let asked: &dyn Objective = logged.as_ref().map_or(&objective, |logged| logged);
        let mut learner = self.learner(learner, asked, problem)?;
        let ended = {
            let mut marks = log.map(RunLog::marks);
            let mut observers: Vec<&mut dyn Observer> = vec![&mut judge];
            observers.extend(marks.as_mut().map(|marks| marks as &mut dyn Observer));
            let mut member = Member::new(&mut observers);
            let batches = self.key.child(2);
            let mut saved = Instant::now();
            units.restore(name, &mut (&mut *learner, &mut member))?;
            let is_due = |saved: Instant| units.every().is_some_and(|every| saved.elapsed() >= every);
            while train_logged(log, &mut *learner, batches, self.budget, &mut member, &mut || {
                stopped.get() || is_due(saved)
            })? {
                units.save(name, &mut (&mut *learner, &mut member))?;
                saved = Instant::now();
                if stopped.get() {
                    break;
                }
            }
            let ended = member.finish();
            if let Some(log) = log.filter(|_| !stopped.get()) {
                log.finish(&mut *learner, &ended)?;
            }
            ended
        };
        match ended {
            Ok((ended, _)) => judge.best.evaluations = ended.evaluations,
            // What was best before the weights went astray is still good.
            Err(Error::NonFinite { .. }) if judge.loss.is_finite() => {}
            Err(error) => return Err(error),
        }
        Ok((judge.best, !stopped.get()))
    }
}

/// Judges on the validation part now and then, and keeps the best parameters.
struct Judge<'a> {
    evaluator: Evaluator,
    parameters: Vec<f32>,
    best: Trained,
    loss: f64,
    every: u64,
    next: u64,
    budget: u64,
    watch: &'a (dyn Fn(f64) -> ControlFlow<()> + Sync),
    /// Whether the training was told to stop.
    stopped: &'a Cell<bool>,
}

archived!(Trained { parameters, evaluations, best_at });

impl Observer for Judge<'_> {
    fn observe(&mut self, record: &Record<'_>) -> Result<ControlFlow<StopReason>> {
        if record.evaluations < self.next && !record.last {
            return Ok(ControlFlow::Continue(()));
        }
        self.next = record.evaluations + self.every;
        record.learner.solution().write(1.0, &mut self.parameters);
        let loss = self.evaluator.measure(Metric::Loss, &self.parameters)?;
        self.best.evaluations = record.evaluations;
        if loss < self.loss {
            self.loss = loss;
            self.best.parameters.copy_from_slice(&self.parameters);
            self.best.best_at = record.evaluations;
        }
        if (self.watch)(record.evaluations as f64 / self.budget as f64).is_break() {
            self.stopped.set(true);
        }
        let is_late = record.evaluations > self.best.best_at + PATIENCE * self.every;
        Ok(if is_late { ControlFlow::Break(StopReason::Target) } else { ControlFlow::Continue(()) })
    }

    fn next_look(&self, evaluations: u64) -> u64 {
        self.next.max(evaluations)
    }

    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let Self { best, loss, next, evaluator: _, parameters: _, every: _, budget: _, watch: _, stopped: _ } = self;
        best.archive(archive)?;
        (loss, next).archive(archive)
    }
}
