//! `tegmentum lesion`: one arm with every set of its modulators left intact.

use std::process::ExitCode;

use anyhow::Result;
use tegmentum_study::lesions;

use super::intervene;
use crate::args::Lesion;
use crate::output::Output;

/// Runs all sixteen sets and writes the report.
///
/// # Errors
/// If the study, the arm or a metric is not there, the arm has no modulators, or a file cannot be written.
pub(crate) fn execute(arguments: &Lesion, output: &mut Output) -> Result<ExitCode> {
    let Lesion { study, changes, choice, metrics, share, length, options } = arguments;
    intervene::run(study, changes, (*length, share, options), output, |study| {
        lesions::of(study, choice.arm.as_deref(), choice.setting.as_deref(), metrics)
    })
}
