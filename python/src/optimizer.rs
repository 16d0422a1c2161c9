//! Ask and tell: an optimizer whose losses come from outside.
//!
//! The lock around it is taken and given back without the interpreter's, so that two threads that use one optimizer cannot wait for each
//! other.

use std::sync::{Mutex, PoisonError};

use numpy::{
    PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadwriteArray1, PyReadwriteArray2, PyUntypedArrayMethods,
};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use tegmentum::archive::Archive;
use tegmentum::error::{Error, Result};
use tegmentum::learning::optimizer as contract;
use tegmentum::model::perturbation::{Base, Bases, Direction, Probe, write_candidates, write_in_parts};
use tegmentum::neuromodulation::modulation::Modulation;
use tegmentum::random::Key;

use crate::arrays::{copied, four, vector};
use crate::errors::{exception, invalid};
use crate::settings;

/// Parameters up to which a round is made without giving the interpreter's lock back.
const SMALL: usize = 1024;
/// Numbers of an array of candidates, at most: 16 GiB.
const LARGEST: usize = 1 << 32;

/// Loss, rate, number of bad losses, whether a round follows, whether it was surprised.
type Told = (f64, f64, u32, bool, bool);
/// A candidate as a recipe: base, its gain, family, key and scale.
type Recipe = (String, f32, &'static str, u64, f32);

/// What lies behind the lock.
struct State {
    optimizer: Box<dyn contract::Optimizer>,
    modulation: Modulation,
    evaluations: u64,
    updates: u64,
    /// What was asked for and not told of; empty between rounds.
    probes: Vec<Probe>,
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
        // What is small takes less time than giving the interpreter's lock back; nothing is waited for.
        if self.num_parameters <= SMALL
            && let Ok(mut state) = self.state.try_lock()
        {
            return use_it(&mut state).map_err(|error| exception(py, error));
        }
        let found = py.detach(|| use_it(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner)));
        found.map_err(|error| exception(py, error))
    }
}

impl State {
    fn begin(&mut self) -> usize {
        if self.probes.is_empty() {
            self.probes.extend_from_slice(self.optimizer.ask(&self.modulation));
        }
        self.probes.len()
    }

    /// Writes the candidates from number `first` on, as many as there is room for.
    fn write(&self, first: usize, columns: usize, target: &mut [f32]) -> Result<()> {
        let (rows, rest) = (target.len() / columns, target.len() % columns);
        let (expected, found) = (self.probes.len(), first.saturating_add(rows));
        if rest > 0 || found > expected {
            return Err(Error::ShapeMismatch { what: "candidates that were asked for", expected, found });
        }
        write_candidates(&self.probes[first..found], self.optimizer.bases(), target)
    }

    fn tell(&mut self, losses: &[f64]) -> Result<Told> {
        let report = self.optimizer.tell(losses, &self.modulation)?;
        self.probes.clear();
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
        let state = State { optimizer, modulation, evaluations: 0, updates: 0, probes: Vec::new(), follow_up: false };
        Ok(Self { state: Mutex::new(state), num_parameters })
    }

    /// Asks; the number of candidates of the round.
    fn begin(&self, py: Python<'_>) -> PyResult<usize> {
        self.with(py, |state| Ok(state.begin()))
    }

