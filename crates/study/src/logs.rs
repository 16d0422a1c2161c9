//! Which runs of a study are logged, so that every state of them can be had again; see
//! [`run_log`](tegmentum::learning::run_log).

use std::fmt::{Display, Formatter};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::config::{Arm, StudyConfig};
use super::names::listed;
use tegmentum::archive::{Archive, Archived};
use tegmentum::checkpoint::sealed;
use tegmentum::data::task::Problem;
use tegmentum::error::{Error, Result};
use tegmentum::evidence::evaluation::{Evaluator, Metric};
use tegmentum::learning::learner::Learner;
use tegmentum::learning::optimizer::Levels;
use tegmentum::learning::run_log::{Place, ROOM, RunLog};
use tegmentum::model::network::Network;
use tegmentum::model::perturbation::Point;

/// A run that may be logged: one arm, at the rate that it has, in one setting with one seed.
///
/// # Example
/// [`Replay`](crate::replay::Replay) has one.
#[derive(Clone, Copy, Debug)]
pub struct LoggedRun<'a> {
    /// The study.
    pub study: &'a StudyConfig,
    /// The name of the setting.
    pub setting: &'a str,
    /// The arm.
    pub arm: &'a Arm,
    /// The seed.
    pub seed: u64,
}

/// What becomes of the log of a run.
///
/// # Example
/// ```
/// use tegmentum_study::logs::Log;
/// let log = Log::Record("reports/xor/logs/dopamine-100".into());
/// assert!(matches!(log, Log::Record(_)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Log {
    /// The run is written to this folder.
    Record(PathBuf),
    /// The run takes its losses from the log in this folder, and must be the one that is there.
    Compare(PathBuf),
}

/// What a log says of its run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Described {
    /// The study as TOML.
    pub(crate) study: String,
    pub(crate) setting: String,
    pub(crate) arm: Arm,
    pub(crate) seed: u64,
}

/// A run at one of its updates, or trials.
///
/// # Example
/// [`Replay`](crate::replay::Replay) has one.
#[derive(Clone, Debug)]
pub struct StateOfRun {
    /// Where it is.
    pub place: Place,
    /// Its levels of modulators, if it has any.
    pub levels: Option<Levels>,
    /// What the study measures along a run: of the averaged model, of an agent over the trials since the last point of its curve, of a
    /// learner of several tasks on their test parts.
    pub metrics: Vec<(String, f64)>,
    /// XXH3 of the archive of what learns: equal for equal states.
    pub checksum: u64,
    /// What was learned.
    pub learned: Learned,
}

/// What was learned in a run.
///
/// # Example
/// ```
/// use tegmentum_study::logs::Learned;
/// let learned = Learned::State { parameters: vec![0.5], archive: vec![1, 2, 3] };
/// assert!(matches!(learned, Learned::State { .. }));
/// ```
#[derive(Clone, Debug)]
pub enum Learned {
    /// Models of a network.
    Models {
        /// The network.
        network: Arc<dyn Network>,
        /// The model that is judged along the way `[P]`.
        averaged: Vec<f32>,
        /// The model that would be handed over `[P]`.
        solution: Vec<f32>,
    },
    /// What has no network of its own: an agent, or a learner of tasks that follow one another.
    State {
        /// What learning has changed `[P]`; none for learners that do not tell.
        parameters: Vec<f32>,
        /// The [archive](tegmentum::archive) of what learns, with its modulators and, of an agent, its environment: read by the version
        /// of the program that wrote it.
        archive: Vec<u8>,
    },
}

impl StateOfRun {
    /// The state of `learner` at `place`. A model is `delivered` (rounded, for instance) before it is judged on `problem`.
    ///
    /// # Errors
    /// If a metric does not fit the problem, or the learner cannot be archived.
    pub(crate) fn of(
        learner: &mut dyn Learner,
        place: Place,
        (network, problem): (&Arc<dyn Network>, &Arc<Problem>),
        measured_by: &[Metric],
        delivered: impl Fn(&mut [f32]),
    ) -> Result<Self> {
        let written = |point: Point<'_>| {
            let mut parameters = vec![0.0; point.len()];
            point.write(1.0, &mut parameters);
            delivered(&mut parameters);
            parameters
        };
        let (averaged, solution) = (written(learner.averaged()), written(learner.solution()));
        let measured = Evaluator::new(Arc::clone(network), Arc::clone(problem)).measure_all(measured_by, &averaged)?;
        let names = measured_by.iter().map(|metric| metric.name());
        let metrics = names.filter_map(|name| Some((name.to_owned(), *measured.get(name)?))).collect();
        let (levels, checksum) = (learner.levels(), sealed::checksum(&Archive::write(&mut &mut *learner)?));
        let learned = Learned::Models { network: Arc::clone(network), averaged, solution };
        Ok(Self { place, levels, metrics, checksum, learned })
    }

    /// The state of something that has no network of its own.
    ///
    /// # Errors
    /// If it cannot be archived.
    pub(crate) fn archived(
        what: &mut dyn Archived,
        place: Place,
        (levels, metrics): (Option<Levels>, Vec<(String, f64)>),
        parameters: Vec<f32>,
    ) -> Result<Self> {
        let archive = Archive::write(what)?;
        let checksum = sealed::checksum(&archive);
        Ok(Self { place, levels, metrics, checksum, learned: Learned::State { parameters, archive } })
    }
}

