//! Node perturbation with a credit trace: a three-factor rule, noise × input trace × dopamine.
//!
//! ```text
//!     a_t = W u_t + b ± σ ξ_t                        two forward passes, ξ_t = ±1 for each unit, step and example
//!     d_t = (ℓ⁺_t − ℓ⁻_t)/(2σ)                       dopamine: what the noise did to the loss of this step
//!     R_t = d_t + λ R_{t+1}                          discounted future credit (offline)
//!     g   = Σ_t ξ_t R_t u_t'                         hidden weights
//!     g_o = Σ_t (∂ℓ_t/∂a_o) h_t'                     readout: its own local error, exact
//! ```
//! u_t activity before a connection `[inputs]`, the mean of the two passes · ℓ^±_t loss of step t of one example · λ trace
//! decay · ξ_t noise `[units]`.
//!
//! **Online form** (`credit = "online"`): each synapse keeps a trace `e_t = λ e_{t−1} + ξ_t u_t'` for each example and
//! adds `d_t e_t` as it goes. It is the same sum in another order, needs no memory that grows with the sequence, and is
//! slower.
//!
//! The estimate is divided by the running size of each of its entries (`v ← .99 v + .01 g²`, acetylcholine at the
//! synapse) and moves weights as in [`Dopamine`](crate::optimizers::dopamine): x averaged, z exploring, y = .9 x + .1 z
//! acting, under the same [`Controller`], with noradrenaline.
//!
//! # Cost
//! Three forward-equivalents an update: two passes and one outer product; two more for each window. State: x, z, v, the acting y and the estimate g;
//! offline also the activities and noise of the windows in flight, as backpropagation through time has them.
//!
//! # What is local
//! Every hidden synapse uses its own noise, its own input and one broadcast number. The readout uses the error of its own
//! unit, which is more than a scalar outcome: comparisons say so. `readout = "noise"` does without.
//!
//! References: B. Flower, M. Jabri, NIPS 5, 1992; I. R. Fiete, H. S. Seung, PRL 97, 048104, 2006; J. K. Fernández,
//! S. Keemink, M. van Gerven, Front. Neurosci. 18, 2024 (recurrent networks).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::batch::{Batch, LaneBatch, Part};
use crate::error::{Error, Result, fraction, positive};
use crate::forward::{add_connection_products, add_losses, mean_loss, per_term, run_block};
use crate::kernel::affine::sum_lanes;
use crate::kernel::lanes::{average_into, multiply_rows};
use crate::kernel::noise::add_signs;
use crate::network::{Activation, Network, UnitNoise};
use crate::neuromodulation::controller::{Controller, ControllerConfig};
use crate::neuromodulation::modulation::Modulation;
use crate::neuromodulation::receptor::Receptors;
use crate::objectives::loss_of;
use crate::optimizer::{Levels, StepReport};
use crate::optimizers::dopamine::{parameter_size, towards};
use crate::perturbation::Point;
use crate::random::Key;
use crate::task::{Loss, Problem};
use crate::training::{Learner, Update};

/// Lanes of a pass.
const L: usize = 16;
/// Forward-equivalents of an update: two passes and an outer product that costs as much as a pass.
pub const EVALUATIONS: u64 = 3;
/// Share of the averaged model in the acting one.
const AVERAGED_SHARE: f32 = 0.9;
/// Memory of the running squares.
const SQUARE_MEMORY: f32 = 0.99;

/// How credit reaches the synapses; both give the same sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Credit {
    /// Store the pass, then run credit backwards in time.
    #[default]
    Offline,
    /// Eligibility traces: memory that does not grow with the sequence.
    Online,
}

/// What the readout learns from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Readout {
    /// The error of its own units.
    #[default]
    LocalError,
    /// Noise on its own units, as everywhere else.
    Noise,
}

