//! Losses of probes along directions of [low rank](crate::model::perturbation::low_rank), which share the products of their base: for networks
//! without state, whose first layer has the same inputs for all members, so that its product is made once for the whole population.
//!
//! Lanes are examples; where there is only one, lanes are members, sixteen at once.
//!
//! A member's loss does not depend on the others, nor on threads. It differs from that of a candidate written out in the
//! last digits, as `W' u + b (a' u)` does from `(W + a b')' u`. Recurrent networks write the candidates out: their steps in one
//! loop are faster than what could be shared.

use rayon::prelude::*;

use super::network_loss::{NetworkLoss, WORTH_A_THREAD};
use crate::data::batch::{Batch, LaneBatch, Part};
use crate::error::Result;
use crate::kernel::aligned::Rows;
use crate::kernel::loss::add_losses;
use crate::kernel::products::{Product, RowLayout};
use crate::model::forward::{per_term, prepare};
use crate::model::network::Activation;
use crate::model::pass::loss_of;
use crate::model::perturbation::low_rank::{Layout, LowRankDirection};
use crate::model::perturbation::{Bases, Direction, Point, Probe};
use crate::model::weights::Weights;
use crate::model::weights::low_rank::{LowRankWeights, Members};

/// Lanes of a pass.
const L: usize = 16;
/// Blocks of a pass: their activity stays in the L2 cache.
const BLOCKS: usize = 8;
/// Members of a task, which loads its inputs once.
const MEMBERS: usize = 16;

/// What a thread works with.
#[derive(Debug, Default)]
pub(super) struct LowRankSpace {
    members: Members,
    batch: LaneBatch<L>,
    activity: Rows<L>,
    directions: Vec<(LowRankDirection, f32)>,
}

/// The direction of a probe that is of low rank in the matrices of `layout`.
pub(super) fn direction_of(probe: &Probe, layout: Layout) -> Option<LowRankDirection> {
    match probe.direction {
        Direction::LowRank(direction) if direction.layout == layout => Some(direction),
        _ => None,
    }
}

/// How many of the first probes share base, gain and rank.
pub(super) fn run_length(probes: &[Probe], layout: Layout) -> usize {
    let of = |probe: &Probe| direction_of(probe, layout).map(|direction| (probe.base, probe.gain, direction.rank));
    let first = probes.first().map(of);
    probes.iter().take_while(|probe| Some(of(probe)) == first).count()
}

impl NetworkLoss {
    /// Losses of probes of low rank that share base, gain and rank.
    pub(super) fn low_rank(&self, bases: Bases<'_>, probes: &[Probe], batch: Batch, losses: &mut [f64]) -> Result<()> {
        let Some(probe) = probes.first() else { return Ok(()) };
        let copy;
        let parameters = match bases.point(probe.base)? {
            Point::Vector(vector) if probe.gain == 1.0 => vector,
            point => {
                let mut values = vec![0.0; point.len()];
                point.write(probe.gain, &mut values);
                copy = values;
                &copy
            }
        };
        let shared = self.low_rank_spaces.lend(|space| self.shared_sums(space, parameters, batch));
        let shared = shared.as_deref();
        let task = |(probes, losses): (&[Probe], &mut [f64])| {
            self.low_rank_spaces.lend(|space| self.group(space, (parameters, shared), probes, batch, losses));
        };
        let work = self.work_of_one() * probes.len() as u64;
        if work < WORTH_A_THREAD || rayon::current_num_threads() == 1 {
            probes.chunks(MEMBERS).zip(losses.chunks_mut(MEMBERS)).for_each(task);
        } else {
            probes.par_chunks(MEMBERS).zip(losses.par_chunks_mut(MEMBERS)).for_each(task);
        }
        Ok(())
    }

    /// The sums of the first connection without a direction [blocks × units × L], where all members have them in common.
    fn shared_sums(&self, space: &mut LowRankSpace, parameters: &[f32], batch: Batch) -> Option<Vec<f32>> {
        let network = self.network();
        let [first, ..] = network.connections() else { return None };
        if first.presynaptic.end > network.input_rows().end {
            return None;
        }
        space.batch.load(self.problem(), Part::Train(batch));
        let (inputs, units) = (first.presynaptic.len(), first.units.len());
        let place = RowLayout { stride: inputs + units, inputs: 0..inputs, outputs: inputs..inputs + units };
        let product = Product {
            weights: &parameters[first.weights.clone()],
            tails: None,
            bias: Some(&parameters[first.bias.clone()]),
            activation: Activation::Linear,
            place: &place,
        };
        let mut shared = Vec::with_capacity(space.batch.blocks() * units * L);
        for block in (0..space.batch.blocks()).step_by(2) {
            let blocks = block..(block + 2).min(space.batch.blocks());
            let activity = space.activity.first(blocks.len() * place.stride);
            for (rows, block) in activity.chunks_mut(place.stride).zip(blocks) {
                rows[..inputs].copy_from_slice(&space.batch.inputs(block, 0)[first.presynaptic.clone()]);
            }
            product.run(network.numerics(), activity);
            for rows in activity.chunks(place.stride) {
                shared.extend_from_slice(rows[inputs..].as_flattened());
            }
        }
        Some(shared)
    }

    /// Losses of a few members on inputs that are loaded once.
    fn group(
        &self,
        space: &mut LowRankSpace,
        (parameters, shared): (&[f32], Option<&[f32]>),
        probes: &[Probe],
        batch: Batch,
        losses: &mut [f64],
    ) {
        let LowRankSpace { members, batch: examples, activity, directions } = space;
        let (network, loss) = (&**self.network(), loss_of(self.problem()));
        examples.load(self.problem(), Part::Train(batch));
        let together = if examples.count == 1 { L } else { 1 };
        directions.clear();
        directions.extend(probes.iter().filter_map(|probe| match probe.direction {
            Direction::LowRank(direction) => Some((direction, probe.scale)),
            _ => None,
        }));
        let (rows, outputs) = (network.num_activities(), network.output_rows());
        let units = network.connections().first().map_or(0, |connection| connection.units.len());
        losses.fill(0.0);
        for start in (0..examples.blocks()).step_by(BLOCKS) {
            let blocks = start..(start + BLOCKS).min(examples.blocks());
            let activity = activity.first(blocks.len() * rows);
            prepare(network, 0, activity, |index| examples.inputs(start + index, 0));
            let shared = shared.map(|shared| &shared[start * units * L..]);
            for (directions, losses) in directions.chunks(together).zip(losses.chunks_mut(together)) {
                members.fill(network.connections(), directions, together);
                let mut weights = Weights::LowRank(LowRankWeights::new(parameters, members, shared));
                network.step(&mut weights, None, activity);
                for (block, activity) in blocks.clone().zip(activity.chunks_exact(rows)) {
                    let mut sums = [0.0; L];
                    add_losses(loss, &activity[outputs.clone()], examples.targets(block, 0), &mut sums);
                    if let [loss] = losses {
                        *loss += sums[..if together == 1 { examples.valid(block) } else { 1 }].iter().sum::<f64>();
                    } else {
                        losses.iter_mut().zip(sums).for_each(|(loss, sum)| *loss += sum);
                    }
                }
            }
        }
        let scale = per_term(loss, examples, outputs.len());
        for total in losses {
            *total *= scale;
        }
    }
}
