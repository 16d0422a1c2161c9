//! The loss of a network on a problem: mini-batches of examples, or windows of a series with a washout.
//!
//! The batch is drawn once for each call and shared by all its probes. Antithetic pairs (two probes in a row that differ
//! in the sign of their scale) share the noise.
//! - Networks that are *small or have a state*: a perturbed copy of the parameters is made once for each probe and used for the whole
//!   batch and sequence, as long as it fits into the L2 cache.
//! - *Large* networks: weights are perturbed as they are read, panel by panel ([`weights`](crate::model::weights)).
//! - Directions of *low rank* share the products of their base, where the network has no state.
//!
//! The choice (the plan of a pass) depends on network and problem alone and changes no bit. Neither does the number of threads,
//! over which the probes of a call are spread where they are work enough. Where pairs of probes are fewer than threads, the threads share the panels of
//! a large network's pass; the two candidates of a single pair that is written out take a thread each.
//!
//! Cost of a probe: one forward pass of the batch. Memory of a thread: a copy of at most 2¹⁸ parameters or a few panels,
//! and the activity of one step.

use std::fmt;
use std::sync::Arc;

use rayon::prelude::*;

use super::Pool;
use super::bfloat16::{self, Bfloat16Space};
use super::low_rank::{LowRankSpace, direction_of, run_length};
use crate::data::batch::{Batch, LaneBatch, Part};
use crate::data::task::Problem;
use crate::error::Result;
use crate::kernel::Numerics;
use crate::kernel::aligned::{AlignedVec, Rows};
use crate::model::forward::{layered_losses, mean_losses};
use crate::model::network::Network;
use crate::model::objective::{Objective, check_shapes};
use crate::model::pass::{PassPlan, loss_of};
use crate::model::perturbation::low_rank::Layout;
use crate::model::perturbation::{Bases, Probe};
use crate::model::weights::int8::{self, Int8Space};
use crate::model::weights::{Panels, Perturbed, Stored, Weights, panel_length};

/// A network on a problem.
///
/// # Example
/// ```
/// use std::sync::Arc;
/// use tegmentum::model::networks::NetworkConfig;
/// use tegmentum::model::objective::Objective;
/// use tegmentum::model::objectives::NetworkLoss;
/// use tegmentum::random::Key;
/// use tegmentum::data::tasks::TaskConfig;
///
/// let problem = Arc::new(toml::from_str::<TaskConfig>("[xor]")?.build()?.problem(Key::from_seed(0))?);
/// let network = toml::from_str::<NetworkConfig>("[mlp]\nhidden = [4]")?.build(2, 1)?;
/// let objective = NetworkLoss::new(network, problem);
/// assert_eq!(objective.num_parameters(), 17);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct NetworkLoss {
    network: Arc<dyn Network>,
    problem: Arc<Problem>,
    plan: PassPlan,
    single: Pool<Workspace<1>>,
    narrow: Pool<Workspace<4>>,
    wide: Pool<Workspace<16>>,
    pub(super) low_rank_spaces: Pool<LowRankSpace>,
    /// The network's matrices, which directions of low rank name.
    layout: Layout,
}

/// Operations of a call that are worth a second thread, about a tenth of a millisecond.
pub(super) const WORTH_A_THREAD: u64 = 10_000_000;

#[derive(Debug, Default)]
struct Workspace<const L: usize> {
    candidates: [AlignedVec; 2],
    tails: [Vec<f32>; 2],
    panels: Panels,
    on_all_threads: bool,
    activity: Rows<L>,
    batch: LaneBatch<L>,
    bfloat16: Bfloat16Space,
    int8: Int8Space,
}

impl NetworkLoss {
    /// The loss of `network` on the training part of `problem`, whose sizes it was built for.
    ///
    /// The network comes as its own type, in a box or shared; the problem as [`Examples`](crate::data::task::Examples), a
    /// [`Series`](crate::data::task::Series), a [`Problem`] or shared.
    pub fn new(network: impl Into<Arc<dyn Network>>, problem: impl Into<Arc<Problem>>) -> Self {
        let (network, problem) = (network.into(), problem.into());
        Self {
            layout: Layout::of(&*network),
            plan: PassPlan::of(&*network, &problem),
            network,
            problem,
            single: Pool::default(),
            narrow: Pool::default(),
            wide: Pool::default(),
            low_rank_spaces: Pool::default(),
        }
    }

