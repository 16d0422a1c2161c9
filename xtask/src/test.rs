//! `cargo xtask test`: everything that must hold before a change is proposed.
//!
//! A step that fails does not stop the ones after it. A tool that is not installed makes its step skipped, and the step
//! says so. Tests are counted one by one, every other step as one check.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::command::{command, has_subcommand, run as run_command, run_reading};
use crate::machine_paths;
use crate::onnx;
use crate::tally::Tally;
use crate::wheel;

/// A named part of the check.
struct Step {
    name: &'static str,
    run: fn() -> Result<Tally>,
}

const STEPS: &[Step] = &[
    Step { name: "format", run: format },
    Step { name: "lints", run: lints },
    Step { name: "tests and doctests", run: tests },
    Step { name: "documentation", run: documentation },
    Step { name: "exported models", run: onnx::check },
    Step { name: "Python package", run: wheel::check },
    Step { name: "licences and sources", run: licences },
    Step { name: "repository text", run: || Ok(machine_paths::check()) },
];

/// The second tier, which installs what it needs.
const SECOND: &[Step] = &[Step { name: "Python, second tier", run: wheel::check_extras }];

/// What is tested.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The second tier too: the Python package beside PyTorch, Ray and others, which are installed (a few gigabytes).
    #[arg(long)]
    all: bool,
}

/// Runs all steps; fails if one of them does.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let steps: Vec<&Step> = STEPS.iter().chain(if arguments.all { SECOND } else { &[] }).collect();
    let mut total = Tally::default();
    let mut results = Vec::with_capacity(steps.len());
    for (index, step) in steps.iter().enumerate() {
        println!("\n[{}/{}] {}", index + 1, steps.len(), step.name);
        let start = Instant::now();
        let tally = (step.run)().unwrap_or_else(|error| {
            println!("    error: {error:#}");
            Tally::FAILED
        });
        println!("    {tally} in {}", seconds(start.elapsed()));
        results.push((step.name, tally, start.elapsed()));
        total += tally;
    }
    print_table(&results);
    println!("\n{total}");
    if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn print_table(results: &[(&str, Tally, Duration)]) {
    println!();
    for (name, tally, duration) in results {
        println!("{name:<22}{:>10}   {tally}", seconds(*duration));
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

fn format() -> Result<Tally> {
    with_tool("fmt", "rustup component add rustfmt", &["fmt", "--all", "--check"])
}

fn lints() -> Result<Tally> {
    with_tool(
        "clippy",
        "rustup component add clippy",
        &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"],
    )
}

/// Licences, duplicate versions and sources of all dependencies, by the lists in `deny.toml`.
fn licences() -> Result<Tally> {
    let check = ["deny", "--offline", "check", "licenses", "bans", "sources"];
    with_tool("deny", "cargo install cargo-deny", &check)
}

/// Runs `cargo arguments…` as one check, or skips it where `cargo subcommand` is not there; `install` says how to get it.
fn with_tool(subcommand: &str, install: &str, arguments: &[&str]) -> Result<Tally> {
    if !has_subcommand(subcommand) {
        println!("    skipped: cargo {subcommand} is not installed ({install})");
        return Ok(Tally::SKIPPED);
    }
    let status = run_command(command("cargo", arguments.iter().copied()))?;
    Ok(Tally::one(status.success()))
}

/// The tests of all members and the examples in their documentation.
fn tests() -> Result<Tally> {
    let mut tally = Tally::default();
    let tests = command("cargo", ["test", "--workspace", "--no-fail-fast"]);
    let status = run_reading(tests, |line| tally += Tally::from_test_result(line).unwrap_or_default())?;
    if !status.success() && tally.failed == 0 {
        println!("    the tests did not build, or one of them ended its process");
        tally += Tally::FAILED;
    }
    Ok(tally)
}

fn documentation() -> Result<Tally> {
    let mut documentation = command("cargo", ["doc", "--no-deps", "--workspace"]);
    documentation.env("RUSTDOCFLAGS", "-D warnings");
    Ok(Tally::one(run_command(documentation)?.success()))
}
