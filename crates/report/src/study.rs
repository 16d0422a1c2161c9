//! One study in the page: question, answer, claims, figures, all its numbers, notes.

use std::collections::BTreeSet;

use maud::{Markup, html};
use tegmentum_study::outcome::{ClaimOutcome, Sample, Summary, Verdict};

use super::figure::figure;
use super::number::{MISSING, interval, optional};
use super::{StudyReport, page};

/// The section of a study, under an anchor that is unique in the page.
pub(crate) fn section(study: &StudyReport<'_>, anchor: &str) -> Markup {
    let summary = study.summary;
    html! {
        section.study id=(anchor) aria-labelledby={ (anchor) "-title" } {
            p.kicker { "Study " (summary.study) }
            h2 id={ (anchor) "-title" } { (summary.title) }
            @if summary.quick { (quick_banner(&[])) }
            p { (summary.question) }
            p.answer { (summary.answer) }
            @if !summary.claims.is_empty() { h3 { "Claims" } (claims(&summary.claims)) }
            @if !study.figures.is_empty() { h3 { "Figures" } }
            @for content in study.figures { (figure(content, &format!("{anchor}-{}", page::slug(&content.id)))) }
            @if !summary.arms.is_empty() { h3 { "All numbers" } (arms(summary)) }
            @if !summary.notes.is_empty() {
                h3 { "Notes" }
                ul { @for note in &summary.notes { li { (note) } } }
            }
        }
    }
}

/// The warning of shortened runs of these studies.
pub(crate) fn quick_banner(studies: &[&str]) -> Markup {
    html! {
        p.banner role="note" {
            strong { "Shortened run" @if !studies.is_empty() { " of " (studies.join(", ")) } ": " }
            "figures are indicative only."
        }
    }
}

/// The claims of a study with what decided them.
fn claims(claims: &[ClaimOutcome]) -> Markup {
    html! {
        div.scroll role="region" tabindex="0" aria-label="Claims" {
            table.claims {
                thead {
                    tr {
                        th scope="col" { "Verdict" }
                        th scope="col" { "Claim, as written before the run" }
                        th.estimate scope="col" colspan="2" { "Effect [95 % interval]" }
                        th.number scope="col" { "Threshold" }
                        th.number scope="col" { "n" }
                    }
                }
                tbody {
                    @for claim in claims {
                        tr {
                            td { (badge(claim.verdict)) }
                            td.statement { (claim.claim) span.under { (claim.statistic) } }
                            (estimate(claim.effect, claim.ci95))
                            td.number.threshold { (claim.threshold) }
                            td.number.seeds { (claim.n) }
                        }
                    }
                }
            }
        }
    }
}

/// Two cells: a value and the brackets after it, or one dash if nothing is known.
pub(crate) fn estimate(value: Option<f64>, ends: [Option<f64>; 2]) -> Markup {
    let brackets = interval(ends);
    html! {
        td.number { (optional(value)) }
        td.interval { @if brackets != MISSING { (brackets) } }
    }
}

/// A verdict as a sign, a word and a colour.
pub(crate) fn badge(verdict: Verdict) -> Markup {
    let (class, word, sign) = match verdict {
        Verdict::Supported => ("supported", "Supported", "M2 6.5 4.8 9.3 10 3"),
        Verdict::NotSupported => ("not-supported", "Not supported", "M2.5 2.5l7 7M9.5 2.5l-7 7"),
        Verdict::Inconclusive => ("inconclusive", "Inconclusive", "M1.5 7.2C3 4 4.8 4.6 6 6s3 2 4.5-1.2"),
    };
    html! {
        span class={ "badge " (class) } { svg viewBox="0 0 12 12" aria-hidden="true" { path d=(sign) {} } (word) }
    }
}

/// All arms by all metrics; the arms of a metric stand together, because they are what is compared.
fn arms(summary: &Summary) -> Markup {
    let metrics: BTreeSet<&String> = summary.arms.values().flat_map(|metrics| metrics.keys()).collect();
    html! {
        details open {
            summary { "Every arm and metric" }
            div.scroll role="region" tabindex="0" aria-label="Every arm and metric" {
                table {
                    thead {
                        tr {
                            th scope="col" { "Arm" }
                            th.number scope="col" { "n" }
                            th.estimate scope="col" colspan="2" { "IQM [95 % interval]" }
                            th.estimate scope="col" colspan="2" { "Median [quartiles]" }
                            th.number scope="col" { "Failed" }
                        }
                    }
                    @for metric in metrics {
                        tbody {
                            tr { th.metric scope="rowgroup" colspan="7" { (metric) } }
                            @for (arm, sample) in samples(summary, metric) { (row(arm, sample)) }
                        }
                    }
                }
            }
        }
    }
}

/// The samples of a metric: first the arms in the order of the study, then any that the order forgot.
fn samples<'a>(summary: &'a Summary, metric: &str) -> Vec<(&'a str, &'a Sample)> {
    let forgotten = summary.arms.keys().filter(|arm| !summary.arm_order.contains(arm));
    let arms = summary.arm_order.iter().chain(forgotten);
    arms.filter_map(|arm| Some((arm.as_str(), summary.arms.get(arm)?.get(metric)?))).collect()
}

/// A line of the table.
fn row(arm: &str, sample: &Sample) -> Markup {
    let failed = sample.values.iter().filter(|value| value.is_none_or(|value| !value.is_finite())).count();
    html! {
        tr {
            th scope="row" { (arm) }
            td.number { (sample.n) }
            (estimate(sample.iqm, ends(sample.ci95)))
            (estimate(sample.median, sample.quartiles))
            td.number { (failed) }
        }
    }
}

/// An interval that may be missing as ends that may be.
fn ends(interval: Option<[f64; 2]>) -> [Option<f64>; 2] {
    interval.map_or([None, None], |ends| ends.map(Some))
}
