//! Studies: read, changed into one of lesions or doses, run as the command line runs them.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use numpy::PyArray1;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use serde::Deserialize;
use tegmentum::error::{Error, Result};
use tegmentum_report::{StudyReport, standalone_figures};
use tegmentum_study::config::StudyConfig;
use tegmentum_study::dose::{self, DoseAction, DoseConfig};
use tegmentum_study::lesions;
use tegmentum_study::run::{Monitor, StudyResult, run};
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
}

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
}

impl Monitor for Watch<'_> {
    fn expect(&self, _: &str, evaluations: u64) {
        self.expected.fetch_add(evaluations, Ordering::Relaxed);
    }

    fn advance(&self, evaluations: u64) -> bool {
        self.done.fetch_add(evaluations, Ordering::Relaxed);
        !self.stop.load(Ordering::Relaxed)
    }
}

/// The study of an order, checked.
fn study_of(order: &Order) -> Result<StudyConfig> {
    let mut study = match &order.study {
        Source::BuiltIn(name) => built_in(name)?,
        Source::File(path) => StudyConfig::from_file(Path::new(path))?,
        Source::Table(table) => checked(&table.to_string(), "the study")?,
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

/// Runs a study; its parts. `progress` is called with the evaluations done and expected so far.
#[pyfunction]
pub(crate) fn run_study<'py>(
    py: Python<'py>,
    order: &str,
    progress: Option<Py<PyAny>>,
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
    let found = supervised(
        py,
        |stop| {
            let watch = Watch { stop, done: &done, expected: &expected };
            let result = run(&study, order.quick, &watch)?;
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
