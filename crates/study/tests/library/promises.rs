//! The promises of the library that no single module can keep.

mod cases;
mod modules;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;
use tegmentum::data::tasks::TaskConfig;
use tegmentum::error::Error;
use tegmentum::learning::black_box_learner::BlackBoxLearner;
use tegmentum::learning::learner::Learner;
use tegmentum::learning::loss_signals::LossSignals;
use tegmentum::learning::minimise::minimise;
use tegmentum::learning::modulated_learner::ModulatedLearner;
use tegmentum::learning::optimizers::OptimizerConfig;
use tegmentum::learning::optimizers::dopamine::DopamineConfig;
use tegmentum::learning::training::train;
use tegmentum::model::networks::NetworkConfig;
use tegmentum::model::objectives::{BlackBox, NetworkLoss};
use tegmentum::model::perturbation::{Base, Bases, Direction, Probe};
use tegmentum::neuromodulation::modulation::{Modulation, Place, Target};
use tegmentum::neuromodulation::nucleus::Transmitter;
use tegmentum::neuromodulation::pharmacology::{Action, Drug};
use tegmentum::neuromodulation::preset::Preset;
use tegmentum::neuromodulation::receptor::Receptor;
use tegmentum::neuromodulation::system::NeuromodulationConfig;
use tegmentum::random::Key;
use tegmentum_study::config::StudyConfig;
use tegmentum_study::run::{Silent, run};
use tegmentum_study::{BUILT_IN, built_in};

fn bits(learner: &dyn Learner) -> Vec<u32> {
    let mut vector = vec![0.0f32; learner.averaged().len()];
    learner.averaged().write(1.0, &mut vector);
    vector.into_iter().map(f32::to_bits).collect()
}

#[test]
fn a_million_perturbations_at_rate_zero_change_not_one_bit() {
    let sphere = BlackBox::new(7, |x: &[f32]| x.iter().map(|&x| f64::from(x * x)).sum());
    let start = vec![0.1, -0.0, 1e-30, -3.0, 7.5e8, 0.0, -1e-3];
    let optimizer = DopamineConfig::default().build(start, Key::from_seed(1), 1).unwrap();
    let mut learner = BlackBoxLearner::new(&sphere, Box::new(optimizer));
    let before = bits(&learner);
    let silent = Modulation { learning_rate: 0.0, ..Modulation::default() };
    let mut probes = 0;
    for update in 0.. {
        probes += learner.update(Key::from_seed(2).child(update), &silent).unwrap().evaluations;
        if probes >= 1_000_000 {
            break;
        }
    }
    assert_eq!(bits(&learner), before);
}

/// The bits of a learner after 100 updates, alone or under a system of modulators.
fn bits_under(config: &OptimizerConfig, system: Option<&NeuromodulationConfig>) -> Vec<u32> {
    let sphere = BlackBox::new(5, |x: &[f32]| x.iter().map(|&x| f64::from(x * x)).sum());
    let optimizer = config.build(vec![0.3; 5], Key::from_seed(1), 1000).unwrap();
    let mut learner: Box<dyn Learner> = Box::new(BlackBoxLearner::new(&sphere, optimizer));
    if let Some(system) = system {
        learner = Box::new(ModulatedLearner::new(learner, system, LossSignals::default(), Key::from_seed(3)).unwrap());
    }
    for update in 0..100 {
        learner.update(Key::from_seed(2).child(update), &Modulation::default()).unwrap();
    }
    bits(&*learner)
}

/// A system that has nothing to say (no nuclei, or receptors that see a level of zero) leaves every bit of a learner that nobody
/// tells anything. Where the level is not zero the same receptors move the learner.
#[test]
fn neutral_modulation_changes_not_one_bit() {
    for config in OptimizerConfig::registry() {
        let name = config.name();
        let learner = config.build(vec![0.3; 5], Key::from_seed(1), 1000).unwrap();
        let heard = learner.hears().into_iter().filter(|heard| {
            let own = [Target::LearningRate, Target::PerturbationScale, Target::Gain];
            heard.place == Place::Network && own.contains(&heard.target)
        });
        let receptors: Vec<Receptor> = heard
            .map(|heard| Receptor::new(heard.target.name(), Transmitter::Noradrenaline, heard.target, 1.0))
            .collect();
        assert!(!receptors.is_empty(), "{name} obeys nothing");
        let at_level = |level: f64| NeuromodulationConfig {
            preset: Preset::Mei2025,
            receptor: receptors.clone(),
            pharmacology: vec![Drug {
                modulator: Transmitter::Noradrenaline,
                receptor: None,
                action: Action::Clamp(level),
            }],
            ..NeuromodulationConfig::default()
        };
        let alone = bits_under(&config, None);
        assert_eq!(bits_under(&config, Some(&NeuromodulationConfig::default())), alone, "{name}: no nuclei");
        assert_eq!(bits_under(&config, Some(&at_level(0.0))), alone, "{name}: a level of zero");
        assert_ne!(bits_under(&config, Some(&at_level(1.0))), alone, "{name}: a level of one");
    }
}