/// The settings of node perturbation.
///
/// # Example
/// ```
/// use tegmentum::plasticity::node_perturbation::NodePerturbationConfig;
///
/// let config = NodePerturbationConfig::default();
/// assert_eq!((config.trace_decay, config.noise), (0.8, 1e-3));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NodePerturbationConfig {
    /// Scale σ of the noise, in the unit of a pre-activation.
    pub noise: f64,
    /// Decay λ of credit from one step to the one before it.
    pub trace_decay: f64,
    /// How credit reaches the synapses.
    pub credit: Credit,
    /// What the readout learns from.
    pub readout: Readout,
    /// The rate to begin with, as a share of the weights' root mean square; the cap if it is not given.
    pub start_rate: Option<f64>,
    /// The largest rate, as a share of the weights' root mean square.
    pub largest_rate: f64,
    /// The four modulators.
    pub controller: ControllerConfig,
}

impl Default for NodePerturbationConfig {
    fn default() -> Self {
        Self {
            noise: 1e-3,
            trace_decay: 0.8,
            credit: Credit::Offline,
            readout: Readout::LocalError,
            start_rate: None,
            largest_rate: 0.1,
            controller: ControllerConfig {
                first_window: Some(8),
                receptors: Receptors {
                    serotonin_on_dopamine: 0.25,
                    serotonin_on_consolidation: 0.5,
                    ..Receptors::default()
                },
                ..ControllerConfig::default()
            },
        }
    }
}

impl NodePerturbationConfig {
    /// A learner of `problem` with `network`, from the parameters `start` `[P]`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a setting outside its range, [`Error::ShapeMismatch`] for a start of another
    /// length, [`Error::Incompatible`] if the readout has no local error (step units, squared error on softmax).
    pub fn build(
        &self,
        network: Arc<dyn Network>,
        problem: Arc<Problem>,
        start: Vec<f32>,
        key: Key,
    ) -> Result<NodePerturbation> {
        positive("noise", self.noise)?;
        fraction("trace_decay", self.trace_decay)?;
        positive("largest_rate", self.largest_rate)?;
        let lesions = self.controller.lesions;
        if lesions.dopamine_magnitude || lesions.dopamine_sign || lesions.dopamine_expectation {
            return Err(Error::Incompatible {
                what: "a lesion of fast dopamine".to_owned(),
                with: "node perturbation".to_owned(),
                reason:
                    "its dopamine is the loss difference of each step, which is the rule itself; lesion serotonin, \
                         acetylcholine or noradrenaline"
                        .to_owned(),
            });
        }
        let length = network.num_parameters();
        if start.len() != length {
            return Err(Error::ShapeMismatch { what: "parameters", expected: length, found: start.len() });
        }
        if self.readout == Readout::LocalError {
            local_error(network.output_activation(), loss_of(&problem), 0.0, 0.0).ok_or_else(no_local_error)?;
        }
        let start_rate = self.start_rate.unwrap_or(self.largest_rate);
        Ok(NodePerturbation {
            controller: self.controller.build(start_rate, self.largest_rate)?,
            size: parameter_size(&start),
            acting: start.clone(),
            averaged: start.clone(),
            explorer: start,
            squares: vec![0.0; length],
            gradient: vec![0.0; length],
            space: Workspace::default(),
            key,
            updates: 0,
            since_reset: 0,
            config: self.clone(),
            network,
            problem,
        })
    }
}

fn no_local_error() -> Error {
    Error::Incompatible {
        what: "readout = \"local_error\"".to_owned(),
        with: "this output layer and loss".to_owned(),
        reason: "its error has no simple local form; use readout = \"noise\"".to_owned(),
    }
}

/// ∂ℓ/∂a of an output unit with output `y` and target `t`, for the sum over outputs; `None` where it is not local.
fn local_error(activation: Activation, loss: Loss, y: f32, t: f32) -> Option<f32> {
    match (loss, activation) {
        (Loss::CrossEntropy, Activation::Softmax | Activation::Logistic) => Some(y - t),
        (Loss::MeanSquaredError, _) => activation.slope_of_output(y).map(|slope| 2.0 * (y - t) * slope),
        (Loss::CrossEntropy, _) => None,
    }
}

