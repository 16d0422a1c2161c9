//! Rows from a file or from standard input, as they come.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use csv::{ReaderBuilder, StringRecord, Trim};
use tegmentum::error::{Error, Result};

use super::{Answer, StreamLearner};
use crate::table::{DELIMITERS, ReadOptions, quoted};

/// What was found in a stream besides rows.
///
/// # Example
/// ```
/// assert_eq!(tegmentum_applied::stream::StreamNotes::default().headers, 0);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamNotes {
    /// Headers below the first one.
    pub headers: u64,
    /// Columns that appeared below the first header, with the line.
    pub appeared: Vec<(u64, String)>,
    /// Columns that vanished, with the line.
    pub vanished: Vec<(u64, String)>,
}

/// The rows of a text. Empty lines are skipped.
///
/// # Example
/// ```
/// use tegmentum_applied::stream::{Rows, StreamLearner};
/// use tegmentum_applied::table::ReadOptions;
///
/// let text = "x,y\n1,a\n\n2,b\nx,y\n3,a\n";
/// let mut learner = StreamLearner::new("y", &[], 1);
/// let mut rows = Rows::new(text.as_bytes(), "text".as_ref(), &ReadOptions::default());
/// let mut lines = Vec::new();
/// while let Some((line, _)) = rows.next_row(&mut learner)? {
///     lines.push(line);
/// }
/// assert_eq!((lines, rows.notes().headers), (vec![2, 4, 6], 1));
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
pub struct Rows<R> {
    source: Option<R>,
    reader: Option<csv::Reader<Box<dyn Read>>>,
    origin: PathBuf,
    options: ReadOptions,
    record: StringRecord,
    names: Vec<String>,
    notes: StreamNotes,
    lines: Rc<RefCell<Lines>>,
    line: u64,
}

/// The ends of the lines that were read and that no row has passed yet.
#[derive(Debug, Default)]
struct Lines {
    /// Bytes read.
    bytes: u64,
    /// Where lines end: the places of their last bytes.
    ends: VecDeque<u64>,
    /// Lines before those.
    passed: u64,
}

impl Lines {
    /// The line, from 1, of the byte at `place`, which is not before the one that was asked for last.
    fn of(&mut self, place: u64) -> u64 {
        while self.ends.front().is_some_and(|&end| end < place) {
            self.ends.pop_front();
            self.passed += 1;
        }
        self.passed + 1
    }
}

/// A source whose lines are counted: the reader of rows skips empty lines without a word, and ends a row before the last byte of `\r\n`.
struct Counted<R> {
    source: R,
    lines: Rc<RefCell<Lines>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.source.read(buffer)?;
        let mut lines = self.lines.borrow_mut();
        let first = lines.bytes;
        lines.ends.extend((first..).zip(&buffer[..count]).filter(|(_, byte)| **byte == b'\n').map(|(place, _)| place));
        lines.bytes += count as u64;
        Ok(count)
    }
}

impl<R> std::fmt::Debug for Rows<R> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Rows").field("origin", &self.origin).field("line", &self.line).finish_non_exhaustive()
    }
}

