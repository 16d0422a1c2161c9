//! `cargo xtask results`: `docs/results.md` and the table of results in the README, written from the results in `results/`.
//!
//! `results/STUDY.json` holds what a study found in short: its claims and the metrics of its arms, without the values of single
//! seeds, and how it came about. `--from DIR` takes them anew from the folders of finished runs; without it the page is written
//! again from what is there, byte by byte the same.

mod readme;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use tegmentum::file::write_file;
use tegmentum_study::BUILT_IN;
use tegmentum_study::folder::{Stored, read};
use tegmentum_study::number::{interval, optional};
use tegmentum_study::outcome::{ClaimOutcome, Sample, Verdict};

use crate::command::root;

/// Where the results are kept, below the root of the repository.
const RESULTS: &str = "results";
/// The page.
const PAGE: &str = "docs/results.md";
/// The README, which has some of the results.
const README: &str = "README.md";
/// What is kept of a manifest.
const PROVENANCE: [&str; 8] =
    ["Started", "Command", "Version", "Commit", "Machine", "Instruction set", "Wall seconds", "Seeds"];

/// Studies of `studies/` that are not built in, because they read a table that does not come with the program.
const WITH_TABLES: [&str; 2] = ["mnist", "mnist-feedback"];

/// The studies whose results are kept, in the order of the page.
fn names() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|(name, _)| *name).chain(WITH_TABLES)
}

/// What `results` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A folder of finished runs to take the results from, as `tegmentum reproduce` leaves it
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
}

/// What is kept of a study.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Kept {
    provenance: Vec<(String, String)>,
    title: String,
    question: String,
    answer: String,
    quick: bool,
    /// The metrics of the table, each with its unit.
    metrics: Vec<(String, String)>,
    arms: Vec<Arm>,
    claims: Vec<ClaimOutcome>,
}

/// An arm with a number for each metric of the table.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Arm {
    name: String,
    cells: Vec<Option<Cell>>,
}

/// A metric of an arm.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Cell {
    centre: Option<f64>,
    interval: Option<[f64; 2]>,
    failed: usize,
    n: usize,
}

/// Takes results if asked to, and writes the page.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    if let Some(from) = &arguments.from {
        take(from, &root().join(RESULTS))?;
    }
    let studies = studies(&root().join(RESULTS))?;
    write_file(&root().join(PAGE), written(&studies).as_bytes())?;
    let readme = readme::with_table(&fs::read_to_string(root().join(README))?, &studies)?;
    write_file(&root().join(README), readme.as_bytes())?;
    println!("    {PAGE}, {README}");
    Ok(ExitCode::SUCCESS)
}

/// Keeps the results of every finished run below `from`.
fn take(from: &Path, results: &Path) -> Result<()> {
    fs::create_dir_all(results).with_context(|| results.display().to_string())?;
    let mut count = 0;
    for name in names() {
        let folder = from.join(name);
        if folder.join("summary.json").is_file() {
            let run = read(&folder)?;
            if let Some(picture) = &run.study.picture {
                ensure!(run.figures.iter().any(|figure| figure.id == *picture), "{name} has no figure {picture:?}");
            }
            let text = serde_json::to_string_pretty(&kept(&run))? + "\n";
            write_file(&results.join(format!("{name}.json")), text.as_bytes())?;
            count += 1;
        }
    }
    ensure!(count > 0, "{} holds no finished run of a study of this repository", from.display());
    println!("    {count} studies from {}", from.display());
    Ok(())
}

fn kept(run: &Stored) -> Kept {
    let summary = &run.summary;
    let is_measured = |name: &String| summary.arms.values().any(|metrics| metrics.contains_key(name));
    let shown = run.study.shown_metrics();
    let metrics: Vec<_> = shown.into_iter().filter(|metric| is_measured(&metric.name)).collect();
    let cell =
        |sample: &Sample| Cell { centre: sample.iqm, interval: sample.ci95, failed: sample.failed(), n: sample.n };
    let arm = |name: &String| {
        let of = summary.arms.get(name);
        let cells = metrics.iter().map(|metric| of.and_then(|samples| samples.get(&metric.name)).map(cell)).collect();
        Arm { name: name.clone(), cells }
    };
    let is_kept = |pair: &&(String, String)| PROVENANCE.contains(&pair.0.as_str());
    Kept {
        provenance: run.manifest.iter().filter(is_kept).map(without_folder).collect(),
        title: summary.title.clone(),
        question: summary.question.clone(),
        answer: summary.answer.clone(),
        quick: summary.quick,
        arms: summary.arm_order.iter().map(arm).collect(),
        metrics: metrics.into_iter().map(|metric| (metric.name, metric.unit)).collect(),
        claims: summary.claims.clone(),
    }
}

