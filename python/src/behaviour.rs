//! Environments, agents and systems of modulators, each by hand or together in a session.
//!
//! # Seeds
//! From the key of a seed: child 0 is the environment's, 1 the agent's, 2 that of the modulators' noise, and child u of child 3 that of
//! trial u. Parts that are stepped by hand with one seed therefore do what a session with this seed does, bit for bit.

use std::sync::{Mutex, PoisonError};

use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use tegmentum::behaviour::agent::{self, Feedback};
use tegmentum::behaviour::environment::{self, Action, ActionSpace, Outcome, TrialReport};
use tegmentum::behaviour::environments::EnvironmentConfig;
use tegmentum::behaviour::session::Behaviour;
use tegmentum::neuromodulation::modulation::Modulation;
use tegmentum::neuromodulation::nucleus::Levels;
use tegmentum::neuromodulation::record::SystemRecord;
use tegmentum::neuromodulation::signals::Signals;
use tegmentum::neuromodulation::system::{NeuromodulationConfig, NeuromodulatorySystem};
use tegmentum::random::Key;

use crate::arrays::{copied, entries, four, vector};
use crate::errors::{exception, invalid};
use crate::settings;
use crate::work::supervised;

/// Children of the key of a seed.
pub(crate) const ENVIRONMENT: u64 = 0;
const AGENT: u64 = 1;
const MODULATORS: u64 = 2;
pub(crate) const TRIALS: u64 = 3;

type Four = (f64, f64, f64, f64);

/// A part behind a lock that is taken without the interpreter's.
fn with<P: Send, T: Send>(py: Python<'_>, part: &Mutex<P>, use_it: impl FnOnce(&mut P) -> T + Send) -> T {
    py.detach(|| use_it(&mut part.lock().unwrap_or_else(PoisonError::into_inner)))
}

/// What lies behind the lock of an environment.
pub(crate) struct World {
    /// The environment.
    pub(crate) environment: Box<dyn environment::Environment>,
    /// What is seen now.
    pub(crate) observation: Vec<f32>,
    trial: u64,
    /// Whether a trial has begun and not ended.
    pub(crate) open: bool,
}

impl World {
    /// An environment before its first trial.
    pub(crate) fn new(environment: Box<dyn environment::Environment>) -> Self {
        let observation = vec![0.0; environment.num_observations()];
        Self { environment, observation, trial: 0, open: false }
    }

    /// Begins the next trial; trial u has the child u of the key.
    pub(crate) fn begin(&mut self, trials: Key) {
        self.environment.begin(trials.child(self.trial), &mut self.observation);
        (self.trial, self.open) = (self.trial + 1, true);
    }
}

/// The action that a number stands for.
pub(crate) fn action_of(py: Python<'_>, space: ActionSpace, action: f64) -> PyResult<Action> {
    match space {
        ActionSpace::Choices(count) if action >= 0.0 && action.fract() == 0.0 && action < count as f64 => {
            Ok(Action::Choice(action as usize))
        }
        ActionSpace::Choices(count) => {
            let most = count.saturating_sub(1);
            Err(invalid(py, format!("action = {action}: must be a whole number from 0 to {most}")))
        }
        ActionSpace::Interval { low, high } if (low..=high).contains(&action) => Ok(Action::Value(action)),
        ActionSpace::Interval { low, high } => {
            Err(invalid(py, format!("action = {action}: must be between {low} and {high}")))
        }
    }
}

/// See `tegmentum.Environment`.
#[pyclass(frozen, module = "tegmentum._native")]
pub(crate) struct Environment {
    world: Mutex<World>,
    trials: Key,
    actions: ActionSpace,
    num_observations: usize,
}

#[pymethods]
impl Environment {
    #[new]
    fn new(py: Python<'_>, environment: &str, seed: u64) -> PyResult<Self> {
        let config: EnvironmentConfig = settings::read(py, "environment", environment)?;
        let key = Key::from_seed(seed);
        let environment = config.build(key.child(ENVIRONMENT)).map_err(|error| exception(py, error))?;
        let (actions, num_observations) = (environment.actions(), environment.num_observations());
        Ok(Self { world: Mutex::new(World::new(environment)), trials: key.child(TRIALS), actions, num_observations })
    }

    /// Numbers of an observation.
    #[getter]
    fn num_observations(&self) -> usize {
        self.num_observations
    }

