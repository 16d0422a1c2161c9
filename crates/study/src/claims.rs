//! The test of claims: a 95 % bootstrap interval over seeds against the threshold that was written before the run.
//!
//! - A number of one arm: the interval of its statistic; a share of solved runs has Wilson's interval.
//! - A difference or a ratio of two arms: seeds are drawn in pairs. A run of the reference that never reached a target counts with its
//!   whole budget, which can only make the ratio less favourable to the arm; a run of the arm that never reached it counts
//!   as infinite.
//!
//! Supported if the whole interval is on the claim's side, not supported if it is wholly on the other, else inconclusive.
//! A statistic that is the same for every seed has an interval of width zero: it then decides alone.

use super::config::{Claim, StudyConfig};
use super::figures::short;
use super::outcome::{ClaimOutcome, Verdict, is_share};
use super::run::ArmTrials;
use tegmentum::error::Error;
use tegmentum::evidence::statistics::{Effect, Estimate, RESAMPLES, bootstrap, paired_comparison, wilson_interval};
use tegmentum::random::Key;

/// Tests every claim in every setting.
pub(crate) fn test(study: &StudyConfig, all: &[ArmTrials]) -> Vec<ClaimOutcome> {
    let settings = study.setting_names();
    let mut outcomes = Vec::new();
    for claim in &study.claim {
        let is_meant = |name: &str| claim.setting.as_deref().is_none_or(|wanted| wanted == name);
        for setting in (0..settings.len()).filter(|&setting| is_meant(&settings[setting])) {
            let find = |name: &str| all.iter().find(|arm| arm.setting == setting && arm.arm.name == name);
            let Some(arm) = find(&claim.arm) else { continue };
            let reference = claim.reference.as_deref().and_then(find);
            let estimate = estimate(claim, arm, reference);
            let suffix = if settings.len() > 1 { format!(" ({})", settings[setting]) } else { String::new() };
            outcomes.push(outcome(claim, format!("{}{suffix}", claim.text), estimate, arm, reference));
        }
    }
    outcomes
}

fn estimate(claim: &Claim, arm: &ArmTrials, reference: Option<&ArmTrials>) -> Estimate {
    let values = arm.values(&claim.metric);
    let key = Key::from_seed(0xC1A1_4000 + values.len() as u64);
    let Some(reference) = reference else {
        if is_share(&claim.metric) {
            return wilson_interval(values.iter().filter(|&&value| value > 0.5).count(), values.len());
        }
        return bootstrap(&values, |values| claim.statistic.of(values), RESAMPLES, key);
    };
    let mut others = reference.values(&claim.metric);
    if claim.metric.starts_with("evaluations_to_") {
        for (value, spent) in others.iter_mut().zip(reference.values("evaluations")) {
            *value = value.min(spent);
        }
    }
    paired_comparison(&values, &others, claim.statistic, claim.effect, RESAMPLES, key).unwrap_or(Estimate {
        value: f64::NAN,
        ci95: [f64::NAN; 2],
        n: 0,
    })
}

fn outcome(
    claim: &Claim,
    text: String,
    estimate: Estimate,
    arm: &ArmTrials,
    reference: Option<&ArmTrials>,
) -> ClaimOutcome {
    let finite = |value: f64| value.is_finite().then_some(value);
    let statistic = match reference {
        Some(reference) => format!(
            "{} of {} of {} {} that of {}, paired by seed",
            claim.statistic.name(),
            claim.metric,
            arm.name,
            if claim.effect == Effect::Ratio { "over" } else { "minus" },
            reference.name
        ),
        None if is_share(&claim.metric) => {
            format!("share of runs of {} that are {}", arm.name, claim.metric)
        }
        None => format!("{} of {} of {}", claim.statistic.name(), claim.metric, arm.name),
    };
    ClaimOutcome {
        claim: text,
        verdict: verdict(estimate.ci95, claim.at_most, claim.at_least),
        effect: finite(estimate.value),
        ci95: estimate.ci95.map(finite),
        n: estimate.n,
        statistic,
        threshold: threshold(claim.at_most, claim.at_least),
    }
}

/// The error for a claim whose arm or metric a study of this kind does not have.
pub(crate) fn unknown(study: &StudyConfig, claim: &Claim) -> Error {
    Error::Study {
        origin: study.name.clone(),
        problem: format!("claim {:?}: there is no metric {:?} of {:?} in it", claim.text, claim.metric, claim.arm),
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
}
