//! Races against peers: their environment, and both sides in turn.
//!
//! Each side is a process that answers a line on its standard input with one rate, as JSON. Both count seconds of a processor on one
//! thread; the peer has chosen the fastest of its forms on this machine and has compiled before the first round.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::executable;
use super::instruction_sets::{limit_peer, limit_row, processor};
use super::races::{RATES, Race, TIMES};
use super::ratios::{Outcome, Row, Table, text};
use crate::command::root;
use crate::python::environment;

/// Where the peers are installed, below `target`.
const ENVIRONMENT: &str = "peers-venv";
const SCRIPTS: &str = "xtask/peers";
/// Names another Python, which has the packages already.
const PYTHON: &str = "TEGMENTUM_PEERS_PYTHON";
/// Seeds of the runs to an error, a number for the median.
const SEEDS: u32 = 7;

/// Runs all races whose row, peer or title contains `only`, on the whole processor or limited to each of `sets`, and prints them.
pub(crate) fn run(only: &str, rounds: u32, sets: &[String]) -> Result<Table> {
    let chosen = |race: &&Race| [race.row, race.peer, race.title].iter().any(|name| name.contains(only));
    let (rates, times): (Vec<_>, Vec<_>) =
        (RATES.iter().filter(chosen).collect(), TIMES.iter().filter(chosen).collect());
    ensure!(!rates.is_empty() || !times.is_empty(), "no race has \"{only}\" in its name");
    let (python, bench) = (python()?, executable::build()?);
    let mut table = Table { processor: processor(), rounds, sets: sets.to_vec(), rows: Vec::new() };
    println!("processor: {}", table.processor);
    let whole = [None];
    let limits: Vec<_> = if sets.is_empty() { whole.to_vec() } else { sets.iter().map(|set| Some(&**set)).collect() };
    for (race, is_rate) in rates.iter().map(|race| (race, true)).chain(times.iter().map(|race| (race, false))) {
        let mut outcomes = Vec::new();
        for set in &limits {
            let side = Side { bench: &bench, python: &python, set: *set };
            let found = if is_rate { race_rates(race, &side, rounds) } else { race_times(race, &side) };
            let outcome = found.with_context(|| format!("{} against {}", race.row, race.peer))?;
            let line = text(std::slice::from_ref(&outcome)).lines().nth(1).unwrap_or_default().to_owned();
            println!("{}{line}", set.map_or(String::new(), |set| format!("{set}: ")));
            outcomes.push(outcome);
        }
        table.rows.push(Row { in_readme: race.in_readme, outcomes });
    }
    Ok(table)
}

/// The Python that has the peers; makes its environment if there is none.
fn python() -> Result<PathBuf> {
    environment(ENVIRONMENT, PYTHON, &[&["-r", &format!("{SCRIPTS}/requirements.txt")]])
}

/// A process that answers a line with a rate.
struct Racer {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// What it said of itself.
    form: String,
}

impl Racer {
    /// Starts it and waits until it is ready.
    fn start(mut command: Command) -> Result<Self> {
        command.env("RAYON_NUM_THREADS", "1").env("PYTHONDONTWRITEBYTECODE", "1");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let answers = child.stdout.take().map(BufReader::new).context("no standard output")?;
        let mut racer = Self { questions: child.stdin.take(), child, answers, form: String::new() };
        let form = racer.answer()?["form"].as_str().unwrap_or_default().to_owned();
        racer.form.push_str(&form);
        Ok(racer)
    }

    fn answer(&mut self) -> Result<Value> {
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            bail!("it ended with {} before it answered", self.child.wait()?);
        }
        serde_json::from_str(&line).with_context(|| format!("not an answer: {}", line.trim_end()))
    }

    /// Its rate, now.
    fn rate(&mut self) -> Result<f64> {
        writeln!(self.questions.as_mut().context("no standard input")?)?;
        self.answer()?["rate"].as_f64().context("an answer without a rate")
    }
}

impl Drop for Racer {
    fn drop(&mut self) {
        // End of input is its sign to stop.
        self.questions = None;
        let _ = self.child.wait();
    }
}

fn script(python: &Path, name: &str) -> Command {
    let mut command = Command::new(python);
    command.arg(root().join(SCRIPTS).join(name));
    command
}

