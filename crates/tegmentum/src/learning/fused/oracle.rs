//! Cases on which the forms for small networks are compared with the general one.

use std::sync::Arc;

use crate::data::task::Loss;
use crate::data::task::{ExampleSet, Examples, Problem};
use crate::kernel::Numerics;
use crate::kernel::activation::Activation;
use crate::learning::optimizers::weight_perturbation::WeightPerturbationConfig;
use crate::learning::schedule::Schedule;
use crate::model::network::{Initialisation, Network};
use crate::model::networks::mlp::MlpConfig;
use crate::model::perturbation::Family;
use crate::random::Key;

/// A learner and what it learns.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) config: WeightPerturbationConfig,
    pub(crate) network: Arc<dyn Network>,
    pub(crate) problem: Arc<Problem>,
}

/// A problem with normal inputs, and targets of 0 or 1 that follow from their signs.
pub(crate) fn problem(count: usize, num_inputs: usize, num_outputs: usize) -> Arc<Problem> {
    with_loss(count, num_inputs, num_outputs, Loss::MeanSquaredError)
}

fn with_loss(count: usize, num_inputs: usize, num_outputs: usize, loss: Loss) -> Arc<Problem> {
    let mut stream = Key::from_seed(77).stream();
    let inputs: Vec<f32> = (0..count * num_inputs).map(|_| stream.normal()).collect();
    let targets = inputs
        .chunks_exact(num_inputs)
        .flat_map(|row| {
            (0..num_outputs)
                .map(|output| f32::from(u8::from((row[0] < 0.0) != (row[num_inputs - 1] < 0.1 * output as f32))))
        })
        .collect();
    let train = ExampleSet { inputs, targets };
    Arc::new(Problem::Examples(Examples { num_inputs, num_outputs, test: train.clone(), train, batch: None, loss }))
}

/// Sizes, families, sides, activations, losses and numbers of examples and directions that take every way through the code.
pub(crate) fn cases() -> Vec<Case> {
    use Activation::{Linear, Logistic, Relu, Step, Tanh};
    use Family::{Gaussian, Rademacher};
    use Loss::{CrossEntropy, MeanSquaredError};
    let mut cases = Vec::new();
    let sizes = [(2, 4, 1, 4), (2, 10, 1, 4), (3, 1, 2, 3), (1, 7, 3, 2), (4, 8, 1, 16), (5, 3, 2, 9), (2, 33, 1, 4)];
    let functions = [(Tanh, Logistic), (Tanh, Linear), (Relu, Linear), (Logistic, Tanh), (Step, Logistic)];
    for (index, (inputs, hidden, outputs, count)) in sizes.into_iter().enumerate() {
        for (other, (family, two_sided, directions)) in [
            (Rademacher, true, 1),
            (Gaussian, false, 1),
            (Gaussian, true, 3),
            (Rademacher, false, 4),
            (Gaussian, true, 40),
            (Rademacher, false, 16),
        ]
        .into_iter()
        .enumerate()
        {
            let (activation, output_activation) = functions[(index + other) % functions.len()];
            let loss = if outputs == 1 && output_activation == Logistic && index % 2 == 1 {
                CrossEntropy
            } else {
                MeanSquaredError
            };
            let config = MlpConfig {
                hidden: vec![hidden],
                activation,
                output_activation,
                initialisation: Initialisation::Normal(0.7),
            };
            let numerics = if (index + other) % 2 == 0 { Numerics::Native } else { Numerics::Portable };
            cases.push(Case {
                config: WeightPerturbationConfig {
                    learning_rate: 0.2,
                    perturbation_scale: 0.01,
                    directions,
                    two_sided,
                    family,
                    schedule: if other % 2 == 0 { Schedule::Linear } else { Schedule::Constant },
                    ..Default::default()
                },
                network: Arc::new(config.build(inputs, outputs).unwrap().with_numerics(numerics)),
                problem: with_loss(count, inputs, outputs, loss),
            });
        }
    }
    cases
}
