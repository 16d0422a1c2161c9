//! A network of one's own from a forward pass: the same losses however it is run, and clear words where it cannot be used.

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tegmentum::data::batch::Batch;
use tegmentum::data::task::Windows;
use tegmentum::learning::gradient::rules::GradientConfig;
use tegmentum::learning::gradient::{Differentiable, register_differentiable};
use tegmentum::learning::plasticity::rules::PlasticityConfig;
use tegmentum::model::network::{Block, Connection, UnitNoise};
use tegmentum::model::networks::mlp::Mlp;
use tegmentum::model::perturbation::Direction;
use tegmentum::model::weights::{Panels, Perturbed, Weights};
use tegmentum::prelude::*;

/// A leaky sum of its inputs: s ← a s + b u, y = c s. Three parameters a, b, c.
#[derive(Debug)]
struct Leaky;

impl ForwardPass for Leaky {
    fn sizes(&self) -> Sizes {
        Sizes { parameters: 3, inputs: 1, outputs: 1, states: 1 }
    }

    fn initialise(&self, _: Key) -> Vec<f32> {
        vec![0.5, 1.0, 0.25]
    }

    fn forward(&self, parameters: &[f32], input: &[f32], state: &mut [f32], output: &mut [f32]) {
        state[0] = parameters[0] * state[0] + parameters[1] * input[0];
        output[0] = parameters[2] * state[0];
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LeakySettings {}

impl NetworkSettings for LeakySettings {
    fn description(&self) -> Description {
        Description { name: "leaky", summary: "a leaky sum", reference: "this test" }
    }

    fn build_with(&self, _: Numerics, _: usize, _: usize) -> tegmentum::error::Result<Box<dyn Network>> {
        Ok(Box::new(CustomNetwork::new(Leaky)))
    }
}

fn ramp() -> Series {
    Series {
        values: (0..60).map(|row| 0.01 * row as f32).collect(),
        channels: vec!["ramp".to_owned()],
        train: 0..40,
        test: 40..60,
        mean: vec![0.0],
        standard_deviation: vec![1.0],
        sampling_step: 1.0,
        lyapunov_exponent: None,
        windows: Windows { count: 1, length: 3, washout: 1 },
    }
}

#[test]
fn a_step_is_that_of_the_forward_pass_in_every_lane() {
    let network = CustomNetwork::new(Leaky);
    let parameters = network.initialise(Key::from_seed(0));
    let dynamic: &dyn Network = &network;
    // Input, previous state, state, output.
    let mut rows = [[1.0f32, 2.0, 3.0, 4.0], [0.0, 0.0, 2.0, 4.0], [0.0; 4], [0.0; 4]];
    dynamic.step(&mut Weights::from(&parameters), None, &mut rows);
    assert_eq!(rows[2], [1.0, 2.0, 4.0, 6.0]);
    assert_eq!(rows[3], [0.25, 0.5, 1.0, 1.5]);
    assert_eq!(network.carry(), Some((2..3, 1..2)));
}

#[test]
fn perturbed_weights_give_the_losses_of_stored_ones() {
    let network = CustomNetwork::new(Leaky);
    let dynamic: &dyn Network = &network;
    let parameters = [0.5, 1.0, 0.25];
    let mut panels = Panels::default();
    let mut pair = Weights::Perturbed(Perturbed {
        point: tegmentum::model::perturbation::Point::Vector(&parameters),
        gain: 1.0,
        direction: Direction::Coordinate(2),
        scale: 0.25,
        pair: true,
        on_all_threads: false,
        panels: &mut panels,
    });
    // Both members of the pair, one block each.
    let mut rows = [[2.0f32; 4], [0.0; 4], [0.0; 4], [0.0; 4], [2.0; 4], [0.0; 4], [0.0; 4], [0.0; 4]];
    dynamic.step(&mut pair, None, &mut rows);
    assert_eq!((rows[3], rows[7]), ([1.0; 4], [0.0; 4]));
}

#[test]
fn a_loss_over_windows_is_what_it_is_by_hand() {
    let objective = NetworkLoss::new(CustomNetwork::new(Leaky), ramp());
    let (parameters, mut loss) = ([0.0, 1.0, 1.0], [0.0]);
    let probe = [Probe::unperturbed(Base::Acting)];
    for seed in 0..5 {
        objective.losses(Bases::single(&parameters), &probe, Batch(Key::from_seed(seed)), &mut loss).unwrap();
        // It predicts the last value: every scored step is wrong by one step of the ramp.
        assert!((loss[0] - 1e-4).abs() < 1e-7, "{loss:?}");
    }
    let result = minimise_objective(&objective, &[0.0, 0.5, 0.5]).budget(6_000).run().unwrap();
    assert!(result.loss < 1e-3, "{result:?}");
}

#[test]
fn judging_needs_examples_that_were_kept_for_it() {
    let examples = Examples::from_rows(&[[0.0], [1.0]], &[[0.0], [0.25]]).unwrap();
    let judge = |examples: Examples| {
        Evaluator::new(CustomNetwork::new(Leaky), examples).measure(Metric::MeanSquaredError, &[0.5, 1.0, 0.25])
    };
    let refused = judge(examples.clone()).unwrap_err().to_string();
    assert!(refused.contains("it has no examples to be judged on"), "{refused}");
    assert_eq!(judge(examples.with_test(&[[2.0]], &[[1.0]]).unwrap()).unwrap(), 0.25);
}

#[test]
fn what_needs_the_inside_of_a_network_refuses_it() {
    NetworkConfig::register::<LeakySettings>().unwrap();
    let config: NetworkConfig = toml::from_str("[leaky]").unwrap();
    let network: Arc<dyn Network> = config.build(1, 1).unwrap().into();
    let problem: Arc<Problem> = ramp().into();
    let start = vec![0.5, 1.0, 0.25];

    let refused = config.build_with(Numerics::Bfloat16, 1, 1).unwrap_err().to_string();
    assert!(refused.contains("bfloat16") && refused.contains("leaky"), "{refused}");

    let rule = PlasticityConfig::from_name("node_perturbation").unwrap();
    let refused = rule.build(Arc::clone(&network), Arc::clone(&problem), start.clone(), Key::from_seed(0));
    let refused = refused.err().expect("it has no units").to_string();
    assert!(refused.contains("node perturbation cannot be used with a network without connections"), "{refused}");

    let optimizer: OptimizerConfig = toml::from_str("[dopamine]\nfamily = { low_rank = { rank = 1 } }").unwrap();
    let refused = optimizer.for_network(&*network).build(start.clone(), Key::from_seed(0), 100);
    assert!(refused.err().expect("it has no matrices").to_string().contains("low_rank"));

    let mut descent = GradientConfig::from_name("sgd").unwrap().build(start, 100).unwrap();
    let refused = descent.update(&*network, &problem, Batch(Key::from_seed(0))).unwrap_err().to_string();
    assert!(
        refused.contains("backpropagation cannot be used with this network: its way back is not known"),
        "{refused}"
    );
}

/// A perceptron under another type: a network that implements the whole contract outside of the library.
#[derive(Debug)]
struct Wrapped(Mlp);

impl Network for Wrapped {
    fn blocks(&self) -> &[Block] {
        self.0.blocks()
    }
    fn connections(&self) -> &[Connection] {
        self.0.connections()
    }
    fn num_activities(&self) -> usize {
        self.0.num_activities()
    }
    fn input_rows(&self) -> Range<usize> {
        self.0.input_rows()
    }
    fn output_rows(&self) -> Range<usize> {
        self.0.output_rows()
    }
    fn carry(&self) -> Option<(Range<usize>, Range<usize>)> {
        self.0.carry()
    }
    fn output_activation(&self) -> Activation {
        self.0.output_activation()
    }
    fn initialise(&self, key: Key) -> Vec<f32> {
        self.0.initialise(key)
    }
    fn numerics(&self) -> Numerics {
        self.0.numerics()
    }
    fn step1(&self, weights: &mut Weights<'_>, noise: Option<UnitNoise<'_>>, activity: &mut [[f32; 1]]) {
        self.0.step1(weights, noise, activity);
    }
    fn step4(&self, weights: &mut Weights<'_>, noise: Option<UnitNoise<'_>>, activity: &mut [[f32; 4]]) {
        self.0.step4(weights, noise, activity);
    }
    fn step16(&self, weights: &mut Weights<'_>, noise: Option<UnitNoise<'_>>, activity: &mut [[f32; 16]]) {
        self.0.step16(weights, noise, activity);
    }
}

impl Differentiable for Wrapped {
    fn has_derivative(&self) -> bool {
        self.0.has_derivative()
    }
    fn reverse_step(
        &self,
        weights: &[f32],
        activity: &[[f32; 16]],
        errors: &mut [[f32; 16]],
        signals: &mut [[f32; 16]],
    ) {
        self.0.reverse_step(weights, activity, errors, signals);
    }
}

/// A gradient is an extension: it is made known, or it is not there.
#[test]
fn a_way_back_can_be_made_known() {
    let problem: Problem = Examples::from_rows(&[[0.0, 1.0], [1.0, 1.0]], &[[1.0], [0.0]]).unwrap().into();
    let mlp = || MlpConfig { hidden: vec![3], ..MlpConfig::default() }.build(2, 1).unwrap();
    let start = mlp().initialise(Key::from_seed(1));
    let step = |network: &(dyn Network + 'static)| {
        let mut descent = GradientConfig::from_name("sgd").unwrap().build(start.clone(), 100).unwrap();
        descent.update(network, &problem, Batch(Key::from_seed(0))).map(|_| descent.parameters().to_vec())
    };
    assert!(step(&Wrapped(mlp())).is_err());
    register_differentiable::<Wrapped>();
    assert_eq!(step(&Wrapped(mlp())).unwrap(), step(&mlp()).unwrap());
}
