//! Forecasts as files, in the format safetensors: a header in JSON, then the numbers.
//!
//! # Format 1
//! The header's metadata has one entry, `tegmentum`, a JSON text:
//!
//! ```text
//!     {"format": 1, "kind": "forecast", "column": "sales", "rows": 120, "season": 12, "deviation": 3.5, "members": [...], "moments": [...], "origin": {...}}
//! ```
//! `bounds` minimum and maximum of what is predicted, where there are any · `members` transform, difference, season and scaling of each model of the base · `origin` known inputs, the last date, where it comes from. Tensors, H horizons, M members, K known inputs, L values that are kept:
//!
//! | tensor | shape | content |
//! |---|---|---|
//! | `values`, `known` | `[L]`, [K × (L + H)] | the last values, known inputs beside them and to come |
//! | `weights`, `half_widths` | [H × M], [H × 2] | of the members, of the intervals |
//! | `memberI.coefficients` | [H × columns] | of a ridge regression |
//! | `memberI.state` | `[2 + season]` | level, trend and seasons of exponential smoothing |
//! | `network_weights`, `scales` | `[H]` | of the networks, of what the base left |
//! | `networkJ.recurrence`, `networkJ.state`, `networkJ.readout` | [20 × 16], `[16]`, [H × 17] | of each network |
//!
//! Recurrences and their states are 32-bit floats, all else 64-bit floats. Reading checks everything before anything of the size that the file
//! asks for is made. The same forecast gives the same bytes.
//!
//! # Reference
//! The format: <https://huggingface.co/docs/safetensors>.

use std::collections::HashMap;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};
#[cfg(doc)]
use tegmentum::error::Error;
use tegmentum::error::Result;

use super::average::{Settled, SettledMember, SettledModel};
use super::features::{Family, Scaling};
use super::model::{ForecastModel, needed};
use super::recurrence;
use super::recurrence::{Moments, PARAMETERS, UNITS};
use super::series::KnownInput;
use super::smoothing::{Rates, Smoothing, State};
use super::{Bounds, MOST_KNOWN, MOST_ROWS};
use crate::model_file::{ENTRY, MOST_BYTES, not_a_model, refused, text_of};

/// The format that is written, and the newest that is read.
const FORMAT: u64 = 1;
/// What the header calls it.
pub(crate) const KIND: &str = "forecast";
/// Rows that may have been taken in.
const MOST_COUNTED: usize = 1 << 40;
/// Horizons, at most: those that a command asks for.
const MOST_HORIZONS: usize = 10_000;

/// What a forecast is, besides its numbers.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    format: u64,
    kind: String,
    column: String,
    rows: usize,
    season: usize,
    deviation: f64,
    members: Vec<Member>,
    networks: usize,
    moments: Moments,
    origin: Origin,
    #[serde(default, skip_serializing_if = "Bounds::is_none")]
    bounds: Bounds,
}

/// Where a forecast comes from, and what it needs of a table.
///
/// # Example
/// [`ForecastModel`] has one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Name of the table.
    pub data: String,
    /// The known inputs, in their order.
    pub known: Vec<KnownInput>,
    /// Names of the last row that was learned and of the next one, if rows have dates.
    pub last: Option<[String; 2]>,
    /// Whether values far from all others are taken as they are.
    pub keep_outliers: bool,
    /// The seed.
    pub seed: u64,
    /// The command that made it.
    pub command: String,
    /// The program's version.
    pub version: String,
}

/// A model of the base, besides its numbers.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Member {
    family: Family,
    scaling: Scaling,
    model: Kind,
}

/// What kind of a model.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Kind {
    Ridge { lags: usize },
    Smoothing { model: Smoothing, rates: Rates },
}

/// What a file holds.
///
/// # Example
/// [`ForecastModel`] has one.
#[derive(Clone, Debug, PartialEq)]
pub struct ForecastFile {
    /// The column that is forecast.
    pub column: String,
    /// The model.
    pub model: ForecastModel,
    /// Where it comes from.
    pub origin: Origin,
}

/// Numbers while they are gathered: name, type, shape, bytes.
#[derive(Default)]
struct Tensors(Vec<(String, Dtype, Vec<usize>, Vec<u8>)>);

