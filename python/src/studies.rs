//! Studies: read, changed into one of lesions or doses, run as the command line runs them.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use numpy::PyArray1;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict};
use serde::Deserialize;
use tegmentum::checkpoint::Checkpoint;
use tegmentum::error::{Error, Result};
use tegmentum_report::{StudyReport, standalone_figures};
use tegmentum_study::config::StudyConfig;
use tegmentum_study::dose::{self, DoseAction, DoseConfig};
use tegmentum_study::lesions;
use tegmentum_study::run::{Monitor, StudyResult, run, run_shard};
use tegmentum_study::shard::Shard;
use tegmentum_study::{built_in, folder};

use crate::errors::{exception, invalid};
use crate::settings;
use crate::work::supervised;

/// What is to be run, as the Python side says it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    /// A built-in name, a file, or the study itself as a table.
    study: Source,
    quick: bool,
    seeds: Option<u64>,
    intervention: Option<Intervention>,
    folder: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Source {
    BuiltIn(String),
    File(String),
    Table(toml::Table),
    /// A study that is resolved already (`study_text`): nothing is shortened or treated again.
    Text(String),
}

/// Finished units of work by name.
type Units = HashMap<String, Vec<u8>>;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Intervention {
    Lesion { arm: Option<String>, setting: Option<String>, metrics: Vec<String> },
    Dose(Dose),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dose {
    arm: Option<String>,
    setting: Option<String>,
    modulator: tegmentum::neuromodulation::nucleus::Transmitter,
    receptor: Option<String>,
    action: DoseAction,
    doses: Option<Vec<f64>>,
}

/// Counts what is done, and stops when it is told to.
struct Watch<'a> {
    stop: &'a AtomicBool,
    done: &'a AtomicU64,
    expected: &'a AtomicU64,
    checkpoint: Option<&'a Checkpoint>,
}

impl Monitor for Watch<'_> {
    fn expect(&self, _: &str, evaluations: u64) {
        self.expected.fetch_add(evaluations, Ordering::Relaxed);
    }

    fn advance(&self, evaluations: u64) -> bool {
        self.done.fetch_add(evaluations, Ordering::Relaxed);
        !self.stop.load(Ordering::Relaxed)
    }

    fn checkpoint(&self) -> Option<&Checkpoint> {
        self.checkpoint
    }
}

/// The study of an order, checked.
fn study_of(order: &Order) -> Result<StudyConfig> {
    let mut study = match &order.study {
        Source::BuiltIn(name) => built_in(name)?,
        Source::File(path) => StudyConfig::from_file(Path::new(path))?,
        Source::Table(table) => checked(&table.to_string(), "the study")?,
        Source::Text(text) => return checked(text, "the study"),
    };
    if order.quick {
        study = study.shortened();
    }
    if let Some(seeds) = order.seeds {
        study.seeds.count = seeds;
        study = checked(&study.to_toml()?, &format!("study {} with seeds = {seeds}", study.name))?;
    }
    let treated = match &order.intervention {
        None => return Ok(study),
        Some(Intervention::Lesion { arm, setting, metrics }) => {
            lesions::of(&study, arm.as_deref(), setting.as_deref(), metrics)?
        }
        Some(Intervention::Dose(Dose { arm, setting, modulator, receptor, action, doses })) => {
            let doses = doses.clone().unwrap_or_else(|| action.usual_doses());
            let config = DoseConfig { modulator: *modulator, receptor: receptor.clone(), action: *action, doses };
            dose::of(&study, arm.as_deref(), setting.as_deref(), config)?
        }
    };
    // Checked like a study from a file: what was asked for may not fit together.
    checked(&treated.to_toml()?, &format!("study {}", treated.name))
}

fn checked(text: &str, origin: &str) -> Result<StudyConfig> {
    StudyConfig::from_toml(text, origin)
}

/// The study of an order as a text, with nothing left to look up.
#[pyfunction]
pub(crate) fn study_text(py: Python<'_>, order: &str) -> PyResult<String> {
    let order: Order = settings::read(py, "study", order)?;
    py.detach(|| study_of(&order)?.to_toml()).map_err(|error| exception(py, error))
}

/// Runs a share of a study on one thread, `3/16` or `rates`, given units that are finished already; the units that it finished.
#[pyfunction]
pub(crate) fn run_share(
    py: Python<'_>,
    order: &str,
    share: &str,
    given: HashMap<String, PyBackedBytes>,
) -> PyResult<HashMap<String, Py<PyBytes>>> {
    let order: Order = settings::read(py, "study", order)?;
    let share: Shard = share.parse().map_err(|problem| invalid(py, format!("share = {share:?}: {problem}")))?;
    let given = copied(&given);
    let found = supervised(
        py,
        |stop| {
            let study = study_of(&order)?;
            kept_for_a_while(given, |checkpoint| {
                let (done, expected) = (AtomicU64::new(0), AtomicU64::new(0));
                let checkpoint = Some(checkpoint);
                let watch = Watch { stop, done: &done, expected: &expected, checkpoint };
                on_one_thread(|| run_shard(&study, share, &watch))
            })
        },
        |_| Ok(()),
    )?;
    let ((), units) = found.map_err(|error: Error| exception(py, error))?;
    Ok(units.into_iter().map(|(name, bytes)| (name, PyBytes::new(py, &bytes).unbind())).collect())
}

