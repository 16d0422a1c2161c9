//! Runs studies one after the other: each into a folder of its own, with what it found on the terminal, and one report.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use tegmentum_study::logs::LogChoice;
use tegmentum_study::outcome::{Summary, Verdict};
use tegmentum_study::shard::Shard;
use tegmentum_study::{folder, run};

use crate::args::{Keeping, Results, Share};
use crate::commands::report;
use crate::full_run;
use crate::output::{Output, wrapped};
use crate::progress::Progress;
use crate::source::Source;
use crate::summary;
use crate::unfinished::{self, LOGS, StudyText, Task, Then, Unfinished};
use crate::workplace::Workplace;

/// Studies, and where their results go.
#[derive(Debug)]
pub(crate) struct Campaign {
    sources: Vec<Source>,
    /// The folder of the report.
    folder: PathBuf,
    /// Whether each study has a folder of its own below it.
    several: bool,
    json: bool,
    strict: bool,
    /// The share of the runs that is made.
    shard: Option<Shard>,
    /// Runs that are logged.
    logs: Vec<LogChoice>,
    /// The folder with the search of rates, if it was made before.
    rates: Option<PathBuf>,
}

/// The unit that says that all units of a shard are finished.
pub(crate) const SHARD_IS_DONE: &str = "shard/done";

impl Campaign {
    /// One study, whose folder has the report.
    pub(crate) fn one(source: Source, results: &Results) -> Self {
        let folder = results.out.join(&source.study.name);
        Self {
            sources: vec![source],
            folder,
            several: false,
            json: results.json,
            strict: results.strict,
            shard: None,
            logs: Vec::new(),
            rates: None,
        }
    }

    /// The same with logs of some runs.
    ///
    /// # Errors
    /// If a run is not in the study, or its kind keeps no logs.
    pub(crate) fn logged(self, logs: &[LogChoice]) -> Result<Self> {
        for (source, log) in self.sources.iter().flat_map(|source| logs.iter().map(move |log| (source, log))) {
            log.check(&source.study)?;
        }
        Ok(Self { logs: logs.to_vec(), ..self })
    }

    /// One study, or a share of its runs.
    ///
    /// # Errors
    /// If the search of rates is asked for or to be taken, and there is none.
    pub(crate) fn of(source: Source, share: &Share, results: &Results) -> Result<Self> {
        let name = &source.study.name;
        let asked = share.shard == Some(Shard::RATES) || share.rates.is_some();
        if asked && !source.study.searches_rates() {
            bail!("study {name} searches no rates: `--shard rates` and --rates are for arms with [arm.tune]");
        }
        let rates = share.rates.clone();
        let Some(shard) = share.shard else { return Ok(Self { rates, ..Self::one(source, results) }) };
        let folder = match shard {
            Shard::RATES => format!("{name}-shard-rates"),
            Shard { index, count } => format!("{name}-shard-{index}-of-{count}"),
        };
        let folder = results.out.join(folder);
        Ok(Self { folder, shard: Some(shard), rates, ..Self::one(source, results) })
    }

    /// Several studies and one report of them all.
    pub(crate) fn several(sources: Vec<Source>, results: &Results) -> Self {
        let folder = results.out.clone();
        Self {
            sources,
            folder,
            several: true,
            json: results.json,
            strict: results.strict,
            shard: None,
            logs: Vec::new(),
            rates: None,
        }
    }

    /// Runs the studies, writes their folders and their report, and prints what they found.
    ///
    /// # Errors
    /// If a folder cannot be written to or holds unfinished work (before anything runs), a study cannot run, or the user stopped it.
    pub(crate) fn execute(self, keeping: &Keeping, output: &mut Output) -> Result<ExitCode> {
        self.execute_with(HashMap::new(), keeping, output)
    }

