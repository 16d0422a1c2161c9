//! What can be typed, and the help that goes with it.

use std::num::NonZeroU64;
use std::path::PathBuf;
use tegmentum_applied::table::Decimal;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use tegmentum::neuromodulation::nucleus::Transmitter;
use tegmentum_study::dose::DoseAction;

/// Train networks by forward passes alone, under the control of four neuromodulators.
///
/// A study compares learners on a task, over many seeds, and tests claims that were written before the run. `reproduce`
/// runs the studies that come with the program, `run` runs yours, and both leave a folder with every number and a
/// report. `forecast` learns a series from your own file.
#[derive(Debug, Parser)]
#[command(name = "tegmentum", version, max_term_width = 100, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  tegmentum reproduce                                all studies in a few minutes, and one report
  tegmentum list                                     what there is to combine in a study
  tegmentum run my-study.toml --seeds 20             a study of your own
  tegmentum lesion go-no-go                          which modulator does what?
  tegmentum forecast data.csv --columns level        learn a series, forecast what comes next

Exit codes:
  0  done
  1  a claim was not supported (with --strict)
  2  could not run; the message says what would be right
  130  stopped with Ctrl-C; nothing is half-written";

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the studies that come with the program and write one report
    ///
    /// Runs the built-in studies one after the other, prints the answer of each, and writes DIR/report.html, a page that needs no
    /// network. Each study has a folder DIR/STUDY with the study as it was run, all records, its summary and figures.
    ///
    /// Without --full the studies run shortened, with fewer seeds and in some cases smaller budgets: a few minutes instead of
    /// hours. Claims that this cannot decide are inconclusive and say why.
    Reproduce(Reproduce),
    /// Run one study: a file of yours, or a built-in one with changes
    ///
    /// Runs a study from a TOML file, or a built-in one, and writes DIR/NAME with the study as it was run, all records, the
    /// summary, figures and a report.
    Run(Run),
    /// Take modulators away: which one does what?
    ///
    /// Runs one arm of a study with each of the 16 sets of its modulators left intact, all on the same seeds, and says how
    /// much each adds (Shapley values and shares) and what two do together (synergy), with 95 % intervals. Writes
    /// DIR/STUDY-lesions with the table, all records and a report.
    Lesion(Lesion),
    /// Give a drug at several doses: how does each score respond?
    ///
    /// Runs one arm of a study without and with a drug that acts on one modulator, or on one of its receptors, at several
    /// doses, all on the same seeds, and draws the dose–response curve of every score. Writes DIR/STUDY-MODULATOR-ACTION.
    Dose(Dose),
    /// Write the report of finished runs again
    ///
    /// Draws the report of finished runs again, from their folders alone, and prints where it is.
    Report(Report),
    /// Show what there is: tasks, networks, learners, environments, agents, presets, studies, metrics
    ///
    /// Shows every name that a study may use, one line each: the name, what it is, and where it comes from.
    List(List),
    /// Learn a series from a file, compare with simple baselines, and forecast
    ///
    /// Reads columns of a table, trains a recurrent network by forward passes alone on the first part of the rows, and
    /// judges its one-step predictions on the rest, beside persistence (the last value) and a linear autoregression. Then
    /// it lets the network run on its own past the end of the data.
    ///
    /// Writes the forecast, the test predictions, a picture and the model.
    Forecast(Forecast),
}

/// `tegmentum reproduce`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tegmentum reproduce                      all studies, shortened
  tegmentum reproduce --full               all studies with all their seeds and budgets
  tegmentum reproduce xor lorenz           two of them; `tegmentum list studies` names all
  tegmentum reproduce --json > all.json    the summaries for another program

Results do not depend on the number of threads: records.csv and summary.json are the same bytes.")]
pub(crate) struct Reproduce {
    /// Studies to run; all if none is named
    #[arg(value_name = "STUDY")]
    pub(crate) studies: Vec<String>,
    /// Run the whole of each study: all seeds, all budgets, all settings
    #[arg(long)]
    pub(crate) full: bool,
    /// What is the default here; refused with a word.
    #[arg(long, hide = true)]
    pub(crate) quick: bool,
    /// How to run them.
    #[command(flatten)]
    pub(crate) options: Options,
}

/// `tegmentum run`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tegmentum run my-study.toml
  tegmentum run xor --set budget=2000 --seeds 50
  tegmentum run my-study.toml --set network.mlp.hidden='[16, 16]'
  tegmentum run my-study.toml --set arm.dopamine.optimizer.dopamine.directions=8
  tegmentum run my-study.toml --strict     exit code 1 unless every claim is supported

