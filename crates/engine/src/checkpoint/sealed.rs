//! Files that say whether they are whole: a version, a length and a checksum before the content.
//!
//! ```text
//!     bytes   0 …  7   "TEGMSEAL"
//!             8 … 11   version of the format, little-endian
//!            12 … 19   length of the content
//!            20 … 27   XXH3 of the content, 64 bits
//!            28 …      the content
//! ```

use std::path::Path;

use crate::error::{Error, Result};
use crate::file::write_file;

/// The version of the format that this program writes, and the only one that it reads.
pub const VERSION: u32 = 1;

const MAGIC: &[u8; 8] = b"TEGMSEAL";
const HEADER: usize = 28;

/// Writes a sealed file, whole or not at all.
///
/// # Example
/// ```
/// use tegmentum_engine::checkpoint::sealed;
///
/// let path = std::env::temp_dir().join(format!("sealed-{}", std::process::id()));
/// sealed::write(&path, b"content")?;
/// assert_eq!(sealed::read(&path)?, b"content");
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), tegmentum_engine::error::Error>(())
/// ```
///
/// # Errors
/// [`Error::Io`] with the path.
pub fn write(path: &Path, content: &[u8]) -> Result<()> {
    let mut bytes = Vec::with_capacity(HEADER + content.len());
    bytes.extend(MAGIC);
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend((content.len() as u64).to_le_bytes());
    bytes.extend(checksum(content).to_le_bytes());
    bytes.extend(content);
    write_file(path, &bytes)
}

/// Reads a sealed file.
///
/// # Errors
/// [`Error::Io`] if it cannot be read; [`Error::Checkpoint`] if it is none, is damaged, or of another version.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = std::fs::read(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    content(&bytes).map_err(|problem| Error::Checkpoint { path: path.to_owned(), problem })?;
    bytes.drain(..HEADER);
    Ok(bytes)
}

/// The checksum of a content.
pub fn checksum(content: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(content)
}

/// Whether the bytes are a whole sealed file; what is wrong with them, if anything is.
fn content(bytes: &[u8]) -> Result<(), String> {
    let word = |from: usize| bytes.get(from..from + 8).and_then(|part| part.try_into().ok()).map(u64::from_le_bytes);
    let version = bytes.get(8..12).and_then(|part| part.try_into().ok()).map(u32::from_le_bytes);
    match (bytes.get(..8), version) {
        (Some(magic), Some(version)) if magic == MAGIC => {
            if version != VERSION {
                let age = if version > VERSION { "a newer" } else { "an older" };
                return Err(format!(
                    "was written by {age} version of the program (format {version}); this one reads format {VERSION}"
                ));
            }
        }
        _ => return Err("is no checkpoint: it begins otherwise".to_owned()),
    }
    let content = bytes.get(HEADER..).unwrap_or_default();
    match (word(12), word(20)) {
        (Some(length), Some(sum)) if length == content.len() as u64 && sum == checksum(content) => Ok(()),
        (Some(length), Some(_)) if length != content.len() as u64 => Err(format!(
            "is damaged: {} of {length} bytes are there; remove it to go on without what it holds",
            content.len()
        )),
        _ => Err("is damaged: its checksum is wrong; remove it to go on without what it holds".to_owned()),
    }
}
