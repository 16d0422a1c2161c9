//! The online form: both passes side by side with a trace at each synapse, in memory that does not grow with the sequence.

use std::sync::Arc;

use super::estimate::Workspace;
use super::{L, NodePerturbation};
use crate::kernel::affine::sum_lanes;
use crate::kernel::lanes::average;
use crate::kernel::loss::add_pair_losses;
use crate::model::forward::prepare;
use crate::model::network::UnitNoise;
use crate::model::objectives::loss_of;

impl NodePerturbation {
    /// Adds the estimate from one block to the gradient. Returns the sum of losses.
    pub(super) fn online(&mut self, space: &mut Workspace, block: usize) -> f64 {
        let network = Arc::clone(&self.network);
        let (rows, outputs) = (network.num_activities(), network.output_rows());
        let (loss, valid, steps) = (loss_of(&self.problem), space.batch.valid(block), space.batch.steps);
        let (credit_scale, decay) = (self.credit_scale(&space.batch), self.config.trace_decay as f32);
        space.activity.first(2 * rows).fill([0.0; L]);
        space.traces.clear();
        space.traces.resize(network.num_parameters(), [0.0; L]);
        space.errors.first(outputs.len());
        space.tape.first(rows);
        let mut totals = [[0.0f64; L]; 2];
        for step in 0..steps {
            self.draw_signs(block..block + 1, step..step + 1, &mut space.signs);
            let noise = UnitNoise {
                signs: &space.signs,
                stride: 0,
                units: self.noisy_units(),
                scale: self.noise as f32,
                common: network.input_rows().end,
            };
            let activity = space.activity.first(2 * rows);
            prepare(&*network, step, activity, |_| space.batch.inputs(block, step));
            network.step(&mut self.descent.acting().into(), Some(noise), activity);
            let (plus, minus) = activity.split_at(rows);
            let output = [&plus[outputs.clone()], &minus[outputs.clone()]];
            let (targets, mut dopamine) = (space.batch.targets(block, step), [0.0f32; L]);
            if step >= space.batch.washout {
                add_pair_losses(loss, output, targets, &mut totals, &mut dopamine);
            }
            dopamine[valid..].fill(0.0);
            average(plus.as_flattened(), minus.as_flattened(), space.tape.as_flattened_mut());
            space.errors.copy_from_slice(&space.tape[outputs.clone()]);
            self.make_errors(&space.batch, (block, step), targets, &mut space.errors);
            self.follow_traces(space, decay, dopamine.map(|dopamine| credit_scale * dopamine));
        }
        0.5 * totals.iter().map(|sums| sums[..valid].iter().sum::<f64>()).sum::<f64>()
    }

    /// Decays and feeds the traces of a step, and adds dopamine × trace to the estimate.
    fn follow_traces(&mut self, space: &mut Workspace, decay: f32, dopamine: [f32; L]) {
        let Workspace { signs, tape, errors, traces, .. } = space;
        let (exact_from, one) = (self.noisy_units(), [[1.0f32; L]]);
        let gradient = self.descent.gradient();
        for connection in self.network.connections() {
            let weights = connection.weights.clone().step_by(connection.units.len());
            let bias = connection.bias.start;
            let inputs = tape[connection.presynaptic.clone()].iter().zip(weights);
            for (input, start) in inputs.chain(one.iter().zip([bias])) {
                for (offset, unit) in connection.units.clone().enumerate() {
                    let trace = &mut traces[start + offset];
                    let mut products = [0.0f32; L];
                    for lane in 0..L {
                        if unit >= exact_from {
                            products[lane] = errors[unit - exact_from][lane] * input[lane];
                        } else {
                            let flip = u32::from(signs[unit] >> lane & 1) << 31;
                            trace[lane] = decay * trace[lane] + f32::from_bits(input[lane].to_bits() ^ flip);
                            products[lane] = dopamine[lane] * trace[lane];
                        }
                    }
                    gradient[start + offset] += sum_lanes(products);
                }
            }
        }
    }
}
