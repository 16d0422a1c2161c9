//! The answer to a study's question, in plain sentences: what its claims with an [`Answer`] say, filled in with what was
//! measured.
//!
//! A study writes down before the run what each verdict would mean. After the run the sentences of the verdicts that came
//! about make the answer, in the order of the claims; nothing in it is typed as a result.
//!
//! | in a sentence | becomes |
//! |---|---|
//! | `{effect}` | the claim's effect; of several settings each with its name |
//! | `{range}` | the smallest and the largest effect of several settings |
//! | `{interval}` | its 95 % interval |
//! | `{times}` | how many times as large the reference is: 1 / effect |
//! | `{percent}` | the effect as a percentage |
//! | `{n}` | the number of seeds |
//! | `{ARM METRIC}` | the centre of a metric of an arm |
//! | `{% ARM METRIC}` | the same as a percentage |

use super::config::{Answer, Claim, StudyConfig};
use super::number::{MISSING, brackets, short};
use super::outcome::{ClaimOutcome, Summary, Verdict};

/// Settings that an answer names one by one at most.
const MAX_NAMED: usize = 3;

/// The answer; `None` for a study that does not say what its claims mean.
pub(crate) fn of(study: &StudyConfig, summary: &Summary) -> Option<String> {
    let (mut sentences, mut open) = (Vec::new(), Vec::new());
    for claim in &study.claim {
        let Some(answer) = &claim.answer else { continue };
        let outcomes = outcomes(study, claim, summary);
        match sentence(claim, answer, &outcomes, summary) {
            Some(sentence) => sentences.push(sentence),
            None if outcomes.is_empty() => {}
            None => open.push((claim, outcomes)),
        }
    }
    sentences.extend(undecided(&open));
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// What one claim says; `None` if it is not decided and has no sentence for that.
fn sentence(claim: &Claim, answer: &Answer, outcomes: &[(String, &ClaimOutcome)], summary: &Summary) -> Option<String> {
    let verdict = outcomes.first()?.1.verdict;
    if outcomes.iter().any(|outcome| outcome.1.verdict != verdict) {
        return Some(mixed(claim, outcomes));
    }
    match verdict {
        Verdict::Supported => Some(filled(&answer.supported, outcomes, summary)),
        Verdict::NotSupported => Some(filled(&answer.not_supported, outcomes, summary)),
        Verdict::Inconclusive => answer.inconclusive.as_ref().map(|text| filled(text, outcomes, summary)),
    }
}

/// The outcomes of a claim, each with its setting; the name is empty where there is one, or the claim is about one.
fn outcomes<'a>(study: &StudyConfig, claim: &Claim, summary: &'a Summary) -> Vec<(String, &'a ClaimOutcome)> {
    let settings = study.setting_names();
    let named = |outcome: &'a ClaimOutcome| {
        if outcome.claim == claim.text {
            return Some((String::new(), outcome));
        }
        let rest = outcome.claim.strip_prefix(&claim.text)?.strip_prefix(" (")?.strip_suffix(')')?;
        // A claim about one setting says so itself.
        let name = |setting: &String| if claim.setting.is_some() { String::new() } else { setting.clone() };
        settings.iter().find(|setting| *setting == rest).map(|setting| (name(setting), outcome))
    };
    summary.claims.iter().filter_map(named).collect()
}

/// A claim that holds in some settings only: each setting where they are few, else how many.
fn mixed(claim: &Claim, outcomes: &[(String, &ClaimOutcome)]) -> String {
    let text = claim.text.trim_end_matches('.');
    if outcomes.len() > MAX_NAMED {
        let count = |verdict| outcomes.iter().filter(|outcome| outcome.1.verdict == verdict).count();
        let [yes, no, open] = [Verdict::Supported, Verdict::NotSupported, Verdict::Inconclusive].map(count);
        let (all, range) = (outcomes.len(), range(outcomes));
        return format!("{text}: yes in {yes} of {all} settings, no in {no}, undecided in {open}; measured {range}.");
    }
    let word = |verdict| match verdict {
        Verdict::Supported => "yes",
        Verdict::NotSupported => "no",
        Verdict::Inconclusive => "undecided",
    };
    let each = outcomes
        .iter()
        .map(|(setting, outcome)| format!("{} in {setting} ({})", word(outcome.verdict), effect(outcome)));
    format!("{text}: {}.", each.collect::<Vec<_>>().join(", "))
}

