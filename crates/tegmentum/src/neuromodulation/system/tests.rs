use super::*;
use crate::neuromodulation::coupling::{CouplingKind, Drive};
use crate::neuromodulation::kinetics::{KineticsConfig, Transmission};
use crate::neuromodulation::preset::Preset;
use crate::neuromodulation::receptor::ResponseCurve;

fn build(text: &str) -> NeuromodulatorySystem {
    let config: NeuromodulationConfig = toml::from_str(text).expect("a valid system");
    config.build(Key::from_seed(7)).expect("a valid system")
}

/// Dopamine carries δ; there is nothing else.
fn dopamine_alone() -> NeuromodulationConfig {
    let ventral_tegmental_area = Preset::Mei2025.parts().ventral_tegmental_area;
    NeuromodulationConfig { ventral_tegmental_area, ..NeuromodulationConfig::default() }
}

/// Calm, then errors large enough for a burst.
fn history(moments: usize) -> Vec<Signals> {
    let mut stream = Key::from_seed(5).stream();
    (0..moments)
        .map(|moment| {
            let size = if moment % 100 < 80 { 0.2 } else { 1.5 };
            let error = size * (2.0 * stream.uniform() - 1.0) + if moment % 100 < 80 { 0.0 } else { 0.8 };
            Signals {
                reward: Some(error + 0.3),
                value: Some(0.3 - error),
                prediction_error: Some(error),
                outcome_error: Some(error),
                bayes_factor: Some(error.abs()),
                action_value_variance: Some(0.2 * stream.uniform()),
                ..Signals::default()
            }
        })
        .collect()
}

/// Everything that a learner and an observer can see, as bits.
fn run(system: &mut NeuromodulatorySystem, history: &[Signals]) -> Vec<Modulation> {
    history
        .iter()
        .map(|signals| {
            system.observe(signals);
            system.modulation().clone()
        })
        .collect()
}

#[test]
fn a_system_without_parts_is_neutral_to_the_bit() {
    let mut system = build("");
    assert!(system.is_neutral());
    assert!(run(&mut system, &history(50)).into_iter().all(|modulation| modulation == Modulation::default()));
}

#[test]
fn noradrenaline_lesioned_or_clamped_to_zero_equals_its_absence() {
    let absent = {
        let mut config = NeuromodulationConfig { preset: Preset::Mei2025, ..NeuromodulationConfig::default() };
        for target in
            [("noradrenaline_temperature", Target::Temperature), ("noradrenaline_plasticity", Target::LearningRate)]
        {
            config.receptor.push(Receptor::new(target.0, Transmitter::Noradrenaline, target.1, 0.0));
        }
        let mut system = config.build(Key::from_seed(7)).expect("valid");
        run(&mut system, &history(300))
    };
    let intact = run(&mut build("preset = 'mei-2025'"), &history(300));
    assert_ne!(intact, absent, "the history has a burst in it");
    for action in ["{ lesion = 1.0 }", "{ clamp = 0.0 }"] {
        let drug =
            format!("preset = 'mei-2025'\npharmacology = [{{ modulator = 'noradrenaline', action = {action} }}]");
        assert_eq!(run(&mut build(&drug), &history(300)), absent, "{action}");
    }
}

/// For every preset and every modulator, a lesion is the same as a system without the nucleus.
#[test]
fn a_lesion_equals_the_absence_of_the_nucleus_in_every_preset() {
    for preset in Preset::ALL {
        for modulator in Transmitter::ALL {
            let mut config = NeuromodulationConfig { preset, ..NeuromodulationConfig::default() };
            config.pharmacology.push(Drug::lesion(modulator));
            let mut lesioned = config.build(Key::from_seed(7)).expect("valid");
            config.pharmacology.clear();
            let mut without = config.build(Key::from_seed(7)).expect("valid");
            for pathway in without.pathways.iter_mut().filter(|pathway| pathway.transmitter == modulator) {
                pathway.nucleus = None;
            }
            assert_eq!(run(&mut lesioned, &history(300)), run(&mut without, &history(300)), "{preset:?} {modulator:?}");
        }
    }
}

