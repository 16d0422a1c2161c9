//! The derivative-free optimizers: one file each.

pub mod dopamine;
