//! One study in the page: in short as a card with the answer, and in full, folded: claims, figures, all its numbers, notes.

use std::collections::BTreeSet;

use maud::{Markup, html};
use tegmentum_study::outcome::{ClaimOutcome, Figure, FigureContent, Sample, Summary, Verdict};

use super::figure::{content, figure};
use super::number::{interval, optional};
use super::{StudyReport, page};

/// What was asked, the answer, and the picture that shows it.
pub(crate) fn card(study: &StudyReport<'_>, anchor: &str) -> Markup {
    let summary = study.summary;
    html! {
        article.card {
            h3 { a href={ "#" (anchor) } { (summary.title) } }
            p.question { (summary.question) }
            p.answer { (summary.answer) }
            p.verdicts {
                (verdicts(&summary.claims)) " " a href={ "#" (anchor) } { (summary.study) }
                @if summary.quick { " " span.quick { "shortened" } }
            }
            @if let Some(picture) = headline(study) {
                div.picture role="group" aria-label=(picture.title) {
                    p.aside { (picture.title) }
                    (content(picture, &study.order()))
                }
            }
        }
    }
}

/// The figure that shows the answer: the one that the study names, else the first that is a picture.
fn headline<'a>(study: &StudyReport<'a>) -> Option<&'a Figure> {
    let named = study.study.picture.as_ref();
    let is_picture = |figure: &&Figure| !matches!(figure.content, FigureContent::Table { .. });
    let is_named = |figure: &&Figure| Some(&figure.id) == named;
    study.figures.iter().find(is_named).or_else(|| study.figures.iter().find(is_picture))
}

/// How many claims met which fate, as signs with numbers.
fn verdicts(claims: &[ClaimOutcome]) -> Markup {
    let count = |verdict| claims.iter().filter(|claim| claim.verdict == verdict).count();
    html! {
        @for verdict in [Verdict::Supported, Verdict::NotSupported, Verdict::Inconclusive] {
            @let number = count(verdict);
            @if number > 0 { (mark(verdict, &format!("{number} {}", word(verdict).to_lowercase()))) " " }
        }
    }
}

/// The section of a study, folded; its anchor is unique in the page.
pub(crate) fn section(study: &StudyReport<'_>, anchor: &str) -> Markup {
    let summary = study.summary;
    let order = study.order();
    html! {
        section.study aria-labelledby={ (anchor) "-title" } {
            details {
                summary { h2 id={ (anchor) "-title" } { (summary.title) } }
                div id=(anchor) {
                    p.kicker { "Study " (summary.study) @if summary.quick { " " span.quick { "shortened" } } }
                    p { (summary.question) }
                    p.answer { (summary.answer) }
                    @if !summary.claims.is_empty() { h3 { "Claims" } (claims(&summary.claims)) }
                    @if !study.figures.is_empty() {
                        h3 { "Figures" }
                        div.figures {
                            @for content in study.figures {
                                (figure(content, &format!("{anchor}-{}", page::slug(&content.id)), &order))
                            }
                        }
                    }
                    @if !summary.arms.is_empty() { h3 { "All numbers" } (arms(summary)) }
                    @if !summary.notes.is_empty() {
                        h3 { "Notes" }
                        ul { @for note in &summary.notes { li { (note) } } }
                    }
                }
            }
        }
    }
}

/// The claims of a study with what decided them.
fn claims(claims: &[ClaimOutcome]) -> Markup {
    html! {
        table.stack.claims {
            thead {
                tr {
                    th scope="col" { "Verdict" }
                    th scope="col" { "Claim, as written before the run" }
                    th.number scope="col" { "Effect" }
                    th scope="col" { "95 % interval" }
                    th.number scope="col" { "Threshold" }
                    th.number scope="col" { "n" }
                }
            }
            tbody { @for claim in claims { (line(claim, None)) } }
        }
    }
}

