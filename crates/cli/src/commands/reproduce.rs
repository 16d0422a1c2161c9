//! `tegmentum reproduce`: the built-in studies, and one report.

use std::process::ExitCode;

use anyhow::{Result, bail};
use tegmentum_study::BUILT_IN;
use tegmentum_study::names::listed;

use crate::args::Reproduce;
use crate::campaign::Campaign;
use crate::output::{Output, notice};
use crate::source;

/// Runs the studies and writes their report.
///
/// # Errors
/// If there is no such study, it cannot run, or a file cannot be written.
pub(crate) fn execute(arguments: &Reproduce, output: &mut Output) -> Result<ExitCode> {
    let options = &arguments.options;
    let all: Vec<String> = BUILT_IN.iter().map(|(name, _)| (*name).to_owned()).collect();
    let names = if arguments.studies.is_empty() { &all } else { &arguments.studies };
    if arguments.quick {
        bail!("--quick is what `reproduce` does anyway: leave it out, or give --full for the whole of each study");
    }
    if let Some(unknown) = names.iter().find(|name| !all.contains(name)) {
        bail!(
            "there is no built-in study {unknown:?}: must be one of {}; `tegmentum run` runs a file of yours",
            listed(unknown, &all)
        );
    }
    let names = if arguments.studies.is_empty() && !arguments.full { &short(&all)? } else { names };
    let study = |name: &String| source::study(name, &[], !arguments.full, options.seeds.map(Into::into));
    let sources = names.iter().map(study).collect::<Result<Vec<_>>>()?;
    Campaign::several(sources, &options.results).execute(&options.results.keeping, output)
}

/// The studies that a shortened reproduction of all makes.
fn short(all: &[String]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for name in all {
        if !tegmentum_study::built_in(name)?.quick.full_only {
            names.push(name.clone());
        }
    }
    if names.len() < all.len() {
        notice(&format!("{} longer studies are left out: name them, or give --full", all.len() - names.len()));
    }
    Ok(names)
}
