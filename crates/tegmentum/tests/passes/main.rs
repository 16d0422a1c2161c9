//! Every way to compute a forward pass gives the same bits: stored or perturbed weights, alone or in a pair, on any number
//! of threads, with any instructions; so do the estimates of node perturbation and the gradients that are made of passes.
//! A program of its own: it limits the instructions of its process.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

#[allow(dead_code, reason = "a part of it is used here")]
#[path = "../library/reference.rs"]
mod reference;
mod rounded;

use std::sync::{Arc, Mutex, PoisonError};

use reference::{Kind, Reference, Rows as Sequence};
use tegmentum::data::batch::{Batch, LaneBatch, Part};
use tegmentum::data::task::{ExampleSet, Examples, Loss, Problem, Series, Windows};
use tegmentum::learning::gradient::Backpropagation;
use tegmentum::learning::plasticity::node_perturbation::{Credit, NodePerturbationConfig, Readout};
use tegmentum::model::forward::mean_losses;
use tegmentum::model::network::{Activation, Network};
use tegmentum::model::networks::NetworkConfig;
use tegmentum::model::objective::Objective;
use tegmentum::model::objectives::NetworkLoss;
use tegmentum::model::perturbation::low_rank::{Layout, LowRank};
use tegmentum::model::perturbation::{Base, Bases, Direction, Family, Point, Probe};
use tegmentum::model::weights::{Panels, Perturbed, Weights};
use tegmentum::random::Key;
use tegmentum_engine::kernel::aligned::Rows;
use tegmentum_engine::kernel::{InstructionSet, Numerics, limit};

/// Instructions are a setting of the process: tests that change them, and tests that would notice, take turns.
static INSTRUCTIONS: Mutex<()> = Mutex::new(());

fn has_state(config: &NetworkConfig) -> bool {
    config.name() != "mlp"
}

/// Examples, or windows of a series of three channels, where the network has a state.
fn problem(has_state: bool, count: usize) -> Arc<Problem> {
    let mut stream = Key::from_seed(5).stream();
    let mut numbers = |count: usize| -> Vec<f32> { (0..count).map(|_| stream.normal()).collect() };
    if !has_state {
        let set = ExampleSet { inputs: numbers(3 * count), targets: numbers(3 * count) };
        return Arc::new(Problem::Examples(Examples {
            num_inputs: 3,
            num_outputs: 3,
            train: set.clone(),
            test: set,
            batch: None,
            loss: Loss::MeanSquaredError,
        }));
    }
    Arc::new(Problem::Series(Series {
        values: numbers(3 * 400),
        channels: ["a", "b", "c"].map(str::to_owned).to_vec(),
        train: 0..300,
        test: 300..400,
        mean: vec![0.0; 3],
        standard_deviation: vec![1.0; 3],
        sampling_step: 1.0,
        lyapunov_exponent: None,
        windows: Windows { count, length: 7, washout: 2 },
    }))
}

/// The training batch of a problem, example by example: inputs and targets of every step.
fn examples_of(problem: &Problem, batch: Batch) -> (Vec<(Sequence, Sequence)>, usize) {
    let mut lanes = LaneBatch::<1>::default();
    lanes.load(problem, Part::Train(batch));
    let row = |rows: &[[f32; 1]]| rows.iter().map(|[value]| f64::from(*value)).collect::<Vec<f64>>();
    let examples = (0..lanes.count).map(|example| {
        let of_step = |step| (row(lanes.inputs(example, step)), row(lanes.targets(example, step)));
        (0..lanes.steps).map(of_step).unzip()
    });
    (examples.collect(), lanes.washout)
}