#[test]
fn black_box_losses_see_the_same_numbers_as_the_network_loss() {
    let problem = Arc::new(TaskConfig::from_name("xor").unwrap().build().unwrap().problem(Key::from_seed(0)).unwrap());
    let config: NetworkConfig = toml::from_str("[mlp]\nhidden = [3]").unwrap();
    let network: Arc<dyn tegmentum::model::network::Network> = Arc::from(config.build(2, 1).unwrap());
    let parameters = network.initialise(Key::from_seed(3));
    let objective = NetworkLoss::new(network, problem);
    let probes = [
        Probe::unperturbed(Base::Acting),
        Probe::perturbed(Direction::Rademacher(Key::from_seed(4)), 0.1),
        Probe { gain: 0.5, ..Probe::unperturbed(Base::Averaged) },
    ];
    let batch = tegmentum::data::batch::Batch(Key::from_seed(5));
    let losses = |probes: &[Probe]| {
        let mut losses = vec![0.0; probes.len()];
        let bases = Bases::single(&parameters);
        tegmentum::model::objective::Objective::losses(&objective, bases, probes, batch, &mut losses).unwrap();
        losses
    };
    let together = losses(&probes);
    let apart: Vec<f64> = probes.iter().map(|probe| losses(&[*probe])[0]).collect();
    assert_eq!(together, apart, "a loss must not depend on its neighbours");
}

/// Evaluations that Dopamine needs to solve exclusive or, become its opposite half-way without a signal.
fn switching_xor(drugs: &[Drug], seed: u64) -> (bool, bool) {
    let inverted = AtomicBool::new(false);
    let forward = |w: &[f32], a: f32, b: f32| {
        let unit = |i: usize| (w[3 * i] * a + w[3 * i + 1] * b + w[3 * i + 2]).tanh();
        let sum = (0..4).map(|i| w[12 + i] * unit(i)).sum::<f32>() + w[16];
        1.0 / (1.0 + (-sum).exp())
    };
    let error = |w: &[f32], flip: bool| {
        [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)]
            .iter()
            .map(|&(a, b)| f64::from(forward(w, a, b) - if (a != b) == flip { 0.0 } else { 1.0 }).powi(2))
            .sum::<f64>()
            / 4.0
    };
    let objective = BlackBox::new(17, |w: &[f32]| error(w, inverted.load(Ordering::Relaxed)));
    let mut stream = Key::from_seed(seed).stream();
    let start: Vec<f32> = (0..17).map(|_| 0.5 * stream.normal()).collect();
    let mut config = DopamineConfig::default();
    config.neuromodulation.pharmacology = drugs.to_vec();
    let optimizer = config.build(start, Key::from_seed(seed).child(1), 1).unwrap();
    let mut learner = BlackBoxLearner::new(&objective, Box::new(optimizer));
    let solves = |learner: &mut BlackBoxLearner<'_>, flip: bool, phase: u64| {
        train(learner, Key::from_seed(seed).child(phase), 4000, &mut []).unwrap();
        let mut w = vec![0.0; 17];
        learner.averaged().write(1.0, &mut w);
        error(&w, flip) < 0.01
    };
    let first = solves(&mut learner, false, 2);
    inverted.store(true, Ordering::Relaxed);
    (first, solves(&mut learner, true, 3))
}

#[test]
fn noradrenaline_lets_dopamine_start_over_when_the_world_has_changed() {
    let count = |drugs: &[Drug]| {
        let runs: Vec<(bool, bool)> = (0..40).map(|seed| switching_xor(drugs, 700 + seed)).collect();
        let first = runs.iter().filter(|run| run.0).count();
        (first, runs.iter().filter(|run| run.0 && run.1).count())
    };
    let (first, intact) = count(&[]);
    let (_, lesioned) = count(&[Drug::lesion(Transmitter::Noradrenaline)]);
    assert!(first >= 36, "{first} of 40 learned the first rule");
    assert!(intact >= 34, "{intact} of 40 learned both rules");
    assert!(lesioned + 8 <= intact, "{lesioned} without noradrenaline, {intact} with it");
}

