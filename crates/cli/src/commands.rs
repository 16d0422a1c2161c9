//! The commands, one file each.

mod dose;
mod export;
mod forecast;
mod intervene;
mod lesion;
mod list;
mod merge;
mod predict;
mod replay;
pub(crate) mod report;
mod reproduce;
mod resume;
mod run;
mod stream;
mod train;

use std::process::ExitCode;

use anyhow::Result;

use crate::args::{Arguments, Command};
use crate::output::Output;

/// Does what was asked.
///
/// # Errors
/// Whatever keeps it from being done.
pub(crate) fn dispatch(arguments: Arguments, output: &mut Output) -> Result<ExitCode> {
    match arguments.command {
        Command::Reproduce(arguments) => reproduce::execute(&arguments, output),
        Command::Run(arguments) => run::execute(&arguments, output),
        Command::Lesion(arguments) => lesion::execute(&arguments, output),
        Command::Dose(arguments) => dose::execute(&arguments, output),
        Command::Merge(arguments) => merge::execute(&arguments, output),
        Command::Resume(arguments) => resume::execute(&arguments, output),
        Command::Replay(arguments) => replay::execute(&arguments, output),
        Command::Report(arguments) => report::execute(&arguments, output),
        Command::List(arguments) => list::execute(&arguments, output),
        Command::Forecast(arguments) => forecast::execute(&arguments, output),
        Command::Train(arguments) => train::execute(&arguments, output),
        Command::Stream(arguments) => stream::execute(&arguments, output),
        Command::Predict(arguments) => predict::execute(&arguments, output),
        Command::Export(arguments) => export::execute(&arguments, output),
    }
}
