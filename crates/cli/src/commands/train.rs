//! `tegmentum train`: a model of a user's table, judged beside simple predictors.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, bail};
use tegmentum::checkpoint::Units;
use tegmentum::file::write_file;
use tegmentum_applied::table::{Column, Table, Values};
use tegmentum_applied::tabular::{Fit, Fitted, LearnerKind, Report, TaskKind, fit};
use tegmentum_study::number::{fixed, number, with_interval};

use super::predict;
use crate::args::{ClassWeights, Train};
use crate::output::{Output, notice, wrapped};
use crate::unfinished::{LOGS, Task, Then, Unfinished};
use crate::workplace::Workplace;
use crate::{interrupt, table};

/// Columns whose importance is shown.
const SHOWN: usize = 10;

/// Reads, trains, judges, writes.
///
/// # Errors
/// If the table cannot be learned from, the folder cannot be written to, or the user stopped it.
pub(crate) fn execute(arguments: &Train, output: &mut Output) -> Result<ExitCode> {
    let data = Table::read(&arguments.data, &arguments.table.read())?;
    data.column(&arguments.target)?;
    let workplace = Workplace::prepare(&folder(arguments))?;
    let unfinished =
        Unfinished::begin(workplace.folder(), Task::data(), std::slice::from_ref(&arguments.data), &arguments.keeping)?;
    unfinished.through(Then::Remove, |unfinished| run(arguments, &data, &workplace, unfinished, output))
}

/// Goes on with a training whose results go to `folder`.
///
/// # Errors
/// As [`execute`].
pub(crate) fn resume(
    arguments: &Train,
    unfinished: Unfinished,
    folder: &Path,
    output: &mut Output,
) -> Result<ExitCode> {
    let workplace = Workplace::prepare(folder)?;
    unfinished.through(Then::Remove, |unfinished| {
        let data = Table::read(&arguments.data, &arguments.table.read())?;
        run(arguments, &data, &workplace, unfinished, output)
    })
}

