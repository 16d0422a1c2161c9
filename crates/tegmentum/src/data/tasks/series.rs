//! A user's series: the columns of a table, one row after the other, at equal steps of time.
//!
//! # Problem
//! ```text
//!     train = the first ⌊train_fraction · rows⌋ rows        test = the rest
//!     z_tc  = (x_tc − m_c) / s_c                            m, s from train only
//! ```
//! Predict row t + 1 from the rows up to t, in every channel. The unit of time is one row.
//!
//! # Table
//! Text in UTF-8 with one delimiter. **Columns:** those named in `columns`, in that order; if none is named, all
//! columns of the file, and each must then be numeric: a date is not skipped in silence, it is refused with the names
//! that would do. In a file without a header the names are the numbers 1, 2, 3, … **Header:** if `header` is not given,
//! the first row is one if any of its cells is neither a number nor missing. **Values:** finite numbers with a decimal
//! point. Missing values (empty, `NA`, `null`, `-`, …) are refused: what should stand there is for you to decide.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::data::task;
use crate::data::task::{Problem, Task, TaskSettings, Windows};
use crate::data::tasks::standardise::{Moments, constant_channel};
use crate::data::tasks::table::{Format, Table, check_delimiter};
use crate::error::{Error, Result, fraction};
use crate::random::Key;
use crate::registry::Description;

const DESCRIPTION: Description = Description {
    name: "series",
    summary: "your own series from a table of numbers, one row ahead",
    reference: "your file",
};

/// Where a series is, and how it is cut.
///
/// # Example
/// ```
/// use tegmentum::data::task::{Problem, Task, Windows};
/// use tegmentum::data::tasks::series::SeriesConfig;
/// use tegmentum::random::Key;
///
/// let file = tempfile::NamedTempFile::new()?;
/// std::fs::write(file.path(), "day,level\nMon,1\nTue,2\nWed,4\nThu,3\nFri,2\nSat,1\n")?;
/// let config = SeriesConfig {
///     path: file.path().to_owned(),
///     columns: vec!["level".to_owned()],
///     train_fraction: 0.5,
///     windows: Windows { count: 1, length: 2, washout: 0 },
///     ..SeriesConfig::default()
/// };
/// let Problem::Series(series) = config.build()?.problem(Key::from_seed(1))? else { unreachable!() };
/// assert_eq!((series.train, series.test), (0..3, 3..6));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SeriesConfig {
    /// The file; a relative path starts at the working directory.
    pub path: PathBuf,
    /// The columns to learn, each a channel; empty for all.
    pub columns: Vec<String>,
    /// Whether the first row has the names of the columns; `None` to find out.
    pub header: Option<bool>,
    /// Part of the rows to learn from.
    pub train_fraction: f64,
    /// What separates cells: one ASCII character; `None` for a comma.
    pub delimiter: Option<char>,
    /// How windows are cut.
    pub windows: Windows,
}

impl Default for SeriesConfig {
    fn default() -> Self {
        Self {
            path: PathBuf::new(),
            columns: Vec::new(),
            header: None,
            train_fraction: 0.7,
            delimiter: None,
            windows: Windows::default(),
        }
    }
}

impl SeriesConfig {
    /// Checks the parameters and reads the file.
    ///
    /// # Errors
    /// - [`Error::Study`] without a path or with a delimiter that cannot be one.
    /// - [`Error::InvalidParameter`] for a fraction outside `[0, 1]` or windows that cannot be cut.
    /// - [`Error::Io`] if the file cannot be read.
    /// - [`Error::Table`] for a cell that is missing, not a number or not finite, a row that is longer or shorter than
    ///   the first, a column that is not there, a channel that is constant in the training part, and too few rows for
    ///   the windows.
    pub fn build(&self) -> Result<SeriesFile> {
        if self.path.as_os_str().is_empty() {
            return Err(invalid("path is empty: must name a file with a table of numbers".to_owned()));
        }
        self.validate()?;
        let bytes = std::fs::read(&self.path).map_err(|source| Error::Io { path: self.path.clone(), source })?;
        self.parse(&bytes)
    }

    fn validate(&self) -> Result<()> {
        fraction("train_fraction", self.train_fraction)?;
        self.windows.validate()?;
        check_delimiter(self.delimiter).map_err(invalid)
    }

    /// The series in the table `bytes`.
    fn parse(&self, bytes: &[u8]) -> Result<SeriesFile> {
        let delimiter = self.delimiter.unwrap_or(',') as u8;
        let format = Format { path: &self.path, columns: &self.columns, header: self.header, delimiter };
        let table = format.parse(bytes)?;
        let train = (self.train_fraction * table.lines.len() as f64) as usize;
        self.check_length(&format, &table, train)?;
        let channels = table.columns.len();
        let learned = &table.values[..train * channels];
        if let Some(channel) = constant_channel(learned, channels) {
            let rows = (table.lines[0], table.lines[train - 1]);
            let problem = format!(
                "the value is {} in all rows to learn from, down to line {}: leave the column out or raise train_fraction",
                learned[channel], rows.1
            );
            return Err(format.error(rows.0, &table.columns[channel], problem));
        }
        let moments = Moments::new(learned, channels);
        let values = moments.standardise(&table.values);
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            let problem = format!(
                "{:e} cannot be standardised with the rows to learn from: must be of a size that they have",
                table.values[index]
            );
            return Err(format.error(table.lines[index / channels], &table.columns[index % channels], problem));
        }
        Ok(SeriesFile { series: self.series(table, train, moments, values) })
    }

    fn check_length(&self, format: &Format<'_>, table: &Table, train: usize) -> Result<()> {
        let (rows, needed) = (table.lines.len(), self.windows.rows());
        let test = rows - train;
        if train >= needed && test >= needed {
            return Ok(());
        }
        let problem = format!(
            "{train} rows to learn from and {test} to be judged on: must be {needed} or more each, for windows.length = {}",
            self.windows.length
        );
        Err(format.error(table.lines.last().copied().unwrap_or(1), "all", problem))
    }

    fn series(&self, table: Table, train: usize, moments: Moments, values: Vec<f32>) -> task::Series {
        task::Series {
            values,
            channels: table.columns,
            train: 0..train,
            test: train..table.lines.len(),
            mean: moments.mean,
            standard_deviation: moments.standard_deviation,
            sampling_step: 1.0,
            lyapunov_exponent: None,
            windows: self.windows,
        }
    }
}

