//! What every registered model promises.

use proptest::prelude::*;

use super::*;
use crate::archive::Archive;
use crate::neuromodulation::nucleus::{Levels, Release, Signals};

fn build(model: &Model) -> Box<dyn Nucleus> {
    model.build(Key::from_seed(3)).expect("defaults are valid")
}

/// A varied history: signals that a learner might give, all of them together.
fn history(seed: u64, moments: usize) -> Vec<Signals> {
    let mut stream = Key::from_seed(seed).stream();
    let mut draw = move || 2.0 * stream.uniform() - 1.0;
    (0..moments)
        .map(|_| Signals {
            squared_prediction_error: Some(draw().abs()),
            loss: Some(draw().abs()),
            consolidated_loss: Some(draw().abs()),
            outcome: Some(draw()),
            diverged: None,
            confirmed: None,
            reward: Some(draw()),
            value: Some(draw()),
            prediction_error: Some(draw()),
            outcome_error: Some(draw()),
            surprise: None,
            bayes_factor: Some(5.0 * draw().abs()),
            policy_entropy: Some(draw().abs()),
            action_value_variance: Some(draw().abs()),
            elapsed: None,
            levels: Levels { dopamine: draw(), acetylcholine: draw(), serotonin: draw(), noradrenaline: draw() },
        })
        .collect()
}

fn feed(nucleus: &mut dyn Nucleus, history: &[Signals]) -> Vec<Release> {
    history.iter().map(|signals| nucleus.release(signals)).collect()
}

#[test]
fn names_are_unique_and_a_configuration_survives_a_study_file() {
    let mut names: Vec<_> = registry().iter().map(|model| (model.nucleus(), model.description().name)).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "two models of a nucleus have one name");
    for model in registry() {
        let name = model.description().name;
        let (text, again) = match &model {
            Model::VentralTegmentalArea(config) => round_trip(config, Model::VentralTegmentalArea),
            Model::BasalForebrain(config) => round_trip(config, Model::BasalForebrain),
            Model::DorsalRaphe(config) => round_trip(config, Model::DorsalRaphe),
            Model::LocusCoeruleus(config) => round_trip(config, Model::LocusCoeruleus),
        };
        assert_eq!(again, model);
        assert!(text.starts_with(&format!("[{name}]")), "{text}");
        assert_eq!(build(&model).transmitter(), model.transmitter(), "{name}");
    }
}

fn round_trip<C: serde::Serialize + serde::de::DeserializeOwned>(config: &C, wrap: fn(C) -> Model) -> (String, Model) {
    let text = toml::to_string(config).expect("plain data");
    let again = toml::from_str(&text).expect("what was written can be read");
    (text, wrap(again))
}

/// What a nucleus does with signals that tell nothing depends on nothing but time: a nucleus that saw NaN releases what
/// one releases that saw nothing, and goes on in the same way.
#[test]
fn signals_that_are_missing_or_not_finite_change_nothing() {
    for model in registry() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let [mut intact, mut disturbed] = [build(&model), build(&model)];
            let past = history(1, 30);
            assert_eq!(feed(&mut *intact, &past), feed(&mut *disturbed, &past));
            let levels = Levels::default();
            let nothing = Signals { levels, ..Signals::default() };
            let bad = Signals {
                squared_prediction_error: Some(bad),
                loss: Some(bad),
                consolidated_loss: Some(bad),
                outcome: Some(bad),
                diverged: Some(bad),
                confirmed: None,
                reward: Some(bad),
                value: Some(bad),
                prediction_error: Some(bad),
                outcome_error: Some(bad),
                surprise: Some(bad),
                bayes_factor: Some(bad),
                policy_entropy: Some(bad),
                action_value_variance: Some(bad),
                elapsed: None,
                levels,
            };
            assert_eq!(feed(&mut *intact, &[nothing; 3]), feed(&mut *disturbed, &[bad; 3]), "{model:?}");
            let future = history(2, 30);
            assert_eq!(feed(&mut *intact, &future), feed(&mut *disturbed, &future), "{model:?}");
        }
    }
}

/// Without signals no statistic moves: two nuclei that differ by a silence go on alike, except those in which time passes.
#[test]
fn silence_teaches_nothing() {
    let in_which_time_passes = ["fitzhugh_nagumo", "scheduled_bursts", "utility", "horizon"];
    for model in registry().into_iter().filter(|model| !in_which_time_passes.contains(&model.description().name)) {
        let [mut intact, mut silent] = [build(&model), build(&model)];
        let past = history(4, 80);
        assert_eq!(feed(&mut *intact, &past), feed(&mut *silent, &past));
        feed(&mut *silent, &[Signals::default(); 20]);
        let future = history(5, 30);
        assert_eq!(feed(&mut *intact, &future), feed(&mut *silent, &future), "{model:?}");
    }
}

