//! A Python function as an objective of the library.
//!
//! Candidates are written without the interpreter's lock, then handed over as new arrays of the type of the start: a function may keep
//! what it was given. Between two calls the interpreter is asked for signals.

use std::sync::{Mutex, PoisonError};

use numpy::{PyArray1, PyArrayMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use tegmentum::data::batch::Batch;
use tegmentum::error::{Error, Result};
use tegmentum::model::objective::Objective;
use tegmentum::model::perturbation::{Bases, Probe, write_candidates};

use crate::errors::{carried, raise};

/// How a function is called.
#[derive(Debug)]
pub(crate) struct PythonObjective {
    /// The function.
    pub(crate) function: Py<PyAny>,
    /// What it is given after the parameters.
    pub(crate) arguments: Py<PyTuple>,
    /// Number of parameters P.
    pub(crate) num_parameters: usize,
    /// Whether it takes `float64`.
    pub(crate) double: bool,
    /// Whether it takes all candidates of a round at once, `[n, P]`.
    pub(crate) vectorized: bool,
    /// Whether it takes the seed of the update after the parameters.
    pub(crate) seeded: bool,
    /// The box that candidates lie in, if there is one.
    pub(crate) bounds: Option<Bounds>,
    /// What it has seen.
    pub(crate) seen: Mutex<Seen>,
}

/// A box. What leaves it is reflected at its faces, as in a mirror: `low + |x − low|` for one face, and so on without end for two.
#[derive(Clone, Debug)]
pub(crate) struct Bounds {
    /// Lower ends, `[P]`; −∞ where there is none.
    pub(crate) low: Vec<f32>,
    /// Upper ends, `[P]`; ∞ where there is none.
    pub(crate) high: Vec<f32>,
}

impl Bounds {
    fn reflect(&self, candidate: &mut [f32]) {
        for ((value, &low), &high) in candidate.iter_mut().zip(&self.low).zip(&self.high) {
            let reflected = match (low.is_finite(), high.is_finite()) {
                (false, false) => continue,
                (true, false) => low + (*value - low).abs(),
                (false, true) => high - (high - *value).abs(),
                (true, true) if high > low => {
                    // In f64, where twice the width of any two f32 is finite.
                    let (start, width) = (f64::from(low), f64::from(high) - f64::from(low));
                    let along = (f64::from(*value) - start).rem_euclid(2.0 * width);
                    (start + along.min(2.0 * width - along)) as f32
                }
                (true, true) => low,
            };
            *value = reflected.clamp(low, high);
        }
    }
}

/// What was seen of a function.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Candidates evaluated.
    pub(crate) evaluations: u64,
    /// The smallest finite value, if there is one.
    pub(crate) best: Option<f64>,
    /// Its parameters.
    pub(crate) parameters: Vec<f32>,
}

tegmentum::archived!(Seen { evaluations, best, parameters });

