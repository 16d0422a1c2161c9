//! `tegmentum forecast`: a user's series, learned by forward passes alone, beside simple baselines.

mod autoregression;
mod data;
mod dates;
mod files;
mod judgement;
mod model;
mod training;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use tegmentum::data::task::Series;

use crate::args::Forecast;
use crate::output::{Output, wrapped};
use crate::workplace::Workplace;
use autoregression::Autoregression;
use judgement::{Judgement, persistence};
use training::Trained;

/// Everything that was predicted, standardised.
#[derive(Debug)]
struct Predictions {
    /// By the network, one step ahead, for each test row [rows × channels].
    network: Vec<f32>,
    /// By the autoregression, likewise.
    autoregression: Vec<f32>,
    /// By the last value, likewise.
    persistence: Vec<f32>,
    /// Past the end of the data, by the network on its own [horizon × channels].
    future: Vec<f32>,
    /// Past the end of the data, by the autoregression on its own.
    autoregression_future: Vec<f32>,
}

/// Trains, judges, forecasts.
///
/// # Errors
/// If the table is wrong or too short, the folder cannot be written to, or the user stopped it.
pub(crate) fn execute(arguments: &Forecast, output: &mut Output) -> Result<ExitCode> {
    let series = data::load(arguments)?;
    let workplace = Workplace::prepare(&folder(arguments))?;
    let trained = training::train(arguments, &series)?;
    let autoregression = Autoregression::choose(&series);
    let predictions = predict(&trained, &autoregression, &series, arguments.horizon as usize);
    if predictions.network.iter().chain(&predictions.future).any(|value| !value.is_finite()) {
        bail!("the network's predictions are not finite; try another --seed or more --evaluations");
    }
    files::write(&workplace, arguments, &series, &trained, &predictions)?;
    print(&series, &trained, &autoregression, &predictions, output)?;
    for line in files::described(&workplace, &series) {
        output.line(&line)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Where files go if the user does not say.
fn folder(arguments: &Forecast) -> PathBuf {
    arguments.out.clone().unwrap_or_else(|| {
        let stem = arguments.data.file_stem().unwrap_or_default().to_string_lossy();
        PathBuf::from("reports").join(format!("forecast-{}", super::report::file_name(&stem)))
    })
}

fn predict(trained: &Trained, autoregression: &Autoregression, series: &Series, horizon: usize) -> Predictions {
    Predictions {
        network: trained.model.one_step(&series.values, series.test.start),
        autoregression: autoregression.one_step(&series.values, series.test.start),
        persistence: persistence(series),
        future: trained.model.future(series, horizon),
        autoregression_future: autoregression.future(&series.values, horizon),
    }
}

/// The set-up, the errors side by side, and who wins.
fn print(
    series: &Series,
    trained: &Trained,
    autoregression: &Autoregression,
    predictions: &Predictions,
    output: &mut Output,
) -> Result<()> {
    let judgement = Judgement::new(series, predictions);
    let width = output.width();
    let setup = format!(
        "{} rows of {}: {} to learn from, {} to be judged on.",
        series.test.end,
        series.channels.join(", "),
        series.train.len(),
        series.test.len(),
    );
    output.line(&wrapped(&setup, width, 0))?;
    output.line(&wrapped(&trained.describe(), width, 0))?;
    output.line("")?;
    for line in judgement.table(series, &trained.name, autoregression.lags).lines(width) {
        output.line(&line)?;
    }
    output.line("")?;
    for line in judgement.verdicts() {
        output.line(&wrapped(&line, width, 0))?;
    }
    output.line("")
}
