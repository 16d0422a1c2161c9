//! The search of rates: every point of an arm's grid on every tuning seed, with the budget of a reported run.
//!
//! The point whose worse quartile over the seeds is best wins: of the study's first metric, or, where what counts is the
//! time to a target, of that time (a run that never gets there counts as infinite); among equals the one
//! that gets there on most seeds. The worse quartile rather than the median, because a rate that is fast on half of the
//! seeds and diverges on the others is no good rate. A run that is lost (a parameter became NaN or infinite) counts as failed,
//! and the search goes on. It is recorded whole.

use serde::{Deserialize, Serialize};

use super::config::Arm;
use super::metric::Metric;
use super::trial::Trial;
use tegmentum::error::{Error, Result};
use tegmentum::evidence::statistics::quantile;

/// The quantile of a quantity of which less is better that points are judged by.
const WORSE: f64 = 0.75;

/// What rates are chosen by.
#[derive(Clone, Debug)]
pub(crate) struct Criterion {
    /// The quality at the end.
    pub(crate) quality: Metric,
    /// The time until what is wanted, if there is one.
    pub(crate) speed: Option<Speed>,
    /// Which of the two comes first.
    pub(crate) first: First,
}

/// What comes first in a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First {
    /// The quality at the end.
    Quality,
    /// The time: a run that stops at its target has no final quality of its own, and in a stream what counts is learning anew.
    Time,
    /// The time for rates, the quality for strengths: those hold what was learned before, which time says nothing of.
    TimeUnlessHeld,
}

/// How long a run takes.
#[derive(Clone, Debug)]
pub(crate) struct Speed {
    /// The time until what is wanted.
    pub(crate) time: String,
    /// How much of it was reached.
    pub(crate) reached: String,
    /// What would be all of it.
    pub(crate) all: f64,
}

/// One point of a grid and what it gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TuningPoint {
    /// The learning rate, if it was searched.
    pub learning_rate: Option<f64>,
    /// The perturbation scale, if it was searched.
    pub perturbation_scale: Option<f64>,
    /// The strength with which what was learned is held, if it was searched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strength: Option<f64>,
    /// Share of the tuning seeds that reached the first target.
    pub solved: Option<f64>,
    /// Worse quartile of the evaluations to the first target.
    pub evaluations_to_target: Option<f64>,
    /// Worse quartile of the first metric.
    pub metric: Option<f64>,
    /// Tuning seeds on which the run was lost: its parameters became NaN or infinite.
    #[serde(default)]
    pub lost: usize,
}

/// The search of one arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TuningRecord {
    /// The arm, with its setting if there are several.
    pub arm: String,
    /// All points.
    pub points: Vec<TuningPoint>,
    /// Index of the winner.
    pub chosen: usize,
    /// Whether the winner lies at the end of the grid, so that a better one may lie beyond.
    pub at_edge: bool,
}

impl TuningRecord {
    /// What has to be said of the search besides its result.
    pub(crate) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.at_edge {
            notes.push(format!(
                "The search of {} chose a rate at the end of its grid: a better one may lie beyond.",
                self.arm
            ));
        }
        let lost: Vec<String> = self.points.iter().filter(|point| point.lost > 0).map(TuningPoint::place).collect();
        if !lost.is_empty() {
            notes.push(format!(
                "In the search of {} runs were lost (a parameter became NaN or infinite) at {}; they count as failed.",
                self.arm,
                lost.join(", ")
            ));
        }
        notes
    }
}

