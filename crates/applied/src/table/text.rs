//! From bytes to records of cells: encoding, delimiter, lines, header.

use std::borrow::Cow;
use std::path::Path;

use csv::{ReaderBuilder, StringRecord, Trim};
use tegmentum::error::{Error, Result};

use super::numbers::{Reading, Shape};
use super::{ReadOptions, dates};

/// Cells that stand for a value that is not there.
const MISSING: [&str; 8] = ["", "na", "n/a", "null", "none", "nan", "-", "?"];
/// Delimiters that are tried, the least likely to be within a cell first.
pub(crate) const DELIMITERS: [u8; 3] = [b'\t', b';', b','];
/// Characters of a name or a cell in a message.
const SHOWN: usize = 40;

/// A row of cells.
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// The line at which it begins.
    pub(super) line: u64,
    /// The line at which it ends.
    last: u64,
    pub(super) cells: StringRecord,
}

/// The names of the columns and the rows below.
pub(super) fn read(bytes: &[u8], origin: &Path, options: &ReadOptions) -> Result<(Vec<String>, Vec<Record>)> {
    let text = decode(bytes, origin)?;
    let delimiter = match options.delimiter {
        Some(given) => check_delimiter(given, origin)?,
        None => find_delimiter(text.as_bytes()),
    };
    let mut records = records(text.as_bytes(), delimiter);
    let Some(first) = records.first() else {
        return Err(error(origin, 1, "all", "the table is empty: must have rows of cells".to_owned()));
    };
    let width = first.cells.len();
    check_widths(&records, width, origin)?;
    if width == 1 {
        records = with_empty_lines(records);
    }
    let has_header = options.header.unwrap_or_else(|| finds_header(&records, options));
    if options.delimiter.is_none() && delimiter == b',' && width == 2 && !has_header {
        check_decimals(&records, origin)?;
    }
    let names = if has_header {
        let header = records.remove(0);
        header_names(&header, origin)?
    } else {
        (1..=width).map(|number| number.to_string()).collect()
    };
    if records.is_empty() {
        return Err(error(origin, 1, "all", "there is no row below the header: must have one or more".to_owned()));
    }
    Ok((names, records))
}

/// The text in `bytes`, without a byte order mark.
fn decode<'a>(bytes: &'a [u8], origin: &Path) -> Result<Cow<'a, str>> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks(2).map(|pair| unit([pair[0], *pair.get(1).unwrap_or(&0)])).collect();
        let valid = bytes.len().is_multiple_of(2);
        String::from_utf16(&units).ok().filter(|_| valid)
    };
    let refused = |line: usize, problem: &str| error(origin, line as u64, "all", problem.to_owned());
    let text = match bytes {
        [b'P', b'K', 3, 4, ..] => return Err(refused(1, "this is a spreadsheet or an archive: save it as CSV")),
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes).map(Cow::Owned),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes).map(Cow::Owned),
        _ => {
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            match std::str::from_utf8(bytes) {
                Ok(text) => Some(Cow::Borrowed(text)),
                Err(_) if bytes.contains(&0) => None,
                Err(wrong) => {
                    let line = 1 + bytes[..wrong.valid_up_to()].split(|&byte| byte == b'\n').skip(1).count();
                    return Err(refused(line, "the bytes are not text in UTF-8: save the table with this encoding"));
                }
            }
        }
    };
    match text {
        Some(text) if !text.contains('\0') => Ok(text),
        _ => Err(refused(1, "this is not text: must be a table in UTF-8, or UTF-16 with a byte order mark")),
    }
}

fn check_delimiter(given: char, origin: &Path) -> Result<u8> {
    match u8::try_from(given) {
        Ok(byte) if byte.is_ascii() && !b"\"\r\n\0".contains(&byte) => Ok(byte),
        _ => {
            let problem = format!("delimiter {given:?}: must be one ASCII character such as ',' or ';'");
            Err(error(origin, 1, "all", problem))
        }
    }
}

