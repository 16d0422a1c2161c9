//! One run of one arm through a stream of tasks.

use std::collections::BTreeMap;

use super::plan::{Course, share_right};
use super::recovery::{Phase, recovery_time, savings};
use super::{AVERAGE, CONTEXTS, CURVES, FORGETTING, NO_SURPLUS, RECOVERY_TIME, SAVINGS};
use crate::config::{Arm, StudyConfig};
use crate::kind::StudyKind;
use crate::logs::{LoggedRun, StateOfRun};
use crate::metric::{EVALUATIONS, STATE_BYTES};
use crate::trial::{Point, ProcessorClock, Trial};
use crate::work::Work;
use tegmentum::archived;
use tegmentum::data::task_stream::Passage;
use tegmentum::error::{Error, Result};
use tegmentum::evidence::metrics::AccuracyMatrix;
use tegmentum::learning::continual::{ContinualLearner, ContinualRun, Observed, Told};
use tegmentum::learning::run_log::{RunLog, Steps};
use tegmentum::random::Key;

/// Batches from one that is judged before it is learned from to the next.
const INTERVAL: u64 = 5;

/// What was seen of a run so far.
#[derive(Debug, Default)]
struct Seen {
    /// The accuracies before anything was learned.
    before: Vec<f64>,
    /// The accuracies at each look.
    looks: Vec<Vec<f64>>,
    curve: Vec<Point>,
    /// Sum of the accuracies on batches before they were learned from, and their number.
    prequential: f64,
    judged: u64,
    switches: u64,
    /// Seconds of judging.
    judging: f64,
}

archived!(Seen { before, looks, curve, prequential, judged, switches, judging });

impl Seen {
    /// Every look that is due.
    fn look(&mut self, course: &Course, learner: &dyn ContinualLearner, spent: u64) {
        let is_due = |look: &&(u64, usize)| look.0 <= spent;
        let due = course.looks[self.looks.len()..].iter().take_while(is_due).count();
        if due == 0 {
            return;
        }
        let clock = ProcessorClock::start();
        let accuracies = course.accuracies(learner);
        for _ in 0..due {
            let (at, phase) = course.looks[self.looks.len()];
            let metrics = measured(course, learner, phase, &accuracies);
            self.curve.push(Point { x: at, metrics, learning_rate: f64::NAN, levels: learner.levels() });
            self.looks.push(accuracies.clone());
        }
        self.judging += clock.seconds();
    }

    /// One update; every fifth batch is judged before it is learned from.
    fn update(
        &mut self,
        course: &Course,
        learner: &mut dyn ContinualLearner,
        run: &mut ContinualRun,
    ) -> Result<Observed> {
        let stream = &course.stream;
        let is_judged = run.updates().is_multiple_of(INTERVAL);
        let task = stream.passages()[stream.passage_at(run.spent())].task;
        let observed = run.update_after(learner, stream, |learner, batch| {
            if is_judged {
                let judging = ProcessorClock::start();
                self.prequential += share_right(&learner.predict(&batch.inputs, task), &batch.classes);
                self.judged += 1;
                self.judging += judging.seconds();
            }
        })?;
        self.switches += u64::from(observed.switched);
        Ok(observed)
    }

    /// The accuracies at the ends of phases.
    fn matrix(&self, course: &Course) -> AccuracyMatrix {
        let ends = course.looks.iter().zip(&self.looks).filter(|((at, _), _)| course.stream.ends().contains(at));
        AccuracyMatrix {
            passages: course.stream.passages().iter().map(|passage| passage.task).collect(),
            before: self.before.clone(),
            rows: ends.map(|(_, accuracies)| accuracies.clone()).collect(),
        }
    }

    /// Mean loss of accuracy within phases on tasks that were met before and are not on; 0 if there is none.
    fn stability_gap(&self, course: &Course, matrix: &AccuracyMatrix) -> f64 {
        let mut gaps = Vec::new();
        for phase in 1..matrix.passages.len() {
            let within = course.looks.iter().zip(&self.looks).filter(|((_, of), _)| *of == phase);
            let within: Vec<&Vec<f64>> = within.map(|(_, accuracies)| accuracies).collect();
            for task in course.begun(phase - 1).into_iter().filter(|&task| task != matrix.passages[phase]) {
                let least = within.iter().map(|accuracies| accuracies[task]).fold(f64::INFINITY, f64::min);
                gaps.push(matrix.rows[phase - 1][task] - least);
            }
        }
        gaps.iter().sum::<f64>() / gaps.len().max(1) as f64
    }