The smallest study:
  name = \"small\"
  title = \"A small study\"
  question = \"Does Dopamine learn exclusive or?\"
  budget = 2000
  metrics = [\"mean_squared_error\"]
  [task.xor]
  [network.mlp]
  hidden = [4]
  [[arm]]
  name = \"dopamine\"
  [arm.optimizer.dopamine]
  [[claim]]
  text = \"It learns\"
  arm = \"dopamine\"
  metric = \"mean_squared_error\"
  at_most = 0.01")]
pub(crate) struct Run {
    /// A study: a file that ends in .toml, or the name of a built-in one
    #[arg(value_name = "STUDY")]
    pub(crate) study: String,
    /// Change a field: a path through tables by key and through lists by index or name, and a value in TOML
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(crate) changes: Vec<String>,
    /// Whether it is shortened.
    #[command(flatten)]
    pub(crate) length: Length,
    /// How to run it.
    #[command(flatten)]
    pub(crate) options: Options,
}

/// `tegmentum lesion`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tegmentum lesion lesions                 the study that comes with the program
  tegmentum lesion my-study.toml --arm full --seeds 30
  tegmentum lesion my-study.toml --metric accuracy --metric solved
  tegmentum lesion xor --arm dopamine --setting 2-4-1 --metric evaluations_to_0.01
  tegmentum lesion lesions --json | jq '.[0].arms.dopamine'

Arms that can be lesioned: agents with [arm.neuromodulation], the optimizer dopamine, the rule node_perturbation. A rate
that the arm has searched is searched once, with all modulators intact. DIR/STUDY-lesions/study.toml is a study of its
own: change it, add claims, and give it to `tegmentum run`.")]
pub(crate) struct Lesion {
    /// A study: a file that ends in .toml, or the name of a built-in one
    #[arg(value_name = "STUDY")]
    pub(crate) study: String,
    /// The arm and the setting.
    #[command(flatten)]
    pub(crate) choice: Choice,
    /// What is attributed to the modulators; the study's first metric if not given; may be given several times
    #[arg(long = "metric", value_name = "METRIC")]
    pub(crate) metrics: Vec<String>,
    /// Change a field of the study first, as for `run`
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(crate) changes: Vec<String>,
    /// Whether it is shortened.
    #[command(flatten)]
    pub(crate) length: Length,
    /// How to run it.
    #[command(flatten)]
    pub(crate) options: Options,
}

/// `tegmentum dose`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tegmentum dose lesions --modulator noradrenaline
  tegmentum dose lesions --modulator noradrenaline --action antagonist --doses 0,0.5,1,2,4,8
  tegmentum dose lesions --modulator noradrenaline --receptor noradrenaline_temperature --action clamp --doses 0,0.5,1
  tegmentum dose my-study.toml --arm full --modulator dopamine --action lesion

Doses:
  agonist     added to the level, in units of level          antagonist  level / (1 + dose)
  clamp       the level itself                               lesion      share of the release taken away, 0 to 1
  noise       standard deviation added to the level          delay       moments by which the level comes late

A run without the drug is always made for comparison.")]
pub(crate) struct Dose {
    /// A study: a file that ends in .toml, or the name of a built-in one
    #[arg(value_name = "STUDY")]
    pub(crate) study: String,
    /// What the drug acts on
    #[arg(long, value_parser = one_of(Transmitter::ALL, Transmitter::name))]
    pub(crate) modulator: Transmitter,
    /// One of the modulator's receptors, by its name; the modulator everywhere if not given
    #[arg(long, value_name = "NAME")]
    pub(crate) receptor: Option<String>,
    /// What the drug does
    #[arg(long, default_value = "agonist", value_parser = one_of(DoseAction::ALL, DoseAction::name))]
    pub(crate) action: DoseAction,
    /// Doses, separated by commas; a usual range for the action if not given
    #[arg(long, value_name = "A,B", value_delimiter = ',', allow_negative_numbers = true)]
    pub(crate) doses: Vec<f64>,
    /// The arm and the setting.
    #[command(flatten)]
    pub(crate) choice: Choice,
    /// Change a field of the study first, as for `run`
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(crate) changes: Vec<String>,
    /// Whether it is shortened.
    #[command(flatten)]
    pub(crate) length: Length,
    /// How to run it.
    #[command(flatten)]
    pub(crate) options: Options,
}

/// Which part of a study is treated.
#[derive(Debug, Args)]
pub(crate) struct Choice {
    /// The arm; the first one that has most modulators intact if not given
    #[arg(long, value_name = "ARM")]
    pub(crate) arm: Option<String>,
    /// The setting, for a study with several
    #[arg(long, value_name = "SETTING")]
    pub(crate) setting: Option<String>,
}

/// What `run`, `reproduce`, `lesion` and `dose` have in common.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Number of seeds to report, instead of the study's own
    #[arg(long, value_name = "N")]
    pub(crate) seeds: Option<NonZeroU64>,
    /// Threads to use; all processors if not given
    #[command(flatten)]
    pub(crate) threads: Threads,
    /// Folder to write to
    #[arg(long, value_name = "DIR", default_value = "reports")]
    pub(crate) out: PathBuf,
    /// Print the summaries as JSON, a list with one entry for each study, and nothing else
    #[arg(long)]
    pub(crate) json: bool,
    /// End with exit code 1 unless every claim is supported
    #[arg(long)]
    pub(crate) strict: bool,
}

