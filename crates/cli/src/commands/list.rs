//! `tegmentum list`: every name that a study may use.

use std::process::ExitCode;

use anyhow::Result;
use clap::ValueEnum;
use console::Style;
use serde::Serialize;
use tegmentum::behaviour::agents::AgentConfig;
use tegmentum::behaviour::environments::EnvironmentConfig;
use tegmentum::data::tasks::TaskConfig;
use tegmentum::evidence::evaluation::Metric;
use tegmentum::learning::continual::learners::ContinualConfig;
use tegmentum::learning::gradient::rules::GradientConfig;
use tegmentum::learning::optimizers::OptimizerConfig;
use tegmentum::learning::plasticity::rules::PlasticityConfig;
use tegmentum::model::networks::NetworkConfig;
use tegmentum::neuromodulation::detectors::DetectorConfig;
use tegmentum::neuromodulation::nuclei;
use tegmentum::neuromodulation::preset::Preset;
use tegmentum::neuromodulation::target::Target;
use tegmentum::registry::{Description, NamedSettings};
use tegmentum_study::dose::DoseAction;
use tegmentum_study::hearing::{self, Obedience};
use tegmentum_study::{BUILT_IN, built_in, kinds};

use crate::args::{List, ListKind};
use crate::output::{Output, wrapped};

/// A line of the list.
#[derive(Clone, Debug, Serialize)]
struct Entry {
    kind: String,
    name: String,
    summary: String,
    reference: String,
}

