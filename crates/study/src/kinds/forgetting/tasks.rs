//! One run of a learner of tasks that follow one another: A by itself, then B to the target.

use std::collections::BTreeMap;

use super::plan::{Course, next_look, next_point};
use super::{CONTEXTS, REACHED, RISE, TIME, at_end, on};
use crate::config::{Arm, StudyConfig};
use crate::execution::Design;
use crate::logs::{LoggedRun, StateOfRun};
use crate::metric::{self, EVALUATIONS, STATE_BYTES};
use crate::trial::{Point, ProcessorClock, Trial};
use crate::work::Work;
use tegmentum::archived;
use tegmentum::data::task_stream::TaskStream;
use tegmentum::error::{Error, Result};
use tegmentum::evidence::evaluation::Metric;
use tegmentum::learning::continual::{ContinualLearner, ContinualRun};
use tegmentum::learning::run_log::{RunLog, Steps};
use tegmentum::random::Key;

/// What was seen of a run so far; evaluations are those of B.
#[derive(Debug, Default)]
struct Seen {
    /// The first metric on A when B began.
    before: Option<f64>,
    began: u64,
    next_look: u64,
    next_point: u64,
    reached: Option<u64>,
    curve: Vec<Point>,
    judging: f64,
}

archived!(Seen { before, began, next_look, next_point, reached, curve, judging });

impl Seen {
    /// A look, if one is due; `spent` since the beginning of A.
    fn look(&mut self, course: &Course, learner: &dyn ContinualLearner, (spent, length): (u64, u64)) {
        let first = self.before.is_none();
        let evaluations = if first { 0 } else { spent - self.began };
        if !first && evaluations < self.next_look && spent < length {
            return;
        }
        let clock = ProcessorClock::start();
        if first {
            self.before = Some(course.judge(learner, 0));
            self.began = spent;
        }
        let on_b = course.judge(learner, 1);
        if course.passes(on_b) {
            self.reached = Some(evaluations);
        }
        self.next_look = next_look(evaluations);
        if self.reached.is_some() || spent >= length || evaluations >= self.next_point {
            self.next_point = next_point(evaluations);
            let metrics = vec![on_b, course.judge(learner, 0)];
            self.curve.push(Point { x: evaluations, metrics, learning_rate: f64::NAN, levels: learner.levels() });
        }
        self.judging += clock.seconds();
    }

    /// The metrics of a run that came to its end.
    fn measure(
        &self,
        course: &Course,
        learner: &dyn ContinualLearner,
        metric: Metric,
        spent: u64,
    ) -> BTreeMap<String, f64> {
        let (on_a, on_b) = (course.judge(learner, 0), course.judge(learner, 1));
        let has_reached = self.reached.is_some();
        let rise = course.rise(self.before.unwrap_or(f64::NAN), on_a);
        let mut metrics = vec![
            (on(metric, 'a'), if has_reached { on_a } else { metric::Metric::from(metric).worst() }),
            (on(metric, 'b'), on_b),
            (at_end(metric), on_a),
            (RISE.to_owned(), if has_reached { rise } else { f64::INFINITY }),
            (TIME.to_owned(), self.reached.map_or(f64::INFINITY, |at| at as f64)),
            (REACHED.to_owned(), f64::from(u8::from(has_reached))),
            (EVALUATIONS.to_owned(), spent as f64),
            (STATE_BYTES.to_owned(), learner.state_bytes() as f64),
        ];
        metrics.extend(learner.contexts().map(|count| (CONTEXTS.to_owned(), count as f64)));
        metrics.into_iter().collect()
    }
}

/// A run at the beginning of A.
fn begin(seed: u64) -> ContinualRun {
    ContinualRun::new(Key::from_seed(seed).child(2))
}

/// Both tasks and the first metric.
fn parts<'a>(study: &StudyConfig, course: &'a Course, arm: &Arm) -> Result<(&'a TaskStream, Metric)> {
    course.stream().zip(study.metrics.first().copied()).ok_or_else(|| {
        let problem = "has no tasks with classes".to_owned();
        Error::Study { origin: format!("arm {:?}", arm.name), problem }
    })
}

