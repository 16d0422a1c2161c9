//! `tegmentum run`: one study, a user's or a built-in one with changes.

use std::process::ExitCode;

use anyhow::Result;

use super::report;
use crate::args::Run;
use crate::output::Output;
use crate::{campaign, source};

/// Runs the study and writes its report into its folder.
///
/// # Errors
/// If the study is wrong or cannot run, or a file cannot be written.
pub(crate) fn execute(arguments: &Run, output: &mut Output) -> Result<ExitCode> {
    let options = &arguments.options;
    let seeds = options.seeds.map(Into::into);
    let source = source::study(&arguments.study, &arguments.changes, arguments.length.quick, seeds)?;
    let folder = options.out.join(&source.study.name);
    let summaries = campaign::run(&[source], options, output)?;
    let page = report::write(std::slice::from_ref(&folder), &folder)?;
    campaign::end(&summaries, &page, options, output)
}
