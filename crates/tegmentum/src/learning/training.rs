//! The only loop: updates until the budget is spent or an observer stops it.
//!
//! Cost is counted in *loss evaluations*: one forward pass of a batch is one, whatever it is for; an update of node
//! perturbation or backpropagation counts three. Judging on test data costs nothing.
//!
//! The batch of update u has the key `key.child(u)`; a learner draws nothing from it but batches, so that all arms of a
//! study see the same data in the same order.

use std::ops::ControlFlow;

use crate::error::Result;
use crate::learning::learner::Learner;
use crate::learning::observer::{Observer, Record, StopReason};
use crate::learning::optimizer::StepReport;
use crate::neuromodulation::modulation::Modulation;
use crate::random::Key;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Why.
    pub reason: StopReason,
    /// Evaluations spent; the last update may exceed the budget by its own cost.
    pub evaluations: u64,
    /// Updates made.
    pub updates: u64,
    /// Losses that were NaN or infinite.
    pub non_finite: u64,
    /// Confirmed surprises.
    pub surprises: u64,
}

/// Trains until the budget of evaluations is spent or an observer stops the run.
///
/// # Errors
/// Those of the learner and of the observers.
pub fn train(learner: &mut dyn Learner, key: Key, budget: u64, observers: &mut [&mut dyn Observer]) -> Result<Ended> {
    let begun = Ended { reason: StopReason::Budget, evaluations: 0, updates: 0, non_finite: 0, surprises: 0 };
    resume(learner, key, budget, observers, begun, StepReport::default())
}

/// [`train`] from where a run has come to: `ended` what it has spent, `report` of its last update, which the observers have not
/// seen.
pub fn resume(
    learner: &mut dyn Learner,
    key: Key,
    budget: u64,
    observers: &mut [&mut dyn Observer],
    mut ended: Ended,
    mut report: StepReport,
) -> Result<Ended> {
    loop {
        let last = ended.evaluations >= budget;
        let record = Record { evaluations: ended.evaluations, updates: ended.updates, last, report, learner };
        for observer in observers.iter_mut() {
            if let ControlFlow::Break(reason) = observer.observe(&record)? {
                return Ok(Ended { reason, ..ended });
            }
        }
        if last {
            return Ok(ended);
        }
        // Nobody looks before `until`.
        let until = observers.iter().map(|observer| observer.next_look(ended.evaluations)).fold(budget, u64::min);
        let evaluations = until.saturating_sub(ended.evaluations).max(1);
        let progress = learner.advance(key, ended.updates, evaluations, &Modulation::default())?;
        report = progress.report;
        ended.evaluations += progress.evaluations;
        ended.updates += progress.updates;
        ended.non_finite += progress.non_finite;
        ended.surprises += progress.surprises;
    }
}
