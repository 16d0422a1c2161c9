//! `tegmentum replay`: states of logged runs again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Parser as _;
use tegmentum::checkpoint::sealed;
use tegmentum::file::write_file;
use tegmentum::learning::run_log::{Place, RunLog};
use tegmentum::neuromodulation::nucleus::{Levels, Transmitter};
use tegmentum_applied::forecast::ForecastModel;
use tegmentum_applied::forecast::logs::NetworkLog;
use tegmentum_applied::model_file::{network_to_bytes, state_to_bytes};
use tegmentum_applied::table::Table;
use tegmentum_applied::tabular::TabularModel;
use tegmentum_study::folder;
use tegmentum_study::logs::{Learned, StateOfRun};
use tegmentum_study::number::short;
use tegmentum_study::replay;

use super::train;
use crate::args::{Arguments, Command, Replay, Train};
use crate::output::{Output, notice, wrapped};
use crate::table;
use crate::unfinished::{self, Job, LOGS, Task};

/// Lists the logs, writes a state, or checks a run.
///
/// # Errors
/// If there is no such log, it is damaged, or the run is not what it says.
pub(crate) fn execute(arguments: &Replay, output: &mut Output) -> Result<ExitCode> {
    let absolute = std::path::absolute(&arguments.folder).context("the current folder")?;
    let logs = absolute.join(LOGS);
    let job = unfinished::logged(&logs)?;
    let all = names(&logs)?;
    if arguments.at.is_none() && !arguments.verify {
        return list(&logs, &all, output);
    }
    let name = chosen(arguments, &all)?;
    let (place, out) = (logs.join(name), arguments.out.clone().map(std::path::absolute).transpose()?);
    if let Some(versions) = job.other_version() {
        notice(&format!("the log was written by {versions}"));
    }
    let replayed = Replayed::open(&job, &place, &arguments.folder)?;
    match arguments.at {
        Some(update) => {
            let out = out.unwrap_or_else(|| place.join(format!("update-{update}.safetensors")));
            replayed.write(update, &out, output)?;
        }
        None => replayed.verify(&absolute, output)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The names of the logs of runs that have ended.
fn names(logs: &Path) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(logs).with_context(|| format!("{}", logs.display()))?;
    let paths = entries.flatten().map(|entry| entry.path());
    let mut names: Vec<String> = paths
        .filter(|path| RunLog::exists(path))
        .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    if names.is_empty() {
        let folder = logs.parent().unwrap_or(logs).display();
        bail!("{folder} has no log of a run that has ended: `tegmentum resume {folder}` goes on with it");
    }
    Ok(names)
}

fn chosen<'a>(arguments: &Replay, all: &'a [String]) -> Result<&'a str> {
    match (&arguments.run, all) {
        (None, [only]) => Ok(only),
        (None, _) => bail!("which log? Give --run with one of {}", all.join(", ")),
        (Some(name), _) => match all.iter().find(|known| *known == name) {
            Some(known) => Ok(known),
            None => bail!("--run {name}: there is no such log; there are {}", all.join(", ")),
        },
    }
}

fn list(logs: &Path, all: &[String], output: &mut Output) -> Result<ExitCode> {
    let heads = ["log", "updates", "evaluations", "losses", "states", "kilobytes"];
    let mut table = table::Table::new(heads.map(str::to_owned));
    for name in all {
        let log = RunLog::open(&logs.join(name))?;
        let (ended, (losses, states, bytes)) = (log.ended(), log.sizes());
        let kilobytes = (8 * losses + bytes as u64).div_ceil(1000);
        let numbers = [ended.updates, ended.evaluations, losses, states as u64, kilobytes];
        table.row(std::iter::once(name.clone()).chain(numbers.iter().map(u64::to_string)));
    }
    for line in table.lines(output.width()) {
        output.line(&line)?;
    }
    output.line("")?;
    let text = "`--at UPDATE` writes the model, or the state, as it was after an update, `--verify` makes the run again from its log.";
    output.line(&wrapped(text, output.width(), 0))?;
    Ok(ExitCode::SUCCESS)
}