    /// The same with units of work that were finished elsewhere.
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub(crate) fn execute_with(
        self,
        units: HashMap<String, Vec<u8>>,
        keeping: &Keeping,
        output: &mut Output,
    ) -> Result<ExitCode> {
        let studies = self.sources.iter().map(StudyText::of).collect::<Result<Vec<_>>>()?;
        let rates = self.rates.as_ref().map_or(Ok(HashMap::new()), |folder| rates(folder, &studies))?;
        let workplaces = self.prepare()?;
        let Self { several, json, strict, shard, .. } = self;
        let task = Task::Studies { studies, several, json, strict, shard, logs: self.logs.clone() };
        let inputs: Vec<PathBuf> = self.sources.iter().flat_map(|source| source.study.files()).collect();
        let unfinished = Unfinished::begin(&self.folder, task, &inputs, keeping)?;
        unfinished.checkpoint().adopt(units);
        for (unit, bytes) in &rates {
            unfinished.checkpoint().keep(unit, bytes.clone())?;
        }
        unfinished.checkpoint().adopt(rates);
        self.go_through(&workplaces, unfinished, output)
    }

    fn go_through(&self, workplaces: &[Workplace], unfinished: Unfinished, output: &mut Output) -> Result<ExitCode> {
        match self.shard {
            Some(shard) => unfinished.through(Then::Keep, |unfinished| self.run_shard(shard, unfinished, output)),
            None => unfinished.through(Then::Remove, |unfinished| self.run(workplaces, unfinished, output)),
        }
    }

    /// A share of the runs, which stay in the checkpoint.
    fn run_shard(&self, shard: Shard, unfinished: &Unfinished, output: &mut Output) -> Result<ExitCode> {
        let (study, checkpoint) = (&self.sources[0].study, unfinished.checkpoint());
        if checkpoint.take(SHARD_IS_DONE).is_none() {
            let progress = Progress::new(Some(checkpoint));
            run::run_shard(study, shard, &progress).with_context(|| format!("study {}", study.name))?;
            checkpoint.keep(SHARD_IS_DONE, Vec::new())?;
            checkpoint.flush()?;
        }
        let (name, folder) = (&study.name, self.folder.display());
        let text = match shard {
            Shard::RATES => format!("The rates of {name} are found, in {folder}. Give the shards `--rates {folder}`."),
            Shard { count, .. } => format!(
                "Shard {shard} of {name} is finished, in {folder}. When all {count} are: `tegmentum merge` with their folders."
            ),
        };
        output.line(&wrapped(&text, output.width(), 0))?;
        Ok(ExitCode::SUCCESS)
    }

    /// The folders, tried out.
    fn prepare(&self) -> Result<Vec<Workplace>> {
        let mut workplaces = vec![Workplace::prepare(&self.folder)?];
        for (index, Source { study, .. }) in self.sources.iter().enumerate() {
            if self.sources[..index].iter().any(|other| other.study.name == study.name) {
                bail!("the study {:?} is asked for twice", study.name);
            }
            workplaces.push(Workplace::prepare(&self.folder_of(&study.name))?);
        }
        Ok(workplaces)
    }

    fn folder_of(&self, study: &str) -> PathBuf {
        if self.several { self.folder.join(study) } else { self.folder.clone() }
    }

    /// All studies, the report, and what is to be said.
    fn run(&self, workplaces: &[Workplace], unfinished: &Unfinished, output: &mut Output) -> Result<ExitCode> {
        let mut summaries = Vec::with_capacity(self.sources.len());
        let is_shortened = self.sources.iter().any(|source| source.whole.is_some());
        let mut full = 0.0;
        for (source, workplace) in self.sources.iter().zip(&workplaces[1..]) {
            let (summary, seconds) = run_one(source, is_shortened, workplace, (unfinished, &self.logs))?;
            full += seconds;
            if !self.json {
                let lines = match self.sources.len() {
                    1 => summary::lines(&source.study, &summary, output),
                    _ => summary::answer(&summary, output),
                };
                lines.iter().try_for_each(|line| output.line(line))?;
            }
            summaries.push(summary);
        }
        if is_shortened && !self.json {
            output.line(&format!("\n{}", wrapped(&shortened(&self.sources, &summaries, full), output.width(), 0)))?;
        }
        self.end(&summaries, output)
    }

    /// Writes the report, says where it is or prints the summaries as JSON, and gives the exit code.
    fn end(&self, summaries: &[Summary], output: &mut Output) -> Result<ExitCode> {
        let folders: Vec<PathBuf> = self.sources.iter().map(|source| self.folder_of(&source.study.name)).collect();
        let page = report::write(&folders, &self.folder)?;
        if self.json {
            output.line(&serde_json::to_string_pretty(summaries)?)?;
        } else {
            output.line(&format!("\nReport: {}", page.display()))?;
        }
        let claims = summaries.iter().flat_map(|summary| &summary.claims);
        let all_supported = claims.into_iter().all(|claim| claim.verdict == Verdict::Supported);
        Ok(if self.strict && !all_supported { ExitCode::from(1) } else { ExitCode::SUCCESS })
    }
}

