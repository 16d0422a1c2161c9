//! The objectives: a user's closure, and a network on data or sequences.

mod bfloat16;
mod black_box;
mod in_units;
mod low_rank;
mod network_loss;
mod pool;
mod rounded;

pub(crate) use super::pass::loss_of;
pub(crate) use bfloat16::check_numerics;
pub use black_box::BlackBox;
pub use in_units::{InUnits, Units};
pub use network_loss::NetworkLoss;
pub(crate) use pool::Pool;
pub use rounded::{Rounded, Rounding};
