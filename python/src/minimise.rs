//! `minimize`: the library's loop over a Python function.
//!
//! What is random follows from the seed as in `tegmentum::learning::minimise`: the same seed gives the same parameters there and here.

use std::ops::ControlFlow;

use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::exceptions::{PyKeyboardInterrupt, PyStopIteration};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use tegmentum::archive::{Archive, Archived};
use tegmentum::data::batch::Batch;
use tegmentum::error::{Error, Result};
use tegmentum::learning::black_box_learner::BlackBoxLearner;
use tegmentum::learning::group::Member;
use tegmentum::learning::learner::Learner;
use tegmentum::learning::observer::{Observer, Record, StopReason};
use tegmentum::learning::training::train_member;
use tegmentum::model::objective::Objective;
use tegmentum::model::perturbation::{Base, Bases, Probe};
use tegmentum::random::Key;

use crate::arrays::{copied, four, vector};
use crate::checkpoint::Checkpoint;
use crate::errors::{carried, exception, message};
use crate::objective::{Bounds, PythonObjective};
use crate::settings;

/// Rows of a history, at most.
const ROWS: u64 = 10_000;
/// The columns of a history.
const COLUMNS: [&str; 8] =
    ["nfev", "nit", "loss", "learning_rate", "dopamine", "acetylcholine", "serotonin", "noradrenaline"];

/// Watches a run: writes the history and calls the caller's function.
struct Watcher<'a> {
    callback: Option<Py<PyAny>>,
    objective: &'a PythonObjective,
    /// Row after row of `COLUMNS`.
    rows: Vec<f64>,
    surprises: u64,
    updates: u64,
    every: u64,
    next: u64,
}

impl Archived for Watcher<'_> {
    fn archive(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let Self { callback: _, objective: _, rows, surprises, updates, every: _, next } = self;
        archive.mark("Watcher")?;
        rows.archive(archive)?;
        surprises.archive(archive)?;
        updates.archive(archive)?;
        next.archive(archive)
    }
}

impl Watcher<'_> {
    fn tell(&self, callback: &Py<PyAny>, record: &Record<'_>) -> PyResult<()> {
        Python::attach(|py| {
            py.check_signals()?;
            let mut parameters = vec![0.0; self.objective.num_parameters];
            record.learner.solution().write(1.0, &mut parameters);
            self.objective.confine(&mut parameters);
            let seen = self.objective.seen();
            let progress = PyDict::new(py);
            progress.set_item("x", vector(py, &parameters))?;
            progress.set_item("fun", record.report.loss)?;
            progress.set_item("best_fun", seen.best.unwrap_or(f64::NAN))?;
            progress.set_item("nfev", record.evaluations)?;
            progress.set_item("nit", record.updates)?;
            progress.set_item("levels", record.learner.levels().map(four))?;
            callback.call1(py, (progress,))?;
            Ok(())
        })
    }
}

impl Observer for Watcher<'_> {
    tegmentum::archives!();

    fn observe(&mut self, record: &Record<'_>) -> Result<ControlFlow<StopReason>> {
        self.updates = record.updates;
        self.surprises += u64::from(record.report.surprised);
        if record.updates == 0 {
            return Ok(ControlFlow::Continue(()));
        }
        if record.evaluations >= self.next || record.last {
            self.next = record.evaluations + self.every;
            let (d, a, s, n) = record.learner.levels().map_or((f64::NAN, f64::NAN, f64::NAN, f64::NAN), four);
            let counts = [record.evaluations as f64, record.updates as f64];
            self.rows.extend([counts[0], counts[1], record.report.loss, record.report.learning_rate, d, a, s, n]);
        }
        let Some(callback) = &self.callback else { return Ok(ControlFlow::Continue(())) };
        match self.tell(callback, record) {
            Ok(()) => Ok(ControlFlow::Continue(())),
            Err(raised) if Python::attach(|py| raised.is_instance_of::<PyStopIteration>(py)) => {
                Ok(ControlFlow::Break(StopReason::Interrupted))
            }
            Err(raised) => Err(carried("the callback", raised)),
        }
    }
}

/// How a run ended.
struct Ending {
    parameters: Vec<f32>,
    value: f64,
    status: i32,
    message: String,
    error: Option<Error>,
}

/// The run: parameters that are handed over with their value, or why there are none.
fn solve(
    objective: &PythonObjective,
    mut learner: BlackBoxLearner<'_>,
    key: Key,
    budget: u64,
    watcher: &mut Watcher<'_>,
    checkpoint: Option<&Checkpoint>,
) -> Ending {
    let mut observers: [&mut dyn Observer; 1] = [watcher];
    let mut member = Member::new(&mut observers);
    let key_of_batches = key.child(2);
    let trained = match checkpoint {
        Some(checkpoint) => checkpoint.train(objective, &mut learner, &mut member, key_of_batches, budget),
        None => train_member(&mut learner, key_of_batches, budget, &mut member, &mut || false).map(|_| ()),
    };
    let judged = trained.and_then(|()| member.finish()).and_then(|(ended, _)| {
        let mut parameters = vec![0.0; objective.num_parameters];
        learner.solution().write(1.0, &mut parameters);
        let mut value = [0.0];
        let probe = [Probe::unperturbed(Base::Acting)];
        objective.losses(Bases::single(&parameters), &probe, Batch(key.child(3)), &mut value)?;
        objective.confine(&mut parameters);
        checkpoint.map_or(Ok(()), Checkpoint::remove)?;
        Ok((parameters, value[0], ended.reason))
    });
    match judged {
        Ok((parameters, value, reason)) => {
            let (status, message) = match reason {
                StopReason::Interrupted => (1, "stopped by the callback"),
                _ if !value.is_finite() => (3, "the value of the solution is NaN or infinite"),
                _ => (0, "the budget of evaluations is spent"),
            };
            Ending { parameters, value, status, message: message.to_owned(), error: None }
        }
        Err(error) => {
            let seen = objective.seen();
            let (parameters, value) = (seen.parameters, seen.best.unwrap_or(f64::NAN));
            match interruption(&error) {
                Some((status, message)) => Ending { parameters, value, status, message, error: None },
                None => Ending { parameters, value, status: 3, message: String::new(), error: Some(error) },
            }
        }
    }
}

