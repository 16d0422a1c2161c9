//! `contexts`: four modulators for a learner of tasks that follow one another. Ours.
//!
//! ```text
//!     dopamine         what noise on the hidden units did to the loss: the third factor of every weight (reinforcement)
//!     acetylcholine    expected uncertainty, tone 1: errors count in units of their usual size, at a synapse its own (error size)
//!     serotonin        patience, tone 1: rates cool with the age of a context, weights that answer are averages (patience)
//!     noradrenaline    unexpected uncertainty: Page's sum C of surprise; level C/4.8 · (1 − .6 serotonin)
//!                      at level 1 the context is looked for anew (reset): C = 12 with serotonin, 4.8 without
//! ```
//! What follows is the learner's business ([`contexts`](../../learning/continual/contexts/index.html)). A lesion of dopamine learns
//! nothing; of acetylcholine divides nothing and writes whatever comes; of serotonin keeps the first rate, answers with the weights as
//! they are and is quick to take another context; of noradrenaline stays in its first context for ever, and, as acetylcholine goes on refusing what is not expected, learns nothing of what
//! comes later: nothing is forgotten then, and nothing learned.
//!
//! Roles are from the literature, all strengths are ours, chosen on seeds that are not reported.
//!
//! References: A. J. Yu, P. Dayan, Neuron 46, 681–692, 2005 (expected and unexpected uncertainty); E. S. Page, Biometrika 41, 100–115,
//! 1954; K. Miyazaki, K. W. Miyazaki, K. Doya, J. Neurosci. 31, 469–479, 2011 (serotonin and waiting); S. Bouret, S. J. Sara, Trends
//! Neurosci. 28, 574–582, 2005 (noradrenaline and reset).

use crate::neuromodulation::coupling::{Coupling, CouplingKind, Drive};
use crate::neuromodulation::modulation::Target;
use crate::neuromodulation::nuclei::basal_forebrain::BasalForebrainConfig;
use crate::neuromodulation::nuclei::dorsal_raphe::DorsalRapheConfig;
use crate::neuromodulation::nuclei::locus_coeruleus::LocusCoeruleusConfig;
use crate::neuromodulation::nuclei::locus_coeruleus::cumulative_surprise::CumulativeSurpriseConfig;
use crate::neuromodulation::nuclei::tonic_activity::TonicActivityConfig;
use crate::neuromodulation::nuclei::ventral_tegmental_area::VentralTegmentalAreaConfig;
use crate::neuromodulation::nuclei::ventral_tegmental_area::regret::RegretConfig;
use crate::neuromodulation::nucleus::Transmitter::{Acetylcholine, Dopamine, Noradrenaline, Serotonin};
use crate::neuromodulation::preset::Parts;
use crate::neuromodulation::receptor::Receptor;

/// Cumulative surprise that calls for another context when there is no serotonin.
const THRESHOLD: f64 = 4.8;
/// Share of noradrenaline that serotonin holds back: 4.8/(1 − .6) = 12.
const HELD_BACK: f64 = 0.6;

/// The parts.
pub(crate) fn parts() -> Parts {
    let tone = TonicActivityConfig::default();
    let surprise = CumulativeSurpriseConfig { threshold: THRESHOLD, ..CumulativeSurpriseConfig::default() };
    Parts {
        ventral_tegmental_area: Some(VentralTegmentalAreaConfig::Regret(RegretConfig::default())),
        basal_forebrain: Some(BasalForebrainConfig::TonicActivity(tone)),
        dorsal_raphe: Some(DorsalRapheConfig::TonicActivity(tone)),
        locus_coeruleus: Some(LocusCoeruleusConfig::CumulativeSurprise(surprise)),
        couplings: vec![Coupling {
            from: Drive::Serotonin,
            to: Noradrenaline,
            kind: CouplingKind::Modulatory,
            strength: -HELD_BACK,
        }],
        receptors: vec![
            Receptor::new("dopamine_reinforcement", Dopamine, Target::Reinforcement, 1.0),
            Receptor::new("acetylcholine_error_size", Acetylcholine, Target::ErrorSize, 1.0),
            Receptor::new("serotonin_patience", Serotonin, Target::Patience, 1.0),
            Receptor::new("noradrenaline_reset", Noradrenaline, Target::Reset, 1.0),
        ],
        ..Parts::default()
    }
}
