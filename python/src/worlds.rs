//! Copies of an environment that are stepped together: one call for all of them.

use std::sync::{Mutex, PoisonError};

use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use tegmentum::behaviour::environment::{ActionSpace, Outcome};
use tegmentum::behaviour::environments::EnvironmentConfig;
use tegmentum::random::Key;

use crate::arrays::entries;
use crate::behaviour::{ENVIRONMENT, TRIALS, World, action_of};
use crate::errors::{exception, invalid};
use crate::settings;

/// Numbers of all observations together, at most.
const LARGEST: usize = 1 << 28;

/// See `tegmentum.gym.VectorTrials`. Each copy has a seed of its own, and does what an [`Environment`](crate::behaviour::Environment) with
/// this seed does.
#[pyclass(frozen, module = "tegmentum._native")]
pub(crate) struct Worlds {
    /// Each with the key of its trials.
    copies: Mutex<Vec<(World, Key)>>,
    actions: ActionSpace,
    num_observations: usize,
    count: usize,
}

/// What a step of all copies gives.
struct Steps {
    /// What is seen now [n × o]: where a trial has ended, the beginning of the next one.
    observations: Vec<f32>,
    /// What was seen at the end of the step [n × o].
    last: Vec<f32>,
    outcomes: Vec<Outcome>,
}

#[pymethods]
impl Worlds {
    #[new]
    fn new(py: Python<'_>, environment: &str, seeds: Vec<u64>) -> PyResult<Self> {
        let config: EnvironmentConfig = settings::read(py, "environment", environment)?;
        let built = py.detach(|| {
            let world = |seed: &u64| {
                let key = Key::from_seed(*seed);
                Ok((World::new(config.build(key.child(ENVIRONMENT))?), key.child(TRIALS)))
            };
            seeds.iter().map(world).collect::<tegmentum::error::Result<Vec<_>>>()
        });
        let worlds = built.map_err(|error| exception(py, error))?;
        let Some((first, _)) = worlds.first() else {
            return Err(invalid(py, "seeds: must be at least one".to_owned()));
        };
        let (actions, num_observations) = (first.environment.actions(), first.environment.num_observations());
        if worlds.len().saturating_mul(num_observations) > LARGEST {
            return Err(invalid(py, format!("{} copies are too many", worlds.len())));
        }
        Ok(Self { actions, num_observations, count: worlds.len(), copies: Mutex::new(worlds) })
    }

    /// Begins the next trial of all copies; the first observations [n, o].
    fn begin<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let observations = py.detach(|| {
            let mut worlds = self.copies.lock().unwrap_or_else(PoisonError::into_inner);
            let mut observations = Vec::with_capacity(worlds.len() * self.num_observations);
            for (world, key) in &mut *worlds {
                world.begin(*key);
                observations.extend_from_slice(&world.observation);
            }
            observations
        });
        self.matrix(py, observations)
    }

    /// Takes an action in each copy. Where a trial ends, the next one begins.
    fn step<'py>(&self, py: Python<'py>, actions: PyReadonlyArray1<'py, f64>) -> PyResult<Bound<'py, PyDict>> {
        let values = entries(py, &actions)?;
        if values.len() != self.count {
            return Err(invalid(py, format!("actions are {}: must be {}", values.len(), self.count)));
        }
        let space = self.actions;
        let actions = values.iter().map(|&value| action_of(py, space, value)).collect::<PyResult<Vec<_>>>()?;
        let steps = py.detach(|| {
            let mut worlds = self.copies.lock().unwrap_or_else(PoisonError::into_inner);
            if !worlds.iter().all(|(world, _)| world.open) {
                return None;
            }
            let size = worlds.len() * self.num_observations;
            let (mut observations, mut last) = (Vec::with_capacity(size), Vec::with_capacity(size));
            let mut outcomes = Vec::with_capacity(worlds.len());
            for ((world, key), &action) in worlds.iter_mut().zip(&actions) {
                let outcome = world.environment.step(action, &mut world.observation);
                last.extend_from_slice(&world.observation);
                if outcome.end_of_trial {
                    world.begin(*key);
                }
                observations.extend_from_slice(&world.observation);
                outcomes.push(outcome);
            }
            Some(Steps { observations, last, outcomes })
        });
        let steps = steps.ok_or_else(|| invalid(py, "step: no trial is open; call begin first".to_owned()))?;
        self.columns(py, steps)
    }
}

impl Worlds {
    fn matrix<'py>(&self, py: Python<'py>, values: Vec<f32>) -> PyResult<Bound<'py, PyArray2<f32>>> {
        PyArray1::from_vec(py, values).reshape([self.count, self.num_observations])
    }

    fn columns<'py>(&self, py: Python<'py>, steps: Steps) -> PyResult<Bound<'py, PyDict>> {
        let Steps { observations, last, outcomes } = steps;
        let found = PyDict::new(py);
        found.set_item("observations", self.matrix(py, observations)?)?;
        found.set_item("last", self.matrix(py, last)?)?;
        let number =
            |value: fn(&Outcome) -> f64| PyArray1::from_vec(py, outcomes.iter().map(value).collect::<Vec<_>>());
        let whole = |value: fn(&Outcome) -> i64| PyArray1::from_vec(py, outcomes.iter().map(value).collect::<Vec<_>>());
        let flag = |value: fn(&Outcome) -> bool| PyArray1::from_vec(py, outcomes.iter().map(value).collect::<Vec<_>>());
        found.set_item("reward", number(|outcome| outcome.reward))?;
        found.set_item("end_of_trial", flag(|outcome| outcome.end_of_trial))?;
        found.set_item("correct", flag(|outcome| outcome.correct))?;
        found.set_item("condition", whole(|outcome| i64::from(outcome.condition)))?;
        found.set_item("block", whole(|outcome| i64::from(outcome.block)))?;
        found.set_item("target", number(|outcome| outcome.target))?;
        Ok(found)
    }
}
