//! `cargo xtask bench`: rates against the limits of the machine, instruction counts against a baseline, races against peers.

mod documents;
mod executable;
mod instruction_sets;
mod instructions;
mod peers;
mod profile;
mod races;
mod ratios;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::command::{command, run as run_command};

/// What `bench` takes.
#[derive(clap::Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct Arguments {
    /// Fewer and shorter measurements: shows that the benchmarks run, not how fast they are.
    #[arg(long)]
    quick: bool,
    /// Only the rows whose name contains this.
    #[arg(long, value_name = "PATTERN")]
    only: Option<String>,
    /// Also writes what was measured as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Prints the names of all rows.
    #[arg(long)]
    list: bool,
    /// Counts instructions of fixed work under Valgrind and compares them with the baseline in the repository.
    #[arg(long, conflicts_with_all = ["quick", "json", "peers", "profile"])]
    instructions: bool,
    /// With `--instructions`: writes a new baseline.
    #[arg(long, requires = "instructions")]
    save: bool,
    /// Shares of noise, products and activation functions in the instructions of a population's updates, under Valgrind.
    #[arg(long, conflicts_with_all = ["quick", "json", "peers"])]
    profile: bool,
    /// Races the library against peers from the Python registry, in turn.
    #[arg(long, conflicts_with_all = ["quick", "json"])]
    peers: bool,
    /// Limits the processor to `avx2`, `avx512`, `neon` or `baseline`; with `--peers` several, separated by commas, for us and the peers.
    #[arg(long, value_name = "SET", value_delimiter = ',', conflicts_with_all = ["instructions", "profile"])]
    instructions_set: Vec<String>,
    /// With `--peers`: rounds of each race.
    #[arg(long, requires = "peers", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// With `--peers`: also writes the table as Markdown.
    #[arg(long, requires = "peers", value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// With `--peers` and `--instructions-set`: writes the tables of `README.md` and `docs/performance.md` anew.
    #[arg(long, requires_all = ["peers", "instructions_set"], conflicts_with = "only")]
    write: bool,
}

/// Runs what the arguments ask for.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let only = arguments.only.as_deref().unwrap_or_default();
    if arguments.instructions {
        return instructions::run(only, arguments.save);
    }
    if arguments.profile {
        return profile::run(only);
    }
    if arguments.peers {
        let table = peers::run(only, arguments.rounds, &arguments.instructions_set)?;
        if let Some(file) = &arguments.markdown {
            std::fs::write(file, table.markdown()).with_context(|| format!("cannot write {}", file.display()))?;
        }
        if arguments.write {
            documents::write(&table)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let sets = &arguments.instructions_set;
    anyhow::ensure!(sets.len() < 2, "--instructions-set {}: several at once need --peers", sets.join(","));
    rates(arguments)
}

/// The benchmarks of `crates/tegmentum/benches`: all of them, or the workloads alone where the arguments are theirs.
fn rates(arguments: &Arguments) -> Result<ExitCode> {
    let workloads_alone = arguments.only.is_some() || arguments.json.is_some() || arguments.list;
    // The pattern names the benchmarks alone: the library's test harness would refuse their options.
    let bench = if workloads_alone { "workloads" } else { "*" };
    let mut command = command("cargo", ["bench", "-p", "tegmentum", "--bench", bench, "--"]);
    for (switch, given) in [("--quick", arguments.quick), ("--list", arguments.list)] {
        command.args(given.then_some(switch));
    }
    for set in &arguments.instructions_set {
        command.args(["--instructions-set", set]);
    }
    if let Some(only) = &arguments.only {
        command.args(["--only", only]);
    }
    if let Some(path) = &arguments.json {
        // The benchmark runs in the folder of its crate.
        command.arg("--json").arg(std::path::absolute(path)?);
    }
    Ok(if run_command(command)?.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
