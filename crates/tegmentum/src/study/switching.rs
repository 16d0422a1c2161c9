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
//! The learner sees losses alone: not when a phase begins, not what it is ([`Stream`](crate::stream::Stream)). Fixed
//! schedules are searched for the least worse quartile of the evaluations to relearn. A run whose parameters become NaN or
//! infinite has solved none of the phases that were left.
//!
//! Arms called `without_…` are lesions of the first arm and are drawn apart.

mod figures;
mod plan;
mod trial;

use rayon::prelude::*;

use super::claims;
use super::config::{Arm, StudyConfig};
use super::run::{ArmTrials, Monitor, Runner, StudyResult, assemble, interrupted};
use super::trial::Trial;
use super::tuning::{Candidate, TuningPoint, TuningRecord, WORSE, candidates, choose};
use crate::error::Result;
use crate::statistics::quantile;
pub(crate) use plan::Course;

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
    let course = ready(study)?;
    let (arms, tuning) = tune(study, &course, monitor)?;
    let work = arms.len() as u64 * study.seeds.count * course.budget();
    monitor.expect(&format!("{}: {} arms × {} seeds", study.name, arms.len(), study.seeds.count), work);
    let jobs: Vec<(&Arm, u64)> = arms.iter().flat_map(|arm| study.seeds.iter().map(move |seed| (arm, seed))).collect();
    let mut trials = run_jobs(study, &course, &jobs, monitor)?.into_iter();
    let mut of_arm = |arm: &Arm| ArmTrials {
        name: arm.name.clone(),
        arm: arm.clone(),
        setting: 0,
        trials: trials.by_ref().take(study.seeds.count as usize).collect(),
    };
    let all: Vec<ArmTrials> = arms.iter().map(&mut of_arm).collect();
    let claims = claims::test(study, &all);
    let figures = figures::draw(study, &course, &all, &tuning);
    Ok(assemble(study, quick, &all, claims, figures, tuning))
}

/// Runs of a stream, for studies that treat an arm and run it again.
struct Streams<'a> {
    study: &'a StudyConfig,
    course: Course,
}

/// What runs the arms of a stream, one by one; every arm is built once.
///
/// # Errors
/// If a task, the network or an arm cannot be built.
pub(crate) fn runner(study: &StudyConfig) -> Result<Box<dyn Runner + '_>> {
    Ok(Box::new(Streams { study, course: ready(study)? }))
}

impl Runner for Streams<'_> {
    fn settings(&self) -> Vec<(String, u64)> {
        vec![(self.study.name.clone(), self.course.budget())]
    }

    fn run(&self, _: usize, arm: &Arm, seed: u64, tick: &(dyn Fn(u64) -> bool + Sync)) -> Result<Trial> {
        trial::run(self.study, &self.course, arm, seed, tick)
    }
}

/// The arms at the rates that their search chose.
///
/// # Errors
/// If a part cannot be built, or the monitor stopped it.
pub(crate) fn tuned(study: &StudyConfig, monitor: &dyn Monitor) -> Result<(Vec<Arm>, Vec<TuningRecord>)> {
    tune(study, &ready(study)?, monitor)
}

/// The course, after every arm was built once, so that a mistake in one is told before anything runs.
fn ready(study: &StudyConfig) -> Result<Course> {
    let course = Course::new(study)?;
    for arm in &study.arm {
        for candidate in candidates(arm)? {
            course.learner(&candidate.arm, study.seeds.first)?;
        }
    }
    Ok(course)
}

fn run_jobs(study: &StudyConfig, course: &Course, jobs: &[(&Arm, u64)], monitor: &dyn Monitor) -> Result<Vec<Trial>> {
    let tick = |evaluations| monitor.advance(evaluations);
    let trials: Result<Vec<Trial>> =
        jobs.par_iter().map(|&(arm, seed)| trial::run(study, course, arm, seed, &tick)).collect();
    let trials = trials?;
    if monitor.advance(0) { Ok(trials) } else { Err(interrupted(study)) }
}

/// Searches the rates of the arms that have a grid, on the tuning seeds and the whole stream.
fn tune(study: &StudyConfig, course: &Course, monitor: &dyn Monitor) -> Result<(Vec<Arm>, Vec<TuningRecord>)> {
    let grids: Vec<Vec<Candidate>> = study.arm.iter().map(candidates).collect::<Result<_>>()?;
    let searched: Vec<&Candidate> = grids.iter().filter(|grid| grid.len() > 1).flatten().collect();
    let seeds = study.tuning.seeds;
    let jobs: Vec<(&Arm, u64)> =
        searched.iter().flat_map(|point| seeds.iter().map(|seed| (&point.arm, seed))).collect();
    if !jobs.is_empty() {
        let part = format!("{}: searching {} rates on {} seeds", study.name, searched.len(), seeds.count);
        monitor.expect(&part, jobs.len() as u64 * course.budget());
    }
    let mut trials = run_jobs(study, course, &jobs, monitor)?.into_iter();
    let (mut arms, mut records) = (Vec::new(), Vec::new());
    for grid in &grids {
        let mut chosen = 0;
        if grid.len() > 1 {
            let mut sum_of = |point: &Candidate| {
                let own: Vec<Trial> = trials.by_ref().take(seeds.count as usize).collect();
                sum_up(study, point, &own)
            };
            let record = choose(study, grid[0].arm.name.clone(), grid.iter().map(&mut sum_of).collect());
            chosen = record.chosen;
            records.push(record);
        }
        arms.push(grid[chosen].arm.clone());
    }
    Ok((arms, records))
}

/// Sums up the trials of a point: share of the phases solved, and worse quartiles.
fn sum_up(study: &StudyConfig, candidate: &Candidate, trials: &[Trial]) -> TuningPoint {
    let values = |name: &str| -> Vec<f64> { trials.iter().map(|trial| trial.metrics[name]).collect() };
    let finite = |value: f64| value.is_finite().then_some(value);
    let metric = study.metrics[0];
    let sign = if metric.larger_is_better() { -1.0 } else { 1.0 };
    // A run that came to no end is worse than any that did.
    let signed = |value: f64| if value.is_nan() { f64::INFINITY } else { sign * value };
    let signed: Vec<f64> = values(metric.name()).into_iter().map(signed).collect();
    let phases = (study.phase.len() * trials.len()) as f64;
    TuningPoint {
        learning_rate: candidate.learning_rate,
        perturbation_scale: candidate.perturbation_scale,
        solved: Some(values("phases_solved").iter().sum::<f64>() / phases),
        evaluations_to_target: finite(quantile(&values("evaluations_to_relearn"), WORSE)),
        metric: finite(sign * quantile(&signed, WORSE)),
    }
}

#[cfg(test)]
mod tests;
