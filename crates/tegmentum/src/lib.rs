//! Tegmentum trains networks by forward passes alone, and lets four neuromodulators decide how fast, how boldly and when
//! to start over.

pub mod error;
pub mod kernel;
pub mod perturbation;
pub mod random;
pub mod task;
/// Studies.
pub mod study {
    pub mod outcome;
}