/// The programs that race, and what they may use of the processor.
struct Side<'a> {
    bench: &'a Path,
    python: &'a Path,
    set: Option<&'a str>,
}

impl Side<'_> {
    fn peer(&self, name: &str) -> Command {
        let mut command = script(self.python, name);
        limit_peer(&mut command, self.set);
        command
    }

    fn row(&self) -> Command {
        let mut command = Command::new(self.bench);
        limit_row(&mut command, self.set);
        command
    }
}

fn race_rates(race: &Race, side: &Side<'_>, rounds: u32) -> Result<Outcome> {
    let (mut peer, mut row) = (side.peer("peer.py"), side.row());
    peer.arg(race.peer);
    row.args(["--serve", race.row]);
    let mut theirs = Racer::start(peer).context("the peer")?;
    let mut ours = Racer::start(row).context("the row")?;
    let mut found = Vec::new();
    for _ in 0..rounds {
        let their_rate = theirs.rate().context("the peer")?;
        found.push((ours.rate().context("the row")?, their_rate));
    }
    let peer = format!("{} ({})", race.peer.split(':').next().unwrap_or_default(), theirs.form);
    Outcome::of(race.title, &peer, race.bar_under(side.set), &found).context("no round")
}

/// Both sides run the same seeds in turn; the ratio is of their speeds, 1/s.
fn race_times(race: &Race, side: &Side<'_>) -> Result<Outcome> {
    let mut found = Vec::new();
    for seed in 0..SEEDS {
        let (mut peer, mut row) = (side.peer("quality.py"), side.row());
        peer.args([race.peer, &seed.to_string()]);
        row.args(["--quality", &seed.to_string()]).env("RAYON_NUM_THREADS", "1");
        let (theirs, ours) = (seconds(peer).context("the peer")?, seconds(row).context("the learner")?);
        println!("{} seed {seed}: ours {ours:.3} s, {} {theirs:.3} s", race.title, race.peer);
        found.push((1.0 / ours, 1.0 / theirs));
    }
    Outcome::of(race.title, race.peer, race.bar_under(side.set), &found).context("no seed")
}

/// The seconds that a run took; infinite if it did not reach the goal.
fn seconds(mut command: Command) -> Result<f64> {
    let output = command.env("PYTHONDONTWRITEBYTECODE", "1").output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim_end());
    seconds_in(&String::from_utf8_lossy(&output.stdout))
}

fn seconds_in(text: &str) -> Result<f64> {
    let answer: Value = serde_json::from_str(text.trim_end()).with_context(|| format!("not an answer: {text}"))?;
    if answer["reached"] == Value::Bool(false) {
        return Ok(f64::INFINITY);
    }
    answer["seconds"].as_f64().context("an answer without seconds")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_did_not_arrive_took_for_ever() {
        assert_eq!(seconds_in("{\"seconds\": 1.5, \"reached\": true}\n").unwrap(), 1.5);
        assert_eq!(seconds_in("{\"seconds\": 60.0, \"reached\": false}").unwrap(), f64::INFINITY);
        assert!(seconds_in("Traceback").is_err());
        assert!(seconds_in("{}").is_err());
    }

    #[test]
    fn every_race_names_a_peer_that_the_script_knows() {
        let (peers, quality) = (root().join(SCRIPTS).join("peer.py"), root().join(SCRIPTS).join("quality.py"));
        let (peers, quality) = (std::fs::read_to_string(peers).unwrap(), std::fs::read_to_string(quality).unwrap());
        assert!(RATES.iter().all(|race| peers.contains(&format!("\"{}\":", race.peer))));
        assert!(TIMES.iter().all(|race| quality.contains(&format!("\"{}\":", race.peer))));
    }

    #[cfg(unix)]
    #[test]
    fn a_racer_answers_each_question_and_says_when_it_cannot() {
        let shell = |program: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", program]);
            Racer::start(command)
        };
        let mut racer = shell("echo '{\"form\":\"best\"}'; while read -r _; do echo '{\"rate\":2.5}'; done").unwrap();
        assert_eq!((racer.rate().unwrap(), racer.rate().unwrap()), (2.5, 2.5));
        assert_eq!(racer.form, "best");
        let error = shell("exit 3").err().unwrap().to_string();
        assert!(error.contains('3'), "{error}");
    }
}
