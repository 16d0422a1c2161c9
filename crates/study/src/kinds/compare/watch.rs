//! Watching a run: its learning curve, and when it reaches its targets.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::prepared::PreparedSetting;
use crate::config::{Arm, StudyConfig};
use crate::metric::{self, EVALUATIONS, NON_FINITE, STATE_BYTES, SURPRISES, evaluations_to, solved};
use crate::trial::{Point, ProcessorClock, TARGET_INTERVAL, Trial};
use crate::work::Work;
use tegmentum::archive::{Archive, Archived as _};
use tegmentum::error::Result;
use tegmentum::evidence::evaluation::{Evaluator, Metric};
use tegmentum::learning::observer::StopReason;
use tegmentum::learning::observer::{Observer, Record};
use tegmentum::learning::training::Ended;

/// Points of a learning curve.
const CURVE_POINTS: u64 = 24;
/// Most evaluations between two reports of progress, where a learner makes many at a time.
const TICK: u64 = 4096;
/// How many times worse than before its first update a run has become that diverged.
const DIVERGED: f64 = 10.0;

/// Watches a run: its curve and when it reaches its targets.
pub(super) struct RunWatch<'a> {
    evaluator: Evaluator,
    setting: &'a PreparedSetting,
    arm: &'a Arm,
    metrics: &'a [Metric],
    targets: &'a [f64],
    stop_at_target: bool,
    checkpoints: Vec<u64>,
    next_look: u64,
    reached: Vec<Option<u64>>,
    curve: Vec<Point>,
    parameters: Vec<f32>,
    work: &'a Work<'a>,
    ticked: u64,
    /// Processor seconds spent on judging, which are not the learner's.
    pub(super) judging: f64,
}

impl<'a> RunWatch<'a> {
    /// A watch of one run; `work` is told the evaluations as they are spent.
    pub(super) fn new(
        study: &'a StudyConfig,
        (setting, arm): (&'a PreparedSetting, &'a Arm),
        work: &'a Work<'a>,
    ) -> Self {
        Self {
            evaluator: Evaluator::new(Arc::clone(setting.network_of(arm)), Arc::clone(&setting.problem)),
            setting,
            arm,
            metrics: &study.metrics,
            targets: &study.targets,
            stop_at_target: study.stop_at_target,
            checkpoints: checkpoints(setting.budget),
            next_look: 0,
            reached: vec![None; study.targets.len()],
            curve: Vec::new(),
            parameters: Vec::new(),
            work,
            ticked: 0,
            judging: 0.0,
        }
    }

    /// Evaluations from which on it wants to see the run again.
    fn next_evaluations(&self) -> u64 {
        let mark = self.checkpoints.get(self.curve.len()).copied().unwrap_or(u64::MAX);
        let look = if self.targets.is_empty() { u64::MAX } else { self.next_look };
        mark.min(look).min(self.ticked + TICK)
    }

    /// Reports progress.
    fn tick(&mut self, evaluations: u64) -> ControlFlow<StopReason> {
        self.work.advance(evaluations - self.ticked);
        self.ticked = evaluations;
        ControlFlow::Continue(())
    }

    fn judge(&mut self, record: &Record<'_>, is_mark: bool, is_look: bool) -> Result<ControlFlow<StopReason>> {
        let averaged = record.learner.averaged();
        self.parameters.resize(averaged.len(), 0.0);
        averaged.write(1.0, &mut self.parameters);
        self.setting.deliver(self.arm, &mut self.parameters);
        if is_mark {
            self.mark(record)?;
        }
        if is_look {
            self.next_look = record.evaluations + TARGET_INTERVAL;
            if self.look(record.evaluations)? && self.stop_at_target {
                self.mark(record)?;
                return Ok(ControlFlow::Break(StopReason::Target));
            }
        }
        Ok(self.tick(record.evaluations))
    }

    fn look(&mut self, evaluations: u64) -> Result<bool> {
        let first = self.evaluator.measure(self.metrics[0], &self.parameters)?;
        let larger = self.metrics[0].larger_is_better();
        for (reached, &target) in self.reached.iter_mut().zip(self.targets) {
            let hit = if larger { first >= target } else { first < target };
            if hit && reached.is_none() {
                *reached = Some(evaluations);
            }
        }
        Ok(self.reached.iter().all(Option::is_some))
    }

