//! The Python package: its wheel, built into an environment of its own, and its tests.
//!
//! The wheel is built with the profile `dev`, whose crates the tests before it have compiled. The tests also run the command line, to
//! compare records byte by byte.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};

use crate::command::{command, root, run as run_command, run_reading};
use crate::python;
use crate::tally::Tally;

/// Names a Python that has the packages.
const VARIABLE: &str = "TEGMENTUM_PYTHON";
/// Names a Python that has the packages of the second tier.
const EXTRAS_VARIABLE: &str = "TEGMENTUM_PYTHON_EXTRAS";
/// The packages of the second tier.
const EXTRAS: &str = "python/requirements-extras.txt";
/// What pip takes; without a network it shall give up soon.
const INSTALL: [&str; 6] = ["--retries", "1", "--timeout", "20", "-r", "python/requirements-test.txt"];
/// Where the wheel is written.
const WHEELS: &str = "target/wheels";

/// The check by itself.
pub(crate) fn run() -> Result<ExitCode> {
    let tally = check()?;
    println!("\n{tally}");
    Ok(ExitCode::from(u8::from(tally.failed > 0)))
}

/// Builds the wheel and runs its tests; skipped where there is no Python that can.
pub(crate) fn check() -> Result<Tally> {
    let Some(python) = or_skipped(python::recent("python-venv", VARIABLE, &[&INSTALL])) else {
        return Ok(Tally::SKIPPED);
    };
    build(&python)?;
    tests(&python, &["python/tests"])
}

/// The second tier: the wheel in an environment that has PyTorch, Ray and others too, each as far as it can be had. It has a few gigabytes.
pub(crate) fn check_extras() -> Result<Tally> {
    let Some(python) = or_skipped(python::recent("python-extras-venv", EXTRAS_VARIABLE, &[&INSTALL])) else {
        return Ok(Tally::SKIPPED);
    };
    let mut tally = Tally::default();
    let list = fs::read_to_string(root().join(EXTRAS)).with_context(|| EXTRAS.to_owned())?;
    for package in list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let install = ["-m", "pip", "install", "--quiet", "--retries", "1", "--timeout", "20", package];
        if std::env::var_os(EXTRAS_VARIABLE).is_none() && !run_command(command(&python, install))?.success() {
            println!("    skipped: {package} could not be installed");
            tally += Tally::SKIPPED;
        }
    }
    build(&python)?;
    tally += tests(&python, &["python/tests/test_documentation.py", "python/tests/test_types.py", "python/extras"])?;
    Ok(tally)
}

/// A Python, or the reason why there is none, told.
fn or_skipped(python: Result<String>) -> Option<String> {
    python.inspect_err(|error| println!("    skipped: {error:#}")).ok()
}

/// Builds the wheel and the binary of the command line, and installs the wheel.
fn build(python: &str) -> Result<()> {
    let wheels = root().join(WHEELS);
    if wheels.exists() {
        fs::remove_dir_all(&wheels).with_context(|| wheels.display().to_string())?;
    }
    let build = ["-m", "maturin", "build", "--quiet", "--profile", "dev", "--manifest-path", "python/Cargo.toml"];
    let build = command(python, build.into_iter().chain(["--out", WHEELS, "--interpreter", python]));
    ensure!(run_command(build)?.success(), "the wheel could not be built");
    let wheel = only_wheel()?;
    let install = ["-m", "pip", "install", "--quiet", "--force-reinstall", "--no-deps", &wheel];
    ensure!(run_command(command(python, install))?.success(), "the wheel could not be installed");
    ensure!(run_command(command("cargo", ["build", "--quiet", "--package", "tegmentum-cli"]))?.success(), "no binary");
    Ok(())
}

/// Runs the tests in these places.
fn tests(python: &str, places: &[&str]) -> Result<Tally> {
    let words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "python/pyproject.toml", "--rootdir", "python"];
    let mut tests = command(python, words.into_iter().chain(places.iter().copied()));
    tests.env("TEGMENTUM_BINARY", binary());
    let mut tally = Tally::default();
    let status = run_reading(tests, |line| tally += count(line))?;
    if !status.success() && tally.failed == 0 {
        println!("    the tests ended without a count");
        tally += Tally::FAILED;
    }
    Ok(tally)
}

fn only_wheel() -> Result<String> {
    let folder = root().join(WHEELS);
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "whl") {
            return Ok(path.to_string_lossy().into_owned());
        }
    }
    bail!("there is no wheel in {WHEELS}")
}

/// The binary of the command line that cargo builds.
fn binary() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    root().join(target).join("debug").join(format!("tegmentum{}", std::env::consts::EXE_SUFFIX))
}

/// The closing line of pytest, `3 failed, 120 passed, 2 skipped in 18.45s`; nothing for other lines.
fn count(line: &str) -> Tally {
    let mut tally = Tally::default();
    let line = line.trim_matches(['=', ' ']);
    let Some((counts, time)) = line.rsplit_once(" in ") else { return tally };
    if !time.split(' ').next().is_some_and(|time| time.ends_with('s')) {
        return tally;
    }
    for part in counts.split(", ") {
        let Some((number, what)) = part.split_once(' ') else { return Tally::default() };
        let Ok(number) = number.parse::<u64>() else { return Tally::default() };
        match what {
            "passed" => tally.passed += number,
            "failed" | "error" | "errors" => tally.failed += number,
            "skipped" => tally.skipped += number,
            _ => {}
        }
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_line_is_counted() {
        let tally = count("3 failed, 120 passed, 2 skipped, 1 warning, 1 error in 18.45s");
        assert_eq!((tally.passed, tally.failed, tally.skipped), (120, 4, 2));
        assert_eq!(count("==== 5 passed in 63.02s (0:01:03) ===="), Tally { passed: 5, ..Tally::default() });
        for other in ["FAILED tests/x.py::y - assert 1 in 2", "....", "1 passed", "took part in 3s"] {
            assert_eq!(count(other), Tally::default(), "{other}");
        }
    }
}