impl TaskSettings for SeriesConfig {
    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn build(&self) -> Result<Box<dyn Task>> {
        Ok(Box::new(self.build()?))
    }
}

fn invalid(problem: String) -> Error {
    Error::Study { origin: "task series".to_owned(), problem }
}

/// A series that was read from a file.
#[derive(Clone, Debug)]
pub struct SeriesFile {
    series: task::Series,
}

impl Task for SeriesFile {
    fn problem(&self, _key: Key) -> Result<Problem> {
        Ok(Problem::Series(self.series.clone()))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    fn short() -> SeriesConfig {
        let windows = Windows { count: 1, length: 2, washout: 0 };
        SeriesConfig { path: "t.csv".into(), train_fraction: 0.5, windows, ..SeriesConfig::default() }
    }

    fn problem(config: &SeriesConfig, text: &str) -> String {
        config.parse(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn monthly_sunspot_numbers() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/sunspots.csv");
        let config = SeriesConfig { path, columns: vec!["sunspots".to_owned()], ..SeriesConfig::default() };
        let series = config.build().unwrap().series;
        assert_eq!((series.train, series.test), (0..2223, 2223..3177));
        let first = series.mean[0] + series.standard_deviation[0] * f64::from(series.values[0]);
        assert!((first - 58.0).abs() < 1e-5, "{first}");
        let error = SeriesConfig { columns: Vec::new(), ..config }.build().unwrap_err().to_string();
        assert!(error.contains("line 2, column month") && error.contains("[\"sunspots\"]"), "{error}");
    }

    #[test]
    fn only_the_training_part_scales() {
        let series = short().parse(b"1\n2\n3\n40\n50\n60\n").unwrap().series;
        assert_eq!((series.mean[0], series.standard_deviation[0]), (2.0, (2.0_f64 / 3.0).sqrt()));
        assert_eq!(series.values[1], 0.0);
        assert!(series.values[3] > 40.0);
    }

    #[test]
    fn tables_that_cannot_be_learned_are_refused() {
        assert_eq!(
            problem(&short(), "a\n1\n2\n3\n4\n5\n"),
            "t.csv, line 6, column all: 2 rows to learn from and 3 to be judged on: must be 3 or more each, for \
             windows.length = 2"
        );
        assert_eq!(
            problem(&short(), "a,b\n1,7\n2,7\n3,7\n4,8\n5,9\n6,9\n"),
            "t.csv, line 2, column b: the value is 7 in all rows to learn from, down to line 4: leave the column out or \
             raise train_fraction"
        );
        let error = problem(&short(), "1\n2\n3\n4\n1e300\n5\n");
        assert!(error.starts_with("t.csv, line 5, column 1: 1e300 cannot be standardised"), "{error}");
        let error = problem(&short(), "a,b\n");
        assert!(error.contains("0 rows to learn from"), "{error}");
        let error = problem(&SeriesConfig { header: Some(false), ..short() }, "a\n1\n2\n");
        assert!(error.starts_with("t.csv, line 1, column 1: \"a\" is not a number"), "{error}");
    }

    #[test]
    fn bad_parameters_are_refused() {
        let error = |config: SeriesConfig| config.build().unwrap_err().to_string();
        assert_eq!(
            error(SeriesConfig::default()),
            "task series: path is empty: must name a file with a table of numbers"
        );
        assert_eq!(
            error(SeriesConfig { delimiter: Some('→'), ..short() }),
            "task series: delimiter = '→': must be one ASCII character such as ',', ';' or '\\t'"
        );
        assert_eq!(
            error(SeriesConfig { train_fraction: 1.5, ..short() }),
            "train_fraction = 1.5: must be between 0 and 1"
        );
        let windows = Windows { count: 1, length: 5, washout: 5 };
        assert!(error(SeriesConfig { windows, ..short() }).starts_with("windows.washout = 5: must be below"));
        let missing = SeriesConfig { path: "no/such/file.csv".into(), ..short() }.build().unwrap_err();
        assert!(matches!(missing, Error::Io { .. }), "{missing}");
    }

    proptest! {
        #[test]
        fn whatever_is_read_can_be_learned(
            bytes in prop::collection::vec(prop::sample::select(b"12e9,.\n\n\"-".to_vec()), 0..400),
        ) {
            if let Ok(file) = short().parse(&bytes) {
                prop_assert!(file.series.values.iter().all(|value| value.is_finite()));
                prop_assert!(file.series.train.len() >= 3 && file.series.test.len() >= 3);
            }
        }
    }
}
