//! Passes in bfloat16 and in bytes: within their stated errors, and the same bits on any number of threads and with any instructions.

use std::sync::{Arc, PoisonError};

use super::{INSTRUCTIONS, build, losses_of, networks, population, problem};
use tegmentum::data::task::{Problem, Series, Windows};
use tegmentum::data::tasks::TaskConfig;
use tegmentum::evidence::evaluation::{Evaluator, Metric};
use tegmentum::model::network::Network;
use tegmentum::model::networks::NetworkConfig;
use tegmentum::model::objectives::NetworkLoss;
use tegmentum::model::perturbation::{Direction, Probe};
use tegmentum::random::Key;
use tegmentum_engine::kernel::{InstructionSet, Numerics, limit};

/// What bfloat16 costs: the error of a mean loss, and of the difference of a pair against the spread of such differences.
#[test]
fn bfloat16_stays_within_its_stated_error() {
    let _turn = INSTRUCTIONS.lock().unwrap_or_else(PoisonError::into_inner);
    let lorenz = toml::from_str::<TaskConfig>("[lorenz]").unwrap().build().unwrap();
    let Problem::Series(series) = lorenz.problem(Key::from_seed(0)).unwrap() else { panic!("Lorenz is a series") };
    let config: NetworkConfig = toml::from_str("[elman]\nhidden = 64").unwrap();
    for count in [1, 3, 32] {
        let windows = Windows { count, length: 200, washout: 0 };
        let problem = Arc::new(Problem::Series(Series { windows, ..series.clone() }));
        let of = |numerics: Numerics| {
            let (network, parameters) = build(&config, numerics);
            let objective = NetworkLoss::new(network, Arc::clone(&problem));
            let pair = |seed: u64| [0.01, -0.01].map(|scale| Probe::perturbed(Direction::Rademacher(Key(seed)), scale));
            losses_of(&objective, &parameters, &(0..40).flat_map(pair).collect::<Vec<_>>())
        };
        let (exact, found) = (of(Numerics::Native), of(Numerics::Bfloat16));
        let differences = |losses: &[f64]| losses.chunks(2).map(|pair| pair[0] - pair[1]).collect::<Vec<f64>>();
        let size = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>().sqrt();
        let (first, second) = (differences(&exact), differences(&found));
        let error = size(&mut first.iter().zip(&second).map(|(a, b)| a - b)) / size(&mut first.iter().copied());
        let mean = exact.iter().zip(&found).map(|(a, b)| (a - b).abs() / a).fold(0.0, f64::max);
        assert!(exact != found, "bfloat16 was not used");
        assert!(mean < 1e-3 && error < 0.02, "{count} windows: mean loss off by {mean}, differences by {error}");
    }
}

#[test]
fn bfloat16_losses_do_not_depend_on_threads_or_instructions() {
    let _turn = INSTRUCTIONS.lock().unwrap_or_else(PoisonError::into_inner);
    let networks = ["[elman]\nhidden = 13", "[elman]\nhidden = 85"].map(|text| toml::from_str(text).unwrap());
    let all = || -> Vec<Vec<f64>> {
        let of = |config: &NetworkConfig, count: usize| population(config, Numerics::Bfloat16, count);
        networks.iter().flat_map(|config| [1, 3, 40].map(|count| of(config, count))).collect()
    };
    let on = |threads: usize| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(all);
    let wide = on(1);
    assert_eq!(wide, on(3));
    limit(InstructionSet::Avx2);
    let narrower = all();
    limit(InstructionSet::Avx512);
    assert_eq!(wide, narrower);
    let gru: NetworkConfig = toml::from_str("[gru]\nhidden = 5").unwrap();
    assert!(gru.build_with(Numerics::Bfloat16, 3, 3).unwrap_err().to_string().contains("elman"));
}

