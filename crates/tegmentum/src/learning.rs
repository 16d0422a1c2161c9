//! Learning: [optimizers](optimizer) that see losses alone, [plasticity rules](plasticity) that also see activity at
//! synapses, [gradient](gradient) baselines, and the one [training] loop.

pub mod fused;
pub mod gradient;
pub mod group;
pub mod modulated_learner;
pub mod observer;
pub mod optimizer;
pub mod optimizers;
pub mod plasticity;
pub mod stream;
pub mod training;
