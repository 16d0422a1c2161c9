//! A run folder: what a study leaves behind, written whole or not at all.
//!
//! | file | content |
//! |---|---|
//! | `study.toml` | the study as it was run, everything resolved |
//! | `manifest.json` | version, machine, times |
//! | `records.csv` | arm, seed, x, x_unit, metric, value |
//! | `summary.json` | arms, claims ([`Summary`]) |
//! | `figures.json` | pictures and tables ([`Figure`]) |
//! | `tuning.json` | the searches of rates |
//!
//! `records.csv` and `summary.json` are the same bytes for any number of threads. Files are written beside their place
//! and renamed.

use std::path::Path;

use super::config::StudyConfig;
use super::outcome::{Figure, Summary};
use super::run::{RecordRow, StudyResult};
use tegmentum::error::{Error, Result};
use tegmentum::file::write_file;

/// What is read back from a run folder.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The study as it was run.
    pub study: StudyConfig,
    /// What it found.
    pub summary: Summary,
    /// Its pictures and tables.
    pub figures: Vec<Figure>,
    /// Version, machine, times, as pairs of label and value.
    pub manifest: Vec<(String, String)>,
}

/// Writes a result to `folder`, which is made if it is not there.
///
/// # Errors
/// [`Error::Io`] with the file that could not be written.
pub fn write(folder: &Path, result: &StudyResult, manifest: &[(String, String)]) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|source| Error::Io { path: folder.to_owned(), source })?;
    // A folder with a summary is whole: an old one must not stand beside new files.
    let old = folder.join("summary.json");
    if old.exists() {
        std::fs::remove_file(&old).map_err(|source| Error::Io { path: old, source })?;
    }
    let study = result.study.to_toml()?;
    write_file(&folder.join("study.toml"), study.as_bytes())?;
    write_file(&folder.join("records.csv"), &records(&result.records, folder)?)?;
    write_json(&folder.join("tuning.json"), &result.tuning)?;
    write_json(&folder.join("figures.json"), &result.figures)?;
    write_json(&folder.join("manifest.json"), &manifest)?;
    write_json(&folder.join("summary.json"), &result.summary)
}

/// Reads a run folder.
///
/// # Errors
/// [`Error::Io`] if a file is missing, [`Error::Study`] if it is not what this program writes.
pub fn read(folder: &Path) -> Result<Stored> {
    Ok(Stored {
        study: StudyConfig::from_file(&folder.join("study.toml"))?,
        summary: read_json(&folder.join("summary.json"))?,
        figures: read_json(&folder.join("figures.json"))?,
        manifest: read_json(&folder.join("manifest.json"))?,
    })
}

/// Reads the records of a run folder.
///
/// # Errors
/// [`Error::Io`] if they cannot be read, with the row that is none.
pub fn read_records(folder: &Path) -> Result<Vec<RecordRow>> {
    let path = folder.join("records.csv");
    let error = |source: csv::Error| Error::Io { path: path.clone(), source: source.into() };
    csv::Reader::from_path(&path).map_err(error)?.into_deserialize().collect::<Result<_, _>>().map_err(error)
}

fn records(rows: &[RecordRow], folder: &Path) -> Result<Vec<u8>> {
    let error = |source: csv::Error| Error::Io { path: folder.join("records.csv"), source: source.into() };
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).map_err(error)?;
    }
    writer.into_inner().map_err(|source| Error::Io {
        path: folder.join("records.csv"),
        source: std::io::Error::other(source.to_string()),
    })
}

fn write_json<T: serde::Serialize + ?Sized>(path: &Path, value: &T) -> Result<()> {
    let text = serde_json::to_vec_pretty(value)
        .map_err(|source| Error::Io { path: path.to_owned(), source: source.into() })?;
    write_file(path, &text)
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    serde_json::from_str(&text).map_err(|error| Error::Study {
        origin: path.display().to_string(),
        problem: format!("is not a file of this program: {error}"),
    })
}
