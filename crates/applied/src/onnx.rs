//! Models for other programs: networks, models of tables and forecasts in the format ONNX.
//!
//! # Networks
//! [`export_network`] writes any built-in network with its parameters.
//!
//! | network | inputs | outputs |
//! |---|---|---|
//! | `mlp` | `inputs` [rows × inputs] | `outputs` [rows × outputs] |
//! | `elman`, `gru` | `inputs` [steps × rows × inputs]; `initial_state` [rows × hidden], zeros if it is left out | `outputs` [steps × rows × outputs], one for each step; `state` [rows × hidden], the last one |
//!
//! All are 32-bit floats. Rows are independent; their number and that of steps are known when the model runs. A sequence may be
//! given in parts: the `state` of one is the `initial_state` of the next. A network that a program registered itself is
//! code of which nothing is known, and is refused.
//!
//! # Models of tables
//! [`TabularModel::to_onnx`](crate::tabular::TabularModel::to_onnx) writes the model with its encoding: one input for each column, called
//! as the column is, which takes cells as they are.
//!
//! | what | type and shape | content |
//! |---|---|---|
//! | a column of numbers | 64-bit floats [rows × 1] | in the unit of the data, NaN where one is missing |
//! | a column of categories | texts [rows × 1] | names without spaces around them; empty, or any other [mark](crate::table) of a missing cell, where one is missing |
//! | `label` | texts `[rows]` | the most probable class |
//! | `probabilities` | 32-bit floats [rows × classes] | of the classes, in the order of the entry `classes` |
//! | `prediction` | 64-bit floats [rows × 1] | the number, in the unit of the target |
//!
//! A classification has the outputs `label` and `probabilities`, a regression has `prediction`. Numbers are 64-bit because they are
//! standardised in 64 bits: large numbers that differ by little, such as years, keep their digits. Models read no
//! dates: training leaves columns of dates out. A category whose levels are numbers knows `1` and `1.0`
//! as the same, and no other spellings; `predict` knows all. A column that is called as an output is has a number after its name.
//!
//! # Forecasts
//! [`ForecastFile::to_onnx`](crate::forecast::ForecastFile::to_onnx) writes a forecast, which takes in rows that came later and says what comes next.
//!
//! | what | type and shape | content |
//! |---|---|---|
//! | `values` | 64-bit floats `[rows]` | the rows after those that were learned, in the order of time; there may be none |
//! | `known` | 64-bit floats [rows + H × inputs] | known inputs of these rows and of the H to come, in the order of the entry `known`; only if there are any |
//! | `prediction` | 64-bit floats `[H]` | of each row ahead, in the unit of the data |
//! | `half_widths` | 64-bit floats [H × 2] | of the intervals of 80 % and 95 %, before they are cut |
//! | `low`, `high` | 64-bit floats [H × 2] | the ends of the intervals, cut at the bounds of the forecast; only if it has any |
//!
//! # Format
//! ONNX with the format version 8, the standard operators of version 17, and `ai.onnx.ml` of version 3 for texts. Entries of the
//! metadata say where the model comes from: those of [`Provenance`](crate::tabular::Provenance), `target`, `classes` and `columns`
//! (JSON: input, column, kind, levels), or `network` with its settings, or `column`, `rows`, `known` and `last_row` of a forecast. The same model gives the same bytes.
//!
//! # Cost
//! Memory of twice the parameters.
//!
//! # Example
//! ```
//! use tegmentum::model::networks::NetworkConfig;
//! use tegmentum::random::Key;
//! use tegmentum_applied::onnx::export_network;
//!
//! let config = NetworkConfig::from_name("gru")?;
//! let parameters = config.build(3, 1)?.initialise(Key::from_seed(1));
//! let bytes = export_network(&config, 3, 1, &parameters)?;
//! // 16 hidden units: 4 bytes for each parameter, and what surrounds them.
//! assert!(bytes.len() > 4 * parameters.len());
//! assert!(export_network(&config, 3, 1, &parameters[1..]).is_err());
//! # Ok::<(), tegmentum::error::Error>(())
//! ```
//!
//! # References
//! 1. The format and its operators: <https://onnx.ai/onnx/>.

mod forecast;
mod graph;
mod messages;
mod networks;
mod tabular;

#[cfg(test)]
mod tests;

use tegmentum::error::{Error, Result};
use tegmentum::model::networks::NetworkConfig;

use networks::Source;

/// Parameters of a network, at most: a file of this format has less than 2 GiB.
const MOST_PARAMETERS: usize = 500_000_000;

/// A built-in network with these sizes and `parameters` `[P]` as the bytes of an ONNX file; the [module](self) says what goes in
/// and out.
///
/// # Errors
/// Those of [`NetworkConfig::build`]; [`Error::Incompatible`] for a network that was registered at run time,
/// [`Error::ShapeMismatch`] for another number of parameters than the network has, [`Error::InvalidParameter`] if one is NaN or
/// infinite, or if they are more than 500 million.
pub fn export_network(
    config: &NetworkConfig,
    num_inputs: usize,
    num_outputs: usize,
    parameters: &[f32],
) -> Result<Vec<u8>> {
    let network = config.build(num_inputs, num_outputs)?;
    let source = Source { network: &*network, parameters };
    let graph = match config {
        NetworkConfig::Mlp(settings) => {
            check(&source)?;
            networks::perceptron(&source, settings.activation)
        }
        NetworkConfig::Elman(settings) => {
            check(&source)?;
            networks::elman(&source, settings.activation)
        }
        NetworkConfig::Gru(_) => {
            check(&source)?;
            networks::gru(&source)
        }
        _ => return Err(unknown(config)),
    };
    let settings = serde_json::to_string(config).unwrap_or_default();
    let text = format!("{}, written by Tegmentum", config.description().summary);
    Ok(graph.into_bytes(&text, [("network".to_owned(), settings)]))
}

/// A network that cannot be exported, and why.
fn unknown(config: &NetworkConfig) -> Error {
    let known: Vec<&str> = NetworkConfig::registry()
        .iter()
        .filter(|config| !matches!(config, NetworkConfig::Registered(_)))
        .map(NetworkConfig::name)
        .collect();
    Error::Incompatible {
        what: "ONNX".to_owned(),
        with: format!("the network {:?}", config.name()),
        reason: format!("it is code of a program, and a file cannot hold that; {} can be exported", known.join(", ")),
    }
}

fn check(source: &Source<'_>) -> Result<()> {
    let (expected, found) = (source.network.num_parameters(), source.parameters.len());
    if found != expected {
        return Err(Error::ShapeMismatch { what: "parameters", expected, found });
    }
    let invalid = |value, requirement| Err(Error::InvalidParameter { name: "parameters", value, requirement });
    if found > MOST_PARAMETERS {
        return invalid(found as f64, "at most 500 million of them: a file of this format has less than 2 GiB");
    }
    match source.parameters.iter().find(|value| !value.is_finite()) {
        Some(&value) => invalid(f64::from(value), "finite"),
        None => Ok(()),
    }
}
