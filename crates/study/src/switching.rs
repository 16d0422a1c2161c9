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
//! Arms called `without_…` are lesions of the first arm and are drawn apart.

mod figures;
mod plan;
mod trial;

use plan::Course;

use super::claims;
use super::config::{Arm, StudyConfig};
use super::run::{Monitor, Runner, StudyResult, assemble, run_all};
use super::trial::Trial;
use super::tuning::candidates;
use tegmentum::error::Result;

/// Metrics of this kind of which more is better.
pub(crate) const LARGER_IS_BETTER: [&str; 3] = ["phases_solved", "detections", "savings"];
/// Metrics of the surprises of a run.
const SURPRISES: [&str; 3] = ["detections", "false_alarms", "surprises"];

/// The name of the metric "evaluations until phase `index`, from 0, was solved, at most its length".
fn evaluations_in_phase(index: usize) -> String {
    format!("evaluations_in_phase_{}", index + 1)
}

/// The name of the metric "first metric at the end of phase `index`, from 0".
fn error_after_phase(index: usize) -> String {
    format!("error_after_phase_{}", index + 1)
}

/// The metrics of a run besides the study's own.
pub(crate) fn metric_names(study: &StudyConfig) -> Vec<String> {
    let mut names: Vec<String> = ["evaluations_to_relearn", "phases_solved"].map(str::to_owned).to_vec();
    let phases = study.phase.len();
    names.extend((0..phases).map(evaluations_in_phase));
    names.extend((0..phases).map(error_after_phase));
    let returns = |index: usize| study.phase[..index].iter().any(|earlier| earlier.task == study.phase[index].task);
    if (0..phases).any(returns) {
        names.push("savings".to_owned());
    }
    names.extend(SURPRISES.map(str::to_owned));
    names.extend(["evaluations", "state_bytes", "non_finite"].map(str::to_owned));
    names
}

/// What is wrong with the phases of a study, if anything is.
pub(crate) fn check(study: &StudyConfig) -> Result<(), String> {
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
        match phase.target.or(study.targets.first().copied()) {
            None => return place("no target: give it one, or the study targets = […]".to_owned()),
            Some(target) if !target.is_finite() => return place(format!("target = {target}: must be a finite number")),
            Some(_) => {}
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

/// Runs a study of a stream.
pub(crate) fn run(study: &StudyConfig, quick: bool, monitor: &dyn Monitor) -> Result<StudyResult> {
    let streams = Streams::new(study)?;
    let (all, tuning) = run_all(study, &streams, monitor)?;
    let claims = claims::test(study, &all);
    let figures = figures::draw(study, &streams.course, &all, &tuning);
    Ok(assemble(study, quick, &all, claims, figures, tuning))
}

/// Runs of a stream.
pub(crate) struct Streams<'a> {
    study: &'a StudyConfig,
    course: Course,
}

impl<'a> Streams<'a> {
    /// Makes the phases ready and builds every arm once, so that a mistake in one is told before anything runs.
    ///
    /// # Errors
    /// If a part cannot be built.
    pub(crate) fn new(study: &'a StudyConfig) -> Result<Self> {
        let course = Course::new(study)?;
        for arm in &study.arm {
            for candidate in candidates(arm)? {
                course.learner(&candidate.arm, study.seeds.first)?;
            }
        }
        Ok(Self { study, course })
    }
}

impl Runner for Streams<'_> {
    fn settings(&self) -> Vec<(String, u64)> {
        vec![(self.study.name.clone(), self.course.budget())]
    }

    fn run(&self, _: usize, arm: &Arm, seed: u64, tick: &(dyn Fn(u64) -> bool + Sync)) -> Result<Trial> {
        trial::run(self.study, &self.course, arm, seed, tick)
    }
}

#[cfg(test)]
mod tests;
