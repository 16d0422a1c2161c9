//! Tegmentum trains networks by forward passes alone, and lets four neuromodulators decide how fast, how boldly and when
//! to start over.
//!
//! # Where to begin
//! The [`prelude`] has what most programs need.
//! - A loss of your own: [`minimise`](learning::minimise::minimise).
//! - A network on your data: [`Examples`](data::task::Examples), [`networks`](model::networks),
//!   [`NetworkLoss`](model::objectives::NetworkLoss), [`Evaluator`](evidence::evaluation::Evaluator).
//! - A network of your own: [`ForwardPass`](model::networks::custom::ForwardPass).
//! - Credit at every unit of a network: [`node_perturbation`](learning::plasticity::node_perturbation).
//! - An agent in a task, with or without one of its modulators: [`Behaviour`](behaviour::session::Behaviour).
//! - A comparison with claims that are written before the run: the crate `tegmentum-study`.
//!
//! # How it hangs together
//! A [`task`](data::task) gives a problem; an [`objective`](model::objective) turns a
//! [`Probe`](model::perturbation::Probe) into a loss; an [`optimizer`](learning::optimizer) asks for losses and moves;
//! [`neuromodulation`] decides how far and when to start over; [`training`](learning::training) is the loop. All randomness
//! comes from keys ([`random`]).
//!
//! # Your own parts
//! Each kind of part has a contract (a singular module: [`optimizer`](learning::optimizer), [`network`](model::network),
//! [`task`](data::task), [`environment`](behaviour::environment), [`agent`](behaviour::agent), …) and a registry of what
//! there is (the plural module). A part of your own implements the contract; with
//! [`register`](learning::optimizers::OptimizerConfig::register) its settings get a name that studies can use. The folder
//! `examples/` has one of each.

pub mod behaviour;
pub mod data;
pub mod evidence;
pub mod learning;
pub mod model;
pub mod neuromodulation;
pub mod prelude;

pub(crate) use tegmentum_engine::kernel;

/// How a network computes: fused, portable or rounded arithmetic, and the instructions in use; the sums of a readout in closed form.
pub mod numerics {
    pub use tegmentum_engine::kernel::{InstructionSet, Numerics, instruction_set, limit, readout};
}
pub use tegmentum_engine::{archive, archived, archived_choice, archives, checkpoint, error, file, random, registry};

/// The examples of the README, so that they build.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

/// Those of the tutorial.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/getting-started.md")]
struct GettingStarted;
