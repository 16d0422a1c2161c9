//! The environments, one file each.

pub mod go_no_go;
pub mod helicopter;
pub mod reversal;
pub mod volatile_bandit;
