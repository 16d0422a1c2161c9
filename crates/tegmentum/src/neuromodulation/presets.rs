//! The presets, one file each.

pub mod mei_2025;
