//! Units of work: a few runs of one arm that are made together, kept when they are finished.
//!
//! A unit has a name that follows from the study alone: the study's name, the part (`search` of rates, `runs`), and its place among
//! the units of the part. What it gave is kept under this name, so that a run that goes on takes it instead of making it again.

use std::cell::Cell;
use std::time::Instant;

use rayon::prelude::*;

use super::config::StudyConfig;
use super::logs::LoggedRun;
use super::monitor::Monitor;
use super::trial::{ProcessorClock, Trial};
use tegmentum::archive::{Archive, Archived};
use tegmentum::archived;
use tegmentum::checkpoint::{Checkpoint, Units};
use tegmentum::error::{Error, Result};
use tegmentum::learning::group::Member;
use tegmentum::learning::learner::Learner;
use tegmentum::learning::observer::Observer;
use tegmentum::learning::run_log::{RunLog, train_logged};
use tegmentum::learning::training::Ended;
use tegmentum::random::Key;

/// One unit, as its run sees it: whom it tells what it has spent, and where it keeps its state.
pub(crate) struct Work<'a> {
    advance: &'a dyn Fn(u64) -> bool,
    /// Whether it was told to stop.
    stopped: Cell<bool>,
    kept: Option<Kept<'a>>,
    /// Who says which runs are logged.
    logs: Option<&'a dyn Monitor>,
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
        Self { advance, stopped: Cell::new(false), kept: None, logs: None }
    }

    fn kept_in(checkpoint: &'a Checkpoint, unit: &'a str, advance: &'a dyn Fn(u64) -> bool) -> Self {
        let kept = Kept { checkpoint, unit, saved: Cell::new(Instant::now()), has_state: Cell::new(true) };
        Self { kept: Some(kept), ..Self::alone(advance) }
    }

    /// The same with runs that are logged where `monitor` says so.
    pub(crate) fn logged(self, monitor: Option<&'a dyn Monitor>) -> Self {
        Self { logs: monitor, ..self }
    }

    /// Whether a run is logged.
    pub(crate) fn is_logged(&self, run: &LoggedRun<'_>) -> bool {
        self.logs.is_some_and(|monitor| monitor.log(run).is_some())
    }

    /// The log of a run, if it has one: to be written, or to be compared with.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written or read.
    pub(crate) fn log(&self, run: &LoggedRun<'_>) -> Result<Option<RunLog>> {
        self.logs.and_then(|monitor| monitor.log(run)).map(|log| run.open(&log)).transpose()
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

    /// Trains a learner from where the run `name` of this unit was, watched by `observer`, and saves its state now and then; how it ended,
    /// with the model that it handed over. `budget` is in evaluations. The run is written to `log`, or compared with it.
    ///
    /// # Errors
    /// Those of [`restore`](Self::restore) and [`save`](Self::save); those of the observer. The error of the run is the inner one.
    pub(crate) fn train(
        &self,
        name: &str,
        (learner, key, budget): (&mut (dyn Learner + '_), Key, u64),
        log: Option<&RunLog>,
        observer: &mut dyn Observer,
        clock: &mut ProcessorClock,
    ) -> Result<Result<(Ended, Vec<f32>)>> {
        let mut marks = log.map(RunLog::marks);
        let mut observers = vec![&mut *observer as &mut dyn Observer];
        observers.extend(marks.as_mut().map(|marks| marks as &mut dyn Observer));
        let mut member = Member::new(&mut observers);
        self.restore(name, &mut (&mut *learner, &mut member, &mut *clock))?;
        while train_logged(log, learner, key, budget, &mut member, &mut || self.wants_pause())? {
            self.save(name, &mut (&mut *learner, &mut member, &mut *clock))?;
        }
        let ended = member.finish();
        if let Some(log) = log {
            log.finish(learner, &ended)?;
        }
        Ok(ended)
    }

    /// Reads the state of the run `name` of this unit into `state`, if one was saved.
    ///
    /// # Errors
    /// [`Error::Archive`] if it is that of something else, [`Error::Checkpoint`] if it is damaged.
    pub(crate) fn restore(&self, name: &str, state: &mut dyn Archived) -> Result<()> {
        let Some(kept) = &self.kept else { return Ok(()) };
        let Some(bytes) = kept.checkpoint.state(kept.unit)? else { return Ok(()) };
        let mut saved = (String::new(), Vec::new());
        Archive::read(&bytes, &mut saved)?;
        if saved.0 == name { Archive::read(&saved.1, state) } else { Ok(()) }
    }

    /// Saves the state of the run `name` after a pause. A run with a part that has no state to save goes on, and begins again if it is
    /// interrupted.
    ///
    /// # Errors
    /// [`Error::Study`] if the unit was told to stop; [`Error::Io`] if the state cannot be written.
    pub(crate) fn save(&self, name: &str, state: &mut dyn Archived) -> Result<()> {
        if let Some(kept) = self.kept.as_ref().filter(|kept| kept.has_state.get()) {
            match Archive::write(state) {
                Ok(bytes) => {
                    kept.checkpoint.save(kept.unit, &Archive::write(&mut (name.to_owned(), bytes))?)?;
                    kept.saved.set(Instant::now());
                }
                Err(Error::Archive { .. }) => kept.has_state.set(false),
                Err(error) => return Err(error),
            }
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
}

/// What a unit gave, as it is kept.
#[derive(Default)]
struct Finished {
    seeds: Vec<u64>,
    trials: Vec<Trial>,
}

archived!(Finished { seeds, trials });

/// The trials of a unit: those that are kept under its name, or those that `make` gives, which are then kept. `evaluations` is what
/// the unit spends, as far as it is known before.
///
/// # Errors
/// Those of `make`; [`Error::Checkpoint`] if what is kept is of another study; [`Error::Io`] if the trials cannot be kept.
pub(crate) fn run(
    (unit, seeds, evaluations): (&str, &[u64], u64),
    (monitor, logs): (&dyn Monitor, Option<&dyn Monitor>),
    make: impl FnOnce(&Work<'_>) -> Result<Vec<Trial>>,
) -> Result<Vec<Trial>> {
    let advance = |evaluations| monitor.advance(evaluations);
    let Some(checkpoint) = monitor.checkpoint() else { return make(&Work::alone(&advance).logged(logs)) };
    if let Some(bytes) = checkpoint.take(unit) {
        monitor.advance(evaluations);
        return finished(checkpoint, unit, seeds, &bytes);
    }
    let go_on = |evaluations| {
        // A failure is remembered, and told when the unit ends.
        let _ = checkpoint.flush_if_due();
        monitor.advance(evaluations) && !checkpoint.has_failed()
    };
    let made = make(&Work::kept_in(checkpoint, unit, &go_on).logged(logs));
    // A unit that stopped because a file of another one could not be written is not the reason.
    checkpoint.check()?;
    let trials = made?;
    // A run that was told to stop has not come to its end.
    if !monitor.advance(0) {
        return Ok(trials);
    }
    let mut finished = Finished { seeds: seeds.to_vec(), trials };
    checkpoint.keep(unit, Archive::write(&mut finished)?)?;
    Ok(finished.trials)
}

/// What the units of a study give whose work is not runs of arms, in their order: `make` makes one by its place, `evaluations` has what
/// each spends. They are made on as many threads as there are, and kept; under a share only its units are made, and the study ends.
///
/// # Errors
/// Those of `make`; [`Error::Study`] if the monitor stopped the study, or all units of the share are made; [`Error::Checkpoint`] if what
/// is kept is of another study; [`Error::Io`] if it cannot be kept.
pub(crate) fn row<T: Archived + Default + Send>(
    study: &StudyConfig,
    monitor: &dyn Monitor,
    evaluations: &[u64],
    make: impl Fn(usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let block = monitor.shard().map_or(0..evaluations.len(), |shard| shard.block(evaluations.len()));
    let units = monitor.checkpoint().map_or_else(Units::nowhere, Units::of).below(&study.name).below("units");
    let unit = |index: usize| {
        let made = units.get(&index.to_string(), || make(index))?;
        if monitor.advance(evaluations[index]) { Ok(made) } else { Err(interrupted(study)) }
    };
    let made: Vec<T> = block.into_par_iter().map(unit).collect::<Result<_>>()?;
    if monitor.shard().is_some() {
        monitor.share_is_done();
        return Err(interrupted(study));
    }
    Ok(made)
}

/// The trials of a finished unit.
fn finished(checkpoint: &Checkpoint, unit: &str, seeds: &[u64], bytes: &[u8]) -> Result<Vec<Trial>> {
    let mut finished = Finished::default();
    Archive::read(bytes, &mut finished).map_err(|error| wrong(checkpoint, unit, &error.to_string()))?;
    if finished.seeds == seeds && finished.trials.len() == seeds.len() {
        return Ok(finished.trials);
    }
    Err(wrong(checkpoint, unit, "it has other seeds"))
}

fn wrong(checkpoint: &Checkpoint, unit: &str, problem: &str) -> Error {
    let problem = format!("what is kept of {unit} is not of this study: {problem}");
    Error::Checkpoint { path: checkpoint.folder().to_owned(), problem }
}

/// The error for a study that the monitor stopped.
pub(crate) fn interrupted(study: &StudyConfig) -> Error {
    Error::Study { origin: study.name.clone(), problem: "stopped before its end".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shard::Shard;
    use std::sync::atomic::{AtomicUsize, Ordering};

    struct Failing(Checkpoint);

    impl Monitor for Failing {
        fn expect(&self, _: &str, _: u64) {}

        fn advance(&self, _: u64) -> bool {
            true
        }

        fn checkpoint(&self) -> Option<&Checkpoint> {
            Some(&self.0)
        }

        fn shard(&self) -> Option<Shard> {
            None
        }
    }

    /// Stops after so many units.
    struct Stopping(Checkpoint, AtomicUsize);

    impl Monitor for Stopping {
        fn expect(&self, _: &str, _: u64) {}

        fn advance(&self, _: u64) -> bool {
            self.1.fetch_sub(1, Ordering::Relaxed) > 1
        }

        fn checkpoint(&self) -> Option<&Checkpoint> {
            Some(&self.0)
        }
    }

    /// What is kept of a row of units is not made again.
    #[test]
    fn a_row_goes_on_where_it_was() {
        let text = "name = \"t\"\ntitle = \"t\"\nquestion = \"q\"\nkind = \"theory\"";
        let study = StudyConfig::from_toml(text, "t").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("checkpoint");
        let every = std::time::Duration::ZERO;
        let made = AtomicUsize::new(0);
        let make = |index: usize| {
            made.fetch_add(1, Ordering::Relaxed);
            Ok(index as u64)
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let run = |monitor: &Stopping| pool.install(|| row(&study, monitor, &[1; 10], make));
        let first = Stopping(Checkpoint::create(&place, b"job", every).unwrap(), AtomicUsize::new(4));
        assert!(run(&first).unwrap_err().to_string().contains("stopped before its end"));
        drop(first);
        assert_eq!(made.load(Ordering::Relaxed), 4);
        let second = Stopping(Checkpoint::open(&place, every).unwrap().0, AtomicUsize::new(100));
        assert_eq!(run(&second).unwrap(), (0..10).collect::<Vec<u64>>());
        assert_eq!(made.load(Ordering::Relaxed), 10);
    }

    /// A unit that stops because a file of another one could not be written says what could not be written.
    #[test]
    fn the_first_failure_is_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("checkpoint");
        let monitor = Failing(Checkpoint::create(&place, b"job", std::time::Duration::ZERO).unwrap());
        std::fs::remove_dir_all(&place).unwrap();
        monitor.0.keep("another unit", Vec::new()).unwrap_err();
        let stopped = |work: &Work<'_>| {
            work.advance(1);
            work.save("this unit", &mut 0_u64).map(|()| Vec::new())
        };
        let error = run(("unit", &[], 1), (&monitor, None), stopped).unwrap_err();
        assert!(matches!(&error, Error::Io { path, .. } if path.ends_with("finished-000000")), "{error}");
        let error = run(("unit", &[], 1), (&monitor, None), |_| {
            Err(Error::Study { origin: String::new(), problem: String::new() })
        });
        assert!(matches!(error.unwrap_err(), Error::Io { .. }));
    }
}
