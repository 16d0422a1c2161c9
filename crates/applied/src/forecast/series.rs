//! From a table to series: which column is time, which are to be forecast, and what is wrong with them.
//!
//! - **Time** is the first column of dates; else a counter: a column of numbers, or of words that end in one, with one and the same step,
//!   if there is another column of numbers. Numbers of a counter around 10⁹ are seconds since 1970. What descends is turned.
//! - **Missing values** are refused: what should stand there is for the user to decide.
//! - **A value far from all others that comes back** (the deviation from the median is over 20 times the interquartile range, three times or
//!   more) stands for something else, such as a missing value, and is refused.
//! - **A single one** (over 12 times the usual deviation from its neighbours, and beyond the others) is replaced by the mean of its
//!   neighbours.
//!
//! All of it is said. `keep_outliers` takes every value as it is.

use super::calendar::{self, Calendar};
use crate::table::{Kind, Table, Values};
#[cfg(doc)]
use tegmentum::error::Error;
use tegmentum::error::Result;

/// Equal values far away that are taken to stand for something else.
const SENTINELS: usize = 3;
/// Interquartile ranges from the median that are far away.
const FAR: f64 = 20.0;
/// Usual deviations from the neighbours that make an outlier.
const OUTLYING: f64 = 12.0;
/// Rows below which no outlier is looked for.
const FEW: usize = 20;

/// The series of a table.
///
/// # Example
/// ```
/// use tegmentum_applied::forecast::series::SeriesTable;
/// use tegmentum_applied::table::{ReadOptions, Table};
///
/// let table = Table::from_csv(b"month,sales\n2024-03,5\n2024-02,4\n2024-01,3\n", "t.csv", &ReadOptions::default())?;
/// let series = SeriesTable::of(&table, &[], false)?;
/// assert_eq!(series.columns[0].values, [3.0, 4.0, 5.0]);
/// assert_eq!(series.calendar.name(3), "2024-04-01");
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesTable {
    /// The time of the rows, ascending.
    pub calendar: Calendar,
    /// The series to forecast.
    pub columns: Vec<SeriesColumn>,
    /// What was found out or done, in sentences.
    pub notes: Vec<String>,
}

/// One series.
///
/// # Example
/// [`SeriesTable`] has one.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesColumn {
    /// Its name.
    pub name: String,
    /// Its values \[rows\], in the order of time.
    pub values: Vec<f64>,
}

impl SeriesTable {
    /// The series of `table`: those that `chosen` names, or all columns of numbers that are not time.
    ///
    /// # Errors
    /// [`Error::Table`] with line and column for a column that is not there or has no numbers, a missing value, a value that
    /// stands for something else, and times that neither ascend nor descend.
    pub fn of(table: &Table, chosen: &[String], keep_outliers: bool) -> Result<Self> {
        let mut notes = table.notes().to_vec();
        let (calendar, time, turned) = time(table, chosen, &mut notes)?;
        let mut columns = Vec::new();
        for name in names(table, chosen, time.as_deref(), &mut notes)? {
            let column = table.column(&name)?;
            let Values::Number(values) = column.values() else {
                return Err(table.error(
                    table.lines()[0],
                    &name,
                    format!("has {}, not numbers", column.kind().plural()),
                ));
            };
            let mut values = complete(table, &name, values)?;
            let mut lines = table.lines().to_vec();
            if turned {
                values.reverse();
                lines.reverse();
            }
            if !keep_outliers {
                refuse_sentinels(table, &name, &values, &lines)?;
                replace_outliers(&name, &mut values, &lines, &mut notes);
            }
            columns.push(SeriesColumn { name, values });
        }
        Ok(Self { calendar, columns, notes })
    }
}

