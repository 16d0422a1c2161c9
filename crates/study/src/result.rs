//! The result of a study, put together from the trials of its arms.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::answer;
use super::config::StudyConfig;
use super::execution::Design;
use super::metric::{Centre, EVALUATIONS, Metric};
use super::number::short;
use super::outcome::{ClaimOutcome, Figure, Sample, Summary, Verdict};
use super::trial::ArmTrials;
use super::tuning::TuningRecord;
use tegmentum::evidence::statistics::{
    Estimate, RESAMPLES, bootstrap, interquartile_mean, mean, median, proportion_interval, quantile,
};
use tegmentum::random::Key;

/// A row of `records.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordRow {
    /// The arm, with its setting if there are several.
    pub arm: String,
    /// The seed.
    pub seed: u64,
    /// Where on the horizontal axis.
    pub x: u64,
    /// What the axis counts: `evaluations`, `trials` or `steps`.
    pub x_unit: String,
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

/// What a study without arms that are run one by one has found of an arm: its name and its metrics.
pub(crate) type Found = (String, Vec<(Metric, Sample)>);

/// The summary of a study.
pub(crate) fn summary(
    study: &StudyConfig,
    found: Vec<Found>,
    claims: Vec<ClaimOutcome>,
    notes: Vec<String>,
) -> Summary {
    let mut metrics: Vec<Metric> = Vec::new();
    for (_, samples) in &found {
        for (metric, _) in samples {
            if !metrics.iter().any(|known| known.name == metric.name) {
                metrics.push(metric.clone());
            }
        }
    }
    let samples = |samples: Vec<(Metric, Sample)>| samples.into_iter().map(|(metric, sample)| (metric.name, sample));
    let mut summary = Summary {
        study: study.name.clone(),
        title: study.title.clone(),
        question: study.question.clone(),
        answer: String::new(),
        quick: study.shortened.is_some(),
        arm_order: found.iter().map(|arm| arm.0.clone()).collect(),
        arms: found.into_iter().map(|(name, of)| (name, samples(of).collect())).collect(),
        metrics,
        claims,
        notes: study.notes.iter().cloned().chain(notes).collect(),
    };
    summary.answer = answer::of(study, &summary).unwrap_or_else(|| first_claim(&summary.claims));
    summary
}

/// Puts the parts of a result together.
pub(crate) fn assemble(
    design: &Design<'_>,
    all: &[ArmTrials],
    claims: Vec<ClaimOutcome>,
    figures: Vec<Figure>,
    tuning: Vec<TuningRecord>,
) -> StudyResult {
    let found = |arm: &ArmTrials| {
        let is_measured = |metric: &&Metric| arm.trials.iter().any(|trial| trial.metrics.contains_key(&metric.name));
        let measured = design.metrics.iter().filter(is_measured);
        (arm.name.clone(), measured.map(|metric| (metric.clone(), sample_of(metric, arm))).collect())
    };
    let summary = summary(
        design.study,
        all.iter().map(found).collect(),
        claims,
        tuning.iter().flat_map(TuningRecord::notes).chain(all.iter().filter_map(lost)).collect(),
    );
    let seconds = |arm: &ArmTrials| (arm.name.clone(), arm.trials.iter().map(|trial| trial.seconds).sum());
    StudyResult {
        study: design.study.clone(),
        summary,
        figures,
        records: all.iter().flat_map(|arm| records_of(design, arm)).collect(),
        tuning,
        seconds: all.iter().map(seconds).collect(),
    }
}

/// What has to be said of an arm that lost runs.
fn lost(arm: &ArmTrials) -> Option<String> {
    let (diverged, n) = (arm.diverged(), arm.trials.len());
    (diverged > 0).then(|| format!("{diverged} of {n} runs of {} diverged.", arm.name))
}