#[derive(Debug, Default)]
struct Workspace {
    batch: LaneBatch<L>,
    activity: Vec<[f32; L]>,
    second: Vec<[f32; L]>,
    /// Mean activity of the two passes, [steps × activities].
    tape: Vec<[f32; L]>,
    /// ±1 for each step and unit, [steps × units]; zero for units without noise.
    noise: Vec<[f32; L]>,
    /// Loss of each step in the first pass, then d_t and R_t.
    credit: Vec<[f32; L]>,
    /// noise × credit (or local error) for each step and unit, [steps × units].
    signals: Vec<[f32; L]>,
    /// Traces of the online form, [P without biases … in the order of the connections].
    traces: Vec<[f32; L]>,
}

/// The learner; see the module's head.
#[derive(Debug)]
pub struct NodePerturbation {
    config: NodePerturbationConfig,
    network: Arc<dyn Network>,
    problem: Arc<Problem>,
    controller: Controller,
    size: f64,
    acting: Vec<f32>,
    averaged: Vec<f32>,
    explorer: Vec<f32>,
    squares: Vec<f32>,
    gradient: Vec<f32>,
    space: Workspace,
    key: Key,
    updates: u64,
    since_reset: i32,
}

impl NodePerturbation {
    /// The estimate of the gradient at the acting parameters for a batch, `[P]`, and the mean loss of the two passes.
    pub fn estimate(&mut self, batch: Batch) -> (&[f32], f64) {
        let mut space = std::mem::take(&mut self.space);
        space.batch.load(&self.problem, Part::Train(batch));
        self.gradient.fill(0.0);
        let mut total = 0.0;
        for block in 0..space.batch.blocks() {
            total += match self.config.credit {
                Credit::Offline => self.offline(&mut space, block),
                Credit::Online => self.online(&mut space, block),
            };
        }
        let loss = total * per_term(loss_of(&self.problem), &space.batch, self.network.output_rows().len());
        self.space = space;
        (&self.gradient, loss)
    }

    /// The number of the first output unit.
    fn first_output(&self) -> usize {
        self.network.connections().last().map_or(0, |connection| connection.units.start)
    }

    /// The noise of one step, [units × 16]: ±1, or zero for units that get none.
    fn draw_noise(&self, block: usize, step: usize, noise: &mut [[f32; L]]) {
        let key = self.key.child(self.updates).child((block as u64) << 32 | step as u64);
        noise.fill([0.0; L]);
        add_signs(key, 0, 1.0, noise.as_flattened_mut());
        if self.config.readout == Readout::LocalError {
            noise[self.first_output()..].fill([0.0; L]);
        }
    }

    /// Two stored passes, credit backwards in time, one outer product. Returns the sum of losses.
    fn offline(&mut self, space: &mut Workspace, block: usize) -> f64 {
        let units = self.network.num_units();
        space.noise.resize(space.batch.steps * units, [0.0; L]);
        for (step, noise) in space.noise.chunks_exact_mut(units).enumerate() {
            self.draw_noise(block, step, noise);
        }
        let total = self.record_pass(space, block, 1.0) + self.record_pass(space, block, -1.0);
        let scale = self.credit_scale(&space.batch);
        let mut future = [0.0f32; L];
        let decay = self.config.trace_decay as f32;
        for credit in space.credit.iter_mut().rev() {
            for lane in 0..L {
                future[lane] = decay * future[lane] + scale * credit[lane];
            }
            *credit = future;
        }
        mask_invalid(&mut space.credit, space.batch.valid(block));
        self.fill_signals(space, block);
        add_connection_products(&*self.network, &space.tape, &space.signals, &mut self.gradient);
        total
    }

    /// The factor from ℓ⁺ − ℓ⁻ of one example and step to its share of the derivative of the mean loss.
    fn credit_scale(&self, batch: &LaneBatch<L>) -> f32 {
        let mean = per_term(loss_of(&self.problem), batch, self.network.output_rows().len());
        (mean / (2.0 * self.config.noise)) as f32
    }

