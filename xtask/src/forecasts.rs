//! `cargo xtask forecasts`: `docs/forecast-results.md`, forecasts of real series beside models of other hands.
//!
//! The series come from packages (`xtask/series/series.py`), which also judges the other models. `results/forecasts.json` keeps the
//! errors; without `--measure` the page is written again from it, byte by byte the same.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use tegmentum::file::write_file;
use tegmentum_applied::forecast::ForecastConfig;
use tegmentum_study::number::fixed;

use crate::command::{command, root, run as run_command};
use crate::python;

const RESULTS: &str = "results/forecasts.json";
const PAGE: &str = "docs/forecast-results.md";
/// Where the series are written.
const SERIES: &str = "target/series";
/// Rows ahead that are forecast.
const HORIZON: usize = 12;
/// A forecast is as good as the best of the others up to this ratio of errors.
const AS_GOOD: f64 = 1.02;
/// The groups, and what they are.
const GROUPS: [(&str, &str); 3] = [
    ("first", "Series on which constants of the recipe were chosen"),
    ("second", "Series on which some constants were chosen, too"),
    ("held out", "Series that were looked at after all was chosen"),
];

/// What `forecasts` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Fetch the series and measure anew; some minutes
    #[arg(long)]
    measure: bool,
}

/// A series with the errors of all models, from the Python side.
#[derive(Deserialize)]
struct Baselines {
    name: String,
    group: String,
    source: String,
    rows: usize,
    errors: serde_json::Map<String, serde_json::Value>,
}

/// What is kept of a series.
#[derive(Serialize, Deserialize)]
struct Kept {
    name: String,
    group: String,
    source: String,
    rows: usize,
    /// Error of the next row, of the forecast and of its base alone.
    error: f64,
    base: f64,
    /// Error of the last value, and the best of the others with its name.
    last_value: f64,
    best: f64,
    best_name: String,
    /// Test rows, and those inside the intervals of 80 and 95 % of the next row.
    test: usize,
    inside: [usize; 2],
}

/// Measures if asked to, and writes the page.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let results = root().join(RESULTS);
    if arguments.measure {
        let kept = measure()?;
        write_file(&results, (serde_json::to_string_pretty(&kept)? + "\n").as_bytes())?;
    }
    let text = fs::read_to_string(&results).with_context(|| results.display().to_string())?;
    write_file(&root().join(PAGE), page(&serde_json::from_str::<Vec<Kept>>(&text)?).as_bytes())?;
    println!("    {PAGE}");
    Ok(ExitCode::SUCCESS)
}

/// Fetches the series and forecasts them all, one thread at a time.
fn measure() -> Result<Vec<Kept>> {
    let installs: [&[&str]; 2] =
        [&["-r", "xtask/series/requirements.txt"], &["--no-deps", "-r", "xtask/series/data.txt"]];
    let python = python::environment("series-venv", "TEGMENTUM_SERIES_PYTHON", &installs)?;
    let step = command(&python.to_string_lossy(), ["xtask/series/series.py", SERIES]);
    ensure!(run_command(step)?.success(), "the series could not be fetched");
    let folder = root().join(SERIES);
    let text = fs::read_to_string(folder.join("baselines.json"))?;
    let all: Vec<Baselines> = serde_json::from_str(&text)?;
    all.into_iter().map(|one| forecast(&folder, one)).collect()
}

/// Forecasts one series.
fn forecast(folder: &Path, one: Baselines) -> Result<Kept> {
    let text = fs::read_to_string(folder.join(format!("{}.csv", one.name)))?;
    let values: Vec<f64> = text.lines().skip(1).map(|line| line.trim().parse()).collect::<Result<_, _>>()?;
    let clock = std::time::Instant::now();
    let forecast = ForecastConfig { horizon: HORIZON, ..ForecastConfig::default() }
        .fit(&values)
        .with_context(|| one.name.clone())?;
    let seconds = clock.elapsed().as_secs_f64();
    let next = forecast.horizons.first().context("no horizon")?;
    let (learned, test) = values.split_at(forecast.learned);
    let mean = learned.iter().sum::<f64>() / learned.len() as f64;
    let variance = learned.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / learned.len() as f64;
    let error = |predicted: &[f64]| {
        let squares = predicted.iter().zip(test).map(|(predicted, value)| (predicted - value).powi(2));
        (squares.sum::<f64>() / test.len() as f64 / variance).sqrt()
    };
    let inside = [0, 1].map(|level| {
        let errors = next.predicted.iter().zip(test).map(|(predicted, value)| (predicted - value).abs());
        errors.zip(&next.half_widths[level]).filter(|(error, half)| error <= *half).count()
    });
    let errors: Vec<(&String, f64)> =
        one.errors.iter().filter_map(|(name, value)| Some((name, value.as_f64()?))).collect();
    let of = |wanted: &str| errors.iter().find(|(name, _)| *name == wanted).map(|(_, error)| *error);
    let best = errors.iter().min_by(|a, b| a.1.total_cmp(&b.1)).context("no other model")?;
    println!("    {}: {:.4}, {} {:.4}, {seconds:.1} s", one.name, error(&next.predicted), best.0, best.1);
    Ok(Kept {
        error: error(&next.predicted),
        base: error(&next.base),
        last_value: of("last value").context("no last value")?,
        best: best.1,
        best_name: best.0.clone(),
        test: test.len(),
        inside,
        name: one.name,
        group: one.group,
        source: one.source,
        rows: one.rows,
    })
}

