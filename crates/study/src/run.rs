//! Runs a study: what its kind makes of it, and what has to be said of a shortened one.

pub use super::monitor::{Monitor, Silent};
pub use super::result::{RecordRow, StudyResult};

use super::config::{Shortened, StudyConfig};
use super::drawing::finish;
use super::logs::{Log, LoggedRun};
use super::outcome::{ClaimOutcome, Summary, Verdict};
use super::shard::Shard;
use std::sync::atomic::{AtomicBool, Ordering};
use tegmentum::checkpoint::Checkpoint;
use tegmentum::error::{Error, Result};

/// Runs a study; `quick` says that it is meant to be a shortened one. The summary says so where something was taken away.
///
/// # Errors
/// If a part cannot be built, or [`Error::Study`] if the monitor stopped it.
pub fn run(study: &StudyConfig, quick: bool, monitor: &dyn Monitor) -> Result<StudyResult> {
    let wrong = |problem: String| Error::Study { origin: study.name.clone(), problem };
    let mut result = study.study_kind().map_err(wrong)?.run(study, monitor)?;
    result.figures = finish(result.figures);
    if quick && result.summary.quick {
        result.summary.notes.extend(note_on_shortening(&result.summary));
        result.summary.notes.extend(study.shortened.as_ref().and_then(note_on_arms));
    }
    Ok(result)
}

/// What was not run, in a sentence.
fn note_on_arms(shortened: &Shortened) -> Option<String> {
    let Shortened { left_out, untested, .. } = shortened;
    (!left_out.is_empty()).then(|| {
        format!("A shortened run: {untested} claims are about arms that were not run: {}.", left_out.join(", "))
    })
}

/// What a shortened run leaves open, in a sentence.
fn note_on_shortening(summary: &Summary) -> Option<String> {
    let is_open = |claim: &&ClaimOutcome| claim.verdict == Verdict::Inconclusive && claim.reason.is_some();
    let open = summary.claims.iter().filter(is_open).count();
    (open > 0).then(|| {
        let n = summary.claims.len();
        format!("A shortened run: {open} of {n} claims need the full one, each for the reason it gives.")
    })
}

/// Runs one shard of a study; what it gave is in the monitor's checkpoint, which is flushed.
///
/// # Errors
/// [`Error::Study`] if the monitor stopped it; those of the study; [`Error::Io`] if the units cannot be kept.
pub fn run_shard(study: &StudyConfig, shard: Shard, monitor: &dyn Monitor) -> Result<()> {
    let wrong = |problem: String| Error::Study { origin: study.name.clone(), problem };
    let kind = study.study_kind().map_err(wrong)?;
    let Some(checkpoint) = monitor.checkpoint() else {
        return Err(wrong("a shard needs a checkpoint to keep what it gave".to_owned()));
    };
    let share = Share { monitor, shard, ended: AtomicBool::new(false) };
    match kind.run(study, &share) {
        Err(_) if share.ended.load(Ordering::Relaxed) => checkpoint.flush(),
        Err(error) => Err(error),
        Ok(_) => Err(wrong("was not run in units".to_owned())),
    }
}

/// A monitor under which one share of the runs is made.
struct Share<'a> {
    monitor: &'a dyn Monitor,
    shard: Shard,
    ended: AtomicBool,
}

impl Monitor for Share<'_> {
    fn expect(&self, part: &str, evaluations: u64) {
        self.monitor.expect(&format!("{part}, shard {}", self.shard), evaluations);
    }

    fn advance(&self, evaluations: u64) -> bool {
        self.monitor.advance(evaluations)
    }

    fn checkpoint(&self) -> Option<&Checkpoint> {
        self.monitor.checkpoint()
    }

    fn shard(&self) -> Option<Shard> {
        Some(self.shard)
    }

    fn log(&self, run: &LoggedRun<'_>) -> Option<Log> {
        self.monitor.log(run)
    }

    fn share_is_done(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}
