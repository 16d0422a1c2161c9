//! Neuromodulation: signals → nuclei → levels → receptors → [`Modulation`](modulation::Modulation).
//!
//! Four nuclei watch outcomes and release a transmitter; receptors turn its level into an effect on a learner. A
//! modulator never touches a weight, and no nucleus is told which task is on.
//!
//! | nucleus | transmitter | reads | level |
//! |---|---|---|---|
//! | [ventral tegmental area](nuclei::ventral_tegmental_area) | dopamine | regrets; loss of the averaged model minus that of the acting one | prediction error |
//! | [basal forebrain](nuclei::basal_forebrain) | acetylcholine | prediction errors | their expected size |
//! | [dorsal raphe](nuclei::dorsal_raphe) | serotonin | time since the last surprise | horizon, patience |
//! | [locus coeruleus](nuclei::locus_coeruleus) | noradrenaline | losses of the acting model | evidence of change |
//!
//! Each nucleus has further readings for agents ([`nuclei::registry`]), and a [system] puts any of them together:
//! release, [couplings](coupling), [kinetics], [drugs](pharmacology), [receptors](receptor). Anything that learns by
//! updates can be put under a system ([`modulated_learner`]).
//!
//! The [`Controller`](controller::Controller) puts them together for learners that step through parameter space: the
//! [`Dopamine`](crate::learning::optimizers::dopamine) optimizer and [node perturbation](crate::learning::plasticity::node_perturbation).

pub mod controller;
pub mod coupling;
pub mod kinetics;
pub mod modulation;
pub mod nuclei;
pub mod nucleus;
pub mod pharmacology;
pub mod preset;
pub mod presets;
pub mod receptor;
pub mod record;
pub mod signals;
pub mod statistics;
pub mod system;