/// The claims that the run does not decide, with what was measured, and why, if it is the same for all.
fn undecided(open: &[(&Claim, Vec<(String, &ClaimOutcome)>)]) -> Option<String> {
    let reason = |outcomes: &[(String, &ClaimOutcome)]| outcomes.iter().find_map(|outcome| outcome.1.reason.clone());
    let first = reason(&open.first()?.1);
    let is_common = open.iter().all(|(_, outcomes)| reason(outcomes) == first);
    let each = open.iter().map(|(claim, outcomes)| {
        let ends = if first.is_none() { format!(" {}", interval(outcomes[0].1)) } else { String::new() };
        let measured = match outcomes.as_slice() {
            [(_, outcome)] => format!("measured {}{ends}", effect(outcome)),
            outcomes => format!("measured {}", range(outcomes)),
        };
        let why = reason(outcomes).filter(|_| !is_common).map_or_else(String::new, |why| format!("; {why}"));
        format!("“{}” ({measured}{why})", claim.text.trim_end_matches('.'))
    });
    let why = first.clone().filter(|_| is_common).map_or_else(String::new, |why| format!(", {why}"));
    Some(format!("Not decided by this run{why}: {}.", each.collect::<Vec<_>>().join("; ")))
}

/// The smallest and the largest effect.
fn range(outcomes: &[(String, &ClaimOutcome)]) -> String {
    let effects = || outcomes.iter().filter_map(|outcome| outcome.1.effect);
    let (least, most) = (effects().fold(f64::INFINITY, f64::min), effects().fold(f64::NEG_INFINITY, f64::max));
    match effects().count() {
        0 => MISSING.to_owned(),
        1 => short(least),
        _ => format!("{} to {}", short(least), short(most)),
    }
}

fn effect(outcome: &ClaimOutcome) -> String {
    outcome.effect.map_or_else(|| MISSING.to_owned(), short)
}

fn interval(outcome: &ClaimOutcome) -> String {
    match outcome.ci95 {
        [None, None] => MISSING.to_owned(),
        [low, high] => brackets([low.unwrap_or(f64::NEG_INFINITY), high.unwrap_or(f64::INFINITY)]),
    }
}

/// A sentence with its numbers.
fn filled(text: &str, outcomes: &[(String, &ClaimOutcome)], summary: &Summary) -> String {
    let each = |write: &dyn Fn(&ClaimOutcome) -> String| {
        let one = |(setting, outcome): &(String, &ClaimOutcome)| match setting.as_str() {
            "" => write(outcome),
            setting => format!("{} ({setting})", write(outcome)),
        };
        outcomes.iter().map(one).collect::<Vec<_>>().join(" and ")
    };
    let known = |value: Option<f64>, write: &dyn Fn(f64) -> String| value.map_or_else(|| MISSING.to_owned(), write);
    let mut sentence = String::new();
    for part in parts(text) {
        match part {
            Part::Text(text) => sentence.push_str(text),
            Part::Effect => sentence.push_str(&each(&effect)),
            Part::Range => sentence.push_str(&range(outcomes)),
            Part::Interval => sentence.push_str(&each(&interval)),
            Part::Times => sentence.push_str(&each(&|outcome| known(outcome.effect, &|effect| short(1.0 / effect)))),
            Part::Percent => sentence.push_str(&each(&|outcome| known(outcome.effect, &percent))),
            Part::Seeds => sentence.push_str(&outcomes.first().map_or(0, |outcome| outcome.1.n).to_string()),
            Part::Metric { arm, metric, is_percent } => {
                let sample = summary.arms.get(arm).and_then(|metrics| metrics.get(metric));
                let value = sample.and_then(|sample| sample.iqm);
                sentence.push_str(&known(value, if is_percent { &percent } else { &short }));
            }
            Part::Unknown(name) => sentence.push_str(name),
        }
    }
    sentence
}

/// `42 %` on one line; one decimal where the whole number would be 0 or 100 and is not exact.
fn percent(share: f64) -> String {
    let (value, whole) = (100.0 * share, (100.0 * share).round());
    let hides = (whole.abs() < 0.5 || (whole.abs() - 100.0).abs() < 0.5) && (value - whole).abs() > 1e-9;
    if hides { format!("{value:.1}\u{a0}%") } else { format!("{whole:.0}\u{a0}%") }
}

/// A piece of a sentence.
#[derive(Debug, PartialEq)]
enum Part<'a> {
    Text(&'a str),
    Effect,
    Range,
    Interval,
    Times,
    Percent,
    Seeds,
    Metric { arm: &'a str, metric: &'a str, is_percent: bool },
    Unknown(&'a str),
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        parts.push(Part::Text(before));
        let Some((name, after)) = after.split_once('}') else {
            parts.push(Part::Unknown(&rest[before.len()..]));
            return parts;
        };
        rest = after;
        parts.push(part(name));
    }
    parts.push(Part::Text(rest));
    parts
}

