use super::*;
use crate::neuromodulation::pharmacology::Drug;
use crate::neuromodulation::system::NeuromodulationConfig;

/// Two worlds: the second has the classes of the first exchanged and its inputs moved.
fn batch(world: usize, index: u64) -> LabelledBatch {
    let mut stream = Key::from_seed(5).child(world as u64).child(index).stream();
    let mut batch = LabelledBatch::default();
    for _ in 0..16 {
        let class = stream.below(2);
        let centre = [1.0 - 2.0 * class as f32, 2.0 * world as f32];
        batch.inputs.extend(centre.map(|centre| centre + 0.3 * stream.normal()));
        batch.classes.push(if world == 1 { 1 - class } else { class });
    }
    batch
}

fn build(text: &str) -> Contexts {
    let config: ContextsConfig = toml::from_str(text).unwrap();
    config.build(2, 2, Key::from_seed(1)).unwrap()
}

fn learn(learner: &mut Contexts, world: usize, updates: std::ops::Range<u64>) -> Vec<Observed> {
    updates.map(|update| learner.observe(&batch(world, update)).unwrap()).collect()
}

fn accuracy(learner: &Contexts, world: usize) -> f64 {
    let tests: Vec<LabelledBatch> = (0..40).map(|index| batch(world, 1_000_000 + index)).collect();
    let right = |test: &LabelledBatch| {
        learner.predict(&test.inputs, 0).iter().zip(&test.classes).filter(|(a, b)| a == b).count()
    };
    tests.iter().map(right).sum::<usize>() as f64 / 640.0
}

const SMALL: &str = "hidden = 40";

#[test]
fn a_new_world_recruits_and_an_old_one_is_called_back() {
    let mut learner = build(SMALL);
    assert!(learn(&mut learner, 0, 0..100).iter().all(|one| !one.switched && one.evaluations == 3));
    let units: Vec<f32> = learner.found[0].mask.clone();
    let first = learn(&mut learner, 1, 0..100);
    let switch = first.iter().position(|one| one.switched).unwrap();
    assert!(switch < 4, "noticed after {switch} batches");
    // One pass for the context that it knows, and the update in the new one.
    assert_eq!(first[switch].evaluations, 3 + 1 + 3);
    assert_eq!(learner.found.len(), 2);
    assert!(learner.found[1].mask.iter().zip(&units).all(|(new, old)| new * old == 0.0), "units of its own");
    let both = [accuracy(&learner, 0), accuracy(&learner, 1)];
    assert!(both.iter().all(|&accuracy| accuracy > 0.97), "{both:?}");
    assert!(learn(&mut learner, 0, 200..240).iter().any(|one| one.switched));
    assert_eq!((learner.found.len(), learner.now), (2, 0), "called back");
}

#[test]
fn what_is_not_expected_is_looked_at_and_not_written() {
    let mut learner = build(SMALL);
    learn(&mut learner, 0, 0..60);
    let (before, age) = (learner.parameters.clone(), learner.found[0].age);
    learn(&mut learner, 1, 0..1);
    assert_eq!((learner.parameters.clone(), learner.found[0].age), (before.clone(), age));
    learn(&mut learner, 0, 60..61);
    assert_eq!((learner.found[0].age, learner.found.len()), (age + 1, 1), "an outlier is no new world");
}

/// Each lesion takes away what it says, on the very same batches.
#[test]
fn lesions_take_away_what_they_say() {
    let lesioned = |of: Transmitter| {
        let neuromodulation =
            NeuromodulationConfig { pharmacology: vec![Drug::lesion(of)], ..NeuromodulationConfig::default() };
        let config = ContextsConfig { hidden: 40, neuromodulation, ..ContextsConfig::default() };
        config.build(2, 2, Key::from_seed(1)).unwrap()
    };
    let mut learner = lesioned(Transmitter::Dopamine);
    let before = learner.parameters.clone();
    learn(&mut learner, 0, 0..30);
    assert_eq!(learner.parameters, before, "nothing is learned");

    let mut learner = lesioned(Transmitter::Noradrenaline);
    learn(&mut learner, 0, 0..60);
    learn(&mut learner, 1, 0..60);
    assert_eq!(learner.found.len(), 1, "no context but the first");

    let mut learner = lesioned(Transmitter::Serotonin);
    learn(&mut learner, 0, 0..30);
    let mask = learner.found[0].mask.clone();
    let columns = learner.averaged.iter().zip(&learner.parameters).take(80).enumerate();
    assert!(
        columns.filter(|(index, _)| mask[index % 40] > 0.0).all(|(_, (mean, acting))| (mean - acting).abs() < 1e-6)
    );

    let mut learner = lesioned(Transmitter::Acetylcholine);
    learn(&mut learner, 0, 0..60);
    let age = learner.found[0].age;
    learn(&mut learner, 1, 0..1);
    assert!(learner.relative_error_size().is_none());
    assert!(learner.found[0].age == age + 1 || learner.found.len() == 2, "what is not expected is written");
}

#[test]
fn without_room_the_best_context_is_taken_and_what_others_need_is_held() {
    let mut learner = build("hidden = 40\ncontexts = 1");
    learn(&mut learner, 0, 0..60);
    learn(&mut learner, 1, 0..60);
    assert_eq!(learner.found.len(), 1);
    let mut learner = build("hidden = 10\nshare = 1.0\nreadout_by_context = true\nconsolidation = 3.0");
    learn(&mut learner, 0, 0..60);
    learn(&mut learner, 1, 0..60);
    assert_eq!(learner.found[1].held, [0.25; 10], "one older context uses each unit");
    assert_ne!(learner.found[0].readout, learner.found[1].readout);
    assert!(accuracy(&learner, 1) > 0.97, "{}", accuracy(&learner, 1));
}

