//! Perceptrons: forward passes, and training on rows of numbers.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use tegmentum_applied::tabular::{LearnerKind, Perceptron, Rows};

use crate::arrays::{entries, vector};
use crate::errors::{exception, invalid};
use crate::settings;
use crate::work::supervised;

/// See `tegmentum.Network`.
#[pyclass(frozen, module = "tegmentum._native")]
pub(crate) struct Network {
    perceptron: Perceptron,
    outputs: usize,
}

#[pymethods]
impl Network {
    #[new]
    fn new(py: Python<'_>, inputs: usize, outputs: usize, hidden: Vec<usize>, classes: bool) -> PyResult<Self> {
        let perceptron = Perceptron::new(inputs, outputs, &hidden, classes).map_err(|error| exception(py, error))?;
        Ok(Self { perceptron, outputs })
    }

    /// Number of parameters P.
    #[getter]
    fn num_parameters(&self) -> usize {
        self.perceptron.num_parameters()
    }

    /// First parameters from a seed.
    fn initialise<'py>(&self, py: Python<'py>, seed: u64) -> Bound<'py, PyArray1<f32>> {
        vector(py, &py.detach(|| self.perceptron.initialise(seed)))
    }

    /// Outputs [rows, outputs] for inputs [rows, inputs].
    fn forward<'py>(
        &self,
        py: Python<'py>,
        parameters: PyReadonlyArray1<'py, f32>,
        inputs: PyReadonlyArray2<'py, f32>,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let rows = inputs.shape()[0];
        let (parameters, inputs) = (entries(py, &parameters)?, entries(py, &inputs)?);
        let outputs = py.detach(|| self.perceptron.outputs(parameters, inputs));
        let outputs = outputs.map_err(|error| exception(py, error))?;
        PyArray1::from_vec(py, outputs).reshape([rows, self.outputs])
    }

    /// What a policy does: its largest output, the first of equal ones, and the first output, for an observation [inputs] of which a mean is taken,
    /// which is divided by a deviation and cut at ±`limit`.
    fn act(
        &self,
        py: Python<'_>,
        parameters: PyReadonlyArray1<'_, f32>,
        observation: PyReadonlyArray1<'_, f64>,
        mean: PyReadonlyArray1<'_, f64>,
        deviation: PyReadonlyArray1<'_, f64>,
        limit: f32,
    ) -> PyResult<(usize, f32)> {
        let (expected, found) = (mean.len(), observation.len());
        if found != expected || found != deviation.len() {
            return Err(invalid(py, format!("the observation has {found} numbers: must have {expected}")));
        }
        let standard = entries(py, &mean)?.iter().zip(entries(py, &deviation)?);
        let seen = entries(py, &observation)?.iter().zip(standard);
        let inputs: Vec<f32> =
            seen.map(|(value, (mean, deviation))| (((value - mean) / deviation) as f32).clamp(-limit, limit)).collect();
        // A step of a policy takes less time than giving the interpreter's lock back would.
        let outputs = self.perceptron.outputs(entries(py, &parameters)?, &inputs);
        let outputs = outputs.map_err(|error| exception(py, error))?;
        let best = (1..outputs.len()).fold(0, |best, index| if outputs[index] > outputs[best] { index } else { best });
        Ok((best, outputs[0]))
    }
}

/// Parameters, evaluations spent, and evaluations after which the parameters were those.
type Fitted<'py> = (Bound<'py, PyArray1<f32>>, u64, u64);

/// Trains a network, from `start` on if it is given, until the validation rows no longer improve.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "called by one Python function, by name")]
#[pyo3(signature = (network, start, inputs, targets, validation_inputs, validation_targets, *, learner, budget, seed))]
pub(crate) fn fit_rows<'py>(
    py: Python<'py>,
    network: &Bound<'py, Network>,
    start: Option<PyReadonlyArray1<'py, f32>>,
    inputs: PyReadonlyArray2<'py, f32>,
    targets: PyReadonlyArray2<'py, f32>,
    validation_inputs: PyReadonlyArray2<'py, f32>,
    validation_targets: PyReadonlyArray2<'py, f32>,
    learner: &str,
    budget: u64,
    seed: u64,
) -> PyResult<Fitted<'py>> {
    let learner: LearnerKind = settings::read(py, "learner", learner)?;
    if learner == LearnerKind::Adam {
        return Err(invalid(py, "learner = \"adam\": must be node-perturbation or dopamine".to_owned()));
    }
    let train = Rows { inputs: entries(py, &inputs)?, targets: entries(py, &targets)? };
    let validation = Rows { inputs: entries(py, &validation_inputs)?, targets: entries(py, &validation_targets)? };
    let start = start.as_ref().map(|start| entries(py, start)).transpose()?;
    let perceptron = &network.get().perceptron;
    let found = supervised(
        py,
        |stop| {
            let watch = |_: f64| {
                if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            perceptron.fit(start, train, validation, learner, budget, seed, &watch)
        },
        |_| Ok(()),
    )?;
    let found = found.map_err(|error| exception(py, error))?;
    Ok((vector(py, &found.parameters), found.evaluations, found.best_at))
}
