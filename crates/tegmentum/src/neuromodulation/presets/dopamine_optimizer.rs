//! `dopamine-optimizer`: four modulators for a learner that steps through parameter space. Ours.
//!
//! ```text
//!     dopamine         fast: prediction error of each probe, the weight of its direction (reinforcement)
//!                      slow, each window: progress + u
//!     acetylcholine    √q, the usual size of fast prediction errors, which divides them (error size)
//!     serotonin        h, the horizon: weights are averaged over h updates, windows last max(M₀, h/4)
//!                      where there is any: progress − .5 ,  rate control .2 ,  pull home .25
//!     noradrenaline    C/θ, evidence of change: reset where it reaches 1 and the learner confirms it
//!                      where there is any: the best rate is restored, smaller weights are tried
//! ```
//! u outcome of a window in units of its usual size · q, h, C, θ as in the files of the nuclei · M₀ the learner's first window.
//!
//! What follows is the learner's business ([`Supervisor`](crate::learning::supervisor)):
//! ```text
//!     step             z ← z − rate · s · f/√q · Σ_k δ_k v_k
//!     each window      rate ← min(cap, rate · exp(rate control · progress)) ,  doubled until progress fails for the first time
//!                      progress < 0: exploring weights return by the pull
//!     surprise         all statistics are forgotten, rate ← min(cap, max(rate, restoration · best rate))
//! ```
//!
//! Receptors are [`Receptor`]s, each by its name to be changed, blocked or dosed; drugs on a modulator act on all of them. A
//! lesion of dopamine learns nothing, of acetylcholine divides by nothing, of serotonin averages nothing and keeps the rate, of
//! noradrenaline never notices a surprise.
//!
//! # Where the numbers come from
//! .5, .25, .2 and 1/4 were chosen on tuning seeds of XOR, parity, digits and the Lorenz system (see the page on Dopamine); for
//! node perturbation .25 and .5. Roles are from the literature, all strengths are ours.
//!
//! References: arXiv:2510.22178 (regret as reward prediction error, abstract); A. J. Yu, P. Dayan, Neuron 46, 681–692, 2005
//! (expected and unexpected uncertainty); K. Miyazaki, K. W. Miyazaki, K. Doya, J. Neurosci. 31, 469–479, 2011 (serotonin and
//! waiting); S. Bouret, S. J. Sara, Trends Neurosci. 28, 574–582, 2005 (noradrenaline and reset).

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
use crate::neuromodulation::receptor::{Receptor, ResponseCurve};

/// The parts.
pub(crate) fn parts() -> Parts {
    with(0.5, 0.25)
}

/// The parts for node perturbation, whose estimate has less noise: less progress is demanded, and exploring weights that did
/// not pay return further.
pub(crate) fn for_node_perturbation() -> Parts {
    with(0.25, 0.5)
}

/// The parts for feedback alignment, whose estimate has no noise but that of the batch: nothing is demanded, nothing returns.
pub(crate) fn for_feedback_alignment() -> Parts {
    with(0.0, 0.0)
}

fn with(demand: f64, pull: f64) -> Parts {
    // All or none: the effect is the same wherever there is any of the transmitter.
    let presence = |name, transmitter, target, efficacy| Receptor {
        curve: ResponseCurve::Presence,
        ..Receptor::new(name, transmitter, target, efficacy)
    };
    Parts {
        ventral_tegmental_area: Some(VentralTegmentalAreaConfig::Regret(RegretConfig::default())),
        basal_forebrain: Some(BasalForebrainConfig::ErrorSize(ErrorSizeConfig::default())),
        dorsal_raphe: Some(DorsalRapheConfig::Horizon(HorizonConfig::default())),
        locus_coeruleus: Some(LocusCoeruleusConfig::CumulativeSurprise(CumulativeSurpriseConfig::default())),
        receptors: vec![
            Receptor::new("dopamine_reinforcement", Dopamine, Target::Reinforcement, 1.0),
            Receptor::new("dopamine_progress", Dopamine, Target::Progress, 1.0),
            Receptor::new("acetylcholine_error_size", Acetylcholine, Target::ErrorSize, 1.0),
            Receptor::new("serotonin_horizon", Serotonin, Target::AveragingHorizon, 1.0),
            Receptor::new("serotonin_patience", Serotonin, Target::Patience, 0.25),
            presence("serotonin_demand", Serotonin, Target::Progress, -demand),
            presence("serotonin_rate", Serotonin, Target::RateControl, 0.2),
            presence("serotonin_pull", Serotonin, Target::Consolidation, pull),
            Receptor::new("noradrenaline_reset", Noradrenaline, Target::Reset, 1.0),
            presence("noradrenaline_rate", Noradrenaline, Target::RateRestoration, 1.0),
            presence("noradrenaline_gain", Noradrenaline, Target::GainReset, 1.0),
        ],
        ..Parts::default()
    }
}
