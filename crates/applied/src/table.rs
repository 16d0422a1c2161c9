//! A table read from text: columns of numbers, of categories and of dates, with what is wrong named by its cell.
//!
//! # The text
//! Rows in lines, cells between delimiters, quoted where they must be (RFC 4180). UTF-8, with or without a byte order mark, or
//! UTF-16 with one. Spaces around a cell and empty lines are skipped; in a table of one column an empty line between two rows
//! is a missing value. Lines are counted from 1, as an editor counts them.
//!
//! # What is found out, and can be given
//!
//! | what | how it is found |
//! |---|---|
//! | the delimiter | a tab, `;` or `,`, in this order: the first that cuts every row into the same number of cells, two or more |
//! | a header | a column whose cells are numbers or dates below a first cell that is neither; else a first row without numbers and dates, or one that counts years over rows that do not |
//! | the decimal separator | a cell such as `1,5` or `1.25`; a cell that can be read in two ways, such as `1.234` beside `1,5`, is refused |
//! | the kind of a column | below |
//! | the order of day and month | `31/01/2024` against `01/31/2024`, by all cells of the column; refused if both orders fit |
//!
//! A column is of *dates* if every cell is one; of *numbers* if every cell is one; of *categories* otherwise. A column in which
//! nine of ten cells are numbers, or dates, and others are not, is refused with the first of the others, unless
//! [`ReadOptions::text`] names it. Missing cells (empty, `NA`, `N/A`, `null`, `none`, `nan`, `-`, `?`, in capitals or not) belong
//! to every kind. Numbers are dates, in seconds since 1970, if the column is called `time`, `timestamp`, `date` or the like and
//! all of them lie between the years 1973 and 2100.
//!
//! # Cost
//! Time and memory are linear in the length of the text.
//!
//! # Example
//! ```
//! use tegmentum_applied::table::{ReadOptions, Table, Values};
//!
//! let text = "day;size;colour\n31.01.2024;1,5;red\n01.02.2024;;blue\n";
//! let table = Table::from_csv(text.as_bytes(), "sizes.csv", &ReadOptions::default())?;
//! assert_eq!(table.rows(), 2);
//! let Values::Number(sizes) = table.column("size")?.values() else { unreachable!("sizes are numbers") };
//! assert!(sizes[0] == 1.5 && sizes[1].is_nan());
//! assert!(table.column("colours").unwrap_err().to_string().contains("\"colour\""));
//! # Ok::<(), tegmentum::error::Error>(())
//! ```
//!
//! # References
//! 1. Y. Shafranovich, RFC 4180, 2005, doi:10.17487/RFC4180.

mod columns;
mod dates;
mod numbers;
mod text;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use jiff::civil::DateTime;
use tegmentum::error::{Error, Result};
pub(crate) use text::{DELIMITERS, is_missing, missing_cells, quoted, shorten};

/// The number in a cell, if it is one; infinite if it is too large.
pub(crate) fn number(cell: &str, decimal: Decimal) -> Option<f64> {
    numbers::Reading { decimal: Some(decimal) }.number(cell)
}

/// Names that a column which was not found is compared with, at most.
const NEAREST: usize = 3;

/// Bytes of a file, at most.
const MOST_BYTES: u64 = 2 << 30;

/// How to read a table; what is `None` is found out.
///
/// # Example
/// ```
/// use tegmentum_applied::table::{ReadOptions, Table};
///
/// let options = ReadOptions { delimiter: Some('|'), header: Some(false), ..ReadOptions::default() };
/// let table = Table::from_csv(b"1|2\n3|4\n", "t.csv", &options)?;
/// assert_eq!(table.columns()[1].name(), "2");
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// What separates cells: one ASCII character.
    pub delimiter: Option<char>,
    /// Whether the first row has the names of the columns.
    pub header: Option<bool>,
    /// What separates the whole part of a number from its fraction. The other one then separates groups of three digits.
    pub decimal: Option<Decimal>,
    /// Whether the day comes before the month, where both are numbers before the year.
    pub day_first: Option<bool>,
    /// Columns that are categories, whatever is in their cells.
    pub text: Vec<String>,
}

/// What separates the whole part of a number from its fraction.
///
/// # Example
/// ```
/// use tegmentum_applied::table::{Decimal, ReadOptions, Table, Values};
///
/// let options = ReadOptions { decimal: Some(Decimal::Comma), ..ReadOptions::default() };
/// let table = Table::from_csv(b"a;b\n1.234;2,5\n", "t.csv", &options)?;
/// assert_eq!(*table.column("a")?.values(), Values::Number(vec![1234.0]));
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decimal {
    /// `1.5`
    Point,
    /// `1,5`
    Comma,
}

/// A table of typed columns, all of the same length, at least one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    origin: PathBuf,
    columns: Vec<Column>,
    lines: Vec<u64>,
    notes: Vec<String>,
}

