//! Gradients, for the baselines alone: exact backpropagation and backpropagation through time.
//!
//! It exists so that a comparison can say what a gradient buys. Of what learns without gradients only
//! [feedback alignment](crate::learning::plasticity::feedback_alignment) uses it: its errors take the same way through feedback of their own.
//!
//! - [`Differentiable`] is a network's way back through one step, in one file for each network.
//! - [`Backpropagation`] is the exact gradient of the mean loss of a batch, through time where there is state.
//! - [`GradientDescent`] follows it by a [rule](rules): [`sgd`](rules), [`momentum`](rules) or [`adam`](rules).

mod backpropagation;
mod descent;
mod differentiable;
mod learner;
pub mod rule;
pub mod rules;

pub use backpropagation::{Backpropagation, tape_bytes};
pub use descent::{FORWARD_EQUIVALENTS, GradientDescent};
pub use differentiable::{Differentiable, differentiable, register_differentiable};
pub use learner::GradientLearner;
