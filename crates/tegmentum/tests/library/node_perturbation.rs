//! Node perturbation: its estimate against the exact gradient, its two forms against each other, and what noradrenaline
//! does for it when the world changes.

use std::sync::Arc;

use tegmentum::data::batch::Batch;
use tegmentum::data::task::Problem;
use tegmentum::data::tasks::TaskConfig;
use tegmentum::error::Error;
use tegmentum::evidence::evaluation::{Evaluator, Metric};
use tegmentum::learning::gradient::Backpropagation;
use tegmentum::learning::learner::Learner;
use tegmentum::learning::plasticity::node_perturbation::{Credit, NodePerturbation, NodePerturbationConfig, Readout};
use tegmentum::model::network::Network;
use tegmentum::model::networks::NetworkConfig;
use tegmentum::model::perturbation::Point;
use tegmentum::neuromodulation::modulation::Modulation;
use tegmentum::neuromodulation::nucleus::Transmitter;
use tegmentum::neuromodulation::pharmacology::Drug;
use tegmentum::random::Key;

fn world(task: &str, network: &str) -> (Arc<dyn Network>, Arc<Problem>) {
    let task: TaskConfig = toml::from_str(task).unwrap();
    let problem = Arc::new(task.build().unwrap().problem(Key::from_seed(0)).unwrap());
    let config: NetworkConfig = toml::from_str(network).unwrap();
    let network: Arc<dyn Network> = Arc::from(config.build(problem.num_inputs(), problem.num_outputs()).unwrap());
    (network, problem)
}

const LORENZ: &str = "[lorenz]\ntrain = 2000\ntest = 500\nwindows = { count = 5, length = 30, washout = 5 }";
const SMALL_XOR: &str = "[mlp]\nhidden = [4]\noutput_activation = \"logistic\"\ninitialisation = { normal = 0.5 }";

fn learner(config: &NodePerturbationConfig, task: &str, network: &str, seed: u64) -> (NodePerturbation, Vec<f32>) {
    let (network, problem) = world(task, network);
    let start = network.initialise(Key::from_seed(seed));
    let learner = config.build(network, problem, start.clone(), Key::from_seed(seed).child(1)).unwrap();
    (learner, start)
}

fn cosine(a: &[f64], b: &[f32]) -> f64 {
    let dot: f64 = a.iter().zip(b).map(|(a, &b)| a * f64::from(b)).sum();
    let square = |sum: f64| sum.sqrt();
    dot / square(a.iter().map(|a| a * a).sum()) / square(b.iter().map(|&b| f64::from(b) * f64::from(b)).sum())
}

#[test]
fn online_traces_give_the_offline_estimate() {
    for network in ["[elman]\nhidden = 6", "[gru]\nhidden = 5"] {
        for readout in [Readout::LocalError, Readout::Noise] {
            let estimate = |credit| {
                let config =
                    NodePerturbationConfig { credit, readout, noise: 1e-2, ..NodePerturbationConfig::default() };
                learner(&config, LORENZ, network, 3).0.estimate(Batch(Key::from_seed(9))).0.to_vec()
            };
            let (offline, online) = (estimate(Credit::Offline), estimate(Credit::Online));
            let size = offline.iter().fold(0.0f32, |size, value| size.max(value.abs()));
            for (index, (a, b)) in offline.iter().zip(&online).enumerate() {
                assert!((a - b).abs() < 1e-4 * size, "{network} {readout:?}: entry {index} is {a} offline, {b} online");
            }
        }
    }
}

/// On a feed-forward network node perturbation is unbiased: the mean of many estimates is the gradient.
#[test]
fn the_mean_estimate_is_the_gradient() {
    let config = NodePerturbationConfig { readout: Readout::Noise, noise: 1e-2, ..NodePerturbationConfig::default() };
    let (network, problem) = world("[xor]", SMALL_XOR);
    let start = network.initialise(Key::from_seed(5));
    let batch = Batch(Key::from_seed(0));
    let mut gradient = vec![0.0; start.len()];
    Backpropagation::default().gradient(&*network, &problem, &start, batch, &mut gradient).unwrap();
    let draws = 4000;
    let mut mean = vec![0.0f64; start.len()];
    for draw in 0..draws {
        let key = Key::from_seed(draw);
        let mut learner = config.build(Arc::clone(&network), Arc::clone(&problem), start.clone(), key).unwrap();
        for (mean, value) in mean.iter_mut().zip(learner.estimate(batch).0) {
            *mean += f64::from(*value) / f64::from(draws as u32);
        }
    }
    let norm = gradient.iter().map(|&g| f64::from(g).powi(2)).sum::<f64>().sqrt();
    let distance = mean.iter().zip(&gradient).map(|(m, &g)| (m - f64::from(g)).powi(2)).sum::<f64>().sqrt();
    assert!(distance < 0.1 * norm, "mean is {distance} away from a gradient of length {norm}");
}

