//! Forecasts of a series.

use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use tegmentum_applied::forecast::ForecastConfig;

use crate::arrays::entries;
use crate::errors::exception;
use crate::settings;

/// Learns a series; predictions past its end with the half widths of their intervals of 80 and 95 %, and the season that was found.
#[pyfunction]
pub(crate) fn forecast<'py>(
    py: Python<'py>,
    values: PyReadonlyArray1<'py, f64>,
    config: &str,
) -> PyResult<Bound<'py, PyDict>> {
    let config: ForecastConfig = settings::read(py, "forecast", config)?;
    let values = entries(py, &values)?;
    let found = py.detach(|| config.fit(values)).map_err(|error| exception(py, error))?;
    let result = PyDict::new(py);
    let future = found.horizons.iter().map(|horizon| found.bounds.cut(horizon.future)).collect();
    result.set_item("future", PyArray1::from_vec(py, future))?;
    for (index, name) in ["half_widths_80", "half_widths_95"].into_iter().enumerate() {
        let widths = found.horizons.iter().map(|horizon| horizon.future_half_widths[index]).collect();
        result.set_item(name, PyArray1::from_vec(py, widths))?;
    }
    result.set_item("season", found.season)?;
    Ok(result)
}