/// An entry of a manifest; a command without the folder that it wrote to, which says nothing about the result.
fn without_folder((label, value): &(String, String)) -> (String, String) {
    if label != "Command" {
        return (label.clone(), value.clone());
    }
    let mut words = Vec::new();
    let mut all = value.split(' ');
    while let Some(word) = all.next() {
        if word == "--out" {
            all.next();
        } else {
            words.push(word);
        }
    }
    (label.clone(), words.join(" "))
}

/// The results in a folder, in the order of the page.
fn studies(results: &Path) -> Result<Vec<(&'static str, Kept)>> {
    let mut studies = Vec::new();
    for name in names() {
        let path = results.join(format!("{name}.json"));
        if path.is_file() {
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            let kept: Kept = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
            studies.push((name, kept));
        }
    }
    Ok(studies)
}

fn written(studies: &[(&str, Kept)]) -> String {
    let mut page = String::from(
        "# Results\n\n<!-- Written by `cargo xtask results` from the files in results/. Do not edit. -->\n\n",
    );
    head(&mut page, studies);
    for (name, study) in studies {
        section(&mut page, name, study);
    }
    page
}

/// How the results came about, what the numbers are, and what became of the claims of each study.
fn head(page: &mut String, studies: &[(&str, Kept)]) {
    let short = studies.iter().filter(|(_, study)| study.quick).count();
    let length = match (short, studies.len()) {
        (0, _) => "All studies were run in full.".to_owned(),
        (short, all) if short == all => "All studies were run **shortened**: fewer seeds than they have, and smaller budgets in \
            some. A claim that this cannot decide is inconclusive and says why. `tegmentum reproduce --full` runs the whole."
            .to_owned(),
        (short, all) => format!("{short} of {all} studies were run **shortened**; each says so."),
    };
    line(page, &length);
    for label in ["Command", "Commit", "Machine", "Started"] {
        let mut values: Vec<&str> = studies.iter().filter_map(|(_, study)| find(study, label)).collect();
        values.sort_unstable();
        values.dedup();
        let value = match values.as_slice() {
            [] => continue,
            [first, .., last] if label == "Started" => format!("{first} to {last}"),
            values => values.join("; "),
        };
        let code = if label == "Command" { "`" } else { "" };
        line(page, &format!("{label}: {code}{value}{code}  "));
    }
    page.push('\n');
    line(
        page,
        "Numbers are interquartile means over seeds (shares of seeds where a metric counts them) with 95 % intervals; “–” where",
    );
    line(
        page,
        "a quarter or more of the seeds failed. A claim was written before the run; it is supported if its whole interval is on the",
    );
    line(page, "claim’s side of the threshold. Whatever is not supported stays in the tables.\n");
    line(page, "| study | claims | supported | not supported | inconclusive |");
    line(page, "|---|---|---|---|---|");
    for (name, study) in studies {
        let count = |verdict| study.claims.iter().filter(|claim| claim.verdict == verdict).count();
        let [yes, no, open] = [Verdict::Supported, Verdict::NotSupported, Verdict::Inconclusive].map(count);
        line(page, &format!("| [{name}](#{name}) | {} | {yes} | {no} | {open} |", study.claims.len()));
    }
}

fn section(page: &mut String, name: &str, study: &Kept) {
    line(page, &format!("\n## {name}\n\n**{}.** {}\n\n{}\n", study.title, study.question, study.answer));
    let seeds = find(study, "Seeds").map_or_else(String::new, |seeds| format!("Seeds: {seeds}. "));
    let seconds = find(study, "Wall seconds").map_or_else(String::new, |seconds| format!("Time: {seconds} s."));
    line(page, &format!("{seeds}{seconds}\n"));
    if !study.metrics.is_empty() {
        let unit = |(name, unit): &(String, String)| match unit.as_str() {
            "" => escaped(name),
            unit => format!("{} ({})", escaped(name), escaped(unit)),
        };
        row(page, std::iter::once("arm".to_owned()).chain(study.metrics.iter().map(unit)));
        row(page, std::iter::repeat_n("---".to_owned(), study.metrics.len() + 1));
        for arm in &study.arms {
            let cells = arm.cells.iter().map(|cell| cell.as_ref().map_or_else(|| "–".to_owned(), words));
            row(page, std::iter::once(escaped(&arm.name)).chain(cells));
        }
        page.push('\n');
    }
    if !study.claims.is_empty() {
        line(page, "| claim | verdict | effect [95 % interval] | wanted | n |");
        line(page, "|---|---|---|---|---|");
        for claim in &study.claims {
            row(
                page,
                [
                    escaped(&claim.claim),
                    verdict(claim),
                    format!("{} {}", optional(claim.effect), interval(claim.ci95)),
                    claim.threshold.clone(),
                    claim.n.to_string(),
                ],
            );
        }
    }
}

