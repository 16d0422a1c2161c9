//! A folder to write to, tried out before anything is computed.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

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
        for path in &self.made {
            // Refused, as it should be, if anything is in it.
            let _ = fs::remove_dir(path);
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
