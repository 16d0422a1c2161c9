//! One run of one arm through the phases of a stream.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::plan::{Course, PhasePlan};
use super::{RELEARN, SOLVED, error_after_phase, evaluations_in_phase};
use crate::config::{Arm, StudyConfig};
use crate::logs::{LoggedRun, StateOfRun};
use crate::metric::{self, EVALUATIONS, NON_FINITE, STATE_BYTES, SURPRISES};
use crate::trial::{Point, ProcessorClock, TARGET_INTERVAL, Trial};
use crate::work::Work;
use tegmentum::archive::{Archive, Archived as _};
use tegmentum::archived;
use tegmentum::error::{Error, Result};
use tegmentum::evidence::evaluation::{Evaluator, Metric};
use tegmentum::learning::learner::Learner;
use tegmentum::learning::observer::StopReason;
use tegmentum::learning::observer::{Observer, Record};
use tegmentum::learning::run_log::{LoggedObjective, RunLog};
use tegmentum::learning::training::Ended;
use tegmentum::model::objective::Objective;
use tegmentum::random::Key;

/// Points of the curve in each phase.
const PHASE_POINTS: u64 = 16;

/// What became of a phase.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct PhaseOutcome {
    /// Evaluations from its beginning to its target.
    pub(super) reached: Option<u64>,
    /// The first metric at its end.
    pub(super) error: f64,
}

archived!(PhaseOutcome { reached, error });

/// The metrics of a run from what became of its phases and the evaluations at which it was surprised.
pub(super) fn measure(phases: &[PhasePlan], outcomes: &[PhaseOutcome], surprises: &[u64]) -> BTreeMap<String, f64> {
    let spent: Vec<f64> = phases
        .iter()
        .zip(outcomes)
        .map(|(phase, outcome)| outcome.reached.map_or(phase.length(), |at| at.min(phase.length())) as f64)
        .collect();
    let mut metrics = BTreeMap::new();
    for (index, outcome) in outcomes.iter().enumerate() {
        metrics.insert(evaluations_in_phase(index), spent[index]);
        metrics.insert(error_after_phase(index), outcome.error);
    }
    let saved: Vec<f64> = phases
        .iter()
        .zip(&spent)
        .filter_map(|(phase, again)| phase.returns_to.map(|first| spent[first] - again))
        .collect();
    if !saved.is_empty() {
        metrics.insert("savings".to_owned(), saved.iter().sum::<f64>() / saved.len() as f64);
    }
    let windows: Vec<_> = phases[1..].iter().map(|phase| phase.begins..=phase.settles + phase.length() / 4).collect();
    let detected = windows.iter().filter(|window| surprises.iter().any(|at| window.contains(at))).count();
    let false_alarms = surprises.iter().filter(|at| !windows.iter().any(|window| window.contains(at))).count();
    let solved = outcomes.iter().filter(|outcome| outcome.reached.is_some()).count();
    let counts = [
        (RELEARN, spent.iter().sum()),
        (SOLVED, solved as f64),
        (SURPRISES, surprises.len() as f64),
        ("detections", detected as f64),
        ("false_alarms", false_alarms as f64),
    ];
    metrics.extend(counts.map(|(name, value)| (name.to_owned(), value)));
    metrics
}

/// Evaluations at which the curve has its points, with the phase that each is judged on: the beginning of every phase, then
/// evenly spaced in the logarithm to its end.
fn checkpoints(phases: &[PhasePlan]) -> Vec<(u64, usize)> {
    let mut points = Vec::new();
    for (index, phase) in phases.iter().enumerate() {
        let length = phase.length() as f64;
        let first = (length / 256.0).max(1.0);
        let ratio = (length / first).powf(1.0 / (PHASE_POINTS - 1) as f64);
        points.push((phase.begins, index));
        let mut later: Vec<u64> =
            (0..PHASE_POINTS).map(|point| (first * ratio.powi(point as i32)).round() as u64).collect();
        later.dedup();
        points.extend(later.into_iter().map(|at| (phase.begins + at.min(phase.length()), index)));
    }
    points
}

/// Watches a run: curve, targets, surprises.
struct PhaseWatch<'a> {
    course: &'a Course,
    metrics: &'a [Metric],
    /// A judge for each phase.
    evaluators: Vec<Evaluator>,
    checkpoints: Vec<(u64, usize)>,
    next_checkpoint: usize,
    /// The phase the run is in, and where it began in truth: after the update that passed its beginning.
    phase: usize,
    begun: u64,
    next_look: u64,
    outcomes: Vec<PhaseOutcome>,
    surprises: Vec<u64>,
    curve: Vec<Point>,
    parameters: Vec<f32>,
    work: &'a Work<'a>,
    evaluations: u64,
    judging: f64,
}

