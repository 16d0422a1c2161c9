//! Learning from a stream, one example at a time.

use std::sync::{Mutex, PoisonError};

use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use tegmentum::error::{Error, Result};
use tegmentum::learning::online::MemberLook;
use tegmentum::neuromodulation::detectors::DetectorConfig;
use tegmentum::neuromodulation::nucleus::Transmitter;
use tegmentum_applied::stream::{Answer, Cell, StreamLearner, StreamOrigin};

use crate::arrays::{entries, four};
use crate::errors::{exception, invalid};
use crate::settings;

/// The column that stands for what is predicted.
const TARGET: &str = "the class";

/// Weight, levels, cooling and the number of new beginnings of a member.
type Look = (f64, (f64, f64, f64, f64), f64, u64);

/// A cell that is kept while the interpreter's lock is not.
#[derive(FromPyObject)]
enum Value {
    Number(f64),
    Text(String),
}

impl Value {
    fn cell(&self) -> Cell<'_> {
        match self {
            Self::Number(value) if value.is_nan() => Cell::Missing,
            Self::Number(value) => Cell::Number(*value),
            Self::Text(text) => Cell::Text(text),
        }
    }
}

/// See `tegmentum.river.StreamClassifier`.
#[pyclass(frozen, module = "tegmentum._native")]
pub(crate) struct Stream {
    learner: Mutex<StreamLearner>,
}

impl Stream {
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        use_it: impl FnOnce(&mut StreamLearner) -> Result<T> + Send,
    ) -> PyResult<T> {
        let found = py.detach(|| use_it(&mut self.learner.lock().unwrap_or_else(PoisonError::into_inner)));
        found.map_err(|error| exception(py, error))
    }
}

/// A class by its number, as the learner names it.
fn class_of(name: &str) -> usize {
    name.parse().unwrap_or_default()
}

/// The cells of a row, and one for the class.
fn row(values: &[Value]) -> Vec<Cell<'_>> {
    values.iter().map(Value::cell).chain([Cell::Missing]).collect()
}

/// Probabilities of the classes by their numbers, `[count]`.
fn in_order(learner: &StreamLearner, found: &[f64], target: &mut [f64]) {
    for (class, probability) in learner.classes().iter().zip(found) {
        if let Some(entry) = target.get_mut(class_of(class)) {
            *entry = *probability;
        }
    }
}

#[pymethods]
impl Stream {
    #[new]
    fn new(py: Python<'_>, lesions: Vec<String>, driver: Option<&str>, seed: u64) -> PyResult<Self> {
        let mut lesioned = Vec::new();
        for name in &lesions {
            let Some(found) = Transmitter::ALL.into_iter().find(|of| of.name() == name) else {
                let known: Vec<&str> = Transmitter::ALL.iter().map(|of| of.name()).collect();
                return Err(invalid(py, format!("lesions has {name:?}: must be of {}", known.join(", "))));
            };
            lesioned.push(found);
        }
        let mut learner = StreamLearner::new(TARGET, &lesioned, seed);
        if let Some(json) = driver {
            let settings: toml::Value = settings::read(py, "driver", json)?;
            let found = DetectorConfig::of_blocks(settings)
                .map_err(|error| invalid(py, format!("driver = {json}: {}", error.message())))?;
            learner.drive(found).map_err(|error| match error {
                Error::InvalidParameter { .. } => invalid(py, format!("driver = {json}: {error}")),
                other => exception(py, other),
            })?;
        }
        Ok(Self { learner: Mutex::new(learner) })
    }

    /// The names of the cells of the rows that follow.
    fn header(&self, py: Python<'_>, mut names: Vec<String>) -> PyResult<()> {
        names.push(TARGET.to_owned());
        self.with(py, |learner| learner.header(&names).map(|_| ()))
    }