    /// One pass; the first one stores activities and losses, the second one averages and subtracts.
    fn record_pass(&self, space: &mut Workspace, block: usize, sign: f32) -> f64 {
        let Workspace { batch, activity, tape, noise, credit, .. } = space;
        let (units, rows) = (self.network.num_units(), self.network.num_activities());
        let outputs = self.network.output_rows();
        let (loss, scale) = (loss_of(&self.problem), sign * self.config.noise as f32);
        let first = sign > 0.0;
        if first {
            tape.clear();
            credit.clear();
        }
        let mut total = 0.0;
        let valid = batch.valid(block);
        let noise_at = |step: usize| Some(UnitNoise { directions: &noise[step * units..(step + 1) * units], scale });
        run_block(&*self.network, &self.acting, batch, block, activity, noise_at, |step, activity| {
            let mut sums = [0.0f64; L];
            if step >= batch.washout {
                add_losses(loss, &activity[outputs.clone()], batch.targets(block, step), &mut sums);
            }
            total += 0.5 * sums[..valid].iter().sum::<f64>();
            if first {
                tape.extend_from_slice(activity);
                credit.push(sums.map(|sum| sum as f32));
            } else {
                let mean = &mut tape[step * rows..(step + 1) * rows];
                average_into(mean.as_flattened_mut(), activity.as_flattened());
                for (credit, sum) in credit[step].iter_mut().zip(sums) {
                    *credit -= sum as f32;
                }
            }
        });
        total
    }

    /// Signals of all units at all steps: noise × credit, and the local error of the readout.
    fn fill_signals(&self, space: &mut Workspace, block: usize) {
        let (units, rows) = (self.network.num_units(), self.network.num_activities());
        space.signals.resize(space.noise.len(), [0.0; L]);
        let signals = space.signals.chunks_exact_mut(units).zip(space.noise.chunks_exact(units));
        for ((signals, noise), credit) in signals.zip(&space.credit) {
            multiply_rows(noise, credit, signals);
        }
        if self.config.readout == Readout::LocalError {
            for step in 0..space.batch.steps {
                let output = &space.tape[step * rows..(step + 1) * rows][self.network.output_rows()];
                let signals = &mut space.signals[step * units..(step + 1) * units][self.first_output()..];
                self.local_errors(&space.batch, block, step, output, signals);
            }
        }
    }

    /// The readout's own errors at a step; zero before the washout is over and in lanes without an example.
    fn local_errors(
        &self,
        batch: &LaneBatch<L>,
        block: usize,
        step: usize,
        outputs: &[[f32; L]],
        signals: &mut [[f32; L]],
    ) {
        let (activation, loss) = (self.network.output_activation(), loss_of(&self.problem));
        let scale = per_term(loss, batch, outputs.len()) as f32;
        for ((signal, output), target) in signals.iter_mut().zip(outputs).zip(batch.targets(block, step)) {
            for lane in 0..L {
                let scored = step >= batch.washout && lane < batch.valid(block);
                let error = local_error(activation, loss, output[lane], target[lane]).unwrap_or(0.0);
                signal[lane] = if scored { scale * error } else { 0.0 };
            }
        }
    }

