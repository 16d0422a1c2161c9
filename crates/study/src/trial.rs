//! What one run of one arm with one seed gave, and all runs of an arm.

use std::collections::BTreeMap;

use cpu_time::ThreadTime;

use super::config::Arm;
use super::metric::Metric;
use tegmentum::archive::{Archive, Archived};
use tegmentum::archived;
use tegmentum::behaviour::agent::Raster;
use tegmentum::error::Result;
use tegmentum::learning::optimizer::Levels;

/// Evaluations between two looks at a target.
pub(crate) const TARGET_INTERVAL: u64 = 20;

/// A point of a learning curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Where on the horizontal axis: evaluations or trials so far.
    pub x: u64,
    /// The study's curves, in its order.
    pub metrics: Vec<f64>,
    /// The rate in force.
    pub learning_rate: f64,
    /// The modulators, for arms that have them.
    pub levels: Option<Levels>,
}

impl Default for Point {
    fn default() -> Self {
        Self { x: 0, metrics: Vec::new(), learning_rate: f64::NAN, levels: None }
    }
}

archived!(Point { x, metrics, learning_rate, levels });

/// What a run gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trial {
    /// The seed.
    pub seed: u64,
    /// The learning curve.
    pub curve: Vec<Point>,
    /// Every metric by name: infinite where the run failed or never got there, NaN where it does not have one.
    pub metrics: BTreeMap<String, f64>,
    /// Why the run does not have a metric, by name, where it says so.
    pub undefined: BTreeMap<String, String>,
    /// The parameters that were handed over.
    pub solution: Vec<f32>,
    /// Spikes of a few trials with their numbers, for agents that have them.
    pub rasters: Vec<(u64, Raster)>,
    /// Processor seconds of learning, without judging on test data.
    pub seconds: f64,
    /// Whether it diverged: its parameters became NaN or infinite, or it ended far worse than it began.
    pub diverged: bool,
}

archived!(Trial { seed, curve, metrics, undefined, solution, rasters, seconds, diverged });

impl Trial {
    /// A run whose parameters became NaN or infinite: every metric has its worst value, and it counts as having spent its
    /// whole budget.
    pub(crate) fn lost(seed: u64, curve: Vec<Point>, metrics: &[Metric], budget: u64, seconds: f64) -> Self {
        let value = |metric: &Metric| match metric.name.as_str() {
            super::metric::EVALUATIONS => budget as f64,
            _ if metric.is_share() => 0.0,
            _ => metric.worst(),
        };
        Self {
            seed,
            curve,
            metrics: metrics.iter().map(|metric| (metric.name.clone(), value(metric))).collect(),
            undefined: BTreeMap::new(),
            solution: Vec::new(),
            rasters: Vec::new(),
            seconds,
            diverged: true,
        }
    }
}

/// The trials of one arm in one setting.
#[derive(Clone, Debug)]
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
    /// The values of a metric in the order of the seeds; one that a run does not have counts as its worst.
    pub(crate) fn values(&self, metric: &Metric) -> Vec<f64> {
        self.raw(&metric.name).map(|value| if value.is_nan() { metric.worst() } else { value }).collect()
    }

    /// The values by name, NaN where a run has none.
    pub(crate) fn raw(&self, name: &str) -> impl Iterator<Item = f64> {
        self.trials.iter().map(move |trial| trial.metrics.get(name).copied().unwrap_or(f64::NAN))
    }

    /// Whether a run has a value of the metric. One that no run has is none in this study, which is not a failure.
    pub(crate) fn has(&self, metric: &Metric) -> bool {
        self.raw(&metric.name).any(|value| !value.is_nan())
    }

    /// Why no run has the metric, as the first run says.
    pub(crate) fn why_none(&self, metric: &Metric) -> Option<&str> {
        self.trials.iter().find_map(|trial| trial.undefined.get(&metric.name).map(String::as_str))
    }

    /// Runs that diverged.
    pub(crate) fn diverged(&self) -> usize {
        self.trials.iter().filter(|trial| trial.diverged).count()
    }

    /// Mean processor seconds of a run.
    pub(crate) fn mean_seconds(&self) -> f64 {
        self.trials.iter().map(|trial| trial.seconds).sum::<f64>() / self.trials.len().max(1) as f64
    }
}

/// Processor seconds of this thread, and those of the same work before it was interrupted.
pub(crate) struct ProcessorClock {
    started: ThreadTime,
    before: f64,
}

impl ProcessorClock {
    pub(crate) fn start() -> Self {
        Self { started: ThreadTime::now(), before: 0.0 }
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.before + self.started.elapsed().as_secs_f64()
    }
}

impl Archived for ProcessorClock {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let mut seconds = self.seconds();
        seconds.archive(archive)?;
        if archive.is_reading() {
            *self = Self { started: ThreadTime::now(), before: seconds };
        }
        Ok(())
    }
}
