//! The environments, one file each.

pub mod go_no_go;
pub mod helicopter;