    /// Asks; the candidates of the round as a new array, `[n, P]`.
    fn ask<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let (count, columns) = (self.begin(py)?, self.num_parameters);
        if count.saturating_mul(columns) > LARGEST {
            let problem = "are too many for one array: use ask_recipes()";
            return Err(invalid(py, format!("{count} candidates of {columns} parameters {problem}")));
        }
        let candidates = PyArray2::zeros(py, [count, columns], false);
        // SAFETY: the array was made here; nobody else knows of it.
        #[allow(unsafe_code)]
        let target = contiguous(py, unsafe { candidates.as_slice_mut() })?;
        self.with(py, |state| state.write(0, columns, target))?;
        Ok(candidates)
    }

    /// Writes the candidates that were asked for from number `first` on, row after row, `[n, P]`.
    fn write(&self, py: Python<'_>, first: usize, mut target: PyReadwriteArray2<'_, f32>) -> PyResult<()> {
        let (columns, target) = (self.num_parameters, contiguous(py, target.as_slice_mut())?);
        self.with(py, |state| state.write(first, columns, target))
    }

    /// Writes a candidate that was asked for, or without a number what would be handed over, to vectors that hold the P parameters one after
    /// the other.
    #[pyo3(signature = (number, parts))]
    fn write_parts(
        &self,
        py: Python<'_>,
        number: Option<usize>,
        mut parts: Vec<PyReadwriteArray1<'_, f32>>,
    ) -> PyResult<()> {
        check_apart(py, &parts)?;
        let parts = parts.iter_mut().map(|part| contiguous(py, part.as_slice_mut())).collect::<PyResult<Vec<_>>>()?;
        self.with(py, |state| {
            let bases = state.optimizer.bases();
            let Some(number) = number else {
                let solution = state.optimizer.solution();
                let bases = Bases { acting: solution, averaged: solution, candidates: &[] };
                return write_in_parts(&Probe::unperturbed(Base::Acting), bases, parts);
            };
            let expected = state.probes.len();
            let probe = state.probes.get(number).ok_or(Error::ShapeMismatch {
                what: "candidates that were asked for",
                expected,
                found: number.saturating_add(1),
            })?;
            write_in_parts(probe, bases, parts)
        })
    }

    /// The same candidates as recipes.
    fn ask_recipes(&self, py: Python<'_>) -> PyResult<Vec<Recipe>> {
        let probes = self.with(py, |state| {
            state.begin();
            Ok(state.probes.clone())
        })?;
        probes.iter().map(|probe| recipe(py, probe)).collect()
    }

    /// Candidates that were asked for and not told of.
    fn pending(&self, py: Python<'_>) -> PyResult<usize> {
        self.with(py, |state| Ok(state.probes.len()))
    }

    /// Takes losses; loss, rate, number of bad losses, whether a round follows, whether it was surprised. None, and nothing is done, for what
    /// is no contiguous array of doubles, one for each candidate.
    fn tell(&self, py: Python<'_>, losses: &Bound<'_, PyAny>) -> PyResult<Option<Told>> {
        let Ok(losses) = losses.cast_exact::<PyArray1<f64>>() else { return Ok(None) };
        let losses = losses.try_readonly().map_err(|_| invalid(py, "the losses are being written to".to_owned()))?;
        let Ok(losses) = losses.as_slice() else { return Ok(None) };
        self.with(py, |state| {
            let fits = !state.probes.is_empty() && losses.len() == state.probes.len();
            if fits { state.tell(losses).map(Some) } else { Ok(None) }
        })
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
            if !state.probes.is_empty() || state.follow_up {
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
            state.probes.clear();
            state.follow_up = false;
            Ok(())
        })
    }
}

/// The entries of an array that is written to, which must be contiguous.
fn contiguous<'a, E>(py: Python<'_>, entries: std::result::Result<&'a mut [f32], E>) -> PyResult<&'a mut [f32]> {
    entries.map_err(|_| invalid(py, "an array must be contiguous".to_owned()))
}

/// An error if two vectors have memory in common.
fn check_apart(py: Python<'_>, parts: &[PyReadwriteArray1<'_, f32>]) -> PyResult<()> {
    let bounds = |part: &PyReadwriteArray1<'_, f32>| {
        let first = part.data() as usize;
        (first, first + size_of::<f32>() * part.shape()[0])
    };
    let mut ranges: Vec<_> = parts.iter().map(bounds).filter(|(first, end)| end > first).collect();
    ranges.sort_unstable();
    let shared = ranges.windows(2).map(|pair| pair[0].1.min(pair[1].1).saturating_sub(pair[1].0)).max().unwrap_or(0);
    if shared > 0 {
        let numbers = shared / size_of::<f32>();
        return Err(invalid(
            py,
            format!("two parameters share the memory of {numbers} numbers: train one of them, or a copy"),
        ));
    }
    Ok(())
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
        _ => return Err(invalid(py, "directions of low rank, orthogonal ones and those with sizes of their own have no recipe of one key: use ask()".to_owned())),
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
    let target = contiguous(py, target.as_slice_mut())?;
    py.detach(|| direction.add_to(scale, target));
    Ok(())
}