impl Tensors {
    fn doubles<'a>(&mut self, name: &str, shape: &[usize], values: impl IntoIterator<Item = &'a f64>) {
        let bytes = values.into_iter().flat_map(|value| value.to_le_bytes()).collect();
        self.0.push((name.to_owned(), Dtype::F64, shape.to_vec(), bytes));
    }

    fn floats(&mut self, name: &str, shape: &[usize], values: &[f32]) {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.0.push((name.to_owned(), Dtype::F32, shape.to_vec(), bytes));
    }
}

impl ForecastModel {
    /// The bytes of a file of the forecast of `column`; `origin` is kept with it.
    ///
    /// # Errors
    /// [`Error::Model`] if it cannot be written in this format.
    pub fn to_bytes(&self, column: &str, origin: &Origin) -> Result<Vec<u8>> {
        let wrong = |problem: String| refused(Path::new("the forecast"), problem);
        let member = |member: &SettledMember| Member {
            family: member.family,
            scaling: member.scaling.clone(),
            model: match &member.model {
                SettledModel::Ridge { lags, .. } => Kind::Ridge { lags: *lags },
                SettledModel::Smoothing { model, rates, .. } => Kind::Smoothing { model: *model, rates: *rates },
            },
        };
        let description = Description {
            format: FORMAT,
            kind: KIND.to_owned(),
            column: column.to_owned(),
            rows: self.rows,
            season: self.season,
            deviation: self.deviation,
            members: self.base.members.iter().map(member).collect(),
            networks: self.networks.len(),
            moments: self.moments,
            origin: origin.clone(),
            bounds: self.bounds,
        };
        let text = serde_json::to_string(&description).map_err(|error| wrong(error.to_string()))?;
        let tensors = self.tensors();
        let views = tensors.0.iter().map(|(name, kind, shape, bytes)| {
            Ok((name.clone(), TensorView::new(*kind, shape.clone(), bytes).map_err(|error| wrong(error.to_string()))?))
        });
        let views = views.collect::<Result<Vec<_>>>()?;
        let metadata = HashMap::from([(ENTRY.to_owned(), text)]);
        safetensors::serialize(views, Some(metadata)).map_err(|error| wrong(error.to_string()))
    }

    fn tensors(&self) -> Tensors {
        let (horizons, mut all) = (self.horizon(), Tensors::default());
        all.doubles("values", &[self.values.len()], &self.values);
        if !self.known.is_empty() {
            let shape = [self.known.len(), self.values.len() + horizons];
            all.doubles("known", &shape, self.known.iter().flatten());
        }
        all.doubles("weights", &[horizons, self.base.members.len()], self.base.weights.iter().flatten());
        all.doubles("half_widths", &[horizons, 2], self.half_widths.iter().flatten());
        all.doubles("network_weights", &[horizons], &self.network_weights);
        all.doubles("scales", &[horizons], &self.scales);
        for (index, member) in self.base.members.iter().enumerate() {
            match &member.model {
                SettledModel::Ridge { coefficients, .. } => {
                    let shape = [horizons, coefficients[0].len()];
                    all.doubles(&format!("member{index}.coefficients"), &shape, coefficients.iter().flatten());
                }
                SettledModel::Smoothing { state, .. } => {
                    let values = [&[state.level, state.trend], &state.season[..]].concat();
                    all.doubles(&format!("member{index}.state"), &[values.len()], &values);
                }
            }
        }
        for (index, network) in self.networks.iter().enumerate() {
            let shape = [PARAMETERS / UNITS, UNITS];
            all.floats(&format!("network{index}.recurrence"), &shape, &network.parameters);
            all.floats(&format!("network{index}.state"), &[UNITS], &network.state);
            let readout = network.readouts.iter().flatten();
            all.doubles(&format!("network{index}.readout"), &[horizons, UNITS + 1], readout);
        }
        all
    }

    /// Reads a forecast from a file.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read, [`Error::Model`] if it is no forecast, of a newer format, or damaged.
    pub fn load(path: &Path) -> Result<ForecastFile> {
        match crate::read_bytes(path, MOST_BYTES)? {
            Some(bytes) => Self::from_bytes(&bytes, path),
            None => Err(refused(path, "larger than 1 GiB, which no model is".to_owned())),
        }
    }

