//! Reading numbers from a table, with errors that say which cell is wrong and what would be right.
//!
//! A table is text in UTF-8: rows in lines, cells between delimiters, quoted where they must be (RFC 4180). Spaces
//! around a cell, empty lines and a byte order mark are skipped. Lines are counted from 1 as an editor counts them.

use std::path::Path;

use csv::{ByteRecord, ReaderBuilder, Trim};

use crate::error::{Error, Result};

/// Cells that stand for a value that is not there.
const MISSING: [&str; 7] = ["", "na", "n/a", "null", "none", "-", "?"];

/// How to read a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Format<'a> {
    /// The file, for errors.
    pub(super) path: &'a Path,
    /// Names of the columns to read; empty for all.
    pub(super) columns: &'a [String],
    /// Whether the first row has names; `None` to find out.
    pub(super) header: Option<bool>,
    pub(super) delimiter: u8,
}

/// Columns of numbers, all finite.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Table {
    /// Names of the columns; their numbers from 1 in a file without a header.
    pub(super) columns: Vec<String>,
    /// Values [rows × columns].
    pub(super) values: Vec<f64>,
    /// The line of each row.
    pub(super) lines: Vec<u64>,
}

/// Columns of numbers, and the label of each row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Labelled {
    pub(super) table: Table,
    /// The label of each row, without spaces around it; never missing.
    pub(super) labels: Vec<String>,
}

/// What is wrong with a delimiter, if anything is.
pub(super) fn check_delimiter(delimiter: Option<char>) -> Result<(), String> {
    match delimiter {
        Some(delimiter) if !delimiter.is_ascii() || matches!(delimiter, '\n' | '\r' | '"' | '.' | '+' | '-') => {
            Err(format!("delimiter = {delimiter:?}: must be one ASCII character such as ',', ';' or '\\t'"))
        }
        Some(delimiter) if delimiter.is_ascii_alphanumeric() => {
            Err(format!("delimiter = {delimiter:?}: must not be a letter or a digit"))
        }
        _ => Ok(()),
    }
}

/// One row of cells and the line at which it begins.
struct Row {
    line: u64,
    is_header: bool,
    cells: ByteRecord,
}

