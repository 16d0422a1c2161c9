//! The log of a run: the losses that a learner was told, and its states now and then. Any state of the run can be had again from
//! them, bit for bit, without evaluating the objective.
//!
//! # What is kept
//! A learner draws its directions from keyed streams, so that a probe is known from the configuration and its number; the one thing
//! that comes from outside is its loss. The log keeps
//!
//! ```text
//!     losses   ℓ₀ ℓ₁ ℓ₂ …          8 bytes a probe, in the order in which they were told
//!     states   s(u₀), s(u₁), …      the archive of the learner after update uₖ; u₀ = 0, the last one is the end
//! ```
//! States are taken every E evaluations. E begins at 1 and doubles whenever there are more than 128 states, or they take more than the
//! room that they were given; every second one is then dropped. A run thus has between 64 and 128 of them, however long it becomes.
//!
//! # Replay
//! The state after update u: the nearest state before it is read, and the updates from there to u are made again, the losses coming
//! from the log. With 64 states this is 1/128 of the updates of the run on average, none of which evaluates the objective. Plasticity
//! rules and gradient baselines have no probes: they see activity at their synapses, and make their updates again in full. So do agents
//! and learners of tasks that follow one another, see [`Steps`].
//!
//! # Cost
//! Writing: 8.02 bytes a probe, and 128 + 64 log₂(n/128) archives of the learner at most for n evaluations. Reading: one archive and
//! 1/128 of the updates on average.
//!
//! # Source
//! Seeds and losses as the whole record of a run: Salimans et al. (2017), arXiv 1703.03864, section 2.1 (workers that exchange losses
//! alone); Malladi et al. (2023), arXiv 2305.17333, section 2.1 (a training kept as seeds and projected gradients).

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::archive::{Archive, Archived};
use crate::checkpoint::sealed;
use crate::data::batch::Batch;
use crate::error::{Error, Result};
use crate::learning::group::{Ended, Member};
use crate::learning::learner::Learner;
use crate::learning::observer::{Observer, Record, StopReason};
use crate::learning::optimizer::StepReport;
use crate::learning::training::train_member;
use crate::model::objective::{Objective, check_shapes};
use crate::model::perturbation::{Bases, Probe};
use crate::neuromodulation::modulation::Modulation;
use crate::random::Key;

mod losses;
mod steps;

use losses::Losses;
pub use steps::Steps;

/// The file of the losses.
const LOSSES: &str = "losses";
/// The file of everything else, which is written at the end.
const RUN: &str = "run";
/// States at most.
const MOST_STATES: usize = 128;
/// Bytes that the states of a run may take if nothing else is said.
pub const ROOM: usize = 64 << 20;

/// The log of one run: written while the run is made, and read to have its states again.
///
/// # Example
/// ```
/// use tegmentum::learning::black_box_learner::BlackBoxLearner;
/// use tegmentum::learning::group::Member;
/// use tegmentum::learning::learner::Learner;
/// use tegmentum::learning::observer::Observer;
/// use tegmentum::learning::optimizers::dopamine::DopamineConfig;
/// use tegmentum::learning::run_log::{ROOM, RunLog, train_logged};
/// use tegmentum::model::objectives::BlackBox;
/// use tegmentum::random::Key;
///
/// let folder = std::env::temp_dir().join(format!("run-log-{}", std::process::id()));
/// let sphere = BlackBox::new(2, |x: &[f32]| x.iter().map(|&x| f64::from(x * x)).sum());
/// let optimizer = || DopamineConfig::default().build(vec![1.0, -1.0], Key::from_seed(1), 1000);
///
/// // A run that is logged.
/// let log = RunLog::record(&folder, b"a sphere", ROOM)?;
/// let objective = log.objective(&sphere);
/// let mut learner = BlackBoxLearner::new(&objective, Box::new(optimizer()?));
/// let mut marks = log.marks();
/// let mut observers: [&mut dyn Observer; 1] = [&mut marks];
/// let mut member = Member::new(&mut observers);
/// train_logged(Some(&log), &mut learner, Key::from_seed(2), 1000, &mut member, &mut || false)?;
/// log.finish(&mut learner, &member.finish())?;
///
/// // Its 100th state, of an objective that is never evaluated.
/// let log = RunLog::open(&folder)?;
/// let nothing = BlackBox::new(2, |_: &[f32]| unreachable!());
/// let objective = log.objective(&nothing);
/// let mut again = BlackBoxLearner::new(&objective, Box::new(optimizer()?));
/// let place = log.restore(&mut again, Key::from_seed(2), 100)?;
/// assert_eq!(place.updates, 100);
/// let mut parameters = [0.0; 2];
/// again.solution().write(1.0, &mut parameters);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Debug)]
pub struct RunLog {
    folder: PathBuf,
    is_replayed: bool,
    content: Mutex<Content>,
}

