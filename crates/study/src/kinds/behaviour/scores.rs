//! What the scores of an environment are: unit, direction, bounds.
//!
//! A score that is not among them, such as one of an environment of one's own, is a number that describes, without bounds.

use crate::metric::Metric;
use tegmentum::behaviour::environments::EnvironmentConfig;

/// The scores of an environment, the first being what arms are compared on.
pub(in crate::kinds) fn of(environment: &EnvironmentConfig) -> Vec<Metric> {
    environment.score_names().iter().map(|name| score(name)).collect()
}

/// A score by its name, or by the beginning of it for one that there is of each block, phase, or delay.
fn score(name: &str) -> Metric {
    let of_part = |base: &str| name.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'));
    match name {
        "solved" => Metric::share(name),
        "shifts_solved" | "burst_within_20" => Metric::larger(name).unit("share of shifts").within(0.0, 1.0),
        "trials_to_criterion" => Metric::smaller(name).time_to_event("trials"),
        "first_trials_to_criterion" | "first_burst" => Metric::smaller(name).unit("trials").within(0.0, f64::INFINITY),
        "bursts_before" | "bursts_after" => Metric::smaller(name).count("bursts"),
        "perseverative_errors" | "regressive_errors" | "other_errors" => Metric::smaller(name).count("errors"),
        "d_prime" => Metric::larger(name).unit("standard deviations"),
        "balanced" | "hit_rate" | "go_correct" | "stop_success" | "after_reversal" => fraction(Metric::larger(name)),
        "false_alarm_rate" | "omissions" => fraction(Metric::smaller(name)),
        "win_stay" | "lose_shift" => fraction(Metric::neutral(name)),
        "savings" | "reward" => Metric::larger(name),
        "stop_signal_reaction_time" | "go_reaction_time" => Metric::smaller(name).unit("steps"),
        "stop_signal_delay" => Metric::neutral(name).unit("steps"),
        _ if of_part("accuracy") || of_part("correct") => fraction(Metric::larger(name)),
        _ if of_part("entropy") || name.starts_with("choice_entropy") => {
            Metric::smaller(name).unit("bits").within(0.0, f64::INFINITY)
        }
        _ if of_part("error") => Metric::smaller(name).within(0.0, f64::INFINITY),
        _ if name.ends_with("_effect") || name == "learning_rate_change" => Metric::neutral(name),
        _ if of_part("learning_rate") => Metric::neutral(name).within(0.0, f64::INFINITY),
        _ if of_part("found") => fraction(Metric::larger(name)),
        _ if of_part("steps") => Metric::smaller(name).unit("steps").within(0.0, f64::INFINITY),
        "old_goal_late" => fraction(Metric::smaller(name)),
        _ if of_part("stay") => fraction(Metric::neutral(name)),
        "area_of_loss" => Metric::smaller(name).unit("trials"),
        _ => Metric::neutral(name),
    }
}

/// A share of trials.
fn fraction(metric: Metric) -> Metric {
    metric.unit("share of trials").within(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::Direction;
    use tegmentum::behaviour::environments::EnvironmentConfig;

    #[test]
    fn every_environment_is_compared_on_a_score_with_a_direction() {
        for environment in EnvironmentConfig::registry() {
            let scores = of(&environment);
            assert_eq!(scores.len(), environment.score_names().len());
            assert_ne!(scores[0].direction, Direction::Neither, "{}", scores[0].name);
        }
    }

    #[test]
    fn scores_of_parts_are_what_their_whole_is() {
        assert_eq!(score("error_block_3").direction, Direction::Smaller);
        assert_eq!(score("correct_delay_4").bounds, [0.0, 1.0]);
        assert_eq!(score("learning_rate_hazard_effect").bounds[0], f64::NEG_INFINITY);
        assert_eq!(score("errors_of_mine").direction, Direction::Neither);
    }
}
