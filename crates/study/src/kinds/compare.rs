//! Comparison: every arm, at its tuned rate, on every seed.

mod figures;
pub(super) mod prepared;
mod seeds;
mod watch;

use prepared::{PreparedSetting, prepare};
use seeds::Judge;

use crate::claims;
use crate::config::{Arm, StudyConfig};
use crate::execution::{Criterion, Design, First, Runner, Speed, run_all};
use crate::kind::{Learners, StudyKind, check_arms, check_measures, check_searches};
use crate::logs::StateOfRun;
use crate::metric::{self, Metric, evaluations_to, solved};
use crate::monitor::Monitor;
use crate::result::{StudyResult, assemble};
use crate::trial::Trial;
use crate::work::Work;
use tegmentum::error::Result;
use tegmentum::learning::run_log::RunLog;

/// The kind.
pub(super) struct Compare;

impl StudyKind for Compare {
    fn name(&self) -> &'static str {
        "compare"
    }

    fn summary(&self) -> &'static str {
        "every arm, at its tuned rate, on every seed"
    }

    fn check(&self, study: &StudyConfig) -> Result<(), String> {
        check_learning(study)?;
        check_searches(study)
    }

    fn metrics(&self, study: &StudyConfig) -> Vec<Metric> {
        metrics(study)
    }

    fn criterion(&self, study: &StudyConfig) -> Option<Criterion> {
        let speed = |&target: &f64| Speed { time: evaluations_to(target).name, reached: solved(target).name, all: 1.0 };
        Some(Criterion {
            quality: Metric::from(*study.metrics.first()?),
            speed: study.targets.first().map(speed),
            first: if study.stop_at_target { First::Time } else { First::Quality },
        })
    }

    fn runner<'a>(&self, design: &'a Design<'a>) -> Result<Box<dyn Runner + 'a>> {
        Ok(Box::new(Comparison::new(design)?))
    }

    fn without_logs(&self) -> Option<&'static str> {
        None
    }

    fn run(&self, study: &StudyConfig, monitor: &dyn Monitor) -> Result<StudyResult> {
        let design = self.design(study);
        let comparison = Comparison::new(&design)?;
        let (all, tuning) = run_all(&design, &comparison, monitor)?;
        let claims = claims::test(&design, &all);
        let drawn = figures::draw(study, &comparison.settings, &all, &tuning);
        Ok(assemble(&design, &all, claims, drawn, tuning))
    }
}

/// The metrics of a run of a learner on a task.
pub(super) fn metrics(study: &StudyConfig) -> Vec<Metric> {
    let mut metrics: Vec<Metric> = study.metrics.iter().map(|&metric| metric.into()).collect();
    for &target in &study.targets {
        metrics.push(evaluations_to(target));
        metrics.push(solved(target));
    }
    metrics.extend(metric::costs());
    metrics.push(metric::surprises());
    metrics
}

/// What is wrong with a study of learners on tasks, if anything is.
pub(super) fn check_learning(study: &StudyConfig) -> Result<(), String> {
    match (&study.task, &study.network, study.setting.is_empty()) {
        (Some(_), Some(_), true) | (None, None, false) => {}
        _ => return Err("give either one [task.…] and one [network.…], or [[setting]] tables with both".to_owned()),
    }
    if study.stop_at_target && study.targets.is_empty() {
        return Err("stop_at_target = true: needs targets".to_owned());
    }
    check_measures(study)?;
    check_arms(study, Learners::Modulated)
}

/// Runs of a comparison.
pub(super) struct Comparison<'a> {
    design: &'a Design<'a>,
    pub(super) settings: Vec<PreparedSetting>,
}

impl<'a> Comparison<'a> {
    /// Makes the settings ready and builds every arm once, so that a mistake in one is told before anything runs.
    ///
    /// # Errors
    /// If a part cannot be built.
    pub(super) fn new(design: &'a Design<'a>) -> Result<Self> {
        Ok(Self { design, settings: prepare(design.study)? })
    }

    fn judge(&self, setting: usize) -> Judge<'_> {
        Judge { study: self.design.study, metrics: &self.design.metrics, setting: &self.settings[setting] }
    }
}

impl Runner for Comparison<'_> {
    fn settings(&self) -> Vec<(String, u64)> {
        self.settings.iter().map(|prepared| (prepared.setting.name.clone(), prepared.budget)).collect()
    }

    fn run(&self, setting: usize, arm: &Arm, seed: u64, work: &Work<'_>) -> Result<Trial> {
        self.judge(setting).run_trial(arm, seed, work)
    }

    fn state(&self, setting: usize, arm: &Arm, seed: u64, (log, update): (&RunLog, u64)) -> Result<StateOfRun> {
        self.judge(setting).state(arm, seed, log, update)
    }

    fn seeds_per_job(&self, setting: usize, arm: &Arm, count: usize) -> usize {
        seeds::seeds_per_job(&self.settings[setting], arm, count)
    }

    fn run_together(&self, setting: usize, arm: &Arm, seeds: &[u64], work: &Work<'_>) -> Result<Vec<Trial>> {
        self.judge(setting).run_trials(arm, seeds, work)
    }
}