/// Prints the list.
///
/// # Errors
/// If standard output cannot be written.
pub(crate) fn execute(arguments: &List, output: &mut Output) -> Result<ExitCode> {
    let all = ListKind::value_variants();
    let kinds = all.iter().copied().filter(|kind| arguments.kind.is_none_or(|only| only == *kind));
    if arguments.json {
        let entries: Vec<Entry> = kinds.map(entries).collect::<Result<Vec<_>>>()?.concat();
        output.line(&serde_json::to_string_pretty(&entries)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    for (index, kind) in kinds.enumerate() {
        let gap = if index > 0 { "\n" } else { "" };
        output.line(&format!("{gap}{}", output.styled(&Style::new().bold(), &heading(kind))))?;
        let entries = entries(kind)?;
        let width = entries.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
        for entry in &entries {
            output.line(&line(entry, width, output))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// One line, or on a terminal as many as its width needs.
fn line(entry: &Entry, width: usize, output: &Output) -> String {
    let reference = if entry.reference.is_empty() { String::new() } else { format!("({})", entry.reference) };
    let (head, text) = (format!("  {:width$}  ", entry.name), format!("{} {reference}", entry.summary));
    let text = if output.is_terminal() { wrapped(&text, output.width(), head.len()) } else { text };
    format!("{head}{}", text.trim_end())
}

/// The name of a kind as it is typed, and what it is.
fn heading(kind: ListKind) -> String {
    let value = kind.to_possible_value();
    let name = value.as_ref().map(clap::builder::PossibleValue::get_name).unwrap_or_default();
    let help = value.as_ref().and_then(|value| value.get_help()).map(ToString::to_string).unwrap_or_default();
    format!("{name}: {}", help.to_lowercase())
}

fn entries(kind: ListKind) -> Result<Vec<Entry>> {
    let entry = |name: &str, summary: &str, reference: &str| Entry {
        kind: kind.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default(),
        name: name.to_owned(),
        summary: summary.to_owned(),
        reference: reference.to_owned(),
    };
    let described = |item: Description| entry(item.name, item.summary, item.reference);
    Ok(match kind {
        ListKind::Tasks => named::<TaskConfig>().map(described).collect(),
        ListKind::Networks => named::<NetworkConfig>().map(described).collect(),
        ListKind::Optimizers => named::<OptimizerConfig>().map(described).collect(),
        ListKind::Plasticity => named::<PlasticityConfig>().map(described).collect(),
        ListKind::Gradient => named::<GradientConfig>().map(described).collect(),
        ListKind::Continual => named::<ContinualConfig>().map(described).collect(),
        ListKind::Environments => named::<EnvironmentConfig>().map(described).collect(),
        ListKind::Agents => named::<AgentConfig>().map(described).collect(),
        ListKind::Detectors => named::<DetectorConfig>().map(described).collect(),
        ListKind::Nuclei => {
            let readings = nuclei::registry().into_iter().map(|model| (model.nucleus(), model.description()));
            let reading = |(nucleus, item): (&str, Description)| {
                entry(item.name, &format!("{}: {}", nucleus.replace('_', " "), item.summary), item.reference)
            };
            readings.map(reading).collect()
        }
        ListKind::Targets => Target::ALL.iter().map(|target| entry(target.name(), effect(*target), "")).collect(),
        ListKind::Obeys => hearing::all()?.iter().map(|one| entry(one.name, &one.words(), &options(one))).collect(),
        ListKind::Actions => DoseAction::ALL.iter().map(|action| entry(action.name(), action.unit(), "")).collect(),
        ListKind::Kinds => kinds::list().map(|(name, question)| entry(name, question, "")).collect(),
        ListKind::Presets => Preset::ALL.iter().map(|&preset| entry(preset.name(), &contents(preset), "")).collect(),
        ListKind::Studies => BUILT_IN.iter().map(|(name, _)| entry(name, &title(name), &size(name))).collect(),
        ListKind::Metrics => {
            METRICS.iter().map(|metric| entry(metric.name(), metric.label(), sense(*metric))).collect()
        }
    })
}

/// The options under which a learner was asked what it obeys.
fn options(one: &Obedience) -> String {
    if one.options.is_empty() { String::new() } else { format!("with {}", one.options) }
}

/// How the effects on a target act together.
fn effect(target: Target) -> &'static str {
    if target.is_factor() {
        "a factor: the effects of several receptors are multiplied"
    } else {
        "a term: they are added"
    }
}

/// What a registry holds.
fn named<N: NamedSettings>() -> impl Iterator<Item = Description> {
    N::registry().into_iter().map(|item| item.description())
}

/// Every metric.
const METRICS: [Metric; 8] = [
    Metric::Loss,
    Metric::MeanSquaredError,
    Metric::Accuracy,
    Metric::ErrorRate,
    Metric::Nrmse,
    Metric::ValidPredictionTime,
    Metric::RelativeCurvature,
    Metric::BestRate,
];

/// What a preset brings, in words.
fn contents(preset: Preset) -> String {
    let parts = preset.parts();
    let nuclei = [
        (parts.ventral_tegmental_area.is_some(), "dopamine"),
        (parts.basal_forebrain.is_some(), "acetylcholine"),
        (parts.dorsal_raphe.is_some(), "serotonin"),
        (parts.locus_coeruleus.is_some(), "noradrenaline"),
    ];
    let names: Vec<&str> = nuclei.into_iter().filter_map(|(is_there, name)| is_there.then_some(name)).collect();
    if names.is_empty() {
        return "no modulators: nothing is changed".to_owned();
    }
    let count = |number: usize, what: &str| match number {
        0 => String::new(),
        1 => format!(", 1 {what}"),
        number => format!(", {number} {what}s"),
    };
    let (receptors, couplings) = (parts.receptors.len(), parts.couplings.len());
    format!("{}{}{}", names.join(", "), count(receptors, "receptor"), count(couplings, "coupling"))
}

fn sense(metric: Metric) -> &'static str {
    match metric.is_descriptive() {
        true => "describes, at the end of a run",
        false if metric.larger_is_better() => "larger is better",
        false => "smaller is better",
    }
}

/// The title of a built-in study, or what is wrong with it.
fn title(name: &str) -> String {
    match built_in(name) {
        Ok(study) => study.title,
        Err(error) => format!("cannot be read: {}", error.to_string().lines().next().unwrap_or_default()),
    }
}

/// How large a built-in study is.
fn size(name: &str) -> String {
    let count = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    built_in(name).map_or_else(
        |_| String::new(),
        |study| {
            let settings = study.settings().len();
            let mut parts = Vec::new();
            parts.extend((settings > 1).then(|| count(settings, "setting")));
            parts.extend((!study.arm.is_empty()).then(|| count(study.arm.len(), "arm")));
            parts.push(count(study.seeds.count as usize, "seed"));
            parts.push(count(study.claim.len(), "claim"));
            parts.join(", ")
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_metric_is_forgotten() {
        let error = serde_json::from_str::<Metric>("\"unheard of\"").unwrap_err().to_string();
        let known: Vec<&str> = error.split('`').skip(3).step_by(2).collect();
        assert_eq!(known, METRICS.map(Metric::name), "{error}");
    }
}
