//! Runs a study: searches, trials, claims, figures.
//!
//! Trials are independent and run on as many threads as the caller's pool has; results are collected in the order of the
//! study, so that they do not depend on their number.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::config::{Arm, Kind, Seeds, StudyConfig};
use super::outcome::{Figure, Sample, Summary, Verdict, is_share};
use super::trial::{Stage, Trial, run_trial};
use super::tuning::{Candidate, TuningRecord, candidates, choose, sum_up};
use super::{behaviour, claims, cost, dose, figures, lesions, lockstep, robustness, switching, theory};
use tegmentum::error::{Error, Result};
use tegmentum::evidence::statistics::{
    RESAMPLES, bootstrap, interquartile_mean, mean, median, quantile, wilson_interval,
};
use tegmentum::random::Key;

/// Watches a study from outside: progress, and the wish to stop.
pub trait Monitor: Sync {
    /// The work ahead, in evaluations; called when a part of the study begins.
    fn expect(&self, part: &str, evaluations: u64);

    /// Work done since the last call. Returns false to stop.
    fn advance(&self, evaluations: u64) -> bool;

    /// The largest number of bytes that `work` held at once above what was held before it, if that can be measured.
    fn peak_bytes(&self, work: &mut dyn FnMut()) -> Option<usize> {
        work();
        None
    }
}

/// A monitor that says nothing.
///
/// # Example
/// ```
/// use tegmentum_study::run::{Monitor, Silent};
/// assert!(Silent.advance(10));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Monitor for Silent {
    fn expect(&self, _: &str, _: u64) {}
    fn advance(&self, _: u64) -> bool {
        true
    }
}

/// A row of `records.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordRow {
    /// The arm, with its setting if there are several.
    pub arm: String,
    /// The seed.
    pub seed: u64,
    /// Evaluations so far, or whatever the study has on its horizontal axis.
    pub evaluations: u64,
    /// The metric.
    pub metric: String,
    /// Its value; NaN is written as `NaN`.
    pub value: f64,
}

/// Everything a study found.
#[derive(Clone, Debug)]
pub struct StudyResult {
    /// The study as it was run.
    pub study: StudyConfig,
    /// `summary.json`.
    pub summary: Summary,
    /// Pictures and tables.
    pub figures: Vec<Figure>,
    /// `records.csv`.
    pub records: Vec<RecordRow>,
    /// The searches of rates.
    pub tuning: Vec<TuningRecord>,
    /// Processor seconds by arm, summed over its seeds; apart, because times are never the same twice.
    pub seconds: BTreeMap<String, f64>,
}

/// The trials of one arm in one setting.
#[derive(Debug)]
pub(crate) struct ArmTrials {
    /// Its name in results.
    pub(crate) name: String,
    /// The arm as it was run, at its tuned rate.
    pub(crate) arm: Arm,
    /// Its setting's place in the study.
    pub(crate) setting: usize,
    /// One trial for each seed.
    pub(crate) trials: Vec<Trial>,
}

impl ArmTrials {
    /// The values of a metric in the order of the seeds; a failure is +∞, or −∞ where larger is better.
    pub(crate) fn values(&self, metric: &str) -> Vec<f64> {
        let worst = if larger_is_better(metric) { f64::NEG_INFINITY } else { f64::INFINITY };
        let value = |trial: &Trial| trial.metrics.get(metric).copied().filter(|value| !value.is_nan());
        self.trials.iter().map(|trial| value(trial).unwrap_or(worst)).collect()
    }

    /// Mean processor seconds of a run.
    pub(crate) fn mean_seconds(&self) -> f64 {
        self.trials.iter().map(|trial| trial.seconds).sum::<f64>() / self.trials.len().max(1) as f64
    }
}

/// Whether more of the metric called `name` is better.
pub(crate) fn larger_is_better(name: &str) -> bool {
    ["valid_prediction_time", "width_decades", "solved_decades", "shifts_solved", "burst_within_20"].contains(&name)
        || ["accuracy", "correct", "reward", "savings", "d_prime", "hit_rate"]
            .iter()
            .any(|start| name.starts_with(start))
        || is_share(name)
        || switching::LARGER_IS_BETTER.contains(&name)
}

