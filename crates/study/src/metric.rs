//! Metrics as values: what is measured, in which unit, and what of it is better.
//!
//! A kind of study lists its metrics; every part that judges, draws or tests one asks the value, not its name. The name is
//! what study files and `summary.json` call it.

use serde::{Deserialize, Serialize};
use tegmentum::evidence::evaluation;

/// What of a metric is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Less is better.
    #[default]
    Smaller,
    /// More is better.
    Larger,
    /// Neither: it describes.
    Neither,
}

/// How the values of all seeds become one number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Centre {
    /// Their interquartile mean with its bootstrap interval.
    #[default]
    InterquartileMean,
    /// The share of the ones among zeros and ones, with its exact interval: a trimmed mean would hide rare failures.
    Share,
    /// Their mean: for values that add up in the mean alone.
    Mean,
}

/// What a metric is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// How well something is learned.
    #[default]
    Score,
    /// How long it took until something happened; infinite for a run in which it never did.
    TimeToEvent,
    /// Which part of a learner did how much of a score.
    Attribution,
    /// What a run cost.
    Accounting,
}

/// A metric of a study.
///
/// # Example
/// ```
/// use tegmentum_study::metric::{Centre, Direction, Metric, solved};
///
/// let metric = Metric::larger("accuracy").unit("share of trials").within(0.0, 1.0);
/// assert_eq!((metric.direction, metric.worst()), (Direction::Larger, f64::NEG_INFINITY));
/// assert_eq!((solved(0.01).name.as_str(), solved(0.01).centre), ("solved_0.01", Centre::Share));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Its name in study files and results.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// Its unit; empty for a number without one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// What of it is better.
    pub direction: Direction,
    /// How the seeds are summed up.
    pub centre: Centre,
    /// What it is about.
    pub role: Role,
    /// The smallest and the largest value that it can have; infinite where there is none.
    #[serde(skip, default = "unbounded")]
    pub bounds: [f64; 2],
    /// Whether it counts events that happen by chance.
    #[serde(skip)]
    pub is_count: bool,
}

fn unbounded() -> [f64; 2] {
    [f64::NEG_INFINITY, f64::INFINITY]
}

impl Metric {
    /// A metric of which less is better.
    pub fn smaller(name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            title: name.replace('_', " "),
            name,
            unit: String::new(),
            direction: Direction::Smaller,
            centre: Centre::InterquartileMean,
            role: Role::Score,
            bounds: unbounded(),
            is_count: false,
        }
    }

    /// A metric of which more is better.
    pub fn larger(name: impl Into<String>) -> Self {
        Self { direction: Direction::Larger, ..Self::smaller(name) }
    }

    /// A metric that describes.
    pub fn neutral(name: impl Into<String>) -> Self {
        Self { direction: Direction::Neither, ..Self::smaller(name) }
    }

    /// 1 for a run that succeeds, 0 for one that does not.
    pub fn share(name: impl Into<String>) -> Self {
        Self { centre: Centre::Share, unit: "share of runs".to_owned(), ..Self::larger(name).within(0.0, 1.0) }
    }

    /// What a run cost.
    pub(crate) fn accounting(name: &str, unit: &str) -> Self {
        Self { role: Role::Accounting, ..Self::smaller(name).unit(unit).within(0.0, f64::INFINITY) }
    }

    /// The same with another name for people.
    #[must_use]
    pub fn titled(self, title: &str) -> Self {
        Self { title: title.to_owned(), ..self }
    }

    /// The same in a unit.
    #[must_use]
    pub fn unit(self, unit: &str) -> Self {
        Self { unit: unit.to_owned(), ..self }
    }

    /// The same with bounds.
    #[must_use]
    pub fn within(self, low: f64, high: f64) -> Self {
        Self { bounds: [low, high], ..self }
    }

    /// The same as the time until something happens, in `unit`.
    #[must_use]
    pub fn time_to_event(self, unit: &str) -> Self {
        Self { role: Role::TimeToEvent, bounds: [0.0, f64::INFINITY], ..self.unit(unit) }
    }

    /// The same as a number of events.
    #[must_use]
    pub fn count(self, unit: &str) -> Self {
        Self { is_count: true, bounds: [0.0, f64::INFINITY], ..self.unit(unit) }
    }

    /// Whether its values are zeros and ones of which the share of ones is reported.
    pub fn is_share(&self) -> bool {
        self.centre == Centre::Share
    }

    /// Whether more is better.
    pub fn is_larger_better(&self) -> bool {
        self.direction == Direction::Larger
    }

    /// What a run that failed counts as.
    pub fn worst(&self) -> f64 {
        if self.is_larger_better() { f64::NEG_INFINITY } else { f64::INFINITY }
    }

    /// An interval within the bounds; a widened one may lie beyond them.
    pub(crate) fn bounded(&self, ends: [f64; 2]) -> [f64; 2] {
        ends.map(|end| if end.is_nan() { end } else { end.clamp(self.bounds[0], self.bounds[1]) })
    }

    /// Its name for an axis, with its unit in brackets.
    pub fn label(&self) -> String {
        if self.unit.is_empty() { self.title.clone() } else { format!("{} ({})", self.title, self.unit) }
    }
}

