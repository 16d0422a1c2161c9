//! The test of claims: a 95 % interval over seeds against the threshold that was written before the run.
//!
//! - A number of one arm: the bootstrap interval of its statistic; a share of runs has its exact interval.
//! - A difference or a ratio of two arms: seeds are drawn in pairs. A run of the reference that never reached a target counts with its
//!   whole budget, which can only make the ratio less favourable to the arm; a run of the arm that never reached it counts
//!   as infinite.
//!
//! Supported if the whole interval is on the claim's side, not supported if it is wholly on the other, else inconclusive.
//!
//! # No verdict
//! A claim is inconclusive, and says why, where an interval says nothing:
//! - **too few seeds**: fewer than [`MIN_SEEDS`];
//! - **all runs have the same value**: the interval has no width for want of data. It gets the width that the data leave open:
//!   with n equal values at most the share 1 − 0.025^(1/n) of all runs differs, and no run lies beyond the bounds of the
//!   metric. A median of six and an interquartile mean of thirteen equal values are certain;
//! - **no value**: no run has the metric, or the effect is not finite;
//! - **the reference diverged** in so many runs that its centre is one of them;
//! - **shortened**: the run had less than the study's budget, or searched on fewer rates or seeds, and the claim is not marked as one that can
//!   be decided so.

use super::config::{Claim, StudyConfig};
use super::execution::Design;
use super::metric::{Metric, Role};
use super::number::short;
use super::outcome::{ClaimOutcome, Verdict};
use super::result::share;
use super::trial::ArmTrials;
use tegmentum::evidence::statistics::{Effect, Estimate, RESAMPLES, Statistic, bootstrap, paired_comparison};
use tegmentum::random::Key;

/// Fewest seeds that a verdict can be based on.
pub const MIN_SEEDS: usize = 5;
/// The probability that is left beyond one end of an interval.
pub(crate) const BEYOND: f64 = 0.025;

/// Tests every claim in every setting.
pub(crate) fn test(design: &Design<'_>, all: &[ArmTrials]) -> Vec<ClaimOutcome> {
    let settings = design.study.setting_names();
    let mut outcomes = Vec::new();
    for claim in &design.study.claim {
        let is_meant = |name: &str| claim.setting.as_deref().is_none_or(|wanted| wanted == name);
        for setting in (0..settings.len()).filter(|&setting| is_meant(&settings[setting])) {
            let find = |name: &str| all.iter().find(|arm| arm.setting == setting && arm.arm.name == name);
            let Some(arm) = find(&claim.arm) else { continue };
            let reference = claim.reference.as_deref().and_then(find);
            let metric = design.metric(&claim.metric);
            let suffix = if settings.len() > 1 { format!(" ({})", settings[setting]) } else { String::new() };
            let (estimate, problem) = measure(claim, &metric, arm, reference);
            let problem = problem.or_else(|| too_short(design.study, claim, &settings[setting]));
            outcomes.push(outcome(
                claim,
                format!("{}{suffix}", claim.text),
                estimate,
                statistic(claim, &metric, arm, reference),
                problem,
            ));
        }
    }
    outcomes
}

/// The outcome of a claim from its estimate; `problem` says why there is no verdict, if there is none.
pub(crate) fn outcome(
    claim: &Claim,
    text: String,
    estimate: Estimate,
    statistic: String,
    problem: Option<String>,
) -> ClaimOutcome {
    let finite = |value: f64| value.is_finite().then_some(value);
    let seen = verdict(estimate.ci95, claim.at_most, claim.at_least);
    let reason = problem.or_else(|| undefined(&estimate, seen));
    ClaimOutcome {
        claim: text,
        verdict: if reason.is_some() { Verdict::Inconclusive } else { seen },
        effect: finite(estimate.value),
        ci95: estimate.ci95.map(finite),
        n: estimate.n,
        statistic,
        threshold: threshold(claim.at_most, claim.at_least),
        reason,
    }
}

/// Why an effect that is not finite says nothing: one that does not exist, and one that is infinite where more was claimed.
fn undefined(estimate: &Estimate, seen: Verdict) -> Option<String> {
    let says_nothing = estimate.value.is_nan() || (estimate.value.is_infinite() && seen == Verdict::Supported);
    says_nothing.then(|| "undefined: the effect has no finite value".to_owned())
}

