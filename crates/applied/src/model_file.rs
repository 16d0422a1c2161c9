//! Models that are files, in the format safetensors: a header in JSON, then the numbers. Those of forecasts are told of in
//! [`forecast`](crate::forecast::ForecastModel).
//!
//! # Format 1
//! One tensor of 32-bit floats for each block of the network's parameters, by its name (`layer1.weights` [inputs × units],
//! `layer1.bias` `[units]`, …, `output.weights`, `output.bias`). The header's metadata has one entry, `tegmentum`, a JSON text:
//!
//! ```text
//!     {"format": 1, "kind": "tabular", "hidden": [32], "columns": [...], "target": {...}, "provenance": {...}}
//! ```
//! `columns` how each column becomes inputs · `target` the column that is predicted, with its classes, or mean and standard
//! deviation · `provenance` name of the data, rows, learner, seed, evaluations, command, version. There is no date: the same
//! training gives the same bytes.
//!
//! A file is written whole or not at all. Reading checks everything before anything of the size that the file asks for is made.
//!
//! # Example
//! ```
//! use tegmentum_applied::table::{ReadOptions, Table};
//! use tegmentum_applied::tabular::{TabularModel, fit};
//!
//! let rows: String = (0..40).map(|row| format!("{},{}\n", row % 8, f64::from(row % 8) / 2.0)).collect();
//! let table = Table::from_csv(format!("x,y\n{rows}").as_bytes(), "line.csv", &ReadOptions::default())?;
//! let model = fit(&table, "y").hidden(&[4]).evaluations(300).run()?.model;
//! let bytes = model.to_bytes()?;
//! let again = TabularModel::from_bytes(&bytes, "model.safetensors")?;
//! assert_eq!(again.predict(&table)?, model.predict(&table)?);
//! assert!(TabularModel::from_bytes(&bytes[..100], "model.safetensors").is_err());
//! # Ok::<(), tegmentum::error::Error>(())
//! ```
//!
//! # Reference
//! The format: <https://huggingface.co/docs/safetensors>.

use std::collections::HashMap;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};
use tegmentum::error::{Error, Result};
use tegmentum::file::write_file;
use tegmentum::model::network::Network;

use crate::forecast::{ForecastFile, ForecastModel, model_file as forecast};
use crate::stream::{self, StreamLearner};
use crate::tabular::{Encoding, Provenance, TabularModel, Target, build_network, check_network};

/// The format that is written, and the newest that is read.
const FORMAT: u64 = 1;
/// The entry of the metadata.
pub(crate) const ENTRY: &str = "tegmentum";
/// Bytes of a file, at most.
pub(crate) const MOST_BYTES: u64 = 1 << 30;
/// Classes of a target, at most.
const MOST_CLASSES: usize = 100;

/// What a model is, besides its numbers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    format: u64,
    kind: String,
    hidden: Vec<usize>,
    columns: Encoding,
    target: Target,
    provenance: Provenance,
}

impl TabularModel {
    /// Writes the model to a file, whole or not at all.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        write_file(path, &self.to_bytes()?)
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// [`Error::Model`] if the model cannot be written in this format.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let refused = |problem: String| refused(Path::new("the model"), problem);
        let description = Description {
            format: FORMAT,
            kind: "tabular".to_owned(),
            hidden: self.hidden.clone(),
            columns: self.encoding.clone(),
            target: self.target.clone(),
            provenance: self.provenance.clone(),
        };
        let text = serde_json::to_string(&description).map_err(|error| refused(error.to_string()))?;
        network_to_bytes(&*self.network, &[("", &self.parameters)], &text)
    }

    /// Reads a model from a file.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read, [`Error::Model`] if it is not a model, of a newer format, or damaged.
    pub fn load(path: &Path) -> Result<Self> {
        match crate::read_bytes(path, MOST_BYTES)? {
            Some(bytes) => Self::from_bytes(&bytes, path),
            None => Err(refused(path, "larger than 1 GiB, which no model is".to_owned())),
        }
    }

    /// Reads a model from the bytes of a file; `origin` is named in errors.
    ///
    /// # Errors
    /// [`Error::Model`] if it is not a model, of a newer format, or damaged.
    pub fn from_bytes(bytes: &[u8], origin: impl AsRef<Path>) -> Result<Self> {
        read(bytes).map_err(|problem| refused(origin.as_ref(), problem))
    }
}

