//! `tegmentum export`: a model for other programs.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};
use tegmentum::file::write_file;
use tegmentum_applied::model_file::AnyModel;

use crate::args::Export;
use crate::output::Output;

/// Reads a model, writes it in another format.
///
/// # Errors
/// If the model cannot be used, the file is the model itself, or it cannot be written.
pub(crate) fn execute(arguments: &Export, output: &mut Output) -> Result<ExitCode> {
    let (from, to) = (&arguments.model, &arguments.onnx);
    let model = AnyModel::load(from)?;
    if is_same(from, to) {
        bail!("{}: is the model itself, which would be lost: name another file", to.display());
    }
    match model {
        AnyModel::Tabular(model) => {
            write_file(to, &model.to_onnx())?;
            let columns: Vec<&str> = model.columns().collect();
            output.line(&format!("{}  {} from {}", to.display(), model.target(), columns.join(", ")))?;
        }
        AnyModel::Forecast(file) => {
            write_file(to, &file.to_onnx())?;
            let horizon = file.model.horizon();
            let rows = if horizon == 1 { "the next row".to_owned() } else { format!("the next {horizon} rows") };
            output.line(&format!("{}  {}, {rows}", to.display(), file.column))?;
        }
        AnyModel::Stream(_) => {
            bail!("{}: a model of a stream learns on, which the format ONNX cannot: it stays here", from.display())
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}
