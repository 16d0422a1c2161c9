//! Tegmentum trains networks by forward passes alone, and lets four neuromodulators decide how fast, how boldly and when
//! to start over.

pub mod batch;
pub mod error;
pub mod evaluation;
pub mod forward;
pub mod gradient;
pub mod kernel;
pub mod metrics;
pub mod network;
pub mod networks;
pub mod neuromodulation;
pub mod objective;
pub mod objectives;
pub mod observer;
pub mod optimizer;
pub mod optimizers;
pub mod perturbation;
pub mod plasticity;
pub mod random;
pub mod statistics;
pub mod task;
pub mod tasks;
pub mod training;
/// Studies.
pub mod study {
    pub mod outcome;
}
