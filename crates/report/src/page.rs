//! The page around the studies: what this is, all verdicts, how it was made, how to read and to cite it.

use std::collections::BTreeMap;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use tegmentum_study::outcome::{ClaimOutcome, Verdict};

use super::figure::STYLE;
use super::study::{card, line, section};
use super::{StudyReport, number};

/// A longer list of commands stands at the end of the page alone.
const COMMAND: usize = 200;

/// The whole page.
pub(crate) fn page(studies: &[StudyReport<'_>], provenance: &[(String, String)]) -> Markup {
    let anchors = anchors(studies);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Tegmentum report" }
                style { (PreEscaped(include_str!("style.css"))) (PreEscaped(STYLE)) (PreEscaped(highlights())) }
            }
            body {
                a.skip href="#answers" { "Skip to the answers" }
                (head(provenance))
                (contents())
                main {
                    (answers(studies, &anchors, provenance))
                    (overview(studies, &anchors))
                    div id="studies" {
                        @for (study, anchor) in studies.iter().zip(&anchors) { (section(study, anchor)) }
                    }
                }
                (colophon(provenance))
            }
        }
    }
}

/// Fades the other series of a figure while the pointer is on a name in its legend.
fn highlights() -> String {
    let rule = |index| format!("figure:has(.legend .s{index}:hover) .series:not(.s{index}){{opacity:.12}}\n");
    (0..24).map(rule).collect()
}

/// Name, purpose, when and how.
fn head(provenance: &[(String, String)]) -> Markup {
    let facts =
        ["Started", "Version", "Commit"].into_iter().filter_map(|label| Some((label, find(provenance, label)?)));
    html! {
        header {
            p.kicker { "Report" }
            h1 { "Tegmentum" }
            p.lead {
                "Networks trained by forward passes alone, under the control of four neuromodulators: what each study "
                "asked, what it found, and how sure that is."
            }
            p.facts { @for (index, (label, value)) in facts.enumerate() { @if index > 0 { " · " } (label) " " (value) } }
            @if let Some(command) = find(provenance, "Command").filter(|command| command.len() < COMMAND) {
                p.facts { code { (command) } }
            }
        }
    }
}

/// The links to the parts of the page.
fn contents() -> Markup {
    html! {
        nav aria-label="Contents" {
            ul {
                li { a href="#answers" { "Answers" } }
                li { a href="#claims" { "All claims" } }
                li { a href="#studies" { "Studies in full" } }
                li { a href="#provenance" { "How this was made" } }
                li { a href="#reading" { "How to read it" } }
                li { a href="#citing" { "How to cite it" } }
            }
        }
    }
}

