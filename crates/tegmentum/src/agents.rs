//! The agents, one file each.

pub mod random_choice;
pub mod spiking_actor_critic;
