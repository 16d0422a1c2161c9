//! `cargo xtask tables`: `docs/table-results.md`, what `tegmentum train` makes of tables of other hands, beside tuned Adam.
//!
//! The tables come from packages (`xtask/tables/tables.py`). `results/tables.json` keeps the scores of every seed; without `--measure` the
//! page is written again from it, byte by byte the same.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use tegmentum::evidence::statistics::{Estimate, RESAMPLES, bootstrap, interquartile_mean};
use tegmentum::file::write_file;
use tegmentum::random::Key;
use tegmentum_applied::table::{ReadOptions, Table};
use tegmentum_applied::tabular::{TaskKind, fit};
use tegmentum_study::number::{brackets, short, with_interval};

use crate::command::{command, root, run as run_command};
use crate::python;

const RESULTS: &str = "results/tables.json";
const PAGE: &str = "docs/table-results.md";
/// Where the tables are written.
const TABLES: &str = "target/tables";
/// Seeds: each cuts the rows, draws the first weights and everything else anew.
const SEEDS: u64 = 10;
/// As good as tuned Adam: so many points of accuracy below it, or such a ratio of errors above.
const POINTS: f64 = 2.0;
const RATIO: f64 = 1.05;
/// The groups, and what they are.
const GROUPS: [(&str, &str); 2] =
    [("first", "Tables on which a default may be chosen"), ("held out", "Tables on which nothing was chosen")];

/// What `tables` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Fetch the tables and measure anew; a quarter of an hour
    #[arg(long)]
    measure: bool,
    /// Measure these tables alone, and show their lines instead of writing them
    #[arg(long, value_delimiter = ',', requires = "measure")]
    only: Vec<String>,
}

/// A table, from the Python side.
#[derive(Deserialize)]
struct Listed {
    name: String,
    group: String,
    target: String,
    source: String,
    licence: String,
}

/// What is kept of a table.
#[derive(Serialize, Deserialize)]
struct Kept {
    name: String,
    group: String,
    target: String,
    source: String,
    licence: String,
    rows: usize,
    columns: usize,
    /// Classes; 0 for a number.
    classes: usize,
    /// A line for each seed.
    runs: Vec<Run>,
}

/// What one seed gave: accuracies in per cent, or root mean square errors in the unit of the target.
#[derive(Serialize, Deserialize)]
struct Run {
    seed: u64,
    own: f64,
    adam: f64,
    /// The rate that was chosen for Adam.
    rate: f64,
    /// The best of the simple predictors on the test part, in hindsight.
    simple: f64,
    simple_name: String,
}

/// Measures if asked to, and writes the page.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let results = root().join(RESULTS);
    if arguments.measure {
        let kept = measure(&arguments.only)?;
        if !arguments.only.is_empty() {
            println!("{}", page(&kept));
            return Ok(ExitCode::SUCCESS);
        }
        write_file(&results, (serde_json::to_string_pretty(&kept)? + "\n").as_bytes())?;
    }
    let text = fs::read_to_string(&results).with_context(|| results.display().to_string())?;
    write_file(&root().join(PAGE), page(&serde_json::from_str::<Vec<Kept>>(&text)?).as_bytes())?;
    println!("    {PAGE}");
    Ok(ExitCode::SUCCESS)
}

/// Fetches the tables and learns them all, or those that are named.
fn measure(only: &[String]) -> Result<Vec<Kept>> {
    let installs: [&[&str]; 2] =
        [&["-r", "xtask/tables/requirements.txt"], &["--no-deps", "-r", "xtask/tables/data.txt"]];
    let python = python::environment("tables-venv", "TEGMENTUM_TABLES_PYTHON", &installs)?;
    let step = command(&python.to_string_lossy(), ["xtask/tables/tables.py", TABLES]);
    ensure!(run_command(step)?.success(), "the tables could not be fetched");
    let folder = root().join(TABLES);
    let all: Vec<Listed> = serde_json::from_str(&fs::read_to_string(folder.join("tables.json"))?)?;
    if let Some(name) = only.iter().find(|name| all.iter().all(|one| one.name != **name)) {
        let known: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
        anyhow::bail!("--only {name}: there is no such table; there are {}", known.join(", "));
    }
    let wanted = all.into_iter().filter(|one| only.is_empty() || only.contains(&one.name));
    wanted.map(|one| learn(&folder, one)).collect()
}

/// Learns one table, seed by seed.
fn learn(folder: &Path, one: Listed) -> Result<Kept> {
    let Listed { name, group, target, source, licence } = one;
    let table = Table::read(&folder.join(format!("{name}.csv")), &ReadOptions::default())?;
    let (mut runs, mut columns, mut classes) = (Vec::new(), 0, 0);
    for seed in 0..SEEDS {
        let report = fit(&table, &target).seed(seed).run().with_context(|| name.clone())?.report;
        let is_classes = report.task == TaskKind::Classification;
        let unit = if is_classes { 100.0 } else { 1.0 };
        let [own, adam, simple @ ..] = &report.scores[..] else { anyhow::bail!("{name}: no scores") };
        let worse = |value: f64| if is_classes { -value } else { value };
        let best = simple.iter().min_by(|a, b| worse(a.value).total_cmp(&worse(b.value))).context("nothing simple")?;
        println!("    {name} {seed}: {} {} {}", short(unit * own.value), short(unit * adam.value), adam.name);
        (columns, classes) = (report.columns.len(), report.classes.len());
        runs.push(Run {
            seed,
            own: unit * own.value,
            adam: unit * adam.value,
            rate: report.adam_rate.context("no rate was chosen")?,
            simple: unit * best.value,
            simple_name: best.name.clone(),
        });
    }
    Ok(Kept { rows: table.rows(), name, group, target, source, licence, columns, classes, runs })
}

