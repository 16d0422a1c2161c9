//! The gradient baselines against forward passes and finite differences in `f64`, and on a task.

use super::reference::{Kind, Reference, Rows};
use tegmentum::data::batch::{Batch, LaneBatch, Part};
use tegmentum::data::task::{ExampleSet, Examples, Loss, Problem, Series, Windows};
use tegmentum::error::Error;
use tegmentum::learning::gradient::rules::GradientConfig;
use tegmentum::learning::gradient::{Backpropagation, FORWARD_EQUIVALENTS, tape_bytes};
use tegmentum::model::forward::mean_loss;
use tegmentum::model::network::{Activation, Network};
use tegmentum::model::networks::NetworkConfig;
use tegmentum::random::Key;
use tegmentum_engine::kernel::aligned;

/// A network with a problem that fits it.
struct Case {
    reference: Reference,
    problem: Problem,
    loss: Loss,
}

fn normals(count: usize, key: Key) -> Vec<f32> {
    let mut stream = key.stream();
    (0..count).map(|_| stream.normal()).collect()
}

/// `count` examples of 3 inputs; targets are classes for the cross-entropy.
fn examples(count: usize, num_outputs: usize, loss: Loss, batch: Option<usize>) -> Problem {
    let inputs = normals(3 * count, Key::from_seed(1));
    let targets = match loss {
        Loss::MeanSquaredError => normals(num_outputs * count, Key::from_seed(2)),
        Loss::CrossEntropy if num_outputs == 1 => (0..count).map(|i| f32::from(u8::from(i % 3 == 0))).collect(),
        Loss::CrossEntropy => (0..count * num_outputs)
            .map(|i| f32::from(u8::from(i % num_outputs == (i / num_outputs) % num_outputs)))
            .collect(),
    };
    let train = ExampleSet { inputs, targets };
    Problem::Examples(Examples { num_inputs: 3, num_outputs, test: train.clone(), train, batch, loss })
}

/// A noisy series of two channels.
fn series(windows: Windows) -> Problem {
    let values = normals(2 * 300, Key::from_seed(3));
    let values = values.iter().enumerate().map(|(i, x)| (i as f32 * 0.2).sin() + 0.5 * x).collect();
    Problem::Series(Series {
        values,
        channels: vec!["a".to_owned(), "b".to_owned()],
        train: 0..200,
        test: 200..300,
        mean: vec![0.0; 2],
        standard_deviation: vec![1.0; 2],
        sampling_step: 1.0,
        lyapunov_exponent: None,
        windows,
    })
}

fn on_examples(kind: Kind, hidden: Activation, output: Activation, outputs: usize, loss: Loss) -> Case {
    Case {
        reference: Reference {
            kind,
            hidden_activation: hidden,
            output_activation: output,
            num_inputs: 3,
            num_outputs: outputs,
        },
        problem: examples(21, outputs, loss, None),
        loss,
    }
}

fn on_series(kind: Kind, hidden: Activation, output: Activation, windows: Windows) -> Case {
    let reference =
        Reference { kind, hidden_activation: hidden, output_activation: output, num_inputs: 2, num_outputs: 2 };
    Case { reference, problem: series(windows), loss: Loss::MeanSquaredError }
}

/// Every activation, loss and kind of network; batches that do not fill their lanes; steps that are not scored.
fn cases() -> Vec<Case> {
    use Activation::{Linear, Logistic, Relu, Softmax, Tanh};
    use Loss::{CrossEntropy, MeanSquaredError};
    let mlp = || Kind::Mlp(vec![7, 5]);
    let mut cases = vec![
        on_examples(Kind::Mlp(vec![]), Tanh, Softmax, 4, CrossEntropy),
        on_examples(Kind::Elman(6), Tanh, Softmax, 4, CrossEntropy),
        on_examples(Kind::Gru(6), Tanh, Logistic, 1, CrossEntropy),
    ];
    for hidden in [Tanh, Relu, Logistic, Linear] {
        cases.push(on_examples(mlp(), hidden, Softmax, 4, CrossEntropy));
        cases.push(on_examples(mlp(), hidden, Logistic, 1, CrossEntropy));
    }
    for output in [Linear, Tanh, Logistic, Relu, Softmax] {
        cases.push(on_examples(mlp(), Tanh, output, 3, MeanSquaredError));
    }
    for (count, length, washout) in [(5, 9, 3), (18, 12, 0), (3, 6, 5)] {
        let windows = Windows { count, length, washout };
        cases.push(on_series(mlp(), Tanh, Linear, windows));
        for output in [Linear, Tanh, Softmax] {
            cases.push(on_series(Kind::Elman(6), Tanh, output, windows));
            cases.push(on_series(Kind::Gru(5), Tanh, output, windows));
        }
        cases.push(on_series(Kind::Elman(6), Logistic, Linear, windows));
    }
    cases
}