#[test]
fn a_burst_has_its_refractoriness() {
    let mut system = build("preset = 'mei-2025'");
    let error = |size: f64| Signals { outcome_error: Some(size), ..Signals::default() };
    run(&mut system, &vec![error(0.1); 100]);
    let mut bursts = Vec::new();
    for moment in 0..400 {
        // Errors that are large for eight moments in every forty, so that the nucleus would burst in each of those runs.
        system.observe(&error(if moment % 40 < 8 { 1.0 } else { 0.0 }));
        if system.release(Transmitter::Noradrenaline).phasic > 0.0 {
            bursts.push(moment);
        }
    }
    // From 1 the level has fallen below .2 after ln .2/ln .99 = 160 moments.
    assert!(bursts.len() >= 2, "{bursts:?}");
    assert!(bursts.windows(2).all(|pair| pair[1] - pair[0] >= 160), "{bursts:?}");
}

/// Dopamine carries δ, and one drug acts on the modulator or on one of two receptors.
fn under(drug: &str) -> Vec<(f64, f64)> {
    let text = format!(
        "ventral_tegmental_area = {{ reward_prediction_error = {{}} }}
         receptor = [{{ name = 'one', transmitter = 'dopamine', target = 'threshold', efficacy = 1.0 }},
                     {{ name = 'two', transmitter = 'dopamine', target = 'bursting', efficacy = 1.0 }}]
         pharmacology = [{drug}]"
    );
    let mut system = build(&text);
    let signals = [1.0, 2.0, -4.0].map(|error| Signals { prediction_error: Some(error), ..Signals::default() });
    run(&mut system, &signals).into_iter().map(|modulation| (modulation.threshold, modulation.bursting)).collect()
}

#[test]
fn drugs_on_a_modulator_act_everywhere_and_on_a_receptor_there_alone() {
    let levels = [1.0, 2.0, -4.0];
    assert_eq!(under(""), levels.map(|level| (level, level)));
    let cases: [(&str, [f64; 3]); 5] = [
        ("{ lesion = 0.5 }", [0.5, 1.0, -2.0]),
        ("{ clamp = 3.0 }", [3.0, 3.0, 3.0]),
        ("{ agonist = 1.5 }", [2.5, 3.5, -2.5]),
        ("{ antagonist = 3.0 }", [0.25, 0.5, -1.0]),
        ("{ delay = 1 }", [0.0, 1.0, 2.0]),
    ];
    for (action, expected) in cases {
        let everywhere = under(&format!("{{ modulator = 'dopamine', action = {action} }}"));
        assert_eq!(everywhere, expected.map(|level| (level, level)), "{action}");
        let there = under(&format!("{{ modulator = 'dopamine', receptor = 'two', action = {action} }}"));
        let both: Vec<(f64, f64)> = levels.into_iter().zip(expected).collect();
        // A delayed level has one moment more behind it: the rest at which the system was built.
        let shifted = action.contains("delay").then(|| levels.into_iter().zip([0.0, 1.0, 2.0]).collect());
        assert_eq!(there, shifted.unwrap_or(both), "{action}");
    }
}

#[test]
fn noise_on_a_level_comes_from_the_key_and_has_its_deviation() {
    let text = "pharmacology = [{ modulator = 'serotonin', action = { noise = 0.5 } }]";
    let config: NeuromodulationConfig = toml::from_str(text).expect("valid");
    let levels = |seed: u64| -> Vec<f64> {
        let mut system = config.build(Key::from_seed(seed)).expect("valid");
        let mut level = || {
            system.observe(&Signals::default());
            system.levels().serotonin
        };
        (0..4000).map(|_| level()).collect()
    };
    assert_eq!(levels(1), levels(1));
    assert_ne!(levels(1), levels(2));
    let mean_square = levels(1).iter().map(|level| level * level).sum::<f64>() / 4000.0;
    assert!((mean_square.sqrt() - 0.5).abs() < 0.03, "{mean_square}");
}

#[test]
fn a_drug_on_an_unknown_receptor_is_told() {
    let text = "preset = 'mei-2025'\npharmacology = [{ modulator = 'dopamine', receptor = 'noradrenaline_temperature', action = { lesion = 1.0 } }]";
    let config: NeuromodulationConfig = toml::from_str(text).expect("it can be read");
    let message = config.build(Key::from_seed(1)).expect_err("another modulator's receptor").to_string();
    assert!(message.contains("noradrenaline_temperature") && message.contains("dopamine_reinforcement"), "{message}");
}

