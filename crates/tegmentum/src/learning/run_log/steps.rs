//! Logs of runs that go by steps and are no learner's: agents in environments, learners of tasks that follow one another.
//!
//! What such a run meets follows from keys, or from an environment whose state is archived with it: the steps between two states are made
//! again in full, and no answer has to be kept. The log keeps one number of each step, what came of it (a reward, a loss), and every replay
//! is compared with these numbers: one that leaves the run that was logged is told at the first step that differs.
//!
//! ```text
//!     losses   n₁ n₂ n₃ …          8 bytes a step
//!     states   s(u₀), s(u₁), …      the archive of the run after step uₖ, as in the logs of learners
//! ```
//! Cost: 8.02 bytes a step, and the states. Reading: one archive and 1/128 of the steps on average.

use super::{Ended, RunLog, differs};
use crate::archive::{Archive, Archived};
use crate::error::{Error, Result};
use crate::learning::observer::Observer as _;

/// The log of a run that goes by steps, or of one that has none: everything is a no-op then.
///
/// # Example
/// A run that doubles a number and adds what it is told by nobody but itself.
/// ```
/// use tegmentum::learning::run_log::{ROOM, RunLog, Steps};
///
/// let folder = std::env::temp_dir().join(format!("steps-{}", std::process::id()));
/// let step = |state: &mut f64| *state = 0.5 * *state + 1.0;
/// let log = RunLog::record(&folder, b"halves", ROOM)?;
/// let mut state = 0.0;
/// let mut steps = Steps::new(Some(&log));
/// steps.begin(&mut state)?;
/// for number in 1..=1000 {
///     step(&mut state);
///     if steps.note(number, number, state)? {
///         steps.take(&mut state)?;
///     }
/// }
/// steps.finish(&mut state, (1000, 1000), None)?;
///
/// // Its third state.
/// let log = RunLog::open(&folder)?;
/// let (mut again, mut steps) = (0.0, Steps::new(Some(&log)));
/// let mut place = log.nearest(&mut again, 3)?;
/// while place.updates < 3 {
///     step(&mut again);
///     place.updates += 1;
///     steps.note(place.updates, place.updates, again)?;
/// }
/// assert_eq!(again, 1.75);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Debug)]
pub struct Steps<'a> {
    log: Option<&'a RunLog>,
}

impl Archived for Steps<'_> {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        self.log.map_or(Ok(()), |log| log.marks().archive(archive))
    }
}

impl<'a> Steps<'a> {
    /// Of a log that is written or, once it was [opened](RunLog::open), compared with.
    pub fn new(log: Option<&'a RunLog>) -> Self {
        Self { log }
    }

    /// Takes the state before the first step; in a replay, compares it. A run that goes on reads its archive after this.
    ///
    /// # Errors
    /// [`Error::Archive`] if the run cannot be archived; in a replay [`Error::Checkpoint`] if it is another state.
    pub fn begin(&mut self, run: &mut dyn Archived) -> Result<()> {
        let Some(log) = self.log else { return Ok(()) };
        log.content().due = Some((0, 0));
        log.take(run)
    }

    /// After step `updates`, with `evaluations` spent in all: what came of it. Whether the state is to be [taken](Self::take) now.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written; in a replay [`Error::Checkpoint`] if something else came of it.
    pub fn note(&mut self, updates: u64, evaluations: u64, number: f64) -> Result<bool> {
        let Some(log) = self.log else { return Ok(false) };
        let mut content = log.content();
        if log.is_replayed {
            let mut logged = [0.0];
            content.losses.next(&mut logged)?;
            if logged[0].to_bits() != number.to_bits() && !(logged[0].is_nan() && number.is_nan()) {
                let problem = format!("step {updates} gave {number}, the log has {}", logged[0]);
                return Err(differs(&log.folder, &problem));
            }
        } else {
            content.losses.append(&[number])?;
            content.run.ended = Ended { evaluations, updates, ..content.run.ended };
        }
        let is_due = evaluations >= content.next;
        if is_due {
            content.due = Some((updates, evaluations));
        }
        Ok(is_due)
    }

    /// Takes the state of the run, which is due; in a replay, compares it.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub fn take(&mut self, run: &mut dyn Archived) -> Result<()> {
        self.log.map_or(Ok(()), |log| log.take(run))
    }

    /// Writes the end of the run after so many steps and evaluations, with its last state, or with the error that ended it; in a replay,
    /// compares both.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written; in a replay [`Error::Checkpoint`] if the run ended in another way.
    pub fn finish(
        &mut self,
        run: &mut dyn Archived,
        (updates, evaluations): (u64, u64),
        failure: Option<&Error>,
    ) -> Result<()> {
        let Some(log) = self.log else { return Ok(()) };
        log.end(run, failure.map_or(Ok(Ended { evaluations, updates, ..Ended::default() }), Err))
    }
}
