//! Training of the network: until the loss on the validation part has not improved for long, the best parameters kept.
//!
//! Node perturbation and Dopamine have no rate to set. Adam has one, and is trained with each of [`RATES`]; the one whose loss on the
//! validation part becomes smallest is taken.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use rayon::prelude::*;
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
/// Steps of Adam that are tried, in the unit of a weight.
pub(super) const RATES: [f64; 7] = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1];

/// What the log of a training says it is of.
const LOGGED: &str = "a training on a table";

/// What trains, with its rate if it has one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Rule {
    NodePerturbation,
    Dopamine,
    Adam { rate: f64 },
}

impl Rule {
    /// What a log says it is of.
    fn description(self) -> String {
        match self {
            Self::Adam { rate } => format!("{LOGGED}, rate {rate}"),
            _ => LOGGED.to_owned(),
        }
    }

    /// The rule of a training that was logged.
    fn logged(learner: LearnerKind, log: &RunLog) -> Result<Self> {
        let description = log.description();
        let text = std::str::from_utf8(&description).ok().and_then(|text| text.strip_prefix(LOGGED));
        let rate = text.and_then(|text| text.strip_prefix(", rate ")).and_then(|rate| rate.parse().ok());
        match (learner, rate) {
            (LearnerKind::NodePerturbation, None) => Ok(Self::NodePerturbation),
            (LearnerKind::Dopamine, None) => Ok(Self::Dopamine),
            (LearnerKind::Adam, Some(rate)) => Ok(Self::Adam { rate }),
            _ => Err(mistaken("the log", "is of another learner")),
        }
    }
}

fn mistaken(what: &str, problem: &str) -> Error {
    Error::Archive { what: what.to_owned(), problem: problem.to_owned() }
}

/// What is learned from, and what stops the training.
pub(super) fn problem(network: &dyn Network, loss: Loss, train: &Part, validation: &Part) -> Arc<Problem> {
    Arc::new(Problem::Examples(Examples {
        num_inputs: train.width,
        num_outputs: network.output_rows().len(),
        train: ExampleSet { inputs: train.inputs.clone(), targets: train.targets.clone() },
        test: ExampleSet { inputs: validation.inputs.clone(), targets: validation.targets.clone() },
        batch: Some(BATCH.min(train.rows())),
        loss,
    }))
}

/// What all trainings of a table have in common.
pub(super) struct Plan<'a> {
    pub(super) network: &'a Arc<dyn Network>,
    pub(super) problem: Arc<Problem>,
    pub(super) budget: u64,
    pub(super) key: Key,
    /// Parameters to begin with, `[P]`; from the key if there are none.
    pub(super) start: Option<&'a [f32]>,
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
    /// Their loss on the validation part.
    pub(super) loss: f64,
}

