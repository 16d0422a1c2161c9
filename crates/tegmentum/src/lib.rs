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

pub mod agent;
pub mod agents;
pub mod batch;
pub mod behaviour;
pub mod environment;
pub mod environments;
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
pub mod small;
pub mod spiking;
pub mod statistics;
pub mod stream;
pub mod study;
pub mod task;
pub mod tasks;
pub mod training;
pub mod weights;

/// The examples of the README, so that they build.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
