//! The agents, one file each.

pub mod actor_critic;
pub mod random_choice;
