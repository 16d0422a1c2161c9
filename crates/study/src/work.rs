//! Units of work: a few runs of one arm that are made together, kept when they are finished.
//!
//! A unit has a name that follows from the study alone: the study's name, the part (`search` of rates, `runs`), and its place among
//! the units of the part. What it gave is kept under this name, so that a run that goes on takes it instead of making it again.

use std::cell::Cell;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::monitor::Monitor;
use super::trial::Trial;
use tegmentum::archive::{Archive, Archived};
use tegmentum::checkpoint::Checkpoint;
use tegmentum::error::{Error, Result};

/// One unit, as its run sees it: whom it tells what it has spent, and where it keeps its state.
pub(crate) struct Work<'a> {
    advance: &'a dyn Fn(u64) -> bool,
    /// Whether it was told to stop.
    stopped: Cell<bool>,
    kept: Option<Kept<'a>>,
}

/// Where the state of a unit is kept.
struct Kept<'a> {
    checkpoint: &'a Checkpoint,
    unit: &'a str,
    saved: Cell<Instant>,
    /// Whether it has a state that can be saved.
    has_state: Cell<bool>,
}

impl<'a> Work<'a> {
    /// A unit whose state nobody keeps.
    pub(crate) fn alone(advance: &'a dyn Fn(u64) -> bool) -> Self {
        Self { advance, stopped: Cell::new(false), kept: None }
    }

    fn kept_in(checkpoint: &'a Checkpoint, unit: &'a str, advance: &'a dyn Fn(u64) -> bool) -> Self {
        let kept = Kept { checkpoint, unit, saved: Cell::new(Instant::now()), has_state: Cell::new(true) };
        Self { kept: Some(kept), ..Self::alone(advance) }
    }

    /// Told the evaluations that were spent since the last call.
    pub(crate) fn advance(&self, evaluations: u64) {
        if !(self.advance)(evaluations) {
            self.stopped.set(true);
        }
    }

    /// Whether the run should pause, to [save](Self::save) its state.
    pub(crate) fn wants_pause(&self) -> bool {
        self.stopped.get() || self.kept.as_ref().is_some_and(Kept::is_due)
    }

    /// Reads the state of the run `name` of this unit into `state`, if one was saved; whether there was one.
    ///
    /// # Errors
    /// [`Error::Archive`] if it is that of something else, [`Error::Checkpoint`] if it is damaged.
    pub(crate) fn restore(&self, name: &str, state: &mut dyn Archived) -> Result<bool> {
        let Some(kept) = &self.kept else { return Ok(false) };
        let Some(bytes) = kept.checkpoint.state(kept.unit)? else { return Ok(false) };
        let (of, bytes): (String, Vec<u8>) =
            postcard::from_bytes(&bytes).map_err(|error| wrong(kept.checkpoint, kept.unit, &error.to_string()))?;
        if of != name {
            return Ok(false);
        }
        Archive::read(&bytes, state)?;
        Ok(true)
    }

    /// Saves the state of the run `name` after a pause. A run with a part that has no state to save goes on, and begins again if it is
    /// interrupted.
    ///
    /// # Errors
    /// [`Error::Study`] if the unit was told to stop; [`Error::Io`] if the state cannot be written.
    pub(crate) fn save(&self, name: &str, state: &mut dyn Archived) -> Result<()> {
        if let Some(kept) = self.kept.as_ref().filter(|kept| kept.has_state.get()) {
            kept.save(name, state)?;
        }
        if self.stopped.get() {
            return Err(Error::Study { origin: name.to_owned(), problem: "stopped before its end".to_owned() });
        }
        Ok(())
    }
}

impl Kept<'_> {
    fn is_due(&self) -> bool {
        self.has_state.get() && self.saved.get().elapsed() >= self.checkpoint.every()
    }

    fn save(&self, name: &str, state: &mut dyn Archived) -> Result<()> {
        match Archive::write(state) {
            Ok(bytes) => {
                let bytes = postcard::to_stdvec(&(name, bytes))
                    .map_err(|error| wrong(self.checkpoint, self.unit, &error.to_string()))?;
                self.checkpoint.save(self.unit, &bytes)?;
                self.saved.set(Instant::now());
            }
            Err(Error::Archive { .. }) => self.has_state.set(false),
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// What a unit gave, as it is kept.
#[derive(Serialize, Deserialize)]
struct Finished {
    seeds: Vec<u64>,
    trials: Vec<Trial>,
}

/// The trials of a unit: those that are kept under its name, or those that `make` gives, which are then kept. `evaluations` is what
/// the unit spends, as far as it is known before.
///
/// # Errors
/// Those of `make`; [`Error::Checkpoint`] if what is kept is of another study; [`Error::Io`] if the trials cannot be kept.
pub(crate) fn run(
    (unit, seeds, evaluations): (&str, &[u64], u64),
    monitor: &dyn Monitor,
    make: impl FnOnce(&Work<'_>) -> Result<Vec<Trial>>,
) -> Result<Vec<Trial>> {
    let advance = |evaluations| monitor.advance(evaluations);
    let Some(checkpoint) = monitor.checkpoint() else { return make(&Work::alone(&advance)) };
    if let Some(bytes) = checkpoint.take(unit) {
        monitor.advance(evaluations);
        return finished(checkpoint, unit, seeds, &bytes);
    }
    let go_on = |evaluations| {
        // A failure is remembered, and told when the unit ends.
        let _ = checkpoint.flush_if_due();
        monitor.advance(evaluations) && !checkpoint.has_failed()
    };
    let trials = make(&Work::kept_in(checkpoint, unit, &go_on))?;
    // A run that was told to stop has not come to its end.
    if !monitor.advance(0) {
        return Ok(trials);
    }
    if checkpoint.has_failed() {
        checkpoint.flush()?;
    }
    let finished = Finished { seeds: seeds.to_vec(), trials };
    let bytes = postcard::to_stdvec(&finished).map_err(|error| wrong(checkpoint, unit, &error.to_string()))?;
    checkpoint.keep(unit, bytes)?;
    Ok(finished.trials)
}

/// The trials of a finished unit.
fn finished(checkpoint: &Checkpoint, unit: &str, seeds: &[u64], bytes: &[u8]) -> Result<Vec<Trial>> {
    match postcard::take_from_bytes::<Finished>(bytes) {
        Ok((finished, [])) if finished.seeds == seeds && finished.trials.len() == seeds.len() => Ok(finished.trials),
        Ok(_) => Err(wrong(checkpoint, unit, "it has other seeds")),
        Err(error) => Err(wrong(checkpoint, unit, &error.to_string())),
    }
}

fn wrong(checkpoint: &Checkpoint, unit: &str, problem: &str) -> Error {
    let problem = format!("what is kept of {unit} is not of this study: {problem}");
    Error::Checkpoint { path: checkpoint.folder().to_owned(), problem }
}
