//! `tegmentum merge`: the shards of a study become the study's results.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use tegmentum_study::shard::Shard;

use crate::args::Merge;
use crate::campaign::{Campaign, SHARD_IS_DONE};
use crate::output::Output;
use crate::unfinished::{self, Job, StudyText, Task};

/// A shard as its folder has it.
struct Part {
    folder: PathBuf,
    job: Job,
    text: StudyText,
    shard: Shard,
    units: HashMap<String, Vec<u8>>,
}

/// Puts the shards together, writes the folder of the study and its report, and prints what it found.
///
/// # Errors
/// If a folder has no shard, a shard is unfinished or missing or there twice, they are of several studies or versions of the program, or
/// the results cannot be written.
pub(crate) fn execute(arguments: &Merge, output: &mut Output) -> Result<ExitCode> {
    let parts = arguments.folders.iter().map(|folder| part(folder)).collect::<Result<Vec<Part>>>()?;
    let [first, others @ ..] = &parts[..] else { bail!("no folder is given") };
    for other in others {
        if other.text != first.text || !other.job.is_of_the_version_of(&first.job) {
            bail!(
                "{} and {} are not shards of one study, run by one version of the program",
                first.folder.display(),
                other.folder.display()
            );
        }
    }
    let shards: Vec<&Part> = parts.iter().filter(|part| part.shard != Shard::RATES).collect();
    check_complete(&shards)?;
    let source = first.text.source()?;
    let mut units = HashMap::new();
    for part in parts {
        units.extend(part.units);
    }
    Campaign::one(source, &arguments.results).execute_with(units, &arguments.results.keeping, output)
}

/// The shard in a folder.
fn part(folder: &Path) -> Result<Part> {
    let (job, units) = unfinished::peek(folder)?;
    let Task::Studies { studies, shard: Some(shard), .. } = &job.task else {
        bail!(
            "{} holds no shard: shards are what `--shard I/N` of `run`, `lesion` and `dose` leaves",
            folder.display()
        );
    };
    if !units.contains_key(SHARD_IS_DONE) {
        bail!("{0} is unfinished: `tegmentum resume {0}` goes on with it", folder.display());
    }
    let (text, shard) = (studies[0].clone(), *shard);
    Ok(Part { folder: folder.to_owned(), text, shard, units, job })
}

/// Whether every shard that makes runs is there once.
fn check_complete(parts: &[&Part]) -> Result<()> {
    let Some(count) = parts.first().map(|part| part.shard.count) else {
        bail!("there is a search of rates alone: the shards that make the runs are missing");
    };
    let mut places: Vec<Option<&Path>> = vec![None; count as usize];
    for Part { folder, shard, .. } in parts {
        if shard.count != count {
            bail!("{} is shard {shard}, but {} is one of {count}", folder.display(), parts[0].folder.display());
        }
        let place = &mut places[shard.index as usize - 1];
        if let Some(other) = place {
            bail!("{} and {} are both shard {shard}", other.display(), folder.display());
        }
        *place = Some(folder);
    }
    let missing: Vec<String> =
        (1..=count).filter(|index| places[*index as usize - 1].is_none()).map(|index| index.to_string()).collect();
    if !missing.is_empty() {
        bail!("of {count} shards these are missing: {}", missing.join(", "));
    }
    Ok(())
}
