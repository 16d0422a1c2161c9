//! `tegmentum forecast`: a user's series, forecast with intervals, judged beside simple predictors.

pub(super) mod files;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use tegmentum::checkpoint::Units;
use tegmentum_applied::forecast::judgement::{ITS_BASE, Judgement};
use tegmentum_applied::forecast::logs::Logs;
use tegmentum_applied::forecast::series::{SeriesColumn, SeriesOptions, SeriesTable};
use tegmentum_applied::forecast::{Bounds, Data, Forecast, ForecastConfig};
use tegmentum_applied::table::Table;
use tegmentum_study::number::{fixed, number};

use super::report::file_name;
use crate::args;
use crate::output::{Output, notice, wrapped};
use crate::table;
use crate::unfinished::{LOGS, Task, Then, Unfinished};
use crate::workplace::Workplace;

/// Rows that are forecast if nothing is said.
const HORIZON: usize = 12;

/// A column with what was made of it.
#[derive(Debug)]
struct Learned<'a> {
    column: &'a SeriesColumn,
    forecast: Forecast,
    judgement: Option<Judgement>,
}

/// Reads, learns, judges, forecasts.
///
/// # Errors
/// If the table is wrong or too short, the folder cannot be written to, or the user stopped it.
pub(crate) fn execute(arguments: &args::Forecast, output: &mut Output) -> Result<ExitCode> {
    let ready = Ready::new(arguments)?;
    let workplace = Workplace::prepare(&folder(arguments))?;
    let task = Task::data();
    let unfinished =
        Unfinished::begin(workplace.folder(), task, std::slice::from_ref(&arguments.data), &arguments.keeping)?;
    unfinished.through(Then::Remove, |unfinished| ready.run(&workplace, unfinished, output))
}

/// Goes on with a forecast whose results go to `folder`.
///
/// # Errors
/// As [`execute`].
pub(crate) fn resume(
    arguments: &args::Forecast,
    unfinished: Unfinished,
    folder: &Path,
    output: &mut Output,
) -> Result<ExitCode> {
    let workplace = Workplace::prepare(folder)?;
    unfinished.through(Then::Remove, |unfinished| Ready::new(arguments)?.run(&workplace, unfinished, output))
}

/// What is to be forecast, read and checked.
struct Ready<'a> {
    arguments: &'a args::Forecast,
    series: SeriesTable,
    /// Known inputs \[inputs\]\[rows and those to come\].
    known: Vec<Vec<f64>>,
    config: ForecastConfig,
}

impl<'a> Ready<'a> {
    fn new(arguments: &'a args::Forecast) -> Result<Self> {
        let table = Table::read(&arguments.data, &arguments.table.read())?;
        let options = SeriesOptions {
            columns: arguments.columns.clone(),
            known: arguments.known.clone(),
            keep_outliers: arguments.keep_outliers,
        };
        let series = SeriesTable::of(&table, &options)?;
        let known = series.known_values();
        let config = ForecastConfig {
            train_fraction: arguments.train_fraction,
            season: arguments.season.map(|season| season as usize),
            horizon: horizon(arguments, &series)?,
            networks: usize::from(arguments.networks),
            evaluations: arguments.evaluations,
            seed: arguments.seed,
            bounds: Bounds { minimum: arguments.minimum, maximum: arguments.maximum },
        };
        config.bounds.check()?;
        for column in &series.columns {
            if let Some((row, problem)) = config.bounds.broken(&column.values) {
                anyhow::bail!("{}: row {} {problem}", place(arguments, column), series.calendar.name(row));
            }
            let data = Data { values: &column.values, known: &known };
            config.check(data).with_context(|| place(arguments, column))?;
        }
        Ok(Self { arguments, series, known, config })
    }