impl PythonObjective {
    /// Goes on from what another process has seen.
    pub(crate) fn set_seen(&self, seen: Seen) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;
    }

    /// Brings parameters into the box.
    pub(crate) fn confine(&self, parameters: &mut [f32]) {
        if let Some(bounds) = &self.bounds {
            bounds.reflect(parameters);
        }
    }

    /// What was seen so far.
    pub(crate) fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes note of the values of candidates [n × P].
    fn note(&self, candidates: &[f32], losses: &[f64]) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.evaluations += losses.len() as u64;
        for (candidate, &loss) in candidates.chunks_exact(self.num_parameters).zip(losses) {
            if loss.is_finite() && seen.best.is_none_or(|best| loss < best) {
                seen.best = Some(loss);
                seen.parameters.clear();
                seen.parameters.extend_from_slice(candidate);
            }
        }
    }

    /// Calls the function with an array.
    fn call<'py>(&self, py: Python<'py>, array: Bound<'py, PyAny>, seed: u64) -> PyResult<Bound<'py, PyAny>> {
        py.check_signals()?;
        let mut all = vec![array];
        if self.seeded {
            all.push(seed.into_pyobject(py)?.into_any());
        }
        all.extend(self.arguments.bind(py).iter());
        self.function.bind(py).call1(PyTuple::new(py, all)?)
    }

    fn one(&self, py: Python<'_>, candidate: &[f32], seed: u64) -> PyResult<f64> {
        let array = if self.double {
            let wide: Vec<f64> = candidate.iter().map(|&value| f64::from(value)).collect();
            PyArray1::from_vec(py, wide).into_any()
        } else {
            PyArray1::from_slice(py, candidate).into_any()
        };
        number(&self.call(py, array, seed)?)
    }

    fn all(&self, py: Python<'_>, candidates: &[f32], seed: u64, losses: &mut [f64]) -> PyResult<()> {
        let shape = [losses.len(), self.num_parameters];
        let array = if self.double {
            let wide: Vec<f64> = candidates.iter().map(|&value| f64::from(value)).collect();
            PyArray1::from_vec(py, wide).reshape(shape)?.into_any()
        } else {
            PyArray1::from_slice(py, candidates).reshape(shape)?.into_any()
        };
        let found = self.call(py, array, seed)?;
        // The Python side makes a vector of numbers of it, or says what is wrong.
        let check = py.import("tegmentum._arrays")?.getattr("losses")?;
        let values = check.call1((found, losses.len()))?;
        let values = values.cast::<PyArray1<f64>>()?.readonly();
        losses.copy_from_slice(values.as_slice()?);
        Ok(())
    }
}

impl Objective for PythonObjective {
    fn num_parameters(&self) -> usize {
        self.num_parameters
    }

    fn losses(&self, bases: Bases<'_>, probes: &[Probe], batch: Batch, losses: &mut [f64]) -> Result<()> {
        if bases.num_parameters() != self.num_parameters || probes.len() != losses.len() {
            let (expected, found) = (self.num_parameters, bases.num_parameters());
            return Err(Error::ShapeMismatch { what: "parameters", expected, found });
        }
        let failed = |raised| carried("the objective", raised);
        let seed = batch.0.0;
        if self.vectorized {
            let mut candidates = vec![0.0f32; probes.len() * self.num_parameters];
            write_candidates(probes, bases, &mut candidates)?;
            candidates.chunks_exact_mut(self.num_parameters).for_each(|candidate| self.confine(candidate));
            Python::attach(|py| self.all(py, &candidates, seed, losses)).map_err(failed)?;
            self.note(&candidates, losses);
            return Ok(());
        }
        let mut candidate = vec![0.0f32; self.num_parameters];
        for (probe, loss) in probes.iter().zip(losses) {
            probe.write(bases, &mut candidate)?;
            self.confine(&mut candidate);
            *loss = Python::attach(|py| self.one(py, &candidate, seed)).map_err(failed)?;
            self.note(&candidate, &[*loss]);
        }
        Ok(())
    }

    fn bytes_in_flight(&self) -> Option<usize> {
        Some(self.num_parameters * size_of::<f32>())
    }
}

/// The number that a function returned; an array counts if it has one entry.
fn number(found: &Bound<'_, PyAny>) -> PyResult<f64> {
    let py = found.py();
    let wrong =
        |what: String| raise(py, "WrongTypeError", format!("the objective returned {what}: must be one number"));
    let item = match found.cast::<PyUntypedArray>() {
        Ok(array) if array.len() == 1 => Some(found.call_method0("item")?),
        Ok(array) => return Err(wrong(format!("an array of shape {:?}", array.shape()))),
        Err(_) => None,
    };
    let value = item.as_ref().unwrap_or(found);
    value.extract::<f64>().map_err(|_| {
        let kind = value.get_type().name().map_or_else(|_| "something".to_owned(), |name| name.to_string());
        wrong(if value.is_none() { "None".to_owned() } else { format!("a value of type {kind}") })
    })
}