/// The sample of a metric; a value that is not finite is a failed seed.
fn sample_of(metric: &Metric, arm: &ArmTrials) -> Sample {
    let (values, n) = (arm.values(metric), arm.trials.len());
    let mut sample = sample(&values);
    sample.ci95 = sample.ci95.map(|ends| metric.bounded(ends));
    if !arm.has(metric) {
        return Sample { iqm: None, ci95: None, undefined: n, ..sample };
    }
    sample.undefined = arm.raw(&metric.name).filter(|value| value.is_nan()).count();
    let estimate = match metric.centre {
        Centre::InterquartileMean => return sample,
        Centre::Share => share(&values),
        Centre::Mean => bootstrap(&values, mean, RESAMPLES, Key::from_seed(n as u64)),
    };
    Sample { iqm: finite(estimate.value), ci95: both(metric.bounded(estimate.ci95)), ..sample }
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

fn both(ends: [f64; 2]) -> Option<[f64; 2]> {
    ends.iter().all(|end| end.is_finite()).then_some(ends)
}

/// The share of the ones among zeros and ones, with its exact interval.
pub(crate) fn share(values: &[f64]) -> Estimate {
    proportion_interval(values.iter().filter(|&&value| value > 0.5).count(), values.len())
}

fn sample(values: &[f64]) -> Sample {
    let estimate = bootstrap(values, interquartile_mean, RESAMPLES, Key::from_seed(values.len() as u64));
    Sample {
        n: values.len(),
        iqm: finite(estimate.value),
        ci95: both(estimate.ci95),
        median: finite(median(values)),
        quartiles: [finite(quantile(values, 0.25)), finite(quantile(values, 0.75))],
        values: values.iter().map(|&value| finite(value)).collect(),
        undefined: 0,
    }
}

/// The sample of a number that is not drawn from seeds.
pub(crate) fn single(value: f64) -> Sample {
    Sample {
        n: 1,
        iqm: finite(value),
        ci95: None,
        median: finite(value),
        quartiles: [finite(value); 2],
        values: vec![finite(value)],
        undefined: 0,
    }
}

/// The rows of `records.csv` of an arm.
pub(crate) fn records_of(design: &Design<'_>, arm: &ArmTrials) -> Vec<RecordRow> {
    let mut rows = Vec::new();
    for trial in &arm.trials {
        let mut push = |x, metric: &str, value| {
            let (arm, x_unit, metric) = (arm.name.clone(), design.x_unit.to_owned(), metric.to_owned());
            rows.push(RecordRow { arm, seed: trial.seed, x, x_unit, metric, value });
        };
        for point in &trial.curve {
            for (metric, &value) in design.curves.iter().zip(&point.metrics).filter(|(_, value)| !value.is_nan()) {
                push(point.x, metric, value);
            }
            push(point.x, "learning_rate", point.learning_rate);
            if let Some(levels) = point.levels {
                push(point.x, "dopamine", levels.dopamine);
                push(point.x, "acetylcholine", levels.acetylcholine);
                push(point.x, "serotonin", levels.serotonin);
                push(point.x, "noradrenaline", levels.noradrenaline);
            }
        }
        let end = trial.metrics.get(EVALUATIONS).copied().unwrap_or(0.0) as u64;
        for (metric, &value) in &trial.metrics {
            push(end, &format!("final_{metric}"), value);
        }
    }
    rows
}

/// The answer of a study that does not say what its claims mean: what became of the first one, and of how many.
fn first_claim(claims: &[ClaimOutcome]) -> String {
    let Some(first) = claims.first() else { return "No claim was put to the test.".to_owned() };
    let supported = claims.iter().filter(|claim| claim.verdict == Verdict::Supported).count();
    let word = match first.verdict {
        Verdict::Supported => "supported",
        Verdict::NotSupported => "not supported",
        Verdict::Inconclusive => "undecided",
    };
    let why = first.reason.as_ref().map_or_else(String::new, |reason| format!(" ({reason})"));
    let measured = first.effect.map_or_else(
        || "Nothing could be measured".to_owned(),
        |effect| {
            let [low, high] = first.ci95;
            let (low, high) = (low.unwrap_or(f64::NEG_INFINITY), high.unwrap_or(f64::INFINITY));
            format!("Measured {} [{}, {}]", short(effect), short(low), short(high))
        },
    );
    format!(
        "“{}”: {word}{why}. {measured} over {} seeds, wanted {}. {supported} of {} claims of this study are supported.",
        first.claim,
        first.n,
        first.threshold,
        claims.len(),
    )
}
