//! Runs studies one after the other: each into a folder of its own, with what it found on the terminal.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use tegmentum_study::config::StudyConfig;
use tegmentum_study::outcome::{Summary, Verdict};
use tegmentum_study::{folder, run};

use crate::args::{Options, Threads};
use crate::interrupt;
use crate::manifest::Manifest;
use crate::output::Output;
use crate::progress::Progress;
use crate::summary;
use crate::workplace::Workplace;

/// Runs `studies`, writes their folders below `options.out`, and prints what they found.
///
/// # Errors
/// If a folder cannot be written to (before anything runs), a study cannot run, or the user stopped it.
pub(crate) fn run(studies: &[StudyConfig], options: &Options, output: &mut Output) -> Result<Vec<Summary>> {
    let mut workplaces = Vec::with_capacity(studies.len());
    for (index, study) in studies.iter().enumerate() {
        if studies[..index].iter().any(|other| other.name == study.name) {
            bail!("the study {:?} is asked for twice", study.name);
        }
        workplaces.push(Workplace::prepare(&options.out.join(&study.name))?);
    }
    use_threads(options.threads)?;
    interrupt::listen()?;
    let mut summaries = Vec::with_capacity(studies.len());
    for (study, workplace) in studies.iter().zip(&workplaces) {
        let summary = run_one(study, options.quick, workplace)?;
        if !options.json {
            for line in summary::lines(study, &summary, output) {
                output.line(&line)?;
            }
        }
        summaries.push(summary);
    }
    Ok(summaries)
}

fn run_one(study: &StudyConfig, quick: bool, workplace: &Workplace) -> Result<Summary> {
    let manifest = Manifest::begin();
    let result = {
        let progress = Progress::new();
        run::run(study, quick, &progress).with_context(|| format!("study {}", study.name))?
    };
    folder::write(workplace.folder(), &result, &manifest.pairs(study.seeds, &result.seconds))?;
    Ok(result.summary)
}

/// Sets the number of threads of everything that follows.
///
/// # Errors
/// If the system does not give that many.
pub(crate) fn use_threads(threads: Threads) -> Result<()> {
    let count = threads.count.map_or(0, usize::from);
    rayon::ThreadPoolBuilder::new().num_threads(count).build_global().context("cannot start the threads")
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
