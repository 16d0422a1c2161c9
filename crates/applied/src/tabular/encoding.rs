//! Columns of a table as inputs of a network.
//!
//! ```text
//!     number     x = (v − mean)/deviation ,  0 where it is missing              then 1 if missing, else 0
//!     category   x_l = 1 if the cell is level l, else 0                         then 1 if rare, then 1 if missing
//! ```
//! v a cell · mean, deviation of the training part, in `f64` · l levels that stand in [`FREQUENT`] rows of the training part or
//! more, the [`MOST_LEVELS`] most frequent of them. Inputs for rare and missing cells are there only if the training part has
//! such cells. A level that was never seen counts as rare.
//!
//! Cost: memory of rows × inputs × 4 bytes, refused above [`MOST_VALUES`] values.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use tegmentum::error::Result;

use crate::table::{Column, Table, Values};

/// Rows of the training part from which on a level is not rare.
const FREQUENT: usize = 5;
/// Levels of a category that have an input of their own, at most.
const MOST_LEVELS: usize = 100;
/// Values of all inputs of a table, at most: 1 GiB.
const MOST_VALUES: usize = 1 << 28;
/// Standard deviations from the mean beyond which a number is cut.
pub(crate) const FARTHEST: f64 = 1e6;

/// The columns that a model reads, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Encoding {
    pub(crate) columns: Vec<Coded>,
}

/// A column and how it is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Coded {
    pub(crate) name: String,
    pub(crate) coding: Coding,
}

/// How a column is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Coding {
    /// A standardised number.
    Number { mean: f64, deviation: f64, missing: bool },
    /// An input for each level.
    Category { levels: Vec<String>, rare: bool, missing: bool },
}

/// A column that a model does not read, and why.
///
/// # Example
/// ```
/// use tegmentum_applied::tabular::Dropped;
/// let dropped = Dropped { column: "day".to_owned(), reason: "it has dates".to_owned() };
/// assert_eq!(dropped.column, "day");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dropped {
    /// The column.
    pub column: String,
    /// Why it is not read.
    pub reason: String,
}

impl Encoding {
    /// Learns the encoding from `rows` of the table; columns named in `without` are left out and not mentioned.
    pub(super) fn learn(table: &Table, rows: &[usize], without: &[&str]) -> Result<(Self, Vec<Dropped>)> {
        let (mut columns, mut dropped) = (Vec::new(), Vec::new());
        for column in table.columns().iter().filter(|column| !without.contains(&column.name())) {
            match Coding::learn(column, rows) {
                Ok(coding) => columns.push(Coded { name: column.name().to_owned(), coding }),
                Err(reason) => dropped.push(Dropped { column: column.name().to_owned(), reason: reason.to_owned() }),
            }
        }
        let encoding = Self { columns };
        if encoding.width() == 0 {
            let problem =
                "no column is left to learn from: all are constant, dates, identifiers or excluded".to_owned();
            return Err(table.error(1, "all", problem));
        }
        Ok((encoding, dropped))
    }

    /// Inputs of the network.
    pub(crate) fn width(&self) -> usize {
        self.columns.iter().map(|column| column.coding.width()).sum()
    }

    /// The inputs of each column, in order.
    pub(crate) fn ranges(&self) -> Vec<Range<usize>> {
        let mut first = 0;
        let range = |column: &Coded| {
            let range = first..first + column.coding.width();
            first = range.end;
            range
        };
        self.columns.iter().map(range).collect()
    }

    /// Inputs of all rows of the table, [rows × inputs].
    pub(crate) fn encode(&self, table: &Table) -> Result<Vec<f32>> {
        let (rows, width) = (table.rows(), self.width());
        if rows.checked_mul(width).is_none_or(|values| values > MOST_VALUES) {
            let problem = format!("{rows} rows of {width} inputs are too many: leave out columns of many levels");
            return Err(table.error(1, "all", problem));
        }
        let mut inputs = vec![0.0; rows * width];
        for (coded, range) in self.columns.iter().zip(self.ranges()) {
            let column = table.column(&coded.name)?;
            for (row, inputs) in inputs.chunks_exact_mut(width).enumerate() {
                coded.coding.write(column, row, &mut inputs[range.clone()]).map_err(|cell| {
                    let problem = format!("{cell}: must be a number, as in the rows that the model learned from");
                    table.error(table.lines()[row], &coded.name, problem)
                })?;
            }
        }
        Ok(inputs)
    }
}

