//! The scores of a run of Go/No-Go.
//!
//! With several shifts, what happens after a shift is averaged over them; `solved` asks for every one of them.

use super::Cue;
use crate::behaviour::environment::TrialReport;
use crate::behaviour::scores::{
    CRITERION_CORRECT, CRITERION_WINDOW, Score, ShiftErrors, SignalDetection, area_of_loss, choice_entropy,
    fit_learning_rate, savings, trials_to_criterion, win_stay_lose_shift,
};

/// Trials at the end of a rule, and right after a shift, that are looked at.
const LATE: usize = 100;
const EARLY: usize = 50;
/// Accuracy at the end of a rule that counts as solved.
const SOLVED: f64 = 0.9;
/// Trials after a shift within which a burst is an answer to it.
const BURST: usize = 20;

/// | score | meaning |
/// |---|---|
/// | `solved` | 1 if the last 100 trials of the rule after every shift are at least 90 % correct, else 0 |
/// | `shifts_solved` | share of the shifts of which that is true |
/// | `trials_to_criterion` | trials after a shift to 38 of 40 correct; infinite if a rule never gets there |
/// | `accuracy_before`, `accuracy_after`, `accuracy_late` | of the last 100 trials of the first rule, of 50 after a shift, of the last 100 of a later rule |
/// | `entropy_before`, `entropy_after`, `entropy_late` | of the policy at the Go cue of the rule in force, in bits: last 100, first 50, last 50 trials |
/// | `choice_entropy_after` | the same as `entropy_after`, from choices |
/// | `bursts_before` | bursts of the locus coeruleus under the first rule |
/// | `burst_within_20`, `first_burst` | whether it burst within 20 trials of a shift, and trials to the first one (from 1; infinite if none) |
/// | `bursts_after` | bursts under a later rule |
/// | `hit_rate`, `false_alarm_rate`, `d_prime`, `criterion` | in the last 100 trials of a later rule |
/// | `perseverative_errors`, `regressive_errors`, `other_errors` | after a shift |
/// | `area_of_loss` | trials lost after a shift, against `accuracy_before` |
/// | `win_stay`, `lose_shift`, `learning_rate_before`, `learning_rate_after` | from choices: whole run; last 100 trials of the first rule, first 100 after a shift |
/// | `first_trials_to_criterion` | for the first rule |
/// | `savings` | of the last rule, if it was in force before |
///
/// With one rule only those that speak of the first rule or of the whole run are there.
const NAMES: [&str; 29] = [
    "solved",
    "shifts_solved",
    "trials_to_criterion",
    "accuracy_before",
    "accuracy_after",
    "accuracy_late",
    "entropy_before",
    "entropy_after",
    "entropy_late",
    "choice_entropy_after",
    "bursts_before",
    "burst_within_20",
    "first_burst",
    "bursts_after",
    "hit_rate",
    "false_alarm_rate",
    "d_prime",
    "criterion",
    "perseverative_errors",
    "regressive_errors",
    "other_errors",
    "area_of_loss",
    "win_stay",
    "lose_shift",
    "learning_rate_before",
    "learning_rate_after",
    "first_trials_to_criterion",
    "savings",
    "reward",
];

/// What a run that never shifts has.
const WITHOUT_SHIFT: [&str; 8] = [
    "accuracy_before",
    "entropy_before",
    "bursts_before",
    "win_stay",
    "lose_shift",
    "learning_rate_before",
    "first_trials_to_criterion",
    "reward",
];

/// The names of the scores that runs under `rules` can have.
pub(super) fn names(rules: &[Cue]) -> impl Iterator<Item = &'static str> {
    let shifts = rules.len() > 1;
    let returns = rules.split_last().is_some_and(|(last, earlier)| earlier.contains(last));
    let known = move |name: &&str| match *name {
        "savings" => returns,
        name => shifts || WITHOUT_SHIFT.contains(&name),
    };
    NAMES.into_iter().filter(known)
}

/// One rule and its trials.
#[derive(Clone, Copy)]
struct RuleTrials<'a> {
    cue: Cue,
    trials: &'a [TrialReport],
}

impl<'a> RuleTrials<'a> {
    fn first(&self, count: usize) -> &'a [TrialReport] {
        &self.trials[..count.min(self.trials.len())]
    }

    fn last(&self, count: usize) -> &'a [TrialReport] {
        &self.trials[self.trials.len().saturating_sub(count)..]
    }

    fn trials_needed(&self) -> f64 {
        let correct = self.trials.iter().map(|trial| trial.correct);
        trials_to_criterion(correct, CRITERION_WINDOW, CRITERION_CORRECT)
    }

    /// Mean entropy of the policy where the Go cue was there.
    fn entropy(&self, trials: &[TrialReport]) -> f64 {
        mean(trials.iter().filter(|trial| self.cue.is_in(trial.condition)).map(|trial| trial.entropy))
    }
}

