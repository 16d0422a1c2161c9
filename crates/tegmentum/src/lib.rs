//! Tegmentum
pub mod error;
