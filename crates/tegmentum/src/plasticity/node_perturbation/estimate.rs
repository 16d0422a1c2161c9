//! The estimate of node perturbation for one batch, offline and online; see the [parent's](super) head for the equations.

use std::sync::Arc;

use super::{Credit, L, NodePerturbation, Readout};
use crate::batch::{Batch, LaneBatch, Part};
use crate::forward::{add_connection_products, add_losses, per_term, run_blocks};
use crate::kernel::affine::sum_lanes;
use crate::kernel::lanes::{average_into, multiply_rows};
use crate::kernel::noise::add_signs;
use crate::network::{Activation, UnitNoise};
use crate::objectives::loss_of;
use crate::task::Loss;

#[derive(Debug, Default)]
pub(super) struct Workspace {
    pub(super) batch: LaneBatch<L>,
    pub(super) activity: Vec<[f32; L]>,
    pub(super) second: Vec<[f32; L]>,
    /// Mean activity of the two passes, [steps × activities].
    pub(super) tape: Vec<[f32; L]>,
    /// ±1 for each step and unit, [steps × units]; zero for units without noise.
    pub(super) noise: Vec<[f32; L]>,
    /// Loss of each step in the first pass, then d_t and R_t.
    pub(super) credit: Vec<[f32; L]>,
    /// noise × credit (or local error) for each step and unit, [steps × units].
    pub(super) signals: Vec<[f32; L]>,
    /// Traces of the online form, [P without biases … in the order of the connections].
    pub(super) traces: Vec<[f32; L]>,
}

impl Workspace {
    /// Bytes that are held from update to update.
    pub(super) fn bytes(&self) -> usize {
        let rows = [&self.tape, &self.noise, &self.signals, &self.credit, &self.traces];
        rows.iter().map(|rows| size_of_val(&rows[..])).sum()
    }
}

/// ∂ℓ/∂a of an output unit with output `y` and target `t`, for the sum over outputs; `None` where it is not local.
pub(super) fn local_error(activation: Activation, loss: Loss, y: f32, t: f32) -> Option<f32> {
    match (loss, activation) {
        (Loss::CrossEntropy, Activation::Softmax | Activation::Logistic) => Some(y - t),
        (Loss::MeanSquaredError, _) => activation.slope_of_output(y).map(|slope| 2.0 * (y - t) * slope),
        (Loss::CrossEntropy, _) => None,
    }
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
        let mut weights = (&self.acting).into();
        run_blocks(&*self.network, &mut weights, batch, block..block + 1, activity, noise_at, |step, activity| {
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
                network.step(&mut (&self.acting).into(), Some(UnitNoise { directions: noise, scale }), activity);
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
}

/// Sets the lanes without an example to zero.
fn mask_invalid(rows: &mut [[f32; L]], valid: usize) {
    if valid < L {
        for row in rows {
            row[valid..].fill(0.0);
        }
    }
}
