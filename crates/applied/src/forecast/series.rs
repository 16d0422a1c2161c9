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
//! - **Known inputs** are columns of numbers, or of categories, each level but the most frequent one becoming 0 or 1. The last rows have them
//!   alone: they are the rows to come.
//!
//! All of it is said. `keep_outliers` takes every value as it is.

use serde::{Deserialize, Serialize};

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
/// Most levels of a category that is a known input.
const MOST_LEVELS: usize = 20;

/// The series of a table.
///
/// # Example
/// ```
/// use tegmentum_applied::forecast::series::{SeriesOptions, SeriesTable};
/// use tegmentum_applied::table::{ReadOptions, Table};
///
/// let table = Table::from_csv(b"month,sales\n2024-03,5\n2024-02,4\n2024-01,3\n", "t.csv", &ReadOptions::default())?;
/// let series = SeriesTable::of(&table, &SeriesOptions::default())?;
/// assert_eq!(series.columns[0].values, [3.0, 4.0, 5.0]);
/// assert_eq!(series.calendar.name(3), "2024-04-01");
///
/// let table = Table::from_csv(b"day,sales,price\n1,5,2\n2,4,3\n3,6,1\n4,,2\n5,,3\n", "t.csv", &ReadOptions::default())?;
/// let series = SeriesTable::of(&table, &SeriesOptions { known: vec!["price".into()], ..SeriesOptions::default() })?;
/// assert_eq!((series.columns[0].values.len(), series.ahead), (3, 2));
/// assert_eq!(series.known[0].values, [2.0, 3.0, 1.0, 2.0, 3.0]);
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesTable {
    /// The time of the rows, ascending.
    pub calendar: Calendar,
    /// The series to forecast.
    pub columns: Vec<SeriesColumn>,
    /// Known inputs, whose values go on for the rows to come \[rows + ahead\].
    pub known: Vec<KnownColumn>,
    /// Rows to come, of which the known inputs are there.
    pub ahead: usize,
    /// What was found out or done, in sentences.
    pub notes: Vec<String>,
}

/// Which columns of a table are what.
///
/// # Example
/// [`SeriesTable`] has one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeriesOptions {
    /// The columns to forecast; all with numbers, but time and known inputs, if empty.
    pub columns: Vec<String>,
    /// The known inputs.
    pub known: Vec<String>,
    /// Whether values far from all others are taken as they are.
    pub keep_outliers: bool,
}

/// What a known input is made of.
///
/// # Example
/// ```
/// use tegmentum_applied::forecast::series::KnownInput;
///
/// let holiday = KnownInput { column: "holiday".into(), level: Some("yes".into()) };
/// assert_eq!(holiday.to_string(), "holiday = yes");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownInput {
    /// A column.
    pub column: String,
    /// Its level for which the input is 1, where it has categories.
    pub level: Option<String>,
}

impl std::fmt::Display for KnownInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.level {
            Some(level) => write!(f, "{} = {level}", self.column),
            None => f.write_str(&self.column),
        }
    }
}

/// A known input with its values.
///
/// # Example
/// [`SeriesTable`] has one.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownColumn {
    /// What it is.
    pub input: KnownInput,
    /// Its values \[rows + ahead\], in the order of time.
    pub values: Vec<f64>,
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
    /// The series of `table`.
    ///
    /// # Errors
    /// [`Error::Table`] with line and column for a column that is not there or has no numbers, a missing value, a value that
    /// stands for something else, and times that neither ascend nor descend.
    pub fn of(table: &Table, options: &SeriesOptions) -> Result<Self> {
        let inputs = known_inputs(table, &options.known)?;
        Self::with(table, options, inputs)
    }

    /// The same with these known inputs.
    pub(super) fn with(table: &Table, options: &SeriesOptions, inputs: Vec<KnownInput>) -> Result<Self> {
        let mut notes = table.notes().to_vec();
        let named = [&options.columns[..], &options.known[..]].concat();
        let (calendar, time, turned) = time(table, &named, &mut notes)?;
        let mut lines = table.lines().to_vec();
        if turned {
            lines.reverse();
        }
        let mut columns = Vec::new();
        for name in names(table, options, time.as_deref(), &mut notes)? {
            let column = table.column(&name)?;
            let Values::Number(values) = column.values() else {
                let problem = format!("has {}, not numbers", column.kind().plural());
                return Err(table.error(table.lines()[0], &name, problem));
            };
            let mut values = values.clone();
            if turned {
                values.reverse();
            }
            columns.push(SeriesColumn { name, values });
        }
        let known = inputs.into_iter().map(|input| input.read(table, turned, &lines));
        let known = known.collect::<Result<Vec<_>>>()?;
        let ahead = if known.is_empty() { 0 } else { rows_to_come(table, &columns, &lines)? };
        if ahead > 0 {
            let names: Vec<String> = known.iter().map(|known| known.input.to_string()).collect();
            let rows = if ahead == 1 { "1 row" } else { &format!("{ahead} rows") };
            notes.push(format!("Known for {rows} to come: {}.", names.join(", ")));
        }
        lines.truncate(lines.len() - ahead);
        for SeriesColumn { name, values } in &mut columns {
            values.truncate(lines.len());
            complete(table, name, values, &lines)?;
            if !options.keep_outliers {
                refuse_sentinels(table, name, values, &lines)?;
                replace_outliers(name, values, &lines, &mut notes);
            }
        }
        Ok(Self { calendar, columns, known, ahead, notes })
    }

    /// The known inputs as a forecast takes them \[inputs\]\[rows + ahead\].
    pub fn known_values(&self) -> Vec<Vec<f64>> {
        self.known.iter().map(|input| input.values.clone()).collect()
    }
}

