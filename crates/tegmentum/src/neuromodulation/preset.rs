//! Presets: nuclei, kinetics, couplings and receptors that belong together, under a name.
//!
//! | preset | what is in it | source |
//! |---|---|---|
//! | `own` | what the learner brings along: `dopamine-optimizer` for `dopamine`, `node-perturbation` for `node_perturbation`, `feedback-alignment` for `feedback_alignment`, `contexts` for `contexts`, `stream` for a learner of a stream, `none` for all others | |
//! | `none` | nothing: modulation is neutral | |
//! | `dopamine-optimizer` | how far, how boldly and when to start over, for learners that step through parameter space | ours |
//! | `node-perturbation` | the same with a smaller demand and a stronger pull, for estimates with less noise | ours |
//! | `feedback-alignment` | the same with no demand and no pull, for estimates without noise of their own | ours |
//! | `contexts` | what is learned, in which context, and when to take another one, for a learner of tasks that follow one another | ours |
//! | `stream` | how fast, by which size of errors, and when to begin anew, for a learner of single examples | ours |
//! | `doya-2002` | one knob for each modulator: δ, learning rate, inverse temperature, discount; seven arrows between them | Doya 2002, strengths inferred |
//! | `yu-dayan-2005` | acetylcholine is expected, noradrenaline unexpected uncertainty | Yu & Dayan 2005, effects inferred |
//! | `change-point` | reduced Bayes about a number that jumps: error, noise, surprise and patience | Nassar 2010; roles partly ours |
//! | `mei-2025` | dopamine carries δ; noradrenaline bursts on unexpected uncertainty, raises temperature and plasticity | arXiv:2501.06762, constants inferred |
//! | `tegmentum` | all four: search opened by noradrenaline, kept up by acetylcholine, released by serotonin | ours |
//! | `uncertain-worlds` | the same, surprise divided by expected uncertainty: for rewards that may be false | ours |
//! | `many-to-one` | all four, in every environment: acetylcholine weighs action values against habits, serotonin waits | ours |

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::coupling::Coupling;
use super::kinetics::KineticsConfig;
use super::nuclei::basal_forebrain::BasalForebrainConfig;
use super::nuclei::dorsal_raphe::DorsalRapheConfig;
use super::nuclei::locus_coeruleus::LocusCoeruleusConfig;
use super::nuclei::ventral_tegmental_area::VentralTegmentalAreaConfig;
use super::nucleus::Transmitter;
use super::presets::{
    change_point, contexts, dopamine_optimizer, doya_2002, many_to_one, mei_2025, stream, tegmentum, yu_dayan_2005,
};
use super::receptor::Receptor;

/// The name of a preset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// What the learner brings along; nothing for most.
    #[default]
    Own,
    /// Nothing: modulation is neutral.
    None,
    /// The four modulators of an optimizer that steps through parameter space.
    DopamineOptimizer,
    /// The same for node perturbation.
    NodePerturbation,
    /// The same for feedback alignment.
    FeedbackAlignment,
    /// The four modulators of a learner of contexts.
    Contexts,
    /// The four modulators of a learner of a stream.
    Stream,
    /// One knob for each modulator, and seven arrows between them.
    #[serde(rename = "doya-2002")]
    Doya2002,
    /// Expected and unexpected uncertainty.
    #[serde(rename = "yu-dayan-2005")]
    YuDayan2005,
    /// Four parts of inference about a number that jumps.
    ChangePoint,
    /// Dopamine and noradrenaline of the Go/No-Go study.
    #[serde(rename = "mei-2025")]
    Mei2025,
    /// All four modulators; ours.
    Tegmentum,
    /// All four modulators for rewards that may be false; ours.
    UncertainWorlds,
    /// All four modulators, the same in every environment; ours.
    ManyToOne,
}

/// The parts of a system.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parts {
    /// Dopamine's nucleus.
    pub ventral_tegmental_area: Option<VentralTegmentalAreaConfig>,
    /// Acetylcholine's nucleus.
    pub basal_forebrain: Option<BasalForebrainConfig>,
    /// Serotonin's nucleus.
    pub dorsal_raphe: Option<DorsalRapheConfig>,
    /// Noradrenaline's nucleus.
    pub locus_coeruleus: Option<LocusCoeruleusConfig>,
    /// Kinetics by transmitter; without an entry a level is its release.
    pub kinetics: BTreeMap<Transmitter, KineticsConfig>,
    /// Arrows between modulators.
    pub couplings: Vec<Coupling>,
    /// Receptors.
    pub receptors: Vec<Receptor>,
}

impl Preset {
    /// All presets that are a system of their own.
    pub const ALL: [Self; 13] = [
        Self::None,
        Self::DopamineOptimizer,
        Self::NodePerturbation,
        Self::FeedbackAlignment,
        Self::Contexts,
        Self::Stream,
        Self::Doya2002,
        Self::YuDayan2005,
        Self::Mei2025,
        Self::ChangePoint,
        Self::Tegmentum,
        Self::UncertainWorlds,
        Self::ManyToOne,
    ];

    /// The name in study files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::None => "none",
            Self::DopamineOptimizer => "dopamine-optimizer",
            Self::NodePerturbation => "node-perturbation",
            Self::FeedbackAlignment => "feedback-alignment",
            Self::Contexts => "contexts",
            Self::Stream => "stream",
            Self::Doya2002 => "doya-2002",
            Self::YuDayan2005 => "yu-dayan-2005",
            Self::ChangePoint => "change-point",
            Self::Mei2025 => "mei-2025",
            Self::Tegmentum => "tegmentum",
            Self::UncertainWorlds => "uncertain-worlds",
            Self::ManyToOne => "many-to-one",
        }
    }

    /// Its parts.
    pub fn parts(self) -> Parts {
        match self {
            Self::Own | Self::None => Parts::default(),
            Self::DopamineOptimizer => dopamine_optimizer::parts(),
            Self::NodePerturbation => dopamine_optimizer::for_node_perturbation(),
            Self::FeedbackAlignment => dopamine_optimizer::for_feedback_alignment(),
            Self::Contexts => contexts::parts(),
            Self::Stream => stream::parts(),
            Self::Doya2002 => doya_2002::parts(),
            Self::YuDayan2005 => yu_dayan_2005::parts(),
            Self::ChangePoint => change_point::parts(),
            Self::Mei2025 => mei_2025::parts(),
            Self::Tegmentum => tegmentum::parts(),
            Self::UncertainWorlds => tegmentum::for_uncertain_worlds(),
            Self::ManyToOne => many_to_one::parts(),
        }
    }
}
