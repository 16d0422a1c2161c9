//! Plasticity rules: learners that see the activity at their own synapses and a broadcast signal, never a gradient.

pub mod node_perturbation;
