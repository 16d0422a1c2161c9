//! Training: several runs on the first four fifths of the training part, the best of which is trained anew on all of it.
//!
//! A run is judged on the last fifth of the training part at [`LOOKS`] times. The best look of all runs says which first
//! weights to take and for how many evaluations to train. The test part plays no role.

use std::ops::ControlFlow;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use rayon::prelude::*;
use tegmentum::data::task::{Problem, Series};
use tegmentum::learning::black_box_learner::BlackBoxLearner;
use tegmentum::learning::learner::Learner;
use tegmentum::learning::observer::StopReason;
use tegmentum::learning::observer::{Observer, Record};
use tegmentum::learning::optimizers::dopamine::DopamineConfig;
use tegmentum::learning::plasticity::node_perturbation::NodePerturbationConfig;
use tegmentum::learning::training::train as run_loop;
use tegmentum::model::network::Network;
use tegmentum::model::networks::NetworkConfig;
use tegmentum::model::networks::{elman::ElmanConfig, gru::GruConfig};
use tegmentum::model::objectives::NetworkLoss;
use tegmentum::numerics::Numerics;
use tegmentum::random::Key;
use tegmentum_study::run::Monitor;

use super::judgement::nrmse;
use super::model::Model;
use crate::args::{Forecast, LearnerKind, NetworkKind};
use crate::interrupt;
use crate::progress::Progress;
use tegmentum_study::number::number;

/// Times at which a run is judged.
const LOOKS: u64 = 20;

/// The first row of the last fifth of the training part.
pub(super) fn validation_start(series: &Series) -> usize {
    series.train.end - series.train.len() / 5
}

/// A trained network and how it came about.
#[derive(Debug)]
pub(super) struct Trained {
    /// The network with its parameters.
    pub(super) model: Model,
    /// Network and learner in words.
    pub(super) name: String,
    /// The network as a study would have it.
    pub(super) config: NetworkConfig,
    /// Which of the runs was chosen, from 0.
    pub(super) restart: u64,
    /// Evaluations after which it was best.
    pub(super) evaluations: u64,
    /// Its error on the last fifth of the training part.
    pub(super) validation: f64,
    /// How many runs there were.
    pub(super) restarts: u64,
}

impl Trained {
    /// In a sentence.
    pub(super) fn describe(&self) -> String {
        format!(
            "{}: {} parameters. Of {} runs, number {} at {} evaluations was best on the last fifth of the training part \
             (NRMSE {}); it was trained anew on all of it.",
            self.name,
            self.model.parameters.len(),
            self.restarts,
            self.restart + 1,
            self.evaluations,
            number(self.validation),
        )
    }
}

/// What all runs have in common.
struct Plan<'a> {
    arguments: &'a Forecast,
    network: Arc<dyn Network>,
    progress: &'a Progress,
}

/// Trains as the arguments say.
///
/// # Errors
/// If a run cannot be made, none gives finite predictions, or the user stopped it.
pub(super) fn train(arguments: &Forecast, series: &Series) -> Result<Trained> {
    let config = network_config(arguments);
    let channels = series.channels.len();
    let network: Arc<dyn Network> = Arc::from(config.build_with(Numerics::Portable, channels, channels)?);
    let progress = Progress::new();
    let plan = Plan { arguments, network, progress: &progress };
    let restarts = u64::from(arguments.restarts);
    progress.expect(
        &format!("training {restarts} networks, then the best one anew"),
        arguments.evaluations * (restarts + 1),
    );
    let early = without_validation(series);
    let looks: Result<Vec<Look>> =
        (0..restarts).into_par_iter().map(|restart| plan.best_look(restart, &early, series)).collect();
    let best = looks?.into_iter().min_by(|a, b| a.error.total_cmp(&b.error)).filter(|best| best.error.is_finite());
    let best = best.context("no run gave finite predictions; try another --seed or more --evaluations")?;
    let model = plan.run(best.restart, series, best.evaluations, None)?;
    drop(progress);
    if interrupt::requested() {
        bail!("nothing was written");
    }
    let learner = match arguments.learner {
        LearnerKind::Dopamine => "Dopamine",
        LearnerKind::NodePerturbation => "node perturbation",
    };
    let kind = match arguments.network {
        NetworkKind::Elman => "Elman",
        NetworkKind::Gru => "GRU",
    };
    Ok(Trained {
        model,
        name: format!("{kind} network, {} hidden units, {learner}", arguments.hidden),
        config,
        restart: best.restart,
        evaluations: best.evaluations,
        validation: best.error,
        restarts,
    })
}