/// Every network of 1 to 20 units against its equations in `f64`: batches of 1, 3 and 20 take passes of 1, 4 and 16 lanes.
#[test]
fn networks_of_every_small_size_agree_with_f64() {
    let _turn = INSTRUCTIONS.lock().unwrap_or_else(PoisonError::into_inner);
    let kinds = |size: usize| {
        let mlps = [vec![size], vec![size, 21 - size]].map(Kind::Mlp);
        mlps.into_iter().chain([Kind::Elman(size), Kind::Gru(size)])
    };
    for widest in [InstructionSet::Baseline, InstructionSet::Avx2, InstructionSet::Avx512] {
        limit(widest);
        for (size, count) in (1..=20).flat_map(|size| [1, 3, 20].map(|count| (size, count))) {
            kinds(size).for_each(|kind| agrees_with_f64(kind, count));
        }
    }
}

fn agrees_with_f64(kind: Kind, count: usize) {
    let has_bfloat16 = matches!(kind, Kind::Elman(_));
    let reference = Reference {
        kind,
        hidden_activation: Activation::Tanh,
        output_activation: Activation::Linear,
        num_inputs: 3,
        num_outputs: 3,
    };
    // (numerics, largest relative error of a loss)
    let numerics =
        [(Numerics::Native, 1e-5), (Numerics::Portable, 1e-5), (Numerics::Int8, 0.2), (Numerics::Bfloat16, 0.02)];
    for (numerics, bound) in numerics.into_iter().take(3 + usize::from(has_bfloat16)) {
        let network: Arc<dyn Network> = Arc::from(reference.build_with(numerics));
        let parameters = network.initialise(Key::from_seed(2));
        let (problem, batch) = (problem(network.carry().is_some(), count), Batch(Key::from_seed(9)));
        let (examples, washout) = examples_of(&problem, batch);
        let direction = Direction::Rademacher(Key(3));
        let probes = [0.0, 0.1, -0.1].map(|scale| Probe::perturbed(direction, scale));
        let mut losses = [0.0; 3];
        let objective = NetworkLoss::new(network, problem);
        objective.losses(Bases::single(&parameters), &probes, batch, &mut losses).unwrap();
        for (probe, found) in probes.iter().zip(losses) {
            let mut candidate = parameters.clone();
            direction.add_to(probe.scale, &mut candidate);
            let candidate: Vec<f64> = candidate.into_iter().map(f64::from).collect();
            let exact = reference.loss(&candidate, Loss::MeanSquaredError, &examples, washout);
            let error = (found - exact).abs() / exact;
            assert!(error < bound, "{:?}, {numerics:?}, {count} examples: {found}, {exact}", reference.kind);
        }
    }
}

/// The networks of the registry, with hidden layers that are no multiple of a vector and with one and two groups of four vectors, and a
/// wide one with many panels.
fn networks() -> Vec<NetworkConfig> {
    let mut all: Vec<NetworkConfig> = NetworkConfig::registry();
    let elman = ["[elman]\nhidden = 64", "[elman]\nhidden = 128", "[elman]\nhidden = 133"];
    for text in ["[mlp]\nhidden = [150, 21]\nactivation = \"relu\"", "[gru]\nhidden = 37"].into_iter().chain(elman) {
        all.push(toml::from_str(text).unwrap());
    }
    all
}

fn build(config: &NetworkConfig, numerics: Numerics) -> (Arc<dyn Network>, Vec<f32>) {
    let network: Arc<dyn Network> = Arc::from(config.build_with(numerics, 3, 3).unwrap());
    let parameters = network.initialise(Key::from_seed(2));
    (network, parameters)
}

