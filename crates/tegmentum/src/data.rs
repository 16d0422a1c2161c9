//! Data: what there is to learn. A [`task`] makes a problem from a key, a [`batch`] is a part of it.

pub mod batch;
mod examples;
pub mod task;
pub mod tasks;
