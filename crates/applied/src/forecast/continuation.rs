//! A series that goes on: which rows of a table come after those that a forecast has learned.
//!
//! With dates the rows behind the last date that was learned are new; the table may begin with any row before them, or with the next one. Without
//! dates the table must be the one that was learned, gone on. The rows that both have must be equal in the last values: a table that
//! says something else about the past is another series.

use super::ForecastFile;
use super::calendar::Calendar;
use super::series::{SeriesOptions, SeriesTable};
use crate::table::Table;
#[cfg(doc)]
use tegmentum::error::Error;
use tegmentum::error::Result;

/// Rows that are compared.
const COMPARED: usize = 10;

/// The part of a table that comes after what a forecast has learned.
///
/// # Example
/// ```
/// use tegmentum_applied::forecast::continuation::Continuation;
/// use tegmentum_applied::forecast::{ForecastConfig, ForecastFile, Origin};
/// use tegmentum_applied::table::{ReadOptions, Table};
///
/// let values: Vec<f64> = (0..60).map(|t| f64::from(t % 5)).collect();
/// let config = ForecastConfig { horizon: 2, networks: 0, ..ForecastConfig::default() };
/// let model = config.fit(&values)?.model;
/// let file = ForecastFile { column: "y".into(), model, origin: Origin::default() };
/// let rows: String = (0..63).map(|t| format!("{}\n", t % 5)).collect();
/// let table = Table::from_csv(format!("y\n{rows}").as_bytes(), "t.csv", &ReadOptions::default())?;
/// let more = Continuation::of(&table, &file)?;
/// assert_eq!((&more.values[..], more.name(1)), (&[0.0, 1.0, 2.0][..], "64".to_owned()));
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Continuation {
    /// The new values \[rows\], in the order of time.
    pub values: Vec<f64>,
    /// Known inputs of these rows and of the rows to come \[inputs\]\[rows + horizon\].
    pub known: Vec<Vec<f64>>,
    /// What was found out or done, in sentences.
    pub notes: Vec<String>,
    calendar: Calendar,
    /// Rows of the table that have values.
    rows: usize,
}

impl Continuation {
    /// The new rows of `table`.
    ///
    /// # Errors
    /// [`Error::Table`] for a table that is no series with the columns of the forecast, that does not go on from what was learned, or whose
    /// known inputs do not go on far enough.
    pub fn of(table: &Table, file: &ForecastFile) -> Result<Self> {
        let ForecastFile { column, model, origin } = file;
        let mut known: Vec<String> = origin.known.iter().map(|input| input.column.clone()).collect();
        known.dedup();
        let keep_outliers = origin.keep_outliers;
        let options = SeriesOptions { columns: vec![column.clone()], known, keep_outliers };
        let SeriesTable { calendar, columns, known, notes, ahead } =
            SeriesTable::with(table, &options, origin.known.clone())?;
        let values = columns.into_iter().next().map(|column| column.values).unwrap_or_default();
        let wrong = |problem: String| table.error(table.lines()[0], column, problem);
        let rows = values.len();
        let first = first_new(&calendar, rows, file).map_err(wrong)?;
        let shared = &values[..first];
        let compared = shared.iter().rev().zip(model.last_values().iter().rev()).take(COMPARED);
        for (back, (value, learned)) in compared.enumerate() {
            if (value - learned).abs() > 1e-9 * learned.abs() {
                let row = calendar.name(first - 1 - back);
                return Err(wrong(format!(
                    "is {value} in row {row}, and was {learned} when it was learned: another series"
                )));
            }
        }
        if !known.is_empty() && ahead < model.horizon() {
            let horizon = model.horizon();
            return Err(wrong(format!(
                "has {ahead} row{} to come with known inputs: must be {horizon}, which are predicted",
                if ahead == 1 { "" } else { "s" }
            )));
        }
        let known = known.into_iter().map(|input| input.values[first..].to_vec()).collect();
        Ok(Self { values: values[first..].to_vec(), known, notes, calendar, rows })
    }

    /// The name of the row that is so many rows ahead, from 1: its date, or its number in the table.
    pub fn name(&self, ahead: usize) -> String {
        self.calendar.name(self.rows + ahead - 1)
    }

    /// Whether rows have dates.
    pub fn has_dates(&self) -> bool {
        self.calendar != Calendar::Rows
    }
}

/// The first row of the table that was not learned.
fn first_new(calendar: &Calendar, rows: usize, file: &ForecastFile) -> Result<usize, String> {
    if let (Some([last, next]), Calendar::Dates { .. }) = (&file.origin.last, calendar) {
        if let Some(row) = (0..rows).find(|&row| calendar.name(row) == *last) {
            return Ok(row + 1);
        }
        if rows == 0 || calendar.name(0) == *next {
            return Ok(0);
        }
        return Err(format!(
            "has no row of {last}, the last that was learned, and does not begin with {next}, the next one"
        ));
    }
    let learned = file.model.rows();
    if rows < learned {
        return Err(format!("has {rows} rows, and {learned} were learned: give the table that was learned, gone on"));
    }
    Ok(learned)
}
