//! Networks with random parameters, and what they compute.

use anyhow::{Context, Result};
use tegmentum::model::network::{Activation, Network};
use tegmentum::model::networks::NetworkConfig;
use tegmentum::model::networks::elman::ElmanConfig;
use tegmentum::model::networks::gru::GruConfig;
use tegmentum::model::networks::mlp::MlpConfig;
use tegmentum::random::{Key, Stream};
use tegmentum_applied::onnx::export_network;

use super::{Case, Tensor, Tensors, Values};

/// Numbers that a network reads and writes, rows, and steps of a network with a state.
const INPUTS: usize = 3;
const OUTPUTS: usize = 2;
const ROWS: usize = 5;
const STEPS: usize = 20;
/// Seeds of each setting.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=5;

/// Every registered network with its default settings, and with every activation that it has.
pub(super) fn cases() -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for default in NetworkConfig::registry() {
        for (name, config) in settings(default) {
            for seed in SEEDS {
                cases.push(case(&format!("{name}-{seed}"), &config, seed).with_context(|| name.clone())?);
            }
        }
    }
    Ok(cases)
}

/// Settings to be tried, with a name for each.
fn settings(default: NetworkConfig) -> Vec<(String, NetworkConfig)> {
    let hidden = [Activation::Tanh, Activation::Relu, Activation::Logistic, Activation::Linear, Activation::Step];
    let output = [Activation::Softmax, Activation::Logistic];
    let mut all = vec![(default.name().to_owned(), default.clone())];
    let mut add = |what: String, config: NetworkConfig| all.push((format!("{}-{what}", config.name()), config));
    match default {
        NetworkConfig::Mlp(config) => {
            for activation in hidden {
                let config = MlpConfig { activation, ..config.clone() };
                add(format!("{activation:?}").to_lowercase(), config.into());
            }
            for output_activation in output {
                let config = MlpConfig { output_activation, ..config.clone() };
                add(format!("to-{output_activation:?}").to_lowercase(), config.into());
            }
            for hidden in [vec![], vec![8, 4]] {
                let name = format!("layers-{}", hidden.len());
                add(name, MlpConfig { hidden, ..config.clone() }.into());
            }
        }
        NetworkConfig::Elman(config) => {
            for activation in hidden {
                let config = ElmanConfig { activation, ..config.clone() };
                add(format!("{activation:?}").to_lowercase(), config.into());
            }
            for output_activation in output {
                let config = ElmanConfig { output_activation, ..config.clone() };
                add(format!("to-{output_activation:?}").to_lowercase(), config.into());
            }
        }
        NetworkConfig::Gru(config) => {
            for output_activation in output {
                let config = GruConfig { output_activation, ..config.clone() };
                add(format!("to-{output_activation:?}").to_lowercase(), config.into());
            }
        }
        _ => {}
    }
    all
}

/// A network with random parameters and inputs; a network with a state has a random first state with every other seed.
fn case(name: &str, config: &NetworkConfig, seed: u64) -> Result<Case> {
    let network = config.build(INPUTS, OUTPUTS)?;
    let key = Key::from_seed(seed);
    let mut stream = key.child(1).stream();
    // Biases, which begin at zero, move too.
    let parameters: Vec<f32> =
        network.initialise(key.child(0)).iter().map(|value| value + 0.1 * stream.normal()).collect();
    let hidden = network.carry().map_or(0, |(state, _)| state.len());
    let steps = if hidden > 0 { STEPS } else { 1 };
    let inputs = normals(steps * ROWS * INPUTS, &mut stream);
    let is_given = hidden > 0 && seed.is_multiple_of(2);
    let first = if is_given { normals(ROWS * hidden, &mut stream) } else { vec![0.0; ROWS * hidden] };
    let (outputs, state) = forward(&*network, &parameters, &inputs, &first);
    let tensor = |name: &str, sizes: &[usize], values: Vec<f32>| Tensor {
        name: name.to_owned(),
        shape: sizes.to_vec(),
        values: Values::Float(values),
    };
    let sequence = |size: usize| if hidden > 0 { vec![steps, ROWS, size] } else { vec![ROWS, size] };
    let mut tensors = Tensors {
        inputs: vec![tensor("inputs", &sequence(INPUTS), inputs)],
        outputs: vec![tensor("outputs", &sequence(OUTPUTS), outputs)],
    };
    if hidden > 0 {
        tensors.outputs.push(tensor("state", &[ROWS, hidden], state));
    }
    if is_given {
        tensors.inputs.push(tensor("initial_state", &[ROWS, hidden], first));
    }
    let model = export_network(config, INPUTS, OUTPUTS, &parameters)?;
    Ok(Case { name: name.to_owned(), model, tensors })
}

fn normals(count: usize, stream: &mut Stream) -> Vec<f32> {
    (0..count).map(|_| stream.normal()).collect()
}

/// Outputs [steps × rows × outputs] and last states [rows × hidden], one row after the other.
fn forward(network: &dyn Network, parameters: &[f32], inputs: &[f32], first: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let (own, written) = (network.input_rows(), network.output_rows());
    let hidden = first.len() / ROWS;
    let steps = inputs.len() / ROWS / own.len();
    let mut outputs = vec![0.0; steps * ROWS * written.len()];
    let mut states = first.to_vec();
    for row in 0..ROWS {
        let mut activity = vec![[0.0f32; 1]; network.num_activities()];
        let state = &mut states[row * hidden..(row + 1) * hidden];
        for step in 0..steps {
            let place = step * ROWS + row;
            copy(&inputs[place * own.len()..(place + 1) * own.len()], &mut activity[own.clone()]);
            if let Some((_, previous)) = network.carry() {
                copy(state, &mut activity[previous]);
            }
            network.step1(&mut parameters.into(), None, &mut activity);
            let values = &activity[written.clone()];
            let target = &mut outputs[place * written.len()..(place + 1) * written.len()];
            target.copy_from_slice(values.as_flattened());
            if let Some((new, _)) = network.carry() {
                state.copy_from_slice(activity[new].as_flattened());
            }
        }
    }
    (outputs, states)
}

fn copy(values: &[f32], rows: &mut [[f32; 1]]) {
    rows.as_flattened_mut().copy_from_slice(values);
}