/// Trains, judges, writes, prints.
fn run(
    arguments: &Train,
    data: &Table,
    workplace: &Workplace,
    unfinished: &Unfinished,
    output: &mut Output,
) -> Result<ExitCode> {
    let begun = AtomicBool::new(false);
    let watch = |_share: f64| {
        if !begun.swap(true, Ordering::Relaxed) {
            notice(&format!("learning {} from {} rows", arguments.target, data.rows()));
        }
        if interrupt::requested() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let logs = workplace.folder().join(LOGS);
    unfinished.forget_logs(&logs)?;
    let log = logs.join(LearnerKind::from(arguments.learner).name());
    let mut plan = plan(arguments, data).kept_in(Units::of(unfinished.checkpoint())).watch(&watch);
    if !arguments.no_log {
        plan = plan.logged(&log);
    }
    let fitted = plan.run()?;
    if interrupt::requested() {
        bail!(interrupt::ENDED);
    }
    let mut written = write(workplace, data, &fitted, &unfinished.job.manifest.command)?;
    if !arguments.no_log {
        unfinished.describe_logs(&logs)?;
        written.push(format!("{}  the log of the training, for `tegmentum replay`", logs.display()));
    }
    for note in data.notes() {
        output.line(&wrapped(note, output.width(), 0))?;
    }
    print(&fitted.report, arguments, output)?;
    for line in written {
        output.line(&line)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What the arguments ask for.
pub(super) fn plan<'a>(arguments: &'a Train, data: &'a Table) -> Fit<'a> {
    let plan = fit(data, &arguments.target)
        .hidden(&arguments.hidden.0)
        .learner(arguments.learner.into())
        .evaluations(arguments.evaluations)
        .seed(arguments.seed)
        .exclude(&arguments.exclude)
        .balanced(arguments.class_weights == ClassWeights::Balanced);
    match arguments.task {
        Some(task) => plan.task(task.into()),
        None => plan,
    }
}

/// Where files go if the user does not say.
fn folder(arguments: &Train) -> PathBuf {
    arguments.out.clone().unwrap_or_else(|| {
        let stem = arguments.data.file_stem().unwrap_or_default().to_string_lossy();
        PathBuf::from("reports").join(format!("train-{}", super::report::file_name(&stem)))
    })
}

/// Writes the files, the model last; returns what was written, a line each.
fn write(workplace: &Workplace, data: &Table, fitted: &Fitted, command: &str) -> Result<Vec<String>> {
    let folder = workplace.folder();
    let column = data.column(&fitted.report.target)?;
    let truths: Vec<String> = fitted.test_rows.iter().map(|&row| cell(column, row)).collect();
    let lines: Vec<u64> = fitted.test_rows.iter().map(|&row| data.lines()[row]).collect();
    let test = predict::csv(&lines, &fitted.report.target, Some(&truths), &fitted.test)?;
    write_file(&folder.join("test_predictions.csv"), &test)?;
    write_file(&folder.join("report.json"), &serde_json::to_vec_pretty(&fitted.report)?)?;
    let model = fitted.model.clone().with_command(without_folders(command));
    model.save(&folder.join("model.safetensors"))?;
    let named = |name: &str, what: &str| format!("{}  {what}", folder.join(name).display());
    Ok(vec![
        named("model.safetensors", "the model, for `tegmentum predict`"),
        named("report.json", "everything that is said above, and more digits"),
        named("test_predictions.csv", "every test row beside its prediction"),
    ])
}

/// A command without the folders of its files.
pub(super) fn without_folders(command: &str) -> String {
    command.split(' ').map(shown).collect::<Vec<_>>().join(" ")
}

/// A word of the command without the folders of a file: a model that is passed on tells nothing of the machine.
pub(super) fn shown(word: &str) -> String {
    let path = Path::new(word);
    match path.file_name() {
        Some(name) if path.components().count() > 1 => name.to_string_lossy().into_owned(),
        _ => word.to_owned(),
    }
}

/// A cell as it can be read.
fn cell(column: &Column, row: usize) -> String {
    match column.values() {
        Values::Number(values) => values[row].to_string(),
        Values::Category { names, codes } => {
            codes[row].and_then(|code| names.get(code as usize)).cloned().unwrap_or_default()
        }
        Values::Date(dates) => dates[row].map(|date| date.to_string()).unwrap_or_default(),
    }
}

/// The report.
fn print(report: &Report, arguments: &Train, output: &mut Output) -> Result<()> {
    let width = output.width();
    let classes = report.task == TaskKind::Classification;
    let what = if classes { format!("{} classes", report.classes.len()) } else { "a number".to_owned() };
    let rows = report.rows;
    output.line(&wrapped(
        &format!(
            "{}, {what}, from {} columns: {} rows to learn from, {} to stop the training, {} to be judged on.{}",
            report.target,
            report.columns.len(),
            rows.train,
            rows.validation,
            rows.test,
            match rows.without_target {
                0 => String::new(),
                count => format!(" {count} rows have no {}.", report.target),
            }
        ),
        width,
        0,
    ))?;
    for dropped in &report.dropped {
        output.line(&wrapped(&format!("Not used: {} ({}).", dropped.column, dropped.reason), width, 0))?;
    }
    output.line(&wrapped(
        &format!(
            "{} parameters, {}, best after {} of {} passes.{}",
            report.parameters,
            report.learner.name(),
            report.best_at,
            report.evaluations,
            // What stops early stops a quarter of its passes after it was best.
            if report.best_at == report.evaluations {
                format!(
                    " It was still improving: --evaluations {} may be better.",
                    arguments.evaluations.saturating_mul(4)
                )
            } else {
                String::new()
            }
        ),
        width,
        0,
    ))?;
    output.line("")?;
    scores(report, output)?;
    if classes {
        confusion(report, output)?;
    }
    importance(report, output)?;
    for sentence in &report.advice {
        output.line(&wrapped(sentence, width, 0))?;
    }
    output.line("")
}

/// The network and the others.
fn scores(report: &Report, output: &mut Output) -> Result<()> {
    let head = if report.task == TaskKind::Classification {
        "accuracy on the test rows, %".to_owned()
    } else {
        format!("root mean square error, in the unit of {}", report.target)
    };
    let percent = if report.task == TaskKind::Classification { 100.0 } else { 1.0 };
    let mut table = table::Table::new([String::new(), head]);
    for score in &report.scores {
        let ends = score.ci95.map(|end| percent * end);
        table.row([score.name.clone(), with_interval(percent * score.value, ends)]);
    }
    for line in table.lines(output.width()) {
        output.line(&line)?;
    }
    if let Some(error) = report.calibration_error {
        let text =
            format!("Probabilities are off by {} % on average (expected calibration error).", fixed(100.0 * error, 1));
        output.line(&wrapped(&text, output.width(), 0))?;
    }
    output.line("")
}

/// Which class is taken for which.
fn confusion(report: &Report, output: &mut Output) -> Result<()> {
    let heads = std::iter::once("true class, as predicted".to_owned()).chain(report.classes.iter().cloned());
    let mut table = table::Table::new(heads);
    for (class, counts) in report.classes.iter().zip(&report.confusion) {
        table.row(std::iter::once(class.clone()).chain(counts.iter().map(u64::to_string)));
    }
    for line in table.lines(output.width()) {
        output.line(&line)?;
    }
    output.line("")
}

/// The columns that matter most.
fn importance(report: &Report, output: &mut Output) -> Result<()> {
    let (head, percent) = match report.task {
        TaskKind::Classification => ("accuracy lost when its cells are shuffled, %", 100.0),
        TaskKind::Regression => ("error added when its cells are shuffled", 1.0),
    };
    let mut table = table::Table::new(["column".to_owned(), head.to_owned()]);
    for one in report.importance.iter().take(SHOWN) {
        table.row([one.column.clone(), number(percent * one.increase)]);
    }
    for line in table.lines(output.width()) {
        output.line(&line)?;
    }
    if report.importance.len() > SHOWN {
        output.line(&format!("and {} more in report.json", report.importance.len() - SHOWN))?;
    }
    output.line("")
}
