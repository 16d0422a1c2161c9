//! The engine of Tegmentum: what every other part stands on.
//!
//! - [`kernel`]: the hot loops (products, activation functions, noise) for each instruction set. The only `unsafe` of the project.
//! - [`random`]: keys and counter-based streams; every random number is a function of (key, index).
//! - [`error`]: what can go wrong, as one enum.
//! - [`mod@file`], [`checkpoint`]: files written whole or not at all; work that is kept until it is done.
//! - [`registry`]: names and descriptions of what a study can name.
//!
//! Use it through the crate `tegmentum`, which re-exports what a user needs. The kernels are plumbing: their signatures
//! may change in any version.

pub mod archive;
pub mod checkpoint;
pub mod error;
pub mod file;
pub mod kernel;
pub mod random;
pub mod registry;