fn part(name: &str) -> Part<'_> {
    match name {
        "effect" => Part::Effect,
        "range" => Part::Range,
        "interval" => Part::Interval,
        "times" => Part::Times,
        "percent" => Part::Percent,
        "n" => Part::Seeds,
        name => {
            let (is_percent, both) = name.strip_prefix("% ").map_or((false, name), |both| (true, both));
            match both.split_once(' ') {
                Some((arm, metric)) => Part::Metric { arm, metric, is_percent },
                None => Part::Unknown(name),
            }
        }
    }
}

/// What is wrong with the sentences of a claim, if anything is; `arms` and `metrics` are the names in results.
pub(crate) fn check(answer: &Answer, arms: &[String], metrics: &[String]) -> Result<(), String> {
    for text in [Some(&answer.supported), Some(&answer.not_supported), answer.inconclusive.as_ref()] {
        for part in parts(text.map_or("", String::as_str)) {
            match part {
                Part::Unknown(name) => {
                    return Err(format!(
                        "answer: {{{name}}} is unknown: must be {{effect}}, {{range}}, {{interval}}, {{times}}, \
                        {{percent}}, {{n}} or {{ARM METRIC}}"
                    ));
                }
                Part::Metric { arm, .. } if !arms.iter().any(|known| known == arm) => {
                    return Err(format!("answer: there is no arm {arm:?}"));
                }
                Part::Metric { metric, .. } if !metrics.iter().any(|known| known == metric) => {
                    return Err(format!("answer: there is no metric {metric:?}"));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(verdict: Verdict) -> ClaimOutcome {
        ClaimOutcome {
            claim: "It is faster".to_owned(),
            verdict,
            effect: Some(0.25),
            ci95: [Some(0.2), None],
            n: 7,
            statistic: String::new(),
            threshold: "≤ 0.5".to_owned(),
            reason: None,
        }
    }

    #[test]
    fn sentences_are_filled_with_what_was_measured() {
        let text = "{times} times as fast: {effect} {interval}, {percent} of the time, {n} seeds.";
        let summary = crate::built_in("xor").map(|study| crate::result::summary(&study, vec![], vec![], vec![]));
        let outcome = outcome(Verdict::Supported);
        let one = filled(text, &[(String::new(), &outcome)], summary.as_ref().unwrap());
        assert_eq!(one, "4 times as fast: 0.25 [0.2, ∞], 25\u{a0}% of the time, 7 seeds.");
        let two = [("a".to_owned(), &outcome), ("b".to_owned(), &outcome)];
        assert_eq!(filled("{effect}", &two, summary.as_ref().unwrap()), "0.25 (a) and 0.25 (b)");
        assert_eq!(filled("{dopamine loss}", &two, summary.as_ref().unwrap()), "–");
    }

    #[test]
    fn what_is_not_decided_is_said_once() {
        let study = crate::built_in("lorenz").unwrap();
        let open = ClaimOutcome { reason: Some("too few seeds: 3".to_owned()), ..outcome(Verdict::Inconclusive) };
        let undecided = undecided(&[
            (&study.claim[0], vec![(String::new(), &open)]),
            (&study.claim[1], vec![("a".to_owned(), &open), ("b".to_owned(), &open)]),
        ]);
        let text = undecided.unwrap();
        assert!(text.starts_with("Not decided by this run, too few seeds: 3: “Dopamine, untuned, reaches"), "{text}");
        assert!(text.contains("(measured 0.25); “") && text.ends_with("(measured 0.25 to 0.25)."), "{text}");
    }

    #[test]
    fn percentages_do_not_hide_rare_failures() {
        assert_eq!(
            [0.996, 1.0, 0.004, 0.0, 0.42].map(percent),
            ["99.6\u{a0}%", "100\u{a0}%", "0.4\u{a0}%", "0\u{a0}%", "42\u{a0}%"]
        );
    }

    #[test]
    fn unknown_names_are_refused() {
        let answer =
            |text: &str| Answer { supported: text.to_owned(), not_supported: String::new(), inconclusive: None };
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let problem = |text: &str| check(&answer(text), &names(&["a"]), &names(&["loss"])).err().unwrap_or_default();
        assert_eq!(problem("{effect} {a loss} {% a loss}"), "");
        assert_eq!(problem("{b loss}"), "answer: there is no arm \"b\"");
        assert_eq!(problem("{a gain}"), "answer: there is no metric \"gain\"");
        assert!(problem("{efect}").starts_with("answer: {efect} is unknown"), "{}", problem("{efect}"));
        assert!(problem("{effect").contains("unknown"));
    }
}
