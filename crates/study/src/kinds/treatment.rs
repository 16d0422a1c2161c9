//! Drugs on an arm: the part of interventions that knows where an arm has its modulators.

use crate::config::Arm;
use tegmentum::error::{Error, Result};
use tegmentum::learning::optimizer::OptimizerConfig;
use tegmentum::learning::plasticity::PlasticityConfig;
use tegmentum::neuromodulation::controller::ControllerConfig;
use tegmentum::neuromodulation::nucleus::Transmitter;
use tegmentum::neuromodulation::pharmacology::Drug;
use tegmentum::neuromodulation::system::NeuromodulationConfig;

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
    let mut taken = false;
    if let Some(system) = &mut arm.neuromodulation {
        system.pharmacology.extend_from_slice(drugs);
        taken = true;
    }
    if let Some(controller) = controller_of(&mut arm) {
        controller.pharmacology.extend_from_slice(drugs);
        taken = true;
    }
    if taken { Ok(arm) } else { Err(without_modulators(&arm)) }
}

/// The controller of an optimizer or a rule that has one.
fn controller_of(arm: &mut Arm) -> Option<&mut ControllerConfig> {
    match (&mut arm.optimizer, &mut arm.plasticity) {
        (Some(OptimizerConfig::Dopamine(config)), _) => Some(&mut config.controller),
        (_, Some(PlasticityConfig::NodePerturbation(config))) => Some(&mut config.controller),
        _ => None,
    }
}

pub(crate) fn without_modulators(arm: &Arm) -> Error {
    Error::Incompatible {
        what: "a drug".to_owned(),
        with: format!("arm {:?}", arm.name),
        reason: "it has no modulators; agents with [arm.neuromodulation], the optimizer dopamine and the rule \
                 node_perturbation have"
            .to_owned(),
    }
}

/// How many modulators an arm has intact.
pub(crate) fn intact(arm: &Arm) -> usize {
    let intact = |present: [bool; 4], drugs: &[Drug]| {
        let gone = |of: Transmitter| drugs.contains(&Drug::lesion(of));
        Transmitter::ALL.into_iter().zip(present).filter(|&(of, present)| present && !gone(of)).count()
    };
    let under_controller = |controller: &ControllerConfig| {
        let lesions = controller.lesions;
        let gone = [lesions.dopamine_sign, lesions.acetylcholine, lesions.serotonin, lesions.noradrenaline];
        intact(gone.map(|gone| !gone), &controller.pharmacology)
    };
    let under_system = |system: &NeuromodulationConfig| {
        let parts = system.parts();
        let present = [
            parts.ventral_tegmental_area.is_some(),
            parts.basal_forebrain.is_some(),
            parts.dorsal_raphe.is_some(),
            parts.locus_coeruleus.is_some(),
        ];
        intact(present, &system.pharmacology)
    };
    let system = arm.neuromodulation.as_ref().map_or(0, under_system);
    let controller = match (&arm.optimizer, &arm.plasticity) {
        (Some(OptimizerConfig::Dopamine(config)), _) => under_controller(&config.controller),
        (_, Some(PlasticityConfig::NodePerturbation(config))) => under_controller(&config.controller),
        _ => 0,
    };
    system.max(controller)
}
