//! `tegmentum stream`.

use std::path::PathBuf;

use clap::Args;
use tegmentum::neuromodulation::detectors::DetectorConfig;
use tegmentum::neuromodulation::nucleus::Transmitter;

use super::data::TableOptions;
use super::one_of;

/// `tegmentum stream`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tegmentum stream data/iris.csv --target species
  tegmentum stream monday.csv --target late --exclude id --out monday
  tegmentum stream tuesday.csv --continue monday/model.safetensors --out tuesday
  tail -n +1 -f log.csv | tegmentum stream - --target status
  tegmentum stream data.csv --target kind --lesion noradrenaline
  tegmentum stream data.csv --target kind --detector adwin,page_hinkley
  tegmentum stream data.csv --target kind --driver adwin
  tegmentum stream data.csv --target kind --driver 'page_hinkley = { threshold = 2.0 }'

Rows are taken in their order. Numbers are standardised as they come, a text becomes an input of its own, missing cells, columns that appear or
vanish, and classes and texts that were never seen are taken as they come. A row without a target is predicted and not learned from. With
Ctrl-C what was learned so far is written.")]
pub(crate) struct Stream {
    /// A table with one row for each example in the order of time; `-` for standard input
    #[arg(value_name = "DATA.csv")]
    pub(crate) data: PathBuf,
    /// The column to predict, by name, or by number from 1 without a header
    #[arg(long, value_name = "COLUMN", required_unless_present = "from")]
    pub(crate) target: Option<String>,
    /// Go on with a model that `stream` has written, with its target, columns, lesions, detectors, driver and seed
    #[arg(long = "continue", value_name = "MODEL", conflicts_with_all = ["target", "exclude", "lesions", "detectors", "driver", "seed"])]
    pub(crate) from: Option<PathBuf>,
    /// Columns that are not learned from
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(crate) exclude: Vec<String>,
    /// Take a modulator away; may be given several times
    #[arg(long = "lesion", value_name = "MODULATOR", value_parser = one_of(Transmitter::ALL, Transmitter::name))]
    pub(crate) lesions: Vec<Transmitter>,
    /// Let these watch the errors beside noradrenaline and say when they fire; `tegmentum list detectors` names them
    #[arg(long = "detector", value_name = "A,B", value_delimiter = ',', value_parser = DetectorConfig::from_name)]
    pub(crate) detectors: Vec<DetectorConfig>,
    /// Let this detector drive noradrenaline in place of summed surprise, on the mean loss of each 20 rows: a name (`tegmentum list detectors`
    /// has them) or a name with settings, 'page_hinkley = { threshold = 2.0 }'
    #[arg(long, value_name = "DETECTOR", value_parser = driver)]
    pub(crate) driver: Option<DetectorConfig>,
    /// The seed; the same seed gives the same model
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// How the table is written.
    #[command(flatten)]
    pub(crate) table: TableOptions,
    /// Folder to write to; reports/stream-DATA if not given
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

/// A detector from its name or its settings.
fn driver(text: &str) -> Result<DetectorConfig, String> {
    let settings = if text.contains('=') {
        toml::from_str(text).map_err(|error| error.message().to_owned())?
    } else {
        toml::Value::String(text.to_owned())
    };
    DetectorConfig::of_blocks(settings).map_err(|error| error.message().to_owned())
}
