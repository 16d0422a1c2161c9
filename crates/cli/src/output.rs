//! Writing to the terminal: results to standard output, everything else to standard error.
//!
//! A reader that has gone (`tegmentum list | head -1`, a closed terminal) is no error: what is written after that is
//! dropped, and work that leaves files goes on to its end.

use std::io::{self, IsTerminal, Write};

use anyhow::{Context, Result};
use console::{Style, Term};

/// Columns where the width is not known.
const WIDTH: usize = 100;
/// `EIO`: what a write to a terminal that has gone away gives.
const TERMINAL_GONE: i32 = 5;

/// Standard output.
#[derive(Debug)]
pub(crate) struct Output {
    closed: bool,
    terminal: bool,
    width: usize,
}

impl Output {
    /// Standard output as it is: a terminal of some width, a file or a pipe.
    pub(crate) fn stdout() -> Self {
        let terminal = io::stdout().is_terminal();
        let width = if terminal { Term::stdout().size_checked().map(|size| usize::from(size.1)) } else { None };
        Self { closed: false, terminal, width: width.unwrap_or(WIDTH).clamp(40, 160) }
    }

    /// Whether someone is reading along.
    pub(crate) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Columns to fill.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Writes `text` and ends the line.
    ///
    /// # Errors
    /// If it cannot be written, except that nobody reads it any more.
    pub(crate) fn line(&mut self, text: &str) -> Result<()> {
        if self.closed {
            return Ok(());
        }
        let mut stdout = io::stdout().lock();
        match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
            Err(error) if has_no_reader(&error) => self.closed = true,
            written => written.context("standard output")?,
        }
        Ok(())
    }

    /// `text` in a style, if this is a terminal that shows colours.
    pub(crate) fn styled(&self, style: &Style, text: &str) -> String {
        let shown = self.terminal && console::colors_enabled();
        style.clone().force_styling(shown).apply_to(text).to_string()
    }
}

fn has_no_reader(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe || error.raw_os_error() == Some(TERMINAL_GONE)
}

/// Writes a line to standard error; if nobody reads it, so be it.
pub(crate) fn notice(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// `text` broken at spaces into lines of at most `width` columns. The first line begins behind `indent` columns that are
/// already taken, later ones behind as many spaces.
pub(crate) fn wrapped(text: &str, width: usize, indent: usize) -> String {
    let (first, rest) = ("\u{a0}".repeat(indent), " ".repeat(indent));
    let options = textwrap::Options::new(width.max(indent + 1))
        .initial_indent(&first)
        .subsequent_indent(&rest)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit)
        .break_words(false);
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines = textwrap::fill(&words, options);
    lines.strip_prefix(&first).map_or_else(String::new, str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_kept_whole() {
        assert_eq!(wrapped("one two three", 9, 2), "one two\n  three");
        assert_eq!(wrapped("one two three", 7, 0), "one two\nthree");
        assert_eq!(wrapped("averyverylongword at all", 6, 2), "averyverylongword\n  at\n  all");
        assert_eq!(wrapped("", 6, 2), "");
    }
}
