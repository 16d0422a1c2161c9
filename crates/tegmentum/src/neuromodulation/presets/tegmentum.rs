//! `tegmentum`: all four modulators on one learner that acts. Ours.
//!
//! ```text
//!     dopamine         reinforcement = δ
//!     noradrenaline    burst of 1 on unexpected uncertainty, cleared with τ = 50 ;  temperature × (1 + 8 NA), learning rate × (1 + 8 NA)
//!     acetylcholine    U, the usual size of outcome errors (rate 1/40) ;            temperature × (1 + 4 ACh)
//!     serotonin        r̄, the average reward (rate 1/50) ;                          threshold of a response + 8 5HT
//! ```
//! What each is for:
//! - A **burst** opens the search when outcomes are no longer the expected ones. It is larger and shorter than in
//!   [`mei_2025`](super::mei_2025), and counts more for plasticity: the new rule is written while there is something to write.
//! - **Acetylcholine** keeps the search going for as long as outcomes cannot be predicted, whatever the clearance of noradrenaline; both
//!   meet on one receptor's target (convergent). In a world that stays uncertain this has a price: choices stay random.
//! - **Serotonin** withholds. While things go well it holds back responses, which the actor learns to overcome; when rewards fail to
//!   come, the hold loosens and responses that had been given up are tried again. That is the way out of the trap of a new Go cue
//!   that is never tried. It acts on agents that have a choice which is no response.
//!
//! # Where the numbers come from
//! κ, ρ, τ, 4 and 8 were chosen among some thirty settings on seeds 0–99 of the Go/No-Go task, extradimensional and
//! intradimensional shift together, for the share of solved runs and the trials to criterion; rates are those of the readings.
//! None of them is measured in an animal; all couplings are inferred.
//!
//! # Measured
//! See the page on [Go/No-Go](https://github.com/tegmentum/tegmentum/blob/main/docs/go-no-go.md), with where it fails.
//!
//! References for the roles: A. J. Yu, P. Dayan, Neuron 46, 681–692, 2005 (expected and unexpected uncertainty); N. D. Daw,
//! S. Kakade, P. Dayan, Neural Networks 15, 603–616, 2002 (serotonin and average reward); arXiv:2501.06762 (noradrenaline at a shift, many
//! modulators to one task).

use std::collections::BTreeMap;

use crate::neuromodulation::kinetics::KineticsConfig;
use crate::neuromodulation::modulation::Target;
use crate::neuromodulation::nuclei::basal_forebrain::BasalForebrainConfig;
use crate::neuromodulation::nuclei::basal_forebrain::expected_uncertainty::ExpectedUncertaintyConfig;
use crate::neuromodulation::nuclei::dorsal_raphe::DorsalRapheConfig;
use crate::neuromodulation::nuclei::dorsal_raphe::average_outcome::AverageOutcomeConfig;
use crate::neuromodulation::nuclei::locus_coeruleus::LocusCoeruleusConfig;
use crate::neuromodulation::nuclei::locus_coeruleus::unexpected_uncertainty::UnexpectedUncertaintyConfig;
use crate::neuromodulation::nuclei::ventral_tegmental_area::VentralTegmentalAreaConfig;
use crate::neuromodulation::nuclei::ventral_tegmental_area::reward_prediction_error::RewardPredictionErrorConfig;
use crate::neuromodulation::nucleus::Transmitter::{Acetylcholine, Dopamine, Noradrenaline, Serotonin};
use crate::neuromodulation::preset::Parts;
use crate::neuromodulation::receptor::Receptor;

/// The parts.
pub(crate) fn parts() -> Parts {
    let noradrenaline = KineticsConfig { clearance: Some(50.0), ..KineticsConfig::default() };
    Parts {
        ventral_tegmental_area: Some(VentralTegmentalAreaConfig::RewardPredictionError(
            RewardPredictionErrorConfig::default(),
        )),
        basal_forebrain: Some(BasalForebrainConfig::ExpectedUncertainty(ExpectedUncertaintyConfig::default())),
        dorsal_raphe: Some(DorsalRapheConfig::AverageOutcome(AverageOutcomeConfig { rate: 0.02 })),
        locus_coeruleus: Some(LocusCoeruleusConfig::UnexpectedUncertainty(UnexpectedUncertaintyConfig::default())),
        kinetics: BTreeMap::from([(Noradrenaline, noradrenaline)]),
        receptors: vec![
            Receptor::new("dopamine_reinforcement", Dopamine, Target::Reinforcement, 1.0),
            Receptor::new("noradrenaline_temperature", Noradrenaline, Target::Temperature, 8.0),
            Receptor::new("noradrenaline_plasticity", Noradrenaline, Target::LearningRate, 8.0),
            Receptor::new("acetylcholine_temperature", Acetylcholine, Target::Temperature, 4.0),
            Receptor::new("serotonin_inhibition", Serotonin, Target::Threshold, 8.0),
        ],
        ..Parts::default()
    }
}