impl From<evaluation::Metric> for Metric {
    fn from(metric: evaluation::Metric) -> Self {
        use evaluation::Metric as Of;
        let base = match metric {
            _ if metric.is_descriptive() => Self::neutral,
            _ if metric.larger_is_better() => Self::larger,
            _ => Self::smaller,
        };
        let (title, unit) = match metric.label().split_once(" (") {
            Some((title, unit)) => (title, unit.trim_end_matches(')')),
            None => (metric.label(), ""),
        };
        let bounds = match metric {
            Of::Accuracy | Of::ErrorRate => [0.0, 1.0],
            Of::MeanSquaredError | Of::Nrmse | Of::ValidPredictionTime | Of::BestRate => [0.0, f64::INFINITY],
            _ => unbounded(),
        };
        base(metric.name()).titled(title).unit(unit).within(bounds[0], bounds[1])
    }
}

/// Evaluations until the first metric reached `target`; infinite if it never did.
pub fn evaluations_to(target: f64) -> Metric {
    Metric::smaller(format!("evaluations_to_{}", level(target))).time_to_event("loss evaluations")
}

/// 1 if the first metric reached `target`, else 0.
pub fn solved(target: f64) -> Metric {
    Metric::share(format!("solved_{}", level(target)))
}

/// A target as it stands in a name: `0.01`, `1e-30`.
fn level(target: f64) -> String {
    if target == 0.0 || (1e-7..1e15).contains(&target.abs()) { target.to_string() } else { format!("{target:e}") }
}

/// Loss evaluations of a run.
pub(crate) const EVALUATIONS: &str = "evaluations";
/// Bytes of state of a learner.
pub(crate) const STATE_BYTES: &str = "state_bytes";
/// Losses that were NaN or infinite.
pub(crate) const NON_FINITE: &str = "non_finite";
/// Surprises of a run.
pub(crate) const SURPRISES: &str = "surprises";

/// What every run of a learner costs.
pub(crate) fn costs() -> [Metric; 3] {
    [
        Metric::accounting(EVALUATIONS, "loss evaluations"),
        Metric::accounting(STATE_BYTES, "bytes").titled("training state"),
        Metric::accounting(NON_FINITE, "losses").titled("losses that were not finite"),
    ]
}

/// Confirmed surprises of a run.
pub(crate) fn surprises() -> Metric {
    Metric::smaller(SURPRISES).count("surprises")
}

/// The metric called `name`.
pub(crate) fn find<'a>(metrics: &'a [Metric], name: &str) -> Option<&'a Metric> {
    metrics.iter().find(|metric| metric.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_make_short_names() {
        assert_eq!(evaluations_to(0.01).name, "evaluations_to_0.01");
        assert_eq!(solved(0.05).name, "solved_0.05");
        assert_eq!(evaluations_to(26_000.0).name, "evaluations_to_26000");
        assert_eq!(evaluations_to(1e-30).name, "evaluations_to_1e-30");
        assert!(solved(1e300).name.len() < 20 && solved(1.0 / 3.0).name.len() < 30);
    }

    #[test]
    fn measures_of_a_model_keep_title_and_unit() {
        let metric = Metric::from(evaluation::Metric::ValidPredictionTime);
        assert_eq!((metric.title.as_str(), metric.unit.as_str()), ("valid prediction time", "Lyapunov times"));
        assert_eq!(metric.label(), evaluation::Metric::ValidPredictionTime.label());
    }
}
