//! The files of a forecast: tables in the data's own units, pictures, and how it came about.

use anyhow::{Context, Result};
use serde_json::json;
use tegmentum::file::write_file;
use tegmentum_applied::forecast::calendar::Calendar;
use tegmentum_applied::forecast::continuation::Continuation;
use tegmentum_applied::forecast::series::SeriesTable;
use tegmentum_applied::forecast::{COVERAGES, Forecast, ForecastConfig, ForecastFile, Horizon, Origin, Prediction};
use tegmentum_study::outcome::{Axis, CurveSeries, Figure, FigureContent};

use super::super::report::file_name;
use super::super::train::without_folders;
use super::{Learned, args};
use crate::workplace::Workplace;
use tegmentum_report::standalone_svg;

/// Rows of the data in a picture, or four times those that are forecast.
const ROWS_SHOWN: usize = 120;
/// Significant digits beyond those of the deviation of the values.
const DIGITS: i32 = 4;

/// Writes them all; returns what was written, a line each.
///
/// # Errors
/// If one cannot be written.
pub(super) fn write(
    workplace: &Workplace,
    arguments: &args::Forecast,
    (config, series): (&ForecastConfig, &SeriesTable),
    learned: &[Learned<'_>],
    command: &str,
) -> Result<Vec<String>> {
    let folder = workplace.folder();
    let mut lines = Vec::new();
    let mut keep = |name: &str, what: &str, content: &[u8]| {
        lines.push(format!("{}  {what}", folder.join(name).display()));
        write_file(&folder.join(name), content)
    };
    keep("test_predictions.csv", "every test row beside its prediction", &test_table(series, learned)?)?;
    for (index, one) in learned.iter().enumerate() {
        let name = name_of(learned, index, "model", "safetensors");
        keep(&name, "the model, for `tegmentum predict`", &model(arguments, series, one, command)?)?;
    }
    keep("forecast.json", "settings, models, errors", &provenance(arguments, config, series, learned)?)?;
    for (index, one) in learned.iter().enumerate() {
        let name = name_of(learned, index, "forecast", "svg");
        let svg = standalone_svg(&picture(series, one), &[]).unwrap_or_default();
        keep(&name, "a picture", svg.as_bytes())?;
    }
    keep("forecast.csv", "the rows after the end of the data, with intervals", &future_table(series, learned)?)?;
    lines.reverse();
    Ok(lines)
}

/// The name of a file of which there is one for each column.
fn name_of(learned: &[Learned<'_>], index: usize, stem: &str, end: &str) -> String {
    match learned.len() {
        1 => format!("{stem}.{end}"),
        _ => format!("{stem}-{}-{}.{end}", index + 1, file_name(&learned[index].column.name)),
    }
}

/// The model of a column as a file.
fn model(arguments: &args::Forecast, series: &SeriesTable, one: &Learned<'_>, command: &str) -> Result<Vec<u8>> {
    let rows = one.column.values.len();
    let has_dates = series.calendar != Calendar::Rows;
    let origin = Origin {
        data: arguments.data.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        known: series.known.iter().map(|known| known.input.clone()).collect(),
        last: has_dates.then(|| [rows - 1, rows].map(|row| series.calendar.name(row))),
        keep_outliers: arguments.keep_outliers,
        seed: arguments.seed,
        command: without_folders(command),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    Ok(one.forecast.model.to_bytes(&one.column.name, &origin)?)
}

/// What a model says of rows to come, as `forecast.csv` has it.
///
/// # Errors
/// If it cannot be written.
pub(in crate::commands) fn predictions_table(
    file: &ForecastFile,
    more: &Continuation,
    predictions: &[Prediction],
) -> Result<Vec<u8>> {
    let head = if more.has_dates() { "date" } else { "row" };
    let mut rows = vec![std::iter::once(head.to_owned()).chain(heads(&file.column, &file.column)).collect::<Vec<_>>()];
    let deviation = file.model.deviation();
    for one in predictions {
        let cells = cells(one.value, one.intervals, deviation);
        rows.push(std::iter::once(more.name(one.ahead)).chain(cells).collect());
    }
    csv(rows)
}

/// A number with so many digits beyond the first one of `deviation`, the deviation of the values.
pub(super) fn digits(value: f64, deviation: f64, digits: i32) -> String {
    let decimals = if deviation > 0.0 { digits - deviation.log10().floor() as i32 } else { digits };
    format!("{value:.*}", decimals.clamp(0, 17) as usize)
}

/// The head of the column that names the rows.
fn first_head(series: &SeriesTable) -> String {
    if series.calendar == Calendar::Rows { "row" } else { "date" }.to_owned()
}

/// The heads of a prediction with its intervals.
fn heads(name: &str, prediction: &str) -> Vec<String> {
    let bounds = COVERAGES.iter().flat_map(|coverage| {
        let percent = (100.0 * coverage).round();
        [format!("{name}_low{percent}"), format!("{name}_high{percent}")]
    });
    std::iter::once(prediction.to_owned()).chain(bounds).collect()
}

/// A prediction with its intervals.
fn cells(value: f64, intervals: [[f64; 2]; 2], deviation: f64) -> Vec<String> {
    std::iter::once(value).chain(intervals.concat()).map(|value| digits(value, deviation, DIGITS)).collect()
}

/// The same of a prediction that is cut at the bounds of its forecast.
fn cut_cells(forecast: &Forecast, value: f64, half_widths: [f64; 2]) -> Vec<String> {
    let bounds = forecast.bounds;
    let intervals = half_widths.map(|half| bounds.interval(value, half));
    cells(bounds.cut(value), intervals, forecast.model.deviation())
}

fn csv(rows: impl IntoIterator<Item = Vec<String>>) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(&row)?;
    }
    writer.into_inner().map_err(csv::IntoInnerError::into_error).context("a table could not be written")
}

fn future_table(series: &SeriesTable, learned: &[Learned<'_>]) -> Result<Vec<u8>> {
    let named = learned.iter().flat_map(|one| heads(&one.column.name, &one.column.name));
    let mut rows = vec![std::iter::once(first_head(series)).chain(named).collect::<Vec<_>>()];
    let count = learned.iter().map(|one| one.forecast.horizons.len()).max().unwrap_or(0);
    for ahead in 0..count {
        let mut row = vec![series.calendar.name(learned[0].column.values.len() + ahead)];
        for one in learned {
            match one.forecast.horizons.get(ahead) {
                Some(horizon) => {
                    row.extend(cut_cells(&one.forecast, horizon.future, horizon.future_half_widths));
                }
                None => row.extend(vec![String::new(); 1 + 2 * COVERAGES.len()]),
            }
        }
        rows.push(row);
    }
    csv(rows)
}

fn test_table(series: &SeriesTable, learned: &[Learned<'_>]) -> Result<Vec<u8>> {
    let named = learned.iter().flat_map(|one| {
        let name = &one.column.name;
        std::iter::once(name.clone()).chain(heads(name, &format!("{name}_predicted")))
    });
    let mut rows = vec![std::iter::once(first_head(series)).chain(named).collect::<Vec<_>>()];
    let start = learned[0].forecast.learned;
    for index in 0..learned[0].column.values.len() - start {
        let mut row = vec![series.calendar.name(start + index)];
        for one in learned {
            row.push(one.column.values[start + index].to_string());
            let next = one.forecast.horizons.first();
            match next.and_then(|next| Some((next, *next.predicted.get(index)?))) {
                Some((next, value)) => {
                    let half_widths = [0, 1].map(|level| next.half_widths[level][index]);
                    row.extend(cut_cells(&one.forecast, value, half_widths));
                }
                None => row.extend(vec![String::new(); 1 + 2 * COVERAGES.len()]),
            }
        }
        rows.push(row);
    }
    csv(rows)
}

/// Settings, models and errors.
fn provenance(
    arguments: &args::Forecast,
    config: &ForecastConfig,
    series: &SeriesTable,
    learned: &[Learned<'_>],
) -> Result<Vec<u8>> {
    let columns: Vec<_> = learned
        .iter()
        .map(|one| {
            let scores = one.judgement.iter().flat_map(|judgement| &judgement.scores);
            let scores: Vec<_> = scores
                .map(|score| json!({"name": score.name, "next_row": score.next, "all_rows": score.all}))
                .collect();
            let weights: Vec<f64> = one.forecast.horizons.iter().map(|horizon| horizon.network_weight).collect();
            json!({
                "name": one.column.name,
                "rows": one.column.values.len(),
                "learned": one.forecast.learned,
                "repetitions": one.forecast.repetitions,
                "season": one.forecast.season,
                "models": one.forecast.base.0,
                "heaviest_models": one.forecast.base.1,
                "network_weights": weights,
                "scores": scores,
                "covered": one.judgement.as_ref().map(|judgement| judgement.covered),
                "use": one.judgement.as_ref().map(|judgement| &judgement.best),
            })
        })
        .collect();
    let all = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "data": arguments.data.file_name().unwrap_or_default().to_string_lossy(),
        "settings": config,
        "notes": series.notes,
        "known": series.known.iter().map(|known| known.input.to_string()).collect::<Vec<_>>(),
        "columns": columns,
    });
    Ok(serde_json::to_vec_pretty(&all)?)
}

/// The end of the data, the test part with its predictions of the next row, and the forecast with its intervals.
fn picture(series: &SeriesTable, one: &Learned<'_>) -> Figure {
    let (values, forecast) = (&one.column.values, &one.forecast);
    let (rows, ahead) = (values.len(), forecast.horizons.len());
    let first = rows - ROWS_SHOWN.max(4 * ahead).min(rows);
    let line = |label: &str, from: usize, y: Vec<f64>| CurveSeries {
        label: label.to_owned(),
        x: (0..y.len()).map(|index| series.calendar.place(from + index).0).collect(),
        y,
        lower: Vec::new(),
        upper: Vec::new(),
    };
    let mut lines = vec![line("data", first, values[first..].to_vec())];
    if let Some(next) = forecast.horizons.first().filter(|next| !next.predicted.is_empty()) {
        let skipped = first.saturating_sub(forecast.learned);
        let of = |sign: f64| -> Vec<f64> {
            let all = next.predicted.iter().zip(&next.half_widths[1]).skip(skipped);
            all.map(|(value, half)| forecast.bounds.cut(value + sign * half)).collect()
        };
        let mut predicted = line("each row predicted from those before it", forecast.learned + skipped, of(0.0));
        (predicted.lower, predicted.upper) = (of(-1.0), of(1.0));
        lines.push(predicted);
    }
    // The band begins at the last value, so that it is one with the data.
    let last = values[rows - 1];
    let of = |get: &dyn Fn(&Horizon) -> f64| -> Vec<f64> {
        std::iter::once(last).chain(forecast.horizons.iter().map(get)).collect()
    };
    let end = |horizon: &Horizon, sign: f64| forecast.bounds.cut(horizon.future + sign * horizon.future_half_widths[1]);
    let mut future = line("forecast; intervals of 95 %", rows - 1, of(&|horizon| end(horizon, 0.0)));
    future.lower = of(&|horizon| end(horizon, -1.0));
    future.upper = of(&|horizon| end(horizon, 1.0));
    lines.push(future);
    let ends = [("test begins", forecast.learned), ("data end", rows)];
    let marks = ends.into_iter().filter(|&(_, row)| row > first && row <= rows);
    let marks = marks.map(|(name, row)| (name.to_owned(), series.calendar.place(row - 1).0)).collect();
    Figure {
        id: "forecast".to_owned(),
        title: format!("{}: the last {} rows and the next {ahead}", one.column.name, rows - first),
        caption: String::new(),
        content: FigureContent::Curves {
            x: Axis { label: series.calendar.place(rows - 1).1, logarithmic: false, marks },
            y: Axis { label: one.column.name.clone(), logarithmic: false, marks: vec![] },
            series: lines,
            references: Vec::new(),
        },
    }
}
