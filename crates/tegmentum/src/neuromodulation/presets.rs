//! The presets, one file each.

pub mod change_point;
pub mod mei_2025;