impl Coding {
    /// How to read a column, or why not to.
    fn learn(column: &Column, rows: &[usize]) -> Result<Self, &'static str> {
        match column.values() {
            Values::Date(_) => Err("it has dates"),
            Values::Number(values) => Self::of_numbers(values, rows),
            Values::Category { names, codes } => Self::of_categories(names, codes, rows),
        }
    }

    fn of_numbers(values: &[f64], rows: &[usize]) -> Result<Self, &'static str> {
        if values.len() > 2 && values.windows(2).all(|pair| pair[1] - pair[0] == 1.0) {
            return Err("it counts the rows");
        }
        let present: Vec<f64> = rows.iter().map(|&row| values[row]).filter(|value| !value.is_nan()).collect();
        let missing = present.len() < rows.len();
        let (mean, deviation) = mean_and_deviation(&present);
        match (deviation > 0.0, missing && !present.is_empty()) {
            (true, _) => Ok(Self::Number { mean, deviation, missing }),
            (false, true) => Ok(Self::Number { mean, deviation: 1.0, missing }),
            (false, false) => Err("it is constant"),
        }
    }

    fn of_categories(names: &[String], codes: &[Option<u32>], rows: &[usize]) -> Result<Self, &'static str> {
        let mut counts = vec![0usize; names.len()];
        let mut missing = 0;
        for &row in rows {
            match codes[row] {
                Some(code) => counts[code as usize] += 1,
                None => missing += 1,
            }
        }
        let present = rows.len() - missing;
        let used = counts.iter().filter(|&&count| count > 0).count();
        if used <= 1 && (missing == 0 || present == 0) {
            return Err("it is constant");
        }
        let mut frequent: Vec<usize> = (0..names.len()).filter(|&level| counts[level] >= FREQUENT).collect();
        frequent.sort_by_key(|&level| std::cmp::Reverse(counts[level]));
        frequent.truncate(MOST_LEVELS);
        frequent.sort_unstable();
        if frequent.is_empty() {
            return Err("it looks like an identifier: no value stands in five rows or more");
        }
        let covered: usize = frequent.iter().map(|&level| counts[level]).sum();
        let levels = frequent.into_iter().map(|level| names[level].clone()).collect();
        Ok(Self::Category { levels, rare: covered < present, missing: missing > 0 })
    }

    pub(crate) fn width(&self) -> usize {
        match self {
            Self::Number { missing, .. } => 1 + usize::from(*missing),
            Self::Category { levels, rare, missing } => levels.len() + usize::from(*rare) + usize::from(*missing),
        }
    }

    /// Writes the inputs for a row, which are zeros; the error is a cell that is not a number.
    fn write(&self, column: &Column, row: usize, inputs: &mut [f32]) -> Result<(), String> {
        match (self, column.values()) {
            (Self::Number { mean, deviation, missing }, Values::Number(values)) => {
                if values[row].is_nan() {
                    inputs[inputs.len() - 1] = f32::from(u8::from(*missing));
                } else {
                    let distance = (values[row] - mean) / deviation;
                    inputs[0] = distance.clamp(-FARTHEST, FARTHEST) as f32;
                }
            }
            (Self::Number { missing, .. }, Values::Category { names, codes }) => match codes[row] {
                None => inputs[inputs.len() - 1] = f32::from(u8::from(*missing)),
                Some(code) => return Err(crate::table::quoted(&names[code as usize])),
            },
            (Self::Number { .. }, Values::Date(_)) => return Err("a date".to_owned()),
            (Self::Category { .. }, _) => {
                if let Some(place) = self.place(cell(column, row).as_deref()) {
                    inputs[place] = 1.0;
                }
            }
        }
        Ok(())
    }

    /// The input of a category that is 1 for a cell, `None` for a missing one; nothing if all of them are 0.
    pub(crate) fn place(&self, cell: Option<&str>) -> Option<usize> {
        let Self::Category { levels, missing, .. } = self else { return None };
        match cell {
            None => missing.then(|| self.width() - 1),
            Some(cell) => levels.iter().position(|level| is_same(level, cell)).or_else(|| self.unseen()),
        }
    }

    /// The input of a category that is 1 for a name that was never seen; nothing if all of them are 0.
    pub(crate) fn unseen(&self) -> Option<usize> {
        let Self::Category { levels, rare, .. } = self else { return None };
        rare.then_some(levels.len())
    }

    /// Whether everything in it is a number that can be used.
    pub(crate) fn is_sound(&self) -> bool {
        match self {
            Self::Number { mean, deviation, .. } => mean.is_finite() && deviation.is_finite() && *deviation > 0.0,
            Self::Category { levels, .. } => !levels.is_empty(),
        }
    }
}

