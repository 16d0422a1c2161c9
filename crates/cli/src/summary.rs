//! What a study found, for a terminal: arms and metrics in a table, then the claims with their verdicts.

use console::Style;
use tegmentum_study::config::StudyConfig;
use tegmentum_study::metric::{Metric, Role};
use tegmentum_study::outcome::{ClaimOutcome, Sample, Summary, Verdict};

use crate::output::{Output, wrapped};
use crate::table::Table;
use tegmentum_study::number::{interval, optional};

/// Scores in the table of a study of lesions at most; the report and `records.csv` have more.
const SCORES: usize = 8;

/// The lines to print.
pub(crate) fn lines(study: &StudyConfig, summary: &Summary, output: &Output) -> Vec<String> {
    let width = output.width();
    let heading = if summary.quick { format!("{} (shortened)", summary.title) } else { summary.title.clone() };
    let mut lines = vec![
        String::new(),
        output.styled(&Style::new().bold(), &wrapped(&format!("{}: {heading}", summary.study), width, 0)),
        wrapped(&summary.question, width, 0),
    ];
    for table in tables(study, summary) {
        lines.push(String::new());
        lines.extend(table.lines(width));
    }
    if !summary.claims.is_empty() {
        lines.push(String::new());
    }
    for claim in &summary.claims {
        lines.extend(claim_lines(claim, output));
    }
    lines.push(String::new());
    lines.push(wrapped(&summary.answer, width, 0));
    lines
}

/// The lines to print of one study of several: its question, the answer, and what became of its claims.
pub(crate) fn answer(summary: &Summary, output: &Output) -> Vec<String> {
    let width = output.width();
    let count = |verdict| summary.claims.iter().filter(|claim| claim.verdict == verdict).count();
    let mut fates = Vec::new();
    for verdict in [Verdict::Supported, Verdict::NotSupported, Verdict::Inconclusive] {
        let (sign, word, style) = sign(verdict);
        let number = count(verdict);
        fates.extend((number > 0).then(|| output.styled(&style, &format!("{sign} {number} {word}"))));
    }
    vec![
        String::new(),
        output.styled(&Style::new().bold(), &wrapped(&format!("{}: {}", summary.study, summary.title), width, 0)),
        output.styled(&Style::new().dim(), &wrapped(&summary.question, width, 0)),
        wrapped(&summary.answer, width, 0),
        fates.join("  "),
    ]
}

/// The tables of a study: its arms, and for lesions what is attributed to whom.
fn tables(study: &StudyConfig, summary: &Summary) -> Vec<Table> {
    let is_measured = |metric: &Metric| summary.arms.values().any(|metrics| metrics.contains_key(&metric.name));
    let metrics: Vec<Metric> = study.shown_metrics().into_iter().filter(is_measured).collect();
    if summary.metrics.iter().any(|metric| metric.role == Role::Attribution) {
        return lesions(&metrics, summary);
    }
    if metrics.is_empty() { Vec::new() } else { vec![table(summary, &metrics)] }
}

