//! Project commands: `cargo xtask test | bench | figures | results | forecasts | tables | hearing | mnist | onnx | wheel | randomness | sanitize`.
//!
//! Each prints what it does. `test` is the whole check before a change is proposed; its last line is
//! `N passed, N failed`.
//!
//! Exit codes: 0 done, 1 a check failed, 2 could not run.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line: standard output is its product")]

mod bench;
mod command;
mod figures;
mod forecasts;
mod hearing;
mod machine_paths;
mod marks;
mod mnist;
mod onnx;
mod python;
mod randomness;
mod results;
mod sanitize;
mod tables;
mod tally;
mod test;
mod wheel;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Project commands of Tegmentum.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Subcommands,
}

#[derive(Subcommand)]
enum Subcommands {
    /// Format, lints, tests, documentation, exported models, the Python package, licences and repository text; ends with `N passed, N failed`.
    Test(test::Arguments),
    /// The benchmarks of the library.
    Bench(bench::Arguments),
    /// The pictures of the documentation, drawn anew by `tegmentum reproduce`.
    Figures(figures::Arguments),
    /// `docs/results.md` and the README's table, written from the results in `results/`, which `--from` takes anew from finished runs.
    Results(results::Arguments),
    /// `docs/forecast-results.md`, forecasts of real series beside models of other hands; `--measure` measures anew.
    Forecasts(forecasts::Arguments),
    /// `docs/table-results.md`, tables of other hands beside tuned Adam; `--measure` measures anew.
    Tables(tables::Arguments),
    /// `docs/who-obeys-what.md`, written from what each learner says that it obeys of modulators.
    Hearing,
    /// `target/mnist/mnist.csv`, 5 000 handwritten digits of MNIST, for `studies/mnist.toml` and `studies/mnist-feedback.toml`.
    Mnist,
    /// Exported models beside onnxruntime, a step of `test`.
    Onnx,
    /// The Python package, built and tested, a step of `test`.
    Wheel,
    /// A published test battery on the random words of directions; about two hours.
    Randomness(randomness::Arguments),
    /// The kernels' tests under AddressSanitizer; Linux and macOS.
    Sanitize,
}

fn main() -> ExitCode {
    run(&Arguments::parse()).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::from(2)
    })
}

fn run(arguments: &Arguments) -> Result<ExitCode> {
    match &arguments.command {
        Subcommands::Test(arguments) => Ok(test::run(arguments)),
        Subcommands::Bench(arguments) => bench::run(arguments),
        Subcommands::Figures(arguments) => figures::run(arguments),
        Subcommands::Forecasts(arguments) => forecasts::run(arguments),
        Subcommands::Tables(arguments) => tables::run(arguments),
        Subcommands::Results(arguments) => results::run(arguments),
        Subcommands::Mnist => mnist::run(),
        Subcommands::Hearing => hearing::run(),
        Subcommands::Onnx => onnx::run(),
        Subcommands::Wheel => wheel::run(),
        Subcommands::Randomness(arguments) => randomness::run(arguments),
        Subcommands::Sanitize => sanitize::run(),
    }
}
