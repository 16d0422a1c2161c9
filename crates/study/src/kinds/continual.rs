//! Tasks that follow one another: what is still known of the earlier ones when others have come.
//!
//! ```text
//!     phases         tasks of classified examples, in their order; one that comes twice is one task
//!     a look         the accuracy on the test part of every task: at 1/128, 1/32, 1/8, 1/2 and the end of each phase
//!     A_ij           accuracy on task j at the end of phase i      (evidence/metrics/accuracy_matrix.rs has the formulas made of it)
//!     A(x)           mean accuracy at a look over the tasks that have begun
//!
//!     average_accuracy      = mean_j A_Tj                forgetting, learning_accuracy, worst_case_accuracy, forward_transfer: of A_ij
//!     anytime_accuracy      = mean of A(x) over the looks: no boundary is used
//!     prequential_accuracy  = accuracy on every fifth batch before it is learned from: neither boundary nor test part is used
//!     stability_gap         = mean over phases i > 1 and tasks j met before, but not on, of
//!                             A_{i−1, j} − least accuracy on j at a look within phase i
//!     recovery_time, savings    after a change, and where a task comes back: formulas in continual/recovery.rs
//!     contexts              contexts that were found; no_surplus_context = 1 if there are no more than tasks
//! ```
//! Accuracies are shares. Tasks of a seed follow from its key (child 3), so that with `drawn = true` each seed has tasks of its own. What
//! each arm is told is in the table of the report. All arms have the same number of forward-equivalents: one that spends more on a batch
//! sees fewer batches. An arm that is given all tasks at once has no prequential accuracy, which would be that of another stream.
//!
//! Rates and strengths are searched for the best worse quartile of the average accuracy.

mod figures;
mod plan;
mod recovery;
mod trial;

use plan::Course;

use crate::claims;
use crate::config::{Arm, StudyConfig};
use crate::execution::{Criterion, Design, First, Runner, run_all};
use crate::kind::{Learners, StudyKind, check_arms, check_searches};
use crate::logs::StateOfRun;
use crate::metric::{EVALUATIONS, Metric, STATE_BYTES};
use crate::monitor::Monitor;
use crate::result::{StudyResult, assemble};
use crate::trial::Trial;
use crate::tuning::candidates;
use crate::work::Work;
use tegmentum::error::Result;
use tegmentum::learning::run_log::RunLog;

/// What is known of all tasks at the end.
const AVERAGE: &str = "average_accuracy";
/// What was known of a task and is no longer.
const FORGETTING: &str = "forgetting";
/// Contexts that were found.
const CONTEXTS: &str = "contexts";
/// Whether there are no more of them than tasks.
const NO_SURPLUS: &str = "no_surplus_context";
/// How soon a learner is up again, and how much sooner where it has been.
const RECOVERY_TIME: &str = "recovery_time";
const SAVINGS: &str = "savings";
/// What is told of an arm in tables.
const SHOWN: [&str; 6] = [AVERAGE, FORGETTING, "worst_case_accuracy", "stability_gap", "anytime_accuracy", CONTEXTS];
/// Measured along a run before the accuracies on single tasks.
const CURVES: [&str; 3] = ["accuracy_so_far", "accuracy_now", "contexts"];
/// Most tasks.
const MAX_TASKS: usize = 100;

/// The kind.
pub(super) struct Continual;