/// Means of all sets, then the Shapley values of the modulators and the synergies of pairs.
fn lesions(metrics: &[Metric], summary: &Summary) -> Vec<Table> {
    let is_known =
        |metric: &&Metric| summary.arms.values().any(|metrics| metrics.get(&metric.name).and_then(mean).is_some());
    // As many scores as a reader looks at; those that are attributed come first.
    let shown: Vec<&Metric> = metrics.iter().filter(is_known).take(SCORES).collect();
    let names = shown.iter().map(|metric| metric.name.clone());
    let mut sets = Table::new(std::iter::once("intact (means)".to_owned()).chain(names));
    for arm in &summary.arm_order {
        let value =
            |metric: &Metric| summary.arms.get(arm).and_then(|metrics| metrics.get(&metric.name)).and_then(mean);
        sets.row(std::iter::once(arm.clone()).chain(shown.iter().map(|metric| optional(value(metric)))));
    }
    let mut tables = vec![sets];
    for (head, size) in [("modulator", 1), ("pair", 2)] {
        let members = |arm: &str| if ["none", "all"].contains(&arm) { 0 } else { arm.split('+').count() };
        let arms: Vec<&String> = summary.arm_order.iter().filter(|arm| members(arm) == size).collect();
        // An attribution belongs to the arms that have it.
        let has = |metric: &&Metric| {
            arms.first().and_then(|arm| summary.arms.get(*arm)).is_some_and(|of| of.contains_key(&metric.name))
        };
        let attributions = summary.metrics.iter().filter(|metric| metric.role == Role::Attribution);
        let columns: Vec<&Metric> = attributions.filter(has).collect();
        let mut table = Table::new(std::iter::once(head.to_owned()).chain(columns.iter().map(|one| one.name.clone())));
        let sum = summary.arm_order.iter().filter(|arm| *arm == "all" && size == 1);
        for arm in arms.into_iter().chain(sum) {
            let sample = |metric: &Metric| summary.arms.get(arm).and_then(|metrics| metrics.get(&metric.name));
            let cells =
                columns.iter().map(|one| sample(one).map_or_else(|| "–".to_owned(), |sample| cell(one, sample)));
            table.row(std::iter::once(if arm == "all" { "sum".to_owned() } else { arm.clone() }).chain(cells));
        }
        tables.push(table);
    }
    tables
}

/// The mean over seeds, if every seed has a value.
fn mean(sample: &Sample) -> Option<f64> {
    let values: Option<Vec<f64>> = sample.values.iter().copied().collect();
    values.map(|values| tegmentum::evidence::statistics::mean(&values)).filter(|mean| mean.is_finite())
}

fn table(summary: &Summary, metrics: &[Metric]) -> Table {
    let names = metrics.iter().map(|metric| metric.name.clone());
    let mut table = Table::new(std::iter::once("arm".to_owned()).chain(names));
    for arm in &summary.arm_order {
        let sample = |metric: &Metric| summary.arms.get(arm).and_then(|metrics| metrics.get(&metric.name));
        let cells =
            metrics.iter().map(|metric| sample(metric).map_or_else(|| "–".to_owned(), |sample| cell(metric, sample)));
        table.row(std::iter::once(arm.clone()).chain(cells));
    }
    table
}

/// `0.0123 [0.0100, 0.0150]`, and the number of seeds that failed, if any did; `291 of 300` where seeds are counted; `none` for
/// what no run of the study has.
fn cell(metric: &Metric, sample: &Sample) -> String {
    if sample.is_none() {
        return "none".to_owned();
    }
    if metric.is_share() {
        return format!("{} of {}", sample.ones(), sample.n);
    }
    let mut text = optional(sample.iqm);
    if let Some(ends) = sample.ci95 {
        text = format!("{text} {}", interval(ends.map(Some)));
    }
    for (count, word) in [(sample.failed(), "failed"), (sample.undefined, "without")] {
        if count > 0 {
            text = format!("{text}, {count} {word}");
        }
    }
    text
}

/// A verdict as a sign, a word and a colour.
fn sign(verdict: Verdict) -> (&'static str, &'static str, Style) {
    match verdict {
        Verdict::Supported => ("✓", "supported", Style::new().green()),
        Verdict::NotSupported => ("✗", "not supported", Style::new().red()),
        Verdict::Inconclusive => ("?", "inconclusive", Style::new().yellow()),
    }
}

fn claim_lines(claim: &ClaimOutcome, output: &Output) -> [String; 2] {
    let (sign, _, style) = sign(claim.verdict);
    let text = wrapped(&claim.claim, output.width(), 2);
    let (effect, ends) = (optional(claim.effect), interval(claim.ci95));
    let why = claim.reason.as_ref().map_or_else(String::new, |reason| format!("; {reason}"));
    let detail = format!("{}: {effect} {ends}; wanted {}, n = {}{why}", claim.statistic, claim.threshold, claim.n);
    let detail = format!("  {}", wrapped(&detail, output.width(), 2));
    [format!("{} {text}", output.styled(&style, sign)), output.styled(&Style::new().dim(), &detail)]
}
