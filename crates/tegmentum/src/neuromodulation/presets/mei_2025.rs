//! `mei-2025`: dopamine and noradrenaline of the Go/No-Go study.
//!
//! ```text
//!     reinforcement = δ ,  temperature = 1 + 6 NA ,  learning rate × (1 + 2 NA) ,  NA cleared with τ = 100 trials
//! ```
//! The study has no acetylcholine and no serotonin, and reports no constant: κ = 6, ρ = 2 and τ are inferred.
//!
//! Reference: arXiv:2501.06762, section 6.

use std::collections::BTreeMap;

use crate::neuromodulation::kinetics::KineticsConfig;
use crate::neuromodulation::modulation::Target;
use crate::neuromodulation::nuclei::locus_coeruleus::LocusCoeruleusConfig;
use crate::neuromodulation::nuclei::locus_coeruleus::unexpected_uncertainty::UnexpectedUncertaintyConfig;
use crate::neuromodulation::nuclei::ventral_tegmental_area::VentralTegmentalAreaConfig;
use crate::neuromodulation::nuclei::ventral_tegmental_area::reward_prediction_error::RewardPredictionErrorConfig;
use crate::neuromodulation::nucleus::Transmitter;
use crate::neuromodulation::preset::Parts;
use crate::neuromodulation::receptor::Receptor;

/// The parts.
pub(crate) fn parts() -> Parts {
    let noradrenaline = KineticsConfig { clearance: Some(100.0), ..KineticsConfig::default() };
    Parts {
        ventral_tegmental_area: Some(VentralTegmentalAreaConfig::RewardPredictionError(
            RewardPredictionErrorConfig::default(),
        )),
        locus_coeruleus: Some(LocusCoeruleusConfig::UnexpectedUncertainty(UnexpectedUncertaintyConfig::default())),
        kinetics: BTreeMap::from([(Transmitter::Noradrenaline, noradrenaline)]),
        receptors: vec![
            Receptor::new("dopamine_reinforcement", Transmitter::Dopamine, Target::Reinforcement, 1.0),
            Receptor::new("noradrenaline_temperature", Transmitter::Noradrenaline, Target::Temperature, 6.0),
            Receptor::new("noradrenaline_plasticity", Transmitter::Noradrenaline, Target::LearningRate, 2.0),
        ],
        ..Parts::default()
    }
}