fn copied(units: &HashMap<String, PyBackedBytes>) -> Units {
    units.iter().map(|(name, bytes)| (name.clone(), bytes.to_vec())).collect()
}

/// Does `work` with a checkpoint in a folder of its own that has these units; what it gave, and the units that it finished.
fn kept_for_a_while<T>(given: Units, work: impl FnOnce(&Checkpoint) -> Result<T>) -> Result<(T, Units)> {
    let io = |source| Error::Io { path: std::env::temp_dir(), source };
    let folder = tempfile::tempdir().map_err(io)?;
    let checkpoint = Checkpoint::create(folder.path(), b"python", Duration::from_secs(3600))?;
    checkpoint.adopt(given);
    let found = work(&checkpoint)?;
    checkpoint.flush()?;
    Ok((found, Checkpoint::finished(folder.path())?))
}

/// Workers of a pool are as many as there are processors: each has one.
fn on_one_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    match rayon::ThreadPoolBuilder::new().num_threads(1).build() {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    }
}

/// Runs a study; its parts. `progress` is called with the evaluations done and expected so far. What is in `units` is not made again.
#[pyfunction]
#[pyo3(signature = (order, progress, units = None))]
pub(crate) fn run_study<'py>(
    py: Python<'py>,
    order: &str,
    progress: Option<Py<PyAny>>,
    units: Option<HashMap<String, PyBackedBytes>>,
) -> PyResult<Bound<'py, PyDict>> {
    let order: Order = settings::read(py, "study", order)?;
    let study = py.detach(|| study_of(&order)).map_err(|error| exception(py, error))?;
    let (done, expected) = (AtomicU64::new(0), AtomicU64::new(0));
    let look = |py: Python<'_>| match &progress {
        Some(progress) => {
            let counts = (done.load(Ordering::Relaxed), expected.load(Ordering::Relaxed));
            progress.call1(py, counts).map(|_| ())
        }
        None => Ok(()),
    };
    let given = units.as_ref().map(copied);
    let found = supervised(
        py,
        |stop| {
            let make = |checkpoint: Option<&Checkpoint>| {
                run(&study, order.quick, &Watch { stop, done: &done, expected: &expected, checkpoint })
            };
            let result = match given {
                Some(given) => kept_for_a_while(given, |checkpoint| make(Some(checkpoint)))?.0,
                None => make(None)?,
            };
            if let Some(path) = &order.folder {
                let version = ("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
                folder::write(Path::new(path), &result, &[version])?;
            }
            Ok(result)
        },
        look,
    )?;
    parts(py, &found.map_err(|error: Error| exception(py, error))?)
}

fn parts<'py>(py: Python<'py>, result: &StudyResult) -> PyResult<Bound<'py, PyDict>> {
    let json = |value: serde_json::Result<String>| value.map_err(|error| invalid(py, error.to_string()));
    let csv = folder::records(&result.records).map_err(|error| exception(py, error))?;
    let rows = &result.records;
    let records = PyDict::new(py);
    let text = |value: fn(&tegmentum_study::run::RecordRow) -> &str| rows.iter().map(value).collect::<Vec<_>>();
    records.set_item("arm", text(|row| &row.arm))?;
    records.set_item("seed", PyArray1::from_vec(py, rows.iter().map(|row| row.seed).collect()))?;
    records.set_item("x", PyArray1::from_vec(py, rows.iter().map(|row| row.x).collect()))?;
    records.set_item("x_unit", text(|row| &row.x_unit))?;
    records.set_item("metric", text(|row| &row.metric))?;
    records.set_item("value", PyArray1::from_vec(py, rows.iter().map(|row| row.value).collect()))?;
    let found = PyDict::new(py);
    found.set_item("study", result.study.to_toml().map_err(|error| exception(py, error))?)?;
    found.set_item("summary", json(serde_json::to_string(&result.summary))?)?;
    found.set_item("records", records)?;
    found.set_item("csv", PyBytes::new(py, &csv))?;
    let report = StudyReport { study: &result.study, summary: &result.summary, figures: &result.figures };
    let title = |id: &str| result.figures.iter().find(|figure| figure.id == id).map(|figure| figure.title.clone());
    let pictures = standalone_figures(&report).into_iter().map(|(id, svg)| (title(&id), id, svg));
    found.set_item("figures", pictures.collect::<Vec<_>>())?;
    Ok(found)
}
