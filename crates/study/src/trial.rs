//! One run of one arm with one seed.
//!
//! The seed's key has four children: 0 draws the first parameters, 1 the learner's directions, 2 the batches, 3 what is random
//! in a system of modulators around the learner. Arms of one
//! seed begin with the same parameters and see the same batches.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::config::{Arm, Setting, StudyConfig, evaluations_to, solved};
use tegmentum::behaviour::agent::Raster;
use tegmentum::data::task::Problem;
use tegmentum::error::{Error, Result};
use tegmentum::evidence::evaluation::{Evaluator, Metric};
use tegmentum::learning::gradient::GradientLearner;
use tegmentum::learning::modulated_learner::{LossSignals, ModulatedLearner};
use tegmentum::learning::observer::{Observer, Record};
use tegmentum::learning::optimizer::{Levels, OptimizerConfig};
use tegmentum::learning::fused::PerceptronProblem;
use tegmentum::learning::fused::learner::FusedPerceptron;
use tegmentum::learning::training::{BlackBoxLearner, Ended, Learner, StopReason, train};
use tegmentum::model::network::Network;
use tegmentum::model::objectives::NetworkLoss;
use tegmentum::random::Key;

/// Points of a learning curve.
const CURVE_POINTS: u64 = 24;
/// Most evaluations between two reports of progress, where a learner makes many at a time.
const TICK: u64 = 4096;
/// Evaluations between two looks at a target.
pub(crate) const TARGET_INTERVAL: u64 = 20;

/// A setting made ready: the data and the network.
#[derive(Debug)]
pub struct Stage {
    /// The setting.
    pub setting: Setting,
    /// Evaluations of a run.
    pub budget: u64,
    /// The problem.
    pub problem: Arc<Problem>,
    /// The network.
    pub network: Arc<dyn Network>,
    objective: NetworkLoss,
    /// Network and problem once more, if both are small.
    pub(super) small: Option<Arc<PerceptronProblem>>,
}

impl Stage {
    /// Makes data and network; the data do not depend on the seed of a run.
    ///
    /// # Errors
    /// If the task or the network cannot be built, or a metric does not fit.
    pub fn new(study: &StudyConfig, setting: &Setting) -> Result<Self> {
        let problem = Arc::new(setting.task.build()?.problem(Key::from_seed(0))?);
        let (inputs, outputs) = (problem.num_inputs(), problem.num_outputs());
        let network: Arc<dyn Network> = Arc::from(setting.network.build_with(study.numerics, inputs, outputs)?);
        for metric in &study.metrics {
            metric.check(&problem)?;
        }
        Ok(Self {
            budget: setting.budget.unwrap_or(study.budget),
            objective: NetworkLoss::new(Arc::clone(&network), Arc::clone(&problem)),
            small: PerceptronProblem::new(&network, &problem).map(Arc::new),
            setting: setting.clone(),
            problem,
            network,
        })
    }

    /// Floating-point operations of one loss evaluation.
    pub fn operations(&self) -> u64 {
        tegmentum::model::objective::Objective::operations(&self.objective).unwrap_or(0)
    }