/// Mean of `values`; NaN of none.
fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, count) = values.into_iter().fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

fn accuracy(trials: &[TrialReport]) -> f64 {
    mean(trials.iter().map(|trial| f64::from(u8::from(trial.correct))))
}

fn bursts(trials: &[TrialReport]) -> f64 {
    trials.iter().filter(|trial| trial.burst).count() as f64
}

/// Trials as (condition, choice, reward).
fn choices(trials: &[TrialReport]) -> Vec<(u16, usize, f64)> {
    trials.iter().map(|trial| (trial.condition, trial.action as usize, trial.reward)).collect()
}

fn learning_rate(trials: &[TrialReport]) -> f64 {
    fit_learning_rate(&choices(trials), 2).map_or(f64::NAN, |fit| fit.learning_rate)
}

/// The scores, in the order of [`names`].
pub(super) fn scores(rules: &[Cue], trials: &[TrialReport]) -> Vec<Score> {
    let ended = trials.last().is_none_or(|trial| trial.block == 0) && rules.len() > 1;
    let known = |name: &str| names(rules).any(|known| known == name);
    let named = NAMES.into_iter().zip(all(rules, trials)).filter(|(name, _)| known(name));
    let score = |(name, value)| {
        let after = ended && !WITHOUT_SHIFT.contains(&name);
        Score::of(value, if after { "the run ends before the rule shifts" } else { "no trial of this kind" })
    };
    named.map(score).collect()
}