impl Format<'_> {
    /// Reads the table in `bytes`.
    pub(super) fn parse(&self, bytes: &[u8]) -> Result<Table> {
        let (names, rows) = self.read(bytes)?;
        let chosen = self.choose(&names, first_line(&rows))?;
        let rows = rows.into_iter().filter(|row| !row.is_header).collect::<Vec<_>>();
        self.numbers(&names, &rows, chosen)
    }

    /// Reads the table in `bytes`, whose column `target` names the class of a row.
    pub(super) fn parse_labelled(&self, bytes: &[u8], target: &str) -> Result<Labelled> {
        let (names, rows) = self.read(bytes)?;
        let line = first_line(&rows);
        let wanted = [target.to_owned()];
        let place = Format { columns: &wanted, ..*self }.choose(&names, line)?[0];
        let mut chosen = self.choose(&names, line)?;
        if !self.columns.is_empty() && chosen.contains(&place) {
            return Err(self.error(line, target, "is the target: cannot be learned from, too".to_owned()));
        }
        chosen.retain(|&column| column != place);
        if chosen.is_empty() {
            return Err(self.error(line, target, "no other column: must be some to learn from".to_owned()));
        }
        let rows = rows.into_iter().filter(|row| !row.is_header).collect::<Vec<_>>();
        let table = self.numbers(&names, &rows, chosen)?;
        let label = |row: &Row| {
            let cell = &row.cells[place];
            if is_missing(cell) {
                let problem = "the value is missing: fill it in, or remove the row".to_owned();
                return Err(self.error(row.line, target, problem));
            }
            Ok(String::from_utf8_lossy(cell).into_owned())
        };
        let labels = rows.iter().map(label).collect::<Result<_>>()?;
        Ok(Labelled { table, labels })
    }

    /// The names of the columns and all rows, the header among them.
    fn read(&self, bytes: &[u8]) -> Result<(Vec<String>, Vec<Row>)> {
        let mut rows = self.rows(bytes)?;
        self.check_widths(&rows)?;
        let Some(first) = rows.first_mut() else {
            return Err(self.error(1, "all", "the file is empty: must have rows of numbers".to_owned()));
        };
        first.is_header = self.header.unwrap_or_else(|| first.cells.iter().any(is_text));
        let names: Vec<String> = if first.is_header {
            first.cells.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect()
        } else {
            (1..=first.cells.len()).map(|number| number.to_string()).collect()
        };
        Ok((names, rows))
    }

    /// The numbers of the columns at `chosen`.
    fn numbers(&self, names: &[String], rows: &[Row], chosen: Vec<usize>) -> Result<Table> {
        let mut values = Vec::with_capacity(rows.len() * chosen.len());
        for row in rows {
            for &column in &chosen {
                values.push(self.number(row, column, names)?);
            }
        }
        let columns: Vec<String> = chosen.into_iter().map(|column| names[column].clone()).collect();
        Ok(Table { columns, values, lines: rows.iter().map(|row| row.line).collect() })
    }

    /// An error at a cell.
    pub(super) fn error(&self, line: u64, column: &str, problem: String) -> Error {
        Error::Table { path: self.path.to_owned(), line, column: shorten(column), problem }
    }

    fn rows(&self, bytes: &[u8]) -> Result<Vec<Row>> {
        let mut builder = ReaderBuilder::new();
        builder.has_headers(false).flexible(true).trim(Trim::All).delimiter(self.delimiter);
        let mut reader = builder.from_reader(bytes);
        let mut cells = ByteRecord::new();
        let mut rows = Vec::new();
        let mut lines = LineCounter { bytes, position: 0, line: 1 };
        loop {
            let start = reader.position().byte() as usize;
            match reader.read_byte_record(&mut cells) {
                Ok(true) => {
                    rows.push(Row { line: lines.line_of_row_at(start), is_header: false, cells: cells.clone() });
                }
                Ok(false) => return Ok(rows),
                Err(error) => return Err(self.error(lines.line_of_row_at(start), "all", error.to_string())),
            }
        }
    }

    /// Refuses rows that are longer or shorter than the first.
    fn check_widths(&self, rows: &[Row]) -> Result<()> {
        let Some(first) = rows.first() else { return Ok(()) };
        let width = first.cells.len();
        let Some(row) = rows.iter().find(|row| row.cells.len() != width) else { return Ok(()) };
        let found = row.cells.len();
        let mut problem = format!("the row has {found} cells: must have {width}, like the first row");
        if width == 1
            && let Some(hint) = self.delimiter_hint(&String::from_utf8_lossy(&first.cells[0]))
        {
            problem = format!("{problem}; {hint}");
        }
        Err(self.error(row.line, &(found.min(width) + 1).to_string(), problem))
    }

    /// The places of the columns to read.
    fn choose(&self, names: &[String], line: u64) -> Result<Vec<usize>> {
        if self.columns.is_empty() {
            return Ok((0..names.len()).collect());
        }
        let place = |(index, wanted): (usize, &String)| {
            let problem = match names.iter().filter(|name| *name == wanted).count() {
                1 if !self.columns[..index].contains(wanted) => None,
                1 => Some("chosen twice: name each column once".to_owned()),
                0 => Some(format!("no such column: the first row has {}", list(names))),
                count => Some(format!("{count} columns have this name: rename all but one")),
            };
            match problem {
                Some(problem) => Err(self.error(line, wanted, problem)),
                None => Ok(names.iter().position(|name| name == wanted).unwrap_or_default()),
            }
        };
        self.columns.iter().enumerate().map(place).collect()
    }

    fn number(&self, row: &Row, column: usize, names: &[String]) -> Result<f64> {
        let cell = &row.cells[column];
        let problem = match parse(cell) {
            Some(value) if value.is_finite() => return Ok(value),
            _ if is_missing(cell) => "the value is missing: fill it in, or remove the row".to_owned(),
            Some(_) => format!("{:?}: must be finite", quote(cell)),
            None => format!("{:?} is not a number; {}", quote(cell), self.hint(row, column, names)),
        };
        Err(self.error(row.line, &names[column], problem))
    }

    /// What to set if a row is one cell because its cells are separated by something else.
    fn delimiter_hint(&self, row: &str) -> Option<String> {
        let known = [(';', "';'"), ('\t', "a tab"), (',', "','")];
        let other = known.into_iter().find(|(other, _)| row.contains(*other) && *other != char::from(self.delimiter));
        other.map(|(_, name)| format!("if cells are separated by {name}, set delimiter"))
    }

    /// What may have been meant by a cell that is not a number.
    fn hint(&self, row: &Row, column: usize, names: &[String]) -> String {
        let text = String::from_utf8_lossy(&row.cells[column]);
        if row.cells.len() == 1
            && let Some(hint) = self.delimiter_hint(&text)
        {
            return hint;
        }
        if parse(text.replacen(',', ".", 1).as_bytes()).is_some() {
            return "the decimal separator must be a point".to_owned();
        }
        let numeric = names.iter().zip(&row.cells).filter(|(_, cell)| parse(cell).is_some());
        let numeric: Vec<String> = numeric.map(|(name, _)| name.clone()).collect();
        if self.columns.is_empty() && !numeric.is_empty() {
            return format!("choose the columns to learn with columns, here {}", list(&numeric));
        }
        "must be a number such as -1.5 or 2e3".to_owned()
    }
}

