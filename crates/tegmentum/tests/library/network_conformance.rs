//! Every registered network against its contract. A new network is tested by being registered.

use tegmentum::error::Error;
use tegmentum::model::network::{Network, UnitNoise};
use tegmentum::model::networks::NetworkConfig;
use tegmentum::random::{Key, Stream};
use tegmentum_engine::kernel::Numerics;

const SIZES: [(usize, usize); 3] = [(1, 1), (3, 2), (5, 7)];

/// Every registered network in several sizes, with a name for messages.
fn networks() -> Vec<(String, Box<dyn Network>)> {
    let build = |(inputs, outputs)| {
        NetworkConfig::registry().into_iter().map(move |config| {
            (format!("{} {inputs} → {outputs}", config.name()), config.build(inputs, outputs).unwrap())
        })
    };
    SIZES.into_iter().flat_map(build).collect()
}

fn rows<const L: usize>(count: usize, stream: &mut Stream) -> Vec<[f32; L]> {
    (0..count).map(|_| std::array::from_fn(|_| stream.normal())).collect()
}

/// Runs `steps` steps from a zero state, each with its own input [steps × inputs]; the same in each of `blocks`.
fn run_blocks<const L: usize>(
    network: &dyn Network,
    parameters: &[f32],
    noise: Option<UnitNoise<'_>>,
    blocks: usize,
    inputs: &[[f32; L]],
) -> Vec<[f32; L]> {
    let rows = network.num_activities();
    let mut activity = vec![[0.0; L]; blocks * rows];
    for (step, input) in inputs.chunks_exact(network.input_rows().len()).enumerate() {
        for activity in activity.chunks_exact_mut(rows) {
            if let Some((state, previous)) = network.carry().filter(|_| step > 0) {
                activity.copy_within(state, previous.start);
            }
            activity[network.input_rows()].copy_from_slice(input);
        }
        network.step(&mut parameters.into(), noise, &mut activity);
    }
    activity
}

fn run<const L: usize>(network: &dyn Network, parameters: &[f32], inputs: &[[f32; L]]) -> Vec<[f32; L]> {
    run_blocks(network, parameters, None, 1, inputs)
}

/// The noise of one pair on the first `units` units.
fn noise_of(signs: &[u16], units: usize, scale: f32) -> UnitNoise<'_> {
    UnitNoise { signs, stride: signs.len(), units, scale, common: 0 }
}

fn words(count: usize, stream: &mut Stream) -> Vec<u16> {
    (0..count).map(|_| stream.next_u32() as u16).collect()
}

fn bits<const L: usize>(rows: &[[f32; L]]) -> Vec<u32> {
    rows.as_flattened().iter().map(|value| value.to_bits()).collect()
}

#[test]
fn blocks_are_contiguous_and_cover_the_parameters() {
    for (name, network) in networks() {
        let mut end = 0;
        for block in network.blocks() {
            assert_eq!(block.offset, end, "{name}: {}", block.name);
            assert!(!block.range().is_empty(), "{name}: {}", block.name);
            end = block.range().end;
        }
        assert_eq!(end, network.num_parameters(), "{name}");
        let mut names: Vec<&str> = network.blocks().iter().map(|block| &*block.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), network.blocks().len(), "{name}: a block's name is used twice");
    }
}

#[test]
fn connections_agree_with_the_blocks() {
    for (name, network) in networks() {
        let (mut parameter, mut unit) = (0, 0);
        for connection in network.connections() {
            let units = connection.units.len();
            assert_eq!(connection.weights, parameter..parameter + connection.presynaptic.len() * units, "{name}");
            assert_eq!(connection.bias, connection.weights.end..connection.weights.end + units, "{name}");
            assert_eq!(connection.units.start, unit, "{name}");
            assert!(connection.presynaptic.end <= network.num_activities(), "{name}");
            let inside: Vec<_> =
                network.blocks().iter().filter(|block| connection.weights.contains(&block.offset)).collect();
            assert_eq!(inside.iter().map(|block| block.rows).sum::<usize>(), connection.presynaptic.len(), "{name}");
            assert!(inside.iter().all(|block| block.columns == units), "{name}");
            assert!(network.blocks().iter().any(|block| block.range() == connection.bias && block.rows == 1), "{name}");
            (parameter, unit) = (connection.bias.end, connection.units.end);
        }
        assert_eq!((parameter, unit), (network.num_parameters(), network.num_units()), "{name}");
        let last = network.connections().last().unwrap();
        assert_eq!(last.units.len(), network.output_rows().len(), "{name}");
        let weights: usize = network.connections().iter().map(|connection| connection.weights.len()).sum();
        assert_eq!(network.operations(), 2 * weights as u64, "{name}");
    }
}