/// The bytes of a file in the format safetensors with several sets of parameters of one network, each `[P]` and with a prefix for the
/// names of its blocks; `text` is the metadata's entry `tegmentum`.
///
/// # Errors
/// [`Error::Model`] if a set has another number of parameters, or two have one prefix.
pub fn network_to_bytes(network: &dyn Network, sets: &[(&str, &[f32])], text: &str) -> Result<Vec<u8>> {
    let refused = |problem: String| refused(Path::new("the model"), problem);
    let bytes: Vec<Vec<u8>> =
        sets.iter().map(|(_, parameters)| parameters.iter().flat_map(|value| value.to_le_bytes()).collect()).collect();
    let mut tensors = Vec::new();
    for ((prefix, _), bytes) in sets.iter().zip(&bytes) {
        for block in network.blocks() {
            let own = bytes.get(4 * block.range().start..4 * block.range().end).unwrap_or_default();
            let tensor = TensorView::new(Dtype::F32, shape(block.rows, block.columns, &block.name), own);
            tensors.push((format!("{prefix}{}", block.name), tensor.map_err(|error| refused(error.to_string()))?));
        }
    }
    let metadata = HashMap::from([(ENTRY.to_owned(), text.to_owned())]);
    safetensors::serialize(tensors, Some(metadata)).map_err(|error| refused(error.to_string()))
}

/// The bytes of a file in the format safetensors with the state of something that is no network: `parameters` \[P\], left out if there are
/// none, and `archive`, bytes; `text` is the metadata's entry `tegmentum`.
///
/// # Errors
/// [`Error::Model`] if it cannot be written in this format.
pub fn state_to_bytes(parameters: &[f32], archive: &[u8], text: &str) -> Result<Vec<u8>> {
    let refused = |error: safetensors::SafeTensorError| refused(Path::new("the state"), error.to_string());
    let bytes: Vec<u8> = parameters.iter().flat_map(|value| value.to_le_bytes()).collect();
    let mut tensors =
        vec![("archive".to_owned(), TensorView::new(Dtype::U8, vec![archive.len()], archive).map_err(refused)?)];
    if !parameters.is_empty() {
        let tensor = TensorView::new(Dtype::F32, vec![parameters.len()], &bytes).map_err(refused)?;
        tensors.push(("parameters".to_owned(), tensor));
    }
    let metadata = HashMap::from([(ENTRY.to_owned(), text.to_owned())]);
    safetensors::serialize(tensors, Some(metadata)).map_err(refused)
}

pub(crate) fn refused(path: &Path, problem: String) -> Error {
    Error::Model { path: path.to_owned(), problem }
}

/// A matrix, or the vector of a bias.
fn shape(rows: usize, columns: usize, name: &str) -> Vec<usize> {
    if name.ends_with(".bias") { vec![columns] } else { vec![rows, columns] }
}

pub(crate) fn not_a_model() -> String {
    "not a model: must be a file that `tegmentum train`, `forecast` or `stream` wrote".to_owned()
}

/// What all formats have.
#[derive(Deserialize)]
struct Any {
    format: u64,
    kind: String,
}

/// The text in a file, and what it says that it is.
fn entry(bytes: &[u8]) -> Result<(String, Any), String> {
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| match error {
        safetensors::SafeTensorError::MetadataIncompleteBuffer => "damaged: the end of the file is missing".to_owned(),
        _ => not_a_model(),
    })?;
    let text = metadata.metadata().as_ref().and_then(|entries| entries.get(ENTRY)).ok_or_else(not_a_model)?;
    let any = serde_json::from_str(text);
    let any = any.map_err(|error| format!("damaged: {}", crate::table::shorten(&error.to_string())))?;
    Ok((text.clone(), any))
}

/// The text in a file of a kind, in a format that can be read.
pub(crate) fn text_of(bytes: &[u8], kind: &str, newest: u64) -> Result<String, String> {
    let (text, any) = entry(bytes)?;
    if any.kind == kind && any.format > newest {
        return Err(format!("made by a newer version: format {}, this program reads up to {newest}", any.format));
    }
    if any.kind != kind || any.format == 0 {
        let found = crate::table::quoted(&any.kind);
        return Err(format!("a model of kind {found}, format {}: must be {kind:?}, format {newest}", any.format));
    }
    Ok(text)
}

