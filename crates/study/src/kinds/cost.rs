//! What an update costs as sequences grow: evaluations, operations, and bytes of training state, counted and measured.
//!
//! Each arm makes a few updates on windows of each length. *Counted* is what the learner says it holds; *measured* is the
//! most that was allocated at once while it was made and worked, less the windows themselves (the data).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::compare::prepared::PreparedSetting;
use crate::claims;
use crate::config::{Arm, Claim, Setting, StudyConfig};
use crate::drawing::{axis, table};
use crate::kind::{Learners, StudyKind, check_arms, check_arms_of_claim, check_metric_of_claim};
use crate::metric::Metric;
use crate::monitor::Monitor;
use crate::number::short;
use crate::outcome::{ClaimOutcome, CurveSeries, Figure, FigureContent};
use crate::result::{Found, RecordRow, StudyResult, single, summary};
use crate::work;
use tegmentum::archived;
use tegmentum::data::batch::{Batch, LaneBatch, Part};
use tegmentum::data::task::{Problem, Windows};
use tegmentum::data::tasks::TaskConfig;
use tegmentum::error::{Error, Result};
use tegmentum::evidence::statistics::Estimate;
use tegmentum::neuromodulation::modulation::Modulation;
use tegmentum::random::Key;

/// Updates that are measured.
const UPDATES: u64 = 3;

/// What one arm needs at one length.
#[derive(Clone, Debug, Default)]
struct Cost {
    length: usize,
    evaluations: f64,
    operations: f64,
    counted: f64,
    measured: Option<f64>,
    seconds: f64,
}

archived!(Cost { length, evaluations, operations, counted, measured, seconds });

/// Most steps of a window, and most lengths.
const MAX_LENGTH: usize = 1_000_000;
const MAX_LENGTHS: usize = 100;

/// The kind. Its metrics are `counted_bytes`, `measured_bytes`, `operations` and `evaluations` for an update
/// at the longest length, and `counted_growth`, `measured_growth`: bytes at the longest over bytes at the shortest length.
pub(super) struct Costs;

impl StudyKind for Costs {
    fn name(&self) -> &'static str {
        "cost"
    }

    fn summary(&self) -> &'static str {
        "evaluations, operations and bytes against the length of the sequence"
    }

    fn check(&self, study: &StudyConfig) -> Result<(), String> {
        if !(2..=MAX_LENGTHS).contains(&study.lengths.len()) {
            return Err(format!(
                "lengths: {} of them; a study of costs needs between 2 and {MAX_LENGTHS}",
                study.lengths.len()
            ));
        }
        if let Some(length) = study.lengths.iter().find(|length| !(1..=MAX_LENGTH).contains(*length)) {
            return Err(format!("lengths has {length}: must be between 1 and {MAX_LENGTH}"));
        }
        if !matches!((&study.task, &study.network), (Some(TaskConfig::Lorenz(_)), Some(_))) {
            return Err("kind = \"cost\" needs [task.lorenz] and one [network.…]".to_owned());
        }
        if study.arm.iter().any(|arm| arm.tune.is_some()) {
            return Err("tune: a study of costs searches no rates; leave it out".to_owned());
        }
        check_arms(study, Learners::Bare)
    }

    fn metrics(&self, _: &StudyConfig) -> Vec<Metric> {
        METRICS.map(metric).to_vec()
    }

    fn check_claim(&self, study: &StudyConfig, claim: &Claim) -> Result<(), String> {
        check_arms_of_claim(&self.arm_names(study), claim)?;
        if claim.reference.is_some() {
            return Err("a count has no reference here; compare it with a threshold".to_owned());
        }
        check_metric_of_claim(&self.metrics(study), claim)
    }

    fn run(&self, study: &StudyConfig, monitor: &dyn Monitor) -> Result<StudyResult> {
        let setting = study.settings().into_iter().next().ok_or_else(|| Error::Study {
            origin: study.name.clone(),
            problem: "kind = \"cost\" needs [task.…] and [network.…]".to_owned(),
        })?;
        let lengths = &study.lengths;
        let work: usize = lengths.iter().sum::<usize>() * study.arm.len();
        monitor.expect(&format!("{}: {} arms, {} lengths", study.name, study.arm.len(), lengths.len()), work as u64);
        // On one thread: each further one would hold the windows, which are data, once more.
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().map_err(|error| Error::Study {
            origin: study.name.clone(),
            problem: format!("cannot start a thread: {error}"),
        })?;
        let units: Vec<(&Arm, usize)> =
            study.arm.iter().flat_map(|arm| lengths.iter().map(move |&length| (arm, length))).collect();
        let work: Vec<u64> = units.iter().map(|&(_, length)| length as u64).collect();
        let make = |index: usize| {
            let (arm, length) = units[index];
            let prepared = PreparedSetting::new(study, &with_length(study, &setting, length)?)?;
            measure(&prepared, arm, length, monitor)
        };
        let mut made = pool.install(|| work::row(study, monitor, &work, make))?.into_iter();
        let of_arm = |arm: &Arm| (arm.clone(), made.by_ref().take(lengths.len()).collect());
        let found: Vec<(Arm, Vec<Cost>)> = study.arm.iter().map(of_arm).collect();
        Ok(result(study, &found))
    }
}