/// The names of the columns to forecast.
fn names(table: &Table, chosen: &[String], time: Option<&str>, notes: &mut Vec<String>) -> Result<Vec<String>> {
    if !chosen.is_empty() {
        for (index, name) in chosen.iter().enumerate() {
            table.column(name)?;
            if chosen[..index].contains(name) {
                return Err(table.error(1, name, "is named twice: once is enough".to_owned()));
            }
        }
        return Ok(chosen.to_vec());
    }
    let others = || table.columns().iter().filter(|column| Some(column.name()) != time);
    let numbers: Vec<String> =
        others().filter(|column| column.kind() == Kind::Number).map(|column| column.name().to_owned()).collect();
    if numbers.is_empty() {
        return Err(table.error(1, "all", "no column has numbers that could be forecast".to_owned()));
    }
    let left: Vec<String> = others()
        .filter(|column| column.kind() != Kind::Number)
        .map(|column| format!("{:?} ({})", column.name(), column.kind().plural()))
        .collect();
    if !left.is_empty() {
        notes.push(format!("Not used: {}.", left.join(", ")));
    }
    Ok(numbers)
}

/// The calendar, the column it is from, and whether the rows are to be turned.
fn time(table: &Table, chosen: &[String], notes: &mut Vec<String>) -> Result<(Calendar, Option<String>, bool)> {
    for column in table.columns() {
        let Values::Date(dates) = column.values() else { continue };
        if let Some(row) = dates.iter().position(Option::is_none) {
            let problem = "the date is missing: every row needs one, or leave the column out".to_owned();
            return Err(table.error(table.lines()[row], column.name(), problem));
        }
        let mut dates: Vec<_> = dates.iter().copied().flatten().collect();
        let turned = dates.len() > 1 && dates.windows(2).all(|pair| pair[0] > pair[1]);
        if turned {
            dates.reverse();
            notes.push(format!("The rows begin with the newest {:?} and were turned.", column.name()));
        }
        let Some(calendar) = Calendar::of_dates(&dates) else {
            if dates.len() < 2 {
                return Ok((Calendar::Rows, Some(column.name().to_owned()), false));
            }
            let row = dates.windows(2).position(|pair| pair[0] >= pair[1]).map_or(0, |row| row + 1);
            let problem = "the date does not come after that of the row before: must ascend, each date once".to_owned();
            return Err(table.error(table.lines()[row], column.name(), problem));
        };
        describe(&calendar, column.name(), table, turned, notes);
        return Ok((calendar, Some(column.name().to_owned()), turned));
    }
    Ok(counter(table, chosen, notes))
}

/// Says what the step is, and where it is another one.
fn describe(calendar: &Calendar, name: &str, table: &Table, turned: bool, notes: &mut Vec<String>) {
    let Calendar::Dates { step, .. } = calendar else { return };
    let irregular = calendar.irregular();
    let Some(&first) = irregular.first() else {
        notes.push(format!("{name:?} is time, in steps of {}.", step.describe()));
        return;
    };
    let line = if turned { table.lines()[table.rows() - 1 - first] } else { table.lines()[first] };
    notes.push(format!(
        "{name:?} is time, mostly in steps of {}; {} of the steps {} of another length, the first at line {line} \
         ({} to {}). Rows are taken as equal steps: fill gaps for a better forecast.",
        step.describe(),
        irregular.len(),
        if irregular.len() == 1 { "is" } else { "are" },
        calendar.name(first - 1),
        calendar.name(first),
    ));
}

/// A column that counts the rows, if there is one beside a column of other numbers.
fn counter(table: &Table, chosen: &[String], notes: &mut Vec<String>) -> (Calendar, Option<String>, bool) {
    let none = (Calendar::Rows, None, false);
    let numbers = table.columns().iter().filter(|column| column.kind() == Kind::Number).count();
    for column in table.columns() {
        let own = usize::from(column.kind() == Kind::Number);
        if chosen.iter().any(|name| name == column.name()) || numbers == own || table.rows() < 4 {
            continue;
        }
        let Some(counts) = counts(column.values()) else { continue };
        let step = counts[1] - counts[0];
        let equal = counts.windows(2).all(|pair| ((pair[1] - pair[0]) - step).abs() <= 1e-9 * step.abs());
        if step == 0.0 || !equal {
            continue;
        }
        let (name, turned) = (column.name().to_owned(), step < 0.0);
        let mut ascending = counts;
        if turned {
            ascending.reverse();
            notes.push(format!("{name:?} counts down: the rows were turned."));
        }
        let dates = if (1e8..1e10).contains(&ascending[0]) && step.abs() >= 1.0 {
            ascending.iter().map(|&count| calendar::of_unix(count)).collect::<Option<Vec<_>>>()
        } else {
            None
        };
        if let Some(calendar) = dates.and_then(|dates| Calendar::of_dates(&dates)) {
            notes.push(format!("{name:?} counts seconds since 1970 and is time."));
            describe(&calendar, &name, table, turned, notes);
            return (calendar, Some(name), turned);
        }
        if !turned {
            notes.push(format!("{name:?} counts the rows and is not forecast; name it in --columns if it should be."));
        }
        return (Calendar::Rows, Some(name), turned);
    }
    none
}

