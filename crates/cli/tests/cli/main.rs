//! The command line from outside: what it prints, which files it leaves, how it ends.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod command;
mod documentation;
mod export;
mod failures;
mod forecast;
mod help;
mod interventions;
mod list;
mod replay;
mod resume;
mod shards;
mod stream;
mod studies;
mod train;