impl<'a> PhaseWatch<'a> {
    fn new(study: &'a StudyConfig, course: &'a Course, work: &'a Work<'a>) -> Self {
        let judge = |problem| Evaluator::new(Arc::clone(course.network()), Arc::clone(problem));
        Self {
            course,
            metrics: &study.metrics,
            evaluators: course.problems.iter().map(judge).collect(),
            checkpoints: checkpoints(&course.phases),
            next_checkpoint: 0,
            phase: 0,
            begun: 0,
            next_look: 0,
            outcomes: vec![PhaseOutcome { reached: None, error: f64::INFINITY }; course.phases.len()],
            surprises: Vec::new(),
            curve: Vec::new(),
            parameters: Vec::new(),
            work,
            evaluations: 0,
            judging: 0.0,
        }
    }

    fn is_checkpoint(&self, evaluations: u64) -> bool {
        self.checkpoints.get(self.next_checkpoint).is_some_and(|point| point.0 <= evaluations)
    }

    fn is_look(&self, evaluations: u64) -> bool {
        self.outcomes[self.phase].reached.is_none() && evaluations >= self.next_look
    }

    /// Every point of the curve that is due, and at the end of a phase its outcome.
    fn mark(&mut self, record: &Record<'_>) -> Result<()> {
        while self.is_checkpoint(record.evaluations) {
            let (at, phase) = self.checkpoints[self.next_checkpoint];
            self.next_checkpoint += 1;
            let evaluator = &mut self.evaluators[phase];
            let values = self.metrics.iter().map(|&metric| match metric {
                // At the end alone.
                _ if metric.is_costly() => Ok(f64::NAN),
                _ => evaluator.measure(metric, &self.parameters),
            });
            let metrics = values.collect::<Result<Vec<f64>>>()?;
            if at == self.course.phases[phase].ends {
                self.end(phase, metrics[0]);
            }
            if at == self.course.phases[phase].begins {
                (self.phase, self.begun, self.next_look) = (phase, record.evaluations, record.evaluations);
            }
            self.curve.push(Point {
                x: record.evaluations,
                metrics,
                learning_rate: record.report.learning_rate,
                levels: record.learner.levels(),
            });
        }
        Ok(())
    }

    fn end(&mut self, phase: usize, error: f64) {
        let solved = self.passes(phase, error);
        let outcome = &mut self.outcomes[phase];
        outcome.error = error;
        if solved && outcome.reached.is_none() {
            outcome.reached = Some(self.course.phases[phase].length());
        }
    }

    fn passes(&self, phase: usize, value: f64) -> bool {
        let target = self.course.phases[phase].target;
        if self.metrics[0].larger_is_better() { value >= target } else { value < target }
    }

    fn look(&mut self, evaluations: u64) -> Result<()> {
        self.next_look = evaluations + TARGET_INTERVAL;
        let value = self.evaluators[self.phase].measure(self.metrics[0], &self.parameters)?;
        if self.passes(self.phase, value) {
            self.outcomes[self.phase].reached = Some(evaluations - self.begun);
        }
        Ok(())
    }

    fn judge(&mut self, record: &Record<'_>) -> Result<()> {
        self.parameters.resize(record.learner.averaged().len(), 0.0);
        record.learner.averaged().write(1.0, &mut self.parameters);
        self.mark(record)?;
        if !record.last && self.is_look(record.evaluations) {
            self.look(record.evaluations)?;
        }
        Ok(())
    }
}

impl Observer for PhaseWatch<'_> {
    fn observe(&mut self, record: &Record<'_>) -> Result<ControlFlow<StopReason>> {
        if record.report.surprised {
            self.surprises.push(record.evaluations);
        }
        if self.is_checkpoint(record.evaluations) || self.is_look(record.evaluations) {
            let clock = ProcessorClock::start();
            self.judge(record)?;
            self.judging += clock.seconds();
        }
        self.work.advance(record.evaluations - self.evaluations);
        self.evaluations = record.evaluations;
        Ok(ControlFlow::Continue(()))
    }

    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let Self {
            next_checkpoint,
            phase,
            begun,
            next_look,
            outcomes,
            surprises,
            curve,
            evaluations,
            judging,
            course,
            metrics: _,
            evaluators: _,
            checkpoints: _,
            parameters: _,
            work: _,
        } = self;
        next_checkpoint.archive(archive)?;
        phase.archive(archive)?;
        archive.check(*phase < course.phases.len(), "a phase of the stream")?;
        begun.archive(archive)?;
        next_look.archive(archive)?;
        archive.values("outcomes", outcomes)?;
        surprises.archive(archive)?;
        curve.archive(archive)?;
        evaluations.archive(archive)?;
        judging.archive(archive)
    }
}

