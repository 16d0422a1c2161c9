//! Files that are written whole or not at all.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Writes a file whole or not at all: to a temporary file beside it, flushed to the disk, then renamed, and the folder flushed.
///
/// # Example
/// ```
/// let path = std::env::temp_dir().join(format!("whole-{}", std::process::id()));
/// tegmentum_engine::file::write_file(&path, b"all of it")?;
/// assert_eq!(std::fs::read(&path).unwrap(), b"all of it");
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), tegmentum_engine::error::Error>(())
/// ```
///
/// # Errors
/// [`Error::Io`] with the path.
pub fn write_file(path: &Path, content: &[u8]) -> Result<()> {
    let error = |source| Error::Io { path: path.to_owned(), source };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let temporary: PathBuf = path.with_file_name(name);
    let written = std::fs::File::create(&temporary)
        .and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&temporary, path))
        .and_then(|()| sync_folder(path));
    written.map_err(|source| {
        // The temporary file is of no use; that it may not even exist is no second error.
        let _ = std::fs::remove_file(&temporary);
        error(source)
    })
}

/// Makes sure that the new name of a file outlives a loss of power.
#[cfg(unix)]
fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match std::fs::File::open(folder)?.sync_all() {
        // Some file systems cannot flush a folder; the file itself is flushed.
        Err(error) if matches!(error.kind(), std::io::ErrorKind::InvalidInput | std::io::ErrorKind::Unsupported) => {
            Ok(())
        }
        result => result,
    }
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> std::io::Result<()> {
    Ok(())
}