/// `0.123 [0.100, 0.150]`, and how many seeds failed.
fn words(cell: &Cell) -> String {
    let ends = cell.interval.map_or_else(String::new, |ends| format!(" {}", interval(ends.map(Some))));
    let failed = if cell.failed > 0 { format!(", {} of {} failed", cell.failed, cell.n) } else { String::new() };
    format!("{}{ends}{failed}", optional(cell.centre))
}

fn verdict(claim: &ClaimOutcome) -> String {
    let word = match claim.verdict {
        Verdict::Supported => "**supported**",
        Verdict::NotSupported => "**not supported**",
        Verdict::Inconclusive => "inconclusive",
    };
    claim.reason.as_ref().map_or_else(|| word.to_owned(), |reason| format!("{word}: {}", escaped(reason)))
}

fn find<'a>(study: &'a Kept, label: &str) -> Option<&'a str> {
    study.provenance.iter().find(|pair| pair.0 == label).map(|pair| pair.1.as_str())
}

/// Text in a cell of a table.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('_', "\\_").replace('*', "\\*")
}

fn row(page: &mut String, cells: impl IntoIterator<Item = String>) {
    let cells: Vec<String> = cells.into_iter().collect();
    line(page, &format!("| {} |", cells.join(" | ")));
}

/// Adds a line; a string takes whatever is written to it.
fn line(page: &mut String, text: &str) {
    let _ = writeln!(page, "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_what_is_written_again() {
        let studies = studies(&root().join(RESULTS)).unwrap();
        let file = fs::read_to_string(root().join(PAGE)).unwrap();
        assert!(written(&studies) == file, "{PAGE} is not what `cargo xtask results` writes: run it");
        let file = fs::read_to_string(root().join(README)).unwrap();
        let readme = readme::with_table(&file, &studies).unwrap();
        assert!(readme == file, "{README} has a table that `cargo xtask results` writes otherwise: run it");
    }

    #[test]
    fn every_built_in_study_has_its_results() {
        for (name, _) in BUILT_IN {
            assert!(root().join(RESULTS).join(format!("{name}.json")).is_file(), "{RESULTS}/{name}.json");
        }
    }

    #[test]
    fn a_command_is_kept_without_its_folder() {
        let kept = |label: &str, value: &str| without_folder(&(label.to_owned(), value.to_owned())).1;
        assert_eq!(kept("Command", "tegmentum run xor --out somewhere --threads 1"), "tegmentum run xor --threads 1");
        assert_eq!(kept("Command", "tegmentum run xor --out"), "tegmentum run xor");
        assert_eq!(kept("Machine", "a --out b"), "a --out b");
    }

    #[test]
    fn a_study_is_a_table_and_its_claims() {
        let claim = ClaimOutcome {
            claim: "a | b".to_owned(),
            verdict: Verdict::Inconclusive,
            effect: Some(0.5),
            ci95: [Some(0.25), None],
            n: 3,
            statistic: String::new(),
            threshold: "≤ 1".to_owned(),
            reason: Some("too few seeds".to_owned()),
        };
        let cell = Cell { centre: Some(0.125), interval: Some([0.1, 0.2]), failed: 1, n: 9 };
        let kept = Kept {
            provenance: vec![("Seeds".to_owned(), "9 from 1 on".to_owned())],
            title: "T".to_owned(),
            question: "Q?".to_owned(),
            answer: "A.".to_owned(),
            quick: true,
            metrics: vec![("error_rate".to_owned(), "share".to_owned())],
            arms: vec![Arm { name: "x".to_owned(), cells: vec![Some(cell)] }],
            claims: vec![claim],
        };
        let page = written(&[("small", kept)]);
        for part in [
            "| [small](#small) | 1 | 0 | 0 | 1 |",
            "| x | 0.125 [0.100, 0.200], 1 of 9 failed |",
            "| a \\| b | inconclusive: too few seeds | 0.500 [0.250, ∞] | ≤ 1 | 3 |",
            "Seeds: 9 from 1 on.",
            "run **shortened**",
        ] {
            assert!(page.contains(part), "{part}\n{page}");
        }
    }
}
