//! The compiled part of the Python package `tegmentum`: the engine behind functions that take arrays and settings.
//!
//! Everything here is private to the package. What a user calls is written in Python beside it (`tegmentum/`): it checks what comes in
//! and has the documentation. Settings come as JSON, vectors as contiguous arrays of the type that the engine computes in.
//!
//! # The interpreter
//! Its lock is released wherever the engine computes; no signal handler is installed. Long work asks the interpreter for signals: between
//! evaluations if it runs on the caller's thread, every 20 ms if it runs on one of its own ([`work`]).

// What the interpreter hands over comes by value.
#![allow(clippy::needless_pass_by_value)]

mod arrays;
mod behaviour;
mod checkpoint;
mod errors;
mod minimise;
mod networks;
mod objective;
mod optimizer;
mod series;
mod settings;
mod statistics;
mod stream;
mod studies;
mod work;
mod worlds;

use pyo3::prelude::*;

/// The module `tegmentum._native`.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<optimizer::Optimizer>()?;
    module.add_class::<networks::Network>()?;
    module.add_class::<behaviour::Environment>()?;
    module.add_class::<worlds::Worlds>()?;
    module.add_class::<behaviour::Modulators>()?;
    module.add_class::<behaviour::Agent>()?;
    module.add_class::<behaviour::Session>()?;
    module.add_class::<stream::Stream>()?;
    module.add_function(wrap_pyfunction!(minimise::minimize, module)?)?;
    module.add_function(wrap_pyfunction!(optimizer::direction, module)?)?;
    module.add_function(wrap_pyfunction!(networks::fit_rows, module)?)?;
    module.add_function(wrap_pyfunction!(series::forecast, module)?)?;
    module.add_function(wrap_pyfunction!(settings::known, module)?)?;
    module.add_function(wrap_pyfunction!(studies::run_share, module)?)?;
    module.add_function(wrap_pyfunction!(studies::run_study, module)?)?;
    module.add_function(wrap_pyfunction!(studies::study_text, module)?)?;
    statistics::register(module)
}
