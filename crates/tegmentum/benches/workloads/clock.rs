//! Time on a machine that others use: seconds of a processor for work on one thread, of the wall for more.
//!
//! A thread that is put aside loses wall time and no processor time, so that the latter is what a quiet machine would show. Where
//! the system does not tell (it is read from `/proc` on Linux), the wall has to do.

use std::time::Instant;

use tegmentum::error::Result;

use crate::work::Work;

/// Seconds that all threads of this process have run so far.
pub(crate) fn processor_seconds() -> Option<f64> {
    let tasks = std::fs::read_dir("/proc/self/task").ok()?;
    let nanoseconds = tasks.filter_map(|task| {
        let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    Some(nanoseconds.sum::<u64>() as f64 * 1e-9)
}

/// What a measurement found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    /// Units of work per second.
    pub(crate) per_second: f64,
    /// Share of a processor that the process had meanwhile; 1 where that is not known.
    pub(crate) processor: f64,
}

/// No more than this many times the seconds asked for are waited for a processor.
const PATIENCE: f64 = 20.0;

/// Runs `work` until it has had `seconds` of a processor, at least once; of the wall where it has more than one thread.
pub(crate) fn rate(work: &mut Work, seconds: f64) -> Result<Rate> {
    let before = processor_seconds();
    let (begin, mut calls, mut missing) = (Instant::now(), 0.0, seconds);
    loop {
        let part = Instant::now();
        let until = missing;
        calls += work.repeat(|| part.elapsed().as_secs_f64() >= until)?;
        let wall = begin.elapsed().as_secs_f64();
        let used = before.zip(processor_seconds()).map_or(wall, |(before, after)| after - before);
        missing = seconds - used;
        if work.threads > 1 || missing < 0.1 * seconds || wall > PATIENCE * seconds {
            let elapsed = if work.threads == 1 { used } else { wall };
            return Ok(Rate { per_second: work.units * calls / elapsed, processor: used / wall });
        }
    }
}

/// Median, smallest and largest of what several rounds found.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Spread {
    /// Of at least one value.
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
        Self { median: at(values.len() / 2), least: at(0), most: at(values.len().saturating_sub(1)) }
    }
}
