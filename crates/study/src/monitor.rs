//! Watching a study from outside.

use super::logs::{Log, LoggedRun};
use super::shard::Shard;
use tegmentum::checkpoint::Checkpoint;

/// Watches a study from outside: progress, and the wish to stop.
pub trait Monitor: Sync {
    /// The work ahead, in evaluations; called when a part of the study begins.
    fn expect(&self, part: &str, evaluations: u64);

    /// Work done since the last call. Returns false to stop.
    fn advance(&self, evaluations: u64) -> bool;

    /// Where finished work is kept, for a study that can go on where it stopped.
    fn checkpoint(&self) -> Option<&Checkpoint> {
        None
    }

    /// The share of the runs that are to be made, if it is not all of them; see [`run_shard`](crate::run::run_shard).
    fn shard(&self) -> Option<Shard> {
        None
    }

    /// What becomes of the log of a run; none if it has none.
    fn log(&self, run: &LoggedRun<'_>) -> Option<Log> {
        let _ = run;
        None
    }

    /// Told when all units of the [share](Self::shard) are finished.
    fn share_is_done(&self) {}

    /// The largest number of bytes that `work` held at once above what was held before it, if that can be measured.
    fn peak_bytes(&self, work: &mut dyn FnMut()) -> Option<usize> {
        work();
        None
    }
}

/// A monitor that says nothing.
///
/// # Example
/// ```
/// use tegmentum_study::run::{Monitor, Silent};
/// assert!(Silent.advance(10));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Monitor for Silent {
    fn expect(&self, _: &str, _: u64) {}
    fn advance(&self, _: u64) -> bool {
        true
    }
}
