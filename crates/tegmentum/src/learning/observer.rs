//! Observers: the only door for side effects of a run. They see every update, or those that they want to see, and may
//! stop it.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use crate::archive::Archive;
use crate::error::Result;
use crate::learning::learner::Learner;
use crate::learning::optimizer::StepReport;

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StopReason {
    /// The budget of evaluations was spent.
    Budget,
    /// A target was reached.
    Target,
    /// The user asked for it.
    Interrupted,
}

crate::archived_choice!(StopReason { Budget, Target, Interrupted });

/// What an observer sees: before the first update (zero evaluations) and after each.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    /// Evaluations so far.
    pub evaluations: u64,
    /// Updates so far.
    pub updates: u64,
    /// Whether the budget is spent, so that this is the last record.
    pub last: bool,
    /// The last update.
    pub report: StepReport,
    /// The learner, to be looked at.
    pub learner: &'a dyn Learner,
}

impl std::fmt::Debug for Record<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut debug = formatter.debug_struct("Record");
        debug.field("evaluations", &self.evaluations).field("updates", &self.updates).field("report", &self.report);
        debug.finish_non_exhaustive()
    }
}

/// A watcher of a run.
pub trait Observer {
    /// Takes note of an update; `Break` ends the run.
    ///
    /// # Errors
    /// If what it does with the record fails.
    fn observe(&mut self, record: &Record<'_>) -> Result<ControlFlow<StopReason>>;

    /// Evaluations from which on this observer wants to see updates again, after those with fewer than `evaluations`;
    /// those before may be made without a record. The last update is always seen.
    fn next_look(&self, evaluations: u64) -> u64 {
        evaluations
    }

    /// Writes its running state to an archive, or reads it from there. By default it has none: an observer that remembers what it saw
    /// says so here, or has it anew when the run goes on.
    ///
    /// # Errors
    /// [An error of the archive](crate::error::Error::Archive) if what is read is not its state.
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let _ = archive;
        Ok(())
    }
}