/// A cell as text; `None` if it is missing.
fn cell(column: &Column, row: usize) -> Option<String> {
    match column.values() {
        Values::Number(values) => (!values[row].is_nan()).then(|| values[row].to_string()),
        Values::Category { names, codes } => codes[row].map(|code| names[code as usize].clone()),
        Values::Date(dates) => dates[row].map(|date| date.to_string()),
    }
}

/// Whether two cells say the same; `1` and `1.0` do.
fn is_same(a: &str, b: &str) -> bool {
    a == b || matches!((a.parse::<f64>(), b.parse::<f64>()), (Ok(a), Ok(b)) if a == b)
}

/// Mean and standard deviation of finite numbers, of any size; 0 without any.
pub(super) fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    // In units of the largest, so that squares stay finite.
    let unit = values.iter().fold(0.0f64, |unit, value| unit.max(value.abs()));
    let is_constant = values.iter().all(|&value| value == values[0]);
    if is_constant || unit == 0.0 {
        return (values.first().copied().unwrap_or(0.0), 0.0);
    }
    let mean = values.iter().map(|value| value / unit).sum::<f64>() / count;
    let variance = values.iter().map(|value| (value / unit - mean).powi(2)).sum::<f64>() / count;
    (mean * unit, variance.sqrt() * unit)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::table::ReadOptions;

    fn table(text: &str) -> Table {
        Table::from_csv(text.as_bytes(), "t.csv", &ReadOptions::default()).unwrap()
    }

    #[test]
    fn columns_become_the_inputs_of_the_equations() {
        let mut text = "n,c,k,id,day,empty,count\n".to_owned();
        for row in 0..12 {
            let (n, c) = (
                if row == 3 {
                    "NA"
                } else if row % 2 == 0 {
                    "1"
                } else {
                    "3"
                },
                ["red", "blue"][row % 2],
            );
            let c = if row == 4 { "green" } else { c };
            writeln!(text, "{n},{c},7,name{row},2024-01-{:02},?,{row}", row + 1).unwrap();
        }
        let table = table(&text);
        let rows: Vec<usize> = (0..12).collect();
        let (encoding, dropped) = Encoding::learn(&table, &rows, &[]).unwrap();
        let reasons: Vec<String> = dropped.iter().map(|one| format!("{}: {}", one.column, one.reason)).collect();
        let expected = [
            "k: it is constant",
            "id: it looks like an identifier: no value stands in five rows or more",
            "day: it has dates",
            "empty: it is constant",
            "count: it counts the rows",
        ];
        assert_eq!(reasons, expected);
        assert_eq!(encoding.ranges(), [0..2, 2..5]);
        // Of eleven numbers six are 1 and five are 3.
        let (mean, deviation) = (21.0 / 11.0, (120.0f64 / 121.0).sqrt());
        let inputs = encoding.encode(&table).unwrap();
        let row = |row: usize| inputs[row * 5..(row + 1) * 5].to_vec();
        let one = ((1.0 - mean) / deviation) as f32;
        assert!((row(0)[0] - one).abs() < 1e-6);
        assert_eq!(row(0)[1..], [0.0, 0.0, 1.0, 0.0]);
        assert_eq!(row(3), [0.0, 1.0, 1.0, 0.0, 0.0]);
        assert_eq!(row(4)[2..], [0.0, 0.0, 1.0]);
    }

    #[test]
    fn another_table_needs_the_same_columns() {
        let first = table("a,c\n1,x\n2,x\n3,x\n4,x\n5,x\n6,y\n7,y\n8,y\n9,y\n11,y\n");
        let (encoding, _) = Encoding::learn(&first, &(0..10).collect::<Vec<_>>(), &[]).unwrap();
        let refused = |text: &str| encoding.encode(&table(text)).unwrap_err().to_string();
        assert_eq!(refused("a\n1\n"), "t.csv, line 1, column c: no such column: the table has \"a\"");
        let expected = "t.csv, line 2, column a: \"u\": must be a number, as in the rows that the model learned from";
        assert_eq!(refused("c,a\nx,u\n"), expected);
        let inputs = encoding.encode(&table("c,extra,a\nz,1,5.6\n?,1,1e300\n")).unwrap();
        assert_eq!((inputs[1..4].to_vec(), inputs[4], inputs[5]), (vec![0.0, 0.0, 1e6], 0.0, 0.0));
    }

    #[test]
    fn numbers_of_any_size_have_a_finite_deviation() {
        assert_eq!(mean_and_deviation(&[1e308, -1e308]), (0.0, 1e308));
        assert_eq!(mean_and_deviation(&[0.1, 0.1, 0.1]), (0.1, 0.0));
        assert_eq!(mean_and_deviation(&[]), (0.0, 0.0));
    }
}
