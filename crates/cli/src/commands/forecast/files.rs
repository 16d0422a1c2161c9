//! The files of a forecast: tables in the data's own units, pictures, the model.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::json;
use tegmentum::data::task::Series;
use tegmentum_study::folder::write_file;
use tegmentum_study::outcome::{Axis, CurveSeries, Figure, FigureContent};

use super::super::report::file_name;
use super::dates::Rows;
use super::training::Trained;
use super::{Forecast, Predictions};
use crate::workplace::Workplace;
use tegmentum_report::standalone_svg;

/// Rows of the data in a picture, at least.
const ROWS_SHOWN: usize = 300;

/// Writes them all.
///
/// # Errors
/// If one cannot be written.
pub(super) fn write(
    workplace: &Workplace,
    arguments: &Forecast,
    series: &Series,
    trained: &Trained,
    predictions: &Predictions,
) -> Result<()> {
    let folder = workplace.folder();
    write_file(&folder.join("test_predictions.csv"), &test_table(series, predictions)?)?;
    write_file(&folder.join("model.json"), &model(arguments, series, trained)?)?;
    for (channel, path) in pictures(workplace, series).into_iter().enumerate() {
        let figure = picture(arguments, series, predictions, channel);
        write_file(&path, standalone_svg(&figure, &[]).unwrap_or_default().as_bytes())?;
    }
    Ok(write_file(&folder.join("forecast.csv"), &future_table(series, predictions)?)?)
}

/// What was written, a line each.
pub(super) fn described(workplace: &Workplace, series: &Series) -> Vec<String> {
    let named = |name: &str, what: &str| format!("{}  {what}", workplace.folder().join(name).display());
    let mut lines = vec![
        named("forecast.csv", "the rows after the end of the data"),
        named("test_predictions.csv", "every test row beside its predictions"),
        named("model.json", "network, parameters, scaling"),
    ];
    lines.extend(pictures(workplace, series).iter().map(|path| format!("{}  a picture", path.display())));
    lines
}

/// `forecast.svg`, or one for each channel.
fn pictures(workplace: &Workplace, series: &Series) -> Vec<PathBuf> {
    let name = |(index, channel): (usize, &String)| match series.channels.len() {
        1 => "forecast.svg".to_owned(),
        _ => format!("forecast-{}-{}.svg", index + 1, file_name(channel)),
    };
    series.channels.iter().enumerate().map(name).map(|name| workplace.folder().join(name)).collect()
}

/// Standardised values of a channel in the data's own unit.
fn own_units(series: &Series, values: &[f32], channel: usize) -> Vec<f64> {
    let (mean, deviation) = (series.mean[channel], series.standard_deviation[channel]);
    let column = values.iter().skip(channel).step_by(series.channels.len());
    column.map(|&value| mean + deviation * f64::from(value)).collect()
}

/// A table with a first column `row` (the number of the row in the data, from 1) and the given columns.
fn table(first_row: usize, columns: &[(String, Vec<f64>)]) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(std::iter::once("row").chain(columns.iter().map(|column| column.0.as_str())))?;
    for index in 0..columns.first().map_or(0, |column| column.1.len()) {
        // Standardised values have seven digits; more would be noise.
        let cells = columns.iter().map(|column| format!("{}", column.1[index] as f32));
        writer.write_record(std::iter::once((first_row + index).to_string()).chain(cells))?;
    }
    writer.into_inner().context("the table cannot be made")
}

fn future_table(series: &Series, predictions: &Predictions) -> Result<Vec<u8>> {
    let mut columns = Vec::new();
    for (channel, name) in series.channels.iter().enumerate() {
        columns.push((name.clone(), own_units(series, &predictions.future, channel)));
        let linear = own_units(series, &predictions.autoregression_future, channel);
        columns.push((format!("{name}_autoregression"), linear));
    }
    table(series.test.end + 1, &columns)
}

fn test_table(series: &Series, predictions: &Predictions) -> Result<Vec<u8>> {
    let truth = &series.values[series.test.start * series.channels.len()..];
    let mut columns = Vec::new();
    for (channel, name) in series.channels.iter().enumerate() {
        let mut add = |name: String, values| columns.push((name, own_units(series, values, channel)));
        add(name.clone(), truth);
        add(format!("{name}_network"), &predictions.network);
        add(format!("{name}_autoregression"), &predictions.autoregression);
        add(format!("{name}_persistence"), &predictions.persistence);
    }
    table(series.test.start + 1, &columns)
}

fn model(arguments: &Forecast, series: &Series, trained: &Trained) -> Result<Vec<u8>> {
    let blocks = trained.model.network.blocks().iter();
    let blocks: Vec<_> = blocks
        .map(|block| json!({"name": block.name, "offset": block.offset, "rows": block.rows, "columns": block.columns}))
        .collect();
    let model = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "network": trained.config,
        "learner": trained.name,
        "seed": arguments.seed,
        "restart": trained.restart,
        "evaluations": trained.evaluations,
        "channels": series.channels,
        "mean": series.mean,
        "standard_deviation": series.standard_deviation,
        "blocks": blocks,
        "parameters": trained.model.parameters,
    });
    Ok(serde_json::to_vec_pretty(&model)?)
}

/// The end of the training part, the test part with its one-step predictions, and the forecast.
fn picture(arguments: &Forecast, series: &Series, predictions: &Predictions, channel: usize) -> Figure {
    let (rows, horizon) = (series.test.end, predictions.future.len() / series.channels.len());
    let shown = ROWS_SHOWN.max(2 * horizon).max(series.test.len() * 5 / 4).min(rows);
    let (first, axis) = (rows - shown, Rows::of(arguments, rows, shown));
    let name = &series.channels[channel];
    let data = own_units(series, &series.values[first * series.channels.len()..], channel);
    let predicted = own_units(series, &predictions.network, channel);
    let linear = own_units(series, &predictions.autoregression_future, channel);
    let lines = vec![
        curve(&axis, "data", first, data),
        curve(&axis, "one step ahead", series.test.start, predicted),
        curve(&axis, "forecast by the network", rows, own_units(series, &predictions.future, channel)),
        curve(&axis, "forecast by the autoregression", rows, linear),
    ];
    let ends = [("end of training", series.train.end), ("end of data", rows)];
    let marks = ends.into_iter().filter(|&(_, row)| row > first);
    let marks = marks.map(|(name, row)| (name.to_owned(), axis.place(row - 1))).collect();
    Figure {
        id: "forecast".to_owned(),
        title: format!("{name}: the last {shown} rows and the next {horizon}"),
        caption: String::new(),
        content: FigureContent::Curves {
            x: Axis { label: axis.label, logarithmic: false, marks },
            y: Axis { label: name.clone(), logarithmic: false, marks: vec![] },
            series: lines,
            references: Vec::new(),
        },
    }
}

/// A line whose first value belongs to the row with index `first`.
fn curve(axis: &Rows, label: &str, first: usize, values: Vec<f64>) -> CurveSeries {
    let x = (0..values.len()).map(|index| axis.place(first + index)).collect();
    CurveSeries { label: label.to_owned(), x, y: values, lower: Vec::new(), upper: Vec::new() }
}
