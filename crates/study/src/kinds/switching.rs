//! Streams of change: every arm in a world that is exchanged under it, without a sign.
//!
//! ```text
//!     evaluations in phase k     from its beginning until the averaged model passes the phase's target on the phase's own
//!                                test data; its length if it never does
//!     evaluations to relearn   = Σ_k evaluations in phase k
//!     detection                = a phase after the first with a surprise before a quarter of its length is over
//!                                (counted from the end of its drift, if it has one)
//!     false alarm              = a surprise outside all of these windows
//!     savings                  = evaluations when a task was met first − when it is met again, mean over the returns
//! ```
//! The learner sees losses alone: not when a phase begins, not what it is ([`Stream`](tegmentum::learning::stream::Stream)). Fixed
//! schedules are searched for the least worse quartile of the evaluations to relearn. A run whose parameters become NaN or
//! infinite has solved none of the phases that were left.
//!
//! Arms whose modulators are those of the first arm but for some are its lesions and are drawn apart.

mod figures;
mod plan;
mod trial;

use plan::Course;

use crate::claims;
use crate::config::{Arm, StudyConfig};
use crate::execution::{Criterion, Design, First, Runner, Speed, run_all};
use crate::kind::{Learners, StudyKind, check_arms, check_measures, check_searches};
use crate::logs::StateOfRun;
use crate::metric::{self, Metric};
use crate::monitor::Monitor;
use crate::result::{StudyResult, assemble};
use crate::trial::Trial;
use crate::tuning::candidates;
use crate::work::Work;
use tegmentum::error::Result;
use tegmentum::learning::run_log::RunLog;

/// What a whole stream cost.
const RELEARN: &str = "evaluations_to_relearn";
/// How many of its phases were solved.
const SOLVED: &str = "phases_solved";

/// The name of the metric "evaluations until phase `index`, from 0, was solved, at most its length".
fn evaluations_in_phase(index: usize) -> String {
    format!("evaluations_in_phase_{}", index + 1)
}

/// The name of the metric "first metric at the end of phase `index`, from 0".
fn error_after_phase(index: usize) -> String {
    format!("error_after_phase_{}", index + 1)
}

/// The metrics of a stream besides the study's own.
fn stream_metrics(study: &StudyConfig) -> Vec<Metric> {
    let phases = study.phase.len();
    let evaluations = "loss evaluations";
    let mut metrics = vec![
        Metric::smaller(RELEARN).time_to_event(evaluations),
        Metric::larger(SOLVED).unit("phases").within(0.0, phases as f64),
    ];
    let in_phase = |index| Metric::smaller(evaluations_in_phase(index)).unit(evaluations).within(0.0, f64::INFINITY);
    metrics.extend((0..phases).map(in_phase));
    metrics.extend((0..phases).map(|index| Metric::smaller(error_after_phase(index))));
    let returns = |index: usize| study.phase[..index].iter().any(|earlier| earlier.task == study.phase[index].task);
    if (0..phases).any(returns) {
        metrics.push(Metric::larger("savings").unit(evaluations));
    }
    metrics.push(Metric::larger("detections").unit("switches").within(0.0, phases.saturating_sub(1) as f64));
    metrics.push(Metric::smaller("false_alarms").count("surprises"));
    metrics.push(metric::surprises());
    metrics.extend(metric::costs());
    metrics
}

/// The kind.
pub(super) struct Switching;

