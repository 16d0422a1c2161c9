//! What a study needs, estimated from its text and compared with stated limits before anything is made.
//!
//! The estimate is rough, within a small factor for what comes along; it is there to refuse what cannot run, not to count
//! bytes. Numbers are 128 bits wide and saturate, so that no size overflows.
//!
//! | part | bytes |
//! |---|---|
//! | data | 64 for each row of a series, 8 × 16 for each step of a window and each example of a batch |
//! | network | 32 P for each run, P parameters as its layers say, and 64 for each unit and step of a window |
//! | learner | 128 for each direction or candidate of an update, and 4 P for each candidate of `cma_es` |
//! | agent | 1024 for each unit and context, 16 for each pair of cells |
//! | results | 4096 + 4 P for each arm and seed; 100 for each trial of a run of behaviour |
//!
//! What a run needs counts for as many runs as there are threads.

use serde::Serialize;
use tegmentum::error::Error;
use toml::{Table, Value};

use super::config::{DEFAULT_MEMORY, StudyConfig};

/// Most steps of integration in the making of a task: about two seconds.
const MAX_TASK_STEPS: u128 = 50_000_000;
/// Numbers of an input and a target that a row is taken to have.
const WIDTH: u128 = 16;
/// Bytes in a gibibyte.
const GIBIBYTE: f64 = 1_073_741_824.0;

/// A part of what is needed: the key that says how much, its value, and the bytes.
struct Part {
    key: String,
    value: u128,
    bytes: u128,
}

/// What is wrong with the size of a study, if anything is.
pub(super) fn check(study: &StudyConfig) -> Result<(), String> {
    if !(study.memory_limit > 0.0 && study.memory_limit <= 1e6) {
        return Err(format!("memory_limit = {}: must be above 0 and at most 1000000 (GiB)", study.memory_limit));
    }
    let Ok(table) = Table::try_from(study) else { return Ok(()) };
    let mut tasks = Vec::new();
    collect(&table, "task", "", &mut tasks);
    tasks.iter().try_for_each(|(path, task)| check_work(path, task))?;
    let parts = parts(study, &table, &tasks);
    let bytes = parts.iter().map(|part| part.bytes).fold(0, u128::saturating_add);
    let Some(largest) = parts.iter().max_by_key(|part| part.bytes) else { return Ok(()) };
    if bytes as f64 <= study.memory_limit * GIBIBYTE {
        return Ok(());
    }
    Err(format!(
        "{} = {}: the study would need about {} of memory; at most {} GiB are allowed (memory_limit)",
        largest.key,
        largest.value,
        readable(bytes),
        study.memory_limit
    ))
}

/// Refuses a learner or an agent that is made by itself, if it would need more memory than a study may by default. `kind` is the key of
/// it in an arm, `settings` its value there, `parameters` the number P of parameters that it learns.
///
/// # Errors
/// [`Error::Incompatible`] with the setting that asks for most.
///
/// # Example
/// ```
/// use tegmentum::learning::optimizers::cma_es::CmaEsConfig;
/// use tegmentum_study::limits::check_part;
///
/// let population = |candidates| CmaEsConfig { population: Some(candidates), ..CmaEsConfig::default() };
/// assert!(check_part("optimizer", &population(100), 10).is_ok());
/// assert!(check_part("optimizer", &population(1_000_000_000_000), 10).is_err());
/// ```
pub fn check_part(kind: &str, settings: &impl Serialize, parameters: usize) -> Result<(), Error> {
    let Ok(settings) = Value::try_from(settings) else { return Ok(()) };
    let arm = Table::from_iter([(kind.to_owned(), settings)]);
    let table = Table::from_iter([("arm".to_owned(), Value::Array(vec![Value::Table(arm)]))]);
    let (mut bytes, mut most) = (0_u128, (0, String::new()));
    arms(&table, parameters as u128, 1, &mut |(key, value), factors| {
        let part = product(factors);
        bytes = bytes.saturating_add(part);
        if part >= most.0 {
            most = (part, format!("{} = {value}", key.trim_start_matches("arm[0].")));
        }
    });
    let limit = DEFAULT_MEMORY;
    if bytes as f64 <= limit * GIBIBYTE {
        return Ok(());
    }
    let reason = format!("about {} would be needed; at most {limit} GiB are allowed", readable(bytes));
    Err(Error::Incompatible { what: most.1, with: "the limit of memory".to_owned(), reason })
}