    /// Both passes side by side with a trace at each synapse. Returns the sum of losses.
    fn online(&mut self, space: &mut Workspace, block: usize) -> f64 {
        let network = Arc::clone(&self.network);
        let (units, rows) = (network.num_units(), network.num_activities());
        let (loss, valid) = (loss_of(&self.problem), space.batch.valid(block));
        let (credit_scale, decay) = (self.credit_scale(&space.batch), self.config.trace_decay as f32);
        for activity in [&mut space.activity, &mut space.second] {
            activity.clear();
            activity.resize(rows, [0.0; L]);
        }
        space.traces.clear();
        space.traces.resize(network.num_parameters(), [0.0; L]);
        space.signals.clear();
        space.signals.resize(units, [0.0; L]);
        let mut total = 0.0;
        space.noise.resize(units, [0.0; L]);
        for step in 0..space.batch.steps {
            self.draw_noise(block, step, &mut space.noise);
            let noise = &space.noise;
            let mut difference = [0.0f32; L];
            for (activity, sign) in [(&mut space.activity, 1.0f32), (&mut space.second, -1.0)] {
                if let Some((state, previous)) = network.carry().filter(|_| step > 0) {
                    activity.copy_within(state, previous.start);
                }
                activity[network.input_rows()].copy_from_slice(space.batch.inputs(block, step));
                let scale = sign * self.config.noise as f32;
                network.step(&self.acting, Some(UnitNoise { directions: noise, scale }), activity);
                let mut sums = [0.0f64; L];
                if step >= space.batch.washout {
                    let targets = space.batch.targets(block, step);
                    add_losses(loss, &activity[network.output_rows()], targets, &mut sums);
                }
                total += 0.5 * sums[..valid].iter().sum::<f64>();
                for lane in 0..valid {
                    difference[lane] += sign * sums[lane] as f32;
                }
            }
            space.tape.clear();
            space.tape.extend_from_slice(&space.activity);
            average_into(space.tape.as_flattened_mut(), space.second.as_flattened());
            if self.config.readout == Readout::LocalError {
                let outputs = &space.tape[network.output_rows()];
                let signals = &mut space.signals[self.first_output()..];
                self.local_errors(&space.batch, block, step, outputs, signals);
            }
            self.follow_traces(space, decay, difference.map(|difference| credit_scale * difference));
        }
        total
    }

    /// Decays and feeds the traces of a step, and adds dopamine × trace to the estimate.
    fn follow_traces(&mut self, space: &mut Workspace, decay: f32, dopamine: [f32; L]) {
        let noise = &space.noise;
        let exact_from = if self.config.readout == Readout::LocalError { self.first_output() } else { usize::MAX };
        let one = [[1.0f32; L]];
        for connection in self.network.connections() {
            let weights = connection.weights.clone().step_by(connection.units.len());
            let bias = connection.bias.start;
            let inputs = space.tape[connection.presynaptic.clone()].iter().zip(weights);
            for (input, start) in inputs.chain(one.iter().zip([bias])) {
                for (offset, unit) in connection.units.clone().enumerate() {
                    let trace = &mut space.traces[start + offset];
                    let mut products = [0.0f32; L];
                    for lane in 0..L {
                        if unit >= exact_from {
                            products[lane] = space.signals[unit][lane] * input[lane];
                        } else {
                            trace[lane] = decay * trace[lane] + noise[unit][lane] * input[lane];
                            products[lane] = dopamine[lane] * trace[lane];
                        }
                    }
                    self.gradient[start + offset] += sum_lanes(products);
                }
            }
        }
    }

    /// Divides each entry of the estimate by its running size (acetylcholine at the synapse) and moves.
    fn move_by_gradient(&mut self, share: f32, rate: f64) {
        self.since_reset += 1;
        let correction = 1.0 - SQUARE_MEMORY.powi(self.since_reset);
        let lesioned = self.config.controller.lesions.acetylcholine;
        let step = (rate * self.size) as f32;
        let vectors = self.explorer.iter_mut().zip(&mut self.averaged).zip(&mut self.acting);
        for (((z, x), y), (gradient, square)) in vectors.zip(self.gradient.iter().zip(&mut self.squares)) {
            *square = SQUARE_MEMORY * *square + (1.0 - SQUARE_MEMORY) * gradient * gradient;
            let size = if lesioned { 1.0 } else { (*square / correction).sqrt() + 1e-8 };
            *z -= step * (gradient / size);
            *x = towards(*x, *z, share);
            *y = AVERAGED_SHARE * *x + (1.0 - AVERAGED_SHARE) * *z;
        }
    }

    /// The loss of `parameters` on a batch.
    fn loss(&mut self, which: Which, gain: f32, batch: Batch) -> f64 {
        let mut space = std::mem::take(&mut self.space);
        space.batch.load(&self.problem, Part::Train(batch));
        let parameters = match which {
            Which::Acting => &self.acting,
            Which::Averaged if gain == 1.0 => &self.averaged,
            Which::Averaged => {
                self.gradient.clear();
                self.gradient.extend(self.averaged.iter().map(|x| gain * x));
                &self.gradient
            }
        };
        let loss = mean_loss(&*self.network, parameters, loss_of(&self.problem), &space.batch, &mut space.activity);
        self.space = space;
        loss
    }

