//! Tegmentum trains networks by forward passes alone, and lets four neuromodulators decide how fast, how boldly and when
//! to start over.
//!
//! # Where to begin
//! - A loss of your own: [`objectives::BlackBox`], [`optimizers::dopamine`], [`training::minimise`].
//! - A network on data or a series: [`task`], [`network`], [`objectives::NetworkLoss`], [`evaluation`].
//! - A network that the library owns, with credit at every unit: [`plasticity::node_perturbation`].
//! - A comparison with claims, written before the run: [`study`].
//!
//! # How it hangs together
//! A [`task`] gives a problem; an [`objective`] turns a [`perturbation::Probe`] into a loss; an [`optimizer`] asks for
//! losses and moves; [`neuromodulation`] decides how far and when to start over; [`training`] is the only loop. All
//! randomness comes from keys ([`random`]); the [`kernel`]s give the same bits on every instruction set.

pub mod behaviour;
pub mod data;
pub mod evidence;
pub mod learning;
pub mod model;
pub mod neuromodulation;

pub(crate) use tegmentum_engine::kernel;

/// How a network computes: fused, portable or rounded arithmetic, and the instructions in use.
pub mod numerics {
    pub use tegmentum_engine::kernel::{InstructionSet, Numerics, instruction_set, limit};
}
pub use tegmentum_engine::{error, random, registry};

/// The examples of the README, so that they build.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