/// Bytes in a unit that a reader can judge.
fn readable(bytes: u128) -> String {
    let gibibytes = bytes as f64 / GIBIBYTE;
    if gibibytes < 1e4 { format!("{gibibytes:.1} GiB") } else { format!("{gibibytes:.1e} GiB") }
}

/// Every table called `name`, with its place.
fn collect<'a>(table: &'a Table, name: &str, path: &str, found: &mut Vec<(String, &'a Table)>) {
    for (key, value) in table {
        let place = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match value {
            Value::Table(inner) if key == name => found.push((place, inner)),
            Value::Table(inner) => collect(inner, name, &place, found),
            Value::Array(values) => {
                let tables = values.iter().filter_map(Value::as_table);
                tables.enumerate().for_each(|(index, inner)| collect(inner, name, &format!("{place}[{index}]"), found));
            }
            _ => {}
        }
    }
}

/// Every whole number called one of `names` in a table or below it, with its place.
fn counts(table: &Table, names: &[&str], path: &str) -> Vec<(String, u128)> {
    let mut found = Vec::new();
    for (key, value) in table {
        let place = format!("{path}.{key}");
        match value {
            Value::Integer(value) if names.contains(&key.as_str()) => {
                found.push((place, u128::try_from(*value).unwrap_or(0)));
            }
            Value::Table(inner) => found.extend(counts(inner, names, &place)),
            _ => {}
        }
    }
    found
}

/// The largest count, with its place; 1 if there is none.
fn largest(counts: Vec<(String, u128)>, path: &str) -> (String, u128) {
    counts.into_iter().max_by_key(|count| count.1).unwrap_or_else(|| (path.to_owned(), 1))
}

fn product(factors: &[u128]) -> u128 {
    factors.iter().fold(1, |product, &factor| product.saturating_mul(factor))
}

/// Rows of a series, with the key of most of them.
fn rows(path: &str, task: &Table) -> ((String, u128), u128) {
    let parts = counts(task, &["train", "test", "gap", "transient", "copies"], path);
    let all = parts.iter().map(|part| part.1).fold(0, u128::saturating_add);
    (largest(parts, path), all)
}

/// What is wrong with the work of making a task.
fn check_work(path: &str, task: &Table) -> Result<(), String> {
    let ((row_key, most), rows) = rows(path, task);
    let (step_key, substeps) = largest(counts(task, &["substeps"], path), path);
    let steps = rows.saturating_mul(substeps);
    if steps <= MAX_TASK_STEPS {
        return Ok(());
    }
    let (key, value) = if substeps > most { (step_key, substeps) } else { (row_key, most) };
    let steps = steps as f64;
    Err(format!(
        "{key} = {value}: the task would take {steps:.1e} steps to make; must be at most {MAX_TASK_STEPS} (rows × substeps)"
    ))
}