    /// The learner of an arm, for a seed, on this stage's objective.
    ///
    /// # Errors
    /// If the arm's settings are out of range or do not fit the network.
    pub fn learner(&self, arm: &Arm, seed: u64) -> Result<Box<dyn Learner + '_>> {
        let learner = self.bare_learner(arm, seed)?;
        let Some(system) = &arm.neuromodulation else { return Ok(learner) };
        let key = Key::from_seed(seed).child(3);
        Ok(Box::new(ModulatedLearner::new(learner, system, LossSignals::default(), key)?))
    }

    /// The learner without a system around it.
    fn bare_learner(&self, arm: &Arm, seed: u64) -> Result<Box<dyn Learner + '_>> {
        let key = Key::from_seed(seed);
        let start = self.network.initialise(key.child(0));
        let (network, problem) = (Arc::clone(&self.network), Arc::clone(&self.problem));
        if let Some(optimizer) = &arm.optimizer {
            if let (OptimizerConfig::WeightPerturbation(config), Some(small)) = (optimizer, &self.small) {
                let small = Arc::clone(small);
                if let Some(learner) = FusedPerceptron::new(small, config, start.clone(), key.child(1), self.budget)? {
                    return Ok(Box::new(learner));
                }
            }
            let optimizer = optimizer.for_network(&*network).build(start, key.child(1), self.budget)?;
            return Ok(Box::new(BlackBoxLearner::new(&self.objective, optimizer)));
        }
        if let Some(plasticity) = &arm.plasticity {
            return plasticity.build(network, problem, start, key.child(1));
        }
        let Some(gradient) = &arm.gradient else {
            return Err(Error::Study { origin: format!("arm {:?}", arm.name), problem: "has no learner".to_owned() });
        };
        Ok(Box::new(GradientLearner::new(gradient.build(start, self.budget)?, network, problem)))
    }

    /// The same stage with work space of its own, none of it made yet.
    #[must_use]
    pub fn afresh(&self) -> Self {
        let (network, problem) = (Arc::clone(&self.network), Arc::clone(&self.problem));
        Self {
            setting: self.setting.clone(),
            budget: self.budget,
            objective: NetworkLoss::new(Arc::clone(&network), Arc::clone(&problem)),
            small: self.small.clone(),
            problem,
            network,
        }
    }
}

/// A point of a learning curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Evaluations so far.
    pub evaluations: u64,
    /// The study's metrics, in its order.
    pub metrics: Vec<f64>,
    /// The rate in force.
    pub learning_rate: f64,
    /// The modulators, for arms that have them.
    pub levels: Option<Levels>,
}

/// What a run gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// The seed.
    pub seed: u64,
    /// The learning curve.
    pub curve: Vec<Point>,
    /// Every metric by name; NaN or infinite where it failed.
    pub metrics: BTreeMap<String, f64>,
    /// The parameters that were handed over.
    pub solution: Vec<f32>,
    /// Spikes of a few trials with their numbers, for agents that have them.
    pub rasters: Vec<(u64, Raster)>,
    /// Processor seconds of learning, without judging on test data.
    pub seconds: f64,
}

/// What a watch sees of a run: before the first update and after those that it wants to see.
pub(super) struct Seen<'a> {
    /// Evaluations so far.
    pub(super) evaluations: u64,
    /// Whether the budget is spent.
    pub(super) last: bool,
    /// The rate of the last update.
    pub(super) learning_rate: f64,
    /// The modulators, for learners that have them.
    pub(super) levels: Option<Levels>,
    /// Writes the parameters that are judged along the way.
    pub(super) write: &'a dyn Fn(&mut Vec<f32>),
}

/// Watches a run: its curve and when it reaches its targets.
pub(super) struct Watch<'a> {
    evaluator: Evaluator,
    metrics: &'a [Metric],
    targets: &'a [f64],
    stop_at_target: bool,
    checkpoints: Vec<u64>,
    next_look: u64,
    reached: Vec<Option<u64>>,
    curve: Vec<Point>,
    parameters: Vec<f32>,
    tick: &'a (dyn Fn(u64) -> bool + Sync),
    ticked: u64,
    /// Processor seconds spent on judging, which are not the learner's.
    pub(super) judging: f64,
}

impl<'a> Watch<'a> {
    /// A watch of one run; `tick` is told the evaluations as they are spent and says whether to go on.
    pub(super) fn new(study: &'a StudyConfig, stage: &Stage, tick: &'a (dyn Fn(u64) -> bool + Sync)) -> Self {
        Self {
            evaluator: Evaluator::new(Arc::clone(&stage.network), Arc::clone(&stage.problem)),
            metrics: &study.metrics,
            targets: &study.targets,
            stop_at_target: study.stop_at_target,
            checkpoints: checkpoints(stage.budget),
            next_look: 0,
            reached: vec![None; study.targets.len()],
            curve: Vec::new(),
            parameters: Vec::new(),
            tick,
            ticked: 0,
            judging: 0.0,
        }
    }

