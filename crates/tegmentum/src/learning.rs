//! Learning: [optimizers](optimizer) that see losses alone, [plasticity rules](plasticity) that also see activity at
//! synapses, [gradient] baselines, [continual] learners of tasks that follow one another, and the one [training] loop.

pub mod black_box_learner;
pub mod continual;
pub mod fused;
pub mod gradient;
pub mod group;
pub mod learner;
pub mod loss_signals;
pub mod minimise;
pub mod modulated_learner;
pub mod observer;
pub mod online;
pub mod optimizer;
pub mod optimizers;
pub mod places;
pub mod plasticity;
pub mod run_log;
pub mod schedule;
pub(crate) mod schedule_free;
pub mod stream;
pub mod supervisor;
pub mod training;
