//! Work that can go on where it stopped: what was asked for and what is finished of it, kept in the folder `checkpoint` beside the
//! results until the work is done.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use tegmentum::checkpoint::{Checkpoint, sealed};
use tegmentum::error::Error;
use tegmentum_study::config::StudyConfig;
use tegmentum_study::logs::LogChoice;
use tegmentum_study::shard::Shard;

use crate::args::Keeping;
use crate::interrupt;
use crate::manifest::Manifest;
use crate::source::Source;

/// The folder beside the results.
const FOLDER: &str = "checkpoint";

/// The folder of logs beside the results.
pub(crate) const LOGS: &str = "logs";
/// The file in it that says what was done.
const LOGGED: &str = "job";

/// The work that can go on, for when the program has to end at once.
static CURRENT: Mutex<Option<(Weak<Checkpoint>, PathBuf)>> = Mutex::new(None);

/// What was asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    version: String,
    commit: String,
    /// The command and when it was given.
    pub(crate) manifest: Manifest,
    /// Where relative paths begin.
    directory: PathBuf,
    /// Files that the work reads, and the checksums of what was in them.
    inputs: Vec<(PathBuf, u64)>,
    /// What is to be done.
    pub(crate) task: Task,
}

impl Job {
    /// Goes to the folder where relative paths begin, and sees that the files that are read are as they were; `shown` is what was begun.
    ///
    /// # Errors
    /// If a file has changed or cannot be read.
    pub(crate) fn enter(&self, shown: &str) -> Result<()> {
        if self.directory.is_dir() {
            std::env::set_current_dir(&self.directory).with_context(|| format!("{}", self.directory.display()))?;
        }
        for (path, sum) in &self.inputs {
            if checksum(path)? != *sum {
                bail!(
                    "{} has changed since {shown} was begun: put the old file back, or give the command again with --fresh",
                    path.display()
                );
            }
        }
        Ok(())
    }

    /// Version and commit of the program that it was begun with, if they are not those of this one.
    pub(crate) fn other_version(&self) -> Option<String> {
        let own = (env!("CARGO_PKG_VERSION"), env!("TEGMENTUM_COMMIT"));
        let is_own = (self.version.as_str(), self.commit.as_str()) == own;
        (!is_own).then(|| {
            let (version, commit) = own;
            format!("version {} (commit {}) and this is version {version} (commit {commit})", self.version, self.commit)
        })
    }

    /// Whether both are of the same version of the program.
    pub(crate) fn is_of_the_version_of(&self, other: &Self) -> bool {
        (&self.version, &self.commit) == (&other.version, &other.commit)
    }
}

/// What is to be done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Task {
    /// Studies, one after the other.
    Studies {
        /// As they are run.
        studies: Vec<StudyText>,
        /// Whether each has a folder of its own below the one of the report.
        several: bool,
        /// Whether summaries are printed as JSON.
        json: bool,
        /// Whether every claim must be supported.
        strict: bool,
        /// The share of the runs that is made.
        shard: Option<Shard>,
        /// Runs that are logged.
        logs: Vec<LogChoice>,
    },
    /// A command that learns from a file of the user's, as it was typed.
    Data(Vec<String>),
}

impl Task {
    /// The command that was typed, which learns from a file of the user's.
    pub(crate) fn data() -> Self {
        Self::Data(std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect())
    }
}

/// A [`Source`] as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StudyText {
    study: String,
    whole: Option<String>,
}

impl StudyText {
    /// The text of a source.
    ///
    /// # Errors
    /// If it cannot be written as TOML.
    pub(crate) fn of(source: &Source) -> Result<Self> {
        let whole = source.whole.as_ref().map(StudyConfig::to_toml).transpose()?;
        Ok(Self { study: source.study.to_toml()?, whole })
    }

    /// The source again.
    ///
    /// # Errors
    /// If the text is no study.
    pub(crate) fn source(&self) -> Result<Source> {
        let study = |text: &String| StudyConfig::from_toml(text, "the study that is kept");
        Ok(Source { study: study(&self.study)?, whole: self.whole.as_ref().map(study).transpose()? })
    }
}