const BATCH: Batch = Batch(Key(77));

/// The examples of the batch, taken out of their lanes.
fn examples_of<const L: usize>(network: &dyn Network, batch: &LaneBatch<L>) -> Vec<(Rows, Rows)> {
    assert_eq!(batch.inputs(0, 0).len(), network.input_rows().len());
    let column = |rows: &[[f32; L]], lane: usize| rows.iter().map(|row| f64::from(row[lane])).collect::<Vec<_>>();
    let lanes = (0..batch.blocks()).flat_map(|block| (0..batch.valid(block)).map(move |lane| (block, lane)));
    lanes
        .map(|(block, lane)| {
            let steps = || 0..batch.steps;
            let inputs = steps().map(|step| column(batch.inputs(block, step), lane)).collect();
            (inputs, steps().map(|step| column(batch.targets(block, step), lane)).collect())
        })
        .collect()
}

/// Parameters that use the nonlinearities: the library's own, with biases that are not zero.
fn parameters(network: &dyn Network) -> Vec<f32> {
    let noise = normals(network.num_parameters(), Key::from_seed(5));
    network.initialise(Key::from_seed(4)).iter().zip(noise).map(|(w, x)| w + 0.3 * x).collect()
}

fn loss_in_lanes<const L: usize>(case: &Case) -> (f64, f64) {
    let network = case.reference.build();
    let parameters = parameters(&*network);
    let mut batch = LaneBatch::<L>::default();
    batch.load(&case.problem, Part::Train(BATCH));
    let found = mean_loss(&*network, &parameters, case.loss, &batch, &mut aligned::Rows::default());
    let exact: Vec<f64> = parameters.iter().map(|&w| f64::from(w)).collect();
    (found, case.reference.loss(&exact, case.loss, &examples_of(&*network, &batch), batch.washout))
}

#[test]
fn forward_losses_agree_with_f64() {
    for case in cases() {
        for (found, expected) in [loss_in_lanes::<4>(&case), loss_in_lanes::<16>(&case)] {
            assert!((found / expected - 1.0).abs() < 1e-5, "{:?}: {found}, in f64 {expected}", case.reference);
        }
    }
}

#[test]
fn gradients_agree_with_finite_differences() {
    let mut backpropagation = Backpropagation::default();
    for case in cases() {
        let network = case.reference.build();
        let parameters = parameters(&*network);
        let mut found = vec![f32::NAN; parameters.len()];
        let loss = backpropagation.gradient(&*network, &case.problem, &parameters, BATCH, &mut found).unwrap();
        let mut batch = LaneBatch::<16>::default();
        batch.load(&case.problem, Part::Train(BATCH));
        assert_eq!(loss, mean_loss(&*network, &parameters, case.loss, &batch, &mut aligned::Rows::default()));

        let exact: Vec<f64> = parameters.iter().map(|&w| f64::from(w)).collect();
        let expected = case.reference.gradient(&exact, case.loss, &examples_of(&*network, &batch), batch.washout);
        let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>().sqrt();
        let size = norm(&mut expected.iter().copied());
        let error = norm(&mut expected.iter().zip(&found).map(|(a, &b)| a - f64::from(b)));
        assert!(error < 1e-4 * size, "{:?}: error {error}, norm {size}", case.reference);
    }
}

#[test]
fn a_mini_batch_is_drawn_from_its_key() {
    let problem = examples(40, 1, Loss::MeanSquaredError, Some(8));
    let network = toml::from_str::<NetworkConfig>("[mlp]\nhidden = [4]").unwrap().build(3, 1).unwrap();
    let parameters = parameters(&*network);
    let gradient = |seed: u64| {
        let mut gradient = vec![0.0; parameters.len()];
        let batch = Batch(Key::from_seed(seed));
        Backpropagation::default().gradient(&*network, &problem, &parameters, batch, &mut gradient).unwrap();
        gradient
    };
    assert_eq!(gradient(1), gradient(1));
    assert_ne!(gradient(1), gradient(2));
}

