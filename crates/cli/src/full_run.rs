//! What the whole of a shortened study would take.

use std::time::Duration;

use tegmentum_study::config::StudyConfig;

use crate::source::Source;

/// The label in a manifest of the seconds that the whole study would take; those of several runs add up.
pub(crate) const SECONDS: &str = "Seconds of a full run (estimate)";

/// Seconds that the whole study would take on this machine, if this run took `spent`: time grows with the evaluations.
pub(crate) fn seconds(source: &Source, spent: Duration) -> f64 {
    let ratio = source.whole.as_ref().map_or(1.0, |whole| work(whole) / work(&source.study).max(1.0));
    spent.as_secs_f64() * ratio
}

/// The evaluations of a study: those of the runs that are reported and those of the searches.
fn work(study: &StudyConfig) -> f64 {
    let budgets: f64 = match study.settings() {
        settings if settings.is_empty() => study.budget as f64,
        settings => settings.iter().map(|setting| setting.budget.unwrap_or(study.budget) as f64).sum(),
    };
    let is_searched = study.kind != "robustness";
    let runs = |arm: &tegmentum_study::config::Arm| {
        let points =
            arm.tune.as_ref().map_or(0, |grid| grid.learning_rate.len().max(1) * grid.perturbation_scale.len().max(1));
        match (points, is_searched) {
            (0, _) => study.seeds.count as f64,
            (points, true) => study.seeds.count as f64 + (points as u64 * study.tuning.seeds.count) as f64,
            (points, false) => (points as u64 * study.seeds.count) as f64,
        }
    };
    let runs: f64 = if study.arm.is_empty() { study.seeds.count as f64 } else { study.arm.iter().map(runs).sum() };
    budgets * runs
}

/// A length of time for people: `40 s`, `12 min`, `2 h 10 min`.
pub(crate) fn words(seconds: f64) -> String {
    let minutes = (seconds / 60.0).round();
    match seconds {
        seconds if seconds < 90.0 => format!("{seconds:.0} s"),
        seconds if seconds < 5400.0 => format!("{minutes:.0} min"),
        _ => format!("{:.0} h {:.0} min", (minutes / 60.0).floor(), minutes % 60.0),
    }
}

/// What to say of a full run that would take so many seconds.
pub(crate) fn advice(seconds: f64) -> String {
    format!(
        "takes about {} on this machine, with all seeds, budgets and settings (`reproduce --full`, or `run` without `--quick`).",
        words(seconds)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_grows_with_seeds_and_budgets() {
        let whole = tegmentum_study::built_in("lorenz").unwrap();
        let study = whole.clone().shortened();
        let seeds = whole.seeds.count as f64 / study.seeds.count as f64;
        let estimate = seconds(&Source { study: study.clone(), whole: Some(whole) }, Duration::from_secs(1));
        assert!(estimate > seeds, "more seeds and more rates to search: {estimate}");
        assert_eq!(seconds(&Source { study, whole: None }, Duration::from_secs(7)), 7.0);
    }

    #[test]
    fn lengths_of_time() {
        assert_eq!([40.0, 700.0, 7800.0].map(words), ["40 s", "12 min", "2 h 10 min"]);
    }
}
