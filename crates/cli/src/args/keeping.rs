//! How work is kept until it is done, and the commands that go on with it.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tegmentum::checkpoint::EVERY;

use super::{Results, Threads};

/// How work is kept until it is done.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Keeping {
    /// Begin anew where unfinished work is kept, which is lost
    #[arg(long)]
    pub(crate) fresh: bool,
    /// How often.
    #[command(flatten)]
    pub(crate) interval: Interval,
}

impl Keeping {
    /// The time between two writings of what is finished.
    pub(crate) fn every(&self) -> Duration {
        self.interval.every()
    }
}

/// How often finished work is written.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Interval {
    /// Seconds between two checkpoints: a run that is killed loses at most so much
    #[arg(long = "checkpoint-every", value_name = "SECONDS", default_value_t = EVERY.as_secs_f64(), value_parser = interval)]
    seconds: f64,
}

impl Interval {
    /// The same as a length of time.
    pub(crate) fn every(self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }
}

fn interval(text: &str) -> Result<f64, String> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| (0.0..=86_400.0).contains(seconds));
    seconds.ok_or_else(|| "must be a number of seconds between 0 and 86400".to_owned())
}

/// `tegmentum merge`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tegmentum run xor --shard 1/3            on a first machine, 2/3 and 3/3 on two others
  tegmentum merge reports/xor-shard-*      where the three folders are

`lesion` and `dose` take --shard, too. A shard searches the rates of the arms that it runs, so that shards
that have parts of one arm search its rates each, unless the search is made first:
  tegmentum run my.toml --shard rates
  tegmentum run my.toml --shard 1/3 --rates reports/my-shard-rates
An unfinished shard goes on with `tegmentum resume`.")]
pub(crate) struct Merge {
    /// The folders of all shards
    #[arg(value_name = "DIR", required = true)]
    pub(crate) folders: Vec<PathBuf>,
    /// What becomes of the results.
    #[command(flatten)]
    pub(crate) results: Results,
}

/// `tegmentum resume`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tegmentum resume reports                 a reproduction
  tegmentum resume reports/xor             a run; the folder that was named when it was stopped
  tegmentum resume reports/xor --threads 4

What is kept lies in DIR/checkpoint until the work is done. Ctrl-C and a request to terminate
(SIGTERM) write what is finished; a process that is killed, or a machine that loses power, loses at
most what was done since the last checkpoint.")]
pub(crate) struct Resume {
    /// The folder of the results
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// The number of threads.
    #[command(flatten)]
    pub(crate) threads: Threads,
    /// How often it is kept.
    #[command(flatten)]
    pub(crate) every: Interval,
}

/// `tegmentum replay`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tegmentum replay reports/train-iris                        which logs there are
  tegmentum replay reports/train-iris --at 500               the model after 500 updates
  tegmentum replay reports/train-iris --verify               is the model what its log says?
  tegmentum run xor --quick --log 2-4-1:dopamine:50000       a log of one run of a study
  tegmentum replay reports/xor --at 20
  tegmentum replay reports/forecast-sunspots --run network-1 --at 20

A state is taken from the log where there is one near, and the updates after it are made again with the losses of the log.
Plasticity rules and gradient baselines, which see more than losses, make these few updates again in full; so do agents, with
their environment, and learners of tasks that follow one another, whose updates are compared with the log one by one.")]
pub(crate) struct Replay {
    /// The folder of the results
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// Which log, if there are several
    #[arg(long, value_name = "NAME")]
    pub(crate) run: Option<String>,
    /// Write the model, or the state of what has none of its own, as it was after so many updates; of an agent an update is a trial
    #[arg(long, value_name = "UPDATE", conflicts_with = "verify")]
    pub(crate) at: Option<u64>,
    /// File to write it to; DIR/logs/NAME/update-UPDATE.safetensors if not given
    #[arg(long, value_name = "FILE", requires = "at")]
    pub(crate) out: Option<PathBuf>,
    /// Make the whole run again with the losses of the log, and compare every state that is kept and the results
    #[arg(long)]
    pub(crate) verify: bool,
}