impl<R: BufRead + 'static> Rows<R> {
    /// The rows of `source`; `origin` is named in errors.
    pub fn new(source: R, origin: &Path, options: &ReadOptions) -> Self {
        Self {
            source: Some(source),
            reader: None,
            origin: origin.to_owned(),
            options: options.clone(),
            record: StringRecord::new(),
            names: Vec::new(),
            notes: StreamNotes::default(),
            lines: Rc::default(),
            line: 1,
        }
    }

    /// What was found besides rows so far.
    pub fn notes(&self) -> &StreamNotes {
        &self.notes
    }

    /// Lets the learner predict the next row and learn from it: the line of the row and what was said; `None` at the end.
    ///
    /// # Errors
    /// [`Error::Table`] with the line for what cannot be used, [`Error::Io`] if the source cannot be read.
    pub fn next_row(&mut self, learner: &mut StreamLearner) -> Result<Option<(u64, Answer)>> {
        loop {
            if !self.read()? {
                return if self.names.is_empty() {
                    Err(self.wrong("all", "the stream is empty: must have rows of cells".to_owned()))
                } else {
                    Ok(None)
                };
            }
            let cells: Vec<String> = self.record.iter().map(str::to_owned).collect();
            if self.names.is_empty() {
                let named = self.options.header != Some(false);
                let names =
                    if named { cells.clone() } else { (1..=cells.len()).map(|number| number.to_string()).collect() };
                self.take_header(learner, names, true)?;
                if named {
                    continue;
                }
            }
            let row: Vec<&str> = cells.iter().map(String::as_str).collect();
            if learner.is_header(&row) && self.options.header != Some(false) {
                self.take_header(learner, cells, false)?;
                continue;
            }
            let answer = learner.row(&row).map_err(|error| self.at(&error))?;
            return Ok(Some((self.line, answer)));
        }
    }

    fn take_header(&mut self, learner: &mut StreamLearner, names: Vec<String>, first: bool) -> Result<()> {
        let numbered = |(index, name): (usize, String)| if name.is_empty() { (index + 1).to_string() } else { name };
        let names: Vec<String> = names.into_iter().enumerate().map(numbered).collect();
        let added = learner.header(&names).map_err(|error| self.at(&error))?;
        if !first {
            self.notes.headers += 1;
            let line = self.line;
            self.notes.appeared.extend(added.into_iter().map(|name| (line, name)));
            let gone = self.names.iter().filter(|name| !names.contains(name));
            self.notes.vanished.extend(gone.map(|name| (line, name.clone())));
        }
        self.names = names;
        Ok(())
    }

    /// Reads the next row that is not empty.
    fn read(&mut self) -> Result<bool> {
        if let Some(source) = self.source.take() {
            self.reader = Some(self.open(source)?);
        }
        let Some(reader) = &mut self.reader else { return Ok(false) };
        loop {
            let read = reader.read_record(&mut self.record);
            if matches!(read, Ok(false)) {
                return Ok(false);
            }
            self.line = self.lines.borrow_mut().of(reader.position().byte().saturating_sub(1));
            match read {
                Ok(_) => {
                    // A line of spaces is as good as an empty one; a line of delimiters is a row of gaps.
                    if self.record.len() > 1 || self.names.len() == 1 || !self.record[0].is_empty() {
                        return Ok(true);
                    }
                }
                Err(error) => {
                    let problem = match error.into_kind() {
                        csv::ErrorKind::Io(source) => return Err(Error::Io { path: self.origin.clone(), source }),
                        _ => "the bytes are not text in UTF-8: save the table with this encoding",
                    };
                    return Err(self.wrong("all", problem.to_owned()));
                }
            }
        }
    }

    /// The reader of the rows, with the delimiter that was given or that the first line has.
    fn open(&self, mut source: R) -> Result<csv::Reader<Box<dyn Read>>> {
        let mut first = Vec::new();
        let failed = |source| Error::Io { path: self.origin.clone(), source };
        // A first line that is longer than a megabyte is none.
        let mut limited = Read::take(&mut source, 1 << 20);
        while first.iter().all(u8::is_ascii_whitespace) {
            if limited.read_until(b'\n', &mut first).map_err(failed)? == 0 {
                break;
            }
        }
        let delimiter = match self.options.delimiter.map(u8::try_from) {
            Some(Ok(byte)) if byte.is_ascii() && !b"\"\r\n\0".contains(&byte) => byte,
            Some(_) => {
                let problem = "the delimiter must be one ASCII character such as ',' or ';'".to_owned();
                return Err(self.wrong("all", problem));
            }
            None => DELIMITERS.into_iter().find(|delimiter| first.contains(delimiter)).unwrap_or(b','),
        };
        let start = first.strip_prefix(b"\xef\xbb\xbf").map_or(first.clone(), <[u8]>::to_vec);
        if start.contains(&0) || start.starts_with(b"PK\x03\x04") {
            return Err(self.wrong("all", "this is not text: must be a table in UTF-8".to_owned()));
        }
        let whole = Read::chain(std::io::Cursor::new(start), source);
        let whole: Box<dyn Read> = Box::new(Counted { source: whole, lines: Rc::clone(&self.lines) });
        let mut builder = ReaderBuilder::new();
        builder.has_headers(false).flexible(true).trim(Trim::All).delimiter(delimiter);
        Ok(builder.from_reader(whole))
    }

    /// An error of the learner with the line at which it came.
    fn at(&self, error: &Error) -> Error {
        match error {
            Error::Incompatible { what, reason, .. } => self.wrong("all", format!("{what}: {reason}")),
            other => self.wrong("all", other.to_string()),
        }
    }

    fn wrong(&self, column: &str, problem: String) -> Error {
        Error::Table { path: self.origin.clone(), line: self.line, column: column.to_owned(), problem }
    }
}

impl StreamNotes {
    /// The notes in sentences.
    pub fn sentences(&self) -> Vec<String> {
        let mut said = Vec::new();
        if self.headers > 0 {
            said.push(format!(
                "{} more header{} within the rows.",
                self.headers,
                if self.headers == 1 { "" } else { "s" }
            ));
        }
        let mut list = |columns: &[(u64, String)], what: &str| {
            if let Some((line, name)) = columns.first() {
                let more = if columns.len() > 1 { format!(", and {} more", columns.len() - 1) } else { String::new() };
                said.push(format!("Column {} {what} at line {line}{more}.", quoted(name)));
            }
        };
        list(&self.appeared, "appears");
        list(&self.vanished, "vanishes");
        said
    }
}