/// A column: its name and its cells.
///
/// # Example
/// ```
/// use tegmentum_applied::table::{Kind, ReadOptions, Table};
///
/// let table = Table::from_csv(b"size,colour\n1,red\n2,?\n", "t.csv", &ReadOptions::default())?;
/// let colour = table.column("colour")?;
/// assert_eq!((colour.kind(), colour.missing()), (Kind::Category, 1));
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub(crate) name: String,
    pub(crate) values: Values,
}

/// What kind of cells a column has.
///
/// # Example
/// ```
/// use tegmentum_applied::table::Kind;
/// assert_eq!(Kind::Category.plural(), "categories");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Numbers.
    Number,
    /// One of several names.
    Category,
    /// Days, or moments, of a calendar.
    Date,
}

/// The cells of a column, one for each row.
///
/// # Example
/// ```
/// use tegmentum_applied::table::{ReadOptions, Table, Values};
///
/// let table = Table::from_csv(b"c\nred\nblue\nred\n", "t.csv", &ReadOptions::default())?;
/// let Values::Category { names, codes } = table.column("c")?.values() else { unreachable!("colours are categories") };
/// assert_eq!((names.as_slice(), codes.as_slice()), (&["blue".into(), "red".into()][..], &[Some(1), Some(0), Some(1)][..]));
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Finite numbers; NaN where one is missing.
    Number(Vec<f64>),
    /// The names in their order, each once, and for each row the place of its name; `None` where it is missing.
    Category {
        /// Names of the categories, in order.
        names: Vec<String>,
        /// For each row the place of its name.
        codes: Vec<Option<u32>>,
    },
    /// Dates with a time of day (midnight where none is written); `None` where one is missing. Where the text has an offset
    /// from universal time, the time is universal time.
    Date(Vec<Option<DateTime>>),
}

impl Table {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read, [`Error::Table`] with line and column for what cannot be used in it.
    pub fn read(path: &Path, options: &ReadOptions) -> Result<Self> {
        let bytes = crate::read_bytes(path, MOST_BYTES)?;
        let Some(bytes) = bytes else {
            return Err(text::error(path, 1, "all", "the file is larger than 2 GiB: cut it into parts".to_owned()));
        };
        Self::from_csv(&bytes, path, options)
    }

    /// Reads a table from the bytes of a text; `origin` is named in errors.
    ///
    /// # Errors
    /// [`Error::Table`] with line and column for what cannot be used.
    pub fn from_csv(bytes: &[u8], origin: impl AsRef<Path>, options: &ReadOptions) -> Result<Self> {
        let origin = origin.as_ref();
        let (names, records) = text::read(bytes, origin, options)?;
        let (columns, notes) = columns::typed(&names, &records, origin, options)?;
        Ok(Self {
            origin: origin.to_owned(),
            columns,
            lines: records.iter().map(|record| record.line).collect(),
            notes,
        })
    }

    /// The file, or what was said to be the origin of the text.
    pub fn origin(&self) -> &Path {
        &self.origin
    }

    /// The columns in their order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The column with this name.
    ///
    /// # Errors
    /// [`Error::Table`] if there is none, with the names that are nearest.
    pub fn column(&self, name: &str) -> Result<&Column> {
        let found = self.columns.iter().find(|column| column.name == name);
        found.ok_or_else(|| {
            let mut names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
            let distance = |other: &str| strsim::damerau_levenshtein(&shorten(name), &shorten(other));
            names.sort_by_cached_key(|other| distance(&other.to_lowercase()).min(distance(other)));
            let all = if names.len() > NEAREST { "the nearest are" } else { "the table has" };
            let nearest: Vec<String> = names.iter().take(NEAREST).map(|name| quoted(name)).collect();
            self.error(1, name, format!("no such column: {all} {}", nearest.join(", ")))
        })
    }

    /// The number of rows, at least 1.
    pub fn rows(&self) -> usize {
        self.lines.len()
    }

    /// The line of each row in the text, from 1.
    pub fn lines(&self) -> &[u64] {
        &self.lines
    }

    /// What was read in one of two ways, in sentences.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// An error that names a line and a column of this table.
    pub fn error(&self, line: u64, column: &str, problem: String) -> Error {
        text::error(&self.origin, line, column, problem)
    }
}

impl Column {
    /// The name in the header, without the spaces around it; the number of the column, from 1, where there is none.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The cells.
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// The kind of the cells.
    pub fn kind(&self) -> Kind {
        match self.values {
            Values::Number(_) => Kind::Number,
            Values::Category { .. } => Kind::Category,
            Values::Date(_) => Kind::Date,
        }
    }

    /// The number of cells that are missing.
    pub fn missing(&self) -> usize {
        match &self.values {
            Values::Number(values) => values.iter().filter(|value| value.is_nan()).count(),
            Values::Category { codes, .. } => codes.iter().filter(|code| code.is_none()).count(),
            Values::Date(dates) => dates.iter().filter(|date| date.is_none()).count(),
        }
    }
}

impl Kind {
    /// How several cells of this kind are called.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Number => "numbers",
            Self::Category => "categories",
            Self::Date => "dates",
        }
    }
}