/// All values, in the order of [`NAMES`]; NaN where a run has none.
fn all(rules: &[Cue], trials: &[TrialReport]) -> [f64; NAMES.len()] {
    let blocks: Vec<RuleTrials<'_>> = trials
        .chunk_by(|one, next| one.block == next.block)
        .zip(rules)
        .map(|(trials, &cue)| RuleTrials { cue, trials })
        .collect();
    let Some((first, later)) = blocks.split_first() else { return [f64::NAN; NAMES.len()] };
    let over = |of: &dyn Fn(&RuleTrials<'_>) -> f64| mean(later.iter().map(of));
    let before = accuracy(first.last(LATE));
    let solved = |block: &RuleTrials<'_>| f64::from(u8::from(accuracy(block.last(LATE)) >= SOLVED));
    let shares = over(&solved);
    let errors: Vec<ShiftErrors> = blocks.windows(2).map(|pair| shift_errors(pair[0].cue, &pair[1])).collect();
    let count = |of: fn(&ShiftErrors) -> u64| mean(errors.iter().map(|errors| of(errors) as f64));
    let detection = |of: fn(&SignalDetection) -> f64| over(&|block| of(&signal_detection(block)));
    let (win_stay, lose_shift) = win_stay_lose_shift(choices(trials));
    [
        if later.is_empty() { f64::NAN } else { f64::from(u8::from(shares == 1.0)) },
        shares,
        over(&|block| block.trials_needed()),
        before,
        over(&|block| accuracy(block.first(EARLY))),
        over(&|block| accuracy(block.last(LATE))),
        first.entropy(first.last(LATE)),
        over(&|block| block.entropy(block.first(EARLY))),
        over(&|block| block.entropy(block.last(EARLY))),
        over(&choice_entropy_after),
        bursts(first.trials),
        over(&|block| f64::from(u8::from(bursts(block.first(BURST)) > 0.0))),
        over(&first_burst),
        over(&|block| bursts(block.trials)),
        detection(SignalDetection::hit_rate),
        detection(SignalDetection::false_alarm_rate),
        detection(SignalDetection::d_prime),
        detection(SignalDetection::criterion),
        count(|errors| errors.perseverative),
        count(|errors| errors.regressive),
        count(|errors| errors.other),
        over(&|block| area_of_loss(before, block.trials.iter().map(|trial| trial.correct))),
        win_stay,
        lose_shift,
        learning_rate(first.last(LATE)),
        over(&|block| learning_rate(block.first(LATE))),
        first.trials_needed(),
        savings_of_last(&blocks),
        mean(trials.iter().map(|trial| trial.reward)),
    ]
}

fn first_burst(block: &RuleTrials<'_>) -> f64 {
    block.trials.iter().position(|trial| trial.burst).map_or(f64::INFINITY, |trial| (trial + 1) as f64)
}

fn choice_entropy_after(block: &RuleTrials<'_>) -> f64 {
    let go_cue = block.first(EARLY).iter().filter(|trial| block.cue.is_in(trial.condition));
    choice_entropy(go_cue.map(|trial| (trial.condition, trial.action as usize)))
}

fn signal_detection(block: &RuleTrials<'_>) -> SignalDetection {
    let trials = block.last(LATE).iter();
    SignalDetection::count(trials.map(|trial| (block.cue.is_in(trial.condition), trial.action >= 0.5)))
}

fn shift_errors(old: Cue, block: &RuleTrials<'_>) -> ShiftErrors {
    let conflict = |trial: &TrialReport| old.is_in(trial.condition) != block.cue.is_in(trial.condition);
    ShiftErrors::count(block.trials.iter().map(|trial| (conflict(trial), trial.correct)))
}

/// Savings of the last rule, if it was in force before.
fn savings_of_last(blocks: &[RuleTrials<'_>]) -> f64 {
    let Some((last, earlier)) = blocks.split_last() else { return f64::NAN };
    let original = earlier.iter().find(|block| block.cue == last.cue);
    original.map_or(f64::NAN, |block| savings(block.trials_needed(), last.trials_needed(), last.trials.len() as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two rules of 400 trials; A is Go, then X. The compounds come in turn.
    fn run(answer: impl Fn(usize, u16) -> bool) -> Vec<TrialReport> {
        (0..800)
            .map(|trial| {
                let (condition, block) = ((trial % 4) as u16, u16::from(trial >= 400));
                let wanted = [Cue::A, Cue::X][usize::from(block)].is_in(condition);
                let go = answer(trial, condition);
                let reward = f64::from(u8::from(go)) * if wanted { 1.0 } else { -1.0 };
                let action = f64::from(u8::from(go));
                let burst = trial == 404;
                TrialReport {
                    condition,
                    block,
                    action,
                    reward,
                    correct: go == wanted,
                    entropy: 0.5,
                    burst,
                    ..TrialReport::default()
                }
            })
            .collect()
    }

    fn score(trials: &[TrialReport], name: &str) -> f64 {
        let values = all(&[Cue::A, Cue::X], trials);
        values[NAMES.iter().position(|&known| known == name).unwrap()]
    }

    #[test]
    fn an_agent_that_never_learns_the_second_rule() {
        let trials = run(|_, condition| condition < 2);
        for (name, value) in [
            ("solved", 0.0),
            ("accuracy_before", 1.0),
            ("accuracy_after", 0.5),
            ("accuracy_late", 0.5),
            ("trials_to_criterion", f64::INFINITY),
            ("first_trials_to_criterion", 40.0),
            ("perseverative_errors", 200.0),
            ("regressive_errors", 0.0),
            ("other_errors", 0.0),
            ("area_of_loss", 200.0),
            ("hit_rate", 0.5),
            ("false_alarm_rate", 0.5),
            ("d_prime", 0.0),
            ("entropy_after", 0.5),
            ("choice_entropy_after", 0.0),
            ("bursts_before", 0.0),
            ("burst_within_20", 1.0),
            ("first_burst", 5.0),
            ("bursts_after", 1.0),
            ("win_stay", 1.0),
            ("lose_shift", 0.0),
        ] {
            assert_eq!(score(&trials, name), value, "{name}");
        }
        assert!(score(&trials, "savings").is_nan());
    }

    #[test]
    fn an_agent_that_shifts_after_sixty_trials() {
        let trials = run(|trial, condition| if trial < 460 { condition < 2 } else { condition % 2 == 0 });
        // 30 errors in 60 trials, the last ones in trials 54, 55, 58 and 59: a window of 40 holds two of them from trial 95 on.
        for (name, value) in [("solved", 1.0), ("trials_to_criterion", 95.0), ("perseverative_errors", 30.0)] {
            assert_eq!(score(&trials, name), value, "{name}");
        }
    }

    #[test]
    fn a_rule_that_comes_back_has_savings() {
        let rules = [Cue::A, Cue::X, Cue::A];
        let trials: Vec<TrialReport> = (0..300)
            .map(|trial| {
                let correct = !matches!(trial, 0..60 | 100..150 | 200..220);
                TrialReport { block: trial / 100, correct, ..TrialReport::default() }
            })
            .collect();
        let values = all(&rules, &trials);
        let value = |name: &str| values[NAMES.iter().position(|&known| known == name).unwrap()];
        assert_eq!(value("first_trials_to_criterion"), 98.0);
        assert_eq!(value("savings"), (98.0 - 58.0) / 98.0);
        assert_eq!(value("shifts_solved"), 0.0);
    }

    #[test]
    fn what_a_run_does_not_have_is_said_and_what_no_run_can_have_is_not_named() {
        assert!(scores(&[Cue::A, Cue::X], &[]).iter().all(|score| score.reason().is_some()));
        let early = scores(&[Cue::A, Cue::X], &run(|_, _| true)[..400]);
        assert_eq!(early[0], Score::Undefined("the run ends before the rule shifts"));
        assert!(!names(&[Cue::A, Cue::X]).any(|name| name == "savings"));
        assert!(names(&[Cue::A, Cue::X, Cue::A]).any(|name| name == "savings"));
        let one = scores(&[Cue::A], &run(|_, condition| condition < 2)[..400]);
        assert_eq!(one.len(), names(&[Cue::A]).count());
        assert_eq!(one[0], Score::Value(1.0));
    }
}
