//! What can go wrong, as one enum with fields to match on.
//!
//! Every message names the thing, its value and what would be right; the cause, where there is one, is the
//! [`source`](std::error::Error::source) and is not repeated in the message.

use std::path::PathBuf;

/// An error of this library.
///
/// # Example
/// ```
/// use tegmentum_engine::error::Error;
///
/// let error = Error::InvalidParameter {
///     name: "perturbation_scale",
///     value: -1.0,
///     requirement: "a finite number above 0",
/// };
/// assert_eq!(error.to_string(), "perturbation_scale = -1: must be a finite number above 0");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A number outside its range.
    #[error("{name} = {}: must be {requirement}", shown(*value))]
    InvalidParameter {
        /// The parameter, as the user spells it.
        name: &'static str,
        /// The value found.
        value: f64,
        /// What would be right.
        requirement: &'static str,
    },
    /// Two sizes that should agree do not.
    #[error("{what}: expected {expected} values, found {found}")]
    ShapeMismatch {
        /// What has the wrong size.
        what: &'static str,
        /// The size that would be right.
        expected: usize,
        /// The size found.
        found: usize,
    },
    /// A combination of parts that has no meaning, for example backpropagation through a step function.
    #[error("{what} cannot be used with {with}: {reason}")]
    Incompatible {
        /// The part asked for.
        what: String,
        /// The other part.
        with: String,
        /// Why, and what would work.
        reason: String,
    },
    /// A name that is not in a registry.
    #[error("unknown {kind} \"{name}\": known are {known}")]
    UnknownName {
        /// The registry, for example "metric".
        kind: &'static str,
        /// The name found.
        name: String,
        /// The names that would be right, separated by commas.
        known: String,
    },
    /// Something that would change nothing, because nobody obeys it.
    #[error("{what} would change nothing: {listener} obeys {heard}")]
    Unheard {
        /// What was set.
        what: String,
        /// Who does not obey it.
        listener: String,
        /// What is obeyed.
        heard: String,
    },
    /// A settings type that cannot be registered.
    #[error("{kind} \"{name}\" cannot be registered: {problem}")]
    Registration {
        /// The registry, for example "optimizer".
        kind: &'static str,
        /// The name asked for.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A part of the caller's own failed: an objective, an observer. The source is what it failed with, unchanged.
    #[error("{part} of the caller failed")]
    OwnPart {
        /// Which part, for example "the objective".
        part: &'static str,
        /// What it failed with.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A quantity became NaN or infinite.
    #[error("{what} became NaN or infinite at step {step}; lower the learning rate or the perturbation scale")]
    NonFinite {
        /// The quantity.
        what: &'static str,
        /// The update at which it happened, from 0.
        step: u64,
    },
    /// No loss was finite.
    #[error(
        "no finite loss in {evaluations} evaluations: the function gives NaN or an infinite number at the start and all around it"
    )]
    NoFiniteLoss {
        /// Evaluations that were made.
        evaluations: u64,
    },
    /// A table that cannot be used.
    #[error("{}, line {line}, column {column}: {problem}", path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// The line in the file, from 1.
        line: u64,
        /// The column: its name if the file has a header, else its number from 1.
        column: String,
        /// The value found and what would be right.
        problem: String,
    },
    /// A file of a model that cannot be used.
    #[error("{}: {problem}", path.display())]
    Model {
        /// The file.
        path: PathBuf,
        /// What is wrong with it and what would be right.
        problem: String,
    },
    /// A checkpoint that cannot be used, or a folder that another process works in.
    #[error("{}: {problem}", path.display())]
    Checkpoint {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it and what would be right.
        problem: String,
    },
    /// A running state that cannot be saved or read.
    #[error("{what}: {problem}")]
    Archive {
        /// Whose state it is.
        what: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A study file that cannot be used.
    #[error("{origin}: {problem}")]
    Study {
        /// The file or the built-in study.
        origin: String,
        /// The field, the value and what would be right.
        problem: String,
    },
    /// A file that cannot be read or written.
    #[error("{}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
}

/// The result of a fallible operation of this library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A number as a message shows it: very large and very small ones by their power of ten.
fn shown(value: f64) -> String {
    let size = value.abs();
    if size.is_finite() && size != 0.0 && !(1e-5..1e16).contains(&size) {
        format!("{value:e}")
    } else {
        value.to_string()
    }
}

/// Returns `value` if it is finite and above zero.
///
/// # Errors
/// [`Error::InvalidParameter`] otherwise.
pub fn positive(name: &'static str, value: f64) -> Result<f64> {
    if value.is_finite() && value > 0.0 {
        Ok(value)
    } else {
        Err(Error::InvalidParameter { name, value, requirement: "a finite number above 0" })
    }
}

/// Returns `value` if it is finite and not below zero.
///
/// # Errors
/// [`Error::InvalidParameter`] otherwise.
pub fn at_least_zero(name: &'static str, value: f64) -> Result<f64> {
    if value.is_finite() && value >= 0.0 {
        Ok(value)
    } else {
        Err(Error::InvalidParameter { name, value, requirement: "a finite number, at least 0" })
    }
}

/// Returns `value` if it is in `[0, 1]`.
///
/// # Errors
/// [`Error::InvalidParameter`] otherwise.
pub fn fraction(name: &'static str, value: f64) -> Result<f64> {
    if (0.0..=1.0).contains(&value) {
        Ok(value)
    } else {
        Err(Error::InvalidParameter { name, value, requirement: "between 0 and 1" })
    }
}

/// Returns `value` if it is at least one.
///
/// # Errors
/// [`Error::InvalidParameter`] otherwise.
pub fn at_least_one(name: &'static str, value: usize) -> Result<usize> {
    if value >= 1 {
        Ok(value)
    } else {
        Err(Error::InvalidParameter { name, value: value as f64, requirement: "at least 1" })
    }
}
