//! Running the arms of a study: the search of their rates, then every arm on the study's seeds.
//!
//! Trials are independent and run on as many threads as the caller's pool has; results are collected in the order of the
//! study, so that they do not depend on their number.

use rayon::prelude::*;

use super::config::{Arm, Seeds, StudyConfig};
use super::metric::Metric;
use super::monitor::Monitor;
use super::trial::{ArmTrials, Trial};
use super::tuning::{Candidate, TuningRecord, candidates, choose, sum_up};
pub(crate) use super::tuning::{Criterion, Speed};
use tegmentum::error::{Error, Result};

/// What a kind of study makes of a study before it runs: what is measured and what rates are chosen by.
#[derive(Debug)]
pub(crate) struct Design<'a> {
    pub(crate) study: &'a StudyConfig,
    /// What a run is judged by.
    pub(crate) metrics: Vec<Metric>,
    /// What is measured along a run.
    pub(crate) curves: Vec<String>,
    /// The unit of the horizontal axis.
    pub(crate) x_unit: &'static str,
    /// What rates are chosen by; none for a kind that chooses none.
    pub(crate) criterion: Option<Criterion>,
}

impl Design<'_> {
    /// The metric called `name`; one that is not among them is described by its name alone.
    pub(crate) fn metric(&self, name: &str) -> Metric {
        super::metric::find(&self.metrics, name).cloned().unwrap_or_else(|| Metric::neutral(name))
    }
}

/// Told the evaluations as they are spent; says whether to go on.
pub(crate) type Tick<'a> = dyn Fn(u64) -> bool + Sync + 'a;

/// What can run one arm with one seed, in one of its settings: the part of a study that its kind decides.
pub(crate) trait Runner: Sync {
    /// The settings: name and evaluations of a run.
    fn settings(&self) -> Vec<(String, u64)>;

    /// How many of `count` seeds of an arm are one unit of work.
    fn seeds_per_job(&self, setting: usize, arm: &Arm, count: usize) -> usize {
        let _ = (setting, arm, count);
        1
    }

    /// One run for each seed, in their order; see [`run`](Self::run).
    fn run_together(&self, setting: usize, arm: &Arm, seeds: &[u64], tick: &Tick<'_>) -> Result<Vec<Trial>> {
        seeds.iter().map(|&seed| self.run(setting, arm, seed, tick)).collect()
    }

