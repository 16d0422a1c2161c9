//! Arrays in and out. What comes in was made contiguous and of the right type by the Python side.

use numpy::{PyArray1, PyReadonlyArray, PyReadonlyArray1};
use pyo3::prelude::*;
use tegmentum::neuromodulation::nucleus::Levels;

use crate::errors::invalid;

/// The entries of an array, which must be contiguous.
pub(crate) fn entries<'a, T: numpy::Element, D: numpy::ndarray::Dimension>(
    py: Python<'_>,
    array: &'a PyReadonlyArray<'_, T, D>,
) -> PyResult<&'a [T]> {
    array.as_slice().map_err(|_| invalid(py, "an array must be contiguous".to_owned()))
}

/// A copy of a vector.
pub(crate) fn copied<T: numpy::Element + Copy>(py: Python<'_>, array: &PyReadonlyArray1<'_, T>) -> PyResult<Vec<T>> {
    Ok(entries(py, array)?.to_vec())
}

/// A new vector of `f32`.
pub(crate) fn vector<'py>(py: Python<'py>, values: &[f32]) -> Bound<'py, PyArray1<f32>> {
    PyArray1::from_slice(py, values)
}

/// The four levels in the order dopamine, acetylcholine, serotonin, noradrenaline.
pub(crate) fn four(levels: Levels) -> (f64, f64, f64, f64) {
    (levels.dopamine, levels.acetylcholine, levels.serotonin, levels.noradrenaline)
}