/// The page.
fn page(all: &[Kept]) -> String {
    let mut page = format!(
        "# Tables of other hands\n\n<!-- Written by `cargo xtask tables` from results/tables.json. Do not edit. -->\n\n\
         `cargo xtask tables --measure` fetches the tables, measures and writes this page. *Ours* is `tegmentum train` with its defaults:\n\
         node perturbation, forward passes alone, no rate to set, nothing tuned. *Tuned Adam* is the same network along the exact gradient,\n\
         with the same rows, first weights, budget of passes and early stopping, and with the best of seven rates from 0.0001 to 0.1 on\n\
         the validation rows of each seed. Each of {SEEDS} seeds cuts the rows anew into rows to learn from (64 %), to stop by (16 %) and to be\n\
         judged on (20 %). Numbers are interquartile means over seeds with bootstrap intervals of 95 %; differences are of pairs with the same\n\
         seed. *Best simple* is the best, in hindsight, of the predictors that `train` shows beside the network. The tables are parts of the\n\
         packages that are named, under the licences that are named; they are fetched and not kept here. `xtask/tables/tables.py` has the\n\
         equations of the synthetic one.\n\n\
         As good as tuned Adam is at most {POINTS} points of accuracy below it, or at most {RATIO} times its error.\n",
    );
    for (group, what) in GROUPS {
        let tables: Vec<&Kept> = all.iter().filter(|one| one.group == group).collect();
        let good = tables.iter().filter(|one| one.is_good()).count();
        let _ = write!(page, "\n## {what}\n\nAs good as tuned Adam on {good} of {}.\n", tables.len());
        section(&mut page, &tables, true);
        section(&mut page, &tables, false);
        sources(&mut page, &tables);
    }
    let good = all.iter().filter(|one| one.is_good()).count();
    let clearly = |worse: bool| all.iter().filter(|one| one.is_clearly(worse)).count();
    let _ = write!(
        page,
        "\n## All\n\nAs good as tuned Adam on {good} of {}. The interval of the difference says that ours is worse on {}, better on {}, and \
         cannot tell on the others. Bold is what misses the bar: there we lose by more than it allows.\n",
        all.len(),
        clearly(true),
        clearly(false),
    );
    page
}

/// The tables of classes, or those of numbers.
fn section(page: &mut String, tables: &[&Kept], classes: bool) {
    let of_kind: Vec<&&Kept> = tables.iter().filter(|one| (one.classes > 0) == classes).collect();
    if of_kind.is_empty() {
        return;
    }
    page.push_str(if classes {
        "\n| classes | rows × columns | ours, accuracy % | tuned Adam | ours − tuned Adam, points | best simple | rates |\n"
    } else {
        "\n| numbers | rows × columns | ours, RMSE | tuned Adam | ours ÷ tuned Adam | best simple | rates |\n"
    });
    page.push_str("|---|---|---|---|---|---|---|\n");
    for one in of_kind {
        let shown = |of: fn(&Run) -> f64| {
            let estimate = one.estimate(of);
            with_interval(estimate.value, estimate.ci95)
        };
        let difference = one.difference();
        let mut text = short(difference.value);
        if !one.is_good() {
            text = format!("**{text}**");
        }
        let mut rates: Vec<f64> = one.runs.iter().map(|run| run.rate).collect();
        rates.sort_by(f64::total_cmp);
        rates.dedup();
        let _ = writeln!(
            page,
            "| {} | {} × {} | {} | {} | {text} {} | {} | {} |",
            one.name,
            one.rows,
            one.columns,
            shown(|run| run.own),
            shown(|run| run.adam),
            brackets(difference.ci95),
            short(one.estimate(|run| run.simple).value),
            rates.iter().map(f64::to_string).collect::<Vec<_>>().join(", "),
        );
    }
}

/// Where the tables come from.
fn sources(page: &mut String, tables: &[&Kept]) {
    page.push_str("\n| table | predicted | source | licence |\n|---|---|---|---|\n");
    for one in tables {
        let Kept { name, target, source, licence, .. } = one;
        let _ = writeln!(page, "| {name} | {target} | {source} | {licence} |");
    }
}

impl Kept {
    /// The interquartile mean over seeds.
    fn estimate(&self, of: impl Fn(&Run) -> f64) -> Estimate {
        let values: Vec<f64> = self.runs.iter().map(of).collect();
        bootstrap(&values, interquartile_mean, RESAMPLES, Key::from_seed(0))
    }

    /// Points of accuracy above Adam, or the error over that of Adam.
    fn difference(&self) -> Estimate {
        self.estimate(|run| if self.classes > 0 { run.own - run.adam } else { run.own / run.adam })
    }

    /// Whether it is as good as tuned Adam.
    fn is_good(&self) -> bool {
        let difference = self.difference().value;
        if self.classes > 0 { difference >= -POINTS } else { difference <= RATIO }
    }

    /// Whether the interval says that it is worse, or better.
    fn is_clearly(&self, worse: bool) -> bool {
        let [low, high] = self.difference().ci95;
        let equal = if self.classes > 0 { 0.0 } else { 1.0 };
        if worse == (self.classes > 0) { high < equal } else { low > equal }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_what_is_written_again() {
        let text = fs::read_to_string(root().join(RESULTS)).unwrap();
        let page = page(&serde_json::from_str::<Vec<Kept>>(&text).unwrap());
        let file = fs::read_to_string(root().join(PAGE)).unwrap();
        assert!(page == file, "{PAGE} is not what `cargo xtask tables` writes: run it");
    }
}