/// Losses of a perturbed network from a stored copy, from weights perturbed as they are read, alone and as a pair, and from the
/// objective, which chooses by itself.
fn all_ways<const L: usize>(config: &NetworkConfig, count: usize, direction: Direction) {
    let (network, parameters) = build(config, Numerics::Native);
    let problem = problem(has_state(config), count);
    let mut batch = LaneBatch::<L>::default();
    batch.load(&problem, Part::Train(Batch(Key::from_seed(9))));
    let mut activity = Rows::default();
    let mut losses =
        |weights: &mut Weights<'_>| mean_losses(&*network, weights, Loss::MeanSquaredError, &batch, &mut activity);
    let stored = [0.1f32, -0.1].map(|scale| {
        let mut candidate = parameters.clone();
        direction.add_to(scale, &mut candidate);
        losses(&mut (&candidate).into())[0]
    });
    let mut panels = Panels::default();
    let mut perturbed = |pair: bool, scale: f32| {
        let point = Point::Vector(&parameters);
        let [one, all] = [false, true].map(|on_all_threads| {
            let panels = &mut panels;
            losses(&mut Weights::Perturbed(Perturbed {
                point,
                gain: 1.0,
                direction,
                scale,
                pair,
                on_all_threads,
                panels,
            }))
        });
        assert_eq!(one, all, "{config:?}, {count} in {L} lanes, on all threads");
        one
    };
    assert!(stored[0].is_finite() && stored[0] != stored[1]);
    assert_eq!(perturbed(true, 0.1), stored, "{config:?}, {count} in {L} lanes, as a pair");
    assert_eq!(perturbed(false, -0.1)[0], stored[1], "{config:?}, {count} in {L} lanes");
    let probes = [0.1, -0.1].map(|scale| Probe::perturbed(direction, scale));
    let mut chosen = [0.0; 2];
    let objective = NetworkLoss::new(Arc::clone(&network), Arc::clone(&problem));
    objective.losses(Bases::single(&parameters), &probes, Batch(Key::from_seed(9)), &mut chosen).unwrap();
    assert_eq!(chosen, stored, "{config:?}, {count} by the objective");
}

#[test]
fn stored_and_perturbed_weights_give_the_same_bits() {
    let _turn = INSTRUCTIONS.lock().unwrap_or_else(PoisonError::into_inner);
    for config in networks() {
        for direction in [Direction::Rademacher(Key(3)), Direction::Gaussian(Key(4))] {
            all_ways::<1>(&config, 1, direction);
            all_ways::<4>(&config, 3, direction);
            all_ways::<16>(&config, 70, direction);
        }
    }
}

/// Losses of a population through the objective.
fn population(config: &NetworkConfig, numerics: Numerics, count: usize) -> Vec<f64> {
    let (network, parameters) = build(config, numerics);
    let objective = NetworkLoss::new(network, problem(has_state(config), count));
    let mut probes = vec![Probe::unperturbed(Base::Acting)];
    for index in 0..20 {
        let direction = Direction::Gaussian(Key::from_seed(index));
        probes.extend([0.05, -0.05].map(|scale| Probe::perturbed(direction, scale)));
    }
    let mut losses = vec![0.0; probes.len()];
    objective.losses(Bases::single(&parameters), &probes, Batch(Key::from_seed(1)), &mut losses).unwrap();
    losses
}

#[test]
fn losses_do_not_depend_on_threads_or_on_company() {
    let _turn = INSTRUCTIONS.lock().unwrap_or_else(PoisonError::into_inner);
    let on = |threads: usize, config: &NetworkConfig, count: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| population(config, Numerics::Native, count))
    };
    for config in networks() {
        for count in [1, 40] {
            assert_eq!(on(1, &config, count), on(3, &config, count), "{config:?}, {count}");
        }
    }
}

/// Fewer passes than threads: panels are shared, or the candidates of a pair go apart.
#[test]
fn losses_of_few_probes_do_not_depend_on_threads() {
    let _turn = INSTRUCTIONS.lock().unwrap_or_else(PoisonError::into_inner);
    for (text, count) in
        [("[mlp]\nhidden = [300, 200]", 150), ("[mlp]\nhidden = [9000]", 1), ("[elman]\nhidden = 150", 70)]
    {
        let config: NetworkConfig = toml::from_str(text).unwrap();
        let (network, parameters) = build(&config, Numerics::Native);
        let objective = NetworkLoss::new(network, problem(has_state(&config), count));
        let direction = |k| Direction::Gaussian(Key(k));
        let mut probes = vec![Probe::unperturbed(Base::Acting)];
        probes.extend((0..3).flat_map(|k| [0.1, -0.1].map(|scale| Probe::perturbed(direction(k), scale))));
        let on = |threads: usize, probes: &[Probe]| {
            let mut losses = vec![0.0; probes.len()];
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let bases = Bases::single(&parameters);
            pool.install(|| objective.losses(bases, probes, Batch(Key::from_seed(1)), &mut losses)).unwrap();
            losses
        };
        let all = on(1, &probes);
        for (own, expected) in [(0..1, &all[..1]), (1..3, &all[1..3]), (0..3, &all[..3]), (0..7, &all[..])] {
            for threads in [1, 2, 3, 8] {
                assert_eq!(on(threads, &probes[own.clone()]), expected, "{text}, {own:?}, {threads} threads");
            }
        }
    }
}

