//! Tegmentum trains networks by forward passes alone, and lets four neuromodulators decide how fast, how boldly and when
//! to start over.

pub mod batch;
pub mod error;
pub mod forward;
pub mod gradient;
pub mod kernel;
pub mod network;
pub mod networks;
pub mod neuromodulation;
pub mod objective;
pub mod objectives;
pub mod optimizer;
pub mod optimizers;
pub mod perturbation;
pub mod random;
pub mod task;
/// Studies.
pub mod study {
    pub mod outcome;
}
