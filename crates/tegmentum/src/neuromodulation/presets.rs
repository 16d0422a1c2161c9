//! The presets, one file each.

pub mod change_point;
pub mod contexts;
pub mod dopamine_optimizer;
pub mod doya_2002;
pub mod many_to_one;
pub mod mei_2025;
pub mod stream;
pub mod tegmentum;
pub mod yu_dayan_2005;