    /// The phases, with the accuracy on what was on.
    fn phases(&self, course: &Course) -> Vec<Phase> {
        let (passages, ends) = (course.stream.passages(), course.stream.ends());
        let of = |(index, passage): (usize, &Passage)| {
            let begin = if index == 0 { 0 } else { ends[index - 1] };
            let within = course.looks.iter().zip(&self.looks).filter(|((_, phase), _)| *phase == index);
            let looks = within.map(|((at, _), accuracies)| ((at - begin) as f64, accuracies[passage.task]));
            Phase { task: passage.task, length: (ends[index] - begin) as f64, looks: looks.collect() }
        };
        passages.iter().enumerate().map(of).collect()
    }

    /// The metrics of a run that came to its end.
    fn measure(&self, course: &Course, learner: &dyn ContinualLearner, spent: u64) -> BTreeMap<String, f64> {
        let matrix = self.matrix(course);
        let tasks = course.stream.tasks().len();
        let anytime = self.curve.iter().map(|point| point.metrics[0]).sum::<f64>() / self.curve.len() as f64;
        let mut metrics = vec![
            (AVERAGE, matrix.average_accuracy()),
            (FORGETTING, matrix.forgetting()),
            ("learning_accuracy", matrix.learning_accuracy()),
            ("worst_case_accuracy", matrix.worst_case_accuracy()),
            ("stability_gap", self.stability_gap(course, &matrix)),
            ("anytime_accuracy", anytime),
            (EVALUATIONS, spent as f64),
            (STATE_BYTES, learner.state_bytes() as f64),
        ];
        let phases = self.phases(course);
        metrics.extend(recovery_time(&phases).map(|time| (RECOVERY_TIME, time)));
        metrics.extend(savings(&phases).map(|saved| (SAVINGS, saved)));
        if tasks > 1 {
            metrics.push(("forward_transfer", matrix.forward_transfer()));
        }
        if learner.told() != Told::Everything && self.judged > 0 {
            metrics.push(("prequential_accuracy", self.prequential / self.judged as f64));
        }
        if let Some(contexts) = learner.contexts() {
            metrics.push((CONTEXTS, contexts as f64));
            metrics.push((NO_SURPLUS, f64::from(u8::from(contexts <= tasks))));
            metrics.push(("switches", self.switches as f64));
        }
        metrics.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// What is measured along a run, in the order of the kind's curves, from the accuracies on all tasks.
fn measured(course: &Course, learner: &dyn ContinualLearner, phase: usize, accuracies: &[f64]) -> Vec<f64> {
    let begun = course.begun(phase);
    let now = course.stream.passages()[phase].task;
    let so_far = begun.iter().map(|&task| accuracies[task]).sum::<f64>() / begun.len() as f64;
    let contexts = learner.contexts().map_or(f64::NAN, |count| count as f64);
    [&[so_far, accuracies[now], contexts], accuracies].concat()
}

/// A run at its beginning.
fn begin(seed: u64) -> ContinualRun {
    ContinualRun::new(Key::from_seed(seed).child(2))
}

/// A logged run after `update` of its updates; those after the nearest state are made again on their batches.
///
/// # Errors
/// Those of [`RunLog::nearest`]; [`Error::Checkpoint`] if an update has another loss than the log.
pub(super) fn state(course: &Course, arm: &Arm, seed: u64, (log, update): (&RunLog, u64)) -> Result<StateOfRun> {
    let (mut learner, mut run, mut steps) = (course.learner(arm, seed)?, begin(seed), Steps::new(Some(log)));
    let mut place = log.nearest(&mut (&mut *learner, &mut run), update)?;
    while run.updates() < update {
        let observed = run.update(&mut *learner, &course.stream)?;
        steps.note(run.updates(), run.spent(), observed.loss)?;
    }
    (place.updates, place.evaluations, place.probes) = (run.updates(), run.spent(), run.updates());
    let phase = course.stream.passage_at(run.spent().saturating_sub(1));
    let measured = measured(course, &*learner, phase, &course.accuracies(&*learner));
    let tasks = (1..=course.stream.tasks().len()).map(|task| format!("accuracy_on_task_{task}"));
    let names = CURVES.map(str::to_owned).into_iter().chain(tasks);
    let metrics = names.zip(measured).filter(|(_, value)| !value.is_nan()).collect();
    let levels = learner.levels();
    StateOfRun::archived(&mut &mut *learner, place, (levels, metrics), Vec::new())
}

/// Runs one arm with one seed. `work` is told the evaluations as they are spent, and keeps its state.
///
/// # Errors
/// If the arm cannot be built. A run whose parameters become NaN or infinite is lost.
pub(super) fn run(study: &StudyConfig, course: &Course, arm: &Arm, seed: u64, work: &Work<'_>) -> Result<Trial> {
    let mut clock = ProcessorClock::start();
    let mut learner = course.learner(arm, seed)?;
    let log = work.log(&LoggedRun { study, setting: &study.name, arm, seed })?;
    let (mut run, mut steps) = (begin(seed), Steps::new(log.as_ref()));
    let (stream, name) = (&course.stream, format!("seed {seed}"));
    let mut seen = Seen { before: course.accuracies(&*learner), ..Seen::default() };
    seen.judging = clock.seconds();
    steps.begin(&mut (&mut *learner, &mut run))?;
    work.restore(&name, &mut ((&mut *learner, &mut run), &mut seen, &mut clock, &mut steps))?;
    while run.spent() < stream.length() {
        let before = run.spent();
        let observed = match seen.update(course, &mut *learner, &mut run) {
            Ok(observed) => observed,
            Err(error @ Error::NonFinite { .. }) => {
                let ended = (run.updates(), run.spent());
                steps.finish(&mut (&mut *learner, &mut run), ended, Some(&error))?;
                let metrics = super::Continual.metrics(study);
                return Ok(Trial::lost(seed, seen.curve, &metrics, stream.length(), clock.seconds() - seen.judging));
            }
            Err(error) => return Err(error),
        };
        seen.look(course, &*learner, run.spent());
        if steps.note(run.updates(), run.spent(), observed.loss)? {
            steps.take(&mut (&mut *learner, &mut run))?;
        }
        work.advance(run.spent() - before);
        if run.spent() < stream.length() && work.wants_pause() {
            work.save(&name, &mut ((&mut *learner, &mut run), &mut seen, &mut clock, &mut steps))?;
        }
    }
    let ended = (run.updates(), run.spent());
    steps.finish(&mut (&mut *learner, &mut run), ended, None)?;
    let metrics = seen.measure(course, &*learner, run.spent());
    let seconds = clock.seconds() - seen.judging;
    Ok(Trial { seed, curve: seen.curve, metrics, seconds, ..Trial::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three phases, two tasks, worked out by hand.
    #[test]
    fn what_is_lost_within_a_phase_is_the_stability_gap() {
        let text = include_str!("study.toml");
        let study = StudyConfig::from_toml(text, "test").unwrap();
        let course = Course::new(&study, 100).unwrap();
        assert_eq!(course.stream.passages().iter().map(|passage| passage.task).collect::<Vec<_>>(), [0, 1, 0]);
        let mut seen = Seen { before: vec![0.1; 2], ..Seen::default() };
        for (place, &(at, phase)) in course.looks.iter().enumerate() {
            let is_end = course.stream.ends().contains(&at);
            // The task that is on ends at 0.9; the other falls to 0.4 on the way and ends at 0.6.
            let (on, off) = if is_end { (0.9, 0.6) } else { (0.5, 0.4) };
            assert!(place == 0 || course.looks[place - 1].0 < at);
            seen.looks.push(if phase == 1 { vec![off, on] } else { vec![on, off] });
        }
        let matrix = seen.matrix(&course);
        assert_eq!(matrix.rows, [[0.9, 0.6], [0.6, 0.9], [0.9, 0.6]]);
        assert!((seen.stability_gap(&course, &matrix) - 0.5).abs() < 1e-12);
    }
}