    /// Takes note of a run; `Break` ends it.
    ///
    /// # Errors
    /// If a metric cannot be measured.
    pub(super) fn see(&mut self, seen: &Seen<'_>) -> Result<ControlFlow<StopReason>> {
        let is_mark = seen.last || self.checkpoints.get(self.curve.len()).is_some_and(|&at| seen.evaluations >= at);
        let is_look = !self.targets.is_empty() && seen.evaluations >= self.next_look;
        if !is_mark && !is_look {
            return Ok(self.tick(seen.evaluations));
        }
        let clock = ProcessorClock::start();
        let flow = self.judge(seen, is_mark, is_look);
        self.judging += clock.seconds();
        flow
    }

    /// Evaluations from which on it wants to see the run again.
    pub(super) fn next_look(&self) -> u64 {
        let mark = self.checkpoints.get(self.curve.len()).copied().unwrap_or(u64::MAX);
        let look = if self.targets.is_empty() { u64::MAX } else { self.next_look };
        mark.min(look).min(self.ticked + TICK)
    }

    /// Reports progress and asks whether to go on.
    fn tick(&mut self, evaluations: u64) -> ControlFlow<StopReason> {
        let go_on = (self.tick)(evaluations - self.ticked);
        self.ticked = evaluations;
        if go_on { ControlFlow::Continue(()) } else { ControlFlow::Break(StopReason::Interrupted) }
    }

    fn judge(&mut self, seen: &Seen<'_>, is_mark: bool, is_look: bool) -> Result<ControlFlow<StopReason>> {
        (seen.write)(&mut self.parameters);
        if is_mark {
            self.mark(seen)?;
        }
        if is_look {
            self.next_look = seen.evaluations + TARGET_INTERVAL;
            if self.look(seen.evaluations)? && self.stop_at_target {
                self.mark(seen)?;
                return Ok(ControlFlow::Break(StopReason::Target));
            }
        }
        Ok(self.tick(seen.evaluations))
    }

    fn look(&mut self, evaluations: u64) -> Result<bool> {
        let first = self.evaluator.measure(self.metrics[0], &self.parameters)?;
        let larger = self.metrics[0].larger_is_better();
        for (reached, &target) in self.reached.iter_mut().zip(self.targets) {
            let hit = if larger { first >= target } else { first < target };
            if hit && reached.is_none() {
                *reached = Some(evaluations);
            }
        }
        Ok(self.reached.iter().all(Option::is_some))
    }

    fn mark(&mut self, seen: &Seen<'_>) -> Result<()> {
        let metrics = self.metrics.iter().map(|&metric| match metric {
            // Free runs are costly: at the end alone.
            Metric::ValidPredictionTime => Ok(f64::NAN),
            _ => self.evaluator.measure(metric, &self.parameters),
        });
        let metrics = metrics.collect::<Result<Vec<f64>>>()?;
        let Seen { evaluations, learning_rate, levels, .. } = *seen;
        self.curve.push(Point { evaluations, metrics, learning_rate, levels });
        Ok(())
    }

    /// The trial of a run that ended with `solution` `[P]`.
    ///
    /// # Errors
    /// If a metric cannot be measured.
    pub(super) fn trial(
        mut self,
        seed: u64,
        ended: &Ended,
        solution: Vec<f32>,
        state_bytes: usize,
        seconds: f64,
    ) -> Result<Trial> {
        let measured = self.evaluator.measure_all(self.metrics, &solution)?.into_iter();
        let mut metrics: BTreeMap<String, f64> = measured.map(|(name, value)| (name.to_owned(), value)).collect();
        for (reached, &target) in self.reached.iter().zip(self.targets) {
            metrics.insert(evaluations_to(target), reached.map_or(f64::INFINITY, |at| at as f64));
            metrics.insert(solved(target), f64::from(u8::from(reached.is_some())));
        }
        metrics.insert("evaluations".to_owned(), ended.evaluations as f64);
        metrics.insert("state_bytes".to_owned(), state_bytes as f64);
        metrics.insert("non_finite".to_owned(), ended.non_finite as f64);
        metrics.insert("surprises".to_owned(), ended.surprises as f64);
        Ok(Trial { seed, curve: self.curve, metrics, solution, rasters: Vec::new(), seconds })
    }
}

