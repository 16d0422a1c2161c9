//! `tegmentum run`: one study, a user's or a built-in one with changes.

use std::process::ExitCode;

use anyhow::Result;

use crate::args::Run;
use crate::campaign::Campaign;
use crate::output::Output;
use crate::source;

/// Runs the study and writes its report into its folder.
///
/// # Errors
/// If the study is wrong or cannot run, or a file cannot be written.
pub(crate) fn execute(arguments: &Run, output: &mut Output) -> Result<ExitCode> {
    let options = &arguments.options;
    let seeds = options.seeds.map(Into::into);
    let source = source::study(&arguments.study, &arguments.changes, arguments.length.quick, seeds)?;
    let campaign = Campaign::of(source, &arguments.share, &options.results)?.logged(&arguments.logs)?;
    campaign.execute(&options.results.keeping, output)
}
