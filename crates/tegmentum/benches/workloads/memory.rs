//! The most memory that a process held, in a process of its own for each row. Linux only: read from `/proc`.
//!
//! ```text
//!     X = peak − parameters − data
//! ```
//! parameters the learner's vector, 4 bytes each · data the series or the examples, as the task made them and as the batch holds
//! them in lanes · X everything else: the program itself, activities, candidates. That of passes alone is what inference holds.

use std::process::Command;

use serde::{Deserialize, Serialize};
use tegmentum::data::task::Problem;
use tegmentum::error::Result;
use tegmentum::model::objective::Objective;

use crate::problem;
use crate::work::{Subject, Work, elman, mlp};

/// Makes what is run.
type Build = Box<dyn Fn() -> Result<(Subject, Work)>>;

/// One run in a process of its own.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) title: String,
    build: Build,
    /// Whether it takes too long to show that the benchmark runs.
    large: bool,
}

/// What a process found about itself, in bytes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Held {
    name: String,
    peak: u64,
    parameters: u64,
    data: u64,
}

/// The most bytes that this process has held, if the system tells.
pub(crate) fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

fn row(name: String, title: String, large: bool, build: impl Fn() -> Result<(Subject, Work)> + 'static) -> Row {
    Row { name, title, build: Box::new(build), large }
}

/// Updates from `members` candidates, or passes alone where there are none.
fn training(mut subject: Subject, members: usize) -> Result<(Subject, Work)> {
    // One copy of the parameters, the learner's: what the bench itself would keep is not the library's.
    let start = std::mem::take(&mut subject.start);
    let work = match members {
        0 => subject.passes_from(start, 2)?,
        _ => subject.updates(subject.learner_from(start, members / 2)?, 1, members, 1.0)?,
    };
    Ok((subject, work))
}

/// All runs: the same network by steps and by members, and ever larger ones.
pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (steps, batch, members) in [
        (200, 32, 0),
        (200, 32, 16),
        (200, 32, 256),
        (200, 32, 4096),
        (20_000, 32, 0),
        (20_000, 32, 16),
        (200, 1, 256),
        (20_000, 1, 256),
    ] {
        let name = format!("memory-elman-{steps}-{batch}-{members}");
        let what = if members == 0 { "passes alone".to_owned() } else { format!("population {members}") };
        let title = format!("Elman 3-64-3, T = {steps}, batch {batch}, {what}");
        let large = steps * batch * members > 500_000;
        rows.push(row(name, title, large, move || training(elman(batch, steps)?, members)));
    }
    // Hidden sizes for about 2e5, 1e6, 1e7 and 1e8 parameters.
    for (hidden, parameters) in
        [(vec![256], "2e5"), (vec![1258], "1e6"), (vec![3000, 2540], "1e7"), (vec![10_000, 9200], "1e8")]
    {
        for members in [0, 2, 16] {
            let what = if members == 0 { "passes alone".to_owned() } else { format!("population {members}") };
            let (name, title) = (
                format!("memory-mlp-{parameters}-{members}"),
                format!("MLP, {parameters} parameters, batch 16, {what}"),
            );
            let (hidden, large) = (hidden.clone(), parameters == "1e8" || parameters == "1e7");
            rows.push(row(name, title, large, move || training(mlp(&hidden, 16)?, members)));
        }
    }
    rows
}

/// Bytes of a problem, and of a batch of it in lanes.
fn data_bytes(problem: &Problem) -> u64 {
    let padded = |count: usize| if count <= 4 { 4 } else { count.next_multiple_of(16) };
    let numbers = match problem {
        Problem::Examples(examples) => {
            let row = examples.num_inputs + examples.num_outputs;
            let sets = [&examples.train, &examples.test].map(|set| set.inputs.len() + set.targets.len());
            let count = examples.batch.unwrap_or(examples.train.inputs.len() / examples.num_inputs);
            sets[0] + sets[1] + padded(count) * row
        }
        Problem::Series(series) => {
            series.values.len() + padded(series.windows.count) * series.windows.rows() * series.channels.len()
        }
    };
    (numbers * size_of::<f32>()) as u64
}

/// The run called `name` in this process: three updates, then what it held at most.
pub(crate) fn child(name: &str) -> Result<()> {
    let row = rows().into_iter().find(|row| row.name == name);
    let row = row.ok_or_else(|| problem(format!("no row is called {name}; --list prints the names")))?;
    let (subject, mut work) = (row.build)()?;
    for _ in 0..3 {
        work.call()?;
    }
    let held = Held {
        name: row.name,
        peak: peak_bytes().ok_or_else(|| problem("this system does not tell the most memory that a process held"))?,
        parameters: (subject.objective.num_parameters() * size_of::<f32>()) as u64,
        data: data_bytes(&subject.problem),
    };
    println!("{}", serde_json::to_string(&held).map_err(|error| problem(error.to_string()))?);
    Ok(())
}

/// Starts this program for each row whose name contains `only`, and prints what each held.
pub(crate) fn measure(only: &str, quick: bool, instructions_set: Option<&str>) -> Result<Vec<Held>> {
    let rows = rows().into_iter().filter(|row| row.name.contains(only) && !(quick && row.large));
    let rows: Vec<Row> = rows.collect();
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    if peak_bytes().is_none() {
        println!("memory: this system does not tell the most memory that a process held");
        return Ok(Vec::new());
    }
    println!("{:<64} {:>10} {:>12} {:>10} {:>10}  (MiB)", "row", "peak", "parameters", "data", "X");
    let mut all = Vec::new();
    for row in rows {
        let held = in_a_process(&row.name, instructions_set)?;
        let [peak, parameters, data] =
            [held.peak, held.parameters, held.data].map(|bytes| bytes as f64 / f64::from(1 << 20));
        println!("{:<64} {peak:>10.2} {parameters:>12.2} {data:>10.2} {:>10.2}", row.title, peak - parameters - data);
        all.push(held);
    }
    Ok(all)
}

fn in_a_process(name: &str, instructions_set: Option<&str>) -> Result<Held> {
    let mut program = Command::new(std::env::current_exe().map_err(|error| problem(error.to_string()))?);
    program.args(["--memory", name]);
    program.args(instructions_set.map(|set| ["--instructions-set", set]).into_iter().flatten());
    let output = program.output().map_err(|error| problem(error.to_string()))?;
    if !output.status.success() {
        return Err(problem(format!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim_end())));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| problem(error.to_string()))
}
