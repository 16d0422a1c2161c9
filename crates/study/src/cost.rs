//! What an update costs as sequences grow: evaluations, operations, and bytes of training state, counted and measured.
//!
//! Each arm makes a few updates on windows of each length. *Counted* is what the learner says it holds; *measured* is the
//! most that was allocated at once while it was made and worked, less the windows themselves (the data).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::claims::{threshold, verdict};
use super::config::{Arm, Setting, StudyConfig};
use super::figures::{axis, short};
use super::outcome::{ClaimOutcome, CurveSeries, Figure, FigureContent, Sample, Summary};
use super::run::{Monitor, RecordRow, StudyResult, answer, single};
use super::theory::table;
use super::trial::Stage;
use tegmentum::data::batch::{Batch, LaneBatch, Part};
use tegmentum::data::task::{Problem, Windows};
use tegmentum::data::tasks::TaskConfig;
use tegmentum::error::{Error, Result};
use tegmentum::neuromodulation::modulation::Modulation;
use tegmentum::random::Key;

/// Updates that are measured.
const UPDATES: u64 = 3;

/// What one arm needs at one length.
#[derive(Clone, Debug)]
struct Cost {
    length: usize,
    evaluations: f64,
    operations: f64,
    counted: f64,
    measured: Option<f64>,
    seconds: f64,
}

/// Runs a study of costs. Its metrics are `counted_bytes`, `measured_bytes`, `operations` and `evaluations` for an update
/// at the longest length, and `counted_growth`, `measured_growth`: bytes at the longest over bytes at the shortest length.
pub(crate) fn run(study: &StudyConfig, quick: bool, monitor: &dyn Monitor) -> Result<StudyResult> {
    let setting = study.settings().into_iter().next().ok_or_else(|| Error::Study {
        origin: study.name.clone(),
        problem: "kind = \"cost\" needs [task.…] and [network.…]".to_owned(),
    })?;
    let lengths: Vec<usize> = study.lengths.iter().copied().take(if quick { 2 } else { usize::MAX }).collect();
    let work: usize = lengths.iter().sum::<usize>() * study.arm.len();
    monitor.expect(&format!("{}: {} arms, {} lengths", study.name, study.arm.len(), lengths.len()), work as u64);
    let mut found: Vec<(Arm, Vec<Cost>)> = study.arm.iter().map(|arm| (arm.clone(), Vec::new())).collect();
    for &length in &lengths {
        let stage = Stage::new(study, &with_length(study, &setting, length)?)?;
        let data = data_bytes(&stage.problem);
        for (arm, costs) in &mut found {
            costs.push(measure(&stage, arm, length, data, monitor)?);
            monitor.advance(length as u64);
        }
    }
    result(study, quick, &found)
}

fn with_length(study: &StudyConfig, setting: &Setting, length: usize) -> Result<Setting> {
    let mut setting = setting.clone();
    let room = 2 * length + 1000;
    match &mut setting.task {
        TaskConfig::Lorenz(config) => {
            config.windows = Windows { length, ..config.windows };
            (config.train, config.test) = (config.train.max(room), config.test.max(room));
        }
        _ => {
            return Err(Error::Study {
                origin: study.name.clone(),
                problem: "kind = \"cost\" is made for [task.lorenz]".to_owned(),
            });
        }
    }
    Ok(setting)
}

/// Bytes of a batch of windows in lanes.
fn data_bytes(problem: &Arc<Problem>) -> usize {
    let mut batch = LaneBatch::<16>::default();
    batch.load(problem, Part::Train(Batch(Key::from_seed(0))));
    batch.bytes()
}

fn measure(stage: &Stage, arm: &Arm, length: usize, data: usize, monitor: &dyn Monitor) -> Result<Cost> {
    let mut outcome = Ok((0u64, 0usize));
    let start = std::time::Instant::now();
    let peak = monitor.peak_bytes(&mut || outcome = updates(stage, arm));
    let seconds = start.elapsed().as_secs_f64() / UPDATES as f64;
    let (evaluations, counted) = outcome?;
    let evaluations = evaluations as f64 / UPDATES as f64;
    Ok(Cost {
        length,
        evaluations,
        operations: evaluations * stage.operations() as f64,
        counted: counted as f64,
        measured: peak.map(|peak| peak.saturating_sub(data) as f64),
        seconds,
    })
}

/// A fresh learner and its first updates: evaluations and counted bytes.
fn updates(stage: &Stage, arm: &Arm) -> Result<(u64, usize)> {
    // So that work space is made, and given back, inside the measurement.
    let stage = stage.afresh();
    let mut learner = stage.learner(arm, 0)?;
    let mut evaluations = 0;
    for update in 0..UPDATES {
        evaluations += learner.update(Key::from_seed(1).child(update), &Modulation::default())?.evaluations;
    }
    Ok((evaluations, learner.state_bytes()))
}