/// The effect with its interval, and why there is no verdict on it, if there is none.
fn measure(
    claim: &Claim,
    metric: &Metric,
    arm: &ArmTrials,
    reference: Option<&ArmTrials>,
) -> (Estimate, Option<String>) {
    let n = arm.trials.len();
    let nothing = Estimate { value: f64::NAN, ci95: [f64::NAN; 2], n };
    if let Some(empty) = std::iter::once(arm).chain(reference).find(|arm| !arm.has(metric)) {
        let why = empty.why_none(metric).map_or_else(String::new, |why| format!(" ({why})"));
        return (nothing, Some(format!("undefined: no run of {} has a value of {}{why}", empty.name, metric.name)));
    }
    if let Some(problem) = reference.and_then(|reference| diverged(claim, reference)) {
        return (nothing, Some(problem));
    }
    let estimate = estimate(claim, metric, arm, reference);
    if n < MIN_SEEDS {
        return (estimate, Some(format!("too few seeds: {n}, and a verdict needs at least {MIN_SEEDS}")));
    }
    widen_if_equal(claim, metric, estimate, reference.is_some())
}

fn estimate(claim: &Claim, metric: &Metric, arm: &ArmTrials, reference: Option<&ArmTrials>) -> Estimate {
    let values = arm.values(metric);
    let key = Key::from_seed(0xC1A1_4000 + values.len() as u64);
    let Some(reference) = reference else {
        if metric.is_share() {
            return share(&values);
        }
        let estimate = bootstrap(&values, |values| claim.statistic.of(values), RESAMPLES, key);
        return Estimate { ci95: metric.bounded(estimate.ci95), ..estimate };
    };
    let mut others = reference.values(metric);
    if metric.role == Role::TimeToEvent {
        for (value, spent) in others.iter_mut().zip(reference.raw(super::metric::EVALUATIONS)) {
            *value = value.min(spent);
        }
    }
    paired_comparison(&values, &others, claim.statistic, claim.effect, RESAMPLES, key).unwrap_or(Estimate {
        value: f64::NAN,
        ci95: [f64::NAN; 2],
        n: 0,
    })
}

/// Why nothing is compared with a reference whose centre is a run that diverged.
fn diverged(claim: &Claim, reference: &ArmTrials) -> Option<String> {
    let (n, diverged) = (reference.trials.len(), reference.diverged());
    let tolerated = match claim.statistic {
        Statistic::Mean => 0,
        Statistic::InterquartileMean => n / 4,
        Statistic::Median => n.saturating_sub(1) / 2,
    };
    (diverged > tolerated).then(|| format!("the reference diverged: {diverged} of {n} runs of {}", reference.name))
}

/// The interval of a statistic of equal values, with the width that so few of them leave open.
fn widen_if_equal(claim: &Claim, metric: &Metric, estimate: Estimate, paired: bool) -> (Estimate, Option<String>) {
    let Estimate { value, ci95: [low, high], n } = estimate;
    let has_width = low < high || !value.is_finite() || (metric.is_share() && !paired);
    if has_width || metric.role == Role::Accounting || is_certain(claim.statistic, n) {
        return (estimate, None);
    }
    let ci95 = match (paired, claim.effect) {
        (false, _) => open(value, metric.bounds, n, metric.is_count),
        (true, Effect::Difference) => {
            let span = metric.bounds[1] - metric.bounds[0];
            open(value, [-span, span], n, false)
        }
        (true, Effect::Ratio) => [f64::NEG_INFINITY, f64::INFINITY],
    };
    let undecided = verdict(ci95, claim.at_most, claim.at_least) == Verdict::Inconclusive;
    let reason = format!("too few seeds: all {n} gave the same value");
    (Estimate { ci95, ..estimate }, undecided.then_some(reason))
}

/// Whether `n` equal values fix a statistic: it would differ only if a half (a quarter) of all runs did.
fn is_certain(statistic: Statistic, n: usize) -> bool {
    match statistic {
        Statistic::Median => 0.5f64.powi(n as i32) <= BEYOND,
        Statistic::InterquartileMean => 0.75f64.powi(n as i32) <= BEYOND,
        Statistic::Mean => false,
    }
}

