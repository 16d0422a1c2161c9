//! Naive forward passes in `f64`, one example at a time, written from the equations at the head of each network's file
//! and from the documented order of its parameters. They share no code with the library.

use tegmentum::data::task::Loss;
use tegmentum::model::network::{Activation, Network};
use tegmentum_engine::kernel::Numerics;

/// A sequence of rows.
pub(crate) type Rows = Vec<Vec<f64>>;

/// A network to imitate.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    pub(crate) kind: Kind,
    pub(crate) hidden_activation: Activation,
    pub(crate) output_activation: Activation,
    pub(crate) num_inputs: usize,
    pub(crate) num_outputs: usize,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Mlp(Vec<usize>),
    Elman(usize),
    Gru(usize),
}

impl Reference {
    /// The same network, made by the library from its study text.
    pub(crate) fn build(&self) -> Box<dyn Network> {
        self.build_with(Numerics::default())
    }

    /// The same with other numerics.
    pub(crate) fn build_with(&self, numerics: Numerics) -> Box<dyn Network> {
        let name = |activation: Activation| serde_json::to_string(&activation).expect("a name");
        let output = format!("output_activation = {}", name(self.output_activation));
        let hidden = format!("activation = {}", name(self.hidden_activation));
        let text = match &self.kind {
            Kind::Mlp(sizes) => format!("[mlp]\nhidden = {sizes:?}\n{hidden}\n{output}"),
            Kind::Elman(size) => format!("[elman]\nhidden = {size}\n{hidden}\n{output}"),
            Kind::Gru(size) => format!("[gru]\nhidden = {size}\n{output}"),
        };
        let config: tegmentum::model::networks::NetworkConfig = toml::from_str(&text).expect("a network");
        config.build_with(numerics, self.num_inputs, self.num_outputs).expect("sizes")
    }

    /// The outputs of every step of a sequence.
    pub(crate) fn outputs(&self, parameters: &[f64], inputs: &Rows) -> Rows {
        let size = match self.kind {
            Kind::Mlp(_) => 0,
            Kind::Elman(size) | Kind::Gru(size) => size,
        };
        let mut state = vec![0.0; size];
        inputs.iter().map(|input| self.step(&mut Reader(parameters), input, &mut state)).collect()
    }

    fn step(&self, reader: &mut Reader, input: &[f64], state: &mut Vec<f64>) -> Vec<f64> {
        let top = match &self.kind {
            Kind::Mlp(sizes) => sizes.iter().fold(input.to_vec(), |below, &size| {
                let layer = reader.affine(&[&below], size);
                apply(self.hidden_activation, &layer)
            }),
            Kind::Elman(size) => {
                *state = apply(self.hidden_activation, &reader.affine(&[input, state], *size));
                state.clone()
            }
            Kind::Gru(size) => {
                let gates = apply(Activation::Logistic, &reader.affine(&[input, state], 2 * size));
                let (z, r) = gates.split_at(*size);
                let kept: Vec<f64> = r.iter().zip(&*state).map(|(r, h)| r * h).collect();
                let n = apply(Activation::Tanh, &reader.affine(&[input, &kept], *size));
                *state = (0..*size).map(|i| z[i] * state[i] + (1.0 - z[i]) * n[i]).collect();
                state.clone()
            }
        };
        apply(self.output_activation, &reader.affine(&[&top], self.num_outputs))
    }

    /// The mean loss over examples and scored steps.
    pub(crate) fn loss(&self, parameters: &[f64], loss: Loss, examples: &[(Rows, Rows)], washout: usize) -> f64 {
        let (mut sum, mut terms) = (0.0, 0);
        for (inputs, targets) in examples {
            let outputs = self.outputs(parameters, inputs);
            for (y, t) in outputs.iter().zip(targets).skip(washout) {
                sum += loss_of_row(loss, y, t);
                terms += if loss == Loss::MeanSquaredError { y.len() } else { 1 };
            }
        }
        sum / f64::from(u32::try_from(terms).expect("few terms"))
    }

    /// Central differences of the mean loss.
    pub(crate) fn gradient(
        &self,
        parameters: &[f64],
        loss: Loss,
        examples: &[(Rows, Rows)],
        washout: usize,
    ) -> Vec<f64> {
        let step = 1e-5;
        let mut point = parameters.to_vec();
        (0..parameters.len())
            .map(|index| {
                let mut at = |value: f64| {
                    point[index] = value;
                    self.loss(&point, loss, examples, washout)
                };
                let difference = at(parameters[index] + step) - at(parameters[index] - step);
                point[index] = parameters[index];
                difference / (2.0 * step)
            })
            .collect()
    }
}

/// Reads the flat parameters from the start.
struct Reader<'a>(&'a [f64]);

impl Reader<'_> {
    fn take(&mut self, count: usize) -> &[f64] {
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken
    }

    /// `b + Σ_parts W' x`: the matrices of the parts, then the bias.
    fn affine(&mut self, parts: &[&[f64]], units: usize) -> Vec<f64> {
        let mut sums = vec![0.0; units];
        for part in parts {
            let weights = self.take(part.len() * units);
            for (i, x) in part.iter().enumerate() {
                for (j, sum) in sums.iter_mut().enumerate() {
                    *sum += weights[i * units + j] * x;
                }
            }
        }
        let bias = self.take(units);
        sums.iter().zip(bias).map(|(sum, bias)| sum + bias).collect()
    }
}

fn apply(activation: Activation, values: &[f64]) -> Vec<f64> {
    let sum: f64 = values.iter().map(|x| x.exp()).sum();
    values
        .iter()
        .map(|&x| match activation {
            Activation::Tanh => x.tanh(),
            Activation::Relu => x.max(0.0),
            Activation::Logistic => 1.0 / (1.0 + (-x).exp()),
            Activation::Linear => x,
            Activation::Step => f64::from(u8::from(x > 0.0)),
            Activation::Softmax => x.exp() / sum,
        })
        .collect()
}

fn loss_of_row(loss: Loss, outputs: &[f64], targets: &[f64]) -> f64 {
    let pairs = || outputs.iter().zip(targets);
    match loss {
        Loss::MeanSquaredError => pairs().map(|(y, t)| (y - t) * (y - t)).sum(),
        Loss::CrossEntropy if outputs.len() == 1 => {
            -(targets[0] * outputs[0].ln() + (1.0 - targets[0]) * (1.0 - outputs[0]).ln())
        }
        Loss::CrossEntropy => -pairs().map(|(y, t)| t * y.ln()).sum::<f64>(),
    }
}