    /// One run.
    fn run(&self, setting: usize, arm: &Arm, seed: u64, tick: &Tick<'_>) -> Result<Trial>;
}

/// Searches the rates of all arms, then runs every arm in every setting on the study's seeds.
pub(crate) fn run_all(
    design: &Design<'_>,
    runner: &dyn Runner,
    monitor: &dyn Monitor,
) -> Result<(Vec<ArmTrials>, Vec<TuningRecord>)> {
    let (arms, tuning) = tune(design, runner, monitor)?;
    Ok((run_arms(design.study, runner, arms, monitor)?, tuning))
}

/// Runs every (setting, arm) on all seeds, on as many threads as there are: the trials of the first, then those of the second, and
/// so on.
pub(crate) fn run_jobs(
    runner: &dyn Runner,
    jobs: &[(usize, &Arm)],
    seeds: Seeds,
    monitor: &dyn Monitor,
) -> Result<Vec<Trial>> {
    let seeds: Vec<u64> = seeds.iter().collect();
    let groups = jobs.iter().flat_map(|&(setting, arm)| {
        let size = runner.seeds_per_job(setting, arm, seeds.len());
        seeds.chunks(size.max(1)).map(move |seeds| (setting, arm, seeds))
    });
    let groups: Vec<(usize, &Arm, &[u64])> = groups.collect();
    let trials = groups.par_iter().map(|&(setting, arm, seeds)| {
        runner.run_together(setting, arm, seeds, &|evaluations| monitor.advance(evaluations))
    });
    Ok(trials.collect::<Result<Vec<Vec<Trial>>>>()?.into_iter().flatten().collect())
}

/// Runs every (setting, arm) on the study's seeds.
pub(crate) fn run_arms(
    study: &StudyConfig,
    runner: &dyn Runner,
    arms: Vec<(usize, Arm)>,
    monitor: &dyn Monitor,
) -> Result<Vec<ArmTrials>> {
    let settings = runner.settings();
    let work = arms
        .iter()
        .map(|(setting, _)| settings[*setting].1.saturating_mul(study.seeds.count))
        .fold(0, u64::saturating_add);
    monitor.expect(&format!("{}: {} arms × {} seeds", study.name, arms.len(), study.seeds.count), work);
    let jobs: Vec<(usize, &Arm)> = arms.iter().map(|(setting, arm)| (*setting, arm)).collect();
    let trials = run_jobs(runner, &jobs, study.seeds, monitor);
    let mut trials = trials?.into_iter();
    if !monitor.advance(0) {
        return Err(interrupted(study));
    }
    Ok(arms
        .into_iter()
        .map(|(setting, arm)| ArmTrials {
            name: study.result_name(&settings[setting].0, &arm.name),
            trials: trials.by_ref().take(study.seeds.count as usize).collect(),
            arm,
            setting,
        })
        .collect())
}

/// The error for a study that the monitor stopped.
pub(crate) fn interrupted(study: &StudyConfig) -> Error {
    Error::Study { origin: study.name.clone(), problem: "stopped before its end; nothing was written".to_owned() }
}

/// Every arm in every setting at its rate, and how it was found.
pub(crate) type Tuned = (Vec<(usize, Arm)>, Vec<TuningRecord>);

/// Searches the rates of all arms in all settings; arms without a grid are passed on as they are.
pub(crate) fn tune(design: &Design<'_>, runner: &dyn Runner, monitor: &dyn Monitor) -> Result<Tuned> {
    let (study, settings) = (design.study, runner.settings());
    let mut grids = Vec::new();
    for setting in 0..settings.len() {
        for arm in &study.arm {
            grids.push((setting, candidates(arm)?));
        }
    }
    let mut trials = search(study, runner, &grids, monitor)?.into_iter();
    let (mut arms, mut records) = (Vec::new(), Vec::new());
    for (setting, points) in grids {
        let mut chosen = 0;
        if let (Some(criterion), true) = (&design.criterion, is_search(&points)) {
            let name = study.result_name(&settings[setting].0, &points[0].arm.name);
            let mut sum_of = |point: &Candidate| {
                let own: Vec<Trial> = trials.by_ref().take(study.tuning.seeds.count as usize).collect();
                sum_up(criterion, point, &own)
            };
            let record = choose(criterion, name, points.iter().map(&mut sum_of).collect());
            chosen = record.chosen;
            records.push(record);
        }
        arms.push((setting, points[chosen].arm.clone()));
    }
    Ok((arms, records))
}

fn is_search(points: &[Candidate]) -> bool {
    points.len() > 1
}

/// The trials of all points of all grids, in their order.
fn search(
    study: &StudyConfig,
    runner: &dyn Runner,
    grids: &[(usize, Vec<Candidate>)],
    monitor: &dyn Monitor,
) -> Result<Vec<Trial>> {
    let (settings, seeds) = (runner.settings(), study.tuning.seeds);
    let searches = || grids.iter().filter(|grid| is_search(&grid.1));
    let points: u64 = searches().map(|grid| grid.1.len() as u64).sum();
    let work = |grid: &(usize, Vec<Candidate>)| (grid.1.len() as u64 * seeds.count).saturating_mul(settings[grid.0].1);
    if points > 0 {
        let total = searches().map(work).fold(0, u64::saturating_add);
        monitor.expect(&format!("{}: searching {points} rates on {} seeds", study.name, seeds.count), total);
    }
    let jobs: Vec<(usize, &Arm)> =
        searches().flat_map(|(setting, points)| points.iter().map(|point| (*setting, &point.arm))).collect();
    let trials = run_jobs(runner, &jobs, seeds, monitor);
    let trials = trials?;
    if monitor.advance(0) { Ok(trials) } else { Err(interrupted(study)) }
}
