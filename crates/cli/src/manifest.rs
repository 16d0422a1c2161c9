//! How a result came about: when, by which command, version and machine.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use jiff::{Timestamp, Unit};
use serde::{Deserialize, Serialize};

use crate::full_run;
use crate::source::Source;

/// Pairs of label and value.
pub(crate) type Pairs = Vec<(String, String)>;

/// Taken down when work is asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Manifest {
    started: String,
    /// The command as it can be typed again.
    pub(crate) command: String,
}

impl Manifest {
    /// The work is asked for now.
    pub(crate) fn begin() -> Self {
        Self { started: now(), command: command_line() }
    }

    /// A part of the work begins now; `resumed` says that it was stopped before.
    pub(crate) fn at_work(&self, resumed: bool) -> AtWork<'_> {
        AtWork { manifest: self, resumed: resumed.then(now), clock: Instant::now() }
    }
}

/// A part of the work, under way.
#[derive(Debug)]
pub(crate) struct AtWork<'a> {
    manifest: &'a Manifest,
    resumed: Option<String>,
    clock: Instant,
}

impl AtWork<'_> {
    /// The time since then.
    pub(crate) fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }

    fn wall_seconds(&self) -> String {
        let seconds = self.clock.elapsed().as_secs_f64();
        match &self.resumed {
            Some(when) => format!("{seconds:.1} since the run was resumed at {when}"),
            None => format!("{seconds:.1}"),
        }
    }

    /// What there is to say when it is done. `seconds` are processor seconds by arm, `full` the seconds that the whole study would
    /// take.
    pub(crate) fn pairs(&self, source: &Source, seconds: &BTreeMap<String, f64>, full: Option<f64>) -> Pairs {
        let seeds = source.study.seeds;
        let of = source.whole.as_ref().map_or_else(String::new, |whole| format!(" of {}", whole.seeds.count));
        let mut pairs = vec![
            ("Started".to_owned(), self.manifest.started.clone()),
            ("Command".to_owned(), self.manifest.command.clone()),
            ("Version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
            ("Commit".to_owned(), env!("TEGMENTUM_COMMIT").to_owned()),
            ("Machine".to_owned(), machine()),
            ("Instruction set".to_owned(), tegmentum::numerics::instruction_set().to_string()),
            ("Threads".to_owned(), rayon::current_num_threads().to_string()),
            ("Wall seconds".to_owned(), self.wall_seconds()),
            ("Seeds".to_owned(), format!("{}{of}, from {} on", seeds.count, seeds.first)),
        ];
        pairs.extend(full.map(|full| (full_run::SECONDS.to_owned(), format!("{full:.0}"))));
        if !seconds.is_empty() {
            let arms: Vec<String> = seconds.iter().map(|(arm, seconds)| format!("{arm} {seconds:.1}")).collect();
            pairs.push(("Processor seconds".to_owned(), arms.join(", ")));
        }
        pairs
    }
}

/// Date and time, to the second.
fn now() -> String {
    let now = Timestamp::now();
    now.round(Unit::Second).unwrap_or(now).to_string()
}

/// The command as it can be typed again, without the folder that the program is in.
fn command_line() -> String {
    let quoted = |argument: String| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_=./,:+@%".contains(c);
        let plain = !argument.is_empty() && argument.chars().all(is_plain);
        if plain { argument } else { format!("'{}'", argument.replace('\'', r"'\''")) }
    };
    let arguments = std::env::args_os().skip(1).map(|argument| quoted(argument.to_string_lossy().into_owned()));
    std::iter::once("tegmentum".to_owned()).chain(arguments).collect::<Vec<_>>().join(" ")
}

/// Processor, cores, memory and system, as far as they are known.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let processor = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "processor unknown".to_owned());
    let mut parts = vec![processor, format!("{cores} cores")];
    let kibibytes = field("/proc/meminfo", "MemTotal");
    let kibibytes = kibibytes.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
    parts.extend(kibibytes.map(|size| format!("{:.1} GiB", size / 1024.0 / 1024.0)));
    parts.push(format!("{} {}", std::env::consts::OS, std::env::consts::ARCH));
    parts.join(", ")
}

/// The first value of `name` in a file of lines `name : value`.
fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let (_, value) = text.lines().filter_map(|line| line.split_once(':')).find(|(key, _)| key.trim() == name)?;
    Some(value.trim().to_owned())
}

/// The manifests of several runs as one: what they agree on once, the rest for each run.
pub(crate) fn merged(runs: &[(&str, &[(String, String)])]) -> Pairs {
    let mut labels: Vec<&str> = Vec::new();
    for (label, _) in runs.iter().flat_map(|run| run.1) {
        if !labels.contains(&label.as_str()) {
            labels.push(label);
        }
    }
    labels.into_iter().flat_map(|label| merged_label(label, runs)).collect()
}

fn merged_label(label: &str, runs: &[(&str, &[(String, String)])]) -> Pairs {
    let value = |pairs: &[(String, String)]| pairs.iter().find(|pair| pair.0 == label).map(|pair| pair.1.clone());
    let values: Vec<(&str, String)> = runs.iter().filter_map(|(run, pairs)| Some((*run, value(pairs)?))).collect();
    let mut distinct: Vec<&str> = values.iter().map(|(_, value)| value.as_str()).collect();
    distinct.sort_unstable();
    distinct.dedup();
    match label {
        // The head of the report has one of each of these; the order of dates is that of their text.
        "Started" => vec![(label.to_owned(), distinct[0].to_owned())],
        full_run::SECONDS => {
            let seconds = values.iter().filter_map(|(_, seconds)| seconds.parse::<f64>().ok()).sum();
            vec![("A full run".to_owned(), full_run::advice(seconds))]
        }
        "Command" | "Version" | "Commit" => vec![(label.to_owned(), distinct.join("; "))],
        _ if distinct.len() == 1 => vec![(label.to_owned(), distinct[0].to_owned())],
        _ => values.into_iter().map(|(run, value)| (format!("{label}, {run}"), value)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_told_for_each_run() {
        let pair = |label: &str, value: &str| (label.to_owned(), value.to_owned());
        let first = [pair("Started", "2026-02"), pair("Threads", "2"), pair("Seeds", "5")];
        let second = [pair("Started", "2026-01"), pair("Threads", "2"), pair("Seeds", "9")];
        assert_eq!(
            merged(&[("a", &first), ("b", &second)]),
            [pair("Started", "2026-01"), pair("Threads", "2"), pair("Seeds, a", "5"), pair("Seeds, b", "9")]
        );
    }
}
