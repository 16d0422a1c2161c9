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
    let is_short = |name: &&String| tegmentum_study::built_in(name).map(|study| !study.quick.full_only);
    let (names, left_out) = match arguments.studies.is_empty() && !arguments.full {
        false => (names.clone(), 0),
        true => {
            let short =
                names.iter().filter_map(|name| is_short(&name).map(|short| short.then(|| name.clone())).transpose());
            let short: Vec<String> = short.collect::<Result<_, _>>()?;
            let left_out = names.len() - short.len();
            (short, left_out)
        }
    };
    if left_out > 0 {
        notice(&format!("{left_out} longer studies are left out: name them, or give --full"));
    }
    let study = |name: &String| source::study(name, &[], !arguments.full, options.seeds.map(Into::into));
    let sources = names.iter().map(study).collect::<Result<Vec<_>>>()?;
    Campaign::several(sources, &options.results).execute(&options.results.keeping, output)
}