    /// The network.
    pub fn network(&self) -> &Arc<dyn Network> {
        &self.network
    }

    /// The problem.
    pub fn problem(&self) -> &Arc<Problem> {
        &self.problem
    }

    /// Operations of one loss.
    pub(super) fn work_of_one(&self) -> u64 {
        self.plan.operations
    }

    /// Losses of some probes on one thread.
    fn evaluate<const L: usize>(
        &self,
        space: &mut Workspace<L>,
        bases: Bases<'_>,
        probes: &[Probe],
        batch: Batch,
        losses: &mut [f64],
    ) -> Result<()> {
        space.batch.load(&self.problem, Part::Train(batch));
        let mut index = 0;
        while index < probes.len() {
            let pair = probes.get(index + 1).is_some_and(|next| next.is_antithetic_to(&probes[index]));
            let found = if self.plan.stores_candidates {
                self.stored(space, bases, &probes[index], pair)?
            } else {
                self.perturbed(space, bases, &probes[index], pair)?
            };
            let count = 1 + usize::from(pair);
            losses[index..index + count].copy_from_slice(&found[..count]);
            index += count;
        }
        Ok(())
    }

    /// The losses of a probe and of its antithetic twin, from stored candidates.
    fn stored<const L: usize>(
        &self,
        space: &mut Workspace<L>,
        bases: Bases<'_>,
        probe: &Probe,
        pair: bool,
    ) -> Result<[f64; 2]> {
        let length = self.num_parameters();
        let [plus, minus] = &mut space.candidates;
        plus.reserve(length);
        minus.reserve(length);
        let (plus, minus) = (&mut plus[..length], &mut minus[..length]);
        let point = bases.point(probe.base)?;
        if pair {
            probe.direction.write_pair(0, point, probe.gain, probe.scale, [&mut *plus, &mut *minus]);
        } else {
            probe.direction.write(0, point, probe.gain, probe.scale, plus);
        }
        if let Some(layers) = self.plan.layers.as_ref().filter(|_| !self.plan.is_bfloat16) {
            let [plus_tails, minus_tails] = &mut space.tails;
            let first = self.stored_of::<L>(plus, plus_tails).of_pass();
            let both = [first, if pair { self.stored_of::<L>(minus, minus_tails).of_pass() } else { first }];
            return Ok(layered_losses(layers, &both[..=usize::from(pair)], &space.batch, &mut space.activity));
        }
        let mut losses = [0.0; 2];
        for (loss, parameters) in losses.iter_mut().zip([plus, minus]).take(1 + usize::from(pair)) {
            if self.plan.is_bfloat16
                && let Some(found) = bfloat16::mean_loss(&*self.network, parameters, &space.batch, &mut space.bfloat16)
            {
                *loss = found;
                continue;
            }
            let stored = if self.network.numerics() == Numerics::Int8 {
                Weights::of(&*self.network, parameters, &mut space.int8)
            } else {
                Weights::Stored(self.stored_of::<L>(parameters, &mut space.tails[0]))
            };
            *loss = self.mean_losses(stored, &space.batch, &mut space.activity)[0];
        }
        Ok(losses)
    }

    /// A stored candidate, with transposed columns where steps are over a single example.
    fn stored_of<'a, const L: usize>(&self, parameters: &'a [f32], tails: &'a mut Vec<f32>) -> Stored<'a> {
        if L == 1 { Stored::with_tails(&*self.network, parameters, tails) } else { Stored::new(parameters) }
    }

    /// The same, from weights that are perturbed as they are read.
    fn perturbed<const L: usize>(
        &self,
        space: &mut Workspace<L>,
        bases: Bases<'_>,
        probe: &Probe,
        pair: bool,
    ) -> Result<[f64; 2]> {
        let weights = Weights::Perturbed(Perturbed {
            point: bases.point(probe.base)?,
            gain: probe.gain,
            direction: probe.direction,
            scale: probe.scale,
            pair,
            on_all_threads: space.on_all_threads,
            panels: &mut space.panels,
        });
        Ok(self.mean_losses(weights, &space.batch, &mut space.activity))
    }