fn parts(study: &StudyConfig, table: &Table, tasks: &[(String, &Table)]) -> Vec<Part> {
    // Asking the pool of threads would start it.
    let runs = std::thread::available_parallelism().map_or(1, |threads| threads.get() as u128);
    let mut parts = Vec::new();
    let mut add =
        |(key, value): (String, u128), factors: &[u128]| parts.push(Part { key, value, bytes: product(factors) });
    let mut steps = 1;
    for (path, task) in tasks {
        let (most, rows) = rows(path, task);
        add(most, &[rows, 64]);
        let (length_key, length) = largest(counts(task, &["length"], path), path);
        let (count_key, count) = largest(counts(task, &["count", "batch"], path), path);
        steps = steps.max(length);
        let key = if length > count { (length_key, length) } else { (count_key, count) };
        add(key, &[length, count, 8 * WIDTH, runs]);
    }
    if let Some(&length) = study.lengths.iter().max() {
        steps = steps.max(length as u128);
        add(("lengths".to_owned(), length as u128), &[length as u128, 256, runs]);
    }
    let mut networks = Vec::new();
    collect(table, "network", "", &mut networks);
    let mut parameters = 0;
    for (path, network) in networks {
        for (kind, settings) in network {
            let hidden = hidden(settings);
            let widest = hidden.iter().copied().max().unwrap_or(0);
            let size = num_parameters(kind, &hidden);
            parameters = size.max(parameters);
            let key = || (format!("{path}.{kind}.hidden"), widest);
            add(key(), &[size, 32, runs]);
            add(key(), &[size, 4, study.arm.len() as u128, u128::from(study.seeds.count)]);
            add(key(), &[hidden.iter().copied().fold(0, u128::saturating_add), 64, steps, runs]);
        }
    }
    arms(table, parameters, runs, &mut add);
    let seeds = ("seeds.count".to_owned(), u128::from(study.seeds.count));
    add(seeds, &[study.arm.len().max(1) as u128, u128::from(study.seeds.count), 4096]);
    let worlds = study.world.iter().map(|world| world.budget.unwrap_or(study.budget)).max();
    if let Some(trials) = worlds.or(study.environment.is_some().then_some(study.budget)) {
        add(("budget".to_owned(), u128::from(trials)), &[u128::from(trials), 100, runs]);
    }
    parts
}

/// Notes a part of the need: the key and value that ask for it, and the factors whose product is its bytes.
type Add<'a> = dyn FnMut((String, u128), &[u128]) + 'a;

/// What the learners and agents of the arms need.
fn arms(table: &Table, parameters: u128, runs: u128, add: &mut Add<'_>) {
    let Some(Value::Array(arms)) = table.get("arm") else { return };
    for (index, arm) in arms.iter().enumerate().filter_map(|(index, arm)| Some((index, arm.as_table()?))) {
        let path = format!("arm[{index}]");
        for (key, count) in counts(arm, &["directions", "samples", "pairs", "weights_per_update", "positions"], &path) {
            add((key, count), &[count, 128, runs]);
        }
        for (key, count) in counts(arm, &["population"], &path) {
            add((key, count), &[count, parameters.saturating_mul(4).saturating_add(128), runs]);
        }
        let contexts = largest(counts(arm, &["contexts"], &path), &path);
        for (key, units) in counts(arm, &["actor_units", "critic_units"], &path).into_iter().chain([contexts.clone()]) {
            add((key, units), &[units, contexts.1, 1024, runs]);
        }
        if arm.contains_key("continual") {
            let (of, sizes) = (format!("{path}.continual"), ["hidden", "features", "contexts", "examples"]);
            let width = largest(counts(arm, &["features"], &of), &of).1.max(100);
            for (key, size) in counts(arm, &sizes, &of) {
                let each = if key.ends_with("contexts") { product(&[width, width, 12]) } else { 1024 };
                add((key, size), &[size, each, runs]);
            }
        }
        let cells = ["cells_per_observation", "critic_cells", "actor_cells", "prediction_cells", "error_cells"];
        for (key, cells) in counts(arm, &cells, &path) {
            add((key, cells), &[cells, cells, 16, runs]);
        }
    }
}

/// The units of the hidden layers.
fn hidden(network: &Value) -> Vec<u128> {
    let count = |value: &Value| u128::try_from(value.as_integer()?).ok();
    match network.get("hidden") {
        Some(Value::Array(layers)) => layers.iter().filter_map(count).collect(),
        Some(value) => count(value).into_iter().collect(),
        None => Vec::new(),
    }
}

/// About how many parameters a network has.
fn num_parameters(kind: &str, hidden: &[u128]) -> u128 {
    let layers: Vec<u128> = std::iter::once(WIDTH).chain(hidden.iter().copied()).chain([WIDTH]).collect();
    let forward = layers.windows(2).map(|pair| product(&[pair[0].saturating_add(1), pair[1]]));
    let forward = forward.fold(0, u128::saturating_add);
    let recurrent = hidden.first().map_or(0, |&units| product(&[units, units]));
    match kind {
        "elman" => forward.saturating_add(recurrent),
        "gru" => forward.saturating_add(recurrent).saturating_mul(3),
        _ => forward,
    }
}
