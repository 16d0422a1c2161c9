//! Text between two marks in a document, written anew by a command.

use anyhow::{Context, Result};

/// `document` with `text` between its `marks`; `what` names the place in an error.
///
/// # Errors
/// If a mark is missing.
pub(crate) fn between(document: &str, marks: [&str; 2], text: &str, what: &str) -> Result<String> {
    let [first, last] = marks;
    let (before, rest) =
        document.split_once(first).with_context(|| format!("no mark \"{}\" before {what}", first.trim_end()))?;
    let (_, after) =
        rest.split_once(last).with_context(|| format!("no mark \"{}\" after {what}", last.trim_start()))?;
    Ok([before, first, text, last, after].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_marks_changes() {
        let marks = ["<a>\n", "\n<b>"];
        assert_eq!(between("x\n<a>\nold\n<b>\ny", marks, "new", "it").unwrap(), "x\n<a>\nnew\n<b>\ny");
        assert_eq!(between("x", marks, "new", "it").unwrap_err().to_string(), "no mark \"<a>\" before it");
        assert_eq!(between("<a>\n", marks, "new", "it").unwrap_err().to_string(), "no mark \"<b>\" after it");
    }
}
