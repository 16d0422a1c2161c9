//! What a study found, for a terminal: arms and metrics in a table, then the claims with their verdicts.

use console::Style;
use tegmentum::study::config::{Kind, StudyConfig};
use tegmentum::study::outcome::{ClaimOutcome, Sample, Summary, Verdict, is_share};

use crate::output::{Output, wrapped};
use crate::report::{interval, optional};
use crate::table::Table;

/// The lines to print.
pub(crate) fn lines(study: &StudyConfig, summary: &Summary, output: &Output) -> Vec<String> {
    let width = output.width();
    let heading = if summary.quick { format!("{} (shortened)", summary.title) } else { summary.title.clone() };
    let mut lines = vec![
        String::new(),
        output.styled(&Style::new().bold(), &wrapped(&format!("{}: {heading}", summary.study), width, 0)),
        wrapped(&summary.question, width, 0),
    ];
    let metrics = metrics(study, summary);
    if !metrics.is_empty() {
        lines.push(String::new());
        lines.extend(table(summary, &metrics).lines(width));
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

/// The metrics worth a column: the study's own and its targets', or all that a study of another kind defines.
fn metrics(study: &StudyConfig, summary: &Summary) -> Vec<String> {
    let measured = |name: &String| summary.arms.values().any(|metrics| metrics.contains_key(name));
    let is_claimed = |name: &String| study.claim.iter().any(|claim| claim.metric == *name);
    if matches!(study.kind, Kind::Compare | Kind::Robustness) {
        let accounting = ["evaluations", "state_bytes", "non_finite", "surprises"];
        let is_shown = |name: &String| is_claimed(name) || !accounting.contains(&name.as_str());
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
