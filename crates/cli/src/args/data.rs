//! The commands that learn from a table of the user's.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tegmentum_applied::table::{Decimal, ReadOptions};
use tegmentum_applied::tabular::{LearnerKind, TaskKind};

use super::{Keeping, Threads};

/// How a table is written.
#[derive(Debug, Args)]
pub(crate) struct TableOptions {
    /// The first row has the names of the columns (found out if neither this nor --no-header is given)
    #[arg(long, conflicts_with = "no_header")]
    pub(crate) header: bool,
    /// The first row has values
    #[arg(long)]
    pub(crate) no_header: bool,
    /// What separates cells: one character, `tab` for a tab; found out if not given
    #[arg(long, value_name = "CHARACTER", value_parser = delimiter)]
    pub(crate) delimiter: Option<char>,
    /// What separates the whole part of a number from its fraction, `.` or `,`; found out if not given
    #[arg(long, value_name = "CHARACTER", value_parser = decimal)]
    pub(crate) decimal: Option<Decimal>,
}

impl TableOptions {
    /// The same as the library has it.
    pub(crate) fn read(&self) -> ReadOptions {
        ReadOptions {
            delimiter: self.delimiter,
            header: match (self.header, self.no_header) {
                (true, _) => Some(true),
                (_, true) => Some(false),
                _ => None,
            },
            decimal: self.decimal,
            ..ReadOptions::default()
        }
    }
}

/// `tegmentum forecast`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tegmentum forecast data/sunspots.csv
  tegmentum forecast load.csv --columns north,south --horizon 48 --season 168
  tegmentum forecast export.csv --delimiter ';' --no-header --columns 2
  tegmentum forecast load.csv --networks 0          the linear base alone
  tegmentum forecast sales.csv --known price,holiday
  tegmentum forecast sales.csv --minimum 0          sales are never negative

The table: rows in lines, equal steps of time. Dates and columns that count the rows are understood as time. What should
stand in place of a missing value is for you to decide, so that one is refused. Everything is decided on the rows before
the test part; the test part is looked at once.")]
pub(crate) struct Forecast {
    /// A table with one row for each step of time
    #[arg(value_name = "DATA.csv")]
    pub(crate) data: PathBuf,
    /// Columns to forecast, each by itself, by name, or by number from 1 without a header; all with numbers if not given
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(crate) columns: Vec<String>,
    /// How the table is written.
    #[command(flatten)]
    pub(crate) table: TableOptions,
    /// Columns that are known for the rows to come: numbers, or categories. The last rows of the table have them, and nothing to forecast
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(crate) known: Vec<String>,
    /// Rows to forecast past the end of the data; 12 if not given, or as many as have known inputs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) horizon: Option<u32>,
    /// Rows after which the series repeats itself, 1 for no season; found out if not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) season: Option<u32>,
    /// Recurrent networks on what the linear base leaves; their mean is taken
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(0..=100))]
    pub(crate) networks: u16,
    /// Loss evaluations of each training of a network
    #[arg(long, value_name = "N", default_value_t = 450, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) evaluations: u64,
    /// Take values that are far from all others as they are
    #[arg(long)]
    pub(crate) keep_outliers: bool,
    /// The least value that is possible: predictions and intervals are cut there. A series that goes below is refused
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true)]
    pub(crate) minimum: Option<f64>,
    /// The greatest value that is possible
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true)]
    pub(crate) maximum: Option<f64>,
    /// Keep no logs of the networks: `tegmentum replay` cannot have the states of their trainings again
    #[arg(long)]
    pub(crate) no_log: bool,
    /// The seed; the same seed gives the same forecast
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Share of the rows to learn from; the rest is the test
    #[arg(long, value_name = "SHARE", default_value_t = 0.7)]
    pub(crate) train_fraction: f64,
    /// The number of threads.
    #[command(flatten)]
    pub(crate) threads: Threads,
    /// Folder to write to; reports/forecast-DATA if not given
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// How it is kept so that it can go on.
    #[command(flatten)]
    pub(crate) keeping: Keeping,
}

/// `tegmentum train`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tegmentum train data/iris.csv --target species
  tegmentum train houses.csv --target price --exclude id,address --hidden 64,32
  tegmentum train churn.csv --target left --class-weights balanced --learner adam