    /// Learns, judges, writes, prints.
    fn run(&self, workplace: &Workplace, unfinished: &Unfinished, output: &mut Output) -> Result<ExitCode> {
        let Self { arguments, series, known, config } = self;
        let units = Units::of(unfinished.checkpoint());
        let folder = workplace.folder().join(LOGS);
        unfinished.forget_logs(&folder)?;
        let keeps_logs = !arguments.no_log && config.networks > 0;
        if keeps_logs {
            unfinished.describe_logs(&folder)?;
        }
        let mut learned = Vec::new();
        for (index, column) in series.columns.iter().enumerate() {
            notice(&format!("learning {} of {} rows", column.name, column.values.len()));
            let data = Data { values: &column.values, known };
            let prefix = match series.columns.len() {
                1 => String::new(),
                _ => format!("{}-{}.", index + 1, file_name(&column.name)),
            };
            let logs = keeps_logs.then_some(Logs { folder: &folder, prefix: &prefix, column: &column.name });
            let forecast = config.fit_logged(data, &units.below(&column.name), logs.as_ref());
            let forecast = forecast.with_context(|| place(arguments, column))?;
            let judgement = forecast.judge(&column.values);
            learned.push(Learned { column, forecast, judgement });
        }
        let command = &unfinished.job.manifest.command;
        let mut written = files::write(workplace, arguments, (config, series), &learned, command)?;
        if keeps_logs {
            written.push(format!("{}  the logs of the networks, for `tegmentum replay`", folder.display()));
        }
        for note in &series.notes {
            output.line(&wrapped(note, output.width(), 0))?;
        }
        for one in &learned {
            print(one, output)?;
        }
        for line in written {
            output.line(&line)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The rows to forecast, as asked for or as many as known inputs go on.
fn horizon(arguments: &args::Forecast, series: &SeriesTable) -> Result<usize> {
    let asked = arguments.horizon.map(|rows| rows as usize);
    if series.known.is_empty() {
        return Ok(asked.unwrap_or(HORIZON));
    }
    match asked {
        Some(rows) if rows > series.ahead => anyhow::bail!(
            "--horizon {rows}: {} has known inputs for {} row{} to come, and a forecast cannot go on without them",
            arguments.data.display(),
            series.ahead,
            if series.ahead == 1 { "" } else { "s" }
        ),
        _ => Ok(asked.unwrap_or(series.ahead)),
    }
}

/// The file and the column, for an error.
fn place(arguments: &args::Forecast, column: &SeriesColumn) -> String {
    format!("{}, column {}", arguments.data.display(), column.name)
}

/// Where files go if the user does not say.
fn folder(arguments: &args::Forecast) -> PathBuf {
    arguments.out.clone().unwrap_or_else(|| {
        let stem = arguments.data.file_stem().unwrap_or_default().to_string_lossy();
        PathBuf::from("reports").join(format!("forecast-{}", file_name(&stem)))
    })
}

/// One column: how it was learned, the errors side by side, and what to use.
fn print(one: &Learned<'_>, output: &mut Output) -> Result<()> {
    let (forecast, width) = (&one.forecast, output.width());
    let rows = one.column.values.len();
    let season = match forecast.season {
        Some(season) => format!("a season of {season} rows"),
        None => "no season".to_owned(),
    };
    let setup = format!(
        "{}: {rows} rows, {} to learn from and {} to be judged on; {season}. Everything is learned anew {} along the test.",
        one.column.name,
        forecast.learned,
        rows - forecast.learned,
        match forecast.repetitions {
            1 => "once".to_owned(),
            count => format!("{count} times"),
        }
    );
    output.line("")?;
    output.line(&wrapped(&setup, width, 0))?;
    let Some(judgement) = &one.judgement else {
        return output.line(&wrapped("There is no test row: nothing was judged.", width, 0));
    };
    output.line("")?;
    let ahead = forecast.horizons.len();
    let mut table = table::Table::new(
        ["error on the test part".to_owned(), "next row".to_owned(), format!("next {ahead} rows")]
            .into_iter()
            .take(if ahead > 1 { 3 } else { 2 }),
    );
    for score in &judgement.scores {
        table.row([score.name.clone(), number(score.next), number(score.all)]);
    }
    for line in table.lines(width) {
        output.line(&line)?;
    }
    output.line("")?;
    for sentence in sentences(one, judgement) {
        output.line(&wrapped(&sentence, width, 0))?;
    }
    output.line("")
}

/// What the errors mean, in sentences.
fn sentences(one: &Learned<'_>, judgement: &Judgement) -> Vec<String> {
    let mut said = vec!["Errors are root mean squares, in standard deviations of the rows to learn from.".to_owned()];
    said.push(match (judgement.beaten, judgement.above_mean) {
        (true, _) if judgement.best == ITS_BASE => {
            "Use the linear base alone (--networks 0): it is clearly better than with the network.".to_owned()
        }
        (true, _) => format!("Use {}: it is clearly better than this forecast.", judgement.best),
        (false, false) => {
            let what = if is_binary(&one.column.values) { "the share of ones" } else { "the mean" };
            format!("Use {what}: this forecast is not clearly better. The past seems to say little of what comes.")
        }
        (false, true) => "Use this forecast: nothing else is clearly better.".to_owned(),
    });
    let weights: Vec<f64> = one.forecast.horizons.iter().map(|horizon| horizon.network_weight).collect();
    let used = weights.iter().filter(|weight| **weight > 0.0).count();
    said.push(match used {
        0 => "The recurrent network added nothing to the linear base and is not used.".to_owned(),
        used => format!(
            "The recurrent network is used for {used} of {} horizons, with a weight of up to {}.",
            weights.len(),
            number(weights.iter().copied().fold(0.0, f64::max))
        ),
    });
    said.push(format!(
        "Intervals of 80 % held {} % of the test values, those of 95 % {} %.",
        fixed(100.0 * judgement.covered[0], 1),
        fixed(100.0 * judgement.covered[1], 1)
    ));
    if one.forecast.horizons.len() < one.forecast.asked {
        said.push(format!(
            "The rows suffice for a forecast of {} rows, not of {}.",
            one.forecast.horizons.len(),
            one.forecast.asked
        ));
    }
    let (learned, test) = one.column.values.split_at(one.forecast.learned);
    let range = |values: &[f64]| {
        values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &value| (low.min(value), high.max(value)))
    };
    let ((low, high), (test_low, test_high)) = (range(learned), range(test));
    let deviation = one.forecast.model.deviation();
    let show = |value: f64| files::digits(value, deviation, 2);
    if test_low < low || test_high > high {
        said.push(format!(
            "Test values leave the range that was learned, {} to {}: they reach from {} to {}.",
            show(low),
            show(high),
            show(test_low),
            show(test_high)
        ));
    }
    said
}

fn is_binary(values: &[f64]) -> bool {
    values.iter().all(|&value| value == 0.0 || value == 1.0)
}