/// The numbers of a counter: those of the column, or those at the end of its words.
fn counts(values: &Values) -> Option<Vec<f64>> {
    match values {
        Values::Number(values) => values.iter().all(|value| value.is_finite()).then(|| values.clone()),
        Values::Category { names, codes } => codes
            .iter()
            .map(|code| {
                let name = names.get((*code)? as usize)?;
                let digits = name.trim_start_matches(|c: char| !c.is_ascii_digit());
                digits.parse::<u32>().ok().map(f64::from)
            })
            .collect(),
        Values::Date(_) => None,
    }
}

/// The values, all of them there.
fn complete(table: &Table, name: &str, values: &[f64]) -> Result<Vec<f64>> {
    let missing: Vec<u64> =
        values.iter().zip(table.lines()).filter(|(value, _)| value.is_nan()).map(|(_, line)| *line).collect();
    match missing.first() {
        None => Ok(values.to_vec()),
        Some(&first) => {
            let more = match missing.len() {
                1 => String::new(),
                count => format!(" (and in {} more rows)", count - 1),
            };
            Err(table.error(
                first,
                name,
                format!("the value is missing{more}: what should stand there is for you to decide"),
            ))
        }
    }
}

/// Refuses a value that is far from all others and comes back.
fn refuse_sentinels(table: &Table, name: &str, values: &[f64], lines: &[u64]) -> Result<()> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share) as usize];
    let (median, range) = (at(0.5), at(0.75) - at(0.25));
    let far = |value: f64| range > 0.0 && (value - median).abs() > FAR * range;
    for &extreme in [sorted.first(), sorted.last()].into_iter().flatten() {
        let count = values.iter().filter(|value| **value == extreme).count();
        if values.len() >= FEW && far(extreme) && count >= SENTINELS {
            let row = values.iter().position(|value| *value == extreme).unwrap_or(0);
            let problem = format!(
                "{extreme} stands in {count} rows, far from all others: replace it if it means a missing value, or give \
                 --keep-outliers"
            );
            return Err(table.error(lines[row], name, problem));
        }
    }
    Ok(())
}

