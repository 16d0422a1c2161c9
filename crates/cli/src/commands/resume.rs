//! `tegmentum resume`: goes on with work that was stopped.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Parser as _;

use super::{forecast, train};
use crate::args::{Arguments, Command, Resume};
use crate::campaign;
use crate::output::{Output, notice};
use crate::unfinished::{Task, Unfinished};

/// Goes on with what the folder holds.
///
/// # Errors
/// If it holds no unfinished work, or that of another version of the program, or the work itself fails.
pub(crate) fn execute(arguments: &Resume, output: &mut Output) -> Result<ExitCode> {
    let unfinished = Unfinished::resume(&arguments.folder, arguments.every.every())?;
    let folder = unfinished.folder.clone();
    notice(&format!("going on with `{}`", unfinished.job.manifest.command));
    match unfinished.job.task.clone() {
        Task::Studies { .. } => campaign::resume(unfinished, folder, output),
        Task::Data(words) => match Arguments::try_parse_from(words).map(|arguments| arguments.command) {
            Ok(Command::Train(arguments)) => train::resume(&arguments, unfinished, &folder, output),
            Ok(Command::Forecast(arguments)) => forecast::resume(&arguments, unfinished, &folder, output),
            _ => bail!("{}: what is kept there is no command of this version of the program", folder.display()),
        },
    }
}