/// With the readout's own error and a short trace one estimate already points along the gradient.
#[test]
fn one_estimate_points_along_the_gradient() {
    let (mut learner, start) = learner(&NodePerturbationConfig::default(), LORENZ, "[elman]", 1);
    let (network, problem) = world(LORENZ, "[elman]");
    let batch = Batch(Key::from_seed(2));
    let mut gradient = vec![0.0; start.len()];
    let loss = Backpropagation::default().gradient(&*network, &problem, &start, batch, &mut gradient).unwrap();
    let (estimate, own_loss) = learner.estimate(batch);
    let estimate: Vec<f64> = estimate.iter().map(|&value| f64::from(value)).collect();
    assert!(cosine(&estimate, &gradient) > 0.7, "cosine {}", cosine(&estimate, &gradient));
    assert!((own_loss / loss - 1.0).abs() < 1e-3, "{own_loss} against {loss}");
}

fn solution_error(learner: &NodePerturbation, evaluator: &mut Evaluator) -> f64 {
    let Point::Vector(parameters) = learner.averaged() else { unreachable!("x is stored") };
    evaluator.measure(Metric::MeanSquaredError, parameters).unwrap()
}

/// Updates until the error is below 0.01, if that happens within `limit` updates; and surprises on the way.
fn updates_to_solve(
    learner: &mut NodePerturbation,
    evaluator: &mut Evaluator,
    first: u64,
    limit: u64,
) -> (Option<u64>, u32) {
    let mut surprises = 0;
    for update in 0..limit {
        let report = learner.update(Key::from_seed(7).child(first + update), &Modulation::default()).unwrap().report;
        surprises += u32::from(report.surprised);
        if update % 5 == 0 && solution_error(learner, evaluator) < 0.01 {
            return (Some(update), surprises);
        }
    }
    (None, surprises)
}

/// Exclusive or becomes its opposite, without a signal to the learner.
fn relearns(noradrenaline_lesioned: bool) -> (usize, u32, usize) {
    let mut config = NodePerturbationConfig { noise: 1e-2, ..NodePerturbationConfig::default() };
    if noradrenaline_lesioned {
        config.neuromodulation.pharmacology.push(Drug::lesion(Transmitter::Noradrenaline));
    }
    let (network, before) = world("[xor]", SMALL_XOR);
    let (_, after) = world("[xor]\ninverted = true", SMALL_XOR);
    let (mut solved, mut surprises, mut tried) = (0, 0, 0);
    for seed in 0..20 {
        let mut learner = learner(&config, "[xor]", SMALL_XOR, 300 + seed).0;
        let mut first = Evaluator::new(Arc::clone(&network), Arc::clone(&before));
        if updates_to_solve(&mut learner, &mut first, 0, 2000).0.is_none() {
            continue;
        }
        tried += 1;
        // A while at rest, so that the usual loss is known.
        updates_to_solve(&mut learner, &mut Evaluator::new(Arc::clone(&network), Arc::clone(&after)), 5000, 200);
        learner.change_world(Arc::clone(&after)).unwrap();
        let mut second = Evaluator::new(Arc::clone(&network), Arc::clone(&after));
        let (found, surprised) = updates_to_solve(&mut learner, &mut second, 10_000, 1500);
        solved += usize::from(found.is_some());
        surprises += u32::from(surprised > 0);
    }
    (solved, surprises, tried)
}

#[test]
fn noradrenaline_notices_that_the_world_has_changed() {
    let (intact, surprises, tried) = relearns(false);
    let (lesioned, none, _) = relearns(true);
    assert!(tried >= 16, "only {tried} of 20 learned the first rule");
    assert_eq!(none, 0);
    assert!(surprises as usize * 10 >= tried * 9, "{surprises} of {tried} noticed");
    assert!(intact * 10 >= tried * 8, "{intact} of {tried} learned the second rule");
    assert!(intact > lesioned, "{intact} with noradrenaline, {lesioned} without");
}

