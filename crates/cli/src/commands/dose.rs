//! `tegmentum dose`: one arm under a drug at several doses.

use std::process::ExitCode;

use anyhow::Result;
use tegmentum::neuromodulation::nucleus::Transmitter;
use tegmentum_study::dose::{self, DoseAction, DoseConfig};

use super::intervene;
use crate::args::{ActionKind, Dose, ModulatorKind};
use crate::output::Output;

/// Runs all doses and writes the report.
///
/// # Errors
/// If the study, the arm or the receptor is not there, the arm has no modulators, a dose is out of range, or a file cannot
/// be written.
pub(crate) fn execute(arguments: &Dose, output: &mut Output) -> Result<ExitCode> {
    let Dose { study, changes, modulator, receptor, action, doses, choice, length, options } = arguments;
    let config = DoseConfig {
        modulator: transmitter(*modulator),
        receptor: receptor.clone(),
        action: action_of(*action),
        doses: if doses.is_empty() { usual_doses(*action) } else { doses.clone() },
    };
    intervene::run(study, changes, (*length, options), output, |study| {
        dose::of(study, choice.arm.as_deref(), choice.setting.as_deref(), config.clone())
    })
}

fn transmitter(kind: ModulatorKind) -> Transmitter {
    match kind {
        ModulatorKind::Dopamine => Transmitter::Dopamine,
        ModulatorKind::Acetylcholine => Transmitter::Acetylcholine,
        ModulatorKind::Serotonin => Transmitter::Serotonin,
        ModulatorKind::Noradrenaline => Transmitter::Noradrenaline,
    }
}

fn action_of(kind: ActionKind) -> DoseAction {
    match kind {
        ActionKind::Agonist => DoseAction::Agonist,
        ActionKind::Antagonist => DoseAction::Antagonist,
        ActionKind::Clamp => DoseAction::Clamp,
        ActionKind::Lesion => DoseAction::Lesion,
        ActionKind::Noise => DoseAction::Noise,
        ActionKind::Delay => DoseAction::Delay,
    }
}

/// The doses if none are given.
fn usual_doses(kind: ActionKind) -> Vec<f64> {
    match kind {
        ActionKind::Lesion => vec![0.0, 0.25, 0.5, 0.75, 1.0],
        ActionKind::Delay => vec![0.0, 1.0, 3.0, 10.0, 30.0, 100.0],
        _ => vec![0.0, 0.25, 0.5, 1.0, 2.0, 4.0],
    }
}