#[derive(Debug)]
struct Content {
    losses: Losses,
    run: Run,
    /// Evaluations from one state to the next.
    every: u64,
    /// Evaluations at which the next state is taken.
    next: u64,
    /// Updates and evaluations of a state that is to be taken now.
    due: Option<(u64, u64)>,
    /// Bytes that states may take.
    room: usize,
}

/// What the file `run` has.
#[derive(Debug, Default)]
struct Run {
    /// What was run, in the words of the caller.
    description: Vec<u8>,
    states: Vec<State>,
    ended: Ended,
    /// Why it failed; empty if it did not.
    failure: String,
    /// Losses that were told.
    probes: u64,
}

crate::archived!(Run { description, states, ended, failure, probes });

/// The learner after some of its updates.
#[derive(Debug, Default, PartialEq)]
struct State {
    updates: u64,
    evaluations: u64,
    /// Losses that it was told.
    probes: u64,
    bytes: Vec<u8>,
}

crate::archived!(State { updates, evaluations, probes, bytes });

/// Where a run is.
///
/// # Example
/// [`RunLog`] has one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Updates made.
    pub updates: u64,
    /// Evaluations spent.
    pub evaluations: u64,
    /// Losses told.
    pub probes: u64,
    /// The report of the last update; none at the beginning.
    pub report: Option<StepReport>,
}

