//! The environments, one file each.

pub(crate) mod cycle;
pub mod delayed_match;
pub mod go_no_go;
pub mod helicopter;
pub mod linear_function;
pub mod open_field;
pub mod reversal;
pub mod stop_signal;
pub mod two_step;
pub mod volatile_bandit;

#[cfg(test)]
pub(super) mod conformance;
#[cfg(test)]
mod units;