/// Status and message of an error after which the best so far is the result.
fn interruption(error: &Error) -> Option<(i32, String)> {
    match error {
        Error::NonFinite { .. } => Some((3, message(error))),
        Error::OwnPart { source, .. } => {
            let raised = source.downcast_ref::<PyErr>()?;
            let is_interrupt = Python::attach(|py| raised.is_instance_of::<PyKeyboardInterrupt>(py));
            is_interrupt.then(|| (2, "interrupted; the best so far".to_owned()))
        }
        _ => None,
    }
}

/// See `tegmentum.minimize`.
#[pyfunction]
#[allow(
    clippy::too_many_arguments,
    clippy::fn_params_excessive_bools,
    reason = "called by one Python function, by name"
)]
#[pyo3(signature = (function, x0, *, arguments, double, optimizer, budget, seed, callback, vectorized, seeded, bounds, checkpoint))]
pub(crate) fn minimize<'py>(
    py: Python<'py>,
    function: Py<PyAny>,
    x0: PyReadonlyArray1<'py, f32>,
    arguments: Py<PyTuple>,
    double: bool,
    optimizer: &str,
    budget: u64,
    seed: u64,
    callback: Option<Py<PyAny>>,
    vectorized: bool,
    seeded: bool,
    bounds: Option<(PyReadonlyArray1<'py, f32>, PyReadonlyArray1<'py, f32>)>,
    checkpoint: Option<std::path::PathBuf>,
) -> PyResult<Bound<'py, PyDict>> {
    let start = copied(py, &x0)?;
    let num_parameters = start.len();
    let config = settings::optimizer(py, optimizer, num_parameters)?;
    let bounds = match &bounds {
        Some((low, high)) => Some(Bounds { low: copied(py, low)?, high: copied(py, high)? }),
        None => None,
    };
    let objective = PythonObjective {
        function,
        arguments,
        num_parameters,
        double,
        vectorized,
        seeded,
        bounds,
        seen: std::sync::Mutex::default(),
    };
    let checkpoint = checkpoint.map(|path| {
        let bits: Vec<u32> = start.iter().map(|value| value.to_bits()).collect();
        let run = format!("{bits:?} {optimizer} {budget} {seed} {:?} {double}", objective.bounds);
        Checkpoint { path, run }
    });
    let every = if callback.is_some() { 1 } else { (budget / ROWS).max(1) };
    let mut watcher =
        Watcher { callback, objective: &objective, rows: Vec::new(), surprises: 0, updates: 0, every, next: 0 };
    let ending = py.detach(|| {
        let key = Key::from_seed(seed);
        let optimizer = config.build(start.clone(), key.child(1), budget)?;
        let learner = BlackBoxLearner::new(&objective, optimizer);
        Ok(solve(&objective, learner, key, budget, &mut watcher, checkpoint.as_ref()))
    });
    let ending = ending.map_err(|error| exception(py, error))?;
    if let Some(error) = ending.error {
        return Err(exception(py, error));
    }
    // Interrupted before the first value: nothing better than the start is known.
    let parameters = if ending.parameters.is_empty() { start } else { ending.parameters };
    let seen = objective.seen();
    let result = PyDict::new(py);
    result.set_item("x", vector(py, &parameters))?;
    result.set_item("fun", ending.value)?;
    result.set_item("status", ending.status)?;
    result.set_item("message", ending.message)?;
    result.set_item("nfev", seen.evaluations)?;
    result.set_item("nit", watcher.updates)?;
    result.set_item("surprises", watcher.surprises)?;
    let best = if seen.parameters.is_empty() { &parameters } else { &seen.parameters };
    result.set_item("best_x", vector(py, best))?;
    result.set_item("best_fun", seen.best.unwrap_or(f64::NAN))?;
    result.set_item("history", history(py, &watcher.rows)?)?;
    Ok(result)
}

/// The rows of a history as columns.
fn history<'py>(py: Python<'py>, rows: &[f64]) -> PyResult<Bound<'py, PyDict>> {
    let columns = PyDict::new(py);
    for (index, name) in COLUMNS.iter().enumerate() {
        let values: Vec<f64> = rows.iter().skip(index).step_by(COLUMNS.len()).copied().collect();
        columns.set_item(name, PyArray1::from_vec(py, values))?;
    }
    Ok(columns)
}