/// Whether a study of `run`, `lesion` or `dose` is shortened.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Length {
    /// Run shortened: fewer seeds and smaller budgets, as the study says; claims that this cannot decide are inconclusive
    #[arg(long)]
    pub(crate) quick: bool,
}

impl Command {
    /// The number of threads that was asked for.
    pub(crate) fn threads(&self) -> Option<Threads> {
        match self {
            Self::Reproduce(arguments) => Some(arguments.options.threads),
            Self::Run(arguments) => Some(arguments.options.threads),
            Self::Lesion(arguments) => Some(arguments.options.threads),
            Self::Dose(arguments) => Some(arguments.options.threads),
            Self::Forecast(arguments) => Some(arguments.threads),
            Self::Report(_) | Self::List(_) => None,
        }
    }
}

/// The number of threads.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Threads {
    /// Threads to use; all processors if not given. Results do not depend on it
    #[arg(long = "threads", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) count: Option<u16>,
}

/// `tegmentum report`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tegmentum report reports                 every run below reports/, into reports/report.html
  tegmentum report reports/xor             one run, into reports/xor/report.html
  tegmentum report first/xor second/xor --out both")]
pub(crate) struct Report {
    /// Run folders, or folders of run folders
    #[arg(value_name = "DIR", required = true)]
    pub(crate) folders: Vec<PathBuf>,
    /// Folder for report.html; DIR itself if there is one DIR, else `reports`
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

/// `tegmentum list`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tegmentum list                           everything
  tegmentum list optimizers                one kind
  tegmentum list studies --json            for another program")]
pub(crate) struct List {
    /// One kind only
    #[arg(value_enum)]
    pub(crate) kind: Option<ListKind>,
    /// Print JSON: a list of {kind, name, summary, reference}
    #[arg(long)]
    pub(crate) json: bool,
}

/// The kinds of things in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListKind {
    /// What is learned
    Tasks,
    /// What learns
    Networks,
    /// Learners that see losses alone
    Optimizers,
    /// Learners that also see the activity at their own synapses
    Plasticity,
    /// Baselines that follow the exact gradient
    Gradient,
    /// Tasks that answer to actions
    Environments,
    /// What acts and learns
    Agents,
    /// Readings of the four nuclei
    Nuclei,
    /// What receptors act on
    Targets,
    /// What each learner obeys of modulators, with places
    Obeys,
    /// What a drug does
    Actions,
    /// Modulators that belong together
    Presets,
    /// Kinds of studies
    Kinds,
    /// Studies that come with the program
    Studies,
    /// What can be measured
    Metrics,
}

/// `tegmentum forecast`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tegmentum forecast data/sunspots.csv
  tegmentum forecast load.csv --columns north,south --horizon 48 --season 168
  tegmentum forecast export.csv --delimiter ';' --no-header --columns 2
  tegmentum forecast load.csv --networks 0          the linear base alone

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
    /// Rows to forecast past the end of the data
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) horizon: u32,
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
}

/// Reads one of the values of the library by the name that study files give it.
fn one_of<T: Copy + Send + Sync + 'static, const N: usize>(
    values: [T; N],
    name: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    let names = PossibleValuesParser::new(values.map(|value| PossibleValue::new(name(value))));
    names.try_map(move |text| values.into_iter().find(|value| name(*value) == text).ok_or("unknown"))
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Arguments::command().debug_assert();
    }
}