/// What int8 costs: the error of a mean loss, and of the difference of a pair against the spread of such differences. The pair lies further
/// apart than with `native`: what is smaller than half a step of the integers is not seen.
#[test]
fn int8_stays_within_its_stated_error() {
    let _turn = INSTRUCTIONS.lock().unwrap_or_else(PoisonError::into_inner);
    let digits = toml::from_str::<TaskConfig>("[digits]").unwrap().build().unwrap();
    let problem = Arc::new(digits.problem(Key::from_seed(0)).unwrap());
    let text = "[mlp]\nhidden = [32]\nactivation = \"relu\"\noutput_activation = \"softmax\"\ninitialisation = \"he\"";
    let config: NetworkConfig = toml::from_str(text).unwrap();
    let of = |numerics: Numerics, scale: f32| {
        let network: Arc<dyn Network> = Arc::from(config.build_with(numerics, 64, 10).unwrap());
        let parameters = network.initialise(Key::from_seed(2));
        let objective = NetworkLoss::new(network, Arc::clone(&problem));
        let pair = |seed: u64| [scale, -scale].map(|scale| Probe::perturbed(Direction::Rademacher(Key(seed)), scale));
        losses_of(&objective, &parameters, &(0..40).flat_map(pair).collect::<Vec<_>>())
    };
    for (scale, bound) in [(0.01, 0.25), (0.03, 0.1), (0.1, 0.05)] {
        let (exact, found) = (of(Numerics::Native, scale), of(Numerics::Int8, scale));
        let differences = |losses: &[f64]| losses.chunks(2).map(|pair| pair[0] - pair[1]).collect::<Vec<f64>>();
        let size = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>().sqrt();
        let (first, second) = (differences(&exact), differences(&found));
        let error = size(&mut first.iter().zip(&second).map(|(a, b)| a - b)) / size(&mut first.iter().copied());
        let mean = exact.iter().zip(&found).map(|(a, b)| (a - b).abs() / a).fold(0.0, f64::max);
        assert!(exact != found, "int8 was not used");
        assert!(mean < 0.01 && error < bound, "pairs at {scale}: mean loss off by {mean}, differences by {error}");
    }
}

#[test]
fn int8_losses_do_not_depend_on_threads_or_instructions() {
    let _turn = INSTRUCTIONS.lock().unwrap_or_else(PoisonError::into_inner);
    let all = || -> Vec<Vec<f64>> {
        let of = |config: &NetworkConfig, count: usize| population(config, Numerics::Int8, count);
        networks().iter().flat_map(|config| [1, 3, 40].map(|count| of(config, count))).collect()
    };
    let on = |threads: usize| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(all);
    let wide = on(1);
    assert_eq!(wide, on(3));
    limit(InstructionSet::Avx2);
    let narrower = all();
    limit(InstructionSet::Baseline);
    let portable = all();
    limit(InstructionSet::Avx512);
    assert_eq!(wide, narrower);
    // A baseline without fused multiply–add rounds once more after each sum, and may then round an activity to the next byte.
    for (one, other) in wide.iter().flatten().zip(portable.iter().flatten()) {
        assert!((one - other).abs() < 0.02 * one.abs(), "{one} {other}");
    }
}

/// A model is judged as it is trained, in bytes; too many inputs for 32 bits, or a network without connections, are refused.
#[test]
fn int8_models_are_judged_in_bytes() {
    let problem = problem(false, 20);
    let config: NetworkConfig = toml::from_str("[mlp]\nhidden = [9]").unwrap();
    let of = |numerics: Numerics| {
        let (network, parameters) = build(&config, numerics);
        Evaluator::new(network, Arc::clone(&problem)).measure(Metric::Loss, &parameters).unwrap()
    };
    let (native, in_bytes) = (of(Numerics::Native), of(Numerics::Int8));
    assert!(native != in_bytes && (native - in_bytes).abs() < 0.05 * native, "{native} {in_bytes}");
    let error = config.build_with(Numerics::Int8, 70_000, 1).unwrap_err().to_string();
    assert!(error.contains("70000 inputs"), "{error}");
}
