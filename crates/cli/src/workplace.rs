//! A folder to write to, tried out before anything is computed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};

/// The folders that are written to, for when the program has to end at once.
static OPEN: Mutex<Vec<Open>> = Mutex::new(Vec::new());

/// A folder that is written to, and the folders that were made for it.
#[derive(Debug)]
struct Open {
    folder: PathBuf,
    made: Vec<PathBuf>,
}

/// Leaves nothing half-written: removes files that are not whole, and folders that were made and stayed empty.
pub(crate) fn abandon() {
    let part = format!(".{}.part", std::process::id());
    for open in OPEN.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        let entries = fs::read_dir(&open.folder).into_iter().flatten().flatten();
        for entry in entries.filter(|entry| entry.file_name().to_string_lossy().ends_with(&part)) {
            // The program ends; there is nobody to tell.
            let _ = fs::remove_file(entry.path());
        }
        remove_empty(&open.made);
    }
}

/// Removes those of the folders that are empty, the deepest first.
fn remove_empty(made: &[PathBuf]) {
    for path in made {
        // Refused, as it should be, if anything is in it.
        let _ = fs::remove_dir(path);
    }
}

/// A folder that could be written to when it was prepared. What was made for it is removed again if it stays empty.
#[derive(Debug)]
pub(crate) struct Workplace {
    folder: PathBuf,
    made: Vec<PathBuf>,
}

impl Workplace {
    /// Makes `folder` if it is not there, and tries to write to it.
    ///
    /// # Errors
    /// If it cannot be made or written to; the message names it.
    pub(crate) fn prepare(folder: &Path) -> Result<Self> {
        let ancestors = folder.ancestors().filter(|path| !path.as_os_str().is_empty());
        let workplace = Self {
            folder: folder.to_owned(),
            made: ancestors.take_while(|path| !path.exists()).map(Into::into).collect(),
        };
        let open = Open { folder: folder.to_owned(), made: workplace.made.clone() };
        OPEN.lock().unwrap_or_else(PoisonError::into_inner).push(open);
        let cannot = || format!("cannot write to the folder {}", folder.display());
        fs::create_dir_all(folder).with_context(cannot)?;
        tempfile::Builder::new().prefix(".probe").tempfile_in(folder).with_context(cannot)?;
        Ok(workplace)
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        remove_empty(&self.made);
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = open.iter().position(|open| open.folder == self.folder) {
            open.swap_remove(index);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_folders_do_not_stay() {
        let parent = tempfile::tempdir().unwrap();
        let deep = parent.path().join("a/b");
        drop(Workplace::prepare(&deep).unwrap());
        assert!(!parent.path().join("a").exists());
        let workplace = Workplace::prepare(&deep).unwrap();
        fs::write(workplace.folder().join("file"), "").unwrap();
        drop(workplace);
        assert!(deep.join("file").exists());
    }

    #[test]
    fn a_file_is_no_folder() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(Workplace::prepare(file.path()).is_err());
        assert!(Workplace::prepare(&file.path().join("below")).is_err());
    }
}
