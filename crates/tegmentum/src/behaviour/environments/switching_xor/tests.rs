use super::*;
use crate::behaviour::environments::conformance::play;

fn clean() -> SwitchingXorConfig {
    SwitchingXorConfig { noise: 0.0, trials_per_block: 50, ..SwitchingXorConfig::default() }
}

/// Trials under answers that may look at what is seen and at the outcomes so far.
fn answered(
    config: SwitchingXorConfig,
    trials: u64,
    mut answer: impl FnMut(&[f32], &[Outcome]) -> usize,
) -> Vec<Outcome> {
    let mut environment = config.build().unwrap();
    let mut observation = vec![0.0; environment.num_observations()];
    let mut outcomes = Vec::new();
    for trial in 0..trials {
        environment.begin(Key::from_seed(5).child(trial), &mut observation);
        let choice = answer(&observation, &outcomes);
        outcomes.push(environment.step(Action::Choice(choice), &mut observation));
    }
    outcomes
}

#[test]
fn each_cue_and_their_conjunction_have_an_active_population() {
    for conjunctive in [true, false] {
        let mut environment = SwitchingXorConfig { conjunctive, ..clean() }.build().unwrap();
        let mut observation = vec![0.0; environment.num_observations()];
        let mut counts = [0u32; 4];
        for trial in 0..4000 {
            environment.begin(Key::from_seed(1).child(trial), &mut observation);
            let active: Vec<usize> =
                (0..environment.config.populations()).filter(|&index| observation[10 * index] > 0.0).collect();
            let condition = usize::from(environment.step(Action::Choice(0), &mut observation).condition);
            counts[condition] += 1;
            let expected = [condition / 2, 2 + condition % 2, 4 + condition];
            assert_eq!(active, expected[..if conjunctive { 3 } else { 2 }]);
        }
        // Standard deviation of a count is 27.
        assert!(counts.iter().all(|count| count.abs_diff(1000) < 135), "{counts:?}");
    }
}

/// The truth table, and that every block turns it round.
#[test]
fn the_rule_is_the_exclusive_or_and_is_turned_round() {
    for (trial, outcome) in answered(clean(), 400, |_, _| 1).into_iter().enumerate() {
        let [a, b] = [outcome.condition / 2, outcome.condition % 2];
        assert_eq!(usize::from(outcome.block), trial / 50);
        let wanted = (a != b) != (outcome.block % 2 == 1);
        assert_eq!((outcome.correct, outcome.reward), (wanted, f64::from(u8::from(wanted))));
    }
}

/// An observer of the whole rule errs at the first trial after a switch and nowhere else; one that keeps the last right answer of each
/// conjunction errs once for each.
#[test]
fn observers_err_once_or_four_times_a_switch() {
    let right = |outcome: &Outcome| outcome.target as usize;
    let whole = answered(clean(), 1000, |seen, outcomes| {
        let odd = usize::from(seen[10 * 5] > 0.0 || seen[10 * 6] > 0.0);
        outcomes
            .last()
            .map_or(odd, |last| right(last) ^ usize::from((last.condition == 1 || last.condition == 2) != (odd == 1)))
    });
    let errors = |outcomes: &[Outcome]| outcomes.iter().filter(|outcome| !outcome.correct).count();
    assert_eq!(errors(&whole), 19);
    let parts = answered(clean(), 1000, |seen, outcomes| {
        let condition = (0..4).find(|place| seen[10 * (4 + place)] > 0.0).unwrap();
        let last = outcomes.iter().rev().find(|outcome| usize::from(outcome.condition) == condition);
        last.map_or(usize::from(condition == 1 || condition == 2), right)
    });
    // All four come up in nearly every block of fifty.
    assert!((72..=76).contains(&errors(&parts)), "{}", errors(&parts));
}

/// A table of situations that forgets what failed and guesses errs twice a switch for each of four situations; a learner that looks at no cue is
/// at chance.
#[test]
fn learners_err_as_their_code_says() {
    let environment = "[switching_xor]\nnoise = 0.0\ntrials_per_block = 100";
    let scores = |agent: &str, trials| -> Vec<f64> {
        let config = SwitchingXorConfig { noise: 0.0, trials_per_block: 100, ..SwitchingXorConfig::default() };
        config.scores(&play(agent, environment, trials, 1)).into_iter().map(Score::or_nan).collect()
    };
    let table = scores("[q_learning]\nlearning_rate = 1.0\ninverse_temperature = 50.0", 4000);
    assert!((table[0] - (1.0 - 8.0 / 100.0)).abs() < 4.0 * (4.0 * 2.0f64 / 40.0).sqrt() / 100.0, "{table:?}");
    assert!(table[1] > 0.99 && (table[2] - (1.0 - 8.0 / 20.0)).abs() < 0.1, "{table:?}");
    let blind = scores("[rescorla_wagner]", 4000);
    // Four standard errors.
    assert!((blind[0] - 0.5).abs() < 4.0 * 0.5 / 4000.0f64.sqrt(), "{blind:?}");
}

/// Sums of cues are right for three of the four compounds at most; with conjunctions the same agent learns it.
#[test]
fn one_layer_needs_the_conjunctions() {
    let late = |conjunctive: bool| {
        let text = format!("[switching_xor]\ntrials_per_block = 1000000\nconjunctive = {conjunctive}");
        let config: crate::behaviour::environments::EnvironmentConfig = toml::from_str(&text).unwrap();
        let runs = (0..10).map(|seed| {
            let trials = play("[actor_critic]", &text, 600, seed);
            config.scores(&trials[300..])[0].or_nan()
        });
        runs.sum::<f64>() / 10.0
    };
    let [with, without] = [late(true), late(false)];
    assert!(with > 0.95, "{with}");
    assert!(without < 0.77, "{without}");
}

#[test]
fn rewards_are_false_as_often_as_is_said() {
    let config = SwitchingXorConfig { validity: 0.8, ..clean() };
    let fitting =
        answered(config, 20_000, |_, _| 1).iter().filter(|outcome| outcome.correct == (outcome.reward > 0.5)).count();
    // Standard deviation .0028.
    assert!((fitting as f64 / 20_000.0 - 0.8).abs() < 0.012);
}

#[test]
fn parameters_out_of_range_are_named() {
    for text in ["trials_per_block = 0", "validity = 0.5", "validity = 1.5", "units = 0", "noise = -1.0", "noise = inf"]
    {
        let config: SwitchingXorConfig = toml::from_str(text).unwrap();
        let name = text.split(' ').next().unwrap();
        assert!(config.build().unwrap_err().to_string().contains(name), "{text}");
    }
}
