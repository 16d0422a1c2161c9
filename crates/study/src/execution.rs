//! Running the arms of a study: the search of their rates, then every arm on the study's seeds.
//!
//! Trials are independent and run on as many threads as the caller's pool has; results are collected in the order of the
//! study, so that they do not depend on their number.

use rayon::prelude::*;

use super::config::{Arm, StudyConfig};
use super::logs::StateOfRun;
use super::metric::Metric;
use super::monitor::Monitor;
use super::shard::Shard;
use super::trial::{ArmTrials, Trial};
use super::tuning::{Candidate, TuningRecord, candidates, choose, sum_up};
pub(crate) use super::tuning::{Criterion, First, Speed};
use super::work::{self, Work, interrupted};
use tegmentum::error::{Error, Result};
use tegmentum::learning::run_log::RunLog;

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

/// What can run one arm with one seed, in one of its settings: the part of a study that its kind decides.
pub(crate) trait Runner: Sync {
    /// The settings: name and evaluations of a run.
    fn settings(&self) -> Vec<(String, u64)>;

    /// A logged run after so many of its updates, for kinds that [keep logs](super::kind::StudyKind::without_logs).
    ///
    /// # Errors
    /// [`Error::Checkpoint`] if it did not come so far, or its log is damaged; [`Error::Incompatible`] for other kinds.
    fn state(&self, setting: usize, arm: &Arm, seed: u64, (log, update): (&RunLog, u64)) -> Result<StateOfRun> {
        let _ = (setting, seed, log, update);
        let (with, reason) = ("a study of this kind".to_owned(), "its runs keep no logs".to_owned());
        Err(Error::Incompatible { what: format!("a replay of {}", arm.name), with, reason })
    }

    /// How many of `count` seeds of an arm are one unit of work.
    fn seeds_per_job(&self, setting: usize, arm: &Arm, count: usize) -> usize {
        let _ = (setting, arm, count);
        1
    }

    /// One run for each seed, in their order; see [`run`](Self::run).
    fn run_together(&self, setting: usize, arm: &Arm, seeds: &[u64], work: &Work<'_>) -> Result<Vec<Trial>> {
        seeds.iter().map(|&seed| self.run(setting, arm, seed, work)).collect()
    }

    /// One run.
    fn run(&self, setting: usize, arm: &Arm, seed: u64, work: &Work<'_>) -> Result<Trial>;
}

/// Searches the rates of all arms, then runs every arm in every setting on the study's seeds.
pub(crate) fn run_all(
    design: &Design<'_>,
    runner: &dyn Runner,
    monitor: &dyn Monitor,
) -> Result<(Vec<ArmTrials>, Vec<TuningRecord>)> {
    let needed = needed(design.study, runner, monitor);
    let (arms, tuning) = tune_needed(design, runner, |job| needed[job], monitor)?;
    Ok((run_arms(design.study, runner, arms, monitor)?, tuning))
}

/// Which jobs, an arm in a setting each, have a unit in the share that is made: all, if it is the whole study or the search of the rates.
fn needed(study: &StudyConfig, runner: &dyn Runner, monitor: &dyn Monitor) -> Vec<bool> {
    let jobs = all_arms(study, &runner.settings());
    let Some(shard) = monitor.shard().filter(|shard| *shard != Shard::RATES) else { return vec![true; jobs.len()] };
    let seeds: Vec<u64> = study.seeds.iter().collect();
    let units = units(runner, &jobs, &seeds);
    let mut needed = vec![false; jobs.len()];
    for unit in &units[shard.block(units.len())] {
        needed[unit.job] = true;
    }
    needed
}

/// A unit of work: the job, its place among the jobs, and seeds that are run together.
#[derive(Clone, Copy)]
struct Unit<'a> {
    job: usize,
    setting: usize,
    arm: &'a Arm,
    seeds: &'a [u64],
}