/// The page.
fn page(all: &[Kept]) -> String {
    let mut page = String::from(
        "# Forecasts of real series\n\n<!-- Written by `cargo xtask forecasts` from results/forecasts.json. Do not edit. -->\n\n\
         `cargo xtask forecasts --measure` fetches the series, measures and writes this page. Errors are of the next row, on the last\n\
         30 % of the rows, in standard deviations of the rows before. *Best other* is the best, in hindsight, of the last value, the value a\n\
         season before, an autoregression, a ridge regression on lags, and exponential smoothing, which were fitted once, to the first 70 %\n\
         (by statsmodels and numpy; `xtask/series/series.py` says how). The forecast has its default settings with a horizon of 12\n\
         rows, and learns anew along the test; the others do not. At most 3000 rows of a series are used. The series are parts of the\n\
         packages that are named, under the licences of these packages; they are fetched and not kept here.\n",
    );
    let mut total = (0, 0, [0, 0], 0);
    for (group, what) in GROUPS {
        let rows: Vec<&Kept> = all.iter().filter(|one| one.group == group).collect();
        let good = rows.iter().filter(|one| one.error <= AS_GOOD * one.best).count();
        let test: usize = rows.iter().map(|one| one.test).sum();
        let inside = [0, 1].map(|level| rows.iter().map(|one| one.inside[level]).sum::<usize>());
        let worst = rows.iter().map(|one| one.error / one.last_value).fold(0.0, f64::max);
        total =
            (total.0 + good, total.1 + rows.len(), [total.2[0] + inside[0], total.2[1] + inside[1]], total.3 + test);
        let _ = write!(
            page,
            "\n## {what}\n\nAt most {AS_GOOD} of the best other on {good} of {}; at most {} of the last value on all. Intervals of 80 % held \
             {} %, those of 95 % {} % of {test} test values.\n\n\
             | series | rows | forecast | its base alone | best other | | last value | forecast / best other |\n\
             |---|---|---|---|---|---|---|---|\n",
            rows.len(),
            fixed(worst, 2),
            percent(inside[0], test),
            percent(inside[1], test),
        );
        for one in rows {
            row(&mut page, one);
        }
    }
    let logs = |one: &Kept| (one.error / one.base).ln();
    let mean = (all.iter().map(logs).sum::<f64>() / all.len().max(1) as f64).exp();
    let _ = write!(
        page,
        "\n## All\n\nAt most {AS_GOOD} of the best other on {} of {}. Intervals held {} and {} % of {} test values. With the networks the error is \
         {} times that of the base alone (geometric mean). Ratios above {AS_GOOD} are bold: there we lose.\n",
        total.0,
        total.1,
        percent(total.2[0], total.3),
        percent(total.2[1], total.3),
        total.3,
        fixed(mean, 3),
    );
    page
}

/// The line of a series in the table.
fn row(page: &mut String, one: &Kept) {
    let ratio = fixed(one.error / one.best, 3);
    let ratio = if one.error > AS_GOOD * one.best { format!("**{ratio}**") } else { ratio };
    let errors = [one.error, one.base, one.best].map(|error| fixed(error, 4)).join(" | ");
    let last = fixed(one.last_value, 4);
    let _ = writeln!(
        page,
        "| {} ({}) | {} | {errors} | {} | {last} | {ratio} |",
        one.name, one.source, one.rows, one.best_name
    );
}

fn percent(part: usize, whole: usize) -> String {
    fixed(100.0 * part as f64 / whole.max(1) as f64, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_what_is_written_again() {
        let text = fs::read_to_string(root().join(RESULTS)).unwrap();
        let page = page(&serde_json::from_str::<Vec<Kept>>(&text).unwrap());
        let file = fs::read_to_string(root().join(PAGE)).unwrap();
        assert!(page == file, "{PAGE} is not what `cargo xtask forecasts` writes: run it");
    }
}
