//! What a study found, for a terminal: arms and metrics in a table, then the claims with their verdicts.

use console::Style;
use tegmentum_study::config::{Kind, StudyConfig};
use tegmentum_study::outcome::{ClaimOutcome, Sample, Summary, Verdict, is_share};

use crate::output::{Output, wrapped};
use tegmentum_report::{interval, optional};
use crate::table::Table;

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

/// The tables of a study: its arms, and for lesions what is attributed to whom.
fn tables(study: &StudyConfig, summary: &Summary) -> Vec<Table> {
    if study.kind == Kind::Lesions {
        return lesions(study, summary);
    }
    let metrics = metrics(study, summary);
    if metrics.is_empty() { Vec::new() } else { vec![table(summary, &metrics)] }
}

/// Means of all sets, then the Shapley values of the modulators and the synergies of pairs.
fn lesions(study: &StudyConfig, summary: &Summary) -> Vec<Table> {
    let scores: Vec<String> = metrics(&study.underlying(), summary);
    let is_known = |metric: &String| summary.arms.values().any(|metrics| metrics.get(metric).and_then(mean).is_some());
    let attributed: Vec<String> = study.metric_names().into_iter().filter(|name| !scores.contains(name)).collect();
    // What is attributed first, then as many others as a reader looks at.
    let is_attributed = |score: &&String| attributed.contains(&format!("shapley_{score}"));
    let first = scores.iter().filter(is_attributed);
    let others = scores.iter().filter(|score| !is_attributed(score));
    let shown: Vec<String> = first.chain(others).filter(|score| is_known(score)).take(SCORES).cloned().collect();
    let mut sets = Table::new(std::iter::once("intact (means)".to_owned()).chain(shown.iter().cloned()));
    for arm in &summary.arm_order {
        let value = |metric: &String| summary.arms.get(arm).and_then(|metrics| metrics.get(metric)).and_then(mean);
        sets.row(std::iter::once(arm.clone()).chain(shown.iter().map(|metric| optional(value(metric)))));
    }
    let of = |start: &str| attributed.iter().filter(|name| name.starts_with(start)).cloned().collect::<Vec<_>>();
    let mut tables = vec![sets];
    for (head, columns, size) in
        [("modulator", of("shapley_"), 1), ("pair", [of("synergy_"), of("interaction_")].concat(), 2)]
    {
        let mut table = Table::new(std::iter::once(head.to_owned()).chain(columns.iter().cloned()));
        let members = |arm: &str| if ["none", "all"].contains(&arm) { 0 } else { arm.split('+').count() };
        let sum = summary.arm_order.iter().filter(|arm| *arm == "all" && size == 1);
        for arm in summary.arm_order.iter().filter(|arm| members(arm) == size).chain(sum) {
            let sample = |metric: &String| summary.arms.get(arm).and_then(|metrics| metrics.get(metric));
            let cells = columns.iter().map(|name| sample(name).map_or_else(|| "–".to_owned(), |one| cell(name, one)));
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

/// The metrics worth a column: the study's own and its targets', or all that a study of another kind defines.
fn metrics(study: &StudyConfig, summary: &Summary) -> Vec<String> {
    let measured = |name: &String| summary.arms.values().any(|metrics| metrics.contains_key(name));
    let is_claimed = |name: &String| study.claim.iter().any(|claim| claim.metric == *name);
    if matches!(study.kind, Kind::Compare | Kind::Robustness) {
        let accounting = ["evaluations", "state_bytes", "non_finite", "surprises"];
        let is_shown = |name: &String| is_claimed(name) || !accounting.contains(&name.as_str());
        return study.metric_names().into_iter().filter(measured).filter(is_shown).collect();
    }
    if study.kind == Kind::Dose {
        return metrics(&study.underlying(), summary);
    }
    if study.kind == Kind::Switching {
        let of_a_stream = ["evaluations_to_relearn", "phases_solved", "detections", "false_alarms", "savings"];
        let is_shown = |name: &String| is_claimed(name) || of_a_stream.contains(&name.as_str());
        return study.metric_names().into_iter().filter(measured).filter(is_shown).collect();
    }
    if study.kind == Kind::Behaviour {
        return study.metric_names();
    }
    let mut names: Vec<String> = summary.arms.values().flat_map(|metrics| metrics.keys().cloned()).collect();
    names.sort();
    names.dedup();
    names
}

fn table(summary: &Summary, metrics: &[String]) -> Table {
    let mut table = Table::new(std::iter::once("arm".to_owned()).chain(metrics.iter().cloned()));
    for arm in &summary.arm_order {
        let sample = |metric: &String| summary.arms.get(arm).and_then(|metrics| metrics.get(metric));
        let cells =
            metrics.iter().map(|metric| sample(metric).map_or_else(|| "–".to_owned(), |sample| cell(metric, sample)));
        table.row(std::iter::once(arm.clone()).chain(cells));
    }
    table
}

/// `0.0123 [0.0100, 0.0150]`, and the number of seeds that failed, if any did; `291 of 300` where seeds are counted.
fn cell(metric: &str, sample: &Sample) -> String {
    if is_share(metric) {
        return format!("{} of {}", sample.values.iter().filter(|value| **value == Some(1.0)).count(), sample.n);
    }
    let failed = sample.values.iter().filter(|value| value.is_none()).count();
    let mut text = optional(sample.iqm);
    if let Some(ends) = sample.ci95 {
        text = format!("{text} {}", interval(ends.map(Some)));
    }
    if failed > 0 { format!("{text}, {failed} failed") } else { text }
}

fn claim_lines(claim: &ClaimOutcome, output: &Output) -> [String; 2] {
    let (sign, style) = match claim.verdict {
        Verdict::Supported => ("✓", Style::new().green()),
        Verdict::NotSupported => ("✗", Style::new().red()),
        Verdict::Inconclusive => ("?", Style::new().yellow()),
    };
    let text = wrapped(&claim.claim, output.width(), 2);
    let (effect, ends) = (optional(claim.effect), interval(claim.ci95));
    let detail = format!("{}: {effect} {ends}; wanted {}, n = {}", claim.statistic, claim.threshold, claim.n);
    let detail = format!("  {}", wrapped(&detail, output.width(), 2));
    [format!("{} {text}", output.styled(&style, sign)), output.styled(&Style::new().dim(), &detail)]
}