/// Where the mean may lie if `n` runs all had `value`: at most the share 1 − 0.025^(1/n) of runs differs, and none lies beyond the
/// bounds; where events are counted and there was none, their number is Poisson's.
fn open(value: f64, bounds: [f64; 2], n: usize, is_count: bool) -> [f64; 2] {
    let share = 1.0 - BEYOND.powf(1.0 / n as f64);
    let end = |bound: f64| if bound == value { value } else { value + share * (bound - value) };
    let [low, high] = bounds.map(end);
    let none = is_count && value == 0.0;
    [low, if none { -BEYOND.ln() / n as f64 } else { high }]
}

/// Why a shortened run does not decide a claim.
pub(crate) fn too_short(study: &StudyConfig, claim: &Claim, setting: &str) -> Option<String> {
    let shortened = study.shortened.as_ref().filter(|_| !claim.when_shortened)?;
    if let Some(short) = shortened.budget.iter().find(|short| short.setting == setting || shortened.budget.len() == 1) {
        return Some(format!("shortened: a run had {} of {} evaluations", short.now, short.whole));
    }
    let arms = std::iter::once(&claim.arm).chain(&claim.reference);
    let coarse: Vec<&str> = arms.filter(|arm| shortened.searched.contains(arm)).map(String::as_str).collect();
    (!coarse.is_empty())
        .then(|| format!("shortened: the rates of {} were searched on fewer rates or seeds", coarse.join(", ")))
}

/// What the effect is, in words.
fn statistic(claim: &Claim, metric: &Metric, arm: &ArmTrials, reference: Option<&ArmTrials>) -> String {
    match reference {
        Some(reference) => format!(
            "{} of {} of {} {} that of {}, paired by seed",
            claim.statistic.name(),
            claim.metric,
            arm.name,
            if claim.effect == Effect::Ratio { "over" } else { "minus" },
            reference.name
        ),
        None if metric.is_share() => format!("share of runs of {} that are {}", arm.name, claim.metric),
        None => format!("{} of {} of {}", claim.statistic.name(), claim.metric, arm.name),
    }
}

/// The threshold in words.
pub(crate) fn threshold(at_most: Option<f64>, at_least: Option<f64>) -> String {
    match (at_most, at_least) {
        (Some(most), _) => format!("≤ {}", short(most)),
        (_, Some(least)) => format!("≥ {}", short(least)),
        _ => String::new(),
    }
}

/// What an interval says about a threshold.
pub(crate) fn verdict(ci95: [f64; 2], at_most: Option<f64>, at_least: Option<f64>) -> Verdict {
    let [low, high] = ci95;
    let (holds, fails) = match (at_most, at_least) {
        (Some(most), _) => (high <= most, low > most),
        (_, Some(least)) => (low >= least, high < least),
        _ => (false, false),
    };
    match (holds, fails) {
        (true, _) => Verdict::Supported,
        (_, true) => Verdict::NotSupported,
        _ => Verdict::Inconclusive,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_decides_only_if_it_is_on_one_side() {
        assert_eq!(verdict([1.0, 2.0], Some(2.0), None), Verdict::Supported);
        assert_eq!(verdict([1.0, 2.0], Some(0.9), None), Verdict::NotSupported);
        assert_eq!(verdict([1.0, 2.0], Some(1.5), None), Verdict::Inconclusive);
        assert_eq!(verdict([1.0, 2.0], None, Some(1.0)), Verdict::Supported);
        assert_eq!(verdict([1.0, f64::INFINITY], None, Some(3.0)), Verdict::Inconclusive);
        assert_eq!(verdict([f64::NAN; 2], Some(1.0), None), Verdict::Inconclusive);
    }

    #[test]
    fn equal_values_leave_open_what_few_runs_cannot_exclude() {
        // Ten runs of ten were right: one in three may still be wrong.
        let [low, high] = open(1.0, [0.0, 1.0], 10, false);
        assert!((low - 0.6915).abs() < 1e-3 && high == 1.0, "{low} {high}");
        // No event in eight runs: up to 0.46 a run.
        let [low, high] = open(0.0, [0.0, f64::INFINITY], 8, true);
        assert!(low == 0.0 && (high - 0.461).abs() < 1e-3, "{high}");
        assert_eq!(open(0.3, [f64::NEG_INFINITY, f64::INFINITY], 100, false), [f64::NEG_INFINITY, f64::INFINITY]);
        assert!(is_certain(Statistic::Median, 6) && !is_certain(Statistic::Median, 5));
        assert!(is_certain(Statistic::InterquartileMean, 13) && !is_certain(Statistic::InterquartileMean, 12));
    }
}