#[test]
fn what_does_not_fit_is_refused() {
    let (network, problem) = world("[xor]", "[mlp]\nhidden = [3]\noutput_activation = \"softmax\"");
    let build = |config: NodePerturbationConfig, start: Vec<f32>| {
        config.build(Arc::clone(&network), Arc::clone(&problem), start, Key::from_seed(0)).err()
    };
    let start = network.initialise(Key::from_seed(0));
    let noisy = NodePerturbationConfig { readout: Readout::Noise, ..NodePerturbationConfig::default() };
    assert!(matches!(build(NodePerturbationConfig::default(), start.clone()), Some(Error::Incompatible { .. })));
    assert!(build(noisy.clone(), start.clone()).is_none());
    assert!(matches!(build(noisy.clone(), vec![0.0]), Some(Error::ShapeMismatch { .. })));
    let wrong = NodePerturbationConfig { noise: 0.0, ..noisy.clone() };
    assert!(matches!(build(wrong, start.clone()), Some(Error::InvalidParameter { name: "noise", .. })));
    let mut bent = noisy.clone();
    bent.neuromodulation = toml::from_str(
        "receptor = [{ name = 'dopamine_reinforcement', transmitter = 'dopamine', target = 'reinforcement', efficacy = 1.0, \
         curve = 'sign' }]",
    )
    .unwrap();
    assert!(matches!(build(bent, start.clone()), Some(Error::Incompatible { .. })));
    let mut unheard = noisy.clone();
    unheard.neuromodulation = toml::from_str(
        "receptor = [{ name = 'r', transmitter = 'serotonin', target = 'learning_rate', place = { layer = 7 }, efficacy = 1.0 }]",
    )
    .unwrap();
    assert!(matches!(build(unheard, start.clone()), Some(Error::Unheard { .. })));
    let mut learner = noisy.build(Arc::clone(&network), Arc::clone(&problem), start, Key::from_seed(0)).unwrap();
    let (_, other) = world("[parity]\nbits = 3", SMALL_XOR);
    assert!(matches!(learner.change_world(other), Err(Error::ShapeMismatch { .. })));
}

/// The averaged weights after some updates, as bits.
fn after_updates(settings: &str, updates: u64) -> Vec<u32> {
    let config: NodePerturbationConfig = toml::from_str(settings).unwrap();
    let (mut learner, start) = learner(&config, "[xor]", SMALL_XOR, 6);
    for update in 0..updates {
        learner.update(Key::from_seed(8).child(update), &Modulation::default()).unwrap();
    }
    let mut parameters = vec![0.0; start.len()];
    learner.averaged().write(1.0, &mut parameters);
    parameters.into_iter().map(f32::to_bits).collect()
}

#[test]
fn drugs_act_at_the_synapses() {
    let drug = |modulator: &str, action: &str| {
        format!("neuromodulation = {{ pharmacology = [{{ modulator = '{modulator}', action = {{ {action} }} }}] }}")
    };
    let intact = after_updates("", 60);
    let start = after_updates("", 0);
    assert_ne!(intact, start);
    for action in ["lesion = 1.0", "clamp = 0.0", "delay = 100"] {
        assert_eq!(after_updates(&drug("dopamine", action), 60), start, "nothing is learned without dopamine");
    }
    for modulator in ["dopamine", "acetylcholine", "serotonin", "noradrenaline"] {
        assert_eq!(after_updates(&drug(modulator, "antagonist = 0.0"), 60), intact, "a dose of nothing");
    }
    for modulator in ["dopamine", "acetylcholine", "serotonin"] {
        for action in ["lesion = 0.5", "agonist = 1.0", "antagonist = 1.0", "noise = 1.0", "delay = 3"] {
            let drug = drug(modulator, action);
            assert_ne!(after_updates(&drug, 60), intact, "{drug}");
            assert_eq!(after_updates(&drug, 60), after_updates(&drug, 60), "same key, same noise: {drug}");
        }
    }
    for modulator in ["acetylcholine", "serotonin"] {
        let lesion = after_updates(&drug(modulator, "lesion = 1.0"), 60);
        assert_eq!(after_updates(&drug(modulator, "clamp = 0.0"), 60), lesion, "{modulator}");
    }
}

#[test]
fn receptors_act_at_layers_populations_and_synapses() {
    let at = |place: &str| {
        after_updates(
            &format!(
                "neuromodulation = {{ receptor = [{{ name = 'r', transmitter = 'serotonin', target = 'learning_rate', \
                 curve = 'presence', efficacy = 1.0, place = {place} }}] }}"
            ),
            60,
        )
    };
    let intact = after_updates("", 60);
    let [hidden, output] = ["{ layer = 0 }", "{ layer = 1 }"].map(at);
    assert!(intact != hidden && intact != output && hidden != output);
    assert_eq!(at("{ population = 'layer1' }"), hidden);
    assert_eq!(at("{ population = 'output' }"), output);
    let synapses = at("{ synapse = { from = 'layer1', to = 'output' } }");
    assert!(synapses != output && synapses != intact, "the bias is not among the synapses");
}
