//! The table *Does it work?* of the README, between two marks, from the results in `results/`.
//!
//! A row is one metric of one study; smaller is better. "Best other" is the tuned learner that sees losses alone with the smallest
//! centre, chosen after the fact.

use anyhow::{Context, Result};

use super::{Cell, Kept, words};
use crate::marks::between;

/// Before and after the table.
const MARKS: [&str; 2] = ["<!-- results: written by `cargo xtask results` -->\n\n", "\n<!-- end of results -->"];

/// A row of the table.
struct Row {
    study: &'static str,
    what: &'static str,
    metric: &'static str,
    /// What stands before the name of an arm: its setting.
    setting: &'static str,
    dopamine: &'static str,
}

const fn row(study: &'static str, what: &'static str, metric: &'static str) -> Row {
    Row { study, what, metric, setting: "", dopamine: "dopamine" }
}

const PATIENT: &str = "dopamine_patience";
const TO_TARGET: &str = "evaluations_to_0.01";
const RELEARN: &str = "evaluations_to_relearn";

const ROWS: [Row; 11] = [
    Row { setting: "2-4-1/", ..row("xor", "evaluations", TO_TARGET) },
    Row { setting: "2-2-1/", dopamine: PATIENT, ..row("xor", "evaluations, with patience", TO_TARGET) },
    Row { dopamine: PATIENT, ..row("parity", "evaluations, with patience", TO_TARGET) },
    row("lorenz", "NRMSE", "nrmse"),
    row("rossler", "NRMSE", "nrmse"),
    row("mackey-glass", "NRMSE", "nrmse"),
    row("digits", "test error", "error_rate"),
    row("switching-xor", "evaluations to relearn", RELEARN),
    row("switching-chaos", "evaluations to relearn", RELEARN),
    row("switching-digits", "evaluations to relearn", RELEARN),
    row("switching-drift", "evaluations to relearn", RELEARN),
];

/// The tuned learners that see losses alone: arm and name.
const OTHERS: [(&str, &str); 11] = [
    ("weight_perturbation", "weight perturbation"),
    ("sequential", "weight perturbation, one by one"),
    ("accept_if_better", "accept if better"),
    ("normalised", "R4"),
    ("normalised_decay", "R4 with decay"),
    ("schedule_free", "schedule-free R4"),
    ("fzoo", "FZOO"),
    ("fzoo_decay", "FZOO with decay"),
    ("evolution_strategy", "evolution strategy"),
    ("cma_es", "CMA-ES"),
    ("random_search", "random search"),
];

/// `readme` with its table written anew.
///
/// # Errors
/// If the marks are missing, or the results lack a study, an arm or a metric that the table has.
pub(super) fn with_table(readme: &str, studies: &[(&str, Kept)]) -> Result<String> {
    let mut table = String::from(
        "| study, what is counted | Dopamine | best other | node perturbation | Adam with backpropagation |\n|---|---|---|---|---|\n",
    );
    for row in &ROWS {
        let study = studies.iter().find(|(name, _)| *name == row.study).with_context(|| row.study.to_owned())?;
        table += &written(row, &study.1).with_context(|| format!("{} {}", row.study, row.what))?;
    }
    between(readme, MARKS, &table, "the table of results in README.md")
}

fn written(row: &Row, study: &Kept) -> Result<String> {
    let metric = study.metrics.iter().position(|(name, _)| name == row.metric).context("no such metric")?;
    let cell = |arm: &str| {
        let name = format!("{}{arm}", row.setting);
        study.arms.iter().find(|arm| arm.name == name).and_then(|arm| arm.cells[metric].as_ref())
    };
    let centre = |cell: &Cell| cell.centre.unwrap_or(f64::INFINITY);
    let others = OTHERS.iter().filter_map(|&(arm, name)| Some((name, cell(arm)?)));
    let best = others.min_by(|one, other| centre(one.1).total_cmp(&centre(other.1))).context("no other learner")?;
    let dopamine = cell(row.dopamine).context("no Dopamine")?;
    let is_ahead = centre(dopamine) < centre(best.1);
    let plain = |arm| cell(arm).map_or_else(String::new, words);
    Ok(format!(
        "| {} | {} | {} {} | {} | {} |\n",
        named(row),
        bold(words(dopamine), is_ahead),
        best.0,
        bold(words(best.1), !is_ahead),
        plain("node_perturbation"),
        plain("adam"),
    ))
}

/// The study, with its setting if it has several, and what is counted.
fn named(row: &Row) -> String {
    let setting = row.setting.trim_end_matches('/');
    let space = if setting.is_empty() { "" } else { " " };
    format!("`{}`{space}{setting}, {}", row.study, row.what)
}

/// The centre in bold letters, if it is to be.
fn bold(words: String, is_bold: bool) -> String {
    match words.split_once(" [") {
        Some((centre, rest)) if is_bold => format!("**{centre}** [{rest}"),
        _ => words,
    }
}
