//! From cells to typed columns.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use jiff::civil::DateTime;
use tegmentum::error::Result;

use super::dates::{self, Style};
use super::numbers::{Reading, Shape};
use super::text::{Record, error, is_missing, quoted};
use super::{Column, Decimal, ReadOptions, Values};

/// Cells of which one may be wrong in a column of numbers or dates; if more are, the column is of categories.
const ONE_WRONG_IN: usize = 10;

/// One column of cells, to be typed.
struct Cells<'a> {
    name: &'a str,
    place: usize,
    records: &'a [Record],
    origin: &'a Path,
}

/// The columns of the table, and what was read in one of two ways.
pub(super) fn typed(
    names: &[String],
    records: &[Record],
    origin: &Path,
    options: &ReadOptions,
) -> Result<(Vec<Column>, Vec<String>)> {
    if let Some(unknown) = options.text.iter().find(|name| !names.contains(name)) {
        let problem = "no such column, which was to be read as text".to_owned();
        return Err(error(origin, 1, unknown, problem));
    }
    let cells = |(place, name)| Cells { name, place, records, origin };
    let is_text = |cells: &Cells| options.text.iter().any(|name| name == cells.name);
    let all: Vec<Cells> = names.iter().map(String::as_str).enumerate().map(cells).collect();
    let mut notes = Vec::new();
    let decimal = match options.decimal {
        Some(decimal) => decimal,
        None => find_decimal(&all.iter().filter(|&cells| !is_text(cells)).collect::<Vec<_>>(), &mut notes)?,
    };
    let reading = Reading { decimal: Some(decimal) };
    let values: Result<Vec<Values>> = all
        .iter()
        .map(|cells| if is_text(cells) { Ok(cells.categories()) } else { cells.values(reading, options.day_first) })
        .collect();
    Ok((names.iter().zip(values?).map(|(name, values)| Column { name: name.clone(), values }).collect(), notes))
}

/// The decimal separator, from the cells that can be read in one way alone.
///
/// Where there is none, a point is decimal; a cell that could be read in another way is then said.
fn find_decimal(columns: &[&Cells], notes: &mut Vec<String>) -> Result<Decimal> {
    let reading = Reading::default();
    // The first cell of each shape, as (line, column, cell).
    let (mut point, mut comma, mut point_or_group, mut comma_or_group) = (None, None, None, None);
    // Columns of text may have anything in them; what counts is columns that are numbers in one reading or the other.
    for column in columns.iter().filter(|column| column.is_mostly(|cell| reading.shape(cell) != Shape::Text)) {
        for (line, cell) in column.present() {
            let first = match reading.shape(cell) {
                Shape::Point => &mut point,
                Shape::Comma => &mut comma,
                Shape::PointOrGroup => &mut point_or_group,
                Shape::CommaOrGroup => &mut comma_or_group,
                Shape::Plain | Shape::Text => continue,
            };
            first.get_or_insert((*column, line, cell));
        }
    }
    let ambiguous = |(column, line, cell): (&Cells, u64, &str), beside: &str| {
        let problem = format!("{} can be read in two ways{beside}: set decimal to '.' or ','", quoted(cell));
        Err(error(column.origin, line, column.name, problem))
    };
    match (point, comma, point_or_group, comma_or_group) {
        (Some(point), Some(comma), ..) => {
            let (later, other) = if point.1 > comma.1 { (point, comma) } else { (comma, point) };
            ambiguous(later, &format!(" beside {}", quoted(other.2)))
        }
        (None, Some(comma), Some(cell), _) => ambiguous(cell, &format!(" beside {}", quoted(comma.2))),
        (Some(point), None, _, Some(cell)) => ambiguous(cell, &format!(" beside {}", quoted(point.2))),
        (None, None, _, Some(cell)) => ambiguous(cell, ""),
        (None, Some(_), ..) => Ok(Decimal::Comma),
        (None, None, Some((column, _, cell)), None) => {
            notes.push(format!(
                "{} was read with a decimal point in {:?}; set decimal to ',' if it stands between thousands.",
                quoted(cell),
                column.name
            ));
            Ok(Decimal::Point)
        }
        _ => Ok(Decimal::Point),
    }
}

