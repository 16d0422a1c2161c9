//! `doya-2002`: one parameter of reinforcement learning for each modulator, and seven arrows between them.
//!
//! ```text
//!     reinforcement = δ ,  discount × (1 + .1 S) ,  temperature × 1/(1 + N) ,  learning rate × (1 + A)
//!
//!     S = [1 − Var δ]₊                                                    (b) variable dopamine inhibits serotonin
//!     N = (1 + |V − V̄|) · [1 − Var_a Q]₊ · [1 − .25 S]₊                    (e) extreme values excite, (f) spread of Q and
//!                                                                         (c) serotonin inhibit noradrenaline
//!     A = [1 − .25 S]₊ · [1 − f]₊                                          (d) serotonin and (g) flips of δ's sign inhibit acetylcholine
//!     D = δ · [1 + .25 S sign V]₊                                          (a) serotonin helps dopamine where good is expected
//! ```
//! D dopamine, A acetylcholine, S serotonin, N noradrenaline `[level]`; a modulator's effect on another is that of its level in the
//! moment before · δ reward prediction error, V value, V̄ its running mean `[reward]` · Var_a Q variance over actions of their
//! values · f share of prediction errors that change sign · the tone of A, S and N before any arrow is 1.
//!
//! Without noradrenaline an agent has its own inverse temperature, without acetylcholine its own learning rate: the tone doubles
//! them. Read in a third party's account: the seven arrows. Inferred: every strength and form, and that all effects are relative.
//!
//! Reference: K. Doya, *Metalearning and neuromodulation*, Neural Networks 15, 495–506, 2002.

use crate::neuromodulation::coupling::{Coupling, CouplingKind, Drive};
use crate::neuromodulation::modulation::Target;
use crate::neuromodulation::nuclei::basal_forebrain::BasalForebrainConfig;
use crate::neuromodulation::nuclei::dorsal_raphe::DorsalRapheConfig;
use crate::neuromodulation::nuclei::locus_coeruleus::LocusCoeruleusConfig;
use crate::neuromodulation::nuclei::tonic_activity::TonicActivityConfig;
use crate::neuromodulation::nuclei::ventral_tegmental_area::VentralTegmentalAreaConfig;
use crate::neuromodulation::nuclei::ventral_tegmental_area::reward_prediction_error::RewardPredictionErrorConfig;
use crate::neuromodulation::nucleus::Transmitter;
use crate::neuromodulation::preset::Parts;
use crate::neuromodulation::receptor::Receptor;

/// The arrows (a) to (g), in that order but for (e), which adds to a tone before (c) and (f) scale it.
fn arrows() -> Vec<Coupling> {
    use Transmitter::{Acetylcholine, Dopamine, Noradrenaline, Serotonin};
    let modulatory = |from, to, strength| Coupling { from, to, kind: CouplingKind::Modulatory, strength };
    vec![
        modulatory(Drive::SerotoninBySignOfValue, Dopamine, 0.25),
        modulatory(Drive::PredictionErrorVariance, Serotonin, -1.0),
        Coupling { from: Drive::ValueDeviation, to: Noradrenaline, kind: CouplingKind::Opponent, strength: -1.0 },
        modulatory(Drive::Serotonin, Noradrenaline, -0.25),
        modulatory(Drive::Serotonin, Acetylcholine, -0.25),
        modulatory(Drive::ActionValueVariance, Noradrenaline, -1.0),
        modulatory(Drive::PredictionErrorFlipRate, Acetylcholine, -1.0),
    ]
}

/// The parts.
pub(crate) fn parts() -> Parts {
    let tone = TonicActivityConfig::default();
    Parts {
        ventral_tegmental_area: Some(VentralTegmentalAreaConfig::RewardPredictionError(
            RewardPredictionErrorConfig::default(),
        )),
        basal_forebrain: Some(BasalForebrainConfig::TonicActivity(tone)),
        dorsal_raphe: Some(DorsalRapheConfig::TonicActivity(tone)),
        locus_coeruleus: Some(LocusCoeruleusConfig::TonicActivity(tone)),
        couplings: arrows(),
        receptors: vec![
            Receptor::new("dopamine_reinforcement", Transmitter::Dopamine, Target::Reinforcement, 1.0),
            Receptor::new("acetylcholine_plasticity", Transmitter::Acetylcholine, Target::LearningRate, 1.0),
            Receptor::new("serotonin_discount", Transmitter::Serotonin, Target::Discount, 0.1),
            Receptor {
                divides: true,
                ..Receptor::new("noradrenaline_temperature", Transmitter::Noradrenaline, Target::Temperature, 1.0)
            },
        ],
        ..Parts::default()
    }
}