/// The units of the search of rates that is kept in `folder`, for these studies.
///
/// # Errors
/// If it is of another study or version of the program, unfinished, or something else.
fn rates(folder: &Path, studies: &[StudyText]) -> Result<HashMap<String, Vec<u8>>> {
    let (job, mut units) = unfinished::peek(folder)?;
    let shown = folder.display();
    let Task::Studies { studies: kept, shard: Some(Shard::RATES), .. } = &job.task else {
        bail!("--rates {shown}: has no search of rates: must be what `--shard rates` has left");
    };
    if units.remove(SHARD_IS_DONE).is_none() {
        bail!("--rates {shown}: is unfinished: `tegmentum resume {shown}` goes on with it");
    }
    if kept != studies {
        bail!(
            "--rates {shown}: is the search of another study, or of this one with other settings: must be of the same text"
        );
    }
    match job.other_version() {
        Some(versions) => bail!("--rates {shown}: was made by {versions}"),
        None => Ok(units),
    }
}

/// Goes on with studies whose results go to `folder`.
///
/// # Errors
/// As [`Campaign::execute`].
pub(crate) fn resume(unfinished: Unfinished, folder: PathBuf, output: &mut Output) -> Result<ExitCode> {
    let Task::Studies { studies, several, json, strict, shard, logs } = unfinished.job.task.clone() else {
        bail!("{} holds no studies", folder.display());
    };
    let sources = studies.iter().map(StudyText::source).collect::<Result<_>>()?;
    let campaign = Campaign { sources, folder, several, json, strict, shard, logs, rates: None };
    let workplaces = campaign.prepare()?;
    campaign.go_through(&workplaces, unfinished, output)
}

/// Runs one study, unless it is finished; with its summary, the seconds that the whole of it would take, which are written down if
/// studies are shortened.
fn run_one(
    source: &Source,
    is_shortened: bool,
    workplace: &Workplace,
    (unfinished, logs): (&Unfinished, &[LogChoice]),
) -> Result<(Summary, f64)> {
    let Source { study, whole } = source;
    let done = format!("{}/done", study.name);
    let checkpoint = unfinished.checkpoint();
    if let Some(seconds) = checkpoint.take(&done) {
        let seconds = serde_json::from_slice(&seconds)?;
        return Ok((folder::read(workplace.folder())?.summary, seconds));
    }
    let manifest = unfinished.job.manifest.at_work(unfinished.resumed);
    let folder_of_logs = workplace.folder().join(LOGS);
    unfinished.forget_logs(&folder_of_logs)?;
    if !logs.is_empty() {
        unfinished.describe_logs(&folder_of_logs)?;
    }
    let result = {
        let progress = Progress::new(Some(checkpoint)).logged(logs, folder_of_logs);
        run::run(study, whole.is_some(), &progress).with_context(|| format!("study {}", study.name))?
    };
    let full = full_run::seconds(source, manifest.elapsed());
    folder::write(workplace.folder(), &result, &manifest.pairs(source, &result.seconds, is_shortened.then_some(full)))?;
    checkpoint.keep(&done, serde_json::to_vec(&full)?)?;
    Ok((result.summary, full))
}

/// What a full run would add, in two sentences.
fn shortened(sources: &[Source], summaries: &[Summary], seconds: f64) -> String {
    let short = summaries.iter().filter(|summary| summary.quick).count();
    let claims = || summaries.iter().flat_map(|summary| &summary.claims);
    let open = claims().filter(|claim| claim.verdict == Verdict::Inconclusive).count();
    let studies = if summaries.len() == 1 {
        "This study was".to_owned()
    } else {
        format!("{short} of {} studies were", summaries.len())
    };
    let left_out = sources.iter().filter_map(|source| source.study.shortened.as_ref());
    let untested: usize = left_out.map(|shortened| shortened.untested).sum();
    let untested = if untested > 0 { format!(", {untested} more were not tested") } else { String::new() };
    format!(
        "{studies} shortened; {open} of {} claims are left undecided{untested}. A full run {}",
        claims().count(),
        full_run::advice(seconds)
    )
}