/// What becomes of what is kept when the work is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// It goes: the results are elsewhere.
    Remove,
    /// It stays: it is the result.
    Keep,
}

/// Work that can go on.
#[derive(Debug)]
pub(crate) struct Unfinished {
    checkpoint: Arc<Checkpoint>,
    /// Where its results go.
    pub(crate) folder: PathBuf,
    /// What was asked for.
    pub(crate) job: Job,
    /// Whether an earlier process has begun it.
    pub(crate) resumed: bool,
}

impl Unfinished {
    /// Begins work whose results go to `folder`. `inputs` are the files that it reads.
    ///
    /// # Errors
    /// If unfinished work is there and `keeping` does not say that it may go, another process works there, or the folder cannot be
    /// written to.
    pub(crate) fn begin(folder: &Path, task: Task, inputs: &[PathBuf], keeping: &Keeping) -> Result<Self> {
        let place = folder.join(FOLDER);
        if Checkpoint::exists(&place) && !keeping.fresh {
            // Who is still at work there is the better thing to say.
            drop(Checkpoint::open(&place, keeping.every())?);
            bail!(
                "{} holds unfinished work: `tegmentum resume {0}` goes on with it, --fresh begins anew",
                folder.display()
            );
        }
        let job = Job {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: env!("TEGMENTUM_COMMIT").to_owned(),
            manifest: Manifest::begin(),
            directory: std::env::current_dir().context("the current folder")?,
            inputs: inputs.iter().map(|path| Ok((path.clone(), checksum(path)?))).collect::<Result<_>>()?,
            task,
        };
        let checkpoint = Checkpoint::create(&place, &serde_json::to_vec(&job)?, keeping.every())?;
        Ok(Self::new(checkpoint, folder, job, false))
    }

    /// Goes on with the work whose results go to `folder`.
    ///
    /// # Errors
    /// If there is none, it was begun by another version of the program, a file that it reads has changed, another process works
    /// there, or what is kept is damaged.
    pub(crate) fn resume(folder: &Path, every: Duration) -> Result<Self> {
        // The folder may have moved; relative paths of the work begin where they began.
        let absolute = std::path::absolute(folder).context("the current folder")?;
        let place = absolute.join(FOLDER);
        if !Checkpoint::exists(&place) {
            bail!("{}", nothing_here(folder));
        }
        let (checkpoint, job) = Checkpoint::open(&place, every)?;
        let job = read(&place, &job)?;
        if let Some(versions) = job.other_version() {
            bail!(
                "{} was begun by {versions}: one run must not mix two versions; go on with the first, or begin anew with --fresh",
                folder.display()
            );
        }
        job.enter(&folder.display().to_string())?;
        Ok(Self::new(checkpoint, &absolute, job, true))
    }

    fn new(checkpoint: Checkpoint, folder: &Path, job: Job, resumed: bool) -> Self {
        let checkpoint = Arc::new(checkpoint);
        *current() = Some((Arc::downgrade(&checkpoint), folder.to_owned()));
        Self { checkpoint, folder: folder.to_owned(), job, resumed }
    }

    /// Removes the logs of earlier work in a folder, at the beginning of new work: they would be those of other results.
    ///
    /// # Errors
    /// If they cannot be removed.
    pub(crate) fn forget_logs(&self, logs: &Path) -> Result<()> {
        if self.resumed || !logs.join(LOGGED).is_file() {
            return Ok(());
        }
        std::fs::remove_dir_all(logs).with_context(|| format!("{}", logs.display()))
    }