/// What was found: a card for each study.
fn answers(studies: &[StudyReport<'_>], anchors: &[String], provenance: &[(String, String)]) -> Markup {
    let claims: Vec<_> = studies.iter().flat_map(|study| &study.summary.claims).collect();
    html! {
        section id="answers" aria-labelledby="answers-title" {
            h2 id="answers-title" { "Answers" }
            p.tally { (tally(&claims)) }
            @let short = studies.iter().filter(|study| study.summary.quick).count();
            @if short > 0 { (quick_banner(short, studies.len(), provenance)) }
            div.cards { @for (study, anchor) in studies.iter().zip(anchors) { (card(study, anchor)) } }
        }
    }
}

/// That runs are shortened, and what a full run would add.
fn quick_banner(short: usize, all: usize, provenance: &[(String, String)]) -> Markup {
    html! {
        p.banner role="note" {
            strong { "Shortened runs" }
            ": " (short) " of " (all) " studies were run with fewer seeds than they have, some with smaller budgets or on fewer "
            "rates. A claim that this cannot decide is inconclusive and says why."
            @for (label, value) in provenance.iter().filter(|(label, _)| label.starts_with("A full run")) {
                " " (label) " " (value)
            }
        }
    }
}

/// All claims of all studies, folded.
fn overview(studies: &[StudyReport<'_>], anchors: &[String]) -> Markup {
    html! {
        section.study {
            details {
                summary { h2 { "All claims" } }
                table.stack.claims id="claims" {
                    thead {
                        tr {
                            th scope="col" { "Verdict" }
                            th scope="col" { "Claim, as written before the run" }
                            th scope="col" { "Study" }
                            th.number scope="col" { "Effect" }
                            th scope="col" { "95 % interval" }
                            th.number scope="col" { "Threshold" }
                            th.number scope="col" { "n" }
                        }
                    }
                    tbody {
                        @for (study, anchor) in studies.iter().zip(anchors) {
                            @for claim in &study.summary.claims { (line(claim, Some((&study.summary.study, anchor)))) }
                        }
                    }
                }
            }
        }
    }
}

/// How many claims met which fate, in a sentence.
fn tally(claims: &[&ClaimOutcome]) -> String {
    let count = |verdict| claims.iter().filter(|claim| claim.verdict == verdict).count();
    let total = match claims.len() {
        0 => return "No claims were tested.".to_owned(),
        1 => "1 claim".to_owned(),
        count => format!("{count} claims"),
    };
    let [supported, not_supported, inconclusive] =
        [Verdict::Supported, Verdict::NotSupported, Verdict::Inconclusive].map(count);
    format!("{total}: {supported} supported, {not_supported} not supported, {inconclusive} inconclusive.")
}

/// Machine and commands, how to read, how to cite.
fn colophon(provenance: &[(String, String)]) -> Markup {
    html! {
        section.study id="provenance" aria-labelledby="provenance-title" {
            details {
                summary { h2 id="provenance-title" { "How this was made" } }
                dl.provenance {
                    @for (label, value) in provenance {
                        dt { (label) }
                        dd { @if label.starts_with("Command") { code { (value) } } @else { (value) } }
                    }
                }
                @if provenance.is_empty() { p { "No record of the machine and the command was given." } }
            }
        }
        section.study aria-labelledby="reading" { h2 id="reading" { "How to read it" } (reading()) }
        section.study aria-labelledby="citing" { h2 id="citing" { "How to cite it" } (citing(provenance)) }
    }
}

/// What the numbers mean.
fn reading() -> Markup {
    html! {
        ul {
            li { "The centre of a metric is its interquartile mean, the mean of the middle half of the seeds: it ignores a few very "
                "good or very bad seeds, and uses more of the data than the median. For a metric that counts seeds it is their share." }
            li { "Intervals are 95 % intervals over the seeds. Quartiles are those of the seeds and not an interval of the median." }
            li { "n is the number of seeds, or of pairs of seeds. A seed fails if it never reached its target or if its "
                "result is not a finite number; it counts as worse than all others. A centre is not finite, and shown as “"
                (number::MISSING) "”, if a quarter or more of the seeds failed." }
            li { "A claim is a test written into the study before the run. It is supported if the whole interval lies on "
                "the claim’s side of the threshold, not supported if the whole interval lies on the other side, and "
                "inconclusive if the interval contains the threshold." }
            li { "In box plots a dot is a seed, the box reaches from the first to the third quartile, the thick line is "
                "the median, and the whiskers reach to the last seeds within 1.5 box lengths. Failed seeds have no dot; "
                "their number is written beside the box, which describes the others only." }
        }
    }
}

/// How to name this report and the papers behind it.
fn citing(provenance: &[(String, String)]) -> Markup {
    html! {
        p {
            "Cite the software by the entry in its file " code { "CITATION.cff" } ", with the version"
            @if let Some(version) = find(provenance, "Version") { " (" (version) ")" }
            " and the commit" @if let Some(commit) = find(provenance, "Commit") { " (" code { (commit) } ")" }
            ", and name the study. The studies follow two papers; cite these for the ideas:"
        }
        ul {
            li { cite { "Dopamine-driven synaptic credit assignment in neural networks" } ", arXiv:2510.22178." }
            li {
                cite { "Improving the adaptive and continuous learning capabilities of artificial neural networks: lessons "
                    "from multi-neuromodulatory dynamics" } ", arXiv:2501.06762."
            }
        }
    }
}

/// The value of a label of the provenance, whatever the case of its letters.
fn find<'a>(provenance: &'a [(String, String)], label: &str) -> Option<&'a str> {
    provenance.iter().find(|(name, _)| name.eq_ignore_ascii_case(label)).map(|(_, value)| value.as_str())
}

/// Anchors of the studies, all different even if two have the same name.
fn anchors(studies: &[StudyReport<'_>]) -> Vec<String> {
    let mut seen = BTreeMap::<String, usize>::new();
    let mut anchor = |study: &StudyReport<'_>| {
        let name = format!("study-{}", slug(&study.summary.study));
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        if *count == 1 { name } else { format!("{name}.{count}") }
    };
    studies.iter().map(&mut anchor).collect()
}

/// A name as part of an anchor: letters and digits, all else a hyphen.
pub(crate) fn slug(name: &str) -> String {
    let part = |character: char| if character.is_alphanumeric() { character } else { '-' };
    name.chars().flat_map(char::to_lowercase).map(part).collect()
}