impl Observer for Watch<'_> {
    fn observe(&mut self, record: &Record<'_>) -> Result<ControlFlow<StopReason>> {
        let averaged = record.learner.averaged();
        self.see(&Seen {
            evaluations: record.evaluations,
            last: record.last,
            learning_rate: record.report.learning_rate,
            levels: record.learner.levels(),
            write: &|parameters| {
                parameters.resize(averaged.len(), 0.0);
                averaged.write(1.0, parameters);
            },
        })
    }

    fn next_look(&self, _: u64) -> u64 {
        self.next_look()
    }
}

/// Evaluations at which a curve has its points: 0, then evenly spaced in the logarithm.
fn checkpoints(budget: u64) -> Vec<u64> {
    let first = (budget as f64 / 256.0).max(1.0);
    let ratio = (budget as f64 / first).powf(1.0 / (CURVE_POINTS - 1) as f64);
    let mut points: Vec<u64> =
        (0..CURVE_POINTS).map(|index| (first * ratio.powi(index as i32)).round() as u64).collect();
    points.insert(0, 0);
    points.dedup();
    points
}

/// Runs one arm with one seed. `tick` is told the evaluations as they are spent and says whether to go on.
///
/// # Errors
/// If the arm cannot be built, or a parameter became NaN or infinite.
pub fn run_trial(
    study: &StudyConfig,
    stage: &Stage,
    arm: &Arm,
    seed: u64,
    tick: &(dyn Fn(u64) -> bool + Sync),
) -> Result<Trial> {
    let clock = ProcessorClock::start();
    let mut learner = stage.learner(arm, seed)?;
    let mut watch = Watch::new(study, stage, tick);
    let ended = train(&mut *learner, Key::from_seed(seed).child(2), stage.budget, &mut [&mut watch])?;
    let seconds = clock.seconds() - watch.judging;
    let mut solution = vec![0.0; learner.solution().len()];
    learner.solution().write(1.0, &mut solution);
    watch.trial(seed, &ended, solution, learner.state_bytes(), seconds)
}

/// Processor seconds of this thread, where the system tells; else wall seconds.
pub(crate) struct ProcessorClock {
    wall: std::time::Instant,
    thread: Option<f64>,
}

impl ProcessorClock {
    pub(crate) fn start() -> Self {
        Self { wall: std::time::Instant::now(), thread: thread_seconds() }
    }

    pub(crate) fn seconds(&self) -> f64 {
        match (self.thread, thread_seconds()) {
            (Some(before), Some(after)) => after - before,
            _ => self.wall.elapsed().as_secs_f64(),
        }
    }
}

/// Seconds that this thread has run on a processor, from the scheduler's own count.
fn thread_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: f64 = text.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds * 1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trials_on_small_networks_are_those_of_the_general_form() {
        let text = r#"
            name = "small"
            title = "t"
            question = "q"
            budget = 3000
            metrics = ["mean_squared_error"]
            targets = [0.2, 0.05]
            stop_at_target = true
            [task.xor]
            [network.mlp]
            hidden = [4]
            output_activation = "logistic"
            initialisation = { normal = 0.5 }
            [[arm]]
            name = "one_sided"
            optimizer = { weight_perturbation = { learning_rate = 2.0 } }
            [[arm]]
            name = "two_sided"
            optimizer = { weight_perturbation = { two_sided = true, schedule = "linear", directions = 2, family = "gaussian" } }
        "#;
        let study = StudyConfig::from_toml(text, "small.toml").unwrap();
        let stage = Stage::new(&study, &study.settings()[0]).unwrap();
        assert!(stage.small.is_some());
        let general = Stage { small: None, ..stage.afresh() };
        for arm in &study.arm {
            for seed in 0..4 {
                let run =
                    |stage: &Stage| Trial { seconds: 0.0, ..run_trial(&study, stage, arm, seed, &|_| true).unwrap() };
                assert_eq!(run(&stage), run(&general), "{} {seed}", arm.name);
            }
        }
    }
}
