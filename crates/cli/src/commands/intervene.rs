//! What `lesion` and `dose` have in common: a study becomes another one, which is run like any other.

use std::process::ExitCode;

use anyhow::{Context, Result};
use tegmentum_study::config::StudyConfig;

use super::report;
use crate::args::Options;
use crate::output::Output;
use crate::{campaign, source};

/// Reads a study, makes it into that of an intervention, runs it and writes its report.
///
/// # Errors
/// If the study is wrong, cannot be made into one of the intervention or cannot run, or a file cannot be written.
pub(super) fn run(
    name: &str,
    changes: &[String],
    options: &Options,
    output: &mut Output,
    intervention: impl Fn(&StudyConfig) -> tegmentum::error::Result<StudyConfig>,
) -> Result<ExitCode> {
    let study = source::study(name, changes, options.quick, options.seeds.map(Into::into))?;
    let study = intervention(&study).with_context(|| format!("study {}", study.name))?;
    // Checked like a study from a file: what was typed may not fit together.
    let study = StudyConfig::from_toml(&study.to_toml()?, &format!("study {}", study.name))?;
    let folder = options.out.join(&study.name);
    let summaries = campaign::run(&[study], options, output)?;
    let page = report::write(std::slice::from_ref(&folder), &folder)?;
    campaign::end(&summaries, &page, options, output)
}