impl<'a> Cells<'a> {
    fn all(&self) -> impl Iterator<Item = (u64, &'a str)> + use<'a> {
        let place = self.place;
        self.records.iter().map(move |record| (record.line, record.cells.get(place).unwrap_or_default()))
    }

    /// The cells that are not missing, with their lines.
    fn present(&self) -> impl Iterator<Item = (u64, &'a str)> + use<'a> {
        self.all().filter(|(_, cell)| !is_missing(cell))
    }

    /// Whether nine of ten cells pass, and one does at least.
    fn is_mostly(&self, passes: impl Fn(&str) -> bool) -> bool {
        let (mut count, mut passed) = (0usize, 0usize);
        for (_, cell) in self.present() {
            count += 1;
            passed += usize::from(passes(cell));
        }
        passed > 0 && (count - passed) * ONE_WRONG_IN <= count
    }

    /// The cells as dates, numbers or categories.
    fn values(&self, reading: Reading, day_first: Option<bool>) -> Result<Values> {
        let mut present = self.present().peekable();
        if present.peek().is_none() {
            return Ok(Values::Number(vec![f64::NAN; self.records.len()]));
        }
        if self.is_mostly(|cell| reading.number(cell).is_some() || is_infinity(cell)) {
            return self.numbers(reading);
        }
        if self.is_mostly(dates::looks_like_one) {
            return self.dates(day_first);
        }
        Ok(self.categories())
    }

    fn numbers(&self, reading: Reading) -> Result<Values> {
        let mut values = Vec::with_capacity(self.records.len());
        for (line, cell) in self.all() {
            values.push(match reading.number(cell) {
                _ if is_missing(cell) => f64::NAN,
                Some(value) if value.is_finite() => value,
                Some(_) => return Err(self.error(line, format!("{}: must be finite", quoted(cell)))),
                None if is_infinity(cell) => return Err(self.error(line, format!("{}: must be finite", quoted(cell)))),
                None => return Err(self.unlike_the_others(line, cell, "number")),
            });
        }
        let dates = || values.iter().map(|&value| (!value.is_nan()).then(|| dates::from_seconds(value)));
        if dates::is_name_of_times(self.name) && dates().all(|date| date != Some(None)) {
            return Ok(Values::Date(dates().map(Option::flatten).collect()));
        }
        Ok(Values::Number(values))
    }

    fn dates(&self, day_first: Option<bool>) -> Result<Values> {
        let fits = |style: &Style| self.is_mostly(|cell| style.read(cell).is_some());
        let unwanted = match day_first {
            Some(true) => Some(Style::MonthFirst),
            Some(false) => Some(Style::DayFirst),
            None => None,
        };
        let fitting: Vec<Style> =
            Style::ALL.into_iter().filter(|style| Some(*style) != unwanted && fits(style)).collect();
        // The style that reads most cells; where two read all, they must agree.
        let read = |style: Style| self.present().filter(|(_, cell)| style.read(cell).is_some()).count();
        let Some(&style) = fitting.iter().rev().max_by_key(|&&style| read(style)) else {
            let Some((line, cell)) = self.present().next() else { return Ok(self.categories()) };
            let problem = format!("{}: the dates of the column are written in different ways", quoted(cell));
            return Err(self.error(line, format!("{problem}; name it in text to read it as it is")));
        };
        for other in fitting.iter().filter(|&&other| other != style && read(other) == read(style)) {
            let differs = |(_, cell): &(u64, &str)| other.read(cell) != style.read(cell);
            if let Some((line, cell)) = self.present().find(differs) {
                let problem = format!("{}: day or month may come first in this column; set which", quoted(cell));
                return Err(self.error(line, problem));
            }
        }
        let mut values: Vec<Option<DateTime>> = Vec::with_capacity(self.records.len());
        for (line, cell) in self.all() {
            values.push(match style.read(cell) {
                _ if is_missing(cell) => None,
                Some(date) => Some(date),
                None => return Err(self.unlike_the_others(line, cell, "date")),
            });
        }
        Ok(Values::Date(values))
    }

    fn categories(&self) -> Values {
        let names: BTreeSet<&str> = self.present().map(|(_, cell)| cell).collect();
        let places: HashMap<&str, u32> = names.iter().copied().zip(0..).collect();
        let codes = self.all().map(|(_, cell)| places.get(cell).copied()).collect();
        Values::Category { names: names.into_iter().map(str::to_owned).collect(), codes }
    }

    fn unlike_the_others(&self, line: u64, cell: &str, kind: &str) -> tegmentum::error::Error {
        let problem = format!("{} is not a {kind}, and the other cells of the column are", quoted(cell));
        self.error(line, format!("{problem}: correct it, or name the column in text to read it as it is"))
    }

    fn error(&self, line: u64, problem: String) -> tegmentum::error::Error {
        error(self.origin, line, self.name, problem)
    }
}

/// Whether a cell names infinity, which belongs to numbers and cannot be used.
fn is_infinity(cell: &str) -> bool {
    let cell = cell.strip_prefix(['-', '+']).unwrap_or(cell);
    cell.eq_ignore_ascii_case("inf") || cell.eq_ignore_ascii_case("infinity")
}
