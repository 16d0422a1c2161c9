//! Metrics and statistics of the library as functions.

use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use tegmentum::evidence::metrics::{
    ValidPredictionTime, accuracy, mean_squared_error, normalised_root_mean_squared_error,
};
use tegmentum::evidence::statistics as library;
use tegmentum::evidence::statistics::{Effect, Estimate, Statistic};
use tegmentum::random::Key;

use crate::arrays::entries;
use crate::errors::exception;
use crate::settings;

/// Value, lower and upper end, number of values.
type Interval = (f64, f64, f64, usize);
type Numbers<'py> = PyReadonlyArray1<'py, f64>;

/// Adds the functions to the module.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(interquartile_mean, module)?)?;
    module.add_function(wrap_pyfunction!(bootstrap, module)?)?;
    module.add_function(wrap_pyfunction!(paired_comparison, module)?)?;
    module.add_function(wrap_pyfunction!(probability_of_improvement, module)?)?;
    module.add_function(wrap_pyfunction!(proportion_interval, module)?)?;
    module.add_function(wrap_pyfunction!(metric, module)?)?;
    module.add_function(wrap_pyfunction!(valid_prediction_time, module)?)?;
    Ok(())
}

fn interval(estimate: Estimate) -> Interval {
    (estimate.value, estimate.ci95[0], estimate.ci95[1], estimate.n)
}

#[pyfunction]
fn interquartile_mean(py: Python<'_>, values: Numbers<'_>) -> PyResult<f64> {
    let values = entries(py, &values)?;
    Ok(py.detach(|| library::interquartile_mean(values)))
}

#[pyfunction]
fn bootstrap(py: Python<'_>, values: Numbers<'_>, statistic: &str, resamples: usize, seed: u64) -> PyResult<Interval> {
    let statistic: Statistic = settings::read(py, "statistic", statistic)?;
    let values = entries(py, &values)?;
    let of = |values: &[f64]| statistic.of(values);
    Ok(interval(py.detach(|| library::bootstrap(values, of, resamples, Key::from_seed(seed)))))
}

#[pyfunction]
fn paired_comparison(
    py: Python<'_>,
    arm: Numbers<'_>,
    reference: Numbers<'_>,
    statistic: &str,
    effect: &str,
    resamples: usize,
    seed: u64,
) -> PyResult<Interval> {
    let statistic: Statistic = settings::read(py, "statistic", statistic)?;
    let effect: Effect = settings::read(py, "effect", effect)?;
    let (arm, reference) = (entries(py, &arm)?, entries(py, &reference)?);
    let key = Key::from_seed(seed);
    let found = py.detach(|| library::paired_comparison(arm, reference, statistic, effect, resamples, key));
    found.map(interval).map_err(|error| exception(py, error))
}

#[pyfunction]
fn probability_of_improvement(
    py: Python<'_>,
    arm: Numbers<'_>,
    reference: Numbers<'_>,
    resamples: usize,
    seed: u64,
) -> PyResult<Interval> {
    let task = [(entries(py, &arm)?, entries(py, &reference)?)];
    let key = Key::from_seed(seed);
    Ok(interval(py.detach(|| library::bootstrap_probability_of_improvement(&task, resamples, key))))
}

#[pyfunction]
fn proportion_interval(successes: usize, trials: usize) -> Interval {
    interval(library::proportion_interval(successes, trials))
}

/// A metric of outputs against targets, flat; `columns` outputs a row, or deviations a channel for the NRMSE.
#[pyfunction]
fn metric(
    py: Python<'_>,
    name: &str,
    outputs: Numbers<'_>,
    targets: Numbers<'_>,
    columns: usize,
    deviations: Numbers<'_>,
) -> PyResult<f64> {
    let (outputs, targets) = (entries(py, &outputs)?, entries(py, &targets)?);
    let deviations = entries(py, &deviations)?;
    Ok(py.detach(|| match name {
        "accuracy" => accuracy(outputs, targets, columns),
        "mean_squared_error" => mean_squared_error(outputs, targets),
        _ => normalised_root_mean_squared_error(outputs, targets, deviations),
    }))
}

#[pyfunction]
fn valid_prediction_time(
    py: Python<'_>,
    predicted: Numbers<'_>,
    truth: Numbers<'_>,
    deviations: Numbers<'_>,
    sampling_step: f64,
    lyapunov_exponent: f64,
    threshold: f64,
) -> PyResult<f64> {
    let (predicted, truth) = (entries(py, &predicted)?, entries(py, &truth)?);
    let deviations = entries(py, &deviations)?;
    let rule =
        ValidPredictionTime::new(sampling_step, lyapunov_exponent).and_then(|rule| rule.with_threshold(threshold));
    Ok(rule.map_err(|error| exception(py, error))?.of(predicted, truth, deviations))
}