/// A log and what it is of.
enum Replayed {
    Study(Box<replay::Replay>),
    Training(Box<(Train, RunLog)>),
    Network(Box<NetworkLog>),
}

impl Replayed {
    /// The log in `place`, of what `job` did; `folder` is what it is called in errors. Inputs must be as they were where they are looked at.
    fn open(job: &Job, place: &Path, folder: &Path) -> Result<Self> {
        let enter = || job.enter(&folder.display().to_string());
        let words = match &job.task {
            Task::Studies { .. } => {
                enter()?;
                return Ok(Self::Study(Box::new(replay::Replay::open(place)?)));
            }
            Task::Data(words) => words,
        };
        match Arguments::try_parse_from(words).map(|arguments| arguments.command) {
            Ok(Command::Train(arguments)) => {
                enter()?;
                Ok(Self::Training(Box::new((arguments, RunLog::open(place)?))))
            }
            Ok(Command::Forecast(_)) => Ok(Self::Network(Box::new(NetworkLog::open(place)?))),
            _ => bail!("{}: is the log of no command of this version of the program", place.display()),
        }
    }

    /// Writes the model after `update` updates and says where the run was.
    fn write(&self, update: u64, out: &Path, output: &mut Output) -> Result<()> {
        let mut what = "model";
        match self {
            Self::Study(replay) => {
                let state = replay.at(update)?;
                if matches!(state.learned, Learned::State { .. }) {
                    what = "state";
                }
                write_file(out, &file_of(replay, &state)?)?;
                tell(&state.place, replay.unit()?, details(&state), output)?;
            }
            Self::Training(training) => {
                let (arguments, log) = &**training;
                let data = Table::read(&arguments.data, &arguments.table.read())?;
                let (at, model) = train::plan(arguments, &data).state(log, update)?;
                let words: Vec<String> = std::env::args().map(|word| train::shown(&word)).collect();
                model.with_command(words.join(" ")).save(out)?;
                tell(&at, "evaluations", Vec::new(), output)?;
            }
            Self::Network(log) => {
                what = "state";
                write_network(log, update, out, output)?;
            }
        }
        output.line(&format!("{}  the {what} as it was", shown(out).display()))?;
        Ok(())
    }

    /// Checks the run, and the results in `folder`.
    fn verify(&self, folder: &Path, output: &mut Output) -> Result<()> {
        let (log, results, is_from_losses) = match self {
            Self::Study(replay) => {
                replay.verify(&folder::read_records(folder)?)?;
                (replay.log(), "records.csv", replay.is_told_losses_alone())
            }
            Self::Training(training) => {
                let (arguments, log) = &**training;
                let path = folder.join("model.safetensors");
                let kept = TabularModel::load(&path)?;
                let data = Table::read(&arguments.data, &arguments.table.read())?;
                let again = train::plan(arguments, &data).verify(log)?;
                if bits(kept.parameters()) != bits(&again) {
                    bail!("{}: is not the model that the log gives", path.display());
                }
                (log, "model.safetensors", log.sizes().0 > 0)
            }
            Self::Network(log) => (log.log(), is_network_of(folder, log)?, true),
        };
        let (ended, (losses, states, _)) = (log.ended(), log.sizes());
        let from = if is_from_losses { format!("from {losses} losses of the log") } else { "made again".to_owned() };
        let text =
            format!("Verified: {} updates {from} give the same {states} states and the same {results}.", ended.updates);
        output.line(&wrapped(&text, output.width(), 0))?;
        Ok(())
    }
}