/// A model of any kind.
///
/// # Example
/// ```
/// use tegmentum_applied::forecast::{ForecastConfig, Origin};
/// use tegmentum_applied::model_file::AnyModel;
///
/// let values: Vec<f64> = (0..60).map(|t| f64::from(t % 5)).collect();
/// let forecast = ForecastConfig { horizon: 2, networks: 0, ..ForecastConfig::default() }.fit(&values)?;
/// let bytes = forecast.model.to_bytes("y", &Origin::default())?;
/// assert!(matches!(AnyModel::from_bytes(&bytes, "y.safetensors")?, AnyModel::Forecast(_)));
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Debug)]
pub enum AnyModel {
    /// Of a table.
    Tabular(Box<TabularModel>),
    /// Of a series.
    Forecast(Box<ForecastFile>),
    /// Of a stream.
    Stream(Box<StreamLearner>),
}

impl AnyModel {
    /// Reads a model from a file.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read, [`Error::Model`] if it is not a model, of a newer format, or damaged.
    pub fn load(path: &Path) -> Result<Self> {
        match crate::read_bytes(path, MOST_BYTES)? {
            Some(bytes) => Self::from_bytes(&bytes, path),
            None => Err(refused(path, "larger than 1 GiB, which no model is".to_owned())),
        }
    }

    /// Reads a model from the bytes of a file; `origin` is named in errors.
    ///
    /// # Errors
    /// [`Error::Model`] if it is not a model, of a newer format, or damaged.
    pub fn from_bytes(bytes: &[u8], origin: impl AsRef<Path>) -> Result<Self> {
        let (_, any) = entry(bytes).map_err(|problem| refused(origin.as_ref(), problem))?;
        if any.kind == forecast::KIND {
            return Ok(Self::Forecast(Box::new(ForecastModel::from_bytes(bytes, origin)?)));
        }
        if any.kind == stream::KIND {
            return Ok(Self::Stream(Box::new(StreamLearner::from_bytes(bytes, origin)?.0)));
        }
        Ok(Self::Tabular(Box::new(TabularModel::from_bytes(bytes, origin)?)))
    }
}

fn read(bytes: &[u8]) -> Result<TabularModel, String> {
    let description = describe(&text_of(bytes, "tabular", FORMAT)?)?;
    let classes = description.target.classes();
    check_network(&description.hidden, description.columns.width(), classes)
        .map_err(|error| format!("damaged: {error}"))?;
    let network = build_network(&description.hidden, description.columns.width(), classes)
        .map_err(|error| format!("damaged: {error}"))?;
    let tensors = SafeTensors::deserialize(bytes).map_err(|_| not_a_model())?;
    if tensors.len() != network.blocks().len() {
        let (found, expected) = (tensors.len(), network.blocks().len());
        return Err(format!("damaged: {found} tensors, must be {expected} for this network"));
    }
    let mut parameters = Vec::with_capacity(network.num_parameters());
    for block in network.blocks() {
        let tensor = tensors.tensor(&block.name).map_err(|_| format!("damaged: tensor {} is missing", block.name))?;
        let expected = shape(block.rows, block.columns, &block.name);
        if tensor.dtype() != Dtype::F32 || tensor.shape() != expected {
            let (found, kind) = (tensor.shape(), tensor.dtype());
            return Err(format!("damaged: tensor {} is {kind:?} {found:?}, must be F32 {expected:?}", block.name));
        }
        parameters.extend(tensor.data().as_chunks().0.iter().map(|bytes: &[u8; 4]| f32::from_le_bytes(*bytes)));
    }
    if parameters.iter().any(|value| !value.is_finite()) {
        return Err("damaged: a weight is NaN or infinite".to_owned());
    }
    Ok(TabularModel {
        encoding: description.columns,
        target: description.target,
        hidden: description.hidden,
        network,
        parameters,
        provenance: description.provenance,
    })
}

/// The description in `text`, with everything in it that is not the size of the network checked.
fn describe(text: &str) -> Result<Description, String> {
    let damaged = |error: serde_json::Error| format!("damaged: {}", crate::table::shorten(&error.to_string()));
    let description: Description = serde_json::from_str(text).map_err(damaged)?;
    if let Some(wrong) = description.columns.columns.iter().find(|column| !column.coding.is_sound()) {
        return Err(format!("damaged: column {} cannot be read as it says", crate::table::quoted(&wrong.name)));
    }
    let is_sound = match &description.target {
        Target::Classes { classes, .. } => (2..=MOST_CLASSES).contains(&classes.len()),
        Target::Number { mean, deviation, .. } => mean.is_finite() && deviation.is_finite() && *deviation > 0.0,
    };
    if !is_sound || description.columns.width() == 0 {
        return Err("damaged: the target or the columns cannot be used".to_owned());
    }
    Ok(description)
}
