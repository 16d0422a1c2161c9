//! The command line from outside: what it prints, which files it leaves, how it ends.

mod command;
mod failures;
mod forecast;
mod help;
mod list;
mod studies;
