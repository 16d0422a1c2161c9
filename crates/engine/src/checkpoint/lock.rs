//! One process for a folder: a file that is locked as long as the process lives, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

const NAME: &str = "lock";

/// A folder that belongs to this process.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    file: File,
}

impl Lock {
    /// Takes the folder.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] if another process has it, [`Error::Io`] if the file cannot be made.
    pub(super) fn take(folder: &Path) -> Result<Self> {
        let path = folder.join(NAME);
        let wrong = |source| Error::Io { path: path.clone(), source };
        loop {
            let mut options = OpenOptions::new();
            let mut file = options.read(true).write(true).create(true).truncate(false).open(&path).map_err(wrong)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(taken(folder, &mut file)),
                Err(TryLockError::Error(source)) => return Err(wrong(source)),
            }
            // Whoever had it may have removed it between our opening and our locking.
            if !is_there(&path, &file) {
                continue;
            }
            file.set_len(0).and_then(|()| write!(file, "{}", std::process::id())).map_err(wrong)?;
            return Ok(Self { path, file });
        }
    }

    /// Removes the file while it is still locked, so that nobody takes what is about to go.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be removed.
    pub(super) fn release_and_remove(self) -> Result<()> {
        let Self { path, file } = self;
        let removed = std::fs::remove_file(&path);
        drop(file);
        match removed {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(Error::Io { path, source }),
            _ => Ok(()),
        }
    }
}

fn taken(folder: &Path, file: &mut File) -> Error {
    let mut owner = String::new();
    // Who it is helps, but is not needed to refuse.
    let _ = file.read_to_string(&mut owner);
    let owner = if owner.is_empty() { "another process".to_owned() } else { format!("process {owner}") };
    let problem = format!("{owner} is working here: wait until it has ended, or choose another folder with --out");
    Error::Checkpoint { path: folder.to_owned(), problem }
}

#[cfg(unix)]
fn is_there(path: &Path, file: &File) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let number = |metadata: std::io::Result<std::fs::Metadata>| metadata.map(|found| (found.dev(), found.ino())).ok();
    number(std::fs::metadata(path)).is_some_and(|found| Some(found) == number(file.metadata()))
}

#[cfg(not(unix))]
fn is_there(path: &Path, _: &File) -> bool {
    path.exists()
}
