//! Losses of probes along directions of [low rank](crate::perturbation::low_rank), which share the products of their base.
//!
//! - Several examples: they lie in lanes, every member has blocks of its own. Where all members read the same inputs (the first layer
//!   of a network without state), its product is made once for the whole population.
//! - One example, or one window: members lie in lanes, sixteen to a block.
//!
//! A member's loss does not depend on the others, nor on threads. It differs from that of a stored candidate in the
//! last digits, as `W' u + b (a' u)` does from `(W + a b')' u`.

use rayon::prelude::*;

use super::network_loss::{NetworkLoss, WORTH_A_THREAD, loss_of};
use crate::batch::{Batch, LaneBatch, Part};
use crate::error::Result;
use crate::forward::{add_losses, per_term, run_blocks};
use crate::kernel::products::{Place, Product};
use crate::network::Activation;
use crate::perturbation::low_rank::{Layout, LowRankDirection};
use crate::perturbation::{Bases, Direction, Point, Probe};
use crate::weights::Weights;
use crate::weights::low_rank::{LowRankWeights, Members};

/// Lanes of a pass.
const L: usize = 16;
/// Blocks of a pass of a network with state: their activity stays in the second cache.
const BLOCKS: usize = 4;

/// What a thread works with.
#[derive(Debug, Default)]
pub(super) struct LowRankSpace {
    members: Members,
    batch: LaneBatch<L>,
    activity: Vec<[f32; L]>,
    directions: Vec<(LowRankDirection, f32)>,
    /// [groups × blocks of a pass × L].
    sums: Vec<[f64; L]>,
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
        let count = self.batch_shape().0;
        let members = match (count, self.network().carry()) {
            (1, _) => BLOCKS / 2 * L,
            (_, Some(_)) => (BLOCKS / count.div_ceil(L)).max(1),
            (_, None) => 1,
        };
        let task = |(probes, losses): (&[Probe], &mut [f64])| {
            self.low_rank_spaces.lend(|space| self.group(space, (parameters, shared), probes, batch, losses));
        };
        let work = self.work_of_one() * probes.len() as u64;
        if work < WORTH_A_THREAD || rayon::current_num_threads() == 1 {
            probes.chunks(members).zip(losses.chunks_mut(members)).for_each(task);
        } else {
            probes.par_chunks(members).zip(losses.par_chunks_mut(members)).for_each(task);
        }
        Ok(())
    }

    /// The sums of the first connection without a direction [blocks × units × L], where all members have them in common.
    fn shared_sums(&self, space: &mut LowRankSpace, parameters: &[f32], batch: Batch) -> Option<Vec<f32>> {
        let network = self.network();
        let [first, ..] = network.connections() else { return None };
        if network.carry().is_some() || self.batch_shape().0 == 1 || first.presynaptic.end > network.input_rows().end {
            return None;
        }
        space.batch.load(self.problem(), Part::Train(batch));
        let (inputs, units) = (first.presynaptic.len(), first.units.len());
        let place = Place { stride: inputs + units, inputs: 0..inputs, outputs: inputs..inputs + units };
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
            space.activity.clear();
            space.activity.resize(blocks.len() * place.stride, [0.0; L]);
            for (rows, block) in space.activity.chunks_mut(place.stride).zip(blocks) {
                rows[..inputs].copy_from_slice(&space.batch.inputs(block, 0)[first.presynaptic.clone()]);
            }
            product.run(network.kernel(), &mut space.activity);
            for rows in space.activity.chunks(place.stride) {
                shared.extend_from_slice(rows[inputs..].as_flattened());
            }
        }
        Some(shared)
    }

    /// Losses of a few members, side by side.
    fn group(
        &self,
        space: &mut LowRankSpace,
        (parameters, shared): (&[f32], Option<&[f32]>),
        probes: &[Probe],
        batch: Batch,
        losses: &mut [f64],
    ) {
        let LowRankSpace { members, batch: examples, activity, directions, sums } = space;
        let (network, loss) = (&**self.network(), loss_of(self.problem()));
        examples.load(self.problem(), Part::Train(batch));
        let lanes = if examples.count == 1 { L } else { 1 };
        directions.clear();
        directions.extend(probes.iter().filter_map(|probe| match probe.direction {
            Direction::LowRank(direction) => Some((direction, probe.scale)),
            _ => None,
        }));
        members.fill(network.connections(), directions, lanes);
        let (rows, outputs) = (network.num_activities(), network.output_rows());
        let units = network.connections().first().map_or(0, |connection| connection.units.len());
        losses.fill(0.0);
        for start in (0..examples.blocks()).step_by(2 * BLOCKS) {
            let blocks = start..(start + 2 * BLOCKS).min(examples.blocks());
            let shared = shared.map(|shared| &shared[start * units * L..]);
            let mut weights = Weights::LowRank(LowRankWeights::new(parameters, members, shared));
            sums.clear();
            sums.resize(weights.members() * blocks.len(), [0.0; L]);
            run_blocks(network, &mut weights, examples, blocks.clone(), activity, |step, activity| {
                if step >= examples.washout {
                    for ((index, block), sums) in activity.chunks_exact(rows).enumerate().zip(&mut *sums) {
                        let targets = examples.targets(blocks.start + index % blocks.len(), step);
                        add_losses(loss, &block[outputs.clone()], targets, sums);
                    }
                }
            });
            if lanes == L {
                for (total, sum) in losses.iter_mut().zip(sums.as_flattened()) {
                    *total += sum;
                }
            } else {
                for (total, sums) in losses.iter_mut().zip(sums.chunks_exact(blocks.len())) {
                    for (block, sums) in blocks.clone().zip(sums) {
                        *total += sums[..examples.valid(block)].iter().sum::<f64>();
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