#[test]
fn wiring_reaches_its_places_alone() {
    let place = |name: &str| Place::Population(name.to_owned());
    let mut config = dopamine_alone();
    let transmission = Transmission::Wiring(vec![(place("actor"), 0.5)]);
    config.kinetics.insert(Transmitter::Dopamine, KineticsConfig { transmission, ..KineticsConfig::default() });
    for (name, at) in [("actor", place("actor")), ("critic", place("critic")), ("everywhere", Place::Network)] {
        let receptor = Receptor::new(name, Transmitter::Dopamine, Target::LearningRate, 1.0);
        config.receptor.push(Receptor { place: at, ..receptor });
    }
    let mut system = config.build(Key::from_seed(1)).expect("valid");
    for _ in 0..3 {
        system.observe(&Signals { prediction_error: Some(2.0), ..Signals::default() });
    }
    let modulation = system.modulation();
    assert_eq!(modulation.at(&place("actor"), Target::LearningRate), 2.0);
    assert_eq!(modulation.at(&place("critic"), Target::LearningRate), 1.0);
    assert_eq!(modulation.learning_rate, 1.0);
    assert_eq!(modulation.local.len(), 2);
}

#[test]
fn a_metabotropic_receptor_follows_slowly_and_by_elapsed_time() {
    let mut config = dopamine_alone();
    let fast = Receptor::new("fast", Transmitter::Dopamine, Target::Threshold, 1.0);
    let slow = Receptor::new("slow", Transmitter::Dopamine, Target::Bursting, 1.0);
    config.receptor = vec![fast, Receptor { time_constant: Some(4.0), ..slow }];
    let mut system = config.build(Key::from_seed(1)).expect("valid");
    let one = Signals { prediction_error: Some(1.0), ..Signals::default() };
    for moment in 1..20 {
        system.observe(&one);
        assert_eq!(system.modulation().threshold, 1.0);
        assert!((system.modulation().bursting - (1.0 - 0.75f64.powi(moment))).abs() < 1e-12);
    }
    let mut again = config.build(Key::from_seed(1)).expect("valid");
    again.observe(&Signals { elapsed: Some(2.5), ..one });
    assert!((again.modulation().bursting - (1.0 - 0.75f64.powf(2.5))).abs() < 1e-12);
}

#[test]
fn receptors_converge_on_a_target_and_couplings_oppose() {
    let mut config = dopamine_alone();
    config.dorsal_raphe = Preset::Doya2002.parts().dorsal_raphe;
    config.receptor = vec![
        Receptor::new("d", Transmitter::Dopamine, Target::LearningRate, 1.0),
        Receptor { divides: true, ..Receptor::new("s", Transmitter::Serotonin, Target::LearningRate, 3.0) },
        Receptor::new("dt", Transmitter::Dopamine, Target::Threshold, 1.0),
        Receptor::new("st", Transmitter::Serotonin, Target::Threshold, -0.5),
    ];
    let signals = [Signals { prediction_error: Some(1.0), ..Signals::default() }; 2];
    let last = run(&mut config.build(Key::from_seed(1)).expect("valid"), &signals).pop().expect("two");
    assert_eq!((last.learning_rate, last.threshold), (2.0 / 4.0, 0.5), "factors are multiplied, terms added");
    let arrow = |kind, strength| Coupling { from: Drive::Serotonin, to: Transmitter::Dopamine, kind, strength };
    config.coupling = vec![arrow(CouplingKind::Opponent, 0.25), arrow(CouplingKind::Modulatory, -0.5)];
    let mut system = config.build(Key::from_seed(1)).expect("valid");
    system.observe(&signals[0]);
    assert_eq!(system.levels().dopamine, 1.0, "an arrow carries the level of the moment before");
    system.observe(&signals[1]);
    assert_eq!(system.release(Transmitter::Dopamine), Release { phasic: 0.5, tonic: -0.125 });
}

/// The equations at the head of the preset, written out again.
#[test]
fn doya_2002_follows_its_equations() {
    let mut system = build("preset = 'doya-2002'");
    let mut statistics = OutcomeStatistics::default();
    let mut serotonin_before = 0.0;
    for signals in history(200) {
        system.observe(&signals);
        statistics.observe(&signals);
        let at_least_zero = |value: f64| value.max(0.0);
        let serotonin = at_least_zero(1.0 - statistics.error_variance());
        let noradrenaline = (1.0 + statistics.value_deviation())
            * at_least_zero(1.0 - statistics.action_value_variance())
            * at_least_zero(1.0 - 0.25 * serotonin_before);
        let acetylcholine = at_least_zero(1.0 - 0.25 * serotonin_before) * at_least_zero(1.0 - statistics.flip_rate());
        let dopamine = signals.prediction_error.unwrap_or(0.0)
            * at_least_zero(1.0 + 0.25 * serotonin_before * statistics.sign_of_value());
        let levels = system.levels();
        for (found, expected) in [
            (levels.dopamine, dopamine),
            (levels.acetylcholine, acetylcholine),
            (levels.serotonin, serotonin),
            (levels.noradrenaline, noradrenaline),
        ] {
            assert!((found - expected).abs() < 1e-12, "{levels:?}, expected {expected}");
        }
        let modulation = system.modulation();
        assert!((modulation.temperature - 1.0 / (1.0 + noradrenaline)).abs() < 1e-12);
        assert!((modulation.learning_rate - (1.0 + acetylcholine)).abs() < 1e-12);
        assert!((modulation.discount - (1.0 + 0.1 * serotonin)).abs() < 1e-12);
        assert_eq!(modulation.reinforcement, Some(levels.dopamine));
        serotonin_before = serotonin;
    }
}

