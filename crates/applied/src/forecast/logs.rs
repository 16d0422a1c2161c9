//! Logs of the networks of a forecast: any state of their trainings again, from the losses that they were told.
//!
//! What is logged is the training of the networks that are delivered: those that have learned from all rows. A first drawing and all
//! directions follow from the seed, so that a log is all that is needed: neither the series nor its criterion is looked at.
//!
//! Cost: 8.02 bytes an evaluation, and up to 32 states of some 7 kB of each network.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tegmentum::error::{Error, Result};
use tegmentum::learning::minimise::{Minimisation, Reached};
use tegmentum::learning::run_log::RunLog;
use tegmentum::random::Key;

use super::recurrence;

/// Bytes that the states of a log may take.
const ROOM: usize = 1 << 18;
/// What a log says it is of.
const LOGGED: &str = "a network of a forecast";

/// Where the logs of the networks of a column go.
///
/// # Example
/// [`NetworkLog`] has one.
#[derive(Clone, Copy, Debug)]
pub struct Logs<'a> {
    /// The folder; each log is a folder in it.
    pub folder: &'a Path,
    /// What their names begin with, before `network-1` and so on.
    pub prefix: &'a str,
    /// The column that is forecast.
    pub column: &'a str,
}

impl Logs<'_> {
    /// The log of a training that is about to be made.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written.
    pub(super) fn record(&self, seed: u64, fit: u64, network: u64, evaluations: u64) -> Result<RunLog> {
        let (of, column) = (LOGGED.to_owned(), self.column.to_owned());
        let folder = self.folder.join(format!("{}network-{}", self.prefix, network + 1));
        let described = serde_json::to_vec(&Described { of, column, seed, fit, network, evaluations });
        let described = described.map_err(|error| wrong(&folder, &error.to_string()))?;
        RunLog::record(&folder, &described, ROOM)
    }
}

/// What was trained.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Described {
    of: String,
    column: String,
    seed: u64,
    fit: u64,
    network: u64,
    evaluations: u64,
}

/// The key of what is random in the training of a network.
pub(super) fn key(seed: u64, fit: u64, network: u64) -> Key {
    Key::from_seed(seed).child(fit).child(network)
}

/// The log of the training of a network.
///
/// # Example
/// ```
/// use tegmentum::checkpoint::Units;
/// use tegmentum_applied::forecast::ForecastConfig;
/// use tegmentum_applied::forecast::logs::{Logs, NetworkLog};
///
/// let folder = std::env::temp_dir().join(format!("forecast-logs-{}", std::process::id()));
/// let values: Vec<f64> = (0..60).map(|t| (0.4 * f64::from(t)).sin()).collect();
/// let config = ForecastConfig { horizon: 2, networks: 1, evaluations: 50, ..ForecastConfig::default() };
/// let logs = Logs { folder: &folder, prefix: "", column: "y" };
/// config.fit_logged(&values, &Units::nowhere(), Some(&logs))?;
/// let log = NetworkLog::open(&folder.join("network-1"))?;
/// assert_eq!(log.at(3)?.solution.len(), log.verify()?.len());
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), tegmentum::error::Error>(())
/// ```
#[derive(Debug)]
pub struct NetworkLog {
    folder: PathBuf,
    described: Described,
    log: RunLog,
}

impl NetworkLog {
    /// Reads the log in a folder.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read; [`Error::Checkpoint`] if it is damaged, of another version or of something else.
    pub fn open(folder: &Path) -> Result<Self> {
        let log = RunLog::open(folder)?;
        let described = serde_json::from_slice(&log.description()).ok();
        let described = described.filter(|described: &Described| described.of == LOGGED);
        let described = described.ok_or_else(|| wrong(folder, "is not the log of a network of a forecast"))?;
        Ok(Self { folder: folder.to_owned(), described, log })
    }

    /// The column that is forecast.
    pub fn column(&self) -> &str {
        &self.described.column
    }

    /// The place of the network among those of the forecast, from 0.
    pub fn network(&self) -> usize {
        self.described.network as usize
    }

    /// The log.
    pub fn log(&self) -> &RunLog {
        &self.log
    }

    /// The training after `update` of its updates; its criterion is not evaluated.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] if it did not come so far, or the log is damaged or of another version of the program.
    pub fn at(&self, update: u64) -> Result<Reached> {
        self.training().state(&self.log, update)
    }

    /// Makes the whole training again with the losses of the log, compares all of its states, and returns the weights W, U, c
    /// \[320\] that it gave.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] with the first difference.
    pub fn verify(&self) -> Result<Vec<f32>> {
        let log = RunLog::open(&self.folder)?;
        Ok(self.training().logged(&log).run()?.parameters)
    }

    /// The training, whose criterion is never asked.
    fn training<'a>(&self) -> Minimisation<'a> {
        let Described { seed, fit, network, evaluations, .. } = self.described;
        recurrence::training(key(seed, fit, network), evaluations, |_| f64::NAN)
    }
}

fn wrong(folder: &Path, problem: &str) -> Error {
    Error::Checkpoint { path: folder.to_owned(), problem: problem.to_owned() }
}
