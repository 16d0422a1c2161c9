//! Learning: [optimizers](optimizer) that see losses alone, [plasticity rules](plasticity) that also see activity at
//! synapses, [gradient](gradient) baselines, and the one [training] loop.

pub mod gradient;
pub mod loss_signals;
pub mod modulated_learner;
pub mod observer;
pub mod optimizer;
pub mod optimizers;
pub(crate) mod places;
pub mod plasticity;
pub(crate) mod schedule_free;
pub mod small;
pub mod stream;
pub mod supervisor;
pub mod training;