/// The key of the batches of a run.
fn batches(seed: u64) -> Key {
    Key::from_seed(seed).child(2)
}

/// The objectives of all worlds under a log, if there is one.
fn logged<'a>(log: Option<&'a RunLog>, course: &'a Course) -> Vec<LoggedObjective<'a>> {
    let under = |log: &'a RunLog| course.objectives().into_iter().map(|objective| log.objective(objective)).collect();
    log.map_or_else(Vec::new, under)
}

/// The objectives that a learner is told the losses of: those that are logged, or the course's own.
fn told<'a>(logged: &'a [LoggedObjective<'a>], course: &'a Course) -> Vec<&'a dyn Objective> {
    if logged.is_empty() {
        return course.objectives();
    }
    logged.iter().map(|objective| objective as &dyn Objective).collect()
}

/// A logged run after `update` of its updates, judged on the phase that was under way; no objective is evaluated.
///
/// # Errors
/// Those of [`RunLog::restore`].
pub(super) fn state(
    study: &StudyConfig,
    course: &Course,
    (arm, seed): (&Arm, u64),
    log: &RunLog,
    update: u64,
) -> Result<StateOfRun> {
    let logged = logged(Some(log), course);
    let mut learner = course.learner(told(&logged, course), arm, seed)?;
    let place = log.restore(&mut learner, batches(seed), update)?;
    let problem = &course.problems[course.phase_at(place.evaluations)];
    StateOfRun::of(&mut learner, place, (course.network(), problem), &study.metrics, |_| ())
}

/// Runs one arm with one seed. `work` is told the evaluations as they are spent, and keeps its state.
///
/// # Errors
/// If the arm cannot be built. Parameters that become NaN or infinite end the run, and what was left of it is unsolved.
pub(super) fn run(study: &StudyConfig, course: &Course, arm: &Arm, seed: u64, work: &Work<'_>) -> Result<Trial> {
    let mut clock = ProcessorClock::start();
    let log = work.log(&LoggedRun { study, setting: &study.name, arm, seed })?;
    let logged = logged(log.as_ref(), course);
    let mut learner = course.learner(told(&logged, course), arm, seed)?;
    let mut watch = PhaseWatch::new(study, course, work);
    let training = (&mut learner as &mut dyn Learner, batches(seed), course.budget());
    let ended = match work.train(&format!("seed {seed}"), training, log.as_ref(), &mut watch, &mut clock)? {
        Err(Error::NonFinite { .. }) => None,
        other => Some(other?.0),
    };
    let seconds = clock.seconds() - watch.judging;
    let mut solution = vec![0.0; learner.solution().len()];
    learner.solution().write(1.0, &mut solution);
    let mut metrics = measure(&course.phases, &watch.outcomes, &watch.surprises);
    add_end(study, &mut watch, ended, &solution, &mut metrics)?;
    metrics.insert(STATE_BYTES.to_owned(), learner.state_bytes() as f64);
    let diverged = ended.is_none();
    if diverged {
        solution.clear();
    }
    Ok(Trial { seed, curve: watch.curve, metrics, solution, seconds, diverged, ..Trial::default() })
}

/// The metrics at the end of a run: those of the study on the last phase, their worst values for a run that did not get there.
fn add_end(
    study: &StudyConfig,
    watch: &mut PhaseWatch<'_>,
    ended: Option<Ended>,
    solution: &[f32],
    metrics: &mut BTreeMap<String, f64>,
) -> Result<()> {
    let last = watch.evaluators.len() - 1;
    for &metric in &study.metrics {
        let worst = metric::Metric::from(metric).worst();
        let value = match ended {
            Some(_) => watch.evaluators[last].measure(metric, solution)?,
            None => worst,
        };
        metrics.insert(metric.name().to_owned(), if value.is_nan() { worst } else { value });
    }
    metrics.insert(EVALUATIONS.to_owned(), ended.map_or(watch.evaluations, |ended| ended.evaluations) as f64);
    metrics.insert(NON_FINITE.to_owned(), ended.map_or(f64::INFINITY, |ended| ended.non_finite as f64));
    Ok(())
}