#[test]
fn rows_have_the_sizes_of_the_task() {
    for ((inputs, outputs), config) in
        SIZES.into_iter().flat_map(|size| NetworkConfig::registry().into_iter().map(move |config| (size, config)))
    {
        let network = config.build(inputs, outputs).unwrap();
        assert_eq!((network.input_rows().len(), network.output_rows().len()), (inputs, outputs));
        if let Some((state, previous)) = network.carry() {
            assert_eq!(state.len(), previous.len());
        }
    }
}

#[test]
fn first_parameters_are_a_function_of_the_key() {
    for (name, network) in networks() {
        let first = network.initialise(Key::from_seed(1));
        assert_eq!(first.len(), network.num_parameters(), "{name}");
        assert!(first.iter().all(|w| w.is_finite()), "{name}");
        assert_eq!(first, network.initialise(Key::from_seed(1)), "{name}");
        assert_ne!(first, network.initialise(Key::from_seed(2)), "{name}");
    }
}

#[test]
fn activities_are_finite() {
    for (name, network) in networks() {
        let parameters = network.initialise(Key::from_seed(1));
        let inputs = rows::<16>(50 * network.input_rows().len(), &mut Key::from_seed(2).stream());
        let activity = run(&*network, &parameters, &inputs);
        assert!(activity.as_flattened().iter().all(|value| value.is_finite()), "{name}");
    }
}

#[test]
fn noise_of_scale_zero_changes_no_bit_and_other_noise_does() {
    for (name, network) in networks() {
        let parameters = network.initialise(Key::from_seed(1));
        let mut stream = Key::from_seed(2).stream();
        let inputs = rows::<16>(3 * network.input_rows().len(), &mut stream);
        let signs = words(network.num_units(), &mut stream);
        let with =
            |scale| run_blocks(&*network, &parameters, Some(noise_of(&signs, network.num_units(), scale)), 2, &inputs);
        let without = run_blocks(&*network, &parameters, None, 2, &inputs);
        assert_eq!(bits(&with(0.0)), bits(&without), "{name}");
        let (noisy, rows) = (with(0.1), network.num_activities());
        assert_ne!(bits(&noisy[..rows]), bits(&without[..rows]), "{name}");
        assert_ne!(bits(&noisy[rows..]), bits(&without[rows..]), "{name}");
    }
}

/// Noise on pre-activations is the same as a change of their units' biases, for all units of the first connections.
#[test]
fn noise_is_added_to_pre_activations_in_the_order_of_units() {
    for (name, network) in networks() {
        let parameters = network.initialise(Key::from_seed(1));
        let mut stream = Key::from_seed(2).stream();
        let inputs = rows::<4>(network.input_rows().len(), &mut stream);
        for last in network.connections() {
            // One sign for all lanes, so that a bias can do the same.
            let signs = words(network.num_units(), &mut stream).into_iter().map(|word| (word & 1) * u16::MAX);
            let signs: Vec<u16> = signs.collect();
            let noise = noise_of(&signs, last.units.end, 0.25);
            let noisy = run_blocks(&*network, &parameters, Some(noise), 2, &inputs);
            for (half, scale) in noisy.chunks(network.num_activities()).zip([0.25, -0.25]) {
                let mut moved = parameters.clone();
                for connection in network.connections().iter().filter(|own| own.units.end <= last.units.end) {
                    for (unit, bias) in connection.units.clone().zip(connection.bias.clone()) {
                        moved[bias] += if signs[unit] == 0 { scale } else { -scale };
                    }
                }
                let biased = run(&*network, &moved, &inputs);
                for (a, b) in half.as_flattened().iter().zip(biased.as_flattened()) {
                    assert!((a - b).abs() < 1e-5, "{name}, units to {}: {a} {b}", last.units.end);
                }
            }
        }
    }
}

