//! What a minimisation saw: the losses that were asked for, and the parameters of the smallest.

use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::data::batch::Batch;
use crate::error::Result;
use crate::learning::observer::{Observer, Record, StopReason};
use crate::model::objective::Objective;
use crate::model::perturbation::{Bases, Probe};

/// Evaluations without a finite loss after which a minimisation gives up.
const PATIENCE: u64 = 100;

/// What was seen so far.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) evaluations: u64,
    pub(super) non_finite: u64,
    /// The smallest loss, and its parameters `[P]`; infinite and empty before there is one.
    pub(super) best: (f64, Vec<f32>),
}

/// An objective that is looked at.
pub(super) struct Watched<'a> {
    objective: &'a dyn Objective,
    seen: Mutex<Seen>,
}

impl<'a> Watched<'a> {
    pub(super) fn new(objective: &'a dyn Objective) -> Self {
        let seen = Seen { evaluations: 0, non_finite: 0, best: (f64::INFINITY, Vec::new()) };
        Self { objective, seen: Mutex::new(seen) }
    }

    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether going on is of no use: no loss was finite, or one was −∞.
    fn is_hopeless_or_done(&self) -> bool {
        let seen = self.seen();
        seen.best.0 == f64::NEG_INFINITY || (seen.evaluations >= PATIENCE && seen.evaluations == seen.non_finite)
    }
}

impl Objective for Watched<'_> {
    fn num_parameters(&self) -> usize {
        self.objective.num_parameters()
    }

    fn losses(&self, bases: Bases<'_>, probes: &[Probe], batch: Batch, losses: &mut [f64]) -> Result<()> {
        self.objective.losses(bases, probes, batch, losses)?;
        let mut seen = self.seen();
        for (probe, &loss) in probes.iter().zip(&*losses) {
            seen.evaluations += 1;
            seen.non_finite += u64::from(!loss.is_finite());
            if loss < seen.best.0 {
                let (least, parameters) = &mut seen.best;
                *least = loss;
                parameters.resize(self.num_parameters(), 0.0);
                probe.write(bases, parameters)?;
            }
        }
        Ok(())
    }

    fn operations(&self) -> Option<u64> {
        self.objective.operations()
    }

    fn bytes_in_flight(&self) -> Option<usize> {
        self.objective.bytes_in_flight()
    }
}

/// Keeps the model at three quarters of the budget, and ends a run that is of no use.
pub(super) struct Overseer<'a> {
    pub(super) watched: &'a Watched<'a>,
    pub(super) budget: u64,
    /// The model then, `[P]`; empty before.
    pub(super) late: Vec<f32>,
}

impl Observer for Overseer<'_> {
    fn observe(&mut self, record: &Record<'_>) -> Result<ControlFlow<StopReason>> {
        if self.late.is_empty() && record.evaluations >= self.budget - self.budget / 4 {
            let solution = record.learner.solution();
            self.late.resize(solution.len(), 0.0);
            solution.write(1.0, &mut self.late);
        }
        let stops = self.watched.is_hopeless_or_done();
        Ok(if stops { ControlFlow::Break(StopReason::Target) } else { ControlFlow::Continue(()) })
    }
}
