//! What the library of studies promises, from outside; one program, because each takes as long to build as all of them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod continual;
mod examples;
mod hearing;
mod promises;
