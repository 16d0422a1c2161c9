//! The search of rates: every point of an arm's grid on every tuning seed, with the budget of a reported run.
//!
//! The point whose worse quartile over the seeds is best wins: of the study's first metric, or, where runs stop at their
//! target, of the evaluations to the first target (a run that never gets there counts as infinite); among equals the one
//! that gets there on most seeds. The worse quartile rather than the median, because a rate that is fast on half of the
//! seeds and diverges on the others is no good rate. The search is recorded whole.

use serde::{Deserialize, Serialize};

use super::config::{Arm, Kind, StudyConfig, evaluations_to, solved};
use super::run::larger_is_better;
use super::trial::Trial;
use tegmentum::error::{Error, Result};
use tegmentum::evidence::statistics::quantile;

/// The quantile of a quantity of which less is better that points are judged by.
const WORSE: f64 = 0.75;

/// One point of a grid and what it gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TuningPoint {
    /// The learning rate, if it was searched.
    pub learning_rate: Option<f64>,
    /// The perturbation scale, if it was searched.
    pub perturbation_scale: Option<f64>,
    /// Share of the tuning seeds that reached the first target.
    pub solved: Option<f64>,
    /// Worse quartile of the evaluations to the first target.
    pub evaluations_to_target: Option<f64>,
    /// Worse quartile of the first metric.
    pub metric: Option<f64>,
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

/// A point of an arm's grid, and the arm there.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The learning rate, if it is searched.
    pub learning_rate: Option<f64>,
    /// The perturbation scale, if it is searched.
    pub perturbation_scale: Option<f64>,
    /// The arm with both.
    pub arm: Arm,
}

/// The points of an arm's grid; one point for an arm that is not tuned.
///
/// # Errors
/// [`Error::Study`] if the arm has no such rate.
pub fn candidates(arm: &Arm) -> Result<Vec<Candidate>> {
    let Some(grid) = &arm.tune else {
        return Ok(vec![Candidate { learning_rate: None, perturbation_scale: None, arm: arm.clone() }]);
    };
    let options = |values: &[f64]| -> Vec<Option<f64>> {
        if values.is_empty() { vec![None] } else { values.iter().copied().map(Some).collect() }
    };
    let mut points = Vec::new();
    for rate in options(&grid.learning_rate) {
        for scale in options(&grid.perturbation_scale) {
            let mut candidate = arm.clone();
            if let Some(rate) = rate {
                set_rate(&mut candidate, rate)?;
            }
            if let Some(scale) = scale {
                set_scale(&mut candidate, scale)?;
            }
            points.push(Candidate { learning_rate: rate, perturbation_scale: scale, arm: candidate });
        }
    }
    Ok(points)
}

/// Sets the rate of an arm: the learning rate, or for schedule-free learners the rate to begin with.
///
/// # Errors
/// [`Error::Study`] if the arm has no rate.
pub fn set_rate(arm: &mut Arm, rate: f64) -> Result<()> {
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

fn no_such(arm: &Arm, what: &str) -> Error {
    Error::Study {
        origin: format!("arm {:?}", arm.name),
        problem: format!("tune.{what}: this learner has none; leave it out"),
    }
}

/// Sums up the trials of one point. A run that came to no end is worse than any that did.
pub fn sum_up(study: &StudyConfig, candidate: &Candidate, trials: &[Trial]) -> TuningPoint {
    let values = |name: &str| -> Vec<f64> { trials.iter().map(|trial| trial.metrics[name]).collect() };
    let finite = |value: f64| value.is_finite().then_some(value);
    let metric = &study.metric_names()[0];
    let sign = if larger_is_better(metric) { -1.0 } else { 1.0 };
    let signed = |value: f64| if value.is_nan() { f64::INFINITY } else { sign * value };
    let signed: Vec<f64> = values(metric).into_iter().map(signed).collect();
    let (solved, speed) = match (study.kind, study.targets.first()) {
        (Kind::Switching, _) => {
            let share = values("phases_solved").iter().sum::<f64>() / (study.phase.len() * trials.len()) as f64;
            (Some(share), Some("evaluations_to_relearn".to_owned()))
        }
        (_, Some(&target)) => {
            let share = values(&solved(target)).iter().sum::<f64>() / trials.len() as f64;
            (Some(share), Some(evaluations_to(target)))
        }
        _ => (None, None),
    };
    TuningPoint {
        learning_rate: candidate.learning_rate,
        perturbation_scale: candidate.perturbation_scale,
        solved,
        evaluations_to_target: speed.and_then(|name| finite(quantile(&values(&name), WORSE))),
        metric: finite(sign * quantile(&signed, WORSE)),
    }
}

/// The best point of a search.
pub fn choose(study: &StudyConfig, arm: String, points: Vec<TuningPoint>) -> TuningRecord {
    let larger = larger_is_better(&study.metric_names()[0]);
    let quality = |point: &TuningPoint| {
        let metric = point.metric.map_or(f64::INFINITY, |metric| if larger { -metric } else { metric });
        let speed = point.evaluations_to_target.unwrap_or(f64::INFINITY);
        let unsolved = 1.0 - point.solved.unwrap_or(0.0);
        // A run that stops at its target has no final quality of its own; in a stream what counts is learning anew.
        if study.stop_at_target || study.kind == Kind::Switching {
            (speed, unsolved, metric)
        } else {
            (metric, speed, unsolved)
        }
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
    let at_edge = is_end(|point| point.learning_rate) || (scales.len() > 2 && is_end(|point| point.perturbation_scale));
    TuningRecord { arm, points, chosen, at_edge }
}
