//! The series from the user's file, with windows that fit its length.

use anyhow::{Result, bail};
use tegmentum::data::task::{Problem, Series, Windows};
use tegmentum::data::tasks::TaskConfig;
use tegmentum::data::tasks::series::SeriesConfig;
use tegmentum::random::Key;

use crate::args::Forecast;

/// Steps of a window in a long series.
const LONG: usize = 100;
/// Windows that the training part should hold, side by side.
const SIDE_BY_SIDE: usize = 8;
/// Steps of the shortest window.
const SHORT: usize = 4;

/// Reads the file.
///
/// # Errors
/// If the table is wrong, or too short for a window.
pub(super) fn load(arguments: &Forecast) -> Result<Series> {
    // First with the shortest of all windows, to learn how long the series is.
    let shortest = read(arguments, Windows { count: 1, length: 1, washout: 0 })?;
    let (train, test) = (shortest.train.len(), shortest.test.len());
    let length = match arguments.window {
        Some(length) => length,
        None => LONG.min(train / SIDE_BY_SIDE).min(test.saturating_sub(1)),
    };
    if arguments.window.is_none() && length < SHORT {
        bail!(
            "{}: {train} rows to learn from and {test} to be judged on are too few: must be {} and {} or more",
            arguments.data.display(),
            SHORT * SIDE_BY_SIDE,
            SHORT + 1,
        );
    }
    read(arguments, Windows { count: 16, length, washout: length / 10 })
}

fn read(arguments: &Forecast, windows: Windows) -> Result<Series> {
    let header = match (arguments.header, arguments.no_header) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    };
    let config = TaskConfig::Series(SeriesConfig {
        path: arguments.data.clone(),
        columns: arguments.columns.clone(),
        header,
        train_fraction: arguments.train_fraction,
        delimiter: arguments.delimiter,
        windows,
    });
    match config.build()?.problem(Key::from_seed(0))? {
        Problem::Series(series) => Ok(series),
        Problem::Examples(_) => bail!("{} is not a series", arguments.data.display()),
    }
}