/// What both halves of a pair have in common is computed once, with the same bits; pairs do not touch each other.
#[test]
fn common_rows_and_other_pairs_change_no_bit() {
    for (name, network) in networks() {
        let parameters = network.initialise(Key::from_seed(1));
        let mut stream = Key::from_seed(2).stream();
        let inputs = rows::<16>(3 * network.input_rows().len(), &mut stream);
        let units = network.num_units();
        let signs = words(3 * units, &mut stream);
        let alone = |pair: usize| {
            let noise = noise_of(&signs[pair * units..][..units], units, 0.3);
            run_blocks(&*network, &parameters, Some(noise), 2, &inputs)
        };
        let expected: Vec<[f32; 16]> = (0..3).flat_map(alone).collect();
        for common in [0, network.input_rows().end] {
            let noise = UnitNoise { signs: &signs, stride: units, units, scale: 0.3, common };
            let found = run_blocks(&*network, &parameters, Some(noise), 6, &inputs);
            assert_eq!(bits(&found), bits(&expected), "{name}, {common} rows in common");
        }
    }
}

#[test]
fn lanes_are_independent() {
    for (name, network) in networks() {
        let parameters = network.initialise(Key::from_seed(1));
        let inputs = rows::<16>(3 * network.input_rows().len(), &mut Key::from_seed(2).stream());
        let turn = |rows: &[[f32; 16]]| -> Vec<[f32; 16]> {
            rows.iter().map(|row| std::array::from_fn(|lane| row[(lane * 5 + 3) % 16])).collect()
        };
        let turned = run(&*network, &parameters, &turn(&inputs));
        assert_eq!(bits(&turned), bits(&turn(&run(&*network, &parameters, &inputs))), "{name}");
    }
}

#[test]
fn four_and_sixteen_lanes_give_the_same_bits() {
    for (name, network) in networks() {
        let parameters = network.initialise(Key::from_seed(1));
        let mut stream = Key::from_seed(2).stream();
        let inputs = rows::<16>(3 * network.input_rows().len(), &mut stream);
        let signs = words(network.num_units(), &mut stream);
        let narrow_signs: Vec<u16> = signs.iter().map(|word| word >> 8).collect();
        let narrow = |rows: &[[f32; 16]]| -> Vec<[f32; 4]> {
            rows.iter().map(|row| std::array::from_fn(|lane| row[lane + 8])).collect()
        };
        let units = network.num_units();
        let wide = run_blocks(&*network, &parameters, Some(noise_of(&signs, units, 0.3)), 2, &inputs);
        let four = run_blocks(&*network, &parameters, Some(noise_of(&narrow_signs, units, 0.3)), 2, &narrow(&inputs));
        assert_eq!(bits(&narrow(&wide)), bits(&four), "{name}");
    }
}

#[test]
fn only_a_carried_state_makes_a_second_step_different() {
    for (name, network) in networks() {
        let parameters = network.initialise(Key::from_seed(1));
        let input = rows::<4>(network.input_rows().len(), &mut Key::from_seed(2).stream());
        let outputs = |inputs: &[[f32; 4]]| bits(&run(&*network, &parameters, inputs)[network.output_rows()]);
        let (once, twice) = (outputs(&input), outputs(&[&input[..], &input[..]].concat()));
        assert_eq!(once != twice, network.carry().is_some(), "{name}");
    }
}

#[test]
fn a_step_reads_nothing_but_input_and_previous_state() {
    for (name, network) in networks() {
        let parameters = network.initialise(Key::from_seed(1));
        let mut stream = Key::from_seed(2).stream();
        let mut first = rows::<4>(network.num_activities(), &mut stream);
        let mut second = vec![[f32::NAN; 4]; network.num_activities()];
        let read = [Some(network.input_rows()), network.carry().map(|(_, previous)| previous)];
        for range in read.into_iter().flatten() {
            second[range.clone()].copy_from_slice(&first[range]);
        }
        network.step(&mut (&parameters).into(), None, &mut first);
        network.step(&mut (&parameters).into(), None, &mut second);
        assert_eq!(bits(&first), bits(&second), "{name}");
    }
}

#[test]
fn bad_sizes_are_refused() {
    for config in NetworkConfig::registry() {
        for (inputs, outputs) in [(0, 1), (1, 0)] {
            let result = config.build(inputs, outputs);
            assert!(matches!(result, Err(Error::InvalidParameter { .. })), "{}", config.name());
        }
    }
    for text in [
        "[mlp]\nhidden = [3, 0]",
        "[mlp.initialisation]\nnormal = -1.0",
        "[elman]\nhidden = 0",
        "[elman]\nspectral_radius = 0.0",
        "[elman.initialisation]\nnormal = nan",
        "[gru]\nhidden = 0",
        "[gru.initialisation]\nnormal = inf",
    ] {
        let config: NetworkConfig = toml::from_str(text).unwrap();
        assert!(matches!(config.build(1, 1), Err(Error::InvalidParameter { .. })), "{text}");
    }
    for text in ["[mlp]\nactivation = \"softmax\"", "[elman]\nactivation = \"softmax\""] {
        let config: NetworkConfig = toml::from_str(text).unwrap();
        assert!(matches!(config.build(1, 1), Err(Error::Incompatible { .. })), "{text}");
    }
    for text in ["[mlp]\nhiden = [3]", "[elman]\nsize = 3", "[gru]\nactivation = \"tanh\""] {
        assert!(toml::from_str::<NetworkConfig>(text).is_err(), "{text}");
    }
}

