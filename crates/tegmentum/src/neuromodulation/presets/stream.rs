//! `stream`: four modulators for a learner of single examples, one after another. Ours.
//!
//! ```text
//!     dopamine         what noise on the hidden units did to the loss: the third factor of every weight (reinforcement)
//!     acetylcholine    √q, the usual size of prediction errors; steps are divided by it, at each synapse by its own (error size)
//!     serotonin        horizon h = t/500, t examples since the last surprise: the rate cools to 1/(1 + h) (patience)
//!     noradrenaline    Page's sum C of surprise, C/12: at level 1 the rate and all statistics begin anew (reset)
//! ```
//! What follows is the learner's business ([`online`](../../learning/online/index.html)). A lesion of dopamine learns nothing; of
//! acetylcholine divides nothing; of serotonin keeps the first rate; of noradrenaline never begins anew.
//!
//! Roles are from the literature, all strengths are ours.
//!
//! References: A. J. Yu, P. Dayan, Neuron 46, 681–692, 2005 (expected and unexpected uncertainty); E. S. Page, Biometrika 41, 100–115,
//! 1954; K. Miyazaki, K. W. Miyazaki, K. Doya, J. Neurosci. 31, 469–479, 2011 (serotonin and waiting); S. Bouret, S. J. Sara, Trends
//! Neurosci. 28, 574–582, 2005 (noradrenaline and reset).

use crate::neuromodulation::modulation::Target;
use crate::neuromodulation::nuclei::basal_forebrain::BasalForebrainConfig;
use crate::neuromodulation::nuclei::basal_forebrain::error_size::ErrorSizeConfig;
use crate::neuromodulation::nuclei::dorsal_raphe::DorsalRapheConfig;
use crate::neuromodulation::nuclei::dorsal_raphe::horizon::HorizonConfig;
use crate::neuromodulation::nuclei::locus_coeruleus::LocusCoeruleusConfig;
use crate::neuromodulation::nuclei::locus_coeruleus::cumulative_surprise::CumulativeSurpriseConfig;
use crate::neuromodulation::nuclei::ventral_tegmental_area::VentralTegmentalAreaConfig;
use crate::neuromodulation::nuclei::ventral_tegmental_area::regret::RegretConfig;
use crate::neuromodulation::nucleus::Transmitter::{Acetylcholine, Dopamine, Noradrenaline, Serotonin};
use crate::neuromodulation::preset::Parts;
use crate::neuromodulation::receptor::Receptor;

/// Examples after which the rate has halved.
const REACH: f64 = 500.0;

/// The parts.
pub(crate) fn parts() -> Parts {
    Parts {
        ventral_tegmental_area: Some(VentralTegmentalAreaConfig::Regret(RegretConfig::default())),
        basal_forebrain: Some(BasalForebrainConfig::ErrorSize(ErrorSizeConfig::default())),
        dorsal_raphe: Some(DorsalRapheConfig::Horizon(HorizonConfig { reach: REACH })),
        locus_coeruleus: Some(LocusCoeruleusConfig::CumulativeSurprise(CumulativeSurpriseConfig::default())),
        receptors: vec![
            Receptor::new("dopamine_reinforcement", Dopamine, Target::Reinforcement, 1.0),
            Receptor::new("acetylcholine_error_size", Acetylcholine, Target::ErrorSize, 1.0),
            Receptor::new("serotonin_patience", Serotonin, Target::Patience, 1.0),
            Receptor::new("noradrenaline_reset", Noradrenaline, Target::Reset, 1.0),
        ],
        ..Parts::default()
    }
}
