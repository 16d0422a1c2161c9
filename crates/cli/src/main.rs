//! The command line of Tegmentum: [`args`] is what was typed, [`commands`] does it.
//!
//! Exit codes: 0 done, 1 a claim was not supported (with `--strict`), 2 could not run, 130 stopped by the user.

mod args;
mod campaign;
mod commands;
mod interrupt;
mod manifest;
mod memory;
mod output;
mod overrides;
mod progress;
mod source;
mod summary;
mod table;
mod workplace;

use std::process::ExitCode;

use clap::Parser;

use args::Arguments;
use output::{Output, notice};

/// Exit code for anything that could not run.
const COULD_NOT_RUN: u8 = 2;
/// Exit code after a stop by the user, as shells have it.
const STOPPED: u8 = 130;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    match commands::dispatch(arguments, &mut Output::stdout()) {
        Ok(code) => code,
        Err(_) if interrupt::requested() => {
            notice("stopped; what was finished before is in its folder, nothing else was written");
            ExitCode::from(STOPPED)
        }
        Err(error) => {
            notice(&format!("error: {error:#}"));
            ExitCode::from(COULD_NOT_RUN)
        }
    }
}
