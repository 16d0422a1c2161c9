//! Evidence: how good a model is ([evaluation], [metrics]), what a set of runs says ([statistics]), how good alarms were ([detection]), and what theory says of learning
//! ([closed_forms], [random_walk]); which [directions] a set of vectors has.

pub mod closed_forms;
pub mod detection;
pub mod directions;
pub mod evaluation;
pub mod metrics;
pub mod random_walk;
pub mod statistics;
