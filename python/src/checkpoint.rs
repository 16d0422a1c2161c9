//! The state of a run of `minimize`, kept in a file from which the run goes on with the same bits.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use tegmentum::archive::{Archive, Archived};
use tegmentum::error::{Error, Result};
use tegmentum::file::write_file;
use tegmentum::learning::black_box_learner::BlackBoxLearner;
use tegmentum::learning::group::Member;
use tegmentum::learning::training::train_member;
use tegmentum::random::Key;

use crate::objective::{PythonObjective, Seen};

/// Time between two writings.
const EVERY: Duration = Duration::from_secs(5);

/// Where a state is kept, and whose it is.
pub(crate) struct Checkpoint {
    /// The file.
    pub(crate) path: PathBuf,
    /// Start, optimizer, budget, seed and bounds as text: a state of another run is refused.
    pub(crate) run: String,
}

/// All that changes over a run.
struct State<'a, 'l, 'o, 'b> {
    run: &'a str,
    learner: &'a mut BlackBoxLearner<'l>,
    member: &'a mut Member<'o, 'b>,
    seen: &'a mut Seen,
}

impl Archived for State<'_, '_, '_, '_> {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let Self { run, learner, member, seen } = self;
        archive.mark(run)?;
        learner.archive(archive)?;
        member.archive(archive)?;
        seen.archive(archive)
    }
}

impl Checkpoint {
    fn problem(&self, error: &Error) -> Error {
        Error::Archive {
            what: format!("the checkpoint {}", self.path.display()),
            problem: format!("{error}; a run with another start, optimizer, budget, seed or bounds needs another file"),
        }
    }

    /// Trains as `train` does, from the state in the file if there is one, and keeps the state there now and then.
    pub(crate) fn train(
        &self,
        objective: &PythonObjective,
        learner: &mut BlackBoxLearner<'_>,
        member: &mut Member<'_, '_>,
        key: Key,
        budget: u64,
    ) -> Result<()> {
        let failed = |source| Error::Io { path: self.path.clone(), source };
        match std::fs::read(&self.path) {
            Ok(bytes) => {
                let mut seen = Seen::default();
                Archive::read(&bytes, &mut State { run: &self.run, learner, member, seen: &mut seen })
                    .map_err(|error| self.problem(&error))?;
                objective.set_seen(seen);
            }
            // Nothing is kept yet; a folder that cannot be written to is told before the work and not after it.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => self.keep(objective, learner, member)?,
            Err(error) => return Err(failed(error)),
        }
        let mut last = Instant::now();
        while train_member(learner, key, budget, member, &mut || last.elapsed() >= EVERY)? {
            self.keep(objective, learner, member)?;
            last = Instant::now();
        }
        Ok(())
    }

    /// Removes the file: the run has come to its end.
    pub(crate) fn remove(&self) -> Result<()> {
        std::fs::remove_file(&self.path).map_err(|source| Error::Io { path: self.path.clone(), source })
    }

    fn keep(
        &self,
        objective: &PythonObjective,
        learner: &mut BlackBoxLearner<'_>,
        member: &mut Member<'_, '_>,
    ) -> Result<()> {
        let mut seen = objective.seen();
        write_file(&self.path, &Archive::write(&mut State { run: &self.run, learner, member, seen: &mut seen })?)
    }
}
