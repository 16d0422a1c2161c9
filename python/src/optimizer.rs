//! Ask and tell: an optimizer whose losses come from outside.
//!
//! The lock around it is taken and given back without the interpreter's, so that two threads that use one optimizer cannot wait for each
//! other.

use std::sync::{Mutex, PoisonError};

use numpy::{PyArray1, PyArray2, PyReadonlyArray1, PyReadwriteArray1};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use tegmentum::archive::Archive;
use tegmentum::error::{Error, Result};
use tegmentum::learning::optimizer as contract;
use tegmentum::model::perturbation::{Base, Direction, Probe};
use tegmentum::neuromodulation::modulation::Modulation;
use tegmentum::random::Key;

use crate::arrays::{copied, entries, four, vector};
use crate::errors::{exception, invalid};
use crate::objective::filled;
use crate::settings;

/// A candidate as a recipe: base, its gain, family, key and scale.
type Recipe = (String, f32, &'static str, u64, f32);

/// What lies behind the lock.
struct State {
    optimizer: Box<dyn contract::Optimizer>,
    modulation: Modulation,
    evaluations: u64,
    updates: u64,
    /// Whether candidates were asked for and not told of.
    asked: bool,
    follow_up: bool,
}

/// See `tegmentum.Optimizer`.
#[pyclass(frozen, module = "tegmentum._native")]
pub(crate) struct Optimizer {
    state: Mutex<State>,
    num_parameters: usize,
}

impl Optimizer {
    fn with<T: Send>(&self, py: Python<'_>, use_it: impl FnOnce(&mut State) -> Result<T> + Send) -> PyResult<T> {
        let found = py.detach(|| use_it(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner)));
        found.map_err(|error| exception(py, error))
    }
}

impl State {
    fn probes(&mut self) -> Vec<Probe> {
        self.asked = true;
        self.optimizer.ask(&self.modulation).to_vec()
    }

    fn write(&self, probes: &[Probe], columns: usize, target: &mut [f32]) -> Result<()> {
        let bases = self.optimizer.bases();
        for (probe, row) in probes.iter().zip(target.chunks_exact_mut(columns)) {
            probe.write(bases, row)?;
        }
        Ok(())
    }

    fn tell(&mut self, losses: &[f64]) -> Result<(f64, f64, u32, bool, bool)> {
        if !self.asked {
            return Err(Error::Incompatible {
                what: "tell".to_owned(),
                with: "an optimizer that was not asked".to_owned(),
                reason: "call ask before it, once for each tell".to_owned(),
            });
        }
        let report = self.optimizer.tell(losses, &self.modulation)?;
        self.asked = false;
        self.evaluations += losses.len() as u64;
        self.updates += u64::from(!report.follow_up);
        self.follow_up = report.follow_up;
        Ok((report.loss, report.learning_rate, report.non_finite, report.follow_up, report.surprised))
    }
}

#[pymethods]
impl Optimizer {
    #[new]
    fn new(py: Python<'_>, x0: PyReadonlyArray1<'_, f32>, optimizer: &str, budget: u64, seed: u64) -> PyResult<Self> {
        let start = copied(py, &x0)?;
        let num_parameters = start.len();
        let config = settings::optimizer(py, optimizer, num_parameters)?;
        let key = Key::from_seed(seed).child(1);
        let optimizer = py.detach(|| config.build(start, key, budget)).map_err(|error| exception(py, error))?;
        let modulation = Modulation::default();
        let state = State { optimizer, modulation, evaluations: 0, updates: 0, asked: false, follow_up: false };
        Ok(Self { state: Mutex::new(state), num_parameters })
    }

