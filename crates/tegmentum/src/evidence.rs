//! Evidence: how good a model is ([evaluation], [metrics]), what a set of runs says ([statistics]), how good alarms were ([detection]), and what theory says of learning
//! ([closed_forms]).

pub mod closed_forms;
pub mod detection;
pub mod evaluation;
pub mod metrics;
pub mod statistics;