/// Whole training sets share a key, so that a workspace must notice that the problem is another one.
#[test]
fn a_changed_problem_is_read_again() {
    let (first, mut second) =
        (examples(6, 1, Loss::MeanSquaredError, None), examples(6, 1, Loss::MeanSquaredError, None));
    if let Problem::Examples(examples) = &mut second {
        examples.train.targets.iter_mut().for_each(|target| *target += 1.0);
    }
    let network = toml::from_str::<NetworkConfig>("[mlp]").unwrap().build(3, 1).unwrap();
    let parameters = parameters(&*network);
    let mut gradient = vec![0.0; parameters.len()];
    let mut backpropagation = Backpropagation::default();
    let mut loss = |problem| backpropagation.gradient(&*network, problem, &parameters, BATCH, &mut gradient).unwrap();
    assert_ne!(loss(&first), loss(&second));
}

#[test]
fn what_has_no_derivative_is_refused() {
    let refused = |text: &str, outputs: usize, loss: Loss| {
        let network = toml::from_str::<NetworkConfig>(text).unwrap().build(3, outputs).unwrap();
        let problem = examples(5, outputs, loss, None);
        let parameters = network.initialise(Key::from_seed(0));
        let mut gradient = vec![0.0; parameters.len()];
        let result = Backpropagation::default().gradient(&*network, &problem, &parameters, BATCH, &mut gradient);
        match result {
            Err(error @ Error::Incompatible { .. }) => error.to_string(),
            other => panic!("{text}: {other:?}"),
        }
    };
    for text in
        ["[mlp]\nactivation = \"step\"", "[elman]\nactivation = \"step\"", "[gru]\noutput_activation = \"step\""]
    {
        assert!(refused(text, 2, Loss::MeanSquaredError).contains("use tanh"));
    }
    for (text, outputs) in
        [("[mlp]", 1), ("[mlp]\noutput_activation = \"logistic\"", 3), ("[mlp]\noutput_activation = \"softmax\"", 1)]
    {
        assert!(refused(text, outputs, Loss::CrossEntropy).contains("output_activation"));
    }
}

#[test]
fn wrong_sizes_are_refused() {
    let network = toml::from_str::<NetworkConfig>("[mlp]").unwrap().build(3, 1).unwrap();
    let parameters = network.initialise(Key::from_seed(0));
    let check = |outputs, parameters: &[f32], length: usize| {
        let problem = examples(5, outputs, Loss::MeanSquaredError, None);
        let mut gradient = vec![0.0; length];
        Backpropagation::default().gradient(&*network, &problem, parameters, BATCH, &mut gradient)
    };
    let count = parameters.len();
    assert!(check(1, &parameters, count).is_ok());
    for result in [check(2, &parameters, count), check(1, &parameters[1..], count), check(1, &parameters, count + 1)] {
        assert!(matches!(result, Err(Error::ShapeMismatch { .. })));
    }
}

#[test]
fn rules_keep_their_promises() {
    let problem = examples(21, 2, Loss::MeanSquaredError, None);
    let network = toml::from_str::<NetworkConfig>("[mlp]\nhidden = [6]").unwrap().build(3, 2).unwrap();
    let start = network.initialise(Key::from_seed(0));
    for mut config in GradientConfig::registry() {
        let text = toml::to_string(&config).unwrap();
        assert!(text.starts_with(&format!("[{}]", config.name())));
        assert_eq!(toml::from_str::<GradientConfig>(&text).unwrap(), config);
        assert!(toml::from_str::<GradientConfig>(&format!("{text}\nlr = 1")).is_err());

        let mut learner = config.build(start.clone(), 300).unwrap();
        let losses: Vec<f64> = (0..100).map(|_| learner.update(&*network, &problem, BATCH).unwrap().loss).collect();
        assert!(losses[99] < losses[0], "{}: {losses:?}", config.name());

        config.set_learning_rate(0.0);
        let mut still = config.build(start.clone(), 300).unwrap();
        still.update(&*network, &problem, BATCH).unwrap();
        assert_eq!(still.parameters(), start);
        for bad in [-1.0, f64::NAN, f64::INFINITY] {
            config.set_learning_rate(bad);
            assert!(matches!(config.build(start.clone(), 300), Err(Error::InvalidParameter { .. })));
        }
    }
    for bad in ["[sgd]\nclip = 0.0", "[momentum]\nmomentum = 1.0", "[adam]\nbeta2 = -0.1", "[adam]\nepsilon = 0.0"] {
        let config: GradientConfig = toml::from_str(bad).unwrap();
        assert!(matches!(config.build(start.clone(), 300), Err(Error::InvalidParameter { .. })), "{bad}");
    }
}