/// The units of the jobs, in their order.
fn units<'a>(runner: &dyn Runner, jobs: &[(usize, &'a Arm)], seeds: &'a [u64]) -> Vec<Unit<'a>> {
    let of_job = |(job, &(setting, arm)): (usize, &(usize, &'a Arm))| {
        let size = runner.seeds_per_job(setting, arm, seeds.len()).max(1);
        seeds.chunks(size).map(move |seeds| Unit { job, setting, arm, seeds })
    };
    jobs.iter().enumerate().flat_map(of_job).collect()
}

/// Runs every (setting, arm) on all seeds, on as many threads as there are: the trials of the first, then those of the second, and
/// so on. These are the runs that a study reports; under a share of them only its units are made, and the study ends.
///
/// # Errors
/// Those of the runs; [`Error::Study`] if the monitor stopped the study, or all units of the share are made.
pub(crate) fn run_jobs(
    study: &StudyConfig,
    runner: &dyn Runner,
    jobs: &[(usize, &Arm)],
    monitor: &dyn Monitor,
) -> Result<Vec<Trial>> {
    let seeds: Vec<u64> = study.seeds.iter().collect();
    let units = units(runner, jobs, &seeds);
    let block = monitor.shard().map_or(0..units.len(), |shard| shard.block(units.len()));
    let part = format!("{}/runs", study.name);
    let trials = run_units((&part, Some(monitor)), runner, &units, |index, _| block.contains(&index), monitor)?;
    if !monitor.advance(0) {
        return Err(interrupted(study));
    }
    if monitor.shard().is_some() {
        monitor.share_is_done();
        return Err(interrupted(study));
    }
    Ok(trials)
}

/// Runs the units that are wanted, with logs where they are asked for. The names of units do not depend on which are wanted.
fn run_units(
    (part, logs): (&str, Option<&dyn Monitor>),
    runner: &dyn Runner,
    units: &[Unit<'_>],
    is_wanted: impl Fn(usize, &Unit<'_>) -> bool + Sync,
    monitor: &dyn Monitor,
) -> Result<Vec<Trial>> {
    let settings = runner.settings();
    let wanted = units.par_iter().enumerate().filter(|(index, unit)| is_wanted(*index, unit));
    let trials = wanted.map(|(index, &Unit { setting, arm, seeds, .. })| {
        let name = format!("{part}/{index}");
        let evaluations = settings[setting].1.saturating_mul(seeds.len() as u64);
        let make = |work: &Work<'_>| runner.run_together(setting, arm, seeds, work);
        work::run((&name, seeds, evaluations), (monitor, logs), make)
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
    let work = work / monitor.shard().map_or(1, |shard| u64::from(shard.count));
    monitor.expect(&format!("{}: {} arms × {} seeds", study.name, arms.len(), study.seeds.count), work);
    let jobs: Vec<(usize, &Arm)> = arms.iter().map(|(setting, arm)| (*setting, arm)).collect();
    let mut trials = run_jobs(study, runner, &jobs, monitor)?.into_iter();
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

/// Every arm in every setting at its rate, and how it was found.
pub(crate) type Tuned = (Vec<(usize, Arm)>, Vec<TuningRecord>);

/// Searches the rates of all arms in all settings; arms without a grid are passed on as they are.
pub(crate) fn tune(design: &Design<'_>, runner: &dyn Runner, monitor: &dyn Monitor) -> Result<Tuned> {
    tune_needed(design, runner, |_| true, monitor)
}

/// Searches the rates of the jobs that are needed; the others are passed on as they are.
fn tune_needed(
    design: &Design<'_>,
    runner: &dyn Runner,
    is_needed: impl Fn(usize) -> bool,
    monitor: &dyn Monitor,
) -> Result<Tuned> {
    let (study, settings) = (design.study, runner.settings());
    let mut grids = Vec::new();
    for (setting, arm) in all_arms(study, &settings) {
        let points = candidates(arm)?;
        let is_searched = points.len() > 1 && is_needed(grids.len());
        grids.push(Grid { setting, points, is_searched });
    }
    let mut trials = search(study, runner, &grids, monitor)?.into_iter();
    let (mut arms, mut records) = (Vec::new(), Vec::new());
    for Grid { setting, points, is_searched } in grids {
        let mut chosen = 0;
        if let (Some(criterion), true) = (&design.criterion, is_searched) {
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

/// All arms in all settings, in the order in which they are run.
fn all_arms<'a>(study: &'a StudyConfig, settings: &[(String, u64)]) -> Vec<(usize, &'a Arm)> {
    (0..settings.len()).flat_map(|setting| study.arm.iter().map(move |arm| (setting, arm))).collect()
}

/// The rates of one arm in one setting.
struct Grid {
    setting: usize,
    points: Vec<Candidate>,
    /// Whether one of them is to be chosen.
    is_searched: bool,
}

/// The trials of all points of the grids that are searched, in their order.
fn search(study: &StudyConfig, runner: &dyn Runner, grids: &[Grid], monitor: &dyn Monitor) -> Result<Vec<Trial>> {
    let (settings, seeds) = (runner.settings(), study.tuning.seeds);
    let searched = || grids.iter().filter(|grid| grid.is_searched);
    let points: u64 = searched().map(|grid| grid.points.len() as u64).sum();
    let work = |grid: &Grid| (grid.points.len() as u64 * seeds.count).saturating_mul(settings[grid.setting].1);
    if points > 0 {
        let total = searched().map(work).fold(0, u64::saturating_add);
        monitor.expect(&format!("{}: searching {points} rates on {} seeds", study.name, seeds.count), total);
    }
    // Units are named by their place among those of all grids, whichever are searched.
    let of_grid = |grid: &'_ Grid| grid.points.iter().map(move |_| grid.is_searched).collect::<Vec<_>>();
    let is_searched: Vec<bool> = grids.iter().filter(|grid| grid.points.len() > 1).flat_map(of_grid).collect();
    let several = grids.iter().filter(|grid| grid.points.len() > 1);
    let jobs: Vec<(usize, &Arm)> =
        several.flat_map(|grid| grid.points.iter().map(|point| (grid.setting, &point.arm))).collect();
    let seeds: Vec<u64> = seeds.iter().collect();
    let units = units(runner, &jobs, &seeds);
    let is_wanted = |_: usize, unit: &Unit<'_>| is_searched[unit.job];
    let trials = run_units((&format!("{}/search", study.name), None), runner, &units, is_wanted, monitor)?;
    if monitor.advance(0) { Ok(trials) } else { Err(interrupted(study)) }
}
