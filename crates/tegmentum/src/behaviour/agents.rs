//! The agents, one file each.

pub mod actor_critic;
pub mod adaptive_estimator;
mod choice;
pub mod full_bayes;
pub mod grossman;
pub mod hgf;
pub mod hidden_markov;
mod number;
pub mod opal;
pub mod pearce_hall;
pub mod q_learning;
pub mod random_choice;
pub mod reduced_bayes;
pub mod rescorla_wagner;
pub mod spiking_actor_critic;
pub mod spiking_decoder;
pub mod synaptic_actor;
pub mod varsmile;
pub mod win_stay_lose_shift;