    /// The number of choices, or the bounds of the answer.
    #[getter]
    fn actions(&self) -> (Option<usize>, Option<(f64, f64)>) {
        match self.actions {
            ActionSpace::Choices(count) => (Some(count), None),
            ActionSpace::Interval { low, high } => (None, Some((low, high))),
        }
    }

    /// Begins the next trial; its first observation.
    fn begin<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f32>> {
        let observation = with(py, &self.world, |world| {
            world.begin(self.trials);
            world.observation.clone()
        });
        vector(py, &observation)
    }

    /// Takes an action; the observation after it and what came of it.
    fn step<'py>(&self, py: Python<'py>, action: f64) -> PyResult<(Bound<'py, PyArray1<f32>>, Bound<'py, PyDict>)> {
        let action = action_of(py, self.actions, action)?;
        let found = with(py, &self.world, |world| {
            world.open.then(|| {
                let outcome = world.environment.step(action, &mut world.observation);
                world.open = !outcome.end_of_trial;
                (world.observation.clone(), outcome)
            })
        });
        let (observation, outcome) =
            found.ok_or_else(|| invalid(py, "step: no trial is open; call begin first".to_owned()))?;
        Ok((vector(py, &observation), outcome_of(py, &outcome)?))
    }
}

fn outcome_of<'py>(py: Python<'py>, outcome: &Outcome) -> PyResult<Bound<'py, PyDict>> {
    let found = PyDict::new(py);
    found.set_item("reward", outcome.reward)?;
    found.set_item("end_of_trial", outcome.end_of_trial)?;
    found.set_item("correct", outcome.correct)?;
    found.set_item("condition", outcome.condition)?;
    found.set_item("block", outcome.block)?;
    found.set_item("target", outcome.target)?;
    Ok(found)
}

/// See `tegmentum.Modulators`.
#[pyclass(frozen, module = "tegmentum._native")]
pub(crate) struct Modulators {
    system: Mutex<NeuromodulatorySystem>,
}

/// The signals that a dictionary names.
fn signals_of(py: Python<'_>, given: &Bound<'_, PyDict>) -> PyResult<Signals> {
    let mut signals = Signals::default();
    for (name, value) in given {
        let name: String = name.extract()?;
        if name == "confirmed" {
            signals.confirmed = Some(value.extract()?);
            continue;
        }
        let slot = match name.as_str() {
            "squared_prediction_error" => &mut signals.squared_prediction_error,
            "loss" => &mut signals.loss,
            "consolidated_loss" => &mut signals.consolidated_loss,
            "outcome" => &mut signals.outcome,
            "diverged" => &mut signals.diverged,
            "reward" => &mut signals.reward,
            "value" => &mut signals.value,
            "prediction_error" => &mut signals.prediction_error,
            "outcome_error" => &mut signals.outcome_error,
            "bayes_factor" => &mut signals.bayes_factor,
            "policy_entropy" => &mut signals.policy_entropy,
            "action_value_variance" => &mut signals.action_value_variance,
            "elapsed" => &mut signals.elapsed,
            _ => return Err(invalid(py, format!("{name}: is no signal; see the documentation of observe"))),
        };
        *slot = Some(value.extract()?);
    }
    Ok(signals)
}

/// The signals that are there, by name.
fn dict_of<'py>(py: Python<'py>, signals: &Signals) -> PyResult<Bound<'py, PyDict>> {
    let found = PyDict::new(py);
    for (name, value) in [
        ("squared_prediction_error", signals.squared_prediction_error),
        ("loss", signals.loss),
        ("consolidated_loss", signals.consolidated_loss),
        ("outcome", signals.outcome),
        ("diverged", signals.diverged),
        ("reward", signals.reward),
        ("value", signals.value),
        ("prediction_error", signals.prediction_error),
        ("outcome_error", signals.outcome_error),
        ("bayes_factor", signals.bayes_factor),
        ("policy_entropy", signals.policy_entropy),
        ("action_value_variance", signals.action_value_variance),
        ("elapsed", signals.elapsed),
    ] {
        if let Some(value) = value {
            found.set_item(name, value)?;
        }
    }
    if let Some(confirmed) = signals.confirmed {
        found.set_item("confirmed", confirmed)?;
    }
    Ok(found)
}

