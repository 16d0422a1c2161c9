//! Errors of the library as exceptions of the package.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyType;
use tegmentum::error::Error;

/// The exception that an error becomes. What a part of the caller's own raised arrives as it was.
pub(crate) fn exception(py: Python<'_>, error: Error) -> PyErr {
    let class = match &error {
        Error::OwnPart { .. } => return own(py, error),
        Error::NonFinite { .. } => "DivergedError",
        Error::Io { .. } => "FileError",
        _ => "InvalidValueError",
    };
    raise(py, class, message(&error))
}

fn own(py: Python<'_>, error: Error) -> PyErr {
    match error {
        Error::OwnPart { part, source } => match source.downcast::<PyErr>() {
            Ok(raised) => *raised,
            Err(source) => raise(py, "TegmentumError", format!("{part} failed: {source}")),
        },
        other => raise(py, "TegmentumError", message(&other)),
    }
}

/// An error of the caller's own part, which carries an exception through the library.
pub(crate) fn carried(part: &'static str, raised: PyErr) -> Error {
    Error::OwnPart { part, source: Box::new(raised) }
}

/// An exception of the class `name` of `tegmentum.errors`.
pub(crate) fn raise(py: Python<'_>, name: &str, message: String) -> PyErr {
    let class = py.import("tegmentum.errors").and_then(|errors| errors.getattr(name));
    match class.and_then(|class| Ok(class.cast_into::<PyType>()?)) {
        Ok(class) => PyErr::from_type(class, message),
        Err(_) => PyValueError::new_err(message),
    }
}

/// An error about something that was given.
pub(crate) fn invalid(py: Python<'_>, message: String) -> PyErr {
    raise(py, "InvalidValueError", message)
}

/// The message with its causes.
pub(crate) fn message(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}