#[test]
fn losses_do_not_depend_on_instructions() {
    let _turn = INSTRUCTIONS.lock().unwrap_or_else(PoisonError::into_inner);
    let all = |numerics: Numerics| -> Vec<Vec<f64>> {
        networks().iter().flat_map(|config| [1, 3, 20].map(|count| population(config, numerics, count))).collect()
    };
    let (native, portable) = (all(Numerics::Native), all(Numerics::Portable));
    let narrower = limit(InstructionSet::Avx2);
    let (native_narrower, portable_narrower) = (all(Numerics::Native), all(Numerics::Portable));
    limit(InstructionSet::Baseline);
    let portable_baseline = all(Numerics::Portable);
    limit(InstructionSet::Avx512);
    assert!(narrower <= InstructionSet::Avx2);
    assert_eq!(native, native_narrower);
    assert_eq!(portable, portable_narrower);
    assert_eq!(portable, portable_baseline);
    for (native, portable) in native.iter().flatten().zip(portable.iter().flatten()) {
        assert!((native - portable).abs() < 1e-5 * portable.abs().max(1.0), "{native}, {portable}");
    }
}

/// Estimates of node perturbation in all its forms, and gradients by backpropagation.
fn estimates(numerics: Numerics) -> Vec<Vec<f32>> {
    let mut all = Vec::new();
    for config in networks() {
        let (network, start) = build(&config, numerics);
        for count in [3, 20, 70] {
            let (problem, batch) = (problem(has_state(&config), count), Batch(Key::from_seed(4)));
            for (credit, readout) in [
                (Credit::Offline, Readout::LocalError),
                (Credit::Offline, Readout::Noise),
                (Credit::Online, Readout::LocalError),
            ] {
                let rule = NodePerturbationConfig { credit, readout, ..NodePerturbationConfig::default() };
                let (network, problem) = (Arc::clone(&network), Arc::clone(&problem));
                let mut learner = rule.build(network, problem, start.clone(), Key::from_seed(3)).unwrap();
                all.push(learner.estimate(batch).0.to_vec());
            }
            let mut gradient = vec![0.0; start.len()];
            Backpropagation::default().gradient(&*network, &problem, &start, batch, &mut gradient).unwrap();
            all.push(gradient);
        }
    }
    all
}

#[test]
fn estimates_do_not_depend_on_instructions() {
    let _turn = INSTRUCTIONS.lock().unwrap_or_else(PoisonError::into_inner);
    let (native, portable) = (estimates(Numerics::Native), estimates(Numerics::Portable));
    limit(InstructionSet::Avx2);
    let (native_narrower, portable_narrower) = (estimates(Numerics::Native), estimates(Numerics::Portable));
    limit(InstructionSet::Baseline);
    let portable_baseline = estimates(Numerics::Portable);
    limit(InstructionSet::Avx512);
    assert!(
        native.iter().flatten().all(|value| value.is_finite()) && native.iter().flatten().any(|&value| value != 0.0)
    );
    assert!(native == native_narrower, "native numerics");
    assert!(portable == portable_narrower && portable == portable_baseline, "portable numerics");
}