impl StudyKind for Switching {
    fn name(&self) -> &'static str {
        "switching"
    }

    fn summary(&self) -> &'static str {
        "every arm while the task changes without a sign"
    }

    fn check(&self, study: &StudyConfig) -> Result<(), String> {
        check(study)?;
        check_measures(study)?;
        check_arms(study, Learners::Bare)?;
        check_searches(study)
    }

    fn metrics(&self, study: &StudyConfig) -> Vec<Metric> {
        let own = study.metrics.iter().map(|&metric| Metric::from(metric));
        own.chain(stream_metrics(study)).collect()
    }

    fn shown(&self, study: &StudyConfig) -> Vec<Metric> {
        let of_a_stream = [RELEARN, SOLVED, "detections", "false_alarms", "savings"];
        let is_claimed = |metric: &Metric| study.claim.iter().any(|claim| claim.metric == metric.name);
        let is_shown = |metric: &Metric| is_claimed(metric) || of_a_stream.contains(&metric.name.as_str());
        self.metrics(study).into_iter().filter(is_shown).collect()
    }

    fn criterion(&self, study: &StudyConfig) -> Option<Criterion> {
        let all = study.phase.len() as f64;
        Some(Criterion {
            quality: Metric::from(*study.metrics.first()?),
            speed: Some(Speed { time: RELEARN.to_owned(), reached: SOLVED.to_owned(), all }),
            first: First::Time,
        })
    }

    fn runner<'a>(&self, design: &'a Design<'a>) -> Result<Box<dyn Runner + 'a>> {
        Ok(Box::new(Streams::new(design)?))
    }

    fn without_logs(&self) -> Option<&'static str> {
        None
    }

    fn run(&self, study: &StudyConfig, monitor: &dyn Monitor) -> Result<StudyResult> {
        let design = self.design(study);
        let streams = Streams::new(&design)?;
        let (all, tuning) = run_all(&design, &streams, monitor)?;
        let claims = claims::test(&design, &all);
        let figures = figures::draw(&design, &streams.course, &all, &tuning);
        Ok(assemble(&design, &all, claims, figures, tuning))
    }
}

/// What is wrong with the phases of a study, if anything is.
fn check(study: &StudyConfig) -> Result<(), String> {
    if study.network.is_none() || study.task.is_some() || !study.setting.is_empty() {
        return Err("kind = \"switching\" needs one [network.…] and [[phase]] tables, each with a task".to_owned());
    }
    if study.phase.is_empty() {
        return Err("no [[phase]]: there is nothing to learn".to_owned());
    }
    if study.stop_at_target {
        return Err("stop_at_target = true: a stream goes on to its end; leave it out".to_owned());
    }
    for (index, phase) in study.phase.iter().enumerate() {
        let place = |what: String| Err(format!("phase {}: {what}", index + 1));
        if phase.budget == 0 || phase.budget > 1_000_000_000 {
            return place(format!("budget = {}: must be between 1 and 1000000000", phase.budget));
        }
        if phase.target.or(study.targets.first().copied()).is_none() {
            return place("no target: give it one, or the study targets = […]".to_owned());
        }
        if index == 0 && phase.drift > 0 {
            return place("drift: the first phase has no task before it to come from".to_owned());
        }
        if phase.drift > phase.budget / 2 {
            return place(format!("drift = {}: must be at most half of the phase's budget", phase.drift));
        }
    }
    Ok(())
}

/// Runs of a stream.
struct Streams<'a> {
    design: &'a Design<'a>,
    course: Course,
}

impl<'a> Streams<'a> {
    /// Makes the phases ready and builds every arm once, so that a mistake in one is told before anything runs.
    ///
    /// # Errors
    /// If a part cannot be built.
    fn new(design: &'a Design<'a>) -> Result<Self> {
        let study = design.study;
        let course = Course::new(study)?;
        for arm in &study.arm {
            for candidate in candidates(arm)? {
                course.learner(course.objectives(), &candidate.arm, study.seeds.first)?;
            }
        }
        Ok(Self { design, course })
    }
}

impl Runner for Streams<'_> {
    fn settings(&self) -> Vec<(String, u64)> {
        vec![(self.design.study.name.clone(), self.course.budget())]
    }

    fn run(&self, _: usize, arm: &Arm, seed: u64, work: &Work<'_>) -> Result<Trial> {
        trial::run(self.design.study, &self.course, arm, seed, work)
    }

    fn state(&self, _: usize, arm: &Arm, seed: u64, (log, update): (&RunLog, u64)) -> Result<StateOfRun> {
        trial::state(self.design.study, &self.course, (arm, seed), log, update)
    }
}

#[cfg(test)]
mod tests;
