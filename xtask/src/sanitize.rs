//! `cargo xtask sanitize`: the tests of the kernels under AddressSanitizer, which watches every read and write of the `unsafe` blocks.
//!
//! The sanitizer is an option of the compiler that is not stable; `RUSTC_BOOTSTRAP` lets the stable compiler take it, for this
//! command alone. Its run-time library comes with Rust on Linux and macOS. Programs are built into `target/sanitize`.

use std::process::ExitCode;

use anyhow::{Context, Result, ensure};

use crate::command::{command, root, run as run_command};

/// What is run: all unit tests of the kernels, and whole passes on every instruction set.
const TESTS: [&[&str]; 2] =
    [&["--package", "tegmentum-engine", "--lib"], &["--package", "tegmentum", "--test", "passes"]];

/// Builds and runs the tests; exit code 1 if one fails or the sanitizer reports an error.
pub(crate) fn run() -> Result<ExitCode> {
    ensure!(cfg!(any(target_os = "linux", target_os = "macos")), "AddressSanitizer is there on Linux and macOS only");
    let version = command("rustc", ["-vV"]).output().context("cannot run rustc")?;
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc -vV names no host")?;
    let folder = root().join("target/sanitize");
    let mut failed = false;
    for tests in TESTS {
        let mut cargo = command("cargo", ["test", "--target", host, "--target-dir"]);
        cargo.arg(&folder).args(tests);
        cargo.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", "-Zsanitizer=address");
        failed |= !run_command(cargo)?.success();
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
