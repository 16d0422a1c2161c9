//! `change-point`: reduced Bayesian inference about a number that jumps, with one part of it for each modulator.
//!
//! ```text
//!     ΔB = η DA ,   η = (1 + NA)/(1 + 5HT)
//!     DA   = x − B       signed error
//!     ACh  = σ           expected uncertainty: the noise, inferred
//!     NA   = Ω R         unexpected uncertainty: experience that this outcome makes worthless
//!     5HT  = R           patience: trials that the estimate averages over
//! ```
//! Neither noise nor hazard is told. Acetylcholine has no receptor on the learner: the other nuclei see it, it says what is an
//! ordinary error.
//!
//! Reference: M. R. Nassar et al., Journal of Neuroscience 30(37), 12366–12378, 2010, for the rate; which modulator stands for
//! which quantity follows A. J. Yu, P. Dayan, Neuron 46, 681–692, 2005, for acetylcholine and noradrenaline, and is ours for serotonin.

use crate::neuromodulation::modulation::Target;
use crate::neuromodulation::nuclei::basal_forebrain::BasalForebrainConfig;
use crate::neuromodulation::nuclei::basal_forebrain::noise_estimate::NoiseEstimateConfig;
use crate::neuromodulation::nuclei::dorsal_raphe::DorsalRapheConfig;
use crate::neuromodulation::nuclei::dorsal_raphe::run_length::RunLengthConfig;
use crate::neuromodulation::nuclei::locus_coeruleus::LocusCoeruleusConfig;
use crate::neuromodulation::nuclei::locus_coeruleus::change_point_probability::ChangePointProbabilityConfig;
use crate::neuromodulation::nuclei::ventral_tegmental_area::VentralTegmentalAreaConfig;
use crate::neuromodulation::nuclei::ventral_tegmental_area::reward_prediction_error::RewardPredictionErrorConfig;
use crate::neuromodulation::nucleus::Transmitter;
use crate::neuromodulation::preset::Parts;
use crate::neuromodulation::receptor::Receptor;

/// The parts.
pub(crate) fn parts() -> Parts {
    let patience = Receptor::new("serotonin_patience", Transmitter::Serotonin, Target::LearningRate, 1.0);
    Parts {
        ventral_tegmental_area: Some(VentralTegmentalAreaConfig::RewardPredictionError(
            RewardPredictionErrorConfig::default(),
        )),
        basal_forebrain: Some(BasalForebrainConfig::NoiseEstimate(NoiseEstimateConfig::default())),
        dorsal_raphe: Some(DorsalRapheConfig::RunLength(RunLengthConfig::default())),
        locus_coeruleus: Some(LocusCoeruleusConfig::ChangePointProbability(ChangePointProbabilityConfig::default())),
        receptors: vec![
            Receptor::new("dopamine_reinforcement", Transmitter::Dopamine, Target::Reinforcement, 1.0),
            Receptor { divides: true, ..patience },
            Receptor::new("noradrenaline_learning_rate", Transmitter::Noradrenaline, Target::LearningRate, 1.0),
        ],
        ..Parts::default()
    }
}