#[test]
fn noise_does_not_depend_on_instructions() {
    let _turn = INSTRUCTIONS.lock().unwrap_or_else(PoisonError::into_inner);
    let make = |widest| {
        limit(widest);
        let mut all = Vec::new();
        for direction in [Direction::Rademacher(Key::from_seed(17)), Direction::Gaussian(Key::from_seed(17))] {
            for (first, length) in [(5, 9 * 128 + 77), (3, 17), (0, 200), ((1 << 27) - 3, 1000)] {
                let mut vector = vec![0.25f32; length];
                direction.add_chunk(first, 0.3, &mut vector);
                all.extend(vector.into_iter().map(f32::to_bits));
            }
        }
        all
    };
    let found = [InstructionSet::Baseline, InstructionSet::Avx2, InstructionSet::Avx512].map(make);
    assert!(found[0] == found[1] && found[1] == found[2]);
}

/// Losses of directions of low rank around a network's first parameters, and their probes.
fn low_rank(
    config: &NetworkConfig,
    numerics: Numerics,
    count: usize,
    rank: usize,
) -> (NetworkLoss, Vec<f32>, Vec<Probe>) {
    let (network, parameters) = build(config, numerics);
    let family = Family::LowRank(LowRank { rank, layout: Layout::default() }).for_network(&*network);
    let mut probes = vec![Probe::unperturbed(Base::Acting)];
    for index in 0..19 {
        let direction = family.direction(Key::from_seed(index));
        probes.extend([0.05, -0.05].map(|scale| Probe::perturbed(direction, scale)));
    }
    probes[5].gain = 0.9;
    (NetworkLoss::new(network, problem(has_state(config), count)), parameters, probes)
}

fn losses_of(objective: &NetworkLoss, parameters: &[f32], probes: &[Probe]) -> Vec<f64> {
    let mut losses = vec![0.0; probes.len()];
    objective.losses(Bases::single(parameters), probes, Batch(Key::from_seed(1)), &mut losses).unwrap();
    losses
}

#[test]
fn low_rank_losses_are_those_of_the_candidates_written_out() {
    let _turn = INSTRUCTIONS.lock().unwrap_or_else(PoisonError::into_inner);
    for config in networks() {
        for (count, rank) in [(1, 1), (3, 2), (20, 1), (150, 3)] {
            let (objective, parameters, probes) = low_rank(&config, Numerics::Native, count, rank);
            let found = losses_of(&objective, &parameters, &probes);
            for (probe, found) in probes.iter().zip(&found) {
                let mut candidate = vec![0.0; parameters.len()];
                probe.write(Bases::single(&parameters), &mut candidate).unwrap();
                let exact = losses_of(&objective, &candidate, &[Probe::unperturbed(Base::Acting)])[0];
                assert!((found - exact).abs() < 2e-5 * exact, "{config:?}, {count}, rank {rank}: {found}, {exact}");
                let alone = losses_of(&objective, &parameters, &[*probe])[0];
                assert_eq!(alone, *found, "a member's loss depends on its company: {config:?}, {count}");
            }
            assert!(found[1] != found[2]);
        }
    }
}

#[test]
fn low_rank_losses_do_not_depend_on_threads_or_instructions() {
    let _turn = INSTRUCTIONS.lock().unwrap_or_else(PoisonError::into_inner);
    let all = |numerics: Numerics| -> Vec<Vec<f64>> {
        let of = |config: &NetworkConfig, count: usize| {
            let (objective, parameters, probes) = low_rank(config, numerics, count, 2);
            losses_of(&objective, &parameters, &probes)
        };
        networks().iter().flat_map(|config| [1, 40].map(|count| of(config, count))).collect()
    };
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| all(Numerics::Native))
    };
    let (native, portable) = (on(1), all(Numerics::Portable));
    assert_eq!(native, on(3));
    limit(InstructionSet::Avx2);
    let (native_narrower, portable_narrower) = (all(Numerics::Native), all(Numerics::Portable));
    limit(InstructionSet::Avx512);
    assert_eq!((native, portable), (native_narrower, portable_narrower));
}
