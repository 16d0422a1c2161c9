//! Your own data with Tegmentum: whole procedures, from a file to a model that is used.
//!
//! - [`table`]: a file of rows and columns, read with its kinds of columns.
//! - [`tabular`]: a model of a table, which class or which number belongs to a row.
//! - [`model_file`]: models that are files.
//! - [`onnx`]: models and networks for other programs, in the format ONNX.
//! - [`stream`]: rows in their order, each predicted before it is learned from.
//! - [`forecast`]: a series, its next values with intervals.
//!
//! This crate stands above the library `tegmentum`, which has the parts, and below the command line, which prints.

pub mod forecast;
pub mod model_file;
pub mod onnx;
pub mod stream;
pub mod table;
pub mod tabular;

use std::io::Read as _;
use std::path::Path;

use tegmentum::error::{Error, Result};

/// The bytes of a file, if it has no more than `most`; a file without an end is not read further than that.
fn read_bytes(path: &Path, most: u64) -> Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes));
    read.map_err(|source| Error::Io { path: path.to_owned(), source })?;
    Ok((bytes.len() as u64 <= most).then_some(bytes))
}
