//! Forgetting: a network that has learned A learns B until it is good enough at B; what is left of A, and how far and along which
//! directions its weights have gone?
//!
//! ```text
//!     w_A                 the weights after Adam on task A, the same for all arms of a seed
//!     stop                the first look at which the first metric on B passes the target (equal for all arms), else the end of the budget
//!     drift             = ‖w − w_A‖² = drift within B's directions + drift off them
//!     B's directions      the leading k directions of 2 × 32 gradients of B's batches, at w_A and at w, with 95 % of their squares
//!     predicted           the random walk of `evidence::random_walk`, (P − k) Σ_t η_t² q_t, and the descent, from gradients along the run itself
//! ```
//! What is compared is measured at equal quality on B: a run that never got there counts as having forgotten without bound, and what it knows
//! of A at its end stands apart (`…_on_a_at_end`). Gradients are for measurement alone (backpropagation, which learners without gradients
//! never see); they cost a run nothing.
//!
//! Rates are searched for the least worse quartile of evaluations to the target; an arm with a grid of strengths, which are there to hold A, for
//! the least worse quartile of the first metric on A among runs that got there.
//!
//! A learner of tasks that follow one another brings a network of its own: it learns A by itself, for as many forward-equivalents, and has no
//! drift that could be compared.

mod drift;
mod figures;
mod plan;
mod tasks;
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
use tegmentum::evidence::evaluation;
use tegmentum::learning::run_log::RunLog;

/// Evaluations of B until the target.
const TIME: &str = "evaluations_to_target";
/// Whether the target was reached.
const REACHED: &str = "reached";
/// How much worse the first metric on A has become.
const RISE: &str = "rise_on_a";
/// ‖w − w_A‖².
const DRIFT: &str = "drift";
/// Its part off B's directions.
const OFF: &str = "drift_off";
/// Its part within them.
const WITHIN: &str = "drift_within";
/// How many directions B has.
const COUNT: &str = "directions_of_b";
/// The random walk that is to be expected.
const WALK: &str = "predicted_walk";
/// The same and what descent adds, off B's directions.
const PREDICTED: &str = "predicted_drift_off";
/// Measured over predicted.
const RATIO: &str = "drift_ratio";
/// Contexts that were found.
const CONTEXTS: &str = "contexts";

/// The name of a metric of the study on A or B.
fn on(metric: evaluation::Metric, task: char) -> String {
    format!("{}_on_{task}", metric.name())
}

/// The name of the first metric on A at the end of a run, whether or not it reached its target.
fn at_end(metric: evaluation::Metric) -> String {
    format!("{}_on_a_at_end", metric.name())
}

/// A metric of the study under another name.
fn renamed(metric: evaluation::Metric, name: String, title: &str) -> Metric {
    let own = Metric::from(metric);
    let title = format!("{} {title}", own.title);
    Metric { name, title, ..own }
}

/// The kind.
pub(super) struct Forgetting;

impl StudyKind for Forgetting {
    fn name(&self) -> &'static str {
        "forgetting"
    }

    fn summary(&self) -> &'static str {
        "A, then B: what is left of A at equal quality on B, and where have the weights gone?"
    }

    fn check(&self, study: &StudyConfig) -> Result<(), String> {
        check(study)?;
        check_measures(study)?;
        check_arms(study, Learners::Either)?;
        check_searches(study)
    }

    fn curve_names(&self, study: &StudyConfig) -> Vec<String> {
        study.metrics.first().map_or_else(Vec::new, |&metric| vec![on(metric, 'b'), on(metric, 'a')])
    }

    fn metrics(&self, study: &StudyConfig) -> Vec<Metric> {
        let Some(&first) = study.metrics.first() else { return Vec::new() };
        let squared = |name: &str, title: &str| {
            Metric::smaller(name).titled(title).unit("squared weights").within(0.0, f64::INFINITY)
        };
        let of_a = study.metrics.iter().map(|&metric| renamed(metric, on(metric, 'a'), "on A, at the target on B"));
        let mut metrics: Vec<Metric> = of_a.collect();
        metrics.push(Metric::smaller(RISE).titled(&format!("loss of {} on A", first.name().replace('_', " "))));
        metrics.push(Metric::smaller(TIME).time_to_event("loss evaluations"));
        metrics.push(Metric::share(REACHED));
        metrics.push(squared(OFF, "drift off B's directions"));
        metrics.push(squared(WITHIN, "drift within B's directions"));
        metrics.push(squared(DRIFT, "drift"));
        let plain = |name: &str| Metric::neutral(name).within(0.0, f64::INFINITY);
        metrics.push(plain(COUNT).titled("directions of B"));
        metrics.push(plain(WALK).titled("predicted random walk off B's directions").unit("squared weights"));
        metrics.push(plain(PREDICTED).titled("predicted drift off B's directions").unit("squared weights"));
        metrics.push(plain(RATIO).titled("measured over predicted drift"));
        metrics.push(renamed(first, at_end(first), "on A, at the end of the run"));
        metrics.extend(
            study.metrics.iter().map(|&metric| renamed(metric, on(metric, 'b'), "on B, at the end of the run")),
        );
        metrics.push(plain(CONTEXTS).unit("contexts for 2 tasks"));
        metrics.push(metric::surprises());
        metrics.extend(metric::costs());
        metrics
    }

    fn shown(&self, study: &StudyConfig) -> Vec<Metric> {
        let first = study.metrics.first().map_or_else(String::new, |&metric| on(metric, 'a'));
        let usual = [first.as_str(), RISE, TIME, REACHED, OFF, WITHIN, RATIO];
        let is_claimed = |metric: &Metric| study.claim.iter().any(|claim| claim.metric == metric.name);
        let is_shown = |metric: &Metric| is_claimed(metric) || usual.contains(&metric.name.as_str());
        self.metrics(study).into_iter().filter(is_shown).collect()
    }

    fn criterion(&self, study: &StudyConfig) -> Option<Criterion> {
        Some(Criterion {
            quality: self.metrics(study).into_iter().next()?,
            speed: Some(Speed { time: TIME.to_owned(), reached: REACHED.to_owned(), all: 1.0 }),
            first: First::TimeUnlessHeld,
        })
    }

    fn runner<'a>(&self, design: &'a Design<'a>) -> Result<Box<dyn Runner + 'a>> {
        Ok(Box::new(Courses::new(design)?))
    }

    fn without_logs(&self) -> Option<&'static str> {
        None
    }

    fn run(&self, study: &StudyConfig, monitor: &dyn Monitor) -> Result<StudyResult> {
        let design = self.design(study);
        let courses = Courses::new(&design)?;
        let (all, tuning) = run_all(&design, &courses, monitor)?;
        let claims = claims::test(&design, &all);
        let figures = figures::draw(&design, &all, &tuning);
        Ok(assemble(&design, &all, claims, figures, tuning))
    }
}