Numbers are standardised, categories become one input each, missing cells are inputs of their own. A fifth of the rows is judged
on, a fifth of the rest stops the training.")]
pub(crate) struct Train {
    /// A table with one row for each example
    #[arg(value_name = "DATA.csv")]
    pub(crate) data: PathBuf,
    /// The column to predict, by name, or by number from 1 without a header
    #[arg(long, value_name = "COLUMN")]
    pub(crate) target: String,
    /// Whether the target is a class or a number; found out if not given
    #[arg(long, value_enum)]
    pub(crate) task: Option<TaskName>,
    /// Columns that are not learned from
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(crate) exclude: Vec<String>,
    /// Units of the hidden layers, `none` for a linear model
    #[arg(long, value_name = "N,N", default_value = "32", value_parser = hidden)]
    pub(crate) hidden: Hidden,
    /// How it learns
    #[arg(long, value_enum, default_value_t = LearnerName::NodePerturbation)]
    pub(crate) learner: LearnerName,
    /// Passes of 64 rows at most that may be spent
    #[arg(long, value_name = "N", default_value_t = 60_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub(crate) evaluations: u64,
    /// Keep no log of the training: `tegmentum replay` cannot have its states again
    #[arg(long)]
    pub(crate) no_log: bool,
    /// Whether rarer classes count as much as frequent ones
    #[arg(long, value_enum, default_value_t = ClassWeights::Frequency)]
    pub(crate) class_weights: ClassWeights,
    /// The seed; the same seed gives the same model
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// How the table is written.
    #[command(flatten)]
    pub(crate) table: TableOptions,
    /// The number of threads.
    #[command(flatten)]
    pub(crate) threads: Threads,
    /// Folder to write to; reports/train-DATA if not given
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// How it is kept so that it can go on.
    #[command(flatten)]
    pub(crate) keeping: Keeping,
}

/// Units of hidden layers.
#[derive(Clone, Debug)]
pub(crate) struct Hidden(pub(crate) Vec<usize>);

/// What the target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TaskName {
    /// One of several classes
    Classification,
    /// A number
    Regression,
}

impl From<TaskName> for TaskKind {
    fn from(name: TaskName) -> Self {
        match name {
            TaskName::Classification => Self::Classification,
            TaskName::Regression => Self::Regression,
        }
    }
}

/// Learners for a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LearnerName {
    /// Perturbs every unit; forward passes alone
    NodePerturbation,
    /// Perturbs all weights; sees nothing but losses
    Dopamine,
    /// Follows the exact gradient
    Adam,
}

impl From<LearnerName> for LearnerKind {
    fn from(name: LearnerName) -> Self {
        match name {
            LearnerName::NodePerturbation => Self::NodePerturbation,
            LearnerName::Dopamine => Self::Dopamine,
            LearnerName::Adam => Self::Adam,
        }
    }
}

/// How much classes count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClassWeights {
    /// As often as they occur
    Frequency,
    /// All alike
    Balanced,
}

/// `tegmentum predict`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tegmentum predict reports/train-iris/model.safetensors data/iris.csv
  tegmentum predict model.safetensors new.csv --out predicted.csv
  tegmentum predict reports/forecast-sales/model.safetensors sales.csv

The model of a table says something of each row. The model of a forecast takes in the rows that came after those that it has
learned, and says what comes next; with dates the table may begin anywhere, without them it is the table that was learned, gone on.")]
pub(crate) struct Predict {
    /// A model that `train` or `forecast` has written
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// A table with the columns of the model
    #[arg(value_name = "DATA.csv")]
    pub(crate) data: PathBuf,
    /// How the table is written.
    #[command(flatten)]
    pub(crate) table: TableOptions,
    /// File to write to; the terminal if not given
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// `tegmentum export`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tegmentum export reports/train-iris/model.safetensors --onnx iris.onnx
  tegmentum export reports/forecast-sunspots/model.safetensors --onnx sunspots.onnx

Numbers go in as 64-bit floats [rows, 1], NaN where one is missing; categories as texts [rows, 1], empty where one is missing.
A class comes out as `label` and `probabilities`, a number as `prediction`. A forecast takes `values`, the rows after those that it
has learned [rows], and gives `prediction` and `half_widths` of its intervals, and with
--minimum or --maximum their ends as well, cut there: `low` and `high`.")]
pub(crate) struct Export {
    /// A model that `train` or `forecast` has written
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// File to write to
    #[arg(long, value_name = "FILE")]
    pub(crate) onnx: PathBuf,
}

fn hidden(text: &str) -> Result<Hidden, String> {
    if text == "none" {
        return Ok(Hidden(Vec::new()));
    }
    let units = text.split(',').map(|unit| unit.trim().parse().ok().filter(|&unit| unit > 0));
    units
        .collect::<Option<Vec<usize>>>()
        .map(Hidden)
        .ok_or_else(|| "must be numbers such as 32 or 64,32, or `none`".to_owned())
}

fn decimal(text: &str) -> Result<Decimal, String> {
    match text {
        "." => Ok(Decimal::Point),
        "," => Ok(Decimal::Comma),
        _ => Err("must be `.` or `,`".to_owned()),
    }
}

fn delimiter(text: &str) -> Result<char, String> {
    let mut characters = text.chars();
    match (text, characters.next(), characters.next()) {
        ("tab" | "\\t", ..) => Ok('\t'),
        (_, Some(character), None) => Ok(character),
        _ => Err("must be one character, or `tab`".to_owned()),
    }
}
