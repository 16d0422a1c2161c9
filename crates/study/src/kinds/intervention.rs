//! Interventions: one arm of a study, run again and again under different drugs, on the same seeds.
//!
//! A study of lesions or of doses is an *underlying* study of another kind whose one arm is multiplied into variants. Rates
//! are searched for the arm as it stands, and are the same for all variants; every variant of a seed begins alike and meets
//! the same data or stimuli.

use super::behaviour::BehaviourStudy;
use super::compare::Compare;
use super::continual::Continual;
use super::forgetting::Forgetting;
use super::switching::Switching;
use super::treatment::{intact, with_drugs, without_modulators};
use crate::config::{Arm, StudyConfig};
use crate::execution::{run_arms, tune};
use crate::kind::StudyKind;
use crate::metric::{EVALUATIONS, Metric, Role};
use crate::monitor::Monitor;
use crate::outcome::{FigureContent, HeatCell, HeatColours};
use crate::result::share;
use crate::trial::ArmTrials;
use crate::tuning::TuningRecord;
use tegmentum::error::{Error, Result};
use tegmentum::evidence::statistics::{Estimate, RESAMPLES, bootstrap, mean};
use tegmentum::neuromodulation::pharmacology::Drug;
use tegmentum::random::Key;

/// The kind of the study whose arm is treated.
pub(crate) fn underlying_kind(study: &StudyConfig) -> &'static dyn StudyKind {
    match (&study.environment, study.phase.is_empty()) {
        (Some(_), _) => &BehaviourStudy,
        (None, false) if is_forgetting(study) => &Forgetting,
        (None, false) if study.arm.iter().any(|arm| arm.continual.is_some()) => &Continual,
        (None, false) => &Switching,
        (None, true) => &Compare,
    }
}

/// Whether the phases are those of forgetting: A, which has no target, and B, which has one. A phase of any other stream has a target if and
/// only if all have.
fn is_forgetting(study: &StudyConfig) -> bool {
    let targets: Vec<bool> = study.phase.iter().map(|phase| phase.target.is_some()).collect();
    study.targets.is_empty() && targets == [false, true]
}

/// The study whose arm is treated, without its claims.
pub(crate) fn underlying(study: &StudyConfig) -> StudyConfig {
    let kind = underlying_kind(study).name().to_owned();
    StudyConfig { kind, claim: Vec::new(), lesion: None, dose: None, ..study.clone() }
}

/// An arm under drugs.
#[derive(Clone, Debug)]
pub(crate) struct Variant {
    /// Its name in results and claims.
    pub(crate) name: String,
    /// Its name in the report.
    pub(crate) label: String,
    /// What is done to it.
    pub(crate) drugs: Vec<Drug>,
}

/// What the variants of an arm gave.
#[derive(Debug)]
pub(crate) struct Variants {
    /// One for each variant, in their order.
    pub(crate) all: Vec<ArmTrials>,
    /// The search of the arm's rate.
    pub(crate) tuning: Vec<TuningRecord>,
    /// The names of what was measured along a run.
    pub(crate) curves: Vec<String>,
}

/// Runs the one arm of `study` under each of the variants' drugs.
///
/// # Errors
/// If the arm has no modulators or not the receptor, a dose is out of range, or a part cannot be built or diverges.
pub(crate) fn run_variants(study: &StudyConfig, variants: &[Variant], monitor: &dyn Monitor) -> Result<Variants> {
    // A mistake in a drug is told before anything runs.
    check_variants(study, variants)?;
    let (kind, mut underlying) = (underlying_kind(study), underlying(study));
    let (arm, tuning) = tuned(&underlying, kind, monitor)?;
    underlying.arm = drugged(&arm, variants)?;
    let arms = underlying.arm.iter().map(|arm| (0, arm.clone())).collect();
    let design = kind.design(&underlying);
    let all = run_arms(&underlying, &*kind.runner(&design)?, arms, monitor)?;
    let curves = design.curves;
    Ok(Variants { all, tuning, curves })
}

/// Whether the one arm of `study` can be built under the drugs of each of the variants.
///
/// # Errors
/// As [`run_variants`].
pub(crate) fn check_variants(study: &StudyConfig, variants: &[Variant]) -> Result<()> {
    let (kind, underlying) = (underlying_kind(study), underlying(study));
    let arm = underlying.arm.first().ok_or_else(|| no_arm(study))?;
    let arms = drugged(arm, variants)?;
    kind.runner(&kind.design(&StudyConfig { arm: arms, ..underlying }))?;
    Ok(())
}

/// The arm under the drugs of each of the variants.
fn drugged(arm: &Arm, variants: &[Variant]) -> Result<Vec<Arm>> {
    let one = |variant: &Variant| {
        let name = variant.name.clone();
        Ok(Arm { name, label: Some(variant.label.clone()), tune: None, ..with_drugs(arm, &variant.drugs)? })
    };
    variants.iter().map(one).collect()
}

/// The one arm at the rate that its search chose.
fn tuned(study: &StudyConfig, kind: &dyn StudyKind, monitor: &dyn Monitor) -> Result<(Arm, Vec<TuningRecord>)> {
    let design = kind.design(study);
    let (arms, tuning) = tune(&design, &*kind.runner(&design)?, monitor)?;
    let (_, arm) = arms.into_iter().next().ok_or_else(|| no_arm(study))?;
    Ok((arm, tuning))
}

fn no_arm(study: &StudyConfig) -> Error {
    Error::Study { origin: study.name.clone(), problem: "no [[arm]]: there is nothing to run".to_owned() }
}