/// What is wrong with the two tasks of a study, if anything is.
fn check(study: &StudyConfig) -> Result<(), String> {
    if study.network.is_none() || study.task.is_some() || !study.setting.is_empty() || study.environment.is_some() {
        return Err("kind = \"forgetting\" needs one [network.…] and two [[phase]] tables, each with a task".to_owned());
    }
    if study.phase.len() != 2 {
        return Err(format!("{} [[phase]] tables: must be 2, task A and task B", study.phase.len()));
    }
    if study.stop_at_target || !study.targets.is_empty() {
        return Err("targets, stop_at_target: a run ends at the target of phase 2; leave them out".to_owned());
    }
    if let Some(stream) = study.stream
        && (stream.blur != 0.0 || !(1..=10_000).contains(&stream.batch))
    {
        return Err(format!(
            "stream.batch = {}, stream.blur = {}: must be a batch between 1 and 10000, and no blur",
            stream.batch, stream.blur
        ));
    }
    for (index, phase) in study.phase.iter().enumerate() {
        let place = |what: String| Err(format!("phase {}: {what}", index + 1));
        if phase.budget < 3 || phase.budget > 1_000_000_000 {
            return place(format!("budget = {}: must be between 3 and 1000000000", phase.budget));
        }
        if phase.drift > 0 || phase.label_noise != 0.0 {
            return place("drift, label_noise belong to kind = \"switching\" and \"continual\"".to_owned());
        }
        match (index, phase.target) {
            (0, Some(target)) => {
                return place(format!("target = {target}: A is learned for its whole budget; leave it out"));
            }
            (1, None) => {
                return place("no target: at which level of the first metric on B are arms compared?".to_owned());
            }
            _ => {}
        }
    }
    let classes = [evaluation::Metric::ErrorRate, evaluation::Metric::Accuracy];
    match (study.arm.iter().find(|arm| arm.continual.is_some()), study.metrics.first()) {
        (Some(arm), Some(first)) if !classes.contains(first) => Err(format!(
            "arm {:?}: learns tasks that follow one another and answers with classes; the first metric is {}, must be error_rate or accuracy",
            arm.name,
            first.name()
        )),
        _ => Ok(()),
    }
}

/// Runs of a study.
struct Courses<'a> {
    design: &'a Design<'a>,
    course: Course,
}

impl<'a> Courses<'a> {
    /// Makes both tasks ready and builds every arm once, so that a mistake in one is told before anything runs.
    ///
    /// # Errors
    /// If a part cannot be built.
    fn new(design: &'a Design<'a>) -> Result<Self> {
        let course = Course::new(design.study)?;
        for arm in &design.study.arm {
            for candidate in candidates(arm)? {
                course.check(&candidate.arm, design.study.seeds.first)?;
            }
        }
        Ok(Self { design, course })
    }
}

impl Runner for Courses<'_> {
    fn settings(&self) -> Vec<(String, u64)> {
        vec![(self.design.study.name.clone(), self.course.budget)]
    }

    fn run(&self, _: usize, arm: &Arm, seed: u64, work: &Work<'_>) -> Result<Trial> {
        match arm.continual {
            Some(_) => tasks::run(self.design, &self.course, arm, seed, work),
            None => trial::run(self.design, &self.course, arm, seed, work),
        }
    }

    fn state(&self, _: usize, arm: &Arm, seed: u64, logged: (&RunLog, u64)) -> Result<StateOfRun> {
        match arm.continual {
            Some(_) => tasks::state(self.design.study, &self.course, (arm, seed), logged),
            None => trial::state(self.design.study, &self.course, (arm, seed), logged),
        }
    }
}

#[cfg(test)]
mod tests;
