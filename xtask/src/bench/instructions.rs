//! Instructions of fixed work, counted by Valgrind's callgrind and compared with the baseline in the repository.
//!
//! Counts do not depend on what else the machine does. They do depend on the compiler and on the instruction set: Valgrind shows
//! programs a processor with AVX2 and without AVX-512, so that the counts are those of the AVX2 path.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::executable;
use crate::command::{command, output_of, root};

/// The checked-in counts.
const BASELINE: &str = "crates/tegmentum/benches/instructions.json";
/// A count may grow by this share.
const TOLERANCE: f64 = 0.03;
/// The function whose instructions are counted.
const MEASURED: &str = "*measured_work*";

/// Counts and what they were made with.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Counts {
    /// `rustc --version`.
    compiler: String,
    /// Row → instructions of one call.
    instructions: BTreeMap<String, u64>,
}

/// Counts the rows whose name contains `only`; saves them, or compares them with the baseline.
pub(crate) fn run(only: &str, save: bool) -> Result<ExitCode> {
    require_valgrind()?;
    let bench = executable::build()?;
    let compiler = output_of(command("rustc", ["--version"]))?.trim_end().to_owned();
    let mut counts = Counts { compiler, ..Counts::default() };
    let rows: Vec<_> = rows(&bench)?.into_iter().filter(|row| row.contains(only)).collect();
    require_rows(&rows, only)?;
    for row in rows {
        let profile = callgrind(&bench, &row)?;
        let count = total(&std::fs::read_to_string(&profile)?).context("callgrind wrote no total")?;
        println!("{row:<28} {count:>14}");
        counts.instructions.insert(row, count);
    }
    let path = root().join(BASELINE);
    if save {
        return save_to(&path, counts);
    }
    let text = std::fs::read_to_string(&path).with_context(|| format!("no baseline {BASELINE}; --save writes one"))?;
    let baseline: Counts = serde_json::from_str(&text).with_context(|| format!("cannot read {BASELINE}"))?;
    Ok(report(&compare(&baseline, &counts), &baseline, &counts))
}

/// An error that says what to install where there is no Valgrind.
pub(crate) fn require_valgrind() -> Result<()> {
    let found = output_of(command("valgrind", ["--version"]));
    found.map(|_| ()).context("this needs Valgrind on the path (Linux; in Debian's package `valgrind`)")
}

/// Names of the rows that have fixed work.
fn rows(bench: &Path) -> Result<Vec<String>> {
    let mut command = Command::new(bench);
    command.arg("--fixed-rows");
    Ok(output_of(command)?.lines().map(str::to_owned).collect())
}

/// Runs a row's fixed work under callgrind; returns the file with its counts.
pub(crate) fn callgrind(bench: &Path, row: &str) -> Result<PathBuf> {
    let folder = root().join("target/callgrind");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let file = folder.join(format!("{row}.out"));
    let mut command = Command::new("valgrind");
    command.args(["--quiet", "--tool=callgrind", "--collect-atstart=no", "--combine-dumps=yes"]);
    command.arg(format!("--toggle-collect={MEASURED}")).arg(format!("--callgrind-out-file={}", file.display()));
    command.arg(bench).args(["--fixed", row]).env("RAYON_NUM_THREADS", "1");
    output_of(command).with_context(|| format!("{row} under callgrind"))?;
    Ok(file)
}

/// The sum of all instructions in a file of callgrind's.
fn total(profile: &str) -> Option<u64> {
    let line = profile.lines().rev().find_map(|line| line.strip_prefix("totals:").or(line.strip_prefix("summary:")))?;
    line.trim().parse().ok()
}

fn save_to(path: &Path, mut counts: Counts) -> Result<ExitCode> {
    // Rows that were not counted this time keep what they had, if the compiler is the same.
    if let Some(before) = std::fs::read_to_string(path).ok().and_then(|text| serde_json::from_str::<Counts>(&text).ok())
        && before.compiler == counts.compiler
    {
        for (row, count) in before.instructions {
            counts.instructions.entry(row).or_insert(count);
        }
    }
    std::fs::write(path, serde_json::to_string_pretty(&counts)? + "\n")
        .with_context(|| format!("cannot write {}", path.display()))?;
    println!("saved to {BASELINE}");
    Ok(ExitCode::SUCCESS)
}

/// A row that is in the baseline and was counted.
#[derive(Debug, PartialEq)]
struct Change {
    row: String,
    before: u64,
    after: u64,
}

impl Change {
    fn ratio(&self) -> f64 {
        self.after as f64 / self.before as f64
    }

    fn grew(&self) -> bool {
        self.ratio() > 1.0 + TOLERANCE
    }
}

fn compare(baseline: &Counts, counts: &Counts) -> Vec<Change> {
    let change = |(row, &after): (&String, &u64)| {
        Some(Change { row: row.clone(), before: *baseline.instructions.get(row)?, after })
    };
    counts.instructions.iter().filter_map(change).collect()
}

fn report(changes: &[Change], baseline: &Counts, counts: &Counts) -> ExitCode {
    if baseline.compiler != counts.compiler {
        println!("the baseline was made with {}, this is {}", baseline.compiler, counts.compiler);
    }
    println!("\n{:<28} {:>14} {:>14} {:>8}", "row", "baseline", "now", "ratio");
    for change in changes {
        let mark = if change.grew() { "  grew" } else { "" };
        println!("{:<28} {:>14} {:>14} {:>8.4}{mark}", change.row, change.before, change.after, change.ratio());
    }
    for row in counts.instructions.keys().filter(|row| !baseline.instructions.contains_key(*row)) {
        println!("{row:<28} is not in the baseline; --save adds it");
    }
    if changes.iter().any(Change::grew) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// An error unless `rows` has something in it.
pub(crate) fn require_rows<T>(rows: &[T], only: &str) -> Result<()> {
    ensure!(!rows.is_empty(), "no row has \"{only}\" in its name");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(rows: &[(&str, u64)]) -> Counts {
        Counts {
            compiler: "rustc 1".to_owned(),
            instructions: rows.iter().map(|(row, count)| ((*row).to_owned(), *count)).collect(),
        }
    }

    #[test]
    fn growth_beyond_the_tolerance_is_found_and_new_rows_are_none() {
        let (before, after) = (counts(&[("a", 1000), ("b", 1000), ("c", 1000)]), counts(&[("a", 1030), ("b", 1031), ("d", 9)]));
        let changes = compare(&before, &after);
        assert_eq!(changes.iter().map(|change| (change.row.as_str(), change.grew())).collect::<Vec<_>>(), [("a", false), ("b", true)]);
    }

    #[test]
    fn totals_are_read() {
        assert_eq!(total("events: Ir\nfn=(1) a\n1 5\nsummary: 12\n\ntotals: 17\n"), Some(17));
        assert_eq!(total("events: Ir\nsummary: 12\n"), Some(12));
        assert_eq!(total("events: Ir\n"), None);
    }

    #[test]
    fn saving_keeps_rows_that_were_not_counted() {
        let file = tempfile::NamedTempFile::new().unwrap();
        save_to(file.path(), counts(&[("a", 1), ("b", 2)])).unwrap();
        save_to(file.path(), counts(&[("b", 3)])).unwrap();
        let saved: Counts = serde_json::from_str(&std::fs::read_to_string(file.path()).unwrap()).unwrap();
        assert_eq!(saved, counts(&[("a", 1), ("b", 3)]));
    }
}