    /// Candidates [n, P].
    fn ask<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let probes = self.with(py, |state| Ok(state.probes()))?;
        let columns = self.num_parameters;
        filled(py, probes.len(), columns, |target| {
            self.state.lock().unwrap_or_else(PoisonError::into_inner).write(&probes, columns, target)
        })
    }

    /// The same candidates as recipes.
    fn ask_recipes(&self, py: Python<'_>) -> PyResult<Vec<Recipe>> {
        self.with(py, |state| Ok(state.probes()))?.iter().map(|probe| recipe(py, probe)).collect()
    }

    /// Takes losses; loss, rate, number of bad losses, whether a round follows, whether it was surprised.
    fn tell(&self, py: Python<'_>, losses: PyReadonlyArray1<'_, f64>) -> PyResult<(f64, f64, u32, bool, bool)> {
        let losses = entries(py, &losses)?;
        self.with(py, |state| state.tell(losses))
    }

    /// One of the optimizer's vectors: `acting`, `averaged`, `solution` or `candidate:NUMBER`.
    fn vector<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyArray1<f32>>> {
        let columns = self.num_parameters;
        let candidate = name.strip_prefix("candidate:").and_then(|number| number.parse().ok());
        let values = self.with(py, |state| {
            let bases = state.optimizer.bases();
            let point = match (name, candidate) {
                ("acting", _) => bases.acting,
                ("averaged", _) => bases.averaged,
                (_, Some(number)) => bases.point(Base::Candidate(number))?,
                _ => state.optimizer.solution(),
            };
            let mut values = vec![0.0; columns];
            point.write(1.0, &mut values);
            Ok(values)
        })?;
        Ok(vector(py, &values))
    }

    /// Levels of the four modulators, if there are any.
    fn levels(&self, py: Python<'_>) -> PyResult<Option<(f64, f64, f64, f64)>> {
        self.with(py, |state| Ok(state.optimizer.levels().map(four)))
    }

    /// Evaluations, updates, and whether the next round is one of the same update.
    fn counts(&self, py: Python<'_>) -> PyResult<(u64, u64, bool)> {
        self.with(py, |state| Ok((state.evaluations, state.updates, state.follow_up)))
    }

    /// The running state as bytes, between updates.
    fn save<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = self.with(py, |state| {
            if state.asked || state.follow_up {
                return Err(Error::Archive {
                    what: "an optimizer".to_owned(),
                    problem: "it waits for losses; save it between updates".to_owned(),
                });
            }
            let State { optimizer, evaluations, updates, .. } = state;
            Archive::write(&mut (&mut **optimizer, (evaluations, updates)))
        })?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Goes on from a state that an optimizer built in the same way has saved.
    fn load(&self, py: Python<'_>, bytes: &[u8]) -> PyResult<()> {
        self.with(py, |state| {
            let State { optimizer, evaluations, updates, .. } = state;
            Archive::read(bytes, &mut (&mut **optimizer, (evaluations, updates)))?;
            (state.asked, state.follow_up) = (false, false);
            Ok(())
        })
    }
}

fn recipe(py: Python<'_>, probe: &Probe) -> PyResult<Recipe> {
    let base = match probe.base {
        Base::Acting => "acting".to_owned(),
        Base::Averaged => "averaged".to_owned(),
        Base::Candidate(number) => format!("candidate:{number}"),
    };
    let (family, key) = match probe.direction {
        Direction::Zero => ("zero", 0),
        Direction::Rademacher(key) => ("rademacher", key.0),
        Direction::Gaussian(key) => ("gaussian", key.0),
        Direction::Coordinate(index) => ("coordinate", index as u64),
        _ => return Err(invalid(py, "directions of low rank have no recipe of one key: use ask()".to_owned())),
    };
    Ok((base, probe.gain, family, key, probe.scale))
}

/// Adds `scale · v` to a vector in place; v follows from family and key.
#[pyfunction]
pub(crate) fn direction(
    py: Python<'_>,
    family: &str,
    key: u64,
    scale: f32,
    mut target: PyReadwriteArray1<'_, f32>,
) -> PyResult<()> {
    let direction = match family {
        "zero" => Direction::Zero,
        "rademacher" => Direction::Rademacher(Key(key)),
        "gaussian" => Direction::Gaussian(Key(key)),
        "coordinate" => Direction::Coordinate(usize::try_from(key).unwrap_or(usize::MAX)),
        _ => {
            let wanted = "must be zero, rademacher, gaussian or coordinate";
            return Err(invalid(py, format!("family = {family:?}: {wanted}")));
        }
    };
    let target = target.as_slice_mut().map_err(|_| invalid(py, "an array must be contiguous".to_owned()))?;
    py.detach(|| direction.add_to(scale, target));
    Ok(())
}
