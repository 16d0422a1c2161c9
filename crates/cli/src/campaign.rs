//! Runs studies one after the other: each into a folder of its own, with what it found on the terminal.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use tegmentum_study::outcome::{Summary, Verdict};
use tegmentum_study::{folder, run};

use crate::args::Options;
use crate::full_run;
use crate::manifest::Manifest;
use crate::output::{Output, wrapped};
use crate::progress::Progress;
use crate::source::Source;
use crate::summary;
use crate::workplace::Workplace;

/// Runs the studies of `sources`, writes their folders below `options.out`, and prints what they found: all of it for one study,
/// the answers for several.
///
/// # Errors
/// If a folder cannot be written to (before anything runs), a study cannot run, or the user stopped it.
pub(crate) fn run(sources: &[Source], options: &Options, output: &mut Output) -> Result<Vec<Summary>> {
    let mut workplaces = Vec::with_capacity(sources.len());
    for (index, Source { study, .. }) in sources.iter().enumerate() {
        if sources[..index].iter().any(|other| other.study.name == study.name) {
            bail!("the study {:?} is asked for twice", study.name);
        }
        workplaces.push(Workplace::prepare(&options.out.join(&study.name))?);
    }
    let mut summaries = Vec::with_capacity(sources.len());
    let is_shortened = sources.iter().any(|source| source.whole.is_some());
    let mut full = 0.0;
    for (source, workplace) in sources.iter().zip(&workplaces) {
        let (summary, seconds) = run_one(source, is_shortened, workplace)?;
        full += seconds;
        if !options.json {
            let lines = match sources.len() {
                1 => summary::lines(&source.study, &summary, output),
                _ => summary::answer(&summary, output),
            };
            lines.iter().try_for_each(|line| output.line(line))?;
        }
        summaries.push(summary);
    }
    if is_shortened && !options.json {
        output.line(&format!("\n{}", wrapped(&shortened(&summaries, full), output.width(), 0)))?;
    }
    Ok(summaries)
}

/// Runs one study; with its summary, the seconds that the whole of it would take, which are written down if studies are shortened.
fn run_one(source: &Source, is_shortened: bool, workplace: &Workplace) -> Result<(Summary, f64)> {
    let Source { study, whole } = source;
    let manifest = Manifest::begin();
    let result = {
        let progress = Progress::new();
        run::run(study, whole.is_some(), &progress).with_context(|| format!("study {}", study.name))?
    };
    let full = full_run::seconds(source, manifest.elapsed());
    folder::write(workplace.folder(), &result, &manifest.pairs(source, &result.seconds, is_shortened.then_some(full)))?;
    Ok((result.summary, full))
}

/// What a full run would add, in two sentences.
fn shortened(summaries: &[Summary], seconds: f64) -> String {
    let short = summaries.iter().filter(|summary| summary.quick).count();
    let claims = || summaries.iter().flat_map(|summary| &summary.claims);
    let open = claims().filter(|claim| claim.verdict == Verdict::Inconclusive).count();
    let studies = if summaries.len() == 1 {
        "This study was".to_owned()
    } else {
        format!("{short} of {} studies were", summaries.len())
    };
    format!(
        "{studies} shortened; {open} of {} claims are left undecided. A full run {}",
        claims().count(),
        full_run::advice(seconds)
    )
}

/// Ends `run` and `reproduce`: where the report is or the summaries as JSON, and the exit code.
///
/// # Errors
/// If standard output cannot be written.
pub(crate) fn end(
    summaries: &[Summary],
    report: &std::path::Path,
    options: &Options,
    output: &mut Output,
) -> Result<ExitCode> {
    if options.json {
        output.line(&serde_json::to_string_pretty(summaries)?)?;
    } else {
        output.line(&format!("\nReport: {}", report.display()))?;
    }
    let claims = summaries.iter().flat_map(|summary| &summary.claims);
    let all_supported = claims.into_iter().all(|claim| claim.verdict == Verdict::Supported);
    Ok(if options.strict && !all_supported { ExitCode::from(1) } else { ExitCode::SUCCESS })
}
