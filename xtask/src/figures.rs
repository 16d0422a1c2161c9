//! `cargo xtask figures`: the pictures in `docs/figures`, drawn anew from a run of the studies that draw them.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};

use crate::command::{command, root, run as run_command};

/// Where the studies are run, below the root of the repository.
const RUN: &str = "target/figures";
/// Where the documentation looks for pictures.
const DOCUMENTATION: &str = "docs/figures";
/// The pictures of the documentation: the study that draws it, its file there, and its name in the documentation.
const FIGURES: &[(&str, &str, &str)] = &[("lorenz", "lorenz-lorenz-learning.svg", "lorenz-learning.svg")];

/// What `figures` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Shortened studies, to try this out: their pictures are not those that the documentation speaks of.
    #[arg(long)]
    quick: bool,
}

/// Runs the studies that the documentation shows and copies their pictures.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let run_folder = root().join(RUN);
    if run_folder.exists() {
        fs::remove_dir_all(&run_folder).with_context(|| format!("cannot clear {RUN}"))?;
    }
    let mut studies: Vec<&str> = FIGURES.iter().map(|figure| figure.0).collect();
    studies.dedup();
    let cargo = ["run", "--release", "--bin", "tegmentum", "--", "reproduce", "--out", RUN];
    let full = (!arguments.quick).then_some("--full");
    let status = run_command(command("cargo", cargo.into_iter().chain(full).chain(studies)))?;
    ensure!(status.success(), "tegmentum reproduce ended with {status}");
    copy_pictures(&run_folder, &root().join(DOCUMENTATION))?;
    Ok(ExitCode::SUCCESS)
}

fn copy_pictures(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| to.display().to_string())?;
    for (study, file, name) in FIGURES {
        let picture = from.join(study).join("figures").join(file);
        fs::copy(&picture, to.join(name)).with_context(|| format!("cannot copy {}", picture.display()))?;
        println!("    {DOCUMENTATION}/{name}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_every_picture_under_its_name_in_the_documentation() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to/figures"));
        for (study, file, _) in FIGURES {
            fs::create_dir_all(from.join(study).join("figures")).unwrap();
            fs::write(from.join(study).join("figures").join(file), file).unwrap();
        }
        copy_pictures(&from, &to).unwrap();
        for (_, file, name) in FIGURES {
            assert_eq!(fs::read_to_string(to.join(name)).unwrap(), *file);
        }
    }

    #[test]
    fn a_picture_that_was_not_drawn_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let error = copy_pictures(folder.path(), &folder.path().join("to")).unwrap_err();
        assert!(error.to_string().starts_with("cannot copy"), "{error}");
    }
}