#[pymethods]
impl Modulators {
    #[new]
    fn new(py: Python<'_>, neuromodulation: &str, seed: u64) -> PyResult<Self> {
        let config: NeuromodulationConfig = settings::read(py, "modulators", neuromodulation)?;
        let system = config.build(Key::from_seed(seed).child(MODULATORS)).map_err(|error| exception(py, error))?;
        Ok(Self { system: Mutex::new(system) })
    }

    /// Takes in the signals of a moment.
    fn observe(&self, py: Python<'_>, signals: &Bound<'_, PyDict>) -> PyResult<()> {
        let signals = signals_of(py, signals)?;
        with(py, &self.system, |system| system.observe(&signals));
        Ok(())
    }

    /// The four levels.
    fn levels(&self, py: Python<'_>) -> Four {
        four(with(py, &self.system, |system| system.levels()))
    }

    /// The effects as JSON.
    fn modulation(&self, py: Python<'_>) -> PyResult<String> {
        json(py, &with(py, &self.system, |system| system.modulation().clone()))
    }

    /// Every release, level and effect as JSON.
    fn record(&self, py: Python<'_>) -> PyResult<String> {
        let record = with(py, &self.system, |system| {
            let mut record = SystemRecord::default();
            system.record(&mut record);
            record
        });
        json(py, &record)
    }

    /// All nuclei forget the world as it was.
    fn forget(&self, py: Python<'_>) {
        with(py, &self.system, NeuromodulatorySystem::forget);
    }
}

impl Modulators {
    fn told(&self, py: Python<'_>) -> (Levels, Modulation) {
        with(py, &self.system, |system| (system.levels(), system.modulation().clone()))
    }
}

fn json(py: Python<'_>, value: &impl serde::Serialize) -> PyResult<String> {
    serde_json::to_string(value).map_err(|error| invalid(py, error.to_string()))
}

/// See `tegmentum.Agent`.
#[pyclass(frozen, module = "tegmentum._native")]
pub(crate) struct Agent {
    agent: Mutex<Box<dyn agent::Agent>>,
    num_observations: usize,
}

/// What an agent is told if there are no modulators.
fn told(py: Python<'_>, modulators: Option<&Bound<'_, Modulators>>) -> (Levels, Modulation) {
    modulators.map_or_else(Default::default, |modulators| modulators.get().told(py))
}

#[pymethods]
impl Agent {
    #[new]
    fn new(py: Python<'_>, agent: &str, environment: &Bound<'_, Environment>, seed: u64) -> PyResult<Self> {
        let config = settings::agent(py, agent)?;
        let (key, environment) = (Key::from_seed(seed).child(AGENT), environment.get());
        let built = with(py, &environment.world, |world| config.build(&*world.environment, key));
        let agent = built.map_err(|error| exception(py, error))?;
        Ok(Self { agent: Mutex::new(agent), num_observations: environment.num_observations })
    }

    /// Chooses an action: its number, and whether it is a choice.
    fn act(
        &self,
        py: Python<'_>,
        observation: PyReadonlyArray1<'_, f32>,
        modulators: Option<&Bound<'_, Modulators>>,
    ) -> PyResult<(f64, bool)> {
        let observation = self.observation(py, &observation)?;
        let (levels, modulation) = told(py, modulators);
        let action = with(py, &self.agent, |agent| {
            agent.sense(&levels);
            agent.act(&observation, &modulation)
        });
        Ok((action.number(), matches!(action, Action::Choice(_))))
    }

    /// Takes in what came of it; the signals.
    fn appraise<'py>(
        &self,
        py: Python<'py>,
        reward: f64,
        observation: PyReadonlyArray1<'py, f32>,
        end_of_trial: bool,
        modulators: Option<&Bound<'py, Modulators>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let observation = self.observation(py, &observation)?;
        let (_, modulation) = told(py, modulators);
        let signals = with(py, &self.agent, |agent| {
            agent.appraise(&Feedback { reward, observation: &observation, end_of_trial }, &modulation)
        });
        dict_of(py, &signals)
    }

    /// Learns from the last outcome.
    fn learn(&self, py: Python<'_>, modulators: Option<&Bound<'_, Modulators>>) {
        let (levels, modulation) = told(py, modulators);
        with(py, &self.agent, |agent| {
            agent.sense(&levels);
            agent.learn(&modulation);
        });
    }

    /// What it has learned.
    fn parameters<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f32>> {
        let parameters = with(py, &self.agent, |agent| agent.parameters().to_vec());
        vector(py, &parameters)
    }
}