/// A logged run after `update` of its updates, those on A among them; those after the nearest state are made again on their batches.
///
/// # Errors
/// Those of [`RunLog::nearest`]; [`Error::Checkpoint`] if an update has another loss than the log.
pub(super) fn state(
    study: &StudyConfig,
    course: &Course,
    (arm, seed): (&Arm, u64),
    (log, update): (&RunLog, u64),
) -> Result<StateOfRun> {
    let (stream, metric) = parts(study, course, arm)?;
    let (mut learner, mut run, mut steps) = (course.continual(arm, seed)?, begin(seed), Steps::new(Some(log)));
    let mut place = log.nearest(&mut (&mut *learner, &mut run), update)?;
    while run.updates() < update {
        let observed = run.update(&mut *learner, stream)?;
        steps.note(run.updates(), run.spent(), observed.loss)?;
    }
    (place.updates, place.evaluations, place.probes) = (run.updates(), run.spent(), run.updates());
    let of = |name: char, task: usize| (on(metric, name), course.judge(&*learner, task));
    let contexts = learner.contexts().map(|count| (CONTEXTS.to_owned(), count as f64));
    let metrics = [of('b', 1), of('a', 0)].into_iter().chain(contexts).collect();
    let levels = learner.levels();
    StateOfRun::archived(&mut &mut *learner, place, (levels, metrics), Vec::new())
}

/// Runs one arm with one seed. `work` is told the evaluations of B as they are spent, and keeps its state.
///
/// # Errors
/// If the arm cannot be built. A run whose parameters become NaN or infinite is lost.
pub(super) fn run(design: &Design<'_>, course: &Course, arm: &Arm, seed: u64, work: &Work<'_>) -> Result<Trial> {
    let mut clock = ProcessorClock::start();
    let mut learner = course.continual(arm, seed)?;
    let (stream, metric) = parts(design.study, course, arm)?;
    let log = work.log(&LoggedRun { study: design.study, setting: &design.study.name, arm, seed })?;
    let (mut run, mut steps) = (begin(seed), Steps::new(log.as_ref()));
    let (name, mut seen) = (format!("seed {seed}"), Seen::default());
    steps.begin(&mut (&mut *learner, &mut run))?;
    work.restore(&name, &mut ((&mut *learner, &mut run), &mut seen, &mut clock, &mut steps))?;
    let (begins, length) = (stream.ends()[0], stream.length());
    while run.spent() < length && seen.reached.is_none() {
        if run.spent() >= begins && seen.before.is_none() {
            seen.look(course, &*learner, (run.spent(), length));
            continue;
        }
        let before = run.spent();
        let observed = match run.update(&mut *learner, stream) {
            Ok(observed) => observed,
            Err(error @ Error::NonFinite { .. }) => {
                let ended = (run.updates(), run.spent());
                steps.finish(&mut (&mut *learner, &mut run), ended, Some(&error))?;
                let seconds = clock.seconds() - seen.judging;
                return Ok(Trial::lost(seed, seen.curve, &design.metrics, course.budget, seconds));
            }
            Err(error) => return Err(error),
        };
        if steps.note(run.updates(), run.spent(), observed.loss)? {
            steps.take(&mut (&mut *learner, &mut run))?;
        }
        if seen.before.is_some() {
            work.advance(run.spent() - before);
            seen.look(course, &*learner, (run.spent(), length));
        }
        if run.spent() < length && seen.reached.is_none() && work.wants_pause() {
            work.save(&name, &mut ((&mut *learner, &mut run), &mut seen, &mut clock, &mut steps))?;
        }
    }
    let ended = (run.updates(), run.spent());
    steps.finish(&mut (&mut *learner, &mut run), ended, None)?;
    let metrics = seen.measure(course, &*learner, metric, run.spent() - seen.began);
    let seconds = clock.seconds() - seen.judging;
    Ok(Trial { seed, curve: seen.curve, metrics, seconds, ..Trial::default() })
}
