//! `tegmentum report`: the page and the figures of finished runs, from their folders alone.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use tegmentum::file::write_file;
use tegmentum_study::folder::{Stored, read};

use crate::args::Report;
use crate::manifest;
use crate::output::Output;
use crate::workplace::Workplace;
use tegmentum_report::{StudyReport, render, standalone_figures};

/// A file that every finished run has; it is written last.
const MARK: &str = "summary.json";

/// Writes the report and prints where it is.
///
/// # Errors
/// If a folder holds no run, or a file cannot be read or written.
pub(crate) fn execute(arguments: &Report, output: &mut Output) -> Result<ExitCode> {
    let mut runs = Vec::new();
    for folder in &arguments.folders {
        runs.extend(runs_in(folder)?);
    }
    let out = match (&arguments.out, arguments.folders.as_slice()) {
        (Some(out), _) => out.clone(),
        (None, [folder]) => folder.clone(),
        _ => PathBuf::from("reports"),
    };
    let page = write(&runs, &out)?;
    output.line(&page.display().to_string())?;
    Ok(ExitCode::SUCCESS)
}

/// The run folders that are meant by `folder`: itself, or those directly below it, in the order of the built-in studies
/// and then by name.
fn runs_in(folder: &Path) -> Result<Vec<PathBuf>> {
    if folder.join(MARK).is_file() {
        return Ok(vec![folder.to_owned()]);
    }
    let cannot = || format!("cannot read the folder {}", folder.display());
    let entries = std::fs::read_dir(folder).with_context(cannot)?;
    let mut runs = Vec::new();
    for entry in entries {
        let path = entry.with_context(cannot)?.path();
        if path.join(MARK).is_file() {
            runs.push(path);
        }
    }
    let rank = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let place = tegmentum_study::BUILT_IN.iter().position(|study| study.0 == name);
        (place.unwrap_or(usize::MAX), name)
    };
    runs.sort_by_key(rank);
    if runs.is_empty() {
        bail!("{} holds no finished run: a run folder has a {MARK}", folder.display());
    }
    Ok(runs)
}

/// Writes `report.html` of the runs into `out`, and the figures of each run into its own folder; returns the page.
///
/// # Errors
/// If a file cannot be read or written.
pub(crate) fn write(runs: &[PathBuf], out: &Path) -> Result<PathBuf> {
    let out = Workplace::prepare(out)?;
    let stored = runs.iter().map(|folder| Ok(read(folder)?)).collect::<Result<Vec<Stored>>>()?;
    let studies: Vec<_> = stored
        .iter()
        .map(|run| StudyReport { study: &run.study, summary: &run.summary, figures: &run.figures })
        .collect();
    let names: Vec<_> = stored.iter().map(|run| (run.summary.study.as_str(), run.manifest.as_slice())).collect();
    for (folder, study) in runs.iter().zip(&studies) {
        write_figures(folder, study)?;
    }
    let page = out.folder().join("report.html");
    write_file(&page, render(&studies, &manifest::merged(&names)).as_bytes())?;
    Ok(page)
}

/// Writes the pictures of a run, each as a file; tables are in the page.
fn write_figures(folder: &Path, study: &StudyReport<'_>) -> Result<()> {
    let figures = folder.join("figures");
    std::fs::create_dir_all(&figures).with_context(|| format!("cannot make the folder {}", figures.display()))?;
    for (id, text) in standalone_figures(study) {
        write_file(&figures.join(format!("{}.svg", file_name(&id))), text.as_bytes())?;
    }
    Ok(())
}

/// A name for a file: letters, digits and hyphens of `text`, in lower case.
pub(super) fn file_name(text: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || c == '_' { c.to_ascii_lowercase() } else { '-' };
    text.chars().map(plain).collect()
}