impl Agent {
    fn observation(&self, py: Python<'_>, observation: &PyReadonlyArray1<'_, f32>) -> PyResult<Vec<f32>> {
        let (expected, found) = (self.num_observations, entries(py, observation)?.len());
        if expected != found {
            return Err(invalid(py, format!("observation: expected {expected} numbers, found {found}")));
        }
        copied(py, observation)
    }
}

/// See `tegmentum.Session`.
#[pyclass(frozen, module = "tegmentum._native")]
pub(crate) struct Session {
    behaviour: Mutex<(Behaviour, u64)>,
    trials: Key,
}

/// A trial: its number, its report and the levels after it.
type Row = (u64, TrialReport, Levels);

#[pymethods]
impl Session {
    #[new]
    fn new(py: Python<'_>, environment: &str, agent: &str, neuromodulation: &str, seed: u64) -> PyResult<Self> {
        let environment: EnvironmentConfig = settings::read(py, "environment", environment)?;
        let agent = settings::agent(py, agent)?;
        let neuromodulation: NeuromodulationConfig = settings::read(py, "modulators", neuromodulation)?;
        let key = Key::from_seed(seed);
        let behaviour = Behaviour::from_settings(&environment, &agent, &neuromodulation, key)
            .map_err(|error| exception(py, error))?;
        Ok(Self { behaviour: Mutex::new((behaviour, 0)), trials: key.child(TRIALS) })
    }

    /// Runs trials; their columns.
    fn run<'py>(&self, py: Python<'py>, trials: u64) -> PyResult<Bound<'py, PyDict>> {
        let rows = supervised(
            py,
            |stop| {
                let mut guard = self.behaviour.lock().unwrap_or_else(PoisonError::into_inner);
                let (behaviour, done) = &mut *guard;
                let mut rows: Vec<Row> = Vec::new();
                for _ in 0..trials {
                    if stop.load(std::sync::atomic::Ordering::Relaxed) {
                        break;
                    }
                    let report = behaviour.trial(self.trials.child(*done))?;
                    rows.push((*done, report, behaviour.system().levels()));
                    *done += 1;
                }
                Ok(rows)
            },
            |_| Ok(()),
        )?;
        columns(py, &rows.map_err(|error| exception(py, error))?)
    }

    /// The four levels.
    fn levels(&self, py: Python<'_>) -> Four {
        four(with(py, &self.behaviour, |(behaviour, _)| behaviour.system().levels()))
    }

    /// What the agent has learned.
    fn parameters<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f32>> {
        let parameters = with(py, &self.behaviour, |(behaviour, _)| behaviour.agent().parameters().to_vec());
        vector(py, &parameters)
    }
}

fn columns<'py>(py: Python<'py>, rows: &[Row]) -> PyResult<Bound<'py, PyDict>> {
    let found = PyDict::new(py);
    let whole = |value: fn(&Row) -> i64| PyArray1::from_vec(py, rows.iter().map(value).collect());
    let number = |value: fn(&Row) -> f64| PyArray1::from_vec(py, rows.iter().map(value).collect());
    let flag = |value: fn(&Row) -> bool| PyArray1::from_vec(py, rows.iter().map(value).collect());
    found.set_item("trial", whole(|row| row.0 as i64))?;
    found.set_item("condition", whole(|row| i64::from(row.1.condition)))?;
    found.set_item("block", whole(|row| i64::from(row.1.block)))?;
    found.set_item("action", number(|row| row.1.action))?;
    found.set_item("reward", number(|row| row.1.reward))?;
    found.set_item("correct", flag(|row| row.1.correct))?;
    found.set_item("target", number(|row| row.1.target))?;
    found.set_item("entropy", number(|row| row.1.entropy))?;
    found.set_item("prediction_error", number(|row| row.1.prediction_error))?;
    found.set_item("steps", whole(|row| row.1.steps as i64))?;
    found.set_item("burst", flag(|row| row.1.burst))?;
    found.set_item("dopamine", number(|row| row.2.dopamine))?;
    found.set_item("acetylcholine", number(|row| row.2.acetylcholine))?;
    found.set_item("serotonin", number(|row| row.2.serotonin))?;
    found.set_item("noradrenaline", number(|row| row.2.noradrenaline))?;
    Ok(found)
}