impl RunLog {
    /// A log to be written to `folder`, which is made if it is not there. `description` says what is run; states take `room` bytes at
    /// most, the first and the last apart.
    ///
    /// # Errors
    /// [`Error::Io`] if the folder cannot be written to.
    pub fn record(folder: &Path, description: &[u8], room: usize) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(|source| Error::Io { path: folder.to_owned(), source })?;
        // A folder with this file is whole: an old one must not stand beside new losses.
        let old = folder.join(RUN);
        if old.exists() {
            std::fs::remove_file(&old).map_err(|source| Error::Io { path: old, source })?;
        }
        let losses = Losses::write(&folder.join(LOSSES))?;
        let run = Run { description: description.to_vec(), ..Run::default() };
        let content = Content { losses, run, every: 1, next: 0, due: None, room };
        Ok(Self { folder: folder.to_owned(), is_replayed: false, content: Mutex::new(content) })
    }

    /// Whether `folder` has the log of a run that has ended.
    pub fn exists(folder: &Path) -> bool {
        folder.join(RUN).is_file()
    }

    /// The log of a run that has ended.
    ///
    /// # Errors
    /// [`Error::Io`] if a file cannot be read; [`Error::Checkpoint`] if it is damaged, or of another version.
    pub fn open(folder: &Path) -> Result<Self> {
        let path = folder.join(RUN);
        let mut run = Run::default();
        Archive::read(&sealed::read(&path)?, &mut run)
            .map_err(|error| Error::Checkpoint { path, problem: format!("cannot be read: {error}") })?;
        let losses = Losses::read(&folder.join(LOSSES), run.probes)?;
        let content = Content { losses, run, every: 1, next: 0, due: None, room: 0 };
        Ok(Self { folder: folder.to_owned(), is_replayed: true, content: Mutex::new(content) })
    }

    /// What was run, in the words of the one who logged it.
    pub fn description(&self) -> Vec<u8> {
        self.content().run.description.clone()
    }

    /// How the run ended: as far as it came, if it failed.
    pub fn ended(&self) -> Ended {
        self.content().run.ended
    }

    /// Why the run failed, if it did.
    pub fn failure(&self) -> Option<String> {
        Some(self.content().run.failure.clone()).filter(|failure| !failure.is_empty())
    }

    /// Number of losses and of states that it has, and the bytes of the latter.
    pub fn sizes(&self) -> (u64, usize, usize) {
        let content = self.content();
        (content.run.probes, content.run.states.len(), content.run.bytes())
    }

    /// `objective` with its losses logged; in a replay, the losses of the log instead of `objective`, which is not evaluated.
    pub fn objective<'a>(&'a self, objective: &'a dyn Objective) -> LoggedObjective<'a> {
        LoggedObjective { log: self, objective }
    }

    /// The observer that says when a state is to be taken. It must be among the observers of the run.
    pub fn marks(&self) -> Marks<'_> {
        Marks { log: self }
    }

    /// Whether a state is to be taken now.
    fn is_due(&self) -> bool {
        self.content().due.is_some()
    }

    /// Takes the state of the run, if it is to be taken now; in a replay, compares it with that of the log.
    fn take(&self, run: &mut dyn Archived) -> Result<()> {
        let mut content = self.content();
        let Some((updates, evaluations)) = content.due.take() else { return Ok(()) };
        let state = State { updates, evaluations, probes: content.losses.told(), bytes: Archive::write(run)? };
        if !self.is_replayed {
            content.keep(state);
            return Ok(());
        }
        content.next = content.run.next_after(evaluations);
        content.run.check(&state, &self.folder)
    }

    /// Writes the end of the run, with the last state of its learner; in a replay, compares both with those of the log.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written; in a replay, [`Error::Checkpoint`] if the run ended in another way.
    pub fn finish(&self, learner: &mut dyn Learner, ended: &Result<(Ended, Vec<f32>)>) -> Result<()> {
        self.end(&mut &mut *learner, ended.as_ref().map(|(ended, _)| *ended))
    }

    /// Writes how a run ended, with its last state; in a replay, compares both.
    fn end(&self, run: &mut dyn Archived, ended: std::result::Result<Ended, &Error>) -> Result<()> {
        let mut content = self.content();
        let (mut end, mut failure) = (content.run.ended, String::new());
        match ended {
            Ok(ended) => end = ended,
            Err(error @ Error::NonFinite { .. }) => failure = error.to_string(),
            Err(error) if self.is_replayed => return Err(differs(&self.folder, &error.to_string())),
            // It did not come to an end: whoever made it has the error.
            Err(_) => return Ok(()),
        }
        let probes = content.losses.told();
        // A run that failed has no last state that means anything.
        let bytes = if failure.is_empty() { Archive::write(run)? } else { Vec::new() };
        let state = State { updates: end.updates, evaluations: end.evaluations, probes, bytes };
        if self.is_replayed {
            let run = &content.run;
            if failure != run.failure || (failure.is_empty() && end != run.ended) || probes != run.probes {
                return Err(differs(&self.folder, &format!("it ended after {} updates", run.ended.updates)));
            }
            return if failure.is_empty() { run.check(&state, &self.folder) } else { Ok(()) };
        }
        content.losses.flush()?;
        if failure.is_empty() && content.run.states.last().is_none_or(|last| last.updates < end.updates) {
            content.run.states.push(state);
        }
        (content.run.ended, content.run.failure, content.run.probes) = (end, failure, probes);
        let bytes = Archive::write(&mut content.run)?;
        sealed::write(&self.folder.join(RUN), &bytes)
    }

    /// Brings `learner`, which was built as the one that was logged, with an [objective of this log](Self::objective), to its state
    /// after `update` updates. `key` is that of its batches.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] if the run did not come so far, the log is damaged or the learner is another one.
    pub fn restore(&self, learner: &mut dyn Learner, key: Key, update: u64) -> Result<Place> {
        let mut place = self.nearest(&mut &mut *learner, update)?;
        while place.updates < update {
            let made = learner.update(key.child(place.updates), &Modulation::default())?;
            place.updates += 1;
            place.evaluations += made.evaluations;
            place.report = Some(made.report);
        }
        place.probes = self.content().losses.told();
        Ok(place)
    }

    /// Reads the nearest state before update `update` into `run`, so that the updates from there, one at least, can be made again.
    ///
    /// # Errors
    /// As [`restore`](Self::restore).
    pub fn nearest(&self, run: &mut dyn Archived, update: u64) -> Result<Place> {
        let mut content = self.content();
        let last = content.run.ended.updates;
        if update > last {
            let problem = format!("update {update} is not there: the run made {last} updates");
            return Err(Error::Checkpoint { path: self.folder.clone(), problem });
        }
        let Content { losses, run: logged, .. } = &mut *content;
        // From before it, so that the last update is made and reported.
        let nearest = logged.states.iter().rfind(|state| state.updates < update.max(1));
        let State { updates, evaluations, probes, bytes } =
            nearest.ok_or_else(|| differs(&self.folder, "it has no state"))?;
        Archive::read(bytes, run).map_err(|error| differs(&self.folder, &error.to_string()))?;
        losses.seek(*probes)?;
        Ok(Place { updates: *updates, evaluations: *evaluations, probes: *probes, report: None })
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Content {
    /// Keeps a state, and drops others if there are too many.
    fn keep(&mut self, state: State) {
        let evaluations = state.evaluations;
        self.run.states.push(state);
        while self.run.states.len() > MOST_STATES || (self.run.states.len() > 1 && self.run.bytes() > self.room) {
            self.every = self.every.saturating_mul(2);
            let every = self.every;
            self.run.states.dedup_by_key(|state| state.evaluations / every);
        }
        self.next = (evaluations / self.every).saturating_add(1).saturating_mul(self.every);
    }
}

impl Run {
    /// Bytes of the states.
    fn bytes(&self) -> usize {
        self.states.iter().map(|state| state.bytes.len()).sum()
    }

    /// Evaluations of the first state after one with `evaluations`.
    fn next_after(&self, evaluations: u64) -> u64 {
        self.states.iter().map(|state| state.evaluations).find(|&next| next > evaluations).unwrap_or(u64::MAX)
    }

    /// Whether a state is the one that was kept.
    fn check(&self, state: &State, folder: &Path) -> Result<()> {
        match self.states.iter().find(|kept| kept.updates == state.updates) {
            Some(kept) if kept == state => Ok(()),
            Some(_) => Err(differs(folder, &format!("the state after update {} is another one", state.updates))),
            None => Err(differs(folder, &format!("there is no state after update {}", state.updates))),
        }
    }
}

/// The error of a replay that is not what was logged.
fn differs(folder: &Path, problem: &str) -> Error {
    Error::Checkpoint {
        path: folder.to_owned(),
        problem: format!("the replay is not the run that was logged: {problem}"),
    }
}

/// Trains as [`train_member`] does and takes the states of the log, if there is one, whose [marks](RunLog::marks) must be among the
/// observers of `member`.
///
/// # Errors
/// As [`train_member`]; those of the log.
pub fn train_logged(
    log: Option<&RunLog>,
    learner: &mut dyn Learner,
    key: Key,
    budget: u64,
    member: &mut Member<'_, '_>,
    pause: &mut dyn FnMut() -> bool,
) -> Result<bool> {
    let Some(log) = log else { return train_member(learner, key, budget, member, pause) };
    loop {
        let mut is_paused = false;
        let mut stop = || {
            is_paused = pause();
            is_paused || log.is_due()
        };
        if !train_member(learner, key, budget, member, &mut stop)? {
            return Ok(false);
        }
        log.take(&mut &mut *learner)?;
        if is_paused {
            return Ok(true);
        }
    }
}

/// Says when a state of a log is to be taken; see [`RunLog::marks`].
///
/// # Example
/// [`RunLog`] has one.
#[derive(Debug)]
pub struct Marks<'a> {
    log: &'a RunLog,
}