impl Plan<'_> {
    /// Trains with a learner, if that is not done yet, with a log in the folder `log`; with it the rate that was chosen for Adam.
    pub(super) fn train(
        &self,
        learner: LearnerKind,
        units: &Units<'_>,
        log: Option<&Path>,
    ) -> Result<(Trained, Option<f64>)> {
        let rule = match learner {
            LearnerKind::NodePerturbation => Rule::NodePerturbation,
            LearnerKind::Dopamine => Rule::Dopamine,
            LearnerKind::Adam => {
                let (rate, trained) = self.best_rate(units)?;
                if log.is_none() {
                    return Ok((trained, Some(rate)));
                }
                // Once more, now that it is known which one is to be logged.
                return Ok((self.train_by(Rule::Adam { rate }, learner.name(), units, log)?, Some(rate)));
            }
        };
        Ok((self.train_by(rule, learner.name(), units, log)?, None))
    }

    /// Adam with the rate that is best on the validation part, the smallest of equally good ones.
    fn best_rate(&self, units: &Units<'_>) -> Result<(f64, Trained)> {
        let train = |rate| Ok((rate, self.train_by(Rule::Adam { rate }, &format!("adam-{rate}"), units, None)?));
        let tried: Vec<Result<(f64, Trained)>> = RATES.into_par_iter().map(train).collect();
        let better = |best: Result<(f64, Trained)>, tried: Result<(f64, Trained)>| match (best, tried) {
            (Ok(best), Ok(tried)) => Ok(if tried.1.loss < best.1.loss { tried } else { best }),
            // A rate that leads astray is not the best one.
            (Err(Error::NonFinite { .. }), other) | (other, Err(Error::NonFinite { .. })) => other,
            (Err(error), _) | (_, Err(error)) => Err(error),
        };
        let none = || Err(mistaken("the rates of Adam", "none was tried"));
        tried.into_iter().reduce(better).unwrap_or_else(none)
    }

    /// Trains by a rule as the unit `name`, if that is not done yet.
    fn train_by(&self, rule: Rule, name: &str, units: &Units<'_>, log: Option<&Path>) -> Result<Trained> {
        if let Some(trained) = units.take(name)? {
            return Ok(trained);
        }
        let log = log.map(|folder| RunLog::record(folder, rule.description().as_bytes(), ROOM)).transpose()?;
        let (mut trained, is_whole) = self.train_anew(rule, name, units, log.as_ref())?;
        // A training that was told to stop has not come to its end.
        if is_whole {
            units.keep(name, &mut trained)?;
        }
        Ok(trained)
    }

    /// Makes a logged training again, compares it with its log, and returns the parameters that it gave.
    pub(super) fn verify(&self, learner: LearnerKind, log: &RunLog) -> Result<Vec<f32>> {
        let rule = Rule::logged(learner, log)?;
        Ok(self.train_anew(rule, learner.name(), &Units::nowhere(), Some(log))?.0.parameters)
    }

    fn start(&self) -> Vec<f32> {
        self.start.map_or_else(|| self.network.initialise(self.key.child(0)), <[f32]>::to_vec)
    }

    /// The learner at its beginning, on `objective` if it is a black box.
    fn learner<'b>(&self, rule: Rule, objective: &'b dyn Objective) -> Result<Box<dyn Learner + 'b>> {
        let (start, key) = (self.start(), self.key.child(1));
        let problem = Arc::clone(&self.problem);
        Ok(match rule {
            Rule::NodePerturbation => {
                NodePerturbationConfig::default().build(Arc::clone(self.network), problem, start, key).map(Box::new)?
            }
            Rule::Dopamine => {
                let optimizer = DopamineConfig::default().build(start, key, self.budget)?;
                Box::new(BlackBoxLearner::new(objective, Box::new(optimizer)))
            }
            Rule::Adam { rate } => {
                let rule = AdamConfig { learning_rate: rate, ..AdamConfig::default() };
                let descent = GradientConfig::from(rule).build(start, self.budget)?;
                Box::new(GradientLearner::new(descent, Arc::clone(self.network), problem))
            }
        })
    }

    /// Where a logged training was after `update` of its updates, and the parameters that it would have handed over.
    pub(super) fn state(&self, learner: LearnerKind, log: &RunLog, update: u64) -> Result<(Place, Vec<f32>)> {
        let objective = NetworkLoss::new(Arc::clone(self.network), Arc::clone(&self.problem));
        let objective = log.objective(&objective);
        let mut learner = self.learner(Rule::logged(learner, log)?, &objective)?;
        let place = log.restore(&mut *learner, self.key.child(2), update)?;
        let mut parameters = vec![0.0; self.network.num_parameters()];
        learner.solution().write(1.0, &mut parameters);
        Ok((place, parameters))
    }

    /// What training as the unit `name` gave, and whether it came to its end. It is written to `log`, or compared with it.
    fn train_anew(&self, rule: Rule, name: &str, units: &Units<'_>, log: Option<&RunLog>) -> Result<(Trained, bool)> {
        let start = self.start();
        let stopped = Cell::new(false);
        let mut judge = Judge {
            evaluator: Evaluator::new(Arc::clone(self.network), Arc::clone(&self.problem)),
            parameters: start.clone(),
            best: Trained { parameters: start, loss: f64::INFINITY, ..Trained::default() },
            every: (self.budget / LOOKS).max(1),
            next: 0,
            budget: self.budget,
            watch: self.watch,
            stopped: &stopped,
        };
        let objective = NetworkLoss::new(Arc::clone(self.network), Arc::clone(&self.problem));
        let logged = log.map(|log| log.objective(&objective));
        let asked: &dyn Objective = logged.as_ref().map_or(&objective, |logged| logged);
        let mut learner = self.learner(rule, asked)?;
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
            Err(Error::NonFinite { .. }) if judge.best.loss.is_finite() => {}
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
    every: u64,
    next: u64,
    budget: u64,
    watch: &'a (dyn Fn(f64) -> ControlFlow<()> + Sync),
    /// Whether the training was told to stop.
    stopped: &'a Cell<bool>,
}

archived!(Trained { parameters, evaluations, best_at, loss });

impl Observer for Judge<'_> {
    fn observe(&mut self, record: &Record<'_>) -> Result<ControlFlow<StopReason>> {
        if record.evaluations < self.next && !record.last {
            return Ok(ControlFlow::Continue(()));
        }
        self.next = record.evaluations + self.every;
        record.learner.solution().write(1.0, &mut self.parameters);
        let loss = self.evaluator.measure(Metric::Loss, &self.parameters)?;
        self.best.evaluations = record.evaluations;
        if loss < self.best.loss {
            self.best.loss = loss;
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
        let Self { best, next, evaluator: _, parameters: _, every: _, budget: _, watch: _, stopped: _ } = self;
        (best, next).archive(archive)
    }
}
