//! The agents, one file each.

pub mod actor_critic;
pub mod adaptive_estimator;
mod choice;
pub mod full_bayes;
pub mod pearce_hall;
pub mod random_choice;
pub mod reduced_bayes;
