//! What can be typed, and the help that goes with it.

mod data;
mod keeping;
mod stream;

use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use tegmentum::neuromodulation::nucleus::Transmitter;
use tegmentum_study::dose::DoseAction;
use tegmentum_study::logs::LogChoice;
use tegmentum_study::shard::Shard;

pub(crate) use data::{ClassWeights, Export, Forecast, Predict, Train};
pub(crate) use keeping::{Keeping, Merge, Replay, Resume};
pub(crate) use stream::Stream;

/// Train networks by forward passes alone, under the control of four neuromodulators.
///
/// A study compares learners on a task, over many seeds, and tests claims that were written before the run. `reproduce`
/// runs the studies that come with the program, `run` runs yours, and both leave a folder with every number and a
/// report. `forecast` learns a series, `train` a table and `stream` rows as they come, from your own file.
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
  tegmentum forecast data.csv                        learn a series, forecast what comes next
  tegmentum train data.csv --target kind             learn a table, predict one of its columns
  tegmentum stream data.csv --target kind            learn row by row, go on tomorrow

Exit codes:
  0  done
  1  a claim was not supported (with --strict)
  2  could not run; the message says what would be right
  130  stopped with Ctrl-C; `tegmentum resume DIR` goes on";

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
    /// Go on with work that was stopped
    ///
    /// Goes on with a run, a reproduction, a lesion, a dose, a training or a forecast that was stopped or killed, where it stopped. Its
    /// records become the same bytes as those of a run that was never stopped.
    Resume(Resume),
    /// Put the shards of a study together
    ///
    /// Reads what `tegmentum run STUDY --shard I/N` has left in N folders and writes DIR/NAME: the same records and the same summary,
    /// byte for byte, as a run on one machine.
    Merge(Merge),
    /// Have a state of a logged run again, or check the run against its log
    ///
    /// Builds the state of a run after any of its updates, bit for bit, from the log of its losses: the objective is not evaluated.
    /// `train` and `forecast` keep logs, `run STUDY --log ARM:SEED` keeps one of a run of a study. Without --at and --verify the logs are
    /// listed.
    Replay(Replay),
    /// Write the report of finished runs again
    ///
    /// Draws the report of finished runs again, from their folders alone, and prints where it is.
    Report(Report),
    /// Show what there is: tasks, networks, learners, environments, agents, presets, studies, metrics
    ///
    /// Shows every name that a study may use, one line each: the name, what it is, and where it comes from.
    List(List),
    /// Forecast a series from a file, with intervals, and judge it beside simple predictors
    ///
    /// Reads columns of a table, finds dates and season, averages simple linear models and lets a recurrent network, trained by
    /// forward passes alone, learn what they leave. Judges all of it on the last part of the rows and says what to use.
    ///
    /// Writes the forecast with its intervals, the test predictions and a picture.
    Forecast(Forecast),
    /// Learn a table from a file: which class, or which number, belongs to a row?
    ///
    /// Reads a table of numbers and categories, trains a perceptron by forward passes alone to predict one column from the others,
    /// and judges it on rows that it has not seen, beside simple predictors and the same network along the exact gradient.
    ///
    /// Writes the model, the report and the test predictions.
    Train(Train),
    /// Learn from a stream, row by row, and go on tomorrow
    ///
    /// Predicts the class of each row before it learns from it, by forward passes alone, under four neuromodulators, and scores that beside
    /// what no change and the most frequent class would have said.
    ///
    /// Writes the predictions, a model that goes on with later rows, and pictures.
    Stream(Stream),
    /// Use a model that `train` has written
    ///
    /// Reads a table with the columns of the model and writes what it predicts for each row.
    Predict(Predict),
    /// Write a model that `train` has written for other programs, as ONNX
    ///
    /// Writes the model with its encoding and scaling: one input for each column, which takes cells as they are.
    Export(Export),
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
    /// Whether it is shared among machines.
    #[command(flatten)]
    pub(crate) share: Share,
    /// Keep a log of one run, ARM:SEED or SETTING:ARM:SEED, so that `tegmentum replay` can have each of its states again; may be
    /// given several times. For kinds behaviour, compare, continual, forgetting and switching
    #[arg(long = "log", value_name = "RUN", conflicts_with = "shard")]
    pub(crate) logs: Vec<LogChoice>,
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

Arms that can be lesioned: agents with [arm.neuromodulation], the optimizer dopamine, the rules node_perturbation and feedback_alignment. A rate
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
    /// Whether it is shared among machines.
    #[command(flatten)]
    pub(crate) share: Share,
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
    /// Whether it is shared among machines.
    #[command(flatten)]
    pub(crate) share: Share,
    /// Whether it is shortened.
    #[command(flatten)]
    pub(crate) length: Length,
    /// How to run it.
    #[command(flatten)]
    pub(crate) options: Options,
}

/// Whether the runs of `run`, `lesion` or `dose` are shared among machines.
#[derive(Clone, Debug, Args)]
pub(crate) struct Share {
    /// Make one of N shares of the runs, for one of several machines; `tegmentum merge` puts them together. `rates` makes the search of
    /// rates alone
    #[arg(long, value_name = "I/N", conflicts_with_all = ["json", "strict"])]
    pub(crate) shard: Option<Shard>,
    /// Take the search of rates from the folder that `--shard rates` has left, instead of making it
    #[arg(long, value_name = "DIR")]
    pub(crate) rates: Option<PathBuf>,
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
    /// What becomes of the results.
    #[command(flatten)]
    pub(crate) results: Results,
}

/// How studies are run and what becomes of their results.
#[derive(Debug, Args)]
pub(crate) struct Results {
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
    /// How it is kept so that it can go on.
    #[command(flatten)]
    pub(crate) keeping: Keeping,
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
            Self::Reproduce(arguments) => Some(arguments.options.results.threads),
            Self::Run(arguments) => Some(arguments.options.results.threads),
            Self::Lesion(arguments) => Some(arguments.options.results.threads),
            Self::Dose(arguments) => Some(arguments.options.results.threads),
            Self::Resume(arguments) => Some(arguments.threads),
            Self::Merge(arguments) => Some(arguments.results.threads),
            Self::Forecast(arguments) => Some(arguments.threads),
            Self::Train(arguments) => Some(arguments.threads),
            Self::Report(_)
            | Self::List(_)
            | Self::Predict(_)
            | Self::Export(_)
            | Self::Replay(_)
            | Self::Stream(_) => None,
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
    /// Learners of tasks that follow one another
    Continual,
    /// Tasks that answer to actions
    Environments,
    /// What acts and learns
    Agents,
    /// What watches the errors of a stream for a change
    Detectors,
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

/// Reads one of the values of the library by the name that study files give it.
fn one_of<T: Copy + Send + Sync + 'static, const N: usize>(
    values: [T; N],
    name: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    let names = PossibleValuesParser::new(values.map(|value| PossibleValue::new(name(value))));
    names.try_map(move |text| values.into_iter().find(|value| name(*value) == text).ok_or("unknown"))
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