/// The study of `kind` of one arm in one setting of `study`, without claims; by default that of the first arm that has most
/// modulators intact.
///
/// # Errors
/// [`Error::UnknownName`] for an arm or setting that the study has not, [`Error::Incompatible`] if no arm has modulators or
/// the kind of study has no arms to be treated, [`Error::Study`] if there are several settings and none is named.
pub(crate) fn of_study(
    study: &StudyConfig,
    kind: &dyn StudyKind,
    arm: Option<&str>,
    setting: Option<&str>,
) -> Result<StudyConfig> {
    let own = underlying_kind(study).name();
    if ![own, "lesions", "dose"].contains(&study.kind.as_str()) {
        return Err(Error::Incompatible {
            what: "a drug".to_owned(),
            with: format!("the study {}", study.name),
            reason: "studies of learning have arms that can be treated; those of theory, costs and robustness have not"
                .to_owned(),
        });
    }
    let mut treated = underlying(study);
    let known = || study.arm.iter().map(|arm| arm.name.as_str()).collect::<Vec<_>>().join(", ");
    let chosen = match arm {
        Some(name) => study.arm.iter().find(|arm| arm.name == name).ok_or_else(|| Error::UnknownName {
            kind: "arm",
            name: name.to_owned(),
            known: known(),
        })?,
        // `rev`, because of several that are equal the last one is the greatest.
        None => study.arm.iter().rev().max_by_key(|arm| intact(arm)).ok_or_else(|| no_arm(study))?,
    };
    if intact(chosen) == 0 {
        return Err(without_modulators(chosen));
    }
    if study.setting.len() > 1 || setting.is_some() {
        choose_setting(&mut treated, setting)?;
    }
    if chosen.continual.is_none() {
        treated.stream = None;
    }
    treated.arm = vec![Arm { lesion_of: None, ..chosen.clone() }];
    kind.name().clone_into(&mut treated.kind);
    Ok(treated)
}

fn choose_setting(study: &mut StudyConfig, name: Option<&str>) -> Result<()> {
    let known = study.setting_names().join(", ");
    let Some(name) = name else {
        let problem = format!("has several settings; name one of them with --setting: {known}");
        return Err(Error::Study { origin: study.name.clone(), problem });
    };
    let unknown = || Error::UnknownName { kind: "setting", name: name.to_owned(), known };
    if study.setting.is_empty() {
        return if study.name == name { Ok(()) } else { Err(unknown()) };
    }
    let setting = study.setting.iter().find(|setting| setting.name == name).cloned().ok_or_else(unknown)?;
    study.budget = setting.budget.unwrap_or(study.budget);
    (study.task, study.network) = (Some(setting.task), Some(setting.network));
    study.setting.clear();
    Ok(())
}

/// Values in which a run that never reached what is counted has the length of the run, which can only make it look better.
pub(crate) fn censored(study: &StudyConfig, metric: &Metric, arm: &ArmTrials) -> Vec<f64> {
    let mut values = arm.values(metric);
    if metric.role == Role::TimeToEvent {
        for (value, trial) in values.iter_mut().zip(&arm.trials) {
            let spent = trial.metrics.get(EVALUATIONS).copied().unwrap_or(study.budget as f64);
            *value = if value.is_finite() { *value } else { spent };
        }
    }
    values
}

/// The mean of a metric with its 95 % interval: the exact one for a share of runs, else a bootstrap; without a value if a seed
/// has none.
pub(crate) fn centre(metric: &Metric, values: &[f64]) -> Estimate {
    if values.iter().any(|value| !value.is_finite()) {
        return Estimate { value: f64::NAN, ci95: [f64::NAN; 2], n: values.len() };
    }
    if metric.is_share() {
        return share(values);
    }
    bootstrap(values, mean, RESAMPLES, Key::from_seed(values.len() as u64))
}

/// The metrics of a study that say something about learning, not about its costs.
pub(crate) fn scores(study: &StudyConfig) -> Vec<Metric> {
    let metrics = underlying_kind(study).metrics(study);
    metrics.into_iter().filter(|metric| metric.role != Role::Accounting).collect()
}

/// The score called `name`.
pub(crate) fn score(study: &StudyConfig, name: &str) -> Option<Metric> {
    scores(study).into_iter().find(|metric| metric.name == name)
}

/// Most scores in a table of variants.
const SHOWN: usize = 12;

/// A table of the means of all variants: the scores of which a variant has a mean, those of `first` before others, at most
/// twelve.
pub(crate) fn table(study: &StudyConfig, all: &[ArmTrials], first: &[Metric]) -> FigureContent {
    let others = scores(study).into_iter().filter(|score| !first.contains(score));
    let mean_of = |arm: &ArmTrials, metric: &Metric| {
        if arm.has(metric) { centre(metric, &censored(study, metric, arm)).value } else { f64::NAN }
    };
    let mut columns: Vec<Metric> = Vec::new();
    let mut values: Vec<Vec<f64>> = vec![Vec::new(); all.len()];
    for metric in first.iter().cloned().chain(others) {
        let column: Vec<f64> = all.iter().map(|arm| mean_of(arm, &metric)).collect();
        if columns.len() < SHOWN && column.iter().any(|value| value.is_finite()) {
            columns.push(metric);
            values.iter_mut().zip(column).for_each(|(row, value)| row.push(value));
        }
    }
    let cell = |value: f64| HeatCell { value: value.is_finite().then_some(value), detail: String::new() };
    FigureContent::HeatMap {
        rows: all.iter().map(|arm| arm.arm.label().to_owned()).collect(),
        cells: values.into_iter().map(|row| row.into_iter().map(cell).collect()).collect(),
        colours: HeatColours::Columns { reversed: columns.iter().map(|score| !score.is_larger_better()).collect() },
        columns: columns.into_iter().map(|score| score.name).collect(),
    }
}
