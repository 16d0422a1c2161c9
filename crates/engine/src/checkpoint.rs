//! Work that is kept until it is done, so that a run that stops can go on: finished units of work, and the state of those that
//! are under way.
//!
//! # The folder
//! | file | content | written |
//! |---|---|---|
//! | `lock` | the number of the process that works here | locked as long as it lives |
//! | `job` | what is to be done, as the caller describes it | once, at the beginning |
//! | `finished-N` | units of work that were finished since the last of these files | every `every` at most |
//! | `state-H` | a unit that is under way, H being a hash of its name | when its worker says so |
//!
//! Every file is [sealed] (a version, a length, a checksum) and written whole or not at all: to a temporary file, flushed to
//! the disk, renamed, and the folder flushed. A process that is killed at any moment loses what was finished within the last
//! `every`. Nothing depends on the clock of the day: intervals are measured by a clock that only goes forward, and files are ordered
//! by their numbers.

pub mod sealed;

mod lock;
mod units;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::archive::{Archive, Archived};
use crate::error::{Error, Result};
use lock::Lock;

pub use units::Units;

/// The usual time between two writings.
pub const EVERY: Duration = Duration::from_secs(30);

/// The file that says what is to be done.
const JOB: &str = "job";
/// What the names of files of finished units begin with.
const FINISHED: &str = "finished-";
/// What the names of files of units under way begin with.
const STATE: &str = "state-";

/// A folder in which work is kept until it is done. It belongs to one process at a time.
///
/// # Example
/// ```
/// use tegmentum_engine::checkpoint::{Checkpoint, EVERY};
///
/// let folder = std::env::temp_dir().join(format!("checkpoint-{}", std::process::id()));
/// let checkpoint = Checkpoint::create(&folder, b"count to three", EVERY)?;
/// checkpoint.keep("one", b"1".to_vec())?;
/// checkpoint.flush()?;
/// drop(checkpoint);
///
/// let (checkpoint, job) = Checkpoint::open(&folder, EVERY)?;
/// assert_eq!(job, b"count to three");
/// assert_eq!(checkpoint.take("one").as_deref(), Some(&b"1"[..]));
/// assert_eq!(checkpoint.take("two"), None);
/// checkpoint.finish()?;
/// assert!(!folder.exists());
/// # Ok::<(), tegmentum_engine::error::Error>(())
/// ```
#[derive(Debug)]
pub struct Checkpoint {
    folder: PathBuf,
    every: Duration,
    kept: Mutex<Kept>,
    failure: OnceLock<Failure>,
    lock: Lock,
}

/// What is known of the units.
#[derive(Debug)]
struct Kept {
    /// Units that were finished by an earlier process and are not taken yet.
    finished: HashMap<String, Vec<u8>>,
    /// Units that are not written yet.
    fresh: Vec<(String, Vec<u8>)>,
    /// The number of the next file of finished units.
    next: u64,
    /// When finished units were written last.
    written: Instant,
}

/// Why a file could not be written; an [`std::io::Error`] cannot be copied.
#[derive(Debug)]
struct Failure {
    path: PathBuf,
    kind: std::io::ErrorKind,
    /// The number of the operating system, which has the exact words.
    code: Option<i32>,
}

impl Failure {
    fn of(error: &Error, folder: &Path) -> Self {
        match error {
            Error::Io { path, source } => Self { path: path.clone(), kind: source.kind(), code: source.raw_os_error() },
            _ => Self { path: folder.to_owned(), kind: std::io::ErrorKind::Other, code: None },
        }
    }

    fn error(&self) -> Error {
        let source = self.code.map_or_else(|| self.kind.into(), std::io::Error::from_raw_os_error);
        Error::Io { path: self.path.clone(), source }
    }
}