#[test]
fn a_reset_forgets_what_came_before_it() {
    for model in registry() {
        let [mut one, mut other] = [build(&model), build(&model)];
        feed(&mut *one, &history(6, 90));
        feed(&mut *other, &history(7, 90));
        one.reset();
        other.reset();
        let future = history(8, 60);
        assert_eq!(feed(&mut *one, &future), feed(&mut *other, &future), "{model:?}");
    }
}

#[test]
fn same_key_same_release_and_noise_follows_the_key() {
    for model in registry() {
        let run = |seed| feed(&mut *model.build(Key::from_seed(seed)).expect("valid"), &history(9, 50));
        assert_eq!(run(1), run(1));
        let noisy = ["fitzhugh_nagumo", "utility"].contains(&model.description().name);
        assert_eq!(run(1) != run(2), noisy, "{model:?}");
    }
}

#[test]
fn some_signal_matters_to_every_model_but_the_constant_one() {
    let signals = |size: f64| Signals {
        reward: Some(-size),
        prediction_error: Some(-size),
        outcome_error: Some(size),
        bayes_factor: Some(10.0 * size),
        loss: Some(size),
        squared_prediction_error: Some(size * size),
        outcome: Some(-size),
        ..Signals::default()
    };
    let calm = vec![signals(0.1); 100];
    let mut shaken = calm.clone();
    shaken[80..].fill(signals(1.0));
    shaken[99].reward = Some(1.0);
    // The run length is set back by noradrenaline alone, and a change point is one for a run length: levels are the same here.
    // Scheduled bursts are a control that answers to nothing, a horizon is time alone.
    let without = ["tonic_activity", "run_length", "change_point_probability", "scheduled_bursts", "horizon"];
    for model in registry().into_iter().filter(|model| !without.contains(&model.description().name)) {
        assert_ne!(feed(&mut *build(&model), &calm), feed(&mut *build(&model), &shaken), "{model:?}");
    }
}

fn any_signals() -> impl Strategy<Value = Signals> {
    let number = || proptest::option::of(any::<f64>());
    let levels = (any::<f64>(), any::<f64>()).prop_map(|(one, other)| {
        let level = |value: f64| if value.is_finite() { value.clamp(-1e100, 1e100) } else { 0.0 };
        Levels { dopamine: level(one), acetylcholine: level(other), serotonin: level(one), noradrenaline: level(other) }
    });
    ((number(), number(), number()), (number(), number(), number()), levels).prop_map(|(first, second, levels)| {
        Signals {
            reward: first.0,
            value: first.1,
            prediction_error: first.2,
            outcome_error: second.0,
            bayes_factor: second.1,
            action_value_variance: second.2,
            levels,
            ..Signals::default()
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn release_is_finite_for_any_signals(moments in proptest::collection::vec(any_signals(), 1..40)) {
        for model in registry() {
            let mut nucleus = build(&model);
            for signals in &moments {
                let release = nucleus.release(signals);
                prop_assert!(release.phasic.is_finite() && release.tonic.is_finite(), "{model:?} {release:?}");
            }
        }
    }
}

/// Every registered model goes on from its state with the bits of what was never interrupted.
#[test]
fn a_state_that_was_kept_goes_on() {
    for model in registry() {
        for before in [0, 1, 7, 33] {
            let (mut first, name) = (build(&model), model.description().name);
            feed(&mut *first, &history(1, before));
            let bytes = Archive::write(&mut first).unwrap_or_else(|error| panic!("{name}: {error}"));
            let mut second = build(&model);
            Archive::read(&bytes, &mut second).unwrap_or_else(|error| panic!("{name}: {error}"));
            let bits = |nucleus: &mut dyn Nucleus| -> Vec<[u64; 2]> {
                let released = feed(nucleus, &history(2, 40)).into_iter();
                released.map(|release| [release.phasic.to_bits(), release.tonic.to_bits()]).collect()
            };
            assert_eq!(bits(&mut *second), bits(&mut *first), "{name}, {before} moments before");
            let other = registry().into_iter().find(|other| other.description().name != name);
            assert!(Archive::read(&bytes, &mut build(&other.expect("there are several"))).is_err(), "{name}");
        }
    }
}