#[test]
fn clipping_and_schedule_set_the_length_of_a_step() {
    let problem = examples(21, 2, Loss::MeanSquaredError, None);
    let network = toml::from_str::<NetworkConfig>("[mlp]\nhidden = [6]").unwrap().build(3, 2).unwrap();
    let text = "[sgd]\nlearning_rate = 0.5\nclip = 1e-3\nschedule = \"linear\"";
    let config: GradientConfig = toml::from_str(text).unwrap();
    let budget = 4 * FORWARD_EQUIVALENTS;
    let mut learner = config.build(network.initialise(Key::from_seed(0)), budget).unwrap();
    for expected in [1.0, 0.75, 0.5, 0.25, 0.0] {
        let before = learner.parameters().to_vec();
        let report = learner.update(&*network, &problem, BATCH).unwrap();
        let moved = before.iter().zip(learner.parameters()).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt();
        assert!((moved - expected * 0.5e-3).abs() < 1e-6, "moved {moved}");
        assert!((report.learning_rate - 0.5 * expected).abs() < 1e-12);
    }
}

#[test]
fn a_gradient_that_is_not_finite_moves_nothing() {
    let mut problem = examples(5, 1, Loss::MeanSquaredError, None);
    if let Problem::Examples(examples) = &mut problem {
        examples.train.targets[0] = f32::NAN;
    }
    let network = toml::from_str::<NetworkConfig>("[mlp]").unwrap().build(3, 1).unwrap();
    let start = network.initialise(Key::from_seed(0));
    let mut learner = GradientConfig::registry()[2].build(start.clone(), 300).unwrap();
    let report = learner.update(&*network, &problem, BATCH).unwrap();
    assert_eq!((report.non_finite, learner.parameters()), (1, &start[..]));
}

#[test]
fn state_grows_with_the_length_of_a_sequence() {
    for text in ["[elman]\nhidden = 8", "[gru]\nhidden = 8"] {
        let network = toml::from_str::<NetworkConfig>(text).unwrap().build(2, 2).unwrap();
        let start = network.initialise(Key::from_seed(0));
        let bytes = |length: usize| {
            let problem = series(Windows { count: 4, length, washout: 2 });
            let mut learner = GradientConfig::registry()[2].build(start.clone(), 300).unwrap();
            assert_eq!(learner.state_bytes(), 3 * 4 * start.len());
            learner.update(&*network, &problem, BATCH).unwrap();
            assert_eq!(learner.state_bytes(), 3 * 4 * start.len() + tape_bytes(&*network, &problem));
            learner.state_bytes()
        };
        assert_eq!(bytes(50) - bytes(10), 40 * network.num_activities() * 64, "{text}");
    }
}

#[test]
fn adam_solves_xor() {
    let inputs = vec![-1.0, -1.0, -1.0, 1.0, 1.0, -1.0, 1.0, 1.0];
    let train = ExampleSet { inputs, targets: vec![0.0, 1.0, 1.0, 0.0] };
    let (test, loss) = (train.clone(), Loss::CrossEntropy);
    let problem = Problem::Examples(Examples { num_inputs: 2, num_outputs: 1, train, test, batch: None, loss });
    let text = "[mlp]\nhidden = [4]\noutput_activation = \"logistic\"";
    let network = toml::from_str::<NetworkConfig>(text).unwrap().build(2, 1).unwrap();
    let config: GradientConfig = toml::from_str("[adam]\nlearning_rate = 0.03").unwrap();
    let solved = |seed: &u64| {
        let mut learner = config.build(network.initialise(Key::from_seed(*seed)), 3_000).unwrap();
        let losses = (0..3_000 / FORWARD_EQUIVALENTS).map(|_| learner.update(&*network, &problem, BATCH).unwrap().loss);
        losses.last().unwrap() < 0.1
    };
    let count = (0..20).filter(solved).count();
    assert!(count >= 16, "{count} of 20 seeds");
}
