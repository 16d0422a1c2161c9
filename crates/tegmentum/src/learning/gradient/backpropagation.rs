//! Backpropagation, through time where there is state: the exact gradient of the mean loss of a batch.
//!
//! ```text
//!     ∂L/∂W = Σ_t Σ_lanes x_t s_t' ,   ∂L/∂b = Σ_t Σ_lanes s_t
//!
//!     x_t presynaptic activity, s_t = ∂L/∂pre-activation at step t
//! ```
//! for each [`Connection`](crate::model::network::Connection). All activities of a block of 16 lanes are stored on the way
//! forward (the *tape*); the way back goes from the last step to the first by
//! [`Differentiable::reverse_step`](super::Differentiable::reverse_step). Nothing is truncated.
//!
//! # Signals of the output units
//! y output, t target, [outputs]; c = 1/(examples · scored steps · outputs), without the outputs for the cross-entropy.
//!
//! | loss | output units | signal |
//! |---|---|---|
//! | squared error | linear, tanh, logistic, relu | 2c (y − t) g' |
//! | squared error | softmax | y ∘ (e − Σ e ∘ y), e = 2c (y − t) |
//! | cross-entropy | softmax | c (y Σt − t), which is c (y − t) for probabilities t |
//! | cross-entropy | one logistic | c (y − t) |
//!
//! Anything else is refused. The floor of 1e-30 under the probabilities of the cross-entropy is ignored: the signal is
//! that of the exact logarithm.
//!
//! # Cost
//! About 3 forward passes: one forward, one for the errors, one for the outer products. Memory: the tape, which grows
//! with the number of steps ([`tape_bytes`]).
//!
//! # References
//! 1. D. E. Rumelhart, G. E. Hinton, R. J. Williams, Nature 323, 533–536, 1986.
//! 2. P. J. Werbos, *Backpropagation through time: what it does and how to do it*, Proceedings of the IEEE 78(10),
//!    1550–1560, 1990, doi:10.1109/5.58337.

use super::differentiable::{Differentiable, differentiable};
use crate::data::batch::{Batch, LaneBatch, Part};
use crate::data::task::Loss;
use crate::data::task::Problem;
use crate::error::{Error, Result};
use crate::kernel::aligned::Rows;
use crate::kernel::loss::add_losses;
use crate::model::forward::{add_connection_products, per_term, run_blocks};
use crate::model::network::{Activation, Network};
use crate::model::objectives::loss_of;

type Row = [f32; 16];

/// Steps whose signals are kept until they are multiplied with the activities before them, all at once.
const SPAN: usize = 64;

/// The exact gradient of a network's mean loss, with the work space that it needs.
///
/// # Example
/// ```
/// use tegmentum::data::batch::Batch;
/// use tegmentum::learning::gradient::Backpropagation;
/// use tegmentum::model::networks::NetworkConfig;
/// use tegmentum::random::Key;
/// use tegmentum::data::task::{ExampleSet, Examples, Loss, Problem};
///
/// // One linear unit: L = (w·2 + b − 1)², so that at w = 1, b = 0 the gradient is 2·(1)·(2, 1).
/// let network = toml::from_str::<NetworkConfig>("[mlp]\nhidden = []")?.build(1, 1)?;
/// let set = ExampleSet { inputs: vec![2.0], targets: vec![1.0] };
/// let problem = Problem::Examples(Examples {
///     num_inputs: 1,
///     num_outputs: 1,
///     train: set.clone(),
///     test: set,
///     batch: None,
///     loss: Loss::MeanSquaredError,
/// });
/// let mut gradient = [0.0; 2];
/// let batch = Batch(Key::from_seed(0));
/// let loss = Backpropagation::default().gradient(&*network, &problem, &[1.0, 0.0], batch, &mut gradient)?;
/// assert_eq!((loss, gradient), (1.0, [4.0, 2.0]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Backpropagation {
    batch: LaneBatch<16>,
    activity: Rows<16>,
    /// Activities of every step of a block, [steps × activities].
    tape: Vec<Row>,
    /// ∂loss/∂activity of the current step, [activities].
    errors: Vec<Row>,
    /// ∂loss/∂pre-activation of the current span of steps, [steps × units].
    signals: Vec<Row>,
}

