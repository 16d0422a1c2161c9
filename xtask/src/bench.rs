//! `cargo xtask bench`: the benchmarks of the library, wall clock for people.

use std::process::ExitCode;

use anyhow::Result;

use crate::command::{command, run as run_command};

/// What `bench` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Fewer and shorter measurements: shows that the benchmarks run, not how fast they are.
    #[arg(long)]
    quick: bool,
    /// Passed to the benchmarks: a filter, or options of their own.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Runs every target in `crates/tegmentum/benches`.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    // The pattern names the benchmarks alone: the library's test harness would refuse their options.
    let cargo = ["bench", "-p", "tegmentum", "--bench", "*", "--"];
    let quick = arguments.quick.then_some("--quick");
    let rest = arguments.rest.iter().map(String::as_str);
    let status = run_command(command("cargo", cargo.into_iter().chain(quick).chain(rest)))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