fn result(study: &StudyConfig, quick: bool, found: &[(Arm, Vec<Cost>)]) -> Result<StudyResult> {
    let mut arms = BTreeMap::new();
    let mut records = Vec::new();
    for (arm, costs) in found {
        let metrics = metrics(costs);
        for cost in costs {
            let rows = [
                ("evaluations", Some(cost.evaluations)),
                ("operations", Some(cost.operations)),
                ("counted_bytes", Some(cost.counted)),
                ("measured_bytes", cost.measured),
            ];
            records.extend(rows.into_iter().filter_map(|(metric, value)| {
                let (arm, metric) = (arm.name.clone(), metric.to_owned());
                value.map(|value| RecordRow { arm, seed: 0, evaluations: cost.length as u64, metric, value })
            }));
        }
        arms.insert(arm.name.clone(), metrics.into_iter().map(|(name, value)| (name, single(value))).collect());
    }
    let claims = claims(study, &arms)?;
    let summary = Summary {
        study: study.name.clone(),
        title: study.title.clone(),
        question: study.question.clone(),
        answer: answer(&claims),
        quick,
        arms,
        arm_order: found.iter().map(|(arm, _)| arm.name.clone()).collect(),
        claims,
        notes: study.notes.clone(),
    };
    let figures = figures(found);
    Ok(StudyResult { study: study.clone(), summary, figures, records, tuning: vec![], seconds: BTreeMap::new() })
}

fn metrics(costs: &[Cost]) -> Vec<(String, f64)> {
    let (Some(first), Some(last)) = (costs.first(), costs.last()) else { return Vec::new() };
    let mut metrics = vec![
        ("evaluations".to_owned(), last.evaluations),
        ("operations".to_owned(), last.operations),
        ("counted_bytes".to_owned(), last.counted),
        ("counted_growth".to_owned(), last.counted / first.counted),
    ];
    if let (Some(before), Some(after)) = (first.measured, last.measured) {
        metrics.push(("measured_bytes".to_owned(), after));
        metrics.push(("measured_growth".to_owned(), after / before.max(1.0)));
    }
    metrics
}

/// Counts need no interval: they are the same every time. A claim about what was measured is left out, with the metric,
/// where nothing can be measured.
fn claims(study: &StudyConfig, arms: &BTreeMap<String, BTreeMap<String, Sample>>) -> Result<Vec<ClaimOutcome>> {
    let can_measure = arms.values().any(|metrics| metrics.contains_key("measured_bytes"));
    let mut outcomes = Vec::new();
    for claim in study.claim.iter().filter(|claim| can_measure || !claim.metric.starts_with("measured_")) {
        let value = arms.get(&claim.arm).and_then(|metrics| metrics.get(&claim.metric)).and_then(|sample| sample.iqm);
        let value = value.ok_or_else(|| super::claims::unknown(study, claim))?;
        outcomes.push(ClaimOutcome {
            claim: claim.text.clone(),
            verdict: verdict([value; 2], claim.at_most, claim.at_least),
            effect: Some(value),
            ci95: [Some(value); 2],
            n: 1,
            statistic: format!("{} of {}", claim.metric, claim.arm),
            threshold: threshold(claim.at_most, claim.at_least),
        });
    }
    Ok(outcomes)
}

fn figures(found: &[(Arm, Vec<Cost>)]) -> Vec<Figure> {
    let curve = |arm: &Arm, costs: &[Cost], pick: fn(&Cost) -> Option<f64>| {
        let points: Vec<(f64, f64)> =
            costs.iter().filter_map(|cost| Some((cost.length as f64, pick(cost)? / 1024.0))).collect();
        CurveSeries {
            label: arm.label().to_owned(),
            x: points.iter().map(|point| point.0).collect(),
            y: points.iter().map(|point| point.1).collect(),
            lower: vec![],
            upper: vec![],
        }
    };
    let draw = |id: &str, title: &str, caption: &str, pick: fn(&Cost) -> Option<f64>| Figure {
        id: id.to_owned(),
        title: title.to_owned(),
        caption: caption.to_owned(),
        content: FigureContent::Curves {
            x: axis("length of the sequence (steps)", true),
            y: axis("training state (KiB)", true),
            series: found.iter().map(|(arm, costs)| curve(arm, costs, pick)).collect(),
            references: vec![],
        },
    };
    let mut figures =
        vec![draw("cost-counted", "Training state, counted", "What each learner says it holds.", |cost| {
            Some(cost.counted)
        })];
    if found.iter().any(|(_, costs)| costs.iter().any(|cost| cost.measured.is_some())) {
        let caption = "The most that was allocated at once, less the data.";
        figures.push(draw("cost-measured", "Training state, measured", caption, |cost| cost.measured));
    }
    let rows = found.iter().flat_map(|(arm, costs)| {
        costs.iter().map(|cost| {
            vec![
                arm.label().to_owned(),
                cost.length.to_string(),
                short(cost.evaluations),
                short(cost.operations),
                short(cost.counted / 1024.0),
                cost.measured.map_or("–".to_owned(), |bytes| short(bytes / 1024.0)),
                short(1e3 * cost.seconds),
            ]
        })
    });
    let heads = ["arm", "length", "evaluations", "operations", "counted (KiB)", "measured (KiB)", "milliseconds"];
    figures.push(table("cost-table", "The cost of an update", &heads, rows.collect()));
    figures
}