impl Backpropagation {
    /// Writes the gradient of the mean loss of `parameters` `[P]` on a training batch to `gradient` `[P]`, and returns the
    /// loss. The loss has the same bits as that of the forward pass over 16 lanes.
    ///
    /// # Errors
    /// [`Error::Incompatible`] if the network or its loss has no known derivative; [`Error::ShapeMismatch`] if network,
    /// problem, parameters and gradient do not fit each other.
    pub fn gradient(
        &mut self,
        network: &(dyn Network + 'static),
        problem: &Problem,
        parameters: &[f32],
        batch: Batch,
        gradient: &mut [f32],
    ) -> Result<f64> {
        self.sweep(network, problem, [parameters, parameters], batch, gradient)
    }

    /// Whether there is a way back for a network on a problem.
    pub(crate) fn check(network: &(dyn Network + 'static), problem: &Problem, parameters: &[f32]) -> Result<()> {
        way_back(network)?;
        Head::of(network, loss_of(problem))?;
        check_shapes(network, problem, parameters, parameters)
    }

    /// The same with other parameters on the way back `[P]`: the first of the two are read forward, the second backward.
    pub(crate) fn sweep(
        &mut self,
        network: &(dyn Network + 'static),
        problem: &Problem,
        [parameters, backward]: [&[f32]; 2],
        batch: Batch,
        gradient: &mut [f32],
    ) -> Result<f64> {
        let loss = loss_of(problem);
        let way_back = way_back(network)?;
        let head = Head::of(network, loss)?;
        check_shapes(network, problem, parameters, gradient)?;
        self.prepare(network, problem, batch);
        let scale = per_term(loss, &self.batch, network.output_rows().len());
        gradient.fill(0.0);
        let mut total = 0.0;
        for block in 0..self.batch.blocks() {
            total += self.forward(network, parameters, loss, block);
            self.backward(way_back, backward, (head, scale as f32), block, gradient);
        }
        Ok(total * scale)
    }

    /// Bytes of the tape of the last gradient; 0 before the first.
    pub fn tape_bytes(&self) -> usize {
        size_of_val(&self.tape[..])
    }

    fn prepare(&mut self, network: &dyn Network, problem: &Problem, batch: Batch) {
        // The problem may be another one than at the last call.
        self.batch.forget();
        self.batch.load(problem, Part::Train(batch));
        self.tape.resize(self.batch.steps * network.num_activities(), [0.0; 16]);
        self.errors.resize(network.num_activities(), [0.0; 16]);
    }

    /// Runs a block forward, stores its activities and returns the sum of its losses.
    fn forward(&mut self, network: &dyn Network, parameters: &[f32], loss: Loss, block: usize) -> f64 {
        let Self { batch, activity, tape, .. } = self;
        let (rows, outputs) = (network.num_activities(), network.output_rows());
        let mut sums = [0.0f64; 16];
        let visit = |step: usize, activity: &[Row]| {
            tape[step * rows..(step + 1) * rows].copy_from_slice(activity);
            if step >= batch.washout {
                add_losses(loss, &activity[outputs.clone()], batch.targets(block, step), &mut sums);
            }
        };
        run_blocks(network, &mut parameters.into(), batch, block..block + 1, activity, visit);
        sums[..batch.valid(block)].iter().sum()
    }

    /// Runs a block backward and adds its gradient.
    fn backward(
        &mut self,
        network: &dyn Differentiable,
        parameters: &[f32],
        (head, scale): (Head, f32),
        block: usize,
        gradient: &mut [f32],
    ) {
        let Self { batch, tape, errors, signals, .. } = self;
        let (rows, units) = (network.num_activities(), network.num_units());
        let first_output = units - network.output_rows().len();
        errors.fill([0.0; 16]);
        for (index, span) in tape.chunks(SPAN * rows).enumerate().rev() {
            signals.resize(span.len() / rows * units, [0.0; 16]);
            for (offset, activity) in span.chunks_exact(rows).enumerate().rev() {
                let (step, own) = (index * SPAN + offset, &mut signals[offset * units..(offset + 1) * units]);
                carry_back(network, errors);
                let signals_out = &mut own[first_output..];
                if step >= batch.washout {
                    head.write(&activity[network.output_rows()], batch.targets(block, step), scale, signals_out);
                    for signal in signals_out {
                        signal[batch.valid(block)..].fill(0.0);
                    }
                } else {
                    signals_out.fill([0.0; 16]);
                }
                network.reverse_step(parameters, activity, errors, own);
            }
            add_connection_products(network, span, signals, gradient);
        }
    }
}

/// Bytes of training state that backpropagation needs on top of parameters and rule: every activity of a block of 16
/// lanes at every step. The gradient itself is work space, as a candidate is in a forward pass, and is not counted.
///
/// # Example
/// ```
/// use tegmentum::learning::gradient::tape_bytes;
/// use tegmentum::model::networks::NetworkConfig;
/// use tegmentum::data::task::{Examples, ExampleSet, Loss, Problem};
///
/// let network = toml::from_str::<NetworkConfig>("[mlp]\nhidden = [4]")?.build(2, 1)?;
/// let set = ExampleSet { inputs: vec![0.0; 2], targets: vec![0.0] };
/// let (train, test) = (set.clone(), set);
/// let loss = Loss::MeanSquaredError;
/// let problem = Problem::Examples(Examples { num_inputs: 2, num_outputs: 1, train, test, batch: None, loss });
/// assert_eq!(tape_bytes(&*network, &problem), (2 + 4 + 1) * 16 * 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn tape_bytes(network: &dyn Network, problem: &Problem) -> usize {
    let steps = match problem {
        Problem::Examples(_) => 1,
        Problem::Series(series) => series.windows.length,
    };
    steps * network.num_activities() * size_of::<Row>()
}

/// Moves the errors of the later step's previous state to this step's new state; all others become zero.
fn carry_back(network: &dyn Network, errors: &mut [Row]) {
    if let Some((state, previous)) = network.carry() {
        errors.copy_within(previous, state.start);
        errors[..state.start].fill([0.0; 16]);
        errors[state.end..].fill([0.0; 16]);
    } else {
        errors.fill([0.0; 16]);
    }
}

/// The network's way back.
fn way_back<'n>(network: &'n (dyn Network + 'static)) -> Result<&'n dyn Differentiable> {
    let network = differentiable(network).ok_or_else(|| {
        incompatible(
            "this network",
            "its way back is not known; implement and register Differentiable, or use a learner that needs forward \
             passes alone",
        )
    })?;
    if network.has_derivative() {
        Ok(network)
    } else {
        Err(incompatible(
            "step units",
            "they have no slope to follow; use tanh, relu, logistic or linear units, or a learner that needs \
             forward passes alone",
        ))
    }
}

fn check_shapes(network: &dyn Network, problem: &Problem, parameters: &[f32], gradient: &[f32]) -> Result<()> {
    let count = network.num_parameters();
    for (what, expected, found) in [
        ("inputs of the network", problem.num_inputs(), network.input_rows().len()),
        ("outputs of the network", problem.num_outputs(), network.output_rows().len()),
        ("parameters", count, parameters.len()),
        ("gradient", count, gradient.len()),
    ] {
        if expected != found {
            return Err(Error::ShapeMismatch { what, expected, found });
        }
    }
    Ok(())
}

/// How the signals of the output units follow from outputs and targets; see the table at the head.
#[derive(Clone, Copy, Debug)]
enum Head {
    SquaredError(Activation),
    SquaredErrorSoftmax,
    CrossEntropySoftmax,
    CrossEntropyLogistic,
}

impl Head {
    fn of(network: &dyn Network, loss: Loss) -> Result<Self> {
        let activation = network.output_activation();
        match (loss, activation, network.output_rows().len()) {
            (Loss::MeanSquaredError, Activation::Softmax, _) => Ok(Self::SquaredErrorSoftmax),
            (Loss::MeanSquaredError, _, _) => Ok(Self::SquaredError(activation)),
            (Loss::CrossEntropy, Activation::Logistic, 1) => Ok(Self::CrossEntropyLogistic),
            (Loss::CrossEntropy, Activation::Softmax, outputs) if outputs > 1 => Ok(Self::CrossEntropySoftmax),
            (Loss::CrossEntropy, _, _) => Err(incompatible(
                &format!("cross-entropy on {activation:?} output units"),
                "it asks for probabilities; use output_activation = \"softmax\" for several outputs and \"logistic\" \
                 for a single one",
            )),
        }
    }

    /// Writes the signals; all rows are [outputs].
    fn write(self, outputs: &[Row], targets: &[Row], scale: f32, signals: &mut [Row]) {
        let (mut mean, mut total) = ([0.0f32; 16], [0.0f32; 16]);
        for (y, t) in outputs.iter().zip(targets) {
            for lane in 0..16 {
                mean[lane] += 2.0 * scale * (y[lane] - t[lane]) * y[lane];
                total[lane] += t[lane];
            }
        }
        for ((signal, y), t) in signals.iter_mut().zip(outputs).zip(targets) {
            for lane in 0..16 {
                let (y, t) = (y[lane], t[lane]);
                signal[lane] = match self {
                    Self::SquaredError(g) => 2.0 * scale * (y - t) * g.slope_of_output(y).unwrap_or(0.0),
                    Self::SquaredErrorSoftmax => y * (2.0 * scale * (y - t) - mean[lane]),
                    Self::CrossEntropySoftmax => scale * (y * total[lane] - t),
                    Self::CrossEntropyLogistic => scale * (y - t),
                };
            }
        }
    }
}

fn incompatible(with: &str, reason: &str) -> Error {
    Error::Incompatible { what: "backpropagation".to_owned(), with: with.to_owned(), reason: reason.to_owned() }
}
