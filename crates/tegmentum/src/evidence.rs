//! Evidence: how good a model is ([evaluation], [metrics]), what a set of runs says ([statistics]), and what theory says of learning
//! ([closed_forms]).

pub mod closed_forms;
pub mod evaluation;
pub mod metrics;
pub mod statistics;
