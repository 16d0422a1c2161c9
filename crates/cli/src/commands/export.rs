//! `tegmentum export`: a model for other programs.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};
use tegmentum::file::write_file;
use tegmentum_applied::tabular::TabularModel;

use crate::args::Export;
use crate::output::Output;

/// Reads a model, writes it in another format.
///
/// # Errors
/// If the model cannot be used, the file is the model itself, or it cannot be written.
pub(crate) fn execute(arguments: &Export, output: &mut Output) -> Result<ExitCode> {
    let (from, to) = (&arguments.model, &arguments.onnx);
    let model = TabularModel::load(from)?;
    if is_same(from, to) {
        bail!("{}: is the model itself, which would be lost: name another file", to.display());
    }
    write_file(to, &model.to_onnx())?;
    let columns: Vec<&str> = model.columns().collect();
    output.line(&format!("{}  {} from {}", to.display(), model.target(), columns.join(", ")))?;
    Ok(ExitCode::SUCCESS)
}

fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}
