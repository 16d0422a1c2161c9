//! The tables of races in the documents, between two marks: a short one in the README, all races in `docs/performance.md`.

use anyhow::{Context, Result};
use tegmentum::file::write_file;

use super::ratios::Table;
use crate::command::root;
use crate::marks::between;

/// Before and after a table.
const MARKS: [&str; 2] = [
    "<!-- speeds: written by `cargo xtask bench --peers --instructions-set avx2,avx512 --write` -->\n\n",
    "\n<!-- end of speeds -->",
];

/// Writes both tables anew.
pub(super) fn write(table: &Table) -> Result<()> {
    for (file, text) in [("README.md", table.short()), ("docs/performance.md", table.markdown())] {
        let path = root().join(file);
        let document = std::fs::read_to_string(&path).with_context(|| format!("cannot read {file}"))?;
        write_file(&path, between(&document, MARKS, &text, &format!("the table of speeds in {file}"))?.as_bytes())?;
    }
    Ok(())
}
