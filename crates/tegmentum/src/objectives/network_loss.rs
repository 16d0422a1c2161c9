//! The loss of a network on a problem: mini-batches of examples, or windows of a series with a washout.
//!
//! The batch is drawn once for each call and shared by all its probes. A perturbed copy of the parameters is made once
//! for each probe and used for the whole batch and sequence.
//!
//! Cost of a probe: one forward pass of the batch. Memory: one copy of the parameters and the activity of one step.

use std::fmt;
use std::sync::Arc;

use super::Pool;
use crate::batch::{Batch, LaneBatch, Part};
use crate::error::Result;
use crate::forward::mean_loss;
use crate::network::Network;
use crate::objective::{Objective, check_shapes};
use crate::perturbation::{Bases, Probe};
use crate::task::{Loss, Problem};

/// A network on a problem.
///
/// # Example
/// ```
/// use std::sync::Arc;
/// use tegmentum::network::NetworkConfig;
/// use tegmentum::objective::Objective;
/// use tegmentum::objectives::NetworkLoss;
/// use tegmentum::random::Key;
/// use tegmentum::task::TaskConfig;
///
/// let problem = Arc::new(toml::from_str::<TaskConfig>("[xor]")?.build()?.problem(Key::from_seed(0))?);
/// let network = toml::from_str::<NetworkConfig>("[mlp]\nhidden = [4]")?.build(2, 1)?;
/// let objective = NetworkLoss::new(Arc::from(network), problem);
/// assert_eq!(objective.num_parameters(), 17);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct NetworkLoss {
    network: Arc<dyn Network>,
    problem: Arc<Problem>,
    narrow: Pool<Workspace<4>>,
    wide: Pool<Workspace<16>>,
}

#[derive(Debug, Default)]
struct Workspace<const L: usize> {
    candidate: Vec<f32>,
    activity: Vec<[f32; L]>,
    batch: LaneBatch<L>,
}

impl NetworkLoss {
    /// The loss of `network` on the training part of `problem`, whose sizes it was built for.
    pub fn new(network: Arc<dyn Network>, problem: Arc<Problem>) -> Self {
        Self { network, problem, narrow: Pool::default(), wide: Pool::default() }
    }

    /// The network.
    pub fn network(&self) -> &Arc<dyn Network> {
        &self.network
    }

    /// The problem.
    pub fn problem(&self) -> &Arc<Problem> {
        &self.problem
    }

    /// Examples (or windows) of a batch and the steps of each.
    fn batch_shape(&self) -> (usize, usize) {
        match &*self.problem {
            Problem::Examples(examples) => {
                (examples.batch.unwrap_or(examples.train.inputs.len() / examples.num_inputs), 1)
            }
            Problem::Series(series) => (series.windows.count, series.windows.length),
        }
    }

    fn evaluate<const L: usize>(
        &self,
        space: &mut Workspace<L>,
        bases: Bases<'_>,
        probes: &[Probe],
        batch: Batch,
        losses: &mut [f64],
    ) -> Result<()> {
        space.batch.load(&self.problem, Part::Train(batch));
        space.candidate.resize(self.num_parameters(), 0.0);
        for (probe, loss) in probes.iter().zip(losses) {
            probe.write(bases, &mut space.candidate)?;
            *loss =
                mean_loss(&*self.network, &space.candidate, loss_of(&self.problem), &space.batch, &mut space.activity);
        }
        Ok(())
    }
}

/// The loss that a problem is trained on: squared error for a series.
pub(crate) fn loss_of(problem: &Problem) -> Loss {
    match problem {
        Problem::Examples(examples) => examples.loss,
        Problem::Series(_) => Loss::MeanSquaredError,
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
        if self.batch_shape().0 <= 4 {
            self.narrow.lend(|space| self.evaluate(space, bases, probes, batch, losses))
        } else {
            self.wide.lend(|space| self.evaluate(space, bases, probes, batch, losses))
        }
    }

    fn operations(&self) -> Option<u64> {
        let (count, steps) = self.batch_shape();
        Some(self.network.operations() * (count * steps) as u64)
    }

    fn bytes_in_flight(&self) -> Option<usize> {
        let lanes = if self.batch_shape().0 <= 4 { 4 } else { 16 };
        Some((self.num_parameters() + self.network.num_activities() * lanes) * size_of::<f32>())
    }
}
