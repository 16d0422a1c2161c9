//! The offline form: both passes with their losses, credit backwards in time, one outer product.
//!
//! The two halves of a pass run side by side as an antithetic pair, so that each weight is read for both. What is kept of them is
//! the mean activity before each connection (`tape`), the losses and the readout's own errors. A network without state works on a few blocks of
//! examples at once.

use std::ops::Range;

use super::estimate::Workspace;
use super::{L, NodePerturbation};
use crate::data::task::Problem;
use crate::kernel::lanes::average;
use crate::kernel::loss::add_pair_losses;
use crate::kernel::outer::{RowsOverTime, UnitSignals, add_outer_over_time};
use crate::model::forward::{gradient_of, run_pairs};
use crate::model::network::UnitNoise;
use crate::model::objectives::loss_of;

/// Blocks of independent examples that are in flight together.
const BLOCKS: usize = 4;

impl NodePerturbation {
    /// Blocks that an estimate works on at once.
    pub(super) fn blocks_in_flight(&self) -> usize {
        match &*self.problem {
            Problem::Examples(_) if self.network.carry().is_none() => BLOCKS,
            _ => 1,
        }
    }

    /// Adds the estimate from some blocks to the gradient. Returns the sum of losses.
    pub(super) fn offline(&mut self, space: &mut Workspace, blocks: Range<usize>) -> f64 {
        let steps = space.batch.steps;
        self.draw_signs(blocks.clone(), 0..steps, &mut space.signs);
        let total = self.record_passes(space, blocks.clone());
        let (scale, decay) = (self.credit_scale(&space.batch), self.config.trace_decay as f32);
        for (block, credit) in blocks.clone().zip(space.credit.chunks_exact_mut(steps)) {
            let valid = space.batch.valid(block);
            let mut future = [0.0f32; L];
            for credit in credit.iter_mut().rev() {
                for lane in 0..L {
                    future[lane] = decay * future[lane] + scale * credit[lane];
                }
                *credit = future;
                credit[valid..].fill(0.0);
            }
        }
        let errors = space.errors.chunks_exact_mut(steps * self.network.output_rows().len());
        for (block, errors) in blocks.clone().zip(errors) {
            self.make_errors(&space.batch, (block, 0), space.batch.targets_of(block), errors);
        }
        self.add_products(space, blocks);
        total
    }

    /// Both passes: fills the tape, the differences of losses of each step and the local errors.
    fn record_passes(&self, space: &mut Workspace, blocks: Range<usize>) -> f64 {
        let Workspace { batch, activity, tape, signs, credit, errors, .. } = space;
        let (network, loss) = (&*self.network, loss_of(&self.problem));
        let (outputs, steps) = (network.output_rows(), batch.steps);
        let (rows, count) = (network.num_activities(), blocks.len() * steps);
        let tape = tape.first(self.layout.rows(count));
        credit.resize(count, [0.0; L]);
        let errors = errors.first(count * outputs.len());
        let (units, common) = (self.noisy_units(), network.input_rows().end);
        let (stride, scale) = (self.sign_words(), self.noise as f32);
        let noise =
            |step: usize| UnitNoise { signs: &signs[step * stride..], stride: steps * stride, units, scale, common };
        let mut totals = [[[0.0f64; L]; 2]; BLOCKS];
        run_pairs(network, self.descent.acting(), batch, blocks.clone(), activity, noise, |step, activity| {
            for (pair, activity) in activity.chunks_exact(2 * rows).enumerate() {
                let (plus, minus) = activity.split_at(rows);
                let (index, output) = (pair * steps + step, [&plus[outputs.clone()], &minus[outputs.clone()]]);
                if step >= batch.washout {
                    let targets = batch.targets(blocks.start + pair, step);
                    add_pair_losses(loss, output, targets, &mut totals[pair], &mut credit[index]);
                } else {
                    credit[index] = [0.0; L];
                }
                self.layout.record(index, [plus, minus], tape);
                if step + 1 == steps {
                    self.layout.finish(index, [plus, minus], tape);
                }
                let mean = &mut errors[index * outputs.len()..][..outputs.len()];
                average(output[0].as_flattened(), output[1].as_flattened(), mean.as_flattened_mut());
            }
        });
        let valid = |block: usize| batch.valid(block);
        let halves =
            blocks.zip(&totals).flat_map(|(block, halves)| halves.iter().map(move |sums| &sums[..valid(block)]));
        0.5 * halves.map(|sums| sums.iter().sum::<f64>()).sum::<f64>()
    }

    /// The outer products of activity and signals: noise × credit, or the readout's own errors.
    fn add_products(&mut self, space: &Workspace, blocks: Range<usize>) {
        let Workspace { batch, tape, signs, credit, errors, .. } = space;
        let count = blocks.len() * batch.steps;
        for (index, connection) in self.network.connections().iter().enumerate() {
            let inputs = self.layout.inputs(index, connection.presynaptic.len(), tape, batch, blocks.start);
            let units = connection.units.len();
            let signals = if connection.units.end <= self.noisy_units() {
                let (stride, first) = (self.sign_words(), connection.units.start);
                UnitSignals::Signs { signs, stride, first, count: units, credit }
            } else {
                UnitSignals::Rows(RowsOverTime { rows: errors, stride: units, first: 0, count: units })
            };
            let gradient = gradient_of(connection, self.descent.gradient());
            add_outer_over_time(self.network.numerics(), count, inputs, signals, gradient);
        }
    }
}