    fn mean_losses<const L: usize>(
        &self,
        mut weights: Weights<'_>,
        batch: &LaneBatch<L>,
        activity: &mut Rows<L>,
    ) -> [f64; 2] {
        mean_losses(&*self.network, &mut weights, loss_of(&self.problem), batch, activity)
    }

    /// Losses of all probes, on as many threads as they are worth.
    fn spread<const L: usize>(
        &self,
        pool: &Pool<Workspace<L>>,
        bases: Bases<'_>,
        probes: &[Probe],
        batch: Batch,
        losses: &mut [f64],
    ) -> Result<()> {
        let (work, threads) = (self.work_of_one() * probes.len() as u64, rayon::current_num_threads());
        let task = |probes: &[Probe], losses: &mut [f64], on_all_threads: bool| {
            pool.lend(|space| {
                space.on_all_threads = on_all_threads;
                self.evaluate(space, bases, probes, batch, losses)
            })
        };
        if work < WORTH_A_THREAD || threads == 1 {
            return task(probes, losses, false);
        }
        // A single pair shares its noise where weights are perturbed as they are read; written out, its halves go apart.
        let together = if probes.len() > 2 || !self.plan.stores_candidates { 2 } else { 1 };
        let on_all_threads = probes.len().div_ceil(2) < threads;
        // Whole pairs stay together: an odd number of probes before the first pair would cut them all.
        let lead = usize::from(probes.len() > 1 && probes.len() % 2 == 1);
        let (first, pairs) = probes.split_at(lead);
        let (first_loss, pair_losses) = losses.split_at_mut(lead);
        if !first.is_empty() {
            task(first, first_loss, true)?;
        }
        pairs
            .par_chunks(together)
            .zip(pair_losses.par_chunks_mut(together))
            .try_for_each(|(probes, losses)| task(probes, losses, on_all_threads))
    }
}

impl fmt::Debug for NetworkLoss {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("NetworkLoss").field("network", &self.network).finish_non_exhaustive()
    }
}

impl Objective for NetworkLoss {
    fn num_parameters(&self) -> usize {
        self.network.num_parameters()
    }

    fn losses(&self, bases: Bases<'_>, probes: &[Probe], batch: Batch, losses: &mut [f64]) -> Result<()> {
        check_shapes(self.num_parameters(), &bases, probes, losses)?;
        let (mut probes, mut losses) = (probes, losses);
        while let Some(first) = probes.first() {
            let shares = |probe: &Probe| self.plan.shares_low_rank && direction_of(probe, self.layout).is_some();
            let is_low_rank = shares(first);
            let count = if is_low_rank {
                run_length(probes, self.layout)
            } else {
                probes.iter().take_while(|probe| !shares(probe)).count()
            };
            let ((own, after), (own_losses, losses_after)) = (probes.split_at(count), losses.split_at_mut(count));
            match self.plan.lanes {
                _ if is_low_rank => self.low_rank(bases, own, batch, own_losses)?,
                1 => self.spread(&self.single, bases, own, batch, own_losses)?,
                4 => self.spread(&self.narrow, bases, own, batch, own_losses)?,
                _ => self.spread(&self.wide, bases, own, batch, own_losses)?,
            }
            (probes, losses) = (after, losses_after);
        }
        Ok(())
    }

    fn operations(&self) -> Option<u64> {
        Some(self.work_of_one())
    }

    fn bytes_in_flight(&self) -> Option<usize> {
        let PassPlan { lanes, examples, stores_candidates, .. } = self.plan;
        let widest = self.network.connections().iter().map(|connection| connection.units.len()).max().unwrap_or(0);
        let (weights, blocks) = if stores_candidates {
            (2 * self.num_parameters(), if self.network.carry().is_some() { 2 } else { 8 })
        } else {
            (2 * panel_length(widest, lanes), 2 * 64)
        };
        let blocks = blocks.min(2 * examples.div_ceil(lanes));
        let in_bytes = if self.network.numerics() == Numerics::Int8 { int8::bytes(&*self.network) } else { 0 };
        Some((weights + blocks * self.network.num_activities() * lanes) * size_of::<f32>() + in_bytes)
    }
}
