//! One run of one arm: from the weights that have learned A to the target on B.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::drift::{Drift, Walk, gradients};
use super::plan::{Course, Learned, next_look, next_point};
use super::{COUNT, DRIFT, OFF, PREDICTED, RATIO, REACHED, RISE, TIME, WALK, WITHIN, at_end, on};
use crate::config::{Arm, StudyConfig};
use crate::execution::Design;
use crate::logs::{self, LoggedRun, StateOfRun};
use crate::metric::{self, EVALUATIONS, NON_FINITE, STATE_BYTES, SURPRISES};
use crate::trial::{Point, ProcessorClock, Trial};
use crate::work::Work;
use tegmentum::archive::{Archive, Archived as _};
use tegmentum::error::{Error, Result};
use tegmentum::evidence::evaluation::{Evaluator, Metric};
use tegmentum::learning::learner::Learner;
use tegmentum::learning::observer::{Observer, Record, StopReason};
use tegmentum::learning::run_log::RunLog;
use tegmentum::model::objective::Objective;
use tegmentum::random::Key;

/// Watches a run: curve, target, surprises, and the walk that is to be expected.
struct Watch<'a> {
    course: &'a Course,
    metrics: &'a [Metric],
    batches: Key,
    /// Judges of A and of B.
    judges: [Evaluator; 2],
    walk: Option<Walk>,
    next_look: u64,
    next_point: u64,
    reached: Option<u64>,
    surprises: u64,
    curve: Vec<Point>,
    /// The model at the last look.
    parameters: Vec<f32>,
    evaluations: u64,
    judging: f64,
    work: &'a Work<'a>,
}

impl<'a> Watch<'a> {
    fn new(study: &'a StudyConfig, course: &'a Course, arm: &Arm, batches: Key, work: &'a Work<'a>) -> Self {
        let network = &course.second.network;
        let judge = |problem| Evaluator::new(Arc::clone(network), Arc::clone(problem));
        Self {
            course,
            metrics: &study.metrics,
            batches,
            judges: [judge(&course.first), judge(&course.second.problem)],
            walk: Walk::of(arm),
            next_look: 0,
            next_point: 0,
            reached: None,
            surprises: 0,
            curve: Vec::new(),
            parameters: Vec::new(),
            evaluations: 0,
            judging: 0.0,
            work,
        }
    }

    /// Looks at B, and at A if a point of the curve is due or the run ends.
    fn look(&mut self, record: &Record<'_>) -> Result<()> {
        self.parameters.resize(record.learner.averaged().len(), 0.0);
        record.learner.averaged().write(1.0, &mut self.parameters);
        let on_b = self.judges[1].measure(self.metrics[0], &self.parameters)?;
        if self.course.passes(on_b) {
            self.reached = Some(record.evaluations);
        }
        self.next_look = next_look(record.evaluations);
        let is_end = record.last || self.reached.is_some();
        if is_end || record.evaluations >= self.next_point {
            self.next_point = next_point(record.evaluations);
            let on_a = self.judges[0].measure(self.metrics[0], &self.parameters)?;
            self.curve.push(Point {
                x: record.evaluations,
                metrics: vec![on_b, on_a],
                learning_rate: record.report.learning_rate,
                levels: record.learner.levels(),
            });
        }
        Ok(())
    }

    /// Follows the walk that is to be expected.
    fn follow(&mut self, record: &Record<'_>) -> Result<()> {
        let Some(walk) = &mut self.walk else { return Ok(()) };
        if record.updates > 0 {
            walk.step(record.report.learning_rate);
        }
        let parameters = || {
            let mut parameters = vec![0.0; record.learner.solution().len()];
            record.learner.solution().write(1.0, &mut parameters);
            parameters
        };
        let of = (&self.course.second.network, &self.course.second.problem);
        walk.look(of, record.updates, parameters, self.batches)
    }

    /// What is measured of the model at the end.
    fn measure(&mut self, learned: &Learned, seed: u64) -> Result<BTreeMap<String, f64>> {
        let mut metrics = BTreeMap::new();
        let has_reached = self.reached.is_some();
        let mut insert = |name: &str, value: f64| metrics.insert(name.to_owned(), value);
        for &metric in self.metrics {
            let [on_a, on_b] = [0, 1].map(|task| self.judges[task].measure(metric, &self.parameters));
            let (on_a, worst) = (on_a?, metric::Metric::from(metric).worst());
            insert(&on(metric, 'a'), if has_reached { on_a } else { worst });
            insert(&on(metric, 'b'), on_b?);
            if metric == self.metrics[0] {
                insert(&at_end(metric), on_a);
                let rise = self.course.rise(learned.on_a, on_a);
                insert(RISE, if has_reached { rise } else { f64::INFINITY });
            }
        }
        insert(TIME, self.reached.map_or(f64::INFINITY, |at| at as f64));
        insert(REACHED, f64::from(u8::from(has_reached)));
        let of = (&self.course.second.network, &self.course.second.problem);
        // Those of w_A are the same for every arm; kept, they would take 32 times the room of the weights for each seed.
        let key = Key::from_seed(seed).child(5);
        let first = gradients(of, &learned.parameters, key.child(0))?;
        let last = gradients(of, &self.parameters, key.child(1))?;
        let drift = Drift::of((&learned.parameters, &first), (&self.parameters, &last), self.walk.as_ref())?;
        for (name, value) in [(OFF, drift.off), (WITHIN, drift.within), (DRIFT, drift.off + drift.within)] {
            insert(name, if has_reached { value } else { f64::INFINITY });
        }
        insert(COUNT, drift.directions as f64);
        if let Some(expected) = drift.expected {
            let predicted = expected.walk + expected.descent;
            insert(WALK, expected.walk);
            insert(PREDICTED, predicted);
            insert(RATIO, drift.off / predicted);
        }
        insert(SURPRISES, self.surprises as f64);
        insert(EVALUATIONS, self.evaluations as f64);
        Ok(metrics)
    }
}