/// The first delimiter that cuts all rows alike into two cells or more; else the one that cuts the first row into most.
fn find_delimiter(text: &[u8]) -> u8 {
    let mut best = (1, b',');
    for delimiter in DELIMITERS {
        let mut widths = reader(text, delimiter).into_records().map_while(|row| Some(row.ok()?.len()));
        let first = widths.next().unwrap_or(0);
        if first > 1 && widths.all(|width| width == first) {
            return delimiter;
        }
        if first > best.0 {
            best = (first, delimiter);
        }
    }
    best.1
}

fn reader(text: &[u8], delimiter: u8) -> csv::Reader<&[u8]> {
    let mut builder = ReaderBuilder::new();
    builder.has_headers(false).flexible(true).trim(Trim::All).delimiter(delimiter);
    builder.from_reader(text)
}

/// The rows of the text; rows of text alone cannot fail to be read.
fn records(text: &[u8], delimiter: u8) -> Vec<Record> {
    let mut reader = reader(text, delimiter);
    let mut lines = LineCounter { text, position: 0, line: 1 };
    let mut records = Vec::new();
    loop {
        let mut cells = StringRecord::new();
        let start = reader.position().byte() as usize;
        if !matches!(reader.read_record(&mut cells), Ok(true)) {
            return records;
        }
        let line = lines.at_row(start);
        let last = lines.at((reader.position().byte() as usize).saturating_sub(1));
        records.push(Record { line, last, cells });
    }
}

/// Finds lines of places in the text, which are asked for in order.
struct LineCounter<'a> {
    text: &'a [u8],
    position: usize,
    line: u64,
}

impl LineCounter<'_> {
    /// The line of the first row at or after `start`: the reader leaves line ends and empty lines before it.
    fn at_row(&mut self, start: usize) -> u64 {
        let ends = self.text.get(start..).unwrap_or_default();
        let skipped = ends.iter().take_while(|&&byte| byte == b'\r' || byte == b'\n').count();
        self.at(start + skipped)
    }

    /// The line of the byte at `place`.
    fn at(&mut self, place: usize) -> u64 {
        while self.position < place.min(self.text.len()) {
            let byte = self.text[self.position];
            let next_is_line_feed = self.text.get(self.position + 1) == Some(&b'\n');
            self.line += u64::from(byte == b'\n' || (byte == b'\r' && !next_is_line_feed));
            self.position += 1;
        }
        self.line
    }
}

/// Refuses rows that are longer or shorter than the first.
fn check_widths(records: &[Record], width: usize, origin: &Path) -> Result<()> {
    let Some(record) = records.iter().find(|record| record.cells.len() != width) else { return Ok(()) };
    let found = record.cells.len();
    let hint = if record.cells.iter().any(|cell| cell.contains('\n')) {
        "; is a quotation mark not closed?"
    } else if width == 1 {
        "; set the delimiter if cells are separated by something else"
    } else {
        ""
    };
    let problem = format!("the row has {found} cells: must have {width}, like the first row{hint}");
    Err(error(origin, record.line, &(found.min(width) + 1).to_string(), problem))
}

/// The rows of a table of one column, with a missing value for each empty line between two of them.
fn with_empty_lines(records: Vec<Record>) -> Vec<Record> {
    let mut all: Vec<Record> = Vec::with_capacity(records.len());
    for record in records {
        let next = all.last().map_or(record.line, |before| before.last + 1);
        let empty = |line| Record { line, last: line, cells: StringRecord::from(vec![""]) };
        all.extend((next..record.line).map(empty));
        all.push(record);
    }
    all
}

/// Whether the first row has names: see the table at the head of the module.
fn finds_header(records: &[Record], options: &ReadOptions) -> bool {
    let reading = Reading { decimal: options.decimal };
    let is_value = |cell: &str| reading.shape(cell) != Shape::Text || dates::looks_like_one(cell);
    let Some((first, rest)) = records.split_first() else { return false };
    let headed = |column: usize| {
        let mut cells = rest.iter().filter_map(|record| record.cells.get(column)).filter(|cell| !is_missing(cell));
        let top = &first.cells[column];
        !is_missing(top) && !is_value(top) && cells.next().is_some_and(is_value) && cells.all(is_value)
    };
    (0..first.cells.len()).any(headed) || !first.cells.iter().any(is_value) || heads_are_years(first, rest)
}

