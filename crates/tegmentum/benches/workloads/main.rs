//! How fast the library is, against the limits of the machine measured in the same run: `cargo xtask bench`.
//!
//! | mode | prints |
//! |---|---|
//! | (none) | a table of all rows, or those that `--only PATTERN` names; `--json FILE` writes them too |
//! | `--serve ROW` | one rate for each line read: a race against another program |
//! | `--memory ROW` | the most memory that this process held: the bench starts itself for each row |
//! | `--quality SEED…` | time to an error, seed by seed; `--optimizer TOML` tries another learner |
//! | `--fixed ROW` | nothing: fixed work for a profiler; `--fixed-rows` prints the names |
//! | `--list` | the names of all rows |
//!
//! `--instructions-set NAME` limits the processor to `avx2`, `avx512`, `neon` or `baseline` in any mode.
#![allow(clippy::print_stdout, reason = "a bench prints")]

mod clock;
mod fixed;
mod memory;
mod quality;
mod rows;
mod serve;
mod table;
mod work;

use std::path::PathBuf;

use tegmentum::error::{Error, Result};
use tegmentum_engine::kernel::{InstructionSet, cap};

/// What the command line asks for.
#[derive(Debug, Default)]
struct Arguments {
    quick: bool,
    only: Option<String>,
    json: Option<PathBuf>,
    serve: Option<String>,
    memory: Option<String>,
    quality: Vec<u64>,
    optimizer: Option<String>,
    fixed: Option<String>,
    fixed_rows: bool,
    list: bool,
    instructions_set: Option<String>,
}

/// An error about the bench itself.
fn problem(text: impl Into<String>) -> Error {
    Error::Study { origin: "bench".to_owned(), problem: text.into() }
}

type Words = std::iter::Peekable<std::iter::Skip<std::env::Args>>;

fn arguments() -> Result<Arguments> {
    let mut arguments = Arguments::default();
    let mut words: Words = std::env::args().skip(1).peekable();
    while let Some(word) = words.next() {
        let value = |words: &mut Words| words.next().ok_or_else(|| problem(format!("{word} needs a value")));
        match word.as_str() {
            // Cargo adds this one.
            "--bench" => {}
            "--quick" => arguments.quick = true,
            "--list" => arguments.list = true,
            "--only" => arguments.only = Some(value(&mut words)?),
            "--json" => arguments.json = Some(value(&mut words)?.into()),
            "--serve" => arguments.serve = Some(value(&mut words)?),
            "--memory" => arguments.memory = Some(value(&mut words)?),
            "--fixed" => arguments.fixed = Some(value(&mut words)?),
            "--fixed-rows" => arguments.fixed_rows = true,
            "--instructions-set" => arguments.instructions_set = Some(value(&mut words)?),
            "--optimizer" => arguments.optimizer = Some(value(&mut words)?),
            "--quality" => {
                while let Some(seed) = words.next_if(|word| !word.starts_with("--")) {
                    arguments.quality.push(seed.parse().map_err(|_| problem(format!("seed {seed}: not a number")))?);
                }
            }
            _ => return Err(problem(format!("unknown argument {word}"))),
        }
    }
    Ok(arguments)
}

fn main() -> Result<()> {
    let arguments = arguments()?;
    if let Some(name) = &arguments.instructions_set {
        cap(InstructionSet::from_name(name)?);
    }
    if arguments.list {
        for row in &rows::rows(arguments.quick) {
            println!("{:<28} {}", row.name, row.title);
        }
        for row in &memory::rows() {
            println!("{:<28} {}", row.name, row.title);
        }
        return Ok(());
    }
    if arguments.fixed_rows {
        fixed::names().for_each(|name| println!("{name}"));
        return Ok(());
    }
    if let Some(name) = &arguments.fixed {
        return fixed::run(name);
    }
    if let Some(name) = &arguments.memory {
        return memory::child(name);
    }
    if let Some(name) = &arguments.serve {
        return serve::serve(&rows::find(name)?);
    }
    if !arguments.quality.is_empty() {
        return quality::race(arguments.optimizer.as_deref().unwrap_or(quality::LEARNER), &arguments.quality);
    }
    let only = arguments.only.as_deref().unwrap_or_default();
    let measured = table::measure(&rows::rows(arguments.quick), only, arguments.quick)?;
    let held = memory::measure(only, arguments.quick, arguments.instructions_set.as_deref())?;
    if let Some(path) = &arguments.json {
        let text = serde_json::to_string_pretty(&serde_json::json!({ "rates": measured, "memory": held }))
            .map_err(|error| problem(error.to_string()))?;
        std::fs::write(path, text + "\n").map_err(|error| problem(format!("{}: {error}", path.display())))?;
    }
    Ok(())
}
