//! Data: what there is to learn. A [`task`] makes a problem from a key, a [`batch`] is a part of it, a [`task_stream`] is one task after another.

pub mod batch;
mod examples;
pub mod task;
pub mod task_stream;
pub mod tasks;
