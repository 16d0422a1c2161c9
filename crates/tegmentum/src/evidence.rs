//! Evidence: how good a model is ([evaluation], [metrics]) and what a set of runs says ([statistics]).

pub mod evaluation;
pub mod metrics;
pub mod statistics;