impl TuningPoint {
    fn place(&self) -> String {
        let part = |name: &str, value: Option<f64>| value.map(|value| format!("{name} {value:e}"));
        let parts =
            [part("rate", self.learning_rate), part("scale", self.perturbation_scale), part("strength", self.strength)];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// A point of an arm's grid, and the arm there.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The learning rate, if it is searched.
    pub learning_rate: Option<f64>,
    /// The perturbation scale, if it is searched.
    pub perturbation_scale: Option<f64>,
    /// The strength with which what was learned is held, if it is searched.
    pub strength: Option<f64>,
    /// The arm with all of them.
    pub arm: Arm,
}

/// The points of an arm's grid; one point for an arm that is not tuned.
///
/// # Errors
/// [`Error::Study`] if the arm has no such rate.
pub fn candidates(arm: &Arm) -> Result<Vec<Candidate>> {
    let Some(grid) = &arm.tune else {
        let (learning_rate, perturbation_scale, strength) = (None, None, None);
        return Ok(vec![Candidate { learning_rate, perturbation_scale, strength, arm: arm.clone() }]);
    };
    let options = |values: &[f64]| -> Vec<Option<f64>> {
        if values.is_empty() { vec![None] } else { values.iter().copied().map(Some).collect() }
    };
    let mut points = Vec::new();
    let (rates, scales) = (options(&grid.learning_rate), options(&grid.perturbation_scale));
    for (&learning_rate, &perturbation_scale) in
        rates.iter().flat_map(|rate| scales.iter().map(move |scale| (rate, scale)))
    {
        for strength in options(&grid.strength) {
            let mut arm = arm.clone();
            learning_rate.map_or(Ok(()), |rate| set_rate(&mut arm, rate))?;
            perturbation_scale.map_or(Ok(()), |scale| set_scale(&mut arm, scale))?;
            strength.map_or(Ok(()), |strength| set_strength(&mut arm, strength))?;
            points.push(Candidate { learning_rate, perturbation_scale, strength, arm });
        }
    }
    Ok(points)
}

/// Sets the rate of an arm: the learning rate, or for schedule-free learners the rate to begin with.
///
/// # Errors
/// [`Error::Study`] if the arm has no rate.
pub fn set_rate(arm: &mut Arm, rate: f64) -> Result<()> {
    if let Some(learner) = &mut arm.continual {
        return if learner.set_learning_rate(rate) { Ok(()) } else { Err(no_such(arm, "learning_rate")) };
    }
    let done = match (&mut arm.optimizer, &mut arm.plasticity, &mut arm.gradient, &mut arm.agent) {
        (Some(optimizer), ..) => optimizer.set_learning_rate(rate),
        (_, Some(plasticity), ..) => plasticity.set_learning_rate(rate),
        (.., Some(gradient), _) => {
            gradient.set_learning_rate(rate);
            true
        }
        (.., Some(agent)) => agent.set_learning_rate(rate),
        _ => false,
    };
    if done { Ok(()) } else { Err(no_such(arm, "learning_rate")) }
}

fn set_scale(arm: &mut Arm, scale: f64) -> Result<()> {
    let done = arm.optimizer.as_mut().is_some_and(|optimizer| optimizer.set_perturbation_scale(scale));
    if done { Ok(()) } else { Err(no_such(arm, "perturbation_scale")) }
}

fn set_strength(arm: &mut Arm, strength: f64) -> Result<()> {
    let done = arm.continual.as_mut().is_some_and(|learner| learner.set_strength(strength))
        || arm.optimizer.as_mut().is_some_and(|optimizer| optimizer.set_strength(strength));
    if done { Ok(()) } else { Err(no_such(arm, "strength")) }
}

fn no_such(arm: &Arm, what: &str) -> Error {
    Error::Study {
        origin: format!("arm {:?}", arm.name),
        problem: format!("tune.{what}: this learner has none; leave it out"),
    }
}

/// Sums up the trials of one point. A run that came to no end is worse than any that did.
pub(crate) fn sum_up(criterion: &Criterion, candidate: &Candidate, trials: &[Trial]) -> TuningPoint {
    let value = |trial: &Trial, name: &str| trial.metrics.get(name).copied().unwrap_or(f64::NAN);
    let values = |name: &str| -> Vec<f64> { trials.iter().map(|trial| value(trial, name)).collect() };
    let finite = |value: f64| value.is_finite().then_some(value);
    let sign = if criterion.quality.is_larger_better() { -1.0 } else { 1.0 };
    let signed = |value: f64| if value.is_nan() { f64::INFINITY } else { sign * value };
    let signed: Vec<f64> = values(&criterion.quality.name).into_iter().map(signed).collect();
    let reached = |speed: &Speed| values(&speed.reached).iter().sum::<f64>() / (speed.all * trials.len() as f64);
    let time = |speed: &Speed| finite(quantile(&values(&speed.time), WORSE));
    TuningPoint {
        learning_rate: candidate.learning_rate,
        perturbation_scale: candidate.perturbation_scale,
        strength: candidate.strength,
        solved: criterion.speed.as_ref().map(reached),
        evaluations_to_target: criterion.speed.as_ref().and_then(time),
        metric: finite(sign * quantile(&signed, WORSE)),
        lost: trials.iter().filter(|trial| trial.solution.is_empty() && trial.diverged).count(),
    }
}

/// The best point of a search.
pub(crate) fn choose(criterion: &Criterion, arm: String, points: Vec<TuningPoint>) -> TuningRecord {
    let time_first = match criterion.first {
        First::Quality => false,
        First::Time => true,
        First::TimeUnlessHeld => points.iter().all(|point| point.strength.is_none()),
    };
    let quality = |point: &TuningPoint| {
        let larger = criterion.quality.is_larger_better();
        let metric = point.metric.map_or(f64::INFINITY, |metric| if larger { -metric } else { metric });
        let speed = point.evaluations_to_target.unwrap_or(f64::INFINITY);
        let unsolved = 1.0 - point.solved.unwrap_or(0.0);
        if time_first { (speed, unsolved, metric) } else { (metric, speed, unsolved) }
    };
    let is_better = |a: (f64, f64, f64), b: (f64, f64, f64)| {
        a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.total_cmp(&b.2)).is_lt()
    };
    let mut chosen = 0;
    for index in 1..points.len() {
        if is_better(quality(&points[index]), quality(&points[chosen])) {
            chosen = index;
        }
    }
    let is_end = |pick: fn(&TuningPoint) -> Option<f64>| {
        let values: Vec<f64> = points.iter().filter_map(pick).collect();
        let extreme = |best: fn(f64, f64) -> f64| values.iter().copied().reduce(best);
        let (low, high) = (extreme(f64::min), extreme(f64::max));
        low != high && (pick(&points[chosen]) == low || pick(&points[chosen]) == high)
    };
    // A scale of two values is a choice, not a range with an end.
    let mut scales: Vec<f64> = points.iter().filter_map(|point| point.perturbation_scale).collect();
    scales.dedup();
    let at_edge = is_end(|point| point.learning_rate)
        || is_end(|point| point.strength)
        || (scales.len() > 2 && is_end(|point| point.perturbation_scale));
    TuningRecord { arm, points, chosen, at_edge }
}
