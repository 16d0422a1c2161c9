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
//! Each nucleus has further readings ([`nuclei::registry`]), and a [system] puts any of them together:
//! release, [couplings](coupling), [kinetics], [drugs](pharmacology), [receptors](receptor). It is the one mechanism for
//! everything that learns: agents, optimizers, plasticity rules. A [preset] names a whole system.
//!
//! [Detectors](detector) of changes are references to compare noradrenaline with, and may drive it.
//!
//! A learner says which effects it obeys ([hearing]); what nobody would hear is refused.

pub mod coupling;
pub mod detector;
pub mod detectors;
pub mod hearing;
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
pub mod target;
