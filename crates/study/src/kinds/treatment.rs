//! Drugs on an arm.

use crate::config::Arm;
use tegmentum::error::{Error, Result};
use tegmentum::neuromodulation::nucleus::Transmitter;
use tegmentum::neuromodulation::pharmacology::Drug;

/// The arm with further drugs.
///
/// # Errors
/// [`Error::InvalidParameter`] for a dose out of range, [`Error::Incompatible`] for an arm without modulators.
pub(crate) fn with_drugs(arm: &Arm, drugs: &[Drug]) -> Result<Arm> {
    drugs.iter().try_for_each(Drug::check)?;
    let mut arm = arm.clone();
    if drugs.is_empty() {
        return Ok(arm);
    }
    let Some(mut system) = arm.modulators() else { return Err(without_modulators(&arm)) };
    system.pharmacology.extend_from_slice(drugs);
    arm.set_modulators(system);
    Ok(arm)
}

pub(crate) fn without_modulators(arm: &Arm) -> Error {
    Error::Incompatible {
        what: "a drug".to_owned(),
        with: format!("arm {:?}", arm.name),
        reason: "it has no modulators; agents with [arm.neuromodulation], the optimizer dopamine, the rules \
                 node_perturbation and feedback_alignment, and contexts have"
            .to_owned(),
    }
}

/// How many modulators an arm has intact.
pub(crate) fn intact(arm: &Arm) -> usize {
    let Some(system) = arm.modulators() else { return 0 };
    let parts = system.parts();
    let present = [
        parts.ventral_tegmental_area.is_some(),
        parts.basal_forebrain.is_some(),
        parts.dorsal_raphe.is_some(),
        parts.locus_coeruleus.is_some(),
    ];
    let gone = |of: Transmitter| system.pharmacology.contains(&Drug::lesion(of));
    Transmitter::ALL.into_iter().zip(present).filter(|&(of, present)| present && !gone(of)).count()
}
