//! `tegmentum dose`: one arm under a drug at several doses.

use std::process::ExitCode;

use anyhow::Result;
use tegmentum_study::dose::{self, DoseConfig};

use super::intervene;
use crate::args::Dose;
use crate::output::Output;

/// Runs all doses and writes the report.
///
/// # Errors
/// If the study, the arm or the receptor is not there, the arm has no modulators, a dose is out of range, or a file cannot
/// be written.
pub(crate) fn execute(arguments: &Dose, output: &mut Output) -> Result<ExitCode> {
    let Dose { study, changes, modulator, receptor, action, doses, choice, share, length, options } = arguments;
    let config = DoseConfig {
        modulator: *modulator,
        receptor: receptor.clone(),
        action: *action,
        doses: if doses.is_empty() { action.usual_doses() } else { doses.clone() },
    };
    intervene::run(study, changes, (*length, share, options), output, |study| {
        dose::of(study, choice.arm.as_deref(), choice.setting.as_deref(), config.clone())
    })
}