#[test]
fn configurations_survive_a_round_trip() {
    for config in NetworkConfig::registry() {
        let text = toml::to_string(&config).unwrap();
        assert!(text.starts_with(&format!("[{}]", config.name())));
        assert_eq!(toml::from_str::<NetworkConfig>(&text).unwrap(), config);
    }
}

/// Standard deviation and mean of each block of a large network against its documentation.
#[test]
fn first_weights_have_the_documented_variance() {
    let root = |x: f64| x.sqrt();
    let cases: [(&str, &[f64]); 7] = [
        ("[mlp]\nhidden = [200]", &[root(1.0 / 100.0), 0.0, root(1.0 / 200.0), 0.0]),
        ("[mlp]\nhidden = [200]\ninitialisation = \"he\"", &[root(2.0 / 100.0), 0.0, root(1.0 / 200.0), 0.0]),
        ("[mlp]\nhidden = [200]\ninitialisation = \"glorot\"", &[root(2.0 / 300.0), 0.0, root(2.0 / 250.0), 0.0]),
        ("[mlp]\nhidden = [2000]\n[mlp.initialisation]\nnormal = 0.3", &[0.3; 4]),
        ("[elman]\nhidden = 200", &[0.5 / 10.0, 0.9 / root(200.0), 0.0, 0.5 / root(200.0), 0.0]),
        ("[elman]\nhidden = 200\ninitialisation = \"lecun\"", &[0.1, root(1.0 / 200.0), 0.0, root(1.0 / 200.0), 0.0]),
        ("[gru]\nhidden = 200", &{
            let w = root(1.0 / 300.0);
            [w, w, 0.0, w, w, 0.0, 0.5 / root(200.0), 0.0]
        }),
    ];
    for (text, deviations) in cases {
        let network = toml::from_str::<NetworkConfig>(text).unwrap().build(100, 50).unwrap();
        let parameters = network.initialise(Key::from_seed(3));
        assert_eq!(network.blocks().len(), deviations.len());
        for (block, expected) in network.blocks().iter().zip(deviations) {
            let values = &parameters[block.range()];
            let n = values.len() as f64;
            let mean = values.iter().map(|&w| f64::from(w)).sum::<f64>() / n;
            let deviation = (values.iter().map(|&w| f64::from(w) * f64::from(w)).sum::<f64>() / n).sqrt();
            // Five standard errors of mean and standard deviation.
            assert!(mean.abs() <= 5.0 * expected / n.sqrt(), "{text}, {}: mean {mean}", block.name);
            let tolerance = 5.0 * expected / (2.0 * n).sqrt();
            assert!((deviation - expected).abs() <= tolerance, "{text}, {}: deviation {deviation}", block.name);
        }
    }
}

#[test]
fn value_stability() {
    let expected: [(&str, [f32; 3], [f32; 2]); 3] = [
        ("mlp", [0.021_017_851, -0.220_901_16, -0.592_320_14], [0.241_977_9, 0.075_634_27]),
        ("elman", [0.010_508_926, -0.110_450_58, -0.296_160_07], [-0.333_993_17, 0.280_902_2]),
        ("gru", [0.007_005_951, -0.073_633_72, -0.197_440_07], [-0.039_798_4, -0.161_337_38]),
    ];
    for (config, (name, weights, outputs)) in NetworkConfig::registry().into_iter().zip(expected) {
        let network = config.build_with(Numerics::Portable, 2, 2).unwrap();
        let parameters = network.initialise(Key::from_seed(42));
        let inputs = [[0.5; 4], [-1.0; 4], [0.25; 4], [2.0; 4]];
        let activity = run(&*network, &parameters, &inputs);
        let found: Vec<f32> = activity[network.output_rows()].iter().map(|row| row[0]).collect();
        assert_eq!((config.name(), &parameters[..3], &found[..]), (name, &weights[..], &outputs[..]));
    }
}