/// Whether the first row counts years, such as `2019, 2020, 2021`, and the rows below do not.
fn heads_are_years(first: &Record, rest: &[Record]) -> bool {
    let year = |cell: &str| cell.parse::<u32>().ok().filter(|year| cell.len() == 4 && (1800..=2100).contains(year));
    let years: Option<Vec<u32>> = first.cells.iter().map(year).collect();
    let counts = years.is_some_and(|years| years.len() > 1 && years.windows(2).all(|pair| pair[1] == pair[0] + 1));
    counts && rest.iter().any(|record| record.cells.iter().any(|cell| year(cell).is_none()))
}

/// Refuses rows such as `28,00` where nobody has said that the comma is between two cells.
fn check_decimals(records: &[Record], origin: &Path) -> Result<()> {
    // Digits in the second cell of a row, and how many.
    let digits = |record: &Record| {
        let cell = record.cells.get(1)?;
        cell.bytes().all(|byte| byte.is_ascii_digit()).then_some(cell.len())
    };
    let Some(length) = records.first().and_then(digits).filter(|length| *length > 1) else {
        return Ok(());
    };
    let padded = records.iter().any(|record| record.cells.get(1).is_some_and(|cell| cell.starts_with('0')));
    if !padded || records.iter().any(|record| digits(record) != Some(length)) {
        return Ok(());
    }
    let first = &records[0];
    let cell = format!("{},{}", &first.cells[0], &first.cells[1]);
    let problem = format!(
        "{} can be two cells or one number with a decimal comma: set delimiter to ',' for two cells, or to ';' for one",
        quoted(&cell)
    );
    Err(error(origin, first.line, "all", problem))
}

/// The names in the header, each once; an empty one is the number of its column.
fn header_names(header: &Record, origin: &Path) -> Result<Vec<String>> {
    let mut names: Vec<String> = Vec::with_capacity(header.cells.len());
    let mut places = std::collections::HashMap::new();
    for (cell, number) in header.cells.iter().zip(1usize..) {
        let name = if cell.is_empty() { number.to_string() } else { cell.to_owned() };
        if let Some(first) = places.insert(name.clone(), number) {
            let problem = format!("columns {first} and {number} have this name: rename one of them");
            return Err(error(origin, header.line, &name, problem));
        }
        names.push(name);
    }
    Ok(names)
}

/// Whether a cell stands for a value that is not there.
pub(crate) fn is_missing(cell: &str) -> bool {
    cell.len() <= 4 && MISSING.iter().any(|mark| cell.eq_ignore_ascii_case(mark))
}

/// All texts that stand for a value that is not there, in capitals, without, and mixed.
pub(crate) fn missing_cells() -> Vec<String> {
    let mut cells = Vec::new();
    for mark in MISSING {
        let mut forms = vec![String::new()];
        for letter in mark.chars() {
            let cases =
                if letter.is_ascii_lowercase() { vec![letter, letter.to_ascii_uppercase()] } else { vec![letter] };
            forms = forms.iter().flat_map(|form| cases.iter().map(move |case| format!("{form}{case}"))).collect();
        }
        cells.append(&mut forms);
    }
    cells
}

/// An error at a cell.
pub(super) fn error(origin: &Path, line: u64, column: &str, problem: String) -> Error {
    Error::Table { path: origin.to_owned(), line, column: shorten(column), problem }
}

/// A cell or a name in a message.
pub(crate) fn quoted(text: &str) -> String {
    format!("{:?}", shorten(text))
}

/// At most 40 characters of `text`.
pub(crate) fn shorten(text: &str) -> String {
    let mut characters = text.chars();
    let start: String = characters.by_ref().take(SHOWN).collect();
    if characters.next().is_some() { start + "…" } else { start }
}