impl Checkpoint {
    /// Begins work in `folder`, which is made if it is not there; what an earlier run kept in it is removed.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] if another process works there, [`Error::Io`] if a file cannot be written.
    pub fn create(folder: &Path, job: &[u8], every: Duration) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(|source| Error::Io { path: folder.to_owned(), source })?;
        let lock = Lock::take(folder)?;
        for path in files(folder)? {
            remove(&path)?;
        }
        sealed::write(&folder.join(JOB), job)?;
        Ok(Self::new(folder, every, lock, HashMap::new(), 0))
    }

    /// Goes on with the work in `folder`; with it, the description of the job.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] if nothing is kept there, another process works there, or a file is damaged or of another version;
    /// [`Error::Io`] if a file cannot be read.
    pub fn open(folder: &Path, every: Duration) -> Result<(Self, Vec<u8>)> {
        if !Self::exists(folder) {
            let problem = "no unfinished work is kept here".to_owned();
            return Err(Error::Checkpoint { path: folder.to_owned(), problem });
        }
        let lock = Lock::take(folder)?;
        let job = sealed::read(&folder.join(JOB))?;
        let (mut finished, mut next) = (HashMap::new(), 0);
        for path in files(folder)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.ends_with(".part") {
                remove(&path)?;
            } else if let Some(number) = name.strip_prefix(FINISHED).and_then(|number| number.parse::<u64>().ok()) {
                finished.extend(units(&path)?);
                next = next.max(number + 1);
            }
        }
        Ok((Self::new(folder, every, lock, finished, next), job))
    }

    /// Whether unfinished work is kept in `folder`.
    pub fn exists(folder: &Path) -> bool {
        folder.join(JOB).is_file()
    }

    /// The description of the job that is kept in `folder`, without going on with it.
    ///
    /// # Errors
    /// As [`open`](Self::open), except that another process may work there.
    pub fn job(folder: &Path) -> Result<Vec<u8>> {
        sealed::read(&folder.join(JOB))
    }

    /// The finished units that are kept in `folder`, without going on with it.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] if a file is damaged or of another version, [`Error::Io`] if it cannot be read.
    pub fn finished(folder: &Path) -> Result<HashMap<String, Vec<u8>>> {
        let mut all = HashMap::new();
        for path in files(folder)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with(FINISHED) && !name.ends_with(".part") {
                all.extend(units(&path)?);
            }
        }
        Ok(all)
    }

    fn new(folder: &Path, every: Duration, lock: Lock, finished: HashMap<String, Vec<u8>>, next: u64) -> Self {
        let kept = Kept { finished, fresh: Vec::new(), next, written: Instant::now() };
        Self { folder: folder.to_owned(), every, kept: Mutex::new(kept), failure: OnceLock::new(), lock }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The time between two writings.
    pub fn every(&self) -> Duration {
        self.every
    }

    /// Whether something could not be written, so that there is no point in going on.
    pub fn has_failed(&self) -> bool {
        self.failure.get().is_some()
    }

    /// Says what could not be written first. What other workers say when they stop because of it is not the reason.
    ///
    /// # Errors
    /// [`Error::Io`] if something could not be written.
    pub fn check(&self) -> Result<()> {
        self.failure.get().map_or(Ok(()), |failure| Err(failure.error()))
    }

    /// What a unit gave that an earlier process finished; each is given once.
    pub fn take(&self, unit: &str) -> Option<Vec<u8>> {
        self.kept().finished.remove(unit)
    }

    /// Units that were finished elsewhere, to be [taken](Self::take) as if they had been finished here.
    pub fn adopt(&self, units: HashMap<String, Vec<u8>>) {
        self.kept().finished.extend(units);
    }

    /// Keeps what a unit gave. It is written with others, after `every` at most, if the caller goes on to call this or
    /// [`flush`](Self::flush).
    ///
    /// # Errors
    /// [`Error::Io`] if they cannot be written; what was written before stays.
    pub fn keep(&self, unit: &str, bytes: Vec<u8>) -> Result<()> {
        let mut kept = self.kept();
        kept.fresh.push((unit.to_owned(), bytes));
        if kept.written.elapsed() >= self.every { self.write(&mut kept) } else { Ok(()) }
    }

    /// Writes what is not written yet, if `every` has passed since the last time.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    pub fn flush_if_due(&self) -> Result<()> {
        // Someone else is writing if it is locked.
        let Ok(mut kept) = self.kept.try_lock() else { return Ok(()) };
        if kept.written.elapsed() >= self.every { self.write(&mut kept) } else { Ok(()) }
    }

    /// Writes what is not written yet.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written; what was written before stays.
    pub fn flush(&self) -> Result<()> {
        self.write(&mut self.kept())
    }

    /// The state of a unit under way, if an earlier process saved it.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] if the file is damaged or of another version.
    pub fn state(&self, unit: &str) -> Result<Option<Vec<u8>>> {
        let path = self.state_file(unit);
        if !path.exists() {
            return Ok(None);
        }
        let mut kept = (String::new(), Vec::new());
        read(&path, &sealed::read(&path)?, &mut kept)?;
        Ok((kept.0 == unit).then_some(kept.1))
    }

    /// Saves the state of a unit under way, in place of an earlier one.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written; the earlier one stays.
    pub fn save(&self, unit: &str, state: &[u8]) -> Result<()> {
        let content = Archive::write(&mut (unit.to_owned(), state.to_vec()))?;
        let written = sealed::write(&self.state_file(unit), &content);
        self.noted(written)
    }

    /// The work is done: removes the folder.
    ///
    /// # Errors
    /// [`Error::Io`] if a file cannot be removed.
    pub fn finish(self) -> Result<()> {
        // Without its job the folder has nothing to go on with, whatever else is left of it.
        remove(&self.folder.join(JOB))?;
        for path in files(&self.folder)? {
            remove(&path)?;
        }
        self.lock.release_and_remove()?;
        // Refused, as it should be, if something is in it that is not ours.
        let _ = std::fs::remove_dir(&self.folder);
        Ok(())
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, kept: &mut Kept) -> Result<()> {
        if !kept.fresh.is_empty() {
            let content = Archive::write(&mut kept.fresh)?;
            let path = self.folder.join(format!("{FINISHED}{:06}", kept.next));
            self.noted(sealed::write(&path, &content))?;
            kept.next += 1;
            for (unit, _) in kept.fresh.drain(..) {
                // What is finished needs no state; one that stays is not read again.
                let _ = std::fs::remove_file(self.state_file(&unit));
            }
        }
        kept.written = Instant::now();
        Ok(())
    }

    fn noted<T>(&self, result: Result<T>) -> Result<T> {
        if let Err(error) = &result {
            // The first one is the reason.
            let _ = self.failure.set(Failure::of(error, &self.folder));
        }
        result
    }

    fn state_file(&self, unit: &str) -> PathBuf {
        self.folder.join(format!("{STATE}{:016x}", sealed::checksum(unit.as_bytes())))
    }
}

/// All files but the lock, in the order of their names.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let wrong = |source| Error::Io { path: folder.to_owned(), source };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(wrong)? {
        let name = entry.map_err(wrong)?.file_name();
        let text = name.to_string_lossy();
        if text.starts_with(JOB) || text.starts_with(FINISHED) || text.starts_with(STATE) {
            paths.push(folder.join(name));
        }
    }
    paths.sort();
    Ok(paths)
}

fn units(path: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let mut units = Vec::new();
    read(path, &sealed::read(path)?, &mut units)?;
    Ok(units)
}

/// Reads what is kept in `path` into `value`; an error names the file.
fn read(path: &Path, bytes: &[u8], value: &mut dyn Archived) -> Result<()> {
    Archive::read(bytes, value)
        .map_err(|error| Error::Checkpoint { path: path.to_owned(), problem: format!("cannot be read: {error}") })
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::Io { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