fn network_config(arguments: &Forecast) -> NetworkConfig {
    let hidden = usize::from(arguments.hidden);
    match arguments.network {
        NetworkKind::Elman => NetworkConfig::Elman(ElmanConfig { hidden, ..ElmanConfig::default() }),
        NetworkKind::Gru => NetworkConfig::Gru(GruConfig { hidden, ..GruConfig::default() }),
    }
}

/// The training part alone, its last fifth in the place of the test.
fn without_validation(series: &Series) -> Series {
    let (middle, end) = (validation_start(series), series.train.end);
    let mut early = series.clone();
    early.values.truncate(end * series.channels.len());
    (early.train, early.test) = (series.train.start..middle, middle..end);
    early.windows.length = early.windows.length.min(middle - 1).min(end - middle - 1).max(1);
    early.windows.washout = early.windows.washout.min(early.windows.length - 1);
    early
}

/// The best moment of a run.
#[derive(Clone, Copy, Debug)]
struct Look {
    restart: u64,
    evaluations: u64,
    error: f64,
}

impl Plan<'_> {
    /// One run on `early`, judged on its test part along the way.
    fn best_look(&self, restart: u64, early: &Series, series: &Series) -> Result<Look> {
        let mut judge = Judge {
            model: Model { network: Arc::clone(&self.network), parameters: vec![0.0; self.network.num_parameters()] },
            values: &series.values[..early.test.end * early.channels.len()],
            first: early.test.start,
            every: (self.arguments.evaluations / LOOKS).max(1),
            next: 0,
            best: Look { restart, evaluations: self.arguments.evaluations, error: f64::INFINITY },
        };
        self.run(restart, early, self.arguments.evaluations, Some(&mut judge))?;
        Ok(judge.best)
    }

    /// One run on the training part of `series`.
    fn run(&self, restart: u64, series: &Series, budget: u64, judge: Option<&mut Judge<'_>>) -> Result<Model> {
        let key = Key::from_seed(self.arguments.seed).child(restart);
        let problem = Arc::new(Problem::Series(series.clone()));
        let objective = NetworkLoss::new(Arc::clone(&self.network), Arc::clone(&problem));
        let start = self.network.initialise(key.child(0));
        let mut learner: Box<dyn Learner + '_> = match self.arguments.learner {
            LearnerKind::Dopamine => {
                let optimizer = DopamineConfig::default().build(start, key.child(1), budget)?;
                Box::new(BlackBoxLearner::new(&objective, Box::new(optimizer)))
            }
            LearnerKind::NodePerturbation => Box::new(NodePerturbationConfig::default().build(
                Arc::clone(&self.network),
                problem,
                start,
                key.child(1),
            )?),
        };
        let mut ticker = Ticker { progress: self.progress, told: 0 };
        let mut observers: Vec<&mut dyn Observer> = vec![&mut ticker];
        observers.extend(judge.map(|judge| judge as &mut dyn Observer));
        run_loop(&mut *learner, key.child(2), budget, &mut observers)?;
        let mut parameters = vec![0.0; self.network.num_parameters()];
        learner.solution().write(1.0, &mut parameters);
        Ok(Model { network: Arc::clone(&self.network), parameters })
    }
}

/// Tells the progress, and stops when the user wants it.
struct Ticker<'a> {
    progress: &'a Progress,
    told: u64,
}

impl Observer for Ticker<'_> {
    fn observe(&mut self, record: &Record<'_>) -> tegmentum::error::Result<ControlFlow<StopReason>> {
        let go_on = self.progress.advance(record.evaluations - self.told);
        self.told = record.evaluations;
        Ok(if go_on { ControlFlow::Continue(()) } else { ControlFlow::Break(StopReason::Interrupted) })
    }
}

/// Judges a run now and then on rows that it does not learn from.
struct Judge<'a> {
    model: Model,
    /// Rows up to the end of those that are judged.
    values: &'a [f32],
    /// The first row that is judged.
    first: usize,
    every: u64,
    next: u64,
    best: Look,
}

impl Observer for Judge<'_> {
    fn observe(&mut self, record: &Record<'_>) -> tegmentum::error::Result<ControlFlow<StopReason>> {
        if record.evaluations > 0 && (record.evaluations >= self.next || record.last) {
            self.next = record.evaluations + self.every;
            record.learner.solution().write(1.0, &mut self.model.parameters);
            let predicted = self.model.one_step(self.values, self.first);
            let error = nrmse(&predicted, &self.values[self.values.len() - predicted.len()..]);
            if error < self.best.error {
                self.best = Look { evaluations: record.evaluations, error, ..self.best };
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}