#[test]
fn many_inputs_are_projected() {
    let mut learner = ContextsConfig { features: 1, ..build(SMALL).config }.build(2, 2, Key::from_seed(1)).unwrap();
    learn(&mut learner, 0, 0..60);
    assert_eq!(learner.features(&[0.5; 8]).len(), 4);
    assert!(accuracy(&learner, 0) > 0.97, "{}", accuracy(&learner, 0));
}

#[test]
fn modulators_that_would_change_nothing_are_refused() {
    let refused = |text: &str| {
        let config: ContextsConfig = toml::from_str(&format!("[neuromodulation]\n{text}")).unwrap();
        config.build(2, 2, Key::from_seed(1)).unwrap_err().to_string()
    };
    let deaf = refused("receptor = [{ name = 'a', transmitter = 'dopamine', target = 'discount', efficacy = 1.0 }]");
    assert!(deaf.contains("would change nothing") && deaf.contains("patience"), "{deaf}");
    let bent = refused(
        "receptor = [{ name = 'dopamine_reinforcement', transmitter = 'dopamine', target = 'reinforcement', efficacy = 1.0, curve = 'sign' }]",
    );
    assert!(bent.contains("use curve = \"linear\""), "{bent}");
}

#[test]
fn value_stability() {
    let mut learner = build(SMALL);
    learn(&mut learner, 0, 0..50);
    learn(&mut learner, 1, 0..10);
    let found = [learner.parameters[0], learner.averaged[85], learner.found[1].bias[0]];
    assert_eq!(found, [-1.464_294_4, 0.271_019_73, 0.060_256_112]);
}

const BLACK_BOX: &str = "hidden = 40\nestimate = { dopamine = { directions = 8 } }";

fn state(learner: &mut Contexts, context: usize) -> Vec<u8> {
    Archive::write(learner.found[context].optimizer.as_mut().unwrap()).unwrap()
}

#[test]
fn dopamine_has_a_state_for_each_context_and_moves_nothing_else() {
    let mut learner = build(BLACK_BOX);
    let first = learn(&mut learner, 0, 0..100);
    // Eight directions and the model itself; two more at the end of a window.
    assert!(first.iter().all(|one| one.evaluations == 9 || one.evaluations == 11));
    assert_eq!((first[2].evaluations, first[3].evaluations), (9, 11));
    let (before, own, one) = (learner.parameters.clone(), state(&mut learner, 0), learner.state_bytes());
    learn(&mut learner, 1, 0..100);
    assert_eq!(learner.found.len(), 2);
    let masks = [0, 1].map(|context: usize| learner.found[context].mask.clone());
    let [_, _, readout, _] = learner.net.ends();
    for (index, (now, before)) in learner.parameters.iter().zip(&before).enumerate().take(readout) {
        let unit = learner.net.unit_of(index).unwrap();
        assert_eq!(now.to_bits() != before.to_bits(), masks[1][unit] > 0.0, "{index}");
        assert!(masks[0][unit] * masks[1][unit] == 0.0);
    }
    assert!(state(&mut learner, 0) == own, "its rate and spread are kept");
    // Eight units of two weights, a bias and two outputs, two biases of the readout; x and z.
    let numbers = 2 * 40 + 2 + 2 * (8 * (2 + 1 + 2) + 2);
    assert_eq!(learner.state_bytes() - one, 4 * numbers + learner.found[1].recogniser.bytes());
    let both = [accuracy(&learner, 0), accuracy(&learner, 1)];
    assert!(both.iter().all(|&accuracy| accuracy > 0.95), "{both:?}");
    learn(&mut learner, 0, 200..240);
    assert_eq!((learner.found.len(), learner.now), (2, 0), "called back");
    assert!(state(&mut learner, 0) != own, "and goes on");
}

#[test]
fn dopamine_looks_at_what_is_not_expected_and_learns_nothing_without_a_reinforcement() {
    let mut learner = build(BLACK_BOX);
    learn(&mut learner, 0, 0..60);
    let (before, own) = (learner.parameters.clone(), state(&mut learner, 0));
    assert_eq!(learn(&mut learner, 1, 0..1)[0].evaluations, 9);
    assert!(learner.parameters == before && state(&mut learner, 0) == own);
    let config = ContextsConfig {
        neuromodulation: NeuromodulationConfig {
            pharmacology: vec![Drug::lesion(Transmitter::Dopamine)],
            ..NeuromodulationConfig::default()
        },
        ..build(BLACK_BOX).config
    };
    let mut learner = config.build(2, 2, Key::from_seed(1)).unwrap();
    let before = learner.parameters.clone();
    learn(&mut learner, 0, 0..30);
    assert_eq!(learner.parameters, before);
}

/// Units of several contexts: what the first one needs is held by the factor on the rate.
#[test]
fn dopamine_holds_what_others_need() {
    let moved = |consolidation: f64| {
        let text = format!("{BLACK_BOX}\nshare = 1.0\nreadout_by_context = true\nconsolidation = {consolidation}");
        let mut learner = build(&text);
        learn(&mut learner, 0, 0..60);
        let before = learner.parameters.clone();
        learn(&mut learner, 1, 0..60);
        assert_eq!(learner.found.len(), 2);
        let [_, hidden, ..] = learner.net.ends();
        let pairs = learner.parameters.iter().zip(&before).take(hidden);
        pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt()
    };
    let [free, held] = [0.0, 30.0].map(moved);
    assert!(held < 0.3 * free && held > 0.0, "{held} {free}");
}
