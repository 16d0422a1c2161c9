//! `tegmentum predict`: what a model says of the rows of a table, or of those that come after a series.

use std::process::ExitCode;

use anyhow::{Context, Result};
use tegmentum::file::write_file;
use tegmentum_applied::forecast::continuation::Continuation;
use tegmentum_applied::forecast::{Data, ForecastFile};
use tegmentum_applied::model_file::AnyModel;
use tegmentum_applied::table::Table;
use tegmentum_applied::tabular::{Predictions, TabularModel};

use super::forecast::files::predictions_table;
use crate::args::Predict;
use crate::output::{Output, notice, wrapped};

/// Reads a model and a table, writes predictions.
///
/// # Errors
/// If the model or the table cannot be used, or the file cannot be written.
pub(crate) fn execute(arguments: &Predict, output: &mut Output) -> Result<ExitCode> {
    let data = || Table::read(&arguments.data, &arguments.table.read());
    match AnyModel::load(&arguments.model)? {
        AnyModel::Tabular(model) => rows(arguments, &model, &data()?, output),
        AnyModel::Forecast(file) => rows_to_come(arguments, *file, &data()?, output),
        AnyModel::Stream(_) => anyhow::bail!(
            "{}: a model of a stream goes on with `tegmentum stream DATA.csv --continue MODEL`, which predicts rows without a target",
            arguments.model.display()
        ),
    }
}

/// What a forecast says of the rows after the end of a table.
fn rows_to_come(arguments: &Predict, mut file: ForecastFile, data: &Table, output: &mut Output) -> Result<ExitCode> {
    let more = Continuation::of(data, &file)?;
    for note in &more.notes {
        notice(&wrapped(note, output.width(), 0));
    }
    notice(&match more.values.len() {
        0 => "no row is new: as it was forecast".to_owned(),
        1 => "1 row is new".to_owned(),
        count => format!("{count} rows are new"),
    });
    file.model.observe(Data { values: &more.values, known: &more.known })?;
    let text = predictions_table(&file, &more, &file.model.predict())?;
    write(arguments, &text, file.model.horizon(), output)
}

/// What a model of a table says of its rows.
fn rows(arguments: &Predict, model: &TabularModel, data: &Table, output: &mut Output) -> Result<ExitCode> {
    let predictions = model.predict(data)?;
    let unread: Vec<&str> = model.unread(data).collect();
    if !unread.is_empty() {
        notice(&wrapped(&format!("Not read by the model: {}.", unread.join(", ")), output.width(), 0));
    }
    let text = csv(data.lines(), model.target(), None, &predictions)?;
    write(arguments, &text, predictions.rows(), output)
}

/// Writes predictions to where they were asked for.
fn write(arguments: &Predict, text: &[u8], count: usize, output: &mut Output) -> Result<ExitCode> {
    match &arguments.out {
        Some(path) => {
            write_file(path, text)?;
            output.line(&format!("{}  {count} predictions", path.display()))?;
        }
        None => {
            for line in String::from_utf8_lossy(text).lines() {
                output.line(line)?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Predictions as a table: the line of each row, its true value if there is one, what is predicted, and the probabilities of classes.
///
/// # Errors
/// If it cannot be written.
pub(super) fn csv(
    lines: &[u64],
    target: &str,
    truths: Option<&[String]>,
    predictions: &Predictions,
) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut heads = vec!["line".to_owned()];
    if truths.is_some() {
        heads.push(target.to_owned());
    }
    heads.push(format!("{target}_predicted"));
    if let Predictions::Classes(classes) = predictions {
        heads.extend(classes.names().iter().map(|name| format!("probability_{name}")));
    }
    writer.write_record(&heads)?;
    for (row, line) in lines.iter().enumerate() {
        let mut cells = vec![line.to_string()];
        cells.extend(truths.map(|truths| truths[row].clone()));
        match predictions {
            Predictions::Classes(classes) => {
                cells.push(classes.class(row).to_owned());
                cells.extend(classes.probabilities(row).iter().map(|share| format!("{share:.6}")));
            }
            Predictions::Numbers(numbers) => cells.push(numbers[row].to_string()),
        }
        writer.write_record(&cells)?;
    }
    writer.into_inner().map_err(csv::IntoInnerError::into_error).context("a table could not be written")
}