fn first_line(rows: &[Row]) -> u64 {
    rows.first().map_or(1, |row| row.line)
}

/// Finds the lines of rows, which are asked for in order.
struct LineCounter<'a> {
    bytes: &'a [u8],
    position: usize,
    line: u64,
}

impl LineCounter<'_> {
    /// The line of the first row at or after `start`: the reader leaves line ends and empty lines before it.
    fn line_of_row_at(&mut self, start: usize) -> u64 {
        while let Some(&byte) = self.bytes.get(self.position) {
            if self.position >= start && byte != b'\r' && byte != b'\n' {
                break;
            }
            let next_is_line_feed = self.bytes.get(self.position + 1) == Some(&b'\n');
            self.line += u64::from(byte == b'\n' || (byte == b'\r' && !next_is_line_feed));
            self.position += 1;
        }
        self.line
    }
}

fn parse(cell: &[u8]) -> Option<f64> {
    std::str::from_utf8(cell).ok()?.parse().ok()
}

fn is_missing(cell: &[u8]) -> bool {
    MISSING.iter().any(|mark| cell.eq_ignore_ascii_case(mark.as_bytes()))
}

fn is_text(cell: &[u8]) -> bool {
    parse(cell).is_none() && !is_missing(cell)
}

fn quote(cell: &[u8]) -> String {
    shorten(&String::from_utf8_lossy(cell))
}

/// At most 40 characters of `text`.
fn shorten(text: &str) -> String {
    let mut characters = text.chars();
    let start: String = characters.by_ref().take(40).collect();
    if characters.next().is_some() { start + "…" } else { start }
}

