//! `tegmentum`: all four modulators on one learner that acts. Ours.
//!
//! ```text
//!     dopamine         reinforcement = δ
//!     noradrenaline    burst of 1 on unexpected uncertainty, cleared with τ = 60
//!                      temperature × (1 + 13 NA) ,  learning rate × (1 + 10 NA) ,  where M < 0: × 1/(1 + NA)
//!                      reset of the memory of contexts where 2 NA ≥ 1
//!     acetylcholine    U, the usual size of outcome errors, rate 1/40
//!                      temperature × (1 + ACh) ,  burst × max(0, 1 − 2 ACh)
//!     serotonin        r̄, the average reward, rate 1/50
//!                      threshold of a response + 12 5HT
//! ```
//! M reinforcement, δ prediction error. What each is for:
//! - **A burst** opens the search when outcomes are no longer the expected ones. It is larger and shorter than in
//!   [`mei_2025`](super::mei_2025) and counts more for plasticity, less so for punishment: a response is tried more than once before
//!   it is given up.
//!   Its reset says to an agent with a memory of contexts (`contexts` of `actor_critic`, 0 by default) that the rule is no longer the same.
//!   Nothing else hears it.
//! - **Acetylcholine** makes bursts smaller where errors are usual, and keeps choices a little open for as long as outcomes cannot
//!   be predicted (convergent with noradrenaline).
//! - **Serotonin** withholds. While things go well it holds back responses, which the actor learns to overcome; when rewards fail to
//!   come the hold loosens, and responses that had been given up are tried again: the way out of the trap of a Go cue that is never
//!   tried. It acts on agents that have a choice which is no response.
//!
//! # `uncertain-worlds`
//! The same for rewards that may be false, and for those that never are: the locus coeruleus divides surprise by expected uncertainty
//! ([`standardised_surprise`](crate::neuromodulation::nuclei::locus_coeruleus::standardised_surprise)), so that acetylcholine need not make bursts
//! smaller (no arrow between modulators). The agent's predictor should be slow: `outcome_rate = 0.0125`. Surprise is cut at 4 deviations
//! and .35 of one is subtracted (3 and .4 by default), so that a shift is found sooner where rewards are certain. The price is a few more
//! bursts before the shift where some are false (studies `go-no-go`, `go-no-go-probabilistic`).
//!
//! # Where the numbers come from
//! 13, 10, 60, 1, 1, 2 and 12 were chosen among some fifty settings on seeds 0–99 of the Go/No-Go task with extradimensional,
//! intradimensional and serial shifts, for the share of solved runs and the trials to criterion; the rates are those of the
//! models, rounded. 4 and .35 were chosen on seeds 0–399 of extradimensional shifts and reversals, with certain rewards and with one in
//! five false. None of them is measured in an animal; roles are from the literature, all strengths and arrows are inferred.
//!
//! # Measured
//! See the page on [Go/No-Go](https://github.com/tegmentum/tegmentum/blob/main/docs/go-no-go.md), with where it fails.
//!
//! References for the roles: A. J. Yu, P. Dayan, Neuron 46, 681–692, 2005 (expected and unexpected uncertainty); N. D. Daw,
//! S. Kakade, P. Dayan, Neural Networks 15, 603–616, 2002 (serotonin and average reward); arXiv:2501.06762 (noradrenaline at a shift, many
//! modulators to one task).

use std::collections::BTreeMap;

use crate::neuromodulation::coupling::{Coupling, CouplingKind, Drive};
use crate::neuromodulation::kinetics::KineticsConfig;
use crate::neuromodulation::modulation::{Place, Target};
use crate::neuromodulation::nuclei::basal_forebrain::BasalForebrainConfig;
use crate::neuromodulation::nuclei::basal_forebrain::expected_uncertainty::ExpectedUncertaintyConfig;
use crate::neuromodulation::nuclei::dorsal_raphe::DorsalRapheConfig;
use crate::neuromodulation::nuclei::dorsal_raphe::average_outcome::AverageOutcomeConfig;
use crate::neuromodulation::nuclei::locus_coeruleus::LocusCoeruleusConfig;
use crate::neuromodulation::nuclei::locus_coeruleus::standardised_surprise::StandardisedSurpriseConfig;
use crate::neuromodulation::nuclei::locus_coeruleus::unexpected_uncertainty::UnexpectedUncertaintyConfig;
use crate::neuromodulation::nuclei::ventral_tegmental_area::VentralTegmentalAreaConfig;
use crate::neuromodulation::nuclei::ventral_tegmental_area::reward_prediction_error::RewardPredictionErrorConfig;
use crate::neuromodulation::nucleus::Transmitter::{Acetylcholine, Dopamine, Noradrenaline, Serotonin};
use crate::neuromodulation::preset::Parts;
use crate::neuromodulation::receptor::Receptor;

/// The parts for worlds in which outcomes may be false.
pub(crate) fn for_uncertain_worlds() -> Parts {
    with_surprise(StandardisedSurpriseConfig { largest_surprise: 4.0, drift: 0.35, ..Default::default() })
}

/// The parts with a locus coeruleus that divides surprise by expected uncertainty, and no arrow between modulators.
pub(crate) fn with_surprise(surprise: StandardisedSurpriseConfig) -> Parts {
    Parts {
        locus_coeruleus: Some(LocusCoeruleusConfig::StandardisedSurprise(surprise)),
        couplings: Vec::new(),
        ..parts()
    }
}

/// The parts.
pub(crate) fn parts() -> Parts {
    let noradrenaline = KineticsConfig { clearance: Some(60.0), ..KineticsConfig::default() };
    Parts {
        ventral_tegmental_area: Some(VentralTegmentalAreaConfig::RewardPredictionError(
            RewardPredictionErrorConfig::default(),
        )),
        basal_forebrain: Some(BasalForebrainConfig::ExpectedUncertainty(ExpectedUncertaintyConfig::default())),
        dorsal_raphe: Some(DorsalRapheConfig::AverageOutcome(AverageOutcomeConfig { rate: 0.02 })),
        locus_coeruleus: Some(LocusCoeruleusConfig::UnexpectedUncertainty(UnexpectedUncertaintyConfig::default())),
        kinetics: BTreeMap::from([(Noradrenaline, noradrenaline)]),
        couplings: vec![Coupling {
            from: Drive::Acetylcholine,
            to: Noradrenaline,
            kind: CouplingKind::Modulatory,
            strength: -2.0,
        }],
        receptors: vec![
            Receptor::new("dopamine_reinforcement", Dopamine, Target::Reinforcement, 1.0),
            Receptor::new("noradrenaline_temperature", Noradrenaline, Target::Temperature, 13.0),
            Receptor::new("noradrenaline_plasticity", Noradrenaline, Target::LearningRate, 10.0),
            Receptor {
                divides: true,
                ..Receptor::new("noradrenaline_leniency", Noradrenaline, Target::NegativeLearningRate, 1.0)
            },
            Receptor {
                place: Place::Population("contexts".to_owned()),
                ..Receptor::new("noradrenaline_reset", Noradrenaline, Target::Reset, 2.0)
            },
            Receptor::new("acetylcholine_temperature", Acetylcholine, Target::Temperature, 1.0),
            Receptor::new("serotonin_inhibition", Serotonin, Target::Threshold, 12.0),
        ],
    }
}