/// Writes the training of a forecast's network after `update` updates and says where it was.
fn write_network(log: &NetworkLog, update: u64, out: &Path, output: &mut Output) -> Result<()> {
    let state = log.at(update)?;
    let checksum = format!("{:016x}", sealed::checksum(&state.archive));
    let levels: Vec<_> = levels(state.levels).collect();
    let text = serde_json::json!({
        "format": 1,
        "kind": "state of a run",
        "column": log.column(),
        "network": log.network() + 1,
        "updates": state.place.updates,
        "evaluations": state.place.evaluations,
        "levels": levels.iter().copied().collect::<BTreeMap<_, _>>(),
        "state": checksum,
        "version": env!("CARGO_PKG_VERSION"),
    });
    write_file(out, &state_to_bytes(&state.solution, &state.archive, &text.to_string())?)?;
    let levels = levels.into_iter().map(|(name, value)| (name.to_owned(), short(value)));
    tell(&state.place, "evaluations", levels.chain([("checksum".to_owned(), checksum)]).collect(), output)
}

/// Makes the training of a network again and sees that it is the one of the forecast in `folder`; what was compared.
fn is_network_of(folder: &Path, log: &NetworkLog) -> Result<&'static str> {
    let weights = log.verify()?;
    let models = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?.flatten();
    for path in models.map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !(name.starts_with("model") && name.ends_with(".safetensors")) {
            continue;
        }
        let file = ForecastModel::load(&path)?;
        if file.column == log.column() {
            return match file.model.recurrence(log.network()) {
                None => Ok("weights, which the forecast does not use"),
                Some(kept) if bits(kept) == bits(&weights) => Ok("network of the forecast"),
                Some(_) => {
                    bail!("{}: its network {} is not the one that the log gives", path.display(), log.network() + 1)
                }
            };
        }
    }
    bail!("{}: has no model of {}", folder.display(), log.column())
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// The path as the user would write it.
fn shown(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).to_owned()
}

/// Where the run was, and what is known of it there.
fn tell(place: &Place, unit: &str, more: Vec<(String, String)>, output: &mut Output) -> Result<()> {
    output.line(&match unit {
        "trials" => format!("After {} trials:", place.updates),
        _ => format!("After {} updates, {} {unit}:", place.updates, place.evaluations),
    })?;
    let report = place.report.map(|report| [("loss", report.loss), ("learning rate", report.learning_rate)]);
    let mut rows: Vec<(String, String)> =
        report.into_iter().flatten().map(|(name, value)| (name.to_owned(), short(value))).collect();
    rows.extend(more);
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    rows.iter().try_for_each(|(name, value)| output.line(&format!("  {name:width$}  {value}")))
}

/// What the model is worth, the levels of the modulators and the checksum of all of the state.
fn details(state: &StateOfRun) -> Vec<(String, String)> {
    let levels = levels(state.levels).map(|(name, value)| (name.to_owned(), value));
    let mut rows: Vec<(String, String)> =
        state.metrics.iter().cloned().chain(levels).map(|(name, value)| (name, short(value))).collect();
    rows.push(("checksum".to_owned(), format!("{:016x}", state.checksum)));
    rows
}

/// The levels of the modulators, if there are any.
fn levels(levels: Option<Levels>) -> impl Iterator<Item = (&'static str, f64)> {
    levels.into_iter().flat_map(|levels| Transmitter::ALL.map(|of| (of.name(), levels.of(of))))
}

/// The file of a state of a study's run: the averaged model and the one that would be handed over, or the archive of what learned.
fn file_of(replay: &replay::Replay, state: &StateOfRun) -> Result<Vec<u8>> {
    let run = replay.run();
    let text = serde_json::json!({
        "format": 1,
        "kind": "state of a run",
        "study": run.study.name,
        "setting": run.setting,
        "arm": run.arm.name,
        "seed": run.seed,
        "updates": state.place.updates,
        replay.unit()?: state.place.evaluations,
        "levels": levels(state.levels).collect::<BTreeMap<_, _>>(),
        "state": format!("{:016x}", state.checksum),
        "version": env!("CARGO_PKG_VERSION"),
    });
    match &state.learned {
        Learned::Models { network, averaged, solution } => {
            let sets: [(&str, &[f32]); 2] = [("averaged.", averaged), ("solution.", solution)];
            Ok(network_to_bytes(&**network, &sets, &text.to_string())?)
        }
        Learned::State { parameters, archive } => Ok(state_to_bytes(parameters, archive, &text.to_string())?),
    }
}