const METRICS: [&str; 6] =
    ["evaluations", "operations", "counted_bytes", "counted_growth", "measured_bytes", "measured_growth"];

fn metric(name: &str) -> Metric {
    let unit = match name {
        "counted_bytes" | "measured_bytes" => "bytes",
        "counted_growth" | "measured_growth" => "bytes at the longest length ÷ bytes at the shortest",
        _ => "",
    };
    Metric::accounting(name, unit)
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

fn measure(prepared: &PreparedSetting, arm: &Arm, length: usize, monitor: &dyn Monitor) -> Result<Cost> {
    let data = data_bytes(&prepared.problem);
    let mut outcome = Ok((0u64, 0usize));
    let start = std::time::Instant::now();
    let peak = monitor.peak_bytes(&mut || outcome = updates(prepared, arm));
    let seconds = start.elapsed().as_secs_f64() / UPDATES as f64;
    let (evaluations, counted) = outcome?;
    let evaluations = evaluations as f64 / UPDATES as f64;
    Ok(Cost {
        length,
        evaluations,
        operations: evaluations * prepared.operations() as f64,
        counted: counted as f64,
        measured: peak.map(|peak| peak.saturating_sub(data) as f64),
        seconds,
    })
}

/// A fresh learner and its first updates: evaluations and counted bytes.
fn updates(prepared: &PreparedSetting, arm: &Arm) -> Result<(u64, usize)> {
    // So that work space is made, and given back, inside the measurement.
    let prepared = prepared.afresh()?;
    let mut learner = prepared.learner(arm, 0)?;
    let mut evaluations = 0;
    for update in 0..UPDATES {
        evaluations += learner.update(Key::from_seed(1).child(update), &Modulation::default())?.evaluations;
    }
    Ok((evaluations, learner.state_bytes()))
}

fn result(study: &StudyConfig, found: &[(Arm, Vec<Cost>)]) -> StudyResult {
    let mut arms: Vec<Found> = Vec::new();
    let mut records = Vec::new();
    for (arm, costs) in found {
        for cost in costs {
            let rows = [
                ("evaluations", Some(cost.evaluations)),
                ("operations", Some(cost.operations)),
                ("counted_bytes", Some(cost.counted)),
                ("measured_bytes", cost.measured),
            ];
            records.extend(rows.into_iter().filter_map(|(metric, value)| {
                let (arm, x, x_unit) = (arm.name.clone(), cost.length as u64, "steps".to_owned());
                value.map(|value| RecordRow { arm, seed: 0, x, x_unit, metric: metric.to_owned(), value })
            }));
        }
        let samples = metrics(costs).into_iter().map(|(name, value)| (metric(name), single(value)));
        arms.push((arm.name.clone(), samples.collect()));
    }
    let claims = study.claim.iter().map(|claim| test(claim, found)).collect();
    StudyResult {
        study: study.clone(),
        summary: summary(study, arms, claims, Vec::new()),
        figures: figures(found),
        records,
        tuning: vec![],
        seconds: BTreeMap::new(),
    }
}

fn metrics(costs: &[Cost]) -> Vec<(&'static str, f64)> {
    let (Some(first), Some(last)) = (costs.first(), costs.last()) else { return Vec::new() };
    let mut metrics = vec![
        ("evaluations", last.evaluations),
        ("operations", last.operations),
        ("counted_bytes", last.counted),
        ("counted_growth", last.counted / first.counted),
    ];
    if let (Some(before), Some(after)) = (first.measured, last.measured) {
        metrics.push(("measured_bytes", after));
        metrics.push(("measured_growth", after / before.max(1.0)));
    }
    metrics
}

/// Counts need no interval: they are the same every time. What cannot be measured on this machine has no value.
fn test(claim: &Claim, found: &[(Arm, Vec<Cost>)]) -> ClaimOutcome {
    let of_arm = found.iter().find(|(arm, _)| arm.name == claim.arm).map_or_else(Vec::new, |(_, costs)| metrics(costs));
    let value = of_arm.iter().find(|metric| metric.0 == claim.metric).map(|metric| metric.1);
    let problem = value.is_none().then(|| format!("undefined: {} cannot be measured here", claim.metric));
    let value = value.unwrap_or(f64::NAN);
    let statistic = format!("{} of {}", claim.metric, claim.arm);
    claims::outcome(claim, claim.text.clone(), Estimate { value, ci95: [value; 2], n: 1 }, statistic, problem)
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