#[test]
fn yu_dayan_2005_tells_noise_from_a_new_context() {
    let mut system = build("preset = 'yu-dayan-2005'");
    let mut observe = |valid: bool| {
        system.observe(&Signals { outcome_error: Some(if valid { 0.0 } else { 1.0 }), ..Signals::default() });
        (system.levels().acetylcholine, system.release(Transmitter::Noradrenaline).phasic > 0.0)
    };
    let mut noisy = (0.0, 0);
    for moment in 0..400 {
        let (acetylcholine, burst) = observe(moment % 5 != 0);
        noisy = (acetylcholine, noisy.1 + usize::from(burst));
    }
    assert!((noisy.0 - 0.2).abs() < 0.03, "{noisy:?}");
    assert!(noisy.1 <= 1, "expected failures are no news: {noisy:?}");
    assert!((0..10).any(|_| observe(false).1), "a run of failures is");
}

#[test]
fn a_record_holds_every_level_and_effect() {
    let mut system = build("preset = 'mei-2025'\n[kinetics.dopamine]\nbaseline = 0.25");
    let mut record = SystemRecord::default();
    for signals in history(150) {
        system.observe(&signals);
        system.record(&mut record);
        assert_eq!(record.modulators.len(), 4);
        for modulator in &record.modulators {
            assert_eq!(modulator.level, modulator.phasic + modulator.tonic);
            assert_eq!(modulator.level, system.levels().of(modulator.transmitter));
        }
        let temperature =
            record.receptors.iter().find(|entry| entry.name == "noradrenaline_temperature").expect("there");
        assert_eq!(temperature.effect, system.modulation().temperature);
        assert_eq!(temperature.effect, 1.0 + 6.0 * temperature.seen);
    }
    let again: SystemRecord =
        serde_json::from_str(&serde_json::to_string(&record).expect("plain data")).expect("plain data");
    assert_eq!(again.receptors.len(), record.receptors.len());
}

#[test]
fn arrows_in_a_circle_never_make_a_level_that_is_not_finite() {
    let mut config = NeuromodulationConfig { preset: Preset::Mei2025, ..NeuromodulationConfig::default() };
    config.dorsal_raphe = Preset::Doya2002.parts().dorsal_raphe;
    for (from, to) in [(Drive::Dopamine, Transmitter::Serotonin), (Drive::Serotonin, Transmitter::Dopamine)] {
        config.coupling.push(Coupling { from, to, kind: CouplingKind::Modulatory, strength: 50.0 });
    }
    let curve = ResponseCurve::Hill { half: 1.0, exponent: 3.0 };
    config.receptor.push(Receptor { curve, ..Receptor::new("h", Transmitter::Serotonin, Target::Gain, 1.0) });
    let mut system = config.build(Key::from_seed(1)).expect("valid");
    for _ in 0..500 {
        system.observe(&Signals { prediction_error: Some(1.0), elapsed: Some(f64::NAN), ..Signals::default() });
        let levels = system.levels();
        assert!(Transmitter::ALL.iter().all(|&transmitter| levels.of(transmitter).is_finite()), "{levels:?}");
        assert!(system.modulation().gain.is_finite() && system.modulation().gain <= 2.0);
    }
}

#[test]
fn forgetting_brings_nuclei_back_to_the_beginning() {
    let [mut system, mut fresh] = [(); 2].map(|()| build("preset = 'yu-dayan-2005'"));
    run(&mut system, &history(60));
    system.forget();
    // Kinetics are tissue, not memory: what was released has to be cleared.
    for system in [&mut system, &mut fresh] {
        run(system, &[Signals { elapsed: Some(1e6), ..Signals::default() }; 2]);
    }
    assert_eq!(run(&mut system, &history(60)), run(&mut fresh, &history(60)));
}
