//! Behaviour: [agents](agent) that act in [environments](environment) under neuromodulators, trial by trial, the
//! [spiking] cells that some of them are made of, and [scores] of what they did.

pub mod agent;
pub mod agents;
pub mod environment;
pub mod environments;
pub mod scores;
pub mod session;
pub mod spiking;