    /// Reads a forecast from the bytes of a file; `origin` is named in errors.
    ///
    /// # Errors
    /// [`Error::Model`] if it is no forecast, of a newer format, or damaged.
    pub fn from_bytes(bytes: &[u8], origin: impl AsRef<Path>) -> Result<ForecastFile> {
        read(bytes).map_err(|problem| refused(origin.as_ref(), problem))
    }
}

/// The numbers of a file.
struct Numbers<'a>(SafeTensors<'a>);

impl Numbers<'_> {
    /// A tensor of 64-bit floats, all finite, in rows of its last size.
    fn doubles(&self, name: &str, shape: &[usize]) -> Result<Vec<Vec<f64>>, String> {
        let bytes = self.bytes(name, Dtype::F64, shape)?;
        let values: Vec<f64> = bytes.as_chunks().0.iter().map(|bytes: &[u8; 8]| f64::from_le_bytes(*bytes)).collect();
        if values.iter().any(|value| !value.is_finite()) {
            return Err(format!("damaged: {name} has a number that is NaN or infinite"));
        }
        Ok(values.chunks(shape.last().copied().unwrap_or(1).max(1)).map(<[f64]>::to_vec).collect())
    }

    /// A vector of them.
    fn vector(&self, name: &str, length: usize) -> Result<Vec<f64>, String> {
        Ok(self.doubles(name, &[length])?.concat())
    }

    fn floats(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, String> {
        let bytes = self.bytes(name, Dtype::F32, shape)?;
        let values: Vec<f32> = bytes.as_chunks().0.iter().map(|bytes: &[u8; 4]| f32::from_le_bytes(*bytes)).collect();
        if values.iter().any(|value| !value.is_finite()) {
            return Err(format!("damaged: {name} has a number that is NaN or infinite"));
        }
        Ok(values)
    }

    fn shape(&self, name: &str) -> Result<Vec<usize>, String> {
        let tensor = self.0.tensor(name).map_err(|_| format!("damaged: tensor {name} is missing"))?;
        Ok(tensor.shape().to_vec())
    }

    fn bytes(&self, name: &str, kind: Dtype, shape: &[usize]) -> Result<&[u8], String> {
        let tensor = self.0.tensor(name).map_err(|_| format!("damaged: tensor {name} is missing"))?;
        if tensor.dtype() != kind || tensor.shape() != shape {
            let (found, own) = (tensor.shape(), tensor.dtype());
            return Err(format!("damaged: tensor {name} is {own:?} {found:?}, must be {kind:?} {shape:?}"));
        }
        Ok(tensor.data())
    }
}

fn read(bytes: &[u8]) -> Result<ForecastFile, String> {
    let text = text_of(bytes, KIND, FORMAT)?;
    let damaged = |problem: String| format!("damaged: {problem}");
    let description: Description =
        serde_json::from_str(&text).map_err(|error| damaged(crate::table::shorten(&error.to_string())))?;
    let Description { column, rows, season, deviation, members, networks, moments, origin, bounds, .. } = description;
    bounds.check().map_err(|error| damaged(error.to_string()))?;
    let numbers = Numbers(SafeTensors::deserialize(bytes).map_err(|_| not_a_model())?);
    let (&[horizons], &[kept]) = (&numbers.shape("scales")?[..], &numbers.shape("values")?[..]) else {
        return Err(damaged("scales or values are no vectors".to_owned()));
    };
    let most = MOST_ROWS + MOST_HORIZONS;
    if !(1..=MOST_HORIZONS).contains(&horizons)
        || !(1..=most).contains(&season)
        || kept > rows
        || rows > MOST_COUNTED
        || members.is_empty()
    {
        return Err(damaged("sizes that no forecast has".to_owned()));
    }
    let known = match numbers.shape("known") {
        Ok(shape) => match shape[..] {
            [inputs, columns] if (1..=MOST_KNOWN).contains(&inputs) && columns == kept + horizons => inputs,
            _ => return Err(damaged("known inputs of another size than the values".to_owned())),
        },
        Err(_) => 0,
    };
    let inputs = if known > 0 { numbers.doubles("known", &[known, kept + horizons])? } else { Vec::new() };
    let weights = numbers.doubles("weights", &[horizons, members.len()])?;
    let places = (horizons, season, known);
    let members = members.into_iter().enumerate();
    let members = members.map(|(index, one)| member(&numbers, index, one, places)).collect::<Result<Vec<_>, _>>()?;
    let pairs = numbers.doubles("half_widths", &[horizons, 2])?;
    let model = ForecastModel {
        rows,
        season,
        deviation,
        bounds,
        base: Settled { members, weights },
        networks: (0..networks).map(|index| network(&numbers, index, horizons)).collect::<Result<_, _>>()?,
        moments,
        scales: numbers.vector("scales", horizons)?,
        network_weights: numbers.vector("network_weights", horizons)?,
        half_widths: pairs.into_iter().map(|pair| [pair[0], pair[1]]).collect(),
        values: numbers.vector("values", kept)?,
        known: inputs,
    };
    check(&model).map_err(damaged)?;
    if origin.known.len() != known {
        return Err(damaged(format!("{} known inputs are named, {known} have numbers", origin.known.len())));
    }
    Ok(ForecastFile { column, model, origin })
}

