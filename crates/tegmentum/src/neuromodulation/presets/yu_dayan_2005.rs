//! `yu-dayan-2005`: acetylcholine is the uncertainty that is expected, noradrenaline the one that is not.
//!
//! ```text
//!     ACh = 1 − γ ,  NE = 1 − λ , a burst of 1 at a new context           see the two models
//!     reinforcement = δ ,  learning rate × (1 + 2 NE)/(1 + ACh) ,  temperature × (1 + 3 NE)
//! ```
//! γ validity of predictions within the context, λ probability of the context ·
//! [cue invalidity](crate::neuromodulation::nuclei::basal_forebrain::cue_invalidity) ·
//! [context doubt](crate::neuromodulation::nuclei::locus_coeruleus::context_doubt).
//!
//! The paper is about inference, not about learning by reward: there, both uncertainties weigh what is expected against what is seen
//! (the effect of a cue goes like (1 − ACh)(1 − NE)). Inferred: all three effects and their strengths; noise that is expected calls for
//! smaller steps, noise that is not for larger ones. It has neither serotonin nor, in the paper, dopamine.
//!
//! Reference: A. J. Yu, P. Dayan, *Uncertainty, neuromodulation, and attention*, Neuron 46, 681–692, 2005.

use std::collections::BTreeMap;

use crate::neuromodulation::kinetics::KineticsConfig;
use crate::neuromodulation::modulation::Target;
use crate::neuromodulation::nuclei::basal_forebrain::BasalForebrainConfig;
use crate::neuromodulation::nuclei::basal_forebrain::cue_invalidity::CueInvalidityConfig;
use crate::neuromodulation::nuclei::locus_coeruleus::LocusCoeruleusConfig;
use crate::neuromodulation::nuclei::locus_coeruleus::context_doubt::ContextDoubtConfig;
use crate::neuromodulation::nuclei::ventral_tegmental_area::VentralTegmentalAreaConfig;
use crate::neuromodulation::nuclei::ventral_tegmental_area::reward_prediction_error::RewardPredictionErrorConfig;
use crate::neuromodulation::nucleus::Transmitter;
use crate::neuromodulation::preset::Parts;
use crate::neuromodulation::receptor::Receptor;

/// The parts. The burst clears within ten moments; the doubt is there at once.
pub(crate) fn parts() -> Parts {
    Parts {
        ventral_tegmental_area: Some(VentralTegmentalAreaConfig::RewardPredictionError(
            RewardPredictionErrorConfig::default(),
        )),
        basal_forebrain: Some(BasalForebrainConfig::CueInvalidity(CueInvalidityConfig::default())),
        locus_coeruleus: Some(LocusCoeruleusConfig::ContextDoubt(ContextDoubtConfig::default())),
        kinetics: BTreeMap::from([(
            Transmitter::Noradrenaline,
            KineticsConfig { clearance: Some(10.0), ..KineticsConfig::default() },
        )]),
        receptors: vec![
            Receptor::new("dopamine_reinforcement", Transmitter::Dopamine, Target::Reinforcement, 1.0),
            Receptor {
                divides: true,
                ..Receptor::new("acetylcholine_plasticity", Transmitter::Acetylcholine, Target::LearningRate, 1.0)
            },
            Receptor::new("noradrenaline_plasticity", Transmitter::Noradrenaline, Target::LearningRate, 2.0),
            Receptor::new("noradrenaline_temperature", Transmitter::Noradrenaline, Target::Temperature, 3.0),
        ],
        ..Parts::default()
    }
}