impl StudyKind for Continual {
    fn name(&self) -> &'static str {
        "continual"
    }

    fn summary(&self) -> &'static str {
        "tasks that follow one another: what is still known of the earlier ones?"
    }

    fn check(&self, study: &StudyConfig) -> Result<(), String> {
        check(study)?;
        check_arms(study, Learners::Continual)?;
        check_searches(study)
    }

    fn curve_names(&self, study: &StudyConfig) -> Vec<String> {
        let tasks = plan::distinct(study).len();
        let own = CURVES.map(str::to_owned).into_iter();
        own.chain((1..=tasks).map(|task| format!("accuracy_on_task_{task}"))).collect()
    }

    fn metrics(&self, study: &StudyConfig) -> Vec<Metric> {
        let share = |name: &str| Metric::larger(name).unit("share of examples").within(0.0, 1.0);
        let difference = |name: &str| Metric::smaller(name).unit("share of examples").within(-1.0, 1.0);
        let tasks = plan::distinct(study).len() as f64;
        vec![
            share(AVERAGE),
            difference(FORGETTING),
            share("learning_accuracy"),
            share("worst_case_accuracy"),
            Metric { direction: crate::metric::Direction::Larger, ..difference("forward_transfer") },
            difference("stability_gap"),
            Metric::smaller(RECOVERY_TIME).unit("forward-equivalents of a batch"),
            Metric::larger(SAVINGS).unit("share of the first time to learn").within(f64::NEG_INFINITY, 1.0),
            share("anytime_accuracy"),
            share("prequential_accuracy"),
            Metric::neutral(CONTEXTS).unit(&format!("contexts for {tasks} tasks")).within(0.0, f64::INFINITY),
            Metric::share(NO_SURPLUS),
            Metric::neutral("switches").unit("times another context was taken").within(0.0, f64::INFINITY),
            Metric::accounting(EVALUATIONS, "forward-equivalents of a batch"),
            Metric::accounting(STATE_BYTES, "bytes").titled("training state"),
        ]
    }

    fn shown(&self, study: &StudyConfig) -> Vec<Metric> {
        let is_claimed = |metric: &Metric| study.claim.iter().any(|claim| claim.metric == metric.name);
        let is_shown = |metric: &Metric| is_claimed(metric) || SHOWN.contains(&metric.name.as_str());
        self.metrics(study).into_iter().filter(is_shown).collect()
    }

    fn criterion(&self, study: &StudyConfig) -> Option<Criterion> {
        let quality = self.metrics(study).into_iter().next()?;
        Some(Criterion { quality, speed: None, first: First::Quality })
    }

    fn runner<'a>(&self, design: &'a Design<'a>) -> Result<Box<dyn Runner + 'a>> {
        Ok(Box::new(Courses::new(design.study)?))
    }

    fn without_logs(&self) -> Option<&'static str> {
        None
    }

    fn run(&self, study: &StudyConfig, monitor: &dyn Monitor) -> Result<StudyResult> {
        let design = self.design(study);
        let courses = Courses::new(study)?;
        let (all, tuning) = run_all(&design, &courses, monitor)?;
        let claims = claims::test(&design, &all);
        let figures = figures::draw(&design, &all, &tuning);
        Ok(assemble(&design, &all, claims, figures, tuning))
    }
}

/// What is wrong with the stream of a study, if anything is.
fn check(study: &StudyConfig) -> Result<(), String> {
    let others = study.network.is_some() || study.task.is_some() || study.environment.is_some();
    if others || !study.setting.is_empty() || !study.lengths.is_empty() {
        return Err(
            "kind = \"continual\" needs [[phase]] tables with tasks alone: a learner brings its network".to_owned()
        );
    }
    if !study.metrics.is_empty() || !study.targets.is_empty() || study.stop_at_target {
        return Err(
            "metrics, targets, stop_at_target: tasks that follow one another have measures of their own".to_owned()
        );
    }
    if study.phase.is_empty() {
        return Err("no [[phase]]: there is nothing to learn".to_owned());
    }
    if study.phase.len() > MAX_TASKS {
        return Err(format!("{} phases: must be at most {MAX_TASKS}", study.phase.len()));
    }
    let stream = study.stream.unwrap_or_default();
    if !(1..=10_000).contains(&stream.batch) {
        return Err(format!("stream.batch = {}: must be between 1 and 10000", stream.batch));
    }
    if !(0.0..=1.0).contains(&stream.blur) {
        return Err(format!("stream.blur = {}: must be between 0 and 1", stream.blur));
    }
    for (index, phase) in study.phase.iter().enumerate() {
        let place = |what: String| Err(format!("phase {}: {what}", index + 1));
        if phase.budget == 0 || phase.budget > 1_000_000_000 {
            return place(format!("budget = {}: must be between 1 and 1000000000", phase.budget));
        }
        if phase.target.is_some() || phase.drift > 0 {
            return place("target, drift belong to kind = \"switching\"; see stream.blur".to_owned());
        }
        if !(0.0..=1.0).contains(&phase.label_noise) {
            return place(format!("label_noise = {}: must be between 0 and 1", phase.label_noise));
        }
    }
    Ok(())
}

/// Runs of a stream of tasks.
struct Courses<'a> {
    study: &'a StudyConfig,
}

impl<'a> Courses<'a> {
    /// Makes the tasks of the first seed and builds every arm once, so that a mistake in one is told before anything runs.
    ///
    /// # Errors
    /// If a part cannot be built.
    fn new(study: &'a StudyConfig) -> Result<Self> {
        let course = Course::new(study, study.seeds.first)?;
        for arm in &study.arm {
            for candidate in candidates(arm)? {
                course.learner(&candidate.arm, study.seeds.first)?;
            }
        }
        Ok(Self { study })
    }
}

impl Runner for Courses<'_> {
    fn settings(&self) -> Vec<(String, u64)> {
        let evaluations = self.study.phase.iter().map(|phase| phase.budget).fold(0, u64::saturating_add);
        vec![(self.study.name.clone(), evaluations)]
    }

    fn run(&self, _: usize, arm: &Arm, seed: u64, work: &Work<'_>) -> Result<Trial> {
        trial::run(self.study, &Course::new(self.study, seed)?, arm, seed, work)
    }

    fn state(&self, _: usize, arm: &Arm, seed: u64, (log, update): (&RunLog, u64)) -> Result<StateOfRun> {
        trial::state(&Course::new(self.study, seed)?, arm, seed, (log, update))
    }
}

#[cfg(test)]
mod tests;