/// Runs a study; `quick` marks it as shortened in its summary.
///
/// # Errors
/// If a part cannot be built or diverges, or [`Error::Study`] if the monitor stopped it.
pub fn run(study: &StudyConfig, quick: bool, monitor: &dyn Monitor) -> Result<StudyResult> {
    let mut result = match study.kind {
        Kind::Compare => compare(study, quick, monitor),
        Kind::Robustness => robustness::run(study, quick, monitor),
        Kind::Theory => theory::run(study, quick, monitor),
        Kind::Cost => cost::run(study, quick, monitor),
        Kind::Behaviour => behaviour::run(study, quick, monitor),
        Kind::Switching => switching::run(study, quick, monitor),
        Kind::Lesions => lesions::run(study, quick, monitor),
        Kind::Dose => dose::run(study, quick, monitor),
    }?;
    if quick && study.quick.budget.is_some() {
        decide_nothing(&mut result.summary);
    }
    Ok(result)
}

/// A run with less than its budget is no test of the study's claims, whatever its numbers are.
fn decide_nothing(summary: &mut Summary) {
    for claim in &mut summary.claims {
        claim.verdict = Verdict::Inconclusive;
    }
    summary.answer = format!("Not decided: this run had less than the study's budget. {}", answer(&summary.claims));
    summary.notes.push("A shortened run, with less than its budget, decides no claim.".to_owned());
}

/// What can run one arm with one seed, in one of its settings: the part of a study that its kind decides.
pub(crate) trait Runner: Sync {
    /// The settings: name and evaluations of a run.
    fn settings(&self) -> Vec<(String, u64)>;

    /// How many of `count` seeds of an arm are one unit of work.
    fn abreast(&self, setting: usize, arm: &Arm, count: usize) -> usize {
        let _ = (setting, arm, count);
        1
    }

    /// One run for each seed, in their order; see [`run`](Self::run).
    fn run_together(
        &self,
        setting: usize,
        arm: &Arm,
        seeds: &[u64],
        tick: &(dyn Fn(u64) -> bool + Sync),
    ) -> Result<Vec<Trial>> {
        seeds.iter().map(|&seed| self.run(setting, arm, seed, tick)).collect()
    }

    /// One run. `tick` is told the evaluations as they are spent and says whether to go on.
    fn run(&self, setting: usize, arm: &Arm, seed: u64, tick: &(dyn Fn(u64) -> bool + Sync)) -> Result<Trial>;
}

/// What runs the arms of a study that has arms, made ready; every arm is built once.
///
/// # Errors
/// If a part cannot be built, or [`Error::Study`] for a kind of study that does not run its arms one by one.
pub(crate) fn runner(study: &StudyConfig) -> Result<Box<dyn Runner + '_>> {
    Ok(match study.kind {
        Kind::Compare => Box::new(Comparison { study, stages: stages(study)? }),
        Kind::Behaviour => Box::new(behaviour::Stage::new(study)?),
        Kind::Switching => Box::new(switching::Streams::new(study)?),
        Kind::Robustness | Kind::Theory | Kind::Cost | Kind::Lesions | Kind::Dose => {
            let problem = "its arms cannot be run under drugs".to_owned();
            return Err(Error::Study { origin: study.name.clone(), problem });
        }
    })
}

/// Runs of a comparison.
pub(crate) struct Comparison<'a> {
    pub(crate) study: &'a StudyConfig,
    pub(crate) stages: Vec<Stage>,
}

impl Runner for Comparison<'_> {
    fn settings(&self) -> Vec<(String, u64)> {
        self.stages.iter().map(|stage| (stage.setting.name.clone(), stage.budget)).collect()
    }

    fn run(&self, setting: usize, arm: &Arm, seed: u64, tick: &(dyn Fn(u64) -> bool + Sync)) -> Result<Trial> {
        run_trial(self.study, &self.stages[setting], arm, seed, tick)
    }

    fn abreast(&self, setting: usize, arm: &Arm, count: usize) -> usize {
        lockstep::abreast(&self.stages[setting], arm, count)
    }

    fn run_together(
        &self,
        setting: usize,
        arm: &Arm,
        seeds: &[u64],
        tick: &(dyn Fn(u64) -> bool + Sync),
    ) -> Result<Vec<Trial>> {
        lockstep::run_trials(self.study, &self.stages[setting], arm, seeds, tick)
    }
}

fn compare(study: &StudyConfig, quick: bool, monitor: &dyn Monitor) -> Result<StudyResult> {
    let comparison = Comparison { study, stages: stages(study)? };
    let (all, tuning) = run_all(study, &comparison, monitor)?;
    let claims = claims::test(study, &all);
    let drawn = figures::compare(study, &comparison.stages, &all, &tuning);
    Ok(assemble(study, quick, &all, claims, drawn, tuning))
}

