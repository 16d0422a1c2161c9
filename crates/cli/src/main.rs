//! The command line of Tegmentum: [`args`] is what was typed, [`commands`] does it.
//!
//! Exit codes: 0 done, 1 a claim was not supported (with `--strict`), 2 could not run, 130 stopped by the user.

mod args;
mod campaign;
mod commands;
mod full_run;
mod interrupt;
mod manifest;
mod memory;
mod output;
mod overrides;
mod progress;
mod source;
mod summary;
mod table;
mod unfinished;
mod workplace;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use clap::error::ErrorKind;

use args::Arguments;
use output::{Output, notice};

/// Exit code for anything that could not run.
const COULD_NOT_RUN: u8 = 2;
/// Characters of an error at most, after the word that it is one.
const MAX_ERROR: usize = 290;
/// Exit code after a stop by the user, as shells have it.
const STOPPED: u8 = 130;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() && error.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            notice(&one_line(typed_wrong(&error.to_string())));
            return ExitCode::from(COULD_NOT_RUN);
        }
        Err(error) => error.exit(),
    };
    match run(arguments) {
        Ok(code) => code,
        Err(_) if interrupt::requested() => {
            notice(&interrupt::ended());
            ExitCode::from(STOPPED)
        }
        Err(error) => {
            notice(&format!("error: {}", one_line(&format!("{error:#}"))));
            ExitCode::from(COULD_NOT_RUN)
        }
    }
}

/// What is wrong with what was typed, without the usage that follows it.
fn typed_wrong(message: &str) -> &str {
    message.split("\nUsage:").next().unwrap_or(message).split("\nFor more information").next().unwrap_or(message)
}

/// Makes ready what all commands share, the threads and the ear for signals, and does what was asked.
fn run(arguments: Arguments) -> Result<ExitCode> {
    interrupt::listen()?;
    let threads = arguments.command.threads().and_then(|threads| threads.count).map_or(0, usize::from);
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().context("cannot start the threads")?;
    commands::dispatch(arguments, &mut Output::stdout())
}

/// A message in one line that is no longer than anybody reads; its end, which says what would be right, is kept.
fn one_line(message: &str) -> String {
    let words: Vec<&str> = message.split_whitespace().collect();
    let line = words.join(" ");
    let length = line.chars().count();
    if length <= MAX_ERROR {
        return line;
    }
    let (head, tail) = (MAX_ERROR * 2 / 3, MAX_ERROR / 3 - 3);
    let end: String = line.chars().skip(length - tail).collect();
    format!("{} … {end}", line.chars().take(head).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_one_short_line() {
        assert_eq!(one_line("a\n  b: c"), "a b: c");
        let long = one_line(&format!("file.toml: {} must be above 0", "x".repeat(30_000)));
        assert!(long.chars().count() <= MAX_ERROR, "{long}");
        assert!(long.starts_with("file.toml: x") && long.ends_with("must be above 0"), "{long}");
    }
}
