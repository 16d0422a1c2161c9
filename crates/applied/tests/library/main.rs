//! What the procedures on data of one's own promise, from outside.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod forecast;
mod tabular;