#[test]
fn patience_hands_over_the_best_model_of_all_lives() {
    // A loss with a poor local minimum around 3 and a good one around -2.
    let trap = |x: &[f32]| {
        let x = f64::from(x[0]);
        (0.2 + 0.5 * (x - 3.0).powi(2)).min(0.001 + 2.0 * (x + 2.0).powi(2))
    };
    let mut losses: Vec<f64> = (0..15)
        .map(|seed| {
            let config = DopamineConfig { patience: Some(50), parameter_size: Some(2.0), ..DopamineConfig::default() };
            minimise(trap, &[3.0]).optimizer(config).budget(20_000).seed(seed).run().unwrap().loss
        })
        .collect();
    losses.sort_by(f64::total_cmp);
    assert!(losses[11] < 0.05, "{losses:?}");
}

#[test]
fn every_built_in_study_is_valid_whole_and_shortened() {
    for (name, _) in BUILT_IN {
        let study = built_in(name).unwrap();
        assert_eq!(study.name, *name);
        assert!(!study.claim.is_empty(), "{name} claims nothing");
        let text = toml::to_string(&study.clone().shortened()).unwrap();
        let again = StudyConfig::from_toml(&text, "again");
        assert!(again.is_ok(), "{name}: {again:?}");
        assert_eq!(StudyConfig::from_toml(&toml::to_string(&study).unwrap(), "again").unwrap(), study);
    }
    assert!(matches!(built_in("nothing"), Err(Error::UnknownName { .. })));
}

const SMALL: &str = r#"
name = "small"
title = "Small"
question = "Does it run?"
budget = 300
seeds = { first = 100, count = 4 }
metrics = ["mean_squared_error"]
targets = [0.01]
[task.xor]
[network.mlp]
hidden = [4]
[[arm]]
name = "dopamine"
[arm.optimizer.dopamine]
[[arm]]
name = "tuned"
tune = { learning_rate = [0.1, 0.3] }
[arm.optimizer.weight_perturbation]
[[arm]]
name = "adam"
[arm.gradient.adam]
[[arm]]
name = "node"
[arm.plasticity.node_perturbation]
[[claim]]
text = "It is not worse"
arm = "dopamine"
reference = "tuned"
metric = "mean_squared_error"
at_most = 1.0
"#;

#[test]
fn results_do_not_depend_on_threads() {
    let study = StudyConfig::from_toml(SMALL, "small").unwrap();
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let result = pool.install(|| run(&study, false, &Silent)).unwrap();
        // NaN is not equal to itself: compare the text.
        (format!("{:?}", result.records), serde_json::to_string(&result.summary).unwrap(), result.tuning)
    };
    assert_eq!(with(1), with(2));
}

#[test]
fn mistakes_in_a_study_are_named() {
    let problem = |text: &str| StudyConfig::from_toml(text, "s.toml").unwrap_err().to_string();
    let with = |from: &str, to: &str| problem(&SMALL.replacen(from, to, 1));
    for (from, to, expected) in [
        ("budget = 300", "budgte = 300", "line 5"),
        ("budget = 300", "budget = 0", "budget = 0: must be between 1"),
        ("budget = 300", "budget = \"many\"", "line 5"),
        ("name = \"small\"", "name = \"a/b\"", "must be letters, digits"),
        ("metrics = [\"mean_squared_error\"]", "metrics = []", "name at least one"),
        ("[task.xor]", "[task.exor]", "unknown task \"exor\": known are xor, parity"),
        ("[arm.gradient.adam]", "", "exactly one of"),
        ("name = \"adam\"", "name = \"tuned\"", "two arms are called \"tuned\""),
        ("count = 4", "count = 0", "seeds.count = 0"),
        ("first = 100", "first = 1", "overlap"),
        ("reference = \"tuned\"", "reference = \"tunde\"", "unknown arm \"tunde\": known are dopamine, tuned"),
        ("metric = \"mean_squared_error\"", "metric = \"mse\"", "unknown metric \"mse\""),
        ("at_most = 1.0", "", "either at_most or at_least"),
        ("at_most = 1.0", "at_most = nan", "claim[0].at_most = NaN: must be a number"),
        ("[0.1, 0.3]", "[0.1, -0.3]", "must be above 0"),
    ] {
        let found = with(from, to);
        assert!(found.starts_with("s.toml: ") && found.contains(expected), "{to:?}: {found}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_makes_the_study_parser_panic(text in ".{0,400}") {
        let _ = StudyConfig::from_toml(&text, "random");
    }

    #[test]
    fn no_damage_makes_the_study_parser_panic(start in 0usize..600, length in 0usize..40, insert in ".{0,12}") {
        let mut characters: Vec<char> = SMALL.chars().collect();
        let start = start.min(characters.len());
        let end = (start + length).min(characters.len());
        characters.splice(start..end, insert.chars());
        let _ = StudyConfig::from_toml(&characters.into_iter().collect::<String>(), "damaged");
    }
}
