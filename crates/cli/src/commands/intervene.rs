//! What `lesion` and `dose` have in common: a study becomes another one, which is run like any other.

use std::process::ExitCode;

use anyhow::{Context, Result};
use tegmentum_study::config::StudyConfig;

use crate::args::{Length, Options, Share};
use crate::campaign::Campaign;
use crate::output::Output;
use crate::source::{self, Source};

/// Reads a study, makes it into that of an intervention, runs it and writes its report.
///
/// # Errors
/// If the study is wrong, cannot be made into one of the intervention or cannot run, or a file cannot be written.
pub(super) fn run(
    name: &str,
    changes: &[String],
    (length, share, options): (Length, &Share, &Options),
    output: &mut Output,
    intervention: impl Fn(&StudyConfig) -> tegmentum::error::Result<StudyConfig>,
) -> Result<ExitCode> {
    let source = source::study(name, changes, length.quick, options.seeds.map(Into::into))?;
    let treated = |study: &StudyConfig| {
        let study = intervention(study).with_context(|| format!("study {}", study.name))?;
        // Checked like a study from a file: what was typed may not fit together.
        Ok::<_, anyhow::Error>(StudyConfig::from_toml(&study.to_toml()?, &format!("study {}", study.name))?)
    };
    let source = Source { study: treated(&source.study)?, whole: source.whole.as_ref().map(treated).transpose()? };
    Campaign::of(source, share, &options.results)?.execute(&options.results.keeping, output)
}