/// The settings made ready. Every arm is built once, so that a mistake in one is told before anything runs.
pub(crate) fn stages(study: &StudyConfig) -> Result<Vec<Stage>> {
    let stages: Vec<Stage> =
        study.settings().iter().map(|setting| Stage::new(study, setting)).collect::<Result<_>>()?;
    for stage in &stages {
        for arm in &study.arm {
            for candidate in candidates(arm)? {
                stage.learner(&candidate.arm, study.seeds.first)?;
            }
        }
    }
    Ok(stages)
}

/// Searches the rates of all arms, then runs every arm in every setting on the study's seeds.
pub(crate) fn run_all(
    study: &StudyConfig,
    runner: &dyn Runner,
    monitor: &dyn Monitor,
) -> Result<(Vec<ArmTrials>, Vec<TuningRecord>)> {
    let (arms, tuning) = tune(study, runner, monitor)?;
    Ok((run_arms(study, runner, arms, monitor)?, tuning))
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
        let size = runner.abreast(setting, arm, seeds.len());
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
    let work: u64 = arms.iter().map(|(setting, _)| settings[*setting].1 * study.seeds.count).sum();
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

fn interrupted(study: &StudyConfig) -> Error {
    Error::Study { origin: study.name.clone(), problem: "stopped before its end; nothing was written".to_owned() }
}

pub(crate) type Tuned = (Vec<(usize, Arm)>, Vec<TuningRecord>);

/// Searches the rates of all arms in all settings; arms without a grid are passed on as they are.
pub(crate) fn tune(study: &StudyConfig, runner: &dyn Runner, monitor: &dyn Monitor) -> Result<Tuned> {
    let settings = runner.settings();
    let mut grids = Vec::new();
    for setting in 0..settings.len() {
        for arm in &study.arm {
            grids.push((setting, candidates(arm)?));
        }
    }
    let is_search = |grid: &(usize, Vec<_>)| grid.1.len() > 1;
    let points: u64 = grids.iter().filter(|grid| is_search(grid)).map(|grid| grid.1.len() as u64).sum();
    let seeds = study.tuning.seeds;
    let work: u64 = grids
        .iter()
        .filter(|grid| is_search(grid))
        .map(|grid| grid.1.len() as u64 * seeds.count * settings[grid.0].1)
        .sum();
    if points > 0 {
        monitor.expect(&format!("{}: searching {points} rates on {} seeds", study.name, seeds.count), work);
    }
    let searches = grids.iter().filter(|grid| is_search(grid));
    let jobs: Vec<(usize, &Arm)> =
        searches.flat_map(|(setting, points)| points.iter().map(|point| (*setting, &point.arm))).collect();
    let trials = run_jobs(runner, &jobs, seeds, monitor);
    let mut trials = trials?.into_iter();
    if !monitor.advance(0) {
        return Err(interrupted(study));
    }
    let (mut arms, mut records) = (Vec::new(), Vec::new());
    for (setting, points) in grids {
        let mut chosen = 0;
        if points.len() > 1 {
            let name = study.result_name(&settings[setting].0, &points[0].arm.name);
            let mut sum_of = |point: &Candidate| {
                let own: Vec<Trial> = trials.by_ref().take(seeds.count as usize).collect();
                sum_up(study, point, &own)
            };
            let record = choose(study, name, points.iter().map(&mut sum_of).collect());
            chosen = record.chosen;
            records.push(record);
        }
        arms.push((setting, points[chosen].arm.clone()));
    }
    Ok((arms, records))
}

/// Puts the parts of a result together.
pub(crate) fn assemble(
    study: &StudyConfig,
    quick: bool,
    all: &[ArmTrials],
    claims: Vec<super::outcome::ClaimOutcome>,
    figures: Vec<Figure>,
    tuning: Vec<TuningRecord>,
) -> StudyResult {
    let mut arms = BTreeMap::new();
    let mut records = Vec::new();
    let mut seconds = BTreeMap::new();
    for arm in all {
        let names = study.metric_names();
        let samples = names.into_iter().filter(|name| arm.trials.iter().any(|trial| trial.metrics.contains_key(name)));
        let of = |name: &str| match arm.values(name) {
            values if is_share(name) => share(&values),
            values if lesions::is_attribution(name) => mean_sample(&values),
            values => sample(&values),
        };
        arms.insert(arm.name.clone(), samples.map(|name| (name.clone(), of(&name))).collect());
        records.extend(records_of(study, arm));
        seconds.insert(arm.name.clone(), arm.trials.iter().map(|trial| trial.seconds).sum());
    }
    let mut notes = study.notes.clone();
    for record in tuning.iter().filter(|record| record.at_edge) {
        notes.push(format!(
            "The search of {} chose a rate at the end of its grid: a better one may lie beyond.",
            record.arm
        ));
    }
    let summary = Summary {
        study: study.name.clone(),
        title: study.title.clone(),
        question: study.question.clone(),
        answer: answer(&claims),
        quick,
        arms,
        arm_order: all.iter().map(|arm| arm.name.clone()).collect(),
        claims,
        notes,
    };
    StudyResult { study: study.clone(), summary, figures, records, tuning, seconds }
}

/// The sample of one metric; a value that is not finite is a failed seed.
pub(crate) fn sample(values: &[f64]) -> Sample {
    let finite = |value: f64| value.is_finite().then_some(value);
    let estimate = bootstrap(values, interquartile_mean, RESAMPLES, Key::from_seed(values.len() as u64));
    Sample {
        n: values.len(),
        iqm: finite(estimate.value),
        ci95: estimate.ci95.iter().all(|end| end.is_finite()).then_some(estimate.ci95),
        median: finite(median(values)),
        quartiles: [finite(quantile(values, 0.25)), finite(quantile(values, 0.75))],
        values: values.iter().map(|&value| finite(value)).collect(),
    }
}

/// The sample of zeros and ones: their mean with Wilson's interval, because a trimmed mean would hide rare failures.
fn share(values: &[f64]) -> Sample {
    let estimate = wilson_interval(values.iter().filter(|&&value| value > 0.5).count(), values.len());
    Sample { iqm: Some(estimate.value), ci95: Some(estimate.ci95), ..sample(values) }
}

/// The sample of values that add up in the mean alone: their mean with its bootstrap interval.
fn mean_sample(values: &[f64]) -> Sample {
    let estimate = bootstrap(values, mean, RESAMPLES, Key::from_seed(values.len() as u64));
    let finite = estimate.ci95.iter().all(|end| end.is_finite());
    let iqm = estimate.value.is_finite().then_some(estimate.value);
    Sample { iqm, ci95: finite.then_some(estimate.ci95), ..sample(values) }
}

/// The sample of a number that is not drawn from seeds.
pub(crate) fn single(value: f64) -> Sample {
    Sample {
        n: 1,
        iqm: Some(value),
        ci95: None,
        median: Some(value),
        quartiles: [Some(value); 2],
        values: vec![Some(value)],
    }
}

fn records_of(study: &StudyConfig, arm: &ArmTrials) -> Vec<RecordRow> {
    let mut rows = Vec::new();
    let curve_names = study.curve_names();
    for trial in &arm.trials {
        let mut push = |evaluations, metric: &str, value| {
            rows.push(RecordRow {
                arm: arm.name.clone(),
                seed: trial.seed,
                evaluations,
                metric: metric.to_owned(),
                value,
            });
        };
        for point in &trial.curve {
            for (metric, &value) in curve_names.iter().zip(&point.metrics).filter(|(_, value)| !value.is_nan()) {
                push(point.evaluations, metric, value);
            }
            push(point.evaluations, "learning_rate", point.learning_rate);
            if let Some(levels) = point.levels {
                push(point.evaluations, "dopamine", levels.dopamine);
                push(point.evaluations, "acetylcholine", levels.acetylcholine);
                push(point.evaluations, "serotonin", levels.serotonin);
                push(point.evaluations, "noradrenaline", levels.noradrenaline);
            }
        }
        let end = trial.metrics.get("evaluations").copied().unwrap_or(0.0) as u64;
        for (metric, &value) in &trial.metrics {
            push(end, &format!("final_{metric}"), value);
        }
    }
    rows
}

/// The answer in a sentence: what became of the first claim, and of how many.
pub(crate) fn answer(claims: &[super::outcome::ClaimOutcome]) -> String {
    let Some(first) = claims.first() else { return "No claim was put to the test.".to_owned() };
    let supported = claims.iter().filter(|claim| claim.verdict == Verdict::Supported).count();
    let word = match first.verdict {
        Verdict::Supported => "supported",
        Verdict::NotSupported => "not supported",
        Verdict::Inconclusive => "undecided",
    };
    let number = |value: Option<f64>| value.map_or("∞".to_owned(), figures::short);
    format!(
        "“{}”: {word}. Measured {} [{}, {}] over {} seeds, wanted {}. {supported} of {} claims of this study are supported.",
        first.claim,
        number(first.effect),
        number(first.ci95[0]),
        number(first.ci95[1]),
        first.n,
        first.threshold,
        claims.len(),
    )
}