/// The first names, quoted as in a study file.
fn list(names: &[String]) -> String {
    let shown = names.iter().take(12).map(|name| format!("{:?}", shorten(name))).collect::<Vec<_>>().join(", ");
    if names.len() > 12 { format!("[{shown}, …]") } else { format!("[{shown}]") }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn read(text: &[u8], columns: &[&str]) -> Result<Table> {
        let columns: Vec<String> = columns.iter().map(|&name| name.to_owned()).collect();
        Format { path: Path::new("t.csv"), columns: &columns, header: None, delimiter: b',' }.parse(text)
    }

    fn problem(text: &str, columns: &[&str]) -> String {
        read(text.as_bytes(), columns).unwrap_err().to_string()
    }

    #[test]
    fn reads_what_spreadsheets_write() {
        let table =
            read("\u{feff}time ,\"a, b\", c\r\n\r\n1 ,2,3\r\n\r\n4,\"5\",-6e-1".as_bytes(), &["c", "a, b"]).unwrap();
        assert_eq!(table.columns, ["c", "a, b"]);
        assert_eq!(table.values, [3.0, 2.0, -0.6, 5.0]);
        assert_eq!(table.lines, [3, 5]);
        let table = read(b"1,2\n3,4\n", &[]).unwrap();
        assert_eq!((table.columns, table.lines), (vec!["1".to_owned(), "2".to_owned()], vec![1, 2]));
    }

    #[test]
    fn errors_name_the_cell_and_what_would_be_right() {
        let cases: &[(&str, &[&str], &str)] = &[
            ("", &[], "line 1, column all: the file is empty: must have rows of numbers"),
            ("a,b\n1,\n", &[], "line 2, column b: the value is missing: fill it in, or remove the row"),
            ("a,b\n1,2\n\n3,NA\n", &[], "line 4, column b: the value is missing: fill it in, or remove the row"),
            ("a\n1\nhello\n", &[], "line 3, column a: \"hello\" is not a number; must be a number such as -1.5 or 2e3"),
            ("a,b\n1,2\n3\n", &[], "line 3, column 2: the row has 1 cells: must have 2, like the first row"),
            ("a,b\n1,2,3\n", &["a"], "line 2, column 3: the row has 3 cells: must have 2, like the first row"),
            ("a,b\n1,inf\n", &[], "line 2, column b: \"inf\": must be finite"),
            ("1,2\n3,1e999\n", &[], "line 2, column 2: \"1e999\": must be finite"),
            ("a,b\n1,2\n", &["c"], "line 1, column c: no such column: the first row has [\"a\", \"b\"]"),
            ("a,a\n1,2\n", &["a"], "line 1, column a: 2 columns have this name: rename all but one"),
            ("a,b\n1,2\n", &["a", "a"], "line 1, column a: chosen twice: name each column once"),
            ("a\n\"1,5\"\n", &[], "line 2, column a: \"1,5\" is not a number; the decimal separator must be a point"),
            (
                "a;b\n1;2\n",
                &[],
                "line 2, column a;b: \"1;2\" is not a number; if cells are separated by ';', set delimiter",
            ),
            (
                "a;b\n1,5;2,5\n",
                &[],
                "line 2, column 2: the row has 3 cells: must have 1, like the first row; if cells are separated by ';', \
                 set delimiter",
            ),
            (
                "day,x,y\n2020-01-01,2,3\n",
                &[],
                "line 2, column day: \"2020-01-01\" is not a number; choose the columns to learn with columns, here \
                 [\"x\", \"y\"]",
            ),
        ];
        for (text, columns, expected) in cases {
            assert_eq!(problem(text, columns), format!("t.csv, {expected}"));
        }
    }

    #[test]
    fn a_quoted_line_end_does_not_shift_the_lines() {
        assert!(problem("a,note\n1,\"two\nlines\"\nx,y\n", &["a"]).starts_with("t.csv, line 4, column a"));
        assert!(problem("a\r1\rx\r", &[]).starts_with("t.csv, line 3, column a"));
        assert!(problem("a\r\n1\r\n\r\nx\r\n", &[]).starts_with("t.csv, line 4, column a"));
    }

    #[test]
    fn bytes_that_are_not_text_are_refused() {
        let error = read(b"a\n\xff\xfe\n", &[]).unwrap_err().to_string();
        assert!(error.starts_with("t.csv, line 2, column a: ") && error.contains("is not a number"), "{error}");
    }

    proptest! {
        #[test]
        fn tables_round_trip(
            rows in (1usize..5).prop_flat_map(|width| vec(vec(-1e12..1e12f64, width), 1..20)),
            header in any::<bool>(),
            delimiter in prop::sample::select(vec![b',', b';', b'\t']),
            end in prop::sample::select(vec!["\n", "\r\n", "\n\n"]),
        ) {
            let join = |cells: Vec<String>| cells.join(&char::from(delimiter).to_string());
            let mut text = String::new();
            if header {
                write!(text, "{}{end}", join((0..rows[0].len()).map(|column| format!("c{column}")).collect())).unwrap();
            }
            for row in &rows {
                write!(text, "{}{end}", join(row.iter().map(f64::to_string).collect())).unwrap();
            }
            let format = Format { path: Path::new("t.csv"), columns: &[], header: None, delimiter };
            let table = format.parse(text.as_bytes()).unwrap();
            prop_assert_eq!(table.values, rows.concat());
            prop_assert_eq!(table.columns.len(), rows[0].len());
            let step = end.matches('\n').count() as u64;
            let expected: Vec<u64> = (0..rows.len() as u64).map(|row| 1 + (row + u64::from(header)) * step).collect();
            prop_assert_eq!(table.lines, expected);
        }

        #[test]
        fn no_bytes_panic(
            bytes in vec(prop_oneof![any::<u8>(), prop::sample::select(b"1,.\n\r\"-e;a".to_vec())], 0..200),
        ) {
            if let Ok(table) = read(&bytes, &[]) {
                prop_assert_eq!(table.values.len(), table.columns.len() * table.lines.len());
                prop_assert!(table.values.iter().all(|value| value.is_finite()));
            }
        }
    }
}