/// The known inputs that these columns are: their numbers, or each level but the most frequent one.
fn known_inputs(table: &Table, names: &[String]) -> Result<Vec<KnownInput>> {
    let mut inputs = Vec::new();
    for (index, name) in names.iter().enumerate() {
        if names[..index].contains(name) {
            return Err(table.error(1, name, "is named twice: once is enough".to_owned()));
        }
        match table.column(name)?.values() {
            Values::Category { names: levels, codes } => {
                if levels.len() > MOST_LEVELS {
                    let many = levels.len();
                    let problem = format!("has {many} different texts: a known input may have {MOST_LEVELS} at most");
                    return Err(table.error(table.lines()[0], name, problem));
                }
                let count = |level: &usize| codes.iter().filter(|code| **code == Some(*level as u32)).count();
                let usual = (0..levels.len()).rev().max_by_key(count);
                let others = (0..levels.len()).filter(|level| Some(*level) != usual);
                let one = |level: usize| KnownInput { column: name.clone(), level: Some(levels[level].clone()) };
                inputs.extend(others.map(one));
            }
            Values::Number(_) | Values::Date(_) => inputs.push(KnownInput { column: name.clone(), level: None }),
        }
    }
    Ok(inputs)
}

impl KnownInput {
    /// Its values in the order of time, all there.
    fn read(self, table: &Table, turned: bool, lines: &[u64]) -> Result<KnownColumn> {
        let column = table.column(&self.column)?;
        let mut values = match (column.values(), &self.level) {
            (Values::Number(values), None) => values.clone(),
            // Levels that are numbers, if no other one is in this table.
            (Values::Number(values), Some(level)) => {
                let level = level.parse::<f64>().ok();
                let of = |value: &f64| if value.is_nan() { f64::NAN } else { indicator(Some(*value) == level) };
                values.iter().map(of).collect()
            }
            (Values::Category { names, codes }, Some(level)) => {
                let code = names.iter().position(|name| name == level).map(|code| code as u32);
                codes.iter().map(|own| own.map_or(f64::NAN, |own| indicator(Some(own) == code))).collect()
            }
            (Values::Date(_), _) | (Values::Category { .. }, None) => {
                let problem = format!("has {}, not what a known input can be", column.kind().plural());
                return Err(table.error(table.lines()[0], &self.column, problem));
            }
        };
        if turned {
            values.reverse();
        }
        complete(table, &self.column, &values, lines)?;
        Ok(KnownColumn { input: self, values })
    }
}

fn indicator(is_it: bool) -> f64 {
    f64::from(u8::from(is_it))
}

/// The rows at the end that have known inputs alone.
fn rows_to_come(table: &Table, columns: &[SeriesColumn], lines: &[u64]) -> Result<usize> {
    let is_open = |row: &usize| columns.iter().all(|column| column.values[*row].is_nan());
    let ahead = (0..lines.len()).rev().take_while(is_open).count();
    if ahead == 0 {
        let problem =
            "has a value in the last row: known inputs need rows to come, which have them and nothing else".to_owned();
        return Err(table.error(lines[lines.len() - 1], &columns[0].name, problem));
    }
    if ahead == lines.len() {
        return Err(table.error(lines[0], &columns[0].name, "has no value".to_owned()));
    }
    Ok(ahead)
}

/// The names of the columns to forecast.
fn names(table: &Table, options: &SeriesOptions, time: Option<&str>, notes: &mut Vec<String>) -> Result<Vec<String>> {
    let SeriesOptions { columns: chosen, known, .. } = options;
    if let Some(name) = chosen.iter().find(|name| known.contains(name)) {
        return Err(table.error(1, name, "is to be forecast and a known input: it can be one of them".to_owned()));
    }
    if !chosen.is_empty() {
        for (index, name) in chosen.iter().enumerate() {
            table.column(name)?;
            if chosen[..index].contains(name) {
                return Err(table.error(1, name, "is named twice: once is enough".to_owned()));
            }
        }
        return Ok(chosen.clone());
    }
    let is_other = |name: &str| Some(name) != time && !known.iter().any(|known| known == name);
    let others = || table.columns().iter().filter(|column| is_other(column.name()));
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

/// All values must be there.
fn complete(table: &Table, name: &str, values: &[f64], lines: &[u64]) -> Result<()> {
    let mut missing: Vec<u64> =
        values.iter().zip(lines).filter(|(value, _)| value.is_nan()).map(|(_, line)| *line).collect();
    missing.sort_unstable();
    match missing.first() {
        None => Ok(()),
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
mod tests;
