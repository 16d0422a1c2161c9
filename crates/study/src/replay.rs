//! States of a logged run again, and whether the run is what its log and its records say.

use std::path::{Path, PathBuf};

use super::config::StudyConfig;
use super::execution::Runner;
use super::kind::StudyKind;
use super::logs::{Described, Log, LoggedRun, StateOfRun};
use super::monitor::Monitor;
use super::result::{RecordRow, records_of};
use super::trial::ArmTrials;
use super::work::Work;
use tegmentum::error::{Error, Result};
use tegmentum::learning::run_log::RunLog;

/// A run that is in a log.
///
/// # Example
/// A study with a log of one of its runs, and a state of it.
/// ```
/// use std::path::PathBuf;
/// use tegmentum_study::config::StudyConfig;
/// use tegmentum_study::logs::{Log, LogChoice, LoggedRun};
/// use tegmentum_study::replay::Replay;
/// use tegmentum_study::run::{Monitor, run};
///
/// struct Logging(LogChoice, PathBuf);
///
/// impl Monitor for Logging {
///     fn expect(&self, _: &str, _: u64) {}
///     fn advance(&self, _: u64) -> bool {
///         true
///     }
///     fn log(&self, run: &LoggedRun<'_>) -> Option<Log> {
///         self.0.is(run).then(|| Log::Record(self.1.join(run.folder_name())))
///     }
/// }
///
/// let text = "name = 'small'\ntitle = 'Small'\nquestion = 'Does it learn?'\nbudget = 200\nseeds = { first = 1, count = 2 }
///     metrics = ['mean_squared_error']\n[task.xor]\n[network.mlp]\nhidden = [4]\n[[arm]]\nname = 'dopamine'\n[arm.optimizer.dopamine]";
/// let study = StudyConfig::from_toml(text, "an example")?;
/// let folder = std::env::temp_dir().join(format!("replay-{}", std::process::id()));
/// let result = run(&study, false, &Logging("dopamine:2".parse()?, folder.clone()))?;
///
/// let replay = Replay::open(&folder.join("dopamine.2"))?;
/// assert_eq!(replay.at(10)?.place.updates, 10);
/// replay.verify(&result.records)?;
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Replay {
    folder: PathBuf,
    log: RunLog,
    study: StudyConfig,
    setting: usize,
    described: Described,
}

impl Replay {
    /// Reads the log in `folder`.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read; [`Error::Checkpoint`] if it is damaged; [`Error::Study`] if it is of no study.
    pub fn open(folder: &Path) -> Result<Self> {
        let log = RunLog::open(folder)?;
        let origin = folder.display().to_string();
        let wrong = |problem: String| Error::Study { origin: origin.clone(), problem };
        let described: Described = serde_json::from_slice(&log.description())
            .map_err(|error| wrong(format!("is not the log of a run of a study: {error}")))?;
        let study = StudyConfig::from_toml(&described.study, &origin)?;
        let settings = study.settings();
        // Agents and streams of tasks have one, which is called as the study.
        let setting = if settings.is_empty() {
            (described.setting == study.name).then_some(0)
        } else {
            settings.iter().position(|setting| setting.name == described.setting)
        };
        let setting = setting.ok_or_else(|| wrong(format!("has no setting {:?}", described.setting)))?;
        Ok(Self { folder: folder.to_owned(), log, study, setting, described })
    }

    /// The study.
    pub fn study(&self) -> &StudyConfig {
        &self.study
    }

    /// The run.
    pub fn run(&self) -> LoggedRun<'_> {
        let Described { setting, arm, seed, .. } = &self.described;
        LoggedRun { study: &self.study, setting, arm, seed: *seed }
    }

    /// What a place of the run is counted in besides updates: evaluations, or trials, of which each is an update.
    ///
    /// # Errors
    /// [`Error::Study`] if the study is of no known kind.
    pub fn unit(&self) -> Result<&'static str> {
        Ok(self.kind()?.x_unit())
    }

    /// Whether the run was told nothing but losses, so that none of its updates looks at data or an environment again.
    pub fn is_told_losses_alone(&self) -> bool {
        let arm = &self.described.arm;
        arm.agent.is_none() && arm.continual.is_none() && self.log.sizes().0 > 0
    }

    /// The log.
    pub fn log(&self) -> &RunLog {
        &self.log
    }

    /// The run after `update` updates, without evaluating the objective. What is told more than losses, as agents and plasticity rules are,
    /// makes the updates from the nearest state of the log again in full.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] if it did not come so far, or the log is damaged or of another version of the program.
    pub fn at(&self, update: u64) -> Result<StateOfRun> {
        self.with_runner(|runner| {
            runner.state(self.setting, &self.described.arm, self.described.seed, (&self.log, update))
        })
    }

    /// Makes the whole run again with the losses of the log, and compares it with all states of the log and with what `records` say of it.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] with the first difference.
    pub fn verify(&self, records: &[RecordRow]) -> Result<()> {
        let made = self.with_runner(|runner| {
            let monitor = Comparing(self.folder.clone());
            let work = Work::alone(&|_| true).logged(Some(&monitor));
            runner.run(self.setting, &self.described.arm, self.described.seed, &work)
        })?;
        let name = self.study.result_name(&self.described.setting, &self.described.arm.name);
        let seed = self.described.seed;
        let arm = ArmTrials {
            name: name.clone(),
            arm: self.described.arm.clone(),
            setting: self.setting,
            trials: vec![made],
        };
        let kind = self.kind()?;
        let again = records_of(&kind.design(&self.study), &arm);
        let kept: Vec<&RecordRow> = records.iter().filter(|row| row.arm == name && row.seed == seed).collect();
        let differs = |problem: String| Err(Error::Checkpoint { path: self.folder.clone(), problem });
        if kept.len() != again.len() {
            return differs(format!("records.csv has {} rows of this run, must be {}", kept.len(), again.len()));
        }
        for (kept, again) in kept.into_iter().zip(&again) {
            let is_same =
                kept.value.to_bits() == again.value.to_bits() || (kept.value.is_nan() && again.value.is_nan());
            if (kept.x, &kept.metric) != (again.x, &again.metric) || !is_same {
                return differs(format!(
                    "records.csv has {} = {} at {} {}, must be {} = {}",
                    kept.metric, kept.value, kept.x, kept.x_unit, again.metric, again.value
                ));
            }
        }
        Ok(())
    }

    fn kind(&self) -> Result<&'static dyn StudyKind> {
        self.study.study_kind().map_err(|problem| Error::Study { origin: self.study.name.clone(), problem })
    }

    fn with_runner<T>(&self, act: impl FnOnce(&dyn Runner) -> Result<T>) -> Result<T> {
        let design = self.kind()?.design(&self.study);
        let runner = self.kind()?.runner(&design)?;
        act(&*runner)
    }
}

/// A monitor under which every run is compared with the log in a folder.
struct Comparing(PathBuf);

impl Monitor for Comparing {
    fn expect(&self, _: &str, _: u64) {}

    fn advance(&self, _: u64) -> bool {
        true
    }

    fn log(&self, _: &LoggedRun<'_>) -> Option<Log> {
        Some(Log::Compare(self.0.clone()))
    }
}
