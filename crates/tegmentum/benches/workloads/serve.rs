//! One rate for each line that is read, so that another program can race a row in turn with its own.

use std::io::BufRead;

use tegmentum::error::Result;

use crate::clock::{processor_seconds, rate};
use crate::memory::peak_bytes;
use crate::problem;
use crate::rows::Row;

/// Seconds of a measurement, as the peers measure.
const SECONDS: f64 = 0.5;

/// Answers until standard input ends.
pub(crate) fn serve(row: &Row) -> Result<()> {
    let mut work = (row.build)()?;
    rate(&mut work, SECONDS / 5.0)?;
    println!("{}", serde_json::json!({ "form": row.title, "counts_processor": processor_seconds().is_some() }));
    for line in std::io::stdin().lock().lines() {
        line.map_err(|error| problem(error.to_string()))?;
        let found = rate(&mut work, SECONDS)?;
        let peak = peak_bytes().map(|bytes| bytes as f64 / f64::from(1 << 20));
        println!("{}", serde_json::json!({ "rate": found.per_second, "processor": found.processor, "peak_mib": peak }));
    }
    Ok(())
}
