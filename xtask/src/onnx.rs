//! Exported models beside the library: onnxruntime must compute what our own forward pass computes.
//!
//! For every registered network with several settings and seeds, for models of tables and for forecasts, an ONNX file and what goes in and comes out
//! are written below `target/onnx`; `xtask/onnx/check.py` runs the files and compares.

mod forecasts;
mod networks;
mod tables;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use crate::command::{command, root, run_reading};
use crate::python;
use crate::tally::Tally;

/// Where the models are written.
const FOLDER: &str = "target/onnx";
/// Names a Python that has the packages.
const VARIABLE: &str = "TEGMENTUM_ONNX_PYTHON";
/// What pip takes; without a network it shall give up soon.
const INSTALL: [&str; 6] = ["--retries", "1", "--timeout", "20", "-r", "xtask/onnx/requirements.txt"];

/// A model with what goes in and what must come out.
struct Case {
    name: String,
    model: Vec<u8>,
    tensors: Tensors,
}

/// What goes into a model and what comes out.
#[derive(Serialize)]
struct Tensors {
    inputs: Vec<Tensor>,
    outputs: Vec<Tensor>,
}

/// A tensor with its name.
#[derive(Serialize)]
struct Tensor {
    name: String,
    shape: Vec<usize>,
    #[serde(flatten)]
    values: Values,
}

/// Numbers or texts; NaN is written as nothing.
#[derive(Serialize)]
#[serde(tag = "type", content = "values", rename_all = "snake_case")]
enum Values {
    Float(Vec<f32>),
    Double(Vec<f64>),
    String(Vec<String>),
}

/// The check by itself.
pub(crate) fn run() -> Result<ExitCode> {
    let tally = check()?;
    println!("\n{tally}");
    Ok(ExitCode::from(u8::from(tally.failed > 0)))
}

/// Writes all models and has them checked; skipped where there is no Python that can.
pub(crate) fn check() -> Result<Tally> {
    let python = match find_python() {
        Ok(python) => python,
        Err(error) => {
            println!("    skipped: {error:#}");
            return Ok(Tally::SKIPPED);
        }
    };
    let folder = root().join(FOLDER);
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
    }
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let mut written = 0;
    for case in networks::cases()?.into_iter().chain(tables::cases()?).chain(forecasts::cases()?) {
        write(&folder, &case)?;
        written += 1;
    }
    let mut tally = Tally::default();
    let script = command(&python, ["xtask/onnx/check.py", FOLDER]);
    let status = run_reading(script, |line| tally += count(line))?;
    ensure!(status.success(), "the models could not be checked");
    ensure!(tally.passed + tally.failed == written, "{written} models were written, not all were checked");
    Ok(tally)
}

/// A Python of version 3.10 or later with the packages.
fn find_python() -> Result<String> {
    if std::env::var_os(VARIABLE).is_none() {
        let mut version = command("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 10))"]);
        let fits = version.output().is_ok_and(|output| output.status.success());
        ensure!(fits, "there is no python3 of version 3.10 or later");
    }
    Ok(python::environment("onnx-venv", VARIABLE, &[&INSTALL])?.to_string_lossy().into_owned())
}

fn write(folder: &Path, case: &Case) -> Result<()> {
    fs::write(folder.join(format!("{}.onnx", case.name)), &case.model)?;
    fs::write(folder.join(format!("{}.json", case.name)), serde_json::to_vec(&case.tensors)?)?;
    Ok(())
}

/// What a line of the script says.
fn count(line: &str) -> Tally {
    match line.split(' ').next() {
        Some("ok") => Tally::PASSED,
        Some("FAILED") => Tally::FAILED,
        _ => Tally::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_script_are_counted() {
        assert_eq!(count("ok mlp-1 1.2e-7"), Tally::PASSED);
        assert_eq!(count("FAILED mlp-1 why"), Tally::FAILED);
        assert_eq!(count("a warning"), Tally::default());
    }

    #[test]
    fn every_registered_network_has_cases() {
        let cases = networks::cases().unwrap();
        for config in tegmentum::model::networks::NetworkConfig::registry() {
            let own = cases.iter().filter(|case| case.name.starts_with(config.name()));
            assert!(own.count() >= 5, "{}", config.name());
        }
    }
}