    /// Writes what is done into the folder of the logs, so that they can be replayed when the work is over.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn describe_logs(&self, logs: &Path) -> Result<()> {
        std::fs::create_dir_all(logs).with_context(|| format!("{}", logs.display()))?;
        Ok(sealed::write(&logs.join(LOGGED), &serde_json::to_vec(&self.job)?)?)
    }

    /// Where finished work is kept.
    pub(crate) fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Does the work. Afterwards nothing is kept if it was done, or failed in a way that would only repeat itself; what is finished
    /// is kept if the user stopped it or a file could not be written.
    ///
    /// # Errors
    /// Those of `work`, with how to go on where it is possible.
    pub(crate) fn through<T>(self, then: Then, work: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        let error = match work(&self) {
            Ok(value) => {
                match then {
                    Then::Remove => self.done()?,
                    Then::Keep => *current() = None,
                }
                return Ok(value);
            }
            Err(error) => error,
        };
        if interrupt::requested() {
            self.checkpoint.flush()?;
            return Err(error);
        }
        if !is_about_files(&error) && !self.checkpoint.has_failed() {
            // It would fail again in the same way.
            let _ = self.done();
            return Err(error);
        }
        // If not even this can be written, what was written before stays.
        let _ = self.checkpoint.flush();
        if !Checkpoint::exists(self.checkpoint.folder()) {
            return Err(error.context("stopped; what was kept is gone"));
        }
        let what = "stopped; what was kept before stays: when this is mended, go on with";
        Err(error.context(format!("{what} `tegmentum resume {}`", self.folder.display())))
    }

    fn done(self) -> Result<()> {
        *current() = None;
        if let Some(checkpoint) = Arc::into_inner(self.checkpoint) {
            checkpoint.finish()?;
        }
        Ok(())
    }
}

/// What was done that the logs in a folder are of.
///
/// # Errors
/// If there are none, or they were written by another version of the program.
pub(crate) fn logged(logs: &Path) -> Result<Job> {
    let path = logs.join(LOGGED);
    if !path.is_file() {
        bail!(
            "{} has no logs: `train` and `forecast` keep them unless --no-log is given, `run STUDY --log ARM:SEED` one of a run",
            logs.parent().unwrap_or(logs).display()
        );
    }
    serde_json::from_slice(&sealed::read(&path)?)
        .with_context(|| format!("{}: was written by another version of the program", path.display()))
}

/// What a folder holds, without going on with it: the job, and the units that are finished.
///
/// # Errors
/// If it holds nothing, or what it holds is damaged.
pub(crate) fn peek(folder: &Path) -> Result<(Job, HashMap<String, Vec<u8>>)> {
    let place = folder.join(FOLDER);
    if !Checkpoint::exists(&place) {
        bail!("{}", nothing_here(folder));
    }
    Ok((read(&place, &Checkpoint::job(&place)?)?, Checkpoint::finished(&place)?))
}

fn read(place: &Path, job: &[u8]) -> Result<Job> {
    serde_json::from_slice(job)
        .with_context(|| format!("{}: was written by another version of the program", place.join("job").display()))
}

/// Writes what is finished and says how to go on; `None` if there is no work that can go on.
pub(crate) fn stopped() -> Option<String> {
    let (checkpoint, folder) = current().clone()?;
    if let Some(Err(error)) = checkpoint.upgrade().map(|checkpoint| checkpoint.flush()) {
        return Some(format!("stopped; what was finished last cannot be written: {error}"));
    }
    let shown = folder.display().to_string();
    let shown = if shown.contains(char::is_whitespace) { format!("'{shown}'") } else { shown };
    Some(format!("stopped; what is finished is kept: go on with `tegmentum resume {shown}`"))
}

fn current() -> std::sync::MutexGuard<'static, Option<(Weak<Checkpoint>, PathBuf)>> {
    CURRENT.lock().unwrap_or_else(PoisonError::into_inner)
}

fn checksum(path: &Path) -> Result<u64> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(sealed::checksum(&bytes))
}

/// Whether a file could not be read or written.
fn is_about_files(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|cause| cause.is::<std::io::Error>() || matches!(cause.downcast_ref::<Error>(), Some(Error::Io { .. })))
}

/// Why nothing can go on, and where something could.
fn nothing_here(folder: &Path) -> String {
    let below = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let found: Vec<String> =
        below.filter(|path| Checkpoint::exists(&path.join(FOLDER))).map(|path| path.display().to_string()).collect();
    let folder = folder.display();
    if found.is_empty() {
        return format!("{folder} holds no unfinished work: what was begun there has ended, or was never begun");
    }
    format!("{folder} itself holds no unfinished work, but below it there is some: {}", found.join(", "))
}
