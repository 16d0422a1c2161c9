//! `cargo xtask figures`: the pictures in `docs/figures`, drawn anew from a run of all studies.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};

use crate::command::{command, root, run as run_command};

/// Where the studies are run, below the root of the repository.
const RUN: &str = "target/figures";
/// Where `reproduce` writes its pictures, below its run folder.
const DRAWN: &str = "figures";
/// Where the documentation looks for them.
const DOCUMENTATION: &str = "docs/figures";

/// What `figures` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The studies as they are, without `--quick`: this takes long.
    #[arg(long)]
    full: bool,
}

/// Runs `tegmentum reproduce` and copies each picture that it draws.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let run_folder = root().join(RUN);
    if run_folder.exists() {
        fs::remove_dir_all(&run_folder).with_context(|| format!("cannot clear {RUN}"))?;
    }
    let cargo = ["run", "--release", "--bin", "tegmentum", "--", "reproduce", "--out", RUN];
    let quick = (!arguments.full).then_some("--quick");
    let status = run_command(command("cargo", cargo.into_iter().chain(quick)))?;
    ensure!(status.success(), "tegmentum reproduce ended with {status}");
    copy_pictures(&run_folder.join(DRAWN), &root().join(DOCUMENTATION))?;
    Ok(ExitCode::SUCCESS)
}

fn copy_pictures(from: &Path, to: &Path) -> Result<()> {
    let pictures = pictures_in(from)?;
    ensure!(!pictures.is_empty(), "{}: no file *.svg", from.display());
    fs::create_dir_all(to).with_context(|| to.display().to_string())?;
    for picture in &pictures {
        let name = picture.file_name().unwrap_or_default();
        fs::copy(picture, to.join(name)).with_context(|| format!("cannot copy {}", picture.display()))?;
        println!("    {DOCUMENTATION}/{}", name.display());
    }
    println!("{} pictures written", pictures.len());
    Ok(())
}

/// The SVG files of a folder, sorted by name.
fn pictures_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.retain(|file| file.extension() == Some(OsStr::new("svg")));
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_pictures_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to/figures"));
        fs::create_dir(&from).unwrap();
        for name in ["b.svg", "a.svg", "notes.txt"] {
            fs::write(from.join(name), name).unwrap();
        }
        copy_pictures(&from, &to).unwrap();
        assert_eq!(pictures_in(&to).unwrap(), [to.join("a.svg"), to.join("b.svg")]);
        assert_eq!(fs::read_dir(&to).unwrap().count(), 2);
    }

    #[test]
    fn a_run_without_pictures_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let error = copy_pictures(folder.path(), &folder.path().join("to")).unwrap_err();
        assert!(error.to_string().ends_with("no file *.svg"), "{error}");
    }
}