    /// Noradrenaline: confirm the alarm on the averaged model; if the world is different, choose a gain and start over.
    /// Returns the number of evaluations and whether it was a surprise.
    fn look_again(&mut self, batch: Batch) -> (u64, bool) {
        let averaged_loss = self.loss(Which::Averaged, 1.0, batch);
        if !self.controller.confirm(averaged_loss) {
            return (1, false);
        }
        let gains = self.config.controller.receptors.noradrenaline_on_gain.clone();
        let mut candidates = vec![(1.0, averaged_loss)];
        for &gain in &gains {
            candidates.push((gain, self.loss(Which::Averaged, gain, batch)));
        }
        let gain = self.controller.surprise(&candidates).gain as f32;
        for ((x, y), z) in self.averaged.iter_mut().zip(&mut self.acting).zip(&mut self.explorer) {
            *x *= gain;
            (*y, *z) = (*x, *x);
        }
        self.squares.fill(0.0);
        self.since_reset = 0;
        (1 + gains.len() as u64, true)
    }

    /// The end of a window: judge acting on a fresh batch, pull the explorer home if it did not pay.
    fn judge(&mut self, batch: Batch) {
        let averaged_loss = self.loss(Which::Averaged, 1.0, batch);
        let acting_loss = self.loss(Which::Acting, 1.0, batch);
        let share = self.controller.judge(averaged_loss, acting_loss).consolidation as f32;
        if share > 0.0 {
            for ((x, y), z) in self.averaged.iter().zip(&mut self.acting).zip(&mut self.explorer) {
                *z = towards(*z, *x, share);
                *y = AVERAGED_SHARE * *x + (1.0 - AVERAGED_SHARE) * *z;
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Which {
    Acting,
    Averaged,
}

/// Sets the lanes without an example to zero.
fn mask_invalid(rows: &mut [[f32; L]], valid: usize) {
    if valid < L {
        for row in rows {
            row[valid..].fill(0.0);
        }
    }
}

impl Learner for NodePerturbation {
    fn update(&mut self, batch: Key, modulation: &Modulation) -> Result<Update> {
        let own = Batch(batch.child(0));
        let loss = self.estimate(own).1;
        let mut evaluations = EVALUATIONS;
        let rate = self.controller.rate() * modulation.learning_rate;
        let share = self.controller.advance(loss) as f32;
        let usable = self.gradient.iter().all(|gradient| gradient.is_finite());
        if usable {
            let square = self.gradient.iter().map(|&g| f64::from(g) * f64::from(g)).sum::<f64>();
            self.controller.expect(square / self.gradient.len() as f64);
            self.move_by_gradient(share, rate);
        }
        self.updates += 1;
        let mut surprised = false;
        if self.controller.watch(loss) {
            let (cost, yes) = self.look_again(own);
            evaluations += cost;
            surprised = yes;
        }
        if self.controller.is_window_over() {
            self.judge(Batch(batch.child(1)));
            evaluations += 2;
        }
        let report = StepReport {
            loss,
            learning_rate: rate,
            non_finite: u32::from(!usable || !loss.is_finite()),
            follow_up: false,
            surprised,
        };
        Ok(Update { evaluations, report })
    }

    fn averaged(&self) -> Point<'_> {
        Point::Vector(&self.averaged)
    }

    fn solution(&self) -> Point<'_> {
        self.averaged()
    }

    fn state_bytes(&self) -> usize {
        let pass = self.space.tape.len() + self.space.noise.len() + self.space.signals.len() + self.space.credit.len();
        let lanes = (pass + self.space.traces.len()) * size_of::<[f32; L]>();
        5 * self.acting.len() * size_of::<f32>() + lanes
    }

    fn levels(&self) -> Option<Levels> {
        Some(self.controller.levels())
    }
}