    /// Learns a row of the class number `label`, or its columns alone; whether noradrenaline made a member begin anew.
    fn learn(&self, py: Python<'_>, values: Vec<Value>, label: Option<usize>) -> PyResult<bool> {
        let class = label.map(|label| label.to_string());
        self.with(py, |learner| Ok(learner.learn(&row(&values), class.as_deref())?.alarm))
    }

    /// Learns rows `[n, features]` of these classes; for each the class that was predicted before, or -1, and the new beginnings.
    fn learn_rows<'py>(
        &self,
        py: Python<'py>,
        rows: PyReadonlyArray2<'py, f64>,
        classes: Vec<usize>,
    ) -> PyResult<(Bound<'py, PyArray1<i64>>, u64)> {
        let (columns, rows) = (rows.shape()[1], entries(py, &rows)?);
        let (predicted, alarms) = self.with(py, |learner| {
            let (mut predicted, mut alarms) = (Vec::with_capacity(classes.len()), 0);
            for (row, class) in rows.chunks_exact(columns.max(1)).zip(&classes) {
                let Answer { predicted: found, alarm, .. } = learner.learn(&numbers(row), Some(&class.to_string()))?;
                predicted.push(found.map_or(-1, |name| class_of(&name) as i64));
                alarms += u64::from(alarm);
            }
            Ok((predicted, alarms))
        })?;
        Ok((PyArray1::from_vec(py, predicted), alarms))
    }

    /// The probabilities of the classes 0 to `count` - 1 for a row.
    fn probabilities(&self, py: Python<'_>, values: Vec<Value>, count: usize) -> PyResult<Vec<f64>> {
        self.with(py, |learner| {
            let mut target = vec![0.0; count];
            in_order(learner, &learner.probabilities(&row(&values))?, &mut target);
            Ok(target)
        })
    }

    /// The same for rows `[n, features]`: `[n, count]`.
    fn probabilities_of_rows<'py>(
        &self,
        py: Python<'py>,
        rows: PyReadonlyArray2<'py, f64>,
        count: usize,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let (number, columns, rows) = (rows.shape()[0], rows.shape()[1], entries(py, &rows)?);
        let found = self.with(py, |learner| {
            let mut all = vec![0.0; number * count];
            for (row, target) in rows.chunks_exact(columns.max(1)).zip(all.chunks_exact_mut(count.max(1))) {
                in_order(learner, &learner.probabilities(&numbers(row))?, target);
            }
            Ok(all)
        })?;
        PyArray1::from_vec(py, found).reshape([number, count])
    }

    /// What can be seen of each member; empty before the first row.
    fn look(&self, py: Python<'_>) -> PyResult<Vec<Look>> {
        self.with(py, |learner| {
            let Some(network) = learner.network() else { return Ok(Vec::new()) };
            let look = |member: usize| {
                let MemberLook { weight, levels, cooling } = network.look(member);
                (weight, four(levels), cooling, learner.alarms()[member])
            };
            Ok((0..network.members()).map(look).collect())
        })
    }

    /// The whole state.
    fn save<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let origin = StreamOrigin {
            data: "Python".to_owned(),
            command: String::new(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        Ok(PyBytes::new(py, &self.with(py, |learner| learner.to_bytes(&origin))?))
    }

    /// A learner from what `save` gave, after a header.
    #[staticmethod]
    fn load(py: Python<'_>, bytes: &[u8], names: Option<Vec<String>>) -> PyResult<Self> {
        let (learner, _) = StreamLearner::from_bytes(bytes, "a state").map_err(|error| exception(py, error))?;
        let stream = Self { learner: Mutex::new(learner) };
        names.map_or(Ok(()), |names| stream.header(py, names))?;
        Ok(stream)
    }
}

/// The cells of a row of numbers, NaN being missing.
fn numbers(row: &[f64]) -> Vec<Cell<'static>> {
    let cell = |value: &f64| if value.is_nan() { Cell::Missing } else { Cell::Number(*value) };
    row.iter().map(cell).chain([Cell::Missing]).collect()
}