/// A claim in a table; with a link to its study where the table has claims of several.
pub(crate) fn line(claim: &ClaimOutcome, study: Option<(&str, &str)>) -> Markup {
    html! {
        tr {
            td { (badge(claim.verdict)) }
            td.statement {
                (claim.claim)
                span.under { (claim.reason.as_ref().unwrap_or(&claim.statistic)) }
            }
            @if let Some((name, anchor)) = study { td data-label="Study" { a href={ "#" (anchor) } { (name) } } }
            td.number data-label="Effect" { (optional(claim.effect)) }
            td.interval data-label="95 % interval" { (interval(claim.ci95)) }
            td.number data-label="Threshold" { (claim.threshold) }
            td.number data-label="n" { (claim.n) }
        }
    }
}

/// A verdict as a word.
fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Supported => "Supported",
        Verdict::NotSupported => "Not supported",
        Verdict::Inconclusive => "Inconclusive",
    }
}

/// A verdict as a sign, a word and a colour.
fn badge(verdict: Verdict) -> Markup {
    mark(verdict, word(verdict))
}

/// The sign and the colour of a verdict with a text.
fn mark(verdict: Verdict, text: &str) -> Markup {
    let (class, sign) = match verdict {
        Verdict::Supported => ("supported", "M2 6.5 4.8 9.3 10 3"),
        Verdict::NotSupported => ("not-supported", "M2.5 2.5l7 7M9.5 2.5l-7 7"),
        Verdict::Inconclusive => ("inconclusive", "M1.5 7.2C3 4 4.8 4.6 6 6s3 2 4.5-1.2"),
    };
    html! {
        span class={ "badge " (class) } { svg viewBox="0 0 12 12" aria-hidden="true" { path d=(sign) {} } (text) }
    }
}

/// All arms by all metrics; the arms of a metric stand together, because they are what is compared.
fn arms(summary: &Summary) -> Markup {
    let metrics: BTreeSet<&String> = summary.arms.values().flat_map(|metrics| metrics.keys()).collect();
    html! {
        details {
            summary { "Every arm and metric" }
            table.stack {
                thead {
                    tr {
                        th scope="col" { "Arm" }
                        th.number scope="col" { "n" }
                        th.number scope="col" { "Centre" }
                        th scope="col" { "95 % interval" }
                        th.number scope="col" { "Median" }
                        th scope="col" { "Quartiles" }
                        th.number scope="col" { "Failed" }
                    }
                }
                @for metric in metrics {
                    tbody {
                        tr { th.metric scope="rowgroup" colspan="7" { (heading(summary, metric)) } }
                        @for (arm, sample) in samples(summary, metric) { (row(arm, sample)) }
                    }
                }
            }
        }
    }
}

/// The name of a metric with its unit.
fn heading(summary: &Summary, metric: &str) -> String {
    let unit = summary.metric(metric).map(|metric| metric.unit.as_str()).unwrap_or_default();
    if unit.is_empty() { metric.to_owned() } else { format!("{metric} ({unit})") }
}

/// The samples of a metric: first the arms in the order of the study, then any that the order forgot.
fn samples<'a>(summary: &'a Summary, metric: &str) -> Vec<(&'a str, &'a Sample)> {
    let forgotten = summary.arms.keys().filter(|arm| !summary.arm_order.contains(arm));
    let arms = summary.arm_order.iter().chain(forgotten);
    arms.filter_map(|arm| Some((arm.as_str(), summary.arms.get(arm)?.get(metric)?))).collect()
}

/// A line of the table.
fn row(arm: &str, sample: &Sample) -> Markup {
    html! {
        tr {
            th scope="row" { (arm) }
            td.number data-label="n" { (sample.n) }
            @if sample.is_none() {
                td colspan="5" { "none in this study" }
            } @else {
                td.number data-label="Centre" { (optional(sample.iqm)) }
                td.interval data-label="95 % interval" { (interval(ends(sample.ci95))) }
                td.number data-label="Median" { (optional(sample.median)) }
                td.interval data-label="Quartiles" { (interval(sample.quartiles)) }
                td.number data-label="Failed" { (sample.failed()) }
            }
        }
    }
}

/// An interval that may be missing as ends that may be.
fn ends(interval: Option<[f64; 2]>) -> [Option<f64>; 2] {
    interval.map_or([None, None], |ends| ends.map(Some))
}