/// What must hold beyond sizes.
fn check(model: &ForecastModel) -> Result<(), String> {
    let needed = needed(&model.base.members, model.season);
    // The kept rows begin with a whole season.
    if model.values.len() < needed.min(model.rows) || !(model.rows - model.values.len()).is_multiple_of(model.season) {
        return Err("too few values, or values that begin within a season".to_owned());
    }
    if needed > model.rows {
        return Err("models that reach back further than the rows".to_owned());
    }
    let uses_networks = model.network_weights.iter().any(|weight| *weight > 0.0);
    let is_positive = |values: &[f64]| values.iter().all(|value| *value > 0.0);
    if !model.deviation.is_finite() {
        return Err("a deviation that is no number".to_owned());
    }
    let scales: Vec<f64> = model.moments.iter().map(|moment| moment.1).chain(model.scales.iter().copied()).collect();
    let means_are_finite = model.moments.iter().all(|moment| moment.0.is_finite() && moment.1.is_finite());
    if uses_networks && model.networks.is_empty() || !is_positive(&scales) || !means_are_finite {
        return Err("networks or scales that cannot be used".to_owned());
    }
    Ok(())
}

/// A model of the base with its numbers.
fn member(
    numbers: &Numbers<'_>,
    index: usize,
    member: Member,
    (horizons, season, known): (usize, usize, usize),
) -> Result<SettledMember, String> {
    let Member { family, scaling, model } = member;
    if !scaling.is_sound(family.known) || (family.known != 0 && family.known != known) {
        return Err(format!("damaged: member {index} has a scaling that cannot be used"));
    }
    let model = match model {
        Kind::Ridge { lags } => {
            if lags > MOST_ROWS {
                return Err(format!("damaged: member {index} has {lags} lags"));
            }
            let shape = [horizons, family.fixed_columns(season) + lags];
            let coefficients = numbers.doubles(&format!("member{index}.coefficients"), &shape)?;
            SettledModel::Ridge { lags, coefficients }
        }
        Kind::Smoothing { model, rates } => {
            let period = model.season.unwrap_or(1);
            if period == 0 || period > MOST_ROWS || rates.iter().any(|rate| !rate.is_finite()) {
                return Err(format!("damaged: member {index} has rates or a season that cannot be used"));
            }
            let all = numbers.vector(&format!("member{index}.state"), 2 + period)?;
            let state = State { level: all[0], trend: all[1], season: all[2..].to_vec() };
            SettledModel::Smoothing { model, rates, state }
        }
    };
    Ok(SettledMember { family, scaling, model })
}

fn network(numbers: &Numbers<'_>, index: usize, horizons: usize) -> Result<recurrence::Settled, String> {
    let parameters = numbers.floats(&format!("network{index}.recurrence"), &[PARAMETERS / UNITS, UNITS])?;
    let state = numbers.floats(&format!("network{index}.state"), &[UNITS])?;
    let readout = numbers.doubles(&format!("network{index}.readout"), &[horizons, UNITS + 1])?;
    Ok(recurrence::Settled {
        parameters,
        state: std::array::from_fn(|unit| state[unit]),
        readouts: readout.into_iter().map(|beta| std::array::from_fn(|unit| beta[unit])).collect(),
    })
}
