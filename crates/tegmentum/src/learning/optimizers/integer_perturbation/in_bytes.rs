//! Tests of integer perturbation on networks that compute in bytes.

use std::sync::Arc;

use super::IntegerPerturbationConfig;
use crate::data::batch::Batch;
use crate::data::task::Examples;
use crate::data::tasks::TaskConfig;
use crate::kernel::Numerics;
use crate::learning::minimise::minimise_objective;
use crate::learning::optimizer::OptimizerSettings;
use crate::learning::schedule::Schedule;
use crate::model::network::Network;
use crate::model::networks::NetworkConfig;
use crate::model::objective::Objective;
use crate::model::objectives::NetworkLoss;
use crate::model::perturbation::{Base, Bases, Probe};
use crate::random::Key;

fn network(text: &str, inputs: usize, outputs: usize) -> Arc<dyn Network> {
    Arc::from(toml::from_str::<NetworkConfig>(text).unwrap().build_with(Numerics::Int8, inputs, outputs).unwrap())
}

/// A pass of bytes, whose scale is the unit's own, sees every integer within m/254 of a step, and in order.
#[test]
fn a_pass_of_bytes_keeps_integers_apart() {
    let network = network("[mlp]\nhidden = []", 64, 2);
    for largest in [1i32, 2, 31, 77, 123, 127] {
        let integer = |i: i32| (i - 32).clamp(-largest, largest) * if i == 63 { largest } else { 1 };
        let integers: Vec<i32> = (0..64).map(|i| integer(i).clamp(-largest, largest)).collect();
        let weights = integers.iter().flat_map(|k| [*k as f32 / 64.0, 0.0]).chain([0.0; 2]).collect::<Vec<f32>>();
        let seen: Vec<f64> = (0..64)
            .map(|input| {
                let (mut inputs, mut target) = ([0.0f32; 64], [0.0f32; 2]);
                inputs[input] = 1.0;
                target[0] = 100.0;
                let examples = Examples::from_rows(&[inputs], &[target]).unwrap();
                let objective = NetworkLoss::new(Arc::clone(&network), examples);
                let mut losses = [0.0];
                let probe = Probe::unperturbed(Base::Acting);
                objective.losses(Bases::single(&weights), &[probe], Batch(Key(0)), &mut losses).unwrap();
                // Mean of two squares, one of which is 0.
                64.0 * (100.0 - (2.0 * losses[0]).sqrt())
            })
            .collect();
        for (seen, integer) in seen.iter().zip(&integers) {
            let bound = f64::from(largest) / 254.0 + 1e-3;
            assert!((seen - f64::from(*integer)).abs() <= bound, "{largest}: {integer} seen as {seen}");
        }
    }
}

/// Runs in bytes from usual starts; ranges and rates as searched on other seeds.
fn final_losses(config: &IntegerPerturbationConfig, objective: &NetworkLoss, seeds: u64, budget: u64) -> Vec<f64> {
    let mut fitted = config.clone();
    fitted.fit_to(&**objective.network());
    let run = |seed: u64| {
        let start = objective.network().initialise(Key::from_seed(seed));
        minimise_objective(objective, &start).optimizer(fitted.clone()).budget(budget).seed(seed).run().unwrap().loss
    };
    (0..seeds).map(run).collect()
}

/// Exclusive or in bytes; constant outputs have a loss of 0.125.
#[test]
fn exclusive_or_is_learned_in_bytes() {
    let task = toml::from_str::<TaskConfig>("[xor]").unwrap().build().unwrap();
    let problem = task.problem(Key::from_seed(0)).unwrap();
    let text = "[mlp]\nhidden = [4]\noutput_activation = \"logistic\"\ninitialisation = { normal = 0.5 }";
    let objective = NetworkLoss::new(network(text, 2, 1), problem);
    let config = IntegerPerturbationConfig {
        range: 8.0,
        directions: 4,
        schedule: Schedule::Linear,
        ..IntegerPerturbationConfig::default()
    };
    let losses = final_losses(&config, &objective, 20, 5_000);
    let solved = losses.iter().filter(|loss| **loss < 0.02).count();
    assert!(solved >= 15, "{solved} of 20: {losses:?}");
}

/// Digits in bytes; the loss begins near 2.4, and the first six seeds ended between 0.79 and 1.22.
#[test]
fn digits_are_learned_in_bytes() {
    let task = toml::from_str::<TaskConfig>("[digits]").unwrap().build().unwrap();
    let problem = task.problem(Key::from_seed(0)).unwrap();
    let text = "[mlp]\nhidden = [16]\nactivation = \"relu\"\noutput_activation = \"softmax\"\ninitialisation = \"he\"";
    let objective = NetworkLoss::new(network(text, 64, 10), problem);
    let config = IntegerPerturbationConfig {
        range: 2.0,
        learning_rate: 2.0,
        schedule: Schedule::Linear,
        ..IntegerPerturbationConfig::default()
    };
    let losses = final_losses(&config, &objective, 10, 3_000);
    assert!(losses.iter().all(|loss| *loss < 1.6), "{losses:?}");
}