    fn mark(&mut self, record: &Record<'_>) -> Result<()> {
        let metrics = self.metrics.iter().map(|&metric| match metric {
            // At the end alone.
            _ if metric.is_costly() => Ok(f64::NAN),
            _ => self.evaluator.measure(metric, &self.parameters),
        });
        let metrics = metrics.collect::<Result<Vec<f64>>>()?;
        self.curve.push(Point {
            x: record.evaluations,
            metrics,
            learning_rate: record.report.learning_rate,
            levels: record.learner.levels(),
        });
        Ok(())
    }

    /// The trial of a run that ended with `solution` `[P]`.
    ///
    /// # Errors
    /// If a metric cannot be measured.
    pub(super) fn trial(
        mut self,
        seed: u64,
        ended: &Ended,
        solution: Vec<f32>,
        state_bytes: usize,
        seconds: f64,
    ) -> Result<Trial> {
        let measured = self.evaluator.measure_all(self.metrics, &solution)?;
        let diverged = self.has_diverged(measured.get(self.metrics[0].name()).copied());
        let mut metrics = BTreeMap::new();
        for metric in self.metrics.iter().map(|&metric| metric::Metric::from(metric)) {
            let value = measured.get(metric.name.as_str()).copied().filter(|value| !value.is_nan());
            // A model without a value is one that failed: every metric of a model can be measured.
            metrics.insert(metric.name.clone(), value.unwrap_or(metric.worst()));
        }
        for (reached, &target) in self.reached.iter().zip(self.targets) {
            metrics.insert(evaluations_to(target).name, reached.map_or(f64::INFINITY, |at| at as f64));
            metrics.insert(solved(target).name, f64::from(u8::from(reached.is_some())));
        }
        metrics.insert(EVALUATIONS.to_owned(), ended.evaluations as f64);
        metrics.insert(STATE_BYTES.to_owned(), state_bytes as f64);
        metrics.insert(NON_FINITE.to_owned(), ended.non_finite as f64);
        metrics.insert(SURPRISES.to_owned(), ended.surprises as f64);
        Ok(Trial { seed, curve: self.curve, metrics, solution, seconds, diverged, ..Trial::default() })
    }

    /// Whether the first metric, of which less is better, has no value at the end or ten times that of the beginning.
    fn has_diverged(&self, end: Option<f64>) -> bool {
        if self.metrics[0].larger_is_better() {
            return false;
        }
        let begin = self.curve.first().map_or(f64::INFINITY, |point| point.metrics[0]);
        !end.is_some_and(|end| end.is_finite() && (begin == 0.0 || end <= DIVERGED * begin.abs()))
    }

    /// The curve so far.
    pub(super) fn into_curve(self) -> Vec<Point> {
        self.curve
    }
}

impl Observer for RunWatch<'_> {
    fn observe(&mut self, record: &Record<'_>) -> Result<ControlFlow<StopReason>> {
        let is_mark = record.last || self.checkpoints.get(self.curve.len()).is_some_and(|&at| record.evaluations >= at);
        let is_look = !self.targets.is_empty() && record.evaluations >= self.next_look;
        if !is_mark && !is_look {
            return Ok(self.tick(record.evaluations));
        }
        let clock = ProcessorClock::start();
        let flow = self.judge(record, is_mark, is_look);
        self.judging += clock.seconds();
        flow
    }

    fn next_look(&self, _: u64) -> u64 {
        self.next_evaluations()
    }

    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let Self {
            next_look,
            reached,
            curve,
            ticked,
            judging,
            evaluator: _,
            setting: _,
            metrics: _,
            targets: _,
            stop_at_target: _,
            checkpoints: _,
            parameters: _,
            work: _,
            arm: _,
        } = self;
        next_look.archive(archive)?;
        archive.values("targets", reached)?;
        curve.archive(archive)?;
        ticked.archive(archive)?;
        judging.archive(archive)
    }
}

/// Evaluations at which a curve has its points: 0, then evenly spaced in the logarithm.
fn checkpoints(budget: u64) -> Vec<u64> {
    let first = (budget as f64 / 256.0).max(1.0);
    let ratio = (budget as f64 / first).powf(1.0 / (CURVE_POINTS - 1) as f64);
    let mut points: Vec<u64> =
        (0..CURVE_POINTS).map(|index| (first * ratio.powi(index as i32)).round() as u64).collect();
    points.insert(0, 0);
    points.dedup();
    points
}