impl Observer for Marks<'_> {
    fn observe(&mut self, record: &Record<'_>) -> Result<ControlFlow<StopReason>> {
        let mut content = self.log.content();
        if record.evaluations >= content.next {
            content.due = Some((record.updates, record.evaluations));
        }
        // As far as it came, if it fails.
        let (evaluations, updates) = (record.evaluations, record.updates);
        if !self.log.is_replayed {
            content.run.ended = Ended { evaluations, updates, ..content.run.ended };
        }
        Ok(ControlFlow::Continue(()))
    }

    fn next_look(&self, _: u64) -> u64 {
        self.log.content().next
    }

    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let mut content = self.log.content();
        let Content { losses, run, every, next, due: _, room: _ } = &mut *content;
        if !archive.is_reading() {
            losses.flush()?;
        }
        let mut told = losses.told();
        told.archive(archive)?;
        run.archive(archive)?;
        (&mut *every, &mut *next).archive(archive)?;
        if archive.is_reading() { losses.go_on(told) } else { Ok(()) }
    }
}

/// An objective whose losses are logged, or come from a log; see [`RunLog::objective`].
///
/// # Example
/// [`RunLog`] has one.
pub struct LoggedObjective<'a> {
    log: &'a RunLog,
    objective: &'a dyn Objective,
}

impl std::fmt::Debug for LoggedObjective<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("LoggedObjective").field("log", &self.log.folder).finish_non_exhaustive()
    }
}

impl Objective for LoggedObjective<'_> {
    fn num_parameters(&self) -> usize {
        self.objective.num_parameters()
    }

    fn losses(&self, bases: Bases<'_>, probes: &[Probe], batch: Batch, losses: &mut [f64]) -> Result<()> {
        if self.log.is_replayed {
            check_shapes(self.num_parameters(), &bases, probes, losses)?;
            return self.log.content().losses.next(losses);
        }
        self.objective.losses(bases, probes, batch, losses)?;
        self.log.content().losses.append(losses)
    }

    fn operations(&self) -> Option<u64> {
        self.objective.operations()
    }

    fn bytes_in_flight(&self) -> Option<usize> {
        self.objective.bytes_in_flight()
    }
}

#[cfg(test)]
mod tests;