impl Observer for Watch<'_> {
    fn observe(&mut self, record: &Record<'_>) -> Result<ControlFlow<StopReason>> {
        self.surprises += u64::from(record.report.surprised);
        let clock = ProcessorClock::start();
        self.follow(record)?;
        if record.evaluations >= self.next_look || record.last {
            self.look(record)?;
        }
        self.judging += clock.seconds();
        self.work.advance(record.evaluations - self.evaluations);
        self.evaluations = record.evaluations;
        Ok(if self.reached.is_some() { ControlFlow::Break(StopReason::Target) } else { ControlFlow::Continue(()) })
    }

    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let Self {
            walk,
            next_look,
            next_point,
            reached,
            surprises,
            curve,
            parameters,
            evaluations,
            judging,
            course: _,
            metrics: _,
            batches: _,
            judges: _,
            work: _,
        } = self;
        if let Some(walk) = walk {
            walk.archive(archive)?;
        }
        next_look.archive(archive)?;
        next_point.archive(archive)?;
        reached.archive(archive)?;
        surprises.archive(archive)?;
        curve.archive(archive)?;
        parameters.archive(archive)?;
        evaluations.archive(archive)?;
        judging.archive(archive)
    }
}

/// The key of the batches of a run.
fn batches(seed: u64) -> Key {
    Key::from_seed(seed).child(2)
}

/// A logged run after `update` of its updates on B, judged on B and on A; no loss is evaluated.
///
/// # Errors
/// Those of [`RunLog::restore`].
pub(super) fn state(
    study: &StudyConfig,
    course: &Course,
    (arm, seed): (&Arm, u64),
    (log, update): (&RunLog, u64),
) -> Result<StateOfRun> {
    let (b, metric) = (&course.second, study.metrics[0]);
    let objective = log.objective(b.objective(arm));
    let mut learner = b.learner_from((&objective, course.learned(seed)?.parameters.clone()), arm, seed)?;
    let place = log.restore(&mut *learner, batches(seed), update)?;
    let measured_by = std::slice::from_ref(&metric);
    let mut state = StateOfRun::of(&mut *learner, place, (&b.network, &b.problem), measured_by, |_| ())?;
    for (name, _) in &mut state.metrics {
        *name = on(metric, 'b');
    }
    if let logs::Learned::Models { averaged, .. } = &state.learned {
        let mut judge = Evaluator::new(Arc::clone(&b.network), Arc::clone(&course.first));
        state.metrics.push((on(metric, 'a'), judge.measure(metric, averaged)?));
    }
    Ok(state)
}

/// Runs one arm with one seed. `work` is told the evaluations as they are spent, and keeps its state.
///
/// # Errors
/// If the arm cannot be built. A run whose parameters become NaN or infinite is lost.
pub(super) fn run(design: &Design<'_>, course: &Course, arm: &Arm, seed: u64, work: &Work<'_>) -> Result<Trial> {
    let learned = course.learned(seed)?;
    let mut clock = ProcessorClock::start();
    let log = work.log(&LoggedRun { study: design.study, setting: &design.study.name, arm, seed })?;
    let own = course.second.objective(arm);
    let logged = log.as_ref().map(|log| log.objective(own));
    let objective = logged.as_ref().map_or(own, |logged| logged as &dyn Objective);
    let mut learner = course.second.learner_from((objective, learned.parameters.clone()), arm, seed)?;
    let mut watch = Watch::new(design.study, course, arm, batches(seed), work);
    let training = (&mut *learner as &mut dyn Learner, batches(seed), course.budget);
    let ended = work.train(&format!("seed {seed}"), training, log.as_ref(), &mut watch, &mut clock)?;
    let seconds = clock.seconds() - watch.judging;
    let ended = match ended {
        Ok((ended, _)) => ended,
        Err(Error::NonFinite { .. }) => {
            return Ok(Trial::lost(seed, watch.curve, &design.metrics, course.budget, seconds));
        }
        Err(error) => return Err(error),
    };
    let mut metrics = watch.measure(&learned, seed)?;
    metrics.insert(STATE_BYTES.to_owned(), learner.state_bytes() as f64);
    metrics.insert(NON_FINITE.to_owned(), ended.non_finite as f64);
    Ok(Trial { seed, curve: watch.curve, metrics, solution: watch.parameters, seconds, ..Trial::default() })
}