impl LoggedRun<'_> {
    /// The name of its folder: arm and seed, with the setting before them if there are several. Characters that a file name may not
    /// have are written as their number, so that no two runs have one name.
    pub fn folder_name(&self) -> String {
        let safe = |name: &str| -> String {
            let plain = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
            name.chars().map(|c| if plain(c) { c.to_string() } else { format!("%{:x}", u32::from(c)) }).collect()
        };
        let setting = if self.study.settings().len() > 1 { safe(self.setting) + "." } else { String::new() };
        format!("{setting}{}.{}", safe(&self.arm.name), self.seed)
    }

    /// The log, to be written or to be compared with.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written or read, [`Error::Checkpoint`] if it is damaged.
    pub(crate) fn open(&self, log: &Log) -> Result<RunLog> {
        match log {
            Log::Compare(folder) => RunLog::open(folder),
            Log::Record(folder) => {
                let described = Described {
                    study: self.study.to_toml()?,
                    setting: self.setting.to_owned(),
                    arm: self.arm.clone(),
                    seed: self.seed,
                };
                let wrong = |error: serde_json::Error| Error::Study {
                    origin: self.study.name.clone(),
                    problem: format!("cannot be logged: {error}"),
                };
                RunLog::record(folder, &serde_json::to_vec(&described).map_err(wrong)?, ROOM)
            }
        }
    }
}

/// A run that the user wants to be logged: `ARM:SEED`, or `SETTING:ARM:SEED` for a study with several settings.
///
/// # Example
/// ```
/// use tegmentum_study::logs::LogChoice;
///
/// let choice: LogChoice = "2-4-1:dopamine:100".parse()?;
/// assert_eq!((choice.setting.as_deref(), choice.arm.as_str(), choice.seed), (Some("2-4-1"), "dopamine", 100));
/// assert!("dopamine".parse::<LogChoice>().is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogChoice {
    /// The setting; none for a study with one.
    pub setting: Option<String>,
    /// The arm.
    pub arm: String,
    /// The seed.
    pub seed: u64,
}

impl Display for LogChoice {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        if let Some(setting) = &self.setting {
            write!(formatter, "{setting}:")?;
        }
        write!(formatter, "{}:{}", self.arm, self.seed)
    }
}

impl FromStr for LogChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "must be ARM:SEED, or SETTING:ARM:SEED for a study with several settings".to_owned();
        let (run, seed) = text.rsplit_once(':').ok_or_else(wrong)?;
        let seed = seed.trim().parse().map_err(|_| wrong())?;
        let (setting, arm) = match run.split_once(':') {
            Some((setting, arm)) => (Some(setting.to_owned()), arm),
            None => (None, run),
        };
        if arm.is_empty() { Err(wrong()) } else { Ok(Self { setting, arm: arm.to_owned(), seed }) }
    }
}

impl LogChoice {
    /// Whether this is the run.
    pub fn is(&self, run: &LoggedRun<'_>) -> bool {
        let is_setting = self.setting.as_deref().is_none_or(|setting| setting == run.setting);
        is_setting && self.arm == run.arm.name && self.seed == run.seed
    }

    /// Whether a study has such a run and its kind keeps logs.
    ///
    /// # Errors
    /// [`Error::Study`] with what would be right.
    pub fn check(&self, study: &StudyConfig) -> Result<()> {
        let wrong = |problem: String| Error::Study { origin: format!("--log {self}"), problem };
        if let Some(reason) = study.study_kind().map_err(wrong)?.without_logs() {
            return Err(wrong(format!("kind = {:?} keeps no logs: {reason}", study.kind)));
        }
        let arms: Vec<&str> = study.arm.iter().map(|arm| arm.name.as_str()).collect();
        if !arms.contains(&self.arm.as_str()) {
            return Err(wrong(format!("unknown arm {:?}: known are {}", self.arm, listed(&self.arm, &arms))));
        }
        let settings = study.settings();
        let names: Vec<&str> = settings.iter().map(|setting| setting.name.as_str()).collect();
        match &self.setting {
            None if names.len() > 1 => {
                return Err(wrong(format!(
                    "which setting? Must be SETTING:ARM:SEED; settings are {}",
                    names.join(", ")
                )));
            }
            Some(setting) if !names.contains(&setting.as_str()) => {
                return Err(wrong(format!("unknown setting {setting:?}: known are {}", listed(setting, &names))));
            }
            _ => {}
        }
        let (first, last) = (study.seeds.first, study.seeds.first + (study.seeds.count.max(1) - 1));
        if !(first..=last).contains(&self.seed) {
            return Err(wrong(format!("seed {} is not run: must be from {first} to {last}", self.seed)));
        }
        Ok(())
    }
}
