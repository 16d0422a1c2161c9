//! Your own data with Tegmentum: whole procedures, from a file to a model that is used.
//!
//! - [`table`]: a file of rows and columns, read with its kinds of columns.
//! - [`forecast`]: a series, its next values with intervals.
//!
//! This crate stands above the library `tegmentum`, which has the parts, and below the command line, which prints.

pub mod forecast;
pub mod table;