/// Replaces single values that are far from their neighbours, and says so.
fn replace_outliers(name: &str, values: &mut [f64], lines: &[u64], notes: &mut Vec<String>) {
    if values.len() < FEW {
        return;
    }
    let neighbours = |values: &[f64], row: usize| match row {
        0 => values[1],
        row if row + 1 == values.len() => values[row - 1],
        row => 0.5 * (values[row - 1] + values[row + 1]),
    };
    let original = values.to_vec();
    let deviations: Vec<f64> =
        (0..values.len()).map(|row| (original[row] - neighbours(&original, row)).abs()).collect();
    let mut sorted = deviations.clone();
    sorted.sort_by(f64::total_cmp);
    // Nearly all rows are usual ones; a series that mostly stands still has no usual deviation.
    let usual = 1.4826 * sorted[sorted.len() / 2];
    let largest = sorted[sorted.len() * 4 / 5];
    let mut levels = original.clone();
    levels.sort_by(f64::total_cmp);
    let (low, high) = (levels[levels.len() / 50], levels[levels.len() - 1 - levels.len() / 50]);
    let beyond = |value: f64| value < low - 2.0 * (high - low) || value > high + 2.0 * (high - low);
    let found: Vec<usize> = (0..values.len())
        .filter(|&row| usual > 0.0 && deviations[row] > OUTLYING * usual.max(0.5 * largest) && beyond(original[row]))
        .collect();
    // The mean of neighbours must not be drawn by another outlier.
    for &row in found.iter().take(values.len() / 50 + 1) {
        values[row] = neighbours(&original, row);
        notes.push(format!(
            "{name:?}, line {}: {} is far from all other values and was replaced by {} (--keep-outliers takes it as it is).",
            lines[row], original[row], values[row]
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::ReadOptions;

    fn series(text: &str, chosen: &[&str]) -> Result<SeriesTable> {
        let chosen: Vec<String> = chosen.iter().map(|&name| name.to_owned()).collect();
        let table = Table::from_csv(text.as_bytes(), "t.csv", &ReadOptions::default())?;
        SeriesTable::of(&table, &chosen, false)
    }

    fn wave(rows: usize, change: impl Fn(usize) -> Option<f64>) -> String {
        let values = (0..rows).map(|row| change(row).unwrap_or_else(|| (0.3 * row as f64).sin()).to_string());
        std::iter::once("y".to_owned()).chain(values).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn counters_are_time_and_turned_where_they_descend() {
        let counted = series("n,y\n0,5\n1,4\n2,6\n3,5\n", &[]).unwrap();
        assert_eq!((counted.columns.len(), counted.columns[0].name.as_str()), (1, "y"));
        assert!(counted.notes[0].contains("counts the rows"), "{:?}", counted.notes);
        let turned = series("date,y\nd3,5\nd2,4\nd1,6\nd0,7\n", &[]).unwrap();
        assert_eq!(turned.columns[0].values, [7.0, 6.0, 4.0, 5.0]);
        let unix = series("t,y\n1700000000,5\n1700003600,4\n1700007200,6\n1700010800,7\n", &[]).unwrap();
        assert_eq!(unix.calendar.name(4), "2023-11-15T02:13:20");
        let asked = series("n,y\n0,5\n1,4\n2,6\n3,5\n", &["n"]).unwrap();
        assert_eq!(asked.columns[0].name, "n");
    }

    #[test]
    fn what_stands_for_something_else_is_refused_and_a_single_one_replaced() {
        let error = series(&wave(60, |row| (row % 20 == 9).then_some(-999.0)), &[]).unwrap_err().to_string();
        assert!(error.starts_with("t.csv, line 11, column y: -999 stands in 3 rows"), "{error}");
        let once = series(&wave(60, |row| (row == 9).then_some(1e6)), &[]).unwrap();
        assert!(
            once.columns[0].values[9] < 2.0 && once.notes[0].contains("line 11: 1000000 is far"),
            "{:?}",
            once.notes
        );
        let shift = series(&wave(60, |row| (row >= 40).then_some(50.0 + (row % 3) as f64)), &[]).unwrap();
        assert!(shift.notes.is_empty(), "a shift of the level is no outlier: {:?}", shift.notes);
        let error = series("y\n1\n\n3\n4\n", &[]).unwrap_err().to_string();
        assert!(error.starts_with("t.csv, line 3, column y: the value is missing"), "{error}");
    }

    #[test]
    fn disorder_and_gaps_are_named() {
        let error = series("d,y\n2024-01-01,1\n2024-01-03,2\n2024-01-02,3\n", &[]).unwrap_err().to_string();
        assert!(error.starts_with("t.csv, line 4, column d: the date does not come after"), "{error}");
        let gap = series("d,y\n2024-01-01,1\n2024-01-02,2\n2024-01-03,2\n2024-01-06,3\n", &[]).unwrap();
        assert!(
            gap.notes[0].contains("steps of 1 day; 1 of the steps is of another length, the first at line 5"),
            "{:?}",
            gap.notes
        );
        let error = series("d,y\n2024-01-01,1\n2024-01-02,2\n", &["z"]).unwrap_err().to_string();
        assert!(error.contains("no such column"), "{error}");
    }
}
